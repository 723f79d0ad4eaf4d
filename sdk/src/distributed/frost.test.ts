import { secp256k1_FROST as suite } from "@noble/curves/secp256k1.js";
import { bytesToHex, type Hex, hexToBytes, keccak256, slice, stringToHex, toHex } from "viem";
import { describe, expect, it } from "vitest";
import { getContracts } from "../index.js";
import {
  aggregate,
  asPoint,
  getIdentifier,
  getTranscript,
  isKeySupported,
  isShareValid,
  toCommitmentList,
  toFrostPublic,
} from "./frost.js";
import type { NodeMessage } from "./messages.js";
import { toSessionKeyBytes } from "./toDistributedSessionKey.js";

const nodes = [1, 2, 3, 4, 5].map((number): Hex => toHex(number, { size: 32 }));
const digest = keccak256(stringToHex("digest"));

function deal(threshold: number) {
  const ids = nodes.map((node) => getIdentifier(nodes, node));
  const { public: dealt, secretShares } = suite.trustedDealer({ min: threshold, max: nodes.length }, ids);
  const commitments = dealt.commitments.map((point) => bytesToHex(point));
  return { dealt, secretShares, publicKey: { nodes, threshold, commitments } };
}

function signWith(threshold: number, signers: readonly number[]) {
  const { secretShares, publicKey, dealt } = deal(threshold);
  const frostPublic = toFrostPublic(publicKey);
  const made = signers.map((index) => {
    const node = nodes[index] ?? "0x";
    const secret = secretShares[getIdentifier(nodes, node)];
    if (secret === undefined) throw new Error("no share");
    const { nonces, commitments } = suite.commit(secret);
    const commitment = { node, hiding: bytesToHex(commitments.hiding), binding: bytesToHex(commitments.binding) };
    return { node, secret, nonces, commitment };
  });
  const commitments = made.map(({ commitment }) => commitment);
  const list = toCommitmentList(nodes, commitments);
  const shares = new Map(
    made.map(({ node, secret, nonces }) => [
      node,
      bytesToHex(suite.signShare(secret, frostPublic, nonces, list, hexToBytes(digest))),
    ]),
  );
  return { frostPublic, commitments, shares, group: dealt.commitments[0] ?? new Uint8Array() };
}

it("computes what each node's share must fit, as the library does", () => {
  const { dealt, publicKey } = deal(3);
  expect(toFrostPublic(publicKey)).toEqual(dealt);
  expect(() => toFrostPublic({ ...publicKey, threshold: 2 })).toThrow("another threshold");
});

describe("a signature", () => {
  it.each([
    [2, [0, 4]],
    [3, [1, 2, 3]],
    [3, [4, 0, 2]],
    [5, [0, 1, 2, 3, 4]],
  ])("of %i is the RFC's, with both coordinates of R", (threshold, signers) => {
    const { group, ...made } = signWith(threshold, signers);
    const signature = hexToBytes(aggregate({ ...made, nodes, digest }));
    expect(signature.length).toBe(96);
    const prefix = ((signature[63] ?? 0) & 1) === 1 ? 3 : 2;
    const compressed = new Uint8Array([prefix, ...signature.slice(0, 32), ...signature.slice(64)]);
    expect(suite.verify(compressed, hexToBytes(digest), group)).toBe(true);
  });

  it("finds out whose part is wrong", () => {
    const { frostPublic, commitments, shares } = signWith(3, [0, 1, 2]);
    for (const [node, share] of shares) {
      const parameters = { frostPublic, nodes, commitments, digest, node, share };
      expect(isShareValid(parameters)).toBe(true);
      expect(isShareValid({ ...parameters, share: toHex(1, { size: 32 }) })).toBe(false);
      expect(isShareValid({ ...parameters, share: toHex(2n ** 256n - 1n) })).toBe(false);
      expect(isShareValid({ ...parameters, digest: keccak256("0x") })).toBe(false);
      expect(isShareValid({ ...parameters, commitments: commitments.slice(0, 2) })).toBe(false);
    }
  });
});

it("names a key by the verifier and its compressed point", () => {
  const { publicKey } = deal(2);
  const [group = "0x"] = publicKey.commitments;
  const bytes = toSessionKeyBytes(group, undefined);
  expect(slice(bytes, 0, 20)).toBe(getContracts().frostVerifier.toLowerCase());
  expect(slice(bytes, 20)).toBe(group);
});

it("knows keys that the verifier cannot take", () => {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  expect(isKeySupported(`0x02${(order - 1n).toString(16)}`)).toBe(true);
  expect(isKeySupported(`0x02${order.toString(16)}`)).toBe(false);
});

it("takes points of the curve only", () => {
  const { publicKey } = deal(2);
  const [group = "0x"] = publicKey.commitments;
  expect(asPoint("point", group)).toBe(group);
  const offCurve: Hex = `0x02${"00".repeat(31)}05`;
  for (const bad of [offCurve, `0x04${group.slice(4)}`, `0x00${"00".repeat(32)}`, slice(group, 1), "0x", undefined, 1])
    expect(() => asPoint("point", bad)).toThrow("point");
});

it("has one transcript for what was said, in whatever order, and another for anything else", () => {
  const say = (from: Hex, body: string): NodeMessage => ({
    type: "round1",
    from,
    key: digest,
    attempt: digest,
    body,
    signature: "0x",
  });
  const messages = nodes.map((node) => say(node, `{"of":"${node}"}`));
  const transcript = getTranscript({ key: digest, attempt: digest, messages });
  expect(getTranscript({ key: digest, attempt: digest, messages: [...messages].reverse() })).toBe(transcript);
  const changed = messages.map((message, index) => (index === 2 ? { ...message, body: "{}" } : message));
  expect(getTranscript({ key: digest, attempt: digest, messages: changed })).not.toBe(transcript);
  expect(getTranscript({ key: digest, attempt: keccak256("0x"), messages })).not.toBe(transcript);
  expect(getTranscript({ key: digest, attempt: digest, messages: messages.slice(1) })).not.toBe(transcript);
});
