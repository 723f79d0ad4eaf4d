import { type UseMutationOptions, type UseMutationResult, useMutation, useQueryClient } from "@tanstack/react-query";
import { invalidateSessions } from "./queryKeys.js";

/** What a mutation hook takes of TanStack Query's options. */
export type MutationOptions<data, variables> = Omit<UseMutationOptions<data, Error, variables>, "mutationFn">;

/** A mutation, after which whatever is shown of sessions is read again. */
export function useSessionMutation<data, variables>(
  mutation: MutationOptions<data, variables> | undefined,
  mutationFn: (variables: variables) => Promise<data>,
): UseMutationResult<data, Error, variables> {
  const queries = useQueryClient();
  return useMutation({
    ...mutation,
    mutationFn,
    onSettled: async (...settled) => {
      await invalidateSessions(queries);
      return mutation?.onSettled?.(...settled);
    },
  });
}
