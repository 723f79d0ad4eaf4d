import { type Address, encodeAbiParameters, type Hex, keccak256, parseAbiParameters } from "viem";

const parameters = parseAbiParameters("bytes32 id, address policy, bytes32 configHash");

/**
 * The id under which a policy counts what is spent: one for all actions with the same policy and configuration.
 *
 * @returns 32 bytes.
 *
 * @example
 * import { getBudgetId, getSessionId, type Session } from "latchkey";
 *
 * const budgetsOf = (session: Session) =>
 *   session.operationPolicies.map((policy) => getBudgetId({ id: getSessionId(session), ...policy }));
 */
export function getBudgetId({ id, policy, config }: { id: Hex; policy: Address; config: Hex }): Hex {
  return keccak256(encodeAbiParameters(parameters, [id, policy, keccak256(config)]));
}
