import { LatchkeyError } from "./base.js";

/** A hook needs something that neither it nor a provider around it was given. */
export class LatchkeyNotConfiguredError extends LatchkeyError {
  /** What is missing: a parameter, or a chain's id. */
  readonly missing: "bundlerClient" | number;
  constructor({ missing }: { missing: "bundlerClient" | number }) {
    super(
      "LatchkeyNotConfiguredError",
      typeof missing === "number" ? `wagmi's config has no chain ${missing}.` : `There is no ${missing}.`,
      {
        facts: [
          typeof missing === "number"
            ? "Add it to `chains` and `transports` of `createConfig`, or give another `chainId`."
            : `Give \`${missing}\` to LatchkeyProvider, or to the hook.`,
        ],
      },
    );
    this.missing = missing;
  }
}
