import { type Address, type Chain, type Client, encodeFunctionData, type Hex, parseAbi, type Transport } from "viem";
import {
  entryPoint07Address,
  entryPoint08Address,
  getUserOperationHash,
  toPackedUserOperation,
  type UserOperation,
} from "viem/account-abstraction";
import { call, getChainId } from "viem/actions";
import { getAction } from "viem/utils";
import type { LatchkeyError } from "../errors/base.js";
import { type DecodeSessionErrorParameters, decodeSessionError } from "../errors/decodeSessionError.js";
import { getManager } from "../manager.js";

const struct =
  "struct PackedUserOperation { address sender; uint256 nonce; bytes initCode; bytes callData; bytes32 accountGasLimits; uint256 preVerificationGas; bytes32 gasFees; bytes paymasterAndData; bytes signature; }";
const accountAbi = parseAbi([
  struct,
  "function validateUserOp(PackedUserOperation userOp, bytes32 userOpHash, uint256 missingAccountFunds) returns (uint256 validationData)",
]);
const validatorAbi = parseAbi([
  struct,
  "function validateUserOp(PackedUserOperation userOp, bytes32 userOpHash) returns (uint256 validationData)",
]);

export type ExplainUserOperationParameters = DecodeSessionErrorParameters & {
  /** The signed user operation. */
  userOperation: UserOperation<"0.7">;
  /** The version of the account's EntryPoint; "0.7" if it is left out. */
  entryPointVersion?: "0.7" | "0.8" | undefined;
  /** The EntryPoint; the canonical one of the version if it is left out. */
  entryPointAddress?: Address | undefined;
};

/** Why the account refuses the operation; undefined if it does not, or for a reason outside of sessions. */
export type ExplainUserOperationReturnType = LatchkeyError | undefined;

/**
 * Asks the account itself whether it accepts a signed user operation, for when a bundler says that it was refused but not
 * why; and the manager on the account's behalf, if the account does not pass on the reason, as Safe7579 does not. The time
 * window is not judged, which the EntryPoint does.
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
  {
    userOperation,
    entryPointVersion = "0.7",
    entryPointAddress = entryPointVersion === "0.7" ? entryPoint07Address : entryPoint08Address,
    ...options
  }: ExplainUserOperationParameters,
): Promise<ExplainUserOperationReturnType> {
  const chainId = client.chain?.id ?? (await getAction(client, getChainId, "getChainId")({}));
  const userOpHash = getUserOperationHash({ chainId, entryPointAddress, entryPointVersion, userOperation });
  const packed = toPackedUserOperation(userOperation);
  const { sender } = userOperation;
  const byAccount = await ask({
    account: entryPointAddress,
    to: sender,
    data: encodeFunctionData({ abi: accountAbi, functionName: "validateUserOp", args: [packed, userOpHash, 0n] }),
  });
  if (byAccount !== "unknown") return byAccount;
  const byManager = await ask({
    account: sender,
    to: getManager(options.contracts),
    data: encodeFunctionData({ abi: validatorAbi, functionName: "validateUserOp", args: [packed, userOpHash] }),
  });
  return byManager === "unknown" ? undefined : byManager;

  /** What an answer to `validateUserOp` means; "unknown" if it is a revert that says nothing known. */
  async function ask(question: {
    account: Address;
    to: Address;
    data: Hex;
  }): Promise<LatchkeyError | undefined | "unknown"> {
    try {
      const { data = "0x" } = await getAction(client, call, "call")(question);
      // The low 160 bits of the answer are 1 if the signature is wrong.
      return BigInt.asUintN(160, BigInt(data === "0x" ? 0 : data)) === 1n
        ? decodeSessionError("AA24 signature error", options)
        : undefined;
    } catch (error) {
      return decodeSessionError(error, options) ?? "unknown";
    }
  }
}
