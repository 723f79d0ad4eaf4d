// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Packs an ABIRulePolicy's rules about dynamic data. Written from docs/encoding.md, not from the contract.
/// @dev Bodies are put together by {ABIRuleConfig}: `all(any(rule, rule), any(rule))`. For example, that the second
/// argument of `f(uint256,bytes[])` has no element longer than 9 bytes:
/// `arguments(args(hex"20", arrayOf(BYTES)), all(any(at(hex"01", every(all(any(at("", length(LESS, 10)))))))))`.
library ABIArgumentsConfig {
    bytes1 internal constant BYTES = 0xc2;

    uint8 internal constant VALUE = 0;
    uint8 internal constant LENGTH = 1;
    uint8 internal constant HASH = 2;
    uint8 internal constant SLICE = 3;
    uint8 internal constant SLICE_FROM_END = 4;
    uint8 internal constant EQUALS = 5;
    uint8 internal constant DIFFERS = 6;
    uint8 internal constant PREFIX = 7;
    uint8 internal constant SUFFIX = 8;
    uint8 internal constant ALL = 9;
    uint8 internal constant EVERY = 10;
    uint8 internal constant SOME = 11;
    uint8 internal constant CALLDATA = 12;
    uint8 internal constant DECODED = 13;
    uint8 internal constant TAGGED = 14;

    // -- Shapes --------------------------------------------------------------------------------------------------------

    /// @notice A shape: the number of words in the head, and the code of each.
    function args(uint8 words, bytes memory codes) internal pure returns (bytes memory) {
        return abi.encodePacked(words, codes);
    }

    /// @notice The code of a dynamic array.
    function arrayOf(bytes memory element) internal pure returns (bytes memory) {
        return abi.encodePacked(hex"c3", element);
    }

    /// @notice The code of a dynamic tuple.
    function tuple(uint8 words, bytes memory codes) internal pure returns (bytes memory) {
        return abi.encodePacked(hex"c4", words, codes);
    }

    /// @notice The code of a static tuple, as an array's element.
    function inlineTuple(uint8 words, bytes memory codes) internal pure returns (bytes memory) {
        return abi.encodePacked(hex"c5", words, codes);
    }

    // -- Rules about a call --------------------------------------------------------------------------------------------

    /// @notice A rule about the arguments of a call as a whole; an empty body asks for nothing but the shape.
    function arguments(bytes memory shape, bytes memory body) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(1), uint16(shape.length + body.length), shape, body);
    }

    // -- Rules about values --------------------------------------------------------------------------------------------

    /// @notice A rule about the value that a path leads to, one byte a step.
    function at(bytes memory path, bytes memory test) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(path.length), path, test);
    }

    /// @notice The value, a word, compares with references that are packed already.
    function value(uint8 comparison, bytes memory references) internal pure returns (bytes memory) {
        return abi.encodePacked(VALUE, comparison, references);
    }

    /// @notice The length compares with a number.
    function length(uint8 comparison, uint32 expected) internal pure returns (bytes memory) {
        return abi.encodePacked(LENGTH, comparison, expected);
    }

    function hash(uint8 comparison, bytes memory references) internal pure returns (bytes memory) {
        return abi.encodePacked(HASH, comparison, references);
    }

    /// @notice The value of a type at an offset in bytes compares with references.
    function slice(uint16 offset, uint8 typeCode, uint8 comparison, bytes memory references)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(SLICE, offset, typeCode, comparison, references);
    }

    /// @notice The value of a type that ends `offset` bytes before the end compares with references.
    function sliceFromEnd(uint16 offset, uint8 typeCode, uint8 comparison, bytes memory references)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(SLICE_FROM_END, offset, typeCode, comparison, references);
    }

    /// @notice A test of bytes against bytes: EQUALS, DIFFERS, PREFIX or SUFFIX.
    function content(uint8 test, bytes memory expected) internal pure returns (bytes memory) {
        return abi.encodePacked(test, uint16(expected.length), expected);
    }

    /// @notice All groups of a body hold for the value itself.
    function allOf(bytes memory body) internal pure returns (bytes memory) {
        return content(ALL, body);
    }

    function every(bytes memory body) internal pure returns (bytes memory) {
        return content(EVERY, body);
    }

    function some(bytes memory body) internal pure returns (bytes memory) {
        return content(SOME, body);
    }

    /// @notice Bytes are the encoding of arguments, without selector.
    function decoded(bytes memory shape, bytes memory body) internal pure returns (bytes memory) {
        return content(DECODED, bytes.concat(shape, body));
    }

    /// @notice Bytes are a call that one of the alternatives allows.
    function calls(bytes memory alternative0) internal pure returns (bytes memory) {
        return content(CALLDATA, bytes.concat(hex"01", alternative0));
    }

    function calls(bytes memory alternative0, bytes memory alternative1) internal pure returns (bytes memory) {
        return content(CALLDATA, bytes.concat(hex"02", alternative0, alternative1));
    }

    function calls(bytes memory alternative0, bytes memory alternative1, bytes memory alternative2)
        internal
        pure
        returns (bytes memory)
    {
        return content(CALLDATA, bytes.concat(hex"03", alternative0, alternative1, alternative2));
    }

    /// @notice A function, and rules about a call of it; none means that any arguments will do.
    function alternative(bytes4 selector, bytes memory body) internal pure returns (bytes memory) {
        return abi.encodePacked(selector, uint16(body.length), body);
    }

    /// @notice Each element of an array of bytes is encoded as the byte at its index of other bytes says.
    function tagged(bytes memory tagsPath, bytes memory alternatives) internal pure returns (bytes memory) {
        return content(TAGGED, abi.encodePacked(uint8(tagsPath.length), tagsPath, alternatives));
    }

    /// @notice A tag, the shape that goes with it and rules; no shape means that any bytes will do.
    function tag(uint8 key, bytes memory shape, bytes memory body) internal pure returns (bytes memory) {
        return abi.encodePacked(key, uint16(shape.length + body.length), shape, body);
    }
}
