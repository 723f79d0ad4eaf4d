"use client";

export { LatchkeyNotConfiguredError } from "../errors/react.js";
export { type LatchkeyConfig, LatchkeyProvider, type LatchkeyProviderProps, useLatchkey } from "./context.js";
export { sessionQueryKeys } from "./queryKeys.js";
export { type UseGrantSessionParameters, type UseGrantSessionReturnType, useGrantSession } from "./useGrantSession.js";
export {
  type UseRevokeAllSessionsParameters,
  type UseRevokeAllSessionsReturnType,
  useRevokeAllSessions,
} from "./useRevokeAllSessions.js";
export {
  type UseRevokeSessionParameters,
  type UseRevokeSessionReturnType,
  useRevokeSession,
} from "./useRevokeSession.js";
export {
  type UseSendSessionCallsParameters,
  type UseSendSessionCallsReturnType,
  useSendSessionCalls,
} from "./useSendSessionCalls.js";
export { type QueryOptions, type UseSessionParameters, type UseSessionReturnType, useSession } from "./useSession.js";
export {
  type UseSessionAllowanceParameters,
  type UseSessionAllowanceReturnType,
  useSessionAllowance,
} from "./useSessionAllowance.js";
export type { MutationOptions } from "./useSessionMutation.js";
export { type UseSessionsParameters, type UseSessionsReturnType, useSessions } from "./useSessions.js";
