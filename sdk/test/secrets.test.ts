import { isHex, numberToHex, zeroAddress, zeroHash } from "viem";
import { generatePrivateKey } from "viem/accounts";
import { describe, expect, it } from "vitest";
import {
  createP256SessionKey,
  createSessionKey,
  defineSession,
  describeSession,
  explainUserOperation,
  getSessionId,
  parseSession,
  serializeSession,
  toSessionAccount,
} from "../src/index.js";
import { createSessionStore, memoryAdapter } from "../src/storage/index.js";
import { getUseTypedData } from "../src/use/encodeUse.js";
import { contracts, parameters, session } from "./fixtures.js";
import { catchLogs } from "./logged.js";
import { createMockClient, createOwner } from "./mockClient.js";
import { formsOf, formsOfText, type Secrets, expectNoSecret as scan } from "./scan.js";

const secp256k1 = generatePrivateKey();
const p256 = generatePrivateKey();
const encryptionKey = generatePrivateKey();
const passphrase = "my voice is my passport";
const shortPassphrase = "hunter2!pass";
const secrets: Secrets = [
  ["the private key", formsOf(secp256k1)],
  ["the private key, a byte further on", [`${BigInt(`${secp256k1}00`)}`]],
  ["the short passphrase", formsOfText(shortPassphrase)],
  ["the private key on P-256", formsOf(p256)],
  ["the key that encrypts", formsOf(encryptionKey)],
  ["the passphrase", formsOfText(passphrase)],
];

/** Fails if a value shows a secret of these. */
function expectNoSecret(what: string, value: unknown): void {
  scan(secrets, what, value);
}

/** The error of something that has to fail. */
async function failureOf(act: () => unknown): Promise<unknown> {
  try {
    await act();
  } catch (error) {
    return error;
  }
  return expect.unreachable();
}

const logged = catchLogs();

async function setUp() {
  const key = createSessionKey({ privateKey: secp256k1 });
  const p256Key = await createP256SessionKey({ privateKey: p256 });
  const own = defineSession({ ...parameters, sessionKey: key });
  const { client } = createMockClient();
  const owner = await createOwner(client);
  const account = await toSessionAccount({
    account: owner,
    session: own,
    sessionKey: key,
    contracts,
    accountType: "nexus",
  });
  const adapter = memoryAdapter();
  const sealed = createSessionStore({ adapter, encryption: { passphrase, iterations: 100_000 } });
  const keyed = createSessionStore({
    adapter: memoryAdapter(),
    encryption: { key: Buffer.from(encryptionKey.slice(2), "hex") },
  });
  return { key, p256Key, own, client, account, adapter, sealed, keyed };
}

const zeroAddressButOne = numberToHex(1, { size: 20 });
const typedData = getUseTypedData({ userOpHash: zeroHash, id: zeroHash, use: "0x", manager: zeroAddress });

