import { getChainId } from "viem/actions";
import { getAction } from "viem/utils";
import type { BundlerLikeClient, OwnerOperationReturnType } from "../actions/sendOwnerCalls.js";
import { getBundlerClient, type LatchkeyConfig } from "./context.js";

type Owner = LatchkeyConfig["owner"];

/** Sends an operation of the owner's, and has the store take in what it did. */
export async function sendAsOwner<sent extends OwnerOperationReturnType>(
  config: LatchkeyConfig,
  account: Owner,
  send: (client: BundlerLikeClient, owner: Owner) => Promise<sent>,
): Promise<sent> {
  const client = getBundlerClient(config);
  const owner = account ?? config.owner;
  const sent = await send(client, owner);
  const { store, contracts } = config;
  await store?.applyReceipt({ chainId: await getOperationChain(owner, client), receipt: sent.receipt, contracts });
  return sent;
}

/** The chain that an owner's operations go to. */
export async function getOperationChain(owner: Owner, client: BundlerLikeClient): Promise<number> {
  const reader = (owner ?? client.account)?.client ?? client;
  return reader.chain?.id ?? getAction(reader, getChainId, "getChainId")({});
}
