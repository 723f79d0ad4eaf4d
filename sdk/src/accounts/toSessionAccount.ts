import { concat, type Hex, isAddressEqual, keccak256, numberToHex, zeroAddress } from "viem";
import {
  entryPoint07Abi,
  entryPoint07Address,
  getUserOperationHash,
  type SmartAccount,
  type SmartAccountImplementation,
  type ToSmartAccountReturnType,
  toSmartAccount,
  type UserOperation,
} from "viem/account-abstraction";
import { getBlock, getChainId, readContract } from "viem/actions";
import { getAction } from "viem/utils";
import { type ContractOverrides, findContract, getContract } from "../addresses.js";
import { anyPaymaster } from "../constants.js";
import { OpCostExceededError, PaymasterNotAllowedError } from "../errors/manager.js";
import {
  AccountMismatchError,
  ChainMismatchError,
  EntryPointNotSupportedError,
  PeriodBoundaryError,
  SessionExpiredError,
  SessionKeyMismatchError,
  SessionNotStartedError,
  SigningNotSupportedError,
} from "../errors/use.js";
import type { SessionKey } from "../keys/sessionKey.js";
import { decodeErc20LimitConfig } from "../policies/erc20Limit.js";
import { getSessionId } from "../session/getSessionId.js";
import type { Session } from "../types.js";
import { encodeUse, getUseTypedData } from "../use/encodeUse.js";
import { decodeExecution, encodeExecution } from "../use/execution.js";
import { matchCalls } from "../use/matchCalls.js";
import { parseNumber } from "../utils/validate.js";

export type ToSessionAccountParameters = {
  session: Session;
  /** The session's key. */
  sessionKey: SessionKey;
  /** Lane of nonces, 0 to 2^24 - 1: operations in different lanes do not wait for each other. 0 if it is left out. */
  nonceKey?: number | undefined;
  /** The 24-byte key of nonces for a validator and a lane. That of Nexus if it is left out. */
  getNonceKey?: ((parameters: { validator: Hex; lane: number }) => bigint) | undefined;
  /**
   * Whether to refuse here, with a typed error, what the chain would refuse: calls that no action allows, a session that
   * has ended or not begun, a paymaster, or too high a cost. True if it is left out.
   */
  preflight?: boolean | undefined;
  /**
   * When a limit's period is about to change, whether to wait until it has (up to about 40 seconds), or to throw a
   * PeriodBoundaryError that says when to try again. True if it is left out.
   */
  waitAtBoundary?: boolean | undefined;
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
} & (
  | {
      /** The smart account that the session is for, as its owner uses it. */
      account: SmartAccount;
      /** A client of the chain, to read nonces and the time with; the account's if it is left out. */
      client?: SmartAccountImplementation["client"] | undefined;
    }
  | {
      /** Not needed for an account that is deployed: the session says which it is. */
      account?: undefined;
      /** A client of the chain, to read nonces and the time with. */
      client: SmartAccountImplementation["client"];
    }
);

export type SessionAccountImplementation = SmartAccountImplementation<
  typeof entryPoint07Abi,
  "0.7",
  {
    /** The session that the account acts within. */
    session: Session;
    /** The session's id. */
    sessionId: Hex;
  }
>;

/** A viem smart account that acts within a session. */
export type ToSessionAccountReturnType = ToSmartAccountReturnType<SessionAccountImplementation>;

export type ToSessionAccountErrorType =
  | AccountMismatchError
  | ChainMismatchError
  | EntryPointNotSupportedError
  | SessionKeyMismatchError;

// Bundlers refuse an operation that ends within some 30 seconds or began less than some 5 seconds ago.
const deadBeforeEnd = 32;
const deadAfterStart = 6;

/** 65 bytes as a session key's signature has them: a point of the curve, a low s, so that gas is used as by a real one. */
const stubKeySignature: Hex =
  "0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f817987aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1b";

/**
 * Makes a viem smart account that acts within a session, for `createBundlerClient` and everything built on it.
 *
 * It has the address of the session's account, and works from the session and the key alone, so also in a process that
 * knows nothing of the owner; an account that is not deployed yet must be given as its owner uses it. Its operations are signed by the session key and carry the session;
 * each call claims the action that allows it.
 *
 * @param parameters {@link ToSessionAccountParameters}
 * @returns A smart account.
 * @throws AccountMismatchError, ChainMismatchError, SessionKeyMismatchError, EntryPointNotSupportedError. Using the
 * account throws CallNotAllowedError, SessionExpiredError, SessionNotStartedError, PeriodBoundaryError,
 * OpCostExceededError and PaymasterNotAllowedError before anything is sent.
 *
 * @example
 * import { type Session, type SessionKey, toSessionAccount } from "latchkey";
 * import { createPublicClient, http } from "viem";
 * import { createBundlerClient } from "viem/account-abstraction";
 * import { sepolia } from "viem/chains";
 *
 * const pay = async (session: Session, sessionKey: SessionKey) => {
 *   const client = createPublicClient({ chain: sepolia, transport: http() });
 *   const account = await toSessionAccount({ client, session, sessionKey });
 *   const bundler = createBundlerClient({
 *     account,
 *     chain: sepolia,
 *     transport: http("http://localhost:4337"),
 *   });
 *   return bundler.sendUserOperation({
 *     calls: [{ to: "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", data: "0xa9059cbb" }],
 *   });
 * };
 */
