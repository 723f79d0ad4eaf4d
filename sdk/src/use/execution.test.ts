import fc from "fast-check";
import { bytesToHex, concat, encodeFunctionData, type Hex, pad, parseAbi, size, slice, zeroAddress } from "viem";
import { describe, expect, it } from "vitest";
import { arbitraryAddress } from "../../test/arbitraries.js";
import { recipient } from "../../test/fixtures.js";
import {
  decodeExecution,
  EmptyBatchError,
  encodeExecution,
  ForbiddenTargetError,
  FunctionNotExecuteError,
  InvalidAddressError,
  InvalidAmountError,
  ModeNotAllowedError,
  NonCanonicalExecutionError,
} from "../index.js";

const call = { to: recipient, value: 7n, data: "0x12345678" } as const;
const abi = parseAbi(["function execute(bytes32 mode, bytes executionCalldata)"]);

describe("encodeExecution", () => {
  it("makes a single call of one, in default mode", () => {
    expect(encodeExecution([call])).toBe(
      encodeFunctionData({
        abi,
        args: [pad("0x", { size: 32 }), concat([recipient, pad("0x07", { size: 32 }), "0x12345678"])],
      }).toLowerCase(),
    );
  });

  it("makes a batch of several, in default mode", () => {
    const data = encodeExecution([call, call]);
    expect(data.slice(10, 74)).toBe(`01${"00".repeat(31)}`);
    expect(decodeExecution(data)).toEqual([call, call]);
  });

  it("refuses no calls, a zero target, and what is no address or amount", () => {
    expect(() => encodeExecution([])).toThrow(EmptyBatchError);
    expect(() => encodeExecution([{ to: zeroAddress }])).toThrow(ForbiddenTargetError);
    expect(() => encodeExecution([{ to: "0x12" }])).toThrow(InvalidAddressError);
    expect(() => encodeExecution([{ to: recipient, value: -1n }])).toThrow(InvalidAmountError);
  });
});

describe("decodeExecution", () => {
  it("gives back what was encoded", () => {
    const calls = fc.array(
      fc.record({
        to: arbitraryAddress.filter((address) => address !== zeroAddress),
        value: fc.bigInt(0n, 2n ** 256n - 1n),
        data: fc.uint8Array({ maxLength: 70 }).map((bytes): Hex => bytesToHex(bytes)),
      }),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(calls, (list) => {
        expect(decodeExecution(encodeExecution(list))).toEqual(list);
      }),
    );
  });

  it("reads calls under executeUserOp", () => {
    expect(decodeExecution(concat(["0x8dd7712f", encodeExecution([call])]))).toEqual([call]);
  });

  it("refuses other functions, other modes and other encodings", () => {
    const data = encodeExecution([call]);
    const at = (position: number, byte: string): Hex =>
      `0x${data.slice(2, 2 + 2 * position)}${byte}${data.slice(4 + 2 * position)}`;
    expect(() => decodeExecution("0x")).toThrow(FunctionNotExecuteError);
    expect(() => decodeExecution("0x12345678")).toThrow(FunctionNotExecuteError);
    expect(() => decodeExecution(at(5, "01"))).toThrow(ModeNotAllowedError);
    expect(() => decodeExecution(at(4, "ff"))).toThrow(ModeNotAllowedError);
    expect(() => decodeExecution(at(67, "60"))).toThrow(NonCanonicalExecutionError);
    expect(() => decodeExecution(at(99, "ff"))).toThrow(NonCanonicalExecutionError);
    expect(() => decodeExecution(at(10, "01"))).toThrow(ModeNotAllowedError);
    expect(() => decodeExecution("0xe9ae5c53")).toThrow(NonCanonicalExecutionError);
    const cut: Hex = `0x${data.slice(2, -2)}`;
    expect(() => decodeExecution(cut)).toThrow(NonCanonicalExecutionError);
    const none = encodeFunctionData({
      abi,
      args: [pad("0x01", { size: 32, dir: "right" }), `0x${"20".padStart(64, "0")}${"00".repeat(32)}`],
    });
    expect(() => decodeExecution(none)).toThrow(EmptyBatchError);
  });

  it("says which bytes are behind the end, and where", () => {
    for (const [data, calls] of [
      [encodeExecution([call]), [call]],
      [concat(["0x8dd7712f", encodeExecution([call, call])]), [call, call]],
    ] as const) {
      expect(decodeExecution(data)).toEqual(calls);
      const suffixed = () => decodeExecution(concat([data, "0x074ab1e5"]));
      expect(suffixed).toThrow(NonCanonicalExecutionError);
      expect(suffixed).toThrow(expect.objectContaining({ position: size(data), surplus: "0x074ab1e5" }));
    }
    expect(() => decodeExecution(concat([encodeExecution([call]), "0x074ab1e5"]))).toThrowErrorMatchingInlineSnapshot(`
      [NonCanonicalExecutionError: The operation's callData goes on behind its end.

      Position: byte 164
      Surplus: 0x074ab1e5, perhaps the client's \`dataSuffix\`

      Docs: docs/errors/NonCanonicalExecutionError.md]
    `);
  });

  it("says where the encoding is another one, under executeUserOp too", () => {
    const single = encodeExecution([call]);
    const batch = encodeExecution([call, call]);
    const change = (data: Hex, position: number, byte: string): Hex =>
      `0x${data.slice(2, 2 + 2 * position)}${byte}${data.slice(4 + 2 * position)}`;
    const cut = (data: Hex, length: number) => slice(data, 0, length);
    for (const [prefix, by] of [
      ["0x", 0],
      ["0x8dd7712f", 4],
    ] as const) {
      const positionOf = (data: Hex) => {
        try {
          decodeExecution(concat([prefix, data]));
        } catch (error) {
          if (error instanceof NonCanonicalExecutionError) return error.position;
          throw error;
        }
        return undefined;
      };
      expect(positionOf(single)).toBeUndefined();
      // What is too short for its head, or for its execution.
      expect(positionOf(cut(single, 99))).toBe(4 + by);
      expect(positionOf(change(single, 99, "ff"))).toBe(68 + by);
      expect(positionOf(cut(single, size(single) - 32))).toBe(68 + by);
      expect(positionOf(change(cut(single, 132), 99, "20"))).toBe(100 + by);
      expect(positionOf(change(cut(single, 100), 99, "00"))).toBe(100 + by);
      expect(positionOf(change(batch, 131, "ff"))).toBe(100 + by);
      // The first byte that is another one.
      expect(positionOf(change(single, 67, "60"))).toBe(67 + by);
      expect(positionOf(change(single, size(single) - 1, "01"))).toBe(size(single) - 1 + by);
      expect(positionOf(change(batch, size(batch) - 1, "01"))).toBe(size(batch) - 1 + by);
    }
  });

  it("names the function and the mode", () => {
    const thrown = (data: Hex) => {
      try {
        return decodeExecution(data);
      } catch (error) {
        return error;
      }
    };
    expect(thrown("0x8dd771")).toMatchObject({ name: "FunctionNotExecuteError", selector: "0x8dd771" });
    expect(thrown("0x8dd7712f")).toMatchObject({ name: "FunctionNotExecuteError", selector: "0x8dd7712f" });
    expect(thrown("0x8dd7712f12345678")).toMatchObject({ name: "FunctionNotExecuteError", selector: "0x12345678" });
    const mode = `0x02${"00".repeat(31)}` as const;
    const data = concat([slice(encodeExecution([call]), 0, 4), mode, slice(encodeExecution([call]), 36)]);
    expect(thrown(data)).toMatchObject({ name: "ModeNotAllowedError", mode });
  });
});

