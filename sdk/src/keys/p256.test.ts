import { p256 } from "@noble/curves/nist.js";
import { bytesToHex, concat, type Hex, hashTypedData, hexToBytes, keccak256, sha256, size, slice, toHex } from "viem";
import { type P256Credential, toWebAuthnAccount, type WebAuthnAccount } from "viem/account-abstraction";
import { describe, expect, it } from "vitest";
import { parameters, privateKey } from "../../test/fixtures.js";
import {
  createP256SessionKey,
  defineSession,
  exportPrivateKey,
  getContracts,
  InvalidBytesError,
  InvalidParameterError,
  InvalidPrivateKeyError,
  InvalidPublicKeyError,
  MalformedKeySignatureError,
  PrivateKeyNotAvailableError,
  type SessionKey,
  type ToWebCryptoSessionKeyParameters,
  toP256SessionKey,
  toWebAuthnSessionKey,
  toWebCryptoSessionKey,
  UnknownParameterError,
  UserNotVerifiedError,
} from "../index.js";
import { getUseTypedData } from "../use/encodeUse.js";

const order = p256.Point.Fn.ORDER;
const contracts = getContracts();
const typedData = getUseTypedData({
  userOpHash: keccak256("0x01"),
  id: keccak256("0x02"),
  use: "0x03",
  manager: contracts.manager,
});
const digest = hashTypedData(typedData);
const publicKey = bytesToHex(p256.getPublicKey(hexToBytes(privateKey), false).slice(1));

/** Whether 64 bytes sign a message's hash, with s in the lower half of its range. */
function isSigned(signature: Hex, hash: Hex, key: Hex): boolean {
  return p256.verify(hexToBytes(signature), hexToBytes(hash), hexToBytes(`0x04${key.slice(2)}`), {
    lowS: true,
    prehash: false,
  });
}

const sign = (key: SessionKey, hash = digest) => key.sign(hash, typedData);

describe("createP256SessionKey", () => {
  it("names the verifier and the public key", async () => {
    const key = await createP256SessionKey({ privateKey });
    expect(key.publicKey).toBe(publicKey);
    expect(key.sessionKey).toBe(concat([contracts.webCryptoP256Verifier, publicKey]).toLowerCase());
    const other = await createP256SessionKey({ privateKey, precompile: true });
    expect(other.sessionKey).toBe(concat([contracts.webCryptoP256PrecompileVerifier, publicKey]).toLowerCase());
    const verifier = "0x00000000000000000000000000000000000000a4";
    const own = await createP256SessionKey({ privateKey, contracts: { webCryptoP256Verifier: verifier } });
    expect(slice(own.sessionKey, 0, 20)).toBe(verifier.toLowerCase());
  });

  it("signs the SHA-256 of digests, always with a low s", async () => {
    const key = await createP256SessionKey();
    for (let index = 0; index < 32; index++) {
      const hash = keccak256(toHex(index));
      expect(isSigned(await sign(key, hash), sha256(hash), key.publicKey)).toBe(true);
    }
  });

  it("makes another key each time, which nobody can read", async () => {
    const key = await createP256SessionKey();
    expect(key.sessionKey).not.toBe((await createP256SessionKey()).sessionKey);
    for (const one of [key, await createP256SessionKey({ privateKey })]) {
      expect(one.keyPair.privateKey.extractable).toBe(false);
      await expect(crypto.subtle.exportKey("pkcs8", one.keyPair.privateKey)).rejects.toThrow();
      await expect(crypto.subtle.exportKey("jwk", one.keyPair.privateKey)).rejects.toThrow();
      expect(() => exportPrivateKey(one)).toThrow(PrivateKeyNotAvailableError);
      expect(JSON.stringify(one)).not.toContain(privateKey.slice(2));
    }
  });

  it.each([
    ["missing", undefined],
    ["too short", "0x1234"],
    ["zero", `0x${"00".repeat(32)}`],
    ["the order of the curve", toHex(order)],
    ["not hex", `0x${"zz".repeat(32)}`],
  ] as const)("refuses a private key that is %s, without showing it", async (_, bad) => {
    const error = await createP256SessionKey({ privateKey: bad }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InvalidPrivateKeyError);
    expect(String(error)).toContain("P-256");
    if (bad !== undefined) expect(String(error)).not.toContain(bad.slice(2));
  });

  it("takes every private key in range", async () => {
    for (const value of [1n, order - 1n]) {
      const bytes = toHex(value, { size: 32 });
      const key = await createP256SessionKey({ privateKey: bytes });
      expect(key.publicKey).toBe(bytesToHex(p256.getPublicKey(hexToBytes(bytes), false).slice(1)));
    }
  });

  it.each([0n, order, order + 1n])("refuses %d as a private key", async (value) => {
    const made = createP256SessionKey({ privateKey: toHex(value, { size: 32 }) });
    await expect(made).rejects.toThrow(InvalidPrivateKeyError);
  });

  it("refuses a parameter that it does not know", async () => {
    // @ts-expect-error a misspelt name
    await expect(createP256SessionKey({ precompiled: true })).rejects.toThrow(UnknownParameterError);
  });

  it("makes a key that a session can have", async () => {
    const key = await createP256SessionKey();
    expect(defineSession({ ...parameters, sessionKey: key }).sessionKey).toBe(key.sessionKey);
  });
});

