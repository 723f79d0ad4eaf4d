import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Address, getAddress, type Hex } from "viem";
import { foundryBinary } from "../../../script/foundry-binary.js";
import { type ChainParameters, hasCode, readerOf } from "./chain.ts";

const names = [
  "sessionKeyManager",
  "erc20LimitPolicy",
  "abiRulePolicy",
  "nativeLimitPolicy",
  "usageLimitPolicy",
  "gasLimitPolicy",
] as const;

/** Our contracts on a chain. */
export type LatchkeyContracts = Record<(typeof names)[number], Address>;

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Deploys our contracts the way a user does: with script/Deploy.s.sol. Leaves no file behind. */
export async function deployLatchkey({ id, rpcUrl, key }: ChainParameters & { key: Hex }): Promise<LatchkeyContracts> {
  // In here, because the script may write nowhere else; git ignores it.
  const directory = mkdtempSync(join(root, "deployments", ".run-"));
  try {
    const args = ["script", "script/Deploy.s.sol", "--rpc-url", rpcUrl, "--broadcast", "--slow", "--private-key", key];
    await promisify(execFile)(foundryBinary("forge"), args, {
      cwd: root,
      maxBuffer: 64 * 1024 * 1024,
      env: {
        ...process.env,
        DEPLOYMENTS_DIR: directory,
        FOUNDRY_BROADCAST: join(directory, "broadcast"),
      },
    });
    return readAddresses(join(directory, `${id}.json`));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Our contracts on a public chain, where they are at the same addresses as everywhere. */
export async function findLatchkey({ id, rpcUrl }: ChainParameters): Promise<LatchkeyContracts> {
  const contracts = readAddresses(join(root, "deployments", "addresses.json"));
  const client = readerOf({ id, rpcUrl });
  for (const [name, address] of Object.entries(contracts)) {
    if (!(await hasCode(client, address))) throw new Error(`chain ${id} has no ${name}: no code at ${address}`);
  }
  return contracts;
}

/** Addresses by name, from what script/Deploy.s.sol writes: as they are, or as `address` of an entry. */
function readAddresses(path: string): LatchkeyContracts {
  const entries: Record<string, string | { address: string }> = JSON.parse(readFileSync(path, "utf8"));
  const addressOf = (name: keyof LatchkeyContracts): Address => {
    const entry = entries[name];
    const address = typeof entry === "object" ? entry.address : entry;
    if (address === undefined) throw new Error(`${path} has no address of ${name}`);
    return getAddress(address);
  };
  return {
    sessionKeyManager: addressOf("sessionKeyManager"),
    erc20LimitPolicy: addressOf("erc20LimitPolicy"),
    abiRulePolicy: addressOf("abiRulePolicy"),
    nativeLimitPolicy: addressOf("nativeLimitPolicy"),
    usageLimitPolicy: addressOf("usageLimitPolicy"),
    gasLimitPolicy: addressOf("gasLimitPolicy"),
  };
}
