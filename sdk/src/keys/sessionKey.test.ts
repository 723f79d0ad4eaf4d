import { hashMessage, recoverMessageAddress } from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { describe, expect, it } from "vitest";
import { privateKey } from "../../test/fixtures.js";
import {
  createSessionKey,
  exportPrivateKey,
  InvalidParameterError,
  InvalidPrivateKeyError,
  PrivateKeyNotAvailableError,
  toSessionKey,
} from "../index.js";

const secret = privateKey.slice(2);

describe("createSessionKey", () => {
  it("makes another key each time", () => {
    expect(createSessionKey().sessionKey).not.toBe(createSessionKey().sessionKey);
  });

  it("takes up a key from its private key", () => {
    const key = createSessionKey({ privateKey });
    expect(key.sessionKey).toBe("0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266");
    expect(key.account.address.toLowerCase()).toBe(key.sessionKey);
  });

  it("makes no other key when one was meant", () => {
    const missing: { privateKey?: typeof privateKey } = JSON.parse("{}");
    expect(() => createSessionKey({ privateKey: missing.privateKey })).toThrow(InvalidPrivateKeyError);
    const misplaced: unknown = privateKey;
    // @ts-expect-error a caller without types
    expect(() => createSessionKey(misplaced)).toThrow(InvalidParameterError);
  });

  it("signs", async () => {
    const { account } = createSessionKey({ privateKey });
    const signature = await account.signMessage({ message: "hello" });
    expect(await recoverMessageAddress({ message: "hello", signature })).toBe(account.address);
    expect(hashMessage("hello")).toMatch(/^0x/);
  });

  it("shows its private key in no way of printing", () => {
    const key = createSessionKey({ privateKey });
    const shown = [JSON.stringify(key), String(key), ...deepStrings(key)].join("\n");
    expect(shown).not.toContain(secret);
    expect(shown).not.toContain(String(BigInt(privateKey)));
  });

  it.each([
    ["too short", "0x1234"],
    ["zero", `0x${"00".repeat(32)}`],
    ["above the order of the curve", `0x${"ff".repeat(32)}`],
    ["not hex", `0x${secret.slice(2)}zz`],
  ] as const)("refuses a private key that is %s, without showing it", (_, bad) => {
    try {
      createSessionKey({ privateKey: bad });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidPrivateKeyError);
      expect(deepStrings(error).join("\n")).not.toContain(bad.slice(2));
    }
  });
});

describe("exportPrivateKey", () => {
  it("gives what makes the same key in another process", () => {
    const key = createSessionKey();
    expect(createSessionKey({ privateKey: exportPrivateKey(key) }).sessionKey).toBe(key.sessionKey);
  });

  it("cannot give that of a wrapped account", () => {
    const key = toSessionKey(mnemonicToAccount("test test test test test test test test test test test junk"));
    expect(key.sessionKey).toBe("0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266");
    expect(() => exportPrivateKey(key)).toThrow(PrivateKeyNotAvailableError);
    expect(() => exportPrivateKey(key)).toThrow(key.sessionKey);
  });
});

/** Every string that can be reached from a value, hidden properties included. */
function deepStrings(value: unknown, seen = new Set<unknown>()): readonly string[] {
  if (typeof value === "string" || typeof value === "bigint") return [String(value)];
  if (value instanceof Uint8Array) return [Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("")];
  if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value)) return [];
  seen.add(value);
  return Reflect.ownKeys(value).flatMap((key) => deepStrings(Reflect.get(value, key), seen));
}

it("says what kind of key it is, and takes no private key with more around it", () => {
  expect(createSessionKey().type).toBe("secp256k1");
  for (const given of [`x${privateKey}`, `${privateKey}x`, `${privateKey}\n`, [privateKey], 1, null])
    expect(() => createSessionKey({ privateKey: given as never })).toThrow(InvalidPrivateKeyError);
  expect(() => createSessionKey(5 as never)).toThrow("`createSessionKey's argument` is not an object.");
  expect(() => toSessionKey({ address: "0x12" } as never)).toThrow("`account.address` is not a valid address.");
});
