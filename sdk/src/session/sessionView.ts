import {
  type Abi,
  type AbiFunction,
  type Address,
  domainSeparator,
  getAddress,
  type Hex,
  isAddressEqual,
  toFunctionSelector,
  toFunctionSignature,
} from "viem";
import { type ContractOverrides, findContract } from "../addresses.js";
import { LatchkeyError } from "../errors/base.js";
import { InvalidParameterError } from "../errors/input.js";
import { decodeAbiRuleConfig } from "../policies/abiRule.js";
import { isPolicy } from "../policies/builtIn.js";
import { decodeErc20LimitConfig } from "../policies/erc20Limit.js";
import { decodeLimitConfig } from "../policies/limit.js";
import {
  type DecodedMessagePermission,
  decodeTypedDataConfig,
  hashType,
  type TypedDataPermission,
} from "../policies/typedData.js";
import type { Policy, Session } from "../types.js";
import { parseAddress, parseAmount, parseNumber, parseTime } from "../utils/validate.js";
import { type AbiInput, parseAbiInput } from "./abiInput.js";
import type { Names } from "./describeRules.js";
import { identifier, nativeAmount, plain, shorten } from "./words.js";

/** A token as people know it. */
export type TokenInfo = { readonly address: Address; readonly symbol: string; readonly decimals: number };

/** A contract whose functions are known, and what it is called. */
export type ContractInfo = {
  readonly address: Address;
  readonly abi?: Abi | undefined;
  readonly name?: string | undefined;
};

/** Messages whose domain and types are known, to name them and their fields. */
export type MessageInfo = Pick<TypedDataPermission, "domain" | "types" | "primaryType">;

export type DescribeSessionParameters = {
  /** Tokens whose amounts are to be given in whole units. */
  tokens?: readonly TokenInfo[] | undefined;
  /** Contracts whose functions and arguments are to be named. */
  contracts?: readonly ContractInfo[] | undefined;
  /** ABIs that name functions and arguments wherever they are called, also inside of other calls. */
  abis?: readonly AbiInput[] | undefined;
  /** Messages that the session may sign, to be named. */
  messages?: readonly MessageInfo[] | undefined;
  /** The symbol of the chain's native currency; "ETH" if it is left out. */
  nativeSymbol?: string | undefined;
  /** The time to judge by, in seconds since 1970 or as a Date; the local clock's if it is left out. */
  now?: number | Date | undefined;
  /** The account's epoch, see {@link getEpoch}: a session of another one is a risk. A `client` is asked if it is left out. */
  epoch?: bigint | undefined;
  /** The contracts of Latchkey, where they are not the known ones. */
  deployments?: ContractOverrides | undefined;
};

const policyNames = [
  "erc20LimitPolicy",
  "abiRulePolicy",
  "nativeLimitPolicy",
  "usageLimitPolicy",
  "gasLimitPolicy",
  "typedDataPolicy",
] as const;

type PolicyName = (typeof policyNames)[number];

const decoders: Readonly<Record<PolicyName, (config: Hex) => unknown>> = {
  erc20LimitPolicy: decodeErc20LimitConfig,
  abiRulePolicy: decodeAbiRuleConfig,
  nativeLimitPolicy: decodeLimitConfig,
  usageLimitPolicy: decodeLimitConfig,
  gasLimitPolicy: decodeLimitConfig,
  typedDataPolicy: decodeTypedDataConfig,
};

function isReadable(name: PolicyName, config: Hex): boolean {
  try {
    decoders[name](config);
    return true;
  } catch (error) {
    if (error instanceof LatchkeyError) return false;
    throw error;
  }
}

const verifierNames = [
  ...(["erc1271Verifier", "frostVerifier", "p256Verifier", "p256PrecompileVerifier", "webAuthnVerifier"] as const),
  ...(["webAuthnPrecompileVerifier", "webCryptoP256Verifier", "webCryptoP256PrecompileVerifier"] as const),
];

/** A token by what the caller says, or by what it says of itself. */
export type KnownToken = TokenInfo & { readonly isSelfNamed: boolean };

export type View = {
  readonly session: Session;
  readonly tokens: ReadonlyMap<Address, KnownToken>;
  readonly contracts: ReadonlyMap<Address, ContractInfo>;
  readonly messages: readonly MessageInfo[];
  readonly names: Names;
  /** What a policy is called that is known and whose configuration can be read. */
  readonly policyName: (policy: Policy) => PolicyName | undefined;
  /** Whether a policy is known, but not what its configuration says: the contract refuses such a one. */
  readonly isMalformed: (policy: Policy) => boolean;
  readonly verifierName: (verifier: Address) => keyof typeof keyKinds | undefined;
  readonly native: (value: bigint) => string;
  readonly nativeSymbol: string;
  readonly now: number;
  readonly epoch: bigint | undefined;
};

/** Without decimals, an amount would be shown as a million times as much or more. */
function parseToken({ address, symbol, decimals }: TokenInfo, index: number): TokenInfo {
  const name = `tokens[${index}]`;
  if (typeof symbol !== "string") throw new InvalidParameterError({ parameter: `${name}.symbol`, expected: "a text" });
  parseNumber(`${name}.decimals`, decimals, 0, 255);
  return { address: parseAddress(`${name}.address`, address), symbol: plain(symbol), decimals };
}