describe("toWebCryptoSessionKey", () => {
  it("takes up a key pair that was stored", async () => {
    const { keyPair, sessionKey } = await createP256SessionKey();
    const key = await toWebCryptoSessionKey({ keyPair: structuredClone(keyPair) });
    expect(key.sessionKey).toBe(sessionKey);
    expect(isSigned(await sign(key), sha256(digest), key.publicKey)).toBe(true);
  });

  it("refuses key pairs of other kinds", async () => {
    const generate = (name: string, namedCurve: string, usages: ("sign" | "verify" | "deriveBits")[]) =>
      crypto.subtle.generateKey({ name, namedCurve }, false, usages);
    const pairs = [await generate("ECDSA", "P-384", ["sign"]), await generate("ECDH", "P-256", ["deriveBits"])];
    const { keyPair } = await createP256SessionKey();
    const swapped = { privateKey: keyPair.publicKey, publicKey: keyPair.privateKey };
    for (const bad of [...pairs, swapped])
      await expect(toWebCryptoSessionKey({ keyPair: bad })).rejects.toThrow(InvalidParameterError);
    const missing: ToWebCryptoSessionKeyParameters = JSON.parse("{}");
    await expect(toWebCryptoSessionKey(missing)).rejects.toThrow(InvalidParameterError);
  });
});

