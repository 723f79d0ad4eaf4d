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
//   --timeout <s>     seconds for one mutant, by default 600: one that takes longer counts as caught
//   --help
//
// It changes files under contracts/ where they are and puts them back, so run it in a clone of your own. Exits with 1 if a
// mutant survives that script/mutants.json does not explain.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { foundryBinary } from "./foundry-binary.js";
import { seededBugs } from "./seeded-bugs.js";

type Mutant = { name: string; file: string; line: number; from: string; to: string; mutated: string; tests: string };
type Verdict = "caught" | "survived" | "invalid" | "timeout";

const home = fileURLToPath(new URL("..", import.meta.url));
const print = (line: string) => process.stdout.write(`${line}\n`);
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeded: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
    limit: { type: "string", default: "0" },
    seed: { type: "string", default: "latchkey" },
    lines: { type: "string" },
    report: { type: "string" },
    timeout: { type: "string", default: "600" },
  },
});
if (options.help) {
  const text = readFileSync(fileURLToPath(import.meta.url), "utf8").split("\nimport ")[0] ?? "";
  print(text.replaceAll(/^\/\/ ?/gm, ""));
  process.exit(0);
}

/** Which tests know a file. What is not named here belongs to the manager. */
const MANAGER = "test/{unit/SessionKeyManager*,unit/SessionHash*,unit/ValidityWindow*}";
const SIGNATURES = "test/unit/SignatureChecker*";
const LIMITS = "test/unit/{BuiltInPolicies,LimitPolicies,ERC20LimitPolicy,PeriodLibrary,Budget}*";
const TESTS: Record<string, string> = {
  "contracts/SessionKeyManager.sol": MANAGER,
  "contracts/SignatureChecker.sol": SIGNATURES,
  "contracts/libraries/AccountDomain.sol": SIGNATURES,
  "contracts/libraries/SignatureUseDecoder.sol": SIGNATURES,
  "contracts/libraries/ActionDecoder.sol": MANAGER,
  "contracts/libraries/ExecutionDecoder.sol": MANAGER,
  "contracts/libraries/ForbiddenCalls.sol": MANAGER,
  "contracts/libraries/KeySignature.sol": MANAGER,
  "contracts/libraries/OperationCost.sol": MANAGER,
  "contracts/libraries/OperationReader.sol": MANAGER,
  "contracts/libraries/PolicyCall.sol": MANAGER,
  "contracts/libraries/SessionHash.sol": MANAGER,
  "contracts/libraries/UseDecoder.sol": MANAGER,
  "contracts/types/AccountState.sol": MANAGER,
  "contracts/types/PackedUse.sol": MANAGER,
  "contracts/types/ValidityWindow.sol": MANAGER,
  "contracts/libraries/LimitLibrary.sol": LIMITS,
  "contracts/libraries/ERC20Limit.sol": LIMITS,
  "contracts/libraries/UsageLimit.sol": LIMITS,
  "contracts/libraries/PeriodLibrary.sol": LIMITS,
  "contracts/types/Budget.sol": LIMITS,
  "contracts/policies/ERC20LimitPolicy.sol": LIMITS,
  "contracts/policies/NativeLimitPolicy.sol": LIMITS,
  "contracts/policies/UsageLimitPolicy.sol": LIMITS,
  "contracts/policies/GasLimitPolicy.sol": LIMITS,
  "contracts/policies/ABIRulePolicy.sol": "test/unit/ABIRulePolicy*",
  "contracts/libraries/ABIShape.sol": "test/unit/ABIRulePolicy*",
  "contracts/policies/TypedDataPolicy.sol": "test/unit/TypedDataPolicy*",
  "contracts/libraries/TypedDataRules.sol": "test/unit/TypedDataPolicy*",
  "contracts/libraries/P256Signature.sol": "test/unit/{P256Verifier,WebAuthnVerifier}*",
  "contracts/signers/P256Verifier.sol": "test/unit/P256Verifier*",
  "contracts/signers/WebCryptoP256Verifier.sol": "test/unit/P256Verifier*",
  "contracts/signers/WebAuthnVerifier.sol": "test/unit/WebAuthnVerifier*",
  "contracts/signers/ERC1271Verifier.sol": "test/unit/ERC1271Verifier*",
  "contracts/libraries/FrostSignature.sol": "test/unit/FrostVerifier*",
  "contracts/signers/FrostVerifier.sol": "test/unit/FrostVerifier*",
};

