import type { Address, Hex } from "viem";
import { LatchkeyError } from "./base.js";
import { describeTime } from "./describe.js";

/** The session has ended, by its time window. */
export class SessionExpiredError extends LatchkeyError {
  /** Last second in which the session could act, if it is known. */
  readonly validUntil: number | undefined;
  /** The time that was judged by, if it is known. */
  readonly now: number | undefined;
  constructor({
    validUntil,
    now,
    cause,
  }: { validUntil?: number | undefined; now?: number | undefined; cause?: unknown } = {}) {
    super("SessionExpiredError", "The session has ended.", {
      cause,
      facts: [
        ...(validUntil === undefined ? [] : [`Valid until: ${describeTime(validUntil)}`]),
        ...(now === undefined ? [] : [`Now: ${describeTime(now)}`]),
      ],
    });
    this.validUntil = validUntil;
    this.now = now;
  }
}

/** The session has not begun, by its time window. */
export class SessionNotStartedError extends LatchkeyError {
  /** First second in which the session may act, if it is known. */
  readonly validAfter: number | undefined;
  /** The time that was judged by, if it is known. */
  readonly now: number | undefined;
  constructor({
    validAfter,
    now,
    cause,
  }: { validAfter?: number | undefined; now?: number | undefined; cause?: unknown } = {}) {
    super("SessionNotStartedError", "The session has not begun.", {
      cause,
      facts: [
        ...(validAfter === undefined ? [] : [`Valid after: ${describeTime(validAfter)}`]),
        ...(now === undefined ? [] : [`Now: ${describeTime(now)}`]),
      ],
    });
    this.validAfter = validAfter;
    this.now = now;
  }
}

/** The operation came at a time at which it is not valid: expired, not due, or in another period than it states. */
export class OutsideWindowError extends LatchkeyError {
  /** First and last second at which it is valid, if they are known. */
  readonly validAfter: number | undefined;
  readonly validUntil: number | undefined;
  /** The time that was judged by, if it is known. */
  readonly now: number | undefined;
  constructor({
    validAfter,
    validUntil,
    now,
    cause,
  }: {
    validAfter?: number | undefined;
    validUntil?: number | undefined;
    now?: number | undefined;
    cause?: unknown;
  } = {}) {
    super("OutsideWindowError", "The operation is not valid at this time.", {
      cause,
      facts: [
        ...(validAfter === undefined ? [] : [`Valid after: ${describeTime(validAfter)}`]),
        ...(validUntil === undefined ? [] : [`Valid until: ${describeTime(validUntil)}`]),
        ...(now === undefined ? [] : [`Now: ${describeTime(now)}`]),
        "The session has ended or has not begun, or a period of its limits was over when the operation arrived.",
      ],
    });
    this.validAfter = validAfter;
    this.validUntil = validUntil;
    this.now = now;
  }
}

/** A period of a limit is about to end or has only just begun, so that no bundler would take the operation. */
export class PeriodBoundaryError extends LatchkeyError {
  /** When to try again, in seconds since 1970. */
  readonly retryAt: number;
  readonly now: number;
  constructor({ retryAt, now }: { retryAt: number; now: number }) {
    super("PeriodBoundaryError", "A limit's period is about to change; bundlers take no operation now.", {
      facts: [`Latest block: ${describeTime(now)}`, `Try again at: ${describeTime(retryAt)}`],
    });
    this.retryAt = retryAt;
    this.now = now;
  }
}

/** The key at hand is not the session's. */
export class SessionKeyMismatchError extends LatchkeyError {
  readonly expected: Hex;
  readonly actual: Hex;
  constructor({ expected, actual }: { expected: Hex; actual: Hex }) {
    super("SessionKeyMismatchError", "The key is not the session's.", {
      facts: [`Expected: ${expected}`, `Actual: ${actual}`],
    });
    this.expected = expected;
    this.actual = actual;
  }
}

/** The session is not among those that the owner signed. */
export class SessionNotInGrantError extends LatchkeyError {
  readonly id: Hex;
  constructor({ id, ids }: { id: Hex; ids: readonly Hex[] }) {
    super("SessionNotInGrantError", "The session is not one of those in the grant.", {
      facts: [`Session: ${id}`, `In the grant: ${ids.length > 0 ? ids.join(", ") : "none"}`],
    });
    this.id = id;
  }
}

/** The session is not in the tree. */
export class SessionNotInTreeError extends LatchkeyError {
  readonly id: Hex;
  constructor({ id, root }: { id: Hex; root: Hex }) {
    super("SessionNotInTreeError", "The session is not in the tree.", {
      facts: [`Session: ${id}`, `Root: ${root}`],
    });
    this.id = id;
  }
}

