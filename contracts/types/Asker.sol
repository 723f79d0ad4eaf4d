// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISessionKeyManager} from "../interfaces/ISessionKeyManager.sol";
import {CalldataReader} from "../libraries/CalldataReader.sol";
import {BudgetSlot} from "./Budget.sol";
import {Words, WordsLibrary} from "./Words.sol";

/// @notice On whose behalf a policy's library checks something, which is what a refusal must tell: nothing more if a policy
/// contract asks, and it is 0; else what the manager says of a policy that refused, in four words at that place in memory:
/// session, call, action or policy index, policy.
type Asker is uint256;

using AskerLibrary for Asker global;

/// @dev A policy contract asks.
Asker constant POLICY_CONTRACT = Asker.wrap(0);

library AskerLibrary {
    using CalldataReader for bytes;

    uint256 private constant ID = 0;
    uint256 private constant CALL_INDEX = 1;
    uint256 private constant INDEX = 2;
    uint256 private constant POLICY = 3;
    uint256 private constant CONFIG = 4;
    uint256 private constant SLOT = 5;
    uint256 private constant SIZE = 6;

    /// @dev In place of the call's index: the policy is one of the session's own, asked about an operation.
    uint256 private constant WHOLE_OPERATION = type(uint256).max;

    /// @notice The manager asks on behalf of a session; {setCall} or {setOperation} tells what about.
    function allocate(bytes32 id) internal pure returns (Asker asker) {
        Words words = WordsLibrary.allocate(SIZE);
        words.set(ID, id);
        words.set(CONFIG, uint256(0));
        return Asker.wrap(Words.unwrap(words));
    }

    /// @notice It is about a call.
    function setCall(Asker asker, uint256 callIndex, uint256 actionIndex, address policy) internal pure {
        asker.place().set(CALL_INDEX, callIndex);
        asker.place().set(INDEX, actionIndex);
        asker.place().set(POLICY, uint160(policy));
    }

    /// @notice It is about an operation as a whole.
    function setOperation(Asker asker, uint256 policyIndex, address policy) internal pure {
        asker.setCall(WHOLE_OPERATION, policyIndex, policy);
    }

    /// @notice Keeps where the budget under a policy is, which its configuration's place in calldata stands for.
    function setBudget(Asker asker, bytes calldata config, BudgetSlot storage slot) internal pure {
        uint256 position;
        // A pointer to storage is a slot's number.
        assembly ("memory-safe") {
            position := slot.slot
        }
        asker.place().set(CONFIG, config.positionOf());
        asker.place().set(SLOT, position);
    }

    /// @notice Whether the budget that is kept is that under this configuration.
    /// @dev Before one is kept, CONFIG is 0, where no configuration of a policy that the manager evaluates can be: its address
    /// comes before it, and what comes before the start of calldata (positions wrap around) reads as zero.
    function isAbout(Asker asker, bytes calldata config) internal pure returns (bool) {
        return asker.place().get(CONFIG) == config.positionOf();
    }

    /// @notice The budget that is kept.
    function budget(Asker asker) internal pure returns (BudgetSlot storage slot) {
        uint256 position = asker.place().get(SLOT);
        assembly ("memory-safe") {
            slot.slot := position
        }
    }

    /// @notice Reverts with an encoded error: as it is, or as a policy's answer in the manager's own error.
    function refuse(Asker asker, bytes memory reason) internal pure {
        if (Asker.unwrap(asker) == 0) {
            // Solidity cannot revert with encoded data.
            assembly ("memory-safe") {
                revert(add(reason, 0x20), mload(reason))
            }
        }
        Words words = asker.place();
        bytes32 id = bytes32(words.get(ID));
        address policy = address(uint160(words.get(POLICY)));
        if (words.get(CALL_INDEX) == WHOLE_OPERATION) {
            revert ISessionKeyManager.OperationPolicyRefused(id, words.get(INDEX), policy, reason);
        }
        revert ISessionKeyManager.PolicyRefused(id, words.get(CALL_INDEX), words.get(INDEX), policy, reason);
    }

    function place(Asker asker) internal pure returns (Words) {
        return Words.wrap(Asker.unwrap(asker));
    }
}
