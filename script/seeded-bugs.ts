// Known bugs of session key systems, from audits and code of others, each put into the contracts by hand: what
// `tsx script/mutate.ts --seeded` shows is that the tests catch every one of them.

/** A bug: what in a file is replaced by what, and which tests must catch it. */
export type SeededBug = { name: string; file: string; from: string; to: string; tests: string };

const MANAGER = "contracts/SessionKeyManager.sol";

export const seededBugs: readonly SeededBug[] = [
  {
    name: "a policy's window does not restrict the session's",
    file: "contracts/types/ValidityWindow.sol",
    from: "if (validUntil != 0 && validUntil < window.validUntil) window.validUntil = validUntil;",
    to: "",
    tests: "test/invariant/*",
  },
  {
    name: "what was revoked can be granted again",
    file: MANAGER,
    from: "if (status == SessionStatus.Revoked) revert SessionIsRevoked(id);\n        if (status == SessionStatus.Granted) return;",
    to: "if (status == SessionStatus.Granted) return;",
    tests: "test/invariant/*",
  },
  {
    name: "a session outlives revoke-all",
    file: MANAGER,
    from: "if (packed.epoch() != state.epoch()) revert EpochMismatch(id, uint64(packed.epoch()), state.epoch());",
    to: "",
    tests: "test/invariant/*",
  },
  {
    name: "a revoked leaf lives on under its root",
    file: MANAGER,
    from: "if (status == SessionStatus.Revoked) revert SessionIsRevoked(id);\n        if (UseDecoder.hasProof(packed))",
    to: "if (UseDecoder.hasProof(packed))",
    tests: "test/invariant/*",
  },
  {
    name: "a weaker validator signs grants",
    file: MANAGER,
    from: "if (start != prefix || signature.length < length) {",
    to: "if (false) {",
    tests: "test/invariant/*",
  },
  {
    name: "any mode that is not single counts as a batch",
    file: "contracts/libraries/ExecutionDecoder.sol",
    from: "if (mode != BATCH_MODE) revert ISessionKeyManager.ModeNotAllowed(mode);",
    to: "",
    tests: "test/unit/SessionKeyManager.execution*",
  },
  {
    name: "an empty batch is accepted",
    file: "contracts/libraries/ExecutionDecoder.sol",
    from: "if (count == 0) revert ISessionKeyManager.EmptyBatch();",
    to: "",
    tests: "test/unit/SessionKeyManager.execution*",
  },
  {
    name: "a session calls its own account",
    file: "contracts/libraries/ForbiddenCalls.sol",
    from: "or(eq(target, account), eq(target, manager))",
    to: "eq(target, manager)",
    tests: "test/unit/SessionKeyManager.calls*",
  },
  {
    name: "transferFrom is not counted",
    file: "contracts/libraries/ERC20Limit.sol",
    from: "recipient = _readAddress(position, asker);\n            amount = uint256((position + 32).word());",
    to: "recipient = _readAddress(position, asker);\n            amount = expected == 100 ? 0 : uint256((position + 32).word());",
    tests: "test/unit/ERC20LimitPolicy*",
  },
  {
    name: "going back to an earlier period forgets what was spent",
    file: "contracts/libraries/LimitLibrary.sol",
    from: "if (number < period) {\n                asker.refuse(abi.encodeWithSelector(ILimitPolicy.PeriodInPast.selector, period, number));\n            }\n            if (number > period) inPeriod = 0;",
    to: "if (number != period) inPeriod = 0;",
    tests: "test/invariant/*",
  },
  {
    name: "a spent total is forgotten when a new period begins",
    file: "contracts/libraries/LimitLibrary.sol",
    from: "slot.budget = BudgetLibrary.pack(total, inPeriod, period);",
    to: "slot.budget = BudgetLibrary.pack(period > budget.period() ? 0 : total, inPeriod, period);",
    tests: "test/invariant/*",
  },
  {
    name: "uninstalling leaves the epoch as it was",
    file: MANAGER,
    from: "AccountState state = _moveEpoch(_accounts[msg.sender]);",
    to: "AccountState state = _accounts[msg.sender];",
    tests: "test/invariant/*",
  },
  {
    name: "bytes may follow the session key's signature",
    file: "contracts/libraries/KeySignature.sol",
    from: "| (length ^ 65) |",
    to: "| (length < 65 ? 1 : 0) |",
    tests: "test/unit/SessionKeyManager.{use,signature}*",
  },
  {
    name: "a dirty address is cut to its last 20 bytes",
    file: "contracts/libraries/ExecutionDecoder.sol",
    from: "if (targetWord >> 160 != 0) _refuse(origin, cursor);",
    to: "",
    tests: "test/unit/SessionKeyManager.execution*",
  },
  {
    name: "calls under different limits share the first one's budget",
    file: "contracts/types/Asker.sol",
    from: "return asker.place().get(CONFIG) == config.positionOf();",
    to: "return asker.place().get(CONFIG) + config.length != config.length;",
    tests: "test/invariant/*",
  },
  {
    name: "a batch of one call is read as a single call",
    file: "contracts/libraries/OrdinaryUse.sol",
    from: "gt(sub(calls, 2), 30)",
    to: "gt(sub(calls, 1), 31)",
    tests: "test/unit/OrdinaryUse*",
  },
  {
    name: "of a batch, only the last transfer is counted",
    file: "contracts/libraries/OrdinaryUse.sol",
    from: "amount := add(amount, value)",
    to: "amount := value",
    tests: "test/unit/{OrdinaryUse,BuiltInPolicies}*",
  },
  {
    name: "of a batch, what lies where a transfer's amount would be is counted, whatever the calls are",
    file: "contracts/libraries/OrdinaryUse.sol",
    from: "odd := or(mul(isBatch, xor(calldataload(sub(data, 32)), 68)), odd)",
    to: "",
    tests: "test/unit/{OrdinaryUse,BuiltInPolicies}*",
  },
];
