import { createServer, type ServerResponse } from "node:http";
import { ed25519 } from "@noble/curves/ed25519.js";
import { secp256k1_FROST as suite } from "@noble/curves/secp256k1.js";
import { bytesToHex, type Hex } from "viem";
import { afterEach, describe, expect, it } from "vitest";
import { operationToSign } from "../../test/operationToSign.js";
import { InvalidParameterError } from "../index.js";
import {
  createAuthorizationKey,
  type DistributedConsent,
  NodesMismatchError,
  NotEnoughNodesError,
  type ToDistributedSessionKeyParameters,
  toDistributedSessionKey,
} from "./index.js";
import { getIdentity, signNodeMessage } from "./messages.js";

const account = "0x00000000000000000000000000000000000000AA";
const secrets = [0, 1]
  .map(() => ed25519.utils.randomSecretKey())
  .sort((a, b) => (getIdentity(a) < getIdentity(b) ? -1 : 1));
const identities = secrets.map(getIdentity);
const running: { close: () => void }[] = [];

afterEach(() => {
  for (const server of running.splice(0)) server.close();
});

/** A node that answers as it is told. */
async function serve(answer: (response: ServerResponse, request: { path: string; body: string }) => void) {
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => answer(response, { path: request.url ?? "", body }));
  });
  running.push({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}` : "";
}

async function connect(urls: readonly string[]): Promise<ToDistributedSessionKeyParameters> {
  const authorizationKey = await createAuthorizationKey();
  const consent: DistributedConsent = {
    account,
    chainId: 1n,
    nodes: identities,
    threshold: 2,
    authorizationKey: authorizationKey.authorizationKey,
    validUntil: 2_000_000_000,
    salt: identities[0] ?? "0x",
  };
  const { public: dealt } = suite.trustedDealer({ min: 2, max: 2 });
  return {
    nodes: identities.map((identity, index) => ({ identity, url: urls[index] ?? "http://127.0.0.1:1" })),
    consent: { consent, signature: "0x" },
    authorizationKey,
    publicKey: { nodes: identities, threshold: 2, commitments: dealt.commitments.map((point) => bytesToHex(point)) },
    timeout: 1_000,
  };
}

/** What the first of two nodes is said to have done when the key is asked to sign. */
async function failureOf(url: string) {
  const sessionKey = toDistributedSessionKey(await connect([url]));
  const operation = operationToSign(sessionKey, account);
  const digest: Hex = `0x${"11".repeat(32)}`;
  const error = await sessionKey.sign(digest, JSON.parse("{}"), operation).catch((error: unknown) => error);
  if (!(error instanceof NotEnoughNodesError)) throw error;
  const failure = error.failures.find(({ node }) => node.identity === identities[0]);
  return { kind: failure?.kind, code: failure?.code, reason: failure?.reason };
}

describe("toDistributedSessionKey", () => {
  it("wants the nodes and the public key of the consent", async () => {
    const parameters = await connect([]);
    expect(toDistributedSessionKey(parameters).type).toBe("frost");
    const { publicKey } = parameters;
    expect(() => toDistributedSessionKey({ ...parameters, nodes: parameters.nodes.slice(1) })).toThrow(
      NodesMismatchError,
    );
    for (const changed of [
      { ...publicKey, nodes: [...identities].reverse() },
      { ...publicKey, threshold: 1, commitments: publicKey.commitments.slice(1) },
    ])
      expect(() => toDistributedSessionKey({ ...parameters, publicKey: changed })).toThrow(InvalidParameterError);
    expect(() => toDistributedSessionKey({ ...parameters, timeout: 0 })).toThrow("timeout");
  });
});

describe("a node that", () => {
  it("is not there, is unreachable", async () => {
    expect(await failureOf("http://127.0.0.1:1")).toMatchObject({ kind: "unreachable" });
  });

  it("does not answer, is slow", async () => {
    expect(await failureOf(await serve(() => {}))).toMatchObject({ kind: "timeout" });
  });

  it("stops in the middle, is slow", async () => {
    expect(await failureOf(await serve((response) => response.write('{"result":')))).toMatchObject({ kind: "timeout" });
  });

  it("refuses, says why", async () => {
    const error = { code: "denied", message: "Not here." };
    const url = await serve((response) => response.writeHead(403).end(JSON.stringify({ error })));
    expect(await failureOf(url)).toEqual({ kind: "refused", code: "denied", reason: "Not here." });
  });

  it.each([
    ["says nothing", ""],
    ["says what is no JSON", "hello"],
    ["says what is no message", '{"result":{}}'],
    ["never ends", `{"result":"${"x".repeat(1_100_000)}"}`],
  ])("%s, lies", async (_what, text) => {
    expect(await failureOf(await serve((response) => response.end(text)))).toMatchObject({ kind: "lied" });
  });

  it("is another one, lies", async () => {
    const [, second] = secrets;
    const url = await serve((response, { body }) => {
      const request: { key: Hex; body: string } = JSON.parse(body);
      const { attempt } = JSON.parse(request.body);
      const point = bytesToHex(suite.trustedDealer({ min: 2, max: 2 }).public.commitments[0] ?? new Uint8Array());
      const said = { type: "commitment", from: identities[0] ?? "0x", key: request.key, attempt } as const;
      const result = signNodeMessage(second ?? new Uint8Array(), { ...said, body: { hiding: point, binding: point } });
      response.end(JSON.stringify({ result }));
    });
    const { kind, reason } = await failureOf(url);
    expect([kind, reason]).toEqual([
      "lied",
      "What it said is not right: a message is not signed by the node that it names",
    ]);
  });

  it("sends elsewhere, is not followed", async () => {
    let followed = false;
    const elsewhere = await serve((response) => {
      followed = true;
      response.end();
    });
    const url = await serve((response) => response.writeHead(307, { location: elsewhere }).end());
    expect((await failureOf(url)).kind).toBe("unreachable");
    expect(followed).toBe(false);
  });
});
