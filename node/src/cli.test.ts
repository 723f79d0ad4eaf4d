import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectNoSecret, formsOf, formsOfText, type Secrets } from "../../sdk/test/scan.js";
import { at, Group, passphrase } from "../test/group.js";
import type { KeyRecord } from "./store.js";

// As it is published, compiled before.
const cli = fileURLToPath(new URL("../bin/latchkey-node.js", import.meta.url));
const rpc = "http://127.0.0.1:1/a-key-of-the-rpc";
const backupPassphrase = "a passphrase for backups";
let group: Group;
let directory: string;
let record: KeyRecord;
let identity: string;
let secrets: Secrets;
// All that was printed.
let printed = "";

beforeAll(async () => {
  group = await Group.create(2);
  record = at(await group.generate(group.consent(2)), 0);
  ({ identity } = at(group.participants, 0));
  secrets = [
    ...group.participants.map(({ store }) => ["a node's secret", formsOf(store.identity)] as const),
    ["the share", formsOf(record.share ?? "0x")],
    ["the passphrase", formsOfText(passphrase)],
    ["the passphrase of a backup", formsOfText(backupPassphrase)],
    ["the key of an RPC", formsOfText("a-key-of-the-rpc")],
  ];
  await Promise.all(group.participants.map(({ store }) => store.close()));
  directory = mkdtempSync(join(tmpdir(), "latchkey-cli-"));
});

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
  rmSync(group.directory, { recursive: true, force: true });
});

/** The configuration of a node with a directory. */
function configure(data: string, settings: object = {}): string {
  const file = join(directory, "node.json");
  writeFileSync(file, JSON.stringify({ directory: data, port: 0, chains: { 1: rpc }, ...settings }));
  return file;
}

type Ended = { code: number | null; stdout: string; stderr: string };

