import { getDistributedKeyId, type NodeMessage, parseJson, signNodeMessage } from "latchkey/distributed/protocol";
import { type Hex, hexToBytes } from "viem";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { at, Group, messagesTo, type Participant, random, refusal, wake } from "../test/group.js";
import { KeyGenerator } from "./keyGenerator.js";
import { createEncryptionKey, encryptShare } from "./vault.js";

const [count, threshold] = [5, 3];
const everyone = Array.from({ length: count }, (_, index) => index);
let group: Group;
let nodes: readonly Participant[];

beforeAll(async () => {
  group = await Group.create(count);
  nodes = group.participants;
});

afterAll(async () => {
  await group.remove();
});

/** An attempt to generate a key, of which a coordinator tells the nodes what it likes. */
function begin(generators = nodes.map(({ generator }) => generator)) {
  const consent = group.consent(threshold);
  const key = getDistributedKeyId(consent);
  const attempt = random();
  return {
    key,
    attempt,
    consent,
    round1: () => Promise.all(generators.map((generator) => generator.round1({ key, attempt, consent }))),
    round2: (index: number, messages: readonly unknown[]) => at(generators, index).round2({ key, attempt, messages }),
    round3: (index: number, messages: readonly unknown[]) => at(generators, index).round3({ key, attempt, messages }),
    activate: (index: number, messages: readonly unknown[]) => at(generators, index).activate({ key, messages }),
  };
}

/** What a node says, changed and signed by it again. */
function say(from: Participant, message: NodeMessage, change: object): NodeMessage {
  const { type, key, attempt, body } = message;
  return signNodeMessage(from.store.identity, {
    ...{ type, key, attempt, from: from.identity },
    body: { ...Object(parseJson(body)), ...change },
  });
}

const identityOf = (index: number): Hex => at(nodes, index).identity;

/** The ways to tell a list of messages wrongly. */
function lies(messages: readonly NodeMessage[], stray: NodeMessage): readonly (readonly unknown[])[] {
  const [first, ...rest] = messages;
  return [
    [...messages].reverse(),
    rest,
    messages.slice(0, -1),
    [],
    [...messages, ...messages],
    [...messages, first],
    [first, ...messages.slice(0, -1)],
    [stray, ...rest],
    [{ ...first, body: stray.body }, ...rest],
    [{ ...first, type: "share" }, ...rest],
    [{ ...first, attempt: random() }, ...rest],
    [{ ...first, key: random() }, ...rest],
    [{ ...first, from: identityOf(1) }, ...rest],
    [{ ...first, signature: `0x${"00".repeat(64)}` }, ...rest],
    [null, ...rest],
    ["", ...rest],
  ];
}

