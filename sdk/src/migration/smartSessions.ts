import { type Address, decodeAbiParameters, type Hex, hexToBigInt, isAddressEqual, isHex, size, slice } from "viem";
import type { Session } from "../types.js";
import { decoded, type MigrationTarget, readAddress } from "./common.js";
import { NotConvertibleError } from "./errors.js";
import { type BiconomyPolicy, fromBiconomyPolicy } from "./policies.js";

/** A policy of Smart Sessions and what it is initialised with. */
export type SmartSessionPolicy = { readonly policy: Address; readonly initData: Hex };

/** A session in the form of the Smart Sessions module. */
export type SmartSession = {
  readonly sessionValidator: Address;
  readonly sessionValidatorInitData: Hex;
  readonly userOpPolicies: readonly SmartSessionPolicy[];
  readonly erc7739Policies: {
    readonly allowedERC7739Content: readonly unknown[];
    readonly erc1271Policies: readonly SmartSessionPolicy[];
  };
  readonly actions: readonly {
    readonly actionTarget: Address;
    readonly actionTargetSelector: Hex;
    readonly actionPolicies: readonly SmartSessionPolicy[];
  }[];
};

/** Where the policies of Smart Sessions are: what is not named is not known. */
export type SmartSessionAddresses = {
  /** The validator of owners' signatures, of which one owner with a threshold of 1 can be converted. */
  readonly ownableValidator: Address;
  readonly sudoPolicy?: Address | undefined;
  readonly universalActionPolicy?: Address | undefined;
  readonly spendingLimitsPolicy?: Address | undefined;
  readonly timeFramePolicy?: Address | undefined;
  readonly usageLimitPolicy?: Address | undefined;
};

/**
 * The session for one of Smart Sessions: its actions with the policies that can be expressed exactly. Refused are other
 * policies, signing by ERC-1271, policies of operations other than the sudo policy and one time frame, and keys other than
 * one owner's. Fees are said by the target; a paymaster that the older session permits is not carried over.
 *
 * @param session The session.
 * @param target {@link MigrationTarget}, and the addresses of the policies on the chain.
 * @returns The session.
 * @throws NotConvertibleError, and what `defineSession` throws about the target.
 *
 * @example
 * import { fromSmartSession, type SmartSession, type SmartSessionAddresses } from "latchkey/migration";
 * import { parseEther } from "viem";
 *
 * const convert = (session: SmartSession, addresses: SmartSessionAddresses) =>
 *   fromSmartSession(session, {
 *     addresses,
 *     account: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
 *     chainId: 1,
 *     fees: { maxPerOperation: parseEther("0.01"), total: parseEther("0.1") },
 *   });
 */
export function fromSmartSession(
  session: SmartSession,
  { addresses, ...target }: MigrationTarget & { addresses: SmartSessionAddresses },
): Session {
  const { erc7739Policies, userOpPolicies, actions } = session;
  if (erc7739Policies.allowedERC7739Content.length > 0 || erc7739Policies.erc1271Policies.length > 0)
    throw new NotConvertibleError({ path: "erc7739Policies", reason: "say with `allowMessages` what may be signed" });
  const sessionKeyAddress = readOwner(session, addresses);
  const common = userOpPolicies.map((policy, index) => {
    const part = readPolicy(policy, addresses, `userOpPolicies[${index}]`);
    if (Object.keys(part).some((name) => name !== "sudo" && name !== "validUntil" && name !== "validAfter"))
      throw new NotConvertibleError({ path: `userOpPolicies[${index}]`, reason: "it is for operations as a whole" });
    const { sudo: _, ...window } = part;
    return window;
  });
  const policies = actions.map(({ actionTarget, actionTargetSelector, actionPolicies }, place): BiconomyPolicy => {
    const parts = actionPolicies.map((policy, index) => {
      const path = `actions[${place}].actionPolicies[${index}]`;
      return ofTarget(readPolicy(policy, addresses, path), actionTarget, path);
    });
    if (parts.length === 0) throw new NotConvertibleError({ path: `actions[${place}]`, reason: "it has no policies" });
    const base = { contractAddress: actionTarget, functionSelector: actionTargetSelector, sessionKeyAddress };
    return [...common, ...parts].reduce<BiconomyPolicy>((all, part) => merge(all, part, `actions[${place}]`), base);
  });
  return fromBiconomyPolicy(policies, { ...target, dialect: "universal-action-policy" });
}

type Part = Partial<BiconomyPolicy>;

/** The spending policy counts for each action by itself: limits of tokens that the action does not call mean nothing. */
function ofTarget({ tokenLimits, ...part }: Part, target: Address, path: string): Part {
  if (tokenLimits === undefined) return part;
  const own = tokenLimits.filter(({ token }) => isAddressEqual(token, readAddress(`${path}.actionTarget`, target)));
  if (own.length !== 1)
    throw new NotConvertibleError({
      path: `${path}.initData`,
      reason: "it does not have one limit for the token that the action calls",
    });
  return { ...part, tokenLimits: own };
}

