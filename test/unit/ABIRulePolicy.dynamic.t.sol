// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IABIRulePolicy} from "contracts/interfaces/IABIRulePolicy.sol";
import {ABIRuleTest} from "../utils/ABIRuleTest.sol";
import {ABIRuleConfig as R} from "../utils/ABIRuleConfig.sol";
import {ABIArgumentsConfig as A} from "../utils/ABIArgumentsConfig.sol";
import {cut} from "../utils/Cut.sol";

/// @dev Rules about values in dynamic data. Where in a configuration a rule begins: 2 for the rule about the arguments
/// (behind the counts of groups and rules), 5 for their shape, then the body's two counts, then its first rule.
abstract contract DynamicTest is ABIRuleTest {
    bytes4 internal constant SELECTOR = 0x12345678;

    bytes internal constant LONG = "a text of more than thirty-two bytes";

    /// @dev A configuration of one rule about arguments of a shape.
    function only(bytes memory shape, bytes memory rule) internal pure returns (bytes memory) {
        return R.only(A.arguments(shape, R.only(rule)));
    }

    /// @dev The place of that rule.
    function placeIn(bytes memory shape) internal pure returns (uint256) {
        return 5 + shape.length + 2;
    }

    function bytesConfig(bytes memory test) internal pure returns (bytes memory) {
        return only(A.args(1, hex"c2"), A.at(hex"00", test));
    }

    function bytesCall(bytes memory content) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(SELECTOR, content);
    }

    function list(uint16 a, uint16 b, uint16 c) internal pure returns (uint16[] memory values) {
        values = new uint16[](3);
        (values[0], values[1], values[2]) = (a, b, c);
    }
}

contract ABIRulePolicyWordsInDynamicDataTest is DynamicTest {
    /// @dev A word of a tuple in an array compares as the same word of the head does.
    function testFuzz_ComparesAsInTheHead(
        uint8 typeCode,
        uint8 comparison,
        uint256 actual,
        uint256[2] memory refs,
        uint8 near
    ) external view {
        uint8 width = uint8(1 + typeCode % 32);
        typeCode = [width, 0x40 + width, 0x80 + width, 0xc1, 0x14][near % 5];
        comparison = uint8(comparison % 10);
        if (comparison == R.ACCOUNT) typeCode = R.ADDRESS;
        if (comparison == R.BITS && typeCode > 0x40 && typeCode <= 0x60) typeCode -= 0x40;
        if (near >= 200) actual = uint160(ACCOUNT);
        bytes32 word = proper(typeCode, actual);
        bytes memory references;
        for (uint256 i = 0; i < 2; ++i) {
            bytes32 ref = near >> (4 + i) & 1 == 0 ? word : proper(typeCode, refs[i]);
            if (comparison >= R.RANGE || i == 0) references = bytes.concat(references, R.ref(typeCode, ref));
        }
        if (comparison == R.ACCOUNT) references = "";
        if (comparison == R.ONE_OF) references = bytes.concat(hex"02", references);

        assertComparesAsInTheHead(typeCode, comparison, word, references);
    }

    function assertComparesAsInTheHead(uint8 typeCode, uint8 comparison, bytes32 word, bytes memory references)
        private
        view
    {
        (bool inHead,) = ask(R.only(R.rawRule(0, typeCode, comparison, references)), abi.encodePacked(SELECTOR, word));
        bytes memory shape = A.args(1, A.arrayOf(A.tuple(2, abi.encodePacked(hex"c2", typeCode))));
        bytes memory config = only(shape, A.at(hex"000001", A.value(comparison, references)));
        // An array of one tuple, of some bytes and the word.
        bytes memory data = abi.encodePacked(SELECTOR, uint256(32), uint256(1), uint256(32), uint256(64), word);
        data = abi.encodePacked(data, uint256(1), bytes32("x"));
        if (inHead) return assertAccepted(config, data);
        if (comparison == R.ONE_OF) references = cut(references, 1, references.length);
        assertRefused(
            config, data, notMet(13, hex"000000000001", typeCode, 0, comparison, references, abi.encode(word))
        );
    }

    /// @dev A value of the type: what is left of any number.
    function proper(uint8 typeCode, uint256 any) private pure returns (bytes32) {
        if (typeCode == R.BOOL) return bytes32(any % 2);
        uint256 unused = 256 - 8 * R.widthOf(typeCode);
        if (typeCode > 0x80) return bytes32(any >> unused << unused);
        if (typeCode > 0x40) return bytes32(uint256(int256(any << unused) >> unused));
        return bytes32(any << unused >> unused);
    }

    function test_WordBesideDynamicArguments() external view {
        bytes memory shape = A.args(4, hex"c214c220");
        bytes memory config = R.only(
            A.arguments(
                shape,
                R.all(
                    R.any(A.at(hex"01", A.value(R.ACCOUNT, ""))),
                    R.any(A.at(hex"03", A.value(R.LESS_OR_EQUAL, abi.encode(100))))
                )
            )
        );
        assertAccepted(config, abi.encodeWithSelector(SELECTOR, LONG, ACCOUNT, LONG, 100));
        assertRefused(
            config,
            abi.encodeWithSelector(SELECTOR, LONG, address(this), LONG, 100),
            notMet(placeIn(shape), hex"0001", 0x14, A.VALUE, R.ACCOUNT, "", abi.encode(this))
        );
        // The second rule begins behind the first (4 bytes) and a count.
        assertRefused(
            config,
            abi.encodeWithSelector(SELECTOR, LONG, ACCOUNT, LONG, 101),
            notMet(placeIn(shape) + 5, hex"0003", 0x20, A.VALUE, R.LESS_OR_EQUAL, abi.encode(100), abi.encode(101))
        );
    }

    function test_RevertWhen_AValueIsComparedThatIsNoWord() external view {
        bytes[3] memory shapes = [A.args(1, hex"c2"), A.args(1, hex"c302"), A.args(1, hex"c401c2")];
        bytes[3] memory calls = [
            bytesCall("x"),
            abi.encodeWithSelector(SELECTOR, list(1, 2, 3)),
            abi.encodePacked(SELECTOR, uint256(32), abi.encode(LONG))
        ];
        for (uint256 i = 0; i < 3; ++i) {
            bytes memory config = only(shapes[i], A.at(hex"00", A.value(R.EQUAL, hex"01")));
            assertRefused(config, calls[i], invalidConfig(placeIn(shapes[i]) + 2));
        }
    }
}

