import { getAddress, type Hex, size, slice, zeroAddress } from "viem";
import { timeLimit } from "../constants.js";
import { LatchkeyError } from "../errors/base.js";
import { InvalidSerializedSessionError } from "../errors/input.js";
import type { Action, Policy, Session } from "../types.js";
import { parseAddress, parseAmount, parseBytes, parseNumber } from "../utils/validate.js";
import { getSessionId } from "./getSessionId.js";

const format = "latchkey-session";
const version = 1;

/**
 * Writes a session as JSON, with a version and its id. It contains no private key: another process needs this and the
 * key to go on with the session.
 *
 * @param session The session.
 * @returns JSON.
 *
 * @example
 * import { parseSession, type Session, serializeSession } from "latchkey";
 *
 * const copy = (session: Session) => parseSession(serializeSession(session));
 */
export function serializeSession(session: Session): string {
  const { account, chainId, epoch, validAfter, validUntil, salt, sessionKey, paymaster, maxOpCost } = session;
  // Field by field, so that nothing that happens to be in the object gets out.
  return JSON.stringify({
    format,
    version,
    id: getSessionId(session),
    session: {
      account,
      chainId: chainId.toString(),
      epoch: epoch.toString(),
      validAfter,
      validUntil,
      salt,
      sessionKey,
      paymaster,
      maxOpCost: maxOpCost.toString(),
      operationPolicies: session.operationPolicies.map(toPolicy),
      signaturePolicies: session.signaturePolicies.map(toPolicy),
      actions: session.actions.map(({ target, selector, maxValue, policies }) => ({
        target,
        selector,
        maxValue: maxValue.toString(),
        policies: policies.map(toPolicy),
      })),
    },
  });
}

function toPolicy({ policy, config }: Policy): Policy {
  return { policy, config };
}

export type ParseSessionErrorType = InvalidSerializedSessionError;

/**
 * Reads a session from what {@link serializeSession} wrote, checking every field, and that the id is that of the rest.
 *
 * @param serialized JSON.
 * @returns The session.
 * @throws InvalidSerializedSessionError, whose cause says which field is wrong.
 *
 * @example
 * import { getSessionId, parseSession } from "latchkey";
 *
 * const idOf = (serialized: string) => getSessionId(parseSession(serialized));
 */
export function parseSession(serialized: string): Session {
  const root = asFields("the whole", parseJson(serialized), ["format", "version", "id", "session"]);
  if (root.format !== format) throw new InvalidSerializedSessionError({ reason: "it is no Latchkey session" });
  if (root.version !== version)
    throw new InvalidSerializedSessionError({ reason: `its version is ${String(root.version)} and not ${version}` });
  const session = checked(() => parseFields(root.session));
  const id = checked(() => parseBytes("id", root.id, 32));
  if (id !== getSessionId(session))
    throw new InvalidSerializedSessionError({ reason: "its id is not that of its contents" });
  return session;
}

function parseJson(serialized: string): unknown {
  try {
    return JSON.parse(serialized);
  } catch {
    // The cause is left out: it may quote what was meant to stay secret.
    throw new InvalidSerializedSessionError({ reason: "it is not JSON" });
  }
}

/** Turns errors about a field into one about the whole. */
function checked<result>(parse: () => result): result {
  try {
    return parse();
  } catch (error) {
    if (error instanceof InvalidSerializedSessionError || !(error instanceof LatchkeyError)) throw error;
    throw new InvalidSerializedSessionError({ reason: error.shortMessage.replace(/\.$/, ""), cause: error });
  }
}

const sessionFields = [
  "account",
  "chainId",
  "epoch",
  "validAfter",
  "validUntil",
  "salt",
  "sessionKey",
  "paymaster",
  "maxOpCost",
  "operationPolicies",
  "signaturePolicies",
  "actions",
] as const;

