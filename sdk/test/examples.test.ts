import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, it } from "vitest";

const home = fileURLToPath(new URL("..", import.meta.url));

function listSources(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return listSources(path);
    return path.endsWith(".ts") && !path.includes(".test") ? [path] : [];
  });
}

/** The examples in the comments of a file, as modules. */
function listExamples(path: string): readonly [string, string][] {
  const comments = readFileSync(path, "utf8").match(/\/\*\*[\s\S]*?\*\//g) ?? [];
  return comments.flatMap((comment, index): [string, string][] => {
    const [, example] = comment.split("@example");
    if (example === undefined) return [];
    const code = example.replace(/\*\/$/, "").replace(/^ ?\* ?/gm, "");
    return [[`${path.slice(0, -3)}.example${index}.ts`, `${code}\nexport {};\n`]];
  });
}

it("shows only examples that compile", () => {
  const examples = new Map(listSources(join(home, "src")).flatMap(listExamples));
  expect(examples.size).toBeGreaterThan(35);
  const { config } = ts.readConfigFile(join(home, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, home);
  const settings: ts.CompilerOptions = {
    ...options,
    noUnusedLocals: false,
    paths: { latchkey: [join(home, "src", "index.ts")] },
  };
  const host = ts.createCompilerHost(settings);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => examples.has(path) || fileExists.call(host, path);
  host.readFile = (path) => examples.get(path) ?? readFile.call(host, path);
  host.getSourceFile = (path, ...rest) => {
    const example = examples.get(path);
    return example === undefined
      ? getSourceFile.call(host, path, ...rest)
      : ts.createSourceFile(path, example, ...(rest.slice(0, 1) as [ts.ScriptTarget]));
  };
  const program = ts.createProgram([...examples.keys()], settings, host);
  const problems = ts
    .getPreEmitDiagnostics(program)
    .map(({ file, messageText }) => `${file?.fileName ?? ""}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`);
  expect(problems).toEqual([]);
});
