import type { Hex } from "viem";
import { LatchkeyError } from "../errors/base.js";
import type { DistributedNode } from "./consent.js";

/** Why a node could not be counted on. */
export type NodeFailure = {
  readonly node: DistributedNode;
  /**
   * "unreachable" (it could not be connected to), "timeout" (it did not answer in time), "refused" (it said no: `code` says
   * which check), "lied" (what it said does not fit what it must be).
   */
  readonly kind: "unreachable" | "timeout" | "refused" | "lied";
  /** The check that a node named when it refused, such as "calls" or "value-per-day". */
  readonly code: string | undefined;
  /** One sentence. */
  readonly reason: string;
};

function toFacts(failures: readonly NodeFailure[]): readonly string[] {
  return failures.map(
    ({ node, kind, code, reason }) => `${node.url}: ${kind}${code === undefined ? "" : ` (${code})`}. ${reason}`,
  );
}

/** The nodes could not generate a key: it takes all of them. */
export class KeyGenerationFailedError extends LatchkeyError {
  /** The nodes that failed, and why. */
  readonly failures: readonly NodeFailure[];
  constructor({ step, failures }: { step: string; failures: readonly NodeFailure[] }) {
    super("KeyGenerationFailedError", "The nodes could not generate a key.", {
      facts: [`Step: ${step}`, ...toFacts(failures)],
    });
    this.failures = failures;
  }
}

/** Fewer nodes than it takes could, or would, sign. */
export class NotEnoughNodesError extends LatchkeyError {
  /** How many it takes. */
  readonly threshold: number;
  /** The nodes that failed, and why. */
  readonly failures: readonly NodeFailure[];
  constructor({
    threshold,
    available,
    failures,
  }: { threshold: number; available: number; failures: readonly NodeFailure[] }) {
    super("NotEnoughNodesError", "Too few of the key's nodes sign.", {
      facts: [`Needed: ${threshold}`, `Left: ${available}`, ...toFacts(failures)],
    });
    this.threshold = threshold;
    this.failures = failures;
  }

  /** The check that refused, if all nodes that answered named the same. */
  get refusedBy(): string | undefined {
    const codes = new Set(this.failures.flatMap(({ code }) => (code === undefined ? [] : [code])));
    return codes.size === 1 ? [...codes][0] : undefined;
  }
}

/** Nodes sign operations that they can look at, and nothing else. */
export class DistributedSigningNotSupportedError extends LatchkeyError {
  constructor() {
    super("DistributedSigningNotSupportedError", "A distributed key signs user operations only.", {
      facts: ["Messages and typed data (ERC-1271) need a session with a key of another kind."],
    });
  }
}

/** The nodes at hand are not those that the owner consented to. */
export class NodesMismatchError extends LatchkeyError {
  constructor({ expected, actual }: { expected: readonly Hex[]; actual: readonly DistributedNode[] }) {
    const given = actual.map(({ identity }) => identity.toLowerCase());
    const missing = expected.filter((identity) => !given.includes(identity));
    const others = actual.filter(({ identity }) => !expected.some((known) => known === identity.toLowerCase()));
    super("NodesMismatchError", "The nodes are not those of the consent.", {
      // Not what was given as an identity: it may be a secret in the wrong place.
      facts: [
        `Expected: ${expected.join(", ")}`,
        `Missing: ${missing.length === 0 ? "none" : missing.join(", ")}`,
        `Not expected: ${others.length === 0 ? "none" : others.map(({ url }) => url).join(", ")}`,
        `Given: ${actual.length}`,
      ],
    });
  }
}
