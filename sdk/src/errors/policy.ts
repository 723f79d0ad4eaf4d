import type { Address, Hex } from "viem";
import type { AbiValueTest, Comparison } from "../policies/abiRule.js";
import { LatchkeyError } from "./base.js";
import { describeTime } from "./describe.js";
import { describeContext, describeRule } from "./describeCall.js";

/** Which call of which session a policy refused, or that it was the operation as a whole, as far as it is known. */
export type CallContext = {
  /** The session's id. */
  readonly id?: Hex | undefined;
  /** Index of the call in the operation. */
  readonly callIndex?: number | undefined;
  /** Index of the action in the session. */
  readonly actionIndex?: number | undefined;
  /** Index of the policy among the session's operation policies. */
  readonly policyIndex?: number | undefined;
  /** Index of the policy among the session's signature policies. */
  readonly signaturePolicyIndex?: number | undefined;
  /** The policy contract. */
  readonly policy?: Address | undefined;
};

type PolicyErrorParameters = { context?: CallContext | undefined; cause?: unknown };

/** The class of all refusals of a call by a policy. */
export class PolicyError extends LatchkeyError {
  /** Which call it was. */
  readonly context: CallContext;
  constructor(
    name: string,
    shortMessage: string,
    facts: readonly string[],
    { context = {}, cause }: PolicyErrorParameters,
  ) {
    super(name, shortMessage, { cause, facts: [...facts, ...describeContext(context)] });
    this.context = context;
  }
}

/** The function is none of those that may be called on the token. */
export class TokenFunctionNotAllowedError extends PolicyError {
  readonly selector: Hex;
  constructor({ selector, ...rest }: { selector: Hex } & PolicyErrorParameters) {
    super(
      "TokenFunctionNotAllowedError",
      "The session may not call this function of the token.",
      ["Expected: transfer, transferFrom, approve or increaseAllowance", `Actual: ${selector}`],
      rest,
    );
    this.selector = selector;
  }
}

/** The calldata is longer or shorter than the function's arguments. */
export class TokenCalldataLengthError extends PolicyError {
  readonly expected: number;
  readonly actual: number;
  constructor({ expected, actual, ...rest }: { expected: number; actual: number } & PolicyErrorParameters) {
    super(
      "TokenCalldataLengthError",
      "The calldata is not as long as the function's arguments.",
      [`Expected: ${expected} bytes`, `Actual: ${actual} bytes`],
      rest,
    );
    this.expected = expected;
    this.actual = actual;
  }
}

/** An address in the calldata has more than 160 bits. */
export class DirtyAddressError extends PolicyError {
  /** The 32 bytes that should be an address. */
  readonly word: bigint;
  constructor({ word, ...rest }: { word: bigint } & PolicyErrorParameters) {
    const bytes = word.toString(16).padStart(64, "0");
    super("DirtyAddressError", "An address in the calldata has more than 160 bits.", [`Actual: 0x${bytes}`], rest);
    this.word = word;
  }
}

/** The recipient, or the spender of an approval, is not on the session's list. */
export class RecipientNotAllowedError extends PolicyError {
  readonly recipient: Address;
  /** The list, if it is known. */
  readonly expected: readonly Address[] | undefined;
  constructor({
    recipient,
    expected,
    ...rest
  }: { recipient: Address; expected?: readonly Address[] | undefined } & PolicyErrorParameters) {
    super(
      "RecipientNotAllowedError",
      "The session may not send to this recipient.",
      [...(expected ? [`Expected: ${expected.join(", ")}`] : []), `Actual: ${recipient}`],
      rest,
    );
    this.recipient = recipient;
    this.expected = expected;
  }
}

/** The amount is more than one call may move. In the token's smallest unit. */
export class CallLimitExceededError extends PolicyError {
  readonly limit: bigint;
  readonly amount: bigint;
  constructor({ limit, amount, ...rest }: { limit: bigint; amount: bigint } & PolicyErrorParameters) {
    super(
      "CallLimitExceededError",
      rest.context?.policyIndex === undefined
        ? "The amount is more than one call may move."
        : "The amount is more than one operation may use.",
      [`Limit: ${limit}`, `Amount: ${amount}`],
      rest,
    );
    this.limit = limit;
    this.amount = amount;
  }
}