describe("toP256SessionKey", () => {
  const signDigest = async (hash: Hex) =>
    bytesToHex(p256.sign(hexToBytes(hash), hexToBytes(privateKey), { lowS: false, prehash: false }));

  it("names the verifier and the public key, however that is given", () => {
    const upper: Hex = `0x${publicKey.slice(2).toUpperCase()}`;
    for (const given of [publicKey, upper, concat(["0x04", publicKey])]) {
      const key = toP256SessionKey({ publicKey: given, sign: signDigest });
      expect(key.sessionKey).toBe(concat([contracts.p256Verifier, publicKey]).toLowerCase());
    }
    const key = toP256SessionKey({ publicKey, sign: signDigest, precompile: true });
    expect(key.sessionKey).toBe(concat([contracts.p256PrecompileVerifier, publicKey]).toLowerCase());
  });

  it("signs digests as they are, and brings s to the lower half", async () => {
    const key = toP256SessionKey({ publicKey, sign: signDigest });
    let turned = 0;
    for (let index = 0; index < 32; index++) {
      const hash = keccak256(toHex(index));
      const signature = await sign(key, hash);
      expect(isSigned(signature, hash, publicKey)).toBe(true);
      if (signature !== (await signDigest(hash))) turned++;
    }
    expect(turned).toBeGreaterThan(0);
    expect(turned).toBeLessThan(32);
  });

  it("refuses what is no signature", async () => {
    const half: Hex = `0x${"11".repeat(32)}`;
    const zero: Hex = `0x${"00".repeat(32)}`;
    const make = (signature: Hex) => sign(toP256SessionKey({ publicKey, sign: async () => signature }));
    await expect(make(concat([half, half]))).resolves.toBe(concat([half, half]));
    for (const bad of [half, concat(["0x30440220", half, "0x0220", half])])
      await expect(make(bad)).rejects.toThrow(MalformedKeySignatureError);
    for (const bad of [zero, toHex(order)]) {
      await expect(make(concat([bad, half]))).rejects.toThrow(MalformedKeySignatureError);
      await expect(make(concat([half, bad]))).rejects.toThrow(MalformedKeySignatureError);
    }
    await expect(make("0x123")).rejects.toThrow(InvalidBytesError);
  });

  it("refuses what is no public key", () => {
    const [x, y] = [slice(publicKey, 0, 32), slice(publicKey, 32)];
    const above = toHex(p256.Point.Fp.ORDER, { size: 32 });
    const bad = [
      "0x",
      x,
      concat([y, x]),
      concat([above, y]),
      concat([x, above]),
      concat(["0x02", publicKey]),
      concat([publicKey, "0x00"]),
      `0x${"00".repeat(64)}`,
    ] as const;
    for (const key of bad)
      expect(() => toP256SessionKey({ publicKey: key, sign: signDigest })).toThrow(InvalidPublicKeyError);
    // @ts-expect-error no function
    expect(() => toP256SessionKey({ publicKey, sign: "0x" })).toThrow(InvalidParameterError);
  });

  it("refuses a point whose x is given with the prime on top, though the curve's equation holds", () => {
    const { Fp } = p256.Point;
    const on = (x: bigint) => {
      try {
        return p256.Point.fromHex(concat(["0x02", toHex(x, { size: 32 })]).slice(2)).toAffine();
      } catch {
        return undefined;
      }
    };
    const point = [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n].map(on).find((found) => found !== undefined);
    if (point === undefined) expect.unreachable();
    const key = (x: bigint) => concat([toHex(x, { size: 32 }), toHex(point.y, { size: 32 })]);
    expect(toP256SessionKey({ publicKey: key(point.x), sign: signDigest }).publicKey).toBe(key(point.x));
    expect(() => toP256SessionKey({ publicKey: key(point.x + Fp.ORDER), sign: signDigest })).toThrow(
      InvalidPublicKeyError,
    );
  });

  it("says what is wrong with a public key or a signature", async () => {
    const make = (key: Hex) => () => toP256SessionKey({ publicKey: key, sign: signDigest });
    expect(make(slice(publicKey, 1))).toThrow("it has 63 bytes");
    // 65 bytes, but not behind a byte 04; and 04 as the first byte of x.
    expect(make(concat(["0x05", publicKey]))).toThrow("it has 65 bytes");
    expect(make(concat(["0x04", slice(publicKey, 1)]))).toThrow("it is not a point of the curve");
    const signing = (signature: Hex) => sign(toP256SessionKey({ publicKey, sign: async () => signature }));
    await expect(signing(`0x${"11".repeat(63)}`)).rejects.toThrow("it has 63 bytes");
    await expect(signing(`0x${"11".repeat(66)}`)).rejects.toThrow("it has 66 bytes");
    await expect(signing(`0x${"00".repeat(64)}`)).rejects.toThrow("r or s is out of range");
    // A byte of parity behind them is left away, and numbers keep their leading zeros.
    const small: Hex = `0x${"00".repeat(31)}01${"00".repeat(31)}02`;
    await expect(signing(concat([small, "0x1b"]))).resolves.toBe(small);
    const half = toHex(order / 2n, { size: 32 });
    await expect(signing(concat([half, half]))).resolves.toBe(concat([half, half]));
  });
});

