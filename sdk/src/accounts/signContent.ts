import {
  type Address,
  type Chain,
  type Client,
  concat,
  type Hex,
  type SignableMessage,
  stringToHex,
  type Transport,
  type TypedDataDefinition,
  toHex,
  zeroHash,
} from "viem";
import { getEip712Domain } from "viem/actions";
import { getAction } from "viem/utils";
import { type ContractOverrides, findContract } from "../addresses.js";
import type { SessionKey } from "../keys/sessionKey.js";
import type { Session } from "../types.js";
import { type AccountDomain, hashSignatureUse, prepareSignature, type SignedContent } from "../use/encodeSignature.js";
import type { AccountType } from "./accountType.js";

/** What an account can be asked to sign. */
export type SignableContent = { readonly message: SignableMessage } | { readonly typedData: TypedDataDefinition };

/** A session key's signature for the account (ERC-1271), as the account wants it. */
export async function signContent({
  client,
  session,
  sessionKey,
  content,
  proof,
  accountType,
  chainId,
  manager,
  contracts,
}: {
  client: Client<Transport, Chain | undefined>;
  session: Session;
  sessionKey: SessionKey;
  content: SignableContent;
  proof?: readonly Hex[] | undefined;
  accountType: AccountType;
  chainId: number;
  manager: Address;
  contracts?: ContractOverrides | undefined;
}): Promise<Hex> {
  const domain = await readAccountDomain(client, session.account);
  const { use, typedData, envelope } = prepareSignature({
    session,
    content: "message" in content ? toPersonal(content.message) : toContent(content.typedData),
    proof,
    accountDomain: { ...domain, chainId, verifyingContract: session.account },
    wrapsHash: accountType === "kernel",
    manager,
    typedDataPolicy: findContract("typedDataPolicy", contracts),
  });
  const signature = concat([use, await sessionKey.sign(hashSignatureUse(typedData), typedData), envelope]);
  return concat([...(accountType === "kernel" ? (["0x01"] as const) : []), manager, signature]);
}

/** What the account calls itself (ERC-5267); empty if it does not say. */
async function readAccountDomain(
  client: Client<Transport, Chain | undefined>,
  address: Address,
): Promise<Pick<AccountDomain, "name" | "version" | "salt">> {
  try {
    const { domain } = await getAction(client, getEip712Domain, "getEip712Domain")({ address });
    return { name: domain.name ?? "", version: domain.version ?? "", salt: domain.salt ?? zeroHash };
  } catch {
    return { name: "", version: "", salt: zeroHash };
  }
}

function toPersonal(message: SignableMessage): SignedContent {
  // A text that looks like hex is a text, as wallets sign it.
  if (typeof message === "string") return { personal: stringToHex(message) };
  return { personal: typeof message.raw === "string" ? message.raw : toHex(message.raw) };
}

/** Typed data with its domain; types without `EIP712Domain`. */
function toContent({ domain = {}, types, primaryType, message }: TypedDataDefinition): SignedContent {
  const { EIP712Domain: _, ...rest } = { EIP712Domain: undefined, ...types };
  return { domain, types: rest, primaryType, message };
}
