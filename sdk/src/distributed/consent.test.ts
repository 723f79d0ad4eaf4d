import { bytesToHex, type Hex, hashTypedData, recoverTypedDataAddress } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { describe, expect, it } from "vitest";
import {
  getContracts,
  InvalidAddressError,
  InvalidBytesError,
  InvalidNumberError,
  InvalidParameterError,
  InvalidTimeError,
  UnknownParameterError,
} from "../index.js";
import { getDistributedConsentTypedData, parseConsent } from "./consent.js";
import { createAuthorizationKey, getDistributedKeyId, signDistributedConsent } from "./index.js";
import { parseWireConsent, toWireConsent } from "./wire.js";

const identity = (number: number): Hex => `0x${number.toString(16).padStart(64, "0")}`;
const consent = {
  account: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
  chainId: 8453n,
  nodes: [identity(1), identity(2), identity(3)],
  threshold: 2,
  authorizationKey: `0x01${"11".repeat(32)}`,
  validUntil: 2_000_000_000,
  salt: identity(7),
} as const;

describe("signDistributedConsent", () => {
  it("has the owner sign nodes, threshold, authorisation key and expiry, under the manager's domain", async () => {
    const signer = privateKeyToAccount(generatePrivateKey());
    const authorizationKey = await createAuthorizationKey();
    const signed = await signDistributedConsent({
      account: consent.account,
      chainId: 8453,
      nodes: [3, 1, 2].map((number) => ({ url: `https://${number}.example`, identity: identity(number) })),
      threshold: 2,
      authorizationKey,
      validUntil: consent.validUntil,
      signer,
    });
    expect(signed.consent).toEqual({
      ...consent,
      authorizationKey: authorizationKey.authorizationKey,
      salt: expect.stringMatching(/^0x[0-9a-f]{64}$/),
    });
    const typedData = getDistributedConsentTypedData(signed.consent);
    expect(typedData.domain).toEqual({
      name: "Latchkey",
      version: "1",
      verifyingContract: getContracts().manager,
    });
    expect(await recoverTypedDataAddress({ ...typedData, signature: signed.signature })).toBe(signer.address);
    expect(getDistributedKeyId(signed.consent)).toBe(hashTypedData(typedData));
  });

  it("puts the prefix before the signature, and another salt into each consent", async () => {
    const sign = () =>
      signDistributedConsent({
        account: consent.account,
        chainId: 1n,
        nodes: [1, 2].map((number) => ({ url: "https://node.example", identity: identity(number) })),
        threshold: 2,
        authorizationKey: consent,
        validUntil: new Date(2_000_000_000_000),
        // As accounts put their validator's address before it, with its checksum.
        signer: { signTypedData: async () => "0x12aB" },
        prefix: "0xABcd",
      });
    const [one, other] = [await sign(), await sign()];
    expect(one.signature).toBe("0xabcd12ab");
    expect(one.consent.salt).not.toBe(other.consent.salt);
    expect(one.consent.validUntil).toBe(2_000_000_000);
  });

  it("refuses a parameter that it does not know", async () => {
    // @ts-expect-error a misspelt name
    await expect(signDistributedConsent({ treshold: 2 })).rejects.toThrow(UnknownParameterError);
  });
});

it("is refused with the name of what is wrong, before anybody signs", async () => {
  const known = {
    account: consent.account,
    chainId: 1n,
    nodes: [1, 2].map((number) => ({ url: "https://node.example", identity: identity(number) })),
    threshold: 2,
    authorizationKey: consent,
    validUntil: consent.validUntil,
    signer: { signTypedData: async () => "0x" },
    contracts: {},
  };
  const failures = [
    [],
    { ...known, nodes: 1 },
    { ...known, chainId: "1" },
    { ...known, prefix: "0x1" },
    { ...known, signer: { signTypedData: async () => "0x1" } },
  ];
  const errors = await Promise.all(
    failures.map((parameters) =>
      signDistributedConsent(parameters as never).catch((error: Error) => error.message.split("\n")[0]),
    ),
  );
  expect(errors).toMatchInlineSnapshot(`
    [
      "\`signDistributedConsent's argument\` is not an object.",
      "\`nodes\` is not an array.",
      "\`consent.chainId\` is not a chain id above 0, as a bigint.",
      "\`prefix\` is not whole bytes of hex.",
      "\`signature\` is not whole bytes of hex.",
    ]
  `);
});

describe("parseConsent", () => {
  it("takes what is in range", () => {
    expect(parseConsent(consent)).toEqual(consent);
    expect(parseConsent({ ...consent, threshold: 3 }).threshold).toBe(3);
    const p256: Hex = `0x02${"22".repeat(64)}`;
    expect(parseConsent({ ...consent, authorizationKey: p256 }).authorizationKey).toBe(p256);
  });

  it.each([
    ["a threshold of one", { threshold: 1 }, InvalidNumberError],
    ["a threshold above the number of nodes", { threshold: 4 }, InvalidNumberError],
    ["one node", { nodes: [identity(1)] }, InvalidParameterError],
    ["33 nodes", { nodes: Array.from({ length: 33 }, (_, index) => identity(index + 1)) }, InvalidParameterError],
    ["a node twice", { nodes: [identity(1), identity(1)] }, InvalidParameterError],
    ["nodes in another order", { nodes: [identity(2), identity(1)] }, InvalidParameterError],
    ["an identity that is too short", { nodes: ["0x12", identity(1)] }, InvalidBytesError],
    ["nodes that are no list", { nodes: identity(1) }, InvalidParameterError],
    ["an authorisation key of another kind", { authorizationKey: `0x03${"11".repeat(32)}` }, InvalidParameterError],
    ["an Ed25519 key that is too long", { authorizationKey: `0x01${"11".repeat(33)}` }, InvalidParameterError],
    ["a P-256 key that is too short", { authorizationKey: `0x02${"11".repeat(63)}` }, InvalidParameterError],
    ["a time in milliseconds", { validUntil: 2_000_000_000_000 }, InvalidTimeError],
    ["a chain id as a number", { chainId: 1 }, InvalidParameterError],
    ["chain 0", { chainId: 0n }, InvalidParameterError],
    ["an account that is none", { account: "0x1234" }, InvalidAddressError],
    ["a salt that is too short", { salt: "0x1234" }, InvalidBytesError],
    ["another field", { note: "" }, UnknownParameterError],
  ] as const)("refuses %s", (_, change, error) => {
    expect(() => parseConsent({ ...consent, ...change })).toThrow(error);
  });
});

it("is the same consent after a way through JSON", () => {
  const signed = { consent, signature: bytesToHex(new Uint8Array(65)) };
  expect(parseWireConsent(JSON.parse(JSON.stringify(toWireConsent(signed))))).toEqual(signed);
});
