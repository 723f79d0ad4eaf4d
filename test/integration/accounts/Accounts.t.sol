// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {EntryPointVersion} from "../../utils/EntryPoints.sol";
import {AccountHarness} from "./AccountHarness.sol";
import {AccountTest} from "./AccountTest.sol";
import {KernelHarness} from "./KernelHarness.sol";
import {Nexus7702Harness} from "./Nexus7702Harness.sol";
import {NexusHarness} from "./NexusHarness.sol";
import {OpenZeppelin7702Harness} from "./OpenZeppelin7702Harness.sol";
import {OpenZeppelinHarness} from "./OpenZeppelinHarness.sol";
import {SafeHarness} from "./SafeHarness.sol";

contract NexusV07Test is AccountTest {
    function newHarness() internal override returns (AccountHarness) {
        return new NexusHarness(EntryPointVersion.V07);
    }
}

contract NexusV08Test is AccountTest {
    function newHarness() internal override returns (AccountHarness) {
        return new NexusHarness(EntryPointVersion.V08);
    }
}

contract KernelV07Test is AccountTest {
    function newHarness() internal override returns (AccountHarness) {
        return new KernelHarness(EntryPointVersion.V07);
    }
}

contract KernelV08Test is AccountTest {
    function newHarness() internal override returns (AccountHarness) {
        return new KernelHarness(EntryPointVersion.V08);
    }
}

contract SafeV07Test is AccountTest {
    function newHarness() internal override returns (AccountHarness) {
        return new SafeHarness(EntryPointVersion.V07);
    }
}

contract OpenZeppelinV07Test is AccountTest {
    function newHarness() internal override returns (AccountHarness) {
        return new OpenZeppelinHarness(EntryPointVersion.V07);
    }
}

contract OpenZeppelinV08Test is AccountTest {
    function newHarness() internal override returns (AccountHarness) {
        return new OpenZeppelinHarness(EntryPointVersion.V08);
    }
}

contract Nexus7702V07Test is AccountTest {
    function newHarness() internal override returns (AccountHarness) {
        return new Nexus7702Harness(EntryPointVersion.V07);
    }
}

contract Nexus7702V08Test is AccountTest {
    function newHarness() internal override returns (AccountHarness) {
        return new Nexus7702Harness(EntryPointVersion.V08);
    }
}

contract OpenZeppelin7702V07Test is AccountTest {
    function newHarness() internal override returns (AccountHarness) {
        return new OpenZeppelin7702Harness(EntryPointVersion.V07);
    }
}

contract OpenZeppelin7702V08Test is AccountTest {
    function newHarness() internal override returns (AccountHarness) {
        return new OpenZeppelin7702Harness(EntryPointVersion.V08);
    }
}

contract AccountTestTest is Test {
    function test_EveryBehaviourIsRun() external view {
        string[] memory behaviours = vm.split(vm.readFile("test/integration/accounts/AccountBehaviour.sol"), TEST);
        string[] memory tests = vm.split(vm.readFile("test/integration/accounts/AccountTest.sol"), TEST);
        assertEq(tests.length, behaviours.length);
        for (uint256 i = 1; i < behaviours.length; ++i) {
            assertEq(vm.split(tests[i], "(")[0], vm.split(behaviours[i], "(")[0]);
        }
    }

    string private constant TEST = "function test_";
}