/** Functions that are the same everywhere. */
const knownFunctions = [
  "transfer(address to, uint256 amount)",
  "transferFrom(address from, address to, uint256 amountOrId)",
  "approve(address spender, uint256 amountOrId)",
  "increaseAllowance(address spender, uint256 amount)",
  "safeTransferFrom(address from, address to, uint256 id)",
  "safeTransferFrom(address from, address to, uint256 id, bytes data)",
  "setApprovalForAll(address operator, bool approved)",
  "multicall(bytes[] data)",
];

export function createView(
  session: Session,
  { tokens = [], contracts = [], abis = [], messages = [], nativeSymbol = "ETH", ...rest }: DescribeSessionParameters,
  found: readonly TokenInfo[],
): View {
  const functions = new Map<Hex, AbiFunction>();
  for (const items of [
    parseAbiInput(knownFunctions),
    ...contracts.map(({ abi }) => abi ?? []),
    ...abis.map(parseAbiInput),
  ])
    for (const item of items) addFunction(functions, item);
  const known: readonly KnownToken[] = [
    ...found.map((token) => ({ ...token, isSelfNamed: true })),
    ...tokens.map((token, index) => ({ ...parseToken(token, index), isSelfNamed: false })),
  ];
  const nameOfPolicy = (policy: Address) => policyNames.find((name) => isPolicy(name, policy, rest.deployments));
  const readable = new Map<string, boolean>();
  const isKnownReadable = (name: PolicyName, config: Hex): boolean => {
    const key = `${name} ${config}`;
    const known = readable.get(key) ?? isReadable(name, config);
    readable.set(key, known);
    return known;
  };
  const view = {
    session,
    tokens: new Map(known.map((token) => [getAddress(token.address), token])),
    contracts: new Map(contracts.map((contract) => [getAddress(contract.address), contract])),
    messages,
    policyName: ({ policy, config }: Policy) => {
      const name = nameOfPolicy(policy);
      return name !== undefined && isKnownReadable(name, config) ? name : undefined;
    },
    isMalformed: ({ policy, config }: Policy) => {
      const name = nameOfPolicy(policy);
      return name !== undefined && !isKnownReadable(name, config);
    },
    verifierName: (verifier: Address) =>
      verifierNames.find((name) => isAddressEqual(findContract(name, rest.deployments), verifier)),
    native: nativeAmount(plain(nativeSymbol)),
    nativeSymbol: plain(nativeSymbol),
    now: rest.now === undefined ? Math.floor(Date.now() / 1000) : parseTime("now", rest.now),
    epoch: rest.epoch === undefined ? undefined : parseAmount("epoch", rest.epoch, 2n ** 64n - 1n),
  };
  return {
    ...view,
    names: { address: (address) => nameOf(view, address), functionBySelector: (selector) => functions.get(selector) },
  };
}

/**
 * Whoever writes an ABI can find a name that has the selector of another function: what is known stays, under the names that
 * the ABI has for its arguments.
 */
function addFunction(functions: Map<Hex, AbiFunction>, item: unknown): void {
  if (!isFunction(item)) return;
  const selector = toFunctionSelector(item);
  const known = functions.get(selector);
  if (known === undefined || toFunctionSignature(known) === toFunctionSignature(item)) functions.set(selector, item);
}

function isFunction(item: unknown): item is AbiFunction {
  return typeof item === "object" && item !== null && "type" in item && item.type === "function";
}

/** What keys of known verifiers are. */
export const keyKinds = {
  erc1271Verifier: "whoever the contract says may sign for it:",
  frostVerifier: "the key that several nodes hold",
  p256Verifier: "the P-256 key",
  p256PrecompileVerifier: "the P-256 key",
  webAuthnVerifier: "the passkey",
  webAuthnPrecompileVerifier: "the passkey",
  webCryptoP256Verifier: "the P-256 key of a browser",
  webCryptoP256PrecompileVerifier: "the P-256 key of a browser",
} as const;

/**
 * An address with its name, if it has one. In full, but for titles: addresses that begin and end alike are easily made.
 */
export function nameOf(
  { tokens, contracts }: Pick<View, "tokens" | "contracts">,
  address: Address,
  style: Style = "full",
): string {
  const key = getAddress(address);
  const name = contracts.get(key)?.name ?? tokens.get(key)?.symbol;
  const shown = style === "full" ? key : shorten(key);
  return name === undefined ? shown : `${plain(name)} (${shown})`;
}

export type Style = "full" | "short";

export function nameOfFunction(item: AbiFunction | undefined, selector: Hex): string {
  return item === undefined ? `the function ${selector}` : identifier(item.name);
}

export function findFunction({ contracts, names }: View, target: Address, selector: Hex): AbiFunction | undefined {
  const abi: readonly unknown[] = contracts.get(getAddress(target))?.abi ?? [];
  const own = abi.find((item): item is AbiFunction => isFunction(item) && toFunctionSelector(item) === selector);
  const known = names.functionBySelector(selector);
  return own && known && toFunctionSignature(own) === toFunctionSignature(known) ? own : known;
}

/** A type of message and a domain that the caller knows. */
export function findMessage({ messages }: View, { separator, typeHash }: TypedMessage): MessageInfo | undefined {
  return messages.find(
    ({ domain, types, primaryType }) =>
      domainSeparator({ domain }) === separator && hashType(types, primaryType) === typeHash,
  );
}

export type TypedMessage = Extract<DecodedMessagePermission, { readonly typeHash: Hex }>;