describe("stub signatures", () => {
  it("are in range, and keep the verifier busy to the end", async () => {
    const { stubSignature } = await createP256SessionKey();
    expect(size(stubSignature)).toBe(64);
    const [r, s] = [BigInt(slice(stubSignature, 0, 32)), BigInt(slice(stubSignature, 32))];
    expect(s).toBeLessThanOrEqual(order / 2n);
    expect((s * BigInt(`0x${"55".repeat(32)}`)) % order).toBe(r);
    expect(hexToBytes(stubSignature)).not.toContain(0);
  });
});

/** A passkey as an authenticator and a browser make it. */
function makePasskey({ flags = 0x05, tail = "", extension = 0 } = {}): WebAuthnAccount {
  const credential: Pick<P256Credential, "id" | "publicKey"> = { id: "AAAA", publicKey };
  return toWebAuthnAccount({
    credential,
    rpId: "example.org",
    getFn: async (options) => {
      const challenge = options?.publicKey?.challenge;
      if (!(challenge instanceof Uint8Array)) throw new Error("no challenge");
      const text = `{"type":"webauthn.get","challenge":"${Buffer.from(challenge).toString("base64url")}","origin":"https://example.org"${tail}}`;
      const clientData = new TextEncoder().encode(text);
      const head = concat([sha256(toHex("example.org")), toHex(flags, { size: 1 }), "0x00000007"]);
      const authenticatorData = concat([head, `0x${"a1".repeat(extension)}`]);
      const message = sha256(concat([authenticatorData, sha256(clientData, "hex")]));
      const signature = p256.sign(hexToBytes(message), hexToBytes(privateKey), {
        lowS: false,
        prehash: false,
        format: "der",
      });
      const response = {
        clientDataJSON: clientData.buffer,
        authenticatorData: hexToBytes(authenticatorData).buffer,
        signature: Uint8Array.from(signature).buffer,
      };
      return { id: "AAAA", type: "public-key", response } as never;
    },
  });
}

/** What the contract reads in a signature. */
function open(signature: Hex) {
  const bytes = hexToBytes(signature);
  const view = new DataView(bytes.buffer);
  const authenticatorData = bytes.slice(2, 2 + view.getUint16(0));
  const start = 4 + authenticatorData.length;
  const clientData = bytes.slice(start, start + view.getUint16(start - 2));
  const rest = start + clientData.length;
  expect(bytes.length).toBe(rest + 68);
  const text = new TextDecoder("latin1").decode(clientData);
  return {
    authenticatorData,
    clientData,
    type: text.slice(view.getUint16(rest)),
    challenge: text.slice(view.getUint16(rest + 2)),
    message: sha256(concat([bytesToHex(authenticatorData), sha256(clientData, "hex")])),
    numbers: bytesToHex(bytes.slice(rest + 4)),
  };
}

