import type { QueryClient } from "@tanstack/react-query";
import type { Address } from "viem";
import { getSessionId } from "../session/getSessionId.js";
import type { Session } from "../types.js";
import { lowerCase } from "../utils/lowerCase.js";

/**
 * The keys of the hooks' queries in TanStack Query's cache, to prefetch or to invalidate them.
 *
 * @example
 * import type { QueryClient } from "@tanstack/react-query";
 * import type { Session } from "latchkey";
 * import { sessionQueryKeys } from "latchkey/react";
 *
 * const refresh = (queries: QueryClient, session: Session) =>
 *   queries.invalidateQueries({ queryKey: sessionQueryKeys.allowance(session) });
 */
export const sessionQueryKeys = {
  /** All queries of the hooks. */
  all: ["latchkey"] as const,
  /** Of {@link useSession}. */
  session: (session: Session) => ["latchkey", "session", getSessionId(session)] as const,
  /** Of {@link useSessionAllowance}. */
  allowance: (session: Session) => ["latchkey", "allowance", getSessionId(session)] as const,
  /** Of {@link useSessions}. */
  sessions: (account: Address) => ["latchkey", "sessions", lowerCase(account)] as const,
};

/** Has everything that the hooks show read again: a change on the chain may have touched any of it. */
export async function invalidateSessions(queries: QueryClient): Promise<void> {
  await queries.invalidateQueries({ queryKey: sessionQueryKeys.all });
}
