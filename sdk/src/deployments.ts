// Generated from deployments/addresses.json by `npm run bindings`. Do not edit by hand.
export const deployments = {
  abiRulePolicy: "0xa6289B7d52AdED5E4cc24F53242D64E54aF6B4fe",
  erc20LimitPolicy: "0xd402D289687a543545eaf876eEa3dB7383a63E4f",
  gasLimitPolicy: "0x0cd944dFCB321955b33326635Dd3cf2F902652B1",
  nativeLimitPolicy: "0x711cBC0CBf02Eef0af36aaF7269E0F243eB53a1B",
  manager: "0xe5418FB26925c0DE61311cb2Bc382BE58d753784",
  usageLimitPolicy: "0x43DC645E6f1974A3A7aAA7a10df856dD52ED4E1B",
} as const;
