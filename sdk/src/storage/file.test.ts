import { type ChildProcess, spawn } from "node:child_process";
import {
  appendFile,
  chmod,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withGlobals } from "../../test/storage/browser.js";
import { InvalidNumberError, UnknownParameterError } from "../index.js";
import { getDefaultFolder } from "./file.js";
import { takeFileLock } from "./fileLock.js";
import { fileAdapter, StorageAccessError, StorageLockedError, StorageUnavailableError, updateEntry } from "./index.js";
import { getNodeModules } from "./node.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "latchkey-"));
});
afterEach(() => rm(folder, { recursive: true }));

const writer = fileURLToPath(new URL("../../test/storage/writer.ts", import.meta.url));

function startWriter(...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ["--import", import.meta.resolve("tsx"), writer, folder, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

function untilEnd(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.on("close", resolve));
}

describe("fileAdapter", () => {
  it.each([
    [2, 50],
    [6, 15],
  ])("loses nothing when %i processes write at once", async (count, times) => {
    const ends = Array.from({ length: count }, () => untilEnd(startWriter("count", String(times))));
    expect(await Promise.all(ends)).toEqual(Array(count).fill(0));
    const adapter = fileAdapter({ folder });
    expect(await adapter.get("counter")).toBe(String(count * times));
    const own = (await adapter.keys()).filter((key) => key.startsWith("own."));
    expect(own).toHaveLength(count);
    for (const key of own) expect(await adapter.get(key)).toBe(String(times));
  });

  it("has the old or the new, whole, after a process was killed in the middle of writing", async () => {
    const adapter = fileAdapter({ folder });
    let before = 0;
    for (let round = 0; round < 8; round++) {
      const child = startWriter("fill");
      const end = untilEnd(child);
      let said = before;
      const lines = createInterface({ input: child.stdout ?? process.stdin });
      lines.on("line", (line) => {
        said = Number(line);
        // At another moment of a write each time.
        if (said === before + 2) setTimeout(() => child.kill("SIGKILL"), Math.random() * 10);
      });
      await end;
      const words = (await adapter.get("page"))?.trimEnd().split(" ") ?? [];
      expect(words).toHaveLength(20_000);
      expect(new Set(words).size).toBe(1);
      before = Number(words[0]);
      // What it had said was written is; and what it was at may be.
      expect([said, said + 1]).toContain(before);
    }
    // The lock of the dead is free at once, and what they left behind goes.
    const start = Date.now();
    await updateEntry(adapter, "page", () => "1");
    expect(Date.now() - start).toBeLessThan(2_000);
    expect((await readdir(folder)).sort()).toEqual([".lock", "page.json"]);
  });

  it("writes files that only their owner can read", async () => {
    const adapter = fileAdapter({ folder: join(folder, "new") });
    await adapter.compareAndSet("a", undefined, "1");
    expect((await stat(join(folder, "new"))).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, "new", "a.json"))).mode & 0o777).toBe(0o600);
  });

  it("lists its entries, and no other files", async () => {
    const adapter = fileAdapter({ folder });
    await adapter.compareAndSet("a", undefined, "1");
    for (const name of [".DS_Store", ".draft-7", "README.md", "A.json"]) await writeFile(join(folder, name), "theirs");
    expect(await adapter.keys()).toEqual(["a"]);
  });

  it("never reads outside of its folder", async () => {
    await writeFile(join(folder, "secret.json"), "theirs");
    const adapter = fileAdapter({ folder: join(folder, "inner") });
    await expect(adapter.get("../secret")).rejects.toThrow("key");
  });

  it("reports a path that is no folder", async () => {
    await writeFile(join(folder, "file"), "theirs");
    const adapter = fileAdapter({ folder: join(folder, "file") });
    const failure = adapter.compareAndSet("a", undefined, "1");
    await expect(failure).rejects.toThrow(StorageAccessError);
    await expect(failure).rejects.toMatchObject({
      systemCode: expect.stringMatching(/ENOTDIR|EEXIST/),
      operation: "write",
    });
    await expect(adapter.keys()).rejects.toThrow(StorageAccessError);
    expect(await readFile(join(folder, "file"), "utf8")).toBe("theirs");
  });

  it("reports an entry that is no file", async () => {
    await mkdir(join(folder, "a.json"));
    const adapter = fileAdapter({ folder });
    await expect(adapter.get("a")).rejects.toMatchObject({ systemCode: "EISDIR", location: join(folder, "a.json") });
    await expect(adapter.compareAndSet("a", undefined, "1")).rejects.toThrow(StorageAccessError);
  });

  it("reports what it may not read or write, and leaves it", async () => {
    const adapter = fileAdapter({ folder });
    await adapter.compareAndSet("a", undefined, "1");
    await chmod(join(folder, "a.json"), 0o000);
    await chmod(folder, 0o500);
    await asUser(async () => {
      await expect(adapter.get("a")).rejects.toMatchObject({ name: "StorageAccessError", systemCode: "EACCES" });
      await expect(adapter.compareAndSet("a", "1", "2")).rejects.toThrow(StorageAccessError);
      await expect(adapter.compareAndSet("b", undefined, "2")).rejects.toThrow(StorageAccessError);
    });
    await chmod(folder, 0o700);
    await chmod(join(folder, "a.json"), 0o600);
    expect(await adapter.get("a")).toBe("1");
    expect(await adapter.keys()).toEqual(["a"]);
  });

  it("leaves the old and no draft behind when there is no room", async () => {
    const adapter = fileAdapter({ folder });
    await adapter.compareAndSet("a", undefined, "1");
    const { fs, process } = getNodeModules();
    const full = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
    const open: typeof fs.open = async (path, ...rest) => {
      const handle = await fs.open(path, ...rest);
      if (!path.includes(".draft-")) return handle;
      return { writeFile: () => Promise.reject(full), sync: () => handle.sync(), close: () => handle.close() };
    };
    const modules: Record<string, unknown> = { "node:fs/promises": { ...fs, open } };
    const getBuiltinModule = (name: string) => modules[name] ?? process.getBuiltinModule?.(name);
    await withGlobals({ process: Object.assign(Object.create(process), { getBuiltinModule }) }, async () => {
      const failure = fileAdapter({ folder }).compareAndSet("a", "1", "2");
      await expect(failure).rejects.toMatchObject({ name: "StorageAccessError", systemCode: "ENOSPC" });
    });
    expect((await readdir(folder)).sort()).toEqual([".lock", "a.json"]);
    expect(await adapter.compareAndSet("a", "1", "2")).toBe(true);
  });

  it.each([
    [{ dir: "x" }, UnknownParameterError],
    [{ timeout: -1 }, InvalidNumberError],
    [{ timeout: "1" }, InvalidNumberError],
  ])("refuses %j", (parameters, expected) => {
    expect(() => fileAdapter(parameters as object)).toThrow(expected);
  });

  it("writes nothing if another machine took its lock over in the meantime", async () => {
    const adapter = fileAdapter({ folder });
    await adapter.compareAndSet("a", undefined, "1");
    const { fs, process } = getNodeModules();
    const open: typeof fs.open = async (path, ...rest) => {
      // Stopped in the middle of writing, for longer than a minute.
      if (path.includes(".draft-")) {
        const [last = ""] = await readdir(join(folder, ".lock"));
        const next = String(Number(last) + 1);
        await link(join(folder, ".lock", last), join(folder, ".lock", next));
      }
      return fs.open(path, ...rest);
    };
    const modules: Record<string, unknown> = { "node:fs/promises": { ...fs, open } };
    const getBuiltinModule = (name: string) => modules[name] ?? process.getBuiltinModule?.(name);
    await withGlobals({ process: Object.assign(Object.create(process), { getBuiltinModule }) }, () =>
      expect(fileAdapter({ folder }).compareAndSet("a", "1", "2")).rejects.toThrow(StorageLockedError),
    );
    expect(await readFile(join(folder, "a.json"), "utf8")).toBe("1");
    expect((await readdir(folder)).sort()).toEqual([".lock", "a.json"]);
  });

  it("takes a Node that lends its modules", async () => {
    await withGlobals({ process: { versions: { node: "20.0.0" } } }, () =>
      expect(() => fileAdapter()).toThrow(StorageUnavailableError),
    );
  });
});

