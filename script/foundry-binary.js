// Where npm put the native Foundry binaries: one package a platform, as optional dependencies.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const platforms = new Map([
  ["linux", "linux"],
  ["darwin", "darwin"],
  ["win32", "win32"],
]);
const architectures = new Map([
  ["x64", "amd64"],
  ["arm64", "arm64"],
]);

/**
 * The path of a native Foundry binary.
 * @param {string} tool forge, cast or anvil
 * @returns {string}
 */
export function foundryBinary(tool) {
  const platform = platforms.get(process.platform) ?? process.platform;
  const name = `@foundry-rs/${tool}-${platform}-${architectures.get(process.arch) ?? process.arch}`;
  const file = process.platform === "win32" ? `${tool}.exe` : tool;
  try {
    return require.resolve(`${name}/bin/${file}`);
  } catch (cause) {
    throw new Error(`${name} is not installed: run \`npm ci\` with optional dependencies`, { cause });
  }
}