describe("secrets", () => {
  it("are found by this test where there are some", () => {
    for (const secret of [
      secp256k1,
      BigInt(secp256k1),
      Buffer.from(secp256k1.slice(2), "hex"),
      { a: [{ b: passphrase }] },
      // Shown in columns, or as an object of bytes.
      { a: new Uint8Array(Buffer.from(secp256k1.slice(2), "hex")) },
      JSON.stringify({ a: new Uint8Array(Buffer.from(secp256k1.slice(2), "hex")) }),
      { a: [new TextEncoder().encode(passphrase)] },
      `https://example.com/${encodeURIComponent(passphrase)}`,
      Buffer.from(passphrase).toString("base64url"),
    ])
      expect(() => expectNoSecret("it", secret)).toThrow("in it");
    const hidden = Object.defineProperty({}, "secret", { value: p256, enumerable: false });
    expect(() => expectNoSecret("it", hidden)).toThrow("in it");
    expect(() => expectNoSecret("it", new Error("x", { cause: new Error(encryptionKey) }))).toThrow("in it");
  });

  it("are in nothing that is made, stored or shown", async () => {
    const { key, p256Key, own, account, adapter, sealed, keyed } = await setUp();
    await sealed.keys.save(key);
    await keyed.keys.save(key);
    const shown: [string, unknown][] = [
      ["a key", key],
      ["a key on P-256", p256Key],
      ["its signature", await p256Key.sign(zeroHash, typedData)],
      ["the account", account],
      ["the session", own],
      ["its bytes", serializeSession(own)],
      ["its description", await describeSession(own)],
      ["a store", sealed],
      ["a store by key", keyed],
      ["the adapter", adapter],
      ["what is stored", await Promise.all((await adapter.keys()).map((entry) => adapter.get(entry)))],
      ["a key that was kept", await sealed.keys.load(key.sessionKey)],
      ["another that was", await keyed.keys.load(key.sessionKey)],
    ];
    for (const [what, value] of shown) expectNoSecret(what, value);
    expectNoSecret("a log", logged);
  });

  it("are in no error", async () => {
    const { key, own, client, account, adapter, sealed } = await setUp();
    await sealed.keys.save(key);
    const broken = `${secp256k1.slice(0, -1)}g`;
    const failures: [string, () => unknown][] = [
      [
        "a private key that is none",
        () => createSessionKey({ privateKey: isHex(broken) ? broken : secp256k1.slice(2) } as never),
      ],
      ["one without 0x", () => createSessionKey({ privateKey: secp256k1.slice(2) } as never)],
      ["one too long", () => createSessionKey({ privateKey: `${secp256k1}00` })],
      ["one that is a number", () => createSessionKey({ privateKey: BigInt(secp256k1) } as never)],
      ["one on P-256 that is too long", () => createP256SessionKey({ privateKey: `${p256}00` })],
      ["one in the wrong place", () => createSessionKey(secp256k1 as never)],
      ["one under another name", () => createSessionKey({ privatekey: secp256k1 } as never)],
      ["a key's private key as its name", () => defineSession({ ...parameters, sessionKey: secp256k1 as never })],
      [
        "one as the session key of an account",
        () => toSessionAccount({ account, session: own, sessionKey: secp256k1 } as never),
      ],
      ["one as an account", () => defineSession({ ...parameters, account: secp256k1 })],
      ["one as a time", () => defineSession({ ...parameters, validUntil: secp256k1 as never })],
      ["one as an amount below zero", () => defineSession({ ...parameters, epoch: -BigInt(secp256k1) as never })],
      [
        "one as an amount that is too large",
        () => defineSession({ ...parameters, fees: { maxPerOperation: BigInt(`${secp256k1}00`), total: "unlimited" } }),
      ],
      ["one as a chain", () => defineSession({ ...parameters, chainId: secp256k1 as never })],
      ["one as an epoch", () => defineSession({ ...parameters, epoch: secp256k1 as never })],
      [
        "one as an amount",
        () => defineSession({ ...parameters, fees: { maxPerOperation: secp256k1 as never, total: "unlimited" } }),
      ],
      [
        "a passphrase as the number of iterations",
        () =>
          createSessionStore({ adapter, encryption: { passphrase, iterations: passphrase as never } }).keys.save(key),
      ],
      [
        "a short passphrase as the number of iterations",
        () =>
          createSessionStore({ adapter, encryption: { passphrase, iterations: shortPassphrase as never } }).keys.save(
            key,
          ),
      ],
      ["one as a serialized session", () => parseSession(secp256k1)],
      ["one as a serialized session, without 0x", () => parseSession(`{"privateKey":"${secp256k1.slice(2)}"}`)],
      ["one to be loaded", () => sealed.keys.load(secp256k1)],
      ["one to be loaded, without 0x", () => sealed.keys.load(secp256k1.slice(2) as never)],
      ["one to be forgotten", () => sealed.keys.remove(secp256k1)],
      ["one to be saved", () => sealed.keys.save(secp256k1 as never)],
      ["a passphrase in the wrong place", () => createSessionStore({ adapter, encryption: passphrase as never })],
      ["a passphrase for a key", () => createSessionStore({ adapter, encryption: { key: passphrase as never } })],
      [
        "a passphrase under another name",
        () => createSessionStore({ adapter, encryption: { password: passphrase } as never }),
      ],
      [
        "a key that is too long",
        () => createSessionStore({ adapter, encryption: { key: Buffer.from(`${encryptionKey.slice(2)}00`, "hex") } }),
      ],
      [
        "another passphrase",
        () =>
          createSessionStore({ adapter, encryption: { passphrase: `${passphrase}!`, iterations: 100_000 } }).keys.load(
            key.sessionKey,
          ),
      ],
      [
        "a call that is not allowed",
        () =>
          account
            .encodeCalls([{ to: zeroAddressButOne, data: "0x" }])
            .then((callData) => account.signUserOperation({ callData } as never)),
      ],
      [
        "a key of another session",
        () =>
          toSessionAccount({
            account,
            session,
            sessionKey: createSessionKey({ privateKey: secp256k1 }),
            contracts,
          } as never),
      ],
    ];
    for (const [what, act] of failures) expectNoSecret(what, await failureOf(act));
    expectNoSecret(
      "what explains an operation",
      await explainUserOperation(client, { userOperation: {} } as never).catch((error: unknown) => error),
    );
    expectNoSecret("a log", logged);
    expect(getSessionId(own)).toHaveLength(66);
  });
});