/** What is replaced by what, one place at a time. */
const REPLACEMENTS: readonly (readonly [RegExp, string])[] = [
  [/ == /g, " != "],
  [/ != /g, " == "],
  [/ <= /g, " < "],
  [/ >= /g, " > "],
  [/ < /g, " <= "],
  [/ > /g, " >= "],
  [/ && /g, " || "],
  [/ \|\| /g, " && "],
  [/ \+ /g, " - "],
  [/ - /g, " + "],
  [/ \+= /g, " -= "],
  [/ & /g, " | "],
  [/ << /g, " >> "],
  [/ >> /g, " << "],
  [/\btrue\b/g, "false"],
  [/\bfalse\b/g, "true"],
  [/\bif \((?=.*\) (?:revert|return|continue|_?[rR]efuse|execution\.refuse))/g, "if (false && "],
  [/^(\s*)(?:_?require\w*|execution\.refuse|window\.\w+|_grant|_check\w+|_refuse|use\.require\w+)\(.*\);$/g, "$1;"],
];

const NO_CODE = /^\s*(?:\/\/|import|pragma|error|event|using|contract|library)/;

const mutants = options.seeded ? seed() : drawn(files().flatMap(mutantsOf));
if (options.list) {
  for (const { name, from, to } of mutants) print(`${name}\n  - ${from.trim()}\n  + ${to.trim()}`);
  print(`${mutants.length} mutants`);
} else {
  process.exitCode = runAll();
}

function runAll(): number {
  const explained: Record<string, string> = JSON.parse(readFileSync(join(home, "script/mutants.json"), "utf8"));
  const known = new Map(readReport().map(({ name, verdict }) => [name, verdict]));
  const counts: Record<Verdict, number> = { caught: 0, survived: 0, invalid: 0, timeout: 0 };
  const survivors: Mutant[] = [];
  for (const [index, mutant] of mutants.entries()) {
    const start = performance.now();
    const before = known.get(mutant.name);
    const [verdict, by] = before === undefined ? run(mutant) : [before, "before"];
    counts[verdict] += 1;
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    print(`${index + 1}/${mutants.length} ${verdict.padEnd(8)} ${mutant.name} (${by}, ${seconds} s)`);
    if (before === undefined && options.report !== undefined) {
      const { name, from, to } = mutant;
      appendFileSync(options.report, `${JSON.stringify({ name, verdict, by, from: from.trim(), to: to.trim() })}\n`);
    }
    if (verdict === "survived") survivors.push(mutant);
  }
  print(
    Object.entries(counts)
      .map(([verdict, count]) => `${verdict}: ${count}`)
      .join(", "),
  );
  const unexplained = survivors.filter(({ name, to }) => !Object.hasOwn(explained, keyOf(name, to)));
  for (const { name, from, to } of survivors) {
    print(`\n${name}: ${explained[keyOf(name, to)] ?? "not explained"}\n  - ${from.trim()}\n  + ${to.trim()}`);
  }
  return unexplained.length > 0 ? 1 : 0;
}

/** A mutant apart from its line number, which moves. */
function keyOf(name: string, to: string): string {
  return `${name.split(":")[0]}: ${to.trim()}`;
}

