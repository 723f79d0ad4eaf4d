// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";

/// @notice The code in docs/policy-author-guide.md is the code that is compiled and tested.
contract PolicyAuthorGuideTest is Test {
    function test_TheSamplesAreTheFiles() external {
        string memory guide = vm.readFile("docs/policy-author-guide.md");
        string[2] memory files = ["test/examples/TokenIdPolicy.sol", "test/examples/TokenIdPolicy.t.sol"];
        for (uint256 i = 0; i < files.length; ++i) {
            string memory block_ = string.concat("```solidity\n", vm.readFile(files[i]), "```\n");
            assertTrue(vm.contains(guide, block_), files[i]);
        }
    }
}
