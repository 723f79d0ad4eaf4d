import { aggregate, openCommitment, parseJson, toFrostPublic } from "latchkey/distributed/protocol";
import { type Hex, size } from "viem";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { at, Group, type Participant, random, refusal, wake } from "../test/group.js";
import type { KeyRecord } from "./store.js";

let group: Group;
let records: readonly KeyRecord[];

beforeAll(async () => {
  group = await Group.create(3);
  records = await group.generate(group.consent(2));
});

afterAll(async () => {
  await group.remove();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Two nodes as after a restart, and the commitments that they make. */
function begin() {
  const [first, second] = group.participants.map(({ store }): Participant => wake(store));
  if (first === undefined || second === undefined) throw new Error("there are no nodes");
  const [record, other] = [at(records, 0), at(records, 1)];
  const commit = (attempt = random()) => ({
    attempt,
    commitments: [first.signer.commit({ record, attempt }), second.signer.commit({ record: other, attempt })],
  });
  return { ...first, record, second: { ...second, record: other }, commit };
}

it("gives one part for a commitment, however often it is asked at once", async () => {
  const { signer, record, commit } = begin();
  const { attempt, commitments } = commit();
  const prepared = Array.from({ length: 20 }, () => signer.prepare({ record, attempt, commitments }));
  const answers = await Promise.allSettled(prepared.map(({ sign }) => sign(random())));
  const given = answers.filter(({ status }) => status === "fulfilled");
  expect(given).toHaveLength(1);
  expect(await refusal(() => signer.prepare({ record, attempt, commitments }))).toBe("nonce");
});

it("gives parts that fit each other, in whatever order each node is told the commitments", async () => {
  const { signer, record, second, commit } = begin();
  const { attempt, commitments } = commit();
  const digest = random();
  const answers = await Promise.all([
    signer.prepare({ record, attempt, commitments }).sign(digest),
    second.signer.prepare({ record: second.record, attempt, commitments: [...commitments].reverse() }).sign(digest),
  ]);
  const { nodes } = record.consent;
  const frostPublic = toFrostPublic({ nodes, threshold: 2, commitments: record.commitments });
  const shares = new Map(answers.map(({ from, body }): [Hex, Hex] => [from, Object(parseJson(body)).share]));
  const opened = commitments.map((message) => openCommitment(message, { key: record.id, attempt }));
  for (const order of [opened, [...opened].reverse()])
    expect(size(aggregate({ frostPublic, nodes, commitments: order, digest, shares }))).toBe(96);
});

it("gives parts that fit nothing if nodes are told of different commitments", async () => {
  const { signer, record, second, commit } = begin();
  const [one, other] = [commit(), commit()];
  const digest = random();
  const { attempt, commitments } = one;
  // The second node's commitment of another attempt is not one of this.
  const mixed = [commitments[0], other.commitments[1]];
  expect(await refusal(() => signer.prepare({ record, attempt, commitments: mixed }))).toContain("another attempt");
  // A second one that a node signed for the same attempt, because it lies: each part is of its own list.
  const lie = wake(second.store).signer.commit({ record: second.record, attempt });
  const answers = await Promise.all([
    signer.prepare({ record, attempt, commitments: [commitments[0], lie] }).sign(digest),
    second.signer.prepare({ record: second.record, attempt, commitments }).sign(digest),
  ]);
  const { nodes } = record.consent;
  const frostPublic = toFrostPublic({ nodes, threshold: 2, commitments: record.commitments });
  const shares = new Map(answers.map(({ from, body }): [Hex, Hex] => [from, Object(parseJson(body)).share]));
  const opened = commitments.map((message) => openCommitment(message, { key: record.id, attempt }));
  expect(() => aggregate({ frostPublic, nodes, commitments: opened, digest, shares })).toThrow();
});

it("gives nothing if the commitment was forgotten, and made anew, while the operation was looked at", async () => {
  const { signer, record, commit } = begin();
  const { attempt, commitments } = commit();
  const { sign } = signer.prepare({ record, attempt, commitments });
  vi.useFakeTimers({ now: Date.now() + 121_000, toFake: ["Date"] });
  const renewed = signer.commit({ record, attempt });
  expect(renewed.body).not.toBe(commitments[0]?.body);
  expect(await refusal(() => sign(random()))).toBe("nonce");
  // The new one is not lost by it.
  expect(signer.pending).toBe(1);
  const again = signer.prepare({ record, attempt, commitments: [renewed, commitments[1]] });
  expect(await again.sign(random())).toMatchObject({ type: "share" });
});

it("forgets a commitment after two minutes", async () => {
  const { signer, record, commit } = begin();
  const { attempt, commitments } = commit();
  vi.useFakeTimers({ now: Date.now() + 121_000, toFake: ["Date"] });
  expect(await refusal(() => signer.prepare({ record, attempt, commitments }))).toBe("nonce");
  expect(signer.pending).toBe(0);
});

it("gives nothing for a commitment that the disk says is spent", async () => {
  const { signer, store, record, commit } = begin();
  const { attempt, commitments } = commit();
  const { sign } = signer.prepare({ record, attempt, commitments });
  const spend = vi.spyOn(store, "spend").mockResolvedValue(false);
  expect(await refusal(() => sign(random()))).toBe("nonce");
  spend.mockRestore();
  expect(await refusal(() => signer.prepare({ record, attempt, commitments }))).toBe("nonce");
});

it("gives nothing if what is spent cannot be written down", async () => {
  const { signer, store, record, commit } = begin();
  const { attempt, commitments } = commit();
  const { sign } = signer.prepare({ record, attempt, commitments });
  const spend = vi.spyOn(store, "spend").mockRejectedValue(new Error("the disk is full"));
  await expect(sign(random())).rejects.toThrow("the disk is full");
  spend.mockRestore();
  expect(await refusal(() => signer.prepare({ record, attempt, commitments }))).toBe("nonce");
});

it("commits to other nonces each time, and keeps a bounded number", async () => {
  const { signer, record } = begin();
  const bodies = new Set<string>();
  for (let index = 0; index < 512; index++) {
    const { body } = signer.commit({ record, attempt: random() });
    bodies.add(body);
    expect(Object.keys(Object(parseJson(body)))).toEqual(["hiding", "binding"]);
  }
  expect(bodies.size).toBe(512);
  expect(await refusal(() => signer.commit({ record, attempt: random() }))).toBe("busy");
});

it("makes room for a new commitment by forgetting the oldest, so that no key is in the way of another", async () => {
  const { signer, record, commit } = begin();
  const { attempt, commitments } = commit();
  const { sign } = signer.prepare({ record, attempt, commitments });
  for (let key = 0; key < 8; key++) {
    const other = { ...record, id: random() };
    for (let index = 0; index < 512; index++) signer.commit({ record: other, attempt: random() });
  }
  expect(signer.pending).toBe(4_096);
  expect(await refusal(() => sign(random()))).toBe("nonce");
  const again = commit();
  expect(signer.pending).toBe(4_096);
  const { sign: signAgain } = signer.prepare({ record, ...again });
  expect(await signAgain(random())).toMatchObject({ type: "share" });
}, 120_000);

it("commits for one key whatever another one's attempt is called", () => {
  const { signer, record, commit } = begin();
  const attempt = random();
  signer.commit({ record: { ...record, id: random() }, attempt });
  const { commitments } = commit(attempt);
  expect(signer.prepare({ record, attempt, commitments })).toBeDefined();
});

it("has no share after it was deleted", async () => {
  const { signer, record, commit } = begin();
  const { attempt, commitments } = commit();
  const deleted = { ...record, share: undefined };
  expect(await refusal(() => signer.commit({ record: deleted, attempt: random() }))).toBe("revoked");
  expect(await refusal(() => signer.prepare({ record: deleted, attempt, commitments }).sign(random()))).toBe("revoked");
});
