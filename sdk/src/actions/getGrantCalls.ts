import { type Address, encodeFunctionData, type Hex, isAddressEqual, parseAbi } from "viem";
import { type AccountType, getModuleInitData } from "../accounts/accountType.js";
import type { ContractOverrides } from "../addresses.js";
import { NoSessionsError } from "../errors/manager.js";
import { AccountMismatchError } from "../errors/use.js";
import { sessionKeyManagerAbi } from "../generated.js";
import { getManager } from "../manager.js";
import { getSessionId } from "../session/getSessionId.js";
import type { Session } from "../types.js";
import { parseBytes } from "../utils/validate.js";
import { type GrantPrefix, getInstallData } from "./setSignedGrants.js";

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
  /** Whether to publish the sessions in events, so that {@link getPublishedSessions} finds them; no if it is left out. */
  publish?: boolean | undefined;
  /** Who may grant by a signature from then on, set with the installation; "off" if it is left out. */
  grantPrefix?: GrantPrefix | undefined;
  /** What kind of account it is, for the installation; like Nexus if it is left out. */
  accountType?: AccountType | undefined;
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
export function getGrantCalls({
  sessions,
  install,
  publish = false,
  grantPrefix,
  accountType,
  contracts,
}: GetGrantCallsParameters): GetGrantCallsReturnType {
  const manager = getManager(contracts);
  const [first] = sessions;
  if (first === undefined) throw new NoSessionsError();
  const other = sessions.find((session) => !isAddressEqual(session.account, first.account));
  if (other) throw new AccountMismatchError({ expected: first.account, actual: other.account });
  const grant: OwnerCall = {
    to: manager,
    value: 0n,
    data: publish
      ? encodeFunctionData({ abi: sessionKeyManagerAbi, functionName: "grantAndPublishSessions", args: [sessions] })
      : encodeFunctionData({
          abi: sessionKeyManagerAbi,
          functionName: "grantSessions",
          args: [sessions.map(getSessionId)],
        }),
  };
  if (!install) return [grant];
  return [getInstallCall({ account: first.account, grantPrefix, accountType, contracts }), grant];
}

/**
 * The call by which an account installs the manager, for owners who send it in a way of their own.
 *
 * @param parameters The account, what kind it is (like Nexus if it is left out), and who may grant by a signature
 * ("off" if it is left out).
 * @returns The call.
 * @throws ContractNotConfiguredError, GrantRuleError, InvalidBytesError
 *
 * @example
 * import { getInstallCall } from "latchkey";
 *
 * const call = () =>
 *   getInstallCall({ account: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8", accountType: "kernel" });
 */
export function getInstallCall({
  account,
  grantPrefix,
  accountType = "nexus",
  contracts,
}: {
  account: Address;
  grantPrefix?: GrantPrefix | undefined;
  accountType?: AccountType | undefined;
  contracts?: ContractOverrides | undefined;
}): OwnerCall {
  const initData = getModuleInitData({ accountType, data: getInstallData({ grantPrefix }) });
  return {
    to: account,
    value: 0n,
    data: encodeFunctionData({
      abi: erc7579Abi,
      functionName: "installModule",
      args: [validatorModuleType, getManager(contracts), initData],
    }),
  };
}

/**
 * The call by which an account grants all sessions under a Merkle root, for owners who send it in a way of their own.
 *
 * @param parameters The root, from {@link getSessionTree}.
 * @returns The call.
 * @throws InvalidBytesError, ContractNotConfiguredError
 *
 * @example
 * import { getGrantRootCall, getSessionTree, type Session } from "latchkey";
 *
 * const callFor = (sessions: readonly Session[]) =>
 *   getGrantRootCall({ root: getSessionTree(sessions).root });
 */
export function getGrantRootCall({
  root,
  contracts,
}: {
  root: Hex;
  contracts?: ContractOverrides | undefined;
}): OwnerCall {
  return {
    to: getManager(contracts),
    value: 0n,
    data: encodeFunctionData({
      abi: sessionKeyManagerAbi,
      functionName: "grantSessions",
      args: [[parseBytes("root", root, 32)]],
    }),
  };
}