describe("toWebAuthnSessionKey", () => {
  const member = `"challenge":"${Buffer.from(digest.slice(2), "hex").toString("base64url")}"`;

  it("names the verifier, the public key and whether presence is enough", () => {
    const account = makePasskey();
    expect(toWebAuthnSessionKey({ account }).sessionKey).toBe(
      concat([contracts.webAuthnVerifier, publicKey]).toLowerCase(),
    );
    expect(toWebAuthnSessionKey({ account, requireUserVerification: false, precompile: true }).sessionKey).toBe(
      concat([contracts.webAuthnPrecompileVerifier, publicKey, "0x01"]).toLowerCase(),
    );
  });

  it.each([
    ["as it is", makePasskey()],
    ["with extensions", makePasskey({ flags: 0x85, extension: 987 })],
    ["with members that are no ASCII", makePasskey({ tail: ',"note":"ä€"' })],
  ])("packs what an authenticator signed, %s", async (_, account) => {
    const opened = open(await sign(toWebAuthnSessionKey({ account })));
    expect(opened.type.startsWith('"type":"webauthn.get"')).toBe(true);
    expect(opened.challenge.startsWith(member)).toBe(true);
    expect(isSigned(opened.numbers, opened.message, publicKey)).toBe(true);
  });

  it("packs what a passkey in Safari signed as the contract's tests do", async () => {
    const hash = "0xf631058a3ba1116acce12396fad0a125b5041c43f8e15723709f81aa8d5f4ccf";
    const text =
      '{"type":"webauthn.get","challenge":"9jEFijuhEWrM4SOW-tChJbUEHEP44VcjcJ-Bqo1fTM8","origin":"http://localhost:3005"}';
    const authenticatorData = "0x49960de5880e8c687434170f6476605b8fe4aeb9a28632c7995cf3ba831d97630500000101";
    const numbers =
      "0x60946081650523acad13c8eff94996a409b1ed60e923c90f9e366aad619adffa3216a237b73765d01b839e0832d73474bc7e63f4c86ef05fbbbfbeb34b35602b";
    const passkey = makePasskey();
    const account: WebAuthnAccount = {
      ...passkey,
      sign: async () => ({
        signature: numbers,
        webauthn: { authenticatorData, clientDataJSON: text, challengeIndex: 23, typeIndex: 1 },
        raw: {} as never,
      }),
    };
    expect(await sign(toWebAuthnSessionKey({ account }), hash)).toBe(
      concat(["0x0025", authenticatorData, "0x0072", toHex(text), "0x0001", "0x0017", numbers]),
    );
    await expect(sign(toWebAuthnSessionKey({ account }))).rejects.toThrow(MalformedKeySignatureError);
  });

  it("wants the user verified, or present", async () => {
    const present = makePasskey({ flags: 0x01 });
    await expect(sign(toWebAuthnSessionKey({ account: present }))).rejects.toThrow(UserNotVerifiedError);
    await sign(toWebAuthnSessionKey({ account: present, requireUserVerification: false }));
    const absent = makePasskey({ flags: 0x04 });
    for (const requireUserVerification of [true, false])
      await expect(sign(toWebAuthnSessionKey({ account: absent, requireUserVerification }))).rejects.toThrow(
        UserNotVerifiedError,
      );
  });

  it("refuses what the contract finds too long", async () => {
    const room = 1024 - `{"type":"webauthn.get",${member},"origin":"https://example.org"}`.length;
    await sign(toWebAuthnSessionKey({ account: makePasskey({ tail: " ".repeat(room) }) }));
    const long = [makePasskey({ tail: " ".repeat(room + 1) }), makePasskey({ extension: 988 })];
    for (const account of long)
      await expect(sign(toWebAuthnSessionKey({ account }))).rejects.toThrow(MalformedKeySignatureError);
  });

  it("has a stub of the length that is to be expected", () => {
    const account = makePasskey();
    for (const clientDataLength of [undefined, 128, 1024]) {
      const { stubSignature } = toWebAuthnSessionKey({ account, clientDataLength });
      const opened = open(stubSignature);
      expect(opened.clientData.length).toBe(clientDataLength ?? 400);
      expect(JSON.parse(new TextDecoder().decode(opened.clientData)).type).toBe("webauthn.get");
      expect(opened.type.startsWith('"type":"webauthn.get"')).toBe(true);
      expect(opened.challenge.startsWith('"challenge":"')).toBe(true);
      expect(opened.authenticatorData[32]).toBe(0x05);
    }
  });
});

