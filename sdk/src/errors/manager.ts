import type { Address, Hex } from "viem";
import { LatchkeyError } from "./base.js";
import { describeTime } from "./describe.js";

type WithCause = { cause?: unknown };

/** A list of sessions is empty. */
export class NoSessionsError extends LatchkeyError {
  constructor({ cause }: WithCause = {}) {
    super("NoSessionsError", "There are no sessions in the list.", { cause });
  }
}

/** A session id is zero. */
export class ZeroSessionIdError extends LatchkeyError {
  constructor({ cause }: WithCause = {}) {
    super("ZeroSessionIdError", "A session id is zero, which no session hashes to.", { cause });
  }
}

/** The next epoch is not above the present one, or too far above it. */
export class InvalidEpochError extends LatchkeyError {
  readonly epoch: bigint;
  readonly nextEpoch: bigint;
  constructor({ epoch, nextEpoch, cause }: { epoch: bigint; nextEpoch: bigint } & WithCause) {
    super("InvalidEpochError", "The next epoch is out of range.", {
      cause,
      facts: [`Expected: from ${epoch + 1n} to ${epoch + 2n ** 40n}`, `Actual: ${nextEpoch}`],
    });
    this.epoch = epoch;
    this.nextEpoch = nextEpoch;
  }
}

/** The rule on who may grant by signature is malformed. */
export class GrantRuleError extends LatchkeyError {
  readonly rule: Hex;
  constructor({ rule, cause }: { rule: Hex } & WithCause) {
    super("GrantRuleError", "The rule on who may grant by signature is malformed.", {
      cause,
      facts: ["Expected: nothing, 0x00, or 0x01 and a prefix of 1 to 21 bytes", `Actual: ${rule}`],
    });
    this.rule = rule;
  }
}

/** A session to be published is one of another account than the caller. */
export class SessionOfAnotherAccountError extends LatchkeyError {
  readonly id: Hex;
  readonly account: Address;
  constructor({ id, account, cause }: { id: Hex; account: Address } & WithCause) {
    super("SessionOfAnotherAccountError", "An account can publish only its own sessions.", {
      cause,
      facts: [`The session's account: ${account}`, `Session: ${id}`],
    });
    this.id = id;
    this.account = account;
  }
}

/** The account has not installed the manager as a validator. */
export class NotInstalledError extends LatchkeyError {
  readonly account: Address;
  constructor({ account, cause }: { account: Address } & WithCause) {
    super("NotInstalledError", "The account has not installed the session key manager.", {
      cause,
      facts: [`Account: ${account}`],
    });
    this.account = account;
  }
}

/** The operation calls another function of the account than ERC-7579's `execute`. */
export class FunctionNotExecuteError extends LatchkeyError {
  readonly selector: Hex;
  constructor({ selector, cause }: { selector: Hex } & WithCause) {
    super("FunctionNotExecuteError", "A session key may call no function of the account but `execute`.", {
      cause,
      facts: ["Expected: 0xe9ae5c53", `Actual: ${selector}`],
    });
    this.selector = selector;
  }
}

/** The execution mode is neither a single call nor a batch in default mode. */
export class ModeNotAllowedError extends LatchkeyError {
  readonly mode: Hex;
  constructor({ mode, cause }: { mode: Hex } & WithCause) {
    super("ModeNotAllowedError", "The execution mode is neither single nor batch in default mode.", {
      cause,
      facts: [`Actual: ${mode}`],
    });
    this.mode = mode;
  }
}

/** The operation's callData is not in its one canonical form. */
export class NonCanonicalExecutionError extends LatchkeyError {
  readonly position: number;
  /** Bytes behind the end, as a viem client's `dataSuffix` appends them, if nothing else is wrong. */
  readonly surplus: Hex | undefined;
  constructor({ position, surplus, cause }: { position: number; surplus?: Hex | undefined } & WithCause) {
    const wrong = surplus === undefined ? "is not in its canonical form" : "goes on behind its end";
    super("NonCanonicalExecutionError", `The operation's callData ${wrong}.`, {
      cause,
      facts: [
        `Position: byte ${position}`,
        ...(surplus === undefined ? [] : [`Surplus: ${surplus}, perhaps the client's \`dataSuffix\``]),
      ],
    });
    this.position = position;
    this.surplus = surplus;
  }
}

/** The operation makes no calls. */
export class EmptyBatchError extends LatchkeyError {
  constructor({ cause }: WithCause = {}) {
    super("EmptyBatchError", "The operation makes no calls.", { cause });
  }
}

/** The part of the signature that describes the use is not in its one canonical form. */
export class NonCanonicalUseError extends LatchkeyError {
  readonly position: number;
  constructor({ position, cause }: { position: number } & WithCause) {
    super("NonCanonicalUseError", "The use of the session is not in its canonical form.", {
      cause,
      facts: [`Position: byte ${position} of the signature`],
    });
    this.position = position;
  }
}

