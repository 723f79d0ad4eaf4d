// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Packs what an ABIRulePolicy is configured with. Written from docs/encoding.md, not from the contract.
/// @dev A configuration is groups, all of which must hold; a group is rules, one of which must:
/// `all(any(rule(…), rule(…)), any(rule(…)))`.
library ABIRuleConfig {
    uint8 internal constant EQUAL = 0;
    uint8 internal constant NOT_EQUAL = 1;
    uint8 internal constant LESS = 2;
    uint8 internal constant LESS_OR_EQUAL = 3;
    uint8 internal constant GREATER = 4;
    uint8 internal constant GREATER_OR_EQUAL = 5;
    uint8 internal constant RANGE = 6;
    uint8 internal constant ONE_OF = 7;
    uint8 internal constant BITS = 8;
    uint8 internal constant ACCOUNT = 9;

    uint8 internal constant ADDRESS = 0x14;
    uint8 internal constant BOOL = 0xc1;

    /// @notice The type code of an unsigned integer.
    function uintN(uint256 bits) internal pure returns (uint8) {
        return uint8(bits / 8);
    }

    /// @notice The type code of a signed integer.
    function intN(uint256 bits) internal pure returns (uint8) {
        return uint8(0x40 + bits / 8);
    }

    /// @notice The type code of `bytesN`.
    function bytesN(uint256 size) internal pure returns (uint8) {
        return uint8(0x80 + size);
    }

    /// @notice How many bytes a reference of a type takes.
    function widthOf(uint8 typeCode) internal pure returns (uint256) {
        if (typeCode == BOOL) return 1;
        if (typeCode > 0x80) return typeCode - 0x80;
        if (typeCode > 0x40) return typeCode - 0x40;
        return typeCode;
    }

    /// @notice A value, given as its ABI word, as a reference of a type: its significant bytes.
    function ref(uint8 typeCode, bytes32 word) internal pure returns (bytes memory packed) {
        uint256 width = widthOf(typeCode);
        bool left = typeCode > 0x80 && typeCode != BOOL;
        packed = new bytes(width);
        for (uint256 i = 0; i < width; ++i) {
            packed[i] = word[left ? i : 32 - width + i];
        }
    }

    /// @notice A rule about a word of the arguments' head, with its references packed already.
    function rawRule(uint16 word, uint8 typeCode, uint8 comparison, bytes memory references)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(uint8(0), word, typeCode, comparison, references);
    }

    /// @notice A rule with one reference.
    function rule(uint16 word, uint8 typeCode, uint8 comparison, bytes32 expected)
        internal
        pure
        returns (bytes memory)
    {
        return rawRule(word, typeCode, comparison, ref(typeCode, expected));
    }

    /// @notice A rule with two references: a range, or a mask and what must be left.
    function rule(uint16 word, uint8 typeCode, uint8 comparison, bytes32 first, bytes32 second)
        internal
        pure
        returns (bytes memory)
    {
        return rawRule(word, typeCode, comparison, bytes.concat(ref(typeCode, first), ref(typeCode, second)));
    }

    /// @notice A rule that the argument is one of up to 255 values.
    function oneOf(uint16 word, uint8 typeCode, bytes32[] memory values) internal pure returns (bytes memory packed) {
        packed = abi.encodePacked(uint8(values.length));
        for (uint256 i = 0; i < values.length; ++i) {
            packed = bytes.concat(packed, ref(typeCode, values[i]));
        }
        return rawRule(word, typeCode, ONE_OF, packed);
    }

    /// @notice A rule that the argument is the account itself.
    function isAccount(uint16 word) internal pure returns (bytes memory) {
        return rawRule(word, ADDRESS, ACCOUNT, "");
    }

    /// @notice A group: one of its rules must hold.
    function any(bytes memory rule0) internal pure returns (bytes memory) {
        return bytes.concat(hex"01", rule0);
    }

    function any(bytes memory rule0, bytes memory rule1) internal pure returns (bytes memory) {
        return bytes.concat(hex"02", rule0, rule1);
    }

    function any(bytes[] memory rules) internal pure returns (bytes memory) {
        return _counted(rules);
    }

    /// @notice A configuration: all of its groups must hold.
    function all(bytes memory group0) internal pure returns (bytes memory) {
        return bytes.concat(hex"01", group0);
    }

    function all(bytes memory group0, bytes memory group1) internal pure returns (bytes memory) {
        return bytes.concat(hex"02", group0, group1);
    }

    function all(bytes[] memory groups) internal pure returns (bytes memory) {
        return _counted(groups);
    }

    /// @notice The configuration that has one rule.
    function only(bytes memory rule0) internal pure returns (bytes memory) {
        return all(any(rule0));
    }

    function _counted(bytes[] memory parts) private pure returns (bytes memory packed) {
        packed = abi.encodePacked(uint8(parts.length));
        for (uint256 i = 0; i < parts.length; ++i) {
            packed = bytes.concat(packed, parts[i]);
        }
    }
}
