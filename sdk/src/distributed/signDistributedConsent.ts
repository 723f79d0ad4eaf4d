import { type Address, bytesToHex, concat, type Hex } from "viem";
import type { ContractOverrides } from "../addresses.js";
import { checkArray, checkParameters, parseBytes } from "../utils/validate.js";
import type { AuthorizationKey } from "./authorizationKey.js";
import {
  type DistributedNode,
  getDistributedConsentTypedData,
  parseConsent,
  type SignedDistributedConsent,
} from "./consent.js";

/** A consent as typed data. */
export type DistributedConsentTypedData = ReturnType<typeof getDistributedConsentTypedData>;

export type SignDistributedConsentParameters = {
  /** The smart account that sessions with the key will be of. */
  account: Address;
  /** The chain that they are used on. */
  chainId: number | bigint;
  /** The nodes that generate the key and keep a share of it each, 2 to 32. */
  nodes: readonly DistributedNode[];
  /** How many of them it takes to sign: at least 2, at most all. */
  threshold: number;
  /** Who may ask the nodes to sign. */
  authorizationKey: Pick<AuthorizationKey, "authorizationKey">;
  /** The last second, since 1970, in which nodes sign. */
  validUntil: number | Date;
  /** 32 bytes; at random if left out. */
  salt?: Hex | undefined;
  /** Who signs for the owner: the owner's viem smart account, or a key of the owner's. */
  signer: { readonly signTypedData: (typedData: DistributedConsentTypedData) => Promise<Hex> };
  /** What the account's ERC-1271 wants before a key's signature; nothing if left out. */
  prefix?: Hex | undefined;
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

export type SignDistributedConsentReturnType = SignedDistributedConsent;

const names = [
  "account",
  "chainId",
  "nodes",
  "threshold",
  "authorizationKey",
  "validUntil",
  "salt",
  "signer",
  "prefix",
];

/**
 * Has the owner agree, once, to a key that several nodes hold together: which nodes, how many sign, who may ask them, and
 * until when. It grants nothing by itself: the key can do what sessions that name it are granted.
 *
 * @param parameters {@link SignDistributedConsentParameters}
 * @returns The consent and the owner's signature, for {@link createDistributedSessionKey}.
 * @throws Typed errors for what is out of range, and what the signer throws.
 *
 * @example
 * import { createAuthorizationKey, type DistributedNode, signDistributedConsent } from "latchkey/distributed";
 * import type { SmartAccount } from "viem/account-abstraction";
 *
 * const consent = async (owner: SmartAccount, nodes: readonly DistributedNode[]) =>
 *   signDistributedConsent({
 *     account: owner.address,
 *     chainId: 8453,
 *     nodes,
 *     threshold: 3,
 *     authorizationKey: await createAuthorizationKey(),
 *     validUntil: Math.floor(Date.now() / 1000) + 7 * 86_400,
 *     signer: owner,
 *   });
 */
export async function signDistributedConsent(
  parameters: SignDistributedConsentParameters,
): Promise<SignDistributedConsentReturnType> {
  checkParameters("signDistributedConsent's argument", parameters, [...names, "contracts"]);
  const { nodes, signer, prefix = "0x", contracts, authorizationKey, chainId, validUntil, salt, ...rest } = parameters;
  checkArray("nodes", nodes);
  const consent = parseConsent({
    ...rest,
    chainId: typeof chainId === "number" ? BigInt(chainId) : chainId,
    nodes: nodes.map(({ identity }) => identity.toLowerCase()).sort(),
    authorizationKey: authorizationKey.authorizationKey,
    validUntil,
    salt: salt ?? bytesToHex(crypto.getRandomValues(new Uint8Array(32))),
  });
  const start = parseBytes("prefix", prefix);
  const signature = await signer.signTypedData(getDistributedConsentTypedData(consent, contracts));
  return { consent, signature: parseBytes("signature", concat([start, signature])) };
}
