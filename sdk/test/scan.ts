import { inspect } from "node:util";
import { type Hex, hexToBytes } from "viem";
import { expect } from "vitest";

/** Secrets by name, each in all forms in which it must not be seen. */
export type Secrets = readonly (readonly [name: string, forms: readonly string[]])[];

/** The ways in which bytes may be written. */
export function formsOf(secret: Hex | Uint8Array): readonly string[] {
  const bytes = Buffer.from(typeof secret === "string" ? hexToBytes(secret) : secret);
  const parts = [...bytes].slice(0, 16);
  return [
    bytes.toString("hex"),
    bytes.toString("base64").slice(0, 40),
    bytes.toString("base64url").slice(0, 40),
    BigInt(`0x${bytes.toString("hex")}`).toString(),
    parts.join(","),
    parts.join(", "),
    bytes.toString("latin1"),
    // As Node shows bytes, and as JSON has an array of them.
    parts.map((byte) => byte.toString(16).padStart(2, "0")).join(" "),
    parts.map((byte, index) => `"${index}":${byte}`).join(","),
  ];
}

/** The ways in which a text may be written: as it is, escaped, and as bytes. */
export function formsOfText(text: string): readonly string[] {
  return [text, encodeURIComponent(text), JSON.stringify(text).slice(1, -1), ...formsOf(Buffer.from(text, "utf8"))];
}

/** All that a logger, a debugger or a serializer may show of a value. */
function show(value: unknown): string {
  const own = typeof value === "object" && value !== null ? Object.getOwnPropertyNames(value) : [];
  const everything = { depth: Number.POSITIVE_INFINITY, maxArrayLength: null, maxStringLength: null };
  return [
    attempt(() => String(value)),
    attempt(() => JSON.stringify(value, (_, field) => (typeof field === "bigint" ? `${field}` : field))),
    attempt(() => JSON.stringify(value, (_, field) => (typeof field === "bigint" ? `${field}` : field) ?? null)),
    inspect(value, { ...everything, showHidden: true }),
    inspect(value, { ...everything, getters: true }),
    value instanceof Error ? `${value.message} ${value.stack} ${show(value.cause)}` : "",
    own.join(),
  ].join("\n");
}

/** A text, or what is said where there is none: of a circle, or of an object that is no text. */
function attempt(write: () => string | undefined): string {
  try {
    return write() ?? "";
  } catch (error) {
    return String(error);
  }
}

/** Bytes are shown in columns: how many spaces there are between them, and where lines end, is of no matter. */
function flatten(text: string): string {
  return text.toLowerCase().replaceAll(/\s+/g, " ");
}

/** Fails if a value shows one of the secrets, in any way in which it can be shown. */
export function expectNoSecret(secrets: Secrets, what: string, value: unknown): void {
  const shown = flatten(show(value));
  for (const [name, forms] of secrets)
    for (const form of forms) {
      // A form of a few letters would be found in anything.
      expect(form.length, name).toBeGreaterThan(10);
      expect(shown.includes(flatten(form)), `${name} in ${what}`).toBe(false);
    }
}
