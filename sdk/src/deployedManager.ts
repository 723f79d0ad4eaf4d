// Generated from deployments/addresses.json by `npm run bindings`. Do not edit by hand.
export const deployedManager = "0x32db0b959168d8CE7dEF4fFF1d38D8FF0b1FA03A";