/** With this amount, more would be spent than is allowed in total. In the token's smallest unit. */
export class TotalLimitExceededError extends PolicyError {
  readonly limit: bigint;
  readonly spent: bigint;
  readonly amount: bigint;
  constructor({
    limit,
    spent,
    amount,
    ...rest
  }: { limit: bigint; spent: bigint; amount: bigint } & PolicyErrorParameters) {
    super(
      "TotalLimitExceededError",
      "The amount is more than is left in total.",
      [`Limit: ${limit}`, `Spent: ${spent}`, `Left: ${left(limit, spent)}`, `Amount: ${amount}`],
      rest,
    );
    this.limit = limit;
    this.spent = spent;
    this.amount = amount;
  }
}

/** With this amount, more would be spent than is allowed in the present period. In the token's smallest unit. */
export class PeriodLimitExceededError extends PolicyError {
  readonly limit: bigint;
  readonly spent: bigint;
  readonly amount: bigint;
  /** When the next period begins, in seconds since 1970. */
  readonly resetsAt: number;
  constructor({
    limit,
    spent,
    amount,
    resetsAt,
    ...rest
  }: { limit: bigint; spent: bigint; amount: bigint; resetsAt: number } & PolicyErrorParameters) {
    super(
      "PeriodLimitExceededError",
      "The amount is more than is left in this period.",
      [
        `Limit: ${limit}`,
        `Spent: ${spent}`,
        `Left: ${left(limit, spent)}`,
        `Amount: ${amount}`,
        `Resets at: ${describeTime(resetsAt)}`,
      ],
      rest,
    );
    this.limit = limit;
    this.spent = spent;
    this.amount = amount;
    this.resetsAt = resetsAt;
  }
}

function left(limit: bigint, spent: bigint): bigint {
  return limit > spent ? limit - spent : 0n;
}

/** The time that the use states is missing, or before the limit's first period. */
export class ClaimedTimeTooEarlyError extends PolicyError {
  readonly anchor: number;
  readonly claimedTime: number;
  constructor({ anchor, claimedTime, ...rest }: { anchor: number; claimedTime: number } & PolicyErrorParameters) {
    super(
      "ClaimedTimeTooEarlyError",
      claimedTime === 0 ? "The use states no time, which a limit per period needs." : "The first period has not begun.",
      [`First period: ${describeTime(anchor)}`, `Stated time: ${describeTime(claimedTime)}`],
      rest,
    );
    this.anchor = anchor;
    this.claimedTime = claimedTime;
  }
}

/** The time that the use states is too far in the future. */
export class ClaimedTimeTooLateError extends PolicyError {
  readonly claimedTime: number;
  constructor({ claimedTime, ...rest }: { claimedTime: number } & PolicyErrorParameters) {
    super(
      "ClaimedTimeTooLateError",
      "The stated time is too far in the future.",
      [`Stated time: ${describeTime(claimedTime)}`],
      rest,
    );
    this.claimedTime = claimedTime;
  }
}

/** The use states a time in a period that is over: a later one has been spent in. */
export class PeriodInPastError extends PolicyError {
  readonly latestPeriod: bigint;
  readonly claimedPeriod: bigint;
  constructor({
    latestPeriod,
    claimedPeriod,
    ...rest
  }: { latestPeriod: bigint; claimedPeriod: bigint } & PolicyErrorParameters) {
    super(
      "PeriodInPastError",
      "The stated time is in a period that is over.",
      [`Latest period: ${latestPeriod}`, `Stated period: ${claimedPeriod}`],
      rest,
    );
    this.latestPeriod = latestPeriod;
    this.claimedPeriod = claimedPeriod;
  }
}

/** The configuration of an ERC-20 limit is malformed. */
export class Erc20LimitConfigError extends PolicyError {
  readonly position: number;
  constructor({ position, ...rest }: { position: number } & PolicyErrorParameters) {
    super(
      "Erc20LimitConfigError",
      "The configuration of an ERC-20 limit is malformed.",
      [`Position: byte ${position}`],
      rest,
    );
    this.position = position;
  }
}

/** The configuration of a limit on native currency, usage or gas is malformed. */
export class LimitConfigError extends PolicyError {
  /** Where, in bytes from its start. */
  readonly position: number;
  constructor({ position, ...rest }: { position: number } & PolicyErrorParameters) {
    super("LimitConfigError", "The configuration of a limit is malformed.", [`Position: byte ${position}`], rest);
    this.position = position;
  }
}