function parseFields(value: unknown): Session {
  const fields = asFields("session", value, sessionFields);
  const validAfter = parseNumber("validAfter", fields.validAfter, 0, timeLimit - 1);
  const validUntil = parseNumber("validUntil", fields.validUntil, 0, timeLimit - 1);
  if (validUntil !== 0 && validUntil < validAfter)
    throw new InvalidSerializedSessionError({ reason: "it ends before it starts" });
  const actions = asList("actions", fields.actions).map((action, index) => parseAction(`actions[${index}]`, action));
  if (actions.length === 0) throw new InvalidSerializedSessionError({ reason: "it has no actions" });
  const sessionKey = parseBytes("sessionKey", fields.sessionKey);
  const keyLength = size(sessionKey);
  if (keyLength < 20 || keyLength > 0xffff || slice(sessionKey, 0, 20) === zeroAddress)
    throw new InvalidSerializedSessionError({ reason: "its session key is zero or of a wrong length" });
  return {
    account: parseAddress("account", fields.account),
    chainId: parseDecimal("chainId", fields.chainId, 256),
    epoch: parseDecimal("epoch", fields.epoch, 64),
    validAfter,
    validUntil,
    salt: parseBytes("salt", fields.salt, 32),
    sessionKey,
    paymaster: parseAddress("paymaster", fields.paymaster),
    maxOpCost: parseDecimal("maxOpCost", fields.maxOpCost, 128),
    operationPolicies: parsePolicies("operationPolicies", fields.operationPolicies),
    signaturePolicies: parsePolicies("signaturePolicies", fields.signaturePolicies),
    actions,
  };
}

function parseAction(name: string, value: unknown): Action {
  const fields = asFields(name, value, ["target", "selector", "maxValue", "policies"]);
  return {
    target: parseAddress(`${name}.target`, fields.target),
    selector: parseBytes(`${name}.selector`, fields.selector, 4),
    maxValue: parseDecimal(`${name}.maxValue`, fields.maxValue, 256),
    policies: parsePolicies(`${name}.policies`, fields.policies),
  };
}

function parsePolicies(name: string, value: unknown): readonly Policy[] {
  return asList(name, value).map((item, index) => {
    const fields = asFields(`${name}[${index}]`, item, ["policy", "config"]);
    const config: Hex = parseBytes(`${name}[${index}].config`, fields.config);
    if (size(config) > 0xffff)
      throw new InvalidSerializedSessionError({ reason: `\`${name}[${index}].config\` is too long` });
    return { policy: getAddress(parseAddress(`${name}[${index}].policy`, fields.policy)), config };
  });
}

/** An amount is written in decimal digits, since JSON has no bigint. */
function parseDecimal(name: string, value: unknown, bits: number): bigint {
  if (typeof value !== "string" || !/^(0|[1-9]\d{0,77})$/.test(value))
    throw new InvalidSerializedSessionError({ reason: `\`${name}\` is not a whole number in decimal digits` });
  return parseAmount(name, BigInt(value), 2n ** BigInt(bits) - 1n);
}

function asList(name: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value) || value.length > 255)
    throw new InvalidSerializedSessionError({ reason: `\`${name}\` is not a list of at most 255` });
  return value;
}

/** An object with these fields and no others. */
function asFields<const names extends readonly string[]>(
  name: string,
  value: unknown,
  names: names,
): { readonly [field in names[number]]: unknown } {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new InvalidSerializedSessionError({ reason: `\`${name}\` is not an object` });
  const unknown = Object.keys(value).find((key) => !names.includes(key));
  if (unknown !== undefined)
    throw new InvalidSerializedSessionError({ reason: `\`${name}\` has a field that it should not have` });
  const missing = names.find((field) => !Object.hasOwn(value, field));
  if (missing !== undefined)
    throw new InvalidSerializedSessionError({ reason: `\`${name}\` has no field \`${missing}\`` });
  return Object.fromEntries(Object.entries(value)) as { readonly [field in names[number]]: unknown };
}
