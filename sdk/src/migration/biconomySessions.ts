import { type Address, decodeAbiParameters, type Hex, hexToBigInt, hexToNumber, isHex, size, slice } from "viem";
import type { Erc20Function } from "../policies/erc20Limit.js";
import { allowErc20 } from "../session/allowErc20.js";
import type { Session } from "../types.js";
import { lowerCase } from "../utils/lowerCase.js";
import {
  checked,
  decoded,
  defineConverted,
  type LegacyWindow,
  type MigrationTarget,
  readAddress,
  readAmount,
  readSelector,
  toRulePolicies,
} from "./common.js";
import { NotConvertibleError } from "./errors.js";

/** A leaf of Biconomy's session key manager for the ERC-20 validation module. */
export type BiconomyErc20Session = LegacyWindow &
  (
    | {
        /** The session key, token, receiver and amount, ABI-encoded, as the leaf has them. */
        readonly sessionKeyData: Hex;
      }
    | {
        readonly sessionKeyData?: undefined;
        readonly sessionKey?: Address | undefined;
        readonly token: Address;
        readonly receiver: Address;
        /** The most of one transfer, in the token's smallest unit. */
        readonly amount: bigint;
      }
  );

/**
 * The session for a leaf of Biconomy's ERC-20 validation module: transfers of a token to one receiver, each up to an
 * amount. There is no limit on their sum, as there was none; add one with `defineSession` if you can.
 *
 * The module looked at no selector, so any function that takes an address and an amount could be called on the token.
 * The session allows `transfer`, or those of `functions`.
 *
 * @param session The leaf.
 * @param target {@link MigrationTarget}, and the functions of the token; `["transfer"]` if they are left out.
 * @returns The session.
 * @throws NotConvertibleError, and what `defineSession` throws about the target.
 *
 * @example
 * import { fromBiconomyErc20Session } from "latchkey/migration";
 * import { parseEther, parseUnits } from "viem";
 *
 * const convert = (sessionKey: `0x${string}`) =>
 *   fromBiconomyErc20Session(
 *     {
 *       sessionKey,
 *       token: "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
 *       receiver: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
 *       amount: parseUnits("50", 6),
 *       validUntil: 1_900_000_000,
 *     },
 *     {
 *       account: "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
 *       chainId: 1,
 *       fees: { maxPerOperation: parseEther("0.01"), total: parseEther("0.1") },
 *     },
 *   );
 */
export function fromBiconomyErc20Session(
  session: BiconomyErc20Session,
  { functions = ["transfer"], ...target }: MigrationTarget & { functions?: readonly Erc20Function[] | undefined },
): Session {
  const { sessionKey, token, receiver, amount } =
    session.sessionKeyData === undefined ? session : decodeErc20Leaf(session.sessionKeyData);
  const permission = checked("session", () =>
    allowErc20({
      token: readAddress("token", token),
      recipients: [readAddress("receiver", receiver)],
      perCall: readAmount("amount", amount),
      functions,
    }),
  );
  return defineConverted({ target, sessionKey, window: session, actions: [permission] });
}

function decodeErc20Leaf(data: Hex) {
  if (!isHex(data) || size(data) !== 128)
    throw new NotConvertibleError({ path: "sessionKeyData", reason: "it is not 4 words of 32 bytes" });
  const [sessionKey, token, receiver, amount] = decoded("sessionKeyData", () => decodeAbiParameters(erc20Leaf, data));
  return { sessionKey, token, receiver, amount };
}

const erc20Leaf = [{ type: "address" }, { type: "address" }, { type: "address" }, { type: "uint256" }] as const;

/** A rule of the ABI validation module: a word of the arguments, a condition and what it is compared with. */
export type BiconomyAbiRule = {
  /** In bytes from the end of the selector: 0, 32, 64... */
  readonly offset: number;
  /** 0 is ==, 1 is <=, 2 is <, 3 is >=, 4 is >, 5 is !=. */
  readonly condition: number;
  readonly referenceValue: bigint | number | boolean | Hex | Uint8Array | { readonly raw: Hex };
};

