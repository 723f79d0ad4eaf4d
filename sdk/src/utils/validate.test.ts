import { describe, expect, it } from "vitest";
import { parseAddress, parseBytes, parseList, parseNumber, parseTime } from "./validate.js";

const told = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof Error) return `${error.name}: ${error.message.split("\n")[0]}`;
  }
  return expect.unreachable();
};

describe("parseList", () => {
  const list = (values: unknown) =>
    parseList("names", values, "a list of numbers", (name, value) => parseNumber(name, value, 0, 999));

  it("takes 1 to 255 values, doubles left out", () => {
    expect(list([3, 1, 3])).toEqual([3, 1]);
    const many = Array.from({ length: 255 }, (_, index) => index);
    expect(list([...many, ...many])).toEqual(many);
  });

  it("tells what is wrong, and where", () => {
    expect(told(() => list([]))).toBe("InvalidParameterError: `names` is not a list of numbers.");
    expect(told(() => list(5))).toBe("InvalidParameterError: `names` is not a list of numbers.");
    expect(told(() => list([1, "2"]))).toBe("InvalidNumberError: `names[1]` is not a whole number in its range.");
    expect(told(() => list(Array.from({ length: 256 }, (_, index) => index)))).toBe("TooManyError: Too many names.");
  });
});

describe("what is of another type", () => {
  // What looks the same as a text.
  const like = (text: string) => ({ length: text.length, toString: () => text, [Symbol.toPrimitive]: () => text });

  it("is refused", () => {
    const address = "0x00000000000000000000000000000000000000aa";
    for (const value of [like(address), [address], 5, null, undefined]) {
      expect(told(() => parseAddress("a", value))).toBe("InvalidAddressError: `a` is not a valid address.");
      expect(told(() => parseBytes("b", value, 20))).toBe("InvalidBytesError: `b` is not 20 bytes of hex.");
    }
    for (const value of ["5", [5], 5n, null, new Date(5)])
      expect(told(() => parseNumber("n", value, 0, 9))).toBe(
        "InvalidNumberError: `n` is not a whole number in its range.",
      );
    for (const value of ["5", [5], 5n, null])
      expect(told(() => parseTime("t", value))).toMatch("InvalidTimeError: `t` ");
  });
});

describe("parseTime", () => {
  it("takes seconds up to the year 5138, and dates", () => {
    expect(parseTime("t", 1e11)).toBe(1e11);
    expect(parseTime("t", new Date(1_999))).toBe(1);
    expect(told(() => parseTime("t", 1e11 + 1))).toMatch("InvalidTimeError");
    expect(told(() => parseTime("t", -1))).toMatch("InvalidTimeError");
    expect(told(() => parseTime("t", 0.5))).toMatch("InvalidTimeError");
  });
});
