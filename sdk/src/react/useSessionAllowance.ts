import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { type GetSessionAllowanceReturnType, getSessionAllowance } from "../actions/getSessionAllowance.js";
import { useChainClient, useSessionChain } from "./chainClient.js";
import { useLatchkey } from "./context.js";
import { sessionQueryKeys } from "./queryKeys.js";
import { present, type QueryOptions, type UseSessionParameters, unknown } from "./useSession.js";

export type UseSessionAllowanceParameters = Pick<UseSessionParameters, "session" | "chainId" | "contracts"> & {
  /** TanStack Query's options, for instance `refetchInterval`. */
  query?: QueryOptions<GetSessionAllowanceReturnType> | undefined;
};

export type UseSessionAllowanceReturnType = UseQueryResult<GetSessionAllowanceReturnType>;

/**
 * What is left of a session's budgets. Read again after every use by these hooks.
 *
 * @param parameters {@link UseSessionAllowanceParameters}
 * @returns A query of {@link GetSessionAllowanceReturnType}.
 *
 * @example
 * import type { Session } from "latchkey";
 * import { useSessionAllowance } from "latchkey/react";
 *
 * const useRemaining = (session: Session) =>
 *   useSessionAllowance({ session }).data?.[0]?.total?.remaining;
 */
export function useSessionAllowance(parameters: UseSessionAllowanceParameters): UseSessionAllowanceReturnType {
  const { session, query } = parameters;
  const { contracts } = useLatchkey({ contracts: parameters.contracts });
  const chainId = useSessionChain(session, parameters.chainId);
  const getClient = useChainClient(chainId);
  return useQuery({
    ...query,
    enabled: session === undefined ? false : (query?.enabled ?? true),
    queryKey: session ? [...sessionQueryKeys.allowance(session), { chainId }] : unknown,
    queryFn: () => getSessionAllowance(getClient(), { session: present(session), contracts }),
  });
}
