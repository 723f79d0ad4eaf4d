import { type Address, parseEther } from "viem";
import { entryPoint07Address } from "viem/account-abstraction";
import { allowErc20, defineSession, type OperationToSign, type SessionKey } from "../src/index.js";

/** An operation of an account that does nothing, and a session of a key. */
export function operationToSign(sessionKey: SessionKey, account: Address): OperationToSign {
  return {
    chainId: 1,
    entryPoint: { address: entryPoint07Address, version: "0.7" },
    session: defineSession({
      account,
      chainId: 1,
      sessionKey,
      validUntil: 2_000_000_000,
      fees: { maxPerOperation: parseEther("0.1"), total: "unlimited" },
      actions: [allowErc20({ token: "0x00000000000000000000000000000000000000bb", total: 1n })],
    }),
    use: "0x",
    userOperation: {
      ...{ sender: account, nonce: 0n, callData: "0x", callGasLimit: 0n, verificationGasLimit: 0n },
      ...{ preVerificationGas: 0n, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n, signature: "0x" },
    },
  };
}
