// Runs the test suites one after the other and sums them up: `tsx script/test.ts [forge] [sdk] [node] [e2e]`, by default all.
//
//   --root <directory>  the project whose forge tests are run, by default this one
//   --report <file>     also write the sums there, as JSON; by default the file that TEST_REPORT names
//
// Exits with 1 if a test fails or a suite cannot be run. Everything must be built before.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { foundryBinary } from "./foundry-binary.js";

type Outcome = { passed: number; failed: number; skipped: number };
type Suite = { name: string; run: () => Promise<Outcome> };

const home = fileURLToPath(new URL("..", import.meta.url));
const print = (line: string) => process.stdout.write(`${line}\n`);

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { root: { type: "string", default: home }, report: { type: "string" } },
});

const suites: Suite[] = [
  { name: "forge", run: () => runForge(options.root) },
  { name: "sdk", run: () => runVitest("sdk") },
  { name: "node", run: () => runVitest("node") },
  { name: "e2e", run: () => runVitest("e2e") },
];

const unknown = positionals.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
  process.stderr.write(`no such suite: ${unknown.join(", ")}\n`);
  process.exit(2);
}
const chosen = positionals.length === 0 ? suites : suites.filter(({ name }) => positionals.includes(name));

const rows: (Outcome & { name: string; seconds: number })[] = [];
for (const { name, run } of chosen) {
  print(`\n== ${name}`);
  const start = performance.now();
  const outcome = await run();
  rows.push({ name, ...outcome, seconds: (performance.now() - start) / 1000 });
}

print("\n== summary");
for (const { name, passed, failed, skipped, seconds } of rows) {
  const counts = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
  print(`${name.padEnd(6)}${counts} in ${seconds.toFixed(1)} s`);
}
const sum = (count: (row: Outcome) => number) => rows.reduce((total, row) => total + count(row), 0);
const total = { passed: sum((row) => row.passed), failed: sum((row) => row.failed) };
print(`all   ${total.passed} passed, ${total.failed} failed`);
const report = options.report ?? process.env["TEST_REPORT"];
if (report !== undefined) writeFileSync(report, JSON.stringify(total));
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);

type ForgeTest = {
  status: string;
  reason: string | null;
  counterexample: unknown;
  decoded_logs: string[];
};
type ForgeReport = Record<string, { duration: string; test_results: Record<string, ForgeTest> }>;

async function runForge(root: string): Promise<Outcome> {
  const { code, output } = await execute(foundryBinary("forge"), ["test", "--root", root, "--json"], true);
  const report = parse<ForgeReport>(output);
  if (report === undefined) {
    print(output);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const outcome: Outcome = { passed: 0, failed: 0, skipped: 0 };
  for (const [contract, { duration, test_results }] of Object.entries(report)) {
    const tests = Object.entries(test_results);
    const failures = tests.filter(([, { status }]) => status === "Failure");
    const skipped = tests.filter(([, { status }]) => status === "Skipped").length;
    outcome.failed += failures.length;
    outcome.skipped += skipped;
    outcome.passed += tests.length - failures.length - skipped;
    print(`${failures.length > 0 ? "FAIL" : "ok  "} ${contract}: ${tests.length} tests, ${duration}`);
    for (const [name, { reason, counterexample, decoded_logs }] of failures) {
      print(`     ${name}: ${reason ?? "failed"}`);
      if (counterexample !== null) print(`     counterexample: ${JSON.stringify(counterexample)}`);
      for (const line of decoded_logs) print(`     ${line}`);
    }
  }
  return withExitCode(outcome, code);
}

type VitestReport = {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
};

async function runVitest(project: string): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), "latchkey-test-"));
  try {
    const file = join(directory, "report.json");
    const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    const { code } = await execute(process.execPath, [vitest, "run", "--project", project, ...reporters], false);
    const report = parse<VitestReport>(readIfThere(file));
    return withExitCode(
      {
        passed: report?.numPassedTests ?? 0,
        failed: report?.numFailedTests ?? 0,
        skipped: (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0),
      },
      code,
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A suite that ends with an error although no test failed, or says nothing, has failed as a whole. */
function withExitCode(outcome: Outcome, code: number): Outcome {
  return code !== 0 && outcome.failed === 0 ? { ...outcome, failed: 1 } : outcome;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** The JSON object that a program printed; undefined if it printed something else. */
function parse<report>(output: string): report | undefined {
  try {
    return JSON.parse(output);
  } catch {
    return undefined;
  }
}

function execute(command: string, args: string[], captured: boolean): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: home, stdio: ["ignore", captured ? "pipe" : "inherit", "inherit"] });
    let output = "";
    child.stdout?.setEncoding("utf8");
    child.stdout?.on("data", (chunk: string) => {
      output += chunk;
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, output }));
  });
}
