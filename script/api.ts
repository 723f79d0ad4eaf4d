// Writes the API reference (docs/api) from the SDK's comments: `tsx script/api.ts [--check]`. With --check, changes nothing,
// and exits with 1 if something would change.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const home = fileURLToPath(new URL("..", import.meta.url));
const { values: options } = parseArgs({
  options: { check: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
});
if (options.help) {
  process.stdout.write(
    "npm run docs:api [-- --check]\n\nWrites docs/api from the comments of the SDK, or checks that it is as they are.\n",
  );
  process.exit(0);
}

const reference = join(home, "docs", "api");
const temporary = mkdtempSync(join(tmpdir(), "latchkey-api-"));
try {
  const out = options.check ? temporary : reference;
  if (!options.check) rmSync(reference, { recursive: true, force: true });
  generate(out);
  const stale = options.check ? findStale(out) : [];
  for (const path of stale) process.stderr.write(`docs/api/${path} is not up to date: run \`npm run docs:api\`\n`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

function generate(out: string): void {
  const { exports }: { exports: Record<string, { default: string } | string> } = JSON.parse(
    readFileSync(join(home, "sdk", "package.json"), "utf8"),
  );
  const entries = Object.values(exports).flatMap((target) =>
    typeof target === "string" ? [] : [target.default.replace("./dist/", "sdk/src/").replace(/\.js$/, ".ts")],
  );
  const require = createRequire(import.meta.url);
  const typedoc = join(dirname(require.resolve("typedoc/package.json")), "bin", "typedoc");
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [typedoc, "--out", out, ...entries.flatMap((entry) => ["--entryPoints", entry])],
    { cwd: home, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`typedoc failed:\n${stdout}${stderr}`);
}

function findStale(out: string): readonly string[] {
  const list = (folder: string) => {
    try {
      return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".md"));
    } catch {
      return [];
    }
  };
  const read = (folder: string, path: string) => {
    try {
      return readFileSync(join(folder, path), "utf8");
    } catch {
      return undefined;
    }
  };
  return [...new Set([...list(out), ...list(reference)])].filter((path) => read(out, path) !== read(reference, path));
}
