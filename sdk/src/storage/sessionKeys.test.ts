import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { p256 } from "@noble/curves/nist.js";
import { bytesToHex, type Hex, hexToBytes, keccak256, zeroAddress, zeroHash } from "viem";
import { toWebAuthnAccount } from "viem/account-abstraction";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { describe, expect, it } from "vitest";
import { createIndexedDb } from "../../test/storage/browser.js";
import {
  createP256SessionKey,
  createSessionKey,
  InvalidParameterError,
  PrivateKeyNotAvailableError,
  toP256SessionKey,
  toSessionKey,
  toWebAuthnSessionKey,
  toWebCryptoSessionKey,
  UnknownParameterError,
} from "../index.js";
import { getUseTypedData } from "../use/encodeUse.js";
import {
  createSessionStore,
  DecryptionFailedError,
  type Encryption,
  fileAdapter,
  indexedDbAdapter,
  memoryAdapter,
  SessionKeyNotFoundError,
  SessionKeyNotStorableError,
  type StorageAdapter,
  StorageCorruptedError,
  StorageForeignError,
  StorageVersionError,
} from "./index.js";

Object.defineProperty(globalThis, "indexedDB", { value: createIndexedDb(), configurable: true, writable: true });

const passphrase = "correct horse battery staple";
// Fewer rounds than by default, for the tests' sake.
const byPassphrase: Encryption = { passphrase, iterations: 100_000 };
const byKey: Encryption = { key: new Uint8Array(32).fill(7) };
const privateKey = generatePrivateKey();
const key = createSessionKey({ privateKey });

const typedData = getUseTypedData({ userOpHash: zeroHash, id: zeroHash, use: "0x", manager: zeroAddress });

const open = (adapter: StorageAdapter, encryption?: Encryption) => createSessionStore({ adapter, encryption }).keys;

/** The only entry of a storage. */
async function readOnly(adapter: StorageAdapter): Promise<[string, string]> {
  const [entry = ""] = await adapter.keys();
  return [entry, (await adapter.get(entry)) ?? ""];
}

