// Runs the native Foundry binary of this platform: `node script/foundry.js forge test`.
// The wrappers that npm puts into node_modules/.bin report success when forge fails; the native binary does not.
import { spawnSync } from "node:child_process";
import { constants } from "node:os";
import { foundryBinary } from "./foundry-binary.js";

const [tool = "", ...args] = process.argv.slice(2);
if (!["forge", "cast", "anvil"].includes(tool)) {
  process.stderr.write("usage: node script/foundry.js forge|cast|anvil [arguments]\n");
  process.exit(2);
}
// `forge lint` compiles without code, and would leave artifacts without code where the others expect some.
const apart = args[0] === "lint" ? { FOUNDRY_OUT: "cache/lint/out", FOUNDRY_CACHE_PATH: "cache/lint" } : {};
const { status, signal, error } = spawnSync(foundryBinary(tool), args, {
  stdio: "inherit",
  env: { ...process.env, ...apart },
});
if (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
process.exit(status ?? 128 + constants.signals[signal ?? "SIGTERM"]);
