import { type AbiFunction, getAddress, type Hex, hexToString, isAddressEqual, size, slice, zeroAddress } from "viem";
import { anyPaymaster, anySelector, anyTarget, noCalldata } from "../constants.js";
import { type AbiCallRule, decodeAbiRuleConfig } from "../policies/abiRule.js";
import { decodeErc20LimitConfig, type Erc20Limits } from "../policies/erc20Limit.js";
import { decodeLimitConfig, type Limits } from "../policies/limit.js";
import { type DecodedMessagePermission, decodeTypedDataConfig } from "../policies/typedData.js";
import type { Action, Policy } from "../types.js";
import { listMessageFields } from "./messageFields.js";
import {
  type AllowedCall,
  fixesWord,
  type Grip,
  getGrip,
  listFreeArguments,
  listInnerCalls,
  tokenFunctions,
} from "./ruleRisks.js";
import { findFunction, findMessage, nameOf, type View } from "./sessionView.js";
import { spendingMessages } from "./spendingMessages.js";
import { identifier, joinWords, quote } from "./words.js";

/** More than there is of anything: a limit that high is none. A token of 18 decimals would have 10^12 whole ones. */
const boundless = 2n ** 100n;
/** More operations than an account makes. */
const countless = 2n ** 20n;

/** What counts how much there is in all, or in each period, and not only at once. */
function isCumulative({ total, perPeriod }: Pick<Limits, "total" | "perPeriod">, most = boundless): boolean {
  return [total, perPeriod?.amount].some((amount) => amount !== undefined && amount < most);
}

/** Whether some policy of a name limits all together, or each period. */
function isCounted(view: View, policies: readonly Policy[], name: "gasLimitPolicy" | "nativeLimitPolicy"): boolean {
  return policies.some((policy) => view.policyName(policy) === name && isCumulative(decodeLimitConfig(policy.config)));
}

/** Whether some policy of the session limits how many operations there are; each has a call at least. */
function hasOperationCount(view: View, of: "operations" | "calls"): boolean {
  return view.session.operationPolicies.some((policy) => {
    if (view.policyName(policy) !== "usageLimitPolicy") return false;
    const limits = decodeLimitConfig(policy.config);
    return isCumulative(limits, countless) && (of === "operations" || limits.countsCalls === true);
  });
}

const year = 366 * 86_400;

/** What an owner should think about before allowing a session. */
export function listRisks(view: View): readonly string[] {
  const { session } = view;
  const policies = [...session.operationPolicies, ...session.actions.flatMap((action) => action.policies)];
  const unread = [...policies, ...session.signaturePolicies].filter((policy) => view.policyName(policy) === undefined);
  const malformed = unread.filter(view.isMalformed);
  const unknown = unread.filter((policy) => !malformed.includes(policy));
  const named = [...view.tokens.values()].filter(({ isSelfNamed }) => isSelfNamed);
  const isSponsored = ![zeroAddress, anyPaymaster].some((address) => isAddressEqual(session.paymaster, address));
  const spender = isSponsored ? "all that the paymaster grants" : `all ${view.nativeSymbol} of the account`;
  return [
    ...listTimeRisks(view),
    ...(session.chainId === 0n ? ["It holds on every chain, with each limit anew on each of them."] : []),
    ...listKeyRisks(view),
    ...new Set(session.actions.flatMap((action) => listActionRisks(view, action))),
    ...(isCounted(view, session.operationPolicies, "gasLimitPolicy") || hasOperationCount(view, "operations")
      ? []
      : [`Nothing limits how many operations there are: a stolen key could spend ${spender} on gas.`]),
    ...(isAddressEqual(session.paymaster, anyPaymaster)
      ? ["Any paymaster may be used, also one that takes tokens for it where it has an allowance."]
      : []),
    ...(session.signaturePolicies.length === 0
      ? []
      : ["What it signs counts outside of operations, and nothing limits how often: read what it may sign."]),
    ...new Set(
      session.signaturePolicies
        .filter((policy) => view.policyName(policy) === "typedDataPolicy")
        .flatMap(({ config }) => decodeTypedDataConfig(config))
        .flatMap((permission) => listMessageRisks(view, permission)),
    ),
    ...named.map(({ address, symbol }) => `The token ${getAddress(address)} calls itself ${symbol}: so can any token.`),
    ...new Set(
      unknown.map(({ policy }) => `The policy ${getAddress(policy)} is not known: it may allow more than it seems.`),
    ),
    ...new Set(
      malformed.map(
        ({ policy }) =>
          `The configuration of the policy ${getAddress(policy)} is malformed: nobody can read what it says.`,
      ),
    ),
  ];
}

