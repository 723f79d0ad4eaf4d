import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bytesToHex, type Hex } from "viem";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { at, Group, passphrase, random, refusal, wake } from "../test/group.js";
import { exportRecord, importRecord, type KeyRecord, Store } from "./store.js";
import { Vault, VaultError } from "./vault.js";

let group: Group;
let record: KeyRecord;

beforeAll(async () => {
  group = await Group.create(3);
  record = at(await group.generate(group.consent(2)), 0);
});

afterAll(async () => {
  await group.remove();
});

afterEach(() => {
  vi.useRealTimers();
});

const store = (): Store => at(group.participants, 0).store;
const revoke = (now: KeyRecord | undefined): KeyRecord => ({ ...(now ?? record), status: "revoked" });
const deleteShare = (now: KeyRecord | undefined): KeyRecord => ({ ...revoke(now), share: undefined });

describe("a backup", () => {
  it("brings the share and the identity to another directory, and nothing else", async () => {
    const backup = await exportRecord(record, store().identity, "for the backup");
    expect(backup).not.toContain(record.share?.slice(2));
    expect(backup).not.toContain(bytesToHex(store().identity).slice(2));
    const opened = await importRecord(backup, "for the backup");
    expect(opened).toEqual({ record, identity: store().identity });
    await expect(importRecord(backup, "another")).rejects.toThrow(VaultError);

    const directory = join(group.directory, "elsewhere");
    const empty = await Store.open(directory, passphrase);
    await empty.restore(opened.record, opened.identity);
    await empty.close();
    const again = await Store.open(directory, passphrase);
    expect(again.identity).toEqual(store().identity);
    expect(await again.getKey(record.id)).toEqual(record);
    await again.close();
  });

  it("brings back no nonce that was committed to when it was made", async () => {
    const { signer, identity } = at(group.participants, 0);
    const attempt = random();
    const other = at(group.participants, 1).signer.commit({ record, attempt });
    const commitments = [signer.commit({ record, attempt }), other];
    const backup = await exportRecord(record, store().identity, "for the backup");
    // As it is restored: on the same disk, or on another one.
    await store().restore((await importRecord(backup, "for the backup")).record, store().identity);
    const restored = wake(store());
    expect(restored.identity).toBe(identity);
    expect(restored.signer.pending).toBe(0);
    expect(await refusal(() => restored.signer.prepare({ record, attempt, commitments }))).toBe("nonce");
    // Asked again for the same attempt, it commits to others.
    expect(restored.signer.commit({ record, attempt }).body).not.toBe(commitments[0]?.body);
    expect(await refusal(() => restored.signer.prepare({ record, attempt, commitments }))).toBe("commitments");
  });

  it("does not bring back a key that was revoked, or deleted, since", async () => {
    const revoked = at(await group.generate(group.consent(2)), 0);
    const { identity } = store();
    await store().updateKey(revoked.id, revoke);
    await expect(store().restore(revoked, identity)).rejects.toThrow("the key has been revoked here, for ever");
    expect((await store().getKey(revoked.id))?.status).toBe("revoked");
    await store().updateKey(revoked.id, deleteShare);
    await expect(store().restore(revoked, identity)).rejects.toThrow("revoked");
    await expect(store().restore({ ...revoked, status: "revoked" }, identity)).rejects.toThrow("revoked");
    expect((await store().getKey(revoked.id))?.share).toBeUndefined();
  });

  it("does not make a key that is in use one that is not", async () => {
    await store().restore({ ...record, status: "pending" }, store().identity);
    expect((await store().getKey(record.id))?.status).toBe("active");
  });

  it("is not taken in by a node with keys of its own", async () => {
    const other = at(group.participants, 1).store.identity;
    await expect(store().restore(record, other)).rejects.toThrow("another node's");
  });

  it.each([
    ["of something else", '{"format":"other"}'],
    ["of another version", '{"format":"latchkey-node-backup","version":2}'],
  ])("is refused if it is one %s", async (_what, text) => {
    await expect(importRecord(text, "any")).rejects.toThrow("this is no backup of a key");
  });

  it("is refused if it is no JSON", async () => {
    await expect(importRecord("no", "any")).rejects.toThrow(VaultError);
  });
});

