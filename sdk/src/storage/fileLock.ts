import { StorageLockedError } from "../errors/storage.js";
import { wait } from "./adapter.js";
import { getCode } from "./getCode.js";
import type { NodeModules } from "./node.js";

/**
 * A lock between processes, as numbered files in a folder of its own.
 *
 * The highest number is the lock's last holder. It is free if its file says so, or if its process is no more; then
 * whoever makes the next number holds it, and a hard link is made by exactly one. The highest number is never removed,
 * so that a process that was stopped in between cannot take the lock by an old number: it would see that what it built on
 * is gone. Only processes of the same machine can be known to have died. Those of others (a shared drive) are given a
 * minute; `stillHeld` tells them if they come back.
 */
export type FileLock = {
  /** The number of this holder. */
  readonly number: number;
  /** The number of a holder that died without letting go. */
  readonly abandoned: number | undefined;
  /** Whether nobody took the lock away. */
  readonly stillHeld: () => Promise<boolean>;
  readonly release: () => Promise<void>;
};

type Holder = {
  readonly token: string;
  readonly pid: number;
  /** When the process was started, as the system counts; tells apart processes that had the same number. */
  readonly started: string;
  /** The machine: its name, and where the system has them, its boot and its space of process numbers. */
  readonly host: string;
  readonly boot: string;
  readonly space: string;
};

/** How long a holder that cannot be known to have died may keep the lock. */
const graceOfOthers = 60_000;
const released = "released\n";

/** Takes the lock in a folder that exists. Throws StorageLockedError after `timeout` milliseconds. */
export async function takeFileLock(modules: NodeModules, folder: string, timeout: number): Promise<FileLock> {
  const start = Date.now();
  const self = await describeSelf(modules);
  for (;;) {
    const last = await readLast(modules, folder);
    const state = await judge(modules, folder, last, self);
    if (state !== "held") {
      const lock = await tryTake(modules, folder, last, self);
      if (lock) return { ...lock, abandoned: state === "abandoned" ? last.number : undefined };
    }
    const waited = Date.now() - start;
    if (waited > timeout)
      throw new StorageLockedError({
        location: modules.path.join(folder, String(last.number)),
        holder: describeHolder(last.text),
        waited,
      });
    await wait(1 + Math.random() * 10);
  }
}

type Last = { readonly number: number; readonly text: string };

/** The highest number and what is in its file. The very first has no holder. */
async function readLast({ fs, path }: NodeModules, folder: string): Promise<Last> {
  for (;;) {
    const numbers = (await fs.readdir(folder)).filter((name) => /^\d{1,15}$/.test(name)).map(Number);
    const number = Math.max(-1, ...numbers);
    if (number === -1) {
      // It has a token too, so that a second first one is not taken for it.
      await makeOnce({ fs, path }, folder, 0, `${JSON.stringify({ token: drawToken() })}\n${released}`);
      continue;
    }
    const text = await readText(fs, path.join(folder, String(number)));
    if (text !== undefined) return { number, text };
  }
}

