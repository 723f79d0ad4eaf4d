import { getChainId } from "viem/actions";
import { getAction } from "viem/utils";
import type { BundlerLikeClient, OwnerOperationReturnType } from "../actions/sendOwnerCalls.js";
import type { LatchkeyConfig } from "./context.js";

/** The chain that an owner's operations go to. */
export async function getOperationChain(
  { owner }: Pick<LatchkeyConfig, "owner">,
  client: BundlerLikeClient,
): Promise<number> {
  const reader = (owner ?? client.account)?.client ?? client;
  return reader.chain?.id ?? getAction(reader, getChainId, "getChainId")({});
}

/** Has the store take in what an operation of the owner's did. */
export async function applyReceipt(
  config: LatchkeyConfig,
  client: BundlerLikeClient,
  { receipt }: OwnerOperationReturnType,
): Promise<void> {
  const { store, contracts } = config;
  await store?.applyReceipt({ chainId: await getOperationChain(config, client), receipt, contracts });
}
