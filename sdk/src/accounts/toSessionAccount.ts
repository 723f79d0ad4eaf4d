import {
  type Address,
  type Chain,
  type Client,
  concat,
  type Hex,
  hashTypedData,
  isAddressEqual,
  keccak256,
  numberToHex,
  type Transport,
  type TypedDataDefinition,
  zeroAddress,
} from "viem";
import {
  entryPoint07Abi,
  entryPoint07Address,
  entryPoint08Address,
  getUserOperationHash,
  type SmartAccount,
  type SmartAccountImplementation,
  type ToSmartAccountReturnType,
  toSmartAccount,
  type UserOperation,
} from "viem/account-abstraction";
import { getBlock, getChainId, readContract } from "viem/actions";
import { getAction } from "viem/utils";
import type { ContractOverrides } from "../addresses.js";
import { anyPaymaster } from "../constants.js";
import { OpCostExceededError, PaymasterNotAllowedError } from "../errors/manager.js";
import {
  AccountMismatchError,
  type AccountTypeUnknownError,
  ChainMismatchError,
  type EnableModeNotSupportedError,
  EntryPointNotSupportedError,
  PeriodBoundaryError,
  SessionExpiredError,
  SessionKeyMismatchError,
  SessionNotInGrantError,
  SessionNotStartedError,
  SigningNotSupportedError,
} from "../errors/use.js";
import { sessionKeyManagerUseAbi } from "../generated.js";
import type { SessionKey } from "../keys/sessionKey.js";
import { getManager } from "../manager.js";
import { getSessionId } from "../session/getSessionId.js";
import type { Session } from "../types.js";
import { encodeUse, getUseTypedData, type SignedGrant, type UseEvidence } from "../use/encodeUse.js";
import { decodeExecution, encodeExecution } from "../use/execution.js";
import { getOperationFacts } from "../use/getOperationFacts.js";
import type { Period } from "../use/planCalls.js";
import { type AccountType, getAccountType, getNonceKey, getSessionLane, getValidationMode } from "./accountType.js";
import type { EnableMode } from "./enableMode.js";
import type { SignableContent } from "./signContent.js";

// What not every page that uses a session needs at once is loaded when it is needed.
const loadPlanCalls = () => import("../use/planCalls.js");
const loadSignContent = () => import("./signContent.js");
const loadEnableMode = () => import("./enableMode.js");

