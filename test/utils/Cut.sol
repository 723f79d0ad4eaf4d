// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Bytes} from "@openzeppelin/contracts/utils/Bytes.sol";

/// @notice The bytes of `data` from one index to another, both of which must be in it: what is behind its end is no part of it.
function cut(bytes memory data, uint256 from, uint256 to) pure returns (bytes memory) {
    require(from <= to && to <= data.length, "behind the end");
    return Bytes.slice(data, from, to);
}
