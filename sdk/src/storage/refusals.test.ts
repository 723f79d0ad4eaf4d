import { type Hex, keccak256, pad } from "viem";
import { describe, expect, it } from "vitest";
import { parameters, privateKey, session } from "../../test/fixtures.js";
import { createWebStorage, withGlobals } from "../../test/storage/browser.js";
import { createSessionKey, defineSession, getSessionId, type SessionKey } from "../index.js";
import { seal, unseal } from "./encryption.js";
import {
  createSessionStore,
  type Encryption,
  localStorageAdapter,
  memoryAdapter,
  observeSession,
  parseSessionRecord,
  redisAdapter,
  type SessionRecord,
  serializeSessionRecord,
} from "./index.js";

const id = getSessionId(session);
const hash: Hex = pad("0x2", { size: 32 });
const key = createSessionKey({ privateKey });
const byKey: Encryption = { key: new Uint8Array(32).fill(7) };
const record: SessionRecord = { id, chainId: 1, session, state: "granted", createdAt: 1, updatedAt: 2 };
const everywhere = defineSession({ ...parameters, chainId: "every" });

/** The fields of what is stored. */
function fieldsOf(text: string): Record<string, unknown> {
  return JSON.parse(text);
}

/** What an error says, without the page that explains it. */
async function told(act: () => unknown): Promise<string> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return `${error.name}: ${error.message.split("\n\nDocs:")[0]}`;
  }
  return expect.unreachable();
}

const readRecord = (changes: object) =>
  told(() => parseSessionRecord(JSON.stringify({ ...fieldsOf(serializeSessionRecord(record)), ...changes })));

describe("a stored session that is refused is told why", () => {
  it.each(["format", "version", "chainId", "state", "createdAt", "updatedAt", "session"])(
    "without %s",
    async (name) => {
      const expected = {
        format: "StorageForeignError: A stored entry is of something else; it was left as it is.",
        version: "StorageVersionError: A stored entry has an unknown version; it was left as it is.",
      }[name];
      const text = await readRecord({ [name]: undefined });
      expect(text.split("\n")[0]).toBe(
        expected ?? "StorageCorruptedError: A stored entry is damaged; it was left as it is.",
      );
      if (expected === undefined) expect(text).toContain(`Reason: it has no \`${name}\``);
      expect(text).toContain("Where: a text");
    },
  );

  it.each([
    [{ more: 1 }, "it has a field that it should not have"],
    [{ state: "active" }, "its state is unknown"],
    [{ chainId: 2 }, "its chain is not that of its session"],
    [{ chainId: 0 }, "`chainId` is not a whole number in its range"],
    [{ proof: {} }, "`proof` is not a list of at most 255"],
    [{ proof: Array(256).fill(hash) }, "`proof` is not a list of at most 255"],
    [{ proof: [hash, "0x12"] }, "`proof[1]` is not 32 bytes of hex"],
    [{ userOpHash: "0x12" }, "`userOpHash` is not 32 bytes of hex"],
    [{ transactionHash: "0x12" }, "`transactionHash` is not 32 bytes of hex"],
    [{ createdAt: -1 }, "`createdAt` is not a whole number in its range"],
    [{ updatedAt: 0.5 }, "`updatedAt` is not a whole number in its range"],
    [{ grant: null }, "`grant` is not `ids` and `signature`"],
    [{ grant: 5 }, "`grant` is not `ids` and `signature`"],
    [{ grant: "ids" }, "`grant` is not `ids` and `signature`"],
    [{ grant: { ids: [], other: 1 } }, "`grant` is not `ids` and `signature`"],
    [{ grant: { other: 1, signature: "0x" } }, "`grant` is not `ids` and `signature`"],
    [{ grant: { ids: [], signature: "0x", other: 1 } }, "`grant` is not `ids` and `signature`"],
    [{ grant: { ids: ["0x"], signature: "0x" } }, "`grant.ids[0]` is not 32 bytes of hex"],
    [{ grant: { ids: [hash], signature: "0x1" } }, "`grant.signature` is not whole bytes of hex"],
    [{ blockNumber: "x5" }, "`blockNumber` must be a bigint"],
    [{ blockNumber: "5x" }, "`blockNumber` must be a bigint"],
    [{ blockNumber: "05" }, "`blockNumber` must be a bigint"],
    [{ blockNumber: 5 }, "`blockNumber` must be a bigint"],
    [{ blockNumber: "18446744073709551616" }, "`blockNumber` is out of range"],
  ])("with %j", async (changes, reason) => {
    expect((await readRecord(changes)).split("\n").slice(0, 4)).toEqual([
      "StorageCorruptedError: A stored entry is damaged; it was left as it is.",
      "",
      "Where: a text",
      `Reason: ${reason}`,
    ]);
  });

  it.each(["null", "[]", "5", '"text"', "{}", "text"])("for %s, which is something else", async (text) => {
    expect(await told(() => parseSessionRecord(text))).toMatchInlineSnapshot(`
      "StorageForeignError: A stored entry is of something else; it was left as it is.

      Where: a text
      Expected: an entry of the format "latchkey-session-record""
    `);
  });

  it("when it is cut short", async () => {
    expect(await told(() => parseSessionRecord(' {"format"'))).toMatchInlineSnapshot(`
      "StorageCorruptedError: A stored entry is damaged; it was left as it is.

      Where: a text
      Reason: its 10 characters are not whole JSON; it may have been cut short"
    `);
  });

  it("but not with as many siblings and ids as there may be", () => {
    const many = Array<Hex>(255).fill(hash);
    const full = {
      ...record,
      proof: many,
      grant: { ids: many, signature: "0x12" },
      blockNumber: 2n ** 64n - 1n,
    } as const;
    expect(parseSessionRecord(serializeSessionRecord(full))).toEqual(full);
  });
});

