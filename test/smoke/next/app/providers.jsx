"use client";

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { LatchkeyProvider } from "latchkey/react";
import { useState } from "react";
import { mainnet } from "viem/chains";
import { createConfig, http, WagmiProvider } from "wagmi";

const config = createConfig({ chains: [mainnet], transports: { [mainnet.id]: http("http://127.0.0.1:1") }, ssr: true });

export function Providers({ children }) {
  const [queries] = useState(() => new QueryClient());
  return (
    <WagmiProvider config={config}>
      <QueryClientProvider client={queries}>
        <LatchkeyProvider>{children}</LatchkeyProvider>
      </QueryClientProvider>
    </WagmiProvider>
  );
}
