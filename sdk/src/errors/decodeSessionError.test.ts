import {
  type Abi,
  type AbiParameter,
  BaseError,
  concat,
  encodeAbiParameters,
  encodeErrorResult,
  type Hex,
  pad,
  parseAbi,
  slice,
  toFunctionSelector,
  zeroAddress,
  zeroHash,
} from "viem";
import { describe, expect, it } from "vitest";
import { contracts, game, parameters, session, stranger } from "../../test/fixtures.js";
import * as generated from "../generated.js";
import {
  AbiRuleConfigError,
  abiRulePolicyAbi,
  CallLimitExceededError,
  decodeSessionError,
  defineSession,
  denialCodes,
  Erc20LimitConfigError,
  erc20LimitPolicyAbi,
  gasLimitPolicyAbi,
  getContracts,
  LatchkeyError,
  NoSessionsError,
  OutsideWindowError,
  PolicyError,
  RuleNotMetError,
  SessionExpiredError,
  SessionNotGrantedError,
  SessionNotStartedError,
  SessionRevokedError,
  sessionKeyManagerAbi,
  signatureCheckerAbi,
  typedDataPolicyAbi,
  UnknownPolicyError,
  WrongSignatureError,
} from "../index.js";

const entryPointAbi = parseAbi([
  "error FailedOp(uint256 opIndex, string reason)",
  "error FailedOpWithRevert(uint256 opIndex, string reason, bytes inner)",
]);
const revoked = encodeErrorResult({ abi: sessionKeyManagerAbi, errorName: "SessionIsRevoked", args: [session.salt] });

const refuse = (reason: Hex, policy: Hex = contracts.erc20LimitPolicy): Hex =>
  encodeErrorResult({
    abi: sessionKeyManagerAbi,
    errorName: "PolicyRefused",
    args: [zeroHash, 2n, 1n, policy, reason],
  });

/** Revert data of an error with a value for each parameter. */
function sample(item: Extract<Abi[number], { type: "error" }>): Hex {
  const values = item.inputs.map(({ type }: AbiParameter) => {
    if (type === "address") return zeroAddress;
    if (type === "bytes32") return zeroHash;
    if (type === "bytes4") return "0x12345678";
    if (type === "bytes") return "0x";
    if (type === "string") return "Name";
    return type === "uint8" ? 1 : 1n;
  });
  const signature = `${item.name}(${item.inputs.map(({ type }) => type).join(",")})`;
  return `${toFunctionSelector(signature)}${encodeAbiParameters(item.inputs, values).slice(2)}`;
}

const errorsOf = (abi: Abi) => abi.filter((item) => item.type === "error").map((item) => [item.name, item] as const);

