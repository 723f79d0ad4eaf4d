import { decodeErrorResult, type Hex, hexToNumber, size, slice } from "viem";
import type { ContractOverrides } from "../addresses.js";
import { abiRulePolicyAbi, erc20LimitPolicyAbi, typedDataPolicyAbi } from "../generated.js";
import { comparisons, getTypeInfo, getTypeName, tests, toArgumentValue } from "../policies/abiRule.js";
import { isPolicy } from "../policies/builtIn.js";
import type { PolicyName } from "../types.js";
import type { LatchkeyError } from "./base.js";
import * as policy from "./policy.js";
import * as signature from "./signature.js";

/** The result of decoding, or undefined if the data is none of the errors. */
export function attempt<result>(decode: () => result): result | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}

/** What a policy reverted with. Several have an `InvalidConfig`, told apart by the policy's address. */
export function decodePolicyError(
  data: Hex,
  context: policy.CallContext,
  cause: unknown,
  contracts?: ContractOverrides | undefined,
): LatchkeyError | undefined {
  const is = (name: PolicyName): boolean => context.policy !== undefined && isPolicy(name, context.policy, contracts);
  if (is("abiRulePolicy")) return decodeAbiRuleError(data, context, cause);
  if (is("typedDataPolicy")) return decodeTypedDataError(data, context, cause);
  if (is("gasLimitPolicy") || is("nativeLimitPolicy") || is("usageLimitPolicy")) {
    const decoded = decodeErc20LimitError(data, context, cause);
    return decoded instanceof policy.Erc20LimitConfigError
      ? new policy.LimitConfigError({ position: decoded.position, context, cause })
      : decoded;
  }
  return (
    decodeErc20LimitError(data, context, cause) ??
    decodeAbiRuleError(data, context, cause) ??
    decodeTypedDataError(data, context, cause)
  );
}

function decodeErc20LimitError(data: Hex, context: policy.CallContext, cause: unknown): LatchkeyError | undefined {
  const decoded = attempt(() => decodeErrorResult({ abi: erc20LimitPolicyAbi, data }));
  if (decoded === undefined) return undefined;
  const rest = { context, cause };
  switch (decoded.errorName) {
    case "InvalidConfig":
      return new policy.Erc20LimitConfigError({ position: Number(decoded.args[0]), ...rest });
    case "FunctionNotAllowed":
      return new policy.TokenFunctionNotAllowedError({ selector: decoded.args[0], ...rest });
    case "InvalidCalldataLength": {
      const [expected, actual] = decoded.args;
      return new policy.TokenCalldataLengthError({ expected: Number(expected), actual: Number(actual), ...rest });
    }
    case "DirtyAddress":
      return new policy.DirtyAddressError({ word: decoded.args[0], ...rest });
    case "RecipientNotAllowed":
      return new policy.RecipientNotAllowedError({ recipient: decoded.args[0], ...rest });
    case "CallLimitExceeded": {
      const [limit, amount] = decoded.args;
      return new policy.CallLimitExceededError({ limit, amount, ...rest });
    }
    case "TotalLimitExceeded": {
      const [limit, spent, amount] = decoded.args;
      return new policy.TotalLimitExceededError({ limit, spent, amount, ...rest });
    }
    case "PeriodLimitExceeded": {
      const [limit, spent, amount, resetsAt] = decoded.args;
      return new policy.PeriodLimitExceededError({ limit, spent, amount, resetsAt: Number(resetsAt), ...rest });
    }
    case "ClaimedTimeTooEarly": {
      const [anchor, claimedTime] = decoded.args;
      return new policy.ClaimedTimeTooEarlyError({
        anchor: Number(anchor),
        claimedTime: Number(claimedTime),
        ...rest,
      });
    }
    case "ClaimedTimeTooLate":
      return new policy.ClaimedTimeTooLateError({ claimedTime: Number(decoded.args[0]), ...rest });
    case "PeriodInPast": {
      const [latestPeriod, claimedPeriod] = decoded.args;
      return new policy.PeriodInPastError({ latestPeriod, claimedPeriod, ...rest });
    }
    default:
      return undefined;
  }
}

