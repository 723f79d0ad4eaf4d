// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAccountExecute, PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Execution} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {Test} from "forge-std/Test.sol";
import {Vm, VmSafe} from "forge-std/Vm.sol";
import {ExecutionHarness} from "../../mocks/ExecutionHarness.sol";
import {cut} from "../../utils/Cut.sol";
import {EntryPointVersion} from "../../utils/EntryPoints.sol";
import {ExecutionMutation} from "../../utils/ExecutionMutation.sol";
import {Random} from "../../utils/RandomSession.sol";
import {AccountHarness, Feature} from "./AccountHarness.sol";
import {KernelHarness} from "./KernelHarness.sol";
import {NexusHarness} from "./NexusHarness.sol";
import {OpenZeppelinHarness} from "./OpenZeppelinHarness.sol";
import {SafeHarness} from "./SafeHarness.sol";

/// @notice What the manager's decoder takes, the published accounts execute as it was read: the same calls, in the same order.
/// They are told to by their EntryPoint, with executions that are encoded well and then changed.
contract DecodersTest is Test {
    /// What came of an execution.
    enum Outcome {
        /// The decoder refuses it.
        Refused,
        /// All accounts made the calls that it read.
        Compared,
        /// It reads calls that nobody can make: more wei than there can be, or to a precompile, which may refuse.
        Impossible
    }

    ExecutionHarness private decoder;
    AccountHarness[4] private harnesses;
    /// Well-known places to call, which take anything.
    address[3] private places;
    /// What an account calls in order to execute, whatever it executes.
    mapping(address account => mapping(address part => bool)) private isPart;

    mapping(Outcome outcome => uint256) private times;
    uint256 private changed;

    function setUp() external {
        decoder = new ExecutionHarness();
        harnesses[0] = new NexusHarness(EntryPointVersion.V07);
        harnesses[1] = new KernelHarness(EntryPointVersion.V07);
        harnesses[2] = new SafeHarness(EntryPointVersion.V07);
        harnesses[3] = new OpenZeppelinHarness(EntryPointVersion.V07);
        for (uint256 i = 0; i < 3; ++i) {
            places[i] = address(uint160(0x51DE0000 + i));
            // PUSH0, PUSH0, RETURN
            vm.etch(places[i], hex"5f5ff3");
        }
        address manager = deployCode("SessionKeyManager.sol:SessionKeyManager");
        for (uint256 i = 0; i < 4; ++i) {
            harnesses[i].create(manager);
            _findParts(harnesses[i]);
        }
    }

    function testFuzz_AccountsExecuteWhatWasRead(uint256 seed) external {
        assertEq(uint256(_compare(_execution(Random(seed)))), uint256(Outcome.Compared));
    }

    function testFuzz_AccountsExecuteWhatWasReadOfAMutatedExecution(uint256 seed) external {
        Random memory random = Random(seed);
        _compare(ExecutionMutation.mutate(_execution(random), random));
    }

    function testFuzz_AccountsExecuteWhatWasReadOfATwiceMutatedExecution(uint256 seed) external {
        Random memory random = Random(seed);
        _compare(ExecutionMutation.mutate(ExecutionMutation.mutate(_execution(random), random), random));
    }

    /// @notice Mutated executions are read as often as refused: without that, the tests above say little.
    function test_MutatedExecutionsAreReadAndRefused() external {
        vm.pauseGasMetering();
        for (uint256 i = 0; i < 1000; ++i) {
            Random memory random = Random(uint256(keccak256(abi.encode("mutated execution", i))));
            bytes memory callData = _execution(random);
            bytes32 before = keccak256(callData);
            callData = ExecutionMutation.mutate(callData, random);
            Outcome outcome = _compare(callData);
            times[outcome]++;
            if (outcome == Outcome.Compared && keccak256(callData) != before) changed++;
        }
        emit log_named_uint("executed as read", times[Outcome.Compared]);
        emit log_named_uint("of these with other bytes", changed);
        emit log_named_uint("refused", times[Outcome.Refused]);
        emit log_named_uint("impossible", times[Outcome.Impossible]);
        assertGt(changed, 150);
        assertGt(times[Outcome.Refused], 150);
        assertLt(times[Outcome.Impossible], 50);
    }

    function _execution(Random memory random) private view returns (bytes memory) {
        Execution[] memory calls = new Execution[](1 + random.below(3));
        for (uint256 i = 0; i < calls.length; ++i) {
            calls[i] = Execution(places[random.below(3)], random.below(10), ExecutionMutation.content(random));
        }
        return ExecutionMutation.encode(calls, random);
    }

    /// @dev If the decoder takes the execution, each account makes just these calls.
    function _compare(bytes memory callData) private returns (Outcome) {
        try decoder.decode(callData) returns (Execution[] memory calls) {
            uint256 value = 0;
            for (uint256 i = 0; i < calls.length; ++i) {
                if (calls[i].value > type(uint256).max - value || uint160(calls[i].target) < 0x1000) {
                    return Outcome.Impossible;
                }
                value += calls[i].value;
            }
            for (uint256 k = 0; k < 4; ++k) {
                _execute(harnesses[k], callData, calls, value);
            }
            return Outcome.Compared;
        } catch {
            return Outcome.Refused;
        }
    }

    function _execute(AccountHarness harness, bytes memory callData, Execution[] memory calls, uint256 value) private {
        address account = harness.account();
        for (uint256 i = 0; i < calls.length; ++i) {
            vm.deal(calls[i].target, 0);
        }
        vm.deal(account, value);
        Vm.AccountAccess[] memory accesses = _accessesOf(harness, callData);
        uint256 made = 0;
        for (uint256 i = 0; i < accesses.length; ++i) {
            if (!_isCallOf(account, accesses[i]) || isPart[account][accesses[i].account]) continue;
            assertLt(made, calls.length);
            assertEq(accesses[i].account, calls[made].target);
            assertEq(accesses[i].value, calls[made].value);
            assertEq(accesses[i].data, calls[made].callData);
            ++made;
        }
        assertEq(made, calls.length);
        assertEq(account.balance, 0);
    }

    /// @dev Has the account execute. The EntryPoint wraps whatever begins with the selector of `executeUserOp`; accounts that have
    /// no such function get what is wrapped.
    function _accessesOf(AccountHarness harness, bytes memory callData)
        private
        returns (Vm.AccountAccess[] memory accesses)
    {
        if (bytes4(callData) == IAccountExecute.executeUserOp.selector) {
            if (bytes(harness.reasonAgainst(Feature.ExecuteUserOp)).length == 0) {
                PackedUserOperation memory op;
                op.sender = harness.account();
                op.callData = callData;
                callData = abi.encodeCall(IAccountExecute.executeUserOp, (op, keccak256("a user operation")));
            } else {
                callData = cut(callData, 4, callData.length);
            }
        }
        address account = harness.account();
        vm.startStateDiffRecording();
        vm.prank(address(harness.entryPoint()));
        (bool success, bytes memory reason) = account.call(callData);
        accesses = vm.stopAndReturnStateDiff();
        assertTrue(success, vm.toString(reason));
    }

    /// @dev Whom the account calls when it calls one of the places, single or in a batch.
    function _findParts(AccountHarness harness) private {
        for (uint256 seed = 0; seed < 8; ++seed) {
            Random memory random = Random(seed);
            vm.deal(harness.account(), 100);
            Vm.AccountAccess[] memory accesses = _accessesOf(harness, _execution(random));
            for (uint256 i = 0; i < accesses.length; ++i) {
                if (!_isCallOf(harness.account(), accesses[i]) || _isPlace(accesses[i].account)) continue;
                isPart[harness.account()][accesses[i].account] = true;
            }
        }
    }

    function _isCallOf(address account, Vm.AccountAccess memory access) private pure returns (bool) {
        return access.kind == VmSafe.AccountAccessKind.Call && access.accessor == account;
    }

    function _isPlace(address target) private view returns (bool) {
        return target == places[0] || target == places[1] || target == places[2];
    }
}
