import { LatchkeyError } from "../errors/base.js";
import { StorageAccessError, StorageLockedError } from "../errors/storage.js";
import { checkParameters, parseNumber } from "../utils/validate.js";
import { checkKey, type StorageAdapter } from "./adapter.js";
import { type FileLock, takeFileLock } from "./fileLock.js";
import { getCode } from "./getCode.js";
import { inTurn } from "./inTurn.js";
import { getNodeModules, type NodeModules } from "./node.js";

const processTurns = {};

export type FileAdapterParameters = {
  /**
   * The folder that holds the files; it is made if it is not there. Left out, it is `latchkey` where the system keeps
   * programs' state for a user: $XDG_STATE_HOME or ~/.local/state, ~/Library/Application Support, %LOCALAPPDATA%.
   */
  folder?: string | undefined;
  /** How long to wait for other processes that write, in milliseconds; 10 000 if it is left out. */
  timeout?: number | undefined;
};

/**
 * Storage in a folder of files on a server, one file for each entry, readable by their owner alone. A file is written
 * anew and put in the place of the old one in one step, once it is on the disk: after a crash there is the old or the
 * new. Any number of processes may share the folder; a lock in it lets one write at a time, and is freed when its holder
 * dies. The drive must know hard links. Where several machines share it, a machine that stands still for more than a
 * minute in the middle of a write counts as dead: prefer Redis there.
 *
 * @param parameters {@link FileAdapterParameters}
 * @returns {@link StorageAdapter}
 * @throws StorageUnavailableError outside of Node 20.16 and its like. Using it throws StorageAccessError and
 * StorageLockedError.
 *
 * @example
 * import { createSessionStore, fileAdapter } from "latchkey/storage";
 *
 * const store = createSessionStore({ adapter: fileAdapter({ folder: "./sessions" }) });
 * const sessions = await store.list();
 */
export function fileAdapter(parameters: FileAdapterParameters = {}): StorageAdapter {
  checkParameters("fileAdapter's argument", parameters, ["folder", "timeout"]);
  const { folder } = parameters;
  const timeout = parseNumber("timeout", parameters.timeout ?? 10_000, 0, 86_400_000);
  const modules = getNodeModules();
  const { fs, path } = modules;
  const home = path.resolve(folder ?? getDefaultFolder(modules));
  const fileOf = (key: string) => path.join(home, `${key}.json`);

  const attempt = async <result>(operation: string, location: string, run: () => Promise<result>): Promise<result> => {
    try {
      return await run();
    } catch (cause) {
      if (cause instanceof LatchkeyError) throw cause;
      throw new StorageAccessError({ location, operation, cause });
    }
  };

  const read = (key: string): Promise<string | undefined> =>
    attempt("read", fileOf(key), async () => {
      try {
        return await fs.readFile(fileOf(key), "utf8");
      } catch (error) {
        if (getCode(error) === "ENOENT") return undefined;
        throw error;
      }
    });

  return {
    kind: "file",
    location: home,
    get: async (key) => {
      checkKey(key);
      return read(key);
    },
    keys: () =>
      attempt("list", home, async () => {
        const names = await readNames(fs, home);
        return names.filter((name) => /^[a-z0-9].*\.json$/.test(name)).map((name) => name.slice(0, -".json".length));
      }),
    compareAndSet: async (key, expected, next) => {
      checkKey(key);
      const lockFolder = path.join(home, ".lock");
      // Within a process the writers of a folder queue up, rather than compete for the lock.
      return inTurn(processTurns, home, () =>
        attempt("write", fileOf(key), async () => {
          await fs.mkdir(lockFolder, { recursive: true, mode: 0o700 });
          const lock = await takeFileLock(modules, lockFolder, timeout);
          try {
            if (lock.abandoned !== undefined) await remove(fs, path.join(home, draftName(lock.abandoned)));
            if ((await read(key)) !== expected) return false;
            await replace(key, next, lock);
            return true;
          } finally {
            await lock.release();
          }
        }),
      );
    },
  };

  async function replace(key: string, next: string | undefined, lock: FileLock): Promise<void> {
    const draft = path.join(home, draftName(lock.number));
    if (next !== undefined) await writeWhole(fs, draft, next);
    if (!(await lock.stillHeld())) {
      await remove(fs, draft);
      throw new StorageLockedError({ location: path.join(home, ".lock"), holder: "another one", waited: 0 });
    }
    if (next === undefined) await remove(fs, fileOf(key));
    else await fs.rename(draft, fileOf(key));
    await syncFolder(fs, home);
  }
}

/** The folder for state where none is given. */
export function getDefaultFolder({ path, os, process }: Pick<NodeModules, "path" | "os" | "process">): string {
  const { env, platform } = process;
  if (env["XDG_STATE_HOME"]) return path.join(env["XDG_STATE_HOME"], "latchkey");
  if (platform === "win32" && env["LOCALAPPDATA"]) return path.join(env["LOCALAPPDATA"], "latchkey");
  if (platform === "darwin") return path.join(os.homedir(), "Library", "Application Support", "latchkey");
  return path.join(os.homedir(), ".local", "state", "latchkey");
}

function draftName(number: number): string {
  return `.draft-${number}`;
}

/** Writes a file of its owner's, and returns once it is on the disk. */
async function writeWhole(fs: NodeModules["fs"], path: string, text: string): Promise<void> {
  const handle = await fs.open(path, "w", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } catch (error) {
    await handle.close();
    await remove(fs, path);
    throw error;
  }
  await handle.close();
}

/** Puts the names of a folder's files on the disk. Windows knows no such thing. */
async function syncFolder(fs: NodeModules["fs"], path: string): Promise<void> {
  try {
    const handle = await fs.open(path, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!["EISDIR", "EPERM", "EACCES", "EINVAL", "ENOTSUP"].includes(getCode(error) ?? "")) throw error;
  }
}

async function remove(fs: NodeModules["fs"], path: string): Promise<void> {
  try {
    await fs.unlink(path);
  } catch (error) {
    if (getCode(error) !== "ENOENT") throw error;
  }
}

async function readNames(fs: NodeModules["fs"], path: string): Promise<readonly string[]> {
  try {
    return await fs.readdir(path);
  } catch (error) {
    if (getCode(error) === "ENOENT") return [];
    throw error;
  }
}
