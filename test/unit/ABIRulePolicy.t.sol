// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {Vm} from "forge-std/Vm.sol";
import {IABIRulePolicy} from "contracts/interfaces/IABIRulePolicy.sol";
import {ABIRuleConfig as R} from "../utils/ABIRuleConfig.sol";
import {cut} from "../utils/Cut.sol";

/// @dev Arguments of every static shape, whose words count through structs and arrays: what stands where is listed at
/// {ABIRulePolicyShapeTest}.
interface IShapes {
    struct Order {
        address token;
        int24 tick;
        Leg leg;
    }

    struct Leg {
        bytes4 tag;
        bool open;
        uint128[2] amounts;
    }

    function place(uint8 kind, Order calldata order, Leg[2] calldata legs, uint16[2][2] calldata grid, address to)
        external;

    function note(address to, string calldata text, uint256 amount) external;
}

abstract contract ABIRulePolicyBase is Test {
    bytes4 internal constant SELECTOR = 0x12345678;

    address internal immutable ACCOUNT = makeAddr("account");

    IABIRulePolicy internal policy;

    /// @dev The contract, beside what the manager does itself.
    function setUp() public virtual {
        address ofContract = deployCode("ABIRulePolicy.sol:ABIRulePolicy");
        policy = IABIRulePolicy(deployCode("BothRulePolicies.sol:BothRulePolicies", abi.encode(ofContract, true)));
    }

    function _check(bytes memory config, bytes memory data) internal {
        assertEq(policy.checkCall(ACCOUNT, keccak256("budget"), address(1), 0, 0, data, config), 0);
    }

    /// @dev Asks by a static call, and compares outcome and returned bytes: no expected error means that the call is
    /// accepted.
    function _assertOutcome(bytes memory config, bytes memory data, bytes memory expectedError) internal view {
        bytes memory input =
            abi.encodeCall(policy.checkCall, (ACCOUNT, keccak256("budget"), address(1), 0, 0, data, config));
        (bool accepted, bytes memory returned) = address(policy).staticcall(input);
        assertEq(returned, expectedError.length == 0 ? abi.encode(uint256(0)) : expectedError);
        assertEq(accepted, expectedError.length == 0);
    }

    function _words(bytes32 word0) internal pure returns (bytes memory) {
        return abi.encodePacked(SELECTOR, word0);
    }

    function _words(bytes32 word0, bytes32 word1) internal pure returns (bytes memory) {
        return abi.encodePacked(SELECTOR, word0, word1);
    }

    function _invalidConfig(uint256 position) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IABIRulePolicy.InvalidConfig.selector, position);
    }

    function _missing(uint256 word, uint256 length) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IABIRulePolicy.ArgumentMissing.selector, word, length);
    }

    function _malformed(uint256 word, uint8 typeCode, bytes32 actual) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IABIRulePolicy.ArgumentMalformed.selector, word, typeCode, actual);
    }

    function _notMet(
        uint256 group,
        uint256 word,
        uint8 typeCode,
        uint8 comparison,
        bytes memory expected,
        bytes32 actual
    ) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(
            IABIRulePolicy.RuleNotMet.selector, group, word, typeCode, comparison, expected, actual
        );
    }

    function _noneMet(uint256 group, uint256 rules, uint256 word, bytes32 actual) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IABIRulePolicy.NoRuleMet.selector, group, rules, word, actual);
    }

    // -- The model ---------------------------------------------------------------------------------------------------

    function _isKnownType(uint8 typeCode) internal pure returns (bool) {
        return (typeCode >= 0x01 && typeCode <= 0x20) || (typeCode >= 0x41 && typeCode <= 0x60)
            || (typeCode >= 0x81 && typeCode <= 0xa0) || typeCode == 0xc1;
    }

    function _isSigned(uint8 typeCode) internal pure returns (bool) {
        return typeCode >= 0x41 && typeCode <= 0x60;
    }

    function _isFixedBytes(uint8 typeCode) internal pure returns (bool) {
        return typeCode >= 0x81 && typeCode <= 0xa0;
    }

    /// @dev The number of values of a type of less than 32 bytes.
    function _values(uint8 typeCode) internal pure returns (uint256) {
        return typeCode == R.BOOL ? 2 : 256 ** R.widthOf(typeCode);
    }

    /// @dev A value of the type: what is left of any number.
    function _proper(uint8 typeCode, uint256 any) internal pure returns (bytes32) {
        if (typeCode != R.BOOL && R.widthOf(typeCode) == 32) return bytes32(any);
        uint256 values = _values(typeCode);
        any %= values;
        if (_isFixedBytes(typeCode)) return bytes32(any * (2 ** 255 / (values / 2)));
        if (_isSigned(typeCode) && any >= values / 2) return bytes32(uint256(int256(any) - int256(values)));
        return bytes32(any);
    }

    function _isProper(uint8 typeCode, bytes32 word) internal pure returns (bool) {
        if (typeCode != R.BOOL && R.widthOf(typeCode) == 32) return true;
        uint256 values = _values(typeCode);
        if (_isFixedBytes(typeCode)) return uint256(word) % (2 ** 255 / (values / 2)) == 0;
        if (_isSigned(typeCode)) {
            int256 half = int256(values / 2);
            return int256(uint256(word)) >= -half && int256(uint256(word)) < half;
        }
        return uint256(word) < values;
    }

    /// @dev How `a` orders to `b`: below, equal, above.
    function _order(uint8 typeCode, bytes32 a, bytes32 b) internal pure returns (int256) {
        if (a == b) return 0;
        bool below = _isSigned(typeCode) ? int256(uint256(a)) < int256(uint256(b)) : a < b;
        return below ? -1 : int256(1);
    }

    function _holds(uint8 typeCode, uint8 comparison, bytes32 actual, bytes32 first, bytes32 second)
        internal
        view
        returns (bool)
    {
        int256 order = _order(typeCode, actual, first);
        if (comparison == R.EQUAL) return order == 0;
        if (comparison == R.NOT_EQUAL) return order != 0;
        if (comparison == R.LESS) return order < 0;
        if (comparison == R.LESS_OR_EQUAL) return order <= 0;
        if (comparison == R.GREATER) return order > 0;
        if (comparison == R.GREATER_OR_EQUAL) return order >= 0;
        if (comparison == R.RANGE) return order >= 0 && _order(typeCode, actual, second) <= 0;
        if (comparison == R.ONE_OF) return actual == first || actual == second;
        if (comparison == R.BITS) return actual & first == second;
        return address(uint160(uint256(actual))) == ACCOUNT;
    }

    /// @dev A configuration of one rule about word 0, and the references that an error tells.
    function _oneRule(uint8 typeCode, uint8 comparison, bytes32 first, bytes32 second)
        internal
        pure
        returns (bytes memory config, bytes memory told)
    {
        bytes memory one = R.ref(typeCode, first);
        bytes memory both = bytes.concat(one, R.ref(typeCode, second));
        if (comparison <= R.GREATER_OR_EQUAL) return (R.only(R.rawRule(0, typeCode, comparison, one)), one);
        if (comparison == R.ACCOUNT) return (R.only(R.isAccount(0)), "");
        if (comparison == R.ONE_OF) {
            return (R.only(R.rawRule(0, typeCode, comparison, bytes.concat(hex"02", both))), both);
        }
        return (R.only(R.rawRule(0, typeCode, comparison, both)), both);
    }

    /// @dev Whether one rule decides as the model does.
    function _assertRule(uint8 typeCode, uint8 comparison, bytes32 actual, bytes32 first, bytes32 second)
        internal
        view
    {
        (bytes memory config, bytes memory told) = _oneRule(typeCode, comparison, first, second);
        _assertOutcome(
            config,
            _words(actual),
            _holds(typeCode, comparison, actual, first, second)
                ? bytes("")
                : _notMet(0, 0, typeCode, comparison, told, actual)
        );
    }
}

