import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, scrypt } from "node:crypto";
import { x25519 } from "@noble/curves/ed25519.js";

/** How a key is made of a passphrase. */
export type PassphraseParameters = {
  readonly salt: string;
  /** scrypt's N: doubling it doubles time and memory. */
  readonly cost: number;
};

/** What cannot be opened: the passphrase is another one, or somebody changed the bytes. */
export class VaultError extends Error {
  override readonly name = "VaultError";
}

/** scrypt's N of what has been written so far, and what may be written one day. */
const costs: readonly unknown[] = [2 ** 16, 2 ** 17, 2 ** 18, 2 ** 19, 2 ** 20];

/** Encrypts what a node keeps (AES-256-GCM). */
export class Vault {
  readonly #key: Buffer;

  private constructor(key: Buffer) {
    this.#key = key;
  }

  /** A vault whose key is made of a passphrase with scrypt, which takes a second or so on purpose. */
  static async open(passphrase: string, { salt, cost }: PassphraseParameters): Promise<Vault> {
    // What a file says is not believed: too little is soon guessed, too much takes all memory.
    if (typeof salt !== "string" || !/^[\da-f]{32}$/.test(salt) || !costs.includes(cost))
      throw new VaultError("its passphrase's parameters are not ones that are used here");
    const options = { N: cost, r: 8, p: 1, maxmem: 256 * cost * 8 };
    const key = await new Promise<Buffer>((resolve, reject) => {
      scrypt(passphrase.normalize("NFKC"), Buffer.from(salt, "hex"), 32, options, (error, derived) => {
        if (error) reject(error);
        else resolve(derived);
      });
    });
    return new Vault(key);
  }

  /** New parameters for a passphrase. */
  static parameters(): PassphraseParameters {
    return { salt: randomBytes(16).toString("hex"), cost: 2 ** 17 };
  }

  /** Encrypts text. It opens only under the same name, so that one entry cannot be put in another's place. */
  seal(name: string, text: string): string {
    return Buffer.from(
      encrypt(this.#key, randomBytes(12), Buffer.from(text, "utf8"), Buffer.from(name, "utf8")),
    ).toString("base64");
  }

  open(name: string, sealed: string): string {
    return decrypt(this.#key, Buffer.from(sealed, "base64"), Buffer.from(name, "utf8")).toString("utf8");
  }
}

/** Nonce, ciphertext and tag. */
function encrypt(key: Buffer, nonce: Buffer, data: Buffer, bound: Buffer): Buffer {
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(bound);
  return Buffer.concat([nonce, cipher.update(data), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Buffer, sealed: Buffer, bound: Buffer): Buffer {
  if (sealed.length < 28) throw new VaultError("too short to be encrypted data");
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, 12), { authTagLength: 16 });
  decipher.setAAD(bound).setAuthTag(sealed.subarray(-16));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
  } catch {
    throw new VaultError("cannot be decrypted: another passphrase, or the data was changed");
  }
}

/** An X25519 key pair for one attempt to generate a key. */
export function createEncryptionKey(): { readonly secret: Uint8Array; readonly publicKey: Uint8Array } {
  const { secretKey, publicKey } = x25519.keygen();
  return { secret: secretKey, publicKey };
}

type ShareParameters = {
  /** One's own secret and the other's public key. */
  secret: Uint8Array;
  publicKey: Uint8Array;
  /** What the share is for: who sends it to whom, in which attempt. */
  context: string;
};

/** Encrypts a share for one node: both keys are used in one attempt only. */
export function encryptShare({ share, ...parameters }: ShareParameters & { share: Uint8Array }): Uint8Array {
  const { key, bound } = deriveShareKey(parameters);
  return encrypt(key, randomBytes(12), Buffer.from(share), bound);
}

/** @throws VaultError */
export function decryptShare({ sealed, ...parameters }: ShareParameters & { sealed: Uint8Array }): Uint8Array {
  const { key, bound } = deriveShareKey(parameters);
  return new Uint8Array(decrypt(key, Buffer.from(sealed), bound));
}

function deriveShareKey({ secret, publicKey, context }: ShareParameters): { key: Buffer; bound: Buffer } {
  const bound = Buffer.from(`latchkey-distributed-secret-1 ${context}`, "utf8");
  let shared: Uint8Array;
  try {
    // Refuses points of small order, whose product anybody knows.
    shared = x25519.getSharedSecret(secret, publicKey);
  } catch {
    throw new VaultError("an encryption key is no point that may be used");
  }
  return { key: Buffer.from(hkdfSync("sha256", shared, new Uint8Array(32), bound, 32)), bound };
}
