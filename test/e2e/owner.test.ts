import { encodeFunctionData } from "viem";
import { describe, expect, it } from "vitest";
import { tokenAbi } from "./harness/abis.ts";
import { world } from "./harness/vitest.ts";

describe("an account's owner", () => {
  const recipient = "0x00000000000000000000000000000000000000aa";

  it("sends tokens by a user operation that the bundler has traced", async () => {
    const { contracts, client, ...rest } = world();
    expect(rest.info.chainId).toBe(await client.getChainId());
    const { bundler, address } = await world().createAccount();
    const before = await world().balanceOf(contracts.token, recipient);
    const data = encodeFunctionData({ abi: tokenAbi, functionName: "transfer", args: [recipient, 5n] });
    const hash = await bundler.sendUserOperation({ calls: [{ to: contracts.token, data }] });
    const { success, sender } = await bundler.waitForUserOperationReceipt({ hash });
    expect({ success, sender }).toEqual({ success: true, sender: address });
    expect(await world().balanceOf(contracts.token, recipient)).toBe(before + 5n);
  });
});
