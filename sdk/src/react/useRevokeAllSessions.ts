import { type UseMutationResult, useMutation, useQueryClient } from "@tanstack/react-query";
import {
  type RevokeAllSessionsParameters,
  type RevokeAllSessionsReturnType,
  revokeAllSessions,
} from "../actions/revokeAllSessions.js";
import { applyReceipt } from "./applyReceipt.js";
import { getBundlerClient, type LatchkeyConfig, useLatchkey } from "./context.js";
import { invalidateSessions } from "./queryKeys.js";
import type { MutationOptions } from "./useGrantSession.js";

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
  const queries = useQueryClient();
  return useMutation({
    ...parameters.mutation,
    mutationFn: async (variables) => {
      const { contracts } = config;
      const client = getBundlerClient(config);
      const { account: owner = config.owner, ...rest } = variables ?? {};
      const revoked = await revokeAllSessions(client, { contracts, ...rest, account: owner });
      await applyReceipt({ ...config, owner }, client, revoked);
      return revoked;
    },
    onSettled: async (...settled) => {
      await invalidateSessions(queries);
      return parameters.mutation?.onSettled?.(...settled);
    },
  });
}
