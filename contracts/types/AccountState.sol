// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What the manager knows of an account as a whole, in one word so that a use reads it once.
///
///  255               88 87     73 72          68     67       66   65    64     63                0
/// +--------------------+---------+--------------+------------+-------+---------+-------------------+
/// |    grantPrefix     | unused  | prefixLength |signedGrants| unused|installed|       epoch       |
/// |      168 bits      | 15 bits |    5 bits    |   1 bit    | 2 bits|  1 bit  |      64 bits      |
/// +--------------------+---------+--------------+------------+-------+---------+-------------------+
///
/// `installed`: the account has the manager as a validator (ERC-7579 type 1). `signedGrants`: its owner may grant sessions
/// by signature; such a signature begins with the first `prefixLength` bytes of `grantPrefix`. The word is never deleted.
type AccountState is uint256;

using AccountStateLibrary for AccountState global;

/// @dev The longest prefix of grant signatures: what Kernel takes to name a validator.
uint256 constant MAX_GRANT_PREFIX = 21;

library AccountStateLibrary {
    uint256 private constant INSTALLED = 1 << 64;
    uint256 private constant SIGNED_GRANTS = 1 << 67;
    uint256 private constant PREFIX_LENGTH_OFFSET = 68;
    uint256 private constant PREFIX_LENGTH_MASK = 0x1f;
    /// @dev Epoch and installed flag: what the grant rule leaves alone.
    uint256 private constant WITHOUT_GRANT_RULE = INSTALLED | type(uint64).max;

    function epoch(AccountState state) internal pure returns (uint64) {
        return uint64(AccountState.unwrap(state));
    }

    function installed(AccountState state) internal pure returns (bool) {
        return AccountState.unwrap(state) & INSTALLED != 0;
    }

    /// @notice Zero if the account has the manager installed and is in this epoch.
    function differenceTo(AccountState state, uint256 epoch_) internal pure returns (uint256) {
        return (AccountState.unwrap(state) ^ (INSTALLED | epoch_)) & WITHOUT_GRANT_RULE;
    }

    function signedGrants(AccountState state) internal pure returns (bool) {
        return AccountState.unwrap(state) & SIGNED_GRANTS != 0;
    }

    /// @notice What a grant signature begins with: the first `length` bytes of `prefix`; those after them are zero.
    function grantPrefix(AccountState state) internal pure returns (bytes21 prefix, uint256 length) {
        uint256 word = AccountState.unwrap(state);
        return (bytes21(bytes32(word)), word >> PREFIX_LENGTH_OFFSET & PREFIX_LENGTH_MASK);
    }

    function withEpoch(AccountState state, uint64 epoch_) internal pure returns (AccountState) {
        return AccountState.wrap(AccountState.unwrap(state) & ~uint256(type(uint64).max) | epoch_);
    }

    function withInstalled(AccountState state, bool installed_) internal pure returns (AccountState) {
        uint256 word = AccountState.unwrap(state);
        return AccountState.wrap(installed_ ? word | INSTALLED : word & ~INSTALLED);
    }

    /// @notice The same with grants by signature on, for signatures that begin with `prefix`, at most 21 bytes; or off.
    function withSignedGrants(AccountState state, bool on, bytes calldata prefix) internal pure returns (AccountState) {
        uint256 word = AccountState.unwrap(state) & WITHOUT_GRANT_RULE;
        if (on) word |= SIGNED_GRANTS | prefix.length << PREFIX_LENGTH_OFFSET | uint256(bytes32(bytes21(prefix)));
        return AccountState.wrap(word);
    }
}
