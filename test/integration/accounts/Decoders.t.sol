// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Execution, IERC7579Execution} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {Test} from "forge-std/Test.sol";
import {Vm, VmSafe} from "forge-std/Vm.sol";
import {ExecutionHarness} from "../../mocks/ExecutionHarness.sol";
import {EntryPointVersion} from "../../utils/EntryPoints.sol";
import {Random} from "../../utils/RandomSession.sol";
import {AccountHarness} from "./AccountHarness.sol";
import {KernelHarness} from "./KernelHarness.sol";
import {NexusHarness} from "./NexusHarness.sol";
import {OpenZeppelinHarness} from "./OpenZeppelinHarness.sol";
import {SafeHarness} from "./SafeHarness.sol";

/// @notice What the manager's decoder takes, the published accounts execute as it was read: the same calls, in the same order.
/// They are told to by their EntryPoint, with executions that are encoded well and then changed.
contract DecodersTest is Test {
    ExecutionHarness private decoder;
    AccountHarness[4] private harnesses;
    /// Well-known places to call, which take anything.
    address[3] private places;

    function setUp() external {
        decoder = new ExecutionHarness();
        harnesses[0] = new NexusHarness(EntryPointVersion.V07);
        harnesses[1] = new KernelHarness(EntryPointVersion.V07);
        harnesses[2] = new SafeHarness(EntryPointVersion.V07);
        harnesses[3] = new OpenZeppelinHarness(EntryPointVersion.V07);
        address manager = deployCode("SessionKeyManager.sol:SessionKeyManager");
        for (uint256 i = 0; i < 4; ++i) {
            harnesses[i].create(manager);
            vm.deal(harnesses[i].account(), 1000);
        }
        for (uint256 i = 0; i < 3; ++i) {
            places[i] = address(uint160(0x51DE0000 + i));
            // PUSH0, PUSH0, RETURN
            vm.etch(places[i], hex"5f5ff3");
        }
    }

    function testFuzz_AccountsExecuteWhatWasRead(uint256 seed) external {
        Random memory random = Random(seed);
        Execution[] memory calls = new Execution[](1 + random.below(3));
        for (uint256 i = 0; i < calls.length; ++i) {
            calls[i] = Execution(places[random.below(3)], random.below(10), random.content(random.below(70)));
        }
        bytes memory callData = calls.length == 1 && random.below(2) == 0
            ? abi.encodeCall(
                IERC7579Execution.execute, (0, abi.encodePacked(calls[0].target, calls[0].value, calls[0].callData))
            )
            : abi.encodeCall(IERC7579Execution.execute, (bytes32(uint256(1) << 248), abi.encode(calls)));
        _compare(callData);
        uint256 position = 4 + 32 * random.below((callData.length - 4) / 32) + random.below(32);
        callData[position] ^= bytes1(uint8(1 + random.below(255)));
        _compare(callData);
    }

    /// @dev If the decoder takes the execution, each account makes just these calls.
    function _compare(bytes memory callData) private {
        try decoder.decode(callData) returns (Execution[] memory calls) {
            uint256 value = 0;
            for (uint256 i = 0; i < calls.length; ++i) {
                if (calls[i].value > 100) return;
                // What is at other places, precompiles for instance, may refuse.
                if (!_isPlace(calls[i].target)) return;
                value += calls[i].value;
            }
            for (uint256 k = 0; k < 4; ++k) {
                _execute(harnesses[k], callData, calls, value);
            }
        } catch {}
    }

    function _execute(AccountHarness harness, bytes memory callData, Execution[] memory calls, uint256 value) private {
        address account = harness.account();
        vm.deal(account, 1000);
        vm.startStateDiffRecording();
        vm.prank(address(harness.entryPoint()));
        (bool success,) = account.call(callData);
        Vm.AccountAccess[] memory accesses = vm.stopAndReturnStateDiff();
        assertTrue(success);
        uint256 made = 0;
        for (uint256 i = 0; i < accesses.length; ++i) {
            if (accesses[i].kind != VmSafe.AccountAccessKind.Call || !_isPlace(accesses[i].account)) continue;
            assertLt(made, calls.length);
            assertEq(accesses[i].accessor, account);
            assertEq(accesses[i].account, calls[made].target);
            assertEq(accesses[i].value, calls[made].value);
            assertEq(accesses[i].data, calls[made].callData);
            ++made;
        }
        assertEq(made, calls.length);
        assertEq(account.balance, 1000 - value);
    }

    function _isPlace(address target) private view returns (bool) {
        return target == places[0] || target == places[1] || target == places[2];
    }
}
