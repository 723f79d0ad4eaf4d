import { type Chain, concat, encodeAbiParameters, type Hex, keccak256, parseAbiParameters, zeroAddress } from "viem";
import { sepolia } from "viem/chains";
import { describe, expect, it } from "vitest";
import { createAccountClient } from "../../test/accountClient.js";
import { account, contracts, recipient, stranger } from "../../test/fixtures.js";
import { EnableModeNotSupportedError } from "../index.js";
import type { AccountType } from "./accountType.js";
import { createEnabler, type EnableMode } from "./enableMode.js";

const { manager } = contracts;
const operation = keccak256("0x09");
const ownSignature = "0x0123456789";
const rule = concat(["0x01", recipient]).toLowerCase() as Hex;

/** Addresses may be written in either case. */
function expectBytes(actual: Hex, expected: Hex): void {
  expect(actual.toLowerCase()).toBe(expected.toLowerCase());
}

/** An enabler, and what the owner was asked to sign. */
function setUp({
  accountType,
  client = createAccountClient({ chain: sepolia }),
  enable = {},
}: {
  accountType: AccountType;
  client?: ReturnType<typeof createAccountClient>;
  enable?: Partial<EnableMode>;
}) {
  const asked: unknown[] = [];
  const signTypedData = async (parameters: unknown): Promise<Hex> => {
    asked.push(parameters);
    return `0xaa${asked.length.toString(16).padStart(2, "0")}`;
  };
  // Signs typed data of any types, as an account of viem's does.
  const signer = { signTypedData } as EnableMode["signer"];
  return { asked, enabler: createEnabler({ client, account, accountType, manager, enable: { signer, ...enable } }) };
}

const chains: readonly [string, Chain | undefined, { chainId?: number }][] = [
  ["whose chain is known", sepolia, { chainId: sepolia.id }],
  ["whose chain is not", undefined, {}],
];

describe("on Nexus", () => {
  const types = {
    ModuleEnableMode: [
      { name: "module", type: "address" },
      { name: "moduleType", type: "uint256" },
      { name: "userOpHash", type: "bytes32" },
      { name: "initDataHash", type: "bytes32" },
    ],
  };
  /** Module, its type in a word, then what it is installed with and the validator's signature, each behind its length. */
  const wrapped = (data: Hex, dataSize: Hex, enabling: Hex, enablingSize: Hex) =>
    concat([manager, `0x${"00".repeat(31)}01`, dataSize, data, enablingSize, enabling, ownSignature]);

  it.each(chains)(
    "the owner signs that very operation, before the account is deployed, %s",
    async (_, chain, known) => {
      const client = createAccountClient(chain === undefined ? {} : { chain });
      const { asked, enabler } = setUp({ accountType: "nexus", client, enable: { validator: stranger } });
      expectBytes(
        await enabler.sign(ownSignature, operation),
        wrapped("0x", "0x00000000", concat([stranger, "0xaa01"]), "0x00000016"),
      );
      const message = { module: manager, moduleType: 1n, userOpHash: operation, initDataHash: keccak256("0x") };
      const domain = { name: "Nexus", version: "1.0.1", verifyingContract: account, ...known };
      expect(asked).toStrictEqual([{ domain, types, primaryType: "ModuleEnableMode", message }]);
    },
  );

  it("the domain is what the account says, without a salt, and the rule on grants is signed with it", async () => {
    const client = createAccountClient({ code: "0x60", domain: { name: "Nexus", version: "1.3.0" } });
    const enable: Partial<EnableMode> = { validator: stranger, grantPrefix: recipient };
    const { asked, enabler } = setUp({ accountType: "nexus", client, enable });
    expectBytes(
      await enabler.sign(ownSignature, operation),
      wrapped(rule, "0x00000015", concat([stranger, "0xaa01"]), "0x00000016"),
    );
    const message = { module: manager, moduleType: 1n, userOpHash: operation, initDataHash: keccak256(rule) };
    const domain = { name: "Nexus", version: "1.3.0", chainId: 5, verifyingContract: account };
    expect(asked).toStrictEqual([{ domain, types, primaryType: "ModuleEnableMode", message }]);
  });

  it("an estimate has as much in it, and asks the owner for nothing", async () => {
    const { asked, enabler } = setUp({ accountType: "nexus", enable: { validator: stranger } });
    expectBytes(
      await enabler.stub(ownSignature),
      wrapped("0x", "0x00000000", concat([stranger, `0x${"11".repeat(64)}1b`]), "0x00000055"),
    );
    expect(asked).toEqual([]);
  });
});

describe("on Kernel", () => {
  const types = {
    Enable: [
      { name: "validationId", type: "bytes21" },
      { name: "nonce", type: "uint32" },
      { name: "hook", type: "address" },
      { name: "validatorData", type: "bytes" },
      { name: "hookData", type: "bytes" },
      { name: "selectorData", type: "bytes" },
    ],
  };
  const execute = "0xe9ae5c53";
  const encoded = parseAbiParameters("bytes, bytes, bytes, bytes, bytes");
  const wrapped = (data: Hex, enabling: Hex) =>
    concat([zeroAddress, encodeAbiParameters(encoded, [data, "0x", execute, enabling, ownSignature])]);
  const message = { validationId: concat(["0x01", manager]), hook: zeroAddress, hookData: "0x", selectorData: execute };

  it.each(chains)("the owner signs once, before the account is deployed, %s", async (_, chain, known) => {
    const client = createAccountClient(chain === undefined ? {} : { chain });
    const { asked, enabler } = setUp({ accountType: "kernel", client });
    // For an estimate too, and for whatever operations follow.
    expectBytes(await enabler.stub(ownSignature), wrapped("0x", "0xaa01"));
    expectBytes(await enabler.sign(ownSignature, operation), wrapped("0x", "0xaa01"));
    const domain = { name: "Kernel", version: "0.3.1", verifyingContract: account, ...known };
    expect(asked).toStrictEqual([
      { domain, types, primaryType: "Enable", message: { ...message, nonce: 1, validatorData: "0x" } },
    ]);
  });

  it("domain and nonce are what the account says, and the rule on grants is signed with them", async () => {
    const client = createAccountClient({ code: "0x60", domain: { name: "Kernel", version: "0.3.3" }, nonce: 7 });
    const { asked, enabler } = setUp({ accountType: "kernel", client, enable: { grantPrefix: recipient } });
    expectBytes(await enabler.sign(ownSignature, operation), wrapped(rule, "0xaa01"));
    const domain = { name: "Kernel", version: "0.3.3", chainId: 5, verifyingContract: account };
    expect(asked).toStrictEqual([
      { domain, types, primaryType: "Enable", message: { ...message, nonce: 7, validatorData: rule } },
    ]);
  });
});

describe("elsewhere", () => {
  it.each<[string, AccountType, Partial<EnableMode>]>([
    ["another account", "safe7579", { validator: stranger }],
    ["an account without an enable mode", "openzeppelin", {}],
    ["Nexus without its validator", "nexus", {}],
  ])("%s cannot install the manager with an operation of the session's", (_, accountType, enable) => {
    expect(() => setUp({ accountType, enable })).toThrow(EnableModeNotSupportedError);
  });
});
