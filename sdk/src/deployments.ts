// Generated from deployments/addresses.json by `npm run bindings`. Do not edit by hand.
export const deployments = {
  manager: "0x7fb139FEfc8a0c3834D8Ac711e6f0c60FfDfaf53",
  erc20LimitPolicy: "0xfCdeB8DeA42EEfcf9A730E3A26e74c827F5fe1d2",
  abiRulePolicy: "0xa6289B7d52AdED5E4cc24F53242D64E54aF6B4fe",
} as const;