contract ABIRulePolicyComparisonTest is ABIRulePolicyBase {
    // -- Against the model -------------------------------------------------------------------------------------------

    function testFuzz_UnsignedIntegers(
        uint8 width,
        uint8 comparison,
        uint256 actual,
        uint256[2] memory refs,
        uint8 near
    ) external view {
        _assertFuzzed(uint8(bound(width, 1, 32)), uint8(bound(comparison, 0, 8)), actual, refs, near);
    }

    function testFuzz_SignedIntegers(uint8 width, uint8 comparison, uint256 actual, uint256[2] memory refs, uint8 near)
        external
        view
    {
        _assertFuzzed(0x40 + uint8(bound(width, 1, 32)), uint8(bound(comparison, 0, 7)), actual, refs, near);
    }

    function testFuzz_FixedBytes(uint8 width, uint8 comparison, uint256 actual, uint256[2] memory refs, uint8 near)
        external
        view
    {
        _assertFuzzed(0x80 + uint8(bound(width, 1, 32)), uint8(bound(comparison, 0, 8)), actual, refs, near);
    }

    function testFuzz_Addresses(uint8 comparison, uint256 actual, uint256[2] memory refs, uint8 near) external view {
        if (near >= 200) actual = uint160(ACCOUNT);
        _assertFuzzed(R.ADDRESS, uint8(bound(comparison, 0, 9)), actual, refs, near);
    }

    /// @dev References are anything, or the argument's neighbours.
    function _assertFuzzed(uint8 typeCode, uint8 comparison, uint256 actual, uint256[2] memory refs, uint8 near)
        private
        view
    {
        unchecked {
            for (uint256 i = 0; i < 2; ++i) {
                uint256 how = near >> 2 * i & 3;
                if (how < 3) refs[i] = actual + how - 1;
            }
        }
        bytes32 first = _proper(typeCode, refs[0]);
        bytes32 second = _proper(typeCode, refs[1]);
        // Seldom by chance: the bits that are left by the mask.
        if (comparison == R.BITS && near >= 128) second = _proper(typeCode, actual) & first;
        _assertRule(typeCode, comparison, _proper(typeCode, actual), first, second);
    }

    function test_Booleans() external view {
        for (uint256 bits = 0; bits < 8; ++bits) {
            for (uint8 comparison = 0; comparison <= 8; ++comparison) {
                _assertRule(R.BOOL, comparison, bytes32(bits & 1), bytes32(bits >> 1 & 1), bytes32(bits >> 2));
            }
        }
    }

    function test_EveryWidthAtItsBounds_Unsigned() external view {
        for (uint256 width = 1; width <= 32; ++width) {
            uint256 max = width == 32 ? type(uint256).max : 256 ** width - 1;
            _assertAllPairs(uint8(width), [bytes32(0), bytes32(uint256(1)), bytes32(max / 2 + 1), bytes32(max)]);
        }
    }

    function test_EveryWidthAtItsBounds_Signed() external view {
        for (uint256 width = 1; width <= 32; ++width) {
            int256 max = width == 32 ? type(int256).max : int256(256 ** width / 2 - 1);
            _assertAllPairs(uint8(0x40 + width), [_signed(-max - 1), _signed(-1), _signed(0), _signed(max)]);
        }
    }

    function test_EveryWidthAtItsBounds_FixedBytes() external view {
        for (uint256 width = 1; width <= 32; ++width) {
            bytes32 lowest = bytes32(256 ** (32 - width));
            bytes32 all = bytes32(type(uint256).max - (uint256(lowest) - 1));
            _assertAllPairs(uint8(0x80 + width), [bytes32(0), lowest, bytes32(uint256(2 ** 255)), all]);
        }
    }

    function _assertAllPairs(uint8 typeCode, bytes32[4] memory words) private view {
        for (uint256 i = 0; i < 16; ++i) {
            for (uint8 comparison = 0; comparison <= 6; ++comparison) {
                _assertRule(typeCode, comparison, words[i % 4], words[i / 4], words[(i / 4 + i) % 4]);
            }
        }
    }

    function _signed(int256 value) private pure returns (bytes32) {
        return bytes32(uint256(value));
    }

    // -- By hand -----------------------------------------------------------------------------------------------------

    function test_NegativeIsBelowZero() external {
        bytes memory config = R.only(R.rawRule(0, R.intN(24), R.LESS, hex"000000"));
        _check(config, _words(_signed(-1)));
        vm.expectRevert(_notMet(0, 0, 0x43, 2, hex"000000", 0));
        _check(config, _words(0));
        vm.expectRevert(_notMet(0, 0, 0x43, 2, hex"000000", bytes32(uint256(1))));
        _check(config, _words(bytes32(uint256(1))));
    }

    function test_NegativeReferenceIsExtended() external {
        bytes memory config = R.only(R.rawRule(0, R.intN(16), R.RANGE, hex"fffe0001"));
        for (int256 value = -2; value <= 1; ++value) {
            _check(config, _words(_signed(value)));
        }
        vm.expectRevert(_notMet(0, 0, 0x42, 6, hex"fffe0001", _signed(-3)));
        _check(config, _words(_signed(-3)));
        vm.expectRevert(_notMet(0, 0, 0x42, 6, hex"fffe0001", _signed(2)));
        _check(config, _words(_signed(2)));
    }

    function test_RangeIncludesBothEnds() external {
        bytes memory config = R.only(R.rawRule(0, R.uintN(8), R.RANGE, hex"0509"));
        for (uint256 value = 0; value < 256; ++value) {
            bytes32 word = bytes32(value);
            if (value < 5 || value > 9) vm.expectRevert(_notMet(0, 0, 1, 6, hex"0509", word));
            policy.checkCall(ACCOUNT, 0, address(1), 0, 0, _words(word), config);
        }
    }

    function test_RevertWhen_RangeIsEmpty() external {
        bytes memory config = R.only(R.rawRule(0, R.uintN(8), R.RANGE, hex"0905"));
        vm.expectRevert(_notMet(0, 0, 1, 6, hex"0905", bytes32(uint256(7))));
        _check(config, _words(bytes32(uint256(7))));
    }

    function test_OneOfUpTo255() external {
        bytes32[] memory list = new bytes32[](255);
        for (uint256 i = 0; i < 255; ++i) {
            list[i] = bytes32(uint256(1_000 + i));
        }
        bytes memory rule = R.oneOf(0, R.uintN(16), list);
        _check(R.only(rule), _words(list[0]));
        _check(R.only(rule), _words(list[127]));
        _check(R.only(rule), _words(list[254]));
        bytes memory told = cut(rule, 6, rule.length);
        assertEq(told.length, 510);
        vm.expectRevert(_notMet(0, 0, 2, 7, told, bytes32(uint256(1_255))));
        _check(R.only(rule), _words(bytes32(uint256(1_255))));
        vm.expectRevert(_notMet(0, 0, 2, 7, told, 0));
        _check(R.only(rule), _words(0));
    }

    function test_OneOfOne() external {
        bytes memory config = R.only(R.rawRule(0, R.bytesN(4), R.ONE_OF, hex"01a9059cbb"));
        _check(config, _words(bytes32(bytes4(0xa9059cbb))));
        vm.expectRevert(_notMet(0, 0, 0x84, 7, hex"a9059cbb", bytes32(bytes4(0x095ea7b3))));
        _check(config, _words(bytes32(bytes4(0x095ea7b3))));
    }

    function test_BitsLeftByTheMask() external {
        bytes memory config = R.only(R.rawRule(0, R.uintN(8), R.BITS, hex"f050"));
        for (uint256 value = 0; value < 256; ++value) {
            bytes32 word = bytes32(value);
            if (value / 16 != 5) vm.expectRevert(_notMet(0, 0, 1, 8, hex"f050", word));
            policy.checkCall(ACCOUNT, 0, address(1), 0, 0, _words(word), config);
        }
    }

    function test_AccountIsWhoCalls() external {
        bytes memory config = R.only(R.isAccount(1));
        _check(config, _words(0, bytes32(uint256(uint160(ACCOUNT)))));
        vm.expectRevert(_notMet(0, 1, 0x14, 9, "", bytes32(uint256(uint160(address(this))))));
        _check(config, _words(0, bytes32(uint256(uint160(address(this))))));
        vm.expectRevert(_malformed(1, 0x14, bytes32(uint256(uint160(ACCOUNT)) + 2 ** 160)));
        _check(config, _words(0, bytes32(uint256(uint160(ACCOUNT)) + 2 ** 160)));
    }

    function testFuzz_AccountIsWhoCalls(address account, address argument) external {
        bytes memory config = R.only(R.isAccount(0));
        bytes32 word = bytes32(uint256(uint160(argument)));
        if (account != argument) vm.expectRevert(_notMet(0, 0, 0x14, 9, "", word));
        policy.checkCall(account, 0, address(1), 0, 0, _words(word), config);
        policy.checkCall(argument, 0, address(1), 0, 0, _words(word), config);
    }
}

