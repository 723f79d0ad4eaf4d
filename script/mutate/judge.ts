// What the tests say to mutants.
import { type Code, compile, objectionTo, type Target } from "./compiler.js";
import { type Mutant, markOf, withAll, withOne } from "./mutants.js";
import { readSource, type Source } from "./sources.js";
import { type Failure, install, restore, runTests, targetsOf, type Workspace } from "./workspace.js";

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
  /** The tests of a glob that take much of its time. */
  slow: Map<string, Promise<readonly string[]>>;
  /** The tests that caught mutants, the last one first, by their glob. */
  recent: Map<string, readonly string[]>;
  report: (mutant: Mutant, judgement: Judgement) => void;
  warn: (text: string) => void;
};

type Compiled = { target: Target; code: Code };

/** Mutants in one and the same code. */
type Trial = Court & {
  /** Tests that fail though no change is made, because they measure the code. */
  failing: Set<string>;
  /** Whether a test passes if no change is made. */
  passes: Map<string, Promise<boolean>>;
};

/** How many changes are compiled at once. */
export const BATCH_SIZE = 100;

/** How many of the tests that caught others are asked before all others. */
const RECENT = 8;

/** Judges mutants of one file, which are compiled at once. */
export async function judgeAll(court: Court, mutants: readonly Mutant[]): Promise<void> {
  const [first] = mutants;
  if (first === undefined) return;
  const source = readSource(court.home, first.file);
  const compiled = compileTargets(court, first.file, [withAll(source, mutants)]);
  if ("error" in compiled) {
    if (mutants.length === 1) return court.report(first, invalid(compiled.error));
    const rest = withoutInvalid(court, mutants, source);
    if (rest.length < mutants.length) return judgeAll(court, rest);
    // Too much for the stack at once.
    const half = mutants.length >> 1;
    await judgeAll(court, mutants.slice(0, half));
    await judgeAll(court, mutants.slice(half));
    return;
  }
  const all = [...court.workspaces, court.spare];
  for (const workspace of all) for (const { target, code } of compiled) install(workspace, target, code);
  const trial = { ...court, failing: new Set<string>(), passes: new Map() };
  const waiting = [...mutants.entries()];
  await Promise.all(
    court.workspaces.map(async (workspace) => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [index, mutant] = next;
        const changed = compiled.flatMap((one) => {
          const code = switchOn(one, markOf(index));
          return code === undefined ? [] : [{ ...one, changedCode: code }];
        });
        if (changed.length === 0) {
          court.report(mutant, { verdict: "same", by: "the compiler" });
          continue;
        }
        for (const { target, changedCode } of changed) install(workspace, target, changedCode);
        const judgement = await ask(trial, workspace);
        for (const { target, code } of changed) install(workspace, target, code);
        court.report(mutant, judgement.verdict === "survived" ? confirmed(court, mutant, source) : judgement);
      }
    }),
  );
  for (const workspace of all) for (const { target } of compiled) restore(court.home, workspace, target);
}

/** Mutants without those that are no Solidity, which are reported. */
function withoutInvalid(court: Court, mutants: readonly Mutant[], source: Source): readonly Mutant[] {
  const { home, workspaces, report } = court;
  const [first] = mutants;
  const target = workspaces[0] === undefined ? undefined : targetsOf(workspaces[0], source.path)[0];
  if (first === undefined || target === undefined) return [];
  const objection = objectionTo(home, target, [withAll(source, mutants)]);
  if (objection === undefined) return mutants;
  if (mutants.length === 1) {
    report(first, invalid(objection));
    return [];
  }
  const half = mutants.length >> 1;
  return [mutants.slice(0, half), mutants.slice(half)].flatMap((some) => withoutInvalid(court, some, source));
}

function invalid(error: string): Judgement {
  return { verdict: "invalid", by: error.split("\n")[0] ?? "" };
}

/** Judges a change that is compiled by itself. */
export async function judgeOne(court: Court, mutant: Mutant): Promise<void> {
  const [workspace] = court.workspaces;
  if (workspace === undefined) return;
  const compiled = compileTargets(court, mutant.file, [withOne(readSource(court.home, mutant.file), mutant)]);
  if ("error" in compiled) return court.report(mutant, invalid(compiled.error));
  const changed = compiled.filter(
    ({ target, code }) => code.creation !== originalOf(court.home, target, QUICK).creation,
  );
  if (changed.length === 0) return court.report(mutant, { verdict: "same", by: "the compiler" });
  for (const { target, code } of changed) {
    install(workspace, target, code);
    install(court.spare, target, originalOf(court.home, target, QUICK));
  }
  const judgement = await ask({ ...court, failing: new Set(), passes: new Map() }, workspace);
  for (const { target } of changed) for (const one of [workspace, court.spare]) restore(court.home, one, target);
  court.report(
    mutant,
    judgement.verdict === "survived" ? confirmed(court, mutant, readSource(court.home, mutant.file)) : judgement,
  );
}

/** A mutant that no test caught, unless the compiler makes the same of it. */
function confirmed({ home, workspaces }: Court, mutant: Mutant, source: Source): Judgement {
  const [workspace] = workspaces;
  const changed = [withOne(source, mutant)];
  // What is compiled soonest comes first: one that differs is enough.
  const targets = workspace === undefined ? [] : targetsOf(workspace, mutant.file);
  const isSame = [...targets]
    .sort((a, b) => a.sources.length - b.sources.length)
    .every((target) => {
      const code = compile(home, target, changed, AS_DEPLOYED);
      return !("error" in code) && code.creation === originalOf(home, target, AS_DEPLOYED).creation;
    });
  return isSame ? { verdict: "same", by: "the compiler" } : { verdict: "survived", by: "no test" };
}

