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