contract ABIRulePolicyArgumentTest is ABIRulePolicyBase {
    function test_RevertWhen_OneDirtyBitIsSet() external view {
        for (uint256 code = 0; code < 256; ++code) {
            uint8 typeCode = uint8(code);
            if (!_isKnownType(typeCode)) continue;
            bytes memory config = R.only(R.rule(0, typeCode, R.GREATER_OR_EQUAL, _least(typeCode)));
            bytes32 clean = _proper(typeCode, 1);
            _assertOutcome(config, _words(clean), "");
            uint256 significant = typeCode == R.BOOL ? 1 : 8 * R.widthOf(typeCode);
            for (uint256 bit = significant; bit < 256; ++bit) {
                bytes32 dirty = clean | bytes32(2 ** (_isFixedBytes(typeCode) ? 255 - bit : bit));
                _assertOutcome(config, _words(dirty), _malformed(0, typeCode, dirty));
            }
        }
    }

    function test_RevertWhen_BooleanIsNeitherZeroNorOne() external view {
        bytes memory config = R.only(R.rawRule(0, R.BOOL, R.LESS_OR_EQUAL, hex"01"));
        for (uint256 value = 0; value < 256; ++value) {
            bytes32 word = bytes32(value);
            _assertOutcome(config, _words(word), value < 2 ? bytes("") : _malformed(0, R.BOOL, word));
        }
    }

    function test_RevertWhen_NegativeIsNotExtended() external view {
        for (uint256 width = 1; width < 32; ++width) {
            uint8 typeCode = R.intN(8 * width);
            bytes memory config = R.only(R.rule(0, typeCode, R.GREATER_OR_EQUAL, _least(typeCode)));
            uint256 half = 256 ** width / 2;
            _assertOutcome(config, _words(bytes32(half - 1)), "");
            _assertOutcome(config, _words(bytes32(half)), _malformed(0, typeCode, bytes32(half)));
            bytes32 least = bytes32(type(uint256).max - half + 1);
            _assertOutcome(config, _words(least), "");
            bytes32 below = bytes32(type(uint256).max - half);
            _assertOutcome(config, _words(below), _malformed(0, typeCode, below));
            // Sign bits all but the topmost.
            bytes32 most = bytes32(type(uint256).max / 2);
            _assertOutcome(config, _words(most), _malformed(0, typeCode, most));
        }
    }

    function testFuzz_RevertWhen_WordIsNoValueOfTheType(uint8 typeCode, bytes32 word) external view {
        vm.assume(_isKnownType(typeCode));
        bytes memory config = R.only(R.rule(0, typeCode, R.GREATER_OR_EQUAL, _least(typeCode)));
        _assertOutcome(config, _words(word), _isProper(typeCode, word) ? bytes("") : _malformed(0, typeCode, word));
    }

    /// @dev The least value: each is at or above it.
    function _least(uint8 typeCode) private pure returns (bytes32) {
        return _isSigned(typeCode) ? _proper(typeCode, 2 ** (8 * R.widthOf(typeCode) - 1)) : bytes32(0);
    }

    function test_RevertWhen_WordIsMissing() external view {
        uint16[3] memory words = [uint16(0), 1, 5];
        for (uint256 i = 0; i < words.length; ++i) {
            bytes memory config = R.only(R.rule(words[i], R.uintN(256), R.EQUAL, 0));
            uint256 needed = 4 + 32 * (uint256(words[i]) + 1);
            for (uint256 length = 0; length < needed; ++length) {
                _assertOutcome(config, new bytes(length), _missing(words[i], length));
            }
            for (uint256 length = needed; length < needed + 34; ++length) {
                _assertOutcome(config, new bytes(length), "");
            }
        }
    }

    /// @dev The index has two bytes: 256 and more are no smaller words.
    function test_HighWords() external view {
        bytes memory data = new bytes(4 + 32 * 65_536);
        data[4 + 32 * 257 - 1] = 0x01;
        data[data.length - 1] = 0x02;
        _assertOutcome(R.only(R.rule(256, R.uintN(8), R.EQUAL, bytes32(uint256(1)))), data, "");
        _assertOutcome(
            R.only(R.rule(0, R.uintN(8), R.EQUAL, bytes32(uint256(1)))), data, _notMet(0, 0, 1, 0, hex"01", 0)
        );
        _assertOutcome(R.only(R.rule(65_535, R.uintN(8), R.EQUAL, bytes32(uint256(2)))), data, "");
        _assertOutcome(R.only(R.rule(65_535, R.uintN(8), R.EQUAL, 0)), new bytes(100), _missing(65_535, 100));
    }

    /// @dev A rule that holds does not excuse a malformed or missing argument of another, before it or behind it.
    function test_RevertWhen_AnotherRuleHoldsButAnArgumentIsMalformed() external {
        bytes memory holds = R.rule(0, R.uintN(256), R.EQUAL, 0);
        bytes memory fails = R.rule(1, R.uintN(8), R.EQUAL, 0);
        bytes32 dirty = bytes32(uint256(256));
        vm.expectRevert(_malformed(1, 1, dirty));
        _check(R.all(R.any(holds, fails)), _words(0, dirty));
        vm.expectRevert(_malformed(1, 1, dirty));
        _check(R.all(R.any(fails, holds)), _words(0, dirty));
        vm.expectRevert(_missing(1, 36));
        _check(R.all(R.any(holds, fails)), _words(0));
        vm.expectRevert(_missing(1, 36));
        _check(R.all(R.any(fails, holds)), _words(0));
    }
}

