// Generated from deployments/addresses.json by `npm run bindings`. Do not edit by hand.
export const deployedManager = "0xCa932EC94431B7c49217dACEEa03D29E1455C437";
