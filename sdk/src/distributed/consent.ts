import { type Address, type Hex, hashTypedData, size } from "viem";
import type { ContractOverrides } from "../addresses.js";
import { InvalidParameterError } from "../errors/input.js";
import { getManager } from "../manager.js";
import { checkArray, checkParameters, parseAddress, parseBytes, parseNumber, parseTime } from "../utils/validate.js";

/** A node that keeps one share of a key. */
export type DistributedNode = {
  /** Where it listens, such as "https://node.example". */
  readonly url: string;
  /** The Ed25519 public key that it signs its messages with, 32 bytes: what `latchkey-node identity` prints. */
  readonly identity: Hex;
};

/** What the owner of an account agrees to: which nodes make a key, and who may ask them to sign with it. */
export type DistributedConsent = {
  /** The smart account that sessions with the key are of. */
  readonly account: Address;
  /** The chain that they are used on, and on which nodes ask the account about the owner's signature. */
  readonly chainId: bigint;
  /** The identities of the nodes, in ascending order. */
  readonly nodes: readonly Hex[];
  /** How many nodes it takes to sign. */
  readonly threshold: number;
  /** Who may ask: a byte 01 and an Ed25519 public key (33 bytes), or 02 and x and y on P-256 (65 bytes). */
  readonly authorizationKey: Hex;
  /** The last second, since 1970, in which nodes sign. */
  readonly validUntil: number;
  /** 32 bytes at random, which tell apart keys that are alike in everything else. */
  readonly salt: Hex;
};

/** A consent with the owner's signature, as the account's ERC-1271 takes it. */
export type SignedDistributedConsent = { readonly consent: DistributedConsent; readonly signature: Hex };

/** The EIP-712 types of {@link DistributedConsent}. */
export const distributedConsentTypes = {
  DistributedConsent: [
    { name: "account", type: "address" },
    { name: "chainId", type: "uint256" },
    { name: "nodes", type: "bytes32[]" },
    { name: "threshold", type: "uint8" },
    { name: "authorizationKey", type: "bytes" },
    { name: "validUntil", type: "uint48" },
    { name: "salt", type: "bytes32" },
  ],
} as const;

/** The EIP-712 types of a revocation. */
export const distributedRevocationTypes = {
  DistributedRevocation: [
    { name: "key", type: "bytes32" },
    { name: "deleteShares", type: "bool" },
  ],
} as const;

/** The most nodes that a key can be of: each sends to each when they generate it. */
export const maxNodes = 32;

/**
 * A consent as EIP-712 typed data. Its domain is the session key manager's, for which no session key can sign.
 *
 * @param consent The consent.
 * @param contracts Contracts to use in place of the known ones.
 * @returns Typed data.
 */
export function getDistributedConsentTypedData(consent: DistributedConsent, contracts?: ContractOverrides) {
  return {
    domain: getDomain(contracts),
    types: distributedConsentTypes,
    primaryType: "DistributedConsent",
    message: consent,
  } as const;
}

/** A revocation of a key as EIP-712 typed data. */
export function getDistributedRevocationTypedData(
  message: { readonly key: Hex; readonly deleteShares: boolean },
  contracts?: ContractOverrides,
) {
  return {
    domain: getDomain(contracts),
    types: distributedRevocationTypes,
    primaryType: "DistributedRevocation",
    message,
  } as const;
}

/** The id under which nodes keep a key: the EIP-712 digest of the consent. One consent is for one key. */
export function getDistributedKeyId(consent: DistributedConsent, contracts?: ContractOverrides): Hex {
  return hashTypedData(getDistributedConsentTypedData(consent, contracts));
}

function getDomain(contracts: ContractOverrides | undefined) {
  return { name: "Latchkey", version: "1", verifyingContract: getManager(contracts) } as const;
}

/**
 * Checks a consent, and returns it with its fields in the one form that is signed.
 *
 * @throws InvalidAddressError, InvalidBytesError, InvalidNumberError, InvalidTimeError, InvalidParameterError,
 * UnknownParameterError
 */
export function parseConsent(value: unknown): DistributedConsent {
  const names = ["account", "chainId", "nodes", "threshold", "authorizationKey", "validUntil", "salt"];
  checkParameters("consent", value, names);
  const fields: { [name: string]: unknown } = { ...Object(value) };
  const list: unknown = fields["nodes"];
  checkArray("consent.nodes", list);
  const nodes = parseNodes(Array.isArray(list) ? list : []);
  return {
    account: parseAddress("consent.account", fields["account"]),
    chainId: parseChainId(fields["chainId"]),
    nodes,
    threshold: parseNumber("consent.threshold", fields["threshold"], 2, nodes.length),
    authorizationKey: parseAuthorizationKey(fields["authorizationKey"]),
    validUntil: parseTime("consent.validUntil", fields["validUntil"]),
    salt: parseBytes("consent.salt", fields["salt"], 32),
  };
}

function parseNodes(list: readonly unknown[]): readonly Hex[] {
  const nodes = list.map((node, index) => parseBytes(`consent.nodes[${index}]`, node, 32));
  if (nodes.length < 2 || nodes.length > maxNodes)
    throw new InvalidParameterError({ parameter: "consent.nodes", expected: `2 to ${maxNodes} nodes` });
  if (nodes.some((node, index) => index > 0 && node <= (nodes[index - 1] ?? "")))
    throw new InvalidParameterError({ parameter: "consent.nodes", expected: "different nodes, in ascending order" });
  return nodes;
}

function parseChainId(value: unknown): bigint {
  if (typeof value !== "bigint" || value <= 0n || value >= 1n << 64n)
    throw new InvalidParameterError({ parameter: "consent.chainId", expected: "a chain id above 0, as a bigint" });
  return value;
}

function parseAuthorizationKey(value: unknown): Hex {
  const key = parseBytes("consent.authorizationKey", value);
  if (!(key.startsWith("0x01") && size(key) === 33) && !(key.startsWith("0x02") && size(key) === 65))
    throw new InvalidParameterError({
      parameter: "consent.authorizationKey",
      expected: "01 and 32 bytes (Ed25519), or 02 and 64 bytes (P-256)",
    });
  return key;
}
