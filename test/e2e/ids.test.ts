import fc from "fast-check";
import { getSessionId, getSessionTypedData, sessionKeyManagerAbi } from "latchkey";
import { createPublicClient, hashTypedData, http } from "viem";
import { expect, it } from "vitest";
import { arbitrarySession } from "../../sdk/test/arbitraries.ts";
import { world } from "./harness/vitest.ts";

it("has the same id and digest in TypeScript, by viem and by the contract, for 1,000 random sessions", async () => {
  const { info, contracts } = world();
  const client = createPublicClient({ transport: http(info.rpcUrl, { batch: { batchSize: 50 } }) });
  const manager = { address: contracts.sessionKeyManager, abi: sessionKeyManagerAbi } as const;
  const sessions = fc.sample(arbitrarySession, 1_000);
  await Promise.all(
    sessions.map(async (session) => {
      const [id, digest] = await Promise.all([
        client.readContract({ ...manager, functionName: "hashSession", args: [session] }),
        client.readContract({ ...manager, functionName: "hashSessionTypedData", args: [session] }),
      ]);
      expect(getSessionId(session)).toBe(id);
      expect(hashTypedData(getSessionTypedData(session))).toBe(digest);
    }),
  );
});
