// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {CalldataReader} from "contracts/libraries/CalldataReader.sol";
import {Asker, AskerLibrary} from "contracts/types/Asker.sol";
import {BudgetSlot} from "contracts/types/Budget.sol";

contract AskerTest is Test {
    using CalldataReader for bytes;

    BudgetSlot private first;
    BudgetSlot private second;

    /// @dev Free memory is not always zero: here each word of it is the place of the configuration.
    function testFuzz_NoBudgetIsKeptAtFirst(bytes calldata config) external pure {
        uint256 position = config.positionOf();
        assembly ("memory-safe") {
            let free := mload(0x40)
            for { let i := 0 } lt(i, 0x200) { i := add(i, 0x20) } { mstore(add(free, i), position) }
        }
        assertFalse(AskerLibrary.allocate("session").isAbout(config));
    }

    function testFuzz_TheBudgetOfOneConfigurationIsKept(bytes calldata one, bytes calldata other) external view {
        Asker asker = AskerLibrary.allocate("session");
        asker.setBudget(one, first);
        assertTrue(asker.isAbout(one));
        assertFalse(asker.isAbout(other));
        assertEq(_slotOf(asker.budget()), _slotOf(first));
        asker.setBudget(other, second);
        assertFalse(asker.isAbout(one));
        assertTrue(asker.isAbout(other));
        assertEq(_slotOf(asker.budget()), _slotOf(second));
        assertTrue(_slotOf(first) != _slotOf(second));
    }

    function _slotOf(BudgetSlot storage slot) private pure returns (uint256 position) {
        assembly ("memory-safe") {
            position := slot.slot
        }
    }
}
