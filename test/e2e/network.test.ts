import { describe, expect, it } from "vitest";
import { startAnvil } from "./harness/anvil.ts";
import { fundedKey, readerOf, writerOf } from "./harness/chain.ts";
import { deployEntryPoint } from "./harness/contracts.ts";
import { startStack } from "./harness/stack.ts";
import { world as connect } from "./harness/vitest.ts";
import { World } from "./harness/world.ts";

describe("a stack on a fork of a given network", () => {
  it("uses what is deployed there, beside one that runs already", async () => {
    const running = connect();
    const stack = await startStack({ forkUrl: running.info.forkedUrl });
    try {
      const forked = new World(stack.info);
      expect(stack.info.contracts).toEqual(running.contracts);
      expect(stack.info.chainId).toBe(running.info.chainId);
      expect(stack.info.rpcUrl).not.toBe(running.info.rpcUrl);
      expect(stack.info.bundlerUrl).not.toBe(running.info.bundlerUrl);
      const { address } = await forked.createAccount();
      expect(await forked.client.getCode({ address })).toBeDefined();
      expect(await running.client.getCode({ address })).toBeUndefined();
    } finally {
      await stack.stop();
    }
    await expect(readerOf({ id: stack.info.chainId, rpcUrl: stack.info.rpcUrl }).getBlockNumber()).rejects.toThrow();
  });

  it("says what the network lacks", async () => {
    const chain = { id: 4_242 };
    const anvil = await startAnvil({ from: { chainId: chain.id } });
    try {
      const { rpcUrl } = anvil;
      await expect(startStack({ forkUrl: rpcUrl })).rejects.toThrow("chain 4242 has no EntryPoint v0.7");
      await deployEntryPoint(writerOf({ ...chain, rpcUrl, key: await fundedKey({ ...chain, rpcUrl }) }));
      await expect(startStack({ forkUrl: rpcUrl })).rejects.toThrow("chain 4242 has no sessionKeyManager");
    } finally {
      await anvil.stop();
    }
  });
});
