import type { Address, Hex, LocalAccount } from "viem";
import type { UserOperation } from "viem/account-abstraction";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { InvalidPrivateKeyError, PrivateKeyNotAvailableError } from "../errors/input.js";
import type { Session } from "../types.js";
import type { SignatureUseTypedData } from "../use/encodeSignature.js";
import type { UseTypedData } from "../use/encodeUse.js";
import { lowerCase } from "../utils/lowerCase.js";
import { checkParameters, parseAddress } from "../utils/validate.js";

/**
 * A key that may act within a session. Any ERC-7913 signer can be one: what a session calls it, and how it signs.
 *
 * It never shows its private key, whether printed, serialized or in an error.
 */
export type SessionKey = {
  /** The kind of key. */
  readonly type: string;
  /** How a session names it: an address, 20 bytes in lower case, or a verifier's address followed by a key. */
  readonly sessionKey: Hex;
  /**
   * Signs the use of a session: its EIP-712 digest, or for keys that show what they sign, its typed data. The operation is
   * there if it is one that is signed, and not a message.
   */
  readonly sign: (
    digest: Hex,
    typedData: UseTypedData | SignatureUseTypedData,
    operation?: OperationToSign,
  ) => Promise<Hex>;
  /** A signature as long as a real one, which costs as much gas, to estimate with. */
  readonly stubSignature: Hex;
};

/** The operation whose use a session key signs, for keys whose holders look at it first. */
export type OperationToSign = {
  readonly session: Session;
  readonly userOperation: UserOperation<"0.7">;
  /** The operation's signature up to the session key's own. */
  readonly use: Hex;
  readonly chainId: number;
  readonly entryPoint: { readonly address: Address; readonly version: "0.7" | "0.8" };
};

/** A {@link SessionKey} on the curve of Ethereum's own accounts. */
export type Secp256k1SessionKey = SessionKey & {
  readonly type: "secp256k1";
  /** The viem account that signs with it. */
  readonly account: LocalAccount;
};

/** 65 bytes as a session key's signature has them: a point of the curve, a low s, so that gas is used as by a real one. */
const stubSignature: Hex =
  "0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f817987aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1b";

export type CreateSessionKeyParameters = {
  /** An existing private key, 32 bytes of hex; made at random if it is left out. */
  privateKey?: Hex | undefined;
};

export type CreateSessionKeyReturnType = Secp256k1SessionKey;

export type CreateSessionKeyErrorType = InvalidPrivateKeyError;

// Private keys live here and not in the objects, so that no logger, debugger view or JSON finds them.
const privateKeys = new WeakMap<SessionKey, Hex>();

/**
 * Makes a session key, or takes one up again from its private key.
 *
 * @param parameters Nothing, or a private key from {@link exportPrivateKey}.
 * @returns The key. {@link Secp256k1SessionKey}
 * @throws InvalidPrivateKeyError, which does not show the key.
 *
 * @example
 * import { createSessionKey } from "latchkey";
 *
 * const key = createSessionKey();
 * console.log(key.sessionKey); // 20 bytes of hex
 */
export function createSessionKey(parameters: CreateSessionKeyParameters = {}): CreateSessionKeyReturnType {
  checkParameters("createSessionKey's argument", parameters, ["privateKey"]);
  // A key that was meant but is missing must not turn into another one.
  const privateKey = "privateKey" in parameters ? parameters.privateKey : generatePrivateKey();
  if (privateKey === undefined) throw new InvalidPrivateKeyError();
  const key = toSessionKey(toAccount(privateKey));
  privateKeys.set(key, privateKey);
  return key;
}

function toAccount(privateKey: Hex): LocalAccount {
  if (typeof privateKey !== "string" || !/^0x[0-9a-fA-F]{64}$/.test(privateKey)) throw new InvalidPrivateKeyError();
  try {
    return privateKeyToAccount(privateKey);
  } catch {
    // The cause is left out: it may quote the key.
    throw new InvalidPrivateKeyError();
  }
}

/**
 * Makes a session key of any viem account that signs with secp256k1.
 *
 * @param account The account; only `address` and `signTypedData` are used.
 * @returns The key. {@link Secp256k1SessionKey}
 * @throws InvalidAddressError
 *
 * @example
 * import { toSessionKey } from "latchkey";
 * import { mnemonicToAccount } from "viem/accounts";
 *
 * const key = toSessionKey(
 *   mnemonicToAccount("test test test test test test test test test test test junk"),
 * );
 */
export function toSessionKey(account: LocalAccount): Secp256k1SessionKey {
  return Object.freeze({
    type: "secp256k1",
    account,
    sessionKey: toKeyBytes(account.address),
    sign: (_digest: Hex, typedData: UseTypedData | SignatureUseTypedData) =>
      typedData.primaryType === "UserOperationUse"
        ? account.signTypedData(typedData)
        : account.signTypedData(typedData),
    stubSignature,
  });
}

function toKeyBytes(address: unknown): Hex {
  return lowerCase(parseAddress("account.address", address));
}

/**
 * The private key of a session key, to be kept somewhere safe so that another process can go on with the session.
 *
 * @param key A key from {@link createSessionKey}.
 * @returns 32 bytes of hex.
 * @throws PrivateKeyNotAvailableError if the key was made from an account.
 *
 * @example
 * import { createSessionKey, exportPrivateKey } from "latchkey";
 *
 * const key = createSessionKey();
 * const same = createSessionKey({ privateKey: exportPrivateKey(key) });
 */
export function exportPrivateKey(key: SessionKey): Hex {
  const privateKey = privateKeys.get(key);
  if (privateKey === undefined) throw new PrivateKeyNotAvailableError({ sessionKey: key.sessionKey });
  return privateKey;
}