async function ask(trial: Trial, workspace: Workspace): Promise<Judgement> {
  for (const tests of trial.tests) {
    const judgement = await askSome(trial, workspace, tests);
    if (judgement !== undefined) return judgement;
  }
  return { verdict: "survived", by: "no test" };
}

/** What the tests of a glob have to say, if anything: first those that caught others, then what is quick, then the rest. */
async function askSome(trial: Trial, workspace: Workspace, tests: string): Promise<Judgement | undefined> {
  const { recent } = trial;
  if (!trial.slow.has(tests)) trial.slow.set(tests, measure(trial, tests));
  const slow = (await trial.slow.get(tests)) ?? [];
  const first = (recent.get(tests) ?? []).slice(0, RECENT);
  const rounds = [
    ...(first.length > 0 ? [{ only: first, without: [] }] : []),
    { without: [...slow, ...first] },
    ...(slow.length > 0 ? [{ only: slow, without: [] }] : []),
  ];
  for (const round of rounds) {
    const judgement = await askRound(trial, workspace, tests, round);
    if (judgement === undefined) continue;
    const { by } = judgement;
    const isKnown = by === "setUp" || slow.includes(by) || judgement.verdict !== "caught";
    if (!isKnown) recent.set(tests, [by, ...(recent.get(tests) ?? []).filter((test) => test !== by)]);
    return judgement;
  }
  return undefined;
}

type Round = { only?: readonly string[]; without: readonly string[] };

/** Tests that fail without a change too are left out, and the others asked again. */
async function askRound(
  trial: Trial,
  workspace: Workspace,
  tests: string,
  round: Round,
): Promise<Judgement | undefined> {
  const { seed, runs, timeout, failing, warn } = trial;
  for (;;) {
    const without = [...round.without, ...failing];
    const options = { seed, runs, ...round, without, first: true, timeout };
    const { failed, timedOut } = await runTests(workspace, tests, options);
    if (timedOut) return { verdict: "timeout", by: "no answer in time" };
    const [one] = failed;
    if (one === undefined) return undefined;
    if (await passesUnchanged(trial, one)) return { verdict: "caught", by: one.test };
    if (!failing.has(one.test)) warn(`left out, as it fails on code with conditions in it: ${one.test}`);
    failing.add(one.test);
  }
}

function passesUnchanged({ spare, seed, runs, timeout, passes }: Trial, { test, suite }: Failure): Promise<boolean> {
  const key = `${suite} ${test}`;
  const known = passes.get(key);
  if (known !== undefined) return known;
  const only = test === "setUp" ? [] : [test];
  const answer = runTests(spare, suite, { seed, runs, only, without: [], first: false, timeout: 10 * timeout }).then(
    ({ failed }) => !failed.some((one) => one.test === test),
  );
  passes.set(key, answer);
  return answer;
}

function compileTargets(court: Court, file: string, replaced: readonly Source[]): Compiled[] | { error: string } {
  const [workspace] = court.workspaces;
  const compiled: Compiled[] = [];
  for (const target of workspace === undefined ? [] : targetsOf(workspace, file)) {
    const code = compile(court.home, target, replaced, QUICK);
    if ("error" in code) return code;
    compiled.push({ target, code });
  }
  if (compiled.length === 0) throw new Error(`${file} is in no contract`);
  return compiled;
}

const QUICK = { quick: true };
const AS_DEPLOYED = { quick: false };

const originals = new Map<string, Code>();

/** What this process makes of a target as it is: forge compiles other sources with it, and gets functions in another order. */
function originalOf(home: string, target: Target, { quick }: { quick: boolean }): Code {
  const key = `${target.artifact} ${quick}`;
  const known = originals.get(key);
  if (known !== undefined) return known;
  const code = compile(home, target, [], { quick });
  if ("error" in code) throw new Error(code.error);
  originals.set(key, code);
  return code;
}

/** The tests that take much of the time. */
async function measure({ spare, seed, runs, timeout }: Court, tests: string): Promise<readonly string[]> {
  const options = { seed, runs, without: [], first: false, timeout: 10 * timeout };
  const { seconds } = await runTests(spare, tests, options);
  const all = [...seconds.values()].reduce((sum, one) => sum + one, 0);
  return [...seconds].flatMap(([test, one]) => (one > all / 50 ? test : []));
}

/** The code with one change made; nothing if the change is not in it. */
function switchOn({ code: { creation, runtimes }, target }: Compiled, mark: number): Code | undefined {
  const push = `63${mark.toString(16)}`;
  const places = runtimes.map((runtime) => ({ at: creation.indexOf(runtime), runtime })).filter(({ at }) => at >= 0);
  // What is not deployed is the constructor's, whose arguments are behind its code.
  const all = { length: creation.length + 64 * target.constructorWords };
  let result = creation;
  let isFound = false;
  for (let at = creation.indexOf(push); at >= 0; at = creation.indexOf(push, at + 1)) {
    if (at % 2 !== 0) continue;
    const within = places.find((place) => at >= place.at && at < place.at + place.runtime.length);
    isFound = true;
    const length = ((within?.runtime ?? all).length / 2).toString(16).padStart(8, "0");
    result = `${result.slice(0, at)}63${length}${result.slice(at + push.length)}`;
  }
  if (!isFound) return undefined;
  return { creation: result, runtimes };
}
