import fc from "fast-check";
import { concat, type Hex, keccak256, numberToHex, pad, size, slice, stringToHex, zeroHash } from "viem";
import { describe, expect, it } from "vitest";
import { arbitraryUse } from "../../test/arbitraries.js";
import { account, contracts, game, parameters, recipient, session, token } from "../../test/fixtures.js";
import {
  allowErc20,
  decodeUse,
  defineSession,
  encodeSession,
  encodeUse,
  type GetUseDigestParameters,
  getSessionId,
  getUseDigest,
  getUseSessionId,
  hashSessionBundle,
  NonCanonicalUseError,
  ownRevocationClaim,
  SessionNotInGrantError,
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
      [InvalidNumberError: \`claims[0]\` is not a whole number in its range.

      Expected: a number from 0 to 0
      Actual: 1

      Docs: docs/errors/InvalidNumberError.md]
    `);
  });

  it("packs operation policies after the key", () => {
    const limited = { ...session, operationPolicies: [{ policy: game, config: "0x010203" }] } as const;
    const data = encodeUse({ session: limited, claims: [0] });
    expect(slice(data, 117, 117 + 27)).toBe(concat(["0x01", game, "0x0003", "0x010203", "0x01"]).toLowerCase());
  });

  it("packs a claim of the session's own revocation, a proof, a grant and a publication at the end", () => {
    const bare = encodeUse({ session, claims: [0] });
    const claimed = encodeUse({ session, claims: [0, ownRevocationClaim] });
    expect(claimed).toBe(concat([bare, "0xff"]));
    const [sibling, other] = [pad("0x01", { size: 32 }), pad("0x02", { size: 32 })];
    const flagged = (flags: Hex) => concat([flags, slice(bare, 1)]);
    expect(encodeUse({ session, claims: [0], proof: [sibling, other] })).toBe(
      concat([flagged("0x04"), "0x02", sibling, other]),
    );
    const grant = { ids: [other, getSessionId(session), sibling], signature: "0xabcdef" } as const;
    const packedGrant = concat(["0x03", "0x01", other, sibling, "0x0003", "0xabcdef"]);
    expect(encodeUse({ session, claims: [0], grant })).toBe(concat([flagged("0x08"), packedGrant]));
    const published = encodeSession(session);
    expect(encodeUse({ session, claims: [0], grant, publish: true })).toBe(
      concat([flagged("0x18"), packedGrant, numberToHex(size(published), { size: 3 }), published]),
    );
  });

  it("refuses a grant of other sessions", () => {
    const grant = { ids: [zeroHash], signature: "0x" } as const;
    expect(() => encodeUse({ session, claims: [0], grant })).toThrow(SessionNotInGrantError);
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
      fc.property(arbitraryUse, ({ session, claims, claimedTime, evidence }) => {
        const data = encodeUse({ session, claims, claimedTime, ...evidence });
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
          operationPolicies: session.operationPolicies.map(({ config }) => ({ config })),
          proof: evidence.proof,
          publication: evidence.publish ? encodeSession(session) : undefined,
          use: data,
          signature: "0x1234",
        });
        expect(decoded.grant?.signature).toBe(evidence.grant?.signature);
        expect(decoded.grant?.others).toEqual(evidence.grant?.ids.filter((_, at) => at !== decoded.grant?.index));
        for (const index of claims.filter((claim) => claim !== ownRevocationClaim))
          expect(decoded.actions[index]).toMatchObject({
            target: session.actions[index]?.target.toLowerCase(),
            maxValue: session.actions[index]?.maxValue,
          });
      }),
      cases,
    );
  });

  it("leads to the id that viem computes, and to viem's EIP-712 digest of a bundle, for any session", () => {
    const domainSeparator = keccak256(
      concat([
        keccak256(new TextEncoder().encode("EIP712Domain(string name,string version,address verifyingContract)")),
        keccak256(new TextEncoder().encode("Latchkey")),
        keccak256(new TextEncoder().encode("1")),
        `0x${"00".repeat(12)}`,
        contracts.manager,
      ]),
    );
    const bundleTypeHash = keccak256(
      stringToHex(
        "SessionBundle(Session[] sessions)Action(address target,bytes4 selector,uint256 maxValue,Policy[] policies)" +
          "Policy(address policy,bytes config)Session(address account,uint256 chainId,uint64 epoch,uint48 validAfter," +
          "uint48 validUntil,bytes32 salt,bytes sessionKey,address paymaster,uint128 maxOpCost," +
          "Policy[] operationPolicies,Policy[] signaturePolicies,Action[] actions)",
      ),
    );
    fc.assert(
      fc.property(arbitraryUse, ({ session, claims, claimedTime, evidence }) => {
        const data = encodeUse({ session, claims, claimedTime, ...evidence });
        const decoded = decodeUse({ data, callCount: claims.length });
        const id = getUseSessionId(decoded, { account: session.account, chainId: session.chainId });
        expect(id).toBe(getSessionId(session));
        expect(hashSessionBundle([session, session], contracts.manager)).toBe(
          keccak256(
            concat(["0x1901", domainSeparator, keccak256(concat([bundleTypeHash, keccak256(concat([id, id]))]))]),
          ),
        );
      }),
      cases,
    );
  });

  const grant = { ids: [getSessionId(session), zeroHash], signature: "0x123456" } as const;

  it.each([
    ["without evidence", {}],
    ["with a proof", { proof: [zeroHash, zeroHash] }],
    ["with a grant", { grant }],
    ["with a grant and a publication", { grant, publish: true }],
  ])("refuses every truncation %s", (_, evidence) => {
    const data = encodeUse({ session, claims: [0], ...evidence });
    for (let length = 0; length < size(data); length++)
      expect(() => decodeUse({ data: length === 0 ? "0x" : slice(data, 0, length), callCount: 1 })).toThrow(
        NonCanonicalUseError,
      );
  });

  it.each([
    ["a proof of nothing", "04", "00"],
    ["a proof and a grant", "0c", "010000"],
    ["a publication without a grant", "10", "000000"],
    ["a grant of no sessions", "08", "0000"],
    ["a place outside of the bundle", "08", "0101"],
  ])("refuses %s", (_, flags, evidence) => {
    const use = encodeUse({ session, claims: [0] });
    const data: Hex = `0x${flags}${use.slice(4)}${evidence}${"00".repeat(100)}`;
    expect(() => decodeUse({ data, callCount: 1 })).toThrow(NonCanonicalUseError);
  });

  it.each([
    ["unknown flags", 0, "20"],
    ["more operation policies than there are", 117, "01"],
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