contract ABIRulePolicyBytesTest is DynamicTest {
    function assertHolds(bytes memory test, bytes memory content, bool expected) private view {
        (bool accepted, bytes memory returned) = ask(bytesConfig(test), bytesCall(content));
        assertEq(accepted, expected);
        if (!expected) assertEq(bytes4(returned), NOT_MET);
    }

    // -- Length --------------------------------------------------------------------------------------------------------

    function testFuzz_Length(bytes memory content, uint32 expected, uint8 near) external view {
        if (near < 200) expected = uint32(content.length + near % 3 - (content.length == 0 ? 0 : 1));
        uint256 size = content.length;
        assertHolds(A.length(R.EQUAL, expected), content, size == expected);
        assertHolds(A.length(R.NOT_EQUAL, expected), content, size != expected);
        assertHolds(A.length(R.LESS, expected), content, size < expected);
        assertHolds(A.length(R.LESS_OR_EQUAL, expected), content, size <= expected);
        assertHolds(A.length(R.GREATER, expected), content, size > expected);
        assertHolds(A.length(R.GREATER_OR_EQUAL, expected), content, size >= expected);
    }

    function test_LengthInARangeOrOneOf() external view {
        for (uint256 size = 0; size < 70; ++size) {
            bytes memory content = new bytes(size);
            assertHolds(abi.encodePacked(A.LENGTH, R.RANGE, uint32(3), uint32(33)), content, size >= 3 && size <= 33);
            assertHolds(
                abi.encodePacked(A.LENGTH, R.ONE_OF, uint8(2), uint32(0), uint32(64)), content, size == 0 || size == 64
            );
            // A whole number of words.
            assertHolds(abi.encodePacked(A.LENGTH, R.BITS, uint32(31), uint32(0)), content, size % 32 == 0);
        }
    }

    function test_RevertWhen_BytesAreTooLong() external view {
        assertRefused(
            bytesConfig(A.length(R.LESS, 36)),
            bytesCall(LONG),
            notMet(9, hex"0000", 4, A.LENGTH, R.LESS, abi.encodePacked(uint32(36)), abi.encode(36))
        );
    }

    // -- Hash ----------------------------------------------------------------------------------------------------------

    function testFuzz_Hash(bytes memory content, uint256 distance) external view {
        bytes memory hash = abi.encode(keccak256(content));
        bytes32 other = keccak256(content) ^ bytes32(bound(distance, 1, type(uint256).max));
        assertHolds(A.hash(R.EQUAL, hash), content, true);
        assertHolds(A.hash(R.NOT_EQUAL, hash), content, false);
        assertHolds(A.hash(R.NOT_EQUAL, abi.encode(other)), content, true);
        assertHolds(A.hash(R.ONE_OF, bytes.concat(hex"02", other, hash)), content, true);
        assertRefused(
            bytesConfig(A.hash(R.EQUAL, abi.encode(other))),
            bytesCall(content),
            notMet(9, hex"0000", 0xa0, A.HASH, R.EQUAL, abi.encode(other), hash)
        );
    }

    // -- Contents ------------------------------------------------------------------------------------------------------

    /// @dev The content against itself, parts of it, and itself with a bit flipped or a byte more or less.
    function testFuzz_Contents(bytes memory content, uint256 from, uint256 bit) external view {
        assertHolds(A.content(A.EQUALS, content), content, true);
        assertHolds(A.content(A.DIFFERS, content), content, false);
        if (content.length == 0) return;
        from %= content.length;
        bytes memory head = cut(content, 0, from);
        bytes memory tail = cut(content, from, content.length);
        assertHolds(A.content(A.SUFFIX, tail), content, true);
        assertHolds(A.content(A.EQUALS, tail), content, from == 0);
        assertHolds(A.content(A.EQUALS, head), content, false);
        assertHolds(A.content(A.DIFFERS, head), content, true);
        if (from != 0) assertHolds(A.content(A.PREFIX, head), content, true);
        assertHolds(A.content(A.PREFIX, content), content, true);
        assertHolds(A.content(A.PREFIX, bytes.concat(content, hex"00")), content, false);
        assertHolds(A.content(A.SUFFIX, bytes.concat(hex"00", content)), content, false);

        bytes memory other = bytes.concat(content);
        other[from] ^= bytes1(uint8(2 ** (bit % 8)));
        assertHolds(A.content(A.EQUALS, other), content, false);
        assertHolds(A.content(A.DIFFERS, other), content, true);
        assertHolds(A.content(A.PREFIX, other), content, false);
        assertHolds(A.content(A.PREFIX, cut(other, 0, from + 1)), content, false);
        assertHolds(A.content(A.SUFFIX, other), content, false);
        assertHolds(A.content(A.SUFFIX, cut(other, from, other.length)), content, false);
    }

    function test_EmptyBytesEqualNothingElse() external view {
        assertHolds(A.content(A.EQUALS, ""), "", true);
        assertHolds(A.content(A.EQUALS, ""), hex"00", false);
        assertHolds(A.content(A.EQUALS, hex"00"), "", false);
        assertHolds(A.content(A.DIFFERS, ""), hex"00", true);
    }

    function test_RevertWhen_PrefixIsEmpty() external view {
        assertRefused(bytesConfig(A.content(A.PREFIX, "")), bytesCall("x"), invalidConfig(12));
        assertRefused(bytesConfig(A.content(A.SUFFIX, "")), bytesCall("x"), invalidConfig(12));
    }

    function test_RevertWhen_ContentDiffers() external view {
        assertRefused(
            bytesConfig(A.content(A.PREFIX, "a test")),
            bytesCall(LONG),
            notMet(9, hex"0000", 0xc2, A.PREFIX, 0, "a test", LONG)
        );
        assertRefused(
            bytesConfig(A.content(A.SUFFIX, "bites")),
            bytesCall(LONG),
            notMet(9, hex"0000", 0xc2, A.SUFFIX, 0, "bites", LONG)
        );
    }

    /// @dev The last rule of a group is told, with nothing of those before it.
    function test_RevertWhen_NoAlternativeHolds() external view {
        bytes memory shape = A.args(1, hex"c2");
        bytes memory short = A.at(hex"00", A.length(R.LESS, 5));
        bytes memory prefix = A.at(hex"00", A.content(A.PREFIX, "b"));
        assertRefused(
            R.only(A.arguments(shape, R.all(R.any(short, prefix)))),
            bytesCall(LONG),
            notMet(9 + short.length, hex"0000", 0xc2, A.PREFIX, 0, "b", LONG)
        );
        assertRefused(
            R.only(A.arguments(shape, R.all(R.any(prefix, short)))),
            bytesCall(LONG),
            notMet(9 + prefix.length, hex"0000", 4, A.LENGTH, R.LESS, abi.encodePacked(uint32(5)), abi.encode(36))
        );
    }

    function test_ErrorsShowTheBeginningOfLongContents() external view {
        bytes memory expected = new bytes(700);
        bytes memory actual = new bytes(900);
        for (uint256 i = 0; i < 700; ++i) {
            expected[i] = bytes1(uint8(i));
            actual[i] = bytes1(uint8(i * 7));
        }
        bytes memory told = notMet(9, hex"0000", 0xc2, A.EQUALS, 0, cut(expected, 0, 512), cut(actual, 0, 512));
        assertLt(told.length, 1_500);
        assertRefused(bytesConfig(A.content(A.EQUALS, expected)), bytesCall(actual), told);
    }

    // -- Slices --------------------------------------------------------------------------------------------------------

    function testFuzz_Slice(bytes memory content, uint16 offset, uint8 width, uint8 kind) external view {
        width = uint8(1 + width % 32);
        offset = uint16(offset % (content.length + 3));
        uint8 typeCode = [width, 0x40 + width, 0x80 + width][kind % 3];
        bool exists = uint256(offset) + width <= content.length;
        // The bytes themselves are the reference of any of these types.
        bytes memory same = exists ? cut(content, offset, offset + width) : new bytes(width);
        assertHolds(A.slice(offset, typeCode, R.EQUAL, same), content, exists);
        assertHolds(A.slice(offset, typeCode, R.NOT_EQUAL, same), content, false);
        bytes memory other = bytes.concat(same);
        other[offset % width] ^= 0x10;
        assertHolds(A.slice(offset, typeCode, R.NOT_EQUAL, other), content, exists);

        if (exists) same = cut(content, content.length - offset - width, content.length - offset);
        assertHolds(A.sliceFromEnd(offset, typeCode, R.EQUAL, same), content, exists);
        assertHolds(A.sliceFromEnd(offset, typeCode, R.NOT_EQUAL, same), content, false);
    }

    function test_SliceIsSigned() external view {
        for (uint256 value = 0; value < 256; ++value) {
            bytes memory content = abi.encodePacked(hex"ffff", uint8(value), hex"ff");
            assertHolds(A.slice(2, R.intN(8), R.LESS, hex"00"), content, value >= 128);
            assertHolds(A.sliceFromEnd(1, R.intN(8), R.LESS, hex"00"), content, value >= 128);
            assertHolds(A.slice(2, R.uintN(8), R.LESS, hex"80"), content, value < 128);
        }
    }

    function test_SliceIsTheAccount() external view {
        assertHolds(A.slice(1, R.ADDRESS, R.ACCOUNT, ""), abi.encodePacked(hex"00", ACCOUNT), true);
        assertHolds(A.slice(0, R.ADDRESS, R.ACCOUNT, ""), abi.encodePacked(hex"00", ACCOUNT), false);
        assertHolds(A.sliceFromEnd(0, R.ADDRESS, R.ACCOUNT, ""), abi.encodePacked(hex"00", ACCOUNT), true);
    }

    function test_RevertWhen_SliceIsBehindTheEnd() external view {
        // Not even what lies there, padding, is taken for it.
        bytes memory config = bytesConfig(A.slice(2, R.uintN(16), R.EQUAL, hex"0000"));
        assertAccepted(config, bytesCall(hex"ffff0000"));
        assertRefused(config, bytesCall(hex"ffff00"), notMet(9, hex"0000", 2, A.SLICE, R.EQUAL, hex"0000", ""));
        config = bytesConfig(A.sliceFromEnd(2, R.uintN(16), R.EQUAL, hex"0000"));
        assertAccepted(config, bytesCall(hex"0000ffff"));
        assertRefused(config, bytesCall(hex"00ffff"), notMet(9, hex"0000", 2, A.SLICE_FROM_END, R.EQUAL, hex"0000", ""));
    }

    function test_ErrorTellsTheComparisonOfASlice() external view {
        bytes memory less = A.slice(1, R.uintN(8), R.LESS, hex"05");
        bytes memory told = notMet(9, hex"0000", 1, A.SLICE, R.LESS, hex"05", abi.encode(7));
        assertRefused(bytesConfig(less), bytesCall(hex"0207"), told);
        less = A.sliceFromEnd(1, R.uintN(8), R.LESS, hex"05");
        told = notMet(9, hex"0000", 1, A.SLICE_FROM_END, R.LESS, hex"05", abi.encode(7));
        assertRefused(bytesConfig(less), bytesCall(hex"0702"), told);
    }

    function test_RevertWhen_SliceIsOfNoSuchType() external view {
        for (uint256 code = 0; code < 256; ++code) {
            uint8 typeCode = uint8(code);
            uint256 width = code % 64;
            bool known = width != 0 && width <= 32 && code < 0xc0;
            bytes memory config =
                bytesConfig(A.slice(0, typeCode, R.GREATER_OR_EQUAL, known ? new bytes(width) : new bytes(32)));
            if (!known) assertRefused(config, bytesCall(LONG), invalidConfig(14));
            else if (code > 0x40 && code < 0x80) assertRefusedOrAccepted(config);
            else if (width <= LONG.length) assertAccepted(config, bytesCall(LONG));
        }
    }

    function assertRefusedOrAccepted(bytes memory config) private view {
        // The text begins with a byte below 0x80: positive.
        assertAccepted(config, bytesCall(LONG));
    }

    function test_RevertWhen_BytesAreTestedThatAreNone() external view {
        bytes[7] memory tests = [
            A.hash(R.EQUAL, abi.encode(1)),
            A.slice(0, 1, R.EQUAL, hex"00"),
            A.sliceFromEnd(0, 1, R.EQUAL, hex"00"),
            A.content(A.EQUALS, "x"),
            A.content(A.SUFFIX, "x"),
            A.calls(A.alternative(SELECTOR, "")),
            A.decoded(A.args(1, hex"20"), "")
        ];
        for (uint256 i = 0; i < 7; ++i) {
            bytes memory shape = A.args(1, hex"c302");
            assertRefused(
                only(shape, A.at(hex"00", tests[i])),
                abi.encodeWithSelector(SELECTOR, list(1, 2, 3)),
                invalidConfig(placeIn(shape) + 2)
            );
            assertRefused(
                only(A.args(1, hex"20"), A.at(hex"00", tests[i])),
                abi.encodeWithSelector(SELECTOR, 1),
                invalidConfig(11)
            );
        }
        assertRefused(
            only(A.args(1, hex"20"), A.at(hex"00", A.length(R.EQUAL, 1))),
            abi.encodeWithSelector(SELECTOR, 1),
            invalidConfig(11)
        );
    }

    function test_RevertWhen_TestIsUnknown() external view {
        for (uint256 test = 15; test < 256; ++test) {
            assertRefused(bytesConfig(A.content(uint8(test), "abc")), bytesCall(LONG), invalidConfig(11));
        }
    }
}