/** Calldata, or bytes inside of it, are not what an encoder makes of the types that a rule states. */
export class ArgumentsNotCanonicalError extends PolicyError {
  /** Where the rule begins, in bytes from the start of its configuration. Not known before the chain is asked. */
  readonly position: number | undefined;
  /** Which bytes: indexes of words and elements from the arguments on; none for the arguments themselves. */
  readonly path: readonly number[];
  /** Where in the call's calldata the fault is, in bytes, and what is there. Not known before the chain is asked. */
  readonly offset: number | undefined;
  readonly expected: bigint | undefined;
  readonly actual: bigint | undefined;
  constructor({
    path,
    fault,
    ...rest
  }: {
    path: readonly number[];
    fault?: { position: number; offset: number; type: string; expected: bigint; actual: bigint } | undefined;
  } & PolicyErrorParameters) {
    super(
      "ArgumentsNotCanonicalError",
      "The arguments are not encoded as the session's rule demands.",
      [
        ...(fault ? [`Expected: ${fault.expected}`, `Actual: ${fault.actual}`] : []),
        ...(fault ? [`Calldata: byte ${fault.offset} (${fault.type})`] : []),
        `Argument: ${path.length > 0 ? path.join(" > ") : "all of them"}`,
        ...(fault ? [`Rule: byte ${fault.position} of the configuration`] : []),
      ],
      rest,
    );
    this.position = fault?.position;
    this.path = path;
    this.offset = fault?.offset;
    this.expected = fault?.expected;
    this.actual = fault?.actual;
  }
}

/** A rule about arguments as a whole does not hold: the last one that was tried. */
export class ArgumentRuleNotMetError extends PolicyError {
  /** Where the rule begins, in bytes from the start of its configuration. Not known before the chain is asked. */
  readonly position: number | undefined;
  /** What it is about: indexes of words and elements from the arguments on. */
  readonly path: readonly number[];
  /** The type of what was compared: a value, a length, a hash or a part of bytes. */
  readonly type: string;
  readonly test: AbiValueTest["test"];
  readonly comparison: Comparison | undefined;
  /** References or bytes; of inner calls the selectors that are allowed, or what the configuration has of them. */
  readonly expected: readonly ArgumentValue[];
  /** Undefined if there is no such value. */
  readonly actual: ArgumentValue | undefined;
  constructor({
    position,
    path,
    type,
    test,
    comparison,
    expected,
    actual,
    ...rest
  }: {
    position?: number | undefined;
    path: readonly number[];
    type: string;
    test: AbiValueTest["test"];
    comparison?: Comparison | undefined;
    expected: readonly ArgumentValue[];
    actual: ArgumentValue | undefined;
  } & PolicyErrorParameters) {
    super(
      "ArgumentRuleNotMetError",
      "An argument does not meet the session's rule.",
      [
        `Expected: ${comparison === undefined ? expected.join(", ") || "what the rules inside allow" : describeRule(comparison, expected)}`,
        `Actual: ${actual ?? "no such value"}`,
        `Argument: ${path.join(" > ")} (${type})`,
        `Test: ${test}`,
        ...(position === undefined ? [] : [`Rule: byte ${position} of the configuration`]),
      ],
      rest,
    );
    this.position = position;
    this.path = path;
    this.type = type;
    this.test = test;
    this.comparison = comparison;
    this.expected = expected;
    this.actual = actual;
  }
}

/** Rules, types or paths of argument rules are nested too deep. */
export class RulesTooDeepError extends PolicyError {
  /** Where, in bytes from the configuration's start. */
  readonly position: number;
  constructor({ position, ...rest }: { position: number } & PolicyErrorParameters) {
    super("RulesTooDeepError", "The argument rules are nested too deep.", [`Position: byte ${position}`], rest);
    this.position = position;
  }
}

/** The configuration of what a session may sign is malformed. */
export class TypedDataConfigError extends PolicyError {
  /** Where, in bytes from its start or from that of one of its alternatives. */
  readonly position: number;
  constructor({ position, ...rest }: { position: number } & PolicyErrorParameters) {
    super(
      "TypedDataConfigError",
      "The configuration of what the session may sign is malformed.",
      [`Position: byte ${position}`],
      rest,
    );
    this.position = position;
  }
}

/** The configuration of argument rules is malformed. */
export class AbiRuleConfigError extends PolicyError {
  readonly position: number;
  constructor({ position, ...rest }: { position: number } & PolicyErrorParameters) {
    super(
      "AbiRuleConfigError",
      "The configuration of argument rules is malformed.",
      [`Position: byte ${position}`],
      rest,
    );
    this.position = position;
  }
}

/** The calldata ends before an argument that a rule is about. */
export class ArgumentMissingError extends PolicyError {
  readonly word: number;
  readonly calldataLength: number;
  constructor({ word, calldataLength, ...rest }: { word: number; calldataLength: number } & PolicyErrorParameters) {
    super(
      "ArgumentMissingError",
      "The calldata ends before an argument that a rule is about.",
      [`Argument word: ${word}`, `Calldata: ${calldataLength} bytes`],
      rest,
    );
    this.word = word;
    this.calldataLength = calldataLength;
  }
}

