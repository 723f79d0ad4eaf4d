import {
  type Address,
  type Chain,
  type Client,
  getAddress,
  type Hex,
  isAddressEqual,
  size,
  slice,
  type Transport,
  zeroAddress,
} from "viem";
import { type GetSessionStateErrorType, getSessionState } from "../actions/getSessionState.js";
import type { ContractOverrides } from "../addresses.js";
import { anyPaymaster, anyTarget, ownRevocationClaim, timeLimit } from "../constants.js";
import { LatchkeyError } from "../errors/base.js";
import { CallNotAllowedError, NotOwnRevocationError } from "../errors/call.js";
import {
  EmptyActionsError,
  type InvalidAddressError,
  type InvalidAmountError,
  type InvalidBytesError,
  InvalidParameterError,
  type InvalidTimeError,
  type UnknownParameterError,
} from "../errors/input.js";
import {
  EmptyBatchError,
  EmptyWindowError,
  EpochMismatchError,
  InitializerNotAllowedError,
  NotInstalledError,
  OpCostExceededError,
  PaymasterNotAllowedError,
  RootNotGrantedError,
  RootRevokedError,
  SessionKeyNotSupportedError,
  SessionNotGrantedError,
  SessionRevokedError,
  TimeOutOfRangeError,
} from "../errors/manager.js";
import { type CallContext, PolicyNotCheckedError } from "../errors/policy.js";
import { OutsideWindowError, SessionExpiredError, SessionNotStartedError } from "../errors/use.js";
import { type Budget, noBudget, type Spending, type ValidityWindow } from "../policies/spend.js";
import { getBudgetId } from "../session/getBudgetId.js";
import { getSessionId } from "../session/getSessionId.js";
import { getProofRoot } from "../session/sessionTree.js";
import type { Policy, Session } from "../types.js";
import { lowerCase } from "../utils/lowerCase.js";
import {
  checkArray,
  checkParameters,
  parseAddress,
  parseAmount,
  parseBytes,
  parseNumber,
  parseTime,
} from "../utils/validate.js";
import {
  askAboutCall,
  askAboutOperation,
  checkHeader,
  findPolicyName,
  isOwnRevocation,
  type Question,
} from "./checkCall.js";
import { type Denial, toDenial } from "./denial.js";
import type { Call } from "./execution.js";
import { matchCalls } from "./matchCalls.js";

/** What the chain knows of a session. What is left out is taken to be in order, and {@link CheckSessionCallsReturnType} says so. */
export type SessionState = {
  /** Whether the account has installed the manager. */
  readonly installed?: boolean | undefined;
  /** The account's epoch. */
  readonly epoch?: bigint | undefined;
  readonly status?: "none" | "granted" | "revoked" | undefined;
  /** Of the root that the session's proof leads to. */
  readonly rootStatus?: "none" | "granted" | "revoked" | undefined;
  /** What is spent, by {@link getBudgetId}; nothing of a budget that is not there. */
  readonly budgets?: { readonly [budgetId: Hex]: Budget } | undefined;
  /** Modules of the account, which a session for any target may not call. */
  readonly modules?: readonly Address[] | undefined;
};

/** What an operation is beside its calls. {@link getOperationFacts} reads it from a user operation. */
export type OperationFacts = {
  /** The most that it may cost, in wei: all its gas limits times maxFeePerGas. */
  readonly cost: bigint;
  /** None if it is left out. */
  readonly paymaster?: Address | undefined;
  /** Bytes of a call that an account under EIP-7702 gets before it validates anything; 0 if it is left out. */
  readonly initializerLength?: number | undefined;
};

/**
 * What was taken to be in order, because nobody said: that the account has the manager ("installed"), is in the session's
 * "epoch", and has granted it ("status"); that nothing is spent ("budgets"); that no target is a module of the account
 * ("modules"); and what the "operation" costs and who pays.
 */
export type Assumption = "installed" | "epoch" | "status" | "budgets" | "modules" | "operation";

