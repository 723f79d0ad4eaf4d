import { type ContractOverrides, getContracts } from "latchkey";
import { type Address, createPublicClient, type Hex, http, type PublicClient } from "viem";
import { entryPoint07Address, entryPoint08Address } from "viem/account-abstraction";
import type { NodeConfig } from "./config.js";
import { Refusal } from "./refusal.js";

/** The EntryPoints whose operations a node signs, by version. */
export const entryPoints = { "0.7": entryPoint07Address, "0.8": entryPoint08Address } as const;

/** The chains that a node looks at by itself. */
export class Chains {
  readonly #clients: ReadonlyMap<number, PublicClient>;
  readonly #checked = new Set<number>();
  readonly #blockAge: number;
  readonly contracts: ContractOverrides;
  readonly manager: Address;
  readonly verifier: Address;

  constructor({ chains, contracts, limits }: Pick<NodeConfig, "chains" | "contracts" | "limits">) {
    this.#clients = new Map(
      Object.entries(chains).map(([id, url]) => [
        Number(id),
        createPublicClient({
          transport: http(url, { timeout: limits.chainTimeout, retryCount: 1 }),
          cacheTime: 0,
          // Whoever deploys a contract would else have the node fetch URLs from within its own network (ERC-3668).
          ccipRead: false,
        }),
      ]),
    );
    this.#blockAge = limits.blockAge;
    this.contracts = contracts;
    const { manager, frostVerifier } = getContracts(contracts);
    this.manager = manager;
    this.verifier = frostVerifier;
  }

  get ids(): readonly number[] {
    return [...this.#clients.keys()];
  }

  /** A client of a chain; refuses a chain that the node does not look at. */
  client(chainId: number): PublicClient {
    const client = this.#clients.get(chainId);
    if (client === undefined) throw new Refusal("chain", `This node does not look at chain ${chainId}.`);
    return client;
  }

  /** Asks a chain something; if it cannot be asked, the node does not sign. The first time, it is asked which chain it is. */
  async ask<value>(chainId: number, question: (client: PublicClient) => Promise<value>): Promise<value> {
    const client = this.client(chainId);
    try {
      if (!this.#checked.has(chainId)) {
        const actual = await client.getChainId();
        if (actual !== chainId)
          throw new Refusal("unavailable", `This node's RPC for chain ${chainId} is one of chain ${actual}.`);
        this.#checked.add(chainId);
      }
      return await question(client);
    } catch (error) {
      if (error instanceof Refusal) throw error;
      const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
      throw new Refusal("unavailable", `Chain ${chainId} cannot be asked.`, { reason });
    }
  }

  /** Time of the latest block, in seconds since 1970. */
  async now(chainId: number): Promise<number> {
    const { timestamp } = await this.ask(chainId, (client) => client.getBlock({ includeTransactions: false }));
    this.checkAge(chainId, Number(timestamp));
    return Number(timestamp);
  }

  /** Refuses an RPC that has stopped following its chain: it would know nothing of a revocation. */
  checkAge(chainId: number, timestamp: number): void {
    const age = Math.floor(Date.now() / 1_000) - timestamp;
    if (age > this.#blockAge)
      throw new Refusal(
        "unavailable",
        `The latest block of chain ${chainId} is ${age} s old; this node takes ${this.#blockAge} s.`,
      );
  }

  /** Whether a time, in seconds, is over: by the chain's clock or this node's, so that an RPC that lags delays no end. */
  isOver(until: number, chainTime: number): boolean {
    return Math.max(chainTime, Math.floor(Date.now() / 1_000)) > until;
  }

  /** Whether an account's owner signed a hash: asks the account (ERC-1271). */
  async isSignedByOwner(parameters: { chainId: number; account: Address; hash: Hex; signature: Hex }) {
    const { chainId, account, hash, signature } = parameters;
    return this.ask(chainId, (client) => client.verifyHash({ address: account, hash, signature }));
  }
}
