import {
  type Address,
  type Chain,
  type Client,
  getAddress,
  type Hex,
  isAddressEqual,
  parseAbi,
  type Transport,
} from "viem";
import { getBlock, readContract } from "viem/actions";
import { getAction } from "viem/utils";
import type { ContractOverrides } from "../addresses.js";
import { anyTarget } from "../constants.js";
import type { InvalidAddressError } from "../errors/input.js";
import { erc20LimitPolicyAbi, sessionKeyManagerAbi } from "../generated.js";
import { getManager } from "../manager.js";
import { isBuiltIn } from "../policies/builtIn.js";
import type { Budget } from "../policies/spend.js";
import { getBudgetId } from "../session/getBudgetId.js";
import { getSessionId } from "../session/getSessionId.js";
import { getProofRoot } from "../session/sessionTree.js";
import type { Policy, Session } from "../types.js";
import { findPolicyName } from "../use/checkCall.js";
import type { SessionState } from "../use/checkSessionCalls.js";
import { readTogether } from "../utils/readTogether.js";
import { parseAddress } from "../utils/validate.js";

export type GetSessionStateParameters = {
  session: Session;
  /** For a session in a Merkle tree: the siblings from its id up. */
  proof?: readonly Hex[] | undefined;
  /** Targets to ask the account about, whether they are its modules: matters to actions for any target. */
  targets?: readonly Address[] | undefined;
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

/** What the chain knows of a session, and the time of its latest block in seconds since 1970. */
export type GetSessionStateReturnType = Required<Omit<SessionState, "rootStatus">> &
  Pick<SessionState, "rootStatus"> & { readonly now: number };

export type GetSessionStateErrorType = InvalidAddressError;

const accountAbi = parseAbi([
  "function isModuleInstalled(uint256 moduleTypeId, address module, bytes additionalContext) view returns (bool)",
]);
const moduleTypes = [1n, 2n, 3n, 4n] as const;
const statuses = ["none", "granted", "revoked"] as const;

/**
 * Reads all that the chain knows of a session: for {@link checkSessionCalls}, in one round trip.
 *
 * @param client A client of the session's chain that can read contracts.
 * @param parameters {@link GetSessionStateParameters}
 * @returns {@link GetSessionStateReturnType}
 * @throws ContractNotConfiguredError, InvalidAddressError, and viem's errors of `readContract` and `getBlock`.
 *
 * @example
 * import { checkSessionCalls, getSessionState, type Call, type Session } from "latchkey";
 * import { createPublicClient, http } from "viem";
 * import { sepolia } from "viem/chains";
 *
 * const client = createPublicClient({ chain: sepolia, transport: http() });
 * // Read once, then check as often as the user types.
 * const createCheck = async (session: Session) => {
 *   const state = await getSessionState(client, { session });
 *   return (calls: readonly Call[]) => checkSessionCalls({ session, calls, state, at: state.now });
 * };
 */
export async function getSessionState(
  client: Client<Transport, Chain | undefined>,
  { session, proof = [], targets = [], contracts }: GetSessionStateParameters,
): Promise<GetSessionStateReturnType> {
  const { account } = session;
  const manager = { abi: sessionKeyManagerAbi, address: getManager(contracts) } as const;
  const id = getSessionId(session);
  const anywhere = session.actions.some(({ target }) => isAddressEqual(target, anyTarget));
  const asked = anywhere ? [...new Set(targets.map((target) => parseAddress("targets", target)))] : [];
  const budgets = listBudgets(session, id, contracts);
  return readTogether(client, async (reader) => {
    const readStatus = async (of: Hex) => {
      const code = await readContract(reader, { ...manager, functionName: "sessionStatus", args: [account, of] });
      return statuses[code] ?? "none";
    };
    const isModule = async (target: Address): Promise<boolean> => {
      const answers = await Promise.all(
        moduleTypes.map((type) =>
          readContract(reader, {
            ...{ abi: accountAbi, address: account, functionName: "isModuleInstalled" },
            args: [type, target, "0x"],
            // What an account does not answer counts as no, as it does for the manager.
          }).catch(() => false),
        ),
      );
      return answers.includes(true);
    };
    const [status, rootStatus, epoch, installed, block, spent, modules] = await Promise.all([
      readStatus(id),
      proof.length > 0 ? readStatus(getProofRoot(id, proof)) : undefined,
      readContract(reader, { ...manager, functionName: "epochOf", args: [account] }),
      readContract(reader, { ...manager, functionName: "isInitialized", args: [account] }),
      getBlock(reader),
      Promise.all(budgets.map((budget) => readBudget(reader, manager.address, account, budget))),
      Promise.all(asked.map(isModule)),
    ]);
    return {
      ...{ status, rootStatus, epoch, installed, now: Number(block.timestamp) },
      budgets: Object.fromEntries(spent),
      modules: asked.filter((_, index) => modules[index]),
    };
  });
}

type BudgetOfPolicy = { readonly policy: Address; readonly budgetId: Hex };

/** The policies that count, which all keep what is spent in the same way. */
const countingPolicies = ["erc20LimitPolicy", "gasLimitPolicy", "nativeLimitPolicy", "usageLimitPolicy"] as const;

function listBudgets(
  { actions, operationPolicies }: Session,
  id: Hex,
  contracts: ContractOverrides | undefined,
): readonly BudgetOfPolicy[] {
  const policies: readonly Policy[] = [...actions.flatMap((action) => action.policies), ...operationPolicies];
  const found = new Map<Hex, BudgetOfPolicy>();
  for (const { policy, config } of policies) {
    const name = findPolicyName(policy, contracts);
    if (!countingPolicies.some((counting) => counting === name)) continue;
    const budgetId = getBudgetId({ id, policy, config });
    found.set(budgetId, { policy: getAddress(policy), budgetId });
  }
  return [...found.values()];
}

/** What is spent of a budget. */
export async function readBudget(
  reader: Client<Transport, Chain | undefined>,
  manager: Address,
  account: Address,
  { policy, budgetId }: BudgetOfPolicy,
): Promise<readonly [Hex, Budget]> {
  const read = getAction(reader, readContract, "readContract");
  const [total, inPeriod, period] = isBuiltIn(policy)
    ? await read({ abi: sessionKeyManagerAbi, address: manager, functionName: "spent", args: [budgetId, account] })
    : await read({
        abi: erc20LimitPolicyAbi,
        address: policy,
        functionName: "spent",
        args: [manager, budgetId, account],
      });
  return [budgetId, { total, inPeriod, period }];
}
