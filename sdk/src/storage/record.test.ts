import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitrarySession } from "../../test/arbitraries.js";
import { privateKey, session } from "../../test/fixtures.js";
import { getSessionId } from "../index.js";
import {
  getRecordStatus,
  observeSession,
  parseSessionRecord,
  type SessionObservation,
  type SessionRecord,
  type SessionState,
  StorageCorruptedError,
  StorageForeignError,
  StorageVersionError,
  serializeSessionRecord,
} from "./index.js";

const hash = `0x${"ab".repeat(32)}` as const;
const record: SessionRecord = {
  id: getSessionId(session),
  chainId: 1,
  session,
  state: "granted",
  proof: [hash],
  grant: { ids: [getSessionId(session)], signature: "0x1234" },
  userOpHash: hash,
  transactionHash: hash,
  blockNumber: 2n ** 60n,
  createdAt: 1_000,
  updatedAt: 2_000,
};

const state = fc.constantFrom("requested", "granted", "revoked");

describe("getRecordStatus", () => {
  const windowed = { ...session, validAfter: 100, validUntil: 200 };

  it.each([
    ["requested", 99, "pending"],
    ["requested", 150, "pending"],
    ["requested", 200, "pending"],
    ["requested", 201, "expired"],
    ["granted", 99, "pending"],
    ["granted", 100, "active"],
    ["granted", 200, "active"],
    ["granted", 201, "expired"],
    ["revoked", 99, "revoked"],
    ["revoked", 150, "revoked"],
    ["revoked", 201, "revoked"],
  ] as const)("of a session that is %s is at %i: %s", (known, at, status) => {
    expect(getRecordStatus({ state: known, session: windowed }, at)).toBe(status);
  });

  it("has no end where the session has none", () => {
    const endless = { ...session, validUntil: 0 };
    expect(getRecordStatus({ state: "granted", session: endless }, 2 ** 46)).toBe("active");
  });
});

/** Written independently: the first revocation counts; else the latest that is not older than the last one taken. */
function predict(seen: readonly SessionObservation[]): SessionState {
  if (seen.some((item) => item.state === "revoked")) return "revoked";
  let known: SessionState = "requested";
  let block = 0n;
  for (const item of seen.filter(({ blockNumber }) => blockNumber > 0n)) {
    if (item.blockNumber < block) continue;
    if (item.state !== known || item.transactionHash) block = item.blockNumber;
    known = item.state;
  }
  return known;
}

