import { type Abi, type AbiItem, concat, encodeErrorResult, type Hex, toFunctionSelector } from "viem";
import {
  abiRulePolicyAbi,
  type Denial,
  type DenialCode,
  erc20LimitPolicyAbi,
  type LatchkeyError,
  PolicyError,
  sessionKeyManagerAbi,
} from "../../src/index.js";

type Source = {
  readonly abi: Abi;
  readonly name: string;
  readonly args?: (error: LatchkeyError) => readonly unknown[];
};

/** Fields of an error, in the order of the contract's parameters. */
const fields =
  (...names: readonly string[]) =>
  (error: LatchkeyError): readonly unknown[] => {
    const context = "context" in error && typeof error.context === "object" ? error.context : {};
    const values = new Map<string, unknown>([...Object.entries(context ?? {}), ...Object.entries(error)]);
    return names.map((name) => {
      const value = values.get(name);
      return typeof value === "number" ? BigInt(value) : value;
    });
  };

const manager = (name: string, ...names: readonly string[]): Source => ({
  abi: sessionKeyManagerAbi,
  name,
  args: fields(...names),
});
const limit = (name: string, ...names: readonly string[]): Source => ({
  abi: erc20LimitPolicyAbi,
  name,
  args: fields(...names),
});
const rules = (name: string, ...names: readonly string[]): Source => ({
  abi: abiRulePolicyAbi,
  name,
  ...(names.length > 0 ? { args: fields(...names) } : {}),
});

/** Codes that stand for the EntryPoint's judgement of the time, which the manager does not make. */
export const timeCodes: readonly DenialCode[] = ["session-expired", "session-not-started", "outside-window"];

/** What the contracts revert with for each code; without arguments, where the SDK does not know them all. */
const sources: { readonly [code in DenialCode]?: Source } = {
  "not-installed": manager("NotInstalled", "account"),
  "epoch-mismatch": manager("EpochMismatch", "id", "sessionEpoch", "accountEpoch"),
  "session-not-granted": manager("SessionNotGranted", "id"),
  "session-revoked": manager("SessionIsRevoked", "id"),
  "root-not-granted": manager("RootNotGranted", "id", "root"),
  "root-revoked": manager("RootIsRevoked", "id", "root"),
  "session-key-not-supported": manager("SessionKeyNotSupported", "length"),
  "initializer-not-allowed": manager("InitializerNotAllowed", "length"),
  "paymaster-not-allowed": manager("PaymasterNotAllowed", "id", "expected", "actual"),
  "op-cost-exceeded": manager("OpCostExceeded", "id", "maxOpCost", "opCost"),
  "time-out-of-range": manager("TimeOutOfRange", "time"),
  "empty-window": manager("EmptyWindow", "id", "validAfter", "validUntil"),
  "target-forbidden": manager("TargetForbidden", "id", "callIndex", "target"),
  "target-is-module": manager("TargetIsModule", "id", "callIndex", "target"),
  "selector-forbidden": manager("SelectorForbidden", "id", "callIndex", "selector"),
  "action-too-broad": manager("ActionTooBroad", "id", "actionIndex"),
  "target-not-allowed": manager("TargetNotAllowed", "id", "callIndex", "actionIndex", "expected", "actual"),
  "selector-not-allowed": manager("SelectorNotAllowed", "id", "callIndex", "actionIndex", "expected", "actual"),
  "calldata-too-short": manager("CalldataTooShort", "id", "callIndex", "length"),
  "value-exceeded": manager("ValueExceeded", "id", "callIndex", "actionIndex", "maxValue", "value"),
  "not-own-revocation": manager("NotOwnRevocation", "id", "callIndex"),
  "call-limit-exceeded": limit("CallLimitExceeded", "limit", "amount"),
  "total-limit-exceeded": limit("TotalLimitExceeded", "limit", "spent", "amount"),
  "period-limit-exceeded": limit("PeriodLimitExceeded", "limit", "spent", "amount", "resetsAt"),
  "claimed-time-too-early": limit("ClaimedTimeTooEarly", "anchor", "claimedTime"),
  "claimed-time-too-late": limit("ClaimedTimeTooLate", "claimedTime"),
  "period-in-past": limit("PeriodInPast", "latestPeriod", "claimedPeriod"),
  "limit-config": limit("InvalidConfig", "position"),
  "erc20-limit-config": limit("InvalidConfig", "position"),
  "token-function-not-allowed": limit("FunctionNotAllowed", "selector"),
  "token-calldata-length": limit("InvalidCalldataLength", "expected", "actual"),
  "dirty-address": { abi: erc20LimitPolicyAbi, name: "DirtyAddress" },
  "recipient-not-allowed": limit("RecipientNotAllowed", "recipient"),
  "abi-rule-config": rules("InvalidConfig"),
  "argument-missing": rules("ArgumentMissing", "word", "calldataLength"),
  "argument-malformed": rules("ArgumentMalformed"),
  "rule-not-met": rules("RuleNotMet"),
  "no-rule-met": rules("NoRuleMet", "group", "rules", "word", "actual"),
  "argument-rule-not-met": rules("ArgumentRuleNotMet"),
  "arguments-not-canonical": rules("ArgumentsNotCanonical"),
};

/** What the contracts revert with: the selectors of the errors, outermost first, and all of it where that is known. */
export type ExpectedRevert = { readonly selectors: Hex; readonly data: Hex | undefined };

/** What the contracts must revert with for the first denial. */
export function toRevert({ code, error }: Denial): ExpectedRevert {
  const reason = code === "unknown-policy" ? { selectors: "0x" as const, data: "0x" as const } : toReason(code, error);
  if (!(error instanceof PolicyError)) return reason;
  const { policyIndex } = error.context;
  const name = policyIndex === undefined ? "PolicyRefused" : "OperationPolicyRefused";
  const names =
    policyIndex === undefined ? ["id", "callIndex", "actionIndex", "policy"] : ["id", "policyIndex", "policy"];
  return {
    selectors: concat([selectorOf(sessionKeyManagerAbi, name), reason.selectors]),
    data: reason.data && encode(sessionKeyManagerAbi, name, [...fields(...names)(error), reason.data]),
  };
}

function toReason(code: DenialCode, error: LatchkeyError): ExpectedRevert {
  const source = sources[code];
  if (source === undefined) throw new Error(`the vectors do not foresee ${code}`);
  const { abi, name, args } = source;
  return { selectors: selectorOf(abi, name), data: args && encode(abi, name, args(error)) };
}

function selectorOf(abi: Abi, name: string): Hex {
  const item = abi.find(
    (entry): entry is Extract<AbiItem, { type: "error" }> => entry.type === "error" && entry.name === name,
  );
  if (item === undefined) throw new Error(`there is no error ${name}`);
  return toFunctionSelector(`${name}(${item.inputs.map(({ type }) => type).join(",")})`);
}

function encode(abi: Abi, errorName: string, args: readonly unknown[]): Hex {
  return encodeErrorResult({ abi, errorName, args });
}
