// Generated from deployments/addresses.json by `npm run bindings`. Do not edit by hand.
export const deployments = {
  abiRulePolicy: "0xa163bCAe3dd177a7de96d4c0911148B714A025dE",
  erc1271Verifier: "0xD10B3Bde74d59B1cf0b5DE6c2D849879b9643638",
  erc20LimitPolicy: "0xd402D289687a543545eaf876eEa3dB7383a63E4f",
  gasLimitPolicy: "0x0cd944dFCB321955b33326635Dd3cf2F902652B1",
  nativeLimitPolicy: "0x711cBC0CBf02Eef0af36aaF7269E0F243eB53a1B",
  p256PrecompileVerifier: "0x5B0f51b90705cD22a2E98010549C0f0185cF10FB",
  p256Verifier: "0x12e2A519F12A65F5c0c0608831aDfecFC239B190",
  manager: "0xc1cCd3AbfE2b28EF778cA5b0694c1f223F72D7EF",
  typedDataPolicy: "0x7a12FC5B70E587A2091c4E634374Ff4828db5d12",
  usageLimitPolicy: "0x43DC645E6f1974A3A7aAA7a10df856dD52ED4E1B",
  webAuthnPrecompileVerifier: "0xfAb351cE29e37d7BB8459f885f6E7B5EF7A3B317",
  webAuthnVerifier: "0xaE293F1D91930Abfb974326AF124870097C27f36",
  webCryptoP256PrecompileVerifier: "0x031911c95563B5629637Db545DaDD92F588FF950",
  webCryptoP256Verifier: "0xaF70b5ab03a3b4d203cB22fE1449e676b48Fbb44",
} as const;
