// Generated from deployments/addresses.json by `npm run bindings`. Do not edit by hand.
export const deployedManager = "0x9127B9Fd1386daE30a76d0e419Ec6903000892d7";
