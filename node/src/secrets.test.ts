import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type AuthorizationKey,
  createDistributedSessionKey,
  toAuthorizationKey,
  toDistributedSessionKey,
} from "latchkey/distributed";
import { openNodeMessage, signRequest } from "latchkey/distributed/protocol";
import { bytesToHex, type Hex, keccak256, toHex } from "viem";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { expectNoSecret, formsOf, formsOfText, type Secrets } from "../../sdk/test/scan.js";
import { at, Group, messagesTo, passphrase, random } from "../test/group.js";
import { FakeRpc } from "../test/rpc.js";
import { parseConfig } from "./config.js";
import { type RunningNode, startNode } from "./server.js";
import { exportRecord, importRecord, Store } from "./store.js";
import { encryptShare, Vault } from "./vault.js";

const backupPassphrase = "a passphrase for backups";

/** What the libraries made that must stay where it is, by the time at which they made it. */
const made: [name: string, secret: Uint8Array][] = [];

// Modules are asked for by the code that is tested, and by nothing else of this file.
vi.mock("@noble/curves/secp256k1.js", async (load) => {
  const original = await load<typeof import("@noble/curves/secp256k1.js")>();
  const { secp256k1_FROST: suite } = original;
  const keep = (name: string, secret: Uint8Array) => made.push([name, secret.slice()]);
  const numberToBytes = (number: bigint) => Buffer.from(toHex(number, { size: 32 }).slice(2), "hex");
  const round1: typeof suite.DKG.round1 = (...parameters) => {
    const result = suite.DKG.round1(...parameters);
    for (const coefficient of result.secret.coefficients ?? []) keep("a coefficient", numberToBytes(coefficient));
    return result;
  };
  const round2: typeof suite.DKG.round2 = (...parameters) => {
    const result = suite.DKG.round2(...parameters);
    for (const { signingShare } of Object.values(result)) keep("a part of a share", signingShare);
    return result;
  };
  const round3: typeof suite.DKG.round3 = (...parameters) => {
    const result = suite.DKG.round3(...parameters);
    keep("a share", result.secret.signingShare);
    return result;
  };
  const commit: typeof suite.commit = (...parameters) => {
    const result = suite.commit(...parameters);
    keep("a nonce", result.nonces.hiding);
    keep("a nonce", result.nonces.binding);
    return result;
  };
  const mocked = { ...suite, commit, DKG: { ...suite.DKG, round1, round2, round3 } };
  return { ...original, secp256k1_FROST: mocked };
});

vi.mock("@noble/curves/ed25519.js", async (load) => {
  const original = await load<typeof import("@noble/curves/ed25519.js")>();
  const { x25519 } = original;
  const keygen: typeof x25519.keygen = (...parameters) => {
    const result = x25519.keygen(...parameters);
    made.push(["a key that encrypts shares", result.secretKey.slice()]);
    return result;
  };
  return { ...original, x25519: { ...x25519, keygen } };
});

const methods = ["log", "info", "warn", "error", "debug", "trace", "dir"] as const;
let group: Group;
const printed: string[] = [];

beforeAll(async () => {
  for (const method of methods)
    vi.spyOn(console, method).mockImplementation((...words: unknown[]) => void printed.push(words.join(" ")));
  group = await Group.create(3);
});

afterAll(async () => {
  vi.restoreAllMocks();
  await group.remove();
});

/** All secrets there are by now, in all forms. */
function secretsOf(stores: readonly Store[]): Secrets {
  return [
    ["the passphrase", formsOfText(passphrase)],
    ["the passphrase of a backup", formsOfText(backupPassphrase)],
    ...stores.map(({ identity }) => ["a node's secret", formsOf(identity)] as const),
    ...made.map(([name, secret]) => [name, formsOf(secret)] as const),
  ];
}

