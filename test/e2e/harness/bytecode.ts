import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Abi, type Hex, isHex } from "viem";

const require = createRequire(import.meta.url);
const root = new URL("../../../", import.meta.url);

/** The creation bytecode of EntryPoint v0.7, as published by its authors. */
export function entryPointCreationCode(): Hex {
  return creationCodeIn(require.resolve("@account-abstraction/contracts/artifacts/EntryPoint.json"));
}

/** The creation bytecode of one of our own contracts, out of forge's output. */
export function artifactCreationCode(name: string): Hex {
  return creationCodeIn(artifactPath(name));
}

function artifactPath(name: string): URL {
  const path = new URL(`out/${name}.sol/${name}.json`, root);
  if (!existsSync(path)) throw new Error(`${name} is not compiled: run \`npm run build:contracts\` first`);
  return path;
}

function creationCodeIn(path: string | URL): Hex {
  const artifact: { bytecode: Hex | { object: Hex }; abi: Abi } = JSON.parse(readFileSync(path, "utf8"));
  return typeof artifact.bytecode === "string" ? artifact.bytecode : artifact.bytecode.object;
}

/** The creation bytecode of the Nexus contracts, which modulekit carries as hex literals in a Solidity file. */
export function nexusCreationCode(): { implementation: Hex; factory: Hex; bootstrap: Hex } {
  const path = require.resolve("@rhinestone/modulekit/src/deployment/precompiles/NexusPrecompiles.sol");
  const source = readFileSync(path, "utf8");
  const constant = (name: string): Hex => {
    const start = source.indexOf(`constant ${name} =`);
    const digits = start === -1 ? undefined : /hex"([0-9a-f]+)"/.exec(source.slice(start))?.[1];
    const code = `0x${digits}`;
    if (digits === undefined || !isHex(code)) throw new Error(`${name} not found in ${path}`);
    return code;
  };
  return {
    implementation: constant("NEXUS_BYTECODE"),
    factory: constant("NEXUS_ACCOUNT_FACTORY_BYTECODE"),
    bootstrap: constant("NEXUS_BOOTSTRAP_BYTECODE"),
  };
}