/** The session key is zero, or shorter than an address. */
export class SessionKeyNotSupportedError extends LatchkeyError {
  readonly length: number;
  constructor({ length, cause }: { length: number } & WithCause) {
    super("SessionKeyNotSupportedError", "The session key is zero or shorter than an address.", {
      cause,
      facts: ["Expected: an address other than zero, or a verifier's and a key", `Actual: ${length} bytes`],
    });
    this.length = length;
  }
}

/** The session key's signature has the wrong length. */
export class SignatureLengthError extends LatchkeyError {
  readonly expected: number;
  readonly actual: number;
  constructor({ expected, actual, cause }: { expected: number; actual: number } & WithCause) {
    super("SignatureLengthError", "The session key's signature has the wrong length.", {
      cause,
      facts: [`Expected: ${expected} bytes`, `Actual: ${actual} bytes`],
    });
    this.expected = expected;
    this.actual = actual;
  }
}

/** The session key's verifier (ERC-7913) did not answer as one, or there is no contract at its address. */
export class VerifierAnswerError extends LatchkeyError {
  readonly id: Hex;
  readonly verifier: Address;
  readonly length: number;
  constructor({ id, verifier, length, cause }: { id: Hex; verifier: Address; length: number } & WithCause) {
    super("VerifierAnswerError", "The session key's verifier did not answer with one word, or has no code.", {
      cause,
      facts: [`Verifier: ${verifier}`, `Actual: ${length} bytes`, `Session: ${id}`],
    });
    this.id = id;
    this.verifier = verifier;
    this.length = length;
  }
}

/** The operation makes an account under EIP-7702 run a call before it validates anything. */
export class InitializerNotAllowedError extends LatchkeyError {
  readonly length: number;
  constructor({ length, cause }: { length: number } & WithCause) {
    super("InitializerNotAllowedError", "No session may make an account run a call before validation.", {
      cause,
      facts: [`Actual: ${length} bytes of initCode`],
    });
    this.length = length;
  }
}

/** The session was never granted for this account on this chain. */
export class SessionNotGrantedError extends LatchkeyError {
  readonly id: Hex;
  constructor({ id, cause }: { id: Hex } & WithCause) {
    super("SessionNotGrantedError", "The session was not granted for this account on this chain.", {
      cause,
      facts: [`Session: ${id}`],
    });
    this.id = id;
  }
}

/** The session was revoked, which is final. */
export class SessionRevokedError extends LatchkeyError {
  readonly id: Hex;
  constructor({ id, cause }: { id: Hex } & WithCause) {
    super("SessionRevokedError", "The session was revoked, which is final.", { cause, facts: [`Session: ${id}`] });
    this.id = id;
  }
}

/** The Merkle root that the session's proof leads to was never granted. */
export class RootNotGrantedError extends LatchkeyError {
  readonly id: Hex;
  readonly root: Hex;
  constructor({ id, root, cause }: { id: Hex; root: Hex } & WithCause) {
    super("RootNotGrantedError", "The root that the session's proof leads to was not granted for this account.", {
      cause,
      facts: [`Root: ${root}`, `Session: ${id}`],
    });
    this.id = id;
    this.root = root;
  }
}

/** The Merkle root that the session's proof leads to was revoked, which is final. */
export class RootRevokedError extends LatchkeyError {
  readonly id: Hex;
  readonly root: Hex;
  constructor({ id, root, cause }: { id: Hex; root: Hex } & WithCause) {
    super("RootRevokedError", "The root that the session's proof leads to was revoked, which is final.", {
      cause,
      facts: [`Root: ${root}`, `Session: ${id}`],
    });
    this.id = id;
    this.root = root;
  }
}

/** The account takes no grants by signature. */
export class SignedGrantsOffError extends LatchkeyError {
  readonly account: Address;
  constructor({ account, cause }: { account: Address } & WithCause) {
    super("SignedGrantsOffError", "The account takes no grants by signature.", {
      cause,
      facts: [`Account: ${account}`],
    });
    this.account = account;
  }
}

/** The signature of a grant does not begin as the account demands. */
export class GrantPrefixMismatchError extends LatchkeyError {
  readonly id: Hex;
  readonly expected: Hex;
  readonly actual: Hex;
  constructor({ id, expected, actual, cause }: { id: Hex; expected: Hex; actual: Hex } & WithCause) {
    super("GrantPrefixMismatchError", "The signature of the grant does not begin as the account demands.", {
      cause,
      facts: [`Expected: ${expected}`, `Actual: ${actual}`, `Session: ${id}`],
    });
    this.id = id;
    this.expected = expected;
    this.actual = actual;
  }
}

