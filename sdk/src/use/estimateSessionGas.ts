import { type Address, getAddress, type Hex, hexToBytes, isAddressEqual, size } from "viem";
import { type ContractOverrides, findContract } from "../addresses.js";
import { anyTarget, noCalldata } from "../constants.js";
import type { CallNotAllowedError } from "../errors/call.js";
import { type AbiRuleGroup, comparisons, decodeAbiRuleConfig } from "../policies/abiRule.js";
import { builtInPolicies, isBuiltIn } from "../policies/builtIn.js";
import { limitFlags } from "../policies/spend.js";
import { getBudgetId } from "../session/getBudgetId.js";
import { getSessionId } from "../session/getSessionId.js";
import type { Policy, Session } from "../types.js";
import { findPolicyName } from "./checkCall.js";
import { encodeUse } from "./encodeUse.js";
import type { Call } from "./execution.js";
import { matchCalls } from "./matchCalls.js";
import { hasPeriods } from "./planCalls.js";

export type EstimateSessionGasParameters = {
  session: Session;
  /** The calls of the operation. */
  calls: readonly Call[];
  /** For a session in a Merkle tree: the siblings from its id up. */
  proof?: readonly Hex[] | undefined;
  /** Whether the session's budgets are written for the first time; "later" if it is left out. */
  use?: "first" | "later" | undefined;
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

export type EstimateSessionGasReturnType = {
  /** What the use costs over the same operation signed by the account's owner; the sum of the parts. */
  gas: bigint;
  /** For what the signature says more than the owner's. */
  calldata: bigint;
  /** For checking the session and its key. */
  session: bigint;
  /** For checking each call against its action, and for actions and siblings that are hashed. */
  calls: bigint;
  /** For policies, and the slots of budgets. */
  policies: bigint;
  /** What is not in it: policies, and the verifier of a key, that this package does not know. */
  unknown: readonly Address[];
};

export type EstimateSessionGasErrorType = CallNotAllowedError;

/**
 * What was measured (docs/gas.md), on Nexus with an ECDSA validator for the owner: execution, without calldata.
 */
export const useCosts = {
  /** Epoch, status, digest and signature, over what the owner's validator does; one call of one action. */
  session: 5_200,
  /** For each byte of the use: copied and hashed. */
  byte: 1,
  /** That there are several actions, and each that is there as a hash. */
  actions: 480,
  hashed: 10,
  /** That it is a batch, and each further call. */
  batch: 470,
  call: 455,
  /**
   * An operation that is not an ordinary one (contracts/libraries/OrdinaryUse.sol), its further calls, actions, and actions
   * that are there as a hash.
   */
  unusual: 2_400,
  unusualCall: 2_000,
  unusualRevealed: 700,
  unusualHashed: 260,
  /** A policy of the session, or of an action that is used, for hashing it. */
  policy: 500,
  /** That policies of an ordinary operation are asked one after the other. */
  inTurn: 1_000,
  /** The manager's own limit, each time it counts, and again under the same policy. */
  limit: 1_150,
  again: 700,
  /** That it is several limits in one, or also about a single call or recipients; and that such a one counts. */
  severalLimits: 1_200,
  severalCount: 400,
  /** A period, each time. */
  period: 700,
  /** To ask a policy contract, and to call one for the first time. */
  ask: 1_500,
  coldContract: 2_500,
  /** A contract that counts does what the manager's own does, and finds the budget. */
  contractLimit: 1_900,
  /** Each rule of an ABIRulePolicy that is a contract. */
  rule: 1_200,
  /**
   * Rules that the manager evaluates; each rule alone in its group that orders an unsigned integer or an address, and each
   * other one.
   */
  ownRules: 720,
  ownRule: 345,
  otherOwnRule: 1_070,
  /** A budget's slot: read and written, when it was zero or not, and again in the same transaction. */
  slotFirst: 22_100,
  slot: 5_000,
  slotAgain: 200,
  /** A Merkle root's slot, and each sibling. */
  root: 2_690,
  sibling: 140,
  /** Over ecrecover, for a verifier that the chain's precompile helps. */
  p256: 9_000,
  webAuthn: 16_970,
} as const;

/**
 * Estimates what the use of a session costs over the same operation signed by the account's owner: in gas of the chain that
 * executes it, without what a rollup asks for data. It is within 5 % of what was measured, or 600 gas: on other accounts
 * it may be 3,000 more.
 *
 * The whole operation is estimated by a bundler, as ever; this tells what the session's part of it is, before anything
 * is signed, so that sessions can be compared: in a Merkle tree or on their own, with one limit or with two.
 *
 * @param parameters {@link EstimateSessionGasParameters}
 * @returns {@link EstimateSessionGasReturnType}
 * @throws CallNotAllowedError if no action allows a call.
 *
 * @example
 * import { type Call, estimateSessionGas, type Session } from "latchkey";
 *
 * const costOf = (session: Session, calls: readonly Call[]) => estimateSessionGas({ session, calls }).gas;
 */
export function estimateSessionGas({
  session,
  calls,
  proof = [],
  use = "later",
  contracts,
}: EstimateSessionGasParameters): EstimateSessionGasReturnType {
  const claims = matchCalls({ session, calls, contracts });
  const claimedTime = hasPeriods(session, contracts) ? session.validAfter || 1_800_000_000 : 0;
  const bytes = hexToBytes(encodeUse({ session, claims, claimedTime, proof }));
  const zeros = bytes.filter((byte) => byte === 0).length;
  const isOrdinary = isOrdinaryOperation(session, calls, claims);
  const { gas: policies, unknown } = countPolicies({ session, calls, claims, isOrdinary, use, contracts });
  const key = costOfKey(session.sessionKey, contracts);
  const parts = {
    calldata: 16 * (bytes.length - zeros) + 4 * zeros,
    session: useCosts.session + useCosts.byte * bytes.length + (key ?? 0),
    calls:
      (isOrdinary ? costOfOrdinary(session, calls) : costOfUnusual(session, claims)) +
      (proof.length > 0 ? useCosts.root + useCosts.sibling * proof.length : 0),
    policies,
  };
  return {
    gas: BigInt(parts.calldata + parts.session + parts.calls + parts.policies),
    calldata: BigInt(parts.calldata),
    session: BigInt(parts.session),
    calls: BigInt(parts.calls),
    policies: BigInt(parts.policies),
    unknown: key === undefined ? [...unknown, getAddress(session.sessionKey.slice(0, 42))] : unknown,
  };
}

/** Whether the contract takes the short way: a call or a batch of up to 32, without value, all under one action that names both. */
function isOrdinaryOperation(session: Session, calls: readonly Call[], claims: readonly number[]): boolean {
  const [claim] = claims;
  const action = claim === undefined ? undefined : session.actions[claim];
  return (
    action !== undefined &&
    calls.length <= 32 &&
    calls.every((call) => call.value === 0n && size(call.data) >= 4) &&
    claims.every((other) => other === claim) &&
    action.maxValue === 0n &&
    !isAddressEqual(action.target, anyTarget) &&
    BigInt(action.selector) < BigInt(noCalldata) &&
    session.signaturePolicies.length === 0
  );
}

function costOfOrdinary(session: Session, calls: readonly Call[]): number {
  return (
    (calls.length > 1 ? useCosts.batch + useCosts.call * (calls.length - 1) : 0) +
    (session.actions.length > 1 ? useCosts.actions + useCosts.hashed * (session.actions.length - 1) : 0)
  );
}

function costOfUnusual(session: Session, claims: readonly number[]): number {
  const revealed = new Set(claims).size;
  return (
    useCosts.unusual +
    useCosts.unusualCall * (claims.length - 1) +
    useCosts.unusualRevealed * (revealed - 1) +
    useCosts.unusualHashed * (session.actions.length - revealed)
  );
}

/** What a key's verifier costs more than ecrecover; undefined if that is not known. */
function costOfKey(sessionKey: Hex, contracts: ContractOverrides | undefined): number | undefined {
  if (size(sessionKey) === 20) return 0;
  const verifier = getAddress(sessionKey.slice(0, 42));
  const is = (name: "p256PrecompileVerifier" | "webCryptoP256PrecompileVerifier" | "webAuthnPrecompileVerifier") =>
    isAddressEqual(findContract(name, contracts), verifier);
  if (is("p256PrecompileVerifier") || is("webCryptoP256PrecompileVerifier")) return useCosts.p256;
  return is("webAuthnPrecompileVerifier") ? useCosts.webAuthn : undefined;
}

type Counting = {
  session: Session;
  calls: readonly Call[];
  claims: readonly number[];
  isOrdinary: boolean;
  use: "first" | "later";
  contracts: ContractOverrides | undefined;
};

/**
 * The policies of actions, once each, and all times that a policy is asked, in order. What an ordinary operation transfers is
 * counted at once; other policies are asked in turn, which costs something by itself.
 */
function findPolicies(session: Session, calls: readonly Call[], claims: readonly number[], isOrdinary: boolean) {
  const policiesOf = (claim: number) => session.actions[claim]?.policies ?? [];
  const hashed = [...new Set(claims)].flatMap(policiesOf);
  const isSum = isOrdinary && hashed.length === 1 && hashed.every(isPlainLimit) && calls.every(isPlainTransfer);
  return {
    hashed,
    asked: [...(isSum ? hashed : claims.flatMap(policiesOf)), ...session.operationPolicies],
    inTurn: isOrdinary && hashed.length > 0 && !isSum ? useCosts.inTurn : 0,
  };
}

function countPolicies({ session, calls, claims, isOrdinary, use, contracts }: Counting): {
  gas: number;
  unknown: readonly Address[];
} {
  const id = getSessionId(session);
  const { hashed, asked, inTurn } = findPolicies(session, calls, claims, isOrdinary);
  const budgets = new Set<Hex>();
  const called = new Set<Address>();
  const unknown = new Set<Address>();
  let latest: Policy | undefined;
  let gas = useCosts.policy * (hashed.length + session.operationPolicies.length) + inTurn;
  for (const policy of asked) {
    const address = getAddress(policy.policy);
    const name = findPolicyName(address, contracts);
    const groups = name === "abiRulePolicy" ? decodeAbiRuleConfig(policy.config) : [];
    // About rules on dynamic data the manager asks a contract of its own.
    if (!isBuiltIn(address) || !groups.flat().every((rule) => "word" in rule)) {
      gas += useCosts.ask + (called.has(address) ? 0 : useCosts.coldContract);
      called.add(address);
    }
    if (name === undefined || name === "typedDataPolicy") {
      unknown.add(address);
    } else if (name === "abiRulePolicy") {
      gas += costOfRules(policy.policy, groups);
    } else {
      const budgetId = getBudgetId({ id, ...policy });
      gas += costOfLimit(policy, policy === latest, use, budgets.has(budgetId));
      budgets.add(budgetId);
    }
    latest = policy;
  }
  return { gas, unknown: [...unknown] };
}

/** The manager's own limit of a token, in total or per period and nothing else. */
function isPlainLimit({ policy, config }: Policy): boolean {
  return isAddressEqual(policy, builtInPolicies.erc20LimitPolicy) && isOneLimit(flagsOf(config));
}

/** Which parts the configuration of a limit has. */
function flagsOf(config: Hex): number {
  return Number(config.slice(0, 4));
}

/** Whether that is a limit in total or per period and nothing else. */
function isOneLimit(flags: number): boolean {
  return flags === limitFlags.total || flags === limitFlags.perPeriod;
}

function isPlainTransfer({ data }: Call): boolean {
  return data.startsWith("0xa9059cbb") && size(data) === 68;
}

function costOfRules(policy: Address, groups: readonly AbiRuleGroup[]): number {
  const rules = groups.flat();
  if (!isBuiltIn(policy) || !rules.every((rule) => "word" in rule)) return useCosts.rule * rules.length;
  const ordinary = groups.filter(isOrdinary).length;
  return useCosts.ownRules + useCosts.ownRule * ordinary + useCosts.otherOwnRule * (rules.length - ordinary);
}

/** A group of which the manager sees at once whether it holds (contracts/libraries/ArgumentRules.sol). */
function isOrdinary([rule, ...others]: AbiRuleGroup): boolean {
  return (
    rule !== undefined &&
    others.length === 0 &&
    "word" in rule &&
    rule.word < 256 &&
    /^(?:uint|address)/.test(rule.type) &&
    comparisons.indexOf(rule.comparison) <= comparisons.indexOf("gte")
  );
}

function costOfLimit({ policy, config }: Policy, again: boolean, use: "first" | "later", isTouched: boolean): number {
  const flags = flagsOf(config);
  const counts = (flags & (limitFlags.total | limitFlags.perPeriod)) !== 0;
  const slot = isTouched ? useCosts.slotAgain : use === "first" ? useCosts.slotFirst : useCosts.slot;
  const several = isOneLimit(flags) ? 0 : useCosts.severalLimits + (counts ? useCosts.severalCount : 0);
  const evaluated = isBuiltIn(policy) ? (again ? useCosts.again : useCosts.limit) + several : useCosts.contractLimit;
  return evaluated + (counts ? slot : 0) + ((flags & limitFlags.perPeriod) === 0 ? 0 : useCosts.period);
}
