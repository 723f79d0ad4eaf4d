// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICallPolicy} from "contracts/interfaces/ICallPolicy.sol";
import {PolicyConformance, Sample} from "./PolicyConformance.sol";

/// @dev A policy that keeps the rules: it counts calls, and refuses empty calldata. The ones below each break one rule.
contract GoodPolicy is ICallPolicy {
    error Refused();

    mapping(address manager => mapping(bytes32 budgetId => mapping(address account => uint256))) internal counts;

    function checkCall(
        address account,
        bytes32 budgetId,
        address,
        uint256 value,
        uint256,
        bytes calldata data,
        bytes calldata
    ) external virtual returns (uint256) {
        if (data.length == 0) _refuse();
        _count(account, budgetId);
        return _answer(account, value);
    }

    function _refuse() internal virtual {
        revert Refused();
    }

    function _count(address account, bytes32 budgetId) internal virtual {
        counts[msg.sender][budgetId][account] += 1;
    }

    function _answer(address, uint256) internal virtual returns (uint256) {
        return 0;
    }
}

contract SilentPolicy is GoodPolicy {
    function _refuse() internal pure override {
        assembly {
            revert(0, 0)
        }
    }
}

contract PermissivePolicy is GoodPolicy {
    function _refuse() internal override {}
}

contract DirtyAnswerPolicy is GoodPolicy {
    function _answer(address, uint256) internal pure override returns (uint256) {
        return 1;
    }
}

contract LateAnswerPolicy is GoodPolicy {
    function _answer(address, uint256) internal pure override returns (uint256) {
        return uint256(2 ** 47) << 160;
    }
}

contract EmptyWindowPolicy is GoodPolicy {
    function _answer(address, uint256) internal pure override returns (uint256) {
        return uint256(2) << 208 | uint256(1) << 160;
    }
}

contract LongAnswerPolicy is GoodPolicy {
    function _answer(address, uint256) internal pure override returns (uint256) {
        assembly {
            return(0, 64)
        }
    }
}

contract RefusingAllPolicy is GoodPolicy {
    function _answer(address, uint256) internal pure override returns (uint256) {
        revert Refused();
    }
}

contract ClockPolicy is GoodPolicy {
    function _answer(address, uint256) internal view override returns (uint256) {
        return (block.timestamp + 60) << 160;
    }
}

contract BalancePolicy is GoodPolicy {
    function _answer(address account, uint256) internal view override returns (uint256) {
        return (account.balance / 1 ether) << 208;
    }
}

contract GasPolicy is GoodPolicy {
    function _answer(address, uint256) internal view override returns (uint256) {
        return gasleft() > type(uint128).max ? 1 : 0;
    }
}

contract TransientPolicy is GoodPolicy {
    function _count(address, bytes32) internal override {
        assembly {
            tstore(0, 1)
        }
    }
}

contract PlainSlotPolicy is GoodPolicy {
    uint256 private total;

    function _count(address, bytes32) internal override {
        total += 1;
    }
}

/// @dev Reads only; that is not allowed either.
contract PlainReadPolicy is GoodPolicy {
    address private owner;

    function _answer(address, uint256) internal view override returns (uint256) {
        return owner == msg.sender ? uint256(1) << 160 : 0;
    }
}

contract OutermostAccountPolicy is GoodPolicy {
    mapping(address account => mapping(bytes32 budgetId => uint256)) private wrong;

    function _count(address account, bytes32 budgetId) internal override {
        wrong[account][budgetId] += 1;
    }
}

contract OneBudgetPolicy is GoodPolicy {
    mapping(address manager => mapping(address account => uint256)) private wrong;

    function _count(address account, bytes32) internal override {
        wrong[msg.sender][account] += 1;
    }
}

contract AnyManagerPolicy is GoodPolicy {
    mapping(bytes32 budgetId => mapping(address account => uint256)) private wrong;

    function _count(address account, bytes32 budgetId) internal override {
        wrong[budgetId][account] += 1;
    }
}

contract AnyAccountPolicy is GoodPolicy {
    mapping(address manager => mapping(bytes32 budgetId => uint256)) private wrong;

    function _count(address, bytes32 budgetId) internal override {
        wrong[msg.sender][budgetId] += 1;
    }
}

contract CallsNobodyPolicy is GoodPolicy {
    function _answer(address, uint256) internal override returns (uint256) {
        (bool success,) = address(uint160(0xdead)).call("");
        return success ? 0 : 1;
    }
}

contract AskingPolicy is GoodPolicy {
    AskingPolicy private immutable ORACLE;
    uint256 public price = 1;

    constructor(AskingPolicy oracle) {
        ORACLE = oracle;
    }

    function _answer(address, uint256) internal view override returns (uint256) {
        return ORACLE.price() > 2 ? uint256(1) << 160 : 0;
    }
}

