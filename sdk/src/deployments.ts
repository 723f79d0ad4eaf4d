// Generated from deployments/addresses.json by `npm run bindings`. Do not edit by hand.
export const deployments = {
  manager: "0x0D8C82FeC2192A8E5570E883bC4CB8e5fF80A0FF",
  erc20LimitPolicy: "0x9bB5Db4b2c165d852CfAfb1003B5Bd76851f709b",
  abiRulePolicy: "0x2A69BcaD7d99768127529BA30B6E990d883cfa38",
} as const;
