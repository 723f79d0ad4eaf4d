import { type Address, bytesToBigInt, bytesToHex, concat, type Hex, hexToBigInt, numberToHex, size, slice } from "viem";
import { type ContractOverrides, type Contracts, getContract } from "../addresses.js";
import { InvalidPublicKeyError, MalformedKeySignatureError } from "../errors/input.js";
import { parseBytes } from "../utils/validate.js";

/** What all kinds of P-256 session keys are asked with. */
export type P256VerifierParameters = {
  /**
   * Whether signatures are checked by the chain's P-256 precompile, which costs 10,000 gas rather than 240,000. The chain
   * must have it (RIP-7212, EIP-7951), and the bundler must know it. false if it is left out.
   */
  precompile?: boolean | undefined;
  /** Addresses of verifiers in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

/** The names of {@link P256VerifierParameters}. */
export const verifierParameters = ["precompile", "contracts"] as const;

const prime = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

/**
 * r and s that are checked to the end, and cost the most that a signature can: r / s, which the key's point is multiplied
 * by, is 0x5555…, so that no addition is left out; and no byte is zero.
 */
export const stubNumbers: Hex =
  "0x40dd2e85dd98bda5fb34bfb1a040f9dfc65ce4b87bdd859be2ec863ba82abac01111111111111111111111111111111111111111111111111111111111111111";

/** The address of a verifier, with the precompile or without. */
export function getVerifier(
  name: "p256" | "webCryptoP256" | "webAuthn",
  { precompile = false, contracts }: P256VerifierParameters,
): Address {
  const contract: keyof Contracts = precompile ? `${name}PrecompileVerifier` : `${name}Verifier`;
  return getContract(contract, contracts);
}

/** A session key of a verifier and what that calls a key, in lower case as sessions have it. */
export function toVerifierKey(verifier: Address, key: Hex): Hex {
  return parseBytes("sessionKey", concat([verifier, key]));
}

/** Checks a public key, x and y or the same behind a byte 04, and returns x and y. */
export function parsePublicKey(value: unknown): Hex {
  const bytes = parseBytes("publicKey", value);
  const point = size(bytes) === 65 && bytes.startsWith("0x04") ? slice(bytes, 1) : bytes;
  if (size(point) !== 64) throw new InvalidPublicKeyError({ reason: `it has ${size(bytes)} bytes` });
  const [x, y] = [hexToBigInt(slice(point, 0, 32)), hexToBigInt(slice(point, 32))];
  if (x >= prime || y >= prime || (y * y - (x * x * x - 3n * x + b)) % prime !== 0n)
    throw new InvalidPublicKeyError({ reason: "it is not a point of the curve" });
  return point;
}

/** Checks that r and s are in range, and returns them with s in the lower half: verifiers refuse the other one. */
export function toLowS(signature: Hex | Uint8Array): Hex {
  const bytes = typeof signature === "string" ? signature : bytesToHex(signature);
  // viem appends a byte of parity where it knows it.
  const length = size(bytes);
  if (length !== 64 && length !== 65) throw new MalformedKeySignatureError({ reason: `it has ${length} bytes` });
  const [r, s] = [hexToBigInt(slice(bytes, 0, 32)), hexToBigInt(slice(bytes, 32, 64))];
  if (r === 0n || r >= order || s === 0n || s >= order)
    throw new MalformedKeySignatureError({ reason: "r or s is out of range" });
  return concat([numberToHex(r, { size: 32 }), numberToHex(s > order / 2n ? order - s : s, { size: 32 })]);
}

/** Whether bytes are a private key of the curve. */
export function isPrivateKey(bytes: Uint8Array): boolean {
  const value = bytesToBigInt(bytes);
  return value > 0n && value < order;
}
