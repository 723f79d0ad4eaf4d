import type { Address, Hex } from "viem";
import type { Call } from "../use/execution.js";
import { LatchkeyError } from "./base.js";
import { describeContext } from "./describeCall.js";
import type { CallContext } from "./policy.js";

type OfCall = { context?: CallContext | undefined; cause?: unknown };

/** A call goes to a target that no session may call. */
export class TargetForbiddenError extends LatchkeyError {
  readonly target: Address;
  readonly context: CallContext;
  constructor({ target, context = {}, cause }: { target: Address } & OfCall) {
    super("TargetForbiddenError", "No session may call this target.", {
      cause,
      facts: [`Target: ${target}`, ...describeContext(context)],
    });
    this.target = target;
    this.context = context;
  }
}

/** A call goes to a module of the account. */
export class TargetIsModuleError extends LatchkeyError {
  readonly target: Address;
  readonly context: CallContext;
  constructor({ target, context = {}, cause }: { target: Address } & OfCall) {
    super("TargetIsModuleError", "A session for any target may not call a module of the account.", {
      cause,
      facts: [`Target: ${target}`, ...describeContext(context)],
    });
    this.target = target;
    this.context = context;
  }
}

/** A call is to a function that configures or drives an account or a module. */
export class SelectorForbiddenError extends LatchkeyError {
  readonly selector: Hex;
  readonly context: CallContext;
  constructor({ selector, context = {}, cause }: { selector: Hex } & OfCall) {
    super("SelectorForbiddenError", "A session for any target may not call this function.", {
      cause,
      facts: [`Selector: ${selector}`, ...describeContext(context)],
    });
    this.selector = selector;
    this.context = context;
  }
}

/** A call claims an action that the signature does not show. */
export class ActionNotRevealedError extends LatchkeyError {
  readonly context: CallContext;
  constructor({ context = {}, cause }: OfCall) {
    super("ActionNotRevealedError", "A call claims an action that the signature does not show.", {
      cause,
      facts: describeContext(context),
    });
    this.context = context;
  }
}

/** The signature shows actions that no call claims. */
export class ActionNotClaimedError extends LatchkeyError {
  /** Indexes of these actions in the session. */
  readonly actionIndexes: readonly number[];
  constructor({ actionIndexes, cause }: { actionIndexes: readonly number[] } & { cause?: unknown }) {
    super("ActionNotClaimedError", "The signature shows actions that no call claims.", {
      cause,
      facts: [`Actions: ${actionIndexes.join(", ")}`],
    });
    this.actionIndexes = actionIndexes;
  }
}

/** An action allows any function of any target, which is never allowed. */
export class ActionTooBroadError extends LatchkeyError {
  readonly context: CallContext;
  constructor({ context = {}, cause }: OfCall) {
    super("ActionTooBroadError", "No session may allow any function of any target.", {
      cause,
      facts: describeContext(context),
    });
    this.context = context;
  }
}

/** A call goes to another target than the session allows. */
export class TargetNotAllowedError extends LatchkeyError {
  readonly expected: Address;
  readonly actual: Address;
  readonly context: CallContext;
  constructor({ expected, actual, context = {}, cause }: { expected: Address; actual: Address } & OfCall) {
    super("TargetNotAllowedError", "The session may not call this target.", {
      cause,
      facts: [`Expected: ${expected}`, `Actual: ${actual}`, ...describeContext(context)],
    });
    this.expected = expected;
    this.actual = actual;
    this.context = context;
  }
}

/** A call is to another function than the session allows. */
export class SelectorNotAllowedError extends LatchkeyError {
  readonly expected: Hex;
  readonly actual: Hex;
  readonly context: CallContext;
  constructor({ expected, actual, context = {}, cause }: { expected: Hex; actual: Hex } & OfCall) {
    super("SelectorNotAllowedError", "The session may not call this function.", {
      cause,
      facts: [`Expected: ${expected}`, `Actual: ${actual}`, ...describeContext(context)],
    });
    this.expected = expected;
    this.actual = actual;
    this.context = context;
  }
}

/** A call has one to three bytes of calldata, which is never allowed. */
export class CalldataTooShortError extends LatchkeyError {
  readonly length: number;
  readonly context: CallContext;
  constructor({ length, context = {}, cause }: { length: number } & OfCall) {
    super("CalldataTooShortError", "Calldata of one to three bytes is never allowed.", {
      cause,
      facts: [`Actual: ${length} bytes`, ...describeContext(context)],
    });
    this.length = length;
    this.context = context;
  }
}

/** A call sends more native currency than the session allows. In wei. */
export class ValueExceededError extends LatchkeyError {
  readonly maxValue: bigint;
  readonly value: bigint;
  readonly context: CallContext;
  constructor({ maxValue, value, context = {}, cause }: { maxValue: bigint; value: bigint } & OfCall) {
    super("ValueExceededError", "The call sends more native currency than the session allows.", {
      cause,
      facts: [`Limit: ${maxValue} wei`, `Actual: ${value} wei`, ...describeContext(context)],
    });
    this.maxValue = maxValue;
    this.value = value;
    this.context = context;
  }
}

/** A call that claims to revoke its own session is not exactly that. */
export class NotOwnRevocationError extends LatchkeyError {
  readonly context: CallContext;
  constructor({ context = {}, cause }: OfCall) {
    super("NotOwnRevocationError", "The call is not exactly the revocation of the session itself.", {
      cause,
      facts: describeContext(context),
    });
    this.context = context;
  }
}

/** No action of the session allows a call. `cause` and `reasons` say why, action by action. */
export class CallNotAllowedError extends LatchkeyError {
  readonly callIndex: number;
  readonly call: Call;
  /** For each action why it does not allow the call. */
  readonly reasons: readonly LatchkeyError[];
  constructor({
    callIndex,
    call,
    reasons,
    cause,
  }: {
    callIndex: number;
    call: Call;
    reasons: readonly LatchkeyError[];
    cause: LatchkeyError;
  }) {
    super("CallNotAllowedError", `The session does not allow this call. ${cause.shortMessage}`, {
      cause,
      facts: [
        `Call: ${callIndex}`,
        `To: ${call.to}`,
        `Function: ${call.data.length >= 10 ? call.data.slice(0, 10) : "none"}`,
        ...cause.facts.filter((fact) => !fact.startsWith("Call:")),
      ],
    });
    this.callIndex = callIndex;
    this.call = call;
    this.reasons = reasons;
  }
}
