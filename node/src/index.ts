// `latchkey-node` as a library: what the command line is made of.
export { ConfigError, type NodeConfig, type NodeLimits, parseConfig, readConfig } from "./config.js";
export { LatchkeyNode } from "./node.js";
export { Refusal, type RefusalCode } from "./refusal.js";
export { type RunningNode, startNode } from "./server.js";
export { type KeyRecord, Store } from "./store.js";
export { VaultError } from "./vault.js";
