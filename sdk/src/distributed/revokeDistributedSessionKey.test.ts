import { createServer, type Server } from "node:http";
import { type Hex, hashTypedData, hexToBytes, keccak256, stringToHex, toHex } from "viem";
import { afterEach, expect, it, vi } from "vitest";
import {
  type DistributedConsent,
  type DistributedNode,
  getDistributedKeyId,
  getDistributedRevocationTypedData,
} from "./consent.js";
import { getIdentity, type NodeMessage, signNodeMessage } from "./messages.js";
import { revokeDistributedSessionKey } from "./revokeDistributedSessionKey.js";
import { toWireConsent } from "./wire.js";

const identities = [1, 2, 3, 4, 5].map((number) => keccak256(stringToHex(`node ${number}`)));
const consent: DistributedConsent = {
  account: "0x0000000000000000000000000000000000000001",
  chainId: 1n,
  nodes: identities.map((identity) => getIdentity(hexToBytes(identity))).sort(),
  threshold: 2,
  authorizationKey: `0x01${"00".repeat(32)}`,
  validUntil: 2_000_000_000,
  salt: toHex(1, { size: 32 }),
};
const key = getDistributedKeyId(consent);
const digest = hashTypedData(getDistributedRevocationTypedData({ key, deleteShares: true }));

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A node, or whoever is in its place, that answers so. */
async function serve(index: number, result: (identity: Uint8Array) => unknown): Promise<DistributedNode> {
  const identity = hexToBytes(identities[index] ?? "0x");
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "application/json").end(JSON.stringify({ result: result(identity) }));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("not listening");
  return { url: `http://127.0.0.1:${address.port}`, identity: getIdentity(identity) };
}

function say(identity: Uint8Array, change: Partial<NodeMessage> = {}, share = false): NodeMessage {
  const from = getIdentity(identity);
  return signNodeMessage(identity, { type: "revoked", from, key, attempt: digest, ...change, body: { share } });
}

it("counts a key as revoked where the node itself says so, whoever carries the answer", async () => {
  const nodes = await Promise.all([
    serve(0, (identity) => ({ status: "revoked", share: false, message: say(identity) })),
    serve(1, () => ({ status: "revoked", share: false })),
    serve(2, () => ({ message: say(hexToBytes(identities[0] ?? "0x")) })),
    serve(3, (identity) => ({ message: say(identity, { attempt: key }) })),
    serve(4, (identity) => ({ message: say(identity, {}, true) })),
  ]);
  const { revoked, failures } = await revokeDistributedSessionKey({
    nodes,
    consent: { consent, signature: "0x" },
    signer: { signTypedData: async () => "0x" },
    deleteShares: true,
  });
  expect(revoked).toEqual([nodes[0]]);
  expect(failures.map(({ kind, reason }) => `${kind}: ${reason}`)).toEqual([
    "lied: What it said is not right: message is no object",
    "lied: What it said is not right: a message is from another node",
    "lied: What it said is not right: a message is of another attempt",
    "lied: What it said is not right: the share is not deleted",
  ]);
});

it("sends the owner's signature with its prefix, and the consent, and deletes nothing unless asked to", async () => {
  const asked: { url: string; body: unknown }[] = [];
  vi.stubGlobal("fetch", async (url: string, { body }: { body: string }) => {
    asked.push({ url, body: JSON.parse(body) });
    const [identity = "0x"] = identities;
    const attempt = hashTypedData(getDistributedRevocationTypedData({ key, deleteShares: false }));
    return new Response(JSON.stringify({ result: { message: say(hexToBytes(identity), { attempt }, true) } }));
  });
  const nodes = [{ url: "https://one.example/", identity: getIdentity(hexToBytes(identities[0] ?? "0x")) }];
  const signed = { consent, signature: "0x5678" } as const;
  const signer = { signTypedData: async (): Promise<Hex> => "0xAB" };
  const more = { timeout: 1_000, contracts: {} };
  const { revoked } = await revokeDistributedSessionKey({ nodes, consent: signed, signer, prefix: "0x12", ...more });
  vi.unstubAllGlobals();
  expect(revoked).toEqual(nodes);
  const body = {
    key,
    deleteShares: false,
    signature: "0x12ab",
    consent: JSON.parse(JSON.stringify(toWireConsent(signed))),
  };
  expect(asked).toEqual([{ url: "https://one.example/v1/revoke", body }]);
});

it("refuses what it does not know, with the name of what is wrong", async () => {
  const known = {
    nodes: [],
    consent: { consent, signature: "0x" },
    signer: { signTypedData: async () => "0x" },
  } as const;
  const failures = [[], { ...known, node: 1 }, { ...known, timeout: 0 }, { ...known, prefix: "0x1" }];
  const wrong = { ...known, signer: { signTypedData: async () => "0x1" } };
  const errors = await Promise.all(
    [...failures, wrong].map((parameters) =>
      revokeDistributedSessionKey(parameters as never).catch((error: Error) => error.message.split("\n")[0]),
    ),
  );
  expect(errors).toMatchInlineSnapshot(`
    [
      "\`revokeDistributedSessionKey's argument\` is not an object.",
      "There is no parameter \`node\`.",
      "\`timeout\` is not a whole number in its range.",
      "\`prefix\` is not whole bytes of hex.",
      "\`signature\` is not whole bytes of hex.",
    ]
  `);
});
