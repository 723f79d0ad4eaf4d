// Fuzzes for hours what the tests fuzz for seconds: `npm run campaign -- [options]`.
//
//   --hours <n>    how long, by default 1; the round under way is finished
//   --seed <text>  what the rounds' seeds are drawn from, by default "latchkey"
//   --folder <f>   where rounds and the corpus are kept, by default campaign
//   --runs <n>     fuzz runs of each test in a round, by default 10000; invariants have a twentieth, of 256 steps each
//   --help
//
// A round has a seed of its own, so that each can be run again by itself. From it come the fuzzers' inputs and other sessions and
// operations for the comparison with the SDK's offline check than the committed ones. Tests that give a number of runs
// themselves, because one takes milliseconds, keep to it. It goes on after the last round in the folder; what invariants came upon
// that was new is kept in the corpus, and they begin from there. Stops at the first failure, with 1.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createVectors, formatVectors } from "../sdk/test/differential/vectors.ts";
import { foundryBinary } from "./foundry-binary.js";

type Round = {
  round: number;
  campaign: string;
  seed: string;
  ended: string;
  seconds: number;
  passed: number;
  failed: string[];
  /** Calls of handlers and of fuzzed tests. */
  calls: number;
};
type Kind = { Fuzz?: { runs: number }; Invariant?: { calls: number } };
type Report = Record<string, { test_results: Record<string, { status: string; reason: string | null; kind: Kind }> }>;

const home = fileURLToPath(new URL("..", import.meta.url));
/** Where forge may read. */
const VECTORS = join("out", "vectors.json");
const SESSIONS = 1400;
const print = (line: string) => process.stdout.write(`${line}\n`);
const { values: options } = parseArgs({
  options: {
    hours: { type: "string", default: "1" },
    seed: { type: "string", default: "latchkey" },
    folder: { type: "string", default: join(home, "campaign") },
    runs: { type: "string", default: "10000" },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  const text = readFileSync(fileURLToPath(import.meta.url), "utf8").split("\nimport ")[0] ?? "";
  print(text.replaceAll(/^\/\/ ?/gm, ""));
} else {
  process.exitCode = campaign();
}

function campaign(): number {
  mkdirSync(join(options.folder, "corpus"), { recursive: true });
  const log = join(options.folder, "rounds.jsonl");
  const before: Round[] = existsSync(log)
    ? readFileSync(log, "utf8")
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : [];
  let next = Math.max(0, ...before.filter(({ campaign }) => campaign === options.seed).map(({ round }) => round)) + 1;
  let calls = before.reduce((sum, round) => sum + round.calls, 0);
  const end = Date.now() + Number(options.hours) * 3_600_000;
  do {
    const round = run(next);
    appendFileSync(log, `${JSON.stringify(round)}\n`);
    calls += round.calls;
    print(
      `round ${next}: ${round.passed} passed, ${round.failed.length} failed, ${round.calls} calls, ${round.seconds} s, ${round.seed}`,
    );
    for (const failure of round.failed) print(`  ${failure}`);
    if (round.failed.length > 0 || round.passed === 0) return 1;
    next += 1;
  } while (Date.now() < end);
  print(`${next - 1} rounds of "${options.seed}", ${calls} calls in all`);
  return 0;
}

function run(round: number): Round {
  const seed = `0x${createHash("sha256").update(`${options.seed} ${round}`).digest("hex")}`;
  const runs = Number(options.runs);
  const start = Date.now();
  mkdirSync(join(home, "out"), { recursive: true });
  writeFileSync(
    join(home, VECTORS),
    formatVectors(createVectors({ seed: Number.parseInt(seed.slice(0, 10), 16), runs: SESSIONS })),
  );
  const tests = "test/{unit,conformance,invariant,integration}/**";
  const args = ["test", "--json", "--match-path", tests, "--fuzz-runs", String(runs)];
  const { stdout, stderr } = spawnSync(foundryBinary("forge"), [...args, "--fuzz-seed", seed], {
    cwd: home,
    encoding: "utf8",
    maxBuffer: 1 << 30,
    env: {
      ...process.env,
      FOUNDRY_INVARIANT_RUNS: String(Math.max(1, Math.ceil(runs / 20))),
      FOUNDRY_INVARIANT_DEPTH: "256",
      FOUNDRY_INVARIANT_CORPUS_DIR: join(options.folder, "corpus"),
      VECTORS,
    },
  });
  const results = Object.entries(parse(stdout, stderr)).flatMap(([contract, { test_results }]) =>
    Object.entries(test_results).map(([name, result]) => ({ name: `${contract} ${name}`, ...result })),
  );
  return {
    round,
    campaign: options.seed,
    seed,
    ended: new Date().toISOString(),
    seconds: Math.round((Date.now() - start) / 1000),
    passed: results.filter(({ status }) => status === "Success").length,
    failed: results
      .filter(({ status }) => status !== "Success")
      .map(({ name, reason }) => `${name}: ${reason ?? "failed"}`),
    calls: results.reduce((sum, { kind }) => sum + (kind.Fuzz?.runs ?? kind.Invariant?.calls ?? 1), 0),
  };
}

/** The report is one line; others tell how far invariants are. */
function parse(output: string, errors: string): Report {
  const line = output.split("\n").findLast((text) => text.startsWith("{") && !text.includes('"event":'));
  if (line !== undefined) return JSON.parse(line);
  process.stderr.write(`${output.slice(-10_000)}${errors}`);
  return {};
}
