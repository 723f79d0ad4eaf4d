import { foundryBinary } from "../../../script/foundry-binary.js";
import { ManagedProcess } from "./process.ts";

export type AnvilParameters = {
  /** The chain to fork, by its RPC URL; otherwise a new chain with this id. */
  from: { forkUrl: string } | { chainId: number };
};

export type Anvil = {
  rpcUrl: string;
  stop(): Promise<void>;
};

/** Starts Anvil on a free port. Its state is only in memory, also of what it forks. */
export async function startAnvil({ from }: AnvilParameters): Promise<Anvil> {
  const source =
    "forkUrl" in from ? ["--fork-url", from.forkUrl, "--no-storage-caching"] : ["--chain-id", String(from.chainId)];
  const process = new ManagedProcess({
    name: "forkUrl" in from ? "the fork (anvil)" : "the base chain (anvil)",
    command: foundryBinary("anvil"),
    args: [
      ...["--host", "127.0.0.1", "--port", "0", "--accounts", "1"],
      // The hard fork that brought the P-256 precompile to Ethereum; and Kernel, as published, is larger than EIP-170 allows.
      ...["--hardfork", "osaka", "--code-size-limit", "40000"],
      ...source,
    ],
    env: withoutProxyForThisMachine(),
    supervised: true,
  });
  const [, address] = await process.line(/Listening on (127\.0\.0\.1:\d+)/).catch(stopping(process));
  return { rpcUrl: `http://${address}`, stop: () => process.stop() };
}

function stopping(process: ManagedProcess): (error: unknown) => Promise<never> {
  return async (error) => {
    await process.stop();
    throw error;
  };
}

function withoutProxyForThisMachine(): NodeJS.ProcessEnv {
  const others = process.env["NO_PROXY"] ?? process.env["no_proxy"];
  const value = [...(others === undefined ? [] : [others]), "127.0.0.1", "localhost"].join(",");
  return { NO_PROXY: value, no_proxy: value };
}