contract ABIRulePolicyGroupTest is ABIRulePolicyBase {
    function test_RevertWhen_OneGroupDoesNotHold() external {
        bytes memory first = R.any(R.rule(0, R.uintN(8), R.EQUAL, bytes32(uint256(1))));
        bytes memory second = R.any(R.rule(1, R.uintN(8), R.GREATER, bytes32(uint256(2))));
        bytes32 one = bytes32(uint256(1));
        bytes32 three = bytes32(uint256(3));
        _check(R.all(first, second), _words(one, three));
        vm.expectRevert(_notMet(0, 0, 1, 0, hex"01", three));
        _check(R.all(first, second), _words(three, three));
        vm.expectRevert(_notMet(1, 1, 1, 4, hex"02", one));
        _check(R.all(first, second), _words(one, one));
        vm.expectRevert(_notMet(0, 0, 1, 0, hex"01", three));
        _check(R.all(first, second), _words(three, one));
    }

    function test_GroupHoldsByAnyOfItsRules() external {
        bytes memory first = R.rule(0, R.uintN(8), R.EQUAL, bytes32(uint256(1)));
        bytes memory second = R.rule(1, R.uintN(8), R.GREATER, bytes32(uint256(2)));
        bytes memory config = R.all(R.any(first, second));
        bytes32 one = bytes32(uint256(1));
        bytes32 three = bytes32(uint256(3));
        _check(config, _words(one, one));
        _check(config, _words(three, three));
        _check(config, _words(one, three));
        vm.expectRevert(_noneMet(0, 2, 1, one));
        _check(config, _words(three, one));
        vm.expectRevert(_noneMet(0, 2, 0, three));
        _check(R.all(R.any(second, first)), _words(three, one));
    }

    /// @dev Bit 8g + i of `truths`: rule i of group g holds. The first group without one is told.
    function testFuzz_AndOfOrs(uint256 groups, uint64 rules, uint256 truths, uint256 more) external view {
        groups = bound(groups, 1, 6);
        // Most groups hold, so that later ones matter.
        truths |= more;
        bytes memory data = abi.encodePacked(SELECTOR);
        bytes[] memory packed = new bytes[](groups);
        bytes memory expectedError;
        uint16 word = 0;
        for (uint256 g = 0; g < groups; ++g) {
            bytes[] memory group = new bytes[](1 + (rules >> 8 * g & 255) % 5);
            bool held = false;
            for (uint256 i = 0; i < group.length; ++i) {
                bool holds = truths >> (8 * g + i) & 1 == 1;
                held = held || holds;
                // Each rule has an argument of its own: its index.
                data = abi.encodePacked(data, uint256(word));
                group[i] = R.rule(word, R.uintN(16), holds ? R.EQUAL : R.NOT_EQUAL, bytes32(uint256(word)));
                ++word;
            }
            if (!held && expectedError.length == 0) {
                bytes32 last = bytes32(uint256(word - 1));
                expectedError = group.length == 1
                    ? _notMet(g, word - 1, 2, 1, abi.encodePacked(word - 1), last)
                    : _noneMet(g, group.length, word - 1, last);
            }
            packed[g] = R.any(group);
        }
        _assertOutcome(R.all(packed), data, expectedError);
    }

    function test_255GroupsAnd255Rules() external view {
        bytes memory fails = R.rule(0, R.uintN(8), R.NOT_EQUAL, 0);
        bytes[] memory parts = new bytes[](255);
        for (uint256 i = 0; i < 255; ++i) {
            parts[i] = fails;
        }
        _assertOutcome(R.all(R.any(parts)), _words(0), _noneMet(0, 255, 0, 0));
        parts[254] = R.rule(0, R.uintN(8), R.EQUAL, 0);
        bytes memory group = R.any(parts);
        _assertOutcome(R.all(group), _words(0), "");
        for (uint256 i = 0; i < 255; ++i) {
            parts[i] = R.any(R.rule(0, R.uintN(8), R.EQUAL, 0));
        }
        _assertOutcome(R.all(parts), _words(0), "");
        parts[254] = R.any(fails);
        _assertOutcome(R.all(parts), _words(0), _notMet(254, 0, 1, 1, hex"00", 0));
    }

    /// @dev What a rule found does not stay for the next.
    function test_RulesDoNotSeeEachOther() external {
        bytes memory inRange = R.rule(0, R.uintN(8), R.RANGE, 0, bytes32(uint256(9)));
        bytes memory oneOf = R.rawRule(1, R.uintN(16), R.ONE_OF, hex"0200010002");
        bytes memory bits = R.rule(1, R.uintN(8), R.BITS, bytes32(uint256(1)), bytes32(uint256(1)));
        bytes memory same = R.isAccount(1);
        bytes32 five = bytes32(uint256(5));
        bytes32 four = bytes32(uint256(4));
        vm.expectRevert(_notMet(1, 1, 2, 7, hex"00010002", four));
        _check(R.all(R.any(inRange), R.any(oneOf)), _words(five, four));
        vm.expectRevert(_notMet(1, 1, 1, 8, hex"0101", four));
        _check(R.all(R.any(inRange), R.any(bits)), _words(five, four));
        vm.expectRevert(_notMet(1, 1, 0x14, 9, "", four));
        _check(R.all(R.any(inRange), R.any(same)), _words(five, four));
    }
}

