import type { UseMutationResult } from "@tanstack/react-query";
import { type GrantSessionParameters, type GrantSessionReturnType, grantSession } from "../actions/grantSession.js";
import { getSessionTree } from "../session/sessionTree.js";
import type { SessionStore } from "../storage/sessionStore.js";
import { type LatchkeyConfig, useLatchkey } from "./context.js";
import { getOperationChain, sendAsOwner } from "./sendAsOwner.js";
import { type MutationOptions, useSessionMutation } from "./useSessionMutation.js";

export type UseGrantSessionParameters = LatchkeyConfig & {
  /** TanStack Query's options, for instance `onSuccess`. */
  mutation?: MutationOptions<GrantSessionReturnType, GrantSessionParameters> | undefined;
};

export type UseGrantSessionReturnType = UseMutationResult<GrantSessionReturnType, Error, GrantSessionParameters>;

/**
 * Has the owner grant sessions. With a store they are kept as pending before anything is sent, so that they are not lost,
 * and turn active with the receipt.
 *
 * @param parameters {@link UseGrantSessionParameters}
 * @returns A mutation with {@link GrantSessionParameters} as its variables.
 *
 * @example
 * import type { Session } from "latchkey";
 * import { useGrantSession } from "latchkey/react";
 *
 * const useApprove = (session: Session) => {
 *   const { mutate, isPending, error } = useGrantSession();
 *   return { approve: () => mutate({ session, publish: true }), isPending, error };
 * };
 */
export function useGrantSession(parameters: UseGrantSessionParameters = {}): UseGrantSessionReturnType {
  const config = useLatchkey(parameters);
  return useSessionMutation(parameters.mutation, (variables) =>
    sendAsOwner(config, variables.account, async (client, account) => {
      const { store, contracts } = config;
      if (store) await keep(store, variables, await getOperationChain(account, client));
      return grantSession(client, { contracts, ...variables, account });
    }),
  );
}

/** Adds what is to be granted to the store, before anything is sent. */
async function keep(store: SessionStore, variables: GrantSessionParameters, chainId: number): Promise<void> {
  const sessions = variables.sessions ?? [variables.session];
  const tree = variables.asRoot && sessions.length > 0 ? getSessionTree(sessions) : undefined;
  for (const session of sessions)
    await store.add({
      session,
      ...(session.chainId === 0n ? { chainId } : {}),
      ...(tree ? { proof: tree.getProof(session) } : {}),
    });
}
