import { ed25519 } from "@noble/curves/ed25519.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { bytesToHex, concat, type Hex, hexToBytes, sha256, slice, stringToBytes, toHex } from "viem";
import { describe, expect, it } from "vitest";
import { told } from "../../test/told.js";
import { toAuthorizationKey, verifyAuthorization } from "./authorizationKey.js";
import { parseConsent } from "./consent.js";
import { getIdentifier, getTranscript, parseGenerated, parseRound1 } from "./frost.js";
import { createAuthorizationKey } from "./index.js";
import { asFields, asHex, asList, asNumber, asString, openNodeMessage, parseJson, signRequest } from "./messages.js";

const word = (number: number): Hex => toHex(number, { size: 32 });
const points = [1n, 2n, 3n].map((number) => bytesToHex(secp256k1.Point.BASE.multiply(number).toBytes()));
const proof: Hex = `0x${"12".repeat(65)}`;

describe("what a node says in the first round", () => {
  const said = { commitment: points.slice(0, 2), proof, encryptionKey: word(7) };

  it("is read as it is, and nothing else of it", () => {
    expect(parseRound1(said, 2)).toEqual(said);
    expect(parseRound1({ ...said, more: 1 }, 2)).toEqual(said);
  });

  it.each([
    ["no object", [], "round1 is no object"],
    ["no list", { ...said, commitment: points[0] }, "commitment is no list of at most 2"],
    ["a point too many", { ...said, commitment: points }, "commitment is no list of at most 2"],
    ["a point too few", { ...said, commitment: points.slice(0, 1) }, "a commitment has another threshold"],
    [
      "no point",
      { ...said, commitment: [points[0], `0x02${"00".repeat(31)}05`] },
      "commitment is no point of the curve",
    ],
    ["half a point", { ...said, commitment: [points[0], word(1)] }, "commitment is not 33 bytes of hex"],
    ["a proof that is cut", { ...said, proof: slice(proof, 1) }, "proof is not 65 bytes of hex"],
    ["no proof", { ...said, proof: undefined }, "proof is not 65 bytes of hex"],
    ["another encryption key", { ...said, encryptionKey: "0x12" }, "encryptionKey is not 32 bytes of hex"],
  ])("is refused with %s", (_what, body, message) => {
    expect(told(() => parseRound1(body, 2))).toBe(`MalformedMessageError: ${message}`);
  });
});

describe("what a node says of a key that it has generated", () => {
  const said = { transcript: word(9), commitments: points.slice(0, 2) };

  it("is read as it is", () => {
    expect(parseGenerated({ ...said, more: 1 }, 2)).toEqual(said);
  });

  it.each([
    ["no object", "x", "generated is no object"],
    ["a point too many", { ...said, commitments: points }, "commitments is no list of at most 2"],
    ["a point too few", { ...said, commitments: points.slice(1, 2) }, "a key has another threshold"],
    ["no point", { ...said, commitments: [word(1), points[0]] }, "key is not 33 bytes of hex"],
    ["no transcript", { ...said, transcript: "0x" }, "transcript is not 32 bytes of hex"],
  ])("is refused with %s", (_what, body, message) => {
    expect(told(() => parseGenerated(body, 2))).toBe(`MalformedMessageError: ${message}`);
  });
});

it("knows no number of a node that is not the key's", () => {
  expect(told(() => getIdentifier([word(1)], word(2)))).toBe("MalformedMessageError: a node is not one of the key's");
});

it("hashes a transcript as nodes of all versions do", () => {
  const message = { type: "round1", key: word(1), attempt: word(2), signature: "0x" } as const;
  const messages = [
    { ...message, from: word(4), body: "{}" },
    { ...message, from: word(3), body: "[]" },
  ];
  const lines = [`${word(3)} ${sha256(stringToBytes("[]"))}`, `${word(4)} ${sha256(stringToBytes("{}"))}`];
  const text = `latchkey-distributed-transcript-1\n${word(1)}\n${word(2)}\n${lines.join("\n")}`;
  expect(getTranscript({ key: word(1), attempt: word(2), messages })).toBe(sha256(stringToBytes(text)));
});

