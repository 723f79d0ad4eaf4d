import type { Hex } from "viem";
import { LatchkeyError } from "./base.js";
import { describeTime } from "./describe.js";

/**
 * Whether an error may quote a value that was handed over in the place of another: not if it may be a key or a passphrase,
 * which must not end up in a log.
 */
function isHarmless(value: unknown): boolean {
  // A short number, or a time.
  if (typeof value === "string")
    return /^(?:[-+]?[\d.,]{0,12}|0x[\da-f]{0,8}|\d{4}-\d\d-\d\d([T ][\d:.]{5,12}Z?)?)$/i.test(value);
  // Larger than any address.
  if (typeof value === "bigint") return value >> 200n === (value < 0n ? -1n : 0n);
  return typeof value === "number" || typeof value === "boolean" || value instanceof Date;
}

/** Shows a value of any type in a message, bigint included; what may be a secret is described. */
function show(value: unknown): string {
  if (typeof value === "bigint") return isHarmless(value) ? `${value}n` : `a bigint of ${`${value}`.length} digits`;
  if (typeof value === "string") return isHarmless(value) ? `"${value}"` : `a string of ${value.length} characters`;
  if (typeof value === "function") return "a function";
  if (value instanceof Date) return `Date(${Number.isNaN(value.getTime()) ? "invalid" : value.toISOString()})`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  return String(value);
}

/** An address with a mistake in it; a private key is longer. */
function isAlmostAddress(value: unknown): boolean {
  return typeof value === "string" && /^0x\w{0,42}$/i.test(value);
}

function isWhole(text: string): boolean {
  return /^0x(?:[0-9a-fA-F]{2})*$/.test(text);
}

/** An address is not 20 bytes of hex, or its capital letters are not its checksum. */
export class InvalidAddressError extends LatchkeyError {
  readonly parameter: string;
  readonly actual: unknown;
  constructor({ parameter, actual }: { parameter: string; actual: unknown }) {
    super("InvalidAddressError", `\`${parameter}\` is not a valid address.`, {
      facts: [
        "Expected: 20 bytes of hex, in lower case or with the right checksum",
        `Actual: ${isAlmostAddress(actual) ? `"${actual}"` : show(actual)}`,
      ],
    });
    this.parameter = parameter;
    this.actual = isAlmostAddress(actual) || isHarmless(actual) ? actual : undefined;
  }
}

/** Bytes are not hex, not as long as they must be, or zero where they may not be. */
export class InvalidBytesError extends LatchkeyError {
  readonly parameter: string;
  constructor({ parameter, expected, actual }: { parameter: string; expected: string; actual: unknown }) {
    super("InvalidBytesError", `\`${parameter}\` is not ${expected}.`, {
      // Not the bytes themselves: they may be a key in the wrong place.
      facts: [
        `Expected: ${expected}`,
        `Actual: ${typeof actual !== "string" ? show(actual) : isWhole(actual) ? `${actual.length / 2 - 1} bytes of hex` : `a string of ${actual.length} characters`}`,
      ],
    });
    this.parameter = parameter;
  }
}

/** A time is not in whole seconds since 1970, for example because it is in milliseconds. */
export class InvalidTimeError extends LatchkeyError {
  readonly parameter: string;
  readonly actual: unknown;
  constructor({ parameter, actual }: { parameter: string; actual: unknown }) {
    const milliseconds = typeof actual === "number" && actual > 1e11;
    super(
      "InvalidTimeError",
      milliseconds
        ? `\`${parameter}\` looks like milliseconds; times are in seconds.`
        : `\`${parameter}\` is not a time in seconds.`,
      {
        facts: [
          "Expected: a Date, or a whole number of seconds since 1970",
          `Actual: ${show(actual)}${typeof actual === "bigint" && isHarmless(actual) ? " (a bigint)" : ""}`,
          ...(milliseconds ? [`In seconds: ${Math.floor(actual / 1000)}`] : []),
        ],
      },
    );
    this.parameter = parameter;
    this.actual = isHarmless(actual) ? actual : undefined;
  }
}

/** A session would end before it starts. */
export class InvalidWindowError extends LatchkeyError {
  readonly validAfter: number;
  readonly validUntil: number;
  constructor({ validAfter, validUntil }: { validAfter: number; validUntil: number }) {
    super("InvalidWindowError", "The session ends before it starts.", {
      facts: [`validAfter: ${describeTime(validAfter)}`, `validUntil: ${describeTime(validUntil)}`],
    });
    this.validAfter = validAfter;
    this.validUntil = validUntil;
  }
}

