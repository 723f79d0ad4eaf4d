// A copy of what forge needs, in which artifacts are replaced: the contracts themselves are never touched.
import { spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { foundryBinary } from "../foundry-binary.js";
import { type Code, solc, type Target } from "./compiler.js";
import { TESTS_WITH_CODE } from "./tests.js";

export type Workspace = { root: string };
/** A test, or the setUp of those in a file. */
export type Failure = { test: string; suite: string };
/** `seconds`: how long each test took. */
export type Run = { failed: Failure[]; seconds: Map<string, number>; timedOut: boolean };

/** `without` are names of tests that do not run; with `only`, no others do. With `first`, until one fails. */
export type RunOptions = {
  seed: string;
  runs: number;
  without: readonly string[];
  only?: readonly string[];
  first: boolean;
  timeout: number;
};

const BUILT = "cache/mutate/built";
const COPIED = ["contracts", "test", "script", "docs", "deployments", "foundry.toml", "remappings.txt"];

/** Copies the project and builds it, so that forge finds nothing to compile, and as many copies of that as are wanted. */
export async function prepare(home: string, count: number): Promise<Workspace[]> {
  const built = join(home, BUILT);
  mkdirSync(built, { recursive: true });
  for (const name of COPIED) {
    rmSync(join(built, name), { recursive: true, force: true });
    cpSync(join(home, name), join(built, name), { recursive: true, preserveTimestamps: true });
  }
  // Forge asks for the version each time, and the compiler takes a second to say it.
  const version = solc.version().replace(/\.Emscripten\.clang$/, ".Linux.g++");
  const answer = `if [ "$1" = "--version" ]; then echo "Version: ${version}"; else exec "${home}/script/solc" "$@"; fi`;
  writeFileSync(join(built, "script/solc"), `#!/bin/sh\n${answer}\n`, { mode: 0o755 });
  link(home, built);
  if (!existsSync(join(built, "out")) && existsSync(join(home, "out"))) {
    cpSync(join(home, "out"), join(built, "out"), { recursive: true, preserveTimestamps: true });
    // The copy's libraries are behind a link, and forge builds anew if they are elsewhere.
    const cache = JSON.parse(readFileSync(join(home, "cache/solidity-files-cache.json"), "utf8"));
    cache.paths.libraries = [realpathSync(join(home, "node_modules"))];
    mkdirSync(join(built, "cache"), { recursive: true });
    writeFileSync(join(built, "cache/solidity-files-cache.json"), JSON.stringify(cache));
  }
  const { output } = await forge({ root: built }, ["build"], 3_600);
  if (!/No files changed|Compiler run successful/.test(output)) throw new Error(output);
  return Array.from({ length: count }, (_, index) => {
    const root = join(home, "cache/mutate", String(index));
    rmSync(root, { recursive: true, force: true });
    for (const name of [...COPIED, "out", "cache"]) {
      cpSync(join(built, name), join(root, name), { recursive: true, preserveTimestamps: true });
    }
    link(home, root);
    return { root };
  });
}

function link(home: string, root: string) {
  if (!existsSync(join(root, "node_modules"))) symlinkSync(join(home, "node_modules"), join(root, "node_modules"));
}

/** The contracts that a source is part of. */
export function targetsOf({ root }: Workspace, file: string): Target[] {
  return targets(root).filter(({ sources }) => sources.includes(file));
}

const cache = new Map<string, Target[]>();

function targets(root: string): Target[] {
  const known = cache.get(root);
  if (known !== undefined) return known;
  const out = join(root, "out");
  const found = readdirSync(out, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".json") && !path.startsWith("build-info"))
    .flatMap((path) => {
      const { metadata, bytecode, abi } = JSON.parse(readFileSync(join(out, path), "utf8"));
      const target: [string, string] | undefined = Object.entries<string>(
        metadata?.settings?.compilationTarget ?? {},
      )[0];
      if (target === undefined) return [];
      const [file, name] = target;
      // A library by itself has nothing but its address.
      const isOurs = file.startsWith("contracts/") && !/\/(?:interfaces|libraries|types)\//.test(file);
      if (bytecode.object.length < 4 || !(isOurs || TESTS_WITH_CODE.includes(path))) return [];
      const { compilationTarget: _, ...settings } = metadata.settings;
      const built = abi.find(({ type }: { type: string }) => type === "constructor");
      const constructorWords: number = built?.inputs.length ?? 0;
      return [{ file, name, artifact: path, sources: Object.keys(metadata.sources), settings, constructorWords }];
    });
  cache.set(root, found);
  return found;
}

