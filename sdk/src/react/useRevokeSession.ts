import { type UseMutationResult, useMutation, useQueryClient } from "@tanstack/react-query";
import { type RevokeSessionParameters, type RevokeSessionReturnType, revokeSession } from "../actions/revokeSession.js";
import { applyReceipt } from "./applyReceipt.js";
import { getBundlerClient, type LatchkeyConfig, useLatchkey } from "./context.js";
import { invalidateSessions } from "./queryKeys.js";
import type { MutationOptions } from "./useGrantSession.js";

export type UseRevokeSessionParameters = LatchkeyConfig & {
  /** TanStack Query's options, for instance `onSuccess`. */
  mutation?: MutationOptions<RevokeSessionReturnType, RevokeSessionParameters> | undefined;
};

export type UseRevokeSessionReturnType = UseMutationResult<RevokeSessionReturnType, Error, RevokeSessionParameters>;

/**
 * Has the owner revoke one or several sessions, for ever. With a store, their records say so afterwards.
 *
 * @param parameters {@link UseRevokeSessionParameters}
 * @returns A mutation with {@link RevokeSessionParameters} as its variables.
 *
 * @example
 * import type { Session } from "latchkey";
 * import { useRevokeSession } from "latchkey/react";
 *
 * const useEnd = (session: Session) => {
 *   const { mutate } = useRevokeSession();
 *   return () => mutate({ session });
 * };
 */
export function useRevokeSession(parameters: UseRevokeSessionParameters = {}): UseRevokeSessionReturnType {
  const config = useLatchkey(parameters);
  const queries = useQueryClient();
  return useMutation({
    ...parameters.mutation,
    mutationFn: async (variables) => {
      const { contracts } = config;
      const client = getBundlerClient(config);
      const owner = variables.account ?? config.owner;
      const revoked = await revokeSession(client, { contracts, ...variables, account: owner });
      await applyReceipt({ ...config, owner }, client, revoked);
      return revoked;
    },
    onSettled: async (...settled) => {
      await invalidateSessions(queries);
      return parameters.mutation?.onSettled?.(...settled);
    },
  });
}
