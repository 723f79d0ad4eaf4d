import type { Address, Chain, Client, Hash, Transport } from "viem";
import {
  type SmartAccount,
  type SmartAccountImplementation,
  sendUserOperation,
  type UserOperationReceipt,
  waitForUserOperationReceipt,
} from "viem/account-abstraction";
import { getAction } from "viem/utils";
import { decodeSessionError } from "../errors/decodeSessionError.js";
import { AccountNotFoundError, UserOperationFailedError } from "../errors/use.js";
import type { OwnerCall } from "./getGrantCalls.js";

/** Who sends an owner's user operation, and at what price. */
export type OwnerOperationParameters = {
  /** The owner's smart account; the client's if it is left out. */
  account?: SmartAccount | undefined;
  /** In wei; estimated if it is left out. */
  maxFeePerGas?: bigint | undefined;
  /** In wei; estimated if it is left out. */
  maxPriorityFeePerGas?: bigint | undefined;
  /** A paymaster that pays for the operation; the client's way if it is left out. */
  paymaster?: Address | true | undefined;
  /** How long to wait for the receipt, in milliseconds; 120 000 if it is left out. */
  timeout?: number | undefined;
};

/** An owner's user operation that was included and did what it was to do. */
export type OwnerOperationReturnType = {
  userOpHash: Hash;
  receipt: UserOperationReceipt;
};

/** A bundler client, with or without an account of its own, and with or without a client of the chain. */
export type BundlerLikeClient = Client<Transport, Chain | undefined, SmartAccount | undefined> & {
  readonly client?: Client<Transport, Chain | undefined> | undefined;
};

/** A client that reads the chain, as smart accounts have one. */
export type ChainClient = SmartAccountImplementation["client"];

/** What reads the chain: the bundler client's own client, its account's, or itself. */
export function getChainClient(client: BundlerLikeClient): ChainClient {
  // Whose account a client has does not matter for reading, but to the types it does.
  return (client.client ?? client.account?.client ?? client) as ChainClient;
}

/** The owner's account from the parameters or the client. */
export function getOwner(client: BundlerLikeClient, account: SmartAccount | undefined): SmartAccount {
  const owner = account ?? client.account;
  if (owner === undefined) throw new AccountNotFoundError();
  return owner;
}

/** Sends calls as one user operation of the owner's and waits until it is included. */
export async function sendOwnerCalls(
  client: BundlerLikeClient,
  {
    account,
    calls,
    maxFeePerGas,
    maxPriorityFeePerGas,
    paymaster,
    timeout = 120_000,
  }: OwnerOperationParameters & { calls: readonly OwnerCall[] },
): Promise<OwnerOperationReturnType> {
  const userOpHash = await send();
  const receipt = await getAction(
    client,
    waitForUserOperationReceipt,
    "waitForUserOperationReceipt",
  )({ hash: userOpHash, timeout });
  if (!receipt.success)
    throw new UserOperationFailedError({
      userOpHash,
      transactionHash: receipt.receipt.transactionHash,
      reason: receipt.reason,
      cause: decodeSessionError(receipt.reason),
    });
  return { userOpHash, receipt };

  async function send(): Promise<Hash> {
    try {
      return await getAction(
        client,
        sendUserOperation,
        "sendUserOperation",
      )({
        account: getOwner(client, account),
        calls: [...calls],
        ...(maxFeePerGas === undefined ? {} : { maxFeePerGas }),
        ...(maxPriorityFeePerGas === undefined ? {} : { maxPriorityFeePerGas }),
        ...(paymaster === undefined ? {} : { paymaster }),
      });
    } catch (error) {
      throw decodeSessionError(error) ?? error;
    }
  }
}
