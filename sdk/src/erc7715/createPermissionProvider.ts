import { type Address, type Hex, numberToHex, RpcError } from "viem";
import type { ContractOverrides } from "../addresses.js";
import { LatchkeyError } from "../errors/base.js";
import type { DefineSessionParameters } from "../session/defineSession.js";
import {
  type DescribeSessionParameters,
  type DescribeSessionReturnType,
  describeSession,
} from "../session/describeSession.js";
import type { Session } from "../types.js";
import { parsePermissionRequest, permissionTypes, ruleTypes, toSessionFromPermissionRequest } from "./convert.js";
import {
  InvalidPermissionError,
  PermissionDeniedError,
  PermissionNotSupportedError,
  PermissionUnknownError,
} from "./errors.js";
import { decodePermissionContext, getPermissionResponse, type PermissionContext } from "./response.js";
import type { PermissionRequest, PermissionResponse } from "./types.js";

/** Whatever answers EIP-1193 requests. */
export type Eip1193Provider = {
  readonly request: (parameters: { method: string; params?: unknown }) => Promise<unknown>;
};

/** A permission that an owner is asked for. */
export type PermissionProposal = {
  /** What the dapp sent, checked. Its `justification` is the dapp's word and nothing more. */
  readonly request: PermissionRequest;
  /** The session that would be granted. */
  readonly session: Session;
  /** What that allows, in words, and what is risky about it. */
  readonly description: DescribeSessionReturnType;
};

/** How a proposal was granted. */
export type PermissionApproval = Omit<PermissionContext, "session"> & {
  /** The session that was granted, if the owner changed it; only where the dapp allows adjustments. */
  readonly session?: Session | undefined;
  /** What deploys the account, if it is not deployed. */
  readonly factory?: Address | undefined;
  readonly factoryData?: Hex | undefined;
};

/** Where a wallet keeps the permissions that it granted. */
export type PermissionStore = {
  readonly list: () => Promise<readonly PermissionResponse[]>;
  readonly add: (permissions: readonly PermissionResponse[]) => Promise<void>;
  readonly remove: (context: Hex) => Promise<void>;
};