/** Runs as a user that permissions hold for: they do not for root. */
async function asUser(run: () => Promise<void>): Promise<void> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    await run();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

describe("getDefaultFolder", () => {
  const { path } = getNodeModules();
  const os = { homedir: () => "/home/me", hostname: () => "host" };
  const at = (platform: string, env: Record<string, string>) =>
    getDefaultFolder({ path, os, process: { ...getNodeModules().process, platform, env } });

  it("is where the system keeps state", () => {
    expect(at("linux", {})).toBe("/home/me/.local/state/latchkey");
    expect(at("linux", { XDG_STATE_HOME: "/state" })).toBe("/state/latchkey");
    expect(at("darwin", {})).toBe("/home/me/Library/Application Support/latchkey");
    expect(at("win32", { LOCALAPPDATA: "/local" })).toBe("/local/latchkey");
  });
});

describe("takeFileLock", () => {
  const modules = getNodeModules();
  const hold = (holder: object) => writeFile(join(folder, "5"), `${JSON.stringify(holder)}\n`);
  const dead = 2 ** 22 + 1;

  /** How this process names itself. */
  async function describeSelf(): Promise<Record<string, unknown>> {
    const other = await mkdtemp(join(tmpdir(), "latchkey-"));
    const lock = await takeFileLock(modules, other, 0);
    const holder: Record<string, unknown> = JSON.parse(await readFile(join(other, String(lock.number)), "utf8"));
    await rm(other, { recursive: true });
    return holder;
  }

  const take = (timeout = 50) => takeFileLock(modules, folder, timeout);

  it("is held by one at a time", async () => {
    const lock = await take();
    const failure = take();
    await expect(failure).rejects.toThrow(StorageLockedError);
    await expect(failure).rejects.toThrow(`process ${process.pid} on ${hostname()}`);
    await lock.release();
    const next = await take();
    expect(next.number).toBe(lock.number + 1);
    expect(next.abandoned).toBeUndefined();
  });

  it("is had by exactly one of many that try at once", async () => {
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => take(0)));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("passes on from a process that died, and says so", async () => {
    await hold({ ...(await describeSelf()), token: "t", pid: dead });
    expect(await take()).toMatchObject({ number: 6, abandoned: 5 });
  });

  it("passes on from a process whose number is another's now", async () => {
    const { ppid } = process;
    await hold({ ...(await describeSelf()), token: "t", pid: ppid, started: "1" });
    expect(await take()).toMatchObject({ abandoned: 5 });
  });

  it("stays with a process that lives, however long it takes", async () => {
    await hold({ ...(await describeSelf()), token: "t", pid: process.ppid, started: "" });
    await utimes(join(folder, "5"), 0, 0);
    await expect(take()).rejects.toThrow(StorageLockedError);
  });

  it("passes on after the machine was started anew", async () => {
    await hold({ ...(await describeSelf()), token: "t", pid: process.ppid, started: "", boot: "before" });
    expect(await take()).toMatchObject({ abandoned: 5 });
  });

  it.each([
    ["of another machine", { host: "elsewhere", pid: dead }],
    ["of another container", { space: "pid:[1]", pid: dead }],
    ["of this process, by another copy of the package", {}],
  ])("gives a holder %s a minute", async (_, change) => {
    await hold({ ...(await describeSelf()), token: "t", ...change });
    await expect(take()).rejects.toThrow(StorageLockedError);
    const ago = Date.now() / 1000 - 61;
    await utimes(join(folder, "5"), ago, ago);
    expect(await take()).toMatchObject({ abandoned: 5 });
  });

  it("gives a holder that cannot be read a minute", async () => {
    await writeFile(join(folder, "5"), "");
    await expect(take()).rejects.toThrow("Held by: unknown");
    const ago = Date.now() / 1000 - 61;
    await utimes(join(folder, "5"), ago, ago);
    expect(await take()).toMatchObject({ abandoned: 5 });
  });

  it("tells a holder that it was thought dead", async () => {
    const lock = await take();
    expect(await lock.stillHeld()).toBe(true);
    const ago = Date.now() / 1000 - 61;
    await utimes(join(folder, String(lock.number)), ago, ago);
    await take();
    expect(await lock.stillHeld()).toBe(false);
    await lock.release();
    // Its late release frees nobody else's lock.
    await expect(take()).rejects.toThrow(StorageLockedError);
  });

  it("tells a holder that it was thought dead, also if the lock has gone on since", async () => {
    const lock = await take();
    const ago = Date.now() / 1000 - 61;
    await utimes(join(folder, String(lock.number)), ago, ago);
    for (let times = 0; times < 3; times++) await (await take()).release();
    expect(await lock.stillHeld()).toBe(false);
  });

  it("is not to be had by an old number", async () => {
    // One process finds number 5 free, and is stopped; meanwhile others take the lock up to number 8.
    await writeFile(join(folder, "5"), '{"token":"a"}\nreleased\n');
    let stopped = true;
    const { fs } = modules;
    const late: typeof fs = {
      ...fs,
      link: async (from, to) => {
        if (stopped && to.endsWith("6")) {
          stopped = false;
          for (let number = 6; number < 8; number++) await (await take()).release();
          await take();
        }
        await link(from, to);
      },
    };
    await expect(takeFileLock({ ...modules, fs: late }, folder, 50)).rejects.toThrow(StorageLockedError);
    expect(stopped).toBe(false);
    expect(await readdir(folder)).toEqual(["8"]);
  });

  it("tidies up what the dead left, but not what may be in use", async () => {
    for (const name of ["draft-old", "draft-new"]) await writeFile(join(folder, name), "");
    await utimes(join(folder, "draft-old"), 0, 0);
    const lock = await take();
    await appendFile(join(folder, "note"), "");
    expect((await readdir(folder)).sort()).toEqual([String(lock.number), "draft-new", "note"]);
  });
});
