import { type Chain, type Client, createClient, custom, type Transport } from "viem";

/**
 * Reads several things in one round trip: in a single call, where the chain has Multicall3; else in calls side by side.
 *
 * @param read Starts all reads at once, with viem's actions on the client that it is given.
 */
export async function readTogether<result>(
  client: Client<Transport, Chain | undefined>,
  read: (client: Client<Transport, Chain | undefined>) => Promise<result>,
): Promise<result> {
  if (client.chain?.contracts?.multicall3 === undefined || client.batch?.multicall) return read(client);
  // Without the actions of the client, which would not batch.
  const batching = createClient({
    chain: client.chain,
    batch: { multicall: true },
    transport: custom({ request: client.request }, { retryCount: 0 }),
  });
  try {
    return await read(batching);
  } catch {
    // A chain may be said to have the contract, and not have it: a local one, for instance.
    return read(client);
  }
}
