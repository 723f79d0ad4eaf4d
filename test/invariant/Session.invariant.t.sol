// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {SessionHandler} from "./SessionHandler.sol";
import {SessionStatus} from "contracts/types/Session.sol";

/// @notice What holds whatever owners and session keys do, in any order. {SessionHandler} also compares each single
/// outcome with its model, and fails the run where they differ.
contract SessionInvariantTest is Test {
    SessionHandler private handler;

    function setUp() public {
        handler = new SessionHandler();
        targetContract(address(handler));
        bytes4[] memory selectors = new bytes4[](7);
        selectors[0] = handler.use.selector;
        selectors[1] = handler.revoke.selector;
        selectors[2] = handler.grantAgain.selector;
        selectors[3] = handler.revokeAll.selector;
        selectors[4] = handler.renew.selector;
        selectors[5] = handler.reinstall.selector;
        selectors[6] = handler.passTime.selector;
        targetSelector(FuzzSelector(address(handler), selectors));
    }

    /// @dev One campaign for all of them: each invariant function would run its own.
    function invariant_SessionsStayWithinWhatWasGranted() public view {
        _acceptedNeverExceedsABudget();
        _countedIsWhatWasAccepted();
        _revokedIsFinal();
        _epochsOnlyRise();
    }

    /// @dev What was accepted never exceeds a budget, in total or in any period.
    function _acceptedNeverExceedsABudget() private view {
        assertFalse(handler.exceeded());
    }

    /// @dev The policy has counted exactly what was accepted.
    function _countedIsWhatWasAccepted() private view {
        for (uint256 i = 0; i < 2; ++i) {
            for (uint256 k = 0; k < 3; ++k) {
                (uint256[3] memory actual, uint256[3] memory model) = handler.counted(handler.accounts(i), k);
                for (uint256 f = 0; f < 3; ++f) {
                    assertEq(actual[f], model[f]);
                }
            }
        }
    }

    /// @dev What is revoked stays so, and never acts.
    function _revokedIsFinal() private view {
        assertFalse(handler.revokedActed());
        for (uint256 i = 0; i < 2; ++i) {
            for (uint256 k = 0; k < 3; ++k) {
                (SessionStatus actual, SessionStatus model) = handler.statusOf(handler.accounts(i), k);
                assertEq(uint256(actual), uint256(model));
            }
        }
    }

    /// @dev Epochs only rise.
    function _epochsOnlyRise() private view {
        assertFalse(handler.epochFell());
        for (uint256 i = 0; i < 2; ++i) {
            assertEq(handler.epochOf(handler.accounts(i)), handler.epochs(handler.accounts(i)));
        }
    }

    /// @notice Each path is reached: without that, the rest says nothing. A run of one sequence may miss a rare one, so
    /// only the common ones are asked of each.
    function afterInvariant() public view {
        assertGt(handler.reached("use"), 0, "use");
        assertGt(handler.reached("passTime"), 0, "passTime");
    }
}