describe("a public key", () => {
  const prime = p256.Point.Fp.ORDER;
  const make = (x: bigint, y: bigint) => () =>
    toP256SessionKey({
      publicKey: concat([toHex(x, { size: 32 }), toHex(y, { size: 32 })]),
      sign: async () => "0x",
    });

  it("has x and y below the prime, though the curve's equation holds with it on top", () => {
    // The points with x = 0 and with y = 5.
    const [x, y] = [
      0xd7325d7646cd60d80a92738ceb345f844cffaf35841022cab176f692de8de1d7n,
      0x66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4n,
    ];
    expect(make(x, 5n)().type).toBe("p256");
    expect(make(x, 5n + prime)).toThrow(InvalidPublicKeyError);
    expect(make(0n, y)().type).toBe("p256");
    expect(make(prime, y)).toThrow(InvalidPublicKeyError);
  });
});

describe("what makes keys and is refused is told why", () => {
  const told = async (act: () => unknown): Promise<string> => {
    try {
      await act();
    } catch (error) {
      if (error instanceof Error) return `${error.name}: ${error.message.split("\n\nDocs:")[0]}`;
      throw error;
    }
    return expect.unreachable();
  };
  const signNothing = async (): Promise<Hex> => "0x";
  const careless = (value: unknown) => value as never;
  const other = () => crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-384" }, false, ["sign", "verify"]);
  const passkey = (changes: object) => {
    const made = makePasskey();
    const account: WebAuthnAccount = {
      ...made,
      sign: async (parameters) => {
        const { webauthn, ...rest } = await made.sign(parameters);
        return { ...rest, webauthn: { ...webauthn, ...changes } };
      },
    };
    return sign(toWebAuthnSessionKey({ account }));
  };

  it("in these words", async () => {
    const cases: readonly (readonly [string, () => unknown])[] = [
      ["P-256, no object", () => toP256SessionKey(careless(5))],
      ["P-256, no function", () => toP256SessionKey({ publicKey, sign: careless("0x") })],
      ["P-256, no hex", () => toP256SessionKey({ publicKey: "0x1", sign: signNothing })],
      ["P-256, no signature", () => sign(toP256SessionKey({ publicKey, sign: async () => "0x1" }))],
      ["WebCrypto, no object", () => createP256SessionKey(careless(5))],
      ["WebCrypto, no pair", () => toWebCryptoSessionKey({ keyPair: careless({}) })],
      ["WebCrypto, no object to take up", () => toWebCryptoSessionKey(careless(5))],
      ["WebCrypto, another curve", async () => toWebCryptoSessionKey({ keyPair: await other() })],
      ["passkey, no object", () => toWebAuthnSessionKey(careless(5))],
      ["passkey, too short", () => toWebAuthnSessionKey({ account: makePasskey(), clientDataLength: 127 })],
      ["passkey, too little of the authenticator", () => passkey({ authenticatorData: `0x${"05".repeat(36)}` })],
      ["passkey, too much of the authenticator", () => passkey({ authenticatorData: `0x${"05".repeat(1025)}` })],
      ["passkey, too much of the client", () => passkey({ clientDataJSON: "x".repeat(1025) })],
      ["passkey, of something else", () => passkey({ clientDataJSON: `{"type":"webauthn.create"}` })],
      ["passkey, without a challenge", () => passkey({ clientDataJSON: `{"type":"webauthn.get"}` })],
    ];
    const texts: string[] = [];
    for (const [what, act] of cases) texts.push(`${what}: ${await told(act)}`);
    expect(texts).toMatchInlineSnapshot(`
      [
        "P-256, no object: InvalidParameterError: \`toP256SessionKey's argument\` is not an object.",
        "P-256, no function: InvalidParameterError: \`sign\` is not a function.",
        "P-256, no hex: InvalidBytesError: \`publicKey\` is not whole bytes of hex.

      Expected: whole bytes of hex
      Actual: a string of 3 characters",
        "P-256, no signature: InvalidBytesError: \`signature\` is not whole bytes of hex.

      Expected: whole bytes of hex
      Actual: a string of 3 characters",
        "WebCrypto, no object: InvalidParameterError: \`createP256SessionKey's argument\` is not an object.",
        "WebCrypto, no pair: InvalidParameterError: \`keyPair\` is not a key pair of WebCrypto for ECDSA on P-256 that may sign.",
        "WebCrypto, no object to take up: InvalidParameterError: \`toWebCryptoSessionKey's argument\` is not an object.",
        "WebCrypto, another curve: InvalidParameterError: \`keyPair\` is not a key pair of WebCrypto for ECDSA on P-256 that may sign.",
        "passkey, no object: InvalidParameterError: \`toWebAuthnSessionKey's argument\` is not an object.",
        "passkey, too short: InvalidNumberError: \`clientDataLength\` is not a whole number in its range.

      Expected: a number from 128 to 1024
      Actual: 127",
        "passkey, too little of the authenticator: MalformedKeySignatureError: The session key made no proper signature: its authenticator data have 36 bytes.",
        "passkey, too much of the authenticator: MalformedKeySignatureError: The session key made no proper signature: its authenticator data have 1025 bytes.",
        "passkey, too much of the client: MalformedKeySignatureError: The session key made no proper signature: its client data have 1025 bytes.",
        "passkey, of something else: MalformedKeySignatureError: The session key made no proper signature: its client data are of something else.",
        "passkey, without a challenge: MalformedKeySignatureError: The session key made no proper signature: its client data are of something else.",
      ]
    `);
  });

  it("not where client data are text, which is signed as UTF-8", async () => {
    const member = `"challenge":"${Buffer.from(digest.slice(2), "hex").toString("base64url")}"`;
    const text = `{"type":"webauthn.get",${member},"note":"a€ä"}`;
    const opened = open(await passkey({ clientDataJSON: text }));
    expect(new TextDecoder().decode(opened.clientData)).toBe(text);
    const other = `{"type":"webauthn.create",${member}}`;
    await expect(passkey({ clientDataJSON: other })).rejects.toThrow("of something else");
    await expect(passkey({ clientDataJSON: text.replace(member, `${member.slice(0, -2)}-"`) })).rejects.toThrow(
      "of something else",
    );
  });

  it("takes no private key with more around it", async () => {
    const privateKey = toHex(1n, { size: 32 });
    for (const given of [`x${privateKey}`, `${privateKey}x`, `${privateKey}\n`, [privateKey], 1])
      expect(await told(() => createP256SessionKey({ privateKey: careless(given) }))).toMatch(
        /^InvalidPrivateKeyError/,
      );
  });

  it("names its kind", async () => {
    expect(toP256SessionKey({ publicKey, sign: signNothing }).type).toBe("p256");
    expect((await createP256SessionKey()).type).toBe("webCrypto");
    expect(toWebAuthnSessionKey({ account: makePasskey() }).type).toBe("webAuthn");
  });

  it("wants a private key of WebCrypto that may sign", async () => {
    const { privateKey, publicKey: of } = await crypto.subtle.generateKey(
      { name: "ECDH", namedCurve: "P-256" },
      false,
      ["deriveBits"],
    );
    await expect(toWebCryptoSessionKey({ keyPair: { privateKey, publicKey: of } })).rejects.toThrow("`keyPair`");
    const { keyPair } = await createP256SessionKey();
    // Both halves the same way round.
    for (const pair of [
      { privateKey: keyPair.publicKey, publicKey: keyPair.publicKey },
      { privateKey: keyPair.privateKey, publicKey: keyPair.privateKey },
      { privateKey, publicKey: keyPair.publicKey },
      { privateKey: keyPair.privateKey, publicKey: of },
    ])
      await expect(toWebCryptoSessionKey({ keyPair: pair })).rejects.toThrow("`keyPair`");
  });
});
