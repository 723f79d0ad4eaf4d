import type { Address, Hex } from "viem";
import { timeLimit } from "../constants.js";
import type { LatchkeyError } from "../errors/base.js";
import {
  CalldataTooShortError,
  SelectorForbiddenError,
  TargetForbiddenError,
  TargetIsModuleError,
  ValueExceededError,
} from "../errors/call.js";
import { EmptyWindowError, EpochMismatchError, OpCostExceededError } from "../errors/manager.js";
import {
  ArgumentMissingError,
  type ArgumentValue,
  CallLimitExceededError,
  ClaimedTimeTooEarlyError,
  ClaimedTimeTooLateError,
  PeriodInPastError,
  PeriodLimitExceededError,
  RecipientNotAllowedError,
  TotalLimitExceededError,
} from "../errors/policy.js";
import { SessionExpiredError, SessionNotStartedError } from "../errors/use.js";

/**
 * Why something is refused, in words for programs: the `code` of the error that stands for it. The same whether
 * {@link checkSessionCalls} says so or {@link decodeSessionError} reads it from what the chain, the EntryPoint or a bundler
 * said.
 */
export const denialCodes = [
  // The session
  "session-not-granted",
  "session-revoked",
  "root-not-granted",
  "root-revoked",
  "signed-grants-off",
  "grant-prefix-mismatch",
  "grant-not-signed",
  "publication-differs",
  "epoch-mismatch",
  "not-installed",
  "session-expired",
  "session-not-started",
  "outside-window",
  "empty-window",
  "time-out-of-range",
  "session-key-not-supported",
  "session-key-mismatch",
  // The operation
  "wrong-signature",
  "signature-length",
  "verifier-answer",
  "initializer-not-allowed",
  "function-not-execute",
  "mode-not-allowed",
  "non-canonical-execution",
  "non-canonical-use",
  "empty-actions",
  "empty-batch",
  "paymaster-not-allowed",
  "paymaster-data",
  "op-cost-exceeded",
  // A call
  "action-not-claimed",
  "action-not-revealed",
  "action-too-broad",
  "calldata-too-short",
  "call-not-allowed",
  "not-own-revocation",
  "selector-forbidden",
  "selector-not-allowed",
  "target-forbidden",
  "target-is-module",
  "target-not-allowed",
  "value-exceeded",
  // Policies
  "policy-answer",
  "policy-not-checked",
  "policy-validation-data",
  "unknown-policy",
  "call-limit-exceeded",
  "total-limit-exceeded",
  "period-limit-exceeded",
  "claimed-time-too-early",
  "claimed-time-too-late",
  "period-in-past",
  "limit-config",
  "erc20-limit-config",
  "token-function-not-allowed",
  "token-calldata-length",
  "dirty-address",
  "recipient-not-allowed",
  "abi-rule-config",
  "argument-malformed",
  "argument-missing",
  "argument-rule-not-met",
  "arguments-not-canonical",
  "no-rule-met",
  "rule-not-met",
  "rules-too-deep",
  "typed-data-config",
  // Signatures for the account
  "content-differs",
  "content-forbidden",
  "domain-differs",
  "domain-of-another-chain",
  "message-not-signed",
  "message-rule-missing",
  "personal-message-not-allowed",
  "sender-forbidden",
  "signing-not-supported",
  "typed-data-not-allowed",
  "verifying-contract-forbidden",
  "witness-differs",
  "witness-length",
  // Calls of the manager by the owner
  "grant-rule",
  "invalid-epoch",
  "no-sessions",
  "session-of-another-account",
  "zero-session-id",
] as const;

/** One of {@link denialCodes}. */
export type DenialCode = (typeof denialCodes)[number];

/** What is expected or found: a number, a time, an address, bytes, or several of them. */
export type DenialValue = ArgumentValue | number | string | readonly ArgumentValue[] | undefined;

/** Why a call, or an operation as a whole, is refused. */
export type Denial = {
  readonly code: DenialCode;
  /** What it is about: "calls[0].to", "calls[1].policies[0]", "operationPolicies[0]", "operation.cost", "session.epoch", ... */
  readonly path: string;
  /** What would be allowed, where that can be said in a value: the most that is left, the target, ... */
  readonly expected: DenialValue;
  readonly actual: DenialValue;
  /** One sentence. */
  readonly message: string;
  /** The typed error with all its numbers. */
  readonly error: LatchkeyError;
};

/** The denial that an error stands for. */
export function toDenial(path: string, error: LatchkeyError): Denial {
  const code = denialCodes.find((known) => known === error.code) ?? "unknown-policy";
  return { code, path, ...getValues(error), message: error.shortMessage, error };
}

type Values = Pick<Denial, "expected" | "actual">;

function getValues(error: LatchkeyError): Values {
  return getLimitValues(error) ?? getTimeValues(error) ?? getCallValues(error) ?? getOwnValues(error);
}

function getLimitValues(error: LatchkeyError): Values | undefined {
  if (error instanceof CallLimitExceededError) return { expected: error.limit, actual: error.amount };
  if (error instanceof TotalLimitExceededError || error instanceof PeriodLimitExceededError) {
    const left = error.limit > error.spent ? error.limit - error.spent : 0n;
    return { expected: left, actual: error.amount };
  }
  if (error instanceof ValueExceededError) return { expected: error.maxValue, actual: error.value };
  if (error instanceof OpCostExceededError) return { expected: error.maxOpCost, actual: error.opCost };
  return undefined;
}

function getTimeValues(error: LatchkeyError): Values | undefined {
  if (error instanceof EpochMismatchError) return { expected: error.accountEpoch, actual: error.sessionEpoch };
  if (error instanceof SessionExpiredError) return { expected: error.validUntil, actual: error.now };
  if (error instanceof SessionNotStartedError) return { expected: error.validAfter, actual: error.now };
  if (error instanceof EmptyWindowError) return { expected: error.validAfter, actual: error.validUntil };
  if (error instanceof ClaimedTimeTooEarlyError) return { expected: error.anchor, actual: error.claimedTime };
  if (error instanceof ClaimedTimeTooLateError) return { expected: timeLimit, actual: error.claimedTime };
  if (error instanceof PeriodInPastError) return { expected: error.latestPeriod, actual: error.claimedPeriod };
  return undefined;
}

function getCallValues(error: LatchkeyError): Values | undefined {
  if (error instanceof TargetForbiddenError || error instanceof TargetIsModuleError)
    return { expected: undefined, actual: error.target };
  if (error instanceof SelectorForbiddenError) return { expected: undefined, actual: error.selector };
  if (error instanceof CalldataTooShortError) return { expected: 4, actual: error.length };
  if (error instanceof RecipientNotAllowedError) return { expected: error.expected, actual: error.recipient };
  if (error instanceof ArgumentMissingError) return { expected: 36 + 32 * error.word, actual: error.calldataLength };
  return undefined;
}

/** Errors that call the values so themselves. */
function getOwnValues(error: LatchkeyError & { expected?: unknown; actual?: unknown }): Values {
  return { expected: toValue(error.expected), actual: toValue(error.actual) };
}

function toValue(value: unknown): DenialValue {
  if (Array.isArray(value)) return value.filter(isArgumentValue);
  return isArgumentValue(value) || typeof value === "number" ? value : undefined;
}

function isArgumentValue(value: unknown): value is bigint | boolean | Hex | Address {
  return (
    typeof value === "bigint" || typeof value === "boolean" || (typeof value === "string" && value.startsWith("0x"))
  );
}
