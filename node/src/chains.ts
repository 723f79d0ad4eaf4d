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
  readonly contracts: ContractOverrides;
  readonly manager: Address;
  readonly verifier: Address;

  constructor({ chains, contracts, limits }: Pick<NodeConfig, "chains" | "contracts" | "limits">) {
    this.#clients = new Map(
      Object.entries(chains).map(([id, url]) => [
        Number(id),
        createPublicClient({ transport: http(url, { timeout: limits.chainTimeout, retryCount: 1 }), cacheTime: 0 }),
      ]),
    );
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

  /** Checks that each RPC is one of the chain that it is said to be of. */
  async check(): Promise<void> {
    for (const [id, client] of this.#clients) {
      const actual = await client.getChainId();
      if (actual !== id) throw new Error(`the RPC for chain ${id} is one of chain ${actual}`);
    }
  }

  /** Asks a chain something; if it cannot be asked, the node does not sign. */
  async ask<value>(chainId: number, question: (client: PublicClient) => Promise<value>): Promise<value> {
    const client = this.client(chainId);
    try {
      return await question(client);
    } catch (error) {
      if (error instanceof Refusal) throw error;
      const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
      throw new Refusal("unavailable", `Chain ${chainId} cannot be asked.`, { reason });
    }
  }

  /** Time of the latest block, in seconds since 1970. */
  async now(chainId: number): Promise<number> {
    return this.ask(chainId, async (client) =>
      Number((await client.getBlock({ includeTransactions: false })).timestamp),
    );
  }

  /** Whether an account's owner signed a hash: asks the account (ERC-1271). */
  async isSignedByOwner(parameters: { chainId: number; account: Address; hash: Hex; signature: Hex }) {
    const { chainId, account, hash, signature } = parameters;
    return this.ask(chainId, (client) => client.verifyHash({ address: account, hash, signature }));
  }
}
