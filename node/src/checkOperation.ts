import {
  type Call,
  checkSessionCalls,
  type DecodedUse,
  decodeExecution,
  decodeSessionError,
  decodeUse,
  getOperationFacts,
  getSessionId,
  getSessionState,
  getSessionStatus,
  getUseDigest,
  getUseSessionId,
  LatchkeyError,
  sessionKeyManagerAbi,
} from "latchkey";
import type { WireOperation } from "latchkey/distributed/protocol";
import { concat, type Hex, isAddressEqual } from "viem";
import { getUserOperationHash, toPackedUserOperation } from "viem/account-abstraction";
import { type Chains, entryPoints } from "./chains.js";
import type { NodeLimits } from "./config.js";
import { Refusal, type RefusalCode } from "./refusal.js";
import type { KeyRecord } from "./store.js";

/** What a node has found out about an operation that it may sign. */
export type CheckedOperation = {
  /** What the session key signs. */
  readonly digest: Hex;
  /** Wei that the calls send. */
  readonly value: bigint;
};

/** Policies of a session, and targets of an operation, that a node reads from the chain. */
const mostPolicies = 128;
const mostTargets = 128;

/** As long as a signature is: what it says does not matter where it is put. */
const anySignature: Hex = `0x${"01".repeat(96)}`;

/** `return bytes32(IERC7913SignatureVerifier.verify.selector)` */
const verifierThatTakesAll: Hex = "0x63024ad31860e01b5f5260205ff3";

/**
 * Looks at an operation as the chain will: nothing that whoever asks says of it is believed. The checks, in order:
 *
 * 1. the chain and the EntryPoint are ones that this node knows, and the key is for the chain and the account;
 * 2. the hash that would be signed is that of the operation and of the use of its session;
 * 3. the session is the account's, with this key, and is the one that the use names;
 * 4. what the operation may cost is within the session;
 * 5. the account, and what is called, is not denied by the operator;
 * 6. the session is granted, now is in its window, and it allows the calls with what is left of its budgets
 *    (`checkSessionCalls`, with what the chain knows);
 * 7. the manager on the chain takes the operation as it is now, policies that only the chain knows included.
 *
 * @throws Refusal whose code says which check.
 */
export async function checkOperation({
  chains,
  record,
  limits,
  operation,
  asked,
}: {
  chains: Chains;
  record: KeyRecord;
  limits: NodeLimits;
  operation: WireOperation;
  /** The digest that is asked to be signed. */
  asked: Hex;
}): Promise<CheckedOperation> {
  checkPlace(record, operation);
  const { digest, decoded, calls, userOpHash } = checkDigest(chains, operation, asked);
  checkSession(chains, record, operation);
  checkCost(operation);
  checkDenied(limits, operation, calls);
  const now = await checkSessionOnChain(chains, record, operation, calls, decoded);
  await validateOnChain(chains, operation, userOpHash, now);
  return { digest, value: calls.reduce((sum, { value }) => sum + (value ?? 0n), 0n) };
}

function checkPlace({ consent }: KeyRecord, { chainId, entryPoint, version, userOperation }: WireOperation): void {
  if (BigInt(chainId) !== consent.chainId)
    throw new Refusal("chain", `The key is for chain ${consent.chainId}, the operation for ${chainId}.`);
  if (!isAddressEqual(entryPoint, entryPoints[version]))
    throw new Refusal("entry-point", `${entryPoint} is not EntryPoint ${version}.`);
  if (!isAddressEqual(userOperation.sender, consent.account))
    throw new Refusal("session", `The key is for ${consent.account}, the operation by ${userOperation.sender}.`);
  if (userOperation.factory !== undefined)
    throw new Refusal("session", "The operation deploys the account or sets its code: nothing can be looked up yet.");
}

function checkDigest(chains: Chains, { chainId, entryPoint, version, use, userOperation }: WireOperation, asked: Hex) {
  return refuseAs("operation-hash", () => {
    const userOpHash = getUserOperationHash({
      chainId,
      entryPointAddress: entryPoint,
      entryPointVersion: version,
      userOperation: { ...userOperation, signature: "0x" },
    });
    const calls = decodeExecution(userOperation.callData);
    const decoded = decodeUse({ data: use, callCount: calls.length });
    if (decoded.signature !== "0x") throw new Refusal("operation-hash", "Something follows the use.");
    const id = getUseSessionId(decoded, { account: userOperation.sender, chainId: BigInt(chainId) });
    const digest = getUseDigest({ userOpHash, id, use, manager: chains.manager });
    if (digest !== asked)
      throw new Refusal("operation-hash", `The operation's use has the digest ${digest}; asked for was ${asked}.`);
    return { digest, userOpHash, calls, decoded };
  });
}

function checkSession(
  chains: Chains,
  { commitments }: KeyRecord,
  { chainId, session, use, userOperation }: WireOperation,
): void {
  refuseAs("session", () => {
    if (!isAddressEqual(session.account, userOperation.sender))
      throw new Refusal("session", "The session is another account's.");
    const key = concat([chains.verifier, commitments[0] ?? "0x"]).toLowerCase();
    if (session.sessionKey !== key) throw new Refusal("session", "The session has another key.");
    const callCount = decodeExecution(userOperation.callData).length;
    const shown = getUseSessionId(decodeUse({ data: use, callCount }), {
      account: session.account,
      chainId: BigInt(chainId),
    });
    if (getSessionId(session) !== shown) throw new Refusal("session", "The use is of another session.");
    const policies = session.actions.reduce((sum, action) => sum + action.policies.length, 0);
    const count = policies + session.operationPolicies.length;
    if (count > mostPolicies)
      throw new Refusal("session", `The session has ${count} policies; this node looks at ${mostPolicies}.`);
  });
}

