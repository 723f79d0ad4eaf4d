import type { Address, Hex } from "viem";
import { LatchkeyError } from "./base.js";
import { type CallContext, PolicyError } from "./policy.js";

type WithCause = { cause?: unknown };
type OfPolicy = WithCause & { context?: CallContext | undefined };

/** Who asks the account for a signature is the account itself, the manager or an EntryPoint: no session signs for those. */
export class SenderForbiddenError extends LatchkeyError {
  readonly sender: Address;
  constructor({ sender, cause }: { sender: Address } & WithCause) {
    super("SenderForbiddenError", "No session signs for the account itself, the manager or an EntryPoint.", {
      cause,
      facts: [`Asked by: ${sender}`],
    });
    this.sender = sender;
  }
}

/** The application's domain that a signature shows is not the one that was signed. */
export class DomainDiffersError extends LatchkeyError {
  readonly expected: Hex;
  readonly actual: Hex;
  constructor({ expected, actual, cause }: { expected: Hex; actual: Hex } & WithCause) {
    super("DomainDiffersError", "The domain in the signature is not the one that its separator is of.", {
      cause,
      facts: [`Expected: ${expected}`, `Actual: ${actual}`],
    });
    this.expected = expected;
    this.actual = actual;
  }
}

/** The application's domain is of another chain. */
export class DomainOfAnotherChainError extends LatchkeyError {
  readonly chainId: bigint;
  constructor({ chainId, cause }: { chainId: bigint } & WithCause) {
    super("DomainOfAnotherChainError", "The message's domain is of another chain.", {
      cause,
      facts: [`The domain's chain: ${chainId}`],
    });
    this.chainId = chainId;
  }
}

/** The message is for the account itself or for the manager: no session signs those. */
export class VerifyingContractForbiddenError extends LatchkeyError {
  readonly verifyingContract: Address;
  constructor({ verifyingContract, cause }: { verifyingContract: Address } & WithCause) {
    super("VerifyingContractForbiddenError", "No session signs messages for the account itself or the manager.", {
      cause,
      facts: [`The domain's contract: ${verifyingContract}`],
    });
    this.verifyingContract = verifyingContract;
  }
}

/** No session signs messages of this type. */
export class ContentForbiddenError extends PolicyError {
  readonly primaryType: string;
  constructor({ primaryType, ...rest }: { primaryType: string } & OfPolicy) {
    super(
      "ContentForbiddenError",
      "No session signs messages of this type.",
      [`Type: ${primaryType.slice(0, 80)}`],
      rest,
    );
    this.primaryType = primaryType;
  }
}

/** What was signed is not what the application asks about. */
export class ContentDiffersError extends LatchkeyError {
  readonly expected: Hex;
  readonly actual: Hex;
  constructor({ expected, actual, cause }: { expected: Hex; actual: Hex } & WithCause) {
    super("ContentDiffersError", "The signature is of another message.", {
      cause,
      facts: [`Expected: ${expected}`, `Actual: ${actual}`],
    });
    this.expected = expected;
    this.actual = actual;
  }
}

/** The session key did not sign the message. */
export class MessageNotSignedError extends LatchkeyError {
  readonly id: Hex;
  constructor({ id, cause }: { id: Hex } & WithCause) {
    super("MessageNotSignedError", "The message is not signed by the session's key.", {
      cause,
      facts: [`Session: ${id}`],
    });
    this.id = id;
  }
}

/** The session may not sign messages of this domain and type. */
export class TypedDataNotAllowedError extends PolicyError {
  readonly domainSeparator: Hex;
  readonly typeHash: Hex;
  constructor({ domainSeparator, typeHash, ...rest }: { domainSeparator: Hex; typeHash: Hex } & OfPolicy) {
    super(
      "TypedDataNotAllowedError",
      "The session may not sign messages of this domain and type.",
      [`Domain separator: ${domainSeparator}`, `Type hash: ${typeHash}`],
      rest,
    );
    this.domainSeparator = domainSeparator;
    this.typeHash = typeHash;
  }
}

const bounds: Readonly<Record<number, string>> = { 1: "fixes it", 2: "bounds it above", 3: "bounds it below" };

/** A message that moves tokens is signed only under rules that bound it, and one is missing. */
export class MessageRuleMissingError extends PolicyError {
  readonly primaryType: string;
  /** Index of the field, counted over the message and its nested structs. */
  readonly word: number;
  /** What is needed of it: 1 fixed, 2 bounded above, 3 bounded below. */
  readonly bound: number;
  constructor({ primaryType, word, bound, ...rest }: { primaryType: string; word: number; bound: number } & OfPolicy) {
    super(
      "MessageRuleMissingError",
      "The session has no rule on a field of a message that moves tokens.",
      [`Type: ${primaryType.slice(0, 80)}`, `Field: ${word}`, `Expected: a rule that ${bounds[bound] ?? "bounds it"}`],
      rest,
    );
    this.primaryType = primaryType;
    this.word = word;
    this.bound = bound;
  }
}

/** The fields of a message that a signature shows are too many or too few. */
export class WitnessLengthError extends PolicyError {
  readonly expected: number;
  readonly actual: number;
  constructor({ expected, actual, ...rest }: { expected: number; actual: number } & OfPolicy) {
    super(
      "WitnessLengthError",
      "The signature does not show the fields of the message.",
      [`Expected: ${expected} bytes`, `Actual: ${actual} bytes`],
      rest,
    );
    this.expected = expected;
    this.actual = actual;
  }
}

/** The fields that a signature shows are not those of the message. */
export class WitnessDiffersError extends PolicyError {
  /** 0 for the message itself, i for the i-th struct in it. */
  readonly structIndex: number;
  readonly expected: Hex;
  readonly actual: Hex;
  constructor({
    structIndex,
    expected,
    actual,
    ...rest
  }: { structIndex: number; expected: Hex; actual: Hex } & OfPolicy) {
    super(
      "WitnessDiffersError",
      "The fields in the signature are not those of the message.",
      [`Struct: ${structIndex}`, `Expected: ${expected}`, `Actual: ${actual}`],
      rest,
    );
    this.structIndex = structIndex;
    this.expected = expected;
    this.actual = actual;
  }
}

/** The session may not sign personal messages that begin like this one. */
export class PersonalMessageNotAllowedError extends PolicyError {
  /** In bytes. */
  readonly length: number;
  constructor({ length, ...rest }: { length: number } & OfPolicy) {
    super(
      "PersonalMessageNotAllowedError",
      "The session may not sign this personal message.",
      [`Message: ${length} bytes`],
      rest,
    );
    this.length = length;
  }
}
