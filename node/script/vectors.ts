// Writes test/vectors/frost.json: `tsx node/script/vectors.ts`. Keys that nodes generated together, and signatures of theirs
// by the library that the SDK uses, packed as the verifier takes them. Every run makes others.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { secp256k1_FROST as frost, secp256k1 } from "@noble/curves/secp256k1.js";
import { bytesToHex, concat, type Hex, toHex } from "viem";

const groups = [
  { min: 2, max: 3 },
  { min: 3, max: 5 },
  { min: 7, max: 10 },
  { min: 2, max: 2 },
];
const keyCount = 40;
const perKey = 50;

const vectors = Array.from({ length: keyCount }, (_, index) => {
  const signers = groups[index % groups.length] ?? { min: 2, max: 3 };
  const { shares, pub } = generate(signers);
  const key = bytesToHex(pub.commitments[0] ?? new Uint8Array());
  const signatures = Array.from({ length: perKey }, (): Hex => {
    const hash = crypto.getRandomValues(new Uint8Array(32));
    const from = Math.floor(Math.random() * (signers.max - signers.min + 1));
    const chosen = shares.slice(from, from + signers.min).map((secret) => ({ secret, ...frost.commit(secret) }));
    const commitments = chosen.map(({ commitments }) => commitments);
    const parts = Object.fromEntries(
      chosen.map(({ secret, nonces }) => [secret.identifier, frost.signShare(secret, pub, nonces, commitments, hash)]),
    );
    const signature = frost.aggregate(pub, commitments, hash, parts);
    const point = secp256k1.Point.fromBytes(signature.slice(0, 33));
    return concat([
      bytesToHex(hash),
      toHex(point.x, { size: 32 }),
      toHex(point.y, { size: 32 }),
      bytesToHex(signature.slice(33)),
    ]);
  });
  // One string a key, so that Solidity reads the file quickly.
  return { key, signatures: concat(signatures) };
});

const path = fileURLToPath(new URL("../../test/vectors/frost.json", import.meta.url));
const about = "key: the compressed public key. signatures: 128 bytes each: the hash, x and y of R, z.";
writeFileSync(path, `${JSON.stringify({ about, vectors }, null, 2)}\n`);

function generate(signers: { min: number; max: number }) {
  const ids = Array.from({ length: signers.max }, (_, index) => frost.Identifier.fromNumber(index + 1));
  const first = ids.map((id) => frost.DKG.round1(id, signers));
  const publics = first.map((one) => one.public);
  const others = (id: string) => publics.filter(({ identifier }) => identifier !== id);
  const second = first.map(({ secret }, index) => frost.DKG.round2(secret, others(ids[index] ?? "")));
  const keys = first.map(({ secret }, index) => {
    const id = ids[index] ?? "";
    const received = second.flatMap((sent) => (sent[id] ? [sent[id]] : []));
    return frost.DKG.round3(secret, others(id), received);
  });
  const pub = keys[0]?.public;
  if (pub === undefined) throw new Error("no key");
  return { shares: keys.map(({ secret }) => secret), pub };
}
