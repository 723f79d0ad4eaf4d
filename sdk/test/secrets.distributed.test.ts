import { secp256k1_FROST as suite } from "@noble/curves/secp256k1.js";
import { bytesToHex, type Hex, hexToBytes, keccak256, stringToHex } from "viem";
import { generatePrivateKey } from "viem/accounts";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  type AuthorizationKey,
  createAuthorizationKey,
  createDistributedSessionKey,
  type DistributedNode,
  revokeDistributedSessionKey,
  signDistributedConsent,
  toAuthorizationKey,
  toDistributedSessionKey,
} from "../src/distributed/index.js";
import { getIdentity, signNodeMessage, signRequest } from "../src/distributed/messages.js";
import { parameters } from "./fixtures.js";
import { catchLogs } from "./logged.js";
import { expectNoSecret, formsOf, formsOfText, type Secrets } from "./scan.js";

const kinds = [
  ["p256", { name: "ECDSA", namedCurve: "P-256" }],
  ["ed25519", { name: "Ed25519" }],
] as const;

/** A key pair that can be exported, which is the worst that one can come with, and its secret in all forms. */
async function createKeyPair(algorithm: (typeof kinds)[number][1]) {
  const keyPair = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  if (!("privateKey" in keyPair)) throw new Error("no key pair");
  const jwk = await crypto.subtle.exportKey("jwk", keyPair.privateKey);
  const secret = bytesToHex(Buffer.from(jwk.d ?? "", "base64url"));
  return { keyPair, jwk, secret };
}

const logged = catchLogs();

afterEach(() => {
  vi.unstubAllGlobals();
});

const identities = ["one", "two"].map((name) => getIdentity(hexToBytes(keccak256(stringToHex(name))))).sort();
const nodes = identities.map((identity): DistributedNode => ({ url: "https://node.example", identity }));

function agree(authorizationKey: Pick<AuthorizationKey, "authorizationKey">, change: object = {}) {
  return signDistributedConsent({
    account: parameters.account,
    chainId: 1,
    nodes,
    threshold: 2,
    authorizationKey,
    validUntil: 2_000_000_000,
    signer: { signTypedData: async () => "0x1234" },
    ...change,
  });
}

/** What comes of something, be it an error. */
async function outcomeOf(act: () => unknown): Promise<unknown> {
  try {
    return await act();
  } catch (error) {
    return error;
  }
}

/** Nodes that answer whatever they are asked with all they were told. */
function stubNodes(): string[] {
  const sent: string[] = [];
  vi.stubGlobal("fetch", async (_url: string, { body }: { body: string }) => {
    sent.push(body);
    const error = { code: "no", message: `not this: ${body}` };
    return new Response(JSON.stringify({ error }), { status: 403 });
  });
  return sent;
}

function publicKeyOf() {
  const { public: dealt } = suite.trustedDealer({ min: 2, max: 2 });
  return { nodes: identities, threshold: 2, commitments: dealt.commitments.map((point) => bytesToHex(point)) };
}