describe("keys.save and keys.load", () => {
  it.each([
    ["a passphrase", byPassphrase],
    ["32 bytes", byKey],
  ])("keep a key by %s", async (_, encryption) => {
    const adapter = memoryAdapter();
    await open(adapter, encryption).save(key);
    const loaded = await open(adapter, encryption).load(key.sessionKey);
    expect(loaded).toMatchObject({ type: "secp256k1", sessionKey: key.sessionKey });
    if (loaded.type !== "secp256k1") expect.unreachable();
    const message = { message: "x" };
    expect(await loaded.account.signMessage(message)).toBe(await privateKeyToAccount(privateKey).signMessage(message));
  });

  it("keep a key by a WebCrypto key that cannot be exported", async () => {
    const secret = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    const adapter = memoryAdapter();
    await open(adapter, { key: secret }).save(key);
    expect((await open(adapter, { key: secret }).load(key.sessionKey)).sessionKey).toBe(key.sessionKey);
  });

  it("take the same passphrase however its accents were typed", async () => {
    const adapter = memoryAdapter();
    await open(adapter, { passphrase: "caf\u00e9", iterations: 100_000 }).save(key);
    await open(adapter, { passphrase: "cafe\u0301" }).load(key.sessionKey);
  });

  it("leave no secret in the clear in any file, beside the sessions and after writing anew", async () => {
    const folder = await mkdtemp(join(tmpdir(), "latchkey-"));
    try {
      const adapter = fileAdapter({ folder });
      const keys = open(adapter, byPassphrase);
      await keys.save(key);
      await keys.save(key);
      const names = await readdir(folder, { recursive: true, withFileTypes: true });
      const files = names.filter((name) => name.isFile()).map((name) => join(name.parentPath, name.name));
      expect(files).toHaveLength(2);
      for (const file of files) {
        const bytes = await readFile(file);
        for (const form of listForms(privateKey, passphrase)) expect(bytes.includes(form), file).toBe(false);
      }
      // The scan finds what is there.
      const planted = Buffer.from(`x${privateKey.slice(2).toUpperCase()}x`);
      expect(listForms(privateKey, passphrase).some((form) => planted.includes(form))).toBe(true);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("never encrypt twice alike", async () => {
    const adapter = memoryAdapter();
    await open(adapter, byKey).save(key);
    const [, first] = await readOnly(adapter);
    await open(adapter, byKey).save(key);
    const [, second] = await readOnly(adapter);
    expect(JSON.parse(first).iv).not.toBe(JSON.parse(second).iv);
    expect(JSON.parse(first).ciphertext).not.toBe(JSON.parse(second).ciphertext);
  });

  it("derive the key in 600 000 rounds if nothing else is said", async () => {
    const adapter = memoryAdapter();
    await open(adapter, { passphrase }).save(key);
    expect(JSON.parse((await readOnly(adapter))[1]).derivation).toMatchObject({
      name: "PBKDF2-SHA-256",
      iterations: 600_000,
    });
  });

  it("change the passphrase by saving anew", async () => {
    const adapter = memoryAdapter();
    await open(adapter, byPassphrase).save(key);
    await open(adapter, { passphrase: "another", iterations: 100_000 }).save(key);
    await expect(open(adapter, byPassphrase).load(key.sessionKey)).rejects.toThrow(DecryptionFailedError);
    await open(adapter, { passphrase: "another" }).load(key.sessionKey);
  });

  it("report a wrong passphrase, and quote neither", async () => {
    const adapter = memoryAdapter();
    await open(adapter, byPassphrase).save(key);
    const failure = await open(adapter, { passphrase: "hunter2hunter2" })
      .load(key.sessionKey)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DecryptionFailedError);
    expect(String(failure)).toContain("the passphrase is another one, or the entry was altered");
    for (const secret of ["hunter2", passphrase, privateKey.slice(2)])
      expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain(secret);
  });

  it("report a wrong key, and one where a passphrase is meant", async () => {
    const adapter = memoryAdapter();
    await open(adapter, byKey).save(key);
    const load = (encryption: Encryption) => open(adapter, encryption).load(key.sessionKey);
    await expect(load({ key: new Uint8Array(32) })).rejects.toThrow("the key is another one");
    await expect(load(byPassphrase)).rejects.toThrow("it takes a key, not a passphrase");
    await open(adapter, byPassphrase).save(key);
    await expect(load(byKey)).rejects.toThrow("it takes a passphrase, not a key");
  });

  it("report an entry of which any field was altered", async () => {
    const adapter = memoryAdapter();
    await open(adapter, byPassphrase).save(key);
    const [entry, text] = await readOnly(adapter);
    const flip = (hex: string) => hex.slice(0, -1) + (hex.endsWith("0") ? "1" : "0");
    const fields = JSON.parse(text);
    const altered = [
      { ...fields, iv: flip(fields.iv) },
      { ...fields, ciphertext: flip(fields.ciphertext) },
      { ...fields, ciphertext: "0x" },
      { ...fields, derivation: { ...fields.derivation, salt: flip(fields.derivation.salt) } },
      { ...fields, derivation: { ...fields.derivation, iterations: 100_001 } },
    ];
    let current = text;
    for (const changed of altered) {
      const next = JSON.stringify(changed);
      expect(await adapter.compareAndSet(entry, current, next)).toBe(true);
      current = next;
      await expect(open(adapter, byPassphrase).load(key.sessionKey)).rejects.toThrow(DecryptionFailedError);
    }
  });

  it("do not take one key's entry for another's", async () => {
    const adapter = memoryAdapter();
    const other = createSessionKey();
    await open(adapter, byKey).save(key);
    const [first, text] = await readOnly(adapter);
    await open(adapter, byKey).save(other);
    const second = (await adapter.keys()).find((name) => name !== first) ?? "";
    await adapter.compareAndSet(second, await adapter.get(second), text);
    await expect(open(adapter, byKey).load(other.sessionKey)).rejects.toThrow(StorageCorruptedError);
    // Nor if the name in it was changed too: the ciphertext is bound to its own.
    const renamed = text.replaceAll(key.sessionKey, other.sessionKey);
    await adapter.compareAndSet(second, text, renamed);
    await expect(open(adapter, byKey).load(other.sessionKey)).rejects.toThrow(DecryptionFailedError);
  });

  it.each([
    ["cut short", (text: string) => text.slice(0, 80), StorageCorruptedError],
    ["of something else", () => "theirs", StorageForeignError],
    ["of a later version", (text: string) => text.replace('"version": 1', '"version": 2'), StorageVersionError],
    ["of an unknown cipher", (text: string) => text.replace("AES-256-GCM", "ROT13"), StorageCorruptedError],
    ["of an unknown derivation", (text: string) => text.replace('"none"', '"md5"'), StorageCorruptedError],
    [
      "that takes for ever",
      (text: string) =>
        text.replace('"name": "none"', `"name":"PBKDF2-SHA-256","iterations":1e12,"salt":"0x${"00".repeat(16)}"`),
      StorageCorruptedError,
    ],
  ])("report an entry %s, and do not write over it", async (_, damage, expected) => {
    const adapter = memoryAdapter();
    const keys = open(adapter, byKey);
    await keys.save(key);
    const [entry, text] = await readOnly(adapter);
    const damaged = damage(text);
    await adapter.compareAndSet(entry, text, damaged);
    await expect(keys.load(key.sessionKey)).rejects.toThrow(expected);
    await expect(keys.save(key)).rejects.toThrow(expected);
    await expect(keys.remove(key.sessionKey)).rejects.toThrow(expected);
    expect(await adapter.get(entry)).toBe(damaged);
  });

  it("refuse to keep a key in the clear", async () => {
    const adapter = memoryAdapter();
    await expect(open(adapter).save(key)).rejects.toThrow(SessionKeyNotStorableError);
    expect(await adapter.keys()).toEqual([]);
  });

  it("refuse a key that is not held here", async () => {
    const elsewhere = toSessionKey(privateKeyToAccount(privateKey));
    await expect(open(memoryAdapter(), byKey).save(elsewhere)).rejects.toThrow(PrivateKeyNotAvailableError);
  });

  it("say that a key is not there, and forget one", async () => {
    const keys = open(memoryAdapter(), byKey);
    await expect(keys.load(key.sessionKey)).rejects.toThrow(SessionKeyNotFoundError);
    await keys.save(key);
    await keys.remove(key.sessionKey);
    await keys.remove(key.sessionKey);
    await expect(keys.load(key.sessionKey)).rejects.toThrow(SessionKeyNotFoundError);
  });

  it.each([
    {},
    { passphrase: "" },
    { passphrase: 5 },
    { key: new Uint8Array(16) },
    { key: "x".repeat(32) },
    { passphrase, key: new Uint8Array(32) },
  ])("refuse %j to encrypt with", (encryption) => {
    const careless = encryption as Encryption;
    expect(() => open(memoryAdapter(), careless)).toThrow(InvalidParameterError);
  });

  it("refuse too few rounds", async () => {
    const keys = open(memoryAdapter(), { passphrase, iterations: 1_000 });
    await expect(keys.save(key)).rejects.toThrow("iterations");
  });
});

/** The ways in which a secret may be written. */
function listForms(hex: Hex, words: string): readonly Buffer[] {
  const bytes = Buffer.from(hex.slice(2), "hex");
  const digits = hex.slice(2);
  return [
    bytes,
    Buffer.from(digits),
    Buffer.from(digits.toUpperCase()),
    Buffer.from(bytes.toString("base64").slice(0, 40)),
    Buffer.from(bytes.toString("base64url").slice(0, 40)),
    Buffer.from(BigInt(hex).toString()),
    Buffer.from([...bytes].join(",")),
    Buffer.from(words),
  ];
}

describe("keys.save and keys.load, of WebCrypto keys", () => {
  let databases = 0;
  const places = [
    ["memory", () => memoryAdapter()],
    ["IndexedDB", () => indexedDbAdapter({ database: `keys-${databases++}` })],
  ] as const;

  it.each(places)("keep a key as it is in %s, which cannot be exported after either", async (_, make) => {
    const adapter = make();
    const made = await createP256SessionKey();
    await open(adapter).save(made);
    const loaded = await open(adapter).load(made.sessionKey);
    if (loaded.type !== "webCrypto") expect.unreachable();
    expect(loaded.sessionKey).toBe(made.sessionKey);
    expect(loaded.keyPair.privateKey.extractable).toBe(false);
    await expect(crypto.subtle.exportKey("jwk", loaded.keyPair.privateKey)).rejects.toThrow();
    await expect(crypto.subtle.exportKey("pkcs8", loaded.keyPair.privateKey)).rejects.toThrow();
    const digest = `0x${"12".repeat(32)}` as const;
    const signature = hexToBytes(await loaded.sign(digest, typedData));
    const how = { name: "ECDSA", hash: "SHA-256" };
    const isSigned = await crypto.subtle.verify(
      how,
      made.keyPair.publicKey,
      new Uint8Array(signature),
      new Uint8Array(hexToBytes(digest)),
    );
    expect(isSigned).toBe(true);
    // It is not among the texts, which hold records.
    expect(await adapter.keys()).toEqual([]);
  });

  it("keep which verifier checks the signatures", async () => {
    const adapter = memoryAdapter();
    const { keyPair, sessionKey } = await createP256SessionKey();
    const verifier = "0x00000000000000000000000000000000000000ab";
    const others = [
      await toWebCryptoSessionKey({ keyPair, precompile: true }),
      await toWebCryptoSessionKey({ keyPair, contracts: { webCryptoP256Verifier: verifier } }),
    ];
    for (const other of others) {
      expect(other.sessionKey).not.toBe(sessionKey);
      await open(adapter).save(other);
      expect((await open(adapter).load(other.sessionKey)).sessionKey).toBe(other.sessionKey);
    }
    await expect(open(adapter).load(sessionKey)).rejects.toThrow(SessionKeyNotFoundError);
  });

  it.each(places)("keep one twice, and forget it, in %s", async (_, make) => {
    const adapter = make();
    const keys = open(adapter);
    const [made, other] = [await createP256SessionKey(), await createP256SessionKey()];
    await keys.save(made);
    await keys.save(other);
    await keys.save(made);
    expect(await adapter.cryptoKeys?.keys()).toHaveLength(2);
    await keys.remove(made.sessionKey);
    await keys.remove(made.sessionKey);
    await expect(keys.load(made.sessionKey)).rejects.toThrow(SessionKeyNotFoundError);
    expect((await keys.load(other.sessionKey)).sessionKey).toBe(other.sessionKey);
  });

  it.each(places)("report the pair of another key in %s, and leave it", async (_, make) => {
    const adapter = make();
    const [made, other] = [await createP256SessionKey(), await createP256SessionKey()];
    const entry = `key.${keccak256(made.sessionKey).slice(2)}`;
    await adapter.cryptoKeys?.add(entry, other.keyPair);
    await expect(open(adapter).load(made.sessionKey)).rejects.toThrow(StorageCorruptedError);
    await expect(open(adapter).save(made)).rejects.toThrow(StorageCorruptedError);
    const kept = await adapter.cryptoKeys?.get(entry);
    if (kept === undefined) expect.unreachable();
    expect((await toWebCryptoSessionKey({ keyPair: kept })).publicKey).toBe(other.publicKey);
  });

  it("refuse a private key that can be exported", async () => {
    const keyPair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
    const failure = open(memoryAdapter()).save(await toWebCryptoSessionKey({ keyPair }));
    await expect(failure).rejects.toThrow(SessionKeyNotStorableError);
    await expect(failure).rejects.toThrow("its private key can be exported");
  });

  it("refuse where only text is kept", async () => {
    const adapter = { ...memoryAdapter(), kind: "file", cryptoKeys: undefined };
    const made = await createP256SessionKey();
    await expect(open(adapter, byKey).save(made)).rejects.toThrow("file storage holds only text");
    await expect(open(adapter, byKey).load(made.sessionKey)).rejects.toThrow(SessionKeyNotFoundError);
    expect(await adapter.keys()).toEqual([]);
  });
});

describe("keys.save and keys.load, of passkeys", () => {
  const publicKey = bytesToHex(p256.getPublicKey(p256.utils.randomSecretKey(), false).slice(1));
  const credential = { id: "m1-bMPuAqpWhCxHZQZTT6e-lSPntQbh3opIoGe7g4Qs", publicKey };
  const account = toWebAuthnAccount({ credential });
  const passkey = toWebAuthnSessionKey({ account });

  it.each([
    ["that verifies the user", { account }],
    ["that does not", { account, requireUserVerification: false }],
    ["of another verifier", { account, precompile: true }],
  ])("keep one %s by its id, and no secret", async (_, parameters) => {
    const adapter = memoryAdapter();
    const made = toWebAuthnSessionKey(parameters);
    await open(adapter).save(made);
    await open(adapter).save(made);
    const loaded = await open(adapter).load(made.sessionKey);
    if (loaded.type !== "webAuthn") expect.unreachable();
    expect(loaded).toMatchObject({ sessionKey: made.sessionKey, publicKey, stubSignature: made.stubSignature });
    expect(loaded.account).toMatchObject({ id: credential.id, publicKey });
    expect(JSON.parse((await readOnly(adapter))[1])).toEqual({
      format: "latchkey-passkey",
      version: 1,
      sessionKey: made.sessionKey,
      credentialId: credential.id,
    });
    await open(adapter).remove(made.sessionKey);
    expect(await adapter.keys()).toEqual([]);
  });

  it("asks for the same credential, in the way that is given", async () => {
    const adapter = memoryAdapter();
    await open(adapter).save(passkey);
    const asked: unknown[] = [];
    const loaded = await open(adapter).load(passkey.sessionKey, {
      rpId: "example.com",
      clientDataLength: 200,
      getFn: async (options) => {
        asked.push(options?.publicKey);
        throw new Error("no authenticator");
      },
    });
    await expect(loaded.sign(`0x${"12".repeat(32)}`, typedData)).rejects.toThrow();
    expect(asked).toMatchObject([{ rpId: "example.com", allowCredentials: [{ type: "public-key" }] }]);
    expect(loaded.stubSignature.length).toBeLessThan(passkey.stubSignature.length);
  });

  it.each([
    ["cut short", (text: string) => text.slice(0, 80), StorageCorruptedError],
    ["of something else", () => "theirs", StorageForeignError],
    ["of a later version", (text: string) => text.replace('"version": 1', '"version": 2'), StorageVersionError],
    ["of another key", (text: string) => text.replace(publicKey.slice(2), "12".repeat(64)), StorageCorruptedError],
    ["without an id", (text: string) => text.replace(credential.id, ""), StorageCorruptedError],
    ["with a secret", (text: string) => text.replace("{", '{"privateKey":"0x12",'), StorageCorruptedError],
  ])("report an entry %s, and do not write over it", async (_, damage, expected) => {
    const adapter = memoryAdapter();
    const keys = open(adapter);
    await keys.save(passkey);
    const [entry, text] = await readOnly(adapter);
    const damaged = damage(text);
    await adapter.compareAndSet(entry, text, damaged);
    await expect(keys.load(passkey.sessionKey)).rejects.toThrow(expected);
    await expect(keys.save(passkey)).rejects.toThrow(expected);
    await expect(keys.remove(passkey.sessionKey)).rejects.toThrow(expected);
    expect(await adapter.get(entry)).toBe(damaged);
  });

  it("refuse a misspelt option", async () => {
    const options = { rpID: "example.com" } as object;
    await expect(open(memoryAdapter()).load(passkey.sessionKey, options)).rejects.toThrow(UnknownParameterError);
  });

  it("refuse a key that a device holds", async () => {
    const device = toP256SessionKey({ publicKey, sign: async () => "0x" });
    const failure = open(memoryAdapter(), byKey).save(device);
    await expect(failure).rejects.toThrow(SessionKeyNotStorableError);
    await expect(failure).rejects.toThrow('a key of type "p256" is held elsewhere');
  });
});

describe("keys.save and keys.remove", () => {
  it("take a pair that was there a moment ago for kept by another", async () => {
    const adapter = memoryAdapter();
    const { get, remove, keys } = adapter.cryptoKeys ?? expect.unreachable();
    const made = await createP256SessionKey();
    await open({ ...adapter, cryptoKeys: { get, remove, keys, add: async () => false } }).save(made);
    await expect(open(adapter).load(made.sessionKey)).rejects.toThrow(SessionKeyNotFoundError);
  });

  it("forget a key where only text is kept", async () => {
    const adapter = { ...memoryAdapter(), cryptoKeys: undefined };
    await open(adapter, byKey).save(key);
    await open(adapter, byKey).remove(key.sessionKey);
    expect(await adapter.keys()).toEqual([]);
  });
});