function readReport(): { name: string; verdict: Verdict }[] {
  if (options.report === undefined || !existsSync(options.report)) return [];
  return readFileSync(options.report, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
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

function mutantsOf(file: string): Mutant[] {
  const lines = readFileSync(join(home, file), "utf8").split("\n");
  const [first = 1, last = lines.length] = options.lines?.split("-").map(Number) ?? [];
  return lines.flatMap((line, index) => {
    const isCode = !NO_CODE.test(line) && !line.includes("assembly");
    if (index + 1 < first || index + 1 > last || !isCode) return [];
    return changesOf(line).map(({ column, to }) => {
      const name = `${file}:${index + 1}:${column}`;
      const mutated = lines.with(index, to).join("\n");
      return { name, file, line: index + 1, from: line, to, mutated, tests: TESTS[file] ?? MANAGER };
    });
  });
}

/** What a line of code can be changed into. */
function changesOf(line: string): { column: number; to: string }[] {
  const code = line.split(" // ")[0] ?? line;
  return REPLACEMENTS.flatMap(([pattern, replacement]) =>
    [...code.matchAll(pattern)].map((match) => {
      const put = replacement.replace("$1", match[1] ?? "");
      return {
        column: match.index + 1,
        to: code.slice(0, match.index) + put + code.slice(match.index + match[0].length),
      };
    }),
  );
}

/** As many as are wanted, the same ones for the same seed. */
function drawn(all: Mutant[]): Mutant[] {
  const limit = Number(options.limit);
  if (limit === 0 || all.length <= limit) return all;
  const rank = ({ name, to }: Mutant) =>
    createHash("sha256")
      .update(options.seed + name + to)
      .digest("hex");
  const ranked = all.map((mutant) => ({ mutant, key: rank(mutant) })).sort((a, b) => (a.key < b.key ? -1 : 1));
  const kept = new Set(ranked.slice(0, limit).map(({ mutant }) => mutant));
  return all.filter((mutant) => kept.has(mutant));
}

function seed(): Mutant[] {
  return seededBugs.map(({ name, file, from, to, tests }) => {
    const source = readFileSync(join(home, file), "utf8");
    const parts = source.split(from);
    if (parts.length !== 2) {
      process.stderr.write(`${name}: ${file} has ${parts.length - 1} times, not once:\n${from}\n`);
      process.exit(2);
    }
    const line = (parts[0] ?? "").split("\n").length;
    return { name, file, line, from, to, mutated: parts.join(to), tests };
  });
}

/** What the tests say to a mutant, and which of them says no first. */
function run({ file, mutated, tests }: Mutant): [Verdict, string] {
  const path = join(home, file);
  const original = readFileSync(path, "utf8");
  const restore = () => writeFileSync(path, original);
  const stop = () => {
    restore();
    process.exit(130);
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  try {
    writeFileSync(path, mutated);
    const seedOption = `0x${createHash("sha256").update(options.seed).digest("hex")}`;
    const args = [
      "test",
      "--match-path",
      `${tests}.t.sol`,
      "--fuzz-runs",
      "64",
      "--fuzz-seed",
      seedOption,
      "--fail-fast",
    ];
    const { status, stdout, stderr, error } = spawnSync(foundryBinary("forge"), args, {
      cwd: home,
      encoding: "utf8",
      timeout: Number(options.timeout) * 1000,
      killSignal: "SIGKILL",
      maxBuffer: 1 << 28,
      env: { ...process.env, FOUNDRY_INVARIANT_RUNS: "16" },
    });
    if (error !== undefined) return ["timeout", "no answer in time"];
    if (status === 0) return ["survived", "no test"];
    const failure =
      /\[FAIL[^\n]*?\] ((?:test|invariant)\w*)/.exec(stdout)?.[1] ?? /\[FAIL[^\n]*\] (\w+)\(/.exec(stdout)?.[1];
    if (failure !== undefined) return ["caught", failure];
    if (/Compil(?:er|ation)[^\n]*fail/.test(stdout + stderr)) return ["invalid", "does not compile"];
    return ["caught", (stdout + stderr).trim().split("\n").at(-1) ?? ""];
  } finally {
    restore();
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}
