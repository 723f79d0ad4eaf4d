import { type Address, fromHex, type Hex, hexToBigInt, isAddressEqual, isHex, size, toHex } from "viem";
import type { ContractOverrides } from "../addresses.js";
import { LatchkeyError } from "../errors/base.js";
import { getManager } from "../manager.js";
import { getSessionId } from "../session/getSessionId.js";
import { parseSession, serializeSession } from "../session/serializeSession.js";
import type { Session } from "../types.js";
import type { SignedGrant } from "../use/encodeUse.js";
import { parseBytes } from "../utils/validate.js";
import { asAddress, checked, getSessionPermission, parsePermissionRequest } from "./convert.js";
import { InvalidPermissionContextError, InvalidPermissionError } from "./errors.js";
import type { PermissionRequest, PermissionResponse, PermissionRule } from "./types.js";

const format = "latchkey-permission";
const version = 1;
const maximumSize = 200_000;

/** What it takes to use a permission, besides the session's key. */
export type PermissionContext = {
  readonly session: Session;
  /** The owner's signature, if that is how the session was granted. */
  readonly grant?: SignedGrant | undefined;
  /** The siblings in the Merkle tree, if the session was granted with one. */
  readonly proof?: readonly Hex[] | undefined;
};

/**
 * Puts what it takes to use a session, besides its key, into the context of a permission.
 *
 * @param context {@link PermissionContext}
 * @returns Bytes.
 *
 * @example
 * import { decodePermissionContext, encodePermissionContext } from "latchkey/erc7715";
 * import type { Session } from "latchkey";
 *
 * const copy = (session: Session) => decodePermissionContext(encodePermissionContext({ session })).session;
 */
export function encodePermissionContext({ session, grant, proof }: PermissionContext): Hex {
  return toHex(
    JSON.stringify({
      format,
      version,
      session: serializeSession(session),
      ...(grant ? { grant: { ids: grant.ids, signature: grant.signature } } : {}),
      ...(proof ? { proof } : {}),
    }),
  );
}

/**
 * Reads what {@link encodePermissionContext} wrote, whoever it comes from: every field is checked.
 *
 * @param context Bytes.
 * @returns {@link PermissionContext}
 * @throws InvalidPermissionContextError
 *
 * @example
 * import { decodePermissionContext } from "latchkey/erc7715";
 * import type { Hex } from "viem";
 *
 * const sessionOf = (context: Hex) => decodePermissionContext(context).session;
 */
export function decodePermissionContext(context: unknown): PermissionContext {
  if (typeof context !== "string" || !isHex(context) || context.length % 2 !== 0 || size(context) > maximumSize)
    throw new InvalidPermissionContextError({ reason: `it is not hex of at most ${maximumSize} bytes` });
  const fields = parseJson(fromHex(context, "string"));
  if (fields.format !== format) throw new InvalidPermissionContextError({ reason: "it is none of Latchkey's" });
  if (fields.version !== version) throw new InvalidPermissionContextError({ reason: `its version is not ${version}` });
  const unknown = Object.keys(fields).find(
    (name) => !["format", "version", "session", "grant", "proof"].includes(name),
  );
  if (unknown !== undefined) throw new InvalidPermissionContextError({ reason: "it has a field that is not known" });
  try {
    const session = parseSession(typeof fields.session === "string" ? fields.session : "");
    const grant = fields.grant === undefined ? undefined : parseGrant(fields.grant);
    if (grant && !grant.ids.includes(getSessionId(session)))
      throw new InvalidPermissionContextError({ reason: "its grant is not of its session" });
    return { session, grant, proof: fields.proof === undefined ? undefined : parseWords("proof", fields.proof) };
  } catch (error) {
    if (!(error instanceof LatchkeyError) || error instanceof InvalidPermissionContextError) throw error;
    throw new InvalidPermissionContextError({ reason: error.shortMessage.replace(/\.$/, ""), cause: error });
  }
}

function parseJson(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // The cause is left out: it may quote what was meant to stay secret.
  }
  throw new InvalidPermissionContextError({ reason: "it is none of Latchkey's" });
}

function parseGrant(value: unknown): SignedGrant {
  if (typeof value !== "object" || value === null || !("ids" in value) || !("signature" in value))
    throw new InvalidPermissionContextError({ reason: "its grant is not what it must be" });
  return { ids: parseWords("grant.ids", value.ids), signature: parseBytes("grant.signature", value.signature) };
}

function parseWords(name: string, value: unknown): readonly Hex[] {
  if (!Array.isArray(value) || value.length > 255)
    throw new InvalidPermissionContextError({ reason: `\`${name}\` is not a list of at most 255` });
  return value.map((item, index) => parseBytes(`${name}[${index}]`, item, 32));
}

