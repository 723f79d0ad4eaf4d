// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {LibZip} from "solady/src/utils/LibZip.sol";

/// @notice What a transaction takes of an L1 by the OP stack's estimate (Fjord).
library OpStackSize {
    /// @notice The bytes that the OP stack charges a transaction with this calldata for.
    /// @dev A linear function of its size under FastLZ: size * 0.8365 - 42.5856, at least 100, from the specification.
    function estimate(address to, bytes memory data) internal pure returns (uint256) {
        uint256 scaled = 836_500 * LibZip.flzCompress(transaction(to, data)).length;
        uint256 least = 100e6;
        return (scaled < least + 42_585_600 ? least : scaled - 42_585_600) / 1e6;
    }

    /// @notice A signed EIP-1559 transaction, with numbers of ordinary size.
    function transaction(address to, bytes memory data) internal pure returns (bytes memory) {
        // chain id, nonce, priority fee, fee, gas limit, to, value
        bytes memory head =
            abi.encodePacked(hex"0a", hex"821234", hex"830f4240", hex"8405f5e101", hex"8301d4c0", hex"94", to, hex"80");
        // data; no access list; parity, r, s
        bytes memory body =
            abi.encodePacked(hex"b9", uint16(data.length), data, hex"c001a0", keccak256("r"), hex"a0", keccak256("s"));
        return abi.encodePacked(hex"02f9", uint16(head.length + body.length), head, body);
    }
}
