// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICallPolicy} from "contracts/interfaces/ICallPolicy.sol";
import {ArgumentRules} from "contracts/libraries/ArgumentRules.sol";

/// @notice Answers as an ABIRulePolicy does, and says so if the library by which the manager evaluates rules itself is of
/// another opinion.
contract BothRulePolicies is ICallPolicy {
    /// @dev In place of an answer: no test takes it for an acceptance, and none for a refusal.
    bytes32 private constant DISAGREEMENT = keccak256("the library and the contract disagree");

    address private immutable _POLICY;
    bool private immutable _ONLY_WORDS;

    /// @param policy The policy contract.
    /// @param onlyWords Whether it is asked about rules on words alone, so that the library must be sure of what it accepts.
    constructor(address policy, bool onlyWords) {
        _POLICY = policy;
        _ONLY_WORDS = onlyWords;
    }

    function checkCall(address account, bytes32, address, uint256, uint256, bytes calldata data, bytes calldata config)
        external
        returns (uint256)
    {
        bool held = ArgumentRules.hold(data, config, account);
        (bool accepted, bytes memory answer) = _POLICY.call(msg.data);
        if (held != accepted && (held || _ONLY_WORDS)) {
            answer = abi.encode(DISAGREEMENT, DISAGREEMENT);
        } else if (!accepted) {
            assembly ("memory-safe") {
                revert(add(answer, 32), mload(answer))
            }
        }
        assembly ("memory-safe") {
            return(add(answer, 32), mload(answer))
        }
    }
}
