import { ed25519 } from "@noble/curves/ed25519.js";
import { bytesToHex, concat, type Hex, hexToBytes, slice } from "viem";
import { InvalidParameterError } from "../errors/input.js";
import { checkParameters } from "../utils/validate.js";

type WebCryptoKey = Parameters<typeof crypto.subtle.sign>[1];

/** A key pair of WebCrypto that signs. */
export type AuthorizationKeyPair = { readonly privateKey: WebCryptoKey; readonly publicKey: WebCryptoKey };

/** What a dapp shows that it may ask nodes to sign with. It is no session key: it signs requests, not operations. */
export type AuthorizationKey = {
  readonly type: "p256" | "ed25519";
  /** As a consent names it: a byte for the kind, and the public key. */
  readonly authorizationKey: Hex;
  /** The key pair. A browser stores it in IndexedDB as it is, and {@link toAuthorizationKey} takes it up again. */
  readonly keyPair: AuthorizationKeyPair;
  /** Signs bytes: 64 bytes. */
  readonly sign: (message: Uint8Array) => Promise<Hex>;
};

export type CreateAuthorizationKeyParameters = {
  /** Which curve; "p256" if left out, which every WebCrypto has. */
  type?: "p256" | "ed25519" | undefined;
};

/**
 * Makes an authorisation key that cannot be exported, in a browser or in Node.
 *
 * @param parameters {@link CreateAuthorizationKeyParameters}
 * @returns The key.
 * @throws InvalidParameterError, and what WebCrypto throws if it does not know the curve.
 *
 * @example
 * import { createAuthorizationKey } from "latchkey/distributed";
 *
 * const key = await createAuthorizationKey();
 * console.log(key.authorizationKey); // 65 bytes of hex
 */
export async function createAuthorizationKey(
  parameters: CreateAuthorizationKeyParameters = {},
): Promise<AuthorizationKey> {
  checkParameters("createAuthorizationKey's argument", parameters, ["type"]);
  const { type = "p256" } = parameters;
  if (type !== "p256" && type !== "ed25519")
    throw new InvalidParameterError({ parameter: "type", expected: '"p256" or "ed25519"' });
  const keyPair =
    type === "p256"
      ? await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"])
      : await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
  if (!("privateKey" in keyPair)) throw new InvalidParameterError({ parameter: "type", expected: "a key pair" });
  return toAuthorizationKey({ keyPair });
}

/**
 * Makes an authorisation key of a key pair of WebCrypto, for example one that was stored in IndexedDB.
 *
 * @param parameters The key pair: ECDSA on P-256, or Ed25519, with a private key that may sign.
 * @returns The key.
 * @throws InvalidParameterError
 *
 * @example
 * import { type AuthorizationKeyPair, toAuthorizationKey } from "latchkey/distributed";
 *
 * const resume = (keyPair: AuthorizationKeyPair) => toAuthorizationKey({ keyPair });
 */
export async function toAuthorizationKey({ keyPair }: { keyPair: AuthorizationKeyPair }): Promise<AuthorizationKey> {
  const type = typeOf(keyPair?.privateKey);
  if (type === undefined || typeOf(keyPair.publicKey) !== type || keyPair.privateKey.type !== "private")
    throw new InvalidParameterError({
      parameter: "keyPair",
      expected: "a key pair of WebCrypto, ECDSA on P-256 or Ed25519",
    });
  const raw = bytesToHex(new Uint8Array(await crypto.subtle.exportKey("raw", keyPair.publicKey)));
  const algorithm = type === "p256" ? { name: "ECDSA", hash: "SHA-256" } : "Ed25519";
  return Object.freeze({
    type,
    authorizationKey: type === "p256" ? concat(["0x02", slice(raw, 1)]) : concat(["0x01", raw]),
    keyPair,
    sign: async (message: Uint8Array) =>
      bytesToHex(new Uint8Array(await crypto.subtle.sign(algorithm, keyPair.privateKey, new Uint8Array(message)))),
  });
}

function typeOf(key: WebCryptoKey | undefined): AuthorizationKey["type"] | undefined {
  if (key?.algorithm.name === "Ed25519") return "ed25519";
  const isP256 = key?.algorithm.name === "ECDSA" && "namedCurve" in key.algorithm;
  return isP256 && key.algorithm.namedCurve === "P-256" ? "p256" : undefined;
}

/**
 * Whether an authorisation key signed a message.
 *
 * @param authorizationKey As a consent names it.
 * @param message What was signed.
 * @param signature 64 bytes.
 */
export async function verifyAuthorization(
  authorizationKey: Hex,
  message: Uint8Array,
  signature: Hex,
): Promise<boolean> {
  const key = hexToBytes(slice(authorizationKey, 1));
  const bytes = new Uint8Array(hexToBytes(signature));
  if (bytes.length !== 64) return false;
  try {
    // Strict: what is signed must have one signer only.
    if (authorizationKey.startsWith("0x01")) return ed25519.verify(bytes, message, key, { zip215: false });
    const algorithm = { name: "ECDSA", namedCurve: "P-256" };
    const point = new Uint8Array([4, ...key]);
    const imported = await crypto.subtle.importKey("raw", point, algorithm, false, ["verify"]);
    return await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, imported, bytes, new Uint8Array(message));
  } catch {
    // A public key that is no point.
    return false;
  }
}
