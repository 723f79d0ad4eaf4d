// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ABIRuleTest} from "../utils/ABIRuleTest.sol";
import {ABIRuleConfig as R} from "../utils/ABIRuleConfig.sol";
import {ABIArgumentsConfig as A} from "../utils/ABIArgumentsConfig.sol";
import {cut} from "../utils/Cut.sol";

struct Item {
    address to;
    bool open;
    bytes data;
}

struct Point {
    int16 x;
    bytes3 tag;
}

struct Branch {
    string name;
    Item[] items;
    uint64 weight;
}

/// @dev Decodes by the compiler's own decoder, and encodes again: what comes back the same is canonical.
contract Codec {
    function simple(bytes calldata data) external pure returns (bytes memory) {
        (uint256 a, bytes memory b, uint8[] memory c) = abi.decode(data, (uint256, bytes, uint8[]));
        return abi.encode(a, b, c);
    }

    function items(bytes calldata data) external pure returns (bytes memory) {
        return abi.encode(abi.decode(data, (Item[])));
    }

    function points(bytes calldata data) external pure returns (bytes memory) {
        (Point memory a, Point[] memory b, string memory c) = abi.decode(data, (Point, Point[], string));
        return abi.encode(a, b, c);
    }

    function deep(bytes calldata data) external pure returns (bytes memory) {
        (Branch memory a, string[][] memory b) = abi.decode(data, (Branch, string[][]));
        return abi.encode(a, b);
    }
}

