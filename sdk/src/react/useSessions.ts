import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { Address } from "viem";
import { useChainId } from "wagmi";
import { type KnownSession, type ListSessionsReturnType, listSessions } from "../actions/listSessions.js";
import { getSessionId } from "../session/getSessionId.js";
import type { Session } from "../types.js";
import { useChainClient } from "./chainClient.js";
import { type LatchkeyConfig, useLatchkey } from "./context.js";
import { sessionQueryKeys } from "./queryKeys.js";
import { present, type QueryOptions, unknown } from "./useSession.js";

export type UseSessionsParameters = Pick<LatchkeyConfig, "store" | "contracts"> & {
  /** The smart account; nothing is read as long as it is undefined. */
  account: Address | undefined;
  /** The chain to ask; wagmi's present one if it is left out. */
  chainId?: number | undefined;
  /** The block from which published sessions are searched; they are not if it is left out. */
  fromBlock?: bigint | "earliest" | undefined;
  /** Sessions that are known from elsewhere, in addition to those in the store. */
  sessions?: readonly (Session | KnownSession)[] | undefined;
  /** TanStack Query's options, for instance `refetchInterval`. */
  query?: QueryOptions<ListSessionsReturnType> | undefined;
};

export type UseSessionsReturnType = UseQueryResult<ListSessionsReturnType>;

/**
 * The sessions of an account on a chain and where each stands now: those in the store, those that were published, and
 * those that are given. Read again after every grant and revocation by these hooks.
 *
 * @param parameters {@link UseSessionsParameters}
 * @returns A query of {@link ListSessionsReturnType}.
 *
 * @example
 * import { useSessions } from "latchkey/react";
 *
 * const useActive = () =>
 *   useSessions({ account: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8", fromBlock: 8_000_000n }).data?.filter(
 *     ({ effective }) => effective === "active",
 *   );
 */
export function useSessions(parameters: UseSessionsParameters): UseSessionsReturnType {
  const { account, fromBlock, sessions = [], query } = parameters;
  const { store, contracts } = useLatchkey({ store: parameters.store, contracts: parameters.contracts });
  const chain = useChainId();
  const chainId = parameters.chainId ?? chain;
  const getClient = useChainClient(chainId);
  const ids = sessions.map((item) => getSessionId("session" in item ? item.session : item));
  return useQuery({
    ...query,
    enabled: account === undefined ? false : (query?.enabled ?? true),
    queryKey: account
      ? [...sessionQueryKeys.sessions(account), { chainId, fromBlock: fromBlock?.toString(), ids }]
      : unknown,
    queryFn: async () => {
      const stored = (await store?.list({ account: present(account), chainId })) ?? [];
      const known = [...sessions, ...stored.map(({ session, proof }) => ({ session, proof }))];
      return listSessions(getClient(), { account: present(account), sessions: known, fromBlock, contracts });
    },
  });
}