function decodeAbiRuleError(data: Hex, context: policy.CallContext, cause: unknown): LatchkeyError | undefined {
  const decoded = attempt(() => decodeErrorResult({ abi: abiRulePolicyAbi, data }));
  if (decoded === undefined) return undefined;
  const rest = { context, cause };
  switch (decoded.errorName) {
    case "InvalidConfig":
      return new policy.AbiRuleConfigError({ position: Number(decoded.args[0]), ...rest });
    case "ArgumentMissing": {
      const [word, calldataLength] = decoded.args;
      return new policy.ArgumentMissingError({ word: Number(word), calldataLength: Number(calldataLength), ...rest });
    }
    case "ArgumentMalformed": {
      const [word, typeCode, actual] = decoded.args;
      return new policy.ArgumentMalformedError({ word: Number(word), type: nameType(typeCode), actual, ...rest });
    }
    case "RuleNotMet": {
      const [group, word, typeCode, comparisonCode, expected, actual] = decoded.args;
      const type = nameType(typeCode);
      const comparison = comparisons[comparisonCode];
      if (comparison === undefined) return undefined;
      return new policy.RuleNotMetError({
        group: Number(group),
        word: Number(word),
        type,
        comparison,
        expected: splitReferences(type, expected).map((reference) => toArgumentValue(type, reference)),
        actual: toArgumentValue(type, actual),
        ...rest,
      });
    }
    case "ArgumentRuleNotMet": {
      const [position, path, typeCode, testCode, comparisonCode, expected, actual] = decoded.args;
      const test = tests[testCode];
      if (test === undefined) return undefined;
      const type = nameType(typeCode);
      // The tests that compare a word.
      const compares = testCode <= tests.indexOf("sliceFromEnd");
      return new policy.ArgumentRuleNotMetError({
        position: Number(position),
        path: toPath(path),
        type,
        test,
        comparison: compares ? comparisons[comparisonCode] : undefined,
        expected: compares
          ? splitReferences(type, expected).map((reference) => toArgumentValue(type, reference))
          : [expected],
        actual: compares && actual === "0x" ? undefined : toArgumentValue(type, actual),
        ...rest,
      });
    }
    case "ArgumentsNotCanonical": {
      const [position, path, offset, typeCode, expected, actual] = decoded.args;
      return new policy.ArgumentsNotCanonicalError({
        path: toPath(path),
        fault: { position: Number(position), offset: Number(offset), type: nameType(typeCode), expected, actual },
        ...rest,
      });
    }
    case "RulesTooDeep":
      return new policy.RulesTooDeepError({ position: Number(decoded.args[0]), ...rest });
    case "NoRuleMet": {
      const [group, rules, word, actual] = decoded.args;
      return new policy.NoRuleMetError({
        group: Number(group),
        rules: Number(rules),
        word: Number(word),
        actual,
        ...rest,
      });
    }
    default:
      return undefined;
  }
}

function decodeTypedDataError(data: Hex, context: policy.CallContext, cause: unknown): LatchkeyError | undefined {
  const decoded = attempt(() => decodeErrorResult({ abi: typedDataPolicyAbi, data }));
  if (decoded === undefined) return undefined;
  const rest = { context, cause };
  switch (decoded.errorName) {
    case "InvalidConfig":
      return new policy.TypedDataConfigError({ position: Number(decoded.args[0]), ...rest });
    case "TypedDataNotAllowed": {
      const [domainSeparator, typeHash] = decoded.args;
      return new signature.TypedDataNotAllowedError({ domainSeparator, typeHash, ...rest });
    }
    case "TypeForbidden":
      return new signature.ContentForbiddenError({ primaryType: decoded.args[0], ...rest });
    case "RuleMissing": {
      const [primaryType, word, bound] = decoded.args;
      return new signature.MessageRuleMissingError({ primaryType, word: Number(word), bound: Number(bound), ...rest });
    }
    case "InvalidWitnessLength": {
      const [expected, actual] = decoded.args;
      return new signature.WitnessLengthError({ expected: Number(expected), actual: Number(actual), ...rest });
    }
    case "WitnessDiffers": {
      const [structIndex, expected, actual] = decoded.args;
      return new signature.WitnessDiffersError({ structIndex: Number(structIndex), expected, actual, ...rest });
    }
    case "RulesNotMet": {
      const [reason] = decoded.args;
      return decodeAbiRuleError(reason, context, cause) ?? new policy.UnknownPolicyError({ reason, ...rest });
    }
    case "PersonalMessageNotAllowed":
      return new signature.PersonalMessageNotAllowedError({ length: Number(decoded.args[0]), ...rest });
    default:
      return undefined;
  }
}

/** The types of dynamic data, by their codes. */
const dynamicTypes: Readonly<Record<number, string>> = {
  194: "bytes or string",
  195: "dynamic array",
  196: "tuple",
  197: "static tuple",
};

function nameType(code: number): string {
  return getTypeName(code) ?? dynamicTypes[code] ?? `type 0x${code.toString(16)}`;
}

/** The steps of a path, two bytes each. */
function toPath(path: Hex): readonly number[] {
  return Array.from({ length: Math.floor(size(path) / 2) }, (_, index) =>
    hexToNumber(slice(path, 2 * index, 2 * index + 2)),
  );
}

/** References one after the other, as the configuration has them. */
function splitReferences(type: string, packed: Hex): readonly Hex[] {
  const width = getTypeInfo(type)?.width ?? 32;
  return Array.from({ length: Math.floor(size(packed) / width) }, (_, index) =>
    slice(packed, index * width, (index + 1) * width),
  );
}
