// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {Vm, VmSafe} from "forge-std/Vm.sol";
import {ICallPolicy} from "contracts/interfaces/ICallPolicy.sol";
import {IOperationPolicy, OperationFacts} from "contracts/interfaces/IOperationPolicy.sol";

/// @notice A policy, and what it is asked. Make one with {PolicyConformance-onCall} or {PolicyConformance-onOperation}.
struct Sample {
    address policy;
    /// What is asked, without who asks.
    Question accepted;
    Question refused;
}

struct Question {
    bool onOperation;
    bytes config;
    uint256 claimedTime;
    /// On a call.
    address target;
    uint256 value;
    bytes data;
    /// On an operation.
    OperationFacts facts;
}

/// @title PolicyConformance
/// @notice Tells whether a policy keeps the rules that {ICallPolicy} states: inherit it in a forge test of your own, override
/// {samples}, and run the tests. docs/policy-author-guide.md has an example and says why each rule is there.
/// @dev What cannot be found out by asking, it cannot: whether the limit is a sensible one, and whether the policy decides on
/// what execution changes (allowances, say) of contracts that the samples do not touch.
abstract contract PolicyConformance is Test {
    /// @notice The answer is not one word.
    error AnswerIsNotOneWord(address policy, uint256 length);
    /// @notice The low 160 bits of the answer are not zero, a bound is 2^47 or more, or the window is empty.
    error AnswerIsNoValidityWindow(address policy, uint256 answer);
    /// @notice What was to be accepted was refused.
    error SampleWasRefused(address policy, bytes reason);
    /// @notice What was to be refused was accepted.
    error SampleWasAccepted(address policy, uint256 answer);
    /// @notice A refusal carries no error: a selector at least.
    error RefusalWithoutReason(address policy, uint256 length);
    /// @notice A slot is not associated with the account (ERC-7562): keccak256(account ++ x) + n, with n below 128.
    error StorageNotAssociated(address at, bytes32 slot);
    /// @notice The same slot is written for another account, budget or manager.
    error BudgetsShareASlot(address at, bytes32 slot, string apart);
    /// @notice An opcode that bundlers forbid in validation (ERC-7562), or whose effect cannot be told apart by them.
    error OpcodeForbidden(address policy, uint256 at, bytes1 opcode);
    /// @notice The policy sends ether, creates or destroys contracts, looks at a balance, or calls an address without code.
    error AccessForbidden(address policy, address to, VmSafe.AccountAccessKind kind);
    /// @notice The policy answers or counts otherwise if only the block, the fees or balances are others.
    error DependsOnSurroundings(address policy);
    /// @notice The policy has no code.
    error NoCode(address policy);

    /// @dev Who asks, and about whom.
    struct Asker {
        address manager;
        address account;
        bytes32 budgetId;
    }

    /// @notice The policies to check, each with something that it accepts and something that it refuses, when nothing has been
    /// counted yet.
    function samples() internal virtual returns (Sample[] memory);

    /// @notice A question about a call.
    function onCall(bytes memory config, uint256 claimedTime, address target, uint256 value, bytes memory data)
        internal
        pure
        returns (Question memory question)
    {
        question.config = config;
        question.claimedTime = claimedTime;
        question.target = target;
        question.value = value;
        question.data = data;
    }

    /// @notice A question about an operation.
    function onOperation(bytes memory config, uint256 claimedTime, OperationFacts memory facts)
        internal
        pure
        returns (Question memory question)
    {
        question.onOperation = true;
        question.config = config;
        question.claimedTime = claimedTime;
        question.facts = facts;
    }

    /*//////////////////////////////////////////////////////////////
                                 TESTS
    //////////////////////////////////////////////////////////////*/

    function test_Conformance_AnswersWithAValidityWindow() external {
        Sample[] memory all = samples();
        for (uint256 i = 0; i < all.length; ++i) {
            checkAnswer(all[i]);
        }
    }

    function test_Conformance_RefusesWithAReason() external {
        Sample[] memory all = samples();
        for (uint256 i = 0; i < all.length; ++i) {
            checkRefusal(all[i]);
        }
    }

    function test_Conformance_HasNoForbiddenOpcode() external {
        Sample[] memory all = samples();
        for (uint256 i = 0; i < all.length; ++i) {
            checkOpcodes(all[i]);
        }
    }

    function test_Conformance_TouchesStorageOfTheAccountOnly() external {
        Sample[] memory all = samples();
        for (uint256 i = 0; i < all.length; ++i) {
            checkStorage(all[i]);
        }
    }

    function test_Conformance_KeepsBudgetsApart() external {
        Sample[] memory all = samples();
        for (uint256 i = 0; i < all.length; ++i) {
            checkIsolation(all[i]);
        }
    }

    function test_Conformance_CallsNothingButCode() external {
        Sample[] memory all = samples();
        for (uint256 i = 0; i < all.length; ++i) {
            checkAccesses(all[i]);
        }
    }

    function test_Conformance_DependsOnNothingAround() external {
        Sample[] memory all = samples();
        for (uint256 i = 0; i < all.length; ++i) {
            checkSurroundings(all[i]);
        }
    }

    /*//////////////////////////////////////////////////////////////
                                 CHECKS
    //////////////////////////////////////////////////////////////*/

    function checkAnswer(Sample memory sample) internal {
        if (sample.policy.code.length == 0) revert NoCode(sample.policy);
        (bool accepted, bytes memory answer) = _ask(sample.policy, sample.accepted, _asker());
        if (!accepted) revert SampleWasRefused(sample.policy, answer);
        if (answer.length != 32) revert AnswerIsNotOneWord(sample.policy, answer.length);
        uint256 word = uint256(bytes32(answer));
        uint256 validAfter = word >> 208;
        uint256 validUntil = word >> 160 & type(uint48).max;
        bool isWindow = uint160(word) == 0 && validAfter < 2 ** 47 && validUntil < 2 ** 47
            && (validUntil == 0 || validAfter <= validUntil);
        if (!isWindow) revert AnswerIsNoValidityWindow(sample.policy, word);
    }

    function checkRefusal(Sample memory sample) internal {
        (bool accepted, bytes memory answer) = _ask(sample.policy, sample.refused, _asker());
        if (accepted) revert SampleWasAccepted(sample.policy, uint256(bytes32(answer)));
        if (answer.length < 4) revert RefusalWithoutReason(sample.policy, answer.length);
    }

    function checkOpcodes(Sample memory sample) internal view {
        bytes memory code = sample.policy.code;
        uint256 end = code.length - _metadataLength(code);
        for (uint256 at = 0; at < end; ++at) {
            bytes1 opcode = code[at];
            // PUSH1 to PUSH32 carry data.
            if (opcode >= 0x60 && opcode <= 0x7f) {
                at += uint8(opcode) - 0x5f;
                continue;
            }
            bool isGas = opcode == 0x5a;
            // GAS only right before CALL, CALLCODE, DELEGATECALL, STATICCALL (OP-012).
            bytes1 next = at + 1 < end ? code[at + 1] : bytes1(0);
            bool beforeCall = next == 0xf1 || next == 0xf2 || next == 0xf4 || next == 0xfa;
            if (isGas ? !beforeCall : _isForbidden(opcode)) revert OpcodeForbidden(sample.policy, at, opcode);
        }
    }

    function checkStorage(Sample memory sample) internal {
        Asker memory asker = _asker();
        vm.startMappingRecording();
        Vm.AccountAccess[] memory accesses = _record(sample.policy, sample.accepted, asker);
        for (uint256 i = 0; i < accesses.length; ++i) {
            for (uint256 k = 0; k < accesses[i].storageAccesses.length; ++k) {
                Vm.StorageAccess memory access = accesses[i].storageAccesses[k];
                if (!_isAssociated(access.account, access.slot, asker.account)) {
                    revert StorageNotAssociated(access.account, access.slot);
                }
            }
        }
        vm.stopMappingRecording();
    }

    function checkIsolation(Sample memory sample) internal {
        Asker memory asker = _asker();
        _checkApart(sample, asker, Asker(makeAddr("another manager"), asker.account, asker.budgetId), "manager");
        _checkApart(sample, asker, Asker(asker.manager, makeAddr("another account"), asker.budgetId), "account");
        _checkApart(sample, asker, Asker(asker.manager, asker.account, keccak256("another budget")), "budget");
    }

    function checkAccesses(Sample memory sample) internal {
        Vm.AccountAccess[] memory accesses = _record(sample.policy, sample.accepted, _asker());
        // The first is the question itself.
        for (uint256 i = 1; i < accesses.length; ++i) {
            VmSafe.AccountAccessKind kind = accesses[i].kind;
            address to = accesses[i].account;
            if (kind == VmSafe.AccountAccessKind.Resume) continue;
            bool isCall = kind == VmSafe.AccountAccessKind.Call || kind == VmSafe.AccountAccessKind.DelegateCall
                || kind == VmSafe.AccountAccessKind.StaticCall;
            // Precompiles 1 to 9 have no code.
            bool hasCode = to.code.length != 0 || (uint160(to) != 0 && uint160(to) < 10);
            if (!isCall || !hasCode || accesses[i].value != 0) revert AccessForbidden(sample.policy, to, kind);
        }
    }

    function checkSurroundings(Sample memory sample) internal {
        bytes32 before = _outcome(sample);
        uint256 state = vm.snapshotState();
        vm.warp(block.timestamp + 1_000_003);
        vm.roll(block.number + 1_003);
        vm.fee(block.basefee + 7 gwei);
        vm.txGasPrice(tx.gasprice + 9 gwei);
        vm.coinbase(makeAddr("another proposer"));
        vm.prevrandao(keccak256("another randao"));
        vm.deal(_asker().account, 12_345 ether);
        vm.deal(sample.policy, 1 ether);
        bytes32 elsewhere = _outcome(sample);
        vm.revertToState(state);
        if (before != elsewhere) revert DependsOnSurroundings(sample.policy);
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    function _asker() private returns (Asker memory) {
        return Asker(makeAddr("manager"), makeAddr("account"), keccak256("budget"));
    }

    function _ask(address policy, Question memory question, Asker memory asker)
        private
        returns (bool accepted, bytes memory answer)
    {
        bytes memory data = _encode(question, asker);
        vm.prank(asker.manager);
        return policy.call(data);
    }

    function _encode(Question memory question, Asker memory asker) private pure returns (bytes memory) {
        if (question.onOperation) {
            return abi.encodeCall(
                IOperationPolicy.checkOperation,
                (asker.account, asker.budgetId, question.facts, question.claimedTime, question.config)
            );
        }
        return abi.encodeCall(
            ICallPolicy.checkCall,
            (
                asker.account,
                asker.budgetId,
                question.target,
                question.value,
                question.claimedTime,
                question.data,
                question.config
            )
        );
    }

    /// @dev What the policy accesses when asked. It must accept.
    function _record(address policy, Question memory question, Asker memory asker)
        private
        returns (Vm.AccountAccess[] memory accesses)
    {
        vm.startStateDiffRecording();
        (bool accepted, bytes memory answer) = _ask(policy, question, asker);
        accesses = vm.stopAndReturnStateDiff();
        if (!accepted) revert SampleWasRefused(policy, answer);
    }

    /// @dev The answer and all that was written, as one hash; undone again.
    function _outcome(Sample memory sample) private returns (bytes32 outcome) {
        uint256 state = vm.snapshotState();
        vm.startStateDiffRecording();
        (bool accepted, bytes memory answer) = _ask(sample.policy, sample.accepted, _asker());
        Vm.AccountAccess[] memory accesses = vm.stopAndReturnStateDiff();
        outcome = keccak256(abi.encode(accepted, answer));
        for (uint256 i = 0; i < accesses.length; ++i) {
            for (uint256 k = 0; k < accesses[i].storageAccesses.length; ++k) {
                Vm.StorageAccess memory access = accesses[i].storageAccesses[k];
                outcome = keccak256(abi.encode(outcome, access.account, access.slot, access.newValue));
            }
        }
        vm.revertToState(state);
    }

    function _checkApart(Sample memory sample, Asker memory first, Asker memory second, string memory apart) private {
        uint256 state = vm.snapshotState();
        Vm.AccountAccess[] memory ours = _record(sample.policy, sample.accepted, first);
        // It may be refused, for instance because the account is in the calldata: what it touches counts all the same.
        vm.startStateDiffRecording();
        _ask(sample.policy, sample.accepted, second);
        Vm.AccountAccess[] memory theirs = vm.stopAndReturnStateDiff();
        vm.revertToState(state);
        for (uint256 i = 0; i < ours.length; ++i) {
            for (uint256 k = 0; k < ours[i].storageAccesses.length; ++k) {
                Vm.StorageAccess memory access = ours[i].storageAccesses[k];
                if (access.isWrite && _touches(theirs, access)) {
                    revert BudgetsShareASlot(access.account, access.slot, apart);
                }
            }
        }
    }

    function _touches(Vm.AccountAccess[] memory accesses, Vm.StorageAccess memory wanted) private pure returns (bool) {
        for (uint256 i = 0; i < accesses.length; ++i) {
            for (uint256 k = 0; k < accesses[i].storageAccesses.length; ++k) {
                Vm.StorageAccess memory access = accesses[i].storageAccesses[k];
                if (access.account == wanted.account && access.slot == wanted.slot) return true;
            }
        }
        return false;
    }

    /// @dev Slots associated with an account: the account itself, and keccak256(account ++ x) + n for n below 128.
    function _isAssociated(address at, bytes32 slot, address account) private returns (bool) {
        if (slot == bytes32(uint256(uint160(account)))) return true;
        for (uint256 n = 0; n < 128; ++n) {
            (bool found, bytes32 mappingKey,) = vm.getMappingKeyAndParentOf(at, bytes32(uint256(slot) - n));
            if (found) return mappingKey == bytes32(uint256(uint160(account)));
            if (uint256(slot) == n) return false;
        }
        return false;
    }

    /// @dev OP-011 and OP-080, creation and destruction (OP-031 and so on), and transient storage, which this kit cannot watch.
    function _isForbidden(bytes1 opcode) private pure returns (bool) {
        // BALANCE, ORIGIN, GASPRICE, and from BLOCKHASH to GASLIMIT, SELFBALANCE, BASEFEE, BLOBHASH, BLOBBASEFEE
        if (opcode == 0x31 || opcode == 0x32 || opcode == 0x3a) return true;
        if ((opcode >= 0x40 && opcode <= 0x45) || (opcode >= 0x47 && opcode <= 0x4a)) return true;
        // TLOAD, TSTORE, CREATE, CREATE2, SELFDESTRUCT
        return opcode == 0x5c || opcode == 0x5d || opcode == 0xf0 || opcode == 0xf5 || opcode == 0xff;
    }

    /// @dev How much the compiler has put behind the code: CBOR, and its length in two bytes.
    function _metadataLength(bytes memory code) private pure returns (uint256) {
        if (code.length < 2) return 0;
        uint256 length = uint256(uint8(code[code.length - 2])) << 8 | uint8(code[code.length - 1]);
        if (length + 2 > code.length || length == 0) return 0;
        // A map of one to three entries.
        bytes1 first = code[code.length - 2 - length];
        return first >= 0xa1 && first <= 0xa3 ? length + 2 : 0;
    }
}
