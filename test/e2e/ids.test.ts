import fc from "fast-check";
import { getSessionId, hashSessionBundle, sessionKeyManagerAbi } from "latchkey";
import { createPublicClient, http } from "viem";
import { expect, it } from "vitest";
import { arbitrarySession } from "../../sdk/test/arbitraries.ts";
import { world } from "./harness/vitest.ts";

it("has the same id and digest of a bundle in TypeScript, by viem and by the contract, for 1,000 random sessions", async () => {
  const { info, contracts } = world();
  const client = createPublicClient({ transport: http(info.rpcUrl, { batch: { batchSize: 50 } }) });
  const manager = { address: contracts.sessionKeyManager, abi: sessionKeyManagerAbi } as const;
  const sessions = fc.sample(arbitrarySession, 1_000);
  await Promise.all(
    sessions.map(async (session, index) => {
      const other = sessions[sessions.length - 1 - index] ?? session;
      const [id, digest] = await Promise.all([
        client.readContract({ ...manager, functionName: "hashSession", args: [session] }),
        client.readContract({ ...manager, functionName: "hashSessionBundle", args: [[session, other]] }),
      ]);
      expect(getSessionId(session)).toBe(id);
      expect(hashSessionBundle([session, other])).toBe(digest);
    }),
  );
});
