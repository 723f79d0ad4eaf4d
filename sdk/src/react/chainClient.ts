import type { Chain, Client, Transport } from "viem";
import { useChainId, useClient } from "wagmi";
import { LatchkeyNotConfiguredError } from "../errors/react.js";
import type { Session } from "../types.js";

/** The chain that a session is read on: its own, or for one on every chain wagmi's present one. */
export function useSessionChain(session: Session | undefined, chainId: number | undefined): number {
  const present = useChainId();
  if (chainId !== undefined) return chainId;
  return session && session.chainId !== 0n ? Number(session.chainId) : present;
}

/** wagmi's client of a chain, or how it comes that there is none, when it is needed. */
export function useChainClient(chainId: number): () => Client<Transport, Chain> {
  const client = useClient({ chainId });
  return () => {
    if (client === undefined) throw new LatchkeyNotConfiguredError({ missing: chainId });
    return client;
  };
}
