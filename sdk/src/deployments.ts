// Generated from deployments/addresses.json. Do not edit by hand.
export const deployments = {
  manager: "0xe4d0C8C3092021BDC37130B548252CC0E03975FA",
  erc20LimitPolicy: "0x592Dc71dc766952Df13A60160F5B69A36953a8C5",
  abiRulePolicy: "0x6FF6a46C96F889beC255507de20863C0c60557eb",
} as const;
