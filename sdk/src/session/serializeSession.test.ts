import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitrarySession } from "../../test/arbitraries.js";
import { privateKey, session } from "../../test/fixtures.js";
import { getSessionId, InvalidSerializedSessionError, parseSession, serializeSession } from "../index.js";

describe("serializeSession", () => {
  it("writes all there is to know, and no key", () => {
    expect(JSON.parse(serializeSession(session))).toMatchInlineSnapshot(`
      {
        "format": "latchkey-session",
        "id": "0x4b52e56f3f600f633d300f4f3f7b9caf9256ed49b0a87bf6e241d5df7a186877",
        "session": {
          "account": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
          "actions": [
            {
              "maxValue": "0",
              "policies": [
                {
                  "config": "0x0b0000000000000000000000000000000a00000000000000000000000000000019013c44cdddb6a900fa2b585dd299e03d12fa4293bc",
                  "policy": "0x00000000000000000000000000000000000000A2",
                },
              ],
              "selector": "0xa9059cbb",
              "target": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
            },
          ],
          "chainId": "1",
          "epoch": "0",
          "maxOpCost": "10000000000000000",
          "operationPolicies": [],
          "paymaster": "0x0000000000000000000000000000000000000000",
          "salt": "0x0000000000000000000000000000000000000000000000001122334455667788",
          "sessionKey": "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
          "signaturePolicies": [],
          "validAfter": 0,
          "validUntil": 2000000000,
        },
        "version": 1,
      }
    `);
    expect(serializeSession(session)).not.toContain(privateKey.slice(2));
  });

  it("leaves out what does not belong to a session", () => {
    const careless = { ...session, privateKey };
    expect(serializeSession(careless)).toBe(serializeSession(session));
  });
});

describe("parseSession", () => {
  it("gives back any session", () => {
    const valid = arbitrarySession.filter(
      ({ sessionKey, validAfter, validUntil }) =>
        sessionKey.length >= 42 &&
        BigInt(sessionKey.slice(0, 42)) !== 0n &&
        (validUntil === 0 || validAfter <= validUntil),
    );
    fc.assert(
      fc.property(valid, (any) => {
        const parsed = parseSession(serializeSession(any));
        expect(parsed).toEqual(any);
        expect(getSessionId(parsed)).toBe(getSessionId(any));
      }),
    );
  });

  const good = JSON.parse(serializeSession(session));
  const [action] = good.session.actions;
  it.each([
    ["no JSON", "{"],
    ["null", "null"],
    ["a list", "[]"],
    ["another format", { ...good, format: "x" }],
    ["a later version", { ...good, version: 2 }],
    ["another id", { ...good, id: `0x${"11".repeat(32)}` }],
    ["no id", { ...good, id: undefined }],
    ["a field too many", { ...good, privateKey: "0x12" }],
    ["a changed session", { ...good, session: { ...good.session, maxOpCost: "1" } }],
    ["a number for an amount", { ...good, session: { ...good.session, maxOpCost: 1 } }],
    ["a negative amount", { ...good, session: { ...good.session, maxOpCost: "-1" } }],
    ["hex for an amount", { ...good, session: { ...good.session, maxOpCost: "0x1" } }],
    ["a time too late", { ...good, session: { ...good.session, validUntil: 2 ** 47 } }],
    ["an end before the start", { ...good, session: { ...good.session, validAfter: 2_000_000_001 } }],
    ["a wrong checksum", { ...good, session: { ...good.session, account: good.session.account.replace("C", "c") } }],
    ["no actions", { ...good, session: { ...good.session, actions: [] } }],
    ["an odd selector", { ...good, session: { ...good.session, actions: [{ ...action, selector: "0x1" }] } }],
    ["an action that is a string", { ...good, session: { ...good.session, actions: ["x"] } }],
    ["a session key of 19 bytes", { ...good, session: { ...good.session, sessionKey: `0x${"11".repeat(19)}` } }],
    ["a session key of zeros", { ...good, session: { ...good.session, sessionKey: `0x${"00".repeat(64)}` } }],
    [
      "operation policies that the id does not cover",
      { ...good, session: { ...good.session, operationPolicies: action.policies } },
    ],
    ["a missing field", { ...good, session: { ...good.session, salt: undefined } }],
  ])("refuses %s", (_, value) => {
    expect(() => parseSession(typeof value === "string" ? value : JSON.stringify(value))).toThrow(
      InvalidSerializedSessionError,
    );
  });
});