describe("encodeExecution", () => {
  const told = (call_: object): string => {
    try {
      encodeExecution([call, call_ as never]);
    } catch (error) {
      if (error instanceof Error)
        return `${error.name}: ${error.message.split("\n\nDocs:")[0]?.replaceAll(/\n+/g, " | ")}`;
    }
    return expect.unreachable();
  };

  it("takes what is left out for nothing", () => {
    expect(encodeExecution([{ to: recipient }])).toBe(encodeExecution([{ to: recipient, value: 0n, data: "0x" }]));
    expect(decodeExecution(encodeExecution([{ to: recipient }, { to: recipient, value: 2n ** 256n - 1n }]))).toEqual([
      { to: recipient, value: 0n, data: "0x" },
      { to: recipient, value: 2n ** 256n - 1n, data: "0x" },
    ]);
  });

  it("tells which call is wrong, and why", () => {
    expect([
      told({ to: "0x12" }),
      told({ to: zeroAddress }),
      told({ to: recipient, value: 1 }),
      told({ to: recipient, value: 2n ** 256n }),
      told({ to: recipient, data: "0x1" }),
    ]).toMatchInlineSnapshot(`
      [
        "InvalidAddressError: \`calls[1].to\` is not a valid address. | Expected: 20 bytes of hex, in lower case or with the right checksum | Actual: "0x12"",
        "ForbiddenTargetError: No session may call this target. | Target: 0x0000000000000000000000000000000000000000 | Reason: it is zero",
        "InvalidAmountError: \`calls[1].value\` must be a bigint. | Expected: a bigint from 0 to 115792089237316195423570985008687907853269984665640564039457584007913129639935 | Actual: 1 (a number)",
        "InvalidAmountError: \`calls[1].value\` is out of range. | Expected: a bigint from 0 to 115792089237316195423570985008687907853269984665640564039457584007913129639935 | Actual: a bigint of 78 digits",
        "InvalidBytesError: \`calls[1].data\` is not whole bytes of hex. | Expected: whole bytes of hex | Actual: a string of 3 characters",
      ]
    `);
  });
});
