import { bytesToHex, type Hex, hexToBytes, keccak256, size, slice } from "viem";
import { type ToWebAuthnAccountParameters, toWebAuthnAccount } from "viem/account-abstraction";
import { InvalidParameterError } from "../errors/input.js";
import {
  DecryptionFailedError,
  SessionKeyNotFoundError,
  SessionKeyNotStorableError,
  StorageCorruptedError,
} from "../errors/storage.js";
import { createSessionKey, exportPrivateKey, type Secp256k1SessionKey, type SessionKey } from "../keys/sessionKey.js";
import { toWebAuthnSessionKey, type WebAuthnSessionKey } from "../keys/webAuthnSessionKey.js";
import { toWebCryptoSessionKey, type WebCryptoKeyPair, type WebCryptoSessionKey } from "../keys/webCryptoSessionKey.js";
import { checkParameters, parseBytes } from "../utils/validate.js";
import { describeEntry, type StorageAdapter, updateEntry } from "./adapter.js";
import { checkEncryption, type Encryption, parseSealed, seal, unseal } from "./encryption.js";
import { inEntry, readEntry, writeEntry } from "./envelope.js";
import { isCryptoKeyPair } from "./indexedDb.js";

/** A session key that was kept; its `type` says which kind it is. */
export type KeptSessionKey = Secp256k1SessionKey | WebCryptoSessionKey | WebAuthnSessionKey;

/** What a passkey needs beside what is kept of it. Other keys need nothing. */
export type LoadSessionKeyOptions = Pick<ToWebAuthnAccountParameters, "getFn" | "rpId"> & {
  /** The longest client data to expect, see `toWebAuthnSessionKey`. */
  clientDataLength?: number | undefined;
};

/** Keeps session keys: of secp256k1 the private key, encrypted; of WebCrypto the key pair as it is; of a passkey its id. */
export type SessionKeyStore = {
  /**
   * Keeps a key, so that another process, or the page after a reload, can go on with its sessions:
   *
   * - of `createSessionKey` the private key, encrypted. What is there of the same key is written anew, so a passphrase can
   *   be changed;
   * - of `createP256SessionKey` and `toWebCryptoSessionKey` the key pair as it is, in IndexedDB or memory. Nobody can
   *   export its private key, this program included;
   * - of `toWebAuthnSessionKey` the credential's id and public key, which are no secrets.
   *
   * @throws SessionKeyNotStorableError without `encryption`, where the storage holds only text, if a private key could be
   * exported, or for other kinds of keys; PrivateKeyNotAvailableError if the key was made of an account;
   * StorageForeignError, StorageCorruptedError, StorageVersionError if something else is in its place, which stays there.
   */
  readonly save: (key: SessionKey) => Promise<void>;
  /**
   * Takes up a key that was kept.
   *
   * @throws SessionKeyNotFoundError; DecryptionFailedError if the passphrase or key is another one; SessionKeyNotStorableError
   * if it is encrypted and the store was made without `encryption`; the errors of entries that cannot be read.
   */
  readonly load: (sessionKey: Hex, options?: LoadSessionKeyOptions) => Promise<KeptSessionKey>;
  /** Forgets a key, if it is there. */
  readonly remove: (sessionKey: Hex) => Promise<void>;
};

/** A place for keys in a storage. */
export function createSessionKeyStore(adapter: StorageAdapter, encryption: Encryption | undefined): SessionKeyStore {
  if (encryption !== undefined) checkEncryption(encryption);
  const { cryptoKeys, location } = adapter;
  return { save, load, remove };

  async function save(key: SessionKey): Promise<void> {
    const sessionKey = parseBytes("key.sessionKey", key.sessionKey);
    if (key.type === "secp256k1") return saveSecret(sessionKey, key);
    if (isWebCrypto(key)) return savePair(sessionKey, key.keyPair);
    if (isWebAuthn(key)) return savePasskey(sessionKey, key);
    throw new SessionKeyNotStorableError({
      sessionKey,
      reason: `a key of type "${key.type}" is held elsewhere, where it has to be taken up again`,
    });
  }

  async function saveSecret(sessionKey: Hex, key: SessionKey): Promise<void> {
    const sealing = requireEncryption(sessionKey);
    const text = await seal(hexToBytes(exportPrivateKey(key)), sessionKey, sealing);
    await put(sessionKey, text);
  }

  async function savePasskey(sessionKey: Hex, { account }: WebAuthnSessionKey): Promise<void> {
    await put(sessionKey, writePasskey({ sessionKey, credentialId: account.id }));
  }

  async function savePair(sessionKey: Hex, pair: WebCryptoKeyPair): Promise<void> {
    if (cryptoKeys === undefined)
      throw new SessionKeyNotStorableError({
        sessionKey,
        reason: `${adapter.kind} storage holds only text, and its private key cannot be had as text`,
      });
    if (pair.privateKey.extractable)
      throw new SessionKeyNotStorableError({ sessionKey, reason: "its private key can be exported" });
    const entry = getEntry(sessionKey);
    if (await cryptoKeys.add(entry, { privateKey: pair.privateKey, publicKey: pair.publicKey })) return;
    // The same, then: the name is that of its public key.
    const kept = await cryptoKeys.get(entry);
    if (kept !== undefined) await takePair(sessionKey, kept);
  }

  /** Writes a text in the place of nothing, or of another text of the same key. Whatever else is there stays there. */
  async function put(sessionKey: Hex, text: string): Promise<void> {
    const entry = getEntry(sessionKey);
    await updateEntry(adapter, entry, (current) => {
      if (current !== undefined) checkText(sessionKey, current, describeEntry(adapter, entry));
      return text;
    });
  }

  async function load(name: Hex, options: LoadSessionKeyOptions = {}): Promise<KeptSessionKey> {
    checkParameters("load's options", options, ["getFn", "rpId", "clientDataLength"]);
    const sessionKey = parseName(name);
    const entry = getEntry(sessionKey);
    const text = await adapter.get(entry);
    const where = describeEntry(adapter, entry);
    if (text !== undefined) {
      const key = isAddress(sessionKey)
        ? await takeSecret(sessionKey, text, where)
        : takePasskey(sessionKey, parsePasskey(text, sessionKey, where), options);
      if (key.sessionKey !== sessionKey) throw new StorageCorruptedError({ location: where, reason: anotherKey });
      return key;
    }
    const pair = await cryptoKeys?.get(entry);
    if (pair === undefined) throw new SessionKeyNotFoundError({ sessionKey, location });
    return takePair(sessionKey, pair);
  }

  async function takeSecret(sessionKey: Hex, text: string, where: string): Promise<Secp256k1SessionKey> {
    const secret = await unseal(text, sessionKey, requireEncryption(sessionKey), where);
    if (secret.length !== 32) throw new DecryptionFailedError({ location: where, reason: "it is no private key" });
    return createSessionKey({ privateKey: bytesToHex(secret) });
  }

  async function takePair(sessionKey: Hex, keyPair: WebCryptoKeyPair): Promise<WebCryptoSessionKey> {
    const where = describeEntry(adapter, getEntry(sessionKey));
    const contracts = { webCryptoP256Verifier: getVerifierOf(sessionKey) };
    const key = await toWebCryptoSessionKey({ keyPair, contracts });
    if (key.sessionKey !== sessionKey) throw new StorageCorruptedError({ location: where, reason: anotherKey });
    return key;
  }

  async function remove(name: Hex): Promise<void> {
    const sessionKey = parseName(name);
    const entry = getEntry(sessionKey);
    await cryptoKeys?.remove(entry);
    await updateEntry(adapter, entry, (current) => {
      if (current !== undefined) checkText(sessionKey, current, describeEntry(adapter, entry));
      return undefined;
    });
  }

  function requireEncryption(sessionKey: Hex): Encryption {
    if (encryption === undefined)
      throw new SessionKeyNotStorableError({
        sessionKey,
        reason: "a private key is only kept encrypted, and the store was made without `encryption`",
      });
    return encryption;
  }
}

