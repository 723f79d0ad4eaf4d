import { LatchkeyError } from "../errors/base.js";
import { StorageCorruptedError, StorageForeignError, StorageVersionError } from "../errors/storage.js";

/** The fields of an entry as they were read, beside its format and version. */
export type Fields = Readonly<Record<string, unknown>>;

/** Writes an entry: JSON that says what it is. */
export function writeEntry(format: string, version: number, fields: Fields): string {
  return `${JSON.stringify({ format, version, ...fields }, null, 2)}\n`;
}

/**
 * Reads an entry, and says what is wrong with it: of something else, of a version that is not known, or damaged. It has the
 * required fields, and beside them none but the optional ones.
 */
export function readEntry(
  text: string,
  {
    location,
    format,
    version,
    required,
    optional = [],
  }: {
    location: string;
    format: string;
    version: number;
    required: readonly string[];
    optional?: readonly string[] | undefined;
  },
): Fields {
  const value = parseJson(text, location, format);
  if (typeof value !== "object" || value === null || Array.isArray(value) || !("format" in value))
    throw new StorageForeignError({ location, expected: format });
  const { format: actualFormat, version: actualVersion, ...fields }: Fields = { version: undefined, ...value };
  if (actualFormat !== format) throw new StorageForeignError({ location, expected: format });
  if (actualVersion !== version) throw new StorageVersionError({ location, actual: actualVersion, supported: version });
  const missing = required.find((name) => fields[name] === undefined);
  if (missing !== undefined) throw new StorageCorruptedError({ location, reason: `it has no \`${missing}\`` });
  if (Object.keys(fields).some((name) => !required.includes(name) && !optional.includes(name)))
    throw new StorageCorruptedError({ location, reason: "it has a field that it should not have" });
  return fields;
}

function parseJson(text: string, location: string, format: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The cause is left out: it quotes what it could not read.
    if (/^\s*[^\s{]/.test(text)) throw new StorageForeignError({ location, expected: format });
    throw new StorageCorruptedError({
      location,
      reason: `its ${text.length} characters are not whole JSON; it may have been cut short`,
    });
  }
}

/** Turns an error about a field into one about the entry. */
export function inEntry<result>(location: string, parse: () => result): result {
  try {
    return parse();
  } catch (cause) {
    if (!(cause instanceof LatchkeyError)) throw cause;
    if (cause instanceof StorageCorruptedError) throw cause;
    throw new StorageCorruptedError({ location, reason: cause.shortMessage.replace(/\.$/, ""), cause });
  }
}
