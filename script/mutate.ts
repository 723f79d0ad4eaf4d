// Mutation testing of the contracts: breaks them in one place at a time, and asks the tests.
//
//   tsx script/mutate.ts [options] [file …]     files under contracts/, by default all that hold logic
//
//   --seeded          instead the known bugs in script/seeded-bugs.ts, each of which a test must catch
//   --limit <n>       at most n mutants, drawn evenly, by default all
//   --seed <text>     which ones are drawn, and the fuzzer's seed; by default "latchkey"
//   --lines <a-b>     only mutants of these lines
//   --list            print the mutants, and run none
//   --report <file>   append each outcome there, as a line of JSON; mutants that are in it already are not run again
//   --units           ask the unit tests alone; what they let pass is not reported unless script/mutants.json explains it, so that
//                     it is asked of all later
//   --json            print outcomes in that form too
//   --timeout <s>     seconds for one run of tests, by default 300: a mutant that takes longer counts as caught
//   --workers <n>     how many mutants run at a time, by default 2
//   --help
//
// The compiler sees a hundred mutants of a file at once, each under a condition that is false; then one after the other is
// switched on in the compiled code, so that a mutant costs no more than the tests that catch it. "same" are those of
// which the compiler makes the same code. It works in copies under cache/mutate, one run at a time, and changes nothing
// else. Exits with 1 if a mutant survives that script/mutants.json does not explain.
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { BATCH_SIZE, type Court, type Judgement, judgeAll, judgeOne, type Verdict } from "./mutate/judge.js";
import { type Mutant, mutantsOf } from "./mutate/mutants.js";
import { readSource } from "./mutate/sources.js";
import { TESTS, TOGETHER } from "./mutate/tests.js";
import { prepare } from "./mutate/workspace.js";
import { seededBugs } from "./seeded-bugs.js";

const home = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const print = (line: string) => process.stdout.write(`${line}\n`);
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeded: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
    limit: { type: "string", default: "0" },
    seed: { type: "string", default: "latchkey" },
    lines: { type: "string" },
    units: { type: "boolean", default: false },
    report: { type: "string" },
    timeout: { type: "string", default: "300" },
    workers: { type: "string", default: "2" },
  },
});
if (options.help) {
  const text = readFileSync(fileURLToPath(import.meta.url), "utf8").split("\nimport ")[0] ?? "";
  print(text.replaceAll(/^\/\/ ?/gm, ""));
  process.exit(0);
}

const explained: Record<string, string> = JSON.parse(readFileSync(join(home, "script/mutants.json"), "utf8"));
const explanation = ({ file, from, to }: Mutant): string | undefined =>
  explained[`${file}: ${to}`] ?? explained[`${file}: ${from} => ${to}`];

/** Mutants of one file, and who is asked about them. */
type Task = { mutants: readonly Mutant[]; tests: readonly string[] };

const tasks = options.seeded ? seeded() : drawn(files().map(tasksOf));
const mutants = tasks.flatMap((task) => task.mutants);
if (options.list) {
  for (const mutant of mutants) print(`${mutant.name}\n  - ${mutant.from}\n  + ${mutant.to}`);
  print(`${mutants.length} mutants`);
} else {
  process.exitCode = await runAll();
}

async function runAll(): Promise<number> {
  const outcomes: { mutant: Mutant; verdict: Verdict }[] = [];
  const start = performance.now();
  const count = (mutant: Mutant, { verdict, by }: Judgement, isKnown: boolean) => {
    outcomes.push({ mutant, verdict });
    const { name, file, line, from, to } = mutant;
    const outcome = JSON.stringify({ name, file, line, from, to, verdict, by });
    const isOpen = options.units && verdict === "survived" && explanation(mutant) === undefined;
    if (!isKnown && !isOpen && options.report !== undefined) appendFileSync(options.report, `${outcome}\n`);
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    const progress = `${outcomes.length}/${mutants.length}`;
    print(options.json ? outcome : `${progress} ${verdict.padEnd(8)} ${name} (${by}, ${seconds} s)`);
  };

  const known = readReport();
  const waiting = tasks.map(({ mutants, tests }) => {
    const isNew = (mutant: Mutant) => {
      const before = known.get(idOf(mutant));
      if (before !== undefined) count(mutant, before, true);
      return before === undefined;
    };
    return { mutants: mutants.filter(isNew), tests };
  });
  await judgeTasks(waiting, (mutant, judgement) => count(mutant, judgement, false));
  return conclude(outcomes);
}

async function judgeTasks(waiting: readonly Task[], report: Court["report"]) {
  if (waiting.every(({ mutants }) => mutants.length === 0)) return;
  const workspaces = await prepare(home, Number(options.workers) + 1);
  const spare = workspaces.pop();
  if (spare === undefined || workspaces.length === 0) throw new Error("--workers must be at least 1");
  const court = {
    home,
    workspaces,
    spare,
    seed: `0x${createHash("sha256").update(options.seed).digest("hex")}`,
    runs: options.seeded ? 64 : 32,
    timeout: Number(options.timeout),
    slow: new Map(),
    recent: new Map(),
    report,
    warn: (text: string) => process.stderr.write(`${text}\n`),
  };
  for (const task of grouped(waiting)) await judge({ ...court, tests: task.tests }, task);
}

