import type { Field } from "./describeRules.js";
import { findMessage, type MessageInfo, type TypedMessage, type View } from "./sessionView.js";
import { spendingMessages } from "./spendingMessages.js";

/** The fields of a message that rules may be about, in the order of their words; those that are not known have no type. */
export function listMessageFields(view: View, permission: TypedMessage): readonly Field[] {
  const { nested } = permission;
  const known = findMessage(view, permission);
  const count = nested.reduce((sum, { fields }) => sum + fields, permission.fields);
  const names = known ? listFields(known, nested) : listKnownFields(permission);
  return Array.from({ length: count }, (_, index) => names[index] ?? { name: `field ${index}`, type: "" });
}

/** Names of the fields of messages that are the same everywhere, if the structs are where they are expected. */
function listKnownFields({ typeHash, nested, fields }: TypedMessage): readonly Field[] {
  const known = spendingMessages[typeHash];
  if (known === undefined || known.fields.length !== fields) return [];
  const [first] = nested;
  const isDetails = first?.parent === 0 && first.field === 0 && first.fields === known.details?.length;
  return isDetails ? [...known.fields, ...(known.details ?? [])] : known.fields;
}

/** The fields that rules are about: those of the message, then those of the structs in it. */
function listFields(
  { types, primaryType }: MessageInfo,
  nested: readonly { readonly parent: number; readonly field: number }[],
): readonly Field[] {
  const structs = [{ prefix: "", fields: types[primaryType] ?? [] }];
  for (const { parent, field } of nested) {
    const outer = structs[parent];
    const inner = outer?.fields[field];
    structs.push({ prefix: `${outer?.prefix ?? ""}${inner?.name ?? field}.`, fields: types[inner?.type ?? ""] ?? [] });
  }
  return structs.flatMap(({ prefix, fields }) => fields.map(({ name, type }) => ({ name: `${prefix}${name}`, type })));
}