async function readText(fs: NodeModules["fs"], path: string): Promise<string | undefined> {
  try {
    return await fs.readFile(path, "utf8");
  } catch (error) {
    if (getCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function tryTake(
  { fs, path }: NodeModules,
  folder: string,
  last: Last,
  self: Omit<Holder, "token">,
): Promise<Omit<FileLock, "abandoned"> | undefined> {
  const number = last.number + 1;
  const file = path.join(folder, String(number));
  const holder: Holder = { token: drawToken(), ...self };
  if (!(await makeOnce({ fs, path }, folder, number, `${JSON.stringify(holder)}\n`))) return undefined;
  const before = await readText(fs, path.join(folder, String(last.number)));
  if (before === undefined || firstLine(before) !== firstLine(last.text)) {
    // Others have gone on in the meantime, and tidied up.
    await unlinkIfThere(fs, file);
    return undefined;
  }
  await tidy({ fs, path }, folder, number);
  return {
    number,
    stillHeld: async () => {
      // The next number may have come and gone; but then this one went before it.
      if ((await readText(fs, path.join(folder, String(number + 1)))) !== undefined) return false;
      return firstLine((await readText(fs, file)) ?? "") === JSON.stringify(holder);
    },
    release: () => fs.appendFile(file, released),
  };
}

/** Makes a numbered file whole and at once, or answers false if there is one. */
async function makeOnce(
  { fs, path }: Pick<NodeModules, "fs" | "path">,
  folder: string,
  number: number,
  text: string,
): Promise<boolean> {
  const draft = path.join(folder, `draft-${drawToken()}`);
  const handle = await fs.open(draft, "wx", 0o600);
  try {
    await handle.writeFile(text);
  } finally {
    await handle.close();
  }
  try {
    await fs.link(draft, path.join(folder, String(number)));
    return true;
  } catch (error) {
    if (getCode(error) === "EEXIST") return false;
    throw error;
  } finally {
    await unlinkIfThere(fs, draft);
  }
}

/** Removes what came before, the lowest number first, and drafts that a process left when it died. */
async function tidy({ fs, path }: Pick<NodeModules, "fs" | "path">, folder: string, number: number): Promise<void> {
  const names = await fs.readdir(folder);
  const old = names
    .filter((name) => /^\d{1,15}$/.test(name))
    .map(Number)
    .filter((other) => other < number);
  for (const other of old.sort((a, b) => a - b)) await unlinkIfThere(fs, path.join(folder, String(other)));
  for (const draft of names.filter((name) => name.startsWith("draft-"))) {
    const file = path.join(folder, draft);
    if ((await getAge(fs, file)) > graceOfOthers) await unlinkIfThere(fs, file);
  }
}

async function unlinkIfThere(fs: NodeModules["fs"], path: string): Promise<void> {
  try {
    await fs.unlink(path);
  } catch (error) {
    if (getCode(error) !== "ENOENT") throw error;
  }
}

/** Milliseconds since a file was changed; 0 if it is gone. */
async function getAge(fs: NodeModules["fs"], path: string): Promise<number> {
  try {
    return Date.now() - (await fs.stat(path)).mtimeMs;
  } catch (error) {
    if (getCode(error) === "ENOENT") return 0;
    throw error;
  }
}

async function judge(
  modules: NodeModules,
  folder: string,
  last: Last,
  self: Omit<Holder, "token">,
): Promise<"free" | "abandoned" | "held"> {
  if (last.text.endsWith(released)) return "free";
  const holder = parseHolder(last.text);
  if (holder && holder.host === self.host && holder.boot !== self.boot) return "abandoned";
  const isNear = holder && holder.host === self.host && holder.space === self.space && holder.pid !== self.pid;
  if (isNear) return (await isRunning(modules, holder)) ? "held" : "abandoned";
  const age = await getAge(modules.fs, modules.path.join(folder, String(last.number)));
  return age > graceOfOthers ? "abandoned" : "held";
}

async function isRunning(modules: NodeModules, { pid, started }: Holder): Promise<boolean> {
  try {
    modules.process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, as somebody else.
    if (getCode(error) === "ESRCH") return false;
  }
  const now = await readStart(modules, pid);
  return now === "" || started === "" || now === started;
}

async function describeSelf(modules: NodeModules): Promise<Omit<Holder, "token">> {
  const { fs, os, process } = modules;
  const optional = (read: Promise<string>) =>
    read.then(
      (text) => text.trim(),
      () => "",
    );
  const [started, boot, space] = await Promise.all([
    readStart(modules, process.pid),
    optional(fs.readFile("/proc/sys/kernel/random/boot_id", "utf8")),
    optional(fs.readlink("/proc/self/ns/pid")),
  ]);
  return { pid: process.pid, started, host: os.hostname(), boot, space };
}

/** When a process was started, in the system's ticks since it was; empty where there is no /proc. */
async function readStart({ fs }: NodeModules, pid: number): Promise<string> {
  try {
    const text = await fs.readFile(`/proc/${pid}/stat`, "utf8");
    // The second field is a name in brackets, which may itself have any characters; this is the 22nd.
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const value: Partial<Record<keyof Holder, unknown>> = Object(JSON.parse(firstLine(text)));
    const { token, pid, started, host, boot, space } = value;
    const isHolder =
      typeof pid === "number" && [token, started, host, boot, space].every((item) => typeof item === "string");
    return isHolder ? (value as Holder) : undefined;
  } catch {
    return undefined;
  }
}

function describeHolder(text: string): string {
  const holder = parseHolder(text);
  return holder ? `process ${holder.pid} on ${holder.host}` : "unknown";
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}

function drawToken(): string {
  return crypto.randomUUID();
}
