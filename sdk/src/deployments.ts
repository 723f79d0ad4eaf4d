// Generated from deployments/addresses.json by `npm run bindings`. Do not edit by hand.
export const deployments = {
  manager: "0x43522a832A7C85A5A31692b8D183Deb9a248a7f1",
  erc20LimitPolicy: "0x592Dc71dc766952Df13A60160F5B69A36953a8C5",
  abiRulePolicy: "0x6FF6a46C96F889beC255507de20863C0c60557eb",
} as const;
