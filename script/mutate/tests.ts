// Which tests know a file: first those beside it, then those that others have of it.

/** Whatever uses the contracts together; asked about what the tests beside a file let pass. */
export const TOGETHER = "test/{conformance,docs,integration,invariant}/*";
const MANAGER = "test/unit/{SessionKeyManager*,SessionHash*,ValidityWindow*}";
const SIGNATURES = "test/unit/SignatureChecker*";
const LIMITS = "test/unit/{BuiltInPolicies,LimitPolicies,ERC20LimitPolicy,PeriodLibrary,Budget}*";
const RULES = "test/unit/{ABIRulePolicy,ArgumentRules}*";
const TYPED_DATA = "test/unit/TypedDataPolicy*";
const P256 = "test/unit/P256Verifier*";
const WEBAUTHN = "test/unit/WebAuthnVerifier*";
const FROST = "test/unit/FrostVerifier*";
const ORDINARY = "test/unit/OrdinaryUse*";
const BUILT_IN = "test/unit/{BuiltInPolicies,Differential}*";

export const TESTS: Record<string, readonly string[]> = {
  "contracts/policies/ABIRulePolicy.sol": [RULES, BUILT_IN, TOGETHER],
  "contracts/libraries/ArgumentRules.sol": [RULES, BUILT_IN, TOGETHER],
  "contracts/libraries/ABIShape.sol": [RULES, TOGETHER],
  "contracts/libraries/LimitLibrary.sol": [LIMITS, BUILT_IN, TOGETHER],
  "contracts/libraries/ERC20Limit.sol": [LIMITS, BUILT_IN, TOGETHER],
  "contracts/libraries/UsageLimit.sol": [LIMITS, BUILT_IN, TOGETHER],
  "contracts/libraries/PeriodLibrary.sol": [LIMITS, BUILT_IN, TOGETHER],
  "contracts/types/Budget.sol": [LIMITS, BUILT_IN, TOGETHER],
  "contracts/policies/ERC20LimitPolicy.sol": [LIMITS, BUILT_IN, TOGETHER],
  "contracts/policies/NativeLimitPolicy.sol": [LIMITS, BUILT_IN, TOGETHER],
  "contracts/policies/UsageLimitPolicy.sol": [LIMITS, BUILT_IN, TOGETHER],
  "contracts/policies/GasLimitPolicy.sol": [LIMITS, BUILT_IN, TOGETHER],
  "contracts/policies/TypedDataPolicy.sol": [TYPED_DATA, TOGETHER],
  "contracts/libraries/TypedDataRules.sol": [TYPED_DATA, TOGETHER],
  "contracts/SignatureChecker.sol": [SIGNATURES, MANAGER, TOGETHER],
  "contracts/libraries/SignatureUseDecoder.sol": [SIGNATURES, TOGETHER],
  "contracts/libraries/AccountDomain.sol": [SIGNATURES, TOGETHER],
  "contracts/libraries/P256Signature.sol": [P256, WEBAUTHN, TOGETHER],
  "contracts/signers/P256Verifier.sol": [P256, TOGETHER],
  "contracts/signers/WebCryptoP256Verifier.sol": [P256, TOGETHER],
  "contracts/signers/WebAuthnVerifier.sol": [WEBAUTHN, TOGETHER],
  "contracts/signers/ERC1271Verifier.sol": ["test/unit/ERC1271Verifier*", TOGETHER],
  "contracts/libraries/FrostSignature.sol": [FROST, TOGETHER],
  "contracts/signers/FrostVerifier.sol": [FROST, TOGETHER],
  "contracts/types/AccountState.sol": [MANAGER, TOGETHER],
  "contracts/types/ValidityWindow.sol": [MANAGER, LIMITS, TOGETHER],
  "contracts/types/Asker.sol": ["test/unit/Asker*", LIMITS, BUILT_IN, RULES, TOGETHER],
  "contracts/libraries/ForbiddenCalls.sol": [ORDINARY, MANAGER, SIGNATURES, TOGETHER],
  "contracts/libraries/OperationCost.sol": [MANAGER, BUILT_IN, TOGETHER],
  "contracts/libraries/CalldataReader.sol": [ORDINARY, MANAGER, RULES, TOGETHER],
  "contracts/libraries/SessionHash.sol": [ORDINARY, MANAGER, SIGNATURES, TOGETHER],
  "contracts/libraries/PolicyCall.sol": [MANAGER, BUILT_IN, TOGETHER],
  "contracts/types/BuiltInPolicy.sol": [BUILT_IN, MANAGER, TOGETHER],
  "contracts/types/PackedUse.sol": [ORDINARY, MANAGER, SIGNATURES, TOGETHER],
  "contracts/types/Words.sol": [ORDINARY, MANAGER, SIGNATURES, TOGETHER],
  "contracts/libraries/KeySignature.sol": [MANAGER, SIGNATURES, TOGETHER],
  "contracts/libraries/ActionDecoder.sol": [ORDINARY, MANAGER, SIGNATURES, TOGETHER],
  "contracts/libraries/ExecutionDecoder.sol": [ORDINARY, MANAGER, SIGNATURES, TOGETHER],
  "contracts/libraries/UseDecoder.sol": [ORDINARY, MANAGER, SIGNATURES, TOGETHER],
  "contracts/libraries/OrdinaryUse.sol": [ORDINARY, MANAGER, BUILT_IN, TOGETHER],
  "contracts/types/Calls.sol": [MANAGER, BUILT_IN, TOGETHER],
  "contracts/SessionKeyManager.sol": [MANAGER, SIGNATURES, BUILT_IN, TOGETHER],
};

/**
 * Tests that have the code of a library in themselves, rather than in a contract that they deploy: it is changed there
 * too. The others' own copies, by which they tell what is right, stay as they are.
 */
export const TESTS_WITH_CODE: readonly string[] = [
  "Asker.t.sol/AskerTest.json",
  "Budget.t.sol/BudgetTest.json",
  "PeriodLibrary.t.sol/PeriodHarness.json",
  "PeriodLibrary.t.sol/PeriodLibraryTest.json",
  "ValidityWindow.t.sol/ValidityWindowTest.json",
  "SessionKeyManager.storage.t.sol/AccountStateTest.json",
  "ExecutionHarness.sol/ExecutionHarness.json",
  "BuiltInReader.sol/BuiltInReader.json",
  "BothRulePolicies.sol/BothRulePolicies.json",
  "OrdinaryUseReader.sol/OrdinaryUseReader.json",
];
