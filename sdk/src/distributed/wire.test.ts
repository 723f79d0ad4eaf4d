import { getAddress, type Hex, parseEther } from "viem";
import { entryPoint07Address } from "viem/account-abstraction";
import { describe, expect, it } from "vitest";
import { told } from "../../test/told.js";
import { allowErc20, createSessionKey, defineSession } from "../index.js";
import { MalformedMessageError } from "./messages.js";
import { parseWireConsent, parseWireOperation, toWireConsent, toWireOperation } from "./wire.js";

const account = "0x00000000000000000000000000000000000000AA";
const token = "0x00000000000000000000000000000000000000bb";

const session = defineSession({
  account,
  chainId: 1,
  sessionKey: createSessionKey(),
  validUntil: 2_000_000_000,
  fees: { maxPerOperation: parseEther("0.1"), total: "unlimited" },
  actions: [allowErc20({ token, total: 1n })],
});

const operation = {
  chainId: 1,
  entryPoint: { address: entryPoint07Address, version: "0.7" },
  session,
  use: "0x0102",
  userOperation: {
    sender: account,
    nonce: 2n ** 256n - 1n,
    callData: "0x1234",
    callGasLimit: 2n ** 128n - 1n,
    verificationGasLimit: 0n,
    preVerificationGas: 2n ** 200n,
    maxFeePerGas: 1n,
    maxPriorityFeePerGas: 1n,
    signature: "0x",
  },
} as const;

/** As it comes in: through JSON. */
const carry = (value: unknown): { [name: string]: unknown } => JSON.parse(JSON.stringify(value));

describe("an operation", () => {
  it("is the same after it was carried", () => {
    const { entryPoint, ...rest } = operation;
    expect(parseWireOperation(carry(toWireOperation(operation)))).toEqual({
      ...rest,
      entryPoint: entryPoint.address,
      version: entryPoint.version,
    });
  });

  it("keeps all of its fields, in lower case, and both versions of the EntryPoint", () => {
    const userOperation = {
      ...operation.userOperation,
      factory: account,
      factoryData: "0xABcd",
      paymaster: token,
      paymasterData: "0x99",
      paymasterVerificationGasLimit: 5n,
      paymasterPostOpGasLimit: 6n,
    } as const;
    const entryPoint = { ...operation.entryPoint, version: "0.8" } as const;
    const carried = parseWireOperation(
      carry(toWireOperation({ ...operation, entryPoint, use: "0xAA", userOperation })),
    );
    expect(carried.version).toBe("0.8");
    expect(carried.use).toBe("0xaa");
    expect(carried.userOperation).toEqual({ ...userOperation, factoryData: "0xabcd", paymaster: getAddress(token) });
  });

  const change = (userOperation: object, rest: object = {}) => {
    const wire = toWireOperation(operation);
    return carry({ ...wire, ...rest, userOperation: { ...wire.userOperation, ...userOperation } });
  };

  it.each([
    ["a limit beyond 128 bits", { callGasLimit: `0x1${"00".repeat(16)}` }, {}],
    ["a fee beyond 128 bits", { maxFeePerGas: `0x1${"00".repeat(16)}` }, {}],
    ["a paymaster's limit beyond 128 bits", { paymasterPostOpGasLimit: `0x1${"00".repeat(16)}` }, {}],
    ["a nonce beyond 256 bits", { nonce: `0x1${"00".repeat(32)}` }, {}],
    ["a number that is none", { nonce: 1 }, {}],
    ["a number below 0", { nonce: "-0x1" }, {}],
    ["no number", { nonce: undefined }, {}],
    ["half a byte", { callData: "0x123" }, {}],
    ["no calldata", { callData: undefined }, {}],
    ["another EntryPoint version", {}, { version: "0.6" }],
    ["no use", {}, { use: undefined }],
    ["a session that is none", {}, { session: 1 }],
    ["a chain that is none", {}, { chainId: -1 }],
  ])("is refused with %s", (_what, userOperation, rest) => {
    expect(() => parseWireOperation(change(userOperation, rest))).toThrow(MalformedMessageError);
  });

  it.each([
    [{ nonce: "0x1g" }, {}, "nonce is no number of 256 bits in hex"],
    [{ nonce: "x0x1" }, {}, "nonce is no number of 256 bits in hex"],
    [{ nonce: "0x" }, {}, "nonce is no number of 256 bits in hex"],
    [{ nonce: ["0x1"] }, {}, "nonce is no number of 256 bits in hex"],
    [{ maxFeePerGas: `0x1${"00".repeat(16)}` }, {}, "maxFeePerGas is no number of 128 bits in hex"],
    [{ callData: 1 }, {}, "callData is not bytes of hex"],
    [{ factoryData: "0x1" }, {}, "factoryData is not bytes of hex"],
    [{ paymasterData: 1 }, {}, "paymasterData is not bytes of hex"],
    [{ paymasterVerificationGasLimit: 1 }, {}, "paymasterVerificationGasLimit is no number of 128 bits in hex"],
    [{}, { version: "0.6" }, "version is neither 0.7 nor 0.8"],
    [{}, { use: undefined }, "use is not bytes of hex"],
    [{}, { session: 1 }, "session is no text"],
    [{}, { chainId: -1 }, "chainId is no whole number"],
    [{}, { userOperation: 1 }, "userOperation is no object"],
  ])("says what is wrong (%j, %j)", (userOperation, rest, reason) => {
    const wire = Object.hasOwn(rest, "userOperation") ? { ...change({}), ...rest } : change(userOperation, rest);
    expect(told(() => parseWireOperation(wire))).toBe(`MalformedMessageError: ${reason}`);
    expect(told(() => parseWireOperation(1))).toBe("MalformedMessageError: operation is no object");
  });

  it("names an address that is none", () => {
    const named = (act: () => unknown) => told(act).split(" | ")[0];
    const error = (name: string) => `InvalidAddressError: \`${name}\` is not a valid address.`;
    expect(named(() => parseWireOperation(change({ paymaster: "0x12" })))).toBe(error("paymaster"));
    expect(named(() => parseWireOperation(change({}, { entryPoint: 1 })))).toBe(error("entryPoint"));
  });

  it.each([
    ["no sender", { sender: "0x12" }, {}],
    // How an operation says that it sets an account's code (EIP-7702).
    ["a factory that is no address", { factory: "0x7702" }, {}],
    ["a session that is no JSON", {}, { session: "{" }],
  ])("is refused with %s", (_what, userOperation, rest) => {
    expect(() => parseWireOperation(change(userOperation, rest))).toThrow(/./);
  });
});