/** An amount is not a bigint, is negative, or is too large for its field. */
export class InvalidAmountError extends LatchkeyError {
  readonly parameter: string;
  readonly actual: unknown;
  constructor({
    parameter,
    actual,
    minimum = 0n,
    maximum,
  }: {
    parameter: string;
    actual: unknown;
    minimum?: bigint | undefined;
    maximum: bigint;
  }) {
    super(
      "InvalidAmountError",
      typeof actual !== "bigint"
        ? `\`${parameter}\` must be a bigint.`
        : actual < 0n && minimum >= 0n
          ? `\`${parameter}\` is negative.`
          : `\`${parameter}\` is out of range.`,
      {
        facts: [
          `Expected: a bigint from ${minimum} to ${maximum}`,
          `Actual: ${show(actual)}${typeof actual === "number" ? " (a number)" : ""}`,
        ],
      },
    );
    this.parameter = parameter;
    this.actual = isHarmless(actual) ? actual : undefined;
  }
}

/** A number is not whole, or out of range. */
export class InvalidNumberError extends LatchkeyError {
  readonly parameter: string;
  readonly actual: unknown;
  constructor({
    parameter,
    actual,
    minimum,
    maximum,
  }: {
    parameter: string;
    actual: unknown;
    minimum: number;
    maximum: number;
  }) {
    super("InvalidNumberError", `\`${parameter}\` is not a whole number in its range.`, {
      facts: [
        `Expected: a number from ${minimum} to ${maximum}`,
        `Actual: ${show(actual)}${typeof actual === "bigint" && isHarmless(actual) ? " (a bigint)" : ""}`,
      ],
    });
    this.parameter = parameter;
    this.actual = isHarmless(actual) ? actual : undefined;
  }
}

/** A chain id is neither a positive whole number nor "every". */
export class InvalidChainIdError extends LatchkeyError {
  constructor({ actual }: { actual: unknown }) {
    super("InvalidChainIdError", "`chainId` is not a chain id.", {
      facts: ['Expected: a positive whole number, or "every" for a session on every chain', `Actual: ${show(actual)}`],
    });
  }
}

/** A session has no actions, and so would allow nothing. */
export class EmptyActionsError extends LatchkeyError {
  constructor() {
    super("EmptyActionsError", "The session has no actions, so it would allow nothing.");
  }
}

/** There is more of something than its encoding has room for. */
export class TooManyError extends LatchkeyError {
  constructor({ what, limit, actual }: { what: string; limit: number; actual: number }) {
    super("TooManyError", `Too many ${what}.`, { facts: [`Limit: ${limit}`, `Actual: ${actual}`] });
  }
}

/** An action or a call goes to a target that no session may call. */
export class ForbiddenTargetError extends LatchkeyError {
  readonly target: Hex;
  constructor({ target, reason }: { target: Hex; reason: string }) {
    super("ForbiddenTargetError", "No session may call this target.", {
      facts: [`Target: ${target}`, `Reason: ${reason}`],
    });
    this.target = target;
  }
}

/** The ABI has no function of this name that changes state. */
export class FunctionNotFoundError extends LatchkeyError {
  readonly functionName: string;
  constructor({ functionName, available }: { functionName: string; available: readonly string[] }) {
    super("FunctionNotFoundError", `The ABI has no function \`${functionName}\` that a transaction can call.`, {
      facts: [`Available: ${available.length > 0 ? available.join(", ") : "none"}`],
    });
    this.functionName = functionName;
  }
}

/** Several overloads of a function fit the argument names. */
export class AmbiguousFunctionError extends LatchkeyError {
  readonly signatures: readonly string[];
  constructor({
    functionName,
    signatures,
  }: {
    functionName: string | undefined;
    signatures: readonly string[];
  }) {
    const name = functionName === undefined ? "" : ` \`${functionName}\``;
    super("AmbiguousFunctionError", `The ABI has several functions${name} that fit.`, {
      facts: [`Give one of these as \`functionName\`: ${signatures.join(", ")}`],
    });
    this.signatures = signatures;
  }
}