contract ABIRulePolicyArrayTest is DynamicTest {
    bytes private constant SHAPE = hex"01c302";

    function assertHolds(bytes memory path, bytes memory test, uint16[] memory values, bool expected) private view {
        (bool accepted, bytes memory returned) =
            ask(only(SHAPE, A.at(path, test)), abi.encodeWithSelector(SELECTOR, values));
        assertEq(accepted, expected);
        if (!expected) assertEq(bytes4(returned), NOT_MET);
    }

    /// @dev One of three questions about an array.
    function testFuzz_Arrays(uint16[] memory values, uint16 limit, uint8 index, uint32 size, uint8 question)
        external
        view
    {
        if (question % 3 == 0) _assertLength(values, size);
        else if (question % 3 == 1) _assertEveryAndSome(values, limit);
        else _assertOneElement(values, limit, index % 128);
    }

    function _assertLength(uint16[] memory values, uint32 size) private view {
        if (size % 2 == 0) size = uint32(values.length);
        assertHolds(hex"00", A.length(R.EQUAL, size), values, values.length == size);
        assertHolds(hex"00", A.length(R.GREATER, size), values, values.length > size);
    }

    function _assertEveryAndSome(uint16[] memory values, uint16 limit) private view {
        uint256 below = 0;
        for (uint256 i = 0; i < values.length; ++i) {
            if (values[i] < limit) ++below;
        }
        bytes memory body = R.only(A.at("", A.value(R.LESS, abi.encodePacked(limit))));
        assertHolds(hex"00", A.every(body), values, below == values.length);
        assertHolds(hex"00", A.some(body), values, below != 0);
    }

    function _assertOneElement(uint16[] memory values, uint16 limit, uint8 index) private view {
        bytes memory test = A.value(R.LESS, abi.encodePacked(limit));
        assertHolds(abi.encodePacked(hex"00", index), test, values, index < values.length && values[index] < limit);
        bool exists = uint256(index) + 1 <= values.length;
        assertHolds(
            abi.encodePacked(hex"00", 255 - index),
            test,
            values,
            exists && values[exists ? values.length - 1 - index : 0] < limit
        );
    }

    function test_FirstAndLastElement() external view {
        uint16[] memory values = list(10, 20, 30);
        assertHolds(hex"0000", A.value(R.EQUAL, hex"000a"), values, true);
        assertHolds(hex"0002", A.value(R.EQUAL, hex"001e"), values, true);
        assertHolds(hex"00ff", A.value(R.EQUAL, hex"001e"), values, true);
        assertHolds(hex"00fd", A.value(R.EQUAL, hex"000a"), values, true);
        assertHolds(hex"00fc", A.value(R.NOT_EQUAL, hex"ffff"), values, false);
        assertHolds(hex"0003", A.value(R.NOT_EQUAL, hex"ffff"), values, false);
    }

    /// @dev Up to 127 from the start, up to 128 from the end.
    function test_FarthestElements() external view {
        uint16[] memory values = new uint16[](200);
        (values[127], values[128], values[72], values[71]) = (5, 6, 7, 8);
        assertHolds(hex"007f", A.value(R.EQUAL, hex"0005"), values, true);
        assertHolds(hex"0080", A.value(R.EQUAL, hex"0007"), values, true);
        values = new uint16[](128);
        (values[127], values[0]) = (5, 6);
        assertHolds(hex"007f", A.value(R.EQUAL, hex"0005"), values, true);
        assertHolds(hex"0080", A.value(R.EQUAL, hex"0006"), values, true);
        values = new uint16[](127);
        assertHolds(hex"007f", A.value(R.EQUAL, hex"0000"), values, false);
        assertHolds(hex"0080", A.value(R.EQUAL, hex"0000"), values, false);
    }

    /// @dev Nothing is read in its place: as an offset and a length that would be beyond all bounds.
    function test_MissingElementIsNotTakenForWhatIsThere() external view {
        uint256[] memory large = new uint256[](3);
        (large[0], large[1], large[2]) = (type(uint256).max, type(uint256).max, type(uint256).max);
        bytes memory data = abi.encodeWithSelector(SELECTOR, new bytes[](0), large);
        bytes memory shape = A.args(2, hex"c3c2c320");
        bytes[4] memory tests = [
            A.hash(R.NOT_EQUAL, abi.encode(0)),
            A.length(R.GREATER_OR_EQUAL, 0),
            A.sliceFromEnd(0, 1, R.GREATER_OR_EQUAL, hex"00"),
            A.decoded(A.args(1, hex"20"), "")
        ];
        for (uint256 i = 0; i < 4; ++i) {
            assertRefused(only(shape, A.at(hex"0000", tests[i])), data, NOT_MET);
        }
        shape = A.args(2, hex"c3c301c320");
        bytes memory every = A.every(R.only(A.at("", A.value(R.GREATER_OR_EQUAL, hex"00"))));
        assertRefused(only(shape, A.at(hex"0000", every)), data, NOT_MET);
    }

    /// @dev Whatever is asked of it: even what is true of a zero, or of empty bytes.
    function test_RevertWhen_ElementIsMissing() external view {
        bytes memory data = abi.encodeWithSelector(SELECTOR, new uint16[](2));
        assertRefused(
            only(SHAPE, A.at(hex"0002", A.value(R.EQUAL, hex"0000"))),
            data,
            notMet(10, hex"00000002", 2, A.VALUE, R.EQUAL, hex"0000", "")
        );
        assertRefused(
            only(SHAPE, A.at(hex"00fd", A.value(R.EQUAL, hex"0000"))),
            data,
            notMet(10, hex"000000fd", 2, A.VALUE, R.EQUAL, hex"0000", "")
        );

        // (bytes,(string,uint8[])[])[]
        bytes memory shape = A.args(1, A.arrayOf(A.tuple(2, hex"c2c3c402c2c301")));
        data = abi.encodePacked(SELECTOR, uint256(32), uint256(0));
        bytes memory trivial = R.only(A.at("", A.length(R.GREATER_OR_EQUAL, 0)));
        bytes[9] memory tests = [
            A.at(hex"000000", A.length(R.EQUAL, 0)),
            A.at(hex"000000", A.content(A.EQUALS, "")),
            A.at(hex"00ff00", A.content(A.DIFFERS, "x")),
            A.at(hex"000000", A.hash(R.NOT_EQUAL, abi.encode(0))),
            A.at(hex"000001", A.every(trivial)),
            A.at(hex"000001", A.length(R.EQUAL, 0)),
            A.at(hex"0000010000", A.length(R.EQUAL, 0)),
            A.at(hex"00000100010a", A.value(R.EQUAL, hex"00")),
            A.at(hex"000001", A.allOf(trivial))
        ];
        for (uint256 i = 0; i < 9; ++i) {
            assertRefused(only(shape, tests[i]), data, NOT_MET);
        }
    }

    function test_RevertWhen_AMissingElementShallMeetABody() external view {
        bytes memory shape = A.args(1, hex"c3c302");
        bytes memory data = abi.encodeWithSelector(SELECTOR, new uint16[][](0));
        bytes memory body = R.only(A.at("", A.value(R.GREATER_OR_EQUAL, hex"0000")));
        assertRefused(
            only(shape, A.at(hex"0001", A.every(body))),
            data,
            notMet(placeIn(shape), hex"00000001", 0xc3, A.EVERY, 0, body, "")
        );
    }

    function test_NothingIsEveryElementOfAnEmptyArray() external view {
        bytes memory never = R.only(A.at("", A.value(R.LESS, hex"0000")));
        assertHolds(hex"00", A.every(never), new uint16[](0), true);
        assertHolds(hex"00", A.some(never), new uint16[](0), false);
        assertRefused(
            only(SHAPE, A.at(hex"00", A.some(never))),
            abi.encodeWithSelector(SELECTOR, new uint16[](0)),
            notMet(10, hex"0000", 0xc3, A.SOME, 0, "", "")
        );
    }

    function test_RevertWhen_OneElementDoesNotHold() external view {
        bytes memory body = R.only(A.at("", A.value(R.LESS, hex"0010")));
        bytes memory config = only(SHAPE, A.at(hex"00", A.every(body)));
        assertAccepted(config, abi.encodeWithSelector(SELECTOR, list(1, 2, 15)));
        // The inner rule is told, with the element's index: counts at 15 and 16.
        assertRefused(
            config,
            abi.encodeWithSelector(SELECTOR, list(1, 16, 17)),
            notMet(17, hex"00000001", 2, A.VALUE, R.LESS, hex"0010", abi.encode(16))
        );
    }

    /// @dev The last element is told, and the inner rule that does not hold for it.
    function test_RevertWhen_NoElementHolds() external view {
        bytes memory body = R.only(A.at("", A.value(R.LESS, hex"0010")));
        assertRefused(
            only(SHAPE, A.at(hex"00", A.some(body))),
            abi.encodeWithSelector(SELECTOR, list(16, 17, 18)),
            notMet(17, hex"00000002", 2, A.VALUE, R.LESS, hex"0010", abi.encode(18))
        );
    }

    /// @dev More elements than a step of a path has numbers for: the steps before it stay what they are.
    function test_RevertWhen_AVeryLateElementDoesNotHold() external view {
        uint16[] memory values = new uint16[](65_537);
        values[65_536] = 1;
        assertRefused(
            only(SHAPE, A.at(hex"00", A.every(R.only(A.at("", A.value(R.EQUAL, hex"0000")))))),
            abi.encodeWithSelector(SELECTOR, values),
            notMet(17, hex"0000ffff", 2, A.VALUE, R.EQUAL, hex"0000", abi.encode(1))
        );
    }

    /// @dev An alternative for each element: no single rule holds for all.
    function test_EachElementMayMeetAnotherAlternative() external view {
        bytes memory body = R.all(R.any(A.at("", A.value(R.LESS, hex"0005")), A.at("", A.value(R.GREATER, hex"0064"))));
        assertHolds(hex"00", A.every(body), list(1, 200, 4), true);
        assertHolds(hex"00", A.every(body), list(1, 50, 4), false);
    }

    /// @dev All groups must hold for the same element.
    function test_SomeElementMustMeetAllGroups() external view {
        bytes memory body =
            R.all(R.any(A.at("", A.value(R.GREATER, hex"000a"))), R.any(A.at("", A.value(R.LESS, hex"0014"))));
        assertHolds(hex"00", A.some(body), list(5, 15, 25), true);
        assertHolds(hex"00", A.some(body), list(5, 5, 25), false);
    }

    function test_ArraysOfStaticTuples() external view {
        // (address,uint64)[],bytes
        bytes memory shape = A.args(2, hex"c3c5021408c2");
        bytes memory data = abi.encodePacked(
            SELECTOR, uint256(64), uint256(64 + 32 + 128), uint256(2), abi.encode(ACCOUNT, 7), abi.encode(this, 9)
        );
        data = bytes.concat(data, abi.encode(0));
        assertAccepted(only(shape, A.at(hex"000000", A.value(R.ACCOUNT, ""))), data);
        assertRefused(only(shape, A.at(hex"000100", A.value(R.ACCOUNT, ""))), data, NOT_MET);
        assertAccepted(only(shape, A.at(hex"00ff01", A.value(R.EQUAL, abi.encodePacked(uint64(9))))), data);
        bytes memory small = R.only(A.at(hex"01", A.value(R.LESS, abi.encodePacked(uint64(9)))));
        assertAccepted(only(shape, A.at(hex"00", A.some(small))), data);
        assertRefused(
            only(shape, A.at(hex"00", A.every(small))),
            data,
            notMet(
                placeIn(shape) + 5 + 2,
                hex"000000010001",
                8,
                A.VALUE,
                R.LESS,
                abi.encodePacked(uint64(9)),
                abi.encode(9)
            )
        );
    }

    function test_ArraysOfArrays() external view {
        uint16[][] memory rows = new uint16[][](3);
        (rows[0], rows[1], rows[2]) = (list(1, 2, 3), new uint16[](0), list(4, 5, 60));
        bytes memory shape = A.args(1, hex"c3c302");
        bytes memory data = abi.encodeWithSelector(SELECTOR, rows);
        bytes memory below = R.only(A.at("", A.value(R.LESS, hex"003d")));
        assertAccepted(only(shape, A.at(hex"00", A.every(R.only(A.at("", A.every(below)))))), data);
        below = R.only(A.at("", A.value(R.LESS, hex"003c")));
        assertRefused(
            only(shape, A.at(hex"00", A.every(R.only(A.at("", A.every(below)))))),
            data,
            notMet(placeIn(shape) + 2 + 3 + 2 + 1 + 3 + 2, hex"000000020002", 2, 0, R.LESS, hex"003c", abi.encode(60))
        );
        // Every row has some element below 5: not the empty one.
        below = R.only(A.at("", A.value(R.LESS, hex"0005")));
        assertRefused(only(shape, A.at(hex"00", A.every(R.only(A.at("", A.some(below)))))), data, NOT_MET);
        rows[1] = list(9, 9, 0);
        data = abi.encodeWithSelector(SELECTOR, rows);
        assertAccepted(only(shape, A.at(hex"00", A.every(R.only(A.at("", A.some(below)))))), data);
        assertAccepted(only(shape, A.at(hex"00fe02", A.value(R.EQUAL, hex"0000"))), data);
    }

    function test_RevertWhen_ElementsAreTestedOfNoArray() external view {
        bytes memory body = R.only(A.at("", A.length(R.EQUAL, 0)));
        assertRefused(bytesConfig(A.every(body)), bytesCall("x"), invalidConfig(11));
        assertRefused(bytesConfig(A.some(body)), bytesCall("x"), invalidConfig(11));
        assertRefused(
            only(A.args(1, hex"c2"), A.at(hex"0000", A.length(R.EQUAL, 0))), bytesCall("x"), invalidConfig(11)
        );
    }

    /// @dev Told at once, also where there is no element to test.
    function test_RevertWhen_BodyIsEmpty() external view {
        bytes memory data = abi.encodeWithSelector(SELECTOR, new uint16[](0));
        uint256 test = placeIn(SHAPE) + 2;
        // What comes behind an empty body would do for one that goes on.
        for (uint256 i = 0; i < 2; ++i) {
            bytes memory behind = i == 0 ? bytes("") : bytes(hex"0100");
            bytes memory config = only(SHAPE, A.at(hex"00", A.content(A.ALL, "")));
            assertRefused(bytes.concat(config, behind), data, invalidConfig(test + 3));
            config = only(SHAPE, A.at(hex"00", A.content(A.EVERY, "")));
            assertRefused(bytes.concat(config, behind), data, invalidConfig(test + 1));
            config = only(SHAPE, A.at(hex"00", A.content(A.SOME, "")));
            assertRefused(bytes.concat(config, behind), data, invalidConfig(test + 1));
        }
    }
}