function listTimeRisks({ session, now, epoch }: View): readonly string[] {
  return [
    ...(session.validUntil === 0 ? ["It has no end: it lasts until you revoke it."] : []),
    ...(session.validUntil !== 0 && session.validUntil < now ? ["It has ended already."] : []),
    ...(session.validUntil > now + year ? ["It lasts for more than a year, unless you revoke it."] : []),
    ...(epoch !== undefined && session.epoch < epoch ? ["It has ended already, with its epoch."] : []),
    ...(epoch !== undefined && session.epoch > epoch
      ? ["It is for a later epoch of the account: it would come to life when all sessions are revoked."]
      : []),
  ];
}

function listKeyRisks({ session: { sessionKey }, verifierName }: View): readonly string[] {
  if (size(sessionKey) <= 20) return [];
  const verifier = slice(sessionKey, 0, 20);
  if (verifierName(verifier) !== undefined) return [];
  return [`The verifier ${getAddress(verifier)} of the key is not known: it may take what anybody signed.`];
}

/** The risks of messages that a session may sign. */
export function listMessageRisks(view: View, permission: DecodedMessagePermission): readonly string[] {
  if ("beginning" in permission)
    return [`Nothing limits how personal messages go on that begin with ${quote(hexToString(permission.beginning))}.`];
  const { typeHash, rules } = permission;
  const spending = spendingMessages[typeHash]?.type;
  const known = findMessage(view, permission)?.primaryType ?? spending;
  const type = known === undefined ? `of the type ${typeHash}` : `of the type ${identifier(known)}`;
  const free = listMessageFields(view, permission).flatMap(({ name, type: of }, index) =>
    of === "address" && !fixesWord(rules, index) ? [identifier(name)] : [],
  );
  return [
    ...(getGrip(rules) === "some" ? [] : [`Nothing limits what messages ${type} say.`]),
    ...(getGrip(rules) === "some" && free.length > 0 ? [`Nothing limits ${joinWords(free)} of messages ${type}.`] : []),
    ...(known === undefined ? [`Messages ${type} are not known: nobody can read here what they are.`] : []),
    ...(spending === undefined
      ? []
      : [`Messages ${type} let others take tokens of the account, each anew, and outlive the session.`]),
  ];
}

/** The risks of the calls that an action allows. */
export function listActionRisks(view: View, action: Action): readonly string[] {
  const { target, selector, maxValue, policies } = action;
  const named = policies.map((policy) => ({ name: view.policyName(policy), config: policy.config }));
  const isAnywhere = isAddressEqual(target, anyTarget);
  const where = isAnywhere ? "any contract" : nameOf(view, target);
  const what = findFunction(view, target, selector)?.name ?? selector;
  const limits = named.flatMap(({ name, config }) =>
    name === "erc20LimitPolicy" ? [decodeErc20LimitConfig(config)] : [],
  );
  const groups = named.flatMap(({ name, config }) => (name === "abiRulePolicy" ? decodeAbiRuleConfig(config) : []));
  // One that is not known may limit arguments, too.
  const grip = limits.length > 0 || named.some(({ name }) => name === undefined) ? "some" : getGrip(groups);
  const isTransfer = selector === noCalldata;
  const isOften = !named.some(
    ({ name, config }) => name === "usageLimitPolicy" && isCumulative(decodeLimitConfig(config)),
  );
  const isUncounted = isOften && !hasOperationCount(view, "calls");
  return [
    ...(isAnywhere && isTransfer ? [`${view.nativeSymbol} may go to anyone.`] : []),
    ...(isAnywhere && !isTransfer ? [`The function ${identifier(what)} may be called on any contract.`] : []),
    ...(selector === anySelector ? [`Any function of ${where} may be called, also ones that you do not know.`] : []),
    ...listFunctionRisks(view, action, { groups, grip }),
    ...listInnerRisks(view, action, listInnerCalls(groups)),
    ...(maxValue > 0n &&
    isUncounted &&
    !isCounted(view, [...policies, ...view.session.operationPolicies], "nativeLimitPolicy")
      ? [`Each call to ${where} may send ${view.native(maxValue)}, and nothing limits how many there are.`]
      : []),
    ...listTokenRisks({ where, limits, isUncounted, calls: [{ selector, groups }, ...listInnerCalls(groups)] }),
  ];
}