export async function toSessionAccount(parameters: ToSessionAccountParameters): Promise<ToSessionAccountReturnType> {
  const {
    account,
    session,
    sessionKey,
    nonceKey = 0,
    getNonceKey = getNexusNonceKey,
    preflight = true,
    waitAtBoundary = true,
    contracts,
  } = parameters;
  const client = parameters.account ? (parameters.client ?? parameters.account.client) : parameters.client;
  const manager = getContract("manager", contracts);
  const lane = parseNumber("nonceKey", nonceKey, 0, 2 ** 24 - 1);
  const sessionId = getSessionId(session);
  const address = (await account?.getAddress()) ?? session.account;
  if (!isAddressEqual(address, session.account))
    throw new AccountMismatchError({ expected: session.account, actual: address });
  if (preflight && sessionKey.sessionKey !== session.sessionKey)
    throw new SessionKeyMismatchError({ expected: session.sessionKey, actual: sessionKey.sessionKey });
  if (account && account.entryPoint.version !== "0.7")
    throw new EntryPointNotSupportedError({ version: account.entryPoint.version });
  const chainId = client.chain?.id ?? (await getAction(client, getChainId, "getChainId")({}));
  if (session.chainId !== 0n && session.chainId !== BigInt(chainId))
    throw new ChainMismatchError({ expected: session.chainId, actual: BigInt(chainId) });
  const entryPoint = {
    abi: entryPoint07Abi,
    address: account?.entryPoint.address ?? entryPoint07Address,
    version: "0.7",
  } as const;
  const times = createTimes();

  const made: ToSessionAccountReturnType = await toSmartAccount({
    client,
    entryPoint,
    extend: { session, sessionId },
    getAddress: async () => address,
    getFactoryArgs: async () => account?.getFactoryArgs() ?? {},
    encodeCalls: async (calls) => encodeExecution(calls),
    decodeCalls: async (data) => decodeExecution(data),
    getStubSignature: async (userOperation) => {
      const { callData, nonce } = userOperation ?? {};
      return concat([await getUse({ callData, nonce }), stubKeySignature]);
    },
    signUserOperation: async ({ chainId: chain = chainId, ...parameters }) => {
      const userOperation: UserOperation<"0.7"> = { ...parameters, sender: parameters.sender ?? address };
      if (preflight) checkOperation(session, sessionId, userOperation);
      const use = await getUse(userOperation);
      const userOpHash = getUserOperationHash({
        chainId: chain,
        entryPointAddress: entryPoint.address,
        entryPointVersion: "0.7",
        userOperation: { ...userOperation, signature: "0x" },
      });
      const typedData = getUseTypedData({ userOpHash, id: sessionId, use, manager });
      return concat([use, await sessionKey.account.signTypedData(typedData)]);
    },
    signMessage: async () => {
      throw new SigningNotSupportedError({ what: "messages" });
    },
    signTypedData: async () => {
      throw new SigningNotSupportedError({ what: "typed data" });
    },
  });
  // In place of viem's, whose key is the time, so that each operation would pay for a fresh slot.
  return { ...made, getNonce };

  async function getNonce({ key = BigInt(lane) }: { key?: bigint | undefined } = {}): Promise<bigint> {
    const chosen = parseNumber("key", Number(key), 0, 2 ** 24 - 1);
    return getAction(
      client,
      readContract,
      "readContract",
    )({
      abi: entryPoint07Abi,
      address: entryPoint.address,
      functionName: "getNonce",
      args: [address, getNonceKey({ validator: manager, lane: chosen })],
    });
  }

  /** The signature of an operation up to the key's own. */
  async function getUse({ callData, nonce }: { callData?: Hex | undefined; nonce?: bigint | undefined }): Promise<Hex> {
    const calls = decodeExecution(callData ?? "0x");
    const claims = matchCalls({ session, calls, contracts, otherwise: preflight ? "throw" : "closest" });
    const periods = listPeriods(session, claims, contracts);
    const hasWindow = session.validAfter > 0 || session.validUntil > 0;
    if (periods.length === 0 && !(preflight && hasWindow)) return encodeUse({ session, claims });

    // Estimation and signing of one operation share the time, so that it is read once.
    const time = await times.get(keccak256(concat([numberToHex(nonce ?? 0n), callData ?? "0x"])), () =>
      getTime(periods),
    );
    if (preflight) checkWindow(session, time);
    return encodeUse({ session, claims, claimedTime: periods.length > 0 ? time : 0 });
  }

  /** The time of the latest block, or a later one if that is close to the boundary of a period. */
  async function getTime(periods: readonly Period[]): Promise<number> {
    const start = Date.now();
    let now = await readTime();
    for (let retryAt = findRetry(periods, now); retryAt > now; retryAt = findRetry(periods, now)) {
      if (!waitAtBoundary) throw new PeriodBoundaryError({ retryAt, now });
      const passed = (Date.now() - start) / 1000;
      const read = now;
      await new Promise((resolve) => setTimeout(resolve, (retryAt - now) * 1000));
      // A chain without blocks in the meantime still goes by the clock.
      const clock = read + Math.floor((Date.now() - start) / 1000 - passed);
      now = Math.max(await readTime(), clock);
    }
    return now;
  }

  async function readTime(): Promise<number> {
    return Number((await getAction(client, getBlock, "getBlock")({})).timestamp);
  }
}

