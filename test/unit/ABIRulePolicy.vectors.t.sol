// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {ICallPolicy} from "contracts/interfaces/ICallPolicy.sol";

/// @notice The policy allows and refuses the calls that the SDK says it does, under rules that the SDK makes by name: see
/// permissions.vectors.test.ts, which writes the file.
contract ABIRulePolicyVectorsTest is Test {
    string private constant VECTOR = "RuleVector(string name,bytes config,bytes data,bool allowed)";

    /// @dev As in the file.
    struct RuleVector {
        string name;
        bytes config;
        bytes data;
        bool allowed;
    }

    function test_AgreesWithTheSdk() external {
        ICallPolicy policy = ICallPolicy(deployCode("ABIRulePolicy.sol:ABIRulePolicy"));
        string memory json = vm.readFile("test/vectors/permissions.json");
        address account = vm.parseJsonAddress(json, ".account");
        RuleVector[] memory vectors = abi.decode(vm.parseJsonTypeArray(json, ".vectors", VECTOR), (RuleVector[]));
        assertGt(vectors.length, 200);
        for (uint256 i = 0; i < vectors.length; ++i) {
            RuleVector memory vector = vectors[i];
            bytes32 budget = keccak256("budget");
            (bool allowed,) = address(policy)
                .staticcall(
                    abi.encodeCall(policy.checkCall, (account, budget, address(1), 0, 0, vector.data, vector.config))
                );
            assertEq(allowed, vector.allowed, vector.name);
        }
    }
}
