// Generated from deployments/addresses.json by `npm run bindings`. Do not edit by hand.
export const deployedManager = "0x51C2E3b3594b8F7d10FBd58BA666eA5CA902ED6e";
