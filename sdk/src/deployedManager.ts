// Generated from deployments/addresses.json by `npm run bindings`. Do not edit by hand.
export const deployedManager = "0x06484D2a0F7F07ef55DDF55bF772B690866d0bD8";
