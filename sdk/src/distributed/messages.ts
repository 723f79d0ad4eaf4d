import { ed25519 } from "@noble/curves/ed25519.js";
import { bytesToHex, type Hex, hexToBytes, sha256, stringToBytes } from "viem";
import { parseBytes } from "../utils/validate.js";
import { type AuthorizationKey, verifyAuthorization } from "./authorizationKey.js";

/** What a request asks for. Its signature covers it, so that it cannot be taken for another. */
export type RequestPurpose = "round1" | "round2" | "round3" | "activate" | "status" | "commit" | "sign";

/** A request to one node, signed by the authorisation key. */
export type SignedRequest = {
  /** The identity of the node that it is for. */
  readonly node: Hex;
  readonly purpose: RequestPurpose;
  /** The id of the distributed key. */
  readonly key: Hex;
  /** 16 bytes that no other request has. */
  readonly nonce: Hex;
  /** When it was signed, in milliseconds since 1970. */
  readonly time: number;
  /** What is asked, as JSON. */
  readonly body: string;
  /** 64 bytes. */
  readonly signature: Hex;
};

/** What a node says: to others when they generate a key, and what it answers when it signs or has revoked a key. */
export type NodeMessageType = "round1" | "round2" | "generated" | "commitment" | "share" | "revoked";

/** A message that a node signed with its identity, whoever carries it. */
export type NodeMessage = {
  readonly type: NodeMessageType;
  /** The identity of the node. */
  readonly from: Hex;
  /** The id of the distributed key. */
  readonly key: Hex;
  /** 32 bytes that name the attempt to generate the key, or the signature that is being made; what the owner signed to revoke. */
  readonly attempt: Hex;
  /** What it says, as JSON. */
  readonly body: string;
  /** 64 bytes. */
  readonly signature: Hex;
};

/** A message or a request that is not what it should be. `message` never quotes more of it than a name. */
export class MalformedMessageError extends Error {
  override readonly name = "MalformedMessageError";
}

/** Signs a request to a node. */
export async function signRequest(
  authorizationKey: Pick<AuthorizationKey, "sign">,
  { body, ...request }: Pick<SignedRequest, "node" | "purpose" | "key"> & { readonly body: unknown },
): Promise<SignedRequest> {
  const unsigned = {
    ...request,
    nonce: bytesToHex(crypto.getRandomValues(new Uint8Array(16))),
    time: Date.now(),
    body: JSON.stringify(body),
  };
  return { ...unsigned, signature: await authorizationKey.sign(requestBytes(unsigned)) };
}

/** Whether the authorisation key signed a request. */
export function verifyRequest(authorizationKey: Hex, request: SignedRequest): Promise<boolean> {
  return verifyAuthorization(authorizationKey, requestBytes(request), request.signature);
}

function requestBytes({ node, purpose, key, nonce, time, body }: Omit<SignedRequest, "signature">): Uint8Array {
  return toBytes("latchkey-distributed-request-1", [node, purpose, key, nonce, String(time)], body);
}

/** Signs a node's message with its identity. */
export function signNodeMessage(
  identity: Uint8Array,
  { body, ...message }: Omit<NodeMessage, "signature" | "body"> & { readonly body: unknown },
): NodeMessage {
  const unsigned = { ...message, body: JSON.stringify(body) };
  return { ...unsigned, signature: bytesToHex(ed25519.sign(messageBytes(unsigned), identity)) };
}

/** The identity that belongs to a node's secret. */
export function getIdentity(secret: Uint8Array): Hex {
  return bytesToHex(ed25519.getPublicKey(secret));
}

/**
 * Checks what is said to be a node's message: its form, that it is of the type, key and attempt at hand, and that the node
 * it is said to be from signed it. Returns its body.
 */
export function openNodeMessage(
  message: unknown,
  expected: Pick<NodeMessage, "type" | "key" | "attempt"> & { readonly from?: Hex | undefined },
): { readonly from: Hex; readonly body: unknown; readonly message: NodeMessage } {
  const fields = asFields("message", message);
  const from = asHex("from", fields["from"], 32);
  const opened = {
    type: expected.type,
    from,
    key: asHex("key", fields["key"], 32),
    attempt: asHex("attempt", fields["attempt"], 32),
    body: asString("body", fields["body"]),
    signature: asHex("signature", fields["signature"], 64),
  };
  if (fields["type"] !== expected.type) throw new MalformedMessageError(`a message is no "${expected.type}"`);
  if (opened.key !== expected.key) throw new MalformedMessageError("a message is about another key");
  if (opened.attempt !== expected.attempt) throw new MalformedMessageError("a message is of another attempt");
  if (expected.from !== undefined && from !== expected.from)
    throw new MalformedMessageError("a message is from another node");
  let valid = false;
  try {
    const options = { zip215: false };
    valid = ed25519.verify(hexToBytes(opened.signature), messageBytes(opened), hexToBytes(from), options);
  } catch {
    // An identity that is no point.
  }
  if (!valid) throw new MalformedMessageError("a message is not signed by the node that it names");
  return { from, body: parseJson(opened.body), message: opened };
}

function messageBytes({ type, from, key, attempt, body }: Omit<NodeMessage, "signature">): Uint8Array {
  return toBytes("latchkey-distributed-message-1", [type, from, key, attempt], body);
}

/** What both sides sign: lines none of whose parts can hold a line's end, and the hash of the body. */
function toBytes(tag: string, parts: readonly string[], body: string): Uint8Array {
  return stringToBytes([tag, ...parts, sha256(stringToBytes(body))].join("\n"));
}

/** JSON, or a MalformedMessageError. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new MalformedMessageError("a body is no JSON");
  }
}

/** An object's fields, whatever they are. */
export function asFields(name: string, value: unknown): { readonly [name: string]: unknown } {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new MalformedMessageError(`${name} is no object`);
  return { ...value };
}

export function asString(name: string, value: unknown): string {
  if (typeof value !== "string") throw new MalformedMessageError(`${name} is no text`);
  return value;
}

export function asNumber(name: string, value: unknown): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
    throw new MalformedMessageError(`${name} is no whole number`);
  return value;
}

export function asList(name: string, value: unknown, maximum: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length > maximum)
    throw new MalformedMessageError(`${name} is no list of at most ${maximum}`);
  return value;
}

/** Bytes in lower-case hex: one form only, so that what is compared as text is compared as bytes. */
export function asHex(name: string, value: unknown, length?: number): Hex {
  try {
    const bytes = parseBytes(name, value, length);
    if (bytes === value) return bytes;
  } catch {
    // Its message may quote what must not be.
  }
  throw new MalformedMessageError(`${name} is not ${length === undefined ? "bytes" : `${length} bytes`} of hex`);
}
