import { decodeAbiParameters, numberToHex, parseAbiParameters, slice, zeroAddress, zeroHash } from "viem";
import { describe, expect, it } from "vitest";
import { account, session } from "../../test/fixtures.js";
import { createMockClient } from "../../test/mockClient.js";
import {
  type AccountType,
  AccountTypeUnknownError,
  getAccountType,
  getModuleInitData,
  getNonceKey,
  getSessionId,
  getSessionLane,
  InvalidBytesError,
  InvalidNumberError,
} from "../index.js";
import { getValidationMode } from "./accountType.js";

const validator = "0x1111111111111111111111111111111111111111";
const named = "11".repeat(20);

describe("getNonceKey", () => {
  it.each([
    ["nexus", "default", `0x00000200${named}`],
    ["nexus", "enable", `0x00000201${named}`],
    ["kernel", "default", `0x0001${named}0002`],
    ["kernel", "enable", `0x0101${named}0002`],
    ["safe7579", "default", `0x${named}00000002`],
    ["openzeppelin", "default", `0x${named}00000002`],
  ] as const)("names the validator where %s looks for it, in %s mode", (accountType, mode, expected) => {
    const key = getNonceKey({ accountType, validator, lane: 2, mode });
    expect(numberToHex(key, { size: 24 })).toBe(expected);
    expect(getValidationMode({ accountType, nonce: (key << 64n) | 7n })).toBe(mode);
  });

  it.each([
    ["nexus", 2 ** 24],
    ["kernel", 2 ** 16],
    ["safe7579", 2 ** 32],
    ["openzeppelin", 2 ** 32],
  ] as const)("has as many lanes as %s has room for", (accountType, count) => {
    expect(getNonceKey({ accountType, validator, lane: count - 1 })).toBeGreaterThan(0n);
    for (const lane of [count, -1, 0.5])
      expect(() => getNonceKey({ accountType, validator, lane })).toThrow(InvalidNumberError);
  });
});

describe("getSessionLane", () => {
  it("is the same everywhere, another for another session, within what the account has, and never lane 0", () => {
    expect(getSessionLane({ session, accountType: "kernel" })).toBe(
      getSessionLane({ session: getSessionId(session), accountType: "kernel" }),
    );
    const lanes = Array.from({ length: 200 }, (_, index) =>
      getSessionLane({
        session: numberToHex((BigInt(index) << 200n) + BigInt(index), { size: 32 }),
        accountType: "kernel",
      }),
    );
    for (const lane of lanes) expect(lane > 0 && lane < 2 ** 16).toBe(true);
    expect(new Set(lanes).size).toBe(200);
    expect(getSessionLane({ session: zeroHash, accountType: "nexus" })).toBe(1);
    expect(getSessionLane({ session: numberToHex(2n ** 24n - 2n, { size: 32 }), accountType: "nexus" })).toBe(
      2 ** 24 - 1,
    );
    expect(() => getSessionLane({ session: "0x12", accountType: "nexus" })).toThrow(InvalidBytesError);
  });
});

describe("getModuleInitData", () => {
  it("is the validator's own data, wrapped for Kernel", () => {
    for (const accountType of ["nexus", "safe7579", "openzeppelin"] as const)
      expect(getModuleInitData({ accountType, data: "0x1234" })).toBe("0x1234");
    const wrapped = getModuleInitData({ accountType: "kernel", data: "0x1234" });
    expect(slice(wrapped, 0, 20)).toBe(zeroAddress);
    expect(decodeAbiParameters(parseAbiParameters("bytes, bytes, bytes"), slice(wrapped, 20))).toEqual([
      "0x1234",
      "0x",
      "0xe9ae5c53",
    ]);
  });
});

describe("getAccountType", () => {
  it.each<[string, AccountType]>([
    ["biconomy.nexus.1.0.0", "nexus"],
    ["kernel.advanced.v0.3.1", "kernel"],
    ["rhinestone.safe7579.v1.0.0", "safe7579"],
    ["@openzeppelin/community-contracts.AccountERC7579.v0.0.0", "openzeppelin"],
  ])("knows %s", async (accountId, accountType) => {
    expect(await getAccountType(createMockClient({ accountId }).client, { account })).toBe(accountType);
  });

  it("does not guess", async () => {
    const asking = getAccountType(createMockClient({ accountId: "acme.nexus.1" }).client, { account });
    await expect(asking).rejects.toThrow(AccountTypeUnknownError);
  });
});