describe("what is signed", () => {
  const secret = hexToBytes(word(5));
  const from = bytesToHex(ed25519.getPublicKey(secret));
  const [key, attempt] = [word(1), word(2)];
  const expected = { type: "share", key, attempt } as const;
  const sign = (body: string, type = "share") =>
    bytesToHex(
      ed25519.sign(
        stringToBytes(
          `latchkey-distributed-message-1\n${type}\n${from}\n${key}\n${attempt}\n${sha256(stringToBytes(body))}`,
        ),
        secret,
      ),
    );
  const message = { type: "share", from, key, attempt, body: "{}", signature: sign("{}") };

  it("is the message's lines under a tag of their own", () => {
    expect(openNodeMessage(message, expected).body).toEqual({});
  });

  it("is the request's lines under another tag", async () => {
    let bytes = new Uint8Array();
    const signer = {
      sign: async (message: Uint8Array): Promise<Hex> => {
        bytes = message.slice();
        return "0x";
      },
    };
    const { nonce, time } = await signRequest(signer, { node: from, purpose: "sign", key, body: { a: 1 } });
    const hash = sha256(stringToBytes('{"a":1}'));
    expect(new TextDecoder().decode(bytes)).toBe(
      `latchkey-distributed-request-1\n${from}\nsign\n${key}\n${nonce}\n${time}\n${hash}`,
    );
    expect(nonce).toHaveLength(34);
  });

  it.each([
    ["of another type, though signed", { type: "commitment" }, 'a message is no "share"'],
    ["from nobody", { from: undefined }, "from is not 32 bytes of hex"],
    ["about nothing", { key: "0x" }, "key is not 32 bytes of hex"],
    ["of no attempt", { attempt: "0x" }, "attempt is not 32 bytes of hex"],
    ["without a body", { body: undefined }, "body is no text"],
    ["not signed", { signature: "0x" }, "signature is not 64 bytes of hex"],
    ["no JSON", { body: "{", signature: sign("{") }, "a body is no JSON"],
    ["from no point", { from: `0x${"ff".repeat(32)}` }, "a message is not signed by the node that it names"],
  ])("is refused if it is %s", (_what, change, reason) => {
    expect(told(() => openNodeMessage({ ...message, ...change }, expected))).toBe(`MalformedMessageError: ${reason}`);
  });

  it("has one signer only: points of small order sign nothing", async () => {
    // The neutral point as key and as R, and s of 0, fit every message where the equation is all that is asked.
    const neutral = word(0).replace("0x00", "0x01") as Hex;
    const signature = concat([neutral, word(0)]);
    expect(ed25519.verify(hexToBytes(signature), stringToBytes("any"), hexToBytes(neutral), { zip215: true })).toBe(
      true,
    );
    expect(await verifyAuthorization(concat(["0x01", neutral]), stringToBytes("any"), signature)).toBe(false);
    expect(() => openNodeMessage({ ...message, from: neutral, signature }, expected)).toThrow("not signed by the node");
  });
});

it("reads values, or says which is wrong and how", () => {
  expect(parseJson("[1]")).toEqual([1]);
  expect([asNumber("a", 0), asNumber("a", 2 ** 53 - 1), asString("a", ""), asHex("a", "0x")]).toEqual([
    ...[0, 2 ** 53 - 1, "", "0x"],
  ]);
  expect([asList("a", [1, 2], 2), asList("a", [], 0), asFields("a", { b: 1 })]).toEqual([[1, 2], [], { b: 1 }]);
  const wrong = [
    ...[-1, 0.5, 2 ** 53, "1", undefined].map((value) => told(() => asNumber("a", value))),
    told(() => asString("a", 1)),
    ...[[1, 2, 3], "ab", undefined].map((value) => told(() => asList("a", value, 2))),
    ...[null, undefined, [], "a"].map((value) => told(() => asFields("a", value))),
    ...["0x1", "0xAB", 1].map((value) => told(() => asHex("a", value))),
    ...["0x12", "0xABCD"].map((value) => told(() => asHex("a", value, 2))),
  ];
  const reasons = [
    ...Array(5).fill("a is no whole number"),
    "a is no text",
    ...Array(3).fill("a is no list of at most 2"),
    ...Array(4).fill("a is no object"),
    ...Array(3).fill("a is not bytes of hex"),
    ...Array(2).fill("a is not 2 bytes of hex"),
  ];
  expect(wrong).toEqual(reasons.map((reason) => `MalformedMessageError: ${reason}`));
});

