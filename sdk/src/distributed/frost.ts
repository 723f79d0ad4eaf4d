import { secp256k1, secp256k1_FROST as suite } from "@noble/curves/secp256k1.js";
import { bytesToHex, concat, type Hex, hexToBytes, sha256, stringToBytes, toHex } from "viem";
import { asFields, asHex, asList, MalformedMessageError, type NodeMessage, openNodeMessage } from "./messages.js";

/** What everybody may know of a distributed key. */
export type DistributedPublicKey = {
  /** The identities of its nodes, in ascending order. */
  readonly nodes: readonly Hex[];
  readonly threshold: number;
  /** What the nodes committed to, compressed points; the first is the public key. */
  readonly commitments: readonly Hex[];
};

/** A commitment to a node's nonces, for one signature. */
export type NonceCommitment = { readonly hiding: Hex; readonly binding: Hex };

/** A commitment with the node that it is from. */
export type NodeCommitment = NonceCommitment & { readonly node: Hex };

type FrostPublic = Parameters<typeof suite.verifyShare>[0];

/** A node's number in the polynomial: its place among the nodes, from 1. */
export function getIdentifier(nodes: readonly Hex[], node: Hex): string {
  const index = nodes.indexOf(node);
  if (index === -1) throw new MalformedMessageError("a node is not one of the key's");
  return suite.Identifier.fromNumber(index + 1);
}

/** The key as the library wants it. The points are checked, and what each node's share must fit is computed from them. */
export function toFrostPublic({ nodes, threshold, commitments }: DistributedPublicKey): FrostPublic {
  if (commitments.length !== threshold) throw new MalformedMessageError("a key has another threshold");
  const points = commitments.map((commitment) => secp256k1.Point.fromBytes(hexToBytes(commitment)));
  const { Fn } = secp256k1.Point;
  const verifyingShares = Object.fromEntries(
    nodes.map((node, index) => {
      let power = 1n;
      let share = secp256k1.Point.ZERO;
      for (const point of points) {
        share = share.add(point.multiplyUnsafe(power));
        power = Fn.mul(power, BigInt(index + 1));
      }
      return [getIdentifier(nodes, node), share.toBytes()];
    }),
  );
  return {
    signers: { min: threshold, max: nodes.length },
    commitments: points.map((point) => point.toBytes()),
    verifyingShares,
  };
}

/** The commitments of the nodes that sign, as the library wants them. */
export function toCommitmentList(nodes: readonly Hex[], commitments: readonly NodeCommitment[]) {
  return commitments.map(({ node, hiding, binding }) => ({
    identifier: getIdentifier(nodes, node),
    hiding: hexToBytes(hiding),
    binding: hexToBytes(binding),
  }));
}

/** Whether a node's part of a signature is right. */
export function isShareValid({
  frostPublic,
  nodes,
  commitments,
  digest,
  node,
  share,
}: {
  frostPublic: FrostPublic;
  nodes: readonly Hex[];
  commitments: readonly NodeCommitment[];
  digest: Hex;
  node: Hex;
  share: Hex;
}): boolean {
  try {
    return suite.verifyShare(
      frostPublic,
      toCommitmentList(nodes, commitments),
      hexToBytes(digest),
      getIdentifier(nodes, node),
      hexToBytes(share),
    );
  } catch {
    // A share that is no scalar.
    return false;
  }
}

/** Puts the nodes' parts together: x and y of R, and z, as the verifier on the chain takes them. */
export function aggregate({
  frostPublic,
  nodes,
  commitments,
  digest,
  shares,
}: {
  frostPublic: FrostPublic;
  nodes: readonly Hex[];
  commitments: readonly NodeCommitment[];
  digest: Hex;
  shares: ReadonlyMap<Hex, Hex>;
}): Hex {
  const parts = Object.fromEntries(
    [...shares].map(([node, share]) => [getIdentifier(nodes, node), hexToBytes(share)] as const),
  );
  const signature = suite.aggregate(frostPublic, toCommitmentList(nodes, commitments), hexToBytes(digest), parts);
  const { x, y } = secp256k1.Point.fromBytes(signature.slice(0, 33));
  return concat([toHex(x, { size: 32 }), toHex(y, { size: 32 }), bytesToHex(signature.slice(33))]);
}

/** Whether the verifier on the chain can take a public key: its x must be below the curve's order. */
export function isKeySupported(publicKey: Hex): boolean {
  return BigInt(`0x${publicKey.slice(4)}`) < secp256k1.Point.Fn.ORDER;
}

/** Checks a node's commitment, which must be points in the one form that nodes write, and who signed it. */
export function openCommitment(
  message: unknown,
  expected: Pick<NodeMessage, "key" | "attempt"> & { readonly from?: Hex | undefined },
): NodeCommitment {
  const { from, body, message: opened } = openNodeMessage(message, { ...expected, type: "commitment" });
  const fields = asFields("commitment", body);
  const said = { hiding: asPoint("hiding", fields["hiding"]), binding: asPoint("binding", fields["binding"]) };
  // It is sent on to the others: one that fills their requests would have them refuse in the place of the node that lies.
  if (opened.body !== JSON.stringify(said)) throw new MalformedMessageError("a commitment says more than it must");
  return { node: from, ...said };
}

/** A compressed point of the curve. */
export function asPoint(name: string, value: unknown): Hex {
  const point = asHex(name, value, 33);
  try {
    secp256k1.Point.fromBytes(hexToBytes(point)).assertValidity();
  } catch {
    throw new MalformedMessageError(`${name} is no point of the curve`);
  }
  return point;
}

/** What a node says in the first round of generating a key. */
export type Round1 = { readonly commitment: readonly Hex[]; readonly proof: Hex; readonly encryptionKey: Hex };

/** Reads the body of a "round1" message. */
export function parseRound1(body: unknown, threshold: number): Round1 {
  const fields = asFields("round1", body);
  const commitment = asList("commitment", fields["commitment"], threshold).map((point) => asPoint("commitment", point));
  if (commitment.length !== threshold) throw new MalformedMessageError("a commitment has another threshold");
  return {
    commitment,
    proof: asHex("proof", fields["proof"], 65),
    encryptionKey: asHex("encryptionKey", fields["encryptionKey"], 32),
  };
}

/** One hash of all that was said in the first round: nodes that heard different things find out by it. */
export function getTranscript({
  key,
  attempt,
  messages,
}: {
  key: Hex;
  attempt: Hex;
  messages: readonly NodeMessage[];
}): Hex {
  const lines = messages.map(({ from, body }) => `${from} ${sha256(stringToBytes(body))}`).sort();
  return sha256(stringToBytes(["latchkey-distributed-transcript-1", key, attempt, ...lines].join("\n")));
}

/** What a node says when it has its share: all must say the same. */
export type Generated = { readonly transcript: Hex; readonly commitments: readonly Hex[] };

/** Reads the body of a "generated" message. */
export function parseGenerated(body: unknown, threshold: number): Generated {
  const fields = asFields("generated", body);
  const commitments = asList("commitments", fields["commitments"], threshold).map((point) => asPoint("key", point));
  if (commitments.length !== threshold) throw new MalformedMessageError("a key has another threshold");
  return { transcript: asHex("transcript", fields["transcript"], 32), commitments };
}
