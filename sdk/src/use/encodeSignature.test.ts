import {
  concat,
  domainSeparator,
  encodeAbiParameters,
  hashMessage,
  hashTypedData,
  keccak256,
  numberToHex,
  parseAbiParameters,
  size,
  slice,
  stringToHex,
  zeroHash,
} from "viem";
import { describe, expect, it } from "vitest";
import { account, contracts, parameters, session } from "../../test/fixtures.js";
import { allowMessages, defineSession, encodeAbiRuleConfig, getSessionId, InvalidParameterError } from "../index.js";
import { describeType, getWitness } from "../policies/typedData.js";
import { hashSignatureUse, prepareSignature } from "./encodeSignature.js";

const typedDataPolicy = "0x00000000000000000000000000000000000000A9";
const domain = { name: "Game", chainId: 1, verifyingContract: account } as const;
const types = {
  Move: [
    { name: "to", type: "uint8" },
    { name: "notes", type: "string[]" },
    { name: "stake", type: "Stake" },
  ],
  Stake: [
    { name: "amount", type: "uint256" },
    { name: "memo", type: "bytes" },
  ],
} as const;
const message = { to: 8, notes: ["a", "b"], stake: { amount: 5n, memo: "0x1234" } } as const;
const move = { domain, types, primaryType: "Move", message } as const;
const rules = [[{ word: 3, type: "uint256", comparison: "lte", references: [numberToHex(5, { size: 32 })] }]] as const;
const policy = allowMessages([
  { beginning: "hi" },
  { domain, types, primaryType: "Move", nested: [{ parent: 0, field: 2 }], rules },
]);

describe("allowMessages", () => {
  it("packs what the documentation says", () => {
    expect(policy.policy).toBe("typedDataPolicy");
    const encodedType = "Move(uint8 to,string[] notes,Stake stake)Stake(uint256 amount,bytes memo)";
    expect(describeType(types, "Move")).toBe(encodedType);
    const separator = keccak256(
      encodeAbiParameters(parseAbiParameters("bytes32, bytes32, uint256, address"), [
        keccak256(stringToHex("EIP712Domain(string name,uint256 chainId,address verifyingContract)")),
        keccak256(stringToHex("Game")),
        1n,
        account,
      ]),
    );
    const alternative = concat([
      "0x00",
      separator,
      keccak256(stringToHex(encodedType)),
      "0x03",
      "0x01",
      "0x0002",
      keccak256(stringToHex("Stake(uint256 amount,bytes memo)")),
      "0x02",
      encodeAbiRuleConfig(rules),
    ]);
    expect(policy.config).toBe(
      concat(["0x02", "0x0003", "0x01", stringToHex("hi"), numberToHex(size(alternative), { size: 2 }), alternative]),
    );
  });

  it("refuses nothing, and what is not there", () => {
    expect(() => allowMessages([])).toThrow(InvalidParameterError);
    expect(() => allowMessages([{ beginning: "" }])).toThrow(InvalidParameterError);
    expect(() => allowMessages([{ domain, types, primaryType: "Other" }])).toThrow(InvalidParameterError);
    expect(() => allowMessages([{ domain, types, primaryType: "Move", nested: [{ parent: 0, field: 9 }] }])).toThrow(
      InvalidParameterError,
    );
  });
});

describe("getWitness", () => {
  it("shows the fields of the message and of the structs that rules are about", () => {
    const witness = getWitness(policy.config, move);
    const stake = [numberToHex(5, { size: 32 }), keccak256("0x1234")] as const;
    const stakeHash = keccak256(concat([keccak256(stringToHex("Stake(uint256 amount,bytes memo)")), ...stake]));
    const notes = keccak256(concat([keccak256(stringToHex("a")), keccak256(stringToHex("b"))]));
    expect(witness).toBe(concat([numberToHex(8, { size: 32 }), notes, stakeHash, ...stake]));
    // The first three words are what EIP-712 hashes.
    const structHash = keccak256(concat([keccak256(stringToHex(describeType(types, "Move"))), slice(witness, 0, 96)]));
    const separator = slice(policy.config, 9, 41);
    expect(keccak256(concat(["0x1901", separator, structHash]))).toBe(hashTypedData(move));
  });

  it("shows the fields of the message if no alternative is for it", () => {
    expect(size(getWitness(policy.config, { ...move, domain: { ...domain, chainId: 2 } }))).toBe(96);
  });
});

