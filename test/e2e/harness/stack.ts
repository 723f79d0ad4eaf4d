import type { Hex } from "viem";
import { entryPoint07Address, entryPoint08Address } from "viem/account-abstraction";
import { startAnvil } from "./anvil.ts";
import { startBundler } from "./bundler.ts";
import { chainIdOf, fundedKey, hasCode, readerOf, writerOf } from "./chain.ts";
import { deployEntryPoint, deployEntryPoint08, deploySurroundings, type Surroundings } from "./contracts.ts";
import { deployLatchkey, findLatchkey, type LatchkeyContracts } from "./latchkey.ts";

/** All that it takes to use a running stack, from any process. */
export type StackInfo = {
  chainId: number;
  /** The fork. */
  rpcUrl: string;
  /** What it forks. */
  forkedUrl: string;
  bundlerUrl: string;
  bundlerClockUrl: string;
  /** A key with ether on the fork. */
  funderKey: Hex;
  contracts: Surroundings & LatchkeyContracts;
};

export type Stack = {
  info: StackInfo;
  stop(): Promise<void>;
};

export type StackParameters = {
  /** The RPC URL of the network to fork; otherwise a chain made for the purpose is. */
  forkUrl?: string | undefined;
  /** Told what is done next. */
  onProgress?: ((what: string) => void) | undefined;
};

/** Whatever runs ends, in reverse order, whether or not all of it can be started. */
class Running {
  readonly #parts: { stop(): Promise<void> }[] = [];

  async add<part extends { stop(): Promise<void> }>(starting: Promise<part>): Promise<part> {
    const part = await starting;
    this.#parts.push(part);
    return part;
  }

  async stop(): Promise<void> {
    for (const part of this.#parts.splice(0).reverse()) await part.stop();
  }
}

/** The id of the chain that is made for tests: not one that wallets and libraries have presets for. */
const BASE_CHAIN_ID = 31_337;

/**
 * Starts a chain with everything that Latchkey works with, a fork of it, and a bundler on the fork. With `forkUrl`, forks
 * that network and uses the EntryPoint and the Latchkey contracts that are deployed there.
 */
export async function startStack({ forkUrl, onProgress = () => {} }: StackParameters = {}): Promise<Stack> {
  const running = new Running();
  try {
    const info = await start({ forkUrl, onProgress, running });
    return { info, stop: () => running.stop() };
  } catch (error) {
    await running.stop();
    throw error;
  }
}

async function start({
  forkUrl,
  onProgress,
  running,
}: {
  forkUrl: string | undefined;
  onProgress: (what: string) => void;
  running: Running;
}): Promise<StackInfo> {
  const base = forkUrl === undefined ? await startBase({ onProgress, running }) : await findBase({ forkUrl });

  onProgress("forking it");
  const { rpcUrl } = await running.add(startAnvil({ from: { forkUrl: base.rpcUrl } }));
  const fork = { id: base.id, rpcUrl };
  const [funderKey, executorKey, utilityKey] = await Promise.all([fundedKey(fork), fundedKey(fork), fundedKey(fork)]);
  const funder = writerOf({ ...fork, key: funderKey });
  await deployEntryPoint08(funder);
  const surroundings = await deploySurroundings(funder);

  onProgress("starting the bundler");
  const bundler = await running.add(
    startBundler({
      rpcUrl,
      entryPoints: [entryPoint07Address, entryPoint08Address],
      executorKey,
      utilityKey,
    }),
  );
  return {
    chainId: base.id,
    rpcUrl,
    forkedUrl: base.rpcUrl,
    bundlerUrl: bundler.rpcUrl,
    bundlerClockUrl: bundler.clockUrl,
    funderKey,
    contracts: { ...surroundings, ...base.latchkey },
  };
}

type Base = { id: number; rpcUrl: string; latchkey: LatchkeyContracts };

async function startBase({
  onProgress,
  running,
}: {
  onProgress: (what: string) => void;
  running: Running;
}): Promise<Base> {
  onProgress("starting a chain");
  const { rpcUrl } = await running.add(startAnvil({ from: { chainId: BASE_CHAIN_ID } }));
  const chain = { id: BASE_CHAIN_ID, rpcUrl };
  const key = await fundedKey(chain);
  const client = writerOf({ ...chain, key });
  onProgress("deploying EntryPoint, accounts and tokens");
  await deployEntryPoint(client);
  await deploySurroundings(client);
  onProgress("deploying Latchkey");
  return { ...chain, latchkey: await deployLatchkey({ ...chain, key }) };
}

async function findBase({ forkUrl }: { forkUrl: string }): Promise<Base> {
  const chain = { id: await chainIdOf(forkUrl), rpcUrl: forkUrl };
  if (!(await hasCode(readerOf(chain), entryPoint07Address))) {
    throw new Error(`chain ${chain.id} has no EntryPoint v0.7: no code at ${entryPoint07Address}`);
  }
  return { ...chain, latchkey: await findLatchkey(chain) };
}