export type ToSessionAccountParameters = {
  session: Session;
  /** The session's key. */
  sessionKey: SessionKey;
  /** What kind of account it is; asked of the account if it is left out, so needed for one that is not deployed. */
  accountType?: AccountType | undefined;
  /**
   * Lane of nonces, see {@link getNonceKey}: operations in different lanes do not wait for each other. "session" gives the
   * session a lane of its own, so that several sessions of an account act side by side; the first operation in a lane
   * pays for a fresh slot. 0 if it is left out.
   */
  nonceKey?: number | "session" | undefined;
  /** The 24-byte key of nonces for a validator and a lane, for accounts of another kind. */
  getNonceKey?: ((parameters: { validator: Hex; lane: number }) => bigint) | undefined;
  /** The version of the account's EntryPoint; the account's or "0.7" if it is left out. */
  entryPointVersion?: "0.7" | "0.8" | undefined;
  /** For a session in a granted Merkle tree: the siblings from its id up, from {@link getSessionTree}. */
  proof?: readonly Hex[] | undefined;
  /** For a session that the owner granted by a signature: that, from {@link signSessionGrant}. Sent until it is granted. */
  grant?: SignedGrant | undefined;
  /** Whether the operation with the grant publishes the session in an event; no if it is left out. */
  publish?: boolean | undefined;
  /** Lets the first operation install the manager, by the owner's signature. For Nexus and Kernel. */
  enable?: EnableMode | undefined;
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
  "0.7" | "0.8",
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
  | AccountTypeUnknownError
  | ChainMismatchError
  | EnableModeNotSupportedError
  | EntryPointNotSupportedError
  | SessionKeyMismatchError
  | SessionNotInGrantError;

/**
 * Makes a viem smart account that acts within a session, for `createBundlerClient` and everything built on it.
 *
 * It has the address of the session's account, and works from the session and the key alone, so also in a process that
 * knows nothing of the owner; an account that is not deployed yet must be given as its owner uses it. Its operations are
 * signed by the session key and carry the session; each call claims the action that allows it.
 *
 * A session in a granted Merkle tree needs its `proof`. A session that the owner granted by a signature needs the `grant`,
 * which operations carry until one of them was included.
 *
 * @param parameters {@link ToSessionAccountParameters}
 * @returns A smart account.
 * @throws AccountMismatchError, ChainMismatchError, SessionKeyMismatchError, SessionNotInGrantError,
 * EntryPointNotSupportedError, EnableModeNotSupportedError. Using the account throws AccountTypeUnknownError,
 * CallNotAllowedError, SessionExpiredError, SessionNotStartedError, PeriodBoundaryError, OpCostExceededError and
 * PaymasterNotAllowedError before anything is sent.
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
    preflight = true,
    waitAtBoundary = true,
    enable,
    contracts,
  } = parameters;
  const client = parameters.account ? (parameters.client ?? parameters.account.client) : parameters.client;
  const manager = getManager(contracts);
  const sessionId = getSessionId(session);
  const address = (await account?.getAddress()) ?? session.account;
  if (!isAddressEqual(address, session.account))
    throw new AccountMismatchError({ expected: session.account, actual: address });
  if (preflight && sessionKey.sessionKey !== session.sessionKey)
    throw new SessionKeyMismatchError({ expected: session.sessionKey, actual: sessionKey.sessionKey });
  if (parameters.grant && !parameters.grant.ids.includes(sessionId))
    throw new SessionNotInGrantError({ id: sessionId, ids: parameters.grant.ids });
  const entryPoint = getEntryPoint(parameters);
  const chainId = client.chain?.id ?? (await getAction(client, getChainId, "getChainId")({}));
  if (session.chainId !== 0n && session.chainId !== BigInt(chainId))
    throw new ChainMismatchError({ expected: session.chainId, actual: BigInt(chainId) });
  const getAccountType = createAccountTypeReader(client, address, parameters.accountType);
  const readEvidence = createEvidenceReader({ ...parameters, client, manager, account: address, id: sessionId });
  const enabler =
    enable &&
    (await loadEnableMode()).createEnabler({
      client,
      account: address,
      accountType: await getAccountType(),
      manager,
      enable,
    });
  const readFacts = createFacts();
  /** What was asked for together with the nonce, for the operation that has it. */
  let ahead:
    | { readonly at: number; readonly time: Promise<number | undefined>; readonly evidence: Promise<UseEvidence> }
    | undefined;

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
      const signature = concat([await getUse({ callData, nonce }), sessionKey.stubSignature]);
      return enabler && (await isEnabling(nonce)) ? enabler.stub(signature) : signature;
    },
    signUserOperation: async ({ chainId: chain = chainId, ...parameters }) => {
      const userOperation: UserOperation<"0.7"> = { ...parameters, sender: parameters.sender ?? address };
      if (preflight) checkOperation(session, sessionId, userOperation);
      const use = await getUse(userOperation);
      const userOpHash = getUserOperationHash({
        chainId: chain,
        entryPointAddress: entryPoint.address,
        entryPointVersion: entryPoint.version,
        userOperation: { ...userOperation, signature: "0x" },
      });
      const typedData = getUseTypedData({ userOpHash, id: sessionId, use, manager });
      const operation = { session, userOperation, use, chainId: chain, entryPoint };
      const signature = concat([use, await sessionKey.sign(hashTypedData(typedData), typedData, operation)]);
      return enabler && (await isEnabling(userOperation.nonce)) ? enabler.sign(signature, userOpHash) : signature;
    },
    signMessage: async ({ message }) => {
      if (session.signaturePolicies.length === 0) throw new SigningNotSupportedError({ what: "messages" });
      return sign({ message });
    },
    signTypedData: async (typedData) => {
      if (session.signaturePolicies.length === 0) throw new SigningNotSupportedError({ what: "typed data" });
      // Its type, which depends on the types in it, is for whoever calls.
      return sign({ typedData: typedData as TypedDataDefinition });
    },
  });
  // In place of viem's, whose key is the time, so that each operation would pay for a fresh slot.
  return { ...made, getNonce };

  async function getNonce({ key }: { key?: bigint | undefined } = {}): Promise<bigint> {
    askAhead();
    const lane = key === undefined ? await getLane() : Number(key);
    const mode = enabler && !(await isInstalled()) ? "enable" : "default";
    return getAction(
      client,
      readContract,
      "readContract",
    )({
      abi: entryPoint07Abi,
      address: entryPoint.address,
      functionName: "getNonce",
      args: [
        address,
        parameters.getNonceKey?.({ validator: manager, lane }) ??
          getNonceKey({ accountType: await getAccountType(), validator: manager, lane, mode }),
      ],
    });
  }

  async function getLane(): Promise<number> {
    return nonceKey === "session" ? getSessionLane({ session, accountType: await getAccountType() }) : nonceKey;
  }

  /** Asks for what an operation will need while its nonce is read, rather than after that. */
  function askAhead(): void {
    ahead = { at: Date.now(), time: readTimeAhead(), evidence: readEvidence() };
    // Whoever takes them is told.
    for (const asked of [ahead.time, ahead.evidence]) asked.catch(() => {});
  }

  async function readTimeAhead(): Promise<number | undefined> {
    if (preflight && hasWindow(session)) return readTime();
    return (await loadPlanCalls()).hasPeriods(session, contracts) ? readTime() : undefined;
  }

  /** What was asked for ahead, once and only if it is fresh. */
  function takeAhead(): typeof ahead {
    const taken = ahead;
    ahead = undefined;
    return taken && Date.now() - taken.at < 2_000 ? taken : undefined;
  }

  /** A signature for the account (ERC-1271), as the account wants it. */
  async function sign(content: SignableContent): Promise<Hex> {
    const { signContent } = await loadSignContent();
    const accountType = await getAccountType();
    const { proof } = parameters;
    return signContent({ client, session, sessionKey, content, proof, accountType, chainId, manager, contracts });
  }

  /** Whether the nonce of an operation says that it installs the manager. */
  async function isEnabling(nonce: bigint | undefined): Promise<boolean> {
    return nonce !== undefined && getValidationMode({ accountType: await getAccountType(), nonce }) === "enable";
  }

  async function isInstalled(): Promise<boolean> {
    const read = getAction(client, readContract, "readContract");
    return read({ abi: sessionKeyManagerUseAbi, address: manager, functionName: "isInitialized", args: [address] });
  }

  /** The signature of an operation up to the key's own. */
  async function getUse({ callData, nonce }: { callData?: Hex | undefined; nonce?: bigint | undefined }): Promise<Hex> {
    const { planCalls } = await loadPlanCalls();
    const calls = decodeExecution(callData ?? "0x");
    const { claims, periods } = planCalls({
      session,
      calls,
      contracts,
      otherwise: preflight ? "throw" : "closest",
    });
    const needsTime = periods.length > 0 || (preflight && hasWindow(session));

    // Estimation and signing of one operation share what was read, so that it is read once.
    const { time, evidence } = await readFacts(
      keccak256(concat([numberToHex(nonce ?? 0n), callData ?? "0x"])),
      async () => {
        const asked = takeAhead();
        const [time, evidence] = await Promise.all([
          needsTime ? getTime(periods, asked?.time) : undefined,
          asked?.evidence ?? readEvidence(),
        ]);
        return { time, evidence };
      },
    );
    if (preflight && time !== undefined) checkWindow(session, time);
    return encodeUse({ session, claims, claimedTime: periods.length > 0 ? (time ?? 0) : 0, ...evidence });
  }

  /** The time of the latest block, or a later one if that is close to the boundary of a period. */
  async function getTime(periods: readonly Period[], asked: Promise<number | undefined> | undefined): Promise<number> {
    const { findRetry } = await loadPlanCalls();
    const start = Date.now();
    let now = (await asked) ?? (await readTime());
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

/** The EntryPoint of the account, which its owner's account or a parameter names. */
function getEntryPoint({ account, entryPointVersion }: ToSessionAccountParameters): {
  abi: typeof entryPoint07Abi;
  address: Address;
  version: "0.7" | "0.8";
} {
  const version = entryPointVersion ?? account?.entryPoint.version ?? "0.7";
  if (version !== "0.7" && version !== "0.8") throw new EntryPointNotSupportedError({ version });
  if (account && account.entryPoint.version !== version)
    throw new EntryPointNotSupportedError({ version: account.entryPoint.version, expected: version });
  const canonical = version === "0.7" ? entryPoint07Address : entryPoint08Address;
  // What is used of the ABI is the same in both.
  return { abi: entryPoint07Abi, address: account?.entryPoint.address ?? canonical, version };
}

/** The account's type, asked of it once. */
function createAccountTypeReader(
  client: Client<Transport, Chain | undefined>,
  account: Address,
  given: AccountType | undefined,
): () => Promise<AccountType> {
  let known = given;
  return async () => {
    known ??= await getAccountType(client, { account });
    return known;
  };
}

/** What shows that the session is granted, as long as it has to be shown: a granted session needs nothing. */
function createEvidenceReader({
  client,
  manager,
  account,
  id,
  proof,
  grant,
  publish,
}: Pick<ToSessionAccountParameters, "proof" | "grant" | "publish"> & {
  client: Client<Transport, Chain | undefined>;
  manager: Address;
  account: Address;
  id: Hex;
}): () => Promise<UseEvidence> {
  let granted = false;
  return async () => {
    if (granted) return {};
    if (!grant) return proof ? { proof } : {};
    const status = await getAction(
      client,
      readContract,
      "readContract",
    )({ abi: sessionKeyManagerUseAbi, address: manager, functionName: "sessionStatus", args: [account, id] });
    granted = status === 1;
    return granted ? {} : { grant, publish };
  };
}

function checkWindow({ validAfter, validUntil }: Session, now: number): void {
  if (validUntil !== 0 && now > validUntil) throw new SessionExpiredError({ validUntil, now });
  if (now < validAfter) throw new SessionNotStartedError({ validAfter, now });
}

/** What the session's header says about the operation as a whole. */
function checkOperation(session: Session, id: Hex, userOperation: UserOperation<"0.7">): void {
  const { cost: opCost, paymaster = zeroAddress } = getOperationFacts(userOperation);
  const allowed = session.paymaster;
  if (!isAddressEqual(allowed, anyPaymaster) && !isAddressEqual(allowed, paymaster))
    throw new PaymasterNotAllowedError({ id, expected: allowed, actual: paymaster });
  if (opCost > session.maxOpCost) throw new OpCostExceededError({ id, maxOpCost: session.maxOpCost, opCost });
}

type Facts = { readonly time: number | undefined; readonly evidence: UseEvidence };

/** What was read for an operation, kept for a few seconds: as long as it takes to estimate and sign. */
function createFacts(): (key: Hex, read: () => Promise<Facts>) => Promise<Facts> {
  const lifetime = 10_000;
  const known = new Map<Hex, { readonly facts: Promise<Facts>; readonly at: number }>();
  return (key, read) => {
    for (const [other, { at }] of known) if (Date.now() - at > lifetime) known.delete(other);
    const found = known.get(key);
    if (found) return found.facts;
    const facts = read().then((value) => {
      known.set(key, { facts, at: Date.now() });
      return value;
    });
    known.set(key, { facts, at: Number.POSITIVE_INFINITY });
    facts.catch(() => known.delete(key));
    return facts;
  };
}

function hasWindow({ validAfter, validUntil }: Session): boolean {
  return validAfter > 0 || validUntil > 0;
}