/** An argument is no proper value of its type: bits are set that the type does not have. */
export class ArgumentMalformedError extends PolicyError {
  readonly word: number;
  readonly type: string;
  readonly actual: Hex;
  constructor({ word, type, actual, ...rest }: { word: number; type: string; actual: Hex } & PolicyErrorParameters) {
    super(
      "ArgumentMalformedError",
      "An argument is no proper value of its type.",
      [`Argument word: ${word}`, `Type: ${type}`, `Actual: ${actual}`],
      rest,
    );
    this.word = word;
    this.type = type;
    this.actual = actual;
  }
}

/** A value of an elementary type: a number, a truth value, an address or bytes. */
export type ArgumentValue = bigint | boolean | Hex;

/** An argument does not meet the session's rule for it. */
export class RuleNotMetError extends PolicyError {
  readonly group: number;
  /** Index of the argument's 32-byte word after the selector. */
  readonly word: number;
  readonly type: string;
  readonly comparison: Comparison;
  readonly expected: readonly ArgumentValue[];
  readonly actual: ArgumentValue;
  constructor({
    group,
    word,
    type,
    comparison,
    expected,
    actual,
    ...rest
  }: {
    group: number;
    word: number;
    type: string;
    comparison: Comparison;
    expected: readonly ArgumentValue[];
    actual: ArgumentValue;
  } & PolicyErrorParameters) {
    super(
      "RuleNotMetError",
      "An argument does not meet the session's rule.",
      [
        `Expected: ${describeRule(comparison, expected)}`,
        `Actual: ${actual}`,
        `Argument word: ${word} (${type})`,
        `Rule group: ${group}`,
      ],
      rest,
    );
    this.group = group;
    this.word = word;
    this.type = type;
    this.comparison = comparison;
    this.expected = expected;
    this.actual = actual;
  }
}

/** None of several alternative rules holds. */
export class NoRuleMetError extends PolicyError {
  readonly group: number;
  readonly rules: number;
  /** Index of the word that the last of them is about. */
  readonly word: number;
  readonly actual: Hex;
  constructor({
    group,
    rules,
    word,
    actual,
    ...rest
  }: { group: number; rules: number; word: number; actual: Hex } & PolicyErrorParameters) {
    super(
      "NoRuleMetError",
      "None of the alternative rules for the arguments holds.",
      [`Rules: ${rules}`, `Actual, for the last: ${actual}`, `Argument word: ${word}`, `Rule group: ${group}`],
      rest,
    );
    this.group = group;
    this.rules = rules;
    this.word = word;
    this.actual = actual;
  }
}

/** A policy that this package does not know refused a call, or gave a reason too long to reach us whole. */
export class UnknownPolicyError extends PolicyError {
  /** What the policy reverted with. */
  readonly reason: Hex;
  constructor({ reason, ...rest }: { reason: Hex } & PolicyErrorParameters) {
    super("UnknownPolicyError", "A policy refused the call.", [`Reason: ${reason}`], rest);
    this.reason = reason;
  }
}

/** A policy that this package does not know: without asking the chain nobody can say what it thinks of a call. */
export class PolicyNotCheckedError extends PolicyError {
  constructor(parameters: PolicyErrorParameters = {}) {
    super("PolicyNotCheckedError", "A policy that is not known cannot be checked offline.", [], parameters);
  }
}

/** A policy did not answer as a policy does, or there is no contract at its address. */
export class PolicyAnswerError extends LatchkeyError {
  readonly context: CallContext;
  readonly length: number;
  constructor({ context = {}, length, cause }: { length: number } & PolicyErrorParameters) {
    super("PolicyAnswerError", "A policy did not answer with one word, or has no code.", {
      cause,
      facts: [`Actual: ${length} bytes`, ...describeContext(context)],
    });
    this.context = context;
    this.length = length;
  }
}

/** A policy answered with something else than a validity window. */
export class PolicyValidationDataError extends LatchkeyError {
  readonly context: CallContext;
  readonly validationData: bigint;
  constructor({ context = {}, validationData, cause }: { validationData: bigint } & PolicyErrorParameters) {
    super("PolicyValidationDataError", "A policy answered with something else than a validity window.", {
      cause,
      facts: [`Actual: ${validationData}`, ...describeContext(context)],
    });
    this.context = context;
    this.validationData = validationData;
  }
}
