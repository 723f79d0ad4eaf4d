import type { UseMutationResult } from "@tanstack/react-query";
import { type RevokeSessionParameters, type RevokeSessionReturnType, revokeSession } from "../actions/revokeSession.js";
import { type LatchkeyConfig, useLatchkey } from "./context.js";
import { sendAsOwner } from "./sendAsOwner.js";
import { type MutationOptions, useSessionMutation } from "./useSessionMutation.js";

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
  return useSessionMutation(parameters.mutation, (variables) =>
    sendAsOwner(config, variables.account, (client, account) =>
      revokeSession(client, { contracts: config.contracts, ...variables, account }),
    ),
  );
}