function run(args: readonly string[], { env = {}, stopAt }: { env?: NodeJS.ProcessEnv; stopAt?: RegExp } = {}) {
  const child = spawn(process.execPath, [cli, ...args], {
    env: { PATH: process.env["PATH"], LATCHKEY_NODE_PASSPHRASE: passphrase, ...env },
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
    if (stopAt?.test(stdout)) child.kill("SIGTERM");
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  return new Promise<Ended>((resolve) =>
    child.once("close", (code) => {
      printed += stdout + stderr;
      resolve({ code, stdout, stderr });
    }),
  );
}

/** The directory of the node whose share `record` is. */
async function findDirectory(): Promise<string> {
  for (const name of ["0", "1"]) {
    const { stdout } = await run(["identity", "--config", configure(join(group.directory, name))]);
    if (stdout.trim() === identity) return join(group.directory, name);
  }
  throw new Error("no directory has the identity");
}

describe("latchkey-node", () => {
  it("says how it is used", async () => {
    const { code, stdout, stderr } = await run(["--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    for (const command of ["start", "identity", "keys", "backup", "restore", "delete"])
      expect(stdout).toMatch(new RegExp(`^ {2}${command} `, "m"));
    expect(stdout).toContain("Exit codes: 0 done; 1 it failed; 2 the command line");
    const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    expect(await run(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
    expect(JSON.parse((await run(["--version", "--json"])).stdout)).toEqual({ version });
  });

  it.each([
    ["no command", [], "a command is missing"],
    ["a command that there is not", ["begin"], 'there is no command "begin"'],
    ["an option that there is not", ["keys", "--konfig", "x"], "Unknown option '--konfig'"],
    ["no configuration", ["keys"], "--config is missing"],
    ["a word too many", ["keys", "all", "--config", "x"], '"all" is one argument too many'],
    ["no key", ["delete", "--config", "x"], "--key is missing"],
    ["no file to write", ["backup", "--key", "0x", "--config", "x"], "--out is missing"],
    ["no file to read", ["restore", "--config", "x"], "--in is missing"],
    ["a configuration that is not there", ["keys", "--config", "/nowhere/node.json"], "cannot be read"],
  ])("exits with 2 if there is %s", async (_what, args, message) => {
    const text = await run(args);
    expect(text.code).toBe(2);
    expect(text.stderr).toContain(message);
    const json = await run([...args, "--json"]);
    expect(json.code).toBe(2);
    expect(JSON.parse(json.stderr).error.message).toContain(message);
  });

  it("prints nothing but an error in JSON if there is no command and it is asked for JSON", async () => {
    const { code, stdout, stderr } = await run(["--json"]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(JSON.parse(stderr)).toEqual({ error: { name: "UsageError", message: "a command is missing" } });
    expect((await run([])).stdout).toContain("Usage: latchkey-node <command>");
  });

  it("says that there are no keys where there are none", async () => {
    const config = configure(join(directory, "empty"));
    expect(await run(["keys", "--config", config])).toEqual({ code: 0, stdout: "no keys\n", stderr: "" });
    expect(JSON.parse((await run(["keys", "--json", "--config", config])).stdout)).toEqual({ keys: [] });
  });

  it("warns of a host that others can reach, without TLS", async () => {
    const config = configure(join(directory, "open"), { host: "0.0.0.0" });
    const text = await run(["start", "--config", config], { stopAt: /^listening at/m });
    expect(text.code).toBe(0);
    expect(text.stderr).toMatch(/^warning: host: 0\.0\.0\.0 can be reached from elsewhere, and there is no TLS.*\n$/);
    const json = await run(["start", "--json", "--config", config], { stopAt: /"identity"/ });
    expect(JSON.parse(json.stderr).warning.message).toContain("set tls, or trustProxy");
  });

  it("exits with 2 without a passphrase, and makes no directory", async () => {
    const data = join(directory, "never");
    const { code, stderr } = await run(["identity", "--config", configure(data)], {
      env: { LATCHKEY_NODE_PASSPHRASE: "" },
    });
    expect([code, stderr]).toEqual([2, "LATCHKEY_NODE_PASSPHRASE is not set\n"]);
    expect((await run(["begin", "--config", configure(data)])).code).toBe(2);
    expect(existsSync(data)).toBe(false);
  });

  it("exits with 2 if a passphrase has fewer than 12 characters, and makes no directory", async () => {
    const data = join(directory, "short");
    const named = (length: number) => ({ env: { LATCHKEY_NODE_PASSPHRASE: "\u{1f511}".repeat(length) } });
    const { code, stderr } = await run(["identity", "--config", configure(data)], named(11));
    expect([code, stderr]).toEqual([2, "LATCHKEY_NODE_PASSPHRASE is too short: at least 12 characters are needed\n"]);
    expect(existsSync(data)).toBe(false);
    expect((await run(["identity", "--config", configure(data)], named(12))).code).toBe(0);
  });

  it("exits with 1 if the passphrase is another one, or a key is not there", async () => {
    const config = configure(await findDirectory());
    const wrong = await run(["keys", "--config", config], { env: { LATCHKEY_NODE_PASSPHRASE: "another passphrase" } });
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain("another passphrase");
    const missing = await run(["delete", "--key", "0x12", "--json", "--config", config]);
    expect(missing.code).toBe(1);
    expect(JSON.parse(missing.stderr)).toEqual({ error: { name: "VaultError", message: "there is no key 0x12" } });
  });

  it("takes a passphrase from a file", async () => {
    const file = join(directory, "passphrase");
    writeFileSync(file, `${passphrase}\n`);
    const env = { LATCHKEY_NODE_PASSPHRASE: undefined, LATCHKEY_NODE_PASSPHRASE_FILE: file };
    expect((await run(["identity", "--config", configure(await findDirectory())], { env })).stdout).toBe(
      `${identity}\n`,
    );
  });

  it("listens until it is told to end, and says where", async () => {
    const config = configure(await findDirectory());
    const { code, stdout, stderr } = await run(["start", "--json", "--config", config], { stopAt: /"identity"/ });
    expect([code, stderr]).toEqual([0, ""]);
    const line = stdout.split("\n").find((one) => one.includes('"identity"')) ?? "";
    expect(JSON.parse(line)).toEqual({ url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/), identity });
  });

  it("exits with 1 if it cannot listen", async () => {
    const config = configure(await findDirectory(), { host: "203.0.113.1" });
    const { code, stderr } = await run(["start", "--config", config]);
    expect(code).toBe(1);
    expect(stderr).toContain("EADDRNOTAVAIL");
  });

  it("lists, backs up, deletes and restores", async () => {
    const data = await findDirectory();
    const config = configure(data);
    const { id, consent } = record;
    const listed = { key: id, status: "active", share: true, account: consent.account, chainId: "1" };
    const keys = [{ ...listed, threshold: 2, nodes: 2, validUntil: consent.validUntil }];
    expect(JSON.parse((await run(["keys", "--json", "--config", config])).stdout)).toEqual({ keys });
    expect((await run(["keys", "--config", config])).stdout).toBe(`${id} active ${consent.account} 1\n`);

    const file = join(directory, "share.json");
    const env = { LATCHKEY_NODE_BACKUP_PASSPHRASE: backupPassphrase };
    const backUp = ["backup", "--key", id, "--out", file, "--json", "--config", config];
    expect((await run(backUp)).code).toBe(2);
    expect((await run(backUp, { env: { LATCHKEY_NODE_BACKUP_PASSPHRASE: "too short" } })).code).toBe(2);
    expect(JSON.parse((await run(backUp, { env })).stdout)).toEqual({ key: id, file });
    // What is there is not overwritten.
    expect((await run(backUp, { env })).code).toBe(1);
    expect(readFileSync(file, "utf8")).not.toContain(record.share?.slice(2));

    const elsewhere = configure(join(directory, "elsewhere"));
    const restore = ["restore", "--in", file, "--json", "--config"];
    expect(JSON.parse((await run([...restore, elsewhere], { env })).stdout)).toEqual({
      key: id,
      status: "active",
      identity,
    });
    expect((await run(["identity", "--config", elsewhere])).stdout).toBe(`${identity}\n`);

    const again = configure(data);
    const deleted = await run(["delete", "--key", id, "--json", "--config", again]);
    expect(JSON.parse(deleted.stdout)).toEqual({ key: id, status: "revoked", share: false });
    expect((await run(["keys", "--config", again])).stdout).toBe(`${id} revoked, share deleted ${consent.account} 1\n`);
    const revived = await run([...restore, again], { env });
    expect(revived.code).toBe(1);
    expect(JSON.parse(revived.stderr).error.message).toBe("the key has been revoked here, for ever");
    expect((await run(["backup", "--key", id, "--out", `${file}2`, "--config", again], { env })).stderr).toBe(
      `the share of ${id} has been deleted\n`,
    );
  });

  it("does not quote a configuration that it cannot read", async () => {
    const file = join(directory, "broken.json");
    for (const text of [`{"chains":{"1":"${rpc}"`, `{"chains":{"1":${rpc}}}`, `"${rpc}" "`, rpc]) {
      writeFileSync(file, text);
      expect(await run(["keys", "--config", file])).toEqual({ code: 2, stdout: "", stderr: `${file} is not JSON\n` });
    }
    writeFileSync(file, JSON.stringify({ directory, chains: { 1: [rpc] } }));
    expect((await run(["keys", "--config", file])).stderr).toBe("chains.1: the URL of an RPC is expected\n");
  });

  it("does not quote a backup that it cannot read", async () => {
    const file = join(directory, "broken-backup.json");
    const env = { LATCHKEY_NODE_BACKUP_PASSPHRASE: backupPassphrase };
    writeFileSync(file, `{"share":"${record.share}"`);
    const restore = ["restore", "--in", file, "--config", configure(join(directory, "elsewhere"))];
    expect(await run(restore, { env })).toEqual({ code: 1, stdout: "", stderr: "this is no backup of a key\n" });
  });

  // The last one: it looks at what all others made the program print.
  it("has printed no secret", () => {
    expect(printed.length).toBeGreaterThan(2_000);
    expect(printed).toContain(identity);
    expectNoSecret(secrets, "what was printed", printed);
  });
});
