import fc from "fast-check";
import { concat, type Hex, hashTypedData, keccak256, size, slice } from "viem";
import { describe, expect, it } from "vitest";
import { arbitraryUse } from "../../test/arbitraries.js";
import { account, contracts, game, parameters, recipient, session, token } from "../../test/fixtures.js";
import {
  allowErc20,
  decodeUse,
  defineSession,
  encodeUse,
  type GetUseDigestParameters,
  getSessionId,
  getSessionTypedData,
  getUseDigest,
  getUseSessionId,
  NonCanonicalUseError,
} from "../index.js";

const cases = { numRuns: 1_000 };

describe("encodeUse", () => {
  it("packs what the documentation says, byte by byte", () => {
    const data = encodeUse({ session, claims: [0], claimedTime: 0x0102030405 });
    const config = session.actions[0]?.policies[0]?.config ?? "0x";
    expect(data).toBe(
      concat([
        "0x00",
        "0x000102030405",
        "0x0000000000000000",
        "0x000000000000",
        "0x000077359400",
        session.salt,
        "0x0000000000000000000000000000000000000000",
        "0x0000000000000000002386f26fc10000",
        "0x0014",
        session.sessionKey,
        "0x00",
        "0x01",
        "0x01",
        token,
        "0xa9059cbb",
        "0x00",
        "0x01",
        contracts.erc20LimitPolicy,
        "0x0036",
        config,
        "0x00",
      ]).toLowerCase(),
    );
    expect(size(config)).toBe(0x36);
  });

  it("refuses a claim of an action that does not exist", () => {
    expect(() => encodeUse({ session, claims: [1] })).toThrowErrorMatchingInlineSnapshot(`
      [TooManyError: Too many actions counted to the one claimed.

      Limit: 1
      Actual: 2

      Docs: docs/errors.md#toomanyerror]
    `);
  });

  it("shows only the claimed actions, the others by their hashes", () => {
    const two = defineSession({
      ...parameters,
      actions: [allowErc20({ token, total: 1n }), allowErc20({ token: game, total: 2n })],
    });
    const { actions, claims } = decodeUse({ data: encodeUse({ session: two, claims: [1, 1] }), callCount: 2 });
    expect(claims).toEqual([1, 1]);
    expect(actions[0]).toMatch(/^0x[0-9a-f]{64}$/);
    expect(actions[1]).toMatchObject({ target: game.toLowerCase() });
  });
});

describe("decodeUse", () => {
  it("gives back what was encoded, for any session", () => {
    fc.assert(
      fc.property(arbitraryUse, ({ session, claims, claimedTime }) => {
        const data = encodeUse({ session, claims, claimedTime });
        const decoded = decodeUse({ data: concat([data, "0x1234"]), callCount: claims.length });
        expect(decoded).toMatchObject({
          claims,
          claimedTime,
          everyChain: session.chainId === 0n,
          epoch: session.epoch,
          validAfter: session.validAfter,
          validUntil: session.validUntil,
          salt: session.salt,
          sessionKey: session.sessionKey,
          paymaster: session.paymaster.toLowerCase(),
          maxOpCost: session.maxOpCost,
          use: data,
          signature: "0x1234",
        });
        for (const index of claims)
          expect(decoded.actions[index]).toMatchObject({
            target: session.actions[index]?.target.toLowerCase(),
            maxValue: session.actions[index]?.maxValue,
          });
      }),
      cases,
    );
  });

  it("leads to the id that viem computes, and to viem's EIP-712 digest, for any session", () => {
    const domainSeparator = keccak256(
      concat([
        keccak256(new TextEncoder().encode("EIP712Domain(string name,string version,address verifyingContract)")),
        keccak256(new TextEncoder().encode("Latchkey")),
        keccak256(new TextEncoder().encode("1")),
        `0x${"00".repeat(12)}`,
        contracts.manager,
      ]),
    );
    fc.assert(
      fc.property(arbitraryUse, ({ session, claims, claimedTime }) => {
        const decoded = decodeUse({ data: encodeUse({ session, claims, claimedTime }), callCount: claims.length });
        const id = getUseSessionId(decoded, { account: session.account, chainId: session.chainId });
        expect(id).toBe(getSessionId(session));
        expect(hashTypedData(getSessionTypedData(session, contracts.manager))).toBe(
          keccak256(concat(["0x1901", domainSeparator, id])),
        );
      }),
      cases,
    );
  });

  it("refuses every truncation", () => {
    const data = encodeUse({ session, claims: [0] });
    for (let length = 0; length < size(data); length++)
      expect(() => decodeUse({ data: length === 0 ? "0x" : slice(data, 0, length), callCount: 1 })).toThrow(
        NonCanonicalUseError,
      );
  });

  it.each([
    ["unknown flags", 0, "04"],
    ["operation policies", 117, "01"],
    ["no actions", 118, "00"],
    ["a revealed action that does not exist", 119, "03"],
    ["a hidden action that is claimed", 119, "00"],
  ])("refuses %s", (_, position, byte) => {
    const data = encodeUse({ session, claims: [0] });
    const changed: Hex = `0x${data.slice(2, 2 + 2 * position)}${byte}${data.slice(4 + 2 * position)}`;
    expect(() => decodeUse({ data: changed, callCount: 1 })).toThrow(NonCanonicalUseError);
  });

  it("refuses a value with a leading zero", () => {
    const paying = defineSession({
      ...parameters,
      actions: [{ target: game, selector: "0x12345678", maxValue: 0x0102n, policies: [] }],
    });
    const data = encodeUse({ session: paying, claims: [0] });
    expect(data.slice(2 + 2 * 144, 2 + 2 * 147)).toBe("020102");
    const changed: Hex = `0x${data.slice(2, 2 + 2 * 145)}00${data.slice(4 + 2 * 145)}`;
    expect(() => decodeUse({ data: changed, callCount: 1 })).toThrow(NonCanonicalUseError);
  });

  it("refuses an action that no call claims", () => {
    const data = encodeUse({ session, claims: [0] });
    expect(() => decodeUse({ data, callCount: 0 })).toThrow(NonCanonicalUseError);
  });
});

describe("getUseSessionId", () => {
  it("differs between accounts and between chains", () => {
    const decoded = decodeUse({ data: encodeUse({ session, claims: [0] }), callCount: 1 });
    const ids = [
      getUseSessionId(decoded, { account, chainId: 1n }),
      getUseSessionId(decoded, { account: recipient, chainId: 1n }),
      getUseSessionId(decoded, { account, chainId: 2n }),
    ];
    expect(new Set(ids).size).toBe(3);
    expect(ids[0]).toBe(getSessionId(session));
  });

  it("is the same on every chain for a session for every chain", () => {
    const everywhere = defineSession({ ...parameters, chainId: "every" });
    const decoded = decodeUse({ data: encodeUse({ session: everywhere, claims: [0] }), callCount: 1 });
    expect(getUseSessionId(decoded, { account, chainId: 5n })).toBe(getSessionId(everywhere));
  });
});

describe("getUseDigest", () => {
  it("changes with everything that is signed", () => {
    const base: GetUseDigestParameters = {
      userOpHash: session.salt,
      id: getSessionId(session),
      use: "0x01",
      manager: contracts.manager,
    };
    const variants: GetUseDigestParameters[] = [
      base,
      { ...base, userOpHash: getSessionId(session) },
      { ...base, id: session.salt },
      { ...base, use: "0x02" },
      { ...base, manager: account },
    ];
    expect(new Set(variants.map((variant) => getUseDigest(variant))).size).toBe(5);
  });
});