describe("observeSession", () => {
  const observation: fc.Arbitrary<SessionObservation> = fc.record(
    { state, blockNumber: fc.bigInt({ min: 1n, max: 6n }), transactionHash: fc.constant(hash) },
    { requiredKeys: ["state", "blockNumber"] },
  );

  it("follows the model in any sequence of observations", () => {
    const start: SessionRecord = {
      id: record.id,
      chainId: 1,
      session,
      state: "requested",
      createdAt: 0,
      updatedAt: 0,
    };
    fc.assert(
      fc.property(fc.array(observation, { maxLength: 12 }), (seen) => {
        const end = seen.reduce(observeSession, start);
        expect(end.state).toBe(predict(seen));
        // Nothing but what was observed changes.
        const { state: _, blockNumber: __, transactionHash: ___, ...rest } = end;
        const { state: ____, ...same } = start;
        expect(rest).toEqual(same);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is never undone once revoked, and never active without having been seen as granted", () => {
    fc.assert(
      fc.property(fc.array(observation, { maxLength: 12 }), fc.nat(3_000_000_000), (seen, at) => {
        let current: SessionRecord = { ...record, state: "requested", blockNumber: undefined };
        let wasRevoked = false;
        for (const item of seen) {
          current = observeSession(current, item);
          wasRevoked ||= item.state === "revoked";
          const status = getRecordStatus(current, at);
          expect(status === "revoked").toBe(wasRevoked);
          if (status === "active") expect(seen.some((other) => other.state === "granted")).toBe(true);
        }
      }),
    );
  });

  it("changes nothing when nothing is new", () => {
    expect(observeSession(record, { state: "granted", blockNumber: 2n ** 60n + 1n })).toBe(record);
    expect(observeSession(record, { state: "granted", blockNumber: 2n ** 60n, transactionHash: hash })).toBe(record);
    expect(observeSession(record, { state: "requested", blockNumber: 2n ** 60n - 1n })).toBe(record);
  });

  it("forgets the transaction of a state that is no more", () => {
    const next = observeSession(record, { state: "requested", blockNumber: 2n ** 60n });
    expect(next).toMatchObject({ state: "requested" });
    expect(next).not.toHaveProperty("transactionHash");
  });
});

describe("serializeSessionRecord", () => {
  it("is read back as it was", () => {
    expect(parseSessionRecord(serializeSessionRecord(record))).toEqual(record);
    const valid = arbitrarySession.filter(
      ({ sessionKey, validAfter, validUntil, chainId }) =>
        sessionKey.length >= 42 &&
        BigInt(sessionKey.slice(0, 42)) !== 0n &&
        (validUntil === 0 || validAfter <= validUntil) &&
        chainId <= Number.MAX_SAFE_INTEGER,
    );
    fc.assert(
      fc.property(valid, state, (any, known) => {
        const chainId = any.chainId === 0n ? 7 : Number(any.chainId);
        const minimal = { id: getSessionId(any), chainId, session: any, state: known, createdAt: 0, updatedAt: 0 };
        const copy = parseSessionRecord(serializeSessionRecord(minimal));
        expect(copy).toMatchObject({ id: minimal.id, chainId, state: known });
        expect(getSessionId(copy.session)).toBe(minimal.id);
      }),
      { numRuns: 100 },
    );
  });

  it("writes no private key that happens to be in the object", () => {
    const careless = {
      ...record,
      privateKey,
      session: { ...session, privateKey },
      grant: { ids: [record.id], signature: "0x1234" as const, privateKey },
    };
    expect(serializeSessionRecord(careless)).toBe(serializeSessionRecord(record));
    expect(serializeSessionRecord(careless)).not.toContain(privateKey.slice(2));
  });
});

describe("parseSessionRecord", () => {
  const text = serializeSessionRecord(record);
  const change = (edit: (fields: Record<string, unknown>) => void) => {
    const fields: Record<string, unknown> = JSON.parse(text);
    edit(fields);
    return () => parseSessionRecord(JSON.stringify(fields), "here");
  };

  it("reports a text that was cut short, wherever", () => {
    for (let length = 0; length < text.trimEnd().length; length += 7)
      expect(() => parseSessionRecord(text.slice(0, length), "here")).toThrow(StorageCorruptedError);
    expect(() => parseSessionRecord(text.slice(0, 100), "here")).toThrowErrorMatchingInlineSnapshot(`
      [StorageCorruptedError: A stored entry is damaged; it was left as it is.

      Where: here
      Reason: its 100 characters are not whole JSON; it may have been cut short

      Docs: docs/errors/StorageCorruptedError.md]
    `);
  });

  it.each(["hello", "[]", "1", "null", '"x"', "{}", '{"format":"latchkey-session","version":1}', "<html>"])(
    "reports %j as of something else",
    (foreign) => {
      expect(() => parseSessionRecord(foreign, "here")).toThrow(StorageForeignError);
    },
  );

  it.each([0, 2, "1", undefined, null, { toString: 1 }])("refuses version %j", (version) => {
    const failure = change((fields) => {
      fields["version"] = version;
    });
    expect(failure).toThrow(StorageVersionError);
    expect(failure).toThrow("Where: here");
  });

  it.each([
    ["state", "active"],
    ["state", undefined],
    ["chainId", 2],
    ["chainId", "1"],
    ["chainId", 0],
    ["createdAt", -1],
    ["updatedAt", 1.5],
    ["updatedAt", undefined],
    ["proof", "0x"],
    ["proof", ["0x12"]],
    ["grant", {}],
    ["grant", { ids: [], signature: "0x1" }],
    ["grant", { ids: [], signature: "0x", privateKey }],
    ["userOpHash", "0x12"],
    ["transactionHash", 5],
    ["blockNumber", 5],
    ["blockNumber", "-5"],
    ["blockNumber", "99999999999999999999"],
    ["session", {}],
    ["session", undefined],
    ["privateKey", privateKey],
  ])("reports a wrong `%s`: %j", (name, value) => {
    const failure = change((fields) => {
      fields[name] = value;
    });
    expect(failure).toThrow(StorageCorruptedError);
    try {
      failure();
    } catch (error) {
      expect(`${error} ${JSON.stringify(error)}`).not.toContain(privateKey.slice(2));
    }
  });

  it("reports a session that is not the one of its id", () => {
    expect(
      change((fields) => {
        Object.assign(Object(fields["session"]).session, { validUntil: 1_999_999_999 });
      }),
    ).toThrow(StorageCorruptedError);
  });

  it("takes no other text for a record", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (any) => {
        expect(() => parseSessionRecord(any)).toThrow(/damaged|something else|version/);
      }),
    );
  });
});
