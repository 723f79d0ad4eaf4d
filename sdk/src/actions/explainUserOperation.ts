import { type Address, type Chain, type Client, encodeFunctionData, parseAbi, type Transport } from "viem";
import {
  entryPoint07Address,
  getUserOperationHash,
  toPackedUserOperation,
  type UserOperation,
} from "viem/account-abstraction";
import { call, getChainId } from "viem/actions";
import { getAction } from "viem/utils";
import type { LatchkeyError } from "../errors/base.js";
import { type DecodeSessionErrorParameters, decodeSessionError } from "../errors/decodeSessionError.js";

const validateUserOpAbi = parseAbi([
  "struct PackedUserOperation { address sender; uint256 nonce; bytes initCode; bytes callData; bytes32 accountGasLimits; uint256 preVerificationGas; bytes32 gasFees; bytes paymasterAndData; bytes signature; }",
  "function validateUserOp(PackedUserOperation userOp, bytes32 userOpHash, uint256 missingAccountFunds) returns (uint256 validationData)",
]);

export type ExplainUserOperationParameters = DecodeSessionErrorParameters & {
  /** The signed user operation. */
  userOperation: UserOperation<"0.7">;
  /** The EntryPoint; the canonical one of version 0.7 if it is left out. */
  entryPointAddress?: Address | undefined;
};

/** Why the account refuses the operation; undefined if it does not, or for a reason outside of sessions. */
export type ExplainUserOperationReturnType = LatchkeyError | undefined;

/**
 * Asks the account itself whether it accepts a signed user operation, for when a bundler says that it was refused but not
 * why. The time window is not judged, which the EntryPoint does.
 *
 * @param client A client that can call contracts.
 * @param parameters {@link ExplainUserOperationParameters}
 * @returns The typed error, or undefined.
 *
 * @example
 * import { explainUserOperation } from "latchkey";
 * import { createPublicClient, http } from "viem";
 * import type { UserOperation } from "viem/account-abstraction";
 * import { sepolia } from "viem/chains";
 *
 * const client = createPublicClient({ chain: sepolia, transport: http() });
 * const explain = async (userOperation: UserOperation<"0.7">) =>
 *   (await explainUserOperation(client, { userOperation }))?.message;
 */
export async function explainUserOperation(
  client: Client<Transport, Chain | undefined>,
  { userOperation, entryPointAddress = entryPoint07Address, ...options }: ExplainUserOperationParameters,
): Promise<ExplainUserOperationReturnType> {
  const chainId = client.chain?.id ?? (await getAction(client, getChainId, "getChainId")({}));
  const userOpHash = getUserOperationHash({
    chainId,
    entryPointAddress,
    entryPointVersion: "0.7",
    userOperation,
  });
  const packed = toPackedUserOperation(userOperation);
  try {
    const { data = "0x" } = await getAction(
      client,
      call,
      "call",
    )({
      account: entryPointAddress,
      to: userOperation.sender,
      data: encodeFunctionData({
        abi: validateUserOpAbi,
        functionName: "validateUserOp",
        args: [packed, userOpHash, 0n],
      }),
    });
    // The low 160 bits of the answer are 1 if the signature is wrong.
    return BigInt.asUintN(160, BigInt(data === "0x" ? 0 : data)) === 1n
      ? decodeSessionError("AA24 signature error", options)
      : undefined;
  } catch (error) {
    return decodeSessionError(error, options);
  }
}
