import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A source; each character of the text is a byte, as the compiler counts them. */
export type Source = { path: string; text: string };

export function readSource(home: string, path: string): Source {
  return { path, text: readFileSync(join(home, path), "latin1") };
}

/** What the compiler gets. */
export function contentOf({ text }: Source): string {
  return Buffer.from(text, "latin1").toString("utf8");
}
