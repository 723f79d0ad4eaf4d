import { type Hex, hexToBytes, toHex } from "viem";
import { InvalidParameterError } from "../errors/input.js";
import { DecryptionFailedError, StorageCorruptedError } from "../errors/storage.js";
import type { WebCryptoKeyPair } from "../keys/webCryptoSessionKey.js";
import { parseBytes, parseNumber } from "../utils/validate.js";
import { inEntry, readEntry, writeEntry } from "./envelope.js";

type WebCryptoKey = WebCryptoKeyPair["privateKey"];

/** What secrets are encrypted with. */
export type Encryption =
  | {
      /** A passphrase; a key is derived from it by PBKDF2 with SHA-256, slowly on purpose. */
      readonly passphrase: string;
      /** Rounds of PBKDF2 for what is written; 600 000 if it is left out. What is read says its own. */
      readonly iterations?: number | undefined;
      readonly key?: undefined;
    }
  | {
      /** A key for AES-GCM: 32 bytes, for instance from a secret manager, or a WebCrypto key. */
      readonly key: Uint8Array | WebCryptoKey;
      readonly passphrase?: undefined;
      readonly iterations?: undefined;
    };

const format = "latchkey-secret";
const version = 1;
const defaultIterations = 600_000;
const minIterations = 100_000;
// More would only keep a server busy that reads a file of somebody's.
const maxIterations = 10_000_000;

/** How the key came about; bound to the ciphertext with the name. */
type Derivation = { readonly name: "none" } | { readonly name: "PBKDF2-SHA-256"; iterations: number; salt: Hex };

/** Encrypts a secret by AES-GCM under a name that it is bound to. Returns JSON. */
export async function seal(secret: Uint8Array, name: string, encryption: Encryption): Promise<string> {
  checkEncryption(encryption);
  const derivation: Derivation =
    encryption.passphrase === undefined
      ? { name: "none" }
      : {
          name: "PBKDF2-SHA-256",
          iterations: parseNumber(
            "encryption.iterations",
            encryption.iterations ?? defaultIterations,
            minIterations,
            maxIterations,
          ),
          salt: toHex(crypto.getRandomValues(new Uint8Array(16))),
        };
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const key = await deriveKey(encryption, derivation, "encrypt");
  const ciphertext = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv, additionalData: bind(name, derivation) },
    key,
    new Uint8Array(secret),
  );
  return writeEntry(format, version, {
    name,
    cipher: "AES-256-GCM",
    derivation,
    iv: toHex(iv),
    ciphertext: toHex(new Uint8Array(ciphertext)),
  });
}

/** Decrypts what {@link seal} wrote under the same name. */
export async function unseal(
  text: string,
  name: string,
  encryption: Encryption,
  location: string,
): Promise<Uint8Array> {
  checkEncryption(encryption);
  const { derivation, iv, ciphertext } = parseSealed(text, name, location);
  if ((encryption.passphrase === undefined) !== (derivation.name === "none"))
    throw new DecryptionFailedError({
      location,
      reason: derivation.name === "none" ? "it takes a key, not a passphrase" : "it takes a passphrase, not a key",
    });
  const key = await deriveKey(encryption, derivation, "decrypt");
  try {
    const secret = await crypto.subtle.decrypt(
      { name: "AES-GCM", iv: toBytes(iv), additionalData: bind(name, derivation) },
      key,
      toBytes(ciphertext),
    );
    return new Uint8Array(secret);
  } catch {
    throw new DecryptionFailedError({
      location,
      reason: `the ${encryption.passphrase === undefined ? "key" : "passphrase"} is another one, or the entry was altered`,
    });
  }
}

/** Checks that a text is a sealed secret of that name, without opening it. */
export function parseSealed(
  text: string,
  name: string,
  location: string,
): { derivation: Derivation; iv: Hex; ciphertext: Hex } {
  const fields = readEntry(text, {
    location,
    format,
    version,
    required: ["name", "cipher", "derivation", "iv", "ciphertext"],
  });
  return inEntry(location, () => {
    if (fields["cipher"] !== "AES-256-GCM")
      throw new StorageCorruptedError({ location, reason: "its cipher is unknown" });
    if (fields["name"] !== name)
      throw new StorageCorruptedError({ location, reason: "it is not the entry of this key" });
    return {
      derivation: parseDerivation(fields["derivation"], location),
      iv: parseBytes("iv", fields["iv"], 12),
      ciphertext: parseBytes("ciphertext", fields["ciphertext"]),
    };
  });
}

function parseDerivation(value: unknown, location: string): Derivation {
  const { name, iterations, salt }: Record<string, unknown> = { ...Object(value) };
  if (name === "none") return { name };
  if (name !== "PBKDF2-SHA-256")
    throw new StorageCorruptedError({ location, reason: "the derivation of its key is unknown" });
  return {
    name,
    iterations: parseNumber("derivation.iterations", iterations, minIterations, maxIterations),
    salt: parseBytes("derivation.salt", salt, 16),
  };
}

/** Checks what secrets are to be encrypted with, without quoting it. */
export function checkEncryption({ passphrase, key }: Encryption): void {
  const parameter = "encryption";
  if ((passphrase === undefined) === (key === undefined))
    throw new InvalidParameterError({ parameter, expected: "a `passphrase` or a `key`" });
  if (passphrase !== undefined && (typeof passphrase !== "string" || passphrase.length === 0))
    throw new InvalidParameterError({ parameter: "encryption.passphrase", expected: "a text that is not empty" });
  if (key !== undefined && !isAesKey(key))
    throw new InvalidParameterError({
      parameter: "encryption.key",
      expected: "32 bytes, or a WebCrypto key for AES-GCM of 256 bits",
    });
}

function isAesKey(key: unknown): boolean {
  if (key instanceof Uint8Array) return key.length === 32;
  if (!(key instanceof CryptoKey)) return false;
  return key.algorithm.name === "AES-GCM" && "length" in key.algorithm && key.algorithm.length === 256;
}

async function deriveKey(
  { passphrase, key }: Encryption,
  derivation: Derivation,
  usage: "encrypt" | "decrypt",
): Promise<CryptoKey> {
  if (key instanceof CryptoKey) return key;
  if (key !== undefined) return crypto.subtle.importKey("raw", new Uint8Array(key), "AES-GCM", false, [usage]);
  if (derivation.name === "none" || passphrase === undefined)
    throw new InvalidParameterError({ parameter: "encryption", expected: "a `passphrase` or a `key`" });
  // The same text, however its accents were typed.
  const bytes = new TextEncoder().encode(passphrase.normalize("NFKC"));
  const base = await crypto.subtle.importKey("raw", bytes, "PBKDF2", false, ["deriveKey"]);
  return crypto.subtle.deriveKey(
    { name: "PBKDF2", hash: "SHA-256", salt: toBytes(derivation.salt), iterations: derivation.iterations },
    base,
    { name: "AES-GCM", length: 256 },
    false,
    [usage],
  );
}

/** Bytes as WebCrypto takes them. */
function toBytes(hex: Hex): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hexToBytes(hex));
}

/** What is authenticated beside the secret: no field of an entry can be changed, and no entry put under another name. */
function bind(name: string, derivation: Derivation): Uint8Array<ArrayBuffer> {
  const { iterations, salt } = derivation.name === "none" ? { iterations: 0, salt: "0x" } : derivation;
  return new TextEncoder().encode(JSON.stringify([format, version, name, derivation.name, iterations, salt]));
}
