import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** How long a process may take until it is ready, and until it has stopped. */
const READY_TIMEOUT = 60_000;
const STOP_TIMEOUT = 5_000;
const KEPT_OUTPUT = 20_000;

export type StartParameters = {
  /** What the process is called in error messages. */
  name: string;
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Run under the supervisor: for programs that do not notice by themselves that this process is gone. */
  supervised?: boolean;
};

export class StartError extends Error {
  override readonly name = "StartError";
}

/** A child process that ends no later than this process does. */
export class ManagedProcess {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #lines: { pattern: RegExp; found: (match: RegExpExecArray) => void }[] = [];
  readonly #messages: { accept: (message: unknown) => boolean }[] = [];
  readonly #exit: Promise<void>;
  #output = "";
  #partial = "";

  constructor({ name, command, args, env, cwd, supervised = false }: StartParameters) {
    this.#name = name;
    const supervisor = fileURLToPath(new URL("./supervisor.js", import.meta.url));
    const [file, argv] = supervised ? [process.execPath, [supervisor, command, ...args]] : [command, [...args]];
    this.#child = spawn(file, argv, {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: { ...process.env, ...env },
      ...(cwd === undefined ? {} : { cwd }),
    });
    this.#exit = new Promise((resolve) => {
      this.#child.once("exit", () => resolve());
      this.#child.once("error", () => resolve());
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8");
      stream?.on("data", (chunk: string) => this.#receive(chunk));
    }
    this.#child.on("message", (message) => {
      for (const listener of [...this.#messages]) {
        if (listener.accept(message)) this.#messages.splice(this.#messages.indexOf(listener), 1);
      }
    });
  }

  /** The end of what the process has written so far. */
  get output(): string {
    return this.#output;
  }

  #receive(chunk: string): void {
    this.#output = (this.#output + chunk).slice(-KEPT_OUTPUT);
    const lines = (this.#partial + chunk).split("\n");
    this.#partial = lines.pop() ?? "";
    for (const line of lines) {
      for (const listener of [...this.#lines]) {
        const match = listener.pattern.exec(line);
        if (match === null) continue;
        this.#lines.splice(this.#lines.indexOf(listener), 1);
        listener.found(match);
      }
    }
  }

  /** The first line of output from now on that matches. */
  line(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#ready(new Promise((found) => this.#lines.push({ pattern, found })));
  }

  /** The first message on the IPC channel from now on that `select` makes something of. */
  message<value>(select: (message: unknown) => value | undefined): Promise<value> {
    return this.#ready(
      new Promise((resolve) => {
        const accept = (message: unknown): boolean => {
          const value = select(message);
          if (value === undefined) return false;
          resolve(value);
          return true;
        };
        this.#messages.push({ accept });
      }),
    );
  }

  async #ready<value>(ready: Promise<value>): Promise<value> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const fail = (what: string) => reject(new StartError(`${this.#name} ${what}:\n${this.#output}`));
      timer = setTimeout(() => fail(`was not ready within ${READY_TIMEOUT / 1000} s`), READY_TIMEOUT);
      void this.#exit.then(() => fail("ended before it was ready"));
    });
    try {
      return await Promise.race([ready, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends a signal to the process itself, which must not be supervised; resolves when it has ended, if it ends by it. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    this.#child.kill(signal);
    if (signal === "SIGKILL" || signal === "SIGTERM") await this.#exit;
  }

  /** Resolves when the process has ended, however it ends. */
  get ended(): Promise<void> {
    return this.#exit;
  }

  /** Asks the process to end, insists after a while, and resolves when it has ended. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGTERM");
    // Without its channel a supervised command is killed, whatever it makes of SIGTERM.
    const timer = setTimeout(() => {
      if (this.#child.connected) this.#child.disconnect();
      this.#child.kill("SIGKILL");
    }, STOP_TIMEOUT);
    await this.#exit;
    clearTimeout(timer);
  }
}
