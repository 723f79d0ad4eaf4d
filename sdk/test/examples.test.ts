import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import ts from "typescript";
import { expect, it } from "vitest";

const home = fileURLToPath(new URL("..", import.meta.url));

/** The files of a folder, and of those in it. */
function listFiles(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? listFiles(path) : [path];
  });
}

function asModule(path: string, index: number, code: string): [string, string] {
  return [`${path.replace(/\.\w+$/, "")}.example${index}.ts`, `${code}\nexport {};\n`];
}

/** The examples in the comments of a file, as modules. */
function listExamples(path: string): readonly [string, string][] {
  const comments = readFileSync(path, "utf8").match(/\/\*\*[\s\S]*?\*\//g) ?? [];
  return comments.flatMap((comment, index): [string, string][] => {
    const [, example] = comment.split("@example");
    if (example === undefined) return [];
    const code = example.replace(/\*\/$/, "").replace(/^ ?\* ?/gm, "");
    return [asModule(path, index, code)];
  });
}

/** The blocks of TypeScript on a page, as modules. */
function listBlocks(path: string): readonly [string, string][] {
  const blocks = readFileSync(path, "utf8").matchAll(/^```ts\n([\s\S]*?)^```$/gm);
  return [...blocks].map(([, code = ""], index) => asModule(path, index, code));
}

/** The package's entries by the names that examples import, each with its source. */
function listEntries(): Readonly<Record<string, string>> {
  const { exports }: { exports: Record<string, { default: string } | string> } = JSON.parse(
    readFileSync(join(home, "package.json"), "utf8"),
  );
  const entries = Object.entries(exports).flatMap(([name, target]) =>
    typeof target === "string"
      ? []
      : [[`latchkey${name.slice(1)}`, target.default.replace("./dist/", "src/").replace(/\.js$/, ".ts")] as const],
  );
  return Object.fromEntries(entries.map(([name, source]) => [name, join(home, source)]));
}

const sources = listFiles(join(home, "src")).filter((path) => path.endsWith(".ts") && !path.includes(".test"));
const pages = [
  join(home, "README.md"),
  ...listFiles(join(home, "docs")),
  ...["distributed-keys", "migration", "sdk", "storage"].map((name) => join(home, "..", "docs", `${name}.md`)),
].filter((path) => path.endsWith(".md"));
const shown = { sources: sources.flatMap(listExamples), pages: pages.flatMap(listBlocks) };
const examples = new Map([...shown.sources, ...shown.pages]);

it("shows only examples that compile", () => {
  expect(shown.sources.length).toBeGreaterThan(35);
  expect(shown.pages.length).toBeGreaterThan(20);
  const { config } = ts.readConfigFile(join(home, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, home);
  const settings: ts.CompilerOptions = {
    ...options,
    noUnusedLocals: false,
    paths: Object.fromEntries(Object.entries(listEntries()).map(([name, source]) => [name, [source]])),
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

it("shows only examples that run", async () => {
  const entries = listEntries();
  // In the package's folder, so that what it depends on is found.
  const folder = mkdtempSync(join(home, ".examples-"));
  try {
    await build({
      entryPoints: [...examples.keys()],
      outdir: folder,
      outbase: home,
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      packages: "external",
      plugins: [
        {
          name: "examples",
          setup: ({ onResolve, onLoad }) => {
            onResolve({ filter: /\.example\d+\.ts$/ }, ({ path }) => ({ path, namespace: "example" }));
            onResolve({ filter: /^latchkey(\/|$)/ }, ({ path }) => ({ path: entries[path] ?? path }));
            onLoad({ filter: /.*/, namespace: "example" }, ({ path }) => ({
              contents: examples.get(path) ?? "",
              loader: "ts",
              resolveDir: home,
            }));
          },
        },
      ],
    });
    const problems: string[] = [];
    const built = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) =>
      path.includes(".example"),
    );
    expect(built.length).toBe(examples.size);
    for (const path of built)
      await import(pathToFileURL(join(folder, path)).href).catch((error: unknown) =>
        problems.push(`${path}: ${error}`),
      );
    expect(problems).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