export type GetPermissionResponseParameters = PermissionContext & {
  /** What was asked for, to keep what does not concern the session; see {@link toSessionFromPermissionRequest}. */
  request?: PermissionRequest | undefined;
  /** What deploys the account, if it is not deployed: `getFactoryArgs` of a viem smart account. */
  factory?: Address | undefined;
  factoryData?: Hex | undefined;
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

/**
 * A wallet's answer to a permission request that was granted with a session. What it says is read from the session, and
 * not repeated from the request.
 *
 * @param parameters {@link GetPermissionResponseParameters}
 * @returns {@link PermissionResponse}
 * @throws InvalidPermissionError if no permission says exactly what the session allows.
 *
 * @example
 * import { getPermissionResponse, type PermissionRequest } from "latchkey/erc7715";
 * import type { Session, SignedGrant } from "latchkey";
 *
 * const answer = (request: PermissionRequest, session: Session, grant: SignedGrant) =>
 *   getPermissionResponse({ request, session, grant });
 */
export function getPermissionResponse({
  session,
  grant,
  proof,
  request,
  factory,
  factoryData,
  contracts,
}: GetPermissionResponseParameters): PermissionResponse {
  const said = getSessionPermission(session, { contracts });
  if (said === undefined)
    throw new InvalidPermissionError({ path: "session", reason: "no permission says exactly what it allows" });
  const redeemers = request?.rules?.filter(({ type }) => type === "redeemer") ?? [];
  const justification = request?.permission.data.justification;
  return {
    ...said,
    permission: {
      ...said.permission,
      isAdjustmentAllowed: request?.permission.isAdjustmentAllowed ?? false,
      data: { ...said.permission.data, ...(justification === undefined ? {} : { justification }) },
    },
    rules: [...said.rules, ...redeemers],
    context: encodePermissionContext({ session, grant, proof }),
    dependencies: factory && factoryData ? [{ factory, factoryData }] : [],
    delegationManager: getManager(contracts),
  };
}

export type ParsePermissionResponseParameters = {
  /** What a wallet answered: anything at all, it is checked. */
  response: unknown;
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

/** A permission that was granted, and what it takes to use it besides the session's key. */
export type GrantedPermission = PermissionContext & { readonly response: PermissionResponse };

/**
 * Reads a wallet's answer: the session in it, which must be of the account, chain and key that the answer names, and allow
 * exactly what it says. Whether the session is granted, the chain knows: see `getSessionStatus`.
 *
 * @param parameters {@link ParsePermissionResponseParameters}
 * @returns {@link GrantedPermission}, of which `session`, `grant` and `proof` are for `toSessionAccount`.
 * @throws InvalidPermissionError, InvalidPermissionContextError
 *
 * @example
 * import { parsePermissionResponse } from "latchkey/erc7715";
 *
 * const sessionOf = (response: unknown) => parsePermissionResponse({ response }).session;
 */
export function parsePermissionResponse({ response, contracts }: ParsePermissionResponseParameters): GrantedPermission {
  if (typeof response !== "object" || response === null)
    throw new InvalidPermissionError({ path: "response", reason: "it is not an object" });
  const { context, dependencies, delegationManager, ...rest } = { ...response } as Record<string, unknown>;
  const request = parsePermissionRequest(rest);
  const used = decodePermissionContext(context);
  const said = getSessionPermission(used.session, { contracts });
  const manager = getManager(contracts);
  if (typeof delegationManager !== "string" || delegationManager.toLowerCase() !== manager.toLowerCase())
    throw new InvalidPermissionError({ path: "delegationManager", reason: "it is not the session key manager" });
  if (said === undefined || !isSame(request, said))
    throw new InvalidPermissionContextError({ reason: "its session does not allow what the permission says" });
  const { from } = said;
  return {
    ...used,
    response: {
      ...request,
      from,
      context: encodePermissionContext(used),
      dependencies: parseDependencies(dependencies),
      delegationManager: manager,
    },
  };
}

function parseDependencies(value: unknown): PermissionResponse["dependencies"] {
  if (!Array.isArray(value) || value.length > 100)
    throw new InvalidPermissionError({ path: "dependencies", reason: "it is not a list of at most 100" });
  return value.map((item: unknown, index) => {
    const path = `dependencies[${index}]`;
    if (typeof item !== "object" || item === null || !("factory" in item) || !("factoryData" in item))
      throw new InvalidPermissionError({ path, reason: "it has no `factory` or `factoryData`" });
    const { factory, factoryData } = item;
    return {
      factory: asAddress(`${path}.factory`, factory),
      factoryData: checked(`${path}.factoryData`, () => parseBytes("factoryData", factoryData)),
    };
  });
}

type Said = Pick<PermissionRequest, "chainId" | "from" | "to" | "permission" | "rules">;

/** Whether two permissions say the same; what is only shown, or holds of itself, aside. */
function isSame(one: Said, other: Said): boolean {
  return (
    one.from !== undefined &&
    other.from !== undefined &&
    isAddressEqual(one.from, other.from) &&
    isAddressEqual(one.to, other.to) &&
    hexToBigInt(one.chainId) === hexToBigInt(other.chainId) &&
    one.permission.type === other.permission.type &&
    normalize(one) === normalize(other)
  );
}

function normalize({ permission, rules = [] }: Said): string {
  const { justification: _, allowance, ...data } = permission.data;
  const named = allowance === undefined ? data : { ...data, allowanceAmount: allowance };
  const fields = Object.entries(named).map(([name, value]) => [name, fold(value)]);
  return JSON.stringify([fields.sort(), normalizeRules(rules)]);
}

/** Rules in one form, whatever their order; those about who acts aside, which hold of themselves. */
export function normalizeRules(rules: readonly PermissionRule[]): string {
  const parts = rules.filter(({ type }) => type !== "redeemer").map(({ type, data }) => [type, toSet(data)]);
  return JSON.stringify(parts.sort());
}

function toSet(data: Readonly<Record<string, unknown>>): unknown {
  const { addresses } = data;
  return Array.isArray(addresses) ? addresses.map(fold).sort() : data;
}

function fold(value: unknown): unknown {
  return typeof value === "string" ? value.toLowerCase().replace(/^0x0+(?=.)/, "0x") : value;
}
