import { readFile } from "node:fs/promises";
import { BlockList, isIP } from "node:net";
import { type ContractOverrides, getContracts } from "latchkey";
import { type Address, getAddress, isAddress } from "viem";

/** How a node is set up. */
export type NodeConfig = {
  /** Where it keeps its shares. Two nodes never share one, and no copy of it is ever started beside it. */
  readonly directory: string;
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
  /** RPC URL by chain id. It must be one that the operator trusts, and take state overrides in `eth_call`. */
  readonly chains: { readonly [chainId: number]: string };
  /** Files of a certificate and its key, in PEM. Without them, TLS is what is in front of the node's business. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly limits: NodeLimits;
  /** Accounts whose keys the node keeps; undefined for anybody's. */
  readonly accounts: readonly Address[] | undefined;
  /** Latchkey's contracts, in place of the known ones. */
  readonly contracts: ContractOverrides;
  /** Whether requests are taken to come through a proxy, which says from where. */
  readonly trustProxy: boolean;
};

export type NodeLimits = {
  /** Requests a minute from one address. */
  readonly requestsPerMinute: number;
  /** Signatures a minute with one key. */
  readonly signaturesPerMinute: number;
  /** Wei that the operations of one key may send in a day (UTC); undefined for any amount. */
  readonly valuePerDay: bigint | undefined;
  /** Accounts that the node does not sign for, and targets that it signs no calls to. */
  readonly denied: readonly Address[];
  /** Keys that the node keeps, in use or not. */
  readonly keys: number;
  /** Bytes of a request. */
  readonly bodyBytes: number;
  /** How old a request may be, or how far ahead its clock, in seconds. */
  readonly requestAge: number;
  /** How long the chain may take for an answer, in milliseconds. */
  readonly chainTimeout: number;
  /** How old the chain's latest block may be, in seconds. */
  readonly blockAge: number;
  /** How long it may take to send a request, in milliseconds. */
  readonly requestTimeout: number;
};

/** A configuration that cannot be used. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

const defaults: NodeLimits = {
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
};

/** Reads a configuration file. */
export async function readConfig(path: string): Promise<NodeConfig> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new ConfigError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  return parseConfig(parseJson(path, text));
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The cause is left out: it quotes the text, in which URLs may have keys of RPCs.
    throw new ConfigError(`${path} is not JSON`);
  }
}

/** Checks a configuration: a limit under a misspelt name must not be lost. */
export function parseConfig(value: unknown): NodeConfig {
  const known = ["directory", "host", "port", "chains", "tls", "limits", "accounts", "contracts", "trustProxy"];
  const fields = asObject("the configuration", value, known);
  const { directory, host = "127.0.0.1", port = 8_547, tls, limits = {}, accounts, contracts = {} } = fields;
  const { trustProxy = false } = fields;
  if (typeof directory !== "string" || directory === "") throw new ConfigError("directory: a path is missing");
  if (typeof host !== "string") throw new ConfigError("host: a name or an address is expected");
  if (typeof trustProxy !== "boolean") throw new ConfigError("trustProxy: true or false is expected");
  return {
    directory,
    host,
    port: asNumber("port", port, 0, 65_535),
    chains: parseChains(fields["chains"]),
    tls: tls === undefined ? undefined : parseTls(tls),
    limits: parseLimits(limits),
    accounts: accounts === undefined ? undefined : asAddresses("accounts", accounts),
    contracts: parseContracts(contracts),
    trustProxy,
  };
}

/** What is allowed but seldom meant, a sentence each. */
export function listWarnings({ host, tls, trustProxy }: NodeConfig): readonly string[] {
  if (tls !== undefined || trustProxy || isLoopback(host)) return [];
  return [
    `host: ${host} can be reached from elsewhere, and there is no TLS, so that others can read requests; set tls, or trustProxy behind a proxy that has it`,
  ];
}

function isLoopback(host: string): boolean {
  const family = isIP(host);
  return family === 0 ? host.toLowerCase() === "localhost" : loopback.check(host, family === 4 ? "ipv4" : "ipv6");
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

function parseChains(value: unknown): { [chainId: number]: string } {
  const chains = Object.entries(asObject("chains", value)).map(([id, url]) => {
    if (!/^[1-9]\d*$/.test(id)) throw new ConfigError(`chains: "${id}" is no chain id`);
    if (typeof url !== "string" || !/^https?:\/\//.test(url))
      throw new ConfigError(`chains.${id}: the URL of an RPC is expected`);
    return [id, url] as const;
  });
  if (chains.length === 0) throw new ConfigError("chains: there is none");
  return Object.fromEntries(chains);
}

function parseTls(value: unknown): { cert: string; key: string } {
  const { cert, key } = asObject("tls", value, ["cert", "key"]);
  if (typeof cert !== "string" || typeof key !== "string") throw new ConfigError("tls: cert and key are files");
  return { cert, key };
}

function parseLimits(value: unknown): NodeLimits {
  const { valuePerDay, denied = [], ...numbers } = asObject("limits", value, Object.keys(defaults));
  const number = (name: keyof typeof maxima): number =>
    asNumber(`limits.${name}`, numbers[name] ?? defaults[name], 1, maxima[name]);
  if (valuePerDay !== undefined && (typeof valuePerDay !== "string" || !/^\d{1,30}$/.test(valuePerDay)))
    throw new ConfigError("limits.valuePerDay: wei, as a text of digits, is expected");
  return {
    requestsPerMinute: number("requestsPerMinute"),
    signaturesPerMinute: number("signaturesPerMinute"),
    valuePerDay: valuePerDay === undefined ? undefined : BigInt(valuePerDay),
    denied: asAddresses("limits.denied", denied),
    keys: number("keys"),
    bodyBytes: number("bodyBytes"),
    requestAge: number("requestAge"),
    chainTimeout: number("chainTimeout"),
    blockAge: number("blockAge"),
    requestTimeout: number("requestTimeout"),
  };
}

const maxima = {
  requestsPerMinute: 1e9,
  signaturesPerMinute: 1e9,
  keys: 1e6,
  bodyBytes: 16_777_216,
  requestAge: 3_600,
  chainTimeout: 120_000,
  blockAge: 1e9,
  requestTimeout: 600_000,
};

function parseContracts(value: unknown): ContractOverrides {
  const entries = Object.entries(asObject("contracts", value));
  const contracts = Object.fromEntries(
    entries.map(([name, address]) => [name, asAddress(`contracts.${name}`, address)]),
  );
  asObject("contracts", value, Object.keys(getContracts(contracts)));
  return contracts;
}

function asObject(name: string, value: unknown, known?: readonly string[]): { readonly [name: string]: unknown } {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new ConfigError(`${name}: an object is expected`);
  const unknown = Object.keys(value).find((field) => known !== undefined && !known.includes(field));
  if (unknown !== undefined) throw new ConfigError(`${name}: there is no "${unknown}"; there is ${known?.join(", ")}`);
  return { ...value };
}

function asNumber(name: string, value: unknown, minimum: number, maximum: number): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < minimum || value > maximum)
    throw new ConfigError(`${name}: a whole number from ${minimum} to ${maximum} is expected`);
  return value;
}

function asAddresses(name: string, value: unknown): readonly Address[] {
  if (!Array.isArray(value)) throw new ConfigError(`${name}: a list of addresses is expected`);
  return value.map((address: unknown, index) => asAddress(`${name}[${index}]`, address));
}

function asAddress(name: string, value: unknown): Address {
  if (typeof value !== "string" || !isAddress(value)) throw new ConfigError(`${name}: an address is expected`);
  return getAddress(value);
}
