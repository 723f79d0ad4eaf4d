import { secp256k1, secp256k1_FROST as suite } from "@noble/curves/secp256k1.js";
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
  openCommitment,
  toCommitmentList,
  toFrostPublic,
} from "./frost.js";
import { getIdentity, MalformedMessageError, type NodeMessage, signNodeMessage } from "./messages.js";
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

/** Appendix E.5 of RFC 9591: nodes 1 and 3 of three sign "test". */
const rfc = {
  secret: "0x0d004150d27c3bf2a42f312683d35fac7394b1e9e318249c1bfe7f0795a83114",
  group: "0x02f37c34b66ced1fb51c34a90bdae006901f10625cc06c4f64663b0eae87d87b4f",
  coefficient: "0xfbf85eadae3058ea14f19148bb72b45e4399c0b16028acaf0395c9b03c823579",
  message: "0x74657374",
  signers: [
    {
      number: 1,
      share: "0x08f89ffe80ac94dcb920c26f3f46140bfc7f95b493f8310f5fc1ea2b01f4254c",
      randomness: [
        "0x7ea5ed09af19f6ff21040c07ec2d2adbd35b759da5a401d4c99dd26b82391cb2",
        "0x47acab018f116020c10cb9b9abdc7ac10aae1b48ca6e36dc15acb6ec9be5cdc5",
      ],
      hidingNonce: "0x841d3a6450d7580b4da83c8e618414d0f024391f2aeb511d7579224420aa81f0",
      bindingNonce: "0x8d2624f532af631377f33cf44b5ac5f849067cae2eacb88680a31e77c79b5a80",
      hiding: "0x03c699af97d26bb4d3f05232ec5e1938c12f1e6ae97643c8f8f11c9820303f1904",
      binding: "0x02fa2aaccd51b948c9dc1a325d77226e98a5a3fe65fe9ba213761a60123040a45e",
      part: "0xc4fce1775a1e141fb579944166eab0d65eefe7b98d480a569bbbfcb14f91c197",
    },
    {
      number: 3,
      share: "0x00e95d59dd0d46b0e303e500b62b7ccb0e555d49f5b849f5e748c071da8c0dbc",
      randomness: [
        "0xe6cc56ccbd0502b3f6f831d91e2ebd01c4de0479e0191b66895a4ffd9b68d544",
        "0x7203d55eb82a5ca0d7d83674541ab55f6e76f1b85391d2c13706a89a064fd5b9",
      ],
      hidingNonce: "0x2b19b13f193f4ce83a399362a90cdc1e0ddcd83e57089a7af0bdca71d47869b2",
      bindingNonce: "0x7a443bde83dc63ef52dda354005225ba0e553243402a4705ce28ffaafe0f5b98",
      hiding: "0x03077507ba327fc074d2793955ef3410ee3f03b82b4cdc2370f71d865beb926ef6",
      binding: "0x02ad53031ddfbbacfc5fbda3d3b0c2445c8e3e99cbc4ca2db2aa283fa68525b135",
      part: "0x0160fd0d388932f4826d2ebcd6b9eaba734f7c71cf25b4279a4ca2581e47b18d",
    },
  ],
  r: "0x0205b6d04d3774c8929413e3c76024d54149c372d57aae62574ed74319b5ea14d0",
  z: "0xc65dde8492a7471437e6c2fe3da49b90d23f642b5c6dbe7e36089f096dd97324",
} as const;

it("makes what RFC 9591 says, from each nonce to the signature", () => {
  const three = nodes.slice(0, 3);
  const first = secp256k1.Point.BASE.multiply(BigInt(rfc.secret)).toBytes();
  const second = secp256k1.Point.BASE.multiply(BigInt(rfc.coefficient)).toBytes();
  expect(bytesToHex(first)).toBe(rfc.group);
  const frostPublic = toFrostPublic({ nodes: three, threshold: 2, commitments: [rfc.group, bytesToHex(second)] });
  const made = rfc.signers.map((signer) => {
    const node = three[signer.number - 1] ?? "0x";
    const secret = { identifier: getIdentifier(three, node), signingShare: hexToBytes(signer.share) };
    const randomness = signer.randomness.map((bytes) => hexToBytes(bytes));
    const { nonces, commitments } = suite.commit(secret, () => randomness.shift() ?? new Uint8Array());
    const [hiding, binding] = [bytesToHex(commitments.hiding), bytesToHex(commitments.binding)];
    expect([bytesToHex(nonces.hiding), bytesToHex(nonces.binding)]).toEqual([signer.hidingNonce, signer.bindingNonce]);
    expect([hiding, binding]).toEqual([signer.hiding, signer.binding]);
    return { signer, node, secret, nonces, commitment: { node, hiding, binding } };
  });
  const commitments = made.map(({ commitment }) => commitment);
  const list = toCommitmentList(three, commitments);
  const shares = new Map(
    made.map(({ signer, node, secret, nonces }) => {
      const share = bytesToHex(suite.signShare(secret, frostPublic, nonces, list, hexToBytes(rfc.message)));
      expect(share).toBe(signer.part);
      const parameters = { frostPublic, nodes: three, commitments, digest: rfc.message, node, share };
      expect(isShareValid(parameters)).toBe(true);
      return [node, share];
    }),
  );
  const signature = aggregate({ frostPublic, nodes: three, commitments, digest: rfc.message, shares });
  expect([slice(signature, 0, 32), slice(signature, 64)]).toEqual([`0x${rfc.r.slice(4)}`, rfc.z]);
});

it("knows no way to give nodes new shares of the same key", () => {
  // When the library learns one, docs/distributed-keys.md and the rotation that stands in for it are to be thought over.
  expect(Object.keys(suite).sort()).toMatchInlineSnapshot(`
    [
      "DKG",
      "Identifier",
      "aggregate",
      "combineSecret",
      "commit",
      "sign",
      "signShare",
      "trustedDealer",
      "utils",
      "validateSecret",
      "verify",
      "verifyShare",
    ]
  `);
  expect(Object.keys(suite.DKG).sort()).toMatchInlineSnapshot(`
    [
      "clean",
      "round1",
      "round2",
      "round3",
    ]
  `);
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

it("takes a commitment that says what it must and nothing else, which others would have to be sent", () => {
  const identity = hexToBytes(digest);
  const from = getIdentity(identity);
  const point = bytesToHex(secp256k1.Point.BASE.toBytes());
  const open = (body: unknown) =>
    openCommitment(signNodeMessage(identity, { type: "commitment", from, key: digest, attempt: digest, body }), {
      key: digest,
      attempt: digest,
    });
  expect(open({ hiding: point, binding: point })).toEqual({ node: from, hiding: point, binding: point });
  expect(() => open([])).toThrow("commitment is no object");
  expect(() => open({ binding: point })).toThrow("hiding is not 33 bytes of hex");
  expect(() => open({ hiding: point })).toThrow("binding is not 33 bytes of hex");
  expect(() => open({ hiding: point, binding: point, padding: "x".repeat(300_000) })).toThrow(MalformedMessageError);
  expect(() => open({ binding: point, hiding: point })).toThrow("a commitment says more than it must");
});
