// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Attempt, SessionModel} from "./SessionModel.sol";

/// @notice Whose storage is written: while something is done, the manager and the policies may write to slots of those who take
/// part in it, and to no others. Slots are found by their places in storage, which a test of the manager's fixes; so what is
/// written to a session, a budget or an account that nobody thinks of is found as well.
abstract contract SessionStorage is SessionModel {
    /// The manager's mappings, by their slots.
    uint256 private constant STATUS = 0;
    uint256 private constant STATES = 1;
    uint256 private constant BUDGETS = 2;

    /// Slots that may be written, of the manager and of any policy.
    mapping(bytes32 slot => uint256 round) private mayWrite;
    uint256 private round;

    /// @notice From here on writes are watched.
    function watch() internal {
        round += 1;
        vm.record();
    }

    /// @notice An account may change what is its own.
    function allowOwn(address account) internal {
        mayWrite[_in(STATES, account)] = round;
        for (uint256 i = 0; i <= SESSIONS; ++i) {
            mayWrite[_statusSlot(account, idOf[account][i])] = round;
        }
    }

    /// @notice An operation may change its session's status and budgets.
    function allowUse(Attempt calldata attempt) internal {
        address account = accounts[attempt.account % ACCOUNTS];
        uint256 k = attempt.session % SESSIONS;
        mayWrite[_statusSlot(account, idOf[account][k])] = round;
        _allowBudget(account, k);
        if (k == 3) _allowBudget(account, SESSIONS);
        if (k == 4) {
            _allowBudget(account, SESSIONS + 1);
            _allowBudget(account, SESSIONS + 2);
        }
        // What these do, they do in their own name.
        if (k == 4) _allowIntruder(address(tokens[3]), tokens[3].aim(), account);
        if (k == 6) _allowIntruder(address(receiver), receiver.aim(), account);
        if (k == 5) {
            bytes32 budgetId = keccak256(abi.encode(idOf[account][5], address(hostile), keccak256("")));
            _allowIntruder(address(hostile), budgetId, account);
        }
    }

    function _allowBudget(address account, uint256 i) private {
        bytes32 budgetId = budgetIdsOf[account][i];
        mayWrite[_in(account, _in(budgetId, bytes32(BUDGETS)))] = round;
        mayWrite[_in(account, _in(budgetId, _in(0, address(manager))))] = round;
    }

    function _allowIntruder(address intruder, bytes32 id, address account) private {
        mayWrite[_in(STATES, intruder)] = round;
        mayWrite[_statusSlot(intruder, id)] = round;
        mayWrite[_in(account, _in(id, _in(0, intruder)))] = round;
    }

    /// @notice Nothing else was written since {watch}.
    function checkWrites() internal {
        _checkWrites(address(manager));
        _checkWrites(address(erc20Limit));
        _checkWrites(usageLimit);
    }

    function _checkWrites(address who) private {
        (, bytes32[] memory writes) = vm.accesses(who);
        for (uint256 i = 0; i < writes.length; ++i) {
            assertEq(mayWrite[writes[i]], round, "a slot of nobody who takes part is written");
        }
        if (writes.length != 0) reached["writes are watched"]++;
    }

    function _statusSlot(address account, bytes32 id) private pure returns (bytes32) {
        return _in(account, _in(id, bytes32(STATUS)));
    }

    /// @dev Where a mapping in a slot has what belongs to a key.
    function _in(uint256 slot, address key_) private pure returns (bytes32) {
        return _in(key_, bytes32(slot));
    }

    function _in(address key_, bytes32 slot) private pure returns (bytes32) {
        return _in(bytes32(uint256(uint160(key_))), slot);
    }

    function _in(bytes32 key_, bytes32 slot) private pure returns (bytes32) {
        return keccak256(abi.encode(key_, slot));
    }
}