/** Nexus 1.0 names the validator in the last 20 bytes of the key; a zero byte before it asks for plain validation. */
function getNexusNonceKey({ validator, lane }: { validator: Hex; lane: number }): bigint {
  return BigInt(concat([numberToHex(lane, { size: 3 }), "0x00", validator]));
}

type Period = { readonly anchor: number; readonly seconds: number };

/** The periods that the claimed actions are limited by. */
function listPeriods(
  session: Session,
  claims: readonly number[],
  contracts: ContractOverrides | undefined,
): readonly Period[] {
  const limitPolicy = findContract("erc20LimitPolicy", contracts);
  return [...new Set(claims)].flatMap((claim) =>
    (session.actions[claim]?.policies ?? []).flatMap(({ policy, config }) => {
      const perPeriod = isAddressEqual(policy, limitPolicy) ? decodeErc20LimitConfig(config).perPeriod : undefined;
      return perPeriod ? [perPeriod] : [];
    }),
  );
}

/** When all periods are well away from their boundaries: now, or the end of the time in which no bundler helps. */
function findRetry(periods: readonly Period[], now: number): number {
  return periods.reduce((latest, { anchor, seconds }) => {
    if (now < anchor) return Math.max(latest, now);
    const begun = (now - anchor) % seconds;
    if (begun < deadAfterStart) return Math.max(latest, now - begun + deadAfterStart);
    if (seconds - begun <= deadBeforeEnd) return Math.max(latest, now - begun + seconds + deadAfterStart);
    return latest;
  }, now);
}

function checkWindow({ validAfter, validUntil }: Session, now: number): void {
  if (validUntil !== 0 && now > validUntil) throw new SessionExpiredError({ validUntil, now });
  if (now < validAfter) throw new SessionNotStartedError({ validAfter, now });
}

/** What the session's header says about the operation as a whole. */
function checkOperation(session: Session, id: Hex, userOperation: UserOperation<"0.7">): void {
  const { paymaster = zeroAddress, maxFeePerGas } = userOperation;
  const allowed = session.paymaster;
  if (!isAddressEqual(allowed, anyPaymaster) && !isAddressEqual(allowed, paymaster))
    throw new PaymasterNotAllowedError({ id, expected: allowed, actual: paymaster });
  const gas =
    userOperation.preVerificationGas +
    userOperation.verificationGasLimit +
    userOperation.callGasLimit +
    (userOperation.paymasterVerificationGasLimit ?? 0n) +
    (userOperation.paymasterPostOpGasLimit ?? 0n);
  const opCost = gas * maxFeePerGas;
  if (opCost > session.maxOpCost) throw new OpCostExceededError({ id, maxOpCost: session.maxOpCost, opCost });
}

/** Times by operation, each kept for a few seconds: as long as it takes to estimate and sign. */
function createTimes(): { get: (key: Hex, read: () => Promise<number>) => Promise<number> } {
  const lifetime = 10_000;
  const known = new Map<Hex, { readonly time: Promise<number>; readonly at: number }>();
  return {
    get(key, read) {
      for (const [other, { at }] of known) if (Date.now() - at > lifetime) known.delete(other);
      const found = known.get(key);
      if (found) return found.time;
      const time = read().then((value) => {
        known.set(key, { time, at: Date.now() });
        return value;
      });
      known.set(key, { time, at: Number.POSITIVE_INFINITY });
      time.catch(() => known.delete(key));
      return time;
    },
  };
}