describe("what a store is asked and refuses is told why", () => {
  const store = createSessionStore({ adapter: memoryAdapter(), encryption: byKey, now: () => 1_000 });
  const careless = (value: unknown) => value as never;

  const cases: readonly (readonly [string, () => unknown])[] = [
    ["an adapter that is none", () => createSessionStore({ adapter: careless({}) })],
    ["a session that is not there", () => store.observe(id, { state: "granted", blockNumber: 1n })],
    ["a session that is not there, on a chain", () => store.update({ id, chainId: 10 }, ({ proof }) => ({ proof }))],
    ["no chain for a session of every chain", () => store.add({ session: everywhere })],
    ["another chain than the session's", () => store.add({ session, chainId: 2 })],
    ["a chain that is none", () => store.add({ session, chainId: 0 })],
    ["a proof that is none", () => store.add({ session, proof: careless("0x12") })],
    ["a hash that is none", () => store.add({ session, userOpHash: "0x12" })],
    ["an id that is none", () => store.get("0x12")],
    ["a status that is none", () => store.list({ status: careless("granted") })],
    ["statuses of which one is none", () => store.list({ status: careless(["active", "granted"]) })],
    ["an account that is none", () => store.list({ account: "0x12" })],
    ["a session key that is none", () => store.list({ sessionKey: "0x1" })],
    ["a filter that there is not", () => store.list(careless({ state: "active" }))],
    ["a filter that is none", () => store.list(careless(5))],
    ["a receipt that is none", () => store.applyReceipt(careless(5))],
    ["an observation that is none", () => store.observe(id, careless({ state: "active", blockNumber: 1n }))],
    ["a block that is none", () => store.observe(id, careless({ state: "granted", blockNumber: 1 }))],
    [
      "a transaction that is none",
      () => store.observe(id, { state: "granted", blockNumber: 1n, transactionHash: "0x12" }),
    ],
    ["a key of storage with a path in it", () => memoryAdapter().compareAndSet("../x", undefined, "")],
    ["nothing to encrypt with", () => createSessionStore({ encryption: careless({}) })],
    ["two things to encrypt with", () => createSessionStore({ encryption: careless({ passphrase: "x", ...byKey }) })],
    ["a passphrase that is empty", () => createSessionStore({ encryption: { passphrase: "" } })],
    ["a key that is too short", () => createSessionStore({ encryption: { key: new Uint8Array(31) } })],
    ["a key that is not there", () => store.keys.load(key.sessionKey)],
    ["a key by a private key", () => store.keys.load(privateKey)],
    [
      "a key by a private key without 0x, in capital letters",
      () => store.keys.load(careless(privateKey.slice(2).toUpperCase())),
    ],
    ["a key by something else", () => store.keys.load("0x1")],
    ["options of loading that are none", () => store.keys.load(key.sessionKey, careless(5))],
    ["a key without encryption", () => createSessionStore({ adapter: memoryAdapter() }).keys.save(key)],
    ["a key without a name", () => store.keys.save(careless({ ...key, sessionKey: "0x1" }))],
    ["no function that sends", () => redisAdapter({ send: careless("GET") })],
    ["no object for a store", () => createSessionStore(careless(5))],
    ["no object to add", () => store.add(careless(5))],
    ["no object for an observation", () => store.observe(id, careless(5))],
    ["no object for Redis", () => redisAdapter(careless(5))],
    ["no object for localStorage", () => localStorageAdapter(careless(5))],
    [
      "a clock in milliseconds",
      () => createSessionStore({ adapter: memoryAdapter(), now: () => 1e12 }).add({ session }),
    ],
    ["a session of a chain that is too large", () => store.add({ session: { ...session, chainId: 2n ** 60n } })],
    ["a session that was revoked", addRevoked],
    ["a record of another session", readAnother],
    ["no localStorage", () => localStorageAdapter()],
    [
      "no Web Locks",
      () => withGlobals({ navigator: undefined }, () => localStorageAdapter({ storage: createWebStorage() })),
    ],
  ];

  async function addRevoked() {
    const own = createSessionStore({ adapter: memoryAdapter(), now: () => 1_000 });
    await own.add({ session });
    await own.observe(id, { state: "revoked", blockNumber: 1n });
    await own.add({ session });
  }

  async function readAnother() {
    const adapter = memoryAdapter();
    const own = createSessionStore({ adapter, now: () => 1_000 });
    await own.add({ session });
    const [name = ""] = await adapter.keys();
    const text = await adapter.get(name);
    await adapter.compareAndSet(name.replace(id.slice(2), hash.slice(2)), undefined, text);
    await own.get(hash);
  }

  it("in these words", async () => {
    const texts: string[] = [];
    for (const [what, act] of cases) texts.push(`${what}: ${await told(act)}`);
    expect(texts).toMatchInlineSnapshot(`
      [
        "an adapter that is none: InvalidParameterError: \`adapter\` is not a StorageAdapter, for example of fileAdapter.",
        "a session that is not there: SessionRecordNotFoundError: The session is not in the storage.

      Session: 0x4b52e56f3f600f633d300f4f3f7b9caf9256ed49b0a87bf6e241d5df7a186877
      Where: memory",
        "a session that is not there, on a chain: SessionRecordNotFoundError: The session is not in the storage.

      Session: 0x4b52e56f3f600f633d300f4f3f7b9caf9256ed49b0a87bf6e241d5df7a186877
      Chain: 10
      Where: memory",
        "no chain for a session of every chain: InvalidParameterError: \`chainId\` is not a chain, as the session is for every chain.",
        "another chain than the session's: InvalidParameterError: \`chainId\` is not the session's chain, 1.",
        "a chain that is none: InvalidNumberError: \`chainId\` is not a whole number in its range.

      Expected: a number from 1 to 9007199254740991
      Actual: 0",
        "a proof that is none: InvalidParameterError: \`proof\` is not a list of at most 255.",
        "a hash that is none: InvalidBytesError: \`userOpHash\` is not 32 bytes of hex.

      Expected: 32 bytes of hex
      Actual: 1 bytes of hex",
        "an id that is none: InvalidBytesError: \`id\` is not 32 bytes of hex.

      Expected: 32 bytes of hex
      Actual: 1 bytes of hex",
        "a status that is none: InvalidParameterError: \`status\` is not pending, active, expired or revoked.",
        "statuses of which one is none: InvalidParameterError: \`status\` is not pending, active, expired or revoked.",
        "an account that is none: InvalidAddressError: \`account\` is not a valid address.

      Expected: 20 bytes of hex, in lower case or with the right checksum
      Actual: "0x12"",
        "a session key that is none: InvalidBytesError: \`sessionKey\` is not whole bytes of hex.

      Expected: whole bytes of hex
      Actual: a string of 3 characters",
        "a filter that there is not: UnknownParameterError: There is no parameter \`state\`.

      Available: account, chainId, sessionKey, status, onProblem",
        "a filter that is none: InvalidParameterError: \`list's filter\` is not an object.",
        "a receipt that is none: InvalidParameterError: \`applyReceipt's argument\` is not an object.",
        "an observation that is none: InvalidParameterError: \`state\` is not requested, granted or revoked.",
        "a block that is none: InvalidAmountError: \`blockNumber\` must be a bigint.

      Expected: a bigint from 0 to 18446744073709551615
      Actual: 1 (a number)",
        "a transaction that is none: InvalidBytesError: \`transactionHash\` is not 32 bytes of hex.

      Expected: 32 bytes of hex
      Actual: 1 bytes of hex",
        "a key of storage with a path in it: InvalidParameterError: \`key\` is not 1 to 200 lower-case letters, digits, dots and hyphens.",
        "nothing to encrypt with: InvalidParameterError: \`encryption\` is not a \`passphrase\` or a \`key\`.",
        "two things to encrypt with: InvalidParameterError: \`encryption\` is not a \`passphrase\` or a \`key\`.",
        "a passphrase that is empty: InvalidParameterError: \`encryption.passphrase\` is not a text that is not empty.",
        "a key that is too short: InvalidParameterError: \`encryption.key\` is not 32 bytes, or a WebCrypto key for AES-GCM of 256 bits.",
        "a key that is not there: SessionKeyNotFoundError: The session key is not in the storage.

      Session key: 0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266
      Where: memory",
        "a key by a private key: InvalidParameterError: \`sessionKey\` is not the name of a key, but as long as a private key.",
        "a key by a private key without 0x, in capital letters: InvalidParameterError: \`sessionKey\` is not the name of a key, but as long as a private key.",
        "a key by something else: InvalidBytesError: \`sessionKey\` is not whole bytes of hex.

      Expected: whole bytes of hex
      Actual: a string of 3 characters",
        "options of loading that are none: InvalidParameterError: \`load's options\` is not an object.",
        "a key without encryption: SessionKeyNotStorableError: The session key cannot be stored: a private key is only kept encrypted, and the store was made without \`encryption\`.

      Session key: 0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
        "a key without a name: InvalidBytesError: \`key.sessionKey\` is not whole bytes of hex.

      Expected: whole bytes of hex
      Actual: a string of 3 characters",
        "no function that sends: InvalidParameterError: \`send\` is not a function.",
        "no object for a store: InvalidParameterError: \`createSessionStore's argument\` is not an object.",
        "no object to add: InvalidParameterError: \`add's argument\` is not an object.",
        "no object for an observation: InvalidParameterError: \`observe's argument\` is not an object.",
        "no object for Redis: InvalidParameterError: \`redisAdapter's argument\` is not an object.",
        "no object for localStorage: InvalidParameterError: \`localStorageAdapter's argument\` is not an object.",
        "a clock in milliseconds: InvalidTimeError: \`now\` looks like milliseconds; times are in seconds.

      Expected: a Date, or a whole number of seconds since 1970
      Actual: 1000000000000
      In seconds: 1000000000",
        "a session of a chain that is too large: InvalidNumberError: \`session.chainId\` is not a whole number in its range.

      Expected: a number from 1 to 9007199254740991
      Actual: 1152921504606847000",
        "a session that was revoked: SessionRevokedError: The session was revoked, which is final.

      Session: 0x4b52e56f3f600f633d300f4f3f7b9caf9256ed49b0a87bf6e241d5df7a186877",
        "a record of another session: StorageCorruptedError: A stored entry is damaged; it was left as it is.

      Where: memory, entry session.0000000000000000000000000000000000000000000000000000000000000002
      Reason: it holds the record of another session",
        "no localStorage: StorageUnavailableError: There is no localStorage storage here: the environment has no localStorage.",
        "no Web Locks: StorageUnavailableError: There is no localStorage storage here: without Web Locks (a secure context has them) tabs would overwrite each other.",
      ]
    `);
  });

  it.each(["get", "keys", "compareAndSet"])("an adapter without %s", (name) => {
    const adapter = { ...memoryAdapter(), [name]: undefined };
    expect(() => createSessionStore({ adapter: careless(adapter) })).toThrow("`adapter`");
  });

  it.each([
    [{ type: "webCrypto" }],
    [{ type: "webCrypto", keyPair: {} }],
    [{ type: "webAuthn" }],
    [{ type: "other", account: { id: "x" } }],
    [{ type: "other", keyPair: crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]) }],
  ])("a key that is not what it says: %j", async ({ keyPair, ...fields }: { type: string; keyPair?: unknown }) => {
    const given = { sessionKey: id, ...fields, ...(keyPair === undefined ? {} : { keyPair: await keyPair }) };
    expect(await told(() => store.keys.save(careless(given) as SessionKey))).toContain(
      `SessionKeyNotStorableError: The session key cannot be stored: a key of type "${fields.type}" is held elsewhere`,
    );
  });

  it("what Redis answers and is not understood", async () => {
    const adapter = redisAdapter({ send: async () => 5 });
    expect(await told(() => adapter.get("a"))).toMatchInlineSnapshot(`
      "StorageForeignError: A stored entry is of something else; it was left as it is.

      Where: Redis, hash "latchkey", entry a
      Expected: an entry of the format "text""
    `);
    expect(await told(() => adapter.keys())).toMatchInlineSnapshot(`
      "StorageForeignError: A stored entry is of something else; it was left as it is.

      Where: Redis, hash "latchkey"
      Expected: an entry of the format "hash""
    `);
  });
});

