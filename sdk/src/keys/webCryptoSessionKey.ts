import { bytesToHex, concatBytes, type Hex, hexToBytes } from "viem";
import { InvalidParameterError, InvalidPrivateKeyError } from "../errors/input.js";
import { checkParameters } from "../utils/validate.js";
import {
  getVerifier,
  isPrivateKey,
  type P256VerifierParameters,
  parsePublicKey,
  stubNumbers,
  toLowS,
  toVerifierKey,
  verifierParameters,
} from "./p256.js";
import type { SessionKey } from "./sessionKey.js";

/** A key of WebCrypto, in the types of a browser or of Node, whichever are there. */
type WebCryptoKey = Parameters<typeof crypto.subtle.sign>[1];

/** A key pair of WebCrypto. */
export type WebCryptoKeyPair = { readonly privateKey: WebCryptoKey; readonly publicKey: WebCryptoKey };

/** A {@link SessionKey} on P-256 that WebCrypto keeps: nobody, this program included, can read its private half. */
export type WebCryptoSessionKey = SessionKey & {
  readonly type: "webCrypto";
  /** x and y. */
  readonly publicKey: Hex;
  /** The key pair. A browser stores it in IndexedDB as it is, and {@link toWebCryptoSessionKey} takes it up again. */
  readonly keyPair: WebCryptoKeyPair;
};

export type CreateP256SessionKeyParameters = P256VerifierParameters & {
  /**
   * An existing private key, 32 bytes of hex; made at random if it is left out. For servers: not every browser takes a
   * private key without its public half.
   */
  privateKey?: Hex | undefined;
};

export type CreateP256SessionKeyReturnType = WebCryptoSessionKey;

export type ToWebCryptoSessionKeyParameters = P256VerifierParameters & {
  /** A key pair for ECDSA on P-256, with a private key that may sign. */
  keyPair: WebCryptoKeyPair;
};

export type ToWebCryptoSessionKeyReturnType = WebCryptoSessionKey;

const algorithm = { name: "ECDSA", namedCurve: "P-256" } as const;

/** All that PKCS #8 has before a private key of this curve, without the public half. */
const pkcs8Head = hexToBytes("0x3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420");

/**
 * Makes a session key on P-256 that cannot be exported, in a browser or in Node.
 *
 * @param parameters Whether the chain's precompile shall check its signatures; a private key to take up, if there is one.
 * @returns The key. {@link WebCryptoSessionKey}
 * @throws InvalidPrivateKeyError, which does not show the key.
 *
 * @example
 * import { createP256SessionKey } from "latchkey";
 *
 * const key = await createP256SessionKey();
 * console.log(key.sessionKey); // a verifier's address and the public key, 84 bytes of hex
 */
export async function createP256SessionKey(
  parameters: CreateP256SessionKeyParameters = {},
): Promise<CreateP256SessionKeyReturnType> {
  checkParameters("createP256SessionKey's argument", parameters, ["privateKey", ...verifierParameters]);
  const { privateKey, ...rest } = parameters;
  // A key that was meant but is missing must not turn into another one.
  const keyPair =
    "privateKey" in parameters
      ? await importPrivateKey(privateKey)
      : await crypto.subtle.generateKey(algorithm, false, ["sign", "verify"]);
  return toWebCryptoSessionKey({ ...rest, keyPair });
}

async function importPrivateKey(privateKey: unknown): Promise<WebCryptoKeyPair> {
  const invalid = new InvalidPrivateKeyError({ curve: "P-256" });
  if (typeof privateKey !== "string" || !/^0x[0-9a-fA-F]{64}$/.test(privateKey)) throw invalid;
  const bytes = hexToBytes(`0x${privateKey.slice(2)}`);
  if (!isPrivateKey(bytes)) throw invalid;
  try {
    // Once so that it can be exported, for the public half; what is kept cannot be.
    const pkcs8 = toBuffer(concatBytes([pkcs8Head, bytes]));
    const exportable = await crypto.subtle.importKey("pkcs8", pkcs8, algorithm, true, ["sign"]);
    const { d: _, ...jwk } = await crypto.subtle.exportKey("jwk", exportable);
    return {
      privateKey: await crypto.subtle.importKey("pkcs8", pkcs8, algorithm, false, ["sign"]),
      publicKey: await crypto.subtle.importKey("jwk", { ...jwk, key_ops: ["verify"] }, algorithm, true, ["verify"]),
    };
  } catch {
    // The cause is left out: it may quote the key.
    throw invalid;
  }
}

/**
 * Makes a session key of a key pair of WebCrypto, for example one that was stored in IndexedDB.
 *
 * @param parameters The key pair, and whether the chain's precompile shall check its signatures.
 * @returns The key. {@link WebCryptoSessionKey}
 * @throws InvalidParameterError if it is no key pair for ECDSA on P-256 that may sign.
 *
 * @example
 * import { toWebCryptoSessionKey } from "latchkey";
 *
 * const keyPair = await crypto.subtle.generateKey(
 *   { name: "ECDSA", namedCurve: "P-256" },
 *   false,
 *   ["sign"],
 * );
 * const key = await toWebCryptoSessionKey({ keyPair });
 */
export async function toWebCryptoSessionKey(
  parameters: ToWebCryptoSessionKeyParameters,
): Promise<ToWebCryptoSessionKeyReturnType> {
  checkParameters("toWebCryptoSessionKey's argument", parameters, ["keyPair", ...verifierParameters]);
  const { keyPair } = parameters;
  if (!isForUs(keyPair?.privateKey, "private") || !isForUs(keyPair.publicKey, "public"))
    throw new InvalidParameterError({
      parameter: "keyPair",
      expected: "a key pair of WebCrypto for ECDSA on P-256 that may sign",
    });
  const publicKey = parsePublicKey(bytesToHex(new Uint8Array(await crypto.subtle.exportKey("raw", keyPair.publicKey))));
  return Object.freeze({
    type: "webCrypto",
    publicKey,
    keyPair,
    sessionKey: toVerifierKey(getVerifier("webCryptoP256", parameters), publicKey),
    sign: async (digest: Hex) => {
      const sha256 = { name: "ECDSA", hash: "SHA-256" };
      const signature = await crypto.subtle.sign(sha256, keyPair.privateKey, toBuffer(hexToBytes(digest)));
      return toLowS(new Uint8Array(signature));
    },
    stubSignature: stubNumbers,
  });
}

function isForUs(key: WebCryptoKey | undefined, type: "private" | "public"): boolean {
  if (key?.type !== type || key.algorithm.name !== algorithm.name) return false;
  if (!("namedCurve" in key.algorithm) || key.algorithm.namedCurve !== algorithm.namedCurve) return false;
  return type === "public" || key.usages.includes("sign");
}

/** The same bytes in a buffer of their own, as WebCrypto's types want them. */
function toBuffer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
