import {
  type Address,
  concat,
  domainSeparator,
  type Hex,
  hashStruct,
  hashTypedData,
  isAddressEqual,
  keccak256,
  numberToHex,
  pad,
  size,
  stringToHex,
  type TypedDataDomain,
  toPrefixedMessage,
} from "viem";
import { hashTypedData as nestTypedData } from "viem/experimental/erc7739";
import { describeType, getWitness, type Message } from "../policies/typedData.js";
import { getDomain, getSessionId } from "../session/getSessionId.js";
import { hashAction, hashPolicy } from "../session/hashSession.js";
import { type Session, signatureUseTypes } from "../types.js";
import { lowerCase } from "../utils/lowerCase.js";
import { encodePolicies } from "./encodeUse.js";

/** What a session key signs for an account through ERC-1271, as EIP-712 typed data. */
export type SignatureUseTypedData = ReturnType<typeof getSignatureUseTypedData>;

/** What a session key signs for an account through ERC-1271, as EIP-712 typed data. */
export function getSignatureUseTypedData({
  digest,
  id,
  use,
  manager,
}: {
  digest: Hex;
  id: Hex;
  use: Hex;
  manager: Address;
}) {
  return {
    domain: getDomain(manager),
    types: signatureUseTypes,
    primaryType: "SignatureUse",
    message: { digest, session: id, use: keccak256(use) },
  } as const;
}

/** What is signed: typed data, or a personal message's bytes. */
export type SignedContent = (Message & { readonly domain: TypedDataDomain }) | { readonly personal: Hex };

/** The domain of the account itself, which ERC-7739 nests messages under. */
export type AccountDomain = {
  readonly name: string;
  readonly version: string;
  readonly chainId: number;
  readonly verifyingContract: Address;
  readonly salt: Hex;
};

/**
 * Prepares a signature for an account by a session key: docs/encoding.md has the layout.
 *
 * @returns What comes before the key's signature, what the key signs, and what comes after it.
 */
export function prepareSignature({
  session,
  content,
  proof = [],
  accountDomain,
  wrapsHash,
  manager,
  typedDataPolicy,
}: {
  session: Session;
  content: SignedContent;
  proof?: readonly Hex[] | undefined;
  accountDomain: AccountDomain;
  /** Whether the account hands its validators a hash of its own of the application's, as Kernel does. */
  wrapsHash: boolean;
  manager: Address;
  /** The policy that wants to see the message's fields. */
  typedDataPolicy: Address;
}): { use: Hex; typedData: SignatureUseTypedData; envelope: Hex } {
  const use = concat([
    encodeHead(session, { isPersonal: "personal" in content, wrapsHash }),
    numberToHex(proof.length, { size: 1 }),
    ...proof,
    ...("personal" in content
      ? [withLength(content.personal)]
      : [encodeDomain(content.domain), withLength(findWitness(session, content, typedDataPolicy))]),
  ]);
  const digest = "personal" in content ? nestMessage(content.personal, accountDomain) : nest(content, accountDomain);
  return {
    use,
    typedData: getSignatureUseTypedData({ digest, id: getSessionId(session), use, manager }),
    envelope: "personal" in content ? "0x" : encodeEnvelope(content),
  };
}

function encodeHead(session: Session, { isPersonal, wrapsHash }: { isPersonal: boolean; wrapsHash: boolean }): Hex {
  const { operationPolicies, signaturePolicies, actions, sessionKey } = session;
  const flags =
    (session.chainId === 0n ? 1 : 0) |
    (operationPolicies.length > 0 ? 2 : 0) |
    (isPersonal ? 4 : 0) |
    (wrapsHash ? 8 : 0);
  return concat([
    numberToHex(flags, { size: 1 }),
    numberToHex(0, { size: 6 }),
    numberToHex(session.epoch, { size: 8 }),
    numberToHex(session.validAfter, { size: 6 }),
    numberToHex(session.validUntil, { size: 6 }),
    session.salt,
    lowerCase(session.paymaster),
    numberToHex(session.maxOpCost, { size: 16 }),
    numberToHex(size(sessionKey), { size: 2 }),
    sessionKey,
    ...(operationPolicies.length > 0 ? [keccak256(concat(operationPolicies.map(hashPolicy)))] : []),
    encodePolicies(signaturePolicies),
    keccak256(concat(actions.map(hashAction))),
  ]);
}

function withLength(bytes: Hex): Hex {
  return concat([numberToHex(size(bytes), { size: 2 }), bytes]);
}

/** Which fields the domain has (ERC-5267), and a word for each. */
function encodeDomain({ name, version, chainId, verifyingContract, salt }: TypedDataDomain): Hex {
  const words = [
    name === undefined ? undefined : keccak256(stringToHex(name)),
    // viem leaves an empty version out of a domain.
    version ? keccak256(stringToHex(version)) : undefined,
    chainId === undefined ? undefined : numberToHex(chainId, { size: 32 }),
    verifyingContract === undefined ? undefined : pad(lowerCase(verifyingContract), { size: 32 }),
    salt,
  ];
  const fields = words.reduce<number>((bits, word, index) => (word === undefined ? bits : bits | (1 << index)), 0);
  return concat([numberToHex(fields, { size: 1 }), ...words.flatMap((word) => (word === undefined ? [] : [word]))]);
}

function findWitness(
  { signaturePolicies }: Session,
  content: Message & { readonly domain: TypedDataDomain },
  typedDataPolicy: Address,
): Hex {
  const policy = signaturePolicies.find((item) => isAddressEqual(item.policy, typedDataPolicy));
  return policy === undefined ? "0x" : getWitness(policy.config, content);
}

function nest(
  { domain, types, primaryType, message }: Message & { domain: TypedDataDomain },
  verifierDomain: AccountDomain,
) {
  return nestTypedData({ domain, types: copy(types), primaryType, message: { ...message }, verifierDomain });
}

function nestMessage(raw: Hex, { salt: _, ...domain }: AccountDomain): Hex {
  return hashTypedData({
    domain: { ...domain, chainId: BigInt(domain.chainId) },
    types: {
      // Spelled out, because an account without a name or a version has an empty one here.
      EIP712Domain: [
        { name: "name", type: "string" },
        { name: "version", type: "string" },
        { name: "chainId", type: "uint256" },
        { name: "verifyingContract", type: "address" },
      ],
      PersonalSign: [{ name: "prefixed", type: "bytes" }],
    },
    primaryType: "PersonalSign",
    message: { prefixed: toPrefixedMessage({ raw }) },
  });
}

function copy(types: Message["types"]): Record<string, readonly { name: string; type: string }[]> {
  return Object.fromEntries(Object.entries(types));
}

/** ERC-7739: the domain's separator, the message's hash, its type in words, and how long those are. */
function encodeEnvelope({ domain, types, primaryType, message }: Message & { domain: TypedDataDomain }): Hex {
  const described = stringToHex(describeType(types, primaryType));
  return concat([
    domainSeparator({ domain }),
    hashStruct({ data: { ...message }, primaryType, types: copy(types) }),
    described,
    numberToHex(size(described), { size: 2 }),
  ]);
}

/** The digest of what a session key signs. */
export function hashSignatureUse(typedData: SignatureUseTypedData): Hex {
  return hashTypedData(typedData);
}
