import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Address, getAddress, type Hex, isAddress } from "viem";
import { foundryBinary } from "../../../script/foundry-binary.js";
import { type ChainParameters, hasCode, readerOf } from "./chain.ts";

/** Our contracts on a chain. */
export type LatchkeyContracts = {
  sessionKeyManager: Address;
  erc20LimitPolicy: Address;
  abiRulePolicy: Address;
};

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
    return readDeployment(directory, id);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Our contracts on a public chain, as listed in deployments/. */
export async function findLatchkey({ id, rpcUrl }: ChainParameters): Promise<LatchkeyContracts> {
  const contracts = readDeployment(process.env["DEPLOYMENTS_DIR"] ?? join(root, "deployments"), id);
  const client = readerOf({ id, rpcUrl });
  for (const [name, address] of Object.entries(contracts)) {
    if (!(await hasCode(client, address)))
      throw new Error(`${name} is not deployed on chain ${id}: no code at ${address}`);
  }
  return contracts;
}

function readDeployment(directory: string, chainId: number): LatchkeyContracts {
  const path = join(directory, `${chainId}.json`);
  if (!existsSync(path)) {
    throw new Error(`Latchkey is not deployed on chain ${chainId}, as far as known: there is no ${path}`);
  }
  const deployment: unknown = JSON.parse(readFileSync(path, "utf8"));
  const addressOf = (name: keyof LatchkeyContracts): Address => {
    const entry = Object.entries(deployment ?? {}).find(([key]) => key === name);
    const value: unknown = entry?.[1];
    if (typeof value !== "string" || !isAddress(value)) throw new Error(`${path} has no address of ${name}`);
    return getAddress(value);
  };
  return {
    sessionKeyManager: addressOf("sessionKeyManager"),
    erc20LimitPolicy: addressOf("erc20LimitPolicy"),
    abiRulePolicy: addressOf("abiRulePolicy"),
  };
}