describe("a consent", () => {
  const node = (digit: string): Hex => `0x${digit.repeat(64)}`;
  const signed = {
    consent: {
      account,
      chainId: 8453n,
      nodes: [node("1"), node("2")],
      threshold: 2,
      authorizationKey: `0x01${"ab".repeat(32)}`,
      validUntil: 2_000_000_000,
      salt: node("3"),
    },
    signature: "0x1234",
  } as const;

  it("is the same after it was carried", () => {
    expect(parseWireConsent(carry(toWireConsent(signed)))).toEqual(signed);
  });

  it("says what is wrong", () => {
    const { consent, signature } = toWireConsent(signed);
    const read = (value: unknown) => told(() => parseWireConsent(value)).split(" | ")[0];
    expect([
      read(1),
      read({ consent: 1, signature }),
      read({ consent: { ...consent, chainId: 1 }, signature }),
      read({ consent: { ...consent, chainId: "x" }, signature }),
      read({ consent, signature: 1 }),
    ]).toEqual(
      [
        "consent is no object",
        "consent is no object",
        "chainId is no text",
        "chainId is no chain id",
        "signature is not bytes of hex",
      ].map((reason) => `MalformedMessageError: ${reason}`),
    );
    expect(told(() => toWireConsent({ ...signed, signature: "0x1" }))).toContain(
      "`signature` is not whole bytes of hex",
    );
  });

  it.each(["0", "-1", "1e3", "0x1", "", "10000000000000000000", 1])("is refused for chain %s", (chainId) => {
    const { consent, signature } = toWireConsent(signed);
    expect(() => parseWireConsent({ consent: { ...consent, chainId }, signature })).toThrow(MalformedMessageError);
  });
});