describe("a stored secret that is refused is told why", () => {
  const entry = `key.${keccak256(key.sessionKey).slice(2)}`;

  async function load(change: (text: string) => string | Promise<string>, encryption = byKey): Promise<string> {
    const adapter = memoryAdapter();
    const text = await seal(new Uint8Array(32).fill(1), key.sessionKey, encryption);
    await adapter.compareAndSet(entry, undefined, await change(text));
    return told(() => createSessionStore({ adapter, encryption }).keys.load(key.sessionKey));
  }

  const changes: readonly (readonly [string, object])[] = [
    ["another cipher", { cipher: "AES-128-GCM" }],
    ["another name", { name: id }],
    ["a derivation that is not known", { derivation: { name: "scrypt" } }],
    ["no derivation", { derivation: null }],
    ["too few rounds", { derivation: { name: "PBKDF2-SHA-256", iterations: 99_999, salt: `0x${"00".repeat(16)}` } }],
    ["too many rounds", { derivation: { name: "PBKDF2-SHA-256", iterations: 1e7 + 1, salt: `0x${"00".repeat(16)}` } }],
    ["a salt that is too short", { derivation: { name: "PBKDF2-SHA-256", iterations: 1e5, salt: "0x12" } }],
    ["an iv that is too short", { iv: "0x12" }],
    ["a ciphertext that is none", { ciphertext: 5 }],
    ["no ciphertext", { ciphertext: undefined }],
  ];

  it("in these words", async () => {
    const texts: string[] = [];
    for (const [what, change] of changes)
      texts.push(`${what}: ${await load((text) => JSON.stringify({ ...fieldsOf(text), ...change }))}`);
    expect(texts).toMatchInlineSnapshot(`
      [
        "another cipher: StorageCorruptedError: A stored entry is damaged; it was left as it is.

      Where: memory, entry key.e9707d0e6171f728f7473c24cc0432a9b07eaaf1efed6a137a4a8c12c79552d9
      Reason: its cipher is unknown",
        "another name: StorageCorruptedError: A stored entry is damaged; it was left as it is.

      Where: memory, entry key.e9707d0e6171f728f7473c24cc0432a9b07eaaf1efed6a137a4a8c12c79552d9
      Reason: it is not the entry of this key",
        "a derivation that is not known: StorageCorruptedError: A stored entry is damaged; it was left as it is.

      Where: memory, entry key.e9707d0e6171f728f7473c24cc0432a9b07eaaf1efed6a137a4a8c12c79552d9
      Reason: the derivation of its key is unknown",
        "no derivation: StorageCorruptedError: A stored entry is damaged; it was left as it is.

      Where: memory, entry key.e9707d0e6171f728f7473c24cc0432a9b07eaaf1efed6a137a4a8c12c79552d9
      Reason: the derivation of its key is unknown",
        "too few rounds: StorageCorruptedError: A stored entry is damaged; it was left as it is.

      Where: memory, entry key.e9707d0e6171f728f7473c24cc0432a9b07eaaf1efed6a137a4a8c12c79552d9
      Reason: \`derivation.iterations\` is not a whole number in its range",
        "too many rounds: StorageCorruptedError: A stored entry is damaged; it was left as it is.

      Where: memory, entry key.e9707d0e6171f728f7473c24cc0432a9b07eaaf1efed6a137a4a8c12c79552d9
      Reason: \`derivation.iterations\` is not a whole number in its range",
        "a salt that is too short: StorageCorruptedError: A stored entry is damaged; it was left as it is.

      Where: memory, entry key.e9707d0e6171f728f7473c24cc0432a9b07eaaf1efed6a137a4a8c12c79552d9
      Reason: \`derivation.salt\` is not 16 bytes of hex",
        "an iv that is too short: StorageCorruptedError: A stored entry is damaged; it was left as it is.

      Where: memory, entry key.e9707d0e6171f728f7473c24cc0432a9b07eaaf1efed6a137a4a8c12c79552d9
      Reason: \`iv\` is not 12 bytes of hex",
        "a ciphertext that is none: StorageCorruptedError: A stored entry is damaged; it was left as it is.

      Where: memory, entry key.e9707d0e6171f728f7473c24cc0432a9b07eaaf1efed6a137a4a8c12c79552d9
      Reason: \`ciphertext\` is not whole bytes of hex",
        "no ciphertext: StorageCorruptedError: A stored entry is damaged; it was left as it is.

      Where: memory, entry key.e9707d0e6171f728f7473c24cc0432a9b07eaaf1efed6a137a4a8c12c79552d9
      Reason: it has no \`ciphertext\`",
      ]
    `);
  });

  it.each<[string, number]>([
    ["short", 31],
    ["long", 33],
  ])("if it is too %s for a private key", async (_, length) => {
    const text = await load(() => seal(new Uint8Array(length).fill(1), key.sessionKey, byKey));
    expect(text).toContain("DecryptionFailedError: The secret cannot be decrypted.");
    expect(text).toContain("Reason: it is no private key");
  });

  it("if it is the private key of another", async () => {
    expect(await load((text) => text)).toContain("Reason: it holds another key");
  });

  it("if a passkey's is under a name that is no passkey's", async () => {
    const adapter = memoryAdapter();
    const name: Hex = `0x${"12".repeat(40)}`;
    const put = (fields: object) =>
      adapter.compareAndSet(
        `key.${keccak256(name).slice(2)}`,
        undefined,
        JSON.stringify({ format: "latchkey-passkey", version: 1, sessionKey: name, ...fields }),
      );
    await put({ credentialId: "x" });
    expect(await told(() => createSessionStore({ adapter }).keys.load(name))).toContain(
      "Reason: its session key is no passkey's",
    );
  });

  it("if a passkey's credential has no id", async () => {
    const name: Hex = `0x${"12".repeat(84)}`;
    for (const credentialId of ["", 5, null]) {
      const adapter = memoryAdapter();
      const text = JSON.stringify({ format: "latchkey-passkey", version: 1, sessionKey: name, credentialId });
      await adapter.compareAndSet(`key.${keccak256(name).slice(2)}`, undefined, text);
      expect(await told(() => createSessionStore({ adapter }).keys.load(name))).toContain(
        "Reason: its credential's id is no text",
      );
    }
  });
});

