import { createRequire } from "node:module";
import { devNull, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Address, Hex } from "viem";
import { ManagedProcess } from "./process.ts";

export type BundlerParameters = {
  rpcUrl: string;
  entryPoints: readonly Address[];
  /** Sends the bundles; has to have ether. */
  executorKey: Hex;
  /** Deploys the contract that the bundler simulates with; has to have ether. */
  utilityKey: Hex;
};

export type Bundler = {
  rpcUrl: string;
  /** Where the bundler's clock is set. */
  clockUrl: string;
  stop(): Promise<void>;
};

/**
 * Starts the bundler alto on a free port, in safe mode: it traces the validation of each user operation and enforces
 * ERC-7562.
 */
export async function startBundler({
  rpcUrl,
  entryPoints,
  executorKey,
  utilityKey,
}: BundlerParameters): Promise<Bundler> {
  const preload = new URL("./bundler-preload.js", import.meta.url).href;
  const main = createRequire(import.meta.url).resolve("@pimlico/alto");
  const cli = join(dirname(main), "..", "esm", "cli", "alto.js");
  const options = {
    entrypoints: entryPoints.join(","),
    "rpc-url": rpcUrl,
    "executor-private-keys": executorKey,
    "utility-private-key": utilityKey,
    "utility-wallet-monitor": false,
    "safe-mode": true,
    // When an account pays its prefund, Anvil's tracer reports the gas handed to that call as the cost of the next step,
    // and a rule that compares cost and remaining gas sees an operation that runs out of gas. More gas avoids it: what
    // is not used for validation is not paid for.
    "v7-verification-gas-limit-multiplier": 200,
    port: 0,
    "polling-interval": 100,
    json: true,
    "log-level": process.env["BUNDLER_LOG"] ?? "error",
  };
  const bundler = new ManagedProcess({
    name: "the bundler (alto)",
    command: process.execPath,
    args: [
      "--import",
      preload,
      cli,
      ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]),
    ],
    // It reads settings from .env in its working directory and from the environment.
    cwd: tmpdir(),
    env: { ...withoutPrefix("ALTO_"), SENTRY_DSN: undefined, DOTENV_CONFIG_PATH: devNull },
  });
  try {
    const [port, clockPort] = await Promise.all([
      bundler.message((message) => portOf("bundler", message)),
      bundler.message((message) => portOf("clock", message)),
    ]);
    return {
      rpcUrl: `http://127.0.0.1:${port}`,
      clockUrl: `http://127.0.0.1:${clockPort}`,
      stop: () => bundler.stop(),
    };
  } catch (error) {
    await bundler.stop();
    throw error;
  }
}

function portOf(name: string, message: unknown): number | undefined {
  if (typeof message !== "object" || message === null || !("name" in message) || !("port" in message)) return undefined;
  return message.name === name && typeof message.port === "number" ? message.port : undefined;
}

function withoutPrefix(prefix: string): NodeJS.ProcessEnv {
  const names = Object.keys(process.env).filter((name) => name.startsWith(prefix));
  return Object.fromEntries(names.map((name) => [name, undefined]));
}