/** The account does not take the signature of a grant for its owner's. */
export class GrantNotSignedError extends LatchkeyError {
  readonly id: Hex;
  /** What the owner would have signed. */
  readonly digest: Hex;
  /** What the account answered, or reverted with. */
  readonly answer: Hex;
  constructor({ id, digest, answer, cause }: { id: Hex; digest: Hex; answer: Hex } & WithCause) {
    super("GrantNotSignedError", "The account does not take the signature of the grant for its owner's.", {
      cause,
      facts: [`Digest: ${digest}`, `Answer: ${answer}`, `Session: ${id}`],
    });
    this.id = id;
    this.digest = digest;
    this.answer = answer;
  }
}

/** The session to be published with a grant is another one. */
export class PublicationDiffersError extends LatchkeyError {
  readonly id: Hex;
  /** The id of the other one. */
  readonly published: Hex;
  constructor({ id, published, cause }: { id: Hex; published: Hex } & WithCause) {
    super("PublicationDiffersError", "The session to be published is not the one that is granted.", {
      cause,
      facts: [`Expected: ${id}`, `Actual: ${published}`],
    });
    this.id = id;
    this.published = published;
  }
}

/** The session belongs to another epoch than the account's present one. */
export class EpochMismatchError extends LatchkeyError {
  readonly id: Hex;
  readonly sessionEpoch: bigint;
  readonly accountEpoch: bigint;
  constructor({
    id,
    sessionEpoch,
    accountEpoch,
    cause,
  }: { id: Hex; sessionEpoch: bigint; accountEpoch: bigint } & WithCause) {
    super(
      "EpochMismatchError",
      sessionEpoch < accountEpoch
        ? "The session ended when the owner revoked all sessions."
        : "The session belongs to an epoch that has not begun.",
      { cause, facts: [`Session's epoch: ${sessionEpoch}`, `Account's epoch: ${accountEpoch}`, `Session: ${id}`] },
    );
    this.id = id;
    this.sessionEpoch = sessionEpoch;
    this.accountEpoch = accountEpoch;
  }
}

/** A bound of a validity window is 2^47 or more. */
export class TimeOutOfRangeError extends LatchkeyError {
  readonly time: number;
  constructor({ time, cause }: { time: number } & WithCause) {
    super("TimeOutOfRangeError", "A bound of a validity window is too late.", {
      cause,
      facts: [`Expected: less than ${2 ** 47} (2^47)`, `Actual: ${time}`],
    });
    this.time = time;
  }
}

/** There is no second in which the session and all its policies allow the operation. */
export class EmptyWindowError extends LatchkeyError {
  readonly id: Hex;
  readonly validAfter: number;
  readonly validUntil: number;
  constructor({ id, validAfter, validUntil, cause }: { id: Hex; validAfter: number; validUntil: number } & WithCause) {
    super("EmptyWindowError", "There is no time at which the session and its policies allow the operation.", {
      cause,
      facts: [`Not before: ${describeTime(validAfter)}`, `Not after: ${describeTime(validUntil)}`, `Session: ${id}`],
    });
    this.id = id;
    this.validAfter = validAfter;
    this.validUntil = validUntil;
  }
}

function nameOf(paymaster: Address): string {
  return /^0x0+$/.test(paymaster) ? "none" : paymaster;
}

/** The operation uses a paymaster that the session does not allow, or none although the session names one. */
export class PaymasterNotAllowedError extends LatchkeyError {
  readonly id: Hex;
  readonly expected: Address;
  readonly actual: Address;
  constructor({ id, expected, actual, cause }: { id: Hex; expected: Address; actual: Address } & WithCause) {
    super("PaymasterNotAllowedError", "The session does not allow this paymaster.", {
      cause,
      facts: [`Expected: ${nameOf(expected)}`, `Actual: ${nameOf(actual)}`, `Session: ${id}`],
    });
    this.id = id;
    this.expected = expected;
    this.actual = actual;
  }
}

/** The operation's paymaster data is cut short. */
export class PaymasterDataError extends LatchkeyError {
  readonly length: number;
  constructor({ length, cause }: { length: number } & WithCause) {
    super("PaymasterDataError", "The operation's paymaster data is too short.", {
      cause,
      facts: ["Expected: none, or at least 52 bytes", `Actual: ${length} bytes`],
    });
    this.length = length;
  }
}

/** The operation may cost more than the session allows. In wei. */
export class OpCostExceededError extends LatchkeyError {
  readonly id: Hex;
  readonly maxOpCost: bigint;
  readonly opCost: bigint;
  constructor({ id, maxOpCost, opCost, cause }: { id: Hex; maxOpCost: bigint; opCost: bigint } & WithCause) {
    super("OpCostExceededError", "The operation may cost more than the session allows.", {
      cause,
      facts: [`Limit: ${maxOpCost} wei`, `Actual: ${opCost} wei (all gas limits times maxFeePerGas)`, `Session: ${id}`],
    });
    this.id = id;
    this.maxOpCost = maxOpCost;
    this.opCost = opCost;
  }
}