function check(what: string, value: unknown): void {
  expectNoSecret(secretsOf(group.participants.map(({ store }) => store)), what, value);
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

/** All that is on a disk, under a directory. */
function readFiles(directory: string): Buffer {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  expect(files.length).toBeGreaterThan(3);
  return Buffer.concat(files.map(({ parentPath, name }) => readFileSync(join(parentPath, name))));
}

describe("secrets", () => {
  it("are in nothing that nodes say, show or keep, from the first round to a signature", async () => {
    const { participants } = group;
    const consent = group.consent(2);
    const [record] = await group.generate(consent);
    if (record === undefined) throw new Error("no key");
    const { id: key } = record;
    // What they say when they generate a key, which `generate` passes on: made again for another key.
    const next = group.consent(2);
    const asked = { key: random(), attempt: random() };
    const first = await Promise.all(participants.map(({ generator }) => generator.round1({ ...asked, consent: next })));
    const second = participants.flatMap(({ generator }) => generator.round2({ ...asked, messages: first }));
    const third = await Promise.all(
      participants.map(({ identity, generator }) =>
        generator.round3({ ...asked, messages: messagesTo(identity, second) }),
      ),
    );
    const records = await Promise.all(participants.map(({ store }) => store.getKey(key)));
    const signing = participants.slice(0, 2).map(({ signer }, index) => ({ signer, record: at(records, index) }));
    const attempt = random();
    const commitments = signing.map(({ signer, record }) => signer.commit({ record: present(record), attempt }));
    const shares = await Promise.all(
      signing.map(({ signer, record }) =>
        signer.prepare({ record: present(record), attempt, commitments }).sign(keccak256(key)),
      ),
    );
    for (const name of ["a coefficient", "a part of a share", "a share", "a nonce", "a key that encrypts shares"])
      expect(made.filter(([kind]) => kind === name).length, name).toBeGreaterThan(2);

    for (const [what, said] of Object.entries({ first, second, third, commitments, shares })) check(what, said);
    for (const message of [...first, ...second, ...third, ...commitments, ...shares])
      check("a body", openNodeMessage(message, message).body);
    for (const { store, generator, signer, ...rest } of participants) {
      for (const [what, value] of Object.entries({ store, generator, signer, rest })) check(what, value);
      check("a node", [store, generator, signer]);
    }
    check("a log", printed);
    check("what is on disk", readFiles(group.directory));
  });

  it("are in no error", async () => {
    const { store, generator, signer } = at(group.participants, 0);
    const record = present((await Promise.all((await store.listKeys()).map(({ id }) => store.getKey(id))))[0]);
    const share = present(record.share);
    const secret = bytesToHex(store.identity);
    const attempt = random();
    const commitment = signer.commit({ record, attempt });
    const request = { key: record.id, attempt };
    const failures: [string, () => unknown][] = [
      ["a round that is over", () => generator.round3({ ...request, messages: [secret, share] })],
      ["an attempt by the name of a share", () => generator.round2({ key: record.id, attempt: share, messages: [] })],
      ["a commitment to a share", () => signer.prepare({ record, attempt, commitments: [share, secret] })],
      ["a commitment twice", () => signer.prepare({ record, attempt, commitments: [commitment, commitment] })],
      ["one commitment", () => signer.prepare({ record, attempt, commitments: [commitment] })],
      ["a share that is cut", () => signer.commit({ record: { ...record, share: slice(share) }, attempt: random() })],
      ["a share with a letter", () => signer.commit({ record: { ...record, share: wrong(share) }, attempt: random() })],
      [
        "another passphrase",
        () =>
          Store.open(group.directory, passphrase).then((other) =>
            Store.open(group.directory, `${passphrase}!`).finally(() => other.close()),
          ),
      ],
      ["a vault's salt", () => Vault.open(passphrase, { salt: passphrase, cost: 2 ** 17 })],
      ["a sealed share", async () => (await openVault()).open("name", share)],
      [
        "a key that encrypts",
        () =>
          encryptShare({
            secret: store.identity,
            publicKey: new Uint8Array(32),
            context: secret,
            share: store.identity,
          }),
      ],
      [
        "a backup that is a record",
        () => importRecord(JSON.stringify({ share: record.share, identity: secret }), passphrase),
      ],
      ["a backup that is cut", async () => importRecord((await backUp()).slice(0, -20), backupPassphrase)],
      ["a backup with another passphrase", async () => importRecord(await backUp(), passphrase)],
      [
        "a backup's parameters",
        async () => importRecord((await backUp()).replace(/"cost":\d+/, `"cost":"${share}"`), passphrase),
      ],
      [
        "a share in the configuration",
        () => parseConfig({ directory: secret, port: share, chains: { 1: "http://x" } }),
      ],
      ["one as a chain", () => parseConfig({ directory: "x", port: 1, chains: { 1: share } })],
      [
        "one as a limit",
        () => parseConfig({ directory: "x", port: 1, chains: { 1: "http://x" }, limits: { keys: share } }),
      ],
      [
        "one as an address",
        () => parseConfig({ directory: "x", port: 1, chains: { 1: "http://x" }, accounts: [secret] }),
      ],
    ];
    async function backUp() {
      const backup = await exportRecord(record, store.identity, backupPassphrase);
      check("a backup", backup);
      return backup;
    }
    for (const [what, act] of failures) {
      const error = await failureOf(act);
      expect(error, what).toBeInstanceOf(Error);
      check(`the error of ${what}`, error);
    }
  });
});

function openVault(): Promise<Vault> {
  return Vault.open(passphrase, Vault.parameters());
}

function present<value>(value: value | undefined): value {
  if (value === undefined) throw new Error("it is not there");
  return value;
}

const slice = (share: Hex): Hex => `0x${share.slice(4)}`;
const wrong = (share: Hex): Hex => `0x${share.slice(2, -1)}g`;

describe("a node that listens", () => {
  let directory: string;
  let rpc: FakeRpc;
  let stores: readonly Store[] = [];
  const lines: string[] = [];

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "latchkey-secrets-"));
    rpc = await FakeRpc.start();
    // As viem is told that an account takes a signature.
    rpc.returnData = "0x01";
    stores = await Promise.all(["a", "b"].map((name) => Store.open(join(directory, name), passphrase)));
    vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
      lines.push(String(chunk));
      return true;
    });
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await rpc.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it("logs and answers no secret, while a key is generated and something is refused", async () => {
    const config = parseConfig({ directory: "any", port: 0, chains: { 1: rpc.url } });
    const running = await Promise.all(stores.map((store) => startNode(config, store)));
    const answers: string[] = [];
    const own = globalThis.fetch;
    vi.stubGlobal("fetch", async (...parameters: Parameters<typeof fetch>) => {
      const response = await own(...parameters);
      const text = await response.text();
      answers.push(text);
      return new Response(text, { status: response.status });
    });
    const { secret, key } = await createKey();
    const nodes = running.map(({ url, node }) => ({ url, identity: node.identity }));
    const consent = group.consent(2, {
      nodes: nodes.map(({ identity }) => identity).toSorted(),
      authorizationKey: key.authorizationKey,
    });
    const connection = { nodes, consent: { consent, signature: "0x12" as const }, authorizationKey: key };
    const session = await createDistributedSessionKey(connection);
    const resumed = toDistributedSessionKey({ ...connection, publicKey: session.publicKey });
    for (const node of running) await askForNothing(node, key, session.keyId);
    vi.unstubAllGlobals();
    const secrets: Secrets = [...secretsOf(stores), ["the authorisation key", formsOf(secret)]];
    await Promise.all(running.map(({ stop }) => stop()));
    expect(answers.length).toBeGreaterThan(19);
    const log = lines.join("");
    for (const purpose of ["round1", "round2", "round3", "activate", "commit", "sign"])
      expect(log).toContain(`"purpose":"${purpose}","outcome":"`);
    for (const [what, value] of Object.entries({ log, answers, session, resumed, running, config }))
      expectNoSecret(secrets, what, what === "running" ? running.map(({ node }) => node) : value);
    expectNoSecret(secrets, "what is on disk", readFiles(directory));
  });
});

/** Asks a node for what it refuses, and for what it tells everybody. */
async function askForNothing({ url, node }: RunningNode, authorizationKey: AuthorizationKey, key: Hex): Promise<void> {
  for (const purpose of ["commit", "sign", "round3"] as const) {
    const body = { attempt: random(), commitments: [], operation: {}, digest: random(), messages: [] };
    const request = await signRequest(authorizationKey, { node: node.identity, purpose, key, body });
    const headers = { "content-type": "application/json" };
    await fetch(`${url}/v1/${purpose}`, { method: "POST", headers, body: JSON.stringify(request) });
  }
  for (const path of [`v1/sign?${key}`, "metrics", "v1/health"]) await fetch(`${url}/${path}`);
}

/** An authorisation key that can be exported, and its secret. */
async function createKey() {
  const keyPair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  if (!("privateKey" in keyPair)) throw new Error("no key pair");
  const { d = "" } = await crypto.subtle.exportKey("jwk", keyPair.privateKey);
  return { key: await toAuthorizationKey({ keyPair }), secret: Buffer.from(d, "base64url") };
}
