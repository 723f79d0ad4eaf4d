// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {IABIRulePolicy} from "contracts/interfaces/IABIRulePolicy.sol";

/// @notice Asks an ABIRulePolicy about calls, and changes calls byte by byte.
abstract contract ABIRuleTest is Test {
    address internal immutable ACCOUNT = makeAddr("account");

    /// @dev No error is longer than an EntryPoint passes on, with what the manager puts around it.
    uint256 internal constant LONGEST_ERROR = 1_800;

    IABIRulePolicy internal policy;

    function setUp() public virtual {
        address ofContract = deployCode("ABIRulePolicy.sol:ABIRulePolicy");
        policy = IABIRulePolicy(deployCode("BothRulePolicies.sol:BothRulePolicies", abi.encode(ofContract, false)));
    }

    /// @notice What the policy answers: whether it accepts, and what it returns or reverts with.
    function ask(bytes memory config, bytes memory data) internal view returns (bool, bytes memory) {
        return address(policy)
            .staticcall(
                abi.encodeCall(policy.checkCall, (ACCOUNT, keccak256("budget"), address(1), 0, 0, data, config))
            );
    }

    function isAccepted(bytes memory config, bytes memory data) internal view returns (bool accepted) {
        bytes memory returned;
        (accepted, returned) = ask(config, data);
        if (accepted) assertEq(returned, abi.encode(uint256(0)));
        else assertLt(returned.length, LONGEST_ERROR);
    }

    function assertAccepted(bytes memory config, bytes memory data) internal view {
        (bool accepted, bytes memory returned) = ask(config, data);
        assertEq(returned, abi.encode(uint256(0)));
        assertTrue(accepted);
    }

    function assertRefused(bytes memory config, bytes memory data, bytes memory expectedError) internal view {
        (bool accepted, bytes memory returned) = ask(config, data);
        assertEq(returned, expectedError);
        assertFalse(accepted);
    }

    /// @notice Refused with this error, whatever its arguments.
    function assertRefused(bytes memory config, bytes memory data, bytes4 selector) internal view {
        (bool accepted, bytes memory returned) = ask(config, data);
        assertFalse(accepted);
        assertEq(bytes4(returned), selector);
        assertLt(returned.length, LONGEST_ERROR);
    }

    // -- Errors --------------------------------------------------------------------------------------------------------

    bytes4 internal immutable NOT_MET = IABIRulePolicy.ArgumentRuleNotMet.selector;
    bytes4 internal immutable NOT_CANONICAL = IABIRulePolicy.ArgumentsNotCanonical.selector;

    function notMet(
        uint256 position,
        bytes memory path,
        uint8 typeCode,
        uint8 test,
        uint8 comparison,
        bytes memory expected,
        bytes memory actual
    ) internal view returns (bytes memory) {
        return abi.encodeWithSelector(NOT_MET, position, path, typeCode, test, comparison, expected, actual);
    }

    function notCanonical(
        uint256 position,
        bytes memory path,
        uint256 offset,
        uint8 typeCode,
        uint256 expected,
        uint256 actual
    ) internal view returns (bytes memory) {
        return abi.encodeWithSelector(NOT_CANONICAL, position, path, offset, typeCode, expected, actual);
    }

    function invalidConfig(uint256 position) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IABIRulePolicy.InvalidConfig.selector, position);
    }

    function tooDeep(uint256 position) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IABIRulePolicy.RulesTooDeep.selector, position);
    }

    // -- Bytes ---------------------------------------------------------------------------------------------------------

    /// @notice The word at an offset.
    function wordAt(bytes memory data, uint256 offset) internal pure returns (uint256 word) {
        require(offset + 32 <= data.length, "behind the end");
        assembly ("memory-safe") {
            word := mload(add(add(data, 32), offset))
        }
    }

    /// @notice A copy of the data with another word at an offset; behind the data's end it is lengthened.
    function withWord(bytes memory data, uint256 offset, uint256 word) internal pure returns (bytes memory changed) {
        changed = bytes.concat(data, new bytes(data.length < offset + 32 ? offset + 32 - data.length : 0));
        assembly ("memory-safe") {
            mstore(add(add(changed, 32), offset), word)
        }
    }
}