describe("parseSession says what is wrong", () => {
  const good = JSON.parse(serializeSession(session));
  const [action] = good.session.actions;
  const [policy] = action.policies;
  const within = (fields: object) => ({ ...good, session: { ...good.session, ...fields } });
  const acting = (fields: object) => within({ actions: [{ ...action, ...fields }] });
  const long = `0x${"12".repeat(0x10000)}`;

  it.each<[string, unknown]>([
    ["it is not JSON", "{"],
    ["`the whole` is not an object", 5],
    ["`the whole` is not an object", null],
    ["`the whole` is not an object", []],
    ["`the whole` has a field that it should not have", { ...good, more: 1 }],
    ["`the whole` has no field `id`", { ...good, id: undefined }],
    ["it is no Latchkey session", { ...good, format: "x" }],
    ["its version is 2 and not 1", { ...good, version: 2 }],
    ["its id is not that of its contents", { ...good, id: `0x${"11".repeat(32)}` }],
    ["`id` is not 32 bytes of hex", { ...good, id: "0x12" }],
    ["`session` is not an object", { ...good, session: "x" }],
    ["`session` has a field that it should not have", within({ more: 1 })],
    ["`session` has no field `epoch`", within({ epoch: undefined })],
    ["`account` is not a valid address", within({ account: "0x12" })],
    ["`chainId` is not a whole number in decimal digits", within({ chainId: 1 })],
    ["`chainId` is out of range", within({ chainId: (2n ** 256n).toString() })],
    ["`epoch` is not a whole number in decimal digits", within({ epoch: "x1" })],
    ["`epoch` is not a whole number in decimal digits", within({ epoch: "1x" })],
    ["`epoch` is not a whole number in decimal digits", within({ epoch: "01" })],
    ["`epoch` is out of range", within({ epoch: (2n ** 64n).toString() })],
    ["`maxOpCost` is out of range", within({ maxOpCost: (2n ** 128n).toString() })],
    ["`validAfter` is not a whole number in its range", within({ validAfter: 2 ** 47 })],
    ["`validUntil` is not a whole number in its range", within({ validUntil: 2 ** 47 })],
    ["it ends before it starts", within({ validAfter: 2_000_000_001 })],
    ["`salt` is not 32 bytes of hex", within({ salt: "0x12" })],
    ["`sessionKey` is not whole bytes of hex", within({ sessionKey: "0x1" })],
    ["its session key is zero or of a wrong length", within({ sessionKey: `0x${"12".repeat(19)}` })],
    ["its session key is zero or of a wrong length", within({ sessionKey: long })],
    ["its session key is zero or of a wrong length", within({ sessionKey: `0x${"00".repeat(20)}12` })],
    ["`paymaster` is not a valid address", within({ paymaster: "0x12" })],
    ["`operationPolicies` is not a list of at most 255", within({ operationPolicies: {} })],
    ["`signaturePolicies` is not a list of at most 255", within({ signaturePolicies: Array(256).fill(policy) })],
    ["`operationPolicies[0]` is not an object", within({ operationPolicies: [null] })],
    ["`signaturePolicies[1]` has no field `config`", within({ signaturePolicies: [policy, { policy: "0x" }] })],
    ["`actions` is not a list of at most 255", within({ actions: {} })],
    ["it has no actions", within({ actions: [] })],
    ["`actions[1]` is not an object", within({ actions: [action, []] })],
    ["`actions[0].target` is not a valid address", acting({ target: "0x12" })],
    ["`actions[0].selector` is not 4 bytes of hex", acting({ selector: "0x12" })],
    ["`actions[0].maxValue` is out of range", acting({ maxValue: (2n ** 256n).toString() })],
    ["`actions[0].policies` is not a list of at most 255", acting({ policies: "x" })],
    ["`actions[0].policies[0].policy` is not a valid address", acting({ policies: [{ ...policy, policy: "0x12" }] })],
    ["`actions[0].policies[0].config` is not whole bytes of hex", acting({ policies: [{ ...policy, config: "0x1" }] })],
    ["`actions[0].policies[0].config` is too long", acting({ policies: [{ ...policy, config: long }] })],
  ])("%s", (reason, value) => {
    const parse = () => parseSession(typeof value === "string" ? value : JSON.stringify(value));
    expect(parse).toThrow(InvalidSerializedSessionError);
    expect(parse).toThrow(expect.objectContaining({ shortMessage: `The serialized session is not valid: ${reason}.` }));
  });

  it("but not of what is as large as it may be", () => {
    const policies = Array(255).fill({ policy: policy.policy, config: "0x12" });
    const [one] = session.actions;
    if (one === undefined) expect.unreachable();
    const full = {
      ...session,
      ...{ epoch: 2n ** 64n - 1n, maxOpCost: 2n ** 128n - 1n, chainId: 2n ** 256n - 1n },
      ...{ validAfter: 2 ** 47 - 1, validUntil: 0, operationPolicies: policies },
      sessionKey: `0x${"12".repeat(0xffff)}` as const,
      actions: [
        {
          ...one,
          maxValue: 2n ** 256n - 1n,
          policies: [{ policy: policy.policy, config: `0x${"12".repeat(0xffff)}` as const }],
        },
      ],
    };
    expect(parseSession(serializeSession(full))).toEqual(full);
    const ends = { ...session, validAfter: 5, validUntil: 5 };
    expect(parseSession(serializeSession(ends))).toEqual(ends);
  });
});
