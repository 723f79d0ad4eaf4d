import {
  type AbiParameter,
  BaseError,
  type DecodeAbiParametersReturnType,
  decodeAbiParameters,
  decodeErrorResult,
  type Hex,
  parseAbi,
  parseAbiParameters,
  size,
  slice,
  toFunctionSelector,
} from "viem";
import type { ContractOverrides } from "../addresses.js";
import { sessionKeyManagerAbi, signatureCheckerAbi } from "../generated.js";
import type { Session } from "../types.js";
import { LatchkeyError } from "./base.js";
import * as call from "./call.js";
import { attempt, decodePolicyError } from "./decodePolicyError.js";
import * as manager from "./manager.js";
import * as policy from "./policy.js";
import * as signature from "./signature.js";
import {
  OutsideWindowError,
  SessionExpiredError,
  SessionNotStartedError,
  SigningNotSupportedError,
  WrongSignatureError,
} from "./use.js";

export type DecodeSessionErrorParameters = {
  /** The session that was used: tells an expired one from one that has not begun. */
  session?: Session | undefined;
  /** The chain's time, in seconds since 1970, to judge by; the local clock's if it is left out. */
  now?: number | undefined;
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

export type DecodeSessionErrorReturnType = LatchkeyError | undefined;

// Errors under which an EntryPoint reports what went wrong in an operation.
const entryPointAbi = parseAbi([
  "error FailedOp(uint256 opIndex, string reason)",
  "error FailedOpWithRevert(uint256 opIndex, string reason, bytes inner)",
]);

/**
 * Finds out what an error says about the use of a session.
 *
 * Takes errors of bundler clients, of contract calls and of simulations, and revert data in hex; finds revert data
 * wherever in the chain of causes it is, inside an EntryPoint's error or a bundler's message too.
 *
 * @param error The error, or revert data.
 * @param options {@link DecodeSessionErrorParameters}
 * @returns A typed error with the original as its `cause`, or undefined if it is none of this package's concern. An
 * error that already is one of this package's is returned as it is, the innermost if there are several.
 *
 * @example
 * import { decodeSessionError, TotalLimitExceededError } from "latchkey";
 *
 * const explain = (error: unknown) => {
 *   const decoded = decodeSessionError(error);
 *   if (decoded instanceof TotalLimitExceededError) console.log(decoded.limit - decoded.spent);
 * };
 */
export function decodeSessionError(
  error: unknown,
  options: DecodeSessionErrorParameters = {},
): DecodeSessionErrorReturnType {
  const chain = listCauses(error);
  const own = chain.filter((item): item is LatchkeyError => item instanceof LatchkeyError).at(-1);
  if (own) return own;
  const candidates = chain.flatMap(listRevertData);
  for (const data of candidates) {
    const decoded = decodeRevert(data, error, options);
    if (decoded) return decoded;
  }
  return decodeMessage(chain.map(getText).join("\n"), error, options);
}

/** An error and all its causes, outermost first. */
function listCauses(error: unknown): readonly unknown[] {
  const chain: unknown[] = [];
  for (let item = error; item !== undefined && item !== null && !chain.includes(item); ) {
    chain.push(item);
    item = typeof item === "object" && "cause" in item ? item.cause : undefined;
  }
  return chain;
}

/** Hex strings in an error that may be revert data, the likelier ones first. */
function listRevertData(item: unknown): readonly Hex[] {
  if (typeof item === "string") return findHex(item);
  if (typeof item !== "object" || item === null) return [];
  const found: string[] = [];
  collectStrings("data" in item ? item.data : undefined, found, 3);
  collectStrings("raw" in item ? item.raw : undefined, found, 1);
  return [...found, getText(item)].flatMap(findHex);
}

function collectStrings(value: unknown, found: string[], depth: number): void {
  if (typeof value === "string") found.push(value);
  else if (depth > 0 && typeof value === "object" && value !== null)
    for (const inner of Object.values(value)) collectStrings(inner, found, depth - 1);
}

function findHex(text: string): readonly Hex[] {
  return [...text.matchAll(/0x((?:[0-9a-fA-F]{2}){4,})/g)].map(([, digits]): Hex => `0x${digits}`);
}

function getText(item: unknown): string {
  if (item instanceof BaseError) return `${item.shortMessage}\n${item.details}`;
  return item instanceof Error ? item.message : typeof item === "string" ? item : "";
}

/** What revert data means, if an EntryPoint, the manager or a known policy reverted with it. */
function decodeRevert(data: Hex, cause: unknown, options: DecodeSessionErrorParameters): LatchkeyError | undefined {
  const failed = attempt(() => decodeErrorResult({ abi: entryPointAbi, data }));
  if (failed?.errorName === "FailedOpWithRevert")
    return decodeRevert(failed.args[2], cause, options) ?? decodeMessage(failed.args[1], cause, options);
  if (failed?.errorName === "FailedOp") return decodeMessage(failed.args[1], cause, options);
  return (
    decodeManagerError(data, cause, options) ??
    decodeSignatureError(data, cause, options) ??
    decodePolicyError(data, {}, cause)
  );
}

/** The EntryPoint's codes, which reach us as text. */
function decodeMessage(
  text: string,
  cause: unknown,
  { session, now = Math.floor(Date.now() / 1000) }: DecodeSessionErrorParameters,
): LatchkeyError | undefined {
  if (/\bAA24\b|Invalid UserOp(?:eration)? signature/i.test(text)) return new WrongSignatureError({ cause });
  if (!/\bAA22\b|not valid yet|expires too soon/i.test(text)) return undefined;
  if (session === undefined) return new OutsideWindowError({ cause });
  // Bundlers also refuse what ends within half a minute or began a few seconds ago.
  const { validAfter, validUntil } = session;
  const ended = validUntil !== 0 && validUntil < now + 35;
  const early = validAfter !== 0 && validAfter > now - 10;
  if (ended && !early) return new SessionExpiredError({ validUntil, now, cause });
  if (early && !ended) return new SessionNotStartedError({ validAfter, now, cause });
  return new OutsideWindowError({ cause });
}

function decodeManagerError(
  data: Hex,
  cause: unknown,
  { contracts }: DecodeSessionErrorParameters,
): LatchkeyError | undefined {
  const decoded = attempt(() => decodeErrorResult({ abi: sessionKeyManagerAbi, data }));
  if (decoded === undefined) return decodeCutRefusal(data, cause);
  switch (decoded.errorName) {
    case "NoSessions":
      return new manager.NoSessionsError({ cause });
    case "ZeroSessionId":
      return new manager.ZeroSessionIdError({ cause });
    case "InvalidEpoch": {
      const [epoch, nextEpoch] = decoded.args;
      return new manager.InvalidEpochError({ epoch, nextEpoch, cause });
    }
    case "InvalidGrantRule":
      return new manager.GrantRuleError({ rule: decoded.args[0], cause });
    case "SessionOfAnotherAccount": {
      const [id, account] = decoded.args;
      return new manager.SessionOfAnotherAccountError({ id, account, cause });
    }
    case "NotInstalled":
      return new manager.NotInstalledError({ account: decoded.args[0], cause });
    case "FunctionNotExecute":
      return new manager.FunctionNotExecuteError({ selector: decoded.args[0], cause });
    case "ModeNotAllowed":
      return new manager.ModeNotAllowedError({ mode: decoded.args[0], cause });
    case "NonCanonicalExecution":
      return new manager.NonCanonicalExecutionError({ position: Number(decoded.args[0]), cause });
    case "EmptyBatch":
      return new manager.EmptyBatchError({ cause });
    case "NonCanonicalUse":
      return new manager.NonCanonicalUseError({ position: Number(decoded.args[0]), cause });
    case "SessionKeyNotSupported":
      return new manager.SessionKeyNotSupportedError({ length: Number(decoded.args[0]), cause });
    case "InvalidSignatureLength": {
      const [expected, actual] = decoded.args;
      return new manager.SignatureLengthError({ expected: Number(expected), actual: Number(actual), cause });
    }
    case "InvalidVerifierAnswer": {
      const [id, verifier, length] = decoded.args;
      return new manager.VerifierAnswerError({ id, verifier, length: Number(length), cause });
    }
    case "InitializerNotAllowed":
      return new manager.InitializerNotAllowedError({ length: Number(decoded.args[0]), cause });
    case "SessionNotGranted":
      return new manager.SessionNotGrantedError({ id: decoded.args[0], cause });
    case "SessionIsRevoked":
      return new manager.SessionRevokedError({ id: decoded.args[0], cause });
    case "RootNotGranted": {
      const [id, root] = decoded.args;
      return new manager.RootNotGrantedError({ id, root, cause });
    }
    case "RootIsRevoked": {
      const [id, root] = decoded.args;
      return new manager.RootRevokedError({ id, root, cause });
    }
    case "SignedGrantsOff":
      return new manager.SignedGrantsOffError({ account: decoded.args[0], cause });
    case "GrantPrefixMismatch": {
      const [id, expected, actual] = decoded.args;
      return new manager.GrantPrefixMismatchError({ id, expected, actual, cause });
    }
    case "GrantNotSigned": {
      const [id, digest, answer] = decoded.args;
      return new manager.GrantNotSignedError({ id, digest, answer, cause });
    }
    case "PublicationDiffers": {
      const [id, published] = decoded.args;
      return new manager.PublicationDiffersError({ id, published, cause });
    }
    case "EpochMismatch": {
      const [id, sessionEpoch, accountEpoch] = decoded.args;
      return new manager.EpochMismatchError({ id, sessionEpoch, accountEpoch, cause });
    }
    case "TimeOutOfRange":
      return new manager.TimeOutOfRangeError({ time: Number(decoded.args[0]), cause });
    case "EmptyWindow": {
      const [id, validAfter, validUntil] = decoded.args;
      return new manager.EmptyWindowError({
        id,
        validAfter: Number(validAfter),
        validUntil: Number(validUntil),
        cause,
      });
    }
    case "PaymasterNotAllowed": {
      const [id, expected, actual] = decoded.args;
      return new manager.PaymasterNotAllowedError({ id, expected, actual, cause });
    }
    case "InvalidPaymasterData":
      return new manager.PaymasterDataError({ length: Number(decoded.args[0]), cause });
    case "OpCostExceeded": {
      const [id, maxOpCost, opCost] = decoded.args;
      return new manager.OpCostExceededError({ id, maxOpCost, opCost, cause });
    }
    case "TargetForbidden": {
      const [id, callIndex, target] = decoded.args;
      return new call.TargetForbiddenError({ target, context: { id, callIndex: Number(callIndex) }, cause });
    }
    case "TargetIsModule": {
      const [id, callIndex, target] = decoded.args;
      return new call.TargetIsModuleError({ target, context: { id, callIndex: Number(callIndex) }, cause });
    }
    case "SelectorForbidden": {
      const [id, callIndex, selector] = decoded.args;
      return new call.SelectorForbiddenError({ selector, context: { id, callIndex: Number(callIndex) }, cause });
    }
    case "ActionNotRevealed": {
      const [callIndex, actionIndex] = decoded.args;
      return new call.ActionNotRevealedError({
        context: { callIndex: Number(callIndex), actionIndex: Number(actionIndex) },
        cause,
      });
    }
    case "ActionNotClaimed": {
      const [bits] = decoded.args;
      const actionIndexes = Array.from({ length: 256 }, (_, index) => index).filter(
        (index) => ((bits >> BigInt(index)) & 1n) === 1n,
      );
      return new call.ActionNotClaimedError({ actionIndexes, cause });
    }
    case "ActionTooBroad": {
      const [id, actionIndex] = decoded.args;
      return new call.ActionTooBroadError({ context: { id, actionIndex: Number(actionIndex) }, cause });
    }
    case "TargetNotAllowed": {
      const [id, callIndex, actionIndex, expected, actual] = decoded.args;
      const context = { id, callIndex: Number(callIndex), actionIndex: Number(actionIndex) };
      return new call.TargetNotAllowedError({ expected, actual, context, cause });
    }
    case "SelectorNotAllowed": {
      const [id, callIndex, actionIndex, expected, actual] = decoded.args;
      const context = { id, callIndex: Number(callIndex), actionIndex: Number(actionIndex) };
      return new call.SelectorNotAllowedError({ expected, actual, context, cause });
    }
    case "CalldataTooShort": {
      const [id, callIndex, length] = decoded.args;
      const context = { id, callIndex: Number(callIndex) };
      return new call.CalldataTooShortError({ length: Number(length), context, cause });
    }
    case "ValueExceeded": {
      const [id, callIndex, actionIndex, maxValue, value] = decoded.args;
      const context = { id, callIndex: Number(callIndex), actionIndex: Number(actionIndex) };
      return new call.ValueExceededError({ maxValue, value, context, cause });
    }
    case "PolicyRefused": {
      const [id, callIndex, actionIndex, refusing, reason] = decoded.args;
      const context = {
        id,
        callIndex: Number(callIndex),
        actionIndex: Number(actionIndex),
        policy: refusing,
      };
      return (
        decodePolicyError(reason, context, cause, contracts) ??
        new policy.UnknownPolicyError({ reason, context, cause })
      );
    }
    case "NotOwnRevocation": {
      const [id, callIndex] = decoded.args;
      return new call.NotOwnRevocationError({ context: { id, callIndex: Number(callIndex) }, cause });
    }
    case "OperationPolicyRefused": {
      const [id, policyIndex, refusing, reason] = decoded.args;
      const context = { id, policyIndex: Number(policyIndex), policy: refusing };
      return (
        decodePolicyError(reason, context, cause, contracts) ??
        new policy.UnknownPolicyError({ reason, context, cause })
      );
    }
    case "InvalidPolicyAnswer": {
      const [id, refusing, length] = decoded.args;
      return new policy.PolicyAnswerError({ length: Number(length), context: { id, policy: refusing }, cause });
    }
    case "InvalidPolicyValidationData": {
      const [id, refusing, validationData] = decoded.args;
      return new policy.PolicyValidationDataError({ validationData, context: { id, policy: refusing }, cause });
    }
    default:
      return undefined;
  }
}

/** Why the manager does not answer that a session key signed for an account (ERC-1271): its checker says. */
function decodeSignatureError(
  data: Hex,
  cause: unknown,
  { contracts }: DecodeSessionErrorParameters,
): LatchkeyError | undefined {
  const decoded = attempt(() => decodeErrorResult({ abi: signatureCheckerAbi, data }));
  if (decoded === undefined) return undefined;
  switch (decoded.errorName) {
    case "SenderForbidden":
      return new signature.SenderForbiddenError({ sender: decoded.args[0], cause });
    case "NothingMayBeSigned":
      return new SigningNotSupportedError({ what: "messages", cause });
    case "DomainDiffers": {
      const [expected, actual] = decoded.args;
      return new signature.DomainDiffersError({ expected, actual, cause });
    }
    case "DomainOfAnotherChain":
      return new signature.DomainOfAnotherChainError({ chainId: decoded.args[0], cause });
    case "VerifyingContractForbidden":
      return new signature.VerifyingContractForbiddenError({ verifyingContract: decoded.args[0], cause });
    case "ContentForbidden":
      return new signature.ContentForbiddenError({ primaryType: decoded.args[0], cause });
    case "ContentDiffers": {
      const [expected, actual] = decoded.args;
      return new signature.ContentDiffersError({ expected, actual, cause });
    }
    case "NotSignedByKey":
      return new signature.MessageNotSignedError({ id: decoded.args[0], cause });
    case "SignaturePolicyRefused": {
      const [id, signaturePolicyIndex, refusing, reason] = decoded.args;
      const context = { id, signaturePolicyIndex: Number(signaturePolicyIndex), policy: refusing };
      return (
        decodePolicyError(reason, context, cause, contracts) ??
        new policy.UnknownPolicyError({ reason, context, cause })
      );
    }
    case "OutsideWindow": {
      const [, validAfter, validUntil, now] = decoded.args;
      const window = { validAfter: Number(validAfter), validUntil: Number(validUntil), now: Number(now) };
      return new OutsideWindowError({ ...window, cause });
    }
    default:
      return undefined;
  }
}

/** A refusal by a policy whose reason is so long that the EntryPoint, which passes on 2,048 bytes, cut it off. */
function decodeCutRefusal(data: Hex, cause: unknown): LatchkeyError | undefined {
  const [id, callIndex, actionIndex, refusing] =
    readCut(data, "PolicyRefused", parseAbiParameters("bytes32, uint256, uint256, address")) ?? [];
  if (id !== undefined) {
    const context = { id, callIndex: Number(callIndex), actionIndex: Number(actionIndex), policy: refusing };
    return new policy.UnknownPolicyError({ reason: slice(data, 4 + 6 * 32), context, cause });
  }
  const [session, policyIndex, asked] =
    readCut(data, "OperationPolicyRefused", parseAbiParameters("bytes32, uint256, address")) ?? [];
  if (session === undefined) return undefined;
  const context = { id: session, policyIndex: Number(policyIndex), policy: asked };
  return new policy.UnknownPolicyError({ reason: slice(data, 4 + 5 * 32), context, cause });
}

/** The head of an error whose last parameter, bytes, is cut off. */
function readCut<const head extends readonly AbiParameter[]>(
  data: Hex,
  errorName: string,
  head: head,
): DecodeAbiParametersReturnType<head> | undefined {
  const selector = toFunctionSelector(`${errorName}(${[...head.map(({ type }) => type), "bytes"].join(",")})`);
  // After the head come the offset and the length of the reason.
  const start = 4 + (head.length + 2) * 32;
  if (size(data) <= start || slice(data, 0, 4) !== selector) return undefined;
  return attempt(() => decodeAbiParameters(head, slice(data, 4, start)));
}
