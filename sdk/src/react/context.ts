import { createContext, createElement, type ReactNode, useContext } from "react";
import type { SmartAccount } from "viem/account-abstraction";
import type { BundlerLikeClient } from "../actions/sendOwnerCalls.js";
import type { ContractOverrides } from "../addresses.js";
import { LatchkeyNotConfiguredError } from "../errors/react.js";
import type { SessionStore } from "../storage/sessionStore.js";

/** What hooks share. Every hook takes the same as parameters, which then hold for it alone. */
export type LatchkeyConfig = {
  /** A bundler client: sends the operations of owners and of session keys. Needed by hooks that send. */
  bundlerClient?: BundlerLikeClient | undefined;
  /** The owner's smart account; the bundler client's if it is left out. */
  owner?: SmartAccount | undefined;
  /** Where sessions are kept, see `createSessionStore` of `latchkey/storage`; nowhere if it is left out. */
  store?: SessionStore | undefined;
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

const LatchkeyContext = createContext<LatchkeyConfig>({});

/** Properties of {@link LatchkeyProvider}. */
export type LatchkeyProviderProps = LatchkeyConfig & { children?: ReactNode };

/**
 * Hands what hooks need to all components within. It goes inside wagmi's and TanStack Query's providers.
 *
 * @param props {@link LatchkeyProviderProps}
 *
 * @example
 * import { LatchkeyProvider } from "latchkey/react";
 * import { createSessionStore } from "latchkey/storage";
 * import { createElement, type ReactNode } from "react";
 * import type { BundlerClient, SmartAccount } from "viem/account-abstraction";
 *
 * const store = createSessionStore();
 * export const Providers = (props: {
 *   bundlerClient: BundlerClient;
 *   owner: SmartAccount;
 *   children: ReactNode;
 * }) => createElement(LatchkeyProvider, { ...props, store });
 */
export function LatchkeyProvider({ children, bundlerClient, owner, store, contracts }: LatchkeyProviderProps) {
  return createElement(LatchkeyContext.Provider, { value: { bundlerClient, owner, store, contracts } }, children);
}

/**
 * What hooks share, from the closest {@link LatchkeyProvider}, with what a hook was given in its place.
 *
 * @param own What is given in place of the provider's.
 * @returns {@link LatchkeyConfig}
 *
 * @example
 * import { useLatchkey } from "latchkey/react";
 *
 * const useStore = () => useLatchkey().store;
 */
export function useLatchkey(own: LatchkeyConfig = {}): LatchkeyConfig {
  const shared = useContext(LatchkeyContext);
  const { bundlerClient = shared.bundlerClient, owner = shared.owner } = own;
  const { store = shared.store, contracts = shared.contracts } = own;
  return { bundlerClient, owner, store, contracts };
}

/** The bundler client of a hook that sends. */
export function getBundlerClient({ bundlerClient }: LatchkeyConfig): BundlerLikeClient {
  if (bundlerClient === undefined) throw new LatchkeyNotConfiguredError({ missing: "bundlerClient" });
  return bundlerClient;
}