contract ABIRulePolicyNestedTuplesTest is DynamicTest {
    struct Leaf {
        uint16[] numbers;
        string name;
    }

    struct Trunk {
        uint64 weight;
        Leaf[] leaves;
        Leaf best;
    }

    // (uint64,(uint16[],string)[],(uint16[],string))[]
    bytes private constant SHAPE = hex"01c3c40308c3c402c302c2c402c302c2";

    function sample() private pure returns (bytes memory) {
        Trunk[] memory trunks = new Trunk[](2);
        trunks[0] = Trunk(5, new Leaf[](1), Leaf(list(1, 2, 3), "best of the first"));
        trunks[0].leaves[0] = Leaf(list(4, 5, 6), "only leaf");
        trunks[1] = Trunk(9, new Leaf[](2), Leaf(list(7, 8, 9), "best of the second"));
        trunks[1].leaves[0] = Leaf(new uint16[](0), "");
        trunks[1].leaves[1] = Leaf(list(10, 11, 12), string(LONG));
        return abi.encodeWithSelector(SELECTOR, trunks);
    }

    function test_PathsReachEveryValue() external view {
        bytes memory data = sample();
        assertAccepted(only(SHAPE, A.at(hex"000000", A.value(R.EQUAL, abi.encodePacked(uint64(5))))), data);
        assertAccepted(only(SHAPE, A.at(hex"00ff00", A.value(R.EQUAL, abi.encodePacked(uint64(9))))), data);
        assertAccepted(only(SHAPE, A.at(hex"0000010001", A.content(A.EQUALS, "only leaf"))), data);
        assertAccepted(only(SHAPE, A.at(hex"0000010000ff", A.value(R.EQUAL, hex"0006"))), data);
        assertAccepted(only(SHAPE, A.at(hex"00000201", A.content(A.EQUALS, "best of the first"))), data);
        assertAccepted(only(SHAPE, A.at(hex"0000020001", A.value(R.EQUAL, hex"0002"))), data);
        assertAccepted(only(SHAPE, A.at(hex"000101ff01", A.content(A.EQUALS, LONG))), data);
        assertAccepted(only(SHAPE, A.at(hex"000101010001", A.value(R.EQUAL, hex"000b"))), data);
        // Each is looked at for itself.
        assertRefused(
            only(SHAPE, A.at(hex"000101010001", A.value(R.EQUAL, hex"0005"))),
            data,
            notMet(placeIn(SHAPE), hex"000000010001000100000001", 2, 0, R.EQUAL, hex"0005", abi.encode(11))
        );
    }

    /// @dev An AND of ORs, for every element of an array that is in some element of another.
    function test_BodiesInBodies() external view {
        bytes memory data = sample();
        bytes memory below13 = R.only(A.at("", A.value(R.LESS, hex"000d")));
        bytes memory leaf = R.all(
            R.any(A.at(hex"00", A.every(below13))),
            R.any(A.at(hex"01", A.content(A.EQUALS, "")), A.at(hex"01", A.content(A.PREFIX, "a text")))
        );
        bytes memory trunk = R.all(
            R.any(A.at(hex"00", A.value(R.EQUAL, abi.encodePacked(uint64(9))))), R.any(A.at(hex"01", A.every(leaf)))
        );
        assertAccepted(only(SHAPE, A.at(hex"00", A.some(trunk))), data);
        assertRefused(only(SHAPE, A.at(hex"00", A.every(trunk))), data, NOT_MET);
        trunk = R.only(A.at(hex"01", A.every(leaf)));
        // "only leaf" is neither empty nor does it begin like that.
        assertRefused(only(SHAPE, A.at(hex"00", A.every(trunk))), data, NOT_MET);
        assertRefused(only(SHAPE, A.at(hex"0000", A.allOf(trunk))), data, NOT_MET);
        assertAccepted(only(SHAPE, A.at(hex"0001", A.allOf(trunk))), data);
    }

    function test_RevertWhen_PathLeavesTheShape() external view {
        bytes memory test = A.length(R.EQUAL, 0);
        uint256 place = placeIn(SHAPE) + 1;
        assertRefused(only(SHAPE, A.at(hex"01", test)), sample(), invalidConfig(place));
        assertRefused(only(SHAPE, A.at(hex"ff", test)), sample(), invalidConfig(place));
        assertRefused(only(SHAPE, A.at(hex"000003", test)), sample(), invalidConfig(place + 2));
        assertRefused(only(SHAPE, A.at(hex"00000000", test)), sample(), invalidConfig(place + 3));
        assertRefused(only(SHAPE, A.at(hex"0000020100", test)), sample(), invalidConfig(place + 4));
        // Also in an element that does not exist.
        assertRefused(only(SHAPE, A.at(hex"000903", test)), sample(), invalidConfig(place + 2));
    }
}

