import {
  type Address,
  type Chain,
  createPublicClient,
  createTestClient,
  createWalletClient,
  defineChain,
  type Hex,
  http,
  type PublicClient,
  parseEther,
  publicActions,
  walletActions,
} from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";

const POLLING_INTERVAL = 50;

export type ChainParameters = { id: number; rpcUrl: string };

/** The chain as viem knows it. */
export function describeChain({ id, rpcUrl }: ChainParameters): Chain {
  return defineChain({
    id,
    name: `Test chain ${id}`,
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  });
}

/** A client that reads a chain. */
export function readerOf(parameters: ChainParameters): PublicClient {
  return createPublicClient({
    chain: describeChain(parameters),
    transport: http(parameters.rpcUrl),
    pollingInterval: POLLING_INTERVAL,
    cacheTime: 0,
  });
}

/** A client of an Anvil chain that signs with `key`, and may do what only a test chain lets one do. */
export function writerOf({ key, ...parameters }: ChainParameters & { key: Hex }) {
  return createTestClient({
    mode: "anvil",
    account: privateKeyToAccount(key),
    chain: describeChain(parameters),
    transport: http(parameters.rpcUrl),
    pollingInterval: POLLING_INTERVAL,
    cacheTime: 0,
  })
    .extend(publicActions)
    .extend(walletActions);
}

export type Writer = ReturnType<typeof writerOf>;

/** A new key with ether on an Anvil chain: the keys that Anvil comes with are abused on public networks. */
export async function fundedKey(parameters: ChainParameters): Promise<Hex> {
  const key = generatePrivateKey();
  await writerOf({ ...parameters, key }).setBalance({
    address: privateKeyToAccount(key).address,
    value: parseEther("10000"),
  });
  return key;
}

/** The id of the chain behind an RPC URL. */
export function chainIdOf(rpcUrl: string): Promise<number> {
  return createWalletClient({ transport: http(rpcUrl) }).getChainId();
}

export async function hasCode(client: PublicClient | Writer, address: Address): Promise<boolean> {
  return (await client.getCode({ address })) !== undefined;
}
