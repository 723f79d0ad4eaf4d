import { createServer } from "node:http";
import { encodeErrorResult, parseAbi } from "viem";
import { afterEach, expect, it } from "vitest";
import { refusal } from "../test/group.js";
import { FakeRpc } from "../test/rpc.js";
import { Chains } from "./chains.js";
import { parseConfig } from "./config.js";

let rpc: FakeRpc | undefined;

afterEach(async () => {
  await rpc?.stop();
});

async function connect(options: Parameters<typeof FakeRpc.start>[0], limits: object = {}) {
  rpc = await FakeRpc.start(options);
  return { rpc, chains: new Chains(parseConfig({ directory: "any", chains: { 1: rpc.url }, limits })) };
}

it("says what time it is on the chain", async () => {
  const { chains } = await connect({ blockAge: 100 });
  const now = await chains.now(1);
  expect(Math.abs(Date.now() / 1_000 - 100 - now)).toBeLessThan(5);
  expect(chains.ids).toEqual([1]);
});

it("asks no RPC that is one of another chain", async () => {
  const { chains, rpc } = await connect({ chainId: 10 });
  await expect(chains.now(1)).rejects.toThrow("This node's RPC for chain 1 is one of chain 10.");
  expect(await refusal(() => chains.ask(1, async () => "an answer"))).toBe("unavailable");
  rpc.chainId = 1;
  expect(await chains.ask(1, async () => "an answer")).toBe("an answer");
});

it("looks at no other chain than it is told", async () => {
  const { chains } = await connect({});
  expect(await refusal(() => chains.now(10))).toBe("chain");
});

it("does not believe an RPC that has stopped following its chain", async () => {
  const { chains, rpc } = await connect({ blockAge: 290 });
  await chains.now(1);
  rpc.blockAge = 310;
  expect(await refusal(() => chains.now(1))).toBe("unavailable");
});

it("takes blocks as old as its operator says", async () => {
  const { chains, rpc } = await connect({ blockAge: 15 }, { blockAge: 20 });
  await chains.now(1);
  rpc.blockAge = 30;
  await expect(chains.now(1)).rejects.toThrow("this node takes 20 s");
  // A chain whose clock is ahead of this one.
  rpc.blockAge = -1_000;
  await chains.now(1);
});

it("takes a time to be over by the chain's clock or its own, whichever is ahead", async () => {
  const { chains } = await connect({});
  const own = Math.floor(Date.now() / 1_000);
  expect(chains.isOver(own - 10, own - 100)).toBe(true);
  expect(chains.isOver(own + 90, own + 100)).toBe(true);
  expect(chains.isOver(own + 100, own + 100)).toBe(false);
  expect(chains.isOver(own + 100, own - 100)).toBe(false);
});

it("says that a chain cannot be asked, and not why", async () => {
  const { chains, rpc } = await connect({ path: "/a-secret-api-key" });
  rpc.down = true;
  const error = await chains.now(1).catch((error: unknown) => error);
  expect(error).toMatchObject({ code: "unavailable", message: "Chain 1 cannot be asked." });
  expect(JSON.stringify(error)).not.toContain("a-secret");
  expect(String(Object(error).reason)).not.toContain("a-secret");
});

it("asks no other server because a contract says so (ERC-3668)", async () => {
  const asked: string[] = [];
  const other = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.setHeader("content-type", "application/json").end(JSON.stringify({ data: "0x" }));
  });
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const address = other.address();
  if (typeof address !== "object" || address === null) throw new Error("not listening");
  const { chains, rpc } = await connect({});
  const account = "0x00000000000000000000000000000000000000AA";
  rpc.revertData = encodeErrorResult({
    abi: parseAbi(["error OffchainLookup(address sender, string[] urls, bytes data, bytes4 callback, bytes extra)"]),
    args: [account, [`http://127.0.0.1:${address.port}/internal/{sender}`], "0x12", "0x12345678", "0x"],
  });
  const abi = parseAbi(["function accountId() view returns (string)"]);
  const read = chains.ask(1, (client) => client.readContract({ abi, address: account, functionName: "accountId" }));
  expect(await refusal(() => read)).toBe("unavailable");
  other.closeAllConnections();
  await new Promise((resolve) => other.close(resolve));
  expect(asked).toEqual([]);
});