/** A leaf of Biconomy's session key manager for the ABI validation module. */
export type BiconomyAbiSession = LegacyWindow & { readonly interval?: LegacyWindow | undefined } & (
    | {
        /** Everything in the packed form of the leaf. */
        readonly sessionKeyData: Hex;
      }
    | {
        readonly sessionKeyData?: undefined;
        readonly sessionKeyAddress?: Address | undefined;
        readonly contractAddress: Address;
        /** 4 bytes, or a signature such as `safeMint(address)`. */
        readonly functionSelector: string;
        readonly rules: readonly BiconomyAbiRule[];
        /** The most that one call may send, in wei. */
        readonly valueLimit: bigint;
      }
  );

/**
 * The session for a leaf of Biconomy's ABI validation module: one function of one contract, a limit on value, and rules
 * that compare words of the arguments.
 *
 * @param session The leaf, as it was given to `createABISessionDatum`, or packed as it is on the chain.
 * @param target {@link MigrationTarget}
 * @returns The session.
 * @throws NotConvertibleError, and what `defineSession` throws about the target.
 *
 * @example
 * import { fromBiconomyAbiSession } from "latchkey/migration";
 * import { parseEther } from "viem";
 *
 * const convert = (sessionKeyAddress: `0x${string}`) =>
 *   fromBiconomyAbiSession(
 *     {
 *       sessionKeyAddress,
 *       contractAddress: "0x5FbDB2315678afecb367f032d93F642f64180aa3",
 *       functionSelector: "safeMint(address)",
 *       rules: [{ offset: 0, condition: 0, referenceValue: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8" }],
 *       interval: { validAfter: 0, validUntil: 1_900_000_000 },
 *       valueLimit: 0n,
 *     },
 *     {
 *       account: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
 *       chainId: 1,
 *       fees: { maxPerOperation: parseEther("0.01"), total: parseEther("0.1") },
 *     },
 *   );
 */
export function fromBiconomyAbiSession(session: BiconomyAbiSession, target: MigrationTarget): Session {
  const leaf = session.sessionKeyData === undefined ? session : decodeAbiLeaf(session.sessionKeyData);
  const rules = leaf.rules.map(({ offset, condition, referenceValue }, index) => ({
    path: `rules[${index}]`,
    offset,
    condition,
    reference: referenceValue,
  }));
  const action = {
    target: readAddress("contractAddress", leaf.contractAddress),
    selector: readSelector("functionSelector", leaf.functionSelector),
    maxValue: readAmount("valueLimit", leaf.valueLimit),
    policies: toRulePolicies(rules, "abi-session-validation-module", target),
  };
  const window = session.interval ?? session;
  return defineConverted({ target, sessionKey: leaf.sessionKeyAddress, window, actions: [action] });
}

/** 20 bytes of key, 20 of contract, 4 of selector, 16 of value, 2 of count, and 35 a rule. */
function decodeAbiLeaf(data: Hex) {
  const fail = (): never => {
    throw new NotConvertibleError({ path: "sessionKeyData", reason: "it is not what the module reads" });
  };
  if (!isHex(data) || data.length % 2 !== 0 || size(data) < 62) return fail();
  const count = hexToNumber(slice(data, 60, 62));
  if (size(data) !== 62 + 35 * count) return fail();
  return {
    sessionKeyAddress: lowerCase(slice(data, 0, 20)),
    contractAddress: lowerCase(slice(data, 20, 40)),
    functionSelector: slice(data, 40, 44),
    valueLimit: hexToBigInt(slice(data, 44, 60)),
    rules: Array.from({ length: count }, (_, index) => {
      const at = 62 + 35 * index;
      return {
        offset: hexToNumber(slice(data, at, at + 2)),
        condition: hexToNumber(slice(data, at + 2, at + 3)),
        referenceValue: slice(data, at + 3, at + 35),
      };
    }),
  };
}
