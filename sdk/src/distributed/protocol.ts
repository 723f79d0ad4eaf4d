// `latchkey/distributed/protocol`: what a node needs to talk with the SDK and with other nodes.
export {
  type DistributedConsent,
  getDistributedConsentTypedData,
  getDistributedKeyId,
  getDistributedRevocationTypedData,
  maxNodes,
  parseConsent,
} from "./consent.js";
export {
  asPoint,
  type DistributedPublicKey,
  type Generated,
  getIdentifier,
  getTranscript,
  isKeySupported,
  type NodeCommitment,
  type NonceCommitment,
  openCommitment,
  parseGenerated,
  parseRound1,
  type Round1,
  toCommitmentList,
  toFrostPublic,
} from "./frost.js";
export {
  asFields,
  asHex,
  asList,
  asNumber,
  asString,
  getIdentity,
  MalformedMessageError,
  type NodeMessage,
  type NodeMessageType,
  openNodeMessage,
  parseJson,
  type RequestPurpose,
  type SignedRequest,
  signNodeMessage,
  signRequest,
  verifyRequest,
} from "./messages.js";
export { parseWireConsent, parseWireOperation, toWireConsent, toWireOperation, type WireOperation } from "./wire.js";
