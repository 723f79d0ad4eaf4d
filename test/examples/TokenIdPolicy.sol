// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {ICallPolicy} from "contracts/interfaces/ICallPolicy.sol";

/// @title TokenIdPolicy
/// @notice Lets a session move some tokens of an ERC-721 collection out of its account, a number of times in all.
///
/// Configuration: 1 byte with the most transfers, then 32 bytes for each token id.
contract TokenIdPolicy is ICallPolicy {
    /// @notice The configuration is not one byte and then whole words, at least one.
    error InvalidConfig(uint256 length);
    /// @notice Only `transferFrom(address,address,uint256)` may be called, with its arguments and nothing more.
    error CallNotAllowed(bytes4 selector, uint256 length);
    /// @notice The token would be taken from somebody else than the account.
    error NotFromTheAccount(address from);
    /// @notice The token is not on the list.
    error TokenNotAllowed(uint256 tokenId);
    /// @notice All transfers have been made.
    error TransfersUsedUp(uint256 limit);

    mapping(address manager => mapping(bytes32 budgetId => mapping(address account => uint256))) private _transfers;

    /// @inheritdoc ICallPolicy
    function checkCall(
        address account,
        bytes32 budgetId,
        address,
        uint256,
        uint256,
        bytes calldata data,
        bytes calldata config
    ) external returns (uint256 validationData) {
        if (config.length < 33 || config.length % 32 != 1) revert InvalidConfig(config.length);
        uint256 tokenId = _readTransfer(account, data);
        if (!_isListed(config[1:], tokenId)) revert TokenNotAllowed(tokenId);
        _count(_transfers[msg.sender][budgetId], account, uint8(config[0]));
        return 0;
    }

    function _readTransfer(address account, bytes calldata data) private pure returns (uint256) {
        if (data.length != 100 || bytes4(data) != IERC721.transferFrom.selector) {
            revert CallNotAllowed(data.length < 4 ? bytes4(0) : bytes4(data), data.length);
        }
        // Reverts if an address has dirty bits.
        (address from,, uint256 tokenId) = abi.decode(data[4:], (address, address, uint256));
        if (from != account) revert NotFromTheAccount(from);
        return tokenId;
    }

    function _count(mapping(address account => uint256) storage transfers, address account, uint256 limit) private {
        uint256 count = transfers[account];
        if (count >= limit) revert TransfersUsedUp(limit);
        transfers[account] = count + 1;
    }

    function _isListed(bytes calldata list, uint256 tokenId) private pure returns (bool) {
        for (uint256 i = 0; i < list.length; i += 32) {
            if (uint256(bytes32(list[i:])) == tokenId) return true;
        }
        return false;
    }
}
