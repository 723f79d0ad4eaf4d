// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Limits how often a session acts: see {IUsageLimitPolicy}.
library UsageLimit {
    /// A bit of the configuration's first byte: as a policy of the session, count the calls of operations, not operations.
    uint256 internal constant COUNTS_CALLS = 32;

    /// @notice What an operation of so many calls counts as.
    function ofOperation(uint256 calls, bytes calldata config) internal pure returns (uint256 amount) {
        return config.length != 0 && uint8(config[0]) & COUNTS_CALLS != 0 ? calls : 1;
    }
}
