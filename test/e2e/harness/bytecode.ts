import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Abi, type Hex, isHex } from "viem";

const require = createRequire(import.meta.url);
const root = new URL("../../../", import.meta.url);

/** The creation bytecode of EntryPoint v0.7, as published by its authors. */
export function entryPointCreationCode(): Hex {
  return creationCodeIn(require.resolve("@account-abstraction/contracts/artifacts/EntryPoint.json"));
}

/** The creation bytecode of EntryPoint v0.8, as published by its authors. */
export function entryPoint08CreationCode(): Hex {
  return creationCodeIn(require.resolve("account-abstraction-v0.8/artifacts/EntryPoint.json"));
}

/** The creation bytecode of one of our own contracts, out of forge's output. */
export function artifactCreationCode(file: string, name: string = file): Hex {
  return creationCodeIn(artifactPath(file, name));
}

function artifactPath(file: string, name: string): URL {
  const path = new URL(`out/${file}.sol/${name}.json`, root);
  if (!existsSync(path)) throw new Error(`${name} is not compiled: run \`npm run build:contracts\` first`);
  return path;
}

function creationCodeIn(path: string | URL): Hex {
  const artifact: { bytecode: Hex | { object: Hex }; abi: Abi } = JSON.parse(readFileSync(path, "utf8"));
  return typeof artifact.bytecode === "string" ? artifact.bytecode : artifact.bytecode.object;
}

/** The creation bytecode of the Nexus contracts. */
export function nexusCreationCode(): { implementation: Hex; factory: Hex; bootstrap: Hex } {
  const constant = readConstants("NexusPrecompiles");
  return {
    implementation: constant("NEXUS_BYTECODE"),
    factory: constant("NEXUS_ACCOUNT_FACTORY_BYTECODE"),
    bootstrap: constant("NEXUS_BOOTSTRAP_BYTECODE"),
  };
}

/** The creation bytecode of the Kernel contracts. */
export function kernelCreationCode(): { implementation: Hex; factory: Hex } {
  const constant = readConstants("KernelPrecompiles");
  return { implementation: constant("KERNEL_BYTECODE"), factory: constant("KERNEL_FACTORY_BYTECODE") };
}

/** The creation bytecode of Safe, and of the adapter that makes it an ERC-7579 account. */
export function safeCreationCode(): { singleton: Hex; proxyFactory: Hex; adapter: Hex; launchpad: Hex } {
  const constant = readConstants("Safe7579Precompiles");
  return {
    singleton: constant("SAFE_SINGLETON_BYTECODE"),
    proxyFactory: constant("SAFE_PROXY_FACTORY_BYTECODE"),
    adapter: constant("SAFE7579_BYTECODE"),
    launchpad: constant("SAFE7579_LAUNCHPAD_BYTECODE"),
  };
}

/** What modulekit carries as hex literals in a Solidity file. */
function readConstants(file: string): (name: string) => Hex {
  const path = require.resolve(`@rhinestone/modulekit/src/deployment/precompiles/${file}.sol`);
  const source = readFileSync(path, "utf8");
  return (name) => {
    const start = source.indexOf(`constant ${name} =`);
    const digits = start === -1 ? undefined : /hex"([0-9a-fA-F]+)"/.exec(source.slice(start))?.[1];
    const code = `0x${digits}`;
    if (digits === undefined || !isHex(code)) throw new Error(`${name} not found in ${path}`);
    return code;
  };
}