/** Two functions of the ABI have the same selector, so that the chain cannot tell them apart. */
export class SelectorCollisionError extends LatchkeyError {
  readonly selector: Hex;
  readonly signatures: readonly string[];
  constructor({ selector, signatures }: { selector: Hex; signatures: readonly string[] }) {
    super("SelectorCollisionError", "Several functions of the ABI have the same selector.", {
      facts: [`Selector: ${selector}`, `Functions: ${signatures.join(", ")}`],
    });
    this.selector = selector;
    this.signatures = signatures;
  }
}

/** The function's selector is one that stands for something else in a session. */
export class ReservedSelectorError extends LatchkeyError {
  readonly selector: Hex;
  constructor({ selector, meaning }: { selector: Hex; meaning: string }) {
    super("ReservedSelectorError", "The function's selector has another meaning in a session.", {
      facts: [`Selector: ${selector}`, `Meaning: ${meaning}`],
    });
    this.selector = selector;
  }
}

/** A parameter has another shape than it must have. */
export class InvalidParameterError extends LatchkeyError {
  readonly parameter: string;
  constructor({ parameter, expected }: { parameter: string; expected: string }) {
    super("InvalidParameterError", `\`${parameter}\` is not ${expected}.`);
    this.parameter = parameter;
  }
}

/** There is no parameter of that name; what it was to restrict would have stayed free. */
export class UnknownParameterError extends LatchkeyError {
  readonly parameter: string;
  constructor({ parameter, available }: { parameter: string; available: readonly string[] }) {
    super("UnknownParameterError", `There is no parameter \`${parameter}\`.`, {
      facts: [`Available: ${available.join(", ")}`],
    });
    this.parameter = parameter;
  }
}

/** A rule names an argument that the function does not have. */
export class UnknownArgumentError extends LatchkeyError {
  readonly argument: string;
  constructor({ argument, available }: { argument: string; available: readonly string[] }) {
    super("UnknownArgumentError", `The function has no argument \`${argument}\`.`, {
      facts: [
        `Available: ${available.length > 0 ? available.join(", ") : "none"}`,
        ...(available.some((name) => /^\d+$/.test(name)) ? ["Arguments without a name go by their position."] : []),
      ],
    });
    this.argument = argument;
  }
}

/** Nothing says which arguments are allowed, and nothing says that any are. */
export class MissingRulesError extends LatchkeyError {
  constructor({ where }: { where: string }) {
    super("MissingRulesError", `There are no rules for ${where}.`, {
      facts: ["Give `args`, or say `anyArguments: true` if the session key may choose every argument."],
    });
  }
}

/** What is to be an ABI, a signature or a list of types cannot be read as one. */
export class InvalidAbiError extends LatchkeyError {
  readonly signature: string | undefined;
  constructor({ reason, signature, cause }: { reason: string; signature?: string | undefined; cause?: unknown }) {
    super("InvalidAbiError", `The ABI is not valid: ${reason}.`, {
      cause,
      facts: [
        ...(signature === undefined ? [] : [`Given: ${signature}`]),
        'Expected: an ABI, a function of one, or signatures such as "mint(address to, uint256 id)"',
      ],
    });
    this.signature = signature;
  }
}

/** A rule does not fit the type of its argument, or makes no sense. */
export class InvalidRuleError extends LatchkeyError {
  readonly argument: string;
  readonly type: string;
  constructor({ argument, type, reason, cause }: { argument: string; type: string; reason: string; cause?: unknown }) {
    super("InvalidRuleError", `The rule on \`${argument}\` is not valid: ${reason}.`, {
      cause,
      facts: [`Type: ${type}`],
    });
    this.argument = argument;
    this.type = type;
  }
}

/** A call is to send native currency to a function that does not take any. */
export class FunctionNotPayableError extends LatchkeyError {
  constructor({ functionName, maxValue }: { functionName: string; maxValue: bigint }) {
    super("FunctionNotPayableError", `The function \`${functionName}\` is not payable.`, {
      facts: [`maxValue: ${maxValue} wei`],
    });
  }
}