describe("a coordinator that lies", () => {
  it("gets no further in the second round", async () => {
    const other = begin();
    const [stray] = await other.round1();
    const { round1, round2 } = begin();
    const said = await round1();
    if (stray === undefined) throw new Error("nothing was said");
    for (const lie of lies(said, stray)) expect(await refusal(() => round2(1, lie))).toContain("malformed");
    expect(round2(1, said)).toHaveLength(count - 1);
  });

  it("gets no further in the third round", async () => {
    const { round1, round2, round3 } = begin();
    const said = await round1();
    const second = everyone.flatMap((index) => round2(index, said));
    const right = messagesTo(identityOf(2), second);
    const another = begin();
    const anotherSaid = await another.round1();
    const [stray] = messagesTo(
      identityOf(2),
      everyone.flatMap((index) => another.round2(index, anotherSaid)),
    );
    if (stray === undefined) throw new Error("nothing was said");
    for (const lie of lies(right, stray)) expect(await refusal(() => round3(2, lie))).toContain("malformed");
    // What was said to another node.
    expect(await refusal(() => round3(2, messagesTo(identityOf(0), second)))).toContain("malformed");
    expect(await refusal(() => round3(2, [at(messagesTo(identityOf(1), second), 0), ...right.slice(1)]))).toBe(
      "malformed: a message is for another node",
    );
    expect(await round3(2, right)).toMatchObject({ type: "generated", from: identityOf(2) });
  });

  it("cannot have a key used that not all nodes have said to have", async () => {
    const { key, round1, round2, round3, activate } = begin();
    const said = await round1();
    const second = everyone.flatMap((index) => round2(index, said));
    const generated = await Promise.all(everyone.map((index) => round3(index, messagesTo(identityOf(index), second))));
    for (const lie of lies(generated, at(said, 0)))
      expect(await refusal(() => activate(0, lie))).toContain("malformed");
    expect((await at(nodes, 0).store.getKey(key))?.status).toBe("pending");
    expect((await activate(0, generated)).status).toBe("active");
    // The key is there: nobody starts anew.
    expect(await refusal(round1)).toBe("key-exists");
  });

  it("cannot tell one node something else than another", async () => {
    // Each of two nodes hears another first message of the third, which says both: it is two nodes with one identity.
    const third = at(nodes, 2);
    const [one, other] = [new KeyGenerator(third.store, third.identity), new KeyGenerator(third.store, third.identity)];
    const { key, attempt, consent, round2, round3 } = begin();
    const said = await Promise.all(
      [at(nodes, 0).generator, at(nodes, 1).generator, one, other, ...nodes.slice(3).map((node) => node.generator)].map(
        (generator) => generator.round1({ key, attempt, consent }),
      ),
    );
    const [first, second, toFirst, toSecond, ...rest] = said;
    expect(toFirst?.body).not.toBe(toSecond?.body);
    const fromFirst = round2(0, [first, second, toFirst, ...rest]);
    const fromSecond = round2(1, [first, second, toSecond, ...rest]);
    const fromOne = one.round2({ key, attempt, messages: [first, second, toFirst, ...rest] });
    const fromOther = other.round2({ key, attempt, messages: [first, second, toSecond, ...rest] });
    const fromRest = everyone.slice(3).flatMap((index) => round2(index, [first, second, toFirst, ...rest]));
    for (const [index, messages] of [
      [0, [...fromSecond, ...fromOne, ...fromRest]],
      [1, [...fromFirst, ...fromOther, ...fromRest]],
    ] as const) {
      const right = messagesTo(identityOf(index), messages);
      await expect(round3(index, right)).rejects.toThrow("heard something else");
      expect(await at(nodes, index).store.getKey(key)).toBeUndefined();
    }
    // Nor does a node go on that is told another story later.
    expect(await refusal(() => round2(0, [first, second, toSecond, ...rest]))).toBe("attempt");
  });

  it("cannot fill the node with attempts for one key", async () => {
    const fresh = wake(at(nodes, 0).store);
    const consent = group.consent(2);
    const key = getDistributedKeyId(consent);
    const attempts = Array.from({ length: 200 }, () => random());
    for (const attempt of attempts) await fresh.generator.round1({ key, attempt, consent });
    expect(await refusal(() => fresh.generator.round2({ key, attempt: at(attempts, 0), messages: [] }))).toBe(
      "attempt",
    );
  });

  it("is not in the way of other keys, whatever it begins", async () => {
    const fresh = wake(at(nodes, 0).store);
    const start = async (consent = group.consent(2), attempt = random()) => {
      const key = getDistributedKeyId(consent);
      await fresh.generator.round1({ key, attempt, consent });
      return { key, attempt, messages: [] };
    };
    const early = await start();
    for (let index = 0; index < 255; index++) await start();
    // It is known still; the messages are what is wrong.
    expect(await refusal(() => fresh.generator.round2(early))).toContain("malformed");
    const late = await start();
    expect(await refusal(() => fresh.generator.round2(early))).toBe("attempt");
    expect(await refusal(() => fresh.generator.round2(late))).toContain("malformed");
    // A name that another key's attempt has.
    const same = await start(group.consent(2), late.attempt);
    expect(await refusal(() => fresh.generator.round2(same))).toContain("malformed");
    expect(await refusal(() => fresh.generator.round2(late))).toContain("malformed");
  }, 120_000);
});

