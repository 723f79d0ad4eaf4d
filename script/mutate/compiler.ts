// The compiler in this process: loaded once, it takes seconds where forge takes a minute.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import type { Node } from "./places.js";
import { contentOf, readSource, type Source } from "./sources.js";

export const solc: { compile(input: string, callbacks?: object): string; version(): string } = createRequire(
  import.meta.url,
)("solc");

/** A contract that is deployed by name, and how it is compiled: as its artifact says. Its constructor takes so many words. */
export type Target = {
  file: string;
  name: string;
  artifact: string;
  sources: string[];
  settings: object;
  constructorWords: number;
};

/** What is deployed, in hexadecimal: the code that creates a contract, and what it creates. */
export type Code = { creation: string; runtimes: string[] };

type Output = {
  errors?: { severity: string; formattedMessage: string }[];
  sources?: Record<string, { ast?: Node }>;
  contracts?: Record<
    string,
    Record<string, { evm: { bytecode: { object: string }; deployedBytecode: { object: string } } }>
  >;
};

/** Where our contracts are, rather than what they consist of. */
const CONTRACT = /^contracts\/(?:policies\/|signers\/)?(\w+)\.sol$/;

/** The optimiser takes most of the time: these steps are enough for the stack not to be too deep. */
const QUICK = {
  optimizer: { enabled: true, details: { yul: true, yulDetails: { optimizerSteps: "dhfoDgvulfnTUtnIf" } } },
};

/** The target with some sources replaced, or what the compiler has against it. `quick`: with little optimisation. */
export function compile(
  home: string,
  target: Target,
  replaced: readonly Source[],
  { quick }: { quick: boolean },
): Code | { error: string } {
  const { file, name, sources } = target;
  const settings = quick && "viaIR" in target.settings ? { ...target.settings, ...QUICK } : target.settings;
  const contents = contentsOf(home, sources, replaced);
  const selection = ["evm.bytecode.object", "evm.deployedBytecode.object"];
  // A contract that this one creates is inside its code.
  const created = sources.flatMap((path): [string, string][] => {
    const [, other] = CONTRACT.exec(path) ?? [];
    return other === undefined || path === file ? [] : [[path, other]];
  });
  const wanted: [string, string][] = [[file, name], ...created];
  const { errors, contracts } = call({
    language: "Solidity",
    sources: Object.fromEntries(contents.map((source) => [source.path, { content: contentOf(source) }])),
    settings: {
      ...settings,
      debug: { debugInfo: [] },
      outputSelection: Object.fromEntries(wanted.map(([path, other]) => [path, { [other]: selection }])),
    },
  });
  const codes = wanted.flatMap(([path, other]) => contracts?.[path]?.[other]?.evm ?? []);
  const [first] = codes;
  if (first === undefined || first.bytecode.object === "") {
    return { error: errors?.find(({ severity }) => severity === "error")?.formattedMessage ?? "no code" };
  }
  return { creation: first.bytecode.object, runtimes: codes.map(({ deployedBytecode }) => deployedBytecode.object) };
}

/** What the compiler has against the target with some sources replaced before it makes any code, which takes it a second. */
export function objectionTo(
  home: string,
  { sources, settings }: Target,
  replaced: readonly Source[],
): string | undefined {
  const { errors } = call({
    language: "Solidity",
    sources: Object.fromEntries(
      contentsOf(home, sources, replaced).map((one) => [one.path, { content: contentOf(one) }]),
    ),
    settings: { ...settings, outputSelection: {} },
  });
  return errors?.find(({ severity }) => severity === "error")?.formattedMessage;
}

function contentsOf(home: string, paths: readonly string[], replaced: readonly Source[]): Source[] {
  return paths.map((path) => replaced.find((source) => source.path === path) ?? readSource(home, path));
}

/** The syntax tree of a source. */
export function treeOf(home: string, file: string): Node {
  const remappings = readFileSync(join(home, "remappings.txt"), "utf8").split("\n").filter(Boolean);
  const read = (path: string) => ({ contents: readFileSync(resolve(home, path), "utf8") });
  const { errors, sources } = call(
    {
      language: "Solidity",
      sources: { [file]: { content: contentOf(readSource(home, file)) } },
      settings: { remappings, outputSelection: { "*": { "": ["ast"] } } },
    },
    { import: read },
  );
  const tree = sources?.[file]?.ast;
  if (tree === undefined) throw new Error(errors?.[0]?.formattedMessage ?? `no syntax tree of ${file}`);
  return tree;
}

function call(input: object, callbacks?: object): Output {
  return JSON.parse(solc.compile(JSON.stringify(input), callbacks));
}
