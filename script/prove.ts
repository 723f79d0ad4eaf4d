// Proves the functions of test/proof/: `npm run prove -- [options] [function …]`.
//
//   --seconds <n>    for one question to the solver, by default 60
//   --queries <dir>  also write every question there, for other solvers
//   --help
//
// Each function of a contract there is run on arguments and storage of which nothing is known, along every path of the
// code that the compiler made of it. For each path that ends in a panic (a false assertion, an overflow) a solver is asked
// for arguments that lead there. None may exist; and some must that lead to the function's end, or it would say nothing.
// A function whose name begins with proveAccepts may not revert in any other way either.
// The solver is `z3 -in`, or the command in SMT_SOLVER, which reads SMT-LIB 2 from its standard input. Exits with 1 unless
// all is proved.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Abi, type AbiFunction, type Hex, hexToBytes, toFunctionSelector } from "viem";
import { foundryBinary } from "./foundry-binary.js";
import { explore, type Path } from "./prove/machine.js";
import { type Answer, ask, query, type Theory } from "./prove/smt.js";

type Artifact = { abi: Abi; deployedBytecode: { object: Hex } };

const home = fileURLToPath(new URL("..", import.meta.url));
const folder = join(home, "test", "proof");
const print = (line: string) => process.stdout.write(`${line}\n`);
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "60" },
    queries: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const solver = (process.env["SMT_SOLVER"] ?? "z3 -in").split(" ");

if (options.help) {
  const text = readFileSync(fileURLToPath(import.meta.url), "utf8").split("\nimport ")[0] ?? "";
  print(text.replaceAll(/^\/\/ ?/gm, ""));
} else {
  process.exitCode = proveAll();
}

function proveAll(): number {
  const files = readdirSync(folder).filter((name) => name.endsWith(".sol"));
  const build = ["build", "--root", home, ...files.map((name) => join("test", "proof", name))];
  const { status, stdout, stderr } = spawnSync(foundryBinary("forge"), build, { cwd: home, encoding: "utf8" });
  if (status !== 0) {
    process.stderr.write(stdout + stderr);
    return 1;
  }
  if (options.queries !== undefined) mkdirSync(options.queries, { recursive: true });
  const outcomes = files.flatMap(artifact).map(({ code, item }) => {
    const start = performance.now();
    const { holds, detail } = prove(code, item);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    print(`${holds ? "proved" : "FAILED"} ${item.name}: ${detail}, ${seconds} s`);
    return holds;
  });
  const proved = outcomes.filter(Boolean).length;
  print(`${proved} proved, ${outcomes.length - proved} failed`);
  return proved > 0 && proved === outcomes.length ? 0 : 1;
}

/** The functions to be proved in a file, with the code they are in. */
function artifact(file: string): { code: Uint8Array; item: AbiFunction }[] {
  const path = join(home, "out", file, `${basename(file, ".sol")}.json`);
  const { abi, deployedBytecode }: Artifact = JSON.parse(readFileSync(path, "utf8"));
  const code = hexToBytes(deployedBytecode.object);
  return abi
    .filter((item) => item.type === "function")
    .filter(({ name }) => name.startsWith("prove") && (positionals.length === 0 || positionals.includes(name)))
    .map((item) => ({ code, item }));
}

function prove(code: Uint8Array, item: AbiFunction): { holds: boolean; detail: string } {
  const paths = explore(code, { selector: BigInt(toFunctionSelector(item)), count: wordsOf(item) });
  const returned = paths.filter(({ ending }) => ending.kind === "returned");
  const mayRevert = !item.name.startsWith("proveAccepts");
  const wrong = paths.filter(({ ending: { kind } }) => kind === "panicked" || (kind === "reverted" && !mayRevert));
  const how = new Set<string>();
  for (const [index, path] of wrong.entries()) {
    const { verdict, values, theory } = decide(path, `${item.name}-panic-${index}`);
    const end = path.ending.kind === "panicked" ? `panic ${path.ending.code}` : "a revert";
    if (verdict === "sat") return { holds: false, detail: `${end} with ${values}` };
    if (verdict === "unknown") return { holds: false, detail: `no answer for ${end}` };
    how.add(theory);
  }
  const isReal = returned.some((path, index) => decide(path, `${item.name}-return-${index}`).verdict === "sat");
  if (!isReal) return { holds: false, detail: "no arguments are found that lead to its end" };
  const theories = how.size === 0 ? "" : ` (${[...how].join(", ")})`;
  const ends = mayRevert ? "a panic" : "a panic or a revert";
  return { holds: true, detail: `${paths.length} paths, ${wrong.length} to ${ends}, none can be taken${theories}` };
}

/** How many words the arguments take: each is one, an array as many as it is long. */
function wordsOf({ inputs }: AbiFunction): number {
  return inputs.reduce((sum, { type }) => sum + Number(/\[(\d+)\]$/.exec(type)?.[1] ?? 1), 0);
}

/** Whether a path can be taken. What a theory that leaves something out finds may not be real. */
function decide(path: Path, name: string): Answer & { theory: Theory } {
  const most = Number(options.seconds);
  // What is quick in a theory is, as a rule, very quick.
  const attempts: [Theory, number][] = [
    ["abstract", Math.min(10, most)],
    ["loose", most],
    ["integers", most],
    ["bits", most],
    ["abstract", most],
  ];
  for (const [theory, seconds] of attempts) {
    const text = query(path, theory);
    if (text === undefined) continue;
    if (options.queries !== undefined) writeFileSync(join(options.queries, `${name}-${theory}.smt2`), text);
    const answer = ask(solver, text, seconds);
    const isFinal =
      answer.verdict === "unsat" || (answer.verdict === "sat" && (theory === "integers" || theory === "bits"));
    if (isFinal) return { ...answer, theory };
  }
  return { verdict: "unknown", theory: "bits" };
}