/** Puts a contract's code where forge takes it from. */
export function install({ root }: Workspace, { artifact }: Target, code: Code) {
  const path = join(root, "out", artifact);
  const content = JSON.parse(readFileSync(path, "utf8"));
  content.bytecode.object = `0x${code.creation}`;
  content.deployedBytecode.object = `0x${code.runtimes[0] ?? ""}`;
  writeFileSync(path, JSON.stringify(content));
}

/** Takes a contract's code back to what forge made. */
export function restore(home: string, { root }: Workspace, { artifact }: Target) {
  cpSync(join(home, BUILT, "out", artifact), join(root, "out", artifact), { preserveTimestamps: true });
}

/** Runs the tests of the files that a glob matches. */
export async function runTests(
  workspace: Workspace,
  tests: string,
  { seed, runs, without, only = [], first, timeout }: RunOptions,
): Promise<Run> {
  const args = ["test", "--match-path", tests, "--fuzz-runs", String(runs), "--fuzz-seed", seed];
  // What holds many changes may be too long to be deployed.
  args.push("--code-size-limit", "1000000");
  if (first) args.push("--fail-fast");
  if (only.length > 0) args.push("--match-test", `^(${only.join("|")})\\b`);
  if (without.length > 0) args.push("--no-match-test", `^(${without.join("|")})\\b`);
  const { status, output, timedOut } = await forge(workspace, [...args, "--json"], timeout);
  if (timedOut) return { failed: [], seconds: new Map(), timedOut };
  // All tests of the files may be among those to be left out.
  if (without.length > 0 && /No tests (?:found|match)/.test(output)) {
    return { failed: [], seconds: new Map(), timedOut };
  }
  const run = { ...readReport(output), timedOut };
  if (status !== 0 && run.failed.length === 0) throw new Error(output);
  return run;
}

/** Which tests failed, and how long each took. */
function readReport(output: string): Omit<Run, "timedOut"> {
  const json = output.split("\n").find((line) => line.startsWith("{") && line.includes('"test_results"'));
  if (json === undefined) throw new Error(output);
  const suites: Record<string, { test_results: Record<string, Result> }> = JSON.parse(json);
  const failed: Failure[] = [];
  const seconds = new Map<string, number>();
  for (const [path, { test_results }] of Object.entries(suites)) {
    const [suite = ""] = path.split(":");
    for (const [signature, { status, duration }] of Object.entries(test_results)) {
      const test = signature.split("(")[0] ?? "";
      if (status === "Failure") failed.push({ test, suite });
      seconds.set(test, (seconds.get(test) ?? 0) + secondsOf(duration));
    }
  }
  return { failed, seconds };
}

type Result = { status: string; duration: string };

/** Of a duration as forge writes it: "1s 235ms 7us 379ns". */
function secondsOf(duration: string): number {
  const units: Record<string, number> = { m: 60, s: 1, ms: 1e-3 };
  return [...duration.matchAll(/(\d+)([a-zµ]+)/g)]
    .map(([, count, unit = ""]) => Number(count) * (units[unit] ?? 0))
    .reduce((sum, one) => sum + one, 0);
}

type Answer = { status: number | null; output: string; timedOut: boolean };

function forge({ root }: Workspace, args: string[], timeout: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, FOUNDRY_INVARIANT_RUNS: "16", FOUNDRY_OUT: "out", FOUNDRY_CACHE_PATH: "cache" };
    const child = spawn(foundryBinary("forge"), args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
    }, timeout * 1000);
    const take = (data: Buffer) => {
      output += data;
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("close", (status) => {
      clearTimeout(timer);
      resolve({ status, output, timedOut });
    });
  });
}
