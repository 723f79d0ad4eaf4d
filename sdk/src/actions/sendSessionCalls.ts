import { type Abi, type Address, encodeFunctionData, type Hash, type Hex } from "viem";
import {
  type PaymasterActions,
  type SmartAccount,
  sendUserOperation,
  type UserOperationReceipt,
  waitForUserOperationReceipt,
} from "viem/account-abstraction";
import { getAction } from "viem/utils";
import {
  type SessionAccountImplementation,
  type ToSessionAccountErrorType,
  type ToSessionAccountParameters,
  toSessionAccount,
} from "../accounts/toSessionAccount.js";
import type { ContractOverrides } from "../addresses.js";
import { LatchkeyError } from "../errors/base.js";
import { decodeSessionError } from "../errors/decodeSessionError.js";
import { UserOperationFailedError } from "../errors/use.js";
import { type BundlerLikeClient, getChainClient } from "./sendOwnerCalls.js";

type UnionOmit<type, keys extends PropertyKey> = type extends unknown ? Omit<type, keys> : never;

/** A session account to be made for one operation, or one that was made before. */
type Actor =
  | (UnionOmit<ToSessionAccountParameters, "account" | "client"> & {
      /** The smart account as its owner uses it: needed if it is not deployed yet. */
      account?: SmartAccount | undefined;
      /** A client of the chain; the bundler client's, or that itself, if it is left out. */
      client?: ToSessionAccountParameters["client"];
    })
  | {
      /** From {@link toSessionAccount} or {@link resumeSession}, which save asking again what kind of account it is. */
      account: SmartAccount<SessionAccountImplementation>;
      session?: undefined;
      /** Contracts to use in place of the known ones, to read errors by. */
      contracts?: ContractOverrides | undefined;
    };

/** A call as viem takes it: with its data, or with the function of an ABI that is called. */
export type SessionCall =
  | { readonly to: Address; readonly value?: bigint | undefined; readonly data?: Hex | undefined }
  | {
      readonly to: Address;
      readonly value?: bigint | undefined;
      readonly abi: Abi;
      readonly functionName: string;
      readonly args?: readonly unknown[] | undefined;
    };

export type SendSessionCallsParameters = Actor & {
  /** One or more calls, each under any of the session's actions; all of them or none happen. */
  calls: readonly SessionCall[];
  /** Whether to wait until the operation is included; true if it is left out. */
  wait?: boolean | undefined;
  /** How long to wait for the receipt, in milliseconds; 120 000 if it is left out. */
  timeout?: number | undefined;
  /** In wei; estimated if it is left out. */
  maxFeePerGas?: bigint | undefined;
  /** In wei; estimated if it is left out. */
  maxPriorityFeePerGas?: bigint | undefined;
  /** Who pays, as viem's `sendUserOperation` takes it; the session must allow it. */
  paymaster?: Address | true | Partial<Pick<PaymasterActions, "getPaymasterData" | "getPaymasterStubData">> | undefined;
  /** What the paymaster's service wants to know (ERC-7677). */
  paymasterContext?: unknown;
};

export type SendSessionCallsReturnType = {
  userOpHash: Hash;
  /** Undefined if it was not waited for. */
  receipt: UserOperationReceipt | undefined;
};

export type SendSessionCallsErrorType = ToSessionAccountErrorType | UserOperationFailedError;

/**
 * Makes calls within a session, in one user operation of the session key's, and waits until it is included. The same as
 * `sendUserOperation` with an account from {@link toSessionAccount}, with refusals of the chain as typed errors.
 *
 * Several sessions of an account act side by side with a lane of nonces each: `nonceKey: "session"`.
 *
 * @param client A bundler client.
 * @param parameters {@link SendSessionCallsParameters}
 * @returns The operation's hash and receipt.
 * @throws What {@link toSessionAccount} and using its account throw; what the bundler refuses, as the error that
 * {@link decodeSessionError} makes of it; UserOperationFailedError if it was included but failed; viem's errors of
 * `sendUserOperation`.
 *
 * @example
 * import { type Session, type SessionKey, sendSessionCalls } from "latchkey";
 * import { createPublicClient, http, parseAbi, parseUnits } from "viem";
 * import { createBundlerClient } from "viem/account-abstraction";
 * import { sepolia } from "viem/chains";
 *
 * const client = createPublicClient({ chain: sepolia, transport: http() });
 * const bundler = createBundlerClient({ client, transport: http("http://localhost:4337") });
 * const pay = (session: Session, sessionKey: SessionKey) =>
 *   sendSessionCalls(bundler, {
 *     session,
 *     sessionKey,
 *     calls: [
 *       {
 *         to: "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
 *         abi: parseAbi(["function transfer(address to, uint256 amount) returns (bool)"]),
 *         functionName: "transfer",
 *         args: ["0x70997970C51812dc3A010C7d01b50e0d17dc79C8", parseUnits("5", 6)],
 *       },
 *     ],
 *   });
 */
export async function sendSessionCalls(
  client: BundlerLikeClient,
  parameters: SendSessionCallsParameters,
): Promise<SendSessionCallsReturnType> {
  const {
    calls,
    wait = true,
    timeout = 120_000,
    maxFeePerGas,
    maxPriorityFeePerGas,
    paymaster,
    paymasterContext,
    ...actor
  } = parameters;
  const account = await getSessionAccount();
  const userOpHash = await send();
  if (!wait) return { userOpHash, receipt: undefined };
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

  async function getSessionAccount(): Promise<SmartAccount<SessionAccountImplementation>> {
    if (actor.session === undefined) return actor.account;
    const { account: owner, client: given, ...rest } = actor;
    const reader = given ?? owner?.client ?? getChainClient(client);
    return toSessionAccount(owner ? { ...rest, account: owner, client: reader } : { ...rest, client: reader });
  }

  async function send(): Promise<Hash> {
    try {
      return await getAction(
        client,
        sendUserOperation,
        "sendUserOperation",
      )({
        account,
        calls: calls.map(toCall),
        ...(maxFeePerGas === undefined ? {} : { maxFeePerGas }),
        ...(maxPriorityFeePerGas === undefined ? {} : { maxPriorityFeePerGas }),
        ...(paymaster === undefined ? {} : { paymaster }),
        ...(paymasterContext === undefined ? {} : { paymasterContext }),
      });
    } catch (error) {
      if (error instanceof LatchkeyError) throw error;
      throw decodeSessionError(error, { session: account.session, contracts: actor.contracts }) ?? error;
    }
  }
}

function toCall(call: SessionCall): { to: Address; value: bigint; data: Hex } {
  const { to, value = 0n } = call;
  if (!("abi" in call)) return { to, value, data: call.data ?? "0x" };
  const { abi, functionName, args } = call;
  return { to, value, data: encodeFunctionData({ abi, functionName, ...(args ? { args } : {}) }) };
}
