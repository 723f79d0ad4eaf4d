// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20LimitPolicy} from "../interfaces/IERC20LimitPolicy.sol";
import {Asker} from "../types/Asker.sol";
import {CalldataReader} from "./CalldataReader.sol";

/// @notice Reads calls to an ERC-20 token for {IERC20LimitPolicy}, and refuses others with its errors.
library ERC20Limit {
    using CalldataReader for uint256;
    using CalldataReader for bytes;

    /// Not part of ERC-20, but of many tokens.
    bytes4 private constant INCREASE_ALLOWANCE = bytes4(keccak256("increaseAllowance(address,uint256)"));

    /// @notice Who a call gives tokens to, or an allowance, and how much. The calldata must be the function's arguments and
    /// nothing more, each address clean.
    function readCall(bytes calldata data, Asker asker) internal pure returns (address recipient, uint256 amount) {
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
                _readAddress(position, asker);
                position += 32;
                expected = 100;
            } else if (
                selector != IERC20.transfer.selector && selector != IERC20.approve.selector
                    && selector != INCREASE_ALLOWANCE
            ) {
                asker.refuse(abi.encodeWithSelector(IERC20LimitPolicy.FunctionNotAllowed.selector, selector));
            }
            if (data.length != expected) {
                asker.refuse(
                    abi.encodeWithSelector(IERC20LimitPolicy.InvalidCalldataLength.selector, expected, data.length)
                );
            }
            recipient = _readAddress(position, asker);
            amount = uint256((position + 32).word());
        }
    }

    function _readAddress(uint256 position, Asker asker) private pure returns (address) {
        uint256 word = uint256(position.word());
        if (word >> 160 != 0) {
            asker.refuse(abi.encodeWithSelector(IERC20LimitPolicy.DirtyAddress.selector, word));
        }
        return address(uint160(word));
    }
}
