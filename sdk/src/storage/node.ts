import { StorageUnavailableError } from "../errors/storage.js";

/** What is used of Node's modules; spelt out, so that the package's types need none of Node's. */
export type NodeModules = {
  readonly fs: {
    readonly mkdir: (path: string, options: { recursive: true; mode: number }) => Promise<unknown>;
    readonly readdir: (path: string) => Promise<string[]>;
    readonly readFile: (path: string, encoding: "utf8") => Promise<string>;
    readonly appendFile: (path: string, text: string) => Promise<void>;
    readonly open: (path: string, flags: string, mode?: number) => Promise<FileHandle>;
    readonly link: (from: string, to: string) => Promise<void>;
    readonly rename: (from: string, to: string) => Promise<void>;
    readonly unlink: (path: string) => Promise<void>;
    readonly stat: (path: string) => Promise<{ readonly mtimeMs: number }>;
    readonly readlink: (path: string) => Promise<string>;
  };
  readonly path: {
    readonly join: (...parts: string[]) => string;
    readonly resolve: (...parts: string[]) => string;
  };
  readonly os: { readonly hostname: () => string; readonly homedir: () => string };
  readonly process: NodeProcess;
};

type FileHandle = {
  readonly writeFile: (text: string) => Promise<void>;
  readonly sync: () => Promise<void>;
  readonly close: () => Promise<void>;
};

type NodeProcess = {
  readonly pid: number;
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly versions: { readonly node?: string | undefined };
  readonly kill: (pid: number, signal: 0) => true;
  readonly getBuiltinModule?: ((name: string) => unknown) | undefined;
};

/** The process, where the environment is Node, or Bun or Deno in its manner. */
export function getNodeProcess(): NodeProcess | undefined {
  const { process } = globalThis as { readonly process?: NodeProcess | undefined };
  return process?.versions?.node === undefined ? undefined : process;
}

/** Node's modules. They are asked of the process and not imported, so that no bundler for browsers stumbles over them. */
export function getNodeModules(): NodeModules {
  const process = getNodeProcess();
  if (process?.getBuiltinModule === undefined)
    throw new StorageUnavailableError({ kind: "file", reason: "it takes Node 20.16, 22.3 or later" });
  const load = (name: string) => process.getBuiltinModule?.(`node:${name}`);
  return {
    fs: load("fs/promises") as NodeModules["fs"],
    path: load("path") as NodeModules["path"],
    os: load("os") as NodeModules["os"],
    process,
  };
}
