import { size } from "viem";
import type { UserOperation } from "viem/account-abstraction";
import type { OperationFacts } from "./checkSessionCalls.js";

/** The parts of a user operation that say what it may cost and who pays. */
export type GetOperationFactsParameters = Pick<
  UserOperation<"0.7">,
  | "callGasLimit"
  | "verificationGasLimit"
  | "preVerificationGas"
  | "maxFeePerGas"
  | "paymaster"
  | "paymasterVerificationGasLimit"
  | "paymasterPostOpGasLimit"
  | "factory"
  | "factoryData"
>;

export type GetOperationFactsReturnType = OperationFacts;

const largest = 2n ** 256n - 1n;

/**
 * What a user operation may cost at the most, and who pays: what sessions limit, for {@link checkSessionCalls}.
 *
 * @param userOperation With its gas limits and fees, as it is after estimation.
 * @returns {@link OperationFacts}
 *
 * @example
 * import { getOperationFacts } from "latchkey";
 *
 * const { cost } = getOperationFacts({
 *   callGasLimit: 100_000n,
 *   verificationGasLimit: 150_000n,
 *   preVerificationGas: 50_000n,
 *   maxFeePerGas: 1_000_000_000n,
 * }); // 300,000 gas at 1 gwei: 300_000_000_000_000n wei
 */
export function getOperationFacts({
  callGasLimit,
  verificationGasLimit,
  preVerificationGas,
  maxFeePerGas,
  paymaster,
  paymasterVerificationGasLimit = 0n,
  paymasterPostOpGasLimit = 0n,
  factory,
  factoryData = "0x",
}: GetOperationFactsParameters): GetOperationFactsReturnType {
  const ofPaymaster = paymaster === undefined ? 0n : paymasterVerificationGasLimit + paymasterPostOpGasLimit;
  const cost = (callGasLimit + verificationGasLimit + preVerificationGas + ofPaymaster) * maxFeePerGas;
  // Under EIP-7702, "0x7702" stands in place of a factory, and what follows is a call of the account.
  const isDelegated = factory !== undefined && /^0x77020*$/.test(factory);
  return {
    cost: cost < largest ? cost : largest,
    paymaster,
    ...(isDelegated ? { initializerLength: size(factoryData) } : {}),
  };
}
