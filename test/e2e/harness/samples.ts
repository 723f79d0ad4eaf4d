import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * A code block of the documentation: "```ts sample" is type-checked and run, any other "```ts" is type-checked. If the
 * block that follows a sample is "```text", it is what the sample prints.
 */
export type Sample = { name: string; code: string; runs: boolean; prints?: string };

/** The TypeScript in README.md and docs/. */
export function findSamples(): Sample[] {
  const pages = readdirSync(join(root, "docs")).filter((file) => file.endsWith(".md"));
  return ["README.md", ...pages.sort().map((page) => join("docs", page))]
    .filter((page) => existsSync(join(root, page)))
    .flatMap((page) => samplesIn(page, readFileSync(join(root, page), "utf8")));
}

/** The TypeScript in a Markdown text. */
export function samplesIn(page: string, markdown: string): Sample[] {
  return [...markdown.matchAll(/^```(?:ts|typescript)\b([^\n]*)\n([\s\S]*?)^```$/gm)].map((block) => {
    const [whole, info = "", code = ""] = block;
    const line = markdown.slice(0, block.index).split("\n").length;
    const sample = { name: `${page}:${line}`, code, runs: info.trim() === "sample" };
    const [, language, prints] =
      /^```(\w*)[^\n]*\n([\s\S]*?)^```$/m.exec(markdown.slice(block.index + whole.length)) ?? [];
    return sample.runs && language === "text" && prints !== undefined ? { ...sample, prints } : sample;
  });
}

/** What a program printed, without what differs from run to run: hashes, addresses and times. */
export function withoutChance(output: string): string {
  return output.replace(/0x[0-9a-fA-F]+/g, "0x").replace(/\b\d{10} \([^)]*\)/g, "(a time)");
}

/** What the compiler has against a sample, one line each. */
export function typeCheck({ code }: Sample): string[] {
  return inDirectory((directory) => {
    const path = join(directory, "sample.ts");
    writeFileSync(path, code);
    const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
    const program = ts.createProgram([path], options);
    return ts
      .getPreEmitDiagnostics(program)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
  });
}

/** Runs a sample as a program of its own. */
export function run({ code }: Sample, env: Record<string, string>): Promise<{ code: number | null; output: string }> {
  return inDirectory(async (directory) => {
    const path = join(directory, "sample.ts");
    writeFileSync(path, code);
    const tsx = createRequire(import.meta.url).resolve("tsx/cli");
    const child = spawn(process.execPath, [tsx, path], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    const exit = new Promise<number | null>((resolve) => child.once("exit", resolve));
    const output = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { code: await exit, output: output.join("") };
  });
}

/** A directory inside the project, where a sample finds the packages that it imports. */
function inDirectory<result>(use: (directory: string) => result): result {
  mkdirSync(join(root, "cache"), { recursive: true });
  const directory = mkdtempSync(join(root, "cache", "sample-"));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  try {
    const result = use(directory);
    if (result instanceof Promise) void result.finally(remove).catch(() => {});
    else remove();
    return result;
  } catch (error) {
    remove();
    throw error;
  }
}
