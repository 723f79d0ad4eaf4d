// Generated from deployments/addresses.json by `npm run bindings`. Do not edit by hand.
export const deployedManager = "0x881458017d331C342b875513e4C4A8E689DCDd36";
