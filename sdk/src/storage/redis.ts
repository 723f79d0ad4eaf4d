import { LatchkeyError } from "../errors/base.js";
import { InvalidParameterError } from "../errors/input.js";
import { StorageAccessError, StorageForeignError } from "../errors/storage.js";
import { checkParameters } from "../utils/validate.js";
import { checkKey, type StorageAdapter } from "./adapter.js";

export type RedisAdapterParameters = {
  /**
   * Sends one command and returns the reply, strings as strings: of node-redis `(args) => client.sendCommand([...args])`,
   * of ioredis `([command, ...args]) => client.call(command, ...args)`.
   */
  send: (args: readonly [command: string, ...rest: string[]]) => Promise<unknown>;
  /** The Redis key of the hash that holds everything; "latchkey" if it is left out. */
  hash?: string | undefined;
};

/**
 * Compares and sets a field of a hash; the server runs it as one step. ARGV: field, "1" if an entry is expected, that
 * entry, "1" if there is a next one, that one.
 */
export const compareAndSetScript = `local current = redis.call("HGET", KEYS[1], ARGV[1])
if ARGV[2] == "1" then
  if current ~= ARGV[3] then return 0 end
elseif current then
  return 0
end
if ARGV[4] == "1" then
  redis.call("HSET", KEYS[1], ARGV[1], ARGV[5])
else
  redis.call("HDEL", KEYS[1], ARGV[1])
end
return 1`;

/**
 * Storage in Redis (2.6 or later) or what speaks like it, over any client. Everything is in one hash, so that a cluster
 * keeps it on one node. How lasting it is, is the server's to say (`appendfsync`).
 *
 * @param parameters {@link RedisAdapterParameters}
 * @returns {@link StorageAdapter}
 * @throws Using it throws StorageAccessError, whose cause is the client's error.
 *
 * @example
 * import { createSessionStore, redisAdapter } from "latchkey/storage";
 *
 * const open = (client: { sendCommand: (args: string[]) => Promise<unknown> }) =>
 *   createSessionStore({
 *     adapter: redisAdapter({ send: (args) => client.sendCommand([...args]) }),
 *   });
 */
export function redisAdapter(parameters: RedisAdapterParameters): StorageAdapter {
  checkParameters("redisAdapter's argument", parameters, ["send", "hash"]);
  const { send, hash = "latchkey" } = parameters;
  if (typeof send !== "function") throw new InvalidParameterError({ parameter: "send", expected: "a function" });
  const location = `Redis, hash "${hash}"`;
  const run = async (operation: string, ...args: readonly [command: string, ...rest: string[]]): Promise<unknown> => {
    try {
      return await send(args);
    } catch (cause) {
      if (cause instanceof LatchkeyError) throw cause;
      throw new StorageAccessError({ location, operation, cause });
    }
  };
  return {
    kind: "Redis",
    location,
    get: async (key) => {
      const reply = await run("read", "HGET", hash, key);
      if (reply === null || reply === undefined) return undefined;
      if (typeof reply === "string") return reply;
      throw new StorageForeignError({ location: `${location}, entry ${key}`, expected: "text" });
    },
    keys: async () => {
      const reply = await run("list", "HKEYS", hash);
      if (!Array.isArray(reply)) throw new StorageForeignError({ location, expected: "hash" });
      return reply.filter((key) => typeof key === "string");
    },
    compareAndSet: async (key, expected, next) => {
      checkKey(key);
      const reply = await run(
        "write",
        "EVAL",
        compareAndSetScript,
        "1",
        hash,
        key,
        ...(expected === undefined ? ["0", ""] : ["1", expected]),
        ...(next === undefined ? ["0", ""] : ["1", next]),
      );
      return Number(reply) === 1;
    },
  };
}
