import type { Hex } from "viem";
import { InvalidParameterError } from "../errors/input.js";
import { checkParameters, parseBytes } from "../utils/validate.js";
import {
  getVerifier,
  type P256VerifierParameters,
  parsePublicKey,
  stubNumbers,
  toLowS,
  toVerifierKey,
  verifierParameters,
} from "./p256.js";
import type { SessionKey } from "./sessionKey.js";

/** A {@link SessionKey} on P-256 that signs digests as they are: in a secure element, an HSM or a key service. */
export type P256SessionKey = SessionKey & {
  readonly type: "p256";
  /** x and y. */
  readonly publicKey: Hex;
};

export type ToP256SessionKeyParameters = P256VerifierParameters & {
  /** x and y, 64 bytes of hex; a byte 04 may be before them. */
  publicKey: Hex;
  /** Signs 32 bytes as they are, without hashing them again: r and s, 64 bytes of hex. */
  sign: (digest: Hex) => Promise<Hex>;
};

export type ToP256SessionKeyReturnType = P256SessionKey;

/**
 * Makes a session key of anything that signs digests with P-256. What hashes them first, with SHA-256, is
 * {@link toWebCryptoSessionKey}'s.
 *
 * @param parameters The public key, how to sign, and whether the chain's precompile shall check the signatures.
 * @returns The key. {@link P256SessionKey}
 * @throws InvalidPublicKeyError, InvalidBytesError; when it signs, MalformedKeySignatureError.
 *
 * @example
 * import { toP256SessionKey } from "latchkey";
 * import type { Hex } from "viem";
 *
 * const wrap = (device: { publicKey: Hex; signDigest: (digest: Hex) => Promise<Hex> }) =>
 *   toP256SessionKey({ publicKey: device.publicKey, sign: device.signDigest });
 */
export function toP256SessionKey(parameters: ToP256SessionKeyParameters): ToP256SessionKeyReturnType {
  checkParameters("toP256SessionKey's argument", parameters, ["publicKey", "sign", ...verifierParameters]);
  const { sign } = parameters;
  if (typeof sign !== "function") throw new InvalidParameterError({ parameter: "sign", expected: "a function" });
  const publicKey = parsePublicKey(parameters.publicKey);
  return Object.freeze({
    type: "p256",
    publicKey,
    sessionKey: toVerifierKey(getVerifier("p256", parameters), publicKey),
    sign: async (digest: Hex) => toLowS(parseBytes("signature", await sign(digest))),
    stubSignature: stubNumbers,
  });
}