/// @dev Alternatives that are more than one rule.
contract ABIRulePolicyAlternativesTest is DynamicTest {
    // (address,bool,bytes)[]
    bytes private constant SHAPE = hex"01c3c40314c1c2";

    struct Call {
        address target;
        bool allowFailure;
        bytes data;
    }

    address private immutable TOKEN = makeAddr("token");
    address private immutable VAULT = makeAddr("vault");

    function pair(address target, bytes4 selector) private pure returns (bytes memory) {
        return A.at(
            "",
            A.allOf(
                R.all(
                    R.any(A.at(hex"00", A.value(R.EQUAL, abi.encodePacked(target)))),
                    R.any(A.at(hex"02", A.calls(A.alternative(selector, ""))))
                )
            )
        );
    }

    function callOf(Call memory call) private pure returns (bytes memory) {
        Call[] memory calls = new Call[](1);
        calls[0] = call;
        return abi.encodeWithSelector(SELECTOR, calls);
    }

    function test_EveryElementMeetsOneOfSeveralBodies() external view {
        bytes memory config =
            only(SHAPE, A.at(hex"00", A.every(R.all(R.any(pair(TOKEN, 0xaaaaaaaa), pair(VAULT, 0xbbbbbbbb))))));
        assertAccepted(config, callOf(Call(TOKEN, false, hex"aaaaaaaa00")));
        assertAccepted(config, callOf(Call(VAULT, false, hex"bbbbbbbb00")));
        assertRefused(config, callOf(Call(TOKEN, false, hex"bbbbbbbb00")), NOT_MET);
        assertRefused(config, callOf(Call(VAULT, false, hex"aaaaaaaa00")), NOT_MET);
        assertRefused(config, callOf(Call(ACCOUNT, false, hex"aaaaaaaa00")), NOT_MET);
    }

    /// @dev The groups at the top, of rules about words and about the arguments as a whole.
    function test_RulesAboutWordsAndArgumentsMix() external view {
        bytes memory shape = A.args(2, hex"20c2");
        bytes memory empty = A.arguments(shape, R.only(A.at(hex"01", A.length(R.EQUAL, 0))));
        bytes memory zero = R.rule(0, R.uintN(256), R.EQUAL, 0);
        bytes memory config = R.all(R.any(zero, empty), R.any(R.rule(0, R.uintN(256), R.LESS, bytes32(uint256(9)))));
        assertAccepted(config, abi.encodeWithSelector(SELECTOR, 0, LONG));
        assertAccepted(config, abi.encodeWithSelector(SELECTOR, 8, ""));
        assertRefused(
            config,
            abi.encodeWithSelector(SELECTOR, 8, "x"),
            notMet(2 + zero.length + 6 + 2, hex"0001", 4, 1, 0, hex"00000000", abi.encode(1))
        );
        assertRefused(config, abi.encodeWithSelector(SELECTOR, 9, ""), IABIRulePolicy.RuleNotMet.selector);

        // The last rule of a group is the one that is told.
        config = R.all(R.any(empty, zero));
        assertAccepted(config, abi.encodeWithSelector(SELECTOR, 0, LONG));
        assertAccepted(config, abi.encodeWithSelector(SELECTOR, 8, ""));
        assertRefused(config, abi.encodeWithSelector(SELECTOR, 8, "x"), IABIRulePolicy.NoRuleMet.selector);
        // Data of another shape does not meet the one rule, and may meet the other.
        assertAccepted(config, abi.encodePacked(SELECTOR, uint256(0)));
        assertRefused(config, abi.encodePacked(SELECTOR, uint256(1)), IABIRulePolicy.NoRuleMet.selector);
    }

    function test_ArgumentsOfOneShapeOrAnother() external view {
        bytes memory config = R.all(R.any(A.arguments(A.args(1, hex"c2"), ""), A.arguments(A.args(2, hex"1420"), "")));
        assertAccepted(config, bytesCall(LONG));
        assertAccepted(config, abi.encodeWithSelector(SELECTOR, ACCOUNT, 1));
        // What is wrong with the last of them: one word is missing.
        assertRefused(config, abi.encodeWithSelector(SELECTOR, ACCOUNT), notCanonical(2 + 3 + 2, "", 4, 0xc4, 64, 32));
    }
}

