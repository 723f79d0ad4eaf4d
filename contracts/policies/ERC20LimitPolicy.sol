// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ICallPolicy} from "../interfaces/ICallPolicy.sol";
import {IERC20LimitPolicy} from "../interfaces/IERC20LimitPolicy.sol";
import {ILimitPolicy} from "../interfaces/ILimitPolicy.sol";
import {CalldataReader} from "../libraries/CalldataReader.sol";
import {LimitLibrary} from "../libraries/LimitLibrary.sol";
import {Budget, BudgetSlot} from "../types/Budget.sol";

/// @title ERC20LimitPolicy
/// @notice See {IERC20LimitPolicy}. Nobody owns it, it holds nothing and it is not upgradeable.
contract ERC20LimitPolicy is IERC20LimitPolicy {
    using CalldataReader for uint256;
    using CalldataReader for bytes;

    /// Parts of the configuration beside those of {LimitLibrary}: bits of its first byte.
    uint256 private constant HAS_RECIPIENTS = 8;
    uint256 private constant ANY_LIMIT = LimitLibrary.ANY_LIMIT | HAS_RECIPIENTS;
    uint256 private constant ALL = ANY_LIMIT | LimitLibrary.HAS_SALT;

    /// Not part of ERC-20, but of many tokens.
    bytes4 private constant INCREASE_ALLOWANCE = bytes4(keccak256("increaseAllowance(address,uint256)"));

    mapping(address manager => mapping(bytes32 budgetId => mapping(address account => BudgetSlot))) private _budgets;

    /// @inheritdoc ICallPolicy
    /// @dev Reverts with the errors of {IERC20LimitPolicy}. `target` and `value` are the action's business.
    function checkCall(
        address account,
        bytes32 budgetId,
        address,
        uint256,
        uint256 claimedTime,
        bytes calldata data,
        bytes calldata config
    ) external returns (uint256 validationData) {
        unchecked {
            (address recipient, uint256 amount) = _readCall(data);

            // Parts are read without looking where the configuration ends; that is compared once, at the end.
            uint256 start = config.positionOf();
            uint256 flags = start.integer(1);
            if (config.length == 0 || flags & ANY_LIMIT == 0 || flags & ~ALL != 0) revert InvalidConfig(0);
            uint256 cursor;
            (validationData, cursor) =
                LimitLibrary.spend(_budgets[msg.sender][budgetId][account], amount, claimedTime, flags, start);
            if (flags & HAS_RECIPIENTS != 0) cursor = _checkRecipient(recipient, cursor, start);
            if (flags & LimitLibrary.HAS_SALT != 0) cursor += 4;
            LimitLibrary.requireEnd(cursor - start, config.length);
        }
    }

    /// @inheritdoc ILimitPolicy
    function spent(address manager, bytes32 budgetId, address account)
        external
        view
        returns (uint256 total, uint256 inPeriod, uint256 period)
    {
        Budget budget = _budgets[manager][budgetId][account].budget;
        return (budget.total(), budget.inPeriod(), budget.period());
    }

    /// @dev Who a call gives tokens to, or an allowance, and how much. The calldata must be the function's arguments and
    /// nothing more, each address clean.
    function _readCall(bytes calldata data) private pure returns (address recipient, uint256 amount) {
        unchecked {
            uint256 position = data.positionOf() + 4;
            // Mostly it is a transfer. Each part is 0 if it is one as it should be.
            uint256 to = uint256(position.word());
            uint256 transfer = uint32(IERC20.transfer.selector);
            if ((data.positionOf().integer(4) ^ transfer) | (data.length ^ 68) | to >> 160 == 0) {
                return (address(uint160(to)), uint256((position + 32).word()));
            }

            bytes4 selector = data.length < 4 ? bytes4(0) : bytes4(data);
            uint256 expected = 68;
            if (selector == IERC20.transferFrom.selector) {
                // from, to, amount
                _readAddress(position);
                position += 32;
                expected = 100;
            } else if (
                selector != IERC20.transfer.selector && selector != IERC20.approve.selector
                    && selector != INCREASE_ALLOWANCE
            ) {
                revert FunctionNotAllowed(selector);
            }
            if (data.length != expected) revert InvalidCalldataLength(expected, data.length);
            recipient = _readAddress(position);
            amount = uint256((position + 32).word());
        }
    }

    function _readAddress(uint256 position) private pure returns (address) {
        uint256 word = uint256(position.word());
        if (word >> 160 != 0) revert DirtyAddress(word);
        return address(uint160(word));
    }

    /// @dev Reverts unless `recipient` is on the list at `cursor`; returns where the list ends.
    function _checkRecipient(address recipient, uint256 cursor, uint256 start) private pure returns (uint256 end) {
        unchecked {
            uint256 count = cursor.integer(1);
            if (count == 0) revert InvalidConfig(cursor - start);
            cursor += 1;
            end = cursor + 20 * count;
            for (; cursor < end; cursor += 20) {
                if (cursor.integer(20) == uint160(recipient)) return end;
            }
            revert RecipientNotAllowed(recipient);
        }
    }
}
