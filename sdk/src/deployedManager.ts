// Generated from deployments/addresses.json by `npm run bindings`. Do not edit by hand.
export const deployedManager = "0xdb6592517A36d835F250f6034eb76790C533dEB6";
