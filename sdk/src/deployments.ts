// Generated from deployments/addresses.json by `npm run bindings`. Do not edit by hand.
import { deployedManager } from "./deployedManager.js";

export const deployments = {
  abiRulePolicy: "0x18FD4bc29edE9be01aA0588B9071a4617F084A78",
  erc1271Verifier: "0xc8C9FE57e3Ac20b9856058e993ec6f35538441b2",
  erc20LimitPolicy: "0xB16eDA9dbA888638934Ef366E3C39a0A9677103a",
  frostVerifier: "0xa99b1Cc79a607448723445cD3256B1eA7d721371",
  gasLimitPolicy: "0x79E161fdb2b5F4A64d7948DeDfc2cE814afCEAB2",
  nativeLimitPolicy: "0xA7b480CD062a08c8a3A9Ffa507447F1F1788DBc2",
  p256PrecompileVerifier: "0xd0a291537cE7759378B6c6fe5abDF0e24fDE0C57",
  p256Verifier: "0x4f6ae5de54F946C28fDD80513eA0A1ea78c36A9C",
  manager: deployedManager,
  typedDataPolicy: "0x1D144bCceba0Ba122E8C20af13a23D14F67B1b27",
  usageLimitPolicy: "0x9Ac42e04e64b9781d16fC910C5de16ce65F99f7c",
  webAuthnPrecompileVerifier: "0x60eba41D203254685b5497F2dbb0fC2cAC6f610C",
  webAuthnVerifier: "0xFF5d55BB7E1512c2eDF7cF555AAE680321Be0615",
  webCryptoP256PrecompileVerifier: "0xE58d74826834663ED58239F0Af426480407894fE",
  webCryptoP256Verifier: "0x0CbD7DEe0e8327cb6f7D887f49fD900d311e6B77",
} as const;
