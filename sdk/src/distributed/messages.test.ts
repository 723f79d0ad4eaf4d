import { ed25519 } from "@noble/curves/ed25519.js";
import { bytesToHex, concat, type Hex, slice } from "viem";
import { describe, expect, it } from "vitest";
import { InvalidParameterError } from "../index.js";
import { createAuthorizationKey, toAuthorizationKey } from "./index.js";
import {
  getIdentity,
  MalformedMessageError,
  openNodeMessage,
  signNodeMessage,
  signRequest,
  verifyRequest,
} from "./messages.js";

const key: Hex = `0x${"aa".repeat(32)}`;
const attempt: Hex = `0x${"bb".repeat(32)}`;
const other: Hex = `0x${"cc".repeat(32)}`;

describe("createAuthorizationKey", () => {
  it.each([
    ["p256", 65, "0x02"],
    ["ed25519", 33, "0x01"],
  ] as const)("makes a %s key that nobody can read, and that can be taken up again", async (type, length, kind) => {
    const made = await createAuthorizationKey({ type });
    expect(made.type).toBe(type);
    expect(made.authorizationKey.length).toBe(2 + 2 * length);
    expect(slice(made.authorizationKey, 0, 1)).toBe(kind);
    expect(made.keyPair.privateKey.extractable).toBe(false);
    await expect(crypto.subtle.exportKey("pkcs8", made.keyPair.privateKey)).rejects.toThrow();
    const again = await toAuthorizationKey({ keyPair: structuredClone(made.keyPair) });
    expect(again.authorizationKey).toBe(made.authorizationKey);
    const request = await signRequest(again, { node: key, purpose: "sign", key, body: {} });
    expect(await verifyRequest(made.authorizationKey, request)).toBe(true);
  });

  it("refuses other kinds", async () => {
    // @ts-expect-error a kind that there is not
    await expect(createAuthorizationKey({ type: "rsa" })).rejects.toThrow(InvalidParameterError);
    const keyPair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-384" }, false, ["sign"]);
    await expect(toAuthorizationKey({ keyPair })).rejects.toThrow(InvalidParameterError);
  });
});

describe("a request", () => {
  it.each(["p256", "ed25519"] as const)("counts for exactly what was signed (%s)", async (type) => {
    const { authorizationKey, ...signer } = await createAuthorizationKey({ type });
    const request = await signRequest(signer, { node: key, purpose: "sign", key: attempt, body: { a: 1 } });
    expect(await verifyRequest(authorizationKey, request)).toBe(true);
    const changes = [
      { node: other },
      { purpose: "commit" },
      { key: other },
      { nonce: `0x${"00".repeat(16)}` },
      { time: request.time + 1 },
      { body: '{"a":2}' },
      { body: `${request.body} ` },
      { signature: `0x${"00".repeat(64)}` },
      { signature: concat([request.signature, "0x00"]) },
      { signature: slice(request.signature, 0, 63) },
    ] as const;
    for (const change of changes)
      expect(await verifyRequest(authorizationKey, { ...request, ...change }), JSON.stringify(change)).toBe(false);
    const stranger = await createAuthorizationKey({ type });
    expect(await verifyRequest(stranger.authorizationKey, request)).toBe(false);
  });

  it("has another nonce each time", async () => {
    const signer = await createAuthorizationKey();
    const make = () => signRequest(signer, { node: key, purpose: "status", key, body: {} });
    expect((await make()).nonce).not.toBe((await make()).nonce);
  });

  it("does not count for a key that is no point", async () => {
    const signer = await createAuthorizationKey();
    const request = await signRequest(signer, { node: key, purpose: "status", key, body: {} });
    expect(await verifyRequest(`0x02${"00".repeat(64)}`, request)).toBe(false);
    expect(await verifyRequest(`0x01${"ff".repeat(32)}`, request)).toBe(false);
  });
});

describe("a node's message", () => {
  const identity = ed25519.utils.randomSecretKey();
  const from = getIdentity(identity);
  const message = signNodeMessage(identity, { type: "commitment", from, key, attempt, body: { hiding: "0x" } });
  const expected = { type: "commitment", key, attempt } as const;

  it("is opened by whoever expects it", () => {
    expect(openNodeMessage(message, expected)).toEqual({ from, body: { hiding: "0x" }, message });
    expect(openNodeMessage(JSON.parse(JSON.stringify(message)), { ...expected, from }).from).toBe(from);
  });

  it("is refused in another place than its own", () => {
    expect(() => openNodeMessage(message, { ...expected, type: "share" })).toThrow(MalformedMessageError);
    expect(() => openNodeMessage(message, { ...expected, key: other })).toThrow("about another key");
    expect(() => openNodeMessage(message, { ...expected, attempt: other })).toThrow("of another attempt");
    expect(() => openNodeMessage(message, { ...expected, from: other })).toThrow("from another node");
  });

  it("is refused if anything of it was changed", () => {
    const stranger = getIdentity(ed25519.utils.randomSecretKey());
    const changes = [
      { from: stranger },
      { body: '{"hiding":"0x00"}' },
      { signature: bytesToHex(new Uint8Array(64)) },
      { from: `0x${"ff".repeat(32)}` },
    ];
    for (const change of changes)
      expect(() => openNodeMessage({ ...message, ...change }, expected)).toThrow("not signed by the node");
    // One form only, so that nothing counts twice in two spellings.
    const upper = { ...message, from: `0x${from.slice(2).toUpperCase()}` };
    expect(() => openNodeMessage(upper, expected)).toThrow(MalformedMessageError);
    for (const bad of [undefined, null, "", [], {}, { ...message, body: 1 }, { ...message, signature: "0x12" }])
      expect(() => openNodeMessage(bad, expected)).toThrow(MalformedMessageError);
  });
});