/** Policies of one action hold together; two that say the same kind of thing are refused. */
function merge(all: BiconomyPolicy, part: Part, path: string): BiconomyPolicy {
  const twice = Object.keys(part).find((name) => name in all);
  if (twice !== undefined) throw new NotConvertibleError({ path, reason: `more than one policy says \`${twice}\`` });
  return { ...all, ...part };
}

function readOwner(
  { sessionValidator, sessionValidatorInitData }: SmartSession,
  { ownableValidator }: SmartSessionAddresses,
): Address {
  if (!isAddressEqual(readAddress("sessionValidator", sessionValidator), ownableValidator))
    throw new NotConvertibleError({ path: "sessionValidator", reason: "it is not the known one" });
  const [threshold, owners] = decoded("sessionValidatorInitData", () =>
    decodeAbiParameters([{ type: "uint256" }, { type: "address[]" }] as const, sessionValidatorInitData),
  );
  const [owner, ...others] = owners;
  if (threshold !== 1n || owner === undefined || others.length > 0)
    throw new NotConvertibleError({
      path: "sessionValidatorInitData",
      reason: "it is not one owner with a threshold of 1",
    });
  return owner;
}

function readPolicy({ policy, initData }: SmartSessionPolicy, addresses: SmartSessionAddresses, path: string): Part {
  const address = readAddress(`${path}.policy`, policy);
  const readers: readonly (readonly [Address | undefined, (data: Hex, path: string) => Part])[] = [
    [addresses.sudoPolicy, () => ({ sudo: true })],
    [addresses.universalActionPolicy, readUniversal],
    [addresses.spendingLimitsPolicy, readSpending],
    [addresses.timeFramePolicy, readTimeFrame],
    [addresses.usageLimitPolicy, readUsage],
  ];
  const found = readers.find(([known]) => known !== undefined && isAddressEqual(known, address));
  if (found === undefined) throw new NotConvertibleError({ path, reason: "this policy is not known" });
  if (!isHex(initData) || initData.length % 2 !== 0)
    throw new NotConvertibleError({ path: `${path}.initData`, reason: "it is not whole bytes of hex" });
  return found[1](initData, `${path}.initData`);
}

/** The end, then the beginning: of 6 bytes each, or of 16 in the policy's first version. */
function readTimeFrame(data: Hex, path: string): Part {
  if (size(data) !== 12) checkSize(data, 32, path);
  const half = size(data) / 2;
  const [end, beginning] = [slice(data, 0, half), slice(data, half)];
  return { validUntil: Number(hexToBigInt(end)), validAfter: Number(hexToBigInt(beginning)) };
}

function readUsage(data: Hex, path: string): Part {
  checkSize(data, 16, path);
  return { usageLimit: hexToBigInt(data) };
}

function readSpending(data: Hex, path: string): Part {
  const [tokens, limits] = decoded(path, () =>
    decodeAbiParameters([{ type: "address[]" }, { type: "uint256[]" }] as const, data),
  );
  if (tokens.length !== limits.length || tokens.length === 0)
    throw new NotConvertibleError({ path, reason: "it does not have a limit for each token" });
  return { tokenLimits: tokens.map((token, index) => ({ token, limit: limits[index] ?? 0n })) };
}

const universalConfig = [
  {
    type: "tuple",
    components: [
      { name: "valueLimitPerUse", type: "uint256" },
      {
        name: "paramRules",
        type: "tuple",
        components: [
          { name: "length", type: "uint256" },
          {
            name: "rules",
            type: "tuple[16]",
            components: [
              { name: "condition", type: "uint8" },
              { name: "offset", type: "uint64" },
              { name: "isLimited", type: "bool" },
              { name: "ref", type: "bytes32" },
              {
                name: "usage",
                type: "tuple",
                components: [
                  { name: "limit", type: "uint256" },
                  { name: "used", type: "uint256" },
                ],
              },
            ],
          },
        ],
      },
    ],
  },
] as const;

function readUniversal(data: Hex, path: string): Part {
  const [{ valueLimitPerUse, paramRules }] = decoded(path, () => decodeAbiParameters(universalConfig, data));
  if (paramRules.length > 16n) throw new NotConvertibleError({ path, reason: "it has more than 16 rules" });
  return { valueLimit: valueLimitPerUse, rules: paramRules.rules.slice(0, Number(paramRules.length)) };
}

function checkSize(data: Hex, bytes: number, path: string): void {
  if (size(data) !== bytes)
    throw new NotConvertibleError({ path, reason: `it has ${size(data)} bytes and not ${bytes}` });
}
