import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import {
  createSessionKey,
  exportPrivateKey,
  getPublishedSessions,
  getSessionId,
  getSessionTree,
  grantSession,
  revokeAllSessions,
  revokeSession,
  signSessionGrant,
  toSessionAccount,
} from "latchkey";
import { createSessionStore, fileAdapter, memoryAdapter, refreshSessions, type SessionStore } from "latchkey/storage";
import type { Hex } from "viem";
import { afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { SessionWorld, someone, tokenCall } from "./harness/session.ts";
import type { StoreAnswer, StoreRequest } from "./harness/store.ts";
import { world as connect } from "./harness/vitest.ts";
import type { OwnedAccount, World } from "./harness/world.ts";

const passphrase = "nine lines of a poem that nobody wrote";

let world: World;
let account: OwnedAccount;
let folder: string;
let store: SessionStore;

beforeAll(async () => {
  world = connect();
  account = await world.createAccount();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "latchkey-"));
  const now = await world.now();
  store = createSessionStore({ adapter: fileAdapter({ folder }), encryption: { passphrase }, now: () => now });
});
afterEach(() => rm(folder, { recursive: true }));

const send = (amount: bigint) => tokenCall.transfer(world.contracts.token, someone(1), amount);

async function keep({ session, sessionKey }: SessionWorld, rest: object = {}): Promise<Hex> {
  const { id } = await store.add({ session, ...rest });
  await store.keys.save(sessionKey);
  return id;
}

/** Lets another process refresh the store and, if there is a call, make it. Returns also all that it said. */
async function resume(id: Hex, amount?: bigint): Promise<StoreAnswer & { said: string }> {
  const request: StoreRequest = { stack: world.info, folder, passphrase, id };
  if (amount !== undefined) request.call = send(amount);
  const script = fileURLToPath(new URL("./harness/store.ts", import.meta.url));
  const child = spawn(process.execPath, [createRequire(import.meta.url).resolve("tsx/cli"), script]);
  child.stdin.end(JSON.stringify(request));
  const [output, errors, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once("exit", resolve)),
  ]);
  if (code !== 0) throw new Error(`the process ended with ${code}: ${errors}`);
  return { ...JSON.parse(output), said: output + errors };
}

it("keeps a session from its grant to its revocation, over three processes that share a folder", async () => {
  const defined = await SessionWorld.define(world, account);
  const id = await keep(defined);
  expect(await store.list()).toMatchObject([{ id, status: "pending" }]);
  expect(await resume(id)).toMatchObject({ before: "pending", after: "pending" });

  const { receipt } = await grantSession(account.bundler, { session: defined.session });
  const changed = await store.applyReceipt({ chainId: world.info.chainId, receipt });
  const { transactionHash } = receipt.receipt;
  expect(changed).toMatchObject([{ id, status: "active", transactionHash }]);

  const used = await resume(id, 60n);
  expect(used).toMatchObject({ before: "active", after: "active", success: true });
  expect(await defined.budgets()).toMatchObject([{ total: 60n }]);
  const refused = await resume(id, 10_000_000n);
  expect(refused).toMatchObject({ after: "active", refused: "TotalLimitExceededError" });

  const revoked = await revokeSession(account.bundler, { session: defined.session });
  // Only the chain knows yet.
  expect((await store.get(id))?.status).toBe("active");
  const after = await resume(id, 1n);
  expect(after).toMatchObject({ before: "revoked", after: "revoked", refused: "SessionRevokedError" });
  expect((await store.get(id))?.status).toBe("revoked");
  expect(await store.applyReceipt({ chainId: world.info.chainId, receipt: revoked.receipt })).toEqual([]);

  // Neither what was written nor what was said shows the key or the passphrase.
  const secrets = [exportPrivateKey(defined.sessionKey).slice(2), passphrase];
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((name) => name.isFile()).map((name) => join(name.parentPath, name.name));
  expect(files.filter((file) => file.endsWith(".json"))).toHaveLength(2);
  const written = await Promise.all(files.map((file) => readFile(file, "latin1")));
  const said = [used, refused, after].map((answer) => answer.said);
  expect(said.join()).toContain(defined.session.sessionKey);
  for (const output of [...written, ...said])
    for (const secret of secrets) expect(output.toLowerCase()).not.toContain(secret);
});

it("turns sessions of every kind revoked when the owner revokes all, by receipt or by the chain", async () => {
  const [alone, inTree, other] = await Promise.all([1, 2, 3].map(() => SessionWorld.define(world, account)));
  if (!alone || !inTree || !other) throw new Error("not defined");
  const tree = getSessionTree([inTree.session, other.session]);
  const ids = [await keep(alone), await keep(inTree, { proof: tree.getProof(inTree.session) })];
  const { chainId } = world.info;
  const statuses = async () => Promise.all(ids.map(async (id) => (await store.get(id))?.status));

  const first = await grantSession(account.bundler, { session: alone.session });
  await store.applyReceipt({ chainId, receipt: first.receipt });
  expect(await statuses()).toEqual(["active", "pending"]);
  const second = await grantSession(account.bundler, { sessions: [inTree.session, other.session], asRoot: true });
  await store.applyReceipt({ chainId, receipt: second.receipt });
  expect(await statuses()).toEqual(["active", "active"]);
  expect(await resume(ids[1] ?? "0x", 5n)).toMatchObject({ after: "active", success: true });

  const end = await revokeAllSessions(account.bundler);
  const unaware = createSessionStore({ adapter: memoryAdapter() });
  await unaware.add({ session: alone.session });
  await store.applyReceipt({ chainId, receipt: end.receipt });
  expect(await statuses()).toEqual(["revoked", "revoked"]);
  const { changed } = await refreshSessions(world.client, { store: unaware });
  expect(changed).toMatchObject([{ id: ids[0], status: "revoked" }]);
});

it("keeps an owner's signature until the first use grants the session, in another process", async () => {
  const owned = await world.createAccount();
  const first = await SessionWorld.define(world, owned);
  const prefix = world.contracts.ownerValidator;
  await grantSession(owned.bundler, { session: first.session, grantPrefix: prefix });
  const signed = await SessionWorld.define(world, owned);
  const grant = await signSessionGrant({ sessions: [signed.session], signer: owned.owner, prefix });
  const id = await keep(signed, { grant });
  expect(await resume(id, 7n)).toMatchObject({ before: "pending", after: "active", success: true });
  expect(await resume(id, 7n)).toMatchObject({ before: "active", after: "active", success: true });
  expect((await store.get(id))?.status).toBe("active");
});

it("finds published sessions again when all local data are lost, and goes on with the key", async () => {
  const owned = await world.createAccount();
  const sessionKey = createSessionKey();
  const defined = await SessionWorld.define(world, owned, {}, sessionKey);
  await grantSession(owned.bundler, { session: defined.session, publish: true });

  const found = await getPublishedSessions(world.client, { account: owned.address, fromBlock: "earliest" });
  const now = await world.now();
  const empty = createSessionStore({ adapter: memoryAdapter(), now: () => now });
  for (const { session } of found) await empty.add({ session });
  await refreshSessions(world.client, { store: empty, account: owned.address });
  const [record] = await empty.list({ status: "active", sessionKey: sessionKey.sessionKey });
  expect(record).toMatchObject({ id: getSessionId(defined.session), session: defined.session });
  if (record === undefined) throw new Error("not found");
  const agent = world.bundlerFor(await toSessionAccount({ client: world.client, session: record.session, sessionKey }));
  const hash = await agent.sendUserOperation({ calls: [send(3n)] });
  expect((await agent.waitForUserOperationReceipt({ hash })).success).toBe(true);
});