describe("changes of a key", () => {
  it("are made one after the other, and a revocation is the last one", async () => {
    const key = at(await group.generate(group.consent(2)), 0);
    const activate = (now: KeyRecord | undefined): KeyRecord => ({ ...(now ?? key), status: "active" });
    const outcomes = await Promise.allSettled([
      store().updateKey(key.id, activate),
      store().updateKey(key.id, revoke),
      store().updateKey(key.id, activate),
      store().updateKey(key.id, deleteShare),
      store().updateKey(key.id, () => key),
      store().updateKey(key.id, () => ({ ...key, status: "revoked" })),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      "fulfilled",
      "fulfilled",
      "rejected",
      "fulfilled",
      "rejected",
      "rejected",
    ]);
    expect(await store().getKey(key.id)).toEqual({ ...key, status: "revoked", share: undefined });
  });
});

describe("a mark", () => {
  const spend = () => store().spend(random());

  it("says that a nonce is spent, once", async () => {
    const commitment = random();
    expect(await Promise.all([store().spend(commitment), spend()])).toEqual([true, true]);
    expect(await store().spend(commitment)).toBe(false);
  });

  it("is kept for much longer than a nonce can be used, and not for ever", async () => {
    const commitment: Hex = random();
    await store().spend(commitment);
    vi.useFakeTimers({ now: Date.now() + 3_000_000, toFake: ["Date"] });
    await spend();
    expect(await store().spend(commitment)).toBe(false);
    vi.setSystemTime(Date.now() + 7_200_000);
    await spend();
    expect(await store().spend(commitment)).toBe(true);
  });

  it("says what a key has moved today and yesterday", async () => {
    const key = random();
    const add = (day: number, value: bigint) => store().addValue({ key, day, value, limit: 100n });
    const today = Math.floor(Date.now() / 86_400_000);
    expect(await Promise.all([add(today, 60n), add(today, 60n), add(today, 40n)])).toEqual([true, false, true]);
    expect(await add(today, 1n)).toBe(false);
    vi.useFakeTimers({ now: Date.now() + 86_400_000, toFake: ["Date"] });
    await spend();
    expect(await add(today, 1n)).toBe(false);
    vi.setSystemTime(Date.now() + 86_400_000);
    await spend();
    expect(await add(today, 100n)).toBe(true);
  });
});

describe("a directory", () => {
  it("holds no secret that can be read", () => {
    const secrets = group.participants.map((participant) => bytesToHex(participant.store.identity).slice(2));
    secrets.push(record.share?.slice(2) ?? "", passphrase);
    const files = readdirSync(group.directory, { recursive: true, withFileTypes: true }).filter((file) =>
      file.isFile(),
    );
    expect(files.length).toBeGreaterThan(5);
    for (const { parentPath, name } of files) {
      const bytes = readFileSync(join(parentPath, name));
      for (const secret of secrets) {
        expect(bytes.includes(secret)).toBe(false);
        const raw = Buffer.from(secret, "hex");
        expect(raw.length > 0 && bytes.includes(raw)).toBe(false);
      }
    }
  });

  it("has one node at a time", async () => {
    const name = readdirSync(group.directory)[0] ?? "";
    await expect(Store.open(join(group.directory, name), passphrase)).rejects.toThrow(
      "the directory is in use: the node is to be stopped first",
    );
  });
});

it("leaves no bytes of a deleted share in its directory", async () => {
  const directory = join(group.directory, "deleted");
  const fresh = await Store.open(directory, passphrase);
  const seal = vi.spyOn(Vault.prototype, "seal");
  await fresh.updateKey(record.id, () => record);
  const sealed = String(seal.mock.results[0]?.value).slice(0, 64);
  seal.mockRestore();
  const holds = () => readdirSync(directory).some((file) => readFileSync(join(directory, file)).includes(sealed));
  expect(holds()).toBe(true);
  await fresh.updateKey(record.id, deleteShare);
  expect(holds()).toBe(false);
  expect(await fresh.getKey(record.id)).toEqual(deleteShare(record));
  await fresh.close();
});