function listFunctionRisks(view: View, { target, selector }: Action, rules: Rules): readonly string[] {
  if (selector === anySelector || selector === noCalldata) return [];
  const item = findFunction(view, target, selector);
  const where = isAddressEqual(target, anyTarget) ? "any contract" : nameOf(view, target);
  return listArgumentRisks(`${identifier(item?.name ?? selector)} on ${where}`, item, { ...rules, selector });
}

/** Those of functions that may be called inside of a call. */
function listInnerRisks(view: View, { target, selector }: Action, calls: readonly AllowedCall[]): readonly string[] {
  const outer = identifier(findFunction(view, target, selector)?.name ?? selector);
  const where = isAddressEqual(target, anyTarget) ? "any contract" : nameOf(view, target);
  return calls.flatMap(({ selector: inner, groups }) => {
    const item = view.names.functionBySelector(inner);
    const what = `${identifier(item?.name ?? inner)} inside of ${outer} on ${where}`;
    return listArgumentRisks(what, item, { groups, grip: getGrip(groups), selector: inner });
  });
}

type Rules = { readonly groups: readonly (readonly AbiCallRule[])[]; readonly grip: Grip };

function listArgumentRisks(
  what: string,
  item: AbiFunction | undefined,
  { groups, grip, selector }: Rules & { readonly selector: Hex },
): readonly string[] {
  if (grip === "none" && item?.inputs.length !== 0)
    return [...listUnknown(what, item), `Nothing limits the arguments of ${what}.`];
  // What moves tokens has risks of its own. Without rules, a policy that is not known has them.
  const isKnown = tokenFunctions[selector] !== undefined || groups.length === 0;
  const free = isKnown || item === undefined ? [] : listFreeArguments(item.inputs, groups);
  return [
    ...listUnknown(what, item),
    ...(grip === "exceptions" ? [`The arguments of ${what} are limited only by values that they may not have.`] : []),
    ...(free.length === 0 || grip === "exceptions" ? [] : [`Nothing limits ${joinWords(free)} of ${what}.`]),
  ];
}

function listUnknown(what: string, item: AbiFunction | undefined): readonly string[] {
  return item === undefined ? [`The function ${what} is not known here: nobody can read what it does.`] : [];
}

/** What may happen to tokens, by calls of functions that all tokens have; also inside of other calls. */
function listTokenRisks({
  where,
  limits,
  isUncounted,
  calls: [call, ...inner],
}: {
  where: string;
  /** Of the call itself. */
  limits: readonly Erc20Limits[];
  isUncounted: boolean;
  calls: readonly [AllowedCall, ...AllowedCall[]];
}): readonly string[] {
  const known = [{ ...call, limits }, ...inner.map((one) => ({ ...one, limits: [] }))].flatMap((one) => {
    const token = tokenFunctions[one.selector];
    return token ? [{ ...one, token }] : [];
  });
  const isLimited = limits.some((limit) => isCumulative(limit));
  const isUnlimited =
    (limits.length > 0 && !isLimited) ||
    (isUncounted &&
      known.some(
        ({ token, groups, limits: own }) =>
          own.length === 0 && token.amount !== undefined && !fixesWord(groups, token.amount),
      ));
  const isToAnyone =
    (limits.length > 0 && known.length === 0 && limits.every(({ recipients }) => recipients === undefined)) ||
    known.some(
      ({ token, groups, limits: own }) =>
        own.every(({ recipients }) => recipients === undefined) && !fixesWord(groups, token.recipient),
    );
  return [
    ...(isUnlimited ? [`Nothing limits how much of ${where} is moved in all.`] : []),
    ...(isToAnyone ? [`Tokens of ${where} may go to anyone.`] : []),
    ...(known.some(({ token }) => token.isForAll)
      ? [`Whoever is approved may take all tokens of ${where}, also those that come later.`]
      : []),
    ...(known.some(({ token }) => token.isApproval) || (limits.length > 0 && call.selector === anySelector)
      ? [`Approvals of ${where} outlive the session, and its revocation.`]
      : []),
  ];
}