describe("a node that lies", () => {
  /** The first round's messages, and how the third node changes what it sends to the first in the second round. */
  async function sendTo(change: (sent: NodeMessage, said: readonly NodeMessage[]) => NodeMessage) {
    const made = begin();
    const said = await made.round1();
    const second = everyone.flatMap((index) => made.round2(index, said));
    const [fromSecond, fromThird, ...others] = messagesTo(identityOf(0), second);
    if (fromSecond === undefined || fromThird === undefined) throw new Error("nothing was sent");
    return { ...made, received: [fromSecond, change(fromThird, said), ...others], fromThird };
  }

  it("is named if its share is not what it committed to, and changes nothing", async () => {
    const liar = at(nodes, 2);
    // It encrypts as it should, with a key that it says is its own.
    const encryption = createEncryptionKey();
    const { key, attempt, round1, round2, round3 } = begin();
    const [first, second, third, ...rest] = await round1();
    if (first === undefined || second === undefined || third === undefined) throw new Error("nothing was said");
    const encryptionKey: Hex = `0x${Buffer.from(encryption.publicKey).toString("hex")}`;
    const said = [first, second, say(liar, third, { encryptionKey }), ...rest];
    const honest = everyone.filter((index) => index !== 2).flatMap((index) => round2(index, said));
    const [toFirst, ...others] = messagesTo(identityOf(0), honest);
    if (toFirst === undefined) throw new Error("nothing was sent");
    const { transcript } = Object(parseJson(toFirst.body));
    const sealed = encryptShare({
      secret: encryption.secret,
      publicKey: hexToBytes(Object(parseJson(first.body)).encryptionKey),
      context: [key, attempt, transcript, liar.identity, identityOf(0)].join(" "),
      share: hexToBytes(`0x${"00".repeat(31)}05`),
    });
    const wrong = say(
      liar,
      { ...toFirst, from: liar.identity },
      { sealed: `0x${Buffer.from(sealed).toString("hex")}` },
    );
    await expect(round3(0, [toFirst, wrong, ...others])).rejects.toThrow(
      `The share that node ${liar.identity} sent is not right.`,
    );
    expect(await at(nodes, 0).store.getKey(key)).toBeUndefined();
  });

  it.each([
    ["that is cut off", (sealed: string) => sealed.slice(0, 20)],
    ["of nothing", () => "0x"],
    ["that was changed", (sealed: string) => `${sealed.slice(0, -2)}${sealed.endsWith("00") ? "01" : "00"}`],
  ])("is found out by a share %s", async (_what, change) => {
    const { round3, received } = await sendTo((sent) =>
      say(at(nodes, 2), sent, { sealed: change(Object(parseJson(sent.body)).sealed) }),
    );
    expect(await refusal(() => round3(0, received))).toBe("message");
  });

  it("cannot pass on what another node sent", async () => {
    // What the second node sent to the third, as the third's to the first: it is encrypted for who sends and who receives.
    const { round1, round2, round3 } = begin();
    const said = await round1();
    const second = everyone.flatMap((index) => round2(index, said));
    const [fromSecond, fromThird, ...others] = messagesTo(identityOf(0), second);
    const stolen = messagesTo(identityOf(2), second)[1];
    if (fromThird === undefined || stolen === undefined) throw new Error("nothing was sent");
    const { sealed } = Object(parseJson(stolen.body));
    expect(await refusal(() => round3(0, [fromSecond, say(at(nodes, 2), fromThird, { sealed }), ...others]))).toBe(
      "message",
    );
  });

  it.each([
    ["a commitment of another degree", { commitment: [] }, "malformed: a commitment has another threshold"],
    ["no point", { commitment: Array(threshold).fill(`0x02${"00".repeat(31)}05`) }, "no point of the curve"],
    ["a proof of another secret", {}, "message"],
  ])("is found out in the first round by %s", async (_what, change, expected) => {
    const { round1, round2 } = begin();
    const [first, second, third, ...rest] = await round1();
    if (first === undefined || second === undefined || third === undefined) throw new Error("nothing was said");
    // The last case: the second node's commitment and proof, as if they were the third's.
    const { commitment, proof } = Object(parseJson(second.body));
    const copied = Object.keys(change).length === 0 ? { commitment, proof } : change;
    expect(await refusal(() => round2(0, [first, second, say(at(nodes, 2), third, copied), ...rest]))).toContain(
      expected,
    );
  });

  it("cannot have the others use another key than they made", async () => {
    const { key, round1, round2, round3, activate } = begin();
    const said = await round1();
    const second = everyone.flatMap((index) => round2(index, said));
    const generated = await Promise.all(everyone.map((index) => round3(index, messagesTo(identityOf(index), second))));
    const [first, other, third, ...rest] = generated;
    if (third === undefined) throw new Error("nothing was said");
    const { commitments } = Object(parseJson(third.body));
    for (const change of [{ transcript: random() }, { commitments: [...commitments].reverse() }])
      expect(await refusal(() => activate(0, [first, other, say(at(nodes, 2), third, change), ...rest]))).toBe(
        "message",
      );
    expect((await at(nodes, 0).store.getKey(key))?.status).toBe("pending");
  });
});

describe("a revocation", () => {
  it("is not lost while a key is generated", async () => {
    const { key, round1, round2, round3, activate } = begin();
    const said = await round1();
    const second = everyone.flatMap((index) => round2(index, said));
    const generated = await Promise.all(everyone.map((index) => round3(index, messagesTo(identityOf(index), second))));
    const { store } = at(nodes, 0);
    const record = await store.getKey(key);
    if (record === undefined) throw new Error("there is no key");
    await store.updateKey(key, (now = record) => ({ ...now, status: "revoked" }));
    // It comes just after the node has read that the key is not revoked.
    const read = vi.spyOn(store, "getKey").mockResolvedValueOnce(record);
    expect(await refusal(() => activate(0, generated))).toBe("revoked");
    read.mockRestore();
    expect((await store.getKey(key))?.status).toBe("revoked");
    expect(await refusal(round1)).toBe("revoked");
  });
});

it("keeps no key beyond its limit, however many were begun at once", async () => {
  const { store, identity } = at(group.participants, 0);
  const others = group.participants.slice(1);
  const limited = new KeyGenerator(store, identity, store.keyCount + 1);
  const participants = [{ ...at(group.participants, 0), generator: limited }, ...others];
  const outcomes = await Promise.allSettled([
    group.generate(group.consent(threshold), participants),
    group.generate(group.consent(threshold), participants),
  ]);
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  expect(await refusal(() => limited.requireRoom(random()))).toBe("full");
  const [known] = await store.listKeys();
  // Of a key that is there, no more is kept than before.
  await limited.requireRoom(known?.id ?? "0x");
});