describe("keys that are over", () => {
  const day = 86_400_000;

  it("are counted until their time has come, and are then removed with their shares", async () => {
    const directory = join(group.directory, "over");
    const end = (Math.floor(Date.now() / 1_000) + 1_000) * 1_000;
    const consent = group.consent(2, { validUntil: end / 1_000 });
    const make = (status: KeyRecord["status"]): KeyRecord => ({ ...record, id: random(), status, consent });
    const [pending, active, revoked] = [make("pending"), make("active"), make("revoked")];
    const first = await Store.open(directory, passphrase);
    const seal = vi.spyOn(Vault.prototype, "seal");
    for (const key of [pending, active, revoked, record]) await first.updateKey(key.id, () => key);
    const sealed = seal.mock.results.map(({ value }) => String(value).slice(0, 64));
    seal.mockRestore();
    expect([first.keyCount, first.activeKeyCount]).toEqual([4, 2]);
    await first.close();

    const seen = async (now: number) => {
      vi.useFakeTimers({ now, toFake: ["Date"] });
      const opened = await Store.open(directory, passphrase);
      const listed = (await opened.listKeys()).map(({ id }) => id).toSorted();
      expect(opened.keyCount).toBe(listed.length);
      await opened.close();
      return listed;
    };
    const ids = (...keys: KeyRecord[]) => keys.map(({ id }) => id).toSorted();
    expect(await seen(end + day)).toEqual(ids(pending, active, revoked, record));
    expect(await seen(end + day + 1)).toEqual(ids(active, revoked, record));
    expect(await seen(end + 30 * day)).toEqual(ids(active, revoked, record));
    expect(await seen(end + 30 * day + 1)).toEqual([record.id]);
    const files = readdirSync(directory).map((file) => readFileSync(join(directory, file)));
    const isThere = sealed.map((share) => files.some((file) => file.includes(share)));
    expect(isThere).toEqual([false, false, false, true]);
  });

  it("make room for others, without a restart", async () => {
    const fresh = await Store.open(join(group.directory, "room"), passphrase);
    const validUntil = Math.floor(Date.now() / 1_000);
    const key: KeyRecord = { ...record, consent: { ...record.consent, validUntil } };
    await fresh.updateKey(key.id, () => key);
    expect([await fresh.hasRoom(2), await fresh.hasRoom(1)]).toEqual([true, false]);
    vi.useFakeTimers({ now: Date.now() + 31 * day, toFake: ["Date"] });
    expect(await fresh.hasRoom(1)).toBe(true);
    expect(fresh.keyCount).toBe(0);
    await fresh.close();
  });
});

describe("what a key is made of a passphrase with", () => {
  const salt = "00".repeat(16);

  it("costs 2^17 for what is new, and what cost less before opens still", async () => {
    expect(Vault.parameters()).toEqual({ salt: expect.stringMatching(/^[\da-f]{32}$/), cost: 131_072 });
    const sealed = (await Vault.open(passphrase, { salt, cost: 65_536 })).seal("name", "text");
    expect((await Vault.open(passphrase, { salt, cost: 65_536 })).open("name", sealed)).toBe("text");
  });

  it.each([
    ["too little", { salt, cost: 32_768 }],
    ["too much", { salt, cost: 2_097_152 }],
    ["no power of two", { salt, cost: 65_537 }],
    ["a short salt", { salt: "00", cost: 65_536 }],
  ])("is refused with %s", async (_what, parameters) => {
    const backup = { format: "latchkey-node-backup", version: 1, parameters, sealed: "" };
    const message = "its passphrase's parameters are not ones that are used here";
    await expect(importRecord(JSON.stringify(backup), passphrase)).rejects.toThrow(new VaultError(message));
  });

  it("is refused if a backup has none", async () => {
    const backup = JSON.stringify({ format: "latchkey-node-backup", version: 1, sealed: "" });
    await expect(importRecord(backup, passphrase)).rejects.toThrow(VaultError);
  });
});
