export {
  type AccountType,
  type GetNonceKeyParameters,
  getAccountType,
  getModuleInitData,
  getNonceKey,
  getSessionLane,
  type ValidationMode,
} from "./accounts/accountType.js";
export type { EnableMode } from "./accounts/enableMode.js";
export {
  type SessionAccountImplementation,
  type ToSessionAccountErrorType,
  type ToSessionAccountParameters,
  type ToSessionAccountReturnType,
  toSessionAccount,
} from "./accounts/toSessionAccount.js";
export {
  type ExplainUserOperationParameters,
  type ExplainUserOperationReturnType,
  explainUserOperation,
} from "./actions/explainUserOperation.js";
export { type GetEpochParameters, type GetEpochReturnType, getEpoch } from "./actions/getEpoch.js";
export {
  erc7579Abi,
  type GetGrantCallsParameters,
  type GetGrantCallsReturnType,
  getGrantCalls,
  getGrantRootCall,
  getInstallCall,
  type OwnerCall,
} from "./actions/getGrantCalls.js";
export {
  type GetPublishedSessionsParameters,
  type GetPublishedSessionsReturnType,
  getPublishedSessions,
  type PublishedSession,
  type SearchProgress,
} from "./actions/getPublishedSessions.js";
export {
  type Erc20Allowance,
  type GasAllowance,
  type GetSessionAllowanceParameters,
  type GetSessionAllowanceReturnType,
  getSessionAllowance,
  type NativeAllowance,
  type SessionAllowance,
  type SessionAllowanceType,
  type SpentLimit,
  type UsageAllowance,
} from "./actions/getSessionAllowance.js";
export {
  type GetSessionStateErrorType,
  type GetSessionStateParameters,
  type GetSessionStateReturnType,
  getSessionState,
} from "./actions/getSessionState.js";
export {
  type GetSessionStatusParameters,
  type GetSessionStatusReturnType,
  getSessionStatus,
} from "./actions/getSessionStatus.js";
export {
  type GrantSessionErrorType,
  type GrantSessionParameters,
  type GrantSessionReturnType,
  grantSession,
} from "./actions/grantSession.js";
export {
  type InspectSessionParameters,
  type InspectSessionReturnType,
  inspectSession,
} from "./actions/inspectSession.js";
export {
  type InstallManagerErrorType,
  type InstallManagerParameters,
  type InstallManagerReturnType,
  installManager,
} from "./actions/installManager.js";
export {
  type KnownSession,
  type ListedSession,
  type ListSessionsErrorType,
  type ListSessionsParameters,
  type ListSessionsReturnType,
  listSessions,
} from "./actions/listSessions.js";
export {
  type ResumeSessionErrorType,
  type ResumeSessionParameters,
  type ResumeSessionReturnType,
  resumeSession,
} from "./actions/resumeSession.js";
export {
  drawNextEpoch,
  getRevokeAllCall,
  type RevokeAllSessionsErrorType,
  type RevokeAllSessionsParameters,
  type RevokeAllSessionsReturnType,
  revokeAllSessions,
} from "./actions/revokeAllSessions.js";
export {
  type RevokeOwnSessionParameters,
  type RevokeOwnSessionReturnType,
  revokeOwnSession,
} from "./actions/revokeOwnSession.js";
export {
  getRevokeCall,
  type RevokeSessionErrorType,
  type RevokeSessionParameters,
  type RevokeSessionReturnType,
  revokeSession,
} from "./actions/revokeSession.js";
export {
  type RevokeSessionsErrorType,
  type RevokeSessionsParameters,
  type RevokeSessionsReturnType,
  revokeSessions,
} from "./actions/revokeSessions.js";
export {
  type RotateSessionKeyErrorType,
  type RotateSessionKeyParameters,
  type RotateSessionKeyReturnType,
  rotateSessionKey,
} from "./actions/rotateSessionKey.js";
export type {
  BundlerLikeClient,
  ChainClient,
  OwnerOperationParameters,
  OwnerOperationReturnType,
} from "./actions/sendOwnerCalls.js";
export {
  type SendSessionCallsErrorType,
  type SendSessionCallsParameters,
  type SendSessionCallsReturnType,
  type SessionCall,
  sendSessionCalls,
} from "./actions/sendSessionCalls.js";
export { type SessionActions, sessionActions } from "./actions/sessionActions.js";
export {
  type GrantPrefix,
  getInstallData,
  getSetSignedGrantsCall,
  getSignedGrants,
  type SetSignedGrantsParameters,
  type SetSignedGrantsReturnType,
  setSignedGrants,
} from "./actions/setSignedGrants.js";
export { type ContractOverrides, type Contracts, getContracts } from "./addresses.js";
export {
  anyPaymaster,
  anySelector,
  anyTarget,
  entryPoints,
  noCalldata,
  ownRevocationClaim,
  timeLimit,
} from "./constants.js";
export { LatchkeyError, type LatchkeyErrorParameters } from "./errors/base.js";
export * from "./errors/call.js";
export {
  type DecodeSessionErrorParameters,
  type DecodeSessionErrorReturnType,
  decodeSessionError,
} from "./errors/decodeSessionError.js";
export * from "./errors/input.js";
export * from "./errors/manager.js";
export * from "./errors/policy.js";
export * from "./errors/signature.js";
export * from "./errors/use.js";
export {
  abiRulePolicyAbi,
  erc20LimitPolicyAbi,
  gasLimitPolicyAbi,
  nativeLimitPolicyAbi,
  sessionKeyManagerAbi,
  signatureCheckerAbi,
  typedDataPolicyAbi,
  usageLimitPolicyAbi,
} from "./generated.js";
export type { P256VerifierParameters } from "./keys/p256.js";
export {
  type P256SessionKey,
  type ToP256SessionKeyParameters,
  type ToP256SessionKeyReturnType,
  toP256SessionKey,
} from "./keys/p256SessionKey.js";
export {
  type CreateSessionKeyErrorType,
  type CreateSessionKeyParameters,
  type CreateSessionKeyReturnType,
  createSessionKey,
  exportPrivateKey,
  type OperationToSign,
  type Secp256k1SessionKey,
  type SessionKey,
  toSessionKey,
} from "./keys/sessionKey.js";
export {
  type ToWebAuthnSessionKeyParameters,
  type ToWebAuthnSessionKeyReturnType,
  toWebAuthnSessionKey,
  type WebAuthnSessionKey,
} from "./keys/webAuthnSessionKey.js";
export {
  type CreateP256SessionKeyParameters,
  type CreateP256SessionKeyReturnType,
  createP256SessionKey,
  type ToWebCryptoSessionKeyParameters,
  type ToWebCryptoSessionKeyReturnType,
  toWebCryptoSessionKey,
  type WebCryptoKeyPair,
  type WebCryptoSessionKey,
} from "./keys/webCryptoSessionKey.js";
export {
  type AbiArgumentsRule,
  type AbiCallAlternative,
  type AbiCallRule,
  type AbiRule,
  type AbiRuleGroup,
  type AbiTagAlternative,
  type AbiValueRule,
  type AbiValueRuleGroup,
  type AbiValueTest,
  type Comparison,
  checkAbiRules,
  decodeAbiRuleConfig,
  encodeAbiRuleConfig,
} from "./policies/abiRule.js";
export { type AbiShape, type AbiShapeType, toAbiShape } from "./policies/abiShape.js";
export { builtInPolicies } from "./policies/builtIn.js";
export {
  checkErc20Limits,
  decodeErc20LimitConfig,
  type Erc20Function,
  type Erc20Limits,
  type Erc20PeriodLimit,
  encodeErc20LimitConfig,
} from "./policies/erc20Limit.js";
export { decodeLimitConfig, encodeLimitConfig, type Limits, type PeriodLimit } from "./policies/limit.js";
export type { Budget, ValidityWindow } from "./policies/spend.js";
export {
  allowMessages,
  type MessageTypes,
  type NestedStruct,
  type PersonalMessagePermission,
  type TypedDataPermission,
} from "./policies/typedData.js";
export type { AbiInput, AbiOf, CallRules, FunctionRequest } from "./session/abiInput.js";
export {
  type AllowAnyFunctionErrorType,
  type AllowAnyFunctionParameters,
  type AllowAnyFunctionReturnType,
  allowAnyFunction,
} from "./session/allowAnyFunction.js";
export {
  type AllowCallErrorType,
  type AllowCallParameters,
  type AllowCallReturnType,
  allowCall,
} from "./session/allowCall.js";
export {
  type AllowErc20ErrorType,
  type AllowErc20Parameters,
  type AllowErc20ReturnType,
  allowErc20,
} from "./session/allowErc20.js";
export {
  type AllowErc721ErrorType,
  type AllowErc721Parameters,
  type AllowErc721ReturnType,
  allowErc721,
  type Erc721Approval,
  type Erc721Transfer,
} from "./session/allowErc721.js";
export {
  type AllowFunctionOfAnyTargetErrorType,
  type AllowFunctionOfAnyTargetParameters,
  type AllowFunctionOfAnyTargetReturnType,
  allowFunctionOfAnyTarget,
} from "./session/allowFunctionOfAnyTarget.js";
export {
  type AllowNativeTransferErrorType,
  type AllowNativeTransferParameters,
  type AllowNativeTransferReturnType,
  allowNativeTransfer,
} from "./session/allowNativeTransfer.js";
export {
  type DefineSessionErrorType,
  type DefineSessionParameters,
  type DefineSessionReturnType,
  defineSession,
} from "./session/defineSession.js";
export {
  type ContractInfo,
  type DescribeSessionParameters,
  type DescribeSessionReturnType,
  describeSession,
  type MessageInfo,
  type TokenInfo,
} from "./session/describeSession.js";
export { decodeSession, encodeSession } from "./session/encodeSession.js";
export type { FeesErrorType, FeesRequest } from "./session/fees.js";
export { getBudgetId } from "./session/getBudgetId.js";
export { getSessionBundleTypedData, getSessionId, hashSessionBundle } from "./session/getSessionId.js";
export {
  type IsCallErrorType,
  type IsCallParameters,
  type IsCallReturnType,
  isCall,
} from "./session/isCall.js";
export {
  type IsEncodingErrorType,
  type IsEncodingReturnType,
  isEncoding,
  type ParametersInput,
} from "./session/isEncoding.js";
export {
  gasLimit,
  type LimitErrorType,
  type LimitRequest,
  nativeLimit,
  type PeriodLimitRequest,
  type UsageLimitRequest,
  usageLimit,
} from "./session/limits.js";
export {
  type PackedAtErrorType,
  type PackedAtReturnType,
  type PackedType,
  packedAt,
} from "./session/packedAt.js";
export {
  type GrantCost,
  type GrantWay,
  type PlanGrantErrorType,
  type PlanGrantParameters,
  type PlanGrantReturnType,
  planGrant,
} from "./session/planGrant.js";
export {
  type AllOfRule,
  type AnyOfRule,
  type AnythingRule,
  type ArgumentRule,
  type ArgumentRules,
  allOf,
  anyOf,
  anything,
  type BytesRule,
  between,
  type ContentRule,
  type ElementsRule,
  type EncodingRule,
  endsWith,
  eq,
  every,
  gt,
  gte,
  type HashRule,
  hasHash,
  hasLength,
  isAccount,
  type LengthRule,
  lt,
  lte,
  mask,
  neq,
  oneOf,
  type Rule,
  some,
  startsWith,
  type TaggedRule,
  type TagRule,
  taggedBy,
} from "./session/rules.js";
export {
  type ParseSessionErrorType,
  parseSession,
  serializeSession,
} from "./session/serializeSession.js";
export { getProofRoot, getSessionTree, type SessionTree } from "./session/sessionTree.js";
export {
  type SessionBundleTypedData,
  type SignSessionGrantParameters,
  type SignSessionGrantReturnType,
  signSessionGrant,
} from "./session/signSessionGrant.js";
export {
  type Action,
  type ActionRequest,
  type Permission,
  type Policy,
  type PolicyName,
  type PolicyRequest,
  type Session,
  sessionBundleTypes,
  sessionTypes,
  signatureUseTypes,
  userOperationUseTypes,
} from "./types.js";
export {
  type Assumption,
  type CheckSessionCallsErrorType,
  type CheckSessionCallsParameters,
  type CheckSessionCallsReturnType,
  checkSessionCalls,
  type OperationFacts,
  type SessionState,
} from "./use/checkSessionCalls.js";
export { type Denial, type DenialCode, type DenialValue, denialCodes } from "./use/denial.js";
export type { SignatureUseTypedData } from "./use/encodeSignature.js";
export {
  type DecodedGrant,
  type DecodedUse,
  type DecodeUseParameters,
  decodeUse,
  type EncodeUseParameters,
  encodeUse,
  type GetUseDigestParameters,
  getUseDigest,
  getUseSessionId,
  type SignedGrant,
  type UseEvidence,
  type UseTypedData,
} from "./use/encodeUse.js";
export {
  type EstimateSessionGasErrorType,
  type EstimateSessionGasParameters,
  type EstimateSessionGasReturnType,
  estimateSessionGas,
} from "./use/estimateSessionGas.js";
export { type Call, decodeExecution, encodeExecution } from "./use/execution.js";
export {
  type GetOperationFactsParameters,
  type GetOperationFactsReturnType,
  getOperationFacts,
} from "./use/getOperationFacts.js";
export { type MatchCallsParameters, matchCalls } from "./use/matchCalls.js";
