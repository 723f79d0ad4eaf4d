import { type Address, hexToNumber, keccak256, slice } from "viem";
import {
  FunctionNotFoundError,
  type InvalidAddressError,
  type InvalidAmountError,
  type InvalidNumberError,
  InvalidParameterError,
  type InvalidRuleError,
  type InvalidTimeError,
  type MissingLimitError,
  RiskNotAcknowledgedError,
  type TooManyError,
  type UnknownParameterError,
} from "../errors/input.js";
import type { Permission } from "../types.js";
import { checkArray, checkParameters, parseAddress, parseAmount, parseList } from "../utils/validate.js";
import { allowCall } from "./allowCall.js";
import { type PeriodLimitRequest, usageLimit } from "./limits.js";
import { type AnythingRule, type ArgumentRule, isAccount, isMade, oneOf } from "./rules.js";

/** What moves a token of a collection. */
export type Erc721Transfer = "transferFrom" | "safeTransferFrom" | "safeTransferFromWithData";

/** What lets somebody else move tokens. */
export type Erc721Approval = "approve" | "setApprovalForAll";

export type AllowErc721Parameters = {
  /** The collection. */
  token: Address;
  /** The ids of the tokens that may be moved; "any" of the collection. */
  tokenIds: readonly bigint[] | "any";
  /** Who may receive tokens or, by an approval, be allowed to take them; or "anyone". */
  recipients: readonly Address[] | "anyone";
  /** What goes with a transfer as `data`; nothing if it is left out. {@link anything} lets the key choose. */
  data?: ArgumentRule<{ readonly type: "bytes" }> | AnythingRule | undefined;
  /** The most tokens in total. */
  total?: bigint | undefined;
  /** The most tokens in each period. */
  perPeriod?: PeriodLimitRequest | undefined;
} & (
  | {
      /** What may be called; all transfers from the account if it is left out. */
      functions?: readonly Erc721Transfer[] | undefined;
      acknowledgeRisk?: undefined;
    }
  | {
      functions: readonly (Erc721Transfer | Erc721Approval)[];
      /** Says that approvals are meant: whoever has one can take tokens without the session, also after its end. */
      acknowledgeRisk: true;
    }
);

export type AllowErc721ReturnType = Permission;

export type AllowErc721ErrorType =
  | FunctionNotFoundError
  | InvalidAddressError
  | InvalidAmountError
  | InvalidNumberError
  | InvalidParameterError
  | InvalidRuleError
  | InvalidTimeError
  | MissingLimitError
  | RiskNotAcknowledgedError
  | TooManyError
  | UnknownParameterError;

const transfers = ["transferFrom", "safeTransferFrom", "safeTransferFromWithData"] as const;
const approvals = ["approve", "setApprovalForAll"] as const;
const parameterNames = [
  ...["token", "tokenIds", "recipients", "data", "total", "perPeriod", "functions", "acknowledgeRisk"],
];

/**
 * Allows moving tokens of an ERC-721 collection out of the account: by `transferFrom` and both overloads of
 * `safeTransferFrom`. Approvals only if they are named, and their risk acknowledged.
 *
 * @param parameters {@link AllowErc721Parameters}
 * @returns A permission for {@link defineSession}.
 * @throws RiskNotAcknowledgedError for approvals without `acknowledgeRisk: true`, and an error for each parameter that is not
 * what it must be.
 *
 * @example
 * import { allowErc721 } from "latchkey";
 *
 * const permission = allowErc721({
 *   token: "0x5FbDB2315678afecb367f032d93F642f64180aa3",
 *   tokenIds: [1n, 5n],
 *   recipients: ["0x70997970C51812dc3A010C7d01b50e0d17dc79C8"],
 *   perPeriod: { amount: 1n, period: "day" },
 * });
 */