const anotherKey = "it holds another key";

function isWebCrypto(key: SessionKey): key is WebCryptoSessionKey {
  return key.type === "webCrypto" && "keyPair" in key && isCryptoKeyPair(key.keyPair);
}

function isWebAuthn(key: SessionKey): key is WebAuthnSessionKey {
  return key.type === "webAuthn" && "account" in key;
}

/** Whether a session key is one of secp256k1: others begin with their verifier. */
function isAddress(sessionKey: Hex): boolean {
  return size(sessionKey) === 20;
}

/** Checks that a text is what is kept of a key. */
function checkText(sessionKey: Hex, text: string, location: string): void {
  if (isAddress(sessionKey)) parseSealed(text, sessionKey, location);
  else parsePasskey(text, sessionKey, location);
}

const passkeyFormat = "latchkey-passkey";
const passkeyVersion = 1;

type Passkey = { readonly sessionKey: Hex; readonly credentialId: string };

/** The public key is in the name that sessions give the key. */
function writePasskey({ sessionKey, credentialId }: Passkey): string {
  return writeEntry(passkeyFormat, passkeyVersion, { sessionKey, credentialId });
}

function parsePasskey(text: string, sessionKey: Hex, location: string): Passkey {
  const fields = readEntry(text, {
    location,
    format: passkeyFormat,
    version: passkeyVersion,
    required: ["sessionKey", "credentialId"],
  });
  return inEntry(location, () => {
    if (fields["sessionKey"] !== sessionKey) throw new StorageCorruptedError({ location, reason: anotherKey });
    const { credentialId } = fields;
    if (typeof credentialId !== "string" || credentialId === "")
      throw new StorageCorruptedError({ location, reason: "its credential's id is no text" });
    // A verifier, x and y, and a byte if the user need not be verified.
    if (![84, 85].includes(size(sessionKey)))
      throw new StorageCorruptedError({ location, reason: "its session key is no passkey's" });
    return { sessionKey, credentialId };
  });
}

function takePasskey(sessionKey: Hex, { credentialId }: Passkey, options: LoadSessionKeyOptions): WebAuthnSessionKey {
  const { getFn, rpId, clientDataLength } = options;
  const credential = { id: credentialId, publicKey: slice(sessionKey, 20, 84) };
  return toWebAuthnSessionKey({
    account: toWebAuthnAccount({ credential, getFn, rpId }),
    requireUserVerification: size(sessionKey) === 84,
    clientDataLength,
    contracts: { webAuthnVerifier: getVerifierOf(sessionKey) },
  });
}

function getVerifierOf(sessionKey: Hex): Hex {
  return slice(sessionKey, 0, 20);
}

/** The name of a key, which errors show: so 32 bytes, which would be a private key, are refused here without being shown. */
function parseName(name: unknown): Hex {
  const isSecret = typeof name === "string" && /^(0x)?[0-9a-f]{64}$/i.test(name);
  if (isSecret)
    throw new InvalidParameterError({
      parameter: "sessionKey",
      expected: "the name of a key, but as long as a private key",
    });
  return parseBytes("sessionKey", name);
}

/** Where a key is kept. Session keys may be long: a name of a file may not. */
function getEntry(sessionKey: Hex): string {
  return `key.${keccak256(sessionKey).slice(2)}`;
}
