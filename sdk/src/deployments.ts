// Generated from deployments/addresses.json by `npm run bindings`. Do not edit by hand.
export const deployments = {
  abiRulePolicy: "0xa6289B7d52AdED5E4cc24F53242D64E54aF6B4fe",
  erc20LimitPolicy: "0xfCdeB8DeA42EEfcf9A730E3A26e74c827F5fe1d2",
  manager: "0xe5418FB26925c0DE61311cb2Bc382BE58d753784",
} as const;