/// @notice The kit finds each kind of offence, and finds none where there is none.
contract PolicyConformanceTest is PolicyConformance {
    function samples() internal override returns (Sample[] memory all) {
        all = new Sample[](1);
        all[0] = _sample(new GoodPolicy());
    }

    function _sample(ICallPolicy policy) private returns (Sample memory) {
        address target = makeAddr("target");
        return Sample(address(policy), onCall("", 0, target, 0, hex"12345678"), onCall("", 0, target, 0, ""));
    }

    /*//////////////////////////////////////////////////////////////
                     CHECKS, TO BE CAUGHT IN THE ACT
    //////////////////////////////////////////////////////////////*/

    function answer(ICallPolicy policy) external {
        checkAnswer(_sample(policy));
    }

    function refusal(ICallPolicy policy) external {
        checkRefusal(_sample(policy));
    }

    function opcodes(ICallPolicy policy) external {
        checkOpcodes(_sample(policy));
    }

    function storageOf(ICallPolicy policy) external {
        checkStorage(_sample(policy));
    }

    function isolation(ICallPolicy policy) external {
        checkIsolation(_sample(policy));
    }

    function accesses(ICallPolicy policy) external {
        checkAccesses(_sample(policy));
    }

    function surroundings(ICallPolicy policy) external {
        checkSurroundings(_sample(policy));
    }

    /// @dev Runs a check, and expects it to revert with an error of this selector.
    function _finds(bytes4 expected, function(ICallPolicy) external check, ICallPolicy policy) private {
        try check(policy) {
            fail();
        } catch (bytes memory reason) {
            assertEq(bytes4(reason), expected);
        }
    }

    function test_FindsMalformedAnswers() external {
        _finds(AnswerIsNoValidityWindow.selector, this.answer, new DirtyAnswerPolicy());
        _finds(AnswerIsNoValidityWindow.selector, this.answer, new LateAnswerPolicy());
        _finds(AnswerIsNoValidityWindow.selector, this.answer, new EmptyWindowPolicy());
        _finds(AnswerIsNotOneWord.selector, this.answer, new LongAnswerPolicy());
        _finds(SampleWasRefused.selector, this.answer, new RefusingAllPolicy());
        _finds(NoCode.selector, this.answer, ICallPolicy(makeAddr("nobody")));
    }

    function test_FindsRefusalsWithoutReason() external {
        _finds(RefusalWithoutReason.selector, this.refusal, new SilentPolicy());
        _finds(SampleWasAccepted.selector, this.refusal, new PermissivePolicy());
    }

    function test_FindsForbiddenOpcodes() external {
        _finds(OpcodeForbidden.selector, this.opcodes, new ClockPolicy());
        _finds(OpcodeForbidden.selector, this.opcodes, new BalancePolicy());
        _finds(OpcodeForbidden.selector, this.opcodes, new GasPolicy());
        _finds(OpcodeForbidden.selector, this.opcodes, new TransientPolicy());
    }

    function test_FindsStorageThatIsNotTheAccounts() external {
        _finds(StorageNotAssociated.selector, this.storageOf, new PlainSlotPolicy());
        _finds(StorageNotAssociated.selector, this.storageOf, new PlainReadPolicy());
        _finds(StorageNotAssociated.selector, this.storageOf, new OutermostAccountPolicy());
        _finds(StorageNotAssociated.selector, this.storageOf, new AnyAccountPolicy());
        _finds(
            StorageNotAssociated.selector, this.storageOf, new AskingPolicy(new AskingPolicy(AskingPolicy(address(0))))
        );
    }

    function test_FindsSharedBudgets() external {
        _finds(BudgetsShareASlot.selector, this.isolation, new OneBudgetPolicy());
        _finds(BudgetsShareASlot.selector, this.isolation, new AnyManagerPolicy());
        _finds(BudgetsShareASlot.selector, this.isolation, new AnyAccountPolicy());
        _finds(BudgetsShareASlot.selector, this.isolation, new PlainSlotPolicy());
    }

    function test_FindsAccessesThatAreNotCallsOfCode() external {
        _finds(AccessForbidden.selector, this.accesses, new CallsNobodyPolicy());
        _finds(AccessForbidden.selector, this.accesses, new BalancePolicy());
    }

    function test_FindsDependenceOnWhatIsAround() external {
        _finds(DependsOnSurroundings.selector, this.surroundings, new ClockPolicy());
        _finds(DependsOnSurroundings.selector, this.surroundings, new BalancePolicy());
    }

    /// @dev Only opcodes count, not the data that PUSH carries, nor what the compiler appends.
    function test_ReadsCodeAsTheMachineDoes() external {
        address policy = makeAddr("code");
        // PUSH2 0x4242; STOP. Then CBOR with a TIMESTAMP in it.
        vm.etch(policy, hex"61424200a1420002");
        this.opcodes(ICallPolicy(policy));
        vm.etch(policy, hex"614242");
        this.opcodes(ICallPolicy(policy));
        vm.etch(policy, hex"6142420042");
        _finds(OpcodeForbidden.selector, this.opcodes, ICallPolicy(policy));
        // GAS before STATICCALL, and before something else.
        vm.etch(policy, hex"5afa");
        this.opcodes(ICallPolicy(policy));
        vm.etch(policy, hex"5a50fa");
        _finds(OpcodeForbidden.selector, this.opcodes, ICallPolicy(policy));
    }
}