/** A limit is meant, but there is none. */
export class MissingLimitError extends LatchkeyError {
  constructor({ available }: { available: readonly string[] }) {
    super("MissingLimitError", "There is no limit.", {
      facts: [`Give at least one of: ${available.map((name) => `\`${name}\``).join(", ")}`],
    });
  }
}

/** A dangerous permission is asked for without saying that this is meant. */
export class RiskNotAcknowledgedError extends LatchkeyError {
  constructor({ permission, risk }: { permission: string; risk: string }) {
    super("RiskNotAcknowledgedError", `${permission}: this is dangerous.`, {
      facts: [`Risk: ${risk}`, "Say `acknowledgeRisk: true` if it is meant."],
    });
  }
}

/** Nothing says how much a session may cost in gas. */
export class MissingFeeLimitError extends LatchkeyError {
  constructor() {
    super("MissingFeeLimitError", "Nothing limits what the session may cost in gas.", {
      facts: [
        "Give `fees: { maxPerOperation, total }` or `fees: { maxPerOperation, perPeriod }`, in wei.",
        'Say `total: "unlimited"` if only the cost of each operation is to be limited.',
      ],
    });
  }
}

/** One token would have two budgets, or a way around its budget. */
export class SeparateBudgetsError extends LatchkeyError {
  readonly token: Hex;
  constructor({ token, reason }: { token: Hex; reason: string }) {
    super("SeparateBudgetsError", "The limits on a token do not hold together.", {
      facts: [`Token: ${token}`, `Reason: ${reason}`, "Say `allowSeparateBudgets: true` if that is meant."],
    });
    this.token = token;
  }
}

/** A serialized session is not what `serializeSession` writes. */
export class InvalidSerializedSessionError extends LatchkeyError {
  constructor({ reason, cause }: { reason: string; cause?: unknown }) {
    super("InvalidSerializedSessionError", `The serialized session is not valid: ${reason}.`, { cause });
  }
}

/** A contract's address is neither known nor given. */
export class ContractNotConfiguredError extends LatchkeyError {
  constructor({ contract }: { contract: string }) {
    super("ContractNotConfiguredError", `The address of \`${contract}\` is not known.`, {
      facts: ["Give it in `contracts`."],
    });
  }
}

/** The private key of a session key is not valid. The key is not shown. */
export class InvalidPrivateKeyError extends LatchkeyError {
  constructor({ curve = "secp256k1" }: { curve?: "secp256k1" | "P-256" } = {}) {
    super("InvalidPrivateKeyError", `The private key is not a valid ${curve} private key.`, {
      facts: ["Expected: 32 bytes of hex, not zero, below the order of the curve"],
    });
  }
}

/** The public key of a session key is not one on P-256. */
export class InvalidPublicKeyError extends LatchkeyError {
  constructor({ reason }: { reason: string }) {
    super("InvalidPublicKeyError", `The public key is not a valid P-256 public key: ${reason}.`, {
      facts: ["Expected: x and y, 64 bytes of hex, perhaps with 04 before them"],
    });
  }
}

/** What a session key's holder made is not a signature that a verifier could take. */
export class MalformedKeySignatureError extends LatchkeyError {
  constructor({ reason }: { reason: string }) {
    super("MalformedKeySignatureError", `The session key made no proper signature: ${reason}.`);
  }
}

/** A passkey signed, but the user was not asked for as much as the session key demands. */
export class UserNotVerifiedError extends LatchkeyError {
  readonly flags: number;
  constructor({ flags, requireUserVerification }: { flags: number; requireUserVerification: boolean }) {
    super("UserNotVerifiedError", "The passkey signed, but did not check the user as the session key demands.", {
      facts: [
        `Demanded: ${requireUserVerification ? "presence, and verification by PIN or biometrics" : "presence"}`,
        `Flags of the authenticator: 0x${flags.toString(16).padStart(2, "0")}`,
      ],
    });
    this.flags = flags;
  }
}

/** The session key was made from an account, which keeps its private key to itself. */
export class PrivateKeyNotAvailableError extends LatchkeyError {
  constructor({ sessionKey }: { sessionKey: Hex }) {
    super("PrivateKeyNotAvailableError", "The private key of this session key is not known here.", {
      facts: [`Session key: ${sessionKey}`, "Only a key from `createSessionKey` can be exported."],
    });
  }
}

/** Sessions were to be listed from nowhere. */
export class NoSourceError extends LatchkeyError {
  constructor() {
    super("NoSourceError", "There is nothing to list sessions from.", {
      facts: ["Expected: `sessions` that are known, `fromBlock` to search the chain from, or both"],
    });
  }
}

/** A session's key was to be replaced by itself. */
export class SameSessionKeyError extends LatchkeyError {
  readonly sessionKey: Hex;
  constructor({ sessionKey }: { sessionKey: Hex }) {
    super("SameSessionKeyError", "The new session key is the old one.", { facts: [`Session key: ${sessionKey}`] });
    this.sessionKey = sessionKey;
  }
}
