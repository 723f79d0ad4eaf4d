// A chain's RPC that says what a test wants.
import { createServer, type Server } from "node:http";
import { type Hex, numberToHex } from "viem";

export type RpcOptions = {
  /** The chain that it says to be of. */
  chainId?: number;
  /** How old its latest block is, in seconds. */
  blockAge?: number;
  /** What the URL ends with. */
  path?: string;
};

/** A server that answers `eth_chainId` and `eth_getBlockByNumber`, and everything else with an error. */
export class FakeRpc {
  readonly #server: Server;
  readonly url: string;
  chainId: number;
  blockAge: number;
  /** Whether it answers at all. */
  down = false;
  /** What every contract reverts with, if calls are to be answered. */
  revertData: Hex | undefined;

  /** What every contract returns, if calls are to be answered. */
  returnData: Hex | undefined;
  /** How many calls it was asked for. */
  calls = 0;

  private constructor(server: Server, url: string, { chainId = 1, blockAge = 0 }: RpcOptions) {
    this.#server = server;
    this.url = url;
    this.chainId = chainId;
    this.blockAge = blockAge;
  }

  static async start(options: RpcOptions = {}): Promise<FakeRpc> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (typeof address !== "object" || address === null) throw new Error("not listening");
    const rpc = new FakeRpc(server, `http://127.0.0.1:${address.port}${options.path ?? ""}`, options);
    server.on("request", (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        if (rpc.down) return response.writeHead(500).end("down");
        const { id, method } = JSON.parse(Buffer.concat(chunks).toString("utf8"));
        response.writeHead(200, { "content-type": "application/json" });
        return response.end(JSON.stringify({ jsonrpc: "2.0", id, ...rpc.#answer(method) }));
      });
    });
    return rpc;
  }

  #answer(method: string): object {
    if (method === "eth_chainId") return { result: numberToHex(this.chainId) };
    const timestamp = numberToHex(Math.floor(Date.now() / 1_000) - this.blockAge);
    if (method === "eth_getBlockByNumber") return { result: { number: "0x1", timestamp, transactions: [] } };
    if (method === "eth_call") this.calls++;
    if (method === "eth_call" && this.returnData !== undefined) return { result: this.returnData };
    if (method === "eth_call" && this.revertData !== undefined)
      return { error: { code: 3, message: "execution reverted", data: this.revertData } };
    return { error: { code: -32_601, message: "there is no such method" } };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
