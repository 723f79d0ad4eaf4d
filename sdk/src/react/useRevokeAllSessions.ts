import type { UseMutationResult } from "@tanstack/react-query";
import {
  type RevokeAllSessionsParameters,
  type RevokeAllSessionsReturnType,
  revokeAllSessions,
} from "../actions/revokeAllSessions.js";
import { type LatchkeyConfig, useLatchkey } from "./context.js";
import { sendAsOwner } from "./sendAsOwner.js";
import { type MutationOptions, useSessionMutation } from "./useSessionMutation.js";

export type UseRevokeAllSessionsParameters = LatchkeyConfig & {
  /** TanStack Query's options, for instance `onSuccess`. */
  // biome-ignore lint/suspicious/noConfusingVoidType: variables that need not be given are void in TanStack Query
  mutation?: MutationOptions<RevokeAllSessionsReturnType, RevokeAllSessionsParameters | void> | undefined;
};

export type UseRevokeAllSessionsReturnType = UseMutationResult<
  RevokeAllSessionsReturnType,
  Error,
  // biome-ignore lint/suspicious/noConfusingVoidType: variables that need not be given are void in TanStack Query
  RevokeAllSessionsParameters | void
>;

/**
 * Has the owner end all sessions of the account at once, for ever. With a store, their records say so afterwards.
 *
 * @param parameters {@link UseRevokeAllSessionsParameters}
 * @returns A mutation with {@link RevokeAllSessionsParameters} as its variables, which may be left out.
 *
 * @example
 * import { useRevokeAllSessions } from "latchkey/react";
 *
 * const usePanicButton = () => {
 *   const { mutate } = useRevokeAllSessions();
 *   return () => mutate();
 * };
 */
export function useRevokeAllSessions(parameters: UseRevokeAllSessionsParameters = {}): UseRevokeAllSessionsReturnType {
  const config = useLatchkey(parameters);
  return useSessionMutation(parameters.mutation, (variables) =>
    sendAsOwner(config, variables?.account, (client, account) =>
      revokeAllSessions(client, { contracts: config.contracts, ...variables, account }),
    ),
  );
}
