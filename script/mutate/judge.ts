// What the tests say to mutants.
import { type Code, compile, type Target } from "./compiler.js";
import { type Mutant, markOf, withAll, withOne } from "./mutants.js";
import { readSource, type Source } from "./sources.js";
import { install, runTests, targetsOf, type Workspace } from "./workspace.js";

/** `same`: the compiled code is, so that there is nothing to catch. */
export type Verdict = "caught" | "survived" | "same" | "invalid" | "timeout";
export type Judgement = { verdict: Verdict; by: string };

export type Court = {
  home: string;
  workspaces: Workspace[];
  /** Where no change is ever made. */
  spare: Workspace;
  /** Globs of tests: the next ones are asked if these have nothing to say. */
  tests: readonly string[];
  seed: string;
  runs: number;
  timeout: number;
  /** What tests do if no change is made, by their glob. */
  measured: Map<string, Promise<Tests>>;
  report: (mutant: Mutant, judgement: Judgement) => void;
  warn: (text: string) => void;
};

type Compiled = { target: Target; original: Code; code: Code };

/** How many changes are compiled at once. */
export const BATCH_SIZE = 100;

/** Judges mutants of one file, which are compiled at once. */
export async function judgeAll(court: Court, mutants: readonly Mutant[]): Promise<void> {
  const [first] = mutants;
  if (first === undefined) return;
  const source = readSource(court.home, first.file);
  const compiled = compileTargets(court, first.file, [withAll(source, mutants)]);
  if ("error" in compiled) {
    if (mutants.length === 1)
      return court.report(first, { verdict: "invalid", by: compiled.error.split("\n")[0] ?? "" });
    const half = mutants.length >> 1;
    await judgeAll(court, mutants.slice(0, half));
    await judgeAll(court, mutants.slice(half));
    return;
  }
  const all = [...court.workspaces, court.spare];
  for (const workspace of all) for (const { target, code } of compiled) install(workspace, target, code);
  const waiting = [...mutants.entries()];
  await Promise.all(
    court.workspaces.map(async (workspace) => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [index, mutant] = next;
        const changed = compiled.flatMap((one) => {
          const code = switchOn(one.code, markOf(index));
          return code === undefined ? [] : [{ ...one, changedCode: code }];
        });
        if (changed.length === 0) {
          court.report(mutant, { verdict: "same", by: "the compiler" });
          continue;
        }
        for (const { target, changedCode } of changed) install(workspace, target, changedCode);
        const judgement = await ask(court, workspace);
        for (const { target, code } of changed) install(workspace, target, code);
        court.report(mutant, judgement.verdict === "survived" ? confirmed(court, mutant, source) : judgement);
      }
    }),
  );
  for (const workspace of all) for (const { target, original } of compiled) install(workspace, target, original);
}

/** Judges a change that is compiled by itself. */
export async function judgeOne(court: Court, mutant: Mutant): Promise<void> {
  const [workspace] = court.workspaces;
  if (workspace === undefined) return;
  const compiled = compileTargets(court, mutant.file, [withOne(readSource(court.home, mutant.file), mutant)]);
  if ("error" in compiled) return court.report(mutant, { verdict: "invalid", by: compiled.error.split("\n")[0] ?? "" });
  const changed = compiled.filter(({ code, original }) => code.creation !== original.creation);
  if (changed.length === 0) return court.report(mutant, { verdict: "same", by: "the compiler" });
  for (const { target, code } of changed) install(workspace, target, code);
  const judgement = await ask(court, workspace);
  for (const { target, original } of changed) install(workspace, target, original);
  court.report(mutant, judgement);
}

/** A mutant that no test caught, unless the compiler makes the same of it. */
function confirmed(court: Court, mutant: Mutant, source: Source): Judgement {
  const compiled = compileTargets(court, mutant.file, [withOne(source, mutant)]);
  const isSame = !("error" in compiled) && compiled.every(({ code, original }) => code.creation === original.creation);
  return isSame ? { verdict: "same", by: "the compiler" } : { verdict: "survived", by: "no test" };
}

async function ask(court: Court, workspace: Workspace): Promise<Judgement> {
  const { measured, seed, runs, timeout } = court;
  for (const tests of court.tests) {
    if (!measured.has(tests)) measured.set(tests, measure(court, tests));
    const { failing = [], slow = [] } = (await measured.get(tests)) ?? {};
    // What is quick, then the rest.
    const rounds = [{ without: [...failing, ...slow] }, ...(slow.length > 0 ? [{ only: slow, without: failing }] : [])];
    for (const round of rounds) {
      const { failed, timedOut } = await runTests(workspace, tests, { seed, runs, ...round, first: true, timeout });
      if (timedOut) return { verdict: "timeout", by: "no answer in time" };
      if (failed[0] !== undefined) return { verdict: "caught", by: failed[0] };
    }
  }
  return { verdict: "survived", by: "no test" };
}

function compileTargets(court: Court, file: string, replaced: readonly Source[]): Compiled[] | { error: string } {
  const [workspace] = court.workspaces;
  const compiled: Compiled[] = [];
  for (const target of workspace === undefined ? [] : targetsOf(workspace, file)) {
    const code = compile(court.home, target, replaced);
    if ("error" in code) return code;
    compiled.push({ target, code, original: originalOf(court, target) });
  }
  if (compiled.length === 0) throw new Error(`${file} is in no contract`);
  return compiled;
}

const originals = new Map<string, Code>();

/** What this process makes of a target as it is: forge compiles other sources with it, and gets functions in another order. */
function originalOf({ home }: Court, target: Target): Code {
  const known = originals.get(target.artifact);
  if (known !== undefined) return known;
  const code = compile(home, target, []);
  if ("error" in code) throw new Error(code.error);
  originals.set(target.artifact, code);
  return code;
}

/** Tests that fail though no change is made, because they measure the code, and those that take much of the time. */
type Tests = { failing: readonly string[]; slow: readonly string[] };

async function measure({ spare, seed, runs, timeout, warn }: Court, tests: string): Promise<Tests> {
  const options = { seed, runs, without: [], first: false, timeout: 10 * timeout };
  const { failed, seconds } = await runTests(spare, tests, options);
  if (failed.length > 0) warn(`left out, as they fail on code with conditions in it: ${failed.join(", ")}`);
  const all = [...seconds.values()].reduce((sum, one) => sum + one, 0);
  return { failing: failed, slow: [...seconds].flatMap(([test, one]) => (one > all / 50 ? test : [])) };
}

/** The code with one change made; nothing if the change is not in it. */
function switchOn({ creation, runtimes }: Code, mark: number): Code | undefined {
  const push = `63${mark.toString(16)}`;
  const places = runtimes.map((runtime) => ({ at: creation.indexOf(runtime), runtime })).filter(({ at }) => at >= 0);
  let result = creation;
  let isFound = false;
  for (let at = creation.indexOf(push); at >= 0; at = creation.indexOf(push, at + 1)) {
    if (at % 2 !== 0) continue;
    const within = places.find((place) => at >= place.at && at < place.at + place.runtime.length);
    if (within === undefined) throw new Error("a change outside of what is deployed");
    isFound = true;
    const length = (within.runtime.length / 2).toString(16).padStart(8, "0");
    result = `${result.slice(0, at)}63${length}${result.slice(at + push.length)}`;
  }
  if (!isFound) return undefined;
  return { creation: result, runtimes };
}