function checkCost({ session, userOperation }: WireOperation): void {
  const { cost } = getOperationFacts(userOperation);
  if (cost > session.maxOpCost)
    throw new Refusal("cost", `The operation may cost ${cost} wei; the session allows ${session.maxOpCost}.`);
}

function checkDenied({ denied }: NodeLimits, { userOperation }: WireOperation, calls: readonly Call[]): void {
  const addresses = [userOperation.sender, ...calls.map(({ to }) => to)];
  if (userOperation.paymaster !== undefined) addresses.push(userOperation.paymaster);
  const found = addresses.find((address) => denied.some((other) => isAddressEqual(address, other)));
  if (found !== undefined) throw new Refusal("denied", `This node's operator denies ${found}.`);
}

const ungranted: readonly string[] = ["not-granted", "revoked", "ended-by-epoch", "wrong-epoch"];

/** Reads from the chain what it knows of the session, and judges the operation by it as the chain will. */
async function checkSessionOnChain(
  chains: Chains,
  { consent }: KeyRecord,
  { chainId, session, userOperation }: WireOperation,
  calls: readonly Call[],
  { claims, claimedTime, proof, grant }: DecodedUse,
): Promise<number> {
  const { contracts } = chains;
  const targets = [...new Set(calls.map(({ to }) => to))];
  if (targets.length > mostTargets)
    throw new Refusal("calls", `The operation calls ${targets.length} targets; this node looks at ${mostTargets}.`);
  const siblings = proof?.length ? proof : undefined;
  // First the little that tells whether there is a grant: else anybody could have the chain asked for much.
  const { effective, now: seen } = await chains.ask(chainId, (client) =>
    getSessionStatus(client, { session, proof: siblings, contracts }),
  );
  chains.checkAge(chainId, seen);
  const carried = effective === "not-granted" && grant !== undefined && siblings === undefined;
  if (ungranted.includes(effective) && !carried)
    throw new Refusal("grant", `The session is not granted: ${effective}.`, { reason: effective });
  const state = await chains.ask(chainId, (client) =>
    getSessionState(client, { session, proof: proof ?? [], targets, contracts }),
  );
  const { now } = state;
  chains.checkAge(chainId, now);
  if (chains.isOver(consent.validUntil, now))
    throw new Refusal("expired", `The owner's consent ended at ${consent.validUntil}; the chain's time is ${now}.`);
  const { denials } = checkSessionCalls({
    ...{ session, calls, claims, state, contracts },
    at: now,
    // A use that states no time needs none.
    claimedTime: claimedTime === 0 ? now : claimedTime,
    operation: getOperationFacts(userOperation),
    proof: proof ?? [],
    carriesGrant: grant !== undefined,
  });
  // A policy that only the chain knows is asked there.
  const denial = denials.find(({ code }) => code !== "policy-not-checked");
  if (denial !== undefined)
    throw new Refusal(toRefusalCode(denial), `${denial.path}: ${denial.message}`.slice(0, 500), {
      reason: denial.code,
    });
  return now;
}

const windowCodes: readonly string[] = ["session-expired", "session-not-started", "outside-window", "empty-window"];

function toRefusalCode({ code, path }: { code: string; path: string }): RefusalCode {
  if (windowCodes.includes(code)) return "window";
  if (path.startsWith("calls")) return "calls";
  return path.startsWith("operation") ? "cost" : "grant";
}

/**
 * Has the manager validate the operation, as the account and on the latest block, as if it were signed: the verifier is made
 * to take any signature for the question.
 */
async function validateOnChain(
  chains: Chains,
  { chainId, session, use, userOperation }: WireOperation,
  userOpHash: Hex,
  now: number,
): Promise<void> {
  const packed = toPackedUserOperation({ ...userOperation, signature: concat([use, anySignature]) });
  const validationData = await chains.ask(chainId, async (client) => {
    try {
      const { result } = await client.simulateContract({
        abi: sessionKeyManagerAbi,
        address: chains.manager,
        functionName: "validateUserOp",
        args: [packed, userOpHash],
        account: userOperation.sender,
        stateOverride: [{ address: chains.verifier, code: verifierThatTakesAll }],
      });
      return result;
    } catch (error) {
      const decoded = decodeSessionError(error, { session, now, contracts: chains.contracts });
      if (decoded !== undefined) throw new Refusal("validation", describe(decoded), { reason: decoded.name });
      throw error;
    }
  });
  checkValidationData(validationData, now);
}

/** What a validator answers (ERC-4337): who failed, and the window, 0 meaning no end. */
function checkValidationData(validationData: bigint, now: number): void {
  const validUntil = Number((validationData >> 160n) & 0xffffffffffffn);
  const validAfter = Number(validationData >> 208n);
  if ((validationData & ((1n << 160n) - 1n)) !== 0n)
    throw new Refusal("validation", "The chain does not take the key's signature for this session.");
  if (now < validAfter || (validUntil !== 0 && now > validUntil))
    throw new Refusal(
      "window",
      `The operation is valid from ${validAfter} to ${validUntil}; the chain's time is ${now}.`,
    );
}

/** Makes a refusal of what this package's functions throw. */
function refuseAs<value>(code: RefusalCode, check: () => value): value {
  try {
    return check();
  } catch (error) {
    if (error instanceof LatchkeyError) throw new Refusal(code, describe(error), { reason: error.name });
    throw error;
  }
}

/** An error of the SDK in one line. Facts are numbers and addresses of what was asked. */
export function describe({ name, shortMessage, facts }: LatchkeyError): string {
  return [`${name}: ${shortMessage}`, ...facts].join(" ").slice(0, 500);
}
