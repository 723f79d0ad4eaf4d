// Generated from deployments/addresses.json by `npm run bindings`. Do not edit by hand.
export const deployedManager = "0x2294B6F9b38F6Fe2af582D394ea8AE30Eb434489";
