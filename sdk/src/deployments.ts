// Generated from deployments/addresses.json by `npm run bindings`. Do not edit by hand.
import { deployedManager } from "./deployedManager.js";

export const deployments = {
  abiRulePolicy: "0xB339e445cb482E6f70Cd8598E6eBde43630C38A4",
  erc1271Verifier: "0xD10B3Bde74d59B1cf0b5DE6c2D849879b9643638",
  erc20LimitPolicy: "0x4e5484c310b932DD41Aa8E45635EeC14E7B5D75f",
  frostVerifier: "0x533E91Bb8d2BDBa97AD6699dE54F7d541eD69c79",
  gasLimitPolicy: "0x7Ee7F42f51Dac67B4f45e26462d98E411e526D05",
  nativeLimitPolicy: "0xc421B79593E6410713d8D857d483BFBaC817eBc3",
  p256PrecompileVerifier: "0xCf4f3Cc862bc8144B2295689A61C4Fe9f9a520e4",
  p256Verifier: "0xF020e9B5F3b7B8851cE488F5c55f58398BC02530",
  manager: deployedManager,
  typedDataPolicy: "0xb67C90CFee23AE3Bf322778B490487DF4CC96350",
  usageLimitPolicy: "0x22376902BFdC25085308E1E64828EEa3F13b1533",
  webAuthnPrecompileVerifier: "0x31B53e363aDd5141EdC861a9c44B6751a2368D6F",
  webAuthnVerifier: "0x7B857218a19cF532D2BA28E5Bc202C4eb75F0E30",
  webCryptoP256PrecompileVerifier: "0x5167782f5a2cF66addCDCa4442009054a3C32E2c",
  webCryptoP256Verifier: "0x9DcE3955D41b5E3175Cc58197bB93328D10549d9",
} as const;