contract ABIRulePolicyConfigTest is ABIRulePolicyBase {
    function test_RevertWhen_ConfigIsEmpty() external {
        vm.expectRevert(_invalidConfig(0));
        _check("", _words(0));
    }

    function test_RevertWhen_ThereIsNoGroup() external {
        vm.expectRevert(_invalidConfig(0));
        _check(hex"00", _words(0));
        vm.expectRevert(_invalidConfig(0));
        _check(bytes.concat(hex"00", R.any(R.isAccount(0))), _words(0));
    }

    function test_RevertWhen_AGroupHasNoRule() external {
        vm.expectRevert(_invalidConfig(1));
        _check(hex"0100", _words(0));
        bytes memory holds = R.any(R.rule(0, R.uintN(8), R.EQUAL, 0));
        vm.expectRevert(_invalidConfig(1 + holds.length));
        _check(R.all(holds, hex"00"), _words(0));
        vm.expectRevert(_invalidConfig(1));
        _check(R.all(hex"00", holds), _words(0));
    }

    function test_RevertWhen_ConfigHasASurplusByte() external {
        bytes memory config = R.only(R.rule(0, R.uintN(8), R.EQUAL, 0));
        vm.expectRevert(_invalidConfig(config.length));
        _check(bytes.concat(config, hex"00"), _words(0));
        vm.expectRevert(_invalidConfig(config.length));
        _check(bytes.concat(config, R.any(R.rule(0, R.uintN(8), R.EQUAL, 0))), _words(0));
    }

    function test_RevertWhen_PathIsOfAnotherKind() external view {
        // Kind 1 is in ABIRulePolicy.dynamic.t.sol.
        for (uint256 kind = 0; kind < 256; ++kind) {
            if (kind == 1) continue;
            bytes memory rule = R.rule(0, R.uintN(8), R.EQUAL, 0);
            rule[0] = bytes1(uint8(kind));
            _assertOutcome(R.only(rule), _words(0), kind == 0 ? bytes("") : _invalidConfig(2));
        }
    }

    function test_RevertWhen_TypeIsUnknown() external view {
        for (uint256 code = 0; code < 256; ++code) {
            uint8 typeCode = uint8(code);
            bytes memory references = new bytes(_isKnownType(typeCode) ? R.widthOf(typeCode) : 32);
            _assertOutcome(
                R.only(R.rawRule(0, typeCode, R.EQUAL, references)),
                _words(0),
                _isKnownType(typeCode) ? bytes("") : _invalidConfig(5)
            );
        }
    }

    function test_RevertWhen_ComparisonIsUnknown() external view {
        uint8[4] memory types = [R.ADDRESS, R.intN(256), R.bytesN(20), R.BOOL];
        for (uint256 comparison = 10; comparison < 256; ++comparison) {
            for (uint256 i = 0; i < types.length; ++i) {
                bytes memory rule = R.rawRule(0, types[i], uint8(comparison), "");
                _assertOutcome(R.only(rule), _words(0), _invalidConfig(6));
            }
        }
    }

    function test_RevertWhen_OneOfNothing() external {
        vm.expectRevert(_invalidConfig(7));
        _check(R.only(R.oneOf(0, R.uintN(8), new bytes32[](0))), _words(0));
        bytes memory holds = R.rule(0, R.uintN(8), R.EQUAL, 0);
        vm.expectRevert(_invalidConfig(2 + holds.length + 5));
        _check(R.all(R.any(holds, R.oneOf(0, R.uintN(8), new bytes32[](0)))), _words(0));
    }

    function test_RevertWhen_BitsOfASignedInteger() external view {
        for (uint256 code = 0; code < 256; ++code) {
            uint8 typeCode = uint8(code);
            if (!_isKnownType(typeCode)) continue;
            _assertOutcome(
                R.only(R.rule(0, typeCode, R.BITS, 0, 0)),
                _words(0),
                _isSigned(typeCode) ? _invalidConfig(6) : bytes("")
            );
        }
    }

    function test_RevertWhen_AccountIsComparedWithAnotherType() external view {
        bytes32 word = bytes32(uint256(uint160(ACCOUNT)));
        for (uint256 code = 0; code < 256; ++code) {
            uint8 typeCode = uint8(code);
            if (!_isKnownType(typeCode)) continue;
            bytes memory config = R.only(R.rawRule(0, typeCode, R.ACCOUNT, ""));
            if (typeCode == 0x14) _assertOutcome(config, _words(word), "");
            else _assertOutcome(config, _words(0), _invalidConfig(6));
        }
    }

    function test_RevertWhen_ReferenceIsNoBoolean() external view {
        for (uint256 value = 2; value < 256; ++value) {
            bytes1 bad = bytes1(uint8(value));
            for (uint256 actual = 0; actual < 2; ++actual) {
                bytes memory data = _words(bytes32(actual));
                for (uint8 comparison = 0; comparison <= R.GREATER_OR_EQUAL; ++comparison) {
                    bytes memory rule = R.rawRule(0, R.BOOL, comparison, abi.encodePacked(bad));
                    _assertOutcome(R.only(rule), data, _invalidConfig(7));
                }
                bytes memory oneOf = R.rawRule(0, R.BOOL, R.ONE_OF, abi.encodePacked(hex"020001", bad));
                oneOf[5] = 0x03;
                _assertOutcome(R.only(oneOf), data, _invalidConfig(10));
                bytes memory bits = R.rawRule(0, R.BOOL, R.BITS, abi.encodePacked(bad, hex"00"));
                _assertOutcome(R.only(bits), data, _invalidConfig(7));
                bits = R.rawRule(0, R.BOOL, R.BITS, abi.encodePacked(hex"00", bad));
                _assertOutcome(R.only(bits), data, _invalidConfig(8));
                bytes memory range = R.rawRule(0, R.BOOL, R.RANGE, abi.encodePacked(bad, hex"01"));
                _assertOutcome(R.only(range), data, _invalidConfig(7));
            }
        }
    }

    /// @dev Also where the first bound already decides: whether a configuration is well-formed does not depend on the
    /// call.
    function test_RevertWhen_UpperBoundIsNoBoolean() external {
        bytes memory range = R.rawRule(0, R.BOOL, R.RANGE, hex"0102");
        vm.expectRevert(_invalidConfig(8));
        _check(R.only(range), _words(bytes32(uint256(1))));
        vm.expectRevert(_invalidConfig(8));
        _check(R.only(range), _words(0));
    }

    function test_RevertWhen_UpperBoundIsNoBooleanButAnotherRuleHolds() external {
        bytes memory range = R.rawRule(0, R.BOOL, R.RANGE, hex"0102");
        bytes memory holds = R.rule(0, R.BOOL, R.EQUAL, 0);
        vm.expectRevert(_invalidConfig(8));
        _check(R.all(R.any(range, holds)), _words(0));
    }

    /// @dev A rule that holds does not excuse a malformed one behind it.
    function test_RevertWhen_AnotherRuleHoldsButOneIsMalformed() external {
        bytes memory holds = R.rule(0, R.uintN(8), R.EQUAL, 0);
        uint256 second = 2 + holds.length;
        vm.expectRevert(_invalidConfig(second));
        _check(R.all(R.any(holds, hex"0200000100")), _words(0));
        vm.expectRevert(_invalidConfig(second + 3));
        _check(R.all(R.any(holds, hex"0000002100")), _words(0));
        vm.expectRevert(_invalidConfig(second + 4));
        _check(R.all(R.any(holds, hex"000000010a")), _words(0));
    }

    /// @dev Each comparison and each kind of type, such that what is missing reads as a zero that holds: so the length
    /// alone is left to refuse the configuration, or a zero where none may be.
    function test_RevertWhen_ConfigIsTruncatedAtAnyByte() external view {
        bytes[] memory groups = new bytes[](5);
        bytes[] memory three = new bytes[](3);
        three[0] = R.rule(0, R.uintN(256), R.LESS_OR_EQUAL, bytes32(type(uint256).max));
        three[1] = R.rule(1, R.intN(24), R.RANGE, 0, bytes32(uint256(77)));
        three[2] = R.rule(0, R.bytesN(7), R.BITS, bytes32(type(uint256).max), 0);
        groups[0] = R.any(three);
        groups[1] = R.any(R.rule(1, R.BOOL, R.EQUAL, 0));
        groups[2] = R.any(R.rawRule(0, R.uintN(16), R.ONE_OF, hex"0300000a0b0c0d"));
        groups[3] = R.any(R.rule(0, R.ADDRESS, R.LESS_OR_EQUAL, bytes32(uint256(type(uint160).max))), R.isAccount(1));
        groups[4] = R.any(R.rule(1, R.bytesN(32), R.LESS_OR_EQUAL, bytes32(type(uint256).max)));
        bytes memory config = R.all(groups);
        _assertOutcome(config, _words(0, 0), "");

        uint256[9] memory rules;
        rules[0] = 2;
        rules[1] = rules[0] + 5 + 32;
        rules[2] = rules[1] + 5 + 2 * 3;
        rules[3] = rules[2] + 5 + 2 * 7 + 1;
        rules[4] = rules[3] + 5 + 1 + 1;
        rules[5] = rules[4] + 5 + 1 + 3 * 2 + 1;
        rules[6] = rules[5] + 5 + 20;
        rules[7] = rules[6] + 5 + 1;
        rules[8] = config.length;
        assertEq(rules[7] + 5 + 32, config.length);
        for (uint256 length = 0; length < config.length; ++length) {
            _assertOutcome(cut(config, 0, length), _words(0, 0), _invalidConfig(_truncation(rules, length)));
        }
    }

    /// @dev Where a configuration is told to be malformed that ends at `length`; rules begin at `rules`, and those that
    /// are the first of their group have its count before them.
    function _truncation(uint256[9] memory rules, uint256 length) private pure returns (uint256) {
        if (length == 0) return 0;
        bool[9] memory isFirst = [true, false, false, true, true, true, false, true, true];
        for (uint256 i = 0; i < 8; ++i) {
            // The group's count, which is then 0.
            if (isFirst[i] && length == rules[i] - 1) return length;
            // The type, which is then 0.
            if (length <= rules[i] + 3) return rules[i] + 3;
            // The range's comparison, which is then 0, with one reference: so the next rule's type is expected sooner.
            if (i == 1 && length == rules[i] + 4) return rules[i] + 5 + 3 + 3;
            // The count of the one-of.
            if (i == 4 && length == rules[i] + 5) return length;
            // The group goes on behind the end.
            if (isFirst[i + 1] && length < rules[i + 1] - 1) return length;
        }
        return length;
    }

    function testFuzz_RevertWhen_ConfigIsTruncated(
        uint256 length,
        uint8[4] memory types,
        uint256[4] memory refs,
        uint64 how
    ) external view {
        bytes memory config = _anyConfig(types, refs, how);
        config = cut(config, 0, bound(length, 0, config.length - 1));
        bytes memory data = _words(0, 0);
        bytes memory input = abi.encodeCall(policy.checkCall, (ACCOUNT, 0, address(1), 0, 0, data, config));
        (bool accepted,) = address(policy).staticcall(input);
        assertFalse(accepted);
    }

    /// @dev Surplus bytes, whatever they are.
    function testFuzz_RevertWhen_ConfigIsTooLong(
        bytes memory surplus,
        uint8[4] memory types,
        uint256[4] memory refs,
        uint64 how
    ) external view {
        vm.assume(surplus.length > 0);
        bytes memory config = _anyConfig(types, refs, how);
        bytes memory input = abi.encodeCall(
            policy.checkCall, (ACCOUNT, 0, address(1), 0, 0, _words(0, 0), bytes.concat(config, surplus))
        );
        (bool accepted,) = address(policy).staticcall(input);
        assertFalse(accepted);
    }

    /// @dev Two groups of two rules, where one rule of each holds for zero.
    function _anyConfig(uint8[4] memory types, uint256[4] memory refs, uint64 how) private pure returns (bytes memory) {
        bytes[4] memory rules;
        for (uint256 i = 0; i < 4; ++i) {
            uint8 kind = uint8(how >> 8 * i & 3);
            uint8 typeCode = kind == 3 ? R.BOOL : 0x40 * kind + uint8(bound(types[i], 1, 32));
            uint8 comparison = uint8((how >> (32 + 8 * i) & 255) % 8);
            bytes32 a = i % 2 == 0 ? bytes32(0) : _proper(typeCode, refs[i]);
            (bytes memory config,) = _oneRule(typeCode, i % 2 == 0 ? R.EQUAL : comparison, a, a);
            rules[i] = new bytes(config.length - 2);
            for (uint256 j = 0; j < rules[i].length; ++j) {
                rules[i][j] = config[j + 2];
            }
        }
        return R.all(R.any(rules[0], rules[1]), R.any(rules[2], rules[3]));
    }
}

