import { type Address, type Chain, type Client, isAddressEqual, numberToHex, type Transport } from "viem";
import type { ContractOverrides } from "../addresses.js";
import { InvalidChainIdError } from "../errors/input.js";
import type { SessionKey } from "../keys/sessionKey.js";
import { parseAddress, parseTime } from "../utils/validate.js";
import { formatPermission } from "./convert.js";
import { InvalidPermissionContextError, InvalidPermissionError } from "./errors.js";
import { type GrantedPermission, normalizeRules, parsePermissionResponse } from "./response.js";
import type { Permission7715, PermissionRequest, SupportedPermissions } from "./types.js";

/** One permission that a dapp asks for. */
export type ExecutionPermission = {
  /** The chain; the client's if it is left out. */
  chainId?: number | undefined;
  /** The account that is asked; the wallet chooses if it is left out. */
  from?: Address | undefined;
  /** Who is to act: a session key that is an address, or the address. */
  to: SessionKey | Address;
  /** What is asked for. */
  permission: Permission7715;
  /** From when on it does not hold any more: in seconds since 1970 or as a Date. */
  expiry: number | Date;
  /** Whether the wallet may grant something else; no if it is left out. */
  isAdjustmentAllowed?: boolean | undefined;
};

export type RequestExecutionPermissionsParameters = {
  permissions: readonly ExecutionPermission[];
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

export type RequestExecutionPermissionsReturnType = readonly GrantedPermission[];

/**
 * Asks a wallet that grants sessions for permissions (`wallet_requestExecutionPermissions` of ERC-7715), and reads the
 * sessions from its answer. Each is of the key that was named, and allows exactly what the answer says, which without
 * `isAdjustmentAllowed` is what was asked for.
 *
 * @param client A client that speaks to the wallet.
 * @param parameters {@link RequestExecutionPermissionsParameters}
 * @returns For each permission its `session`, with the `grant` or `proof` that `toSessionAccount` needs, and the answer.
 * @throws InvalidChainIdError, InvalidAddressError, InvalidTimeError before anything is asked; InvalidPermissionError and
 * InvalidPermissionContextError about the answer; viem's errors for what the wallet says, UserRejectedRequestError among
 * them.
 *
 * @example
 * import { createSessionKey, toSessionAccount } from "latchkey";
 * import { requestExecutionPermissions } from "latchkey/erc7715";
 * import { type Client, createPublicClient, http, parseUnits } from "viem";
 * import { sepolia } from "viem/chains";
 *
 * const ask = async (wallet: Client) => {
 *   const sessionKey = createSessionKey();
 *   const [granted] = await requestExecutionPermissions(wallet, {
 *     permissions: [
 *       {
 *         chainId: sepolia.id,
 *         to: sessionKey,
 *         expiry: new Date(Date.now() + 7 * 86_400_000),
 *         permission: {
 *           type: "erc20-token-periodic",
 *           tokenAddress: "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
 *           periodAmount: parseUnits("10", 6),
 *           periodDuration: 86_400,
 *         },
 *       },
 *     ],
 *   });
 *   const client = createPublicClient({ chain: sepolia, transport: http() });
 *   return granted && toSessionAccount({ ...granted, client, sessionKey });
 * };
 */
export async function requestExecutionPermissions(
  client: Client<Transport, Chain | undefined>,
  { permissions, contracts }: RequestExecutionPermissionsParameters,
): Promise<RequestExecutionPermissionsReturnType> {
  const requests = permissions.map((permission) => toRequest(permission, client.chain?.id));
  const answer: unknown = await request(client, "wallet_requestExecutionPermissions", requests);
  if (!Array.isArray(answer) || answer.length !== requests.length)
    throw new InvalidPermissionError({ path: "response", reason: `it is not a list of ${requests.length}` });
  return requests.map((asked, index) => {
    const granted = parsePermissionResponse({ response: answer[index], contracts });
    checkAnswer(asked, granted);
    return granted;
  });
}

/**
 * Has a wallet revoke a permission (`wallet_revokeExecutionPermission` of ERC-7715).
 *
 * @param client A client that speaks to the wallet.
 * @param parameters The permission, or its context.
 * @throws viem's errors for what the wallet says.
 *
 * @example
 * import { type GrantedPermission, revokeExecutionPermission } from "latchkey/erc7715";
 * import type { Client } from "viem";
 *
 * const revoke = (wallet: Client, { response }: GrantedPermission) => revokeExecutionPermission(wallet, response);
 */
export async function revokeExecutionPermission(
  client: Client<Transport, Chain | undefined>,
  { context }: Pick<GrantedPermission["response"], "context">,
): Promise<void> {
  await request(client, "wallet_revokeExecutionPermission", [{ permissionContext: context }]);
}

/**
 * Asks a wallet which permissions it grants (`wallet_getSupportedExecutionPermissions` of ERC-7715).
 *
 * @param client A client that speaks to the wallet.
 * @returns Chains and rules by the type of the permission; types that are not well-formed are left out.
 * @throws viem's errors for what the wallet says.
 *
 * @example
 * import { getSupportedExecutionPermissions } from "latchkey/erc7715";
 * import type { Client } from "viem";
 *
 * const typesOf = async (wallet: Client) => Object.keys(await getSupportedExecutionPermissions(wallet));
 */
export async function getSupportedExecutionPermissions(
  client: Client<Transport, Chain | undefined>,
): Promise<SupportedPermissions> {
  const answer = await request(client, "wallet_getSupportedExecutionPermissions", []);
  if (typeof answer !== "object" || answer === null)
    throw new InvalidPermissionError({ path: "response", reason: "it is not an object" });
  return Object.fromEntries(Object.entries(answer).filter(([, entry]) => isSupport(entry)));
}

/**
 * Asks a wallet which permissions it has granted (`wallet_getGrantedExecutionPermissions` of ERC-7715).
 *
 * @param client A client that speaks to the wallet.
 * @param parameters Contracts to use in place of the known ones.
 * @returns Those that are sessions; what else the wallet has granted is left out.
 * @throws viem's errors for what the wallet says.
 *
 * @example
 * import { getGrantedExecutionPermissions } from "latchkey/erc7715";
 * import type { Client } from "viem";
 *
 * const sessionsOf = async (wallet: Client) =>
 *   (await getGrantedExecutionPermissions(wallet)).map(({ session }) => session);
 */
export async function getGrantedExecutionPermissions(
  client: Client<Transport, Chain | undefined>,
  { contracts }: { contracts?: ContractOverrides | undefined } = {},
): Promise<readonly GrantedPermission[]> {
  const answer: unknown = await request(client, "wallet_getGrantedExecutionPermissions", []);
  if (!Array.isArray(answer)) throw new InvalidPermissionError({ path: "response", reason: "it is not a list" });
  return answer.flatMap((response: unknown) => {
    try {
      return [parsePermissionResponse({ response, contracts })];
    } catch (error) {
      if (error instanceof InvalidPermissionError || error instanceof InvalidPermissionContextError) return [];
      throw error;
    }
  });
}

/** A request by a method that viem does not know the type of. */
async function request(
  client: Client<Transport, Chain | undefined>,
  method: string,
  params: readonly unknown[],
): Promise<unknown> {
  const send: (request: { method: string; params: readonly unknown[] }) => Promise<unknown> = client.request as never;
  return send({ method, params });
}

function toRequest(
  { chainId, from, to, permission, expiry, isAdjustmentAllowed = false }: ExecutionPermission,
  clientChainId: number | undefined,
): PermissionRequest {
  const id = chainId ?? clientChainId;
  if (id === undefined || !Number.isSafeInteger(id) || id < 1) throw new InvalidChainIdError({ actual: id });
  const { payees } = permission;
  return {
    chainId: numberToHex(id),
    ...(from === undefined ? {} : { from: parseAddress("from", from) }),
    to: parseAddress("to", typeof to === "string" ? to : to.sessionKey),
    permission: { ...formatPermission(permission), isAdjustmentAllowed },
    rules: [
      { type: "expiry", data: { timestamp: parseTime("expiry", expiry) } },
      ...(payees
        ? [{ type: "payee", data: { addresses: payees.map((payee) => parseAddress("permission.payees", payee)) } }]
        : []),
    ],
  };
}

/** An answer may differ from what was asked in what the dapp allowed to be adjusted, but not in who acts where. */
function checkAnswer(asked: PermissionRequest, { response }: GrantedPermission): void {
  const differs = (path: string): never => {
    throw new InvalidPermissionError({ path: `response.${path}`, reason: "it is not what was asked for" });
  };
  if (!isAddressEqual(asked.to, response.to)) differs("to");
  if (asked.from !== undefined && !isAddressEqual(asked.from, response.from)) differs("from");
  if (BigInt(asked.chainId) !== BigInt(response.chainId)) differs("chainId");
  if (asked.permission.isAdjustmentAllowed) return;
  if (asked.permission.type !== response.permission.type) differs("permission.type");
  if (normalizeRules(asked.rules ?? []) !== normalizeRules(response.rules ?? [])) differs("rules");
  for (const [name, value] of Object.entries(asked.permission.data)) {
    const actual = response.permission.data[name === "allowance" ? "allowanceAmount" : name];
    if (name !== "justification" && String(value).toLowerCase() !== String(actual).toLowerCase())
      differs(`permission.data.${name}`);
  }
}

function isSupport(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    "chainIds" in value &&
    Array.isArray(value.chainIds) &&
    "ruleTypes" in value &&
    Array.isArray(value.ruleTypes)
  );
}
