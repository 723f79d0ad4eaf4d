// Generated from deployments/addresses.json by `npm run bindings`. Do not edit by hand.
export const deployedManager = "0xfe63C97abF8b50B3F92F935a47D7d2dcE37d4aA0";
