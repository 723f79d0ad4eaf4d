import { createServer, type Socket } from "node:net";
import { compareAndSetScript } from "../../src/storage/redis.js";

/** How much of Redis the adapter needs, over its protocol on a real socket. It runs no Lua: it knows the one script. */
export async function startRedisServer(): Promise<{ port: number; close: () => Promise<void> }> {
  const hashes = new Map<string, Map<string, string>>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let unread = Buffer.alloc(0);
    socket.on("data", (bytes) => {
      unread = Buffer.concat([unread, bytes]);
      for (let command = readCommand(unread); command; command = readCommand(unread)) {
        unread = unread.subarray(command.end);
        socket.write(answer(hashes, command.args));
      }
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An array of bulk strings: *2\r\n$4\r\nHGET\r\n$1\r\na\r\n */
function readCommand(bytes: Buffer): { args: readonly string[]; end: number } | undefined {
  let at = 0;
  const readLine = (): string | undefined => {
    const end = bytes.indexOf("\r\n", at);
    if (end === -1) return undefined;
    const line = bytes.toString("utf8", at, end);
    at = end + 2;
    return line;
  };
  const head = readLine();
  if (head === undefined) return undefined;
  const args: string[] = [];
  for (let left = Number(head.slice(1)); left > 0; left--) {
    const length = readLine();
    if (length === undefined) return undefined;
    const end = at + Number(length.slice(1));
    if (bytes.length < end + 2) return undefined;
    args.push(bytes.toString("utf8", at, end));
    at = end + 2;
  }
  return { args, end: at };
}

const bulk = (text: string | undefined) =>
  text === undefined ? "$-1\r\n" : `$${Buffer.byteLength(text)}\r\n${text}\r\n`;

function answer(hashes: Map<string, Map<string, string>>, [command = "", ...args]: readonly string[]): string {
  const hashOf = (key = "") => {
    const hash = hashes.get(key) ?? new Map<string, string>();
    hashes.set(key, hash);
    return hash;
  };
  const name = command.toUpperCase();
  if (name === "CLIENT") return "+OK\r\n";
  if (name === "HGET") return bulk(hashOf(args[0]).get(args[1] ?? ""));
  if (name === "HKEYS") {
    const keys = [...hashOf(args[0]).keys()];
    return `*${keys.length}\r\n${keys.map(bulk).join("")}`;
  }
  if (name === "EVAL" && args[0] === compareAndSetScript) {
    const [, , key, field = "", hasExpected, expected, hasNext, next = ""] = args;
    const hash = hashOf(key);
    if (hash.get(field) !== (hasExpected === "1" ? expected : undefined)) return ":0\r\n";
    if (hasNext === "1") hash.set(field, next);
    else hash.delete(field);
    return ":1\r\n";
  }
  return `-ERR unknown command '${command}'\r\n`;
}