/** The signature of the operation is not by the session's key. */
export class WrongSignatureError extends LatchkeyError {
  constructor({ cause }: { cause?: unknown } = {}) {
    super("WrongSignatureError", "The operation is not signed by the session's key.", {
      cause,
      facts: ["This could arise when another key signed, or when the operation changed after it was signed."],
    });
  }
}

/** The session is for another account. */
export class AccountMismatchError extends LatchkeyError {
  readonly expected: Address;
  readonly actual: Address;
  constructor({ expected, actual }: { expected: Address; actual: Address }) {
    super("AccountMismatchError", "The session is for another account.", {
      facts: [`Expected: ${expected}`, `Actual: ${actual}`],
    });
    this.expected = expected;
    this.actual = actual;
  }
}

/** The account dropped the manager without telling it, so installing it again moves the epoch. */
export class StaleInstallationError extends LatchkeyError {
  readonly account: Address;
  constructor({ account }: { account: Address }) {
    super("StaleInstallationError", "The account dropped the session key manager without telling it.", {
      facts: [
        `Account: ${account}`,
        "Installing it again moves the epoch, and a session granted along would be of the wrong one.",
        "Install the manager first, read the epoch with getEpoch, then define and grant the session.",
      ],
    });
    this.account = account;
  }
}

/** The session is for another chain. */
export class ChainMismatchError extends LatchkeyError {
  readonly expected: bigint;
  readonly actual: bigint;
  constructor({ expected, actual }: { expected: bigint; actual: bigint }) {
    super("ChainMismatchError", "The session is for another chain.", {
      facts: [`Expected: ${expected}`, `Actual: ${actual}`],
    });
    this.expected = expected;
    this.actual = actual;
  }
}

/** The account uses an EntryPoint of a version that is not supported, or of another than it is said to be. */
export class EntryPointNotSupportedError extends LatchkeyError {
  constructor({ version, expected = "0.7 or 0.8" }: { version: string; expected?: string | undefined }) {
    super("EntryPointNotSupportedError", "The account's EntryPoint does not fit.", {
      facts: [`Expected: version ${expected}`, `Actual: version ${version}`],
    });
  }
}

/** What kind of account it is could not be found out. */
export class AccountTypeUnknownError extends LatchkeyError {
  readonly account: Address;
  /** What the account calls itself, if it says. */
  readonly accountId: string | undefined;
  constructor({ account, accountId, cause }: { account: Address; accountId?: string | undefined; cause?: unknown }) {
    super("AccountTypeUnknownError", "The type of the account is not known.", {
      cause,
      facts: [
        `Account: ${account}`,
        `Its accountId: ${accountId === undefined ? "none (is it deployed?)" : accountId.slice(0, 80)}`,
        'Give `accountType`: "nexus", "kernel", "safe7579" or "openzeppelin".',
      ],
    });
    this.account = account;
    this.accountId = accountId;
  }
}

/** Accounts of this type cannot install a module by a signature in an operation, or their owner's validator is not given. */
export class EnableModeNotSupportedError extends LatchkeyError {
  constructor({ accountType }: { accountType: string }) {
    super("EnableModeNotSupportedError", "This account cannot install a module by a signature in an operation.", {
      facts: [
        `Account type: ${accountType}`,
        accountType === "nexus" ? "Nexus needs `enable.validator`, the owner's." : "Nexus and Kernel can.",
      ],
    });
  }
}

/** The session has no signature policies, so it signs no messages for its account. */
export class SigningNotSupportedError extends LatchkeyError {
  constructor({ what, cause }: { what: string; cause?: unknown }) {
    super("SigningNotSupportedError", `A session key cannot sign ${what} for the account.`, {
      cause,
      facts: ["The session has no signature policies. Define one with `signaturePolicies`: see `allowMessages`."],
    });
  }
}

/** There is no smart account to act with. */
export class AccountNotFoundError extends LatchkeyError {
  constructor() {
    super("AccountNotFoundError", "There is no smart account to act with.", {
      facts: ["Give `account`, or a client that has one."],
    });
  }
}

/** A user operation was included, but what it was to do failed. */
export class UserOperationFailedError extends LatchkeyError {
  readonly userOpHash: Hex;
  readonly transactionHash: Hex;
  readonly reason: string | undefined;
  constructor({
    userOpHash,
    transactionHash,
    reason,
    cause,
  }: { userOpHash: Hex; transactionHash: Hex; reason?: string | undefined; cause?: unknown }) {
    super("UserOperationFailedError", "The user operation was included but failed.", {
      cause,
      facts: [
        `User operation: ${userOpHash}`,
        `Transaction: ${transactionHash}`,
        ...(reason ? [`Reason: ${reason}`] : []),
      ],
    });
    this.userOpHash = userOpHash;
    this.transactionHash = transactionHash;
    this.reason = reason;
  }
}
