import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createElement, type ReactNode } from "react";
import { custom } from "viem";
import { mainnet } from "viem/chains";
import { createConfig, WagmiProvider } from "wagmi";
import { type LatchkeyConfig, LatchkeyProvider } from "../src/react/index.js";
import { contracts, session } from "./fixtures.js";
import { createMockClient } from "./mockClient.js";

/** Without multicall: the mock answers calls one by one. */
export const chain = { ...mainnet, contracts: {} };

/** A page whose chain answers as the state says, and what it was asked. */
export function createPage(state: Parameters<typeof createMockClient>[0] = {}, config: LatchkeyConfig = {}) {
  const { client, requests } = createMockClient({ now: () => session.validAfter + 1, ...state });
  const wagmi = createConfig({
    chains: [chain],
    transports: {
      [chain.id]: custom({ request: ({ method, params }) => client.request({ method, params } as never) }),
    },
  });
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const wrapper = ({ children }: { children: ReactNode }) =>
    createElement(
      WagmiProvider,
      { config: wagmi, reconnectOnMount: false },
      createElement(
        QueryClientProvider,
        { client: queries },
        createElement(LatchkeyProvider, { contracts, ...config }, children),
      ),
    );
  return { client, requests, queries, wrapper };
}
