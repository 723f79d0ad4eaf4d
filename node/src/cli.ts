#!/usr/bin/env node
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { getIdentity } from "latchkey/distributed/protocol";
import { type Hex, isHex, size } from "viem";
import { ConfigError, listWarnings, type NodeConfig, readConfig } from "./config.js";
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

Options:
  --json                        print one JSON document; errors and warnings are JSON too
  --version                     print the version
  --help                        show this text

The passphrase of the node's directory is in LATCHKEY_NODE_PASSPHRASE, or in the file that LATCHKEY_NODE_PASSPHRASE_FILE
names. All commands but start want the node to be stopped.

Exit codes: 0 done; 1 it failed; 2 the command line, the environment or the configuration is wrong.
`;

/** Characters of a passphrase. */
const LEAST_PASSPHRASE = 12;

/** What was asked cannot be understood. */
class UsageError extends Error {
  override readonly name = "UsageError";
}

type Options = {
  readonly config?: string | undefined;
  readonly key?: string | undefined;
  readonly in?: string | undefined;
  readonly out?: string | undefined;
  readonly json?: boolean;
};

/** What a command has to say, for people and for programs. */
type Output = { readonly text: string; readonly json: object };

/** The commands, and the options that each needs. */
const commands = new Map<string, readonly ("config" | "key" | "in" | "out")[]>([
  ["start", ["config"]],
  ["identity", ["config"]],
  ["keys", ["config"]],
  ["backup", ["config", "key", "out"]],
  ["restore", ["config", "in"]],
  ["delete", ["config", "key"]],
]);

try {
  await run();
} catch (error) {
  if (!(error instanceof Error)) throw error;
  const isUsage = error instanceof UsageError || error instanceof ConfigError;
  const message = isUsage || error instanceof VaultError ? error.message : `${error.name}: ${error.message}`;
  process.stderr.write(
    process.argv.includes("--json") ? `${JSON.stringify({ error: { name: error.name, message } })}\n` : `${message}\n`,
  );
  process.exitCode = isUsage ? 2 : 1;
}

async function run(): Promise<void> {
  const { values, positionals } = parse();
  if (values.version) return print(values, await readVersion());
  if (values.help || positionals.length === 0) {
    if (values.help || !values.json) process.stdout.write(usage);
    if (!values.help) throw new UsageError("a command is missing");
    return;
  }
  const command = checkUsage(positionals, values);
  const config = await readConfig(values.config ?? "");
  const isNew = !existsSync(join(config.directory, "CURRENT"));
  const passphrase = await (isNew ? readNewPassphrase : readPassphrase)("LATCHKEY_NODE_PASSPHRASE");
  const store = await Store.open(config.directory, passphrase);
  if (command === "start") return start(config, store, values);
  try {
    print(values, await administer(command, store, values));
  } finally {
    await store.close();
  }
}

/** The command; throws before anything is opened, or made. */
function checkUsage([command = "", ...surplus]: readonly string[], values: Options): string {
  const needed = commands.get(command);
  if (needed === undefined) throw new UsageError(`there is no command "${command}"`);
  if (surplus.length > 0) throw new UsageError(`"${surplus[0]}" is one argument too many`);
  const missing = needed.find((name) => values[name] === undefined);
  if (missing !== undefined) throw new UsageError(`--${missing} is missing`);
  return command;
}

async function readVersion(): Promise<Output> {
  const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
  return { text: version, json: { version } };
}

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        config: { type: "string" },
        key: { type: "string" },
        in: { type: "string" },
        out: { type: "string" },
        json: { type: "boolean", default: false },
        version: { type: "boolean" },
        help: { type: "boolean" },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function print({ json }: Options, output: Output): void {
  process.stdout.write(`${json ? JSON.stringify(output.json) : output.text}\n`);
}

async function start(config: NodeConfig, store: Store, options: Options): Promise<void> {
  for (const message of listWarnings(config))
    process.stderr.write(options.json ? `${JSON.stringify({ warning: { message } })}\n` : `warning: ${message}\n`);
  const { url, node, stop } = await startNode(config, store).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  const { identity } = node;
  let ending = false;
  const end = async () => {
    if (ending) return;
    ending = true;
    await stop();
    await store.close();
  };
  process.on("SIGTERM", () => void end());
  process.on("SIGINT", () => void end());
  print(options, { text: `listening at ${url} as ${identity}`, json: { url, identity } });
}

async function administer(command: string, store: Store, options: Options): Promise<Output> {
  if (command === "identity") {
    const identity = getIdentity(store.identity);
    return { text: identity, json: { identity } };
  }
  if (command === "keys") return listKeys(await store.listKeys());
  if (command === "restore") {
    const passphrase = await readPassphrase("LATCHKEY_NODE_BACKUP_PASSPHRASE");
    const { record, identity } = await importRecord(await readFile(options.in ?? "", "utf8"), passphrase);
    const { id: key, status } = await store.restore(record, identity);
    return { text: `restored ${key}`, json: { key, status, identity: getIdentity(identity) } };
  }
  const record = await findKey(store, options.key);
  const { id: key } = record;
  if (command === "backup") {
    const { out = "" } = options;
    const passphrase = await readNewPassphrase("LATCHKEY_NODE_BACKUP_PASSPHRASE");
    if (record.share === undefined) throw new VaultError(`the share of ${key} has been deleted`);
    const backup = await exportRecord(record, store.identity, passphrase);
    await writeFile(out, backup, { mode: 0o600, flag: "wx" });
    return { text: `wrote ${out}`, json: { key, file: out } };
  }
  await store.updateKey(key, (now = record) => ({ ...now, status: "revoked", share: undefined }));
  return { text: `deleted the share of ${key}`, json: { key, status: "revoked", share: false } };
}

function listKeys(records: readonly KeyRecord[]): Output {
  const keys = records.map(({ id, status, share, consent: { account, chainId, threshold, nodes, validUntil } }) => ({
    ...{ key: id, status, share: share !== undefined, account, chainId: chainId.toString() },
    ...{ threshold, nodes: nodes.length, validUntil },
  }));
  const lines = keys.map(
    ({ key, status, share, account, chainId }) =>
      `${key} ${status}${share ? "" : ", share deleted"} ${account} ${chainId}`,
  );
  return { text: lines.length === 0 ? "no keys" : lines.join("\n"), json: { keys } };
}

async function findKey(store: Store, id: string | undefined): Promise<KeyRecord> {
  const record = id !== undefined && isKeyId(id) ? await store.getKey(id) : undefined;
  if (record === undefined) throw new VaultError(`there is no key ${id}`);
  return record;
}

function isKeyId(id: string): id is Hex {
  return isHex(id) && size(id) === 32;
}

/** For what is encrypted from now on: a passphrase that is tried out without end must not be a short one. */
async function readNewPassphrase(name: string): Promise<string> {
  const passphrase = await readPassphrase(name);
  if ([...passphrase].length < LEAST_PASSPHRASE)
    throw new UsageError(`${name} is too short: at least ${LEAST_PASSPHRASE} characters are needed`);
  return passphrase;
}

async function readPassphrase(name: string): Promise<string> {
  const file = process.env[`${name}_FILE`];
  const passphrase = file === undefined ? process.env[name] : (await readFile(file, "utf8")).replace(/\r?\n$/, "");
  if (passphrase === undefined || passphrase === "") throw new UsageError(`${name} is not set`);
  return passphrase;
}