/// @dev What {IShapes-place} is encoded as:
/// 0 kind; order: 1 token, 2 tick, 3 leg.tag, 4 leg.open, 5 and 6 leg.amounts; legs: 7 tag, 8 open, 9 and 10 amounts of
/// the first, 11 to 14 of the second; 15 to 18 grid, row by row; 19 to.
contract ABIRulePolicyShapeTest is ABIRulePolicyBase {
    function test_WordsCountThroughStructsAndArrays() external view {
        address token = address(0x70);
        bytes memory data = abi.encodeCall(
            IShapes.place,
            (
                7,
                IShapes.Order(token, -5, IShapes.Leg(0xaabbccdd, true, [uint128(100), 101])),
                [
                    IShapes.Leg(0x01020304, false, [uint128(200), 201]),
                    IShapes.Leg(0x05060708, true, [uint128(300), type(uint128).max])
                ],
                [[uint16(11), 12], [uint16(21), 22]],
                ACCOUNT
            )
        );
        assertEq(data.length, 4 + 20 * 32);

        bytes[] memory rules = new bytes[](20);
        rules[0] = R.rawRule(0, R.uintN(8), R.EQUAL, hex"07");
        rules[1] = R.rawRule(1, R.ADDRESS, R.EQUAL, abi.encodePacked(token));
        rules[2] = R.rawRule(2, R.intN(24), R.EQUAL, abi.encodePacked(int24(-5)));
        rules[3] = R.rawRule(3, R.bytesN(4), R.EQUAL, hex"aabbccdd");
        rules[4] = R.rawRule(4, R.BOOL, R.EQUAL, hex"01");
        rules[5] = R.rawRule(5, R.uintN(128), R.EQUAL, abi.encodePacked(uint128(100)));
        rules[6] = R.rawRule(6, R.uintN(128), R.EQUAL, abi.encodePacked(uint128(101)));
        rules[7] = R.rawRule(7, R.bytesN(4), R.EQUAL, hex"01020304");
        rules[8] = R.rawRule(8, R.BOOL, R.EQUAL, hex"00");
        rules[9] = R.rawRule(9, R.uintN(128), R.EQUAL, abi.encodePacked(uint128(200)));
        rules[10] = R.rawRule(10, R.uintN(128), R.EQUAL, abi.encodePacked(uint128(201)));
        rules[11] = R.rawRule(11, R.bytesN(4), R.EQUAL, hex"05060708");
        rules[12] = R.rawRule(12, R.BOOL, R.EQUAL, hex"01");
        rules[13] = R.rawRule(13, R.uintN(128), R.EQUAL, abi.encodePacked(uint128(300)));
        rules[14] = R.rawRule(14, R.uintN(128), R.EQUAL, abi.encodePacked(type(uint128).max));
        rules[15] = R.rawRule(15, R.uintN(16), R.EQUAL, abi.encodePacked(uint16(11)));
        rules[16] = R.rawRule(16, R.uintN(16), R.EQUAL, abi.encodePacked(uint16(12)));
        rules[17] = R.rawRule(17, R.uintN(16), R.EQUAL, abi.encodePacked(uint16(21)));
        rules[18] = R.rawRule(18, R.uintN(16), R.EQUAL, abi.encodePacked(uint16(22)));
        rules[19] = R.isAccount(19);

        bytes[] memory groups = new bytes[](20);
        for (uint256 i = 0; i < 20; ++i) {
            groups[i] = R.any(rules[i]);
        }
        _assertOutcome(R.all(groups), data, "");

        // Each word is looked at by its own rule only: flip the lowest bit that counts.
        for (uint256 i = 0; i < 20; ++i) {
            bool left = i == 3 || i == 7 || i == 11;
            uint256 at = 4 + 32 * i + (left ? 3 : 31);
            data[at] ^= 0x01;
            (bool accepted, bytes memory returned) = address(policy)
                .staticcall(abi.encodeCall(policy.checkCall, (ACCOUNT, 0, address(1), 0, 0, data, R.all(groups))));
            assertFalse(accepted);
            assertEq(bytes4(returned), IABIRulePolicy.RuleNotMet.selector);
            (uint256 group, uint256 word) = abi.decode(_withoutSelector(returned), (uint256, uint256));
            assertEq(group, i);
            assertEq(word, i);
            data[at] ^= 0x01;
        }
    }

    /// @dev A dynamic argument takes one word of the head, its offset: static ones around it stay in reach.
    function test_StaticArgumentsAroundADynamicOne() external {
        bytes memory data = abi.encodeCall(IShapes.note, (ACCOUNT, "some text of more than thirty-two bytes", 55));
        bytes memory group0 = R.any(R.isAccount(0));
        _check(R.all(group0, R.any(R.rule(2, R.uintN(256), R.EQUAL, bytes32(uint256(55))))), data);
        vm.expectRevert(_notMet(1, 2, 0x20, 3, abi.encodePacked(uint256(54)), bytes32(uint256(55))));
        _check(R.all(group0, R.any(R.rule(2, R.uintN(256), R.LESS_OR_EQUAL, bytes32(uint256(54))))), data);
    }

    function _withoutSelector(bytes memory error_) private pure returns (bytes memory part) {
        part = new bytes(error_.length - 4);
        for (uint256 i = 0; i < part.length; ++i) {
            part[i] = error_[i + 4];
        }
    }
}

