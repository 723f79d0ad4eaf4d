/** What a {@link LatchkeyError} is made of. */
export type LatchkeyErrorParameters = {
  /** The error that led to this one. */
  cause?: unknown;
  /** Lines with the numbers that matter, shown under the message. */
  facts?: readonly string[] | undefined;
};

/**
 * The class that every error of this package extends.
 *
 * `shortMessage` is one sentence, `code` a word for programs. `message` adds the facts and where the error is explained. `walk` goes down the chain
 * of causes, as with viem's errors.
 *
 * @example
 * import { createSessionKey, LatchkeyError } from "latchkey";
 *
 * try {
 *   createSessionKey({ privateKey: "0x1234" });
 * } catch (error) {
 *   if (error instanceof LatchkeyError) console.log(error.name, error.shortMessage);
 * }
 */
export class LatchkeyError extends Error {
  override name = "LatchkeyError";
  /** Which error it is, for programs: the class's name in words, without "Error". It does not change between versions. */
  readonly code: string;
  readonly shortMessage: string;
  readonly facts: readonly string[];
  /** Page that explains the error, from the root of the package. */
  readonly docsPath: string;

  constructor(name: string, shortMessage: string, { cause, facts = [] }: LatchkeyErrorParameters = {}) {
    const docsPath = `docs/errors/${name}.md`;
    super(
      [shortMessage, ...(facts.length > 0 ? ["", ...facts] : []), "", `Docs: ${docsPath}`].join("\n"),
      cause === undefined ? undefined : { cause },
    );
    this.name = name;
    // TotalLimitExceededError: total-limit-exceeded
    this.code = name
      .slice(0, -5)
      .replace(/\B[A-Z]/g, "-$&")
      .toLowerCase();
    this.shortMessage = shortMessage;
    this.facts = facts;
    this.docsPath = docsPath;
  }

  /** The innermost error of the chain of causes, or the first for which `predicate` is true, or null. */
  walk(): unknown;
  walk(predicate: (error: unknown) => boolean): unknown;
  walk(predicate?: (error: unknown) => boolean): unknown {
    let error: unknown = this;
    for (;;) {
      if (predicate?.(error)) return error;
      if (!(error instanceof Error) || error.cause === undefined) return predicate ? null : error;
      error = error.cause;
    }
  }
}
