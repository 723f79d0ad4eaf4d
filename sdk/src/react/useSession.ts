import { type UseQueryOptions, type UseQueryResult, useQuery } from "@tanstack/react-query";
import {
  type InspectSessionParameters,
  type InspectSessionReturnType,
  inspectSession,
} from "../actions/inspectSession.js";
import type { Session } from "../types.js";
import { useChainClient, useSessionChain } from "./chainClient.js";
import { type LatchkeyConfig, useLatchkey } from "./context.js";
import { sessionQueryKeys } from "./queryKeys.js";

/** What a query hook takes of TanStack Query's options. */
export type QueryOptions<data> = Omit<UseQueryOptions<data>, "queryKey" | "queryFn">;

export type UseSessionParameters = Pick<LatchkeyConfig, "contracts"> &
  Pick<InspectSessionParameters, "proof" | "describe"> & {
    /** The session; nothing is read as long as it is undefined. */
    session: Session | undefined;
    /** The chain to ask; the session's, or wagmi's present one for a session on every chain, if it is left out. */
    chainId?: number | undefined;
    /** TanStack Query's options, for instance `refetchInterval`. */
    query?: QueryOptions<InspectSessionReturnType> | undefined;
  };

export type UseSessionReturnType = UseQueryResult<InspectSessionReturnType>;

/**
 * What there is to know about a session: whether it may act now and if not why, what is left of its budgets, and in words
 * what it allows. Read again after every grant, use and revocation by these hooks.
 *
 * @param parameters {@link UseSessionParameters}
 * @returns A query of {@link InspectSessionReturnType}.
 *
 * @example
 * import type { Session } from "latchkey";
 * import { useSession } from "latchkey/react";
 *
 * const useTitle = (session: Session) => {
 *   const { data } = useSession({ session });
 *   return data && `${data.description.title} (${data.effective})`;
 * };
 */
export function useSession(parameters: UseSessionParameters): UseSessionReturnType {
  const { session, proof, describe, query } = parameters;
  const { contracts } = useLatchkey({ contracts: parameters.contracts });
  const chainId = useSessionChain(session, parameters.chainId);
  const getClient = useChainClient(chainId);
  return useQuery({
    ...query,
    enabled: session === undefined ? false : (query?.enabled ?? true),
    queryKey: session ? [...sessionQueryKeys.session(session), { chainId, proof, describe }] : unknown,
    queryFn: () => inspectSession(getClient(), { session: present(session), proof, describe, contracts }),
  });
}

/** The key of a query that is not made. */
export const unknown = ["latchkey", "none"] as const;

/** What a query that is made has. */
export function present<value>(given: value | undefined): value {
  if (given === undefined) throw new TypeError("a query without its subject is not made");
  return given;
}