contract ABIRulePolicyPurityTest is ABIRulePolicyBase {
    function setUp() public override {
        policy = IABIRulePolicy(deployCode("ABIRulePolicy.sol:ABIRulePolicy"));
    }

    /// @dev Neither who asks, nor the budget, the target, the value, the claimed time, nor the clock.
    function testFuzz_NothingButArgumentsAndAccountDecide(
        address manager,
        bytes32 budgetId,
        address target,
        uint256 value,
        uint256 claimedTime,
        uint64 time
    ) external {
        bytes memory config = R.all(R.any(R.isAccount(0)), R.any(R.rule(1, R.uintN(8), R.LESS, bytes32(uint256(9)))));
        bytes32 account = bytes32(uint256(uint160(ACCOUNT)));
        vm.warp(time);
        vm.fee(time);
        vm.startPrank(manager);
        bytes memory data = _words(account, bytes32(uint256(8)));
        assertEq(policy.checkCall(ACCOUNT, budgetId, target, value, claimedTime, data, config), 0);
        data = _words(account, bytes32(uint256(9)));
        vm.expectRevert(_notMet(1, 1, 1, 2, hex"09", bytes32(uint256(9))));
        policy.checkCall(ACCOUNT, budgetId, target, value, claimedTime, data, config);
        vm.stopPrank();
    }

    function test_TouchesNoStorageNorOtherContract() external {
        bytes memory config = R.only(R.isAccount(0));
        bytes memory data = _words(bytes32(uint256(uint160(ACCOUNT))));
        vm.recordLogs();
        vm.startStateDiffRecording();
        policy.checkCall(ACCOUNT, 0, address(1), 0, 0, data, config);
        Vm.AccountAccess[] memory accesses = vm.stopAndReturnStateDiff();
        for (uint256 i = 0; i < accesses.length; ++i) {
            if (accesses[i].account == address(vm)) continue;
            assertEq(accesses[i].account, address(policy));
            assertEq(accesses[i].storageAccesses.length, 0);
        }
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_TheSelectorIsTheActionsBusiness() external {
        bytes memory config = R.only(R.rule(0, R.uintN(8), R.EQUAL, 0));
        _check(config, abi.encodePacked(bytes4(0), bytes32(0)));
        _check(config, abi.encodePacked(bytes4(0xffffffff), bytes32(0)));
    }
}
