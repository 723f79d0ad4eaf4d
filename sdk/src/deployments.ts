// Generated from deployments/addresses.json by `npm run bindings`. Do not edit by hand.
export const deployments = {
  manager: "0x7fb139FEfc8a0c3834D8Ac711e6f0c60FfDfaf53",
  erc20LimitPolicy: "0x9bB5Db4b2c165d852CfAfb1003B5Bd76851f709b",
  abiRulePolicy: "0x2A69BcaD7d99768127529BA30B6E990d883cfa38",
} as const;
