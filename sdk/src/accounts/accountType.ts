import {
  type Address,
  type Chain,
  type Client,
  concat,
  encodeAbiParameters,
  type Hex,
  numberToHex,
  parseAbi,
  parseAbiParameters,
  type Transport,
  zeroAddress,
} from "viem";
import { readContract } from "viem/actions";
import { getAction } from "viem/utils";
import { AccountTypeUnknownError } from "../errors/use.js";
import { getSessionId } from "../session/getSessionId.js";
import type { Session } from "../types.js";
import { executeSelector } from "../use/execution.js";
import { parseBytes, parseNumber } from "../utils/validate.js";

/** What differs between ERC-7579 accounts: where a nonce names the validator, and what they want when they install one. */
export type AccountType = "nexus" | "kernel" | "safe7579" | "openzeppelin";

/** How an operation is validated: as usual, or with the validator being installed by the owner's signature in it. */
export type ValidationMode = "default" | "enable";

/** How many lanes of nonces an account of a type has: operations in different ones do not wait for each other. */
export const laneCounts: Readonly<Record<AccountType, number>> = {
  nexus: 2 ** 24,
  kernel: 2 ** 16,
  safe7579: 2 ** 32,
  openzeppelin: 2 ** 32,
};

export type GetNonceKeyParameters = {
  accountType: AccountType;
  validator: Address;
  /** Which lane: 0 to 2^24 - 1 for Nexus, 2^16 - 1 for Kernel, 2^32 - 1 for the others; 0 if it is left out. */
  lane?: number | undefined;
  /** Only Nexus and Kernel have an enable mode; "default" if it is left out. */
  mode?: ValidationMode | undefined;
};

/**
 * The 24-byte key of the nonces of operations that a validator of an account is asked about.
 *
 * @param parameters {@link GetNonceKeyParameters}
 * @returns The key.
 * @throws InvalidNumberError if there is no such lane.
 *
 * @example
 * import { getContracts, getNonceKey } from "latchkey";
 *
 * const keyFor = () => getNonceKey({ accountType: "kernel", validator: getContracts().manager });
 */
export function getNonceKey({ accountType, validator, lane = 0, mode = "default" }: GetNonceKeyParameters): bigint {
  const checked = parseNumber("lane", lane, 0, laneCounts[accountType] - 1);
  const modeByte = mode === "enable" ? "0x01" : "0x00";
  switch (accountType) {
    case "nexus":
      return BigInt(concat([numberToHex(checked, { size: 3 }), modeByte, validator]));
    case "kernel":
      // The second byte says that a validator follows.
      return BigInt(concat([modeByte, "0x01", validator, numberToHex(checked, { size: 2 })]));
    default:
      return BigInt(concat([validator, numberToHex(checked, { size: 4 })]));
  }
}

/**
 * The lane of nonces that a session has to itself: drawn from its id, so that every process comes to the same one. Two
 * sessions share a lane with a chance of one in the number of lanes, and then wait for each other. Never lane 0.
 *
 * @param parameters The session or its id, and the type of its account.
 * @returns The lane, for `nonceKey` of `toSessionAccount`.
 *
 * @example
 * import { getSessionLane, type Session } from "latchkey";
 *
 * const laneOf = (session: Session) => getSessionLane({ session, accountType: "nexus" });
 */
export function getSessionLane({ session, accountType }: { session: Session | Hex; accountType: AccountType }): number {
  const id = typeof session === "string" ? parseBytes("session", session, 32) : getSessionId(session);
  return Number(BigInt(id) % BigInt(laneCounts[accountType] - 1)) + 1;
}

/** How an operation with a nonce is validated. */
export function getValidationMode({ accountType, nonce }: { accountType: AccountType; nonce: bigint }): ValidationMode {
  if (accountType !== "nexus" && accountType !== "kernel") return "default";
  // A nonce is 24 bytes of key and 8 of sequence; Kernel has the mode in the first byte, Nexus in the fourth.
  const mode = nonce >> (accountType === "kernel" ? 248n : 224n);
  return (mode & 0xffn) === 1n ? "enable" : "default";
}

/**
 * What an account of a type has to be told to install a validator with some data of its own.
 *
 * @param parameters The type, and the validator's data.
 * @returns `initData` of ERC-7579's `installModule`.
 *
 * @example
 * import { getInstallData, getModuleInitData } from "latchkey";
 *
 * const initData = getModuleInitData({ accountType: "kernel", data: getInstallData() });
 */
export function getModuleInitData({ accountType, data }: { accountType: AccountType; data: Hex }): Hex {
  if (accountType !== "kernel") return data;
  // The one function that Kernel lets a validator that is not its root validate.
  return concat([zeroAddress, encodeAbiParameters(kernelInitData, [data, "0x", executeSelector])]);
}

const kernelInitData = parseAbiParameters("bytes validatorData, bytes hookData, bytes selectorData");

const accountIdAbi = parseAbi(["function accountId() view returns (string)"]);

const prefixes: readonly (readonly [string, AccountType])[] = [
  ["biconomy.nexus.", "nexus"],
  ["kernel.", "kernel"],
  ["rhinestone.safe7579.", "safe7579"],
  ["safe-1.", "safe7579"],
  ["@openzeppelin/", "openzeppelin"],
];

/**
 * The type of an account, by what it calls itself (`accountId` of ERC-7579).
 *
 * @param client A client that can read contracts.
 * @param parameters The account.
 * @returns {@link AccountType}
 * @throws AccountTypeUnknownError if it is not deployed, or its name is not known.
 *
 * @example
 * import { getAccountType } from "latchkey";
 * import { createPublicClient, http } from "viem";
 * import { sepolia } from "viem/chains";
 *
 * const client = createPublicClient({ chain: sepolia, transport: http() });
 * const read = () =>
 *   getAccountType(client, { account: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8" });
 */
export async function getAccountType(
  client: Client<Transport, Chain | undefined>,
  { account }: { account: Address },
): Promise<AccountType> {
  const accountId = await readAccountId(client, account);
  const found = prefixes.find(([prefix]) => accountId.toLowerCase().startsWith(prefix));
  if (found === undefined) throw new AccountTypeUnknownError({ account, accountId });
  return found[1];
}

async function readAccountId(client: Client<Transport, Chain | undefined>, account: Address): Promise<string> {
  try {
    return await getAction(
      client,
      readContract,
      "readContract",
    )({ address: account, abi: accountIdAbi, functionName: "accountId" });
  } catch (error) {
    throw new AccountTypeUnknownError({ account, cause: error });
  }
}
