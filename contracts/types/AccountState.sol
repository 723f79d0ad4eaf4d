// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What the manager knows of an account as a whole, in one word so that a use reads it once.
///
///  255                      65    64     63                        0
/// +---------------------------+---------+---------------------------+
/// |          unused           |installed|           epoch           |
/// |         191 bits          |  1 bit  |          64 bits          |
/// +---------------------------+---------+---------------------------+
///
/// `installed`: the account has the manager as a validator (ERC-7579 type 1). The word is never deleted.
type AccountState is uint256;

using AccountStateLibrary for AccountState global;

library AccountStateLibrary {
    uint256 private constant INSTALLED = 1 << 64;

    function epoch(AccountState state) internal pure returns (uint64) {
        return uint64(AccountState.unwrap(state));
    }

    function installed(AccountState state) internal pure returns (bool) {
        return AccountState.unwrap(state) & INSTALLED != 0;
    }

    function withEpoch(AccountState state, uint64 epoch_) internal pure returns (AccountState) {
        return AccountState.wrap(AccountState.unwrap(state) & ~uint256(type(uint64).max) | epoch_);
    }

    function withInstalled(AccountState state, bool installed_) internal pure returns (AccountState) {
        uint256 word = AccountState.unwrap(state);
        return AccountState.wrap(installed_ ? word | INSTALLED : word & ~INSTALLED);
    }
}
