// Writes what the SDK takes over from the contracts: their ABIs (sdk/src/generated.ts, by wagmi) and their addresses
// (sdk/src/deployments.ts, and the manager's alone in sdk/src/deployedManager.ts). With --check, changes nothing, and exits with 1 if something would change. The contracts must
// be compiled before.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const home = fileURLToPath(new URL("..", import.meta.url));
const generated = join(home, "sdk", "src", "generated.ts");
const deployments = join(home, "sdk", "src", "deployments.ts");
const deployedManager = join(home, "sdk", "src", "deployedManager.ts");

const generatedNotice = "// Generated from deployments/addresses.json by `npm run bindings`. Do not edit by hand.\n";

const before = new Map([generated, deployments, deployedManager].map((path) => [path, readIfThere(path)]));
generateAbis();
const addresses = readAddresses();
writeFileSync(deployments, deploymentsModule(addresses));
writeFileSync(deployedManager, managerModule(addresses));
const stale = [...before].filter(([path, content]) => readIfThere(path) !== content);

if (process.argv.includes("--check")) {
  for (const [path, content] of stale) {
    if (content !== undefined) writeFileSync(path, content);
    process.stderr.write(`${path} is not up to date: run \`npm run bindings\`\n`);
  }
  process.exitCode = stale.length > 0 ? 1 : 0;
}

function generateAbis(): void {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve("@wagmi/cli/package.json");
  const { bin }: { bin: { wagmi: string } } = JSON.parse(readFileSync(manifest, "utf8"));
  const { status, stderr } = spawnSync(process.execPath, [join(dirname(manifest), bin.wagmi), "generate"], {
    cwd: home,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`wagmi could not generate the ABIs:\n${stderr}`);
}

type Addresses = readonly (readonly [name: string, address: string])[];

function readAddresses(): Addresses {
  const pins: Record<string, { address: string }> = JSON.parse(
    readFileSync(join(home, "deployments", "addresses.json"), "utf8"),
  );
  return Object.entries(pins).map(([key, { address }]) => [key === "sessionKeyManager" ? "manager" : key, address]);
}

function deploymentsModule(addresses: Addresses): string {
  return [
    generatedNotice,
    'import { deployedManager } from "./deployedManager.js";\n\n',
    "export const deployments = {\n",
    ...addresses.map(([name, address]) =>
      name === "manager" ? "  manager: deployedManager,\n" : `  ${name}: "${address}",\n`,
    ),
    "} as const;\n",
  ].join("");
}

// In a module of its own: a page that only uses sessions loads no other address with it.
function managerModule(addresses: Addresses): string {
  const found = addresses.find(([name]) => name === "manager");
  if (found === undefined) throw new Error("deployments/addresses.json has no manager");
  return `${generatedNotice}export const deployedManager = "${found[1]}";\n`;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
