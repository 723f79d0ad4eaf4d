import { type Address, encodeFunctionData, type Hex, isAddressEqual, parseAbi } from "viem";
import { type ContractOverrides, getContract } from "../addresses.js";
import { NoSessionsError } from "../errors/manager.js";
import { AccountMismatchError } from "../errors/use.js";
import { sessionKeyManagerAbi } from "../generated.js";
import { getSessionId } from "../session/getSessionId.js";
import type { Session } from "../types.js";

/** The functions of an ERC-7579 account that have to do with installing the manager. */
export const erc7579Abi = parseAbi([
  "function installModule(uint256 moduleType, address module, bytes initData)",
  "function isModuleInstalled(uint256 moduleType, address module, bytes additionalContext) view returns (bool)",
]);

/** The module type of validators in ERC-7579. */
export const validatorModuleType = 1n;

/** A call that an owner's account is to make. */
export type OwnerCall = { readonly to: Address; readonly value: bigint; readonly data: Hex };

export type GetGrantCallsParameters = {
  /** Sessions of one account. */
  sessions: readonly Session[];
  /** Whether to install the manager on the account first. */
  install: boolean;
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

export type GetGrantCallsReturnType = readonly OwnerCall[];

/**
 * The calls by which an account grants sessions, for owners who send them in a way of their own.
 *
 * @param parameters {@link GetGrantCallsParameters}
 * @returns One call, or two with the installation of the manager first.
 * @throws NoSessionsError; AccountMismatchError if the sessions are of several accounts; ContractNotConfiguredError.
 *
 * @example
 * import { getGrantCalls, type Session } from "latchkey";
 *
 * const callsFor = (session: Session) =>
 *   getGrantCalls({ sessions: [session], install: true });
 */
export function getGrantCalls({ sessions, install, contracts }: GetGrantCallsParameters): GetGrantCallsReturnType {
  const manager = getContract("manager", contracts);
  const [first] = sessions;
  if (first === undefined) throw new NoSessionsError();
  const other = sessions.find((session) => !isAddressEqual(session.account, first.account));
  if (other) throw new AccountMismatchError({ expected: first.account, actual: other.account });
  const grant: OwnerCall = {
    to: manager,
    value: 0n,
    data: encodeFunctionData({
      abi: sessionKeyManagerAbi,
      functionName: "grantSessions",
      args: [sessions.map(getSessionId)],
    }),
  };
  if (!install) return [grant];
  const installation: OwnerCall = {
    to: first.account,
    value: 0n,
    data: encodeFunctionData({
      abi: erc7579Abi,
      functionName: "installModule",
      args: [validatorModuleType, manager, "0x"],
    }),
  };
  return [installation, grant];
}
