import type { UseMutationResult } from "@tanstack/react-query";
import {
  type SendSessionCallsParameters,
  type SendSessionCallsReturnType,
  sendSessionCalls,
} from "../actions/sendSessionCalls.js";
import { getBundlerClient, type LatchkeyConfig, useLatchkey } from "./context.js";
import { type MutationOptions, useSessionMutation } from "./useSessionMutation.js";

export type UseSendSessionCallsParameters = Pick<LatchkeyConfig, "bundlerClient" | "contracts"> & {
  /** TanStack Query's options, for instance `onSuccess`. */
  mutation?: MutationOptions<SendSessionCallsReturnType, SendSessionCallsParameters> | undefined;
};

export type UseSendSessionCallsReturnType = UseMutationResult<
  SendSessionCallsReturnType,
  Error,
  SendSessionCallsParameters
>;

/**
 * Makes calls within a session, without the owner. What is shown of the session is read again afterwards.
 *
 * @param parameters {@link UseSendSessionCallsParameters}
 * @returns A mutation with {@link SendSessionCallsParameters} as its variables.
 *
 * @example
 * import type { Session, SessionKey } from "latchkey";
 * import { useSendSessionCalls } from "latchkey/react";
 *
 * const usePing = (session: Session, sessionKey: SessionKey) => {
 *   const { mutate, error } = useSendSessionCalls();
 *   const calls = [{ to: "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", data: "0x5c36b186" }] as const;
 *   return { ping: () => mutate({ session, sessionKey, calls }), error };
 * };
 */
export function useSendSessionCalls(parameters: UseSendSessionCallsParameters = {}): UseSendSessionCallsReturnType {
  const config = useLatchkey(parameters);
  return useSessionMutation(parameters.mutation, (variables) =>
    sendSessionCalls(getBundlerClient(config), withContracts(config, variables)),
  );
}

function withContracts(
  { contracts }: LatchkeyConfig,
  variables: SendSessionCallsParameters,
): SendSessionCallsParameters {
  return variables.contracts === undefined ? { ...variables, contracts } : variables;
}
