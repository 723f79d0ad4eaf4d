#!/usr/bin/env node
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { getIdentity } from "latchkey/distributed/protocol";
import { type Hex, isHex, size } from "viem";
import { ConfigError, type NodeConfig, readConfig } from "./config.js";
import { startNode } from "./server.js";
import { exportRecord, importRecord, type KeyRecord, Store } from "./store.js";
import { VaultError } from "./vault.js";

const usage = `Usage: latchkey-node <command> --config <file> [options]

A node that keeps shares of distributed session keys, and signs with them what it has looked at.

Commands:
  start                         listen for requests until SIGTERM or SIGINT
  identity                      print the node's identity, which consents name
  keys                          list the keys that the node has shares of
  backup --key <id> --out <f>   write a share to a file, encrypted with LATCHKEY_NODE_BACKUP_PASSPHRASE
  restore --in <file>           take in such a file
  delete --key <id>             delete a share for ever

The passphrase of the node's directory is in LATCHKEY_NODE_PASSPHRASE, or in the file that LATCHKEY_NODE_PASSPHRASE_FILE
names. All commands but start want the node to be stopped.
`;

class UsageError extends Error {
  override readonly name = "UsageError";
}

type Options = { key?: string | undefined; in?: string | undefined; out?: string | undefined };

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

try {
  await run();
} catch (error) {
  if (!(error instanceof Error)) throw error;
  const known = [UsageError, ConfigError, VaultError].some((kind) => error instanceof kind);
  process.stderr.write(`${known ? error.message : `${error.name}: ${error.message}`}\n`);
  process.exitCode = 1;
}

async function run(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      config: { type: "string" },
      key: { type: "string" },
      in: { type: "string" },
      out: { type: "string" },
      help: { type: "boolean" },
    },
  });
  const [command] = positionals;
  if (values.help || command === undefined) {
    process.stdout.write(usage);
    return;
  }
  if (values.config === undefined) throw new UsageError("--config is missing");
  const config = await readConfig(values.config);
  const passphrase = await readPassphrase("LATCHKEY_NODE_PASSPHRASE");
  const store = await Store.open(config.directory, passphrase);
  if (command === "start") return start(config, store);
  try {
    await administer(command, store, values);
  } finally {
    await store.close();
  }
}

async function start(config: NodeConfig, store: Store): Promise<void> {
  const { url, node, stop } = await startNode(config, store);
  print(`listening at ${url} as ${node.identity}`);
  let ending = false;
  const end = async () => {
    if (ending) return;
    ending = true;
    await stop();
    await store.close();
  };
  process.on("SIGTERM", () => void end());
  process.on("SIGINT", () => void end());
}

async function administer(command: string, store: Store, options: Options): Promise<void> {
  if (command === "identity") return print(getIdentity(store.identity));
  if (command === "keys") {
    for (const { id, status, consent, share } of await store.listKeys())
      print(`${id} ${status}${share === undefined ? ", share deleted" : ""} ${consent.account} ${consent.chainId}`);
    return;
  }
  if (command === "restore") {
    if (options.in === undefined) throw new UsageError("--in is missing");
    const passphrase = await readPassphrase("LATCHKEY_NODE_BACKUP_PASSPHRASE");
    const { record, identity } = await importRecord(await readFile(options.in, "utf8"), passphrase);
    await store.restore(record, identity);
    return print(`restored ${record.id}`);
  }
  const record = await findKey(store, options.key);
  if (command === "backup") {
    if (options.out === undefined) throw new UsageError("--out is missing");
    const passphrase = await readPassphrase("LATCHKEY_NODE_BACKUP_PASSPHRASE");
    const backup = await exportRecord(record, store.identity, passphrase);
    await writeFile(options.out, backup, { mode: 0o600, flag: "wx" });
    return print(`wrote ${options.out}`);
  }
  if (command !== "delete") throw new UsageError(`there is no command "${command}"`);
  await store.putKey({ ...record, status: "revoked", share: undefined });
  print(`deleted the share of ${record.id}`);
}

async function findKey(store: Store, id: string | undefined): Promise<KeyRecord> {
  if (id === undefined) throw new UsageError("--key is missing");
  const record = isKeyId(id) ? await store.getKey(id) : undefined;
  if (record === undefined) throw new UsageError(`there is no key ${id}`);
  return record;
}

function isKeyId(id: string): id is Hex {
  return isHex(id) && size(id) === 32;
}

async function readPassphrase(name: string): Promise<string> {
  const file = process.env[`${name}_FILE`];
  const passphrase = file === undefined ? process.env[name] : (await readFile(file, "utf8")).replace(/\r?\n$/, "");
  if (passphrase === undefined || passphrase === "") throw new UsageError(`${name} is not set`);
  return passphrase;
}