export type CheckSessionCallsParameters = {
  session: Session;
  /** What the operation is to do, in order. */
  calls: readonly { to: Address; value?: bigint | undefined; data?: Hex | undefined }[];
  /**
   * When, in seconds since 1970 or as a Date. If it is left out: with a client the time of the latest block, else the
   * local clock's.
   */
  at?: number | Date | undefined;
  /** The time that the use states, for limits per period, in seconds since 1970; `at` if it is left out. */
  claimedTime?: number | undefined;
  /** What the chain knows of the session; read from it if there is a client. */
  state?: SessionState | undefined;
  /** What the operation costs, and who pays; not checked if it is left out. */
  operation?: OperationFacts | undefined;
  /** For a session in a Merkle tree: the siblings from its id up. */
  proof?: readonly Hex[] | undefined;
  /** Whether the operation carries the owner's signature that grants the session; no if it is left out. */
  carriesGrant?: boolean | undefined;
  /** The action that each call claims; what {@link matchCalls} finds, as a session account does, if it is left out. */
  claims?: readonly number[] | undefined;
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

type Findings = {
  /** The action that each call claims. */
  readonly claims: readonly number[];
  /** When the operation may be included: the session's window, narrowed by limits per period. */
  readonly window: ValidityWindow;
  /** What was taken to be in order. Empty: everything was checked. */
  readonly assumed: readonly Assumption[];
  /** What the chain will know of the session after the operation, if it is allowed; as before if not. */
  readonly state: SessionState;
};

export type CheckSessionCallsReturnType = Findings &
  (
    | { readonly allowed: true; readonly denials: readonly [] }
    | {
        readonly allowed: false;
        /** In the order in which the chain looks: it would revert with the first. */
        readonly denials: readonly [Denial, ...Denial[]];
      }
  );

export type CheckSessionCallsErrorType =
  | GetSessionStateErrorType
  | InvalidAddressError
  | InvalidAmountError
  | InvalidBytesError
  | InvalidParameterError
  | InvalidTimeError
  | UnknownParameterError;

const parameterNames = [
  "session",
  "calls",
  "at",
  "claimedTime",
  "state",
  "operation",
  "proof",
  "carriesGrant",
  "claims",
  "contracts",
  "client",
];

/**
 * Says whether a session allows calls, without asking the chain, and if not what is against each of them.
 *
 * Judges as the contracts do: the calls of one operation draw on the same budgets one after the other. A policy that this
 * package does not know is never silently taken to agree: the denial "policy-not-checked" says that it was not asked. What
 * is not known of the chain (`state`) or of the operation is taken to be in order, and `assumed` lists it. With a `client`,
 * the state is read from the chain in one round trip, and a promise is returned.
 *
 * Not judged are signatures, and whether the calls themselves succeed: the account may lack what it is to send.
 *
 * @param parameters {@link CheckSessionCallsParameters}
 * @returns {@link CheckSessionCallsReturnType}
 * @throws An error for each parameter that is not what it must be.
 *
 * @example
 * import { checkSessionCalls, parseSession } from "latchkey";
 *
 * const explain = (serialized: string) => {
 *   const { allowed, denials } = checkSessionCalls({
 *     session: parseSession(serialized),
 *     calls: [{ to: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8", value: 5n }],
 *     at: 1_790_000_000,
 *   });
 *   return allowed ? "yes" : denials.map(({ path, message }) => `${path}: ${message}`).join("\n");
 * };
 */
export function checkSessionCalls(
  parameters: CheckSessionCallsParameters & { client: Client<Transport, Chain | undefined> },
): Promise<CheckSessionCallsReturnType>;
export function checkSessionCalls(
  parameters: CheckSessionCallsParameters & { client?: undefined },
): CheckSessionCallsReturnType;
export function checkSessionCalls({
  client,
  ...parameters
}: CheckSessionCallsParameters & { client?: Client<Transport, Chain | undefined> | undefined }):
  | CheckSessionCallsReturnType
  | Promise<CheckSessionCallsReturnType> {
  checkParameters("checkSessionCalls' argument", parameters, parameterNames);
  const request = parse(parameters);
  if (client === undefined) return check(request);
  const { session, proof, contracts, calls } = request;
  const targets = calls.map(({ to }) => to);
  return getSessionState(client, { session, proof, targets, contracts }).then(({ now, ...read }) =>
    check({ ...request, at: parameters.at === undefined ? now : request.at, state: { ...read, ...request.state } }),
  );
}

type Request = Pick<CheckSessionCallsParameters, "session" | "operation" | "contracts" | "claimedTime" | "claims"> & {
  readonly calls: readonly Call[];
  readonly at: number;
  readonly proof: readonly Hex[];
  readonly carriesGrant: boolean;
  readonly state: SessionState;
};

function parse({
  session,
  calls,
  at,
  claimedTime,
  state = {},
  operation,
  proof = [],
  carriesGrant = false,
  claims,
  contracts,
}: CheckSessionCallsParameters): Request {
  checkArray("calls", calls);
  if (claims !== undefined && claims.length !== calls.length)
    throw new InvalidParameterError({ parameter: "claims", expected: "a list with an index for each call" });
  return {
    ...{ session, state, proof, carriesGrant, contracts },
    calls: calls.map(({ to, value = 0n, data = "0x" }, index) => ({
      to: parseAddress(`calls[${index}].to`, to),
      value: parseAmount(`calls[${index}].value`, value, 2n ** 256n - 1n),
      data: parseBytes(`calls[${index}].data`, data),
    })),
    claims: claims?.map((claim, index) => parseNumber(`claims[${index}]`, claim, 0, ownRevocationClaim)),
    at: at === undefined ? Math.floor(Date.now() / 1000) : parseTime("at", at),
    claimedTime: claimedTime === undefined ? undefined : parseNumber("claimedTime", claimedTime, 0, 2 ** 48 - 1),
    operation: operation && {
      ...operation,
      cost: parseAmount("operation.cost", operation.cost, 2n ** 256n - 1n),
      paymaster: operation.paymaster && parseAddress("operation.paymaster", operation.paymaster),
    },
  };
}

/** What is found while an operation is looked at. */
type Ledger = Request & {
  readonly id: Hex;
  readonly denials: Denial[];
  readonly budgets: Map<Hex, Budget>;
  readonly assumed: Set<Assumption>;
  /** The last second may be infinite. */
  readonly window: { first: number; last: number };
};

function check(request: Request): CheckSessionCallsReturnType {
  const { session, state, contracts } = request;
  const { validAfter, validUntil } = session;
  const ledger: Ledger = {
    ...request,
    id: getSessionId(session),
    denials: [],
    budgets: new Map(Object.entries(state.budgets ?? {}).map(([id, budget]) => [lowerCase(id), budget])),
    assumed: new Set(),
    window: { first: validAfter, last: validUntil === 0 ? Number.POSITIVE_INFINITY : validUntil },
  };
  const claims = request.claims ?? matchCalls({ ...request, contracts, otherwise: "closest" });
  checkForm(ledger);
  checkStanding(ledger);
  checkPayment(ledger);
  checkCalls(ledger, claims);
  checkOperationPolicies(ledger, claims);
  checkTime(ledger);
  const { denials, assumed, window, budgets } = ledger;
  const [first, ...others] = denials;
  const findings = {
    claims,
    window: { validAfter: window.first, validUntil: Number.isFinite(window.last) ? window.last : 0 },
    assumed: [...assumed],
  };
  if (first !== undefined) return { allowed: false, denials: [first, ...others], ...findings, state };
  const granted: SessionState = request.carriesGrant ? { ...state, status: "granted" } : state;
  return { allowed: true, denials: [], ...findings, state: { ...granted, budgets: Object.fromEntries(budgets) } };
}

function deny({ denials }: Ledger, path: string, error: LatchkeyError): void {
  denials.push(toDenial(path, error));
}

function checkForm(ledger: Ledger): void {
  const { session, calls, operation } = ledger;
  if (calls.length === 0) deny(ledger, "calls", new EmptyBatchError());
  if (session.actions.length === 0) deny(ledger, "session.actions", new EmptyActionsError());
  const length = operation?.initializerLength ?? 0;
  if (length > 0) deny(ledger, "operation.initializer", new InitializerNotAllowedError({ length: 20 + length }));
}

/** Whether the session is granted, of the account's epoch, and the manager is installed; and has a key. */
function checkStanding(ledger: Ledger): void {
  const { session, id, state, assumed } = ledger;
  const { account, epoch, sessionKey } = session;
  if (state.installed === undefined) assumed.add("installed");
  if (state.installed === false) deny(ledger, "state.installed", new NotInstalledError({ account }));
  if (state.epoch === undefined) assumed.add("epoch");
  else if (state.epoch !== epoch) {
    const error = new EpochMismatchError({ id, sessionEpoch: epoch, accountEpoch: state.epoch });
    deny(ledger, "session.epoch", error);
  }
  checkGrant(ledger);
  const length = size(sessionKey);
  if (length < 20 || BigInt(slice(sessionKey, 0, 20)) === 0n)
    deny(ledger, "session.sessionKey", new SessionKeyNotSupportedError({ length }));
}

function checkGrant(ledger: Ledger): void {
  const { id, state, assumed, proof, carriesGrant } = ledger;
  if (state.status === undefined) assumed.add("status");
  if (state.status === "revoked") deny(ledger, "state.status", new SessionRevokedError({ id }));
  if (state.status !== "none") return;
  if (proof.length === 0) {
    // Whether the account takes the owner's signature, it alone knows.
    if (carriesGrant) assumed.add("status");
    else deny(ledger, "state.status", new SessionNotGrantedError({ id }));
    return;
  }
  if (state.rootStatus === undefined) assumed.add("status");
  const root = getProofRoot(id, proof);
  if (state.rootStatus === "revoked") deny(ledger, "state.rootStatus", new RootRevokedError({ id, root }));
  if (state.rootStatus === "none") deny(ledger, "state.rootStatus", new RootNotGrantedError({ id, root }));
}

function checkPayment(ledger: Ledger): void {
  const { session, id, operation, assumed } = ledger;
  if (operation === undefined) {
    assumed.add("operation");
  } else {
    const { cost, paymaster = zeroAddress } = operation;
    const { paymaster: allowed, maxOpCost } = session;
    if (!isAddressEqual(allowed, anyPaymaster) && !isAddressEqual(allowed, paymaster))
      deny(
        ledger,
        "operation.paymaster",
        new PaymasterNotAllowedError({ id, expected: getAddress(allowed), actual: paymaster }),
      );
    if (cost > maxOpCost) deny(ledger, "operation.cost", new OpCostExceededError({ id, maxOpCost, opCost: cost }));
  }
  for (const name of ["validAfter", "validUntil"] as const)
    if (session[name] >= timeLimit) deny(ledger, `session.${name}`, new TimeOutOfRangeError({ time: session[name] }));
}

function checkCalls(ledger: Ledger, claims: readonly number[]): void {
  ledger.calls.forEach((call, callIndex) => {
    const actionIndex = claims[callIndex] ?? 0;
    if (actionIndex === ownRevocationClaim) checkOwnRevocation(ledger, call, callIndex);
    else checkClaimedCall(ledger, call, { id: ledger.id, callIndex, actionIndex });
  });
}

function checkOwnRevocation(ledger: Ledger, call: Call, callIndex: number): void {
  const { id, contracts } = ledger;
  if (isOwnRevocation({ id, call, contracts })) return;
  deny(ledger, `calls[${callIndex}]`, new NotOwnRevocationError({ context: { id, callIndex } }));
}

function checkClaimedCall(
  ledger: Ledger,
  call: Call,
  context: CallContext & { readonly callIndex: number; readonly actionIndex: number },
): void {
  const { session, state, contracts, assumed } = ledger;
  const { callIndex, actionIndex } = context;
  const path = `calls[${callIndex}]`;
  const action = session.actions[actionIndex];
  if (action === undefined) {
    const cause = new InvalidParameterError({ parameter: "claims", expected: "indexes of the session's actions" });
    deny(ledger, path, new CallNotAllowedError({ callIndex, call, reasons: [], cause }));
    return;
  }
  const { modules } = state;
  if (modules === undefined && isAddressEqual(action.target, anyTarget)) assumed.add("modules");
  const refusal = checkHeader({ session, action, call, context, modules, contracts });
  if (refusal !== undefined) deny(ledger, `${path}.${refusal.part}`, refusal.error);
  // A call of something else altogether says nothing about the limits of this action.
  if (refusal !== undefined && refusal.part !== "value") return;
  action.policies.forEach((policy, index) => {
    const about = { ...context, policy: policy.policy };
    settle(ledger, `${path}.policies[${index}]`, policy, about, (question) => askAboutCall({ ...question, call }));
  });
}

function checkOperationPolicies(ledger: Ledger, claims: readonly number[]): void {
  const { id, session, calls, operation, contracts } = ledger;
  const sent = calls.reduce((sum, { value }, index) => (claims[index] === ownRevocationClaim ? sum : sum + value), 0n);
  const totals = {
    cost: operation?.cost ?? 0n,
    value: sent < 2n ** 256n ? sent : 2n ** 256n - 1n,
    calls: calls.length,
  };
  session.operationPolicies.forEach((policy, policyIndex) => {
    // What the operation costs is not known then, and said to be so.
    if (operation === undefined && findPolicyName(policy.policy, contracts) === "gasLimitPolicy") return;
    const context = { id, policyIndex, policy: policy.policy };
    settle(ledger, `operationPolicies[${policyIndex}]`, policy, context, (question) =>
      askAboutOperation({ ...question, operation: totals }),
    );
  });
}

/** Asks a policy, and notes what it has spent or why it refuses. */
function settle(
  ledger: Ledger,
  path: string,
  policy: Policy,
  context: CallContext,
  ask: (question: Question) => Spending | undefined,
): void {
  const { id, session, budgets, state, assumed, at, claimedTime = at, contracts, window } = ledger;
  const budgetId = getBudgetId({ id, ...policy });
  const budget = budgets.get(budgetId) ?? noBudget;
  try {
    const spending = ask({ policy, account: session.account, claimedTime, budget, context, contracts });
    if (spending === undefined) throw new PolicyNotCheckedError({ context });
    const { validAfter, validUntil } = spending.window;
    window.first = Math.max(window.first, validAfter);
    if (validUntil !== 0) window.last = Math.min(window.last, validUntil);
    if (spending.budget === budget) return;
    if (state.budgets === undefined) assumed.add("budgets");
    budgets.set(budgetId, spending.budget);
  } catch (error) {
    if (!(error instanceof LatchkeyError)) throw error;
    deny(ledger, path, error);
  }
}

function checkTime(ledger: Ledger): void {
  const { id, session, at, window } = ledger;
  const { first, last } = window;
  if (first > last) deny(ledger, "window", new EmptyWindowError({ id, validAfter: first, validUntil: last }));
  const { validAfter, validUntil } = session;
  if (validUntil !== 0 && at > validUntil) deny(ledger, "at", new SessionExpiredError({ validUntil, now: at }));
  else if (at < validAfter) deny(ledger, "at", new SessionNotStartedError({ validAfter, now: at }));
  else if (at < first || at > last) {
    const until = Number.isFinite(last) ? last : undefined;
    deny(ledger, "at", new OutsideWindowError({ validAfter: first, validUntil: until, now: at }));
  }
}
