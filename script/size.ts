// How large what a web page loads of the SDK is, with viem, React and the like left out: `tsx script/size.ts [--json]`. The
// SDK must be built. What is loaded at once counts; parts loaded later are listed beside it. Exits with 1 if something is
// larger than it may be.
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

type Entry = { name: string; code: string; limit: number };

const home = fileURLToPath(new URL("..", import.meta.url));

// Limits in bytes, gzipped. That of using a session is a promise; the others keep growth from going unseen.
const entries: readonly Entry[] = [
  {
    name: "use a session",
    code: 'export { createSessionKey, parseSession, toSessionAccount } from "latchkey/use";',
    limit: 12_000,
  },
  {
    name: "define and grant one",
    code: 'export { allowErc20, createSessionKey, defineSession, grantSession } from "latchkey";',
    limit: 32_000,
  },
  { name: "everything", code: 'export * from "latchkey";', limit: 80_000 },
];

const { values: options } = parseArgs({
  options: { json: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
});
if (options.help) {
  process.stdout.write("tsx script/size.ts [--json]\n\nGzipped sizes of the SDK's entries, against their limits.\n");
  process.exit(0);
}

const rows = await Promise.all(entries.map(measure));
if (options.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
else
  for (const { name, bytes, limit, later } of rows)
    process.stdout.write(
      `${name.padEnd(24)}${format(bytes)} of ${format(limit)}${later > 0 ? `, ${format(later)} more when needed` : ""}\n`,
    );
const large = rows.filter(({ bytes, limit }) => bytes > limit);
for (const { name, bytes, limit } of large)
  process.stderr.write(`"${name}" is ${bytes - limit} bytes larger than it may be\n`);
process.exitCode = large.length > 0 ? 1 : 0;

async function measure({ name, code, limit }: Entry) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: home },
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    platform: "browser",
    external: ["viem", "viem/*", "react", "wagmi", "@tanstack/react-query"],
    absWorkingDir: home,
    outdir: "size",
    write: false,
    metafile: true,
  });
  const sizes = new Map(
    outputFiles.map(({ path, contents }) => [relative(home, path), gzipSync(contents, { level: 9 }).length]),
  );
  const [first] = Object.entries(metafile.outputs).flatMap(([path, { entryPoint }]) => (entryPoint ? [path] : []));
  const atOnce = new Set<string>();
  const visit = (path: string | undefined): void => {
    if (path === undefined || atOnce.has(path)) return;
    atOnce.add(path);
    for (const { path: next, kind, external } of metafile.outputs[path]?.imports ?? [])
      if (kind === "import-statement" && !external) visit(next);
  };
  visit(Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === "<stdin>")?.[0] ?? first);
  const sum = (paths: readonly string[]) => paths.reduce((total, path) => total + (sizes.get(path) ?? 0), 0);
  const bytes = sum([...atOnce]);
  return { name, bytes, limit, later: sum([...sizes.keys()]) - bytes };
}

function format(bytes: number): string {
  return `${(bytes / 1000).toFixed(1).padStart(6)} kB`;
}
