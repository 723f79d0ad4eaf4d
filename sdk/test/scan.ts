import { inspect } from "node:util";
import type { Hex } from "viem";
import { expect } from "vitest";

/** Secrets by name, each in all forms in which it must not be seen. */
export type Secrets = readonly (readonly [name: string, forms: readonly string[]])[];

/** The ways in which bytes may be written. */
export function formsOf(secret: Hex): readonly string[] {
  const bytes = Buffer.from(secret.slice(2), "hex");
  const parts = [...bytes].slice(0, 16);
  return [
    secret.slice(2),
    bytes.toString("base64").slice(0, 40),
    bytes.toString("base64url").slice(0, 40),
    BigInt(secret).toString(),
    parts.join(","),
    parts.join(", "),
    bytes.toString("latin1"),
    // As Node shows bytes.
    parts.map((byte) => byte.toString(16).padStart(2, "0")).join(" "),
  ];
}

/** All that a logger, a debugger or a serializer may show of a value. */
function show(value: unknown): string {
  const own = typeof value === "object" && value !== null ? Object.getOwnPropertyNames(value) : [];
  return [
    String(value),
    JSON.stringify(value, (_, field) => (typeof field === "bigint" ? `${field}` : field)),
    JSON.stringify(value, (_, field) => (typeof field === "bigint" ? `${field}` : field) ?? null),
    inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true, maxArrayLength: null, maxStringLength: null }),
    inspect(value, { depth: Number.POSITIVE_INFINITY, getters: true }),
    value instanceof Error ? `${value.message} ${value.stack} ${show(value.cause)}` : "",
    own.join(),
  ].join("\n");
}

/** Fails if a value shows one of the secrets, in any way in which it can be shown. */
export function expectNoSecret(secrets: Secrets, what: string, value: unknown): void {
  const shown = show(value);
  for (const [name, forms] of secrets)
    for (const form of forms)
      expect(shown.toLowerCase().includes(form.toLowerCase()), `${name} in ${what}`).toBe(false);
}
