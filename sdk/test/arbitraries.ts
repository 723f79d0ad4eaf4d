import fc from "fast-check";
import { type Address, getAddress, type Hex, numberToHex } from "viem";
import {
  type Action,
  getSessionId,
  ownRevocationClaim,
  type Policy,
  type Session,
  type UseEvidence,
} from "../src/index.js";

const bytes = (length: { minLength: number; maxLength: number }): fc.Arbitrary<Hex> =>
  fc
    .uint8Array(length)
    .map((array): Hex => `0x${Array.from(array, (byte) => byte.toString(16).padStart(2, "0")).join("")}`);

export const uint = (bits: number): fc.Arbitrary<bigint> =>
  fc.oneof(fc.constant(0n), fc.constant(2n ** BigInt(bits) - 1n), fc.bigInt(0n, 2n ** BigInt(bits) - 1n));

/** What may be left out. */
export const maybe = <value>(arbitrary: fc.Arbitrary<value>): fc.Arbitrary<value | undefined> =>
  fc.option(arbitrary, { nil: undefined });

/** A limit per period that has an encoding. */
export const arbitraryPerPeriod = fc.record({
  amount: uint(108),
  seconds: fc.integer({ min: 300, max: 2 ** 32 - 1 }),
  anchor: fc.integer({ min: 0, max: 2 ** 47 }),
});

/** Addresses, some of them with leading zeros. */
export const arbitraryAddress: fc.Arbitrary<Address> = uint(160).map((value) =>
  getAddress(numberToHex(value, { size: 20 })),
);

export const arbitraryPolicy: fc.Arbitrary<Policy> = fc.record({
  policy: arbitraryAddress,
  config: bytes({ minLength: 0, maxLength: 80 }),
});

export const arbitraryAction: fc.Arbitrary<Action> = fc.record({
  target: arbitraryAddress,
  selector: bytes({ minLength: 4, maxLength: 4 }),
  maxValue: fc.oneof(uint(256), uint(64), uint(8)),
  policies: fc.array(arbitraryPolicy, { maxLength: 2 }),
});

/**
 * Sessions of every shape that has an encoding, not only such as `defineSession` makes: for comparing ids and encodings
 * with the contract's.
 */
export const arbitrarySession: fc.Arbitrary<Session> = fc.record({
  account: arbitraryAddress,
  chainId: fc.oneof(fc.constant(0n), fc.constant(1n), uint(64)),
  epoch: uint(64),
  validAfter: fc.integer({ min: 0, max: 2 ** 47 - 1 }),
  validUntil: fc.integer({ min: 0, max: 2 ** 47 - 1 }),
  salt: bytes({ minLength: 32, maxLength: 32 }),
  sessionKey: fc.oneof(
    { weight: 4, arbitrary: bytes({ minLength: 20, maxLength: 20 }) },
    bytes({ minLength: 0, maxLength: 120 }),
  ),
  paymaster: arbitraryAddress,
  maxOpCost: uint(128),
  operationPolicies: fc.array(arbitraryPolicy, { maxLength: 2 }),
  signaturePolicies: fc.array(arbitraryPolicy, { maxLength: 2 }),
  actions: fc.oneof(
    { weight: 19, arbitrary: fc.array(arbitraryAction, { minLength: 1, maxLength: 5 }) },
    { weight: 1, arbitrary: fc.array(arbitraryAction, { minLength: 7, maxLength: 20 }) },
  ),
});

const hash = bytes({ minLength: 32, maxLength: 32 });

/** Evidence of the grant of a session: none, a proof, or an owner's signature, with publication or without. */
const arbitraryEvidence = (session: Session): fc.Arbitrary<UseEvidence> =>
  fc.oneof(
    fc.constant({}),
    fc.record({ proof: fc.array(hash, { minLength: 1, maxLength: 5 }) }),
    fc.record({
      grant: fc.record({
        ids: fc
          .tuple(fc.array(hash, { maxLength: 3 }), fc.array(hash, { maxLength: 3 }))
          .map(([before, after]) => [...before, getSessionId(session), ...after]),
        signature: bytes({ minLength: 0, maxLength: 100 }),
      }),
      publish: fc.boolean(),
    }),
  );

/** A session, and a use of it: the actions claimed, the time stated and what shows that it is granted. */
export const arbitraryUse: fc.Arbitrary<{
  session: Session;
  claims: readonly number[];
  claimedTime: number;
  evidence: UseEvidence;
}> = arbitrarySession.chain((session) =>
  fc.record({
    session: fc.constant(session),
    claims: fc.array(
      fc.oneof(
        { weight: 9, arbitrary: fc.integer({ min: 0, max: session.actions.length - 1 }) },
        { weight: 1, arbitrary: fc.constant(ownRevocationClaim) },
      ),
      { minLength: 1, maxLength: 6 },
    ),
    claimedTime: fc.integer({ min: 0, max: 2 ** 47 - 1 }),
    evidence: arbitraryEvidence(session),
  }),
);