describe("decodeSessionError", () => {
  it.each(errorsOf(sessionKeyManagerAbi))("has a class for the manager's %s", (_, item) => {
    const decoded = decodeSessionError(sample(item), { contracts });
    expect(decoded).toBeInstanceOf(LatchkeyError);
    expect(decoded?.name).toMatch(/Error$/);
  });

  it.each(errorsOf(erc20LimitPolicyAbi))("has a class for the ERC-20 limit's %s", (_, item) => {
    const decoded = decodeSessionError(refuse(sample(item)), { contracts });
    expect(decoded).toBeInstanceOf(PolicyError);
    expect(decoded).not.toBeInstanceOf(UnknownPolicyError);
    expect(decoded).toMatchObject({ context: { callIndex: 2, actionIndex: 1 } });
  });

  it.each(errorsOf(abiRulePolicyAbi))("has a class for the argument rules' %s", (_, item) => {
    const decoded = decodeSessionError(refuse(sample(item), contracts.abiRulePolicy), { contracts });
    expect(decoded).toBeInstanceOf(PolicyError);
    expect(decoded).not.toBeInstanceOf(UnknownPolicyError);
  });

  it.each(
    (["gasLimitPolicy", "nativeLimitPolicy", "usageLimitPolicy"] as const).flatMap((name) =>
      errorsOf(gasLimitPolicyAbi).map(([error, item]) => [name, error, item] as const),
    ),
  )("has a class for %s's %s, of an action and of the session", (name, _, item) => {
    const address = getContracts()[name];
    const ofAction = decodeSessionError(refuse(sample(item), address));
    expect(ofAction).toBeInstanceOf(PolicyError);
    expect(ofAction).not.toBeInstanceOf(Erc20LimitConfigError);
    const data = encodeErrorResult({
      abi: sessionKeyManagerAbi,
      errorName: "OperationPolicyRefused",
      args: [zeroHash, 3n, address, sample(item)],
    });
    const ofSession = decodeSessionError(data);
    expect(ofSession?.name).toBe(ofAction?.name);
    expect(ofSession).toMatchObject({ context: { policyIndex: 3, policy: address } });
    expect(ofSession?.message).toContain("Operation policy: 3");
  });

  it.each(errorsOf(signatureCheckerAbi))("has a class for the signature checker's %s", (_, item) => {
    const decoded = decodeSessionError(sample(item), { contracts });
    expect(decoded).toBeInstanceOf(LatchkeyError);
  });

  it.each(errorsOf(typedDataPolicyAbi))("has a class for the policy on messages' %s", (_, item) => {
    const address = getContracts().typedDataPolicy;
    const data = encodeErrorResult({
      abi: signatureCheckerAbi,
      errorName: "SignaturePolicyRefused",
      args: [zeroHash, 3n, address, sample(item)],
    });
    const decoded = decodeSessionError(data);
    expect(decoded).toBeInstanceOf(PolicyError);
    // Rules that are not met come with a reason, which a sample does not have.
    if (item.name !== "RulesNotMet") expect(decoded).not.toBeInstanceOf(UnknownPolicyError);
    expect(decoded).toMatchObject({ context: { signaturePolicyIndex: 3, policy: address } });
    expect(decoded?.message).toContain("Signature policy: 3");
  });

  it("gives the rule on a message's field that is not met", () => {
    const rule = encodeErrorResult({
      abi: abiRulePolicyAbi,
      errorName: "RuleNotMet",
      args: [0n, 3n, 0x01, 3, "0x05", `0x${"00".repeat(31)}06`],
    });
    const reason = encodeErrorResult({ abi: typedDataPolicyAbi, errorName: "RulesNotMet", args: [rule] });
    const data = encodeErrorResult({
      abi: signatureCheckerAbi,
      errorName: "SignaturePolicyRefused",
      args: [zeroHash, 0n, getContracts().typedDataPolicy, reason],
    });
    expect(decodeSessionError(data)).toMatchObject({
      code: "rule-not-met",
      expected: [5n],
      actual: 6n,
      context: { signaturePolicyIndex: 0 },
    });
  });

  // The events, functions and errors that the contracts have, by the compiler: whatever is new needs a class here.
  it.each(Object.entries(generated))("gives each error of %s a code of its own", (name, abi: Abi) => {
    for (const [error, item] of errorsOf(abi)) {
      // How the policies are told apart.
      const policy = Object.entries(getContracts()).find(([key]) => `${key}Abi` === name)?.[1];
      const data =
        policy === undefined || name === "sessionKeyManagerAbi" ? sample(item) : refuse(sample(item), policy);
      const decoded = decodeSessionError(data);
      if (error === "RulesNotMet") continue;
      expect(decoded, `${name}: ${error}`).toBeInstanceOf(LatchkeyError);
      expect(denialCodes, `${name}: ${error}`).toContain(decoded?.code);
      const isUnknown = decoded?.code === "unknown-policy";
      expect(isUnknown, `${name}: ${error}`).toBe(
        error === "PolicyRefused" || error === "OperationPolicyRefused" || error === "SignaturePolicyRefused",
      );
    }
  });

  it("keeps what an unknown operation policy said, cut off or not", () => {
    const reason = concat(["0xdeadbeef", pad("0x01", { size: 4_000 })]);
    const data = encodeErrorResult({
      abi: sessionKeyManagerAbi,
      errorName: "OperationPolicyRefused",
      args: [zeroHash, 3n, stranger, reason],
    });
    const context = { policyIndex: 3, policy: stranger };
    expect(decodeSessionError(data)).toMatchObject({ name: "UnknownPolicyError", reason, context });
    const cut = slice(data, 0, 2_048);
    expect(decodeSessionError(cut)).toMatchObject({
      name: "UnknownPolicyError",
      reason: slice(reason, 0, 2_048 - 164),
      context,
    });
  });

  it("tells the policies' configuration errors apart by the policy", () => {
    const reason = encodeErrorResult({ abi: abiRulePolicyAbi, errorName: "InvalidConfig", args: [7n] });
    expect(decodeSessionError(refuse(reason), { contracts })).toBeInstanceOf(Erc20LimitConfigError);
    expect(decodeSessionError(refuse(reason, contracts.abiRulePolicy), { contracts })).toBeInstanceOf(
      AbiRuleConfigError,
    );
  });

  it("gives the rule, what was expected and what was found", () => {
    const reason = encodeErrorResult({
      abi: abiRulePolicyAbi,
      errorName: "RuleNotMet",
      args: [0n, 3n, 0x41, 7, "0xfffe05", `0x${"ff".repeat(31)}fd`],
    });
    const decoded = decodeSessionError(refuse(reason, contracts.abiRulePolicy), { contracts });
    expect(decoded).toBeInstanceOf(RuleNotMetError);
    expect(decoded).toMatchObject({
      type: "int8",
      comparison: "oneOf",
      expected: [-1n, -2n, 5n],
      actual: -3n,
      word: 3,
    });
    expect(decoded?.message).toMatchInlineSnapshot(`
      "An argument does not meet the session's rule.

      Expected: one of -1, -2, 5
      Actual: -3
      Argument word: 3 (int8)
      Rule group: 0
      Call: 2
      Action: 1
      Policy: 0x00000000000000000000000000000000000000A3
      Session: 0x0000000000000000000000000000000000000000000000000000000000000000

      Docs: docs/errors/RuleNotMetError.md"
    `);
  });

  it("keeps what an unknown policy said", () => {
    expect(decodeSessionError(refuse("0xdeadbeef", stranger), { contracts })).toMatchObject({
      name: "UnknownPolicyError",
      reason: "0xdeadbeef",
      context: { policy: stranger },
    });
  });

  it("names the policy even if an EntryPoint cut its reason off", () => {
    const reason = concat(["0xdeadbeef", pad("0x01", { size: 4_000 })]);
    const data = encodeErrorResult({
      abi: entryPointAbi,
      errorName: "FailedOpWithRevert",
      args: [0n, "AA23 reverted", slice(refuse(reason, stranger), 0, 2_048)],
    });
    expect(decodeSessionError(data, { contracts })).toMatchObject({
      name: "UnknownPolicyError",
      reason: slice(reason, 0, 2_048 - 196),
      context: { policy: stranger },
    });
  });

  it("looks inside an EntryPoint's error", () => {
    const inner = encodeErrorResult({ abi: erc20LimitPolicyAbi, errorName: "CallLimitExceeded", args: [10n, 11n] });
    const data = encodeErrorResult({
      abi: entryPointAbi,
      errorName: "FailedOpWithRevert",
      args: [0n, "AA23 reverted", refuse(inner)],
    });
    const decoded = decodeSessionError(new Error("reverted", { cause: { data } }), { contracts });
    expect(decoded).toBeInstanceOf(CallLimitExceededError);
    expect(decoded).toMatchObject({ limit: 10n, amount: 11n });
    expect(decoded?.message).toMatchInlineSnapshot(`
      "The amount is more than one call may move.

      Limit: 10
      Amount: 11
      Call: 2
      Action: 1
      Policy: 0x00000000000000000000000000000000000000A2
      Session: 0x0000000000000000000000000000000000000000000000000000000000000000

      Docs: docs/errors/CallLimitExceededError.md"
    `);
  });

  it.each([
    ["when it estimates", `UserOperation reverted during simulation with reason: AA23 reverted ${revoked}`],
    ["when it takes an operation", `AA23 reverted - ${revoked}`],
  ])("reads what a bundler says %s", (_, message) => {
    const error = new BaseError("User operation failed.", { cause: new Error(message) });
    const decoded = decodeSessionError(error);
    expect(decoded).toBeInstanceOf(SessionRevokedError);
    expect(decoded?.cause).toBe(error);
  });

  it.each([
    ["in `data`", { data: revoked }],
    ["in `data.data`", { data: { data: revoked } }],
    ["in `data.revertData`", { data: { revertData: revoked } }],
    ["in `raw`", { raw: revoked }],
    ["in the cause of a cause", { cause: { cause: { data: revoked } } }],
    ["as it is", revoked],
  ])("finds revert data %s", (_, error) => {
    expect(decodeSessionError(error)).toBeInstanceOf(SessionRevokedError);
  });

  it("knows a wrong signature", () => {
    expect(decodeSessionError(new Error("AA24 signature error"))).toBeInstanceOf(WrongSignatureError);
    expect(decodeSessionError(new Error("Invalid UserOp signature"))).toBeInstanceOf(WrongSignatureError);
  });

  it("tells from the session which side of its window it is on", () => {
    const error = new Error("AA22 expired or not due");
    const window = defineSession({ ...parameters, validAfter: 1_000_000, validUntil: 2_000_000 });
    expect(decodeSessionError(error)).toBeInstanceOf(OutsideWindowError);
    expect(decodeSessionError(error, { session: window, now: 2_000_001 })).toBeInstanceOf(SessionExpiredError);
    expect(decodeSessionError(error, { session: window, now: 999_999 })).toBeInstanceOf(SessionNotStartedError);
    expect(decodeSessionError(error, { session: window, now: 1_500_000 })).toBeInstanceOf(OutsideWindowError);
  });

  it("gives back the innermost of this package's errors", () => {
    const inner = new SessionNotGrantedError({ id: zeroHash });
    expect(decodeSessionError(new Error("x", { cause: new NoSessionsError({ cause: inner }) }))).toBe(inner);
  });

  it("leaves errors of others alone", () => {
    const foreign = [
      undefined,
      null,
      5,
      "0x",
      new Error("fetch failed"),
      { data: "0x08c379a0" },
      new Error(`at ${game}`),
    ];
    for (const error of foreign) expect(decodeSessionError(error)).toBeUndefined();
    const loop = new Error("loop");
    loop.cause = loop;
    expect(decodeSessionError(loop)).toBeUndefined();
  });
});
