// `latchkey/use`: what a page needs that uses a session and no more, so that bundlers load little of it.
export {
  type SessionAccountImplementation,
  type ToSessionAccountErrorType,
  type ToSessionAccountParameters,
  type ToSessionAccountReturnType,
  toSessionAccount,
} from "./accounts/toSessionAccount.js";
export { LatchkeyError } from "./errors/base.js";
export {
  type CreateSessionKeyErrorType,
  type CreateSessionKeyParameters,
  type CreateSessionKeyReturnType,
  createSessionKey,
  type Secp256k1SessionKey,
  type SessionKey,
  toSessionKey,
} from "./keys/sessionKey.js";
export { type ParseSessionErrorType, parseSession } from "./session/serializeSession.js";
export type { Session } from "./types.js";
export type { SignedGrant } from "./use/encodeUse.js";