export function allowErc721(parameters: AllowErc721Parameters): AllowErc721ReturnType {
  checkParameters("allowErc721's argument", parameters, parameterNames);
  const { functions = transfers, acknowledgeRisk, total, perPeriod } = parameters;
  const address = parseAddress("token", parameters.token);
  const names = parseFunctions(functions);
  const tokenIds = parseTokenIds(parameters.tokenIds);
  const recipients = parseRecipients(parameters.recipients);
  const risky = names.filter((name) => approvals.some((approval) => approval === name));
  if (risky.length > 0 && acknowledgeRisk !== true)
    throw new RiskNotAcknowledgedError({
      permission: `\`${risky.join("` and `")}\` of an ERC-721 token`,
      risk: "whoever is approved can take tokens without the session, also when it has ended or is revoked",
    });
  if (names.includes("setApprovalForAll") && tokenIds !== undefined)
    throw new InvalidParameterError({
      parameter: "tokenIds",
      expected: '"any", which `setApprovalForAll` needs: it approves all tokens at once',
    });
  const limits = total === undefined && perPeriod === undefined ? [] : [countTokens(address, total, perPeriod)];
  const rules: Rules = { to: recipients && oneOf(recipients), id: tokenIds && oneOf(tokenIds), data: parameters.data };
  const actions = names.flatMap((name) => allow(address, name, rules).actions);
  return { type: "erc721", actions: actions.map((one) => ({ ...one, policies: [...one.policies, ...limits] })) };
}

/** One budget for all functions, and another than that of another collection. */
function countTokens(address: Address, total: bigint | undefined, perPeriod: PeriodLimitRequest | undefined) {
  return usageLimit({ total, perPeriod, salt: hexToNumber(slice(keccak256(address), 0, 4)) });
}

function parseFunctions(functions: readonly string[]): readonly (Erc721Transfer | Erc721Approval)[] {
  checkArray("functions", functions);
  const known = [...transfers, ...approvals];
  const unknown = functions.find((name) => !known.some((other) => other === name));
  if (unknown !== undefined || functions.length === 0)
    throw new FunctionNotFoundError({ functionName: unknown ?? "", available: known });
  return known.filter((name) => functions.includes(name));
}

function parseTokenIds(tokenIds: readonly bigint[] | "any"): readonly bigint[] | undefined {
  if (tokenIds === "any") return undefined;
  const expected = 'a list of 1 to 255 ids, or "any"';
  return parseList("tokenIds", tokenIds, expected, (name, id) => parseAmount(name, id, 2n ** 256n - 1n));
}

function parseRecipients(recipients: readonly Address[] | "anyone"): readonly Address[] | undefined {
  if (recipients === "anyone") return undefined;
  return parseList("recipients", recipients, 'a list of 1 to 255 addresses, or "anyone"', parseAddress);
}

type Rules = {
  readonly to: ReturnType<typeof oneOf<Address>> | undefined;
  readonly id: ReturnType<typeof oneOf<bigint>> | undefined;
  readonly data: AllowErc721Parameters["data"];
};

function allow(address: Address, name: Erc721Transfer | Erc721Approval, { to, id, data = "0x" }: Rules): Permission {
  const target = to === undefined ? {} : { to };
  const token = id === undefined ? {} : { id };
  switch (name) {
    case "transferFrom":
    case "safeTransferFrom":
      return allowCall({
        abi: [
          "transferFrom(address from, address to, uint256 id)",
          "safeTransferFrom(address from, address to, uint256 id)",
        ],
        functionName: name,
        address,
        args: { from: isAccount(), ...target, ...token },
      });
    case "safeTransferFromWithData": {
      const content = isMade(data) && "anything" in data ? {} : { data };
      return allowCall({
        abi: "safeTransferFrom(address from, address to, uint256 id, bytes data)",
        address,
        args: { from: isAccount(), ...target, ...token, ...content },
      });
    }
    case "approve":
      return to === undefined && id === undefined
        ? allowCall({ abi: "approve(address to, uint256 id)", address, anyArguments: true })
        : allowCall({ abi: "approve(address to, uint256 id)", address, args: { ...target, ...token } });
    case "setApprovalForAll":
      return to === undefined
        ? allowCall({ abi: "setApprovalForAll(address to, bool approved)", address, anyArguments: true })
        : allowCall({ abi: "setApprovalForAll(address to, bool approved)", address, args: { to } });
  }
}
