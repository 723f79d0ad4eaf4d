// Measures which lines and branches of contracts/ the tests run: `npm run coverage -- [options]`.
//
//   --report <file>  the LCOV file that forge writes, by default lcov.info; with --keep, it is read and not made anew
//   --keep
//   --help
//
// Prints the share of each file, and the lines and branches that no test runs. Exits with 1 below 99 % of lines or 95 % of
// branches. Takes long: without the optimiser nothing compiles but through the IR, tests included. Tests of gas fail then,
// and count all the same. Lines of assembly are not counted: once a function is inlined, the compiler's map does not lead to them.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { foundryBinary } from "./foundry-binary.js";

type File = { path: string; lines: Map<number, number>; branches: Map<string, number> };

const LEAST = { lines: 0.99, branches: 0.95 };
/** What does not run contracts that the others leave, and would take its time. */
const SKIPPED = [
  "test/docs/**",
  "test/gas/**",
  "test/integration/**",
  "test/invariant/**",
  "test/proof/**",
  "test/script/**",
];

const home = fileURLToPath(new URL("..", import.meta.url));
const print = (line: string) => process.stdout.write(`${line}\n`);
const { values: options } = parseArgs({
  options: {
    report: { type: "string", default: join(home, "lcov.info") },
    keep: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  const text = readFileSync(fileURLToPath(import.meta.url), "utf8").split("\nimport ")[0] ?? "";
  print(text.replaceAll(/^\/\/ ?/gm, ""));
} else {
  if (!options.keep) measure();
  process.exitCode = report(read(readFileSync(options.report, "utf8")));
}

function measure(): void {
  rmSync(options.report, { force: true });
  const args = ["coverage", "--root", home, "--ir-minimum", "--report", "lcov", "--report-file", options.report];
  const { stdout, stderr } = spawnSync(foundryBinary("forge"), [...args, "--skip", ...SKIPPED], {
    cwd: home,
    encoding: "utf8",
    maxBuffer: 1 << 30,
    env: {
      ...process.env,
      FOUNDRY_FUZZ_RUNS: "64",
      FOUNDRY_GAS_LIMIT: "100000000000",
      FOUNDRY_MEMORY_LIMIT: "1000000000",
    },
  });
  for (const line of new Set(stdout.split("\n").filter((text) => text.startsWith("[FAIL")))) print(line.slice(0, 200));
  if (!existsSync(options.report)) throw new Error(stdout.slice(-5000) + stderr);
}

/** The files under contracts/ in an LCOV report. */
function read(lcov: string): File[] {
  const files: File[] = [];
  for (const line of lcov.split("\n")) {
    const [kind = "", rest = ""] = line.split(/:(.*)/);
    const fields = rest.split(",");
    const count = Number(fields.at(-1)) || 0;
    if (kind === "SF") files.push({ path: rest, lines: new Map(), branches: new Map() });
    else if (kind === "DA") files.at(-1)?.lines.set(Number(fields[0]), count);
    else if (kind === "BRDA") files.at(-1)?.branches.set(fields.slice(0, 3).join(":"), count);
  }
  const ours = files.filter(({ path, lines }) => path.startsWith("contracts/") && lines.size > 0);
  for (const { path, lines } of ours) for (const line of assemblyIn(path)) lines.delete(line);
  return ours;
}

/** The lines of a file that are in assembly blocks. */
function assemblyIn(path: string): number[] {
  let depth = 0;
  return readFileSync(join(home, path), "utf8")
    .split("\n")
    .flatMap((line, index) => {
      const isInside = depth > 0 || /^\s*assembly\b/.test(line);
      if (isInside) depth += line.split("{").length - line.split("}").length;
      return isInside ? [index + 1] : [];
    });
}

function report(files: File[]): number {
  const share = (counts: number[]) => counts.filter((count) => count > 0).length / counts.length;
  const percent = (value: number) => (Number.isNaN(value) ? "-" : `${(100 * value).toFixed(1)} %`).padStart(8);
  for (const { path, lines, branches } of files) {
    const missing = [
      ...[...lines].filter(([, count]) => count === 0).map(([line]) => `${line}`),
      ...[...branches].filter(([, count]) => count === 0).map(([place]) => `branch at ${place.split(":")[0]}`),
    ];
    const shares = `${percent(share([...lines.values()]))}${percent(share([...branches.values()]))}`;
    print(`${shares}  ${path}${missing.length > 0 ? `: ${missing.join(", ")}` : ""}`);
  }
  const lines = share(files.flatMap((file) => [...file.lines.values()]));
  const branches = share(files.flatMap((file) => [...file.branches.values()]));
  print(`${percent(lines)}${percent(branches)}  all lines, all branches`);
  return lines >= LEAST.lines && branches >= LEAST.branches ? 0 : 1;
}
