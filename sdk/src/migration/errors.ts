import { LatchkeyError } from "../errors/base.js";

/** Something in another system's session has no exact counterpart here, or does not say what is meant. */
export class NotConvertibleError extends LatchkeyError {
  /** Which part of it. */
  readonly path: string;
  constructor({ path, reason, cause }: { path: string; reason: string; cause?: unknown }) {
    super("NotConvertibleError", `\`${path}\` cannot be converted exactly.`, { cause, facts: [`Reason: ${reason}`] });
    this.path = path;
  }
}
