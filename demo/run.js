// `npm run demo`, also in a fresh clone: installs and builds what is missing, then runs demo.ts with the same arguments.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const args = process.argv.slice(2);

if (Number(process.versions.node.split(".")[0]) < 20) {
  process.stderr.write(`Node 20 or later is needed; this is ${process.version}\n`);
  process.exit(1);
}
if (!args.includes("--help")) {
  if (isStale()) run("installing from the lockfile", process.platform === "win32" ? "npm.cmd" : "npm", ["ci"]);
  const mocks = ["OwnerValidator", "MockERC20"].map((name) => `test/mocks/${name}.sol`);
  const sources = ["contracts", "script", ...mocks];
  run("compiling the contracts", process.execPath, ["script/foundry.js", "forge", "build", ...sources]);
  run("compiling the SDK", process.execPath, ["node_modules/typescript/bin/tsc", "-p", "sdk/tsconfig.build.json"]);
  run("compiling the node", process.execPath, ["node_modules/typescript/bin/tsc", "-p", "node/tsconfig.build.json"]);
} else if (isStale()) {
  run("installing from the lockfile", process.platform === "win32" ? "npm.cmd" : "npm", ["ci"]);
}
const { status } = spawnSync(process.execPath, ["node_modules/tsx/dist/cli.mjs", "demo/demo.ts", ...args], {
  cwd: root,
  stdio: "inherit",
});
process.exit(status ?? 1);

/** Whether what is installed is missing or older than the lockfile. */
function isStale() {
  const installed = `${root}node_modules/.package-lock.json`;
  return !existsSync(installed) || statSync(installed).mtimeMs < statSync(`${root}package-lock.json`).mtimeMs;
}

/**
 * Runs a command whose output goes where progress goes, or ends the demo.
 * @param {string} what
 * @param {string} command
 * @param {string[]} parameters
 */
function run(what, command, parameters) {
  process.stderr.write(`${what} …\n`);
  const { status } = spawnSync(command, parameters, {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
    env: { ...process.env, FOUNDRY_LINT_LINT_ON_BUILD: "false" },
  });
  if (status !== 0) {
    process.stderr.write(`${what}: failed\n`);
    process.exit(1);
  }
}