export type CreatePermissionProviderParameters = {
  /** Answers everything else. */
  provider: Eip1193Provider;
  /** The account that permissions are granted for, on every one of the chains. */
  account: Address;
  /** The chains on which permissions are granted. */
  chainIds: readonly number[];
  /** Who pays for the gas of granted sessions, and how much at most. */
  fees: DefineSessionParameters["fees"];
  /** Reads the account's epoch on a chain, see `getEpoch`. */
  getEpoch: (parameters: { chainId: number; account: Address }) => Promise<bigint>;
  /**
   * Asks the owner, and has what is approved granted: by a transaction (`grantSession`) or a signature
   * (`signSessionGrant`). One approval for each proposal, or undefined if the owner refuses. None is granted alone.
   */
  approve: (proposals: readonly PermissionProposal[]) => Promise<readonly PermissionApproval[] | undefined>;
  /** Revokes a session, as `revokeSession` does. */
  revoke: (permission: { session: Session; response: PermissionResponse }) => Promise<void>;
  /** Where granted permissions are kept; in memory if it is left out. */
  store?: PermissionStore | undefined;
  /** Last second of permissions that come without a rule "expiry"; they are refused if it is left out. */
  validUntil?: DefineSessionParameters["validUntil"] | undefined;
  /** The tokens and contracts that the wallet knows, to name them in descriptions, see {@link describeSession}. */
  describe?: Pick<DescribeSessionParameters, "tokens" | "contracts" | "abis" | "nativeSymbol"> | undefined;
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

export type CreatePermissionProviderReturnType = Eip1193Provider;

/**
 * Wraps a wallet's EIP-1193 provider so that it answers the methods of ERC-7715 with sessions:
 * `wallet_requestExecutionPermissions`, `wallet_revokeExecutionPermission`, `wallet_getSupportedExecutionPermissions` and
 * `wallet_getGrantedExecutionPermissions`. Everything else passes through to the provider.
 *
 * Errors are viem's RpcError with the `code` of EIP-1193 or JSON-RPC: 4001 if the owner refuses, 4100 for another account,
 * 4200 for what no session can express, -32602 for what is malformed. Their `cause` is the typed error.
 *
 * @param parameters {@link CreatePermissionProviderParameters}
 * @returns An EIP-1193 provider.
 *
 * @example
 * import { getEpoch, grantSession, revokeSession } from "latchkey";
 * import { createPermissionProvider, type Eip1193Provider, type PermissionProposal } from "latchkey/erc7715";
 * import { parseEther } from "viem";
 * import type { BundlerClient, SmartAccount } from "viem/account-abstraction";
 * import { sepolia } from "viem/chains";
 *
 * const wrap = (
 *   provider: Eip1193Provider,
 *   bundler: BundlerClient,
 *   owner: SmartAccount,
 *   confirm: (proposals: readonly PermissionProposal[]) => Promise<boolean>,
 * ) =>
 *   createPermissionProvider({
 *     provider,
 *     account: owner.address,
 *     chainIds: [sepolia.id],
 *     fees: { maxPerOperation: parseEther("0.01"), total: parseEther("0.1") },
 *     getEpoch: ({ account }) => getEpoch(owner.client, { account }),
 *     approve: async (proposals) => {
 *       if (!(await confirm(proposals))) return undefined;
 *       await grantSession(bundler, { account: owner, sessions: proposals.map(({ session }) => session) });
 *       return proposals.map(() => ({}));
 *     },
 *     revoke: async ({ session }) => {
 *       await revokeSession(bundler, { account: owner, session });
 *     },
 *   });
 */
export function createPermissionProvider(
  parameters: CreatePermissionProviderParameters,
): CreatePermissionProviderReturnType {
  const { provider, store = createMemoryStore() } = parameters;
  const methods = new Map<string, (params: unknown) => Promise<unknown>>([
    ["wallet_requestExecutionPermissions", (params) => requestPermissions(parameters, store, params)],
    ["wallet_revokeExecutionPermission", (params) => revokePermission(parameters, store, params)],
    ["wallet_getSupportedExecutionPermissions", async () => listSupported(parameters)],
    ["wallet_getGrantedExecutionPermissions", () => store.list()],
  ]);
  return {
    request: async (request) => {
      const answer = methods.get(request.method);
      return answer ? answer(request.params).catch(throwRpcError) : provider.request(request);
    },
  };
}

/** As EIP-1193 wants errors: with a number for a code. */
function throwRpcError(error: unknown): never {
  if (!(error instanceof LatchkeyError) || !("rpcCode" in error) || typeof error.rpcCode !== "number") throw error;
  throw new RpcError(error, { code: error.rpcCode, shortMessage: error.shortMessage });
}

async function requestPermissions(
  { account, chainIds, fees, getEpoch, approve, validUntil, describe, contracts }: CreatePermissionProviderParameters,
  store: PermissionStore,
  params: unknown,
): Promise<readonly PermissionResponse[]> {
  if (!Array.isArray(params) || params.length === 0 || params.length > 100)
    throw new InvalidPermissionError({ path: "params", reason: "it is not a list of 1 to 100 requests" });
  const requests = params.map((request: unknown) => parsePermissionRequest(request));
  const proposals = await Promise.all(
    requests.map(async (request): Promise<PermissionProposal> => {
      const chainId = Number(request.chainId);
      if (!chainIds.includes(chainId))
        throw new PermissionNotSupportedError({ what: `The chain ${chainId}`, available: chainIds.map(String) });
      // Before the chain is asked: what is refused anyway costs no request.
      const toSession = (epoch: bigint) =>
        toSessionFromPermissionRequest({ request, account, fees, epoch, validUntil, contracts });
      toSession(0n);
      const epoch = await getEpoch({ chainId, account });
      const session = toSession(epoch);
      return {
        request,
        session,
        description: describeSession(session, { ...describe, epoch, deployments: contracts }),
      };
    }),
  );
  const approvals = await approve(proposals);
  if (approvals === undefined || approvals.length !== proposals.length) throw new PermissionDeniedError();
  const responses = proposals.map((proposal, index) => answer(proposal, approvals[index] ?? {}, contracts));
  await store.add(responses);
  return responses;
}

function answer(
  { request, session }: PermissionProposal,
  { session: adjusted, ...approval }: PermissionApproval,
  contracts: ContractOverrides | undefined,
): PermissionResponse {
  if (adjusted !== undefined && !request.permission.isAdjustmentAllowed)
    throw new InvalidPermissionError({ path: "permission.isAdjustmentAllowed", reason: "the dapp wants it as it is" });
  return getPermissionResponse({ ...approval, request, session: adjusted ?? session, contracts });
}

async function revokePermission(
  { revoke }: CreatePermissionProviderParameters,
  store: PermissionStore,
  params: unknown,
): Promise<Record<string, never>> {
  const [first]: readonly unknown[] = Array.isArray(params) ? params : [params];
  const context: unknown =
    typeof first === "object" && first !== null && "permissionContext" in first ? first.permissionContext : undefined;
  if (typeof context !== "string")
    throw new InvalidPermissionError({ path: "permissionContext", reason: "it is missing" });
  // Only what this wallet granted: a context that somebody made up revokes nothing.
  const response = (await store.list()).find((known) => known.context.toLowerCase() === context.toLowerCase());
  if (response === undefined) throw new PermissionUnknownError({ context: `0x${context.slice(2)}` });
  const { session } = decodePermissionContext(response.context);
  await revoke({ session, response });
  await store.remove(response.context);
  return {};
}

function listSupported({ chainIds }: CreatePermissionProviderParameters) {
  const support = { chainIds: chainIds.map((chainId) => numberToHex(chainId)), ruleTypes };
  return Object.fromEntries(permissionTypes.map((type) => [type, support]));
}

function createMemoryStore(): PermissionStore {
  let kept: readonly PermissionResponse[] = [];
  return {
    list: async () => kept,
    add: async (permissions) => {
      kept = [...kept, ...permissions];
    },
    remove: async (context) => {
      kept = kept.filter((permission) => permission.context !== context);
    },
  };
}