contract ABIRulePolicyNestedCalldataTest is DynamicTest {
    bytes private constant SHAPE = hex"01c3c2";

    bytes4 private constant PAY = 0xaaaaaaaa;
    bytes4 private constant NOTE = 0xbbbbbbbb;
    bytes4 private constant FREE = 0xcccccccc;

    /// @dev pay(address to,uint256 amount): amount below 100; note(string): short; free(...): anything.
    function config() private pure returns (bytes memory) {
        bytes memory amount = R.only(R.rule(1, R.uintN(256), R.LESS, bytes32(uint256(100))));
        bytes memory text = R.only(A.arguments(A.args(1, hex"c2"), R.only(A.at(hex"00", A.length(R.LESS_OR_EQUAL, 4)))));
        return only(
            SHAPE,
            A.at(
                hex"00",
                A.every(
                    R.only(
                        A.at(
                            "", A.calls(A.alternative(PAY, amount), A.alternative(NOTE, text), A.alternative(FREE, ""))
                        )
                    )
                )
            )
        );
    }

    function multicall(bytes memory call0) private pure returns (bytes memory) {
        bytes[] memory calls = new bytes[](1);
        calls[0] = call0;
        return abi.encodeWithSelector(SELECTOR, calls);
    }

    function multicall(bytes memory call0, bytes memory call1) private pure returns (bytes memory) {
        bytes[] memory calls = new bytes[](2);
        (calls[0], calls[1]) = (call0, call1);
        return abi.encodeWithSelector(SELECTOR, calls);
    }

    function pay(uint256 amount) private view returns (bytes memory) {
        return abi.encodeWithSelector(PAY, ACCOUNT, amount);
    }

    function note(string memory text) private pure returns (bytes memory) {
        return abi.encodeWithSelector(NOTE, text);
    }

    /// @dev The example of docs/encoding.md.
    function test_ExampleOfTheDocumentation() external view {
        bytes memory transfer = R.only(R.rule(1, R.uintN(256), R.LESS_OR_EQUAL, bytes32(uint256(100))));
        bytes memory anyNote = R.only(A.arguments(A.args(1, hex"c2"), ""));
        bytes memory alternatives = A.calls(A.alternative(0xa9059cbb, transfer), A.alternative(0x1b352c43, anyNote));
        bytes memory whole = only(SHAPE, A.at(hex"00", A.every(R.only(A.at("", alternatives)))));
        assertEq(
            whole,
            abi.encodePacked(
                hex"010101004b01c3c2010101000a00410101000c003b02",
                hex"a9059cbb002701010000012003",
                uint256(100),
                hex"1b352c430007010101000201c2"
            )
        );
        assertAccepted(
            whole,
            multicall(
                abi.encodeWithSignature("transfer(address,uint256)", ACCOUNT, 100),
                abi.encodeWithSignature("note(string)", LONG)
            )
        );
        assertRefused(whole, multicall(abi.encodeWithSignature("transfer(address,uint256)", ACCOUNT, 101)), NOT_MET);
    }

    /// @dev Where the rule about calls begins, its alternatives, and the body of the first of them.
    uint256 private constant CALLS = 5 + 3 + 2 + 2 + 3 + 2;
    uint256 private constant LIST = CALLS + 1 + 3;
    uint256 private constant FIRST = LIST + 1 + 6;

    function test_EachInnerCallHasTheRulesOfItsFunction() external view {
        assertAccepted(config(), multicall(pay(99)));
        assertAccepted(config(), multicall(pay(99), note("four")));
        assertAccepted(config(), multicall(note(""), note("four")));
        assertAccepted(config(), multicall(abi.encodePacked(FREE), abi.encodePacked(FREE, LONG)));
        assertAccepted(config(), abi.encodeWithSelector(SELECTOR, new bytes[](0)));
    }

    function test_RevertWhen_AnInnerWordDoesNotMeetItsRule() external view {
        assertRefused(
            config(),
            multicall(pay(99), pay(100)),
            notMet(FIRST + 2, hex"000000010001", 0x20, 0, R.LESS, abi.encode(100), abi.encode(100))
        );
    }

    function test_RevertWhen_AnInnerArgumentDoesNotMeetItsRule() external view {
        // Behind the first alternative's body (2 + 37 bytes): the second's key and length, counts, kind and length.
        uint256 place = FIRST + 39 + 6 + 2 + 3 + 2 + 2;
        assertRefused(
            config(),
            multicall(pay(99), note("fives")),
            notMet(place, hex"000000010000", 4, A.LENGTH, R.LESS_OR_EQUAL, abi.encodePacked(uint32(4)), abi.encode(5))
        );
    }

    function test_RevertWhen_AnInnerCallIsOfAnotherFunction() external view {
        bytes memory whole = config();
        bytes memory alternatives = cut(whole, LIST, whole.length);
        bytes memory unknown = abi.encodeWithSelector(0xdddddddd, ACCOUNT, 1);
        assertRefused(
            whole, multicall(unknown), notMet(CALLS, hex"00000000", 0xc2, A.CALLDATA, 0, alternatives, hex"dddddddd")
        );
        assertRefused(
            whole,
            multicall(pay(99), unknown),
            notMet(CALLS, hex"00000001", 0xc2, A.CALLDATA, 0, alternatives, hex"dddddddd")
        );
        for (uint256 length = 0; length < 4; ++length) {
            bytes memory short = cut(pay(99), 0, length);
            assertRefused(
                whole, multicall(short), notMet(CALLS, hex"00000000", 0xc2, A.CALLDATA, 0, alternatives, short)
            );
        }
    }

    function test_RevertWhen_AnInnerCallIsOfAllZeros() external view {
        // The padding behind empty bytes is no selector.
        bytes memory zero = only(SHAPE, A.at(hex"0000", A.calls(A.alternative(0x00000000, ""))));
        assertAccepted(zero, multicall(hex"00000000"));
        assertRefused(zero, multicall(hex"000000"), NOT_MET);
        assertRefused(zero, multicall(hex""), NOT_MET);
        assertRefused(zero, abi.encodeWithSelector(SELECTOR, new bytes[](0)), NOT_MET);
    }

    function test_RevertWhen_AnInnerWordIsMissingOrDirty() external view {
        // A rule about a word says so by not being met; there is nothing to be told that it is compared with.
        assertRefused(
            config(),
            multicall(cut(pay(99), 0, 67)),
            notMet(FIRST + 2, hex"000000000001", 0x20, 0, R.LESS, abi.encode(100), "")
        );
        assertAccepted(config(), multicall(cut(pay(99), 0, 68)));
        bytes memory byte_ = R.only(R.rule(0, R.uintN(8), R.GREATER_OR_EQUAL, 0));
        bytes memory whole = only(SHAPE, A.at(hex"0000", A.calls(A.alternative(FREE, byte_))));
        assertAccepted(whole, multicall(abi.encodeWithSelector(FREE, 255)));
        assertRefused(whole, multicall(abi.encodeWithSelector(FREE, 256)), NOT_MET);
    }

    /// @dev The word behind an inner call is not its argument.
    function test_RevertWhen_AnInnerWordIsThatOfTheNextCall() external view {
        bytes memory word = R.only(R.rule(2, R.uintN(256), R.GREATER_OR_EQUAL, 0));
        bytes memory whole = only(SHAPE, A.at(hex"0000", A.calls(A.alternative(PAY, word))));
        assertRefused(whole, multicall(pay(1), pay(1)), NOT_MET);
    }

    function test_RevertWhen_InnerArgumentsAreNotCanonical() external view {
        bytes memory inner = note("four");
        uint256 place = FIRST + 39 + 6 + 2;
        // The inner call's pointer, into its own head; its word is behind 3 words and 2 selectors.
        assertRefused(
            config(), multicall(withWord(inner, 4, 0)), notCanonical(place, hex"00000000", 4 + 4 * 32 + 4, 0xc2, 32, 0)
        );
        // Out of the inner call, to the next.
        assertRefused(
            config(),
            multicall(withWord(inner, 4, 4 * 32), inner),
            notCanonical(place, hex"00000000", 4 + 5 * 32 + 4, 0xc2, 32, 4 * 32)
        );
        assertRefused(
            config(),
            multicall(inner, bytes.concat(inner, hex"00")),
            notCanonical(place, hex"00000001", 4 + 5 * 32 + 160 + 4, 0xc4, 96, 97)
        );
    }

    /// @dev The second alternative of a function is tried when the first does not hold.
    function test_AFunctionMayHaveSeveralAlternatives() external view {
        bytes memory small = R.only(R.rule(1, R.uintN(256), R.LESS, bytes32(uint256(100))));
        bytes memory toAccount = R.only(R.isAccount(0));
        bytes memory whole = only(
            SHAPE,
            A.at(hex"00", A.every(R.only(A.at("", A.calls(A.alternative(PAY, small), A.alternative(PAY, toAccount))))))
        );
        assertAccepted(whole, multicall(pay(500), abi.encodeWithSelector(PAY, address(this), 99)));
        assertRefused(whole, multicall(pay(500), abi.encodeWithSelector(PAY, address(this), 100)), NOT_MET);
    }

    function test_RevertWhen_AlternativesAreMalformed() external view {
        bytes memory data = multicall(pay(1));
        uint256 place = 5 + 3 + 2;
        // None.
        assertRefused(only(SHAPE, A.at(hex"0000", A.content(A.CALLDATA, hex"00"))), data, invalidConfig(place + 6));
        // One that is longer than all of them, one that is shorter.
        bytes memory one = bytes.concat(hex"01", A.alternative(PAY, ""));
        assertAccepted(only(SHAPE, A.at(hex"0000", A.content(A.CALLDATA, one))), data);
        one[6] = 0x01;
        assertRefused(only(SHAPE, A.at(hex"0000", A.content(A.CALLDATA, one))), data, invalidConfig(place + 13));
        one[6] = 0x00;
        assertRefused(
            only(SHAPE, A.at(hex"0000", A.content(A.CALLDATA, bytes.concat(one, hex"00")))),
            data,
            invalidConfig(place + 13)
        );
        // One that is too long, of another function.
        one = bytes.concat(hex"01", A.alternative(FREE, ""));
        one[6] = 0x01;
        assertRefused(only(SHAPE, A.at(hex"0000", A.content(A.CALLDATA, one))), data, invalidConfig(place + 13));
    }

    function test_RevertWhen_TheTypeOfAnInnerWordIsUnknown() external view {
        bytes memory inner = R.only(R.rawRule(0, 0xc0, R.EQUAL, ""));
        bytes memory whole = only(SHAPE, A.at(hex"0000", A.calls(A.alternative(PAY, inner))));
        // Behind the path, the test's head, the number of alternatives, the function, its length, and 3 bytes of the rule.
        assertRefused(whole, multicall(pay(1)), invalidConfig(placeIn(SHAPE) + 3 + 3 + 1 + 6 + 2 + 3));
    }

    // -- Without selector ----------------------------------------------------------------------------------------------

    function test_ArgumentsWithoutSelector() external view {
        bytes memory inner = A.args(3, hex"1420c2");
        bytes memory whole = only(
            SHAPE,
            A.at(
                hex"0000",
                A.decoded(
                    inner,
                    R.all(
                        R.any(A.at(hex"00", A.value(R.ACCOUNT, ""))), R.any(A.at(hex"02", A.content(A.EQUALS, "text")))
                    )
                )
            )
        );
        assertAccepted(whole, multicall(abi.encode(ACCOUNT, 5, "text")));
        assertRefused(whole, multicall(abi.encode(this, 5, "text")), NOT_MET);
        assertRefused(whole, multicall(abi.encode(ACCOUNT, 5, "test")), NOT_MET);
        assertRefused(whole, multicall(abi.encode(ACCOUNT, 5)), NOT_CANONICAL);
        assertRefused(whole, multicall(abi.encode(ACCOUNT, 5, "text", "")), NOT_CANONICAL);
        assertRefused(whole, multicall(""), NOT_CANONICAL);
        bytes memory moved = withWord(abi.encode(ACCOUNT, 5, "text"), 64, 32);
        assertRefused(whole, multicall(moved), notCanonical(10, hex"00000000", 4 + 4 * 32 + 64, 0xc2, 96, 32));
    }

    /// @dev Where they are is told, by the argument's number.
    function test_RevertWhen_TheArgumentsInALaterArgumentAreNotCanonical() external view {
        bytes memory shape = A.args(3, hex"c2c2c2");
        bytes memory whole = only(shape, A.at(hex"02", A.decoded(A.args(1, hex"01"), "")));
        bytes memory data = abi.encodeWithSelector(SELECTOR, hex"", hex"", abi.encode(255));
        assertAccepted(whole, data);
        // The words: three offsets, three lengths, and that of the last argument.
        uint256 place = 4 + 6 * 32;
        assertRefused(whole, withWord(data, place, 256), notCanonical(placeIn(shape), hex"0002", place, 1, 0, 256));
    }

    function test_ShapeAlone() external view {
        bytes memory whole = only(SHAPE, A.at(hex"0000", A.decoded(A.args(2, hex"0114"), "")));
        assertAccepted(whole, multicall(abi.encode(255, ACCOUNT)));
        assertRefused(whole, multicall(abi.encode(256, ACCOUNT)), NOT_CANONICAL);
    }

    // -- By tag --------------------------------------------------------------------------------------------------------

    /// @dev run(bytes kinds,bytes[] inputs): kind 1 is an amount below 100, kind 2 some text for the account, kind 3
    /// anything.
    function taggedConfig() private pure returns (bytes memory) {
        bytes memory amount = R.only(A.at(hex"00", A.value(R.LESS, abi.encode(100))));
        bytes memory text = R.only(A.at(hex"00", A.value(R.ACCOUNT, "")));
        bytes memory list_ = bytes.concat(
            hex"03", A.tag(1, A.args(1, hex"20"), amount), A.tag(2, A.args(2, hex"14c2"), text), A.tag(3, "", "")
        );
        return only(A.args(2, hex"c2c3c2"), A.at(hex"01", A.tagged(hex"00", list_)));
    }

    function run(bytes memory kinds, bytes memory input0, bytes memory input1) private pure returns (bytes memory) {
        bytes[] memory inputs = new bytes[](2);
        (inputs[0], inputs[1]) = (input0, input1);
        return abi.encodeWithSelector(SELECTOR, kinds, inputs);
    }

    function test_EachInputIsAsItsTagSays() external view {
        bytes memory amount = abi.encode(99);
        bytes memory text = abi.encode(ACCOUNT, "text");
        assertAccepted(taggedConfig(), run(hex"0102", amount, text));
        assertAccepted(taggedConfig(), run(hex"0201", text, amount));
        assertAccepted(taggedConfig(), run(hex"0303", text, "?"));
        assertAccepted(taggedConfig(), abi.encodeWithSelector(SELECTOR, "", new bytes[](0)));
        assertRefused(taggedConfig(), run(hex"0202", text, amount), NOT_CANONICAL);
        assertRefused(taggedConfig(), run(hex"0101", text, amount), NOT_CANONICAL);
        assertRefused(taggedConfig(), run(hex"0102", abi.encode(100), text), NOT_MET);
        assertRefused(taggedConfig(), run(hex"0102", amount, abi.encode(this, "text")), NOT_MET);
    }

    function test_RevertWhen_TagIsUnknown() external view {
        bytes memory whole = taggedConfig();
        uint256 place = 5 + 4 + 2;
        uint256 alternatives = place + 2 + 3 + 2;
        bytes memory told = cut(whole, alternatives, whole.length);
        assertRefused(
            whole, run(hex"0104", abi.encode(1), ""), notMet(place, hex"00010001", 0xc2, A.TAGGED, 0, told, hex"04")
        );
        // A flag on a known one makes another one.
        assertRefused(
            whole, run(hex"8101", abi.encode(1), ""), notMet(place, hex"00010000", 0xc2, A.TAGGED, 0, told, hex"81")
        );
    }

    function test_RevertWhen_ThereAreNotAsManyTagsAsInputs() external view {
        bytes memory whole = taggedConfig();
        uint256 place = 5 + 4 + 2;
        bytes memory told = cut(whole, place + 2 + 3 + 2, whole.length);
        assertRefused(whole, run(hex"030303", "", ""), notMet(place, hex"0001", 0xc3, A.TAGGED, 0, told, hex"030303"));
        assertRefused(whole, run(hex"03", "", ""), notMet(place, hex"0001", 0xc3, A.TAGGED, 0, told, hex"03"));
        assertRefused(whole, run("", "", ""), notMet(place, hex"0001", 0xc3, A.TAGGED, 0, told, ""));
    }

    /// @dev No tags are not as many as no inputs.
    function test_RevertWhen_TagsAreMissing() external view {
        bytes memory shape = A.args(2, hex"c3c2c3c2");
        bytes memory list_ = bytes.concat(hex"01", A.tag(3, "", ""));
        bytes memory whole = only(shape, A.at(hex"01", A.tagged(hex"0000", list_)));
        assertAccepted(whole, abi.encodeWithSelector(SELECTOR, new bytes[](1), new bytes[](0)));
        assertRefused(whole, abi.encodeWithSelector(SELECTOR, new bytes[](0), new bytes[](0)), NOT_MET);
    }

    function test_RevertWhen_TagsOrInputsAreOfAnotherType() external view {
        bytes memory list_ = bytes.concat(hex"01", A.tag(3, "", ""));
        bytes memory data = run(hex"0303", "", "");
        bytes memory shape = A.args(2, hex"c2c3c2");
        assertRefused(only(shape, A.at(hex"00", A.tagged(hex"00", list_))), data, invalidConfig(placeIn(shape) + 2));
        assertRefused(only(shape, A.at(hex"01", A.tagged(hex"01", list_))), data, invalidConfig(placeIn(shape) + 5));
        assertAccepted(only(shape, A.at(hex"01", A.tagged(hex"00", list_))), data);
        shape = A.args(2, hex"c2c302");
        data = abi.encodeWithSelector(SELECTOR, hex"030303", list(1, 2, 3));
        assertRefused(only(shape, A.at(hex"01", A.tagged(hex"00", list_))), data, invalidConfig(placeIn(shape) + 2));
    }
}

