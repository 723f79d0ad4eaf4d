import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError, listWarnings, parseConfig, readConfig } from "./config.js";

const least = { directory: "/var/lib/node", chains: { 1: "https://rpc.example" } };

describe("a configuration", () => {
  it("takes what is not said to be as usual", () => {
    expect(parseConfig(least)).toEqual({
      ...least,
      host: "127.0.0.1",
      port: 8_547,
      tls: undefined,
      accounts: undefined,
      contracts: {},
      trustProxy: false,
      limits: {
        requestsPerMinute: 600,
        signaturesPerMinute: 120,
        valuePerDay: undefined,
        denied: [],
        keys: 10_000,
        bodyBytes: 262_144,
        requestAge: 60,
        chainTimeout: 5_000,
        blockAge: 300,
        requestTimeout: 30_000,
      },
    });
  });

  it("takes all that can be said", () => {
    const address = "0x00000000000000000000000000000000000000aa";
    const limits = { valuePerDay: "1000000000000000000", denied: [address], blockAge: 60 };
    const tls = { cert: "cert.pem", key: "key.pem" };
    const config = parseConfig({ ...least, limits, tls, accounts: [address], port: 0, trustProxy: true });
    expect(config.limits).toMatchObject({ valuePerDay: 10n ** 18n, blockAge: 60 });
    expect(config.limits.denied).toEqual(config.accounts);
    expect(config).toMatchObject({ tls, port: 0, trustProxy: true });
  });

  it.each([
    ["127.0.0.1", {}, false],
    ["127.8.8.8", {}, false],
    ["::1", {}, false],
    ["localhost", {}, false],
    ["0.0.0.0", {}, true],
    ["::", {}, true],
    ["10.0.0.1", {}, true],
    ["node.example", {}, true],
    ["0.0.0.0", { tls: { cert: "cert.pem", key: "key.pem" } }, false],
    ["0.0.0.0", { trustProxy: true }, false],
  ])("is warned of if others can read requests: %s %j", (host, change, warns) => {
    expect(listWarnings(parseConfig({ ...least, host, ...change })).length === 1).toBe(warns);
  });

  it.each([
    ["nothing", undefined, "the configuration: an object is expected"],
    ["no directory", { chains: least.chains }, "directory: a path is missing"],
    ["no chain", { ...least, chains: {} }, "chains: there is none"],
    ["a chain that is no number", { ...least, chains: { one: "https://rpc.example" } }, 'chains: "one" is no chain id'],
    ["a chain without a URL", { ...least, chains: { 1: "rpc" } }, "chains.1: the URL of an RPC is expected"],
    ["a misspelt name", { ...least, limit: {} }, 'the configuration: there is no "limit"'],
    ["a misspelt limit", { ...least, limits: { valuePerday: "1" } }, 'limits: there is no "valuePerday"'],
    ["a value as a number", { ...least, limits: { valuePerDay: 1 } }, "limits.valuePerDay: wei, as a text of digits"],
    ["a limit of nothing", { ...least, limits: { signaturesPerMinute: 0 } }, "limits.signaturesPerMinute: a whole"],
    ["half a limit", { ...least, limits: { requestAge: 0.5 } }, "limits.requestAge: a whole number from 1 to 3600"],
    ["a limit as text", { ...least, limits: { bodyBytes: "1" } }, "limits.bodyBytes: a whole number"],
    ["a port that there is not", { ...least, port: 65_536 }, "port: a whole number from 0 to 65535"],
    ["no address", { ...least, limits: { denied: ["0x12"] } }, "limits.denied[0]: an address is expected"],
    ["one account only", { ...least, accounts: "0x12" }, "accounts: a list of addresses is expected"],
    ["TLS without a key", { ...least, tls: { cert: "cert.pem" } }, "tls: cert and key are files"],
    ["TLS with more", { ...least, tls: { cert: "", key: "", ca: "" } }, 'tls: there is no "ca"'],
    ["a host that is none", { ...least, host: 1 }, "host: a name or an address is expected"],
    ["perhaps a proxy", { ...least, trustProxy: "yes" }, "trustProxy: true or false is expected"],
    ["a contract that is none", { ...least, contracts: { manager: 1 } }, "contracts.manager: an address is expected"],
    [
      "a misspelt contract",
      { ...least, contracts: { manger: `0x${"aa".repeat(20)}` } },
      'contracts: there is no "manger"; there is',
    ],
  ])("is refused with %s", (_what, value, message) => {
    expect(() => parseConfig(value)).toThrow(ConfigError);
    expect(() => parseConfig(value)).toThrow(message);
  });

  it("is read from a file", async () => {
    const directory = mkdtempSync(join(tmpdir(), "latchkey-config-"));
    const file = join(directory, "node.json");
    writeFileSync(file, JSON.stringify(least));
    expect(await readConfig(file)).toEqual(parseConfig(least));
    writeFileSync(file, "{");
    await expect(readConfig(file)).rejects.toThrow(ConfigError);
    rmSync(directory, { recursive: true });
    await expect(readConfig(file)).rejects.toThrow("cannot be read");
  });
});

it("docs/distributed-keys.md shows configurations that can be used", () => {
  const page = readFileSync(new URL("../../docs/distributed-keys.md", import.meta.url), "utf8");
  const blocks = [...page.matchAll(/^```(jsonl?)\n([\s\S]*?)^```$/gm)];
  const shown = blocks.flatMap(([, kind, text = ""]) => (kind === "json" ? [text] : text.trim().split("\n")));
  expect(shown).toHaveLength(6);
  for (const text of shown) expect(listWarnings(parseConfig(JSON.parse(text)))).toEqual([]);
});
