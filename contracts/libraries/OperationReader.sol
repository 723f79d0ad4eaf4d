// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {CalldataReader} from "./CalldataReader.sol";

/// @notice Where the dynamic fields of a user operation are in calldata, and how long they are.
/// @dev The compiler's own decoder makes sure that they end before calldata does. Here that is left to the caller, which is
/// the account that the operation is of: by a malformed encoding it could deceive nobody but itself. Who else takes part, a
/// bundler above all, has no say in how the account encodes its call.
library OperationReader {
    using CalldataReader for uint256;

    /// Offsets of the fields' heads.
    uint256 private constant INIT_CODE = 0x40;
    uint256 private constant CALL_DATA = 0x60;
    uint256 private constant PAYMASTER_AND_DATA = 0xe0;
    uint256 private constant SIGNATURE = 0x100;

    function initCodeOf(PackedUserOperation calldata op) internal pure returns (uint256 position, uint256 size) {
        return _position(op).field(INIT_CODE);
    }

    function callDataOf(PackedUserOperation calldata op) internal pure returns (uint256 position, uint256 size) {
        return _position(op).field(CALL_DATA);
    }

    function paymasterAndDataOf(PackedUserOperation calldata op)
        internal
        pure
        returns (uint256 position, uint256 size)
    {
        return _position(op).field(PAYMASTER_AND_DATA);
    }

    function signatureOf(PackedUserOperation calldata op) internal pure returns (uint256 position, uint256 size) {
        return _position(op).field(SIGNATURE);
    }

    function _position(PackedUserOperation calldata op) private pure returns (uint256 position) {
        // A pointer to calldata is a position.
        assembly ("memory-safe") {
            position := op
        }
    }
}
