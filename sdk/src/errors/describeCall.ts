import type { Comparison } from "../policies/abiRule.js";
import type { ArgumentValue, CallContext } from "./policy.js";

/** Lines that say which call it is about. */
export function describeContext({
  id,
  callIndex,
  actionIndex,
  policyIndex,
  signaturePolicyIndex,
  policy,
}: CallContext): readonly string[] {
  return [
    ...(callIndex === undefined ? [] : [`Call: ${callIndex}`]),
    ...(actionIndex === undefined ? [] : [`Action: ${actionIndex}`]),
    ...(policyIndex === undefined ? [] : [`Operation policy: ${policyIndex}`]),
    ...(signaturePolicyIndex === undefined ? [] : [`Signature policy: ${signaturePolicyIndex}`]),
    ...(policy === undefined ? [] : [`Policy: ${policy}`]),
    ...(id === undefined ? [] : [`Session: ${id}`]),
  ];
}

const comparisonWords: Record<Comparison, string> = {
  eq: "equal to",
  neq: "not equal to",
  lt: "less than",
  lte: "at most",
  gt: "more than",
  gte: "at least",
  between: "between",
  oneOf: "one of",
  mask: "under the mask",
  isAccount: "the account",
};

/** A comparison in words. */
export function describeRule(comparison: Comparison, expected: readonly ArgumentValue[]): string {
  const [first, second] = expected;
  if (comparison === "mask") return `argument & ${first} == ${second}`;
  return `${comparisonWords[comparison]} ${expected.join(comparison === "between" ? " and " : ", ")}`.trim();
}