describe("encryption", () => {
  const name = key.sessionKey;
  const secret = new Uint8Array(32).fill(5);

  it("opens what was stored before", async () => {
    const sealed: readonly [Encryption, string][] = [
      [
        byKey,
        JSON.stringify({
          format: "latchkey-secret",
          version: 1,
          name: "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
          cipher: "AES-256-GCM",
          derivation: { name: "none" },
          iv: "0xebf97bb067f41c11289b4e4b",
          ciphertext:
            "0x0c8170034b561ec4116a987813af809d12da100271aae441bf0261a5910e13bd2bf3b583a02c59750ee6ac094209e109",
        }),
      ],
      [
        { passphrase: "correct horse" },
        JSON.stringify({
          format: "latchkey-secret",
          version: 1,
          name: "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
          cipher: "AES-256-GCM",
          derivation: { name: "PBKDF2-SHA-256", iterations: 100000, salt: "0x3e3c687a394d6643d580a97078ff41fe" },
          iv: "0x4dd950021403f05db3227778",
          ciphertext:
            "0x4508bed837ecdf89d796a45515216be5172cf6cfdecc081facb824270970b1c81b3c1da9d1aedcce46f8431b164a1770",
        }),
      ],
    ];
    for (const [encryption, text] of sealed) expect(await unseal(text, name, encryption, "here")).toEqual(secret);
  });

  it.each([
    ["AES-CBC", { name: "AES-CBC", length: 256 }, ["encrypt", "decrypt"]],
    ["AES-GCM of 128 bits", { name: "AES-GCM", length: 128 }, ["encrypt", "decrypt"]],
    ["HMAC of 256 bits", { name: "HMAC", hash: "SHA-256", length: 256 }, ["sign"]],
  ] as const)("takes no key for %s", async (_, algorithm, usages) => {
    const made = await crypto.subtle.generateKey(algorithm, false, [...usages]);
    expect(() => createSessionStore({ encryption: { key: made as never } })).toThrow("`encryption.key`");
  });

  it("derives keys that cannot be exported", async () => {
    const { importKey, deriveKey } = crypto.subtle;
    const made: CryptoKey[] = [];
    const keep = async (key: Promise<CryptoKey>) => {
      made.push(await key);
      return key;
    };
    crypto.subtle.importKey = (...given: unknown[]) => keep(Reflect.apply(importKey, crypto.subtle, given));
    crypto.subtle.deriveKey = (...given: unknown[]) => keep(Reflect.apply(deriveKey, crypto.subtle, given));
    try {
      for (const encryption of [byKey, { passphrase: "x", iterations: 100_000 }])
        await unseal(await seal(secret, name, encryption), name, encryption, "here");
    } finally {
      Reflect.deleteProperty(crypto.subtle, "importKey");
      Reflect.deleteProperty(crypto.subtle, "deriveKey");
    }
    expect(made.length).toBe(6);
    expect(made.filter(({ extractable }) => extractable)).toEqual([]);
  });
});

describe("observeSession", () => {
  const seen = { ...record, blockNumber: 5n, transactionHash: hash };

  it("takes the same state in another block, or another transaction", () => {
    expect(observeSession(seen, { state: "granted", blockNumber: 6n, transactionHash: hash }).blockNumber).toBe(6n);
    const other = pad("0x3", { size: 32 });
    expect(observeSession(seen, { state: "granted", blockNumber: 5n, transactionHash: other }).transactionHash).toBe(
      other,
    );
    expect(observeSession(seen, { state: "granted", blockNumber: 5n, transactionHash: hash })).toBe(seen);
  });
});