describe.each(kinds)("the secret of an authorisation key (%s)", (_type, algorithm) => {
  it("is in nothing that is made, sent or shown", async () => {
    const { keyPair, jwk, secret } = await createKeyPair(algorithm);
    const secrets: Secrets = [["the authorisation key", formsOf(secret)]];
    expect(() => expectNoSecret(secrets, "it", jwk)).toThrow("in it");
    const key = await toAuthorizationKey({ keyPair });
    const consent = await agree(key);
    const sent = stubNodes();
    const progress: unknown[] = [];
    const connection = { nodes, consent, authorizationKey: key, onProgress: (event: unknown) => progress.push(event) };
    const session = toDistributedSessionKey({ ...connection, publicKey: publicKeyOf() });
    const shown: [string, unknown][] = [
      ["the key", key],
      ["its key pair", keyPair],
      ["its signature", await key.sign(new Uint8Array(32))],
      ["a request", await signRequest(key, { node: "0x", purpose: "sign", key: "0x", body: {} })],
      ["a consent", consent],
      ["the session key", session],
      ["an error of generating", await outcomeOf(() => createDistributedSessionKey(connection))],
      ["an error of signing", await outcomeOf(() => session.sign(keccak256("0x"), JSON.parse("{}")))],
      [
        "an error of revoking",
        await revokeDistributedSessionKey({ nodes, consent, signer: { signTypedData: async () => "0x" } }),
      ],
      ["what was sent", sent],
      ["progress", progress],
      ["a log", logged],
    ];
    expect(sent.length).toBeGreaterThan(3);
    expect(progress.length).toBeGreaterThan(3);
    for (const [what, value] of shown) expectNoSecret(secrets, what, value);
  });

  it("is in no error, where it is given in the wrong place", async () => {
    const { keyPair, jwk, secret } = await createKeyPair(algorithm);
    const secrets: Secrets = [["the authorisation key", formsOf(secret)]];
    const key = await toAuthorizationKey({ keyPair });
    const consent = await agree(key);
    stubNodes();
    const publicKey = publicKeyOf();
    const connection = { nodes, consent, authorizationKey: key, publicKey };
    const { privateKey, publicKey: verifyingKey } = keyPair;
    for (const given of [secret, secret.slice(2), `${secret}00`, jwk, hexToBytes(secret), privateKey] as never[]) {
      const failures: [string, () => unknown][] = [
        ["a key's parameters", () => createAuthorizationKey(given)],
        ["a kind", () => createAuthorizationKey({ type: given })],
        ["another parameter", () => createAuthorizationKey({ privateKey: given } as never)],
        ["what a key is made of", () => toAuthorizationKey(given)],
        ["a key pair", () => toAuthorizationKey({ keyPair: given })],
        ["a key pair's private key", () => toAuthorizationKey({ keyPair: { privateKey: given, publicKey: given } })],
        ["a key pair's public key", () => toAuthorizationKey({ keyPair: { privateKey, publicKey: given } })],
        [
          "a key pair the wrong way round",
          () => toAuthorizationKey({ keyPair: { privateKey: verifyingKey, publicKey: privateKey } }),
        ],
        ["a consent's authorisation key", () => agree(given)],
        ["its public key", () => agree({ authorizationKey: given })],
        ["an account", () => agree(key, { account: given })],
        ["a chain", () => agree(key, { chainId: given })],
        ["nodes", () => agree(key, { nodes: given })],
        ["a node", () => agree(key, { nodes: [given, given] })],
        ["a threshold", () => agree(key, { threshold: given })],
        ["a time", () => agree(key, { validUntil: given })],
        ["who signs", () => agree(key, { signer: given })],
        ["a consent", () => toDistributedSessionKey({ ...connection, consent: given })],
        ["nodes of a key", () => toDistributedSessionKey({ ...connection, nodes: given })],
        [
          "the identity of a node",
          () => toDistributedSessionKey({ ...connection, nodes: [{ url: "https://node.example", identity: given }] }),
        ],
        ["a public key", () => toDistributedSessionKey({ ...connection, publicKey: given })],
        [
          "a commitment",
          () => toDistributedSessionKey({ ...connection, publicKey: { ...publicKey, commitments: [given, given] } }),
        ],
        ["a timeout", () => toDistributedSessionKey({ ...connection, timeout: given })],
        ["a threshold of a key", () => createDistributedSessionKey({ ...connection, threshold: given } as never)],
        [
          "who asks nodes",
          () => createDistributedSessionKey({ nodes, consent, authorizationKey: given, timeout: 1_000 }),
        ],
        [
          "a revocation's consent",
          () => revokeDistributedSessionKey({ nodes, consent: given, signer: { signTypedData: async () => "0x" } }),
        ],
        ["who signs a revocation", () => revokeDistributedSessionKey({ nodes, consent, signer: given })],
      ];
      for (const [what, act] of failures) {
        const error = await outcomeOf(act);
        expect(error, what).toBeInstanceOf(Error);
        expectNoSecret(secrets, `the error of ${what}`, error);
      }
    }
    expectNoSecret(secrets, "a log", logged);
  });
});

it("shows no passphrase or private key of a signer that fails", async () => {
  const [privateKey, passphrase] = [generatePrivateKey(), "my voice is my passport"];
  const secrets: Secrets = [
    ["the private key", formsOf(privateKey)],
    ["the passphrase", formsOfText(passphrase)],
  ];
  const key = await createAuthorizationKey();
  for (const signature of [`${privateKey}0`, passphrase] as Hex[]) {
    expectNoSecret(
      secrets,
      "an error",
      await outcomeOf(() => agree(key, { signer: { signTypedData: async () => signature } })),
    );
    expectNoSecret(secrets, "an error", await outcomeOf(() => agree(key, { prefix: signature })));
  }
  const from = getIdentity(hexToBytes(privateKey));
  expectNoSecret(
    secrets,
    "a node's message",
    signNodeMessage(hexToBytes(privateKey), { type: "share", from, key: "0x", attempt: "0x", body: {} }),
  );
});