function conclude(outcomes: readonly { mutant: Mutant; verdict: Verdict }[]): number {
  const counts: Record<Verdict, number> = { caught: 0, survived: 0, same: 0, invalid: 0, timeout: 0 };
  for (const { verdict } of outcomes) counts[verdict] += 1;
  const survivors = outcomes.flatMap(({ mutant, verdict }) => (verdict === "survived" ? [mutant] : []));
  if (!options.json) {
    print(
      Object.entries(counts)
        .map(([verdict, number]) => `${verdict}: ${number}`)
        .join(", "),
    );
    for (const mutant of survivors) {
      const { name, from, to } = mutant;
      print(`\n${name}: ${explanation(mutant) ?? "not explained"}\n  - ${from}\n  + ${to}`);
    }
  }
  // A known bug must be caught; that it is none any more is for somebody to see.
  if (options.seeded) return counts.caught + counts.timeout < outcomes.length ? 1 : 0;
  return survivors.some((mutant) => explanation(mutant) === undefined) ? 1 : 0;
}

async function judge(court: Court, { mutants }: Task) {
  const switched = mutants.filter(({ place }) => place.switched !== undefined);
  for (let at = 0; at < switched.length; at += BATCH_SIZE) {
    await judgeAll(court, switched.slice(at, at + BATCH_SIZE));
  }
  for (const mutant of mutants.filter(({ place }) => place.switched === undefined)) await judgeOne(court, mutant);
}

/** Together what is of one file and for the same tests. */
function grouped(all: readonly Task[]): Task[] {
  const groups = new Map<string, Task>();
  for (const { mutants, tests } of all) {
    if (mutants.length === 0) continue;
    const key = `${mutants[0]?.file} ${tests}`;
    groups.set(key, { mutants: [...(groups.get(key)?.mutants ?? []), ...mutants], tests });
  }
  return [...groups.values()];
}

/** A mutant apart from its line number, which moves. */
function idOf({ file, from, to }: Pick<Mutant, "file" | "from" | "to">): string {
  return JSON.stringify([file, from, to]);
}

function readReport(): Map<string, Judgement> {
  if (options.report === undefined || !existsSync(options.report)) return new Map();
  const lines = readFileSync(options.report, "utf8").split("\n").filter(Boolean);
  return new Map(
    lines.map((line) => {
      const outcome: Mutant & Judgement = JSON.parse(line);
      return [idOf(outcome), outcome];
    }),
  );
}

function files(): string[] {
  const chosen = positionals.map((path) => (path.startsWith("contracts/") ? path : `contracts/${path}`));
  const all = Object.keys(TESTS).filter((file) => existsSync(join(home, file)));
  const unknown = chosen.filter((file) => !all.includes(file));
  if (unknown.length > 0) {
    process.stderr.write(`no such file, or none with logic: ${unknown.join(", ")}\n`);
    process.exit(2);
  }
  return chosen.length > 0 ? chosen : all;
}

function tasksOf(file: string): Task {
  const [first = 1, last = Number.POSITIVE_INFINITY] = options.lines?.split("-").map(Number) ?? [];
  return {
    mutants: mutantsOf(home, file).filter(({ line }) => line >= first && line <= last),
    tests: (TESTS[file] ?? []).filter((glob) => !options.units || glob !== TOGETHER).map((glob) => `${glob}.t.sol`),
  };
}

/**
 * As many as are wanted, the same ones for the same seed. Those of a file in an order that is drawn too, so that of a
 * run that is cut short something can be said.
 */
function drawn(all: Task[]): Task[] {
  const keys = new Map(all.flatMap(({ mutants }) => mutants).map((mutant) => [mutant, keyOf(mutant)]));
  const ranked = [...keys].sort(([, a], [, b]) => (a < b ? -1 : 1)).map(([mutant]) => mutant);
  const limit = Number(options.limit) || ranked.length;
  const kept = new Set(ranked.slice(0, limit));
  return all.map(({ mutants: [mutant], tests }) => ({
    mutants: ranked.filter((other) => kept.has(other) && other.file === mutant?.file),
    tests,
  }));
}

function keyOf({ name, to }: Mutant): string {
  return createHash("sha256")
    .update(options.seed + name + to)
    .digest("hex");
}

function seeded(): Task[] {
  return seededBugs.map(({ name, file, from, to, tests }) => {
    const { text } = readSource(home, file);
    const start = text.indexOf(from);
    if (start < 0 || text.includes(from, start + 1)) {
      process.stderr.write(`${name}: ${file} has not once:\n${from}\n`);
      process.exit(2);
    }
    const line = text.slice(0, start).split("\n").length;
    const place = { start, end: start + from.length, replaced: to, yul: false, order: 0 };
    return { mutants: [{ name, file, line, from, to, place }], tests: [`${tests}.t.sol`] };
  });
}