describe("an authorisation key", () => {
  it("is made of a private and a public key of one curve", async () => {
    const curves = [
      await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]),
      await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]),
      await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-384" }, false, ["sign", "verify"]),
      await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"]),
    ].flatMap((pair) => ("privateKey" in pair ? [pair] : []));
    const [p256, ed, ...others] = curves;
    if (p256 === undefined || ed === undefined) throw new Error("no key pairs");
    for (const keyPair of [
      { privateKey: p256.privateKey, publicKey: ed.publicKey },
      { privateKey: ed.privateKey, publicKey: p256.publicKey },
      { privateKey: p256.publicKey, publicKey: p256.publicKey },
      ...others,
      undefined,
      {},
    ])
      await expect(toAuthorizationKey({ keyPair: keyPair as typeof p256 })).rejects.toThrow(
        "`keyPair` is not a key pair of WebCrypto, ECDSA on P-256 or Ed25519.",
      );
    await expect(createAuthorizationKey({ type: "rsa" } as never)).rejects.toThrow(
      '`type` is not "p256" or "ed25519".',
    );
    await expect(createAuthorizationKey([] as never)).rejects.toThrow(
      "`createAuthorizationKey's argument` is not an object.",
    );
  });
});

describe("a consent", () => {
  const consent = {
    account: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    chainId: 1n,
    nodes: [word(1), word(2)],
    threshold: 2,
    authorizationKey: `0x01${"11".repeat(32)}`,
    validUntil: 2_000_000_000,
    salt: word(7),
  };

  it("has up to 32 nodes, on a chain whose id has up to 64 bits", () => {
    const nodes = Array.from({ length: 32 }, (_, index) => word(index));
    expect(parseConsent({ ...consent, nodes, chainId: 2n ** 64n - 1n }).nodes).toEqual(nodes);
  });

  it("is refused with the name of what is wrong", () => {
    const changes: readonly object[] = [
      { account: 1 },
      { chainId: 2n ** 64n },
      { nodes: 1 },
      { nodes: [word(1)] },
      { nodes: [word(1), 1] },
      { nodes: [word(2), word(1)] },
      { threshold: 3 },
      { authorizationKey: 1 },
      { authorizationKey: `0x03${"11".repeat(64)}` },
      { validUntil: "x" },
      { salt: "0x" },
    ];
    const reasons = changes.map((change) => told(() => parseConsent({ ...consent, ...change })).split(" | ")[0]);
    expect([told(() => parseConsent(1)), ...reasons]).toMatchInlineSnapshot(`
      [
        "InvalidParameterError: \`consent\` is not an object.",
        "InvalidAddressError: \`consent.account\` is not a valid address.",
        "InvalidParameterError: \`consent.chainId\` is not a chain id above 0, as a bigint.",
        "InvalidParameterError: \`consent.nodes\` is not an array.",
        "InvalidParameterError: \`consent.nodes\` is not 2 to 32 nodes.",
        "InvalidBytesError: \`consent.nodes[1]\` is not 32 bytes of hex.",
        "InvalidParameterError: \`consent.nodes\` is not different nodes, in ascending order.",
        "InvalidNumberError: \`consent.threshold\` is not a whole number in its range.",
        "InvalidBytesError: \`consent.authorizationKey\` is not whole bytes of hex.",
        "InvalidParameterError: \`consent.authorizationKey\` is not 01 and 32 bytes (Ed25519), or 02 and 64 bytes (P-256).",
        "InvalidTimeError: \`consent.validUntil\` is not a time in seconds.",
        "InvalidBytesError: \`consent.salt\` is not 32 bytes of hex.",
      ]
    `);
  });
});
