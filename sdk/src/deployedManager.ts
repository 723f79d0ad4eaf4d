// Generated from deployments/addresses.json by `npm run bindings`. Do not edit by hand.
export const deployedManager = "0x51cab1f19aE9A7fE3966404e00AFE84F43b57Ce5";