contract ABIRulePolicyDynamicConfigTest is DynamicTest {
    /// @dev A bit of everything.
    function rich() private pure returns (bytes memory config, bytes memory data) {
        bytes memory shape = A.args(4, hex"20c2c3c2c3c502c101");
        bytes memory inner = R.only(A.arguments(A.args(1, hex"c2"), R.only(A.at(hex"00", A.length(R.EQUAL, 1)))));
        bytes[] memory groups = new bytes[](6);
        groups[0] = R.any(
            A.at(hex"00", A.value(R.RANGE, abi.encodePacked(uint256(4), uint256(6)))),
            A.at(hex"01", A.hash(R.EQUAL, abi.encode(1)))
        );
        groups[1] = R.any(A.at(hex"01", A.content(A.PREFIX, "a te")), A.at(hex"01", A.sliceFromEnd(0, 2, 0, hex"1234")));
        groups[2] = R.any(A.at(hex"02", A.every(R.only(A.at("", A.calls(A.alternative(SELECTOR, inner)))))));
        groups[3] = R.any(A.at(hex"03", A.some(R.only(A.at(hex"01", A.value(R.EQUAL, hex"07"))))));
        groups[4] = R.any(A.at("", A.allOf(R.only(A.at(hex"030000", A.value(R.EQUAL, hex"01"))))));
        groups[5] = R.any(A.at(hex"02ff", A.length(R.GREATER, 4)));
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeWithSelector(SELECTOR, "a");
        calls[1] = abi.encodeWithSelector(SELECTOR, "b");
        config = R.all(
            R.any(A.arguments(shape, R.all(groups))), R.any(R.rule(0, R.uintN(256), R.LESS, bytes32(uint256(6))))
        );
        bytes memory pairs = abi.encode(2, true, 7, false, 8);
        data = abi.encodeWithSelector(SELECTOR, uint256(5), LONG, calls, new bytes[](0));
        // The last argument is an array of two static pairs.
        data = bytes.concat(cut(data, 0, data.length - 32), pairs);
    }

    function test_RichConfigIsAccepted() external view {
        (bytes memory config, bytes memory data) = rich();
        assertAccepted(config, data);
    }

    function test_RevertWhen_ConfigIsTruncatedAtAnyByte() external view {
        (bytes memory config, bytes memory data) = rich();
        for (uint256 length = 0; length < config.length; ++length) {
            assertFalse(isAccepted(cut(config, 0, length), data));
        }
    }

    function testFuzz_RevertWhen_ConfigIsTooLong(bytes memory surplus) external view {
        (bytes memory config, bytes memory data) = rich();
        if (surplus.length == 0) surplus = hex"00";
        assertFalse(isAccepted(bytes.concat(config, surplus), data));
    }

    /// @dev Whatever a byte is turned into, an answer is given: no endless loop, no panic, no error without data.
    function test_AnyByteChanged() external view {
        (bytes memory config, bytes memory data) = rich();
        for (uint256 i = 0; i < config.length; ++i) {
            bytes1 was = config[i];
            for (uint256 k = 0; k < 16; ++k) {
                config[i] = bytes16(0x000102030405070c0e20407fc2c3c4ff)[k];
                assertAnswers(config, data);
            }
            config[i] = was;
        }
    }

    function testFuzz_AnyConfig(bytes memory config, bytes memory data, uint8 shape) external view {
        assertAnswers(config, data);
        bytes[3] memory shapes = [bytes(hex"01c3c2"), hex"03c220c2", hex"02c3c3c401c2c502c114"];
        // A body that begins well.
        config = bytes.concat(shapes[shape % 3], hex"0101", config);
        assertAnswers(R.only(abi.encodePacked(uint8(1), uint16(config.length), config)), data);
    }

    function assertAnswers(bytes memory config, bytes memory data) private view {
        bytes memory input = abi.encodeCall(policy.checkCall, (ACCOUNT, 0, address(1), 0, 0, data, config));
        (bool accepted, bytes memory returned) = address(policy).staticcall{gas: 3_000_000}(input);
        assertGe(returned.length, accepted ? 32 : 36);
        assertLt(returned.length, 1_800);
    }

    function test_RevertWhen_ShapeIsMalformed() external view {
        bytes memory data = abi.encodePacked(SELECTOR, uint256(32), uint256(0));
        // No words; no such type; an array of no such type; an array of empty tuples.
        assertRefused(R.only(A.arguments(hex"00", "")), data, invalidConfig(5));
        assertRefused(R.only(A.arguments(hex"01c0", "")), data, invalidConfig(6));
        assertRefused(R.only(A.arguments(hex"01c6", "")), data, invalidConfig(6));
        assertRefused(R.only(A.arguments(hex"01c3c6", "")), data, invalidConfig(7));
        assertRefused(R.only(A.arguments(hex"01c3c500", "")), data, invalidConfig(7));
        assertRefused(R.only(A.arguments(hex"01c3c400", "")), data, invalidConfig(8));
        assertRefused(R.only(A.arguments(hex"01c3c3c500", "")), data, invalidConfig(9));
        // A tuple with no such type in an array that has none.
        assertRefused(R.only(A.arguments(hex"01c3c401c6", "")), data, invalidConfig(9));
        // A static tuple that is no element; a dynamic tuple that is static; a static one that is dynamic.
        assertRefused(R.only(A.arguments(hex"01c50120", "")), data, invalidConfig(6));
        assertRefused(R.only(A.arguments(hex"01c40120", "")), data, invalidConfig(9));
        data = abi.encodePacked(SELECTOR, uint256(32), uint256(1), uint256(32), uint256(0));
        assertRefused(R.only(A.arguments(hex"01c3c501c2", "")), data, invalidConfig(10));
    }

    /// @dev An array of elements without any size would have a length without bounds. So would one of no type that there is.
    function test_RevertWhen_ElementsHaveNoSize() external view {
        bytes memory data = abi.encodePacked(SELECTOR, uint256(32), type(uint256).max);
        assertRefused(R.only(A.arguments(hex"01c3c500", "")), data, invalidConfig(7));
        assertRefused(R.only(A.arguments(hex"01c3c6", "")), data, invalidConfig(7));
    }

    function test_RevertWhen_ShapeEndsBehindItsRule() external view {
        bytes memory rule = A.arguments(A.args(2, hex"2020"), "");
        rule[2] = 0x02;
        assertRefused(R.only(rule), abi.encodeWithSelector(SELECTOR, 1, 2), invalidConfig(7));
    }

    /// @dev Its last code is the count of the group behind.
    function test_RevertWhen_ShapeGoesOnInTheNextGroup() external view {
        bytes memory config = bytes.concat(hex"0201010002022001", R.rule(0, R.uintN(8), R.EQUAL, bytes32(uint256(1))));
        assertRefused(config, abi.encodeWithSelector(SELECTOR, 1, 2), invalidConfig(7));
    }

    function test_RevertWhen_CountsAreZero() external view {
        bytes memory shape = A.args(1, hex"20");
        bytes memory data = abi.encodeWithSelector(SELECTOR, 1);
        assertRefused(R.only(A.arguments(shape, hex"00")), data, invalidConfig(7));
        assertRefused(R.only(A.arguments(shape, hex"0100")), data, invalidConfig(8));
        bytes memory good = A.at(hex"00", A.value(R.EQUAL, abi.encode(1)));
        assertRefused(
            R.only(A.arguments(shape, bytes.concat(hex"0201", good, hex"00"))), data, invalidConfig(9 + good.length)
        );
    }

    function test_RevertWhen_BodyIsShorterOrLongerThanItsRule() external view {
        bytes memory shape = A.args(1, hex"20");
        bytes memory data = abi.encodeWithSelector(SELECTOR, 1);
        bytes memory body = R.only(A.at(hex"00", A.value(R.EQUAL, abi.encode(1))));
        assertAccepted(R.only(A.arguments(shape, body)), data);
        bytes memory rule = A.arguments(shape, bytes.concat(body, hex"00"));
        assertRefused(R.only(rule), data, invalidConfig(2 + rule.length - 1));
        rule = A.arguments(shape, body);
        rule[2] = bytes1(uint8(rule[2]) - 1);
        assertRefused(R.only(rule), data, invalidConfig(2 + rule.length - 1));
    }

    // -- Depth ---------------------------------------------------------------------------------------------------------

    /// @dev Arrays in arrays of bytes: what a shape may nest at most.
    function test_ShapesUpToEightDynamicTypesDeep() external view {
        bytes memory codes = hex"c2";
        bytes memory data = abi.encode(LONG);
        for (uint256 deep = 2; deep <= 8; ++deep) {
            codes = A.arrayOf(codes);
            data = abi.encodePacked(uint256(32), uint256(1), data);
        }
        assertAccepted(R.only(A.arguments(A.args(1, codes), "")), abi.encodePacked(SELECTOR, data));
        // The value is reached by nine steps.
        bytes memory test = A.content(A.EQUALS, LONG);
        assertAccepted(only(A.args(1, codes), A.at(hex"0000000000000000", test)), abi.encodePacked(SELECTOR, data));
        codes = A.arrayOf(codes);
        data = abi.encodePacked(uint256(32), uint256(1), data);
        assertRefused(R.only(A.arguments(A.args(1, codes), "")), abi.encodePacked(SELECTOR, data), tooDeep(5 + 1 + 8));
    }

    /// @dev Tuples in tuples, the same.
    function test_TuplesUpToEightDynamicTypesDeep() external view {
        bytes memory codes = hex"c2";
        bytes memory data = abi.encode(LONG);
        for (uint256 deep = 2; deep <= 8; ++deep) {
            codes = bytes.concat(hex"c401", codes);
            data = abi.encodePacked(uint256(32), data);
        }
        assertAccepted(R.only(A.arguments(A.args(1, codes), "")), abi.encodePacked(SELECTOR, data));
        codes = bytes.concat(hex"c401", codes);
        data = abi.encodePacked(uint256(32), data);
        assertRefused(
            R.only(A.arguments(A.args(1, codes), "")), abi.encodePacked(SELECTOR, data), tooDeep(5 + 1 + 2 * 8)
        );
    }

    /// @dev Calls in calls: each has a body for its arguments, and one for its alternative.
    function nested(uint256 levels, bytes memory rule) private pure returns (bytes memory config, bytes memory data) {
        data = abi.encodePacked(SELECTOR, uint256(5));
        config = rule;
        for (uint256 i = 0; i < levels; ++i) {
            data = bytesCall(data);
            config = A.arguments(
                A.args(1, hex"c2"), R.only(A.at(hex"00", A.calls(A.alternative(SELECTOR, R.only(config)))))
            );
        }
        config = R.only(config);
    }

    function test_TwelveBodiesInOneAnother() external view {
        bytes memory five = R.rule(0, R.uintN(256), R.EQUAL, bytes32(uint256(5)));
        bytes memory four = R.rule(0, R.uintN(256), R.EQUAL, bytes32(uint256(4)));
        (bytes memory config, bytes memory data) = nested(6, five);
        assertAccepted(config, data);
        (config, data) = nested(6, four);
        assertRefused(
            config,
            data,
            notMet(config.length - 37, hex"0000000000000000000000000000", 32, 0, 0, abi.encode(4), abi.encode(5))
        );
        (config, data) = nested(7, five);
        (bool accepted, bytes memory returned) = ask(config, data);
        assertFalse(accepted);
        assertEq(bytes4(returned), IABIRulePolicy.RulesTooDeep.selector);
    }

    /// @dev Bodies that are about the same value do not go deeper either.
    function test_RevertWhen_BodiesOfOneValueAreTooDeep() external view {
        bytes memory shape = A.args(1, hex"20");
        bytes memory rule = A.at(hex"00", A.value(R.EQUAL, abi.encode(5)));
        for (uint256 i = 1; i < 12; ++i) {
            rule = A.at("", A.allOf(R.only(rule)));
        }
        assertAccepted(only(shape, rule), abi.encodeWithSelector(SELECTOR, 5));
        rule = A.at("", A.allOf(R.only(rule)));
        assertRefused(only(shape, rule), abi.encodeWithSelector(SELECTOR, 5), tooDeep(7 + 12 * 6));
    }

    /// @dev Arrays in arrays, of bytes that hold such arrays again, whose bytes hold bytes.
    function test_SixteenSteps() external view {
        bytes memory codes = hex"c2";
        bytes memory data = abi.encode(abi.encode(LONG));
        for (uint256 half = 0; half < 2; ++half) {
            codes = hex"c2";
            for (uint256 deep = 2; deep <= 8; ++deep) {
                codes = A.arrayOf(codes);
                data = abi.encodePacked(uint256(32), uint256(1), data);
            }
            if (half == 0) data = abi.encode(data);
        }
        data = abi.encodePacked(SELECTOR, data);
        bytes memory shape = A.args(1, codes);
        bytes memory path = new bytes(8);
        uint256 inner = 5 + 9 + 2 + 9 + 3 + 9 + 2;
        assertAccepted(only(shape, A.at(path, A.decoded(shape, R.only(A.at(path, A.length(R.EQUAL, 128)))))), data);
        assertRefused(
            only(shape, A.at(path, A.decoded(shape, R.only(A.at(path, A.length(R.EQUAL, 0)))))),
            data,
            notMet(inner, new bytes(32), 4, A.LENGTH, R.EQUAL, hex"00000000", abi.encode(128))
        );
        // One step more.
        bytes memory last = A.decoded(A.args(1, hex"c2"), R.only(A.at(hex"00", A.length(R.EQUAL, 36))));
        assertRefused(
            only(shape, A.at(path, A.decoded(shape, R.only(A.at(path, last))))),
            data,
            tooDeep(inner + 9 + 3 + 2 + 2 + 1)
        );
    }
}
