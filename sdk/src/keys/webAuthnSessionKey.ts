import { bytesToHex, concat, type Hex, hexToBytes, numberToHex, stringToBytes } from "viem";
import type { WebAuthnAccount } from "viem/account-abstraction";
import { MalformedKeySignatureError, UserNotVerifiedError } from "../errors/input.js";
import { checkParameters, parseNumber } from "../utils/validate.js";
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

/** A {@link SessionKey} that is a passkey: each use asks the user. */
export type WebAuthnSessionKey = SessionKey & {
  readonly type: "webAuthn";
  /** x and y. */
  readonly publicKey: Hex;
  /** The viem account that signs with it. */
  readonly account: WebAuthnAccount;
};

export type ToWebAuthnSessionKeyParameters = P256VerifierParameters & {
  /** The passkey, from viem's `toWebAuthnAccount`. */
  account: WebAuthnAccount;
  /** Whether the user must be verified each time, by PIN or biometrics; else presence is enough. true if it is left out. */
  requireUserVerification?: boolean | undefined;
  /**
   * The longest client data to expect, in bytes, for the stub signature: they hold the page's origin, and what browsers add.
   * 400 if it is left out.
   */
  clientDataLength?: number | undefined;
};

export type ToWebAuthnSessionKeyReturnType = WebAuthnSessionKey;

/** The most that the verifier takes of authenticator data, and of client data, in bytes. */
const maxData = 1024;
/** A hash, flags and a counter; and where the flags are. */
const minAuthenticatorData = 37;
const flagsPosition = 32;
const userPresent = 0x01;
const userVerified = 0x04;

const typeMember = '"type":"webauthn.get"';

/**
 * Makes a session key of a passkey.
 *
 * @param parameters The passkey, whether the user must be verified, and whether the chain's precompile shall check the
 * signatures.
 * @returns The key. {@link WebAuthnSessionKey}
 * @throws InvalidPublicKeyError; when it signs, UserNotVerifiedError, MalformedKeySignatureError.
 *
 * @example
 * import { toWebAuthnSessionKey } from "latchkey";
 * import { createWebAuthnCredential, toWebAuthnAccount } from "viem/account-abstraction";
 *
 * const createPasskey = async () => {
 *   const credential = await createWebAuthnCredential({ name: "Session" });
 *   return toWebAuthnSessionKey({ account: toWebAuthnAccount({ credential }) });
 * };
 */
export function toWebAuthnSessionKey(parameters: ToWebAuthnSessionKeyParameters): ToWebAuthnSessionKeyReturnType {
  const names = ["account", "requireUserVerification", "clientDataLength", ...verifierParameters];
  checkParameters("toWebAuthnSessionKey's argument", parameters, names);
  const { account, requireUserVerification = true } = parameters;
  const stubLength = parseNumber("clientDataLength", parameters.clientDataLength ?? 400, 128, maxData);
  const publicKey = parsePublicKey(account.publicKey);
  const key = requireUserVerification ? publicKey : concat([publicKey, "0x01"]);
  return Object.freeze({
    type: "webAuthn",
    publicKey,
    account,
    sessionKey: toVerifierKey(getVerifier("webAuthn", parameters), key),
    sign: async (digest: Hex) => {
      const { signature, webauthn } = await account.sign({ hash: digest });
      const authenticatorData = hexToBytes(webauthn.authenticatorData);
      const flags = authenticatorData[flagsPosition] ?? 0;
      const wanted = requireUserVerification ? userPresent | userVerified : userPresent;
      if ((flags & wanted) !== wanted) throw new UserNotVerifiedError({ flags, requireUserVerification });
      return encodeAssertion(digest, authenticatorData, webauthn.clientDataJSON, toLowS(signature));
    },
    stubSignature: makeStub(stubLength),
  });
}

/** docs/encoding.md, "WebAuthnVerifier: signature". */
function encodeAssertion(digest: Hex, authenticatorData: Uint8Array, clientData: string, numbers: Hex): Hex {
  if (authenticatorData.length < minAuthenticatorData || authenticatorData.length > maxData)
    throw new MalformedKeySignatureError({ reason: `its authenticator data have ${authenticatorData.length} bytes` });
  // viem makes one character of each byte; text with others is text.
  const isBytes = [...clientData].every((character) => character.charCodeAt(0) < 256);
  const text = isBytes ? clientData : String.fromCharCode(...stringToBytes(clientData));
  if (text.length > maxData)
    throw new MalformedKeySignatureError({ reason: `its client data have ${text.length} bytes` });
  const typeAt = text.indexOf(typeMember);
  const challengeAt = text.indexOf(challengeMember(digest));
  if (typeAt < 0 || challengeAt < 0)
    throw new MalformedKeySignatureError({ reason: "its client data are of something else" });
  return concat([
    numberToHex(authenticatorData.length, { size: 2 }),
    bytesToHex(authenticatorData),
    numberToHex(text.length, { size: 2 }),
    bytesToHex(Uint8Array.from(text, (character) => character.charCodeAt(0))),
    numberToHex(typeAt, { size: 2 }),
    numberToHex(challengeAt, { size: 2 }),
    numbers,
  ]);
}

function challengeMember(digest: Hex): string {
  const base64 = btoa(String.fromCharCode(...hexToBytes(digest)));
  return `"challenge":"${base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}"`;
}

/** A signature of the right form, by nobody, of another digest: it is checked to the end all the same. */
function makeStub(clientDataLength: number): Hex {
  const digest: Hex = `0x${"11".repeat(32)}`;
  const head = `{${typeMember},${challengeMember(digest)},"origin":"`;
  const clientData = `${head.padEnd(clientDataLength - 2, "a")}"}`;
  const authenticatorData = new Uint8Array(minAuthenticatorData).fill(0x11);
  authenticatorData[flagsPosition] = userPresent | userVerified;
  return encodeAssertion(digest, authenticatorData, clientData, stubNumbers);
}
