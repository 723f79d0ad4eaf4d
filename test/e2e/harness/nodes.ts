import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createListener } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DistributedNode } from "latchkey/distributed";
import { type NodeMessage, signNodeMessage } from "latchkey/distributed/protocol";
import { Store } from "latchkey-node";
import type { Hex } from "viem";
import { ManagedProcess } from "./process.ts";

const cli = fileURLToPath(new URL("../../../node/dist/cli.js", import.meta.url));

const crasher = new URL("crash.js", import.meta.url).href;

/** What a node's directory is encrypted with. */
export const passphrase = "a passphrase for tests";

export type NodeOptions = {
  chainId: number;
  rpcUrl: string;
  limits?: { [name: string]: unknown };
  accounts?: readonly string[];
};

/** A node in a process of its own. */
export class NodeProcess {
  readonly directory: string;
  readonly config: string;
  readonly #options: NodeOptions;
  #process: ManagedProcess | undefined;
  #port: number;
  #identity: Hex | undefined;

  private constructor(options: NodeOptions, port: number) {
    this.#options = options;
    this.#port = port;
    this.directory = mkdtempSync(join(tmpdir(), "latchkey-node-"));
    this.config = join(this.directory, "config.json");
  }

  static async start(options: NodeOptions): Promise<NodeProcess> {
    const node = new NodeProcess(options, await freePort());
    await node.start();
    return node;
  }

  /** Starts it, again at the same port. `crashAt` is a step of using a nonce at which it is to be killed: crash.js. */
  async start({
    crashAt,
    limits = {},
  }: {
    crashAt?: string;
    limits?: { [name: string]: unknown };
  } = {}): Promise<void> {
    const { chainId, rpcUrl, accounts } = this.#options;
    const merged = { requestsPerMinute: 100_000, signaturesPerMinute: 100_000, ...this.#options.limits, ...limits };
    writeFileSync(
      this.config,
      JSON.stringify({
        directory: join(this.directory, "data"),
        port: this.#port,
        chains: { [chainId]: rpcUrl },
        limits: merged,
        ...(accounts && { accounts }),
      }),
    );
    const process = new ManagedProcess({
      name: "node",
      command: globalThis.process.execPath,
      args: [...(crashAt === undefined ? [] : ["--import", crasher]), cli, "start", "--config", this.config],
      env: { LATCHKEY_NODE_PASSPHRASE: passphrase, ...(crashAt === undefined ? {} : { CRASH_AT: crashAt }) },
    });
    this.#process = process;
    const [, identity] = await process.line(/^listening at \S+ as (0x[0-9a-f]{64})$/);
    this.#identity = `0x${(identity ?? "").slice(2)}`;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get identity(): Hex {
    if (this.#identity === undefined) throw new Error("the node has not been started");
    return this.#identity;
  }

  /** As the SDK is told of it. */
  get info(): DistributedNode {
    return { url: this.url, identity: this.identity };
  }

  /** What it has printed. */
  get output(): string {
    return this.#process?.output ?? "";
  }

  /** Resolves when its process has ended. */
  get ended(): Promise<void> {
    return this.#process?.ended ?? Promise.resolve();
  }

  /** Kills it without a chance to do anything. */
  async kill(): Promise<void> {
    await this.#process?.signal("SIGKILL");
  }

  /** Stops or continues it in its tracks. */
  async pause(): Promise<void> {
    await this.#process?.signal("SIGSTOP");
  }

  async resume(): Promise<void> {
    await this.#process?.signal("SIGCONT");
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  /** Runs a command of `latchkey-node` while it is stopped; returns what it prints. */
  async command(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const process = new ManagedProcess({
      name: "node",
      command: globalThis.process.execPath,
      args: [cli, ...args, "--config", this.config],
      env: { LATCHKEY_NODE_PASSPHRASE: passphrase, ...env },
    });
    await process.ended;
    return process.output;
  }

  /** Ends it and removes what it kept. */
  async remove(): Promise<void> {
    await this.resume();
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** The secret of its identity, read while it is stopped. */
  async readIdentity(): Promise<Uint8Array> {
    const store = await Store.open(join(this.directory, "data"), passphrase);
    await store.close();
    return store.identity;
  }
}

/** Starts nodes, which all look at one chain. */
export async function startNodes(count: number, options: NodeOptions): Promise<readonly NodeProcess[]> {
  return Promise.all(Array.from({ length: count }, () => NodeProcess.start(options)));
}

export type Tampering = (path: string, answer: { result?: unknown; error?: unknown }) => unknown;

/** Stands before a node and changes what it answers. */
export class NodeProxy {
  readonly #server: Server;
  readonly #node: NodeProcess;
  /** What is done with answers; nothing at first. */
  tamper: Tampering = (_path, answer) => answer;
  /** What is done with requests; nothing at first. */
  tamperRequest: (path: string, body: string) => string = (_path, body) => body;
  /** Requests as they came, with their paths. */
  readonly seen: { path: string; body: string }[] = [];

  private constructor(server: Server, node: NodeProcess) {
    this.#server = server;
    this.#node = node;
  }

  static async start(node: NodeProcess): Promise<NodeProxy> {
    const server = createServer();
    const proxy = new NodeProxy(server, node);
    server.on("request", (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const path = request.url ?? "/";
        const body = Buffer.concat(chunks).toString("utf8");
        proxy.seen.push({ path, body });
        void proxy.#pass(path, body).then(
          ({ status, text }) => response.writeHead(status, { "content-type": "application/json" }).end(text),
          () => response.destroy(),
        );
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  async #pass(path: string, body: string): Promise<{ status: number; text: string }> {
    const response = await fetch(`${this.#node.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: this.tamperRequest(path, body),
    });
    const answer: { result?: unknown; error?: unknown } = JSON.parse(await response.text());
    return { status: response.status, text: JSON.stringify(this.tamper(path, answer)) };
  }

  get info(): DistributedNode {
    return { url: `http://127.0.0.1:${portOf(this.#server)}`, identity: this.#node.identity };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A part of a signature that is wrong, signed by the node that it is from: a node that lies. */
export function lie(identity: Uint8Array): Tampering {
  return (path, answer) => {
    if (path !== "/v1/sign" || answer.result === undefined) return answer;
    const message: NodeMessage = JSON.parse(JSON.stringify(answer.result));
    const { share, ...rest } = JSON.parse(message.body);
    const wrong = `${String(share).slice(0, -2)}${String(share).endsWith("00") ? "01" : "00"}`;
    return { result: signNodeMessage(identity, { ...message, body: { ...rest, share: wrong } }) };
  };
}

function portOf(server: { address(): string | AddressInfo | null }): number {
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("not listening");
  return address.port;
}

async function freePort(): Promise<number> {
  const server = createListener();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