/// @notice Which calldata agrees with a shape: exactly what the compiler's decoder takes and its encoder writes.
contract ABIRulePolicyCanonicalTest is ABIRuleTest {
    bytes4 private constant SELECTOR = 0x12345678;

    Codec private codec;
    bytes[4] private shapes;

    function setUp() public override {
        super.setUp();
        codec = new Codec();
        // (uint256,bytes,uint8[])
        shapes[0] = A.args(3, hex"20c2c301");
        // ((address,bool,bytes)[])
        shapes[1] = A.args(1, A.arrayOf(A.tuple(3, hex"14c1c2")));
        // ((int16,bytes3),(int16,bytes3)[],string)
        shapes[2] = A.args(4, bytes.concat(hex"4283", A.arrayOf(A.inlineTuple(2, hex"4283")), A.BYTES));
        // ((string,(address,bool,bytes)[],uint64),string[][])
        bytes memory branch = A.tuple(3, bytes.concat(A.BYTES, A.arrayOf(A.tuple(3, hex"14c1c2")), hex"08"));
        shapes[3] = A.args(2, bytes.concat(branch, A.arrayOf(A.arrayOf(hex"c2"))));
    }

    function configOf(uint256 which) private view returns (bytes memory) {
        return R.only(A.arguments(shapes[which], ""));
    }

    /// @dev The policy accepts exactly what survives decoding and encoding.
    function assertAgrees(uint256 which, bytes memory encoded) private view returns (bool canonical) {
        bytes4[4] memory functions =
            [codec.simple.selector, codec.items.selector, codec.points.selector, codec.deep.selector];
        (bool decodes, bytes memory returned) =
            address(codec).staticcall(abi.encodeWithSelector(functions[which], encoded));
        canonical = decodes && keccak256(abi.decode(returned, (bytes))) == keccak256(encoded);
        bytes memory data = abi.encodePacked(SELECTOR, encoded);
        if (canonical) assertAccepted(configOf(which), data);
        else assertRefused(configOf(which), data, NOT_CANONICAL);
    }

    // -- Sample values -------------------------------------------------------------------------------------------------

    /// @dev Values that are drawn from a seed, for the shape of the seed's last two bits; no number that counts something is
    /// above 3, no length above 70.
    function draw(uint256 seed) private pure returns (bytes memory) {
        uint256 which = seed % 4;
        if (which == 0) {
            uint8[] memory list = new uint8[](rand(seed, 1) % 4);
            for (uint256 i = 0; i < list.length; ++i) {
                list[i] = uint8(rand(seed, 10 + i));
            }
            return abi.encode(rand(seed, 2), blob(seed, 3), list);
        }
        if (which == 1) return abi.encode(itemsOf(seed));
        if (which == 2) {
            Point[] memory list = new Point[](rand(seed, 1) % 4);
            for (uint256 i = 0; i < list.length; ++i) {
                list[i] = pointOf(rand(seed, 10 + i));
            }
            return abi.encode(pointOf(seed), list, string(blob(seed, 2)));
        }
        string[][] memory names = new string[][](rand(seed, 1) % 3);
        for (uint256 i = 0; i < names.length; ++i) {
            names[i] = new string[](rand(seed, 10 + i) % 3);
            for (uint256 j = 0; j < names[i].length; ++j) {
                names[i][j] = string(blob(seed, 20 + 3 * i + j));
            }
        }
        Branch memory branch = Branch(string(blob(seed, 2)), itemsOf(rand(seed, 3)), uint64(rand(seed, 4)));
        return abi.encode(branch, names);
    }

    function itemsOf(uint256 seed) private pure returns (Item[] memory list) {
        list = new Item[](rand(seed, 1) % 4);
        for (uint256 i = 0; i < list.length; ++i) {
            list[i] = Item(address(uint160(rand(seed, 10 + i))), rand(seed, 20 + i) % 2 == 0, blob(seed, 30 + i));
        }
    }

    function pointOf(uint256 seed) private pure returns (Point memory) {
        return Point(int16(uint16(rand(seed, 7))), bytes3(bytes32(rand(seed, 8))));
    }

    function blob(uint256 seed, uint256 salt) private pure returns (bytes memory data) {
        uint256 word = rand(seed, salt);
        data = new bytes(word % 71);
        for (uint256 i = 0; i < data.length; ++i) {
            data[i] = bytes1(uint8(word >> i));
        }
    }

    function rand(uint256 seed, uint256 salt) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, salt)));
    }

    // -- Differential --------------------------------------------------------------------------------------------------

    function testFuzz_WhatAnEncoderWritesIsAccepted(uint256 seed) external view {
        assertTrue(assertAgrees(seed % 4, draw(seed)));
    }

    /// @dev One word is replaced: by a neighbour of what it was, of an offset or a length, or of a power of two.
    function testFuzz_OneWordIsChanged(uint256 seed, uint256 place, uint256 how, uint256 any) external view {
        bytes memory encoded = draw(seed);
        uint256 offset = 32 * (place % (encoded.length / 32));
        assertAgrees(seed % 4, withWord(encoded, offset, mutated(wordAt(encoded, offset), encoded.length, how, any)));
    }

    function testFuzz_TwoWordsAreChanged(uint256 seed, uint256[2] memory places, uint256[2] memory hows, uint256 any)
        external
        view
    {
        bytes memory encoded = draw(seed);
        for (uint256 i = 0; i < 2; ++i) {
            uint256 offset = 32 * (places[i] % (encoded.length / 32));
            encoded = withWord(encoded, offset, mutated(wordAt(encoded, offset), encoded.length, hows[i], any));
        }
        assertAgrees(seed % 4, encoded);
    }

    function mutated(uint256 word, uint256 size, uint256 how, uint256 any) private pure returns (uint256) {
        unchecked {
            uint256 small = any % 5;
            how %= 10;
            if (how == 0) return word + 32 * (1 + small);
            if (how == 1) return word - 32 * (1 + small);
            if (how == 2) return word + 1 + small;
            if (how == 3) return word - 1 - small;
            if (how == 4) return 32 * (any % (size / 32 + 2));
            if (how == 5) return size - 32 * small;
            // As an offset or a length these wrap around, or multiply to something that does.
            if (how == 6) return 0 - 32 * (any % (size / 32 + 2));
            if (how == 7) return (any % 64 << 250) + word;
            if (how == 8) return word ^ 2 ** (any % 256);
            return any;
        }
    }

    /// @dev Every bit of padding, offsets, lengths and values of one encoding, flipped.
    function test_EveryBitFlipped() external view {
        bytes memory encoded = abi.encode(uint256(5), bytes("seven..seven..seven..seven..seven.."), oneTwo());
        for (uint256 i = 0; i < encoded.length; ++i) {
            for (uint256 bit = 0; bit < 8; ++bit) {
                encoded[i] ^= bytes1(uint8(2 ** bit));
                assertAgrees(0, encoded);
                encoded[i] ^= bytes1(uint8(2 ** bit));
            }
        }
        assertTrue(assertAgrees(0, encoded));
    }

    function testFuzz_RevertWhen_CalldataIsCutShort(uint256 seed, uint256 length) external view {
        bytes memory encoded = draw(seed);
        assertFalse(assertAgrees(seed % 4, cut(encoded, 0, length % encoded.length)));
    }

    function testFuzz_RevertWhen_SomethingFollows(uint256 seed, bytes memory surplus) external view {
        if (surplus.length == 0) surplus = hex"00";
        assertFalse(assertAgrees(seed % 4, bytes.concat(draw(seed), surplus)));
    }

    /// @dev Anything at all, in particular calldata without a whole selector.
    function testFuzz_AnyCalldata(bytes memory data, uint256 which) external view {
        which %= 4;
        if (data.length < 4) assertRefused(configOf(which), data, NOT_CANONICAL);
        else assertAgrees(which, cut(data, 4, data.length));
    }

    function test_RevertWhen_CalldataHasNoWholeSelector() external view {
        for (uint256 length = 0; length < 4; ++length) {
            // What a head of three words needs, and that there is nothing.
            assertRefused(configOf(0), new bytes(length), notCanonical(2, "", 4, 0xc4, 96, 0));
        }
    }

    // -- By hand -------------------------------------------------------------------------------------------------------

    function oneTwo() private pure returns (uint8[] memory list) {
        list = new uint8[](2);
        (list[0], list[1]) = (1, 2);
    }

    /// @dev Words: 0 a, 1 offset of b (0x60), 2 offset of c (0xa0), 3 length of b, 4 b, 5 length of c, 6 and 7 c.
    function sample() private pure returns (bytes memory) {
        return abi.encodeWithSelector(SELECTOR, uint256(5), bytes("seven"), oneTwo());
    }

    function assertWordRefused(uint256 index, uint256 word, uint8 code, uint256 expected) private view {
        bytes memory data = withWord(sample(), 4 + 32 * index, word);
        assertRefused(configOf(0), data, notCanonical(2, "", 4 + 32 * index, code, expected, word));
    }

    function test_SampleIsAccepted() external view {
        assertAccepted(configOf(0), sample());
        assertEq(sample().length, 4 + 8 * 32);
    }

    function test_RevertWhen_PointerLeadsIntoTheHead() external view {
        for (uint256 offset = 0; offset < 0x60; offset += 32) {
            assertWordRefused(1, offset, 0xc2, 0x60);
            assertWordRefused(2, offset, 0xc3, 0xa0);
        }
    }

    function test_RevertWhen_TwoPointersShareATail() external view {
        assertWordRefused(2, 0x60, 0xc3, 0xa0);
        assertWordRefused(1, 0xa0, 0xc2, 0x60);
    }

    function test_RevertWhen_PointerIsOffByAnything() external view {
        for (uint256 by = 1; by < 200; ++by) {
            assertWordRefused(1, 0x60 + by, 0xc2, 0x60);
            if (by <= 0x60) assertWordRefused(1, 0x60 - by, 0xc2, 0x60);
        }
    }

    function test_RevertWhen_PointerLeadsOutside() external view {
        assertWordRefused(1, 8 * 32, 0xc2, 0x60);
        assertWordRefused(1, 1 << 32, 0xc2, 0x60);
        assertWordRefused(1, 1 << 255, 0xc2, 0x60);
        assertWordRefused(1, type(uint256).max, 0xc2, 0x60);
    }

    /// @dev Added to where it counts from, and cut to 256 bits, this would be the right place.
    function test_RevertWhen_PointerWrapsAround() external view {
        for (uint256 back = 32; back <= 256; back += 32) {
            assertWordRefused(1, type(uint256).max - back + 1, 0xc2, 0x60);
        }
    }

    function test_RevertWhen_LengthIsTooLarge() external view {
        // There are five words behind the length of the bytes, two behind that of the array.
        assertWordRefused(3, 129, 0xc2, 128);
        assertWordRefused(3, 1 << 255, 0xc2, 128);
        assertWordRefused(3, type(uint256).max, 0xc2, 128);
        assertWordRefused(3, type(uint256).max - 31, 0xc2, 128);
        assertWordRefused(5, 3, 0xc3, 2);
        assertWordRefused(5, type(uint256).max, 0xc3, 2);
        // 32 times these is 64, cut to 256 bits.
        assertWordRefused(5, 2 ** 251 + 2, 0xc3, 2);
        assertWordRefused(5, 31 * 2 ** 251 + 2, 0xc3, 2);
    }

    /// @dev A length that fits, but takes what belongs to the next tail.
    function test_RevertWhen_LengthReachesIntoTheNextTail() external view {
        bytes memory data = withWord(sample(), 4 + 32 * 3, 64);
        assertRefused(configOf(0), data, notCanonical(2, "", 4 + 64, 0xc3, 0xc0, 0xa0));
        data = withWord(sample(), 4 + 32 * 5, 1);
        assertRefused(configOf(0), data, notCanonical(2, "", 4, 0xc4, 7 * 32, 8 * 32));
    }

    function test_RevertWhen_PaddingIsDirty() external view {
        uint256 clean = uint256(bytes32("seven"));
        for (uint256 bit = 0; bit < 27 * 8; ++bit) {
            assertWordRefused(4, clean + 2 ** bit, 0xc2, clean);
        }
        bytes memory data = withWord(sample(), 4 + 32 * 4, uint256(bytes32("eleve")));
        assertAccepted(configOf(0), data);
    }

    function test_RevertWhen_PaddingIsMissing() external view {
        bytes memory config = R.only(A.arguments(A.args(1, hex"c2"), ""));
        bytes memory data = abi.encodeWithSelector(SELECTOR, bytes("seven"));
        assertAccepted(config, data);
        uint256 last = uint256(bytes32("seven"));
        for (uint256 missing = 1; missing <= 27; ++missing) {
            bytes memory short = cut(data, 0, data.length - missing);
            assertRefused(config, short, notCanonical(2, "", 4 + 64, 0xc2, last, last));
        }
        assertRefused(config, cut(data, 0, data.length - 28), notCanonical(2, "", 4 + 32, 0xc2, 4, 5));
    }

    function test_RevertWhen_LengthIsMissing() external view {
        bytes memory data = abi.encodePacked(SELECTOR, uint256(32));
        for (uint256 more = 0; more < 32; ++more) {
            bytes memory short = bytes.concat(data, new bytes(more));
            bytes memory told = notCanonical(2, "", 36, 0xc2, 32, more);
            assertRefused(R.only(A.arguments(A.args(1, hex"c2"), "")), short, told);
            told = notCanonical(2, "", 36, 0xc3, 32, more);
            assertRefused(R.only(A.arguments(A.args(1, hex"c320"), "")), short, told);
            told = notCanonical(2, "", 36, 0xc4, 64, more);
            assertRefused(R.only(A.arguments(A.args(1, hex"c40220c2"), "")), short, told);
        }
    }

    function test_RevertWhen_ValueIsDirty() external view {
        assertWordRefused(6, 256, 1, 0);
        assertWordRefused(7, 1 << 255, 1, 0);
    }

    function test_RevertWhen_SomethingFollows() external view {
        assertRefused(configOf(0), bytes.concat(sample(), hex"00"), notCanonical(2, "", 4, 0xc4, 256, 257));
        assertRefused(configOf(0), bytes.concat(sample(), new bytes(32)), notCanonical(2, "", 4, 0xc4, 256, 288));
    }

    function test_EmptyArraysAndBytes() external view {
        assertAccepted(configOf(0), abi.encodeWithSelector(SELECTOR, 0, "", new uint8[](0)));
        assertAccepted(configOf(1), abi.encodeWithSelector(SELECTOR, new Item[](0)));
        assertAccepted(configOf(3), abi.encodeWithSelector(SELECTOR, Branch("", new Item[](0), 0), new string[][](0)));
        assertAccepted(configOf(3), abi.encodeWithSelector(SELECTOR, Branch("", new Item[](0), 0), new string[][](3)));
    }

    /// @dev A tuple of static values has no tail of its own; its words stand in the head.
    function test_StaticArguments() external view {
        bytes memory config = R.only(A.arguments(A.args(2, hex"1441"), ""));
        assertAccepted(config, abi.encodeWithSelector(SELECTOR, ACCOUNT, int8(-1)));
        bytes memory data = abi.encodeWithSelector(SELECTOR, ACCOUNT, int16(-129));
        assertRefused(config, data, notCanonical(2, "", 36, 0x41, 0, wordAt(data, 36)));
        assertRefused(config, abi.encodeWithSelector(SELECTOR, ACCOUNT, 1, 2), notCanonical(2, "", 4, 0xc4, 64, 96));
    }
}
