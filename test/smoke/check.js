// What every app does: defines a session, writes it out, reads it, signs a use with its key, and says what came out.
import {
  allowErc20,
  createSessionKey,
  decodeUse,
  defineSession,
  describeSession,
  encodeUse,
  getSessionId,
  getSessionTree,
  matchCalls,
  parseSession,
  serializeSession,
  sessionTypes,
} from "latchkey";
import { encodeFunctionData, erc20Abi, hashStruct } from "viem";

export async function check() {
  const sessionKey = createSessionKey({ privateKey: `0x${"11".repeat(32)}` });
  const session = defineSession({
    account: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    chainId: 1,
    sessionKey,
    validUntil: 1_900_000_000,
    salt: `0x${"22".repeat(32)}`,
    fees: { maxPerOperation: 10n ** 16n, total: "unlimited" },
    actions: [
      allowErc20({
        token: "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
        recipients: ["0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"],
        total: 50_000_000n,
      }),
    ],
  });
  const read = parseSession(serializeSession(session));
  const id = getSessionId(read);
  const calls = [
    {
      to: "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
      value: 0n,
      data: encodeFunctionData({
        abi: erc20Abi,
        functionName: "transfer",
        args: ["0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC", 1n],
      }),
    },
  ];
  const claims = matchCalls({ session: read, calls });
  const use = encodeUse({ session: read, claims });
  const { actions } = decodeUse({ data: use, callCount: calls.length });
  return {
    // By viem itself, from the types alone.
    isHashed: id === hashStruct({ types: sessionTypes, primaryType: "Session", data: session }),
    isRoot: getSessionTree([session]).root === id,
    isDecoded: typeof actions[claims[0] ?? 0] === "object",
    hasWords: (await describeSession(session, { now: 1_800_000_000 })).lines.length > 0,
    hidesKey: !JSON.stringify(sessionKey).includes("1111111111"),
  };
}
