// `latchkey/distributed`: session keys that several nodes hold together, and no one alone.
export {
  type AuthorizationKey,
  type AuthorizationKeyPair,
  type CreateAuthorizationKeyParameters,
  createAuthorizationKey,
  toAuthorizationKey,
} from "./authorizationKey.js";
export {
  type DistributedConsent,
  type DistributedNode,
  distributedConsentTypes,
  distributedRevocationTypes,
  getDistributedKeyId,
  type SignedDistributedConsent,
} from "./consent.js";
export {
  type CreateDistributedSessionKeyErrorType,
  type CreateDistributedSessionKeyParameters,
  type CreateDistributedSessionKeyReturnType,
  createDistributedSessionKey,
} from "./createDistributedSessionKey.js";
export {
  DistributedSigningNotSupportedError,
  KeyGenerationFailedError,
  type NodeFailure,
  NodesMismatchError,
  NotEnoughNodesError,
} from "./errors.js";
export type { DistributedPublicKey } from "./frost.js";
export type { DistributedProgress } from "./nodeClient.js";
export {
  type DistributedRevocationTypedData,
  type RevokeDistributedSessionKeyParameters,
  type RevokeDistributedSessionKeyReturnType,
  revokeDistributedSessionKey,
} from "./revokeDistributedSessionKey.js";
export {
  type DistributedConsentTypedData,
  type SignDistributedConsentParameters,
  type SignDistributedConsentReturnType,
  signDistributedConsent,
} from "./signDistributedConsent.js";
export {
  type DistributedConnectionParameters,
  type DistributedSessionKey,
  type ToDistributedSessionKeyParameters,
  toDistributedSessionKey,
} from "./toDistributedSessionKey.js";