describe("prepareSignature", () => {
  const signing = defineSession({
    ...parameters,
    signaturePolicies: [{ policy: typedDataPolicy, config: policy.config }],
  });
  const common = {
    session: signing,
    accountDomain: { name: "", version: "", chainId: 1, verifyingContract: account, salt: zeroHash },
    manager: contracts.manager,
    typedDataPolicy,
  } as const;

  it("packs what the documentation says", () => {
    const { use, typedData, envelope } = prepareSignature({
      ...common,
      content: move,
      wrapsHash: true,
      proof: [zeroHash],
    });
    expect(slice(use, 0, 7)).toBe("0x08000000000000");
    expect(slice(use, 97, 117)).toBe(session.sessionKey);
    const tail = concat([
      "0x01",
      zeroHash,
      "0x0d",
      keccak256(stringToHex("Game")),
      numberToHex(1, { size: 32 }),
      encodeAbiParameters([{ type: "address" }], [account]),
      "0x00a0",
      getWitness(policy.config, move),
    ]);
    expect(use.endsWith(tail.slice(2))).toBe(true);
    expect(typedData.message).toMatchObject({ session: getSessionId(signing), use: keccak256(use) });
    expect(envelope.endsWith(numberToHex(size(envelope) - 66, { size: 2 }).slice(2))).toBe(true);
  });

  it("nests a personal message under an account without a name", () => {
    const text = stringToHex("hi there");
    const { use, typedData, envelope } = prepareSignature({ ...common, content: { personal: text }, wrapsHash: false });
    expect(slice(use, 0, 1)).toBe("0x04");
    expect(use.endsWith(concat(["0x00", "0x0008", text]).slice(2))).toBe(true);
    expect(envelope).toBe("0x");
    const separator = keccak256(
      encodeAbiParameters(parseAbiParameters("bytes32, bytes32, bytes32, uint256, address"), [
        keccak256(stringToHex("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")),
        keccak256("0x"),
        keccak256("0x"),
        1n,
        account,
      ]),
    );
    const contents = keccak256(
      concat([keccak256(stringToHex("PersonalSign(bytes prefixed)")), hashMessage({ raw: text })]),
    );
    expect(typedData.message.digest).toBe(keccak256(concat(["0x1901", separator, contents])));
  });

  it("says in its flags whether the session is for every chain and has operation policies, whose hash it brings", () => {
    const limited = { policy: typedDataPolicy, config: "0x1234" } as const;
    const flagsOf = (changes: Partial<typeof signing>) =>
      slice(
        prepareSignature({ ...common, session: { ...signing, ...changes }, content: move, wrapsHash: false }).use,
        0,
        1,
      );
    expect(flagsOf({})).toBe("0x00");
    expect(flagsOf({ chainId: 0n })).toBe("0x01");
    expect(flagsOf({ operationPolicies: [limited] })).toBe("0x02");
    const changed = { ...signing, operationPolicies: [limited, limited] };
    const { use } = prepareSignature({ ...common, session: changed, content: move, wrapsHash: false });
    const plain = prepareSignature({ ...common, content: move, wrapsHash: false }).use;
    const policyHash = keccak256(
      concat([
        keccak256(stringToHex("Policy(address policy,bytes config)")),
        encodeAbiParameters(parseAbiParameters("address, bytes32"), [limited.policy, keccak256(limited.config)]),
      ]),
    );
    expect(slice(use, 117, 149)).toBe(keccak256(concat([policyHash, policyHash])));
    // Else it is the same.
    expect(concat([slice(use, 1, 117), slice(use, 149)])).toBe(slice(plain, 1));
  });

  it.each([
    [{ name: "Game" }, "0x01", [keccak256(stringToHex("Game"))]],
    [{ name: "" }, "0x01", [keccak256("0x")]],
    [{ version: "1" }, "0x02", [keccak256(stringToHex("1"))]],
    // viem leaves an empty version out of a domain.
    [{ version: "" }, "0x00", []],
    [{ chainId: 5 }, "0x04", [numberToHex(5, { size: 32 })]],
    [{ verifyingContract: account }, "0x08", [encodeAbiParameters([{ type: "address" }], [account])]],
    [{ salt: `0x${"12".repeat(32)}` }, "0x10", [`0x${"12".repeat(32)}`]],
  ] as const)("brings of the domain what it has: %j", (of, fields, words) => {
    const { use, envelope } = prepareSignature({
      ...common,
      session: { ...signing, signaturePolicies: [] },
      content: { ...move, domain: of },
      wrapsHash: false,
    });
    // Without a policy that wants to see the message, nothing of it is shown.
    expect(use.endsWith(concat(["0x00", fields, ...words, "0x0000"]).slice(2))).toBe(true);
    expect(slice(envelope, 0, 32)).toBe(domainSeparator({ domain: of }));
  });

  it("leads to the digest that ERC-7739 nests the message in", () => {
    const { typedData } = prepareSignature({ ...common, content: move, wrapsHash: false });
    const types7739 = {
      TypedDataSign: [
        { name: "contents", type: "Move" },
        { name: "name", type: "string" },
        { name: "version", type: "string" },
        { name: "chainId", type: "uint256" },
        { name: "verifyingContract", type: "address" },
        { name: "salt", type: "bytes32" },
      ],
      ...types,
    };
    const digest = hashTypedData({
      domain,
      types: types7739,
      primaryType: "TypedDataSign",
      message: { contents: message, ...common.accountDomain, chainId: 1n },
    });
    expect(typedData.message.digest).toBe(digest);
    expect(hashSignatureUse(typedData)).toBe(hashTypedData(typedData));
  });
});
