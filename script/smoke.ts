// Builds and runs small applications with the SDK as it is published: `tsx script/smoke.ts [node] [worker] [vite] [next]`, by
// default all. The SDK must be built. `vite` opens its page in Chromium, which CHROMIUM names or the system has.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runInNewContext } from "node:vm";
import { build as bundle } from "esbuild";
import { chromium } from "playwright-core";
import { build as buildByVite } from "vite";

type Findings = Record<string, unknown>;

const home = fileURLToPath(new URL("..", import.meta.url));
const apps = { node: runNode, worker: runWorker, vite: runVite, next: runNext };

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
});
if (options.help) {
  process.stdout.write(
    `npm run smoke -- [${Object.keys(apps).join("] [")}] [--json]\n\nBuilds and runs small applications with the packed SDK.\n`,
  );
  process.exit(0);
}
const unknown = positionals.filter((name) => !Object.hasOwn(apps, name));
if (unknown.length > 0) {
  process.stderr.write(`no such app: ${unknown.join(", ")}\n`);
  process.exit(2);
}

// Inside the repository, so that what the apps need beside the SDK is found in its node_modules.
const folder = join(home, ".smoke");
const results: { app: string; passed: boolean; seconds: number; problem?: string }[] = [];
try {
  pack();
  for (const [app, run] of Object.entries(apps)) {
    if (positionals.length > 0 && !positionals.includes(app)) continue;
    const start = Date.now();
    const problem = await run(prepare(app)).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error)),
    );
    const seconds = Math.round((Date.now() - start) / 100) / 10;
    results.push({ app, passed: problem === undefined, seconds, ...(problem ? { problem } : {}) });
    if (!options.json)
      process.stdout.write(
        `${problem ? "failed" : "passed"}  ${app.padEnd(8)}${seconds} s\n${problem ? `${problem}\n` : ""}`,
      );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (options.json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
process.exit(results.every(({ passed }) => passed) ? 0 : 1);

/** Puts the SDK as it is published where the apps find it. */
function pack(): void {
  rmSync(folder, { recursive: true, force: true });
  const installed = join(folder, "node_modules", "latchkey");
  mkdirSync(installed, { recursive: true });
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const { name } = JSON.parse(run(npm, ["pack", "--json", "--pack-destination", folder], join(home, "sdk")))
    .map(({ filename }: { filename: string }) => ({ name: filename }))
    .at(0);
  run("tar", ["-xzf", join(folder, name), "--strip-components=1", "-C", installed], home);
  // What it depends on in versions of its own.
  const own = join(home, "sdk", "node_modules");
  if (existsSync(own)) symlinkSync(own, join(installed, "node_modules"));
}

/** A copy of an app. */
function prepare(app: string): string {
  const copy = join(folder, app);
  cpSync(join(home, "test", "smoke", app), copy, { recursive: true });
  cpSync(join(home, "test", "smoke", "check.js"), join(copy, "check.js"));
  return copy;
}

async function runNode(copy: string): Promise<void> {
  expectAll(JSON.parse(run(process.execPath, ["main.js"], copy)));
}

/** In a context that has what workers have (web APIs and nothing of Node's), from a bundle. */
async function runWorker(copy: string): Promise<void> {
  const { outputFiles } = await bundle({
    entryPoints: [join(copy, "main.js")],
    bundle: true,
    format: "iife",
    globalName: "worker",
    platform: "browser",
    conditions: ["worker", "edge-light"],
    write: false,
  });
  const text = outputFiles[0]?.text ?? "";
  const { Response, TextEncoder, TextDecoder, URL, crypto, atob, btoa, setTimeout, clearTimeout, AbortController } =
    globalThis;
  const handler: { fetch: () => Promise<Response> } = runInNewContext(`${text}; worker.default`, {
    Response,
    TextEncoder,
    TextDecoder,
    URL,
    crypto,
    atob,
    btoa,
    setTimeout,
    clearTimeout,
    AbortController,
    // Arrays from outside are not those inside.
    Uint8Array,
    ArrayBuffer,
  });
  expectAll(await (await handler.fetch()).json());
}

async function runVite(copy: string): Promise<void> {
  await buildByVite({
    root: copy,
    logLevel: "error",
    configFile: false,
    worker: { format: "es" },
    build: { target: "es2022" },
  });
  const server = await serve(join(copy, "dist"));
  const profile = mkdtempSync(join(tmpdir(), "latchkey-smoke-"));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: process.env["CHROMIUM"] ?? findChromium(),
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  try {
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    const visit = async (): Promise<Findings> => {
      await page.goto(server.url);
      const output = page.locator("output");
      await output
        .filter({ hasText: "}" })
        .waitFor({ timeout: 20_000 })
        .catch(() => {
          throw new Error(`the page shows nothing: ${problems.join("; ")}`);
        });
      return JSON.parse((await output.textContent()) ?? "");
    };
    const first = await visit();
    expectAll(first["page"]);
    expectAll(first["worker"]);
    expectEqual(first, { ...first, adapter: "IndexedDB", isFirst: true });
    const second = await visit();
    expectEqual(second, { ...first, isFirst: false, isSame: true, signatureBytes: 64, exported: false });
    if (problems.length > 0) throw new Error(problems.join("\n"));
  } finally {
    await browser.close();
    server.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

async function runNext(copy: string): Promise<void> {
  const next = join(home, "node_modules", "next", "dist", "bin", "next");
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", SMOKE_ROOT: home, CI: "1" };
  run(process.execPath, [next, "build"], copy, env);
  const server = spawn(process.execPath, [next, "start", "-p", "0", "-H", "127.0.0.1"], { cwd: copy, env });
  try {
    const url = await new Promise<string>((resolve, reject) => {
      let said = "";
      const listen = (chunk: Buffer) => {
        said += chunk.toString();
        const [found] = /http:\/\/127\.0\.0\.1:\d+/.exec(said) ?? [];
        if (found && said.includes("Ready")) resolve(found);
      };
      server.stdout.on("data", listen);
      server.stderr.on("data", listen);
      server.on("exit", () => reject(new Error(`next start ended: ${said}`)));
      setTimeout(() => reject(new Error(`next start is not ready: ${said}`)), 60_000).unref();
    });
    expectAll(await (await fetch(`${url}/api/check`)).json());
    const page = await (await fetch(url)).text();
    if (!page.includes("sessions:")) throw new Error(`the page is not there: ${page}`);
  } finally {
    server.kill();
  }
}

/** Every finding is true. */
function expectAll(findings: unknown): void {
  if (typeof findings !== "object" || findings === null || Object.keys(findings).length === 0)
    throw new Error(`there is no answer: ${JSON.stringify(findings)}`);
  const wrong = Object.entries(findings).filter(([, value]) => value !== true);
  if (wrong.length > 0) throw new Error(`not so: ${wrong.map(([name]) => name).join(", ")}`);
}

function expectEqual(actual: Findings, expected: Findings): void {
  const [is, shouldBe] = [actual, expected].map((value) => JSON.stringify(value, Object.keys(value).sort()));
  if (is !== shouldBe) throw new Error(`${is} is not ${shouldBe}`);
}

function run(command: string, args: readonly string[], cwd: string, env = process.env): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: "utf8" });
  if (status !== 0)
    throw new Error(`${command} ${args.join(" ")} failed: ${error?.message ?? ""}\n${stdout}\n${stderr}`);
  return stdout;
}

function findChromium(): string {
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const found = names.flatMap((name) => (process.env["PATH"] ?? "").split(":").map((path) => join(path, name)));
  const there = found.find((path) => existsSync(path));
  if (there === undefined) throw new Error("Chromium is not installed: install it, or name it in CHROMIUM");
  return there;
}

/** Serves a folder on a free port of this machine. */
async function serve(root: string): Promise<{ url: string; close: () => void }> {
  const types: Record<string, string> = { ".html": "text/html", ".js": "text/javascript" };
  const server = createServer(({ url = "/" }, response) => {
    const path = join(root, new URL(url === "/" ? "/index.html" : url, "http://localhost").pathname);
    if (!existsSync(path)) return response.writeHead(404).end();
    return response.writeHead(200, { "content-type": types[extname(path)] ?? "text/plain" }).end(readFileSync(path));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  // IndexedDB and WebCrypto want a secure context, which localhost is.
  return { url: `http://localhost:${address.port}/`, close: () => server.close() };
}
