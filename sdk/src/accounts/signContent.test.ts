import { concat, type Hex, hexToBytes, keccak256, stringToHex, type TypedDataDefinition } from "viem";
import { describe, expect, it } from "vitest";
import { createAccountClient } from "../../test/accountClient.js";
import { account, contracts, parameters, sessionKey } from "../../test/fixtures.js";
import { allowMessages, defineSession, type SessionKey } from "../index.js";
import { hashSignatureUse, prepareSignature, type SignedContent } from "../use/encodeSignature.js";
import type { AccountType } from "./accountType.js";
import { type SignableContent, signContent } from "./signContent.js";

const domain = { name: "Game", chainId: 1, verifyingContract: account } as const;
const types = { Move: [{ name: "to", type: "uint8" }] } as const;
const move: TypedDataDefinition = { domain, types, primaryType: "Move", message: { to: 8 } };
const typedDataPolicy = "0x00000000000000000000000000000000000000A9";
const manager = contracts.manager;
const session = defineSession({
  ...parameters,
  signaturePolicies: [allowMessages([{ beginning: "hi" }, { domain, types, primaryType: "Move" }])],
  contracts: { ...contracts, typedDataPolicy },
});
const salt = keccak256("0x5a17");

/** A key that signs with the digest itself, behind a byte. */
const echo: SessionKey = {
  ...sessionKey,
  sign: async (digest, typedData) => {
    expect(hashSignatureUse(typedData as Parameters<typeof hashSignatureUse>[0])).toBe(digest);
    return concat(["0xee", digest]);
  },
};

async function sign(
  content: SignableContent,
  {
    accountType = "nexus",
    proof,
    says = { name: "Nexus", version: "1.2.0", salt },
  }: {
    accountType?: AccountType;
    proof?: readonly Hex[];
    says?: { name: string; version: string; salt?: Hex } | undefined;
  } = {},
): Promise<Hex> {
  const client = says === undefined ? createAccountClient() : createAccountClient({ domain: says });
  return signContent({
    client,
    session,
    sessionKey: echo,
    content,
    ...(proof === undefined ? {} : { proof }),
    accountType,
    chainId: 5,
    manager,
    contracts: { ...contracts, typedDataPolicy },
  });
}

/** What docs/encoding.md says: a use, the key's signature, and the envelope of ERC-7739. */
function expected(
  content: SignedContent,
  {
    name = "Nexus",
    version = "1.2.0",
    salt: ownSalt = salt,
    wrapsHash = false,
    proof = [],
  }: { name?: string; version?: string; salt?: Hex; wrapsHash?: boolean; proof?: readonly Hex[] } = {},
): Hex {
  const accountDomain = { name, version, salt: ownSalt, chainId: 5, verifyingContract: account } as const;
  const parts = { session, content, proof, accountDomain, wrapsHash, manager, typedDataPolicy } as const;
  const { use, typedData, envelope } = prepareSignature(parts);
  return concat([use, "0xee", hashSignatureUse(typedData), envelope]);
}

const personal = (text: string): SignedContent => ({ personal: stringToHex(text) });

describe("a personal message", () => {
  it("is a text", async () => {
    expect(await sign({ message: "hi there" })).toBe(concat([manager, expected(personal("hi there"))]));
  });

  it("is a text that looks like hex, as wallets sign it", async () => {
    expect(await sign({ message: "0x1234" })).toBe(concat([manager, expected(personal("0x1234"))]));
    expect(await sign({ message: "0x" })).toBe(concat([manager, expected(personal("0x"))]));
  });

  it("is bytes", async () => {
    const bytes = concat([manager, expected({ personal: "0x1234" })]);
    expect(await sign({ message: { raw: "0x1234" } })).toBe(bytes);
    expect(await sign({ message: { raw: hexToBytes("0x1234") } })).toBe(bytes);
  });
});

describe("typed data", () => {
  const content: SignedContent = { domain, types, primaryType: "Move", message: { to: 8 } };

  it("is signed with its fields, whether or not its types have the domain's", async () => {
    const signature = concat([manager, expected(content)]);
    expect(await sign({ typedData: move })).toBe(signature);
    const EIP712Domain = [{ name: "name", type: "string" }];
    expect(await sign({ typedData: { ...move, types: { EIP712Domain, ...types } } as TypedDataDefinition })).toBe(
      signature,
    );
  });

  it("may have no domain", async () => {
    const { domain: _, ...rest } = move;
    expect(await sign({ typedData: rest as TypedDataDefinition })).toBe(
      concat([manager, expected({ ...content, domain: {} })]),
    );
  });

  it("is proved to be signed under a root", async () => {
    const proof = [keccak256("0x01"), keccak256("0x02")];
    expect(await sign({ typedData: move }, { proof })).toBe(concat([manager, expected(content, { proof })]));
  });
});

describe("the account", () => {
  it("hands over a hash of its own, and wants to know its validator's mode, if it is Kernel", async () => {
    expect(await sign({ message: "hi" }, { accountType: "kernel" })).toBe(
      concat(["0x01", manager, expected(personal("hi"), { wrapsHash: true })]),
    );
  });

  it("may have no salt, no names, or no domain at all", async () => {
    const none = `0x${"00".repeat(32)}` as const;
    expect(await sign({ message: "hi" }, { says: { name: "A", version: "2" } })).toBe(
      concat([manager, expected(personal("hi"), { name: "A", version: "2", salt: none })]),
    );
    const nameless = concat([manager, expected(personal("hi"), { name: "", version: "", salt: none })]);
    expect(await sign({ message: "hi" }, { says: { name: "", version: "" } })).toBe(nameless);
    const client = createAccountClient();
    const given = { client, session, sessionKey: echo, content: { message: "hi" }, chainId: 5, manager } as const;
    expect(await signContent({ ...given, accountType: "nexus", contracts: { ...contracts, typedDataPolicy } })).toBe(
      nameless,
    );
  });
});
