// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {Test} from "forge-std/Test.sol";
import {Vm} from "forge-std/Vm.sol";
import {IERC20LimitPolicy} from "contracts/interfaces/IERC20LimitPolicy.sol";
import {ILimitPolicy} from "contracts/interfaces/ILimitPolicy.sol";
import {ERC20LimitConfig, ERC20LimitConfigs} from "../utils/ERC20LimitConfig.sol";
import {cut} from "../utils/Cut.sol";

/// @dev Functions of tokens beyond ERC-20.
interface IToken {
    function increaseAllowance(address spender, uint256 addedValue) external returns (bool);
    function decreaseAllowance(address spender, uint256 subtractedValue) external returns (bool);
    function burn(uint256 amount) external;
    function burnFrom(address from, uint256 amount) external;
    function mint(address to, uint256 amount) external;
    function transferAndCall(address to, uint256 amount, bytes calldata data) external returns (bool);
    function safeTransferFrom(address from, address to, uint256 tokenId) external;
}

abstract contract ERC20LimitPolicyBase is Test {
    using ERC20LimitConfigs for ERC20LimitConfig;

    enum Function {
        Transfer,
        TransferFrom,
        Approve,
        IncreaseAllowance
    }

    uint256 internal constant FUNCTIONS = 4;
    uint128 internal constant MAX_LIMIT = 2 ** 108 - 1;
    uint32 internal constant DAY = 86_400;
    uint48 internal constant ANCHOR = 1_700_000_000;
    uint256 internal constant TIME_LIMIT = 2 ** 47;
    bytes32 internal constant BUDGET_ID = keccak256("budget");

    address internal immutable MANAGER = makeAddr("manager");
    address internal immutable ACCOUNT = makeAddr("account");
    address internal immutable TOKEN = makeAddr("token");
    address internal immutable PAYER = makeAddr("payer");
    address internal immutable RECIPIENT = makeAddr("recipient");

    IERC20LimitPolicy internal policy;

    function setUp() public virtual {
        policy = IERC20LimitPolicy(deployCode("ERC20LimitPolicy.sol:ERC20LimitPolicy"));
    }

    function _limits() internal pure returns (ERC20LimitConfig memory) {
        return ERC20LimitConfigs.none();
    }

    function _call(Function f, address to, uint256 amount) internal view returns (bytes memory) {
        if (f == Function.Transfer) return abi.encodeCall(IERC20.transfer, (to, amount));
        if (f == Function.TransferFrom) return abi.encodeCall(IERC20.transferFrom, (PAYER, to, amount));
        if (f == Function.Approve) return abi.encodeCall(IERC20.approve, (to, amount));
        return abi.encodeCall(IToken.increaseAllowance, (to, amount));
    }

    function _transfer(uint256 amount) internal view returns (bytes memory) {
        return _call(Function.Transfer, RECIPIENT, amount);
    }

    /// @dev The manager asks.
    function _check(bytes memory config, bytes memory data, uint256 claimedTime) internal returns (uint256) {
        vm.prank(MANAGER);
        return policy.checkCall(ACCOUNT, BUDGET_ID, TOKEN, 0, claimedTime, data, config);
    }

    function _check(bytes memory config, bytes memory data) internal returns (uint256) {
        return _check(config, data, 0);
    }

    function _expect(bytes4 selector, uint256 a) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, a));
    }

    function _expect(bytes4 selector, uint256 a, uint256 b) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, a, b));
    }

    function _expect(bytes4 selector, uint256 a, uint256 b, uint256 c) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, a, b, c));
    }

    function _expect(bytes4 selector, uint256 a, uint256 b, uint256 c, uint256 d) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, a, b, c, d));
    }

    /// @dev Asks, and compares outcome and returned bytes: no expected error means that the call is accepted.
    function _assertOutcome(
        bytes memory config,
        bytes memory data,
        uint256 claimedTime,
        uint256 expectedResult,
        bytes memory expectedError
    ) internal {
        bytes memory input = abi.encodeCall(policy.checkCall, (ACCOUNT, BUDGET_ID, TOKEN, 0, claimedTime, data, config));
        vm.prank(MANAGER);
        (bool accepted, bytes memory returned) = address(policy).call(input);
        assertEq(returned, expectedError.length == 0 ? abi.encode(expectedResult) : expectedError);
        assertEq(accepted, expectedError.length == 0);
    }

    function _invalidConfig(uint256 position) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ILimitPolicy.InvalidConfig.selector, position);
    }

    function _assertSpent(uint256 expectedTotal, uint256 expectedInPeriod, uint256 expectedPeriod) internal view {
        (uint256 total, uint256 inPeriod, uint256 period) = policy.spent(MANAGER, BUDGET_ID, ACCOUNT);
        assertEq(total, expectedTotal, "total");
        assertEq(inPeriod, expectedInPeriod, "in period");
        assertEq(period, expectedPeriod, "period");
    }

    /// @dev ERC-4337: validAfter in the top 48 bits, validUntil in the next.
    function _window(uint256 first, uint256 last) internal pure returns (uint256) {
        return first * 2 ** 208 + last * 2 ** 160;
    }
}

contract ERC20LimitPolicyCallTest is ERC20LimitPolicyBase {
    using ERC20LimitConfigs for ERC20LimitConfig;

    // -- Functions ---------------------------------------------------------------------------------------------------

    function test_EveryFunctionCountsItsAmount() external {
        bytes memory config = _limits().inTotal(100).pack();
        for (uint256 f = 0; f < FUNCTIONS; ++f) {
            assertEq(_check(config, _call(Function(f), RECIPIENT, 10 + f)), 0);
        }
        _assertSpent(10 + 11 + 12 + 13, 0, 0);
    }

    function test_TransferFromCountsWhoeverPays() external {
        bytes memory config = _limits().inTotal(100).pack();
        _check(config, abi.encodeCall(IERC20.transferFrom, (ACCOUNT, RECIPIENT, 1)));
        _check(config, abi.encodeCall(IERC20.transferFrom, (PAYER, RECIPIENT, 2)));
        _check(config, abi.encodeCall(IERC20.transferFrom, (address(0), RECIPIENT, 4)));
        _assertSpent(7, 0, 0);
    }

    function test_ApprovalCountsAgainWhenGivenAgain() external {
        bytes memory config = _limits().inTotal(100).pack();
        _check(config, _call(Function.Approve, RECIPIENT, 60));
        _check(config, _call(Function.Approve, RECIPIENT, 40));
        _assertSpent(100, 0, 0);
        _expect(ILimitPolicy.TotalLimitExceeded.selector, 100, 100, 1);
        _check(config, _call(Function.Approve, RECIPIENT, 1));
        _check(config, _call(Function.Approve, RECIPIENT, 0));
    }

    function test_RevertWhen_FunctionIsNoneOfTheFour() external {
        bytes[7] memory calls = [
            abi.encodeCall(IERC20Permit.permit, (ACCOUNT, RECIPIENT, 1, type(uint256).max, 27, 0, 0)),
            abi.encodeCall(IToken.decreaseAllowance, (RECIPIENT, 1)),
            abi.encodeCall(IToken.burn, (1)),
            abi.encodeCall(IToken.burnFrom, (ACCOUNT, 1)),
            abi.encodeCall(IToken.mint, (RECIPIENT, 1)),
            abi.encodeCall(IToken.transferAndCall, (RECIPIENT, 1, "")),
            abi.encodeCall(IToken.safeTransferFrom, (ACCOUNT, RECIPIENT, 1))
        ];
        bytes memory config = _limits().inTotal(100).pack();
        for (uint256 i = 0; i < calls.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IERC20LimitPolicy.FunctionNotAllowed.selector, bytes4(calls[i])));
            _check(config, calls[i]);
        }
    }

    function testFuzz_RevertWhen_SelectorIsUnknown(bytes4 selector, address to, uint256 amount) external {
        vm.assume(selector != IERC20.transfer.selector && selector != IERC20.transferFrom.selector);
        vm.assume(selector != IERC20.approve.selector && selector != IToken.increaseAllowance.selector);
        vm.expectRevert(abi.encodeWithSelector(IERC20LimitPolicy.FunctionNotAllowed.selector, selector));
        _check(_limits().inTotal(MAX_LIMIT).pack(), abi.encodeWithSelector(selector, to, amount));
    }

    function test_RevertWhen_SelectorIsOneBitOff() external {
        bytes4[4] memory known = [
            IERC20.transfer.selector,
            IERC20.transferFrom.selector,
            IERC20.approve.selector,
            IToken.increaseAllowance.selector
        ];
        bytes memory config = _limits().inTotal(100).pack();
        for (uint256 i = 0; i < 4 * 32; ++i) {
            bytes4 selector = known[i / 32] ^ bytes4(uint32(uint256(1) << (i % 32)));
            vm.expectRevert(abi.encodeWithSelector(IERC20LimitPolicy.FunctionNotAllowed.selector, selector));
            _check(config, abi.encodeWithSelector(selector, RECIPIENT, 1));
        }
    }

    function test_RevertWhen_CalldataIsShorterThanASelector() external {
        bytes memory config = _limits().inTotal(100).pack();
        bytes[5] memory calls = [bytes(""), hex"a9", hex"a905", hex"a9059c", hex"000000"];
        for (uint256 i = 0; i < calls.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IERC20LimitPolicy.FunctionNotAllowed.selector, bytes4(0)));
            _check(config, calls[i]);
        }
    }

    function test_RevertWhen_CalldataHasAnotherLength() external {
        bytes memory config = _limits().inTotal(100).pack();
        for (uint256 f = 0; f < FUNCTIONS; ++f) {
            bytes memory whole = abi.encodePacked(_call(Function(f), RECIPIENT, 1), new bytes(64));
            uint256 expected = Function(f) == Function.TransferFrom ? 100 : 68;
            for (uint256 length = 4; length <= whole.length; ++length) {
                bytes memory data = cut(whole, 0, length);
                _assertOutcome(
                    config,
                    data,
                    0,
                    0,
                    length == expected
                        ? bytes("")
                        : abi.encodeWithSelector(
                            IERC20LimitPolicy.InvalidCalldataLength.selector, expected, data.length
                        )
                );
            }
        }
        _assertSpent(4, 0, 0);
    }

    function test_RevertWhen_AddressIsDirty() external {
        bytes memory config = _limits().inTotal(100).pack();
        // In front of the recipient, and of an address that ends with twelve zero bytes.
        for (uint256 i = 160; i < 352; ++i) {
            uint256 bit = 160 + (i - 160) % 96;
            uint256 dirty = (i < 256 ? uint160(RECIPIENT) : 2 ** 96) + 2 ** bit;
            bytes memory expected = abi.encodeWithSelector(IERC20LimitPolicy.DirtyAddress.selector, dirty);
            _assertOutcome(config, abi.encodeWithSelector(IERC20.transfer.selector, dirty, 1), 0, 0, expected);
            _assertOutcome(config, abi.encodeWithSelector(IERC20.approve.selector, dirty, 1), 0, 0, expected);
            _assertOutcome(config, abi.encodeWithSelector(IToken.increaseAllowance.selector, dirty, 1), 0, 0, expected);
            _assertOutcome(
                config, abi.encodeWithSelector(IERC20.transferFrom.selector, PAYER, dirty, 1), 0, 0, expected
            );
            _assertOutcome(
                config, abi.encodeWithSelector(IERC20.transferFrom.selector, dirty, RECIPIENT, 1), 0, 0, expected
            );
        }
        _assertSpent(0, 0, 0);
    }

    // -- Recipients --------------------------------------------------------------------------------------------------

    function test_RecipientMayBeAnyOnTheList() external {
        address[] memory list = new address[](3);
        (list[0], list[1], list[2]) = (makeAddr("first"), makeAddr("second"), makeAddr("third"));
        bytes memory config = _limits().onlyTo(list).pack();
        for (uint256 f = 0; f < FUNCTIONS; ++f) {
            for (uint256 i = 0; i < list.length; ++i) {
                assertEq(_check(config, _call(Function(f), list[i], type(uint256).max)), 0);
            }
        }
    }

    function test_RevertWhen_RecipientNotOnList() external {
        // The payer of a transferFrom is on the list, which does not help.
        bytes memory config = _limits().onlyTo(makeAddr("other")).onlyTo(PAYER).onlyTo(ACCOUNT).pack();
        for (uint256 f = 0; f < FUNCTIONS; ++f) {
            vm.expectRevert(abi.encodeWithSelector(IERC20LimitPolicy.RecipientNotAllowed.selector, RECIPIENT));
            _check(config, _call(Function(f), RECIPIENT, 1));
        }
    }

    function test_RevertWhen_RecipientIsZeroAndNotOnList() external {
        vm.expectRevert(abi.encodeWithSelector(IERC20LimitPolicy.RecipientNotAllowed.selector, address(0)));
        _check(_limits().onlyTo(RECIPIENT).pack(), _call(Function.Transfer, address(0), 1));
    }

    function test_RevertWhen_RecipientDiffersInOneBit() external {
        bytes memory config = _limits().onlyTo(RECIPIENT).pack();
        for (uint256 bit = 0; bit < 160; ++bit) {
            address other = address(uint160(uint160(RECIPIENT) ^ 2 ** bit));
            _assertOutcome(
                config,
                _call(Function.Transfer, other, 1),
                0,
                0,
                abi.encodeWithSelector(IERC20LimitPolicy.RecipientNotAllowed.selector, other)
            );
        }
    }

    function test_ListMayHave255Recipients() external {
        address[] memory list = new address[](255);
        for (uint256 i = 0; i < 255; ++i) {
            list[i] = address(uint160(uint256(keccak256(abi.encode(i)))));
        }
        bytes memory config = _limits().onlyTo(list).salted(0xffffffff).pack();
        _check(config, _call(Function.Transfer, list[0], 1));
        _check(config, _call(Function.Transfer, list[127], 1));
        _check(config, _call(Function.Transfer, list[254], 1));
        vm.expectRevert(abi.encodeWithSelector(IERC20LimitPolicy.RecipientNotAllowed.selector, RECIPIENT));
        _check(config, _call(Function.Transfer, RECIPIENT, 1));
    }

    /// @dev The salt follows the list, and is no part of it.
    function test_RevertWhen_RecipientIsReadAcrossTheEndOfTheList() external {
        bytes memory config = _limits().onlyTo(makeAddr("other")).salted(0x11223344).pack();
        address straddling = address(bytes20(abi.encodePacked(bytes4(0x11223344), bytes16(0))));
        vm.expectRevert(abi.encodeWithSelector(IERC20LimitPolicy.RecipientNotAllowed.selector, straddling));
        _check(config, _call(Function.Transfer, straddling, 1));
    }

    /// @dev Lengths of which the low bits are those of a limit alone, and the others flags.
    function test_RevertWhen_TheConfigIsVeryLong() external {
        uint24[2] memory lengths = [2 << 16 | 17, 4 << 16 | 27];
        for (uint256 i = 0; i < 2; ++i) {
            bytes memory config = new bytes(lengths[i]);
            // Half of the most in total or in a period; that lasts 65,536 seconds.
            (config[4], config[18]) = (0x01, 0x01);
            _assertOutcome(config, _transfer(1), ANCHOR, 0, _invalidConfig(0));
            config[0] = bytes1(uint8(lengths[i] >> 16));
            _assertOutcome(config, _transfer(1), ANCHOR, 0, _invalidConfig(lengths[i] & 0xff));
            _assertSpent(0, 0, 0);
        }
    }

    /// @dev A list that claims more than there is: whoever stands behind its end is not on it.
    function test_RevertWhen_ListEndsBeforeItsCount() external {
        bytes memory config = abi.encodePacked(uint8(8), uint8(2), RECIPIENT);
        _expect(ILimitPolicy.InvalidConfig.selector, config.length);
        _check(config, _transfer(1));
        _expect(ILimitPolicy.InvalidConfig.selector, config.length);
        _check(config, _call(Function.Transfer, address(0), 1));
    }

    // -- Configurations ----------------------------------------------------------------------------------------------

    function test_RevertWhen_ConfigIsEmpty() external {
        _expect(ILimitPolicy.InvalidConfig.selector, 0);
        _check("", _transfer(0));
    }

    function test_EveryFlagsByteIsAcceptedOrRefused() external {
        for (uint256 flags = 0; flags < 256; ++flags) {
            ERC20LimitConfig memory limits = _parts(flags);
            bytes memory config = limits.pack();
            config[0] = bytes1(uint8(flags));
            bool known = flags < 32 && flags % 16 != 0;
            uint256 expected = flags & 4 != 0 ? _window(ANCHOR, ANCHOR + DAY - 1) : 0;
            _assertOutcome(config, _transfer(1), ANCHOR, expected, known ? bytes("") : _invalidConfig(0));
        }
    }

    function test_RevertWhen_ConfigHasASurplusByte() external {
        for (uint256 flags = 1; flags < 32; ++flags) {
            if (flags == 16) continue;
            ERC20LimitConfig memory limits = _parts(flags);
            bytes memory config = bytes.concat(limits.pack(), hex"00");
            _assertOutcome(config, _transfer(1), ANCHOR, 0, _invalidConfig(config.length - 1));
        }
        _assertSpent(0, 0, 0);
    }

    /// @dev Nothing is moved and the recipient is the only one on the list: so whatever is missing reads as a zero that
    /// passes, and the length alone is left to refuse the configuration.
    function test_RevertWhen_ConfigIsTruncatedAtAnyByte() external {
        for (uint256 flags = 1; flags < 32; ++flags) {
            if (flags == 16) continue;
            ERC20LimitConfig memory limits = _parts(flags);
            bytes memory config = limits.pack();
            for (uint256 length = 0; length < config.length; ++length) {
                _assertOutcome(cut(config, 0, length), _transfer(0), ANCHOR, 0, _truncationError(limits, length));
            }
        }
        _assertSpent(0, 0, 0);
    }

    function testFuzz_RevertWhen_ConfigIsTruncated(uint256 flags, uint256 length, uint128 amount, uint48 time)
        external
    {
        bytes memory config = _parts(bound(flags, 1, 31)).pack();
        bytes memory truncated = cut(config, 0, bound(length, 0, config.length - 1));
        bytes memory input =
            abi.encodeCall(policy.checkCall, (ACCOUNT, BUDGET_ID, TOKEN, 0, time, _transfer(amount), truncated));
        vm.prank(MANAGER);
        (bool accepted,) = address(policy).call(input);
        assertFalse(accepted);
        _assertSpent(0, 0, 0);
    }

    /// @dev The parts that bits 0 to 4 name, each of which admits much.
    function _parts(uint256 flags) private view returns (ERC20LimitConfig memory limits) {
        limits = _limits();
        if (flags & 1 != 0) limits = limits.perCall(type(uint128).max);
        if (flags & 2 != 0) limits = limits.inTotal(MAX_LIMIT);
        if (flags & 4 != 0) limits = limits.perPeriod(MAX_LIMIT, DAY, ANCHOR);
        if (flags & 8 != 0) limits = limits.onlyTo(RECIPIENT);
        if (flags & 16 != 0) limits = limits.salted(0x01020304);
    }

    function _truncationError(ERC20LimitConfig memory limits, uint256 length) private view returns (bytes memory) {
        if (length == 0) return _invalidConfig(0);
        uint256 position = 1 + (limits.hasCallLimit ? 16 : 0) + (limits.hasTotalLimit ? 16 : 0);
        if (limits.hasPeriodLimit) {
            // 0x00015180 seconds: of its first byte alone, and of nothing, less than 300 is left.
            position += 16;
            if (length <= position + 1) return _invalidConfig(position);
            position += 4 + 6;
        }
        if (limits.hasRecipients) {
            if (length <= position) return _invalidConfig(position);
            if (length < position + 1 + 20) {
                return abi.encodeWithSelector(IERC20LimitPolicy.RecipientNotAllowed.selector, RECIPIENT);
            }
        }
        return _invalidConfig(length);
    }

    function test_RevertWhen_RecipientCountIsZero() external {
        _expect(ILimitPolicy.InvalidConfig.selector, 1);
        _check(abi.encodePacked(uint8(8), uint8(0)), _transfer(1));
        _expect(ILimitPolicy.InvalidConfig.selector, 1);
        _check(abi.encodePacked(uint8(8), uint8(0), RECIPIENT), _transfer(1));
        address[] memory nobody = new address[](0);
        bytes memory config =
            _limits().perCall(9).inTotal(9).perPeriod(9, DAY, ANCHOR).onlyTo(nobody).salted(0x01020304).pack();
        _expect(ILimitPolicy.InvalidConfig.selector, 1 + 16 + 16 + 26);
        _check(config, _transfer(1), ANCHOR);
    }

    function test_RevertWhen_PeriodIsShorterThanFiveMinutes() external {
        uint32[4] memory lengths = [uint32(0), 1, 60, 299];
        for (uint256 i = 0; i < lengths.length; ++i) {
            _expect(ILimitPolicy.InvalidConfig.selector, 17);
            _check(_limits().perPeriod(9, lengths[i], ANCHOR).pack(), _transfer(1), ANCHOR);
            _expect(ILimitPolicy.InvalidConfig.selector, 49);
            _check(_limits().perCall(9).inTotal(9).perPeriod(9, lengths[i], ANCHOR).pack(), _transfer(1), ANCHOR);
        }
        assertEq(
            _check(_limits().perPeriod(9, 300, ANCHOR).pack(), _transfer(1), ANCHOR), _window(ANCHOR, ANCHOR + 299)
        );
    }

    function test_LongestPeriod() external {
        uint32 length = type(uint32).max;
        assertEq(
            _check(_limits().perPeriod(9, length, ANCHOR).pack(), _transfer(1), ANCHOR),
            _window(ANCHOR, uint256(ANCHOR) + length - 1)
        );
    }

    function test_RevertWhen_CountedLimitDoesNotFitABudget() external {
        uint128[3] memory tooMuch = [uint128(2 ** 108), 2 ** 108 + 1, type(uint128).max];
        for (uint256 i = 0; i < tooMuch.length; ++i) {
            _expect(ILimitPolicy.InvalidConfig.selector, 1);
            _check(_limits().inTotal(tooMuch[i]).pack(), _transfer(1));
            _expect(ILimitPolicy.InvalidConfig.selector, 17);
            _check(_limits().perCall(9).inTotal(tooMuch[i]).pack(), _transfer(1));
            _expect(ILimitPolicy.InvalidConfig.selector, 1);
            _check(_limits().perPeriod(tooMuch[i], DAY, ANCHOR).pack(), _transfer(1), ANCHOR);
            _expect(ILimitPolicy.InvalidConfig.selector, 33);
            _check(_limits().perCall(9).inTotal(9).perPeriod(tooMuch[i], DAY, ANCHOR).pack(), _transfer(1), ANCHOR);
        }
    }
}

contract ERC20LimitPolicyLimitTest is ERC20LimitPolicyBase {
    using ERC20LimitConfigs for ERC20LimitConfig;

    // -- Per call ----------------------------------------------------------------------------------------------------

    function test_CallMayMoveTheLimit() external {
        bytes memory config = _limits().perCall(100).pack();
        for (uint256 f = 0; f < FUNCTIONS; ++f) {
            assertEq(_check(config, _call(Function(f), RECIPIENT, 100)), 0);
            assertEq(_check(config, _call(Function(f), RECIPIENT, 100)), 0);
            assertEq(_check(config, _call(Function(f), RECIPIENT, 0)), 0);
            _expect(ILimitPolicy.CallLimitExceeded.selector, 100, 101);
            _check(config, _call(Function(f), RECIPIENT, 101));
            _expect(ILimitPolicy.CallLimitExceeded.selector, 100, type(uint256).max);
            _check(config, _call(Function(f), RECIPIENT, type(uint256).max));
        }
    }

    function test_CallLimitMayBeZero() external {
        bytes memory config = _limits().perCall(0).pack();
        _check(config, _transfer(0));
        _expect(ILimitPolicy.CallLimitExceeded.selector, 0, 1);
        _check(config, _transfer(1));
    }

    /// @dev It is not counted, so it need not fit a budget.
    function test_CallLimitMayBeAllOf128Bits() external {
        bytes memory config = _limits().perCall(type(uint128).max).pack();
        _check(config, _transfer(2 ** 108));
        _check(config, _transfer(2 ** 128 - 1));
        _expect(ILimitPolicy.CallLimitExceeded.selector, 2 ** 128 - 1, 2 ** 128);
        _check(config, _transfer(2 ** 128));
    }

    // -- In total ----------------------------------------------------------------------------------------------------

    function test_TotalMayReachTheLimit() external {
        bytes memory config = _limits().inTotal(100).pack();
        _expect(ILimitPolicy.TotalLimitExceeded.selector, 100, 0, 101);
        _check(config, _transfer(101));
        _check(config, _transfer(60));
        _expect(ILimitPolicy.TotalLimitExceeded.selector, 100, 60, 41);
        _check(config, _transfer(41));
        _check(config, _transfer(40));
        _check(config, _transfer(0));
        _expect(ILimitPolicy.TotalLimitExceeded.selector, 100, 100, 1);
        _check(config, _transfer(1));
        _expect(ILimitPolicy.TotalLimitExceeded.selector, 100, 100, type(uint256).max);
        _check(config, _transfer(type(uint256).max));
        _assertSpent(100, 0, 0);
    }

    function test_TotalLimitMayBeZero() external {
        bytes memory config = _limits().inTotal(0).pack();
        _check(config, _transfer(0));
        _expect(ILimitPolicy.TotalLimitExceeded.selector, 0, 0, 1);
        _check(config, _transfer(1));
    }

    function test_TotalMayFillItsField() external {
        bytes memory config = _limits().inTotal(MAX_LIMIT).pack();
        _expect(ILimitPolicy.TotalLimitExceeded.selector, MAX_LIMIT, 0, 2 ** 108);
        _check(config, _transfer(2 ** 108));
        _check(config, _transfer(1));
        _expect(ILimitPolicy.TotalLimitExceeded.selector, MAX_LIMIT, 1, MAX_LIMIT);
        _check(config, _transfer(MAX_LIMIT));
        _check(config, _transfer(MAX_LIMIT - 1));
        _assertSpent(MAX_LIMIT, 0, 0);
        uint256[5] memory amounts =
            [uint256(1), 2 ** 108, 2 ** 128, type(uint256).max - MAX_LIMIT + 1, type(uint256).max];
        for (uint256 i = 0; i < amounts.length; ++i) {
            _expect(ILimitPolicy.TotalLimitExceeded.selector, MAX_LIMIT, MAX_LIMIT, amounts[i]);
            _check(config, _transfer(amounts[i]));
        }
        _assertSpent(MAX_LIMIT, 0, 0);
    }

    function test_TotalNeedsNoClaimedTime() external {
        bytes memory config = _limits().perCall(9).inTotal(100).onlyTo(RECIPIENT).pack();
        assertEq(_check(config, _transfer(1), 0), 0);
        assertEq(_check(config, _transfer(1), ANCHOR), 0);
        assertEq(_check(config, _transfer(1), type(uint256).max), 0);
        _assertSpent(3, 0, 0);
    }

    // -- Per period --------------------------------------------------------------------------------------------------

    function test_PeriodMayReachTheLimit() external {
        bytes memory config = _limits().perPeriod(100, DAY, ANCHOR).pack();
        uint256 end = uint256(ANCHOR) + DAY;
        _expect(ILimitPolicy.PeriodLimitExceeded.selector, 100, 0, 101, end);
        _check(config, _transfer(101), ANCHOR);
        assertEq(_check(config, _transfer(60), ANCHOR), _window(ANCHOR, end - 1));
        _expect(ILimitPolicy.PeriodLimitExceeded.selector, 100, 60, 41, end);
        _check(config, _transfer(41), ANCHOR);
        assertEq(_check(config, _transfer(40), end - 1), _window(ANCHOR, end - 1));
        _expect(ILimitPolicy.PeriodLimitExceeded.selector, 100, 100, 1, end);
        _check(config, _transfer(1), ANCHOR);
        _expect(ILimitPolicy.PeriodLimitExceeded.selector, 100, 100, type(uint256).max, end);
        _check(config, _transfer(type(uint256).max), end - 1);
        assertEq(_check(config, _transfer(0), ANCHOR), _window(ANCHOR, end - 1));
        _assertSpent(0, 100, 0);
    }

    function test_PeriodMayFillItsField() external {
        bytes memory config = _limits().perPeriod(MAX_LIMIT, DAY, ANCHOR).pack();
        uint256 end = uint256(ANCHOR) + DAY;
        _expect(ILimitPolicy.PeriodLimitExceeded.selector, MAX_LIMIT, 0, 2 ** 108, end);
        _check(config, _transfer(2 ** 108), ANCHOR);
        _check(config, _transfer(MAX_LIMIT), ANCHOR);
        uint256[4] memory amounts = [uint256(1), 2 ** 128, type(uint256).max - MAX_LIMIT + 1, type(uint256).max];
        for (uint256 i = 0; i < amounts.length; ++i) {
            _expect(ILimitPolicy.PeriodLimitExceeded.selector, MAX_LIMIT, MAX_LIMIT, amounts[i], end);
            _check(config, _transfer(amounts[i]), ANCHOR);
        }
        _assertSpent(0, MAX_LIMIT, 0);
    }

    function test_NextPeriodBeginsAnew() external {
        bytes memory config = _limits().perPeriod(100, DAY, ANCHOR).pack();
        uint256 second = uint256(ANCHOR) + DAY;
        _check(config, _transfer(100), second - 1);
        _expect(ILimitPolicy.PeriodLimitExceeded.selector, 100, 0, 101, second + DAY);
        _check(config, _transfer(101), second);
        _assertSpent(0, 100, 0);
        assertEq(_check(config, _transfer(30), second), _window(second, second + DAY - 1));
        _assertSpent(0, 30, 1);
        // Far ahead, and the same there.
        uint256 later = uint256(ANCHOR) + 1_000 * uint256(DAY);
        assertEq(_check(config, _transfer(100), later + 5), _window(later, later + DAY - 1));
        _assertSpent(0, 100, 1_000);
    }

    function test_RevertWhen_ALaterPeriodHasBeenSpentIn() external {
        bytes memory config = _limits().inTotal(100).perPeriod(50, DAY, ANCHOR).pack();
        _check(config, _transfer(10), uint256(ANCHOR) + 7 * DAY);
        _expect(ILimitPolicy.PeriodInPast.selector, 7, 6);
        _check(config, _transfer(1), uint256(ANCHOR) + 7 * DAY - 1);
        _expect(ILimitPolicy.PeriodInPast.selector, 7, 0);
        _check(config, _transfer(0), ANCHOR);
        _expect(ILimitPolicy.PeriodInPast.selector, 7, 6);
        _check(config, _transfer(90), uint256(ANCHOR) + 6 * DAY);
        _assertSpent(10, 10, 7);
        _check(config, _transfer(1), uint256(ANCHOR) + 7 * DAY);
        _assertSpent(11, 11, 7);
    }

    /// @dev A call that moves nothing claims its period all the same.
    function test_MovingNothingEntersThePeriod() external {
        bytes memory config = _limits().perPeriod(50, DAY, ANCHOR).pack();
        _check(config, _transfer(50), ANCHOR);
        _check(config, _transfer(0), uint256(ANCHOR) + DAY);
        _assertSpent(0, 0, 1);
        _expect(ILimitPolicy.PeriodInPast.selector, 1, 0);
        _check(config, _transfer(0), ANCHOR);
    }

    function test_PeriodLimitMayBeZero() external {
        bytes memory config = _limits().perPeriod(0, DAY, ANCHOR).pack();
        _check(config, _transfer(0), ANCHOR);
        _expect(ILimitPolicy.PeriodLimitExceeded.selector, 0, 0, 1, uint256(ANCHOR) + DAY);
        _check(config, _transfer(1), ANCHOR);
    }

    function test_TotalAndPeriodBothLimit() external {
        bytes memory config = _limits().inTotal(100).perPeriod(60, DAY, ANCHOR).pack();
        uint256 second = uint256(ANCHOR) + DAY;
        _check(config, _transfer(60), ANCHOR);
        _expect(ILimitPolicy.PeriodLimitExceeded.selector, 60, 60, 40, second);
        _check(config, _transfer(40), ANCHOR);
        _expect(ILimitPolicy.TotalLimitExceeded.selector, 100, 60, 41);
        _check(config, _transfer(41), second);
        _check(config, _transfer(40), second);
        _assertSpent(100, 40, 1);
        _expect(ILimitPolicy.TotalLimitExceeded.selector, 100, 100, 1);
        _check(config, _transfer(1), second + DAY);
        _assertSpent(100, 40, 1);
    }

    function test_CallLimitIsToldBeforeTheTotalAndTheTotalBeforeThePeriod() external {
        bytes memory config = _limits().perCall(9).inTotal(8).perPeriod(7, DAY, ANCHOR).onlyTo(PAYER).pack();
        _expect(ILimitPolicy.CallLimitExceeded.selector, 9, 10);
        _check(config, _transfer(10), ANCHOR);
        _expect(ILimitPolicy.TotalLimitExceeded.selector, 8, 0, 9);
        _check(config, _transfer(9), ANCHOR);
        _expect(ILimitPolicy.PeriodLimitExceeded.selector, 7, 0, 8, uint256(ANCHOR) + DAY);
        _check(config, _transfer(8), ANCHOR);
        vm.expectRevert(abi.encodeWithSelector(IERC20LimitPolicy.RecipientNotAllowed.selector, RECIPIENT));
        _check(config, _transfer(7), ANCHOR);
    }

    // -- Claimed time ------------------------------------------------------------------------------------------------

    function test_RevertWhen_NoTimeIsClaimed() external {
        _expect(ILimitPolicy.ClaimedTimeTooEarly.selector, ANCHOR, 0);
        _check(_limits().perPeriod(9, DAY, ANCHOR).pack(), _transfer(0), 0);
        _expect(ILimitPolicy.ClaimedTimeTooEarly.selector, 0, 0);
        _check(_limits().perPeriod(9, DAY, 0).pack(), _transfer(0), 0);
    }

    function test_RevertWhen_ClaimedTimeIsBeforeTheAnchor() external {
        bytes memory config = _limits().perPeriod(9, DAY, ANCHOR).pack();
        _expect(ILimitPolicy.ClaimedTimeTooEarly.selector, ANCHOR, ANCHOR - 1);
        _check(config, _transfer(1), ANCHOR - 1);
        _expect(ILimitPolicy.ClaimedTimeTooEarly.selector, ANCHOR, 1);
        _check(config, _transfer(1), 1);
        _check(config, _transfer(1), ANCHOR);
    }

    function test_AnchorZeroCountsFromTheUnixEpoch() external {
        bytes memory config = _limits().perPeriod(9, DAY, 0).pack();
        assertEq(_check(config, _transfer(1), 1), _window(0, DAY - 1));
        assertEq(_check(config, _transfer(1), ANCHOR), _window(19_675 * DAY, 19_676 * DAY - 1));
        _assertSpent(0, 1, 19_675);
    }

    function test_LastPeriodEndsBeforeTheTimeLimit() external {
        // anchor + length == 2^47 - 1
        uint48 anchor = uint48(TIME_LIMIT - 1 - 300);
        bytes memory config = _limits().perPeriod(9, 300, anchor).pack();
        assertEq(_check(config, _transfer(1), anchor), _window(anchor, TIME_LIMIT - 2));
        assertEq(_check(config, _transfer(1), TIME_LIMIT - 2), _window(anchor, TIME_LIMIT - 2));
        _expect(ILimitPolicy.ClaimedTimeTooLate.selector, TIME_LIMIT - 1);
        _check(config, _transfer(1), TIME_LIMIT - 1);
    }

    function test_RevertWhen_PeriodEndsAtTheTimeLimit() external {
        // anchor + length == 2^47
        uint48 anchor = uint48(TIME_LIMIT - 300);
        _expect(ILimitPolicy.ClaimedTimeTooLate.selector, anchor);
        _check(_limits().perPeriod(9, 300, anchor).pack(), _transfer(1), anchor);
    }

    function test_RevertWhen_ClaimedTimeIsTooLate() external {
        bytes memory config = _limits().perPeriod(9, DAY, ANCHOR).pack();
        uint256[4] memory times = [TIME_LIMIT - 1, TIME_LIMIT, 2 ** 48 - 1, 2 ** 48];
        for (uint256 i = 0; i < times.length; ++i) {
            _expect(ILimitPolicy.ClaimedTimeTooLate.selector, times[i]);
            _check(config, _transfer(1), times[i]);
        }
        _expect(ILimitPolicy.ClaimedTimeTooLate.selector, type(uint48).max);
        _check(_limits().perPeriod(9, DAY, type(uint48).max).pack(), _transfer(1), type(uint48).max);
    }

    /// @dev The claimed time is any uint256: a number of which the period's end exceeds that is too late as well.
    function test_RevertWhen_ClaimedTimeIsTheLargestNumber() external {
        _expect(ILimitPolicy.ClaimedTimeTooLate.selector, type(uint256).max);
        _check(_limits().perPeriod(9, 300, 0).pack(), _transfer(1), type(uint256).max);
    }

    /// @dev Numbers of periods do not wrap at their 40 bits: the greatest there can be is counted.
    function test_HighestPeriodNumber() external {
        bytes memory config = _limits().perPeriod(9, 300, 0).pack();
        uint256 highest = (TIME_LIMIT - 1) / 300 - 1;
        assertEq(_check(config, _transfer(1), highest * 300), _window(highest * 300, highest * 300 + 299));
        _assertSpent(0, 1, highest);
        _expect(ILimitPolicy.ClaimedTimeTooLate.selector, (highest + 1) * 300);
        _check(config, _transfer(1), (highest + 1) * 300);
    }

    function testFuzz_WindowIsThePeriodOfTheClaimedTime(uint32 length, uint48 anchor, uint256 time) external {
        length = uint32(bound(length, 300, type(uint32).max));
        time = bound(time, 1, TIME_LIMIT - 1 - length);
        anchor = uint48(bound(anchor, 0, time));
        uint256 validationData = _check(_limits().perPeriod(9, length, anchor).pack(), _transfer(1), time);
        uint256 sinceStart = (time - anchor) % length;
        assertEq(validationData, _window(time - sinceStart, time - sinceStart + length - 1));
        assertEq(uint160(validationData), 0);
        _assertSpent(0, 1, (time - sinceStart - anchor) / length);
    }
}

contract ERC20LimitPolicyStorageTest is ERC20LimitPolicyBase {
    using ERC20LimitConfigs for ERC20LimitConfig;

    function test_BudgetsOfManagersIdsAndAccountsAreApart() external {
        bytes memory config = _limits().inTotal(100).perPeriod(100, DAY, ANCHOR).pack();
        address[2] memory managers = [MANAGER, makeAddr("other manager")];
        bytes32[2] memory budgetIds = [BUDGET_ID, keccak256("other budget")];
        address[2] memory accounts = [ACCOUNT, makeAddr("other account")];
        for (uint256 i = 0; i < 8; ++i) {
            vm.prank(managers[i & 1]);
            policy.checkCall(accounts[i >> 2], budgetIds[i >> 1 & 1], TOKEN, 0, ANCHOR, _transfer(93 + i), config);
        }
        for (uint256 i = 0; i < 8; ++i) {
            (uint256 total, uint256 inPeriod,) = policy.spent(managers[i & 1], budgetIds[i >> 1 & 1], accounts[i >> 2]);
            assertEq(total, 93 + i);
            assertEq(inPeriod, 93 + i);
        }
    }

    /// @dev A budget id stands for one configuration, which only the manager can see to. Should a lower limit come
    /// under the same, what is spent stays spent.
    function test_RevertWhen_MoreIsSpentThanALowerLimitAllows() external {
        _check(_limits().inTotal(100).perPeriod(100, DAY, ANCHOR).pack(), _transfer(50), ANCHOR);
        _expect(ILimitPolicy.TotalLimitExceeded.selector, 49, 50, 0);
        _check(_limits().inTotal(49).pack(), _transfer(0), ANCHOR);
        _expect(ILimitPolicy.PeriodLimitExceeded.selector, 49, 50, 0, uint256(ANCHOR) + DAY);
        _check(_limits().perPeriod(49, DAY, ANCHOR).pack(), _transfer(0), ANCHOR);
        _assertSpent(50, 50, 0);
    }

    /// @dev The budget id already stands for them.
    function test_TargetAndValueDoNotSplitABudget() external {
        bytes memory config = _limits().inTotal(100).pack();
        vm.startPrank(MANAGER);
        policy.checkCall(ACCOUNT, BUDGET_ID, TOKEN, 0, 0, _transfer(60), config);
        policy.checkCall(ACCOUNT, BUDGET_ID, PAYER, 1 ether, 0, _transfer(30), config);
        _expect(ILimitPolicy.TotalLimitExceeded.selector, 100, 90, 11);
        policy.checkCall(ACCOUNT, BUDGET_ID, address(0), type(uint256).max, 0, _transfer(11), config);
        vm.stopPrank();
        _assertSpent(90, 0, 0);
    }

    function testFuzz_UnusedBudgetIsEmpty(address manager, bytes32 budgetId, address account) external view {
        (uint256 total, uint256 inPeriod, uint256 period) = policy.spent(manager, budgetId, account);
        assertEq(total + inPeriod + period, 0);
    }

    /// @dev One slot is written, the one ERC-7562 calls associated with the account, and nothing else is touched: no
    /// other storage, no other contract, no log.
    function testFuzz_WritesOneAssociatedSlot(
        address manager,
        bytes32 budgetId,
        address account,
        uint8 counted,
        uint128 amount
    ) external {
        amount = uint128(bound(amount, 0, MAX_LIMIT));
        counted = uint8(bound(counted, 1, 3));
        ERC20LimitConfig memory limits = _limits().onlyTo(RECIPIENT);
        if (counted & 1 != 0) limits = limits.inTotal(MAX_LIMIT);
        if (counted & 2 != 0) limits = limits.perPeriod(MAX_LIMIT, DAY, ANCHOR);
        bytes memory config = limits.pack();
        bytes memory data = _transfer(amount);
        uint256 time = uint256(ANCHOR) + 3 * DAY;

        vm.recordLogs();
        vm.startStateDiffRecording();
        vm.prank(manager);
        policy.checkCall(account, budgetId, TOKEN, 0, time, data, config);
        Vm.AccountAccess[] memory accesses = vm.stopAndReturnStateDiff();

        bytes32 slot =
            keccak256(abi.encode(account, keccak256(abi.encode(budgetId, keccak256(abi.encode(manager, 0))))));
        uint256 writes = 0;
        for (uint256 i = 0; i < accesses.length; ++i) {
            if (accesses[i].account == address(vm)) continue;
            assertEq(accesses[i].account, address(policy));
            for (uint256 j = 0; j < accesses[i].storageAccesses.length; ++j) {
                assertEq(accesses[i].storageAccesses[j].slot, slot);
                if (accesses[i].storageAccesses[j].isWrite) ++writes;
            }
        }
        assertEq(writes, 1);
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(
            uint256(vm.load(address(policy), slot)),
            (counted & 1 != 0 ? amount : 0) + (counted & 2 != 0 ? uint256(amount) * 2 ** 108 + 3 * 2 ** 216 : 0)
        );
    }

    function test_LimitsThatAreNotCountedTouchNoStorage() external {
        bytes memory config = _limits().perCall(100).onlyTo(RECIPIENT).salted(0x01020304).pack();
        vm.startStateDiffRecording();
        _check(config, _transfer(100), ANCHOR);
        Vm.AccountAccess[] memory accesses = vm.stopAndReturnStateDiff();
        for (uint256 i = 0; i < accesses.length; ++i) {
            if (accesses[i].account == address(vm)) continue;
            assertEq(accesses[i].account, address(policy));
            assertEq(accesses[i].storageAccesses.length, 0);
        }
    }

    function test_RefusedCallChangesNothing() external {
        ERC20LimitConfig memory limits = _limits().perCall(60).inTotal(100).perPeriod(70, DAY, ANCHOR);
        bytes memory config = limits.onlyTo(RECIPIENT).pack();
        uint256 time = uint256(ANCHOR) + DAY;
        _check(config, _transfer(20), time);

        vm.expectRevert(abi.encodeWithSelector(IERC20LimitPolicy.RecipientNotAllowed.selector, PAYER));
        _check(config, _call(Function.Transfer, PAYER, 1), time);
        _assertSpent(20, 20, 1);
        vm.expectRevert(abi.encodeWithSelector(IERC20LimitPolicy.RecipientNotAllowed.selector, PAYER));
        _check(config, _call(Function.Transfer, PAYER, 1), time + DAY);
        _assertSpent(20, 20, 1);
        _expect(ILimitPolicy.CallLimitExceeded.selector, 60, 61);
        _check(config, _transfer(61), time);
        _assertSpent(20, 20, 1);
        _expect(ILimitPolicy.PeriodLimitExceeded.selector, 70, 20, 51, time + DAY);
        _check(config, _transfer(51), time);
        _assertSpent(20, 20, 1);
        _expect(ILimitPolicy.PeriodInPast.selector, 1, 0);
        _check(config, _transfer(1), ANCHOR);
        _assertSpent(20, 20, 1);
        _expect(ILimitPolicy.InvalidConfig.selector, config.length);
        _check(bytes.concat(config, hex"00"), _transfer(1), time);
        _assertSpent(20, 20, 1);
        _expect(IERC20LimitPolicy.InvalidCalldataLength.selector, 68, 69);
        _check(config, bytes.concat(_transfer(1), hex"00"), time);
        _assertSpent(20, 20, 1);
        // And what is left is what was left.
        _check(config, _transfer(50), time);
        _assertSpent(70, 70, 1);
    }

    /// @dev Not the clock, the block, the fees, or what the account and the token hold.
    function testFuzz_NothingButTheCallDecides(uint48 time, uint64 number, uint64 baseFee, uint128 balance) external {
        bytes memory config = _limits().perCall(60).inTotal(100).perPeriod(70, DAY, ANCHOR).pack();
        vm.warp(time);
        vm.roll(number);
        vm.fee(baseFee);
        vm.deal(ACCOUNT, balance);
        vm.deal(TOKEN, balance);
        assertEq(_check(config, _transfer(60), ANCHOR + 5), _window(ANCHOR, ANCHOR + DAY - 1));
        vm.warp(uint256(time) + 10 * DAY);
        _expect(ILimitPolicy.PeriodLimitExceeded.selector, 70, 60, 11, ANCHOR + DAY);
        _check(config, _transfer(11), ANCHOR + 5);
        assertEq(_check(config, _transfer(10), ANCHOR + 5), _window(ANCHOR, ANCHOR + DAY - 1));
        _assertSpent(70, 70, 0);
    }

    function testFuzz_TwoCallsSumLikeOne(uint128 a, uint128 b, uint8 f, uint8 g) external {
        a = uint128(bound(a, 0, MAX_LIMIT));
        b = uint128(bound(b, 0, MAX_LIMIT - a));
        bytes memory config = _limits().inTotal(a + b).perPeriod(a + b, DAY, ANCHOR).pack();
        bytes32 other = keccak256("other budget");
        _check(config, _call(Function(f % FUNCTIONS), RECIPIENT, a), ANCHOR);
        _check(config, _call(Function(g % FUNCTIONS), RECIPIENT, b), ANCHOR + DAY - 1);
        vm.prank(MANAGER);
        policy.checkCall(ACCOUNT, other, TOKEN, 0, ANCHOR, _transfer(uint256(a) + b), config);
        (uint256 total, uint256 inPeriod, uint256 period) = policy.spent(MANAGER, other, ACCOUNT);
        _assertSpent(total, inPeriod, period);
        assertEq(total, uint256(a) + b);
        assertEq(inPeriod, total);
        _expect(ILimitPolicy.TotalLimitExceeded.selector, total, total, 1);
        _check(config, _transfer(1), ANCHOR);
    }
}

/// @dev Random sequences of calls under random limits, each outcome predicted by a model that knows neither slots nor
/// encodings: sums by period, and the period last spent in.
contract ERC20LimitPolicyModelTest is ERC20LimitPolicyBase {
    using ERC20LimitConfigs for ERC20LimitConfig;

    struct Limits {
        bool inCall;
        bool inTotal;
        bool inPeriod;
        uint128 call;
        uint128 total;
        uint128 period;
        uint32 length;
        uint48 anchor;
    }

    struct Step {
        uint8 f;
        uint8 size;
        uint8 move;
        uint128 amount;
        uint32 seconds_;
    }

    uint256 private modelTotal;
    uint256 private modelLatest;
    mapping(uint256 period => uint256) private modelInPeriod;
    uint256 private now_;

    function testFuzz_SpendingFollowsTheModel(Limits memory limits, Step[16] memory steps) external {
        limits.inTotal = limits.inTotal || !limits.inPeriod;
        // Limits of all magnitudes.
        limits.call = uint128(bound(limits.call, 0, type(uint128).max) >> (limits.call % 127));
        limits.total = uint128((limits.total % 2 ** 108) >> (limits.total % 107));
        limits.period = uint128((limits.period % 2 ** 108) >> (limits.period % 107));
        limits.length = uint32(bound(limits.length, 300, 60 * DAY));
        limits.anchor = uint48(bound(limits.anchor, 0, 2 ** 40));
        ERC20LimitConfig memory config = _limits();
        if (limits.inCall) config = config.perCall(limits.call);
        if (limits.inTotal) config = config.inTotal(limits.total);
        if (limits.inPeriod) config = config.perPeriod(limits.period, limits.length, limits.anchor);
        bytes memory packed = config.pack();

        now_ = uint256(limits.anchor) + 20 * uint256(limits.length);
        for (uint256 i = 0; i < steps.length; ++i) {
            _step(limits, steps[i], packed);
        }
    }

    function _step(Limits memory limits, Step memory step, bytes memory config) private {
        uint256 time = _time(limits, step);
        uint256 number = time < limits.anchor ? 0 : (time - limits.anchor) / limits.length;
        uint256 amount = _amount(limits, step, number);
        bytes memory expectedError = _predict(limits, time, number, amount);
        uint256 window = 0;
        if (limits.inPeriod && expectedError.length == 0) {
            uint256 first = time - (time - limits.anchor) % limits.length;
            window = _window(first, first + limits.length - 1);
        }
        _assertOutcome(config, _call(Function(step.f % FUNCTIONS), RECIPIENT, amount), time, window, expectedError);

        if (expectedError.length == 0) {
            modelTotal += amount;
            if (limits.inPeriod) {
                modelInPeriod[number] += amount;
                modelLatest = number;
                assertLe(modelInPeriod[number], limits.period);
            }
            if (limits.inTotal) assertLe(modelTotal, limits.total);
        }
        _assertSpent(limits.inTotal ? modelTotal : 0, limits.inPeriod ? modelInPeriod[modelLatest] : 0, modelLatest);
    }

    /// @dev Mostly the clock stands or goes on; sometimes a step claims an earlier time, or none.
    function _time(Limits memory limits, Step memory step) private returns (uint256) {
        uint256 move = step.move % 8;
        if (move < 3) return now_;
        if (move < 6) return now_ += step.seconds_ % (2 * uint256(limits.length));
        if (move == 6) return now_ - step.seconds_ % (3 * uint256(limits.length));
        return step.seconds_ % 4 == 0 ? 0 : now_;
    }

    /// @dev Around what is left, or anything.
    function _amount(Limits memory limits, Step memory step, uint256 number) private view returns (uint256) {
        uint256 size = step.size % 8;
        uint256 leftInTotal = limits.total - (limits.inTotal ? modelTotal : 0);
        uint256 leftInPeriod = limits.period - (limits.inPeriod ? modelInPeriod[number] : 0);
        if (size == 0) return leftInTotal;
        if (size == 1) return leftInTotal + 1;
        if (size == 2) return leftInPeriod;
        if (size == 3) return leftInPeriod + 1;
        if (size == 4) return step.amount;
        uint256 left = limits.inTotal && leftInTotal < leftInPeriod ? leftInTotal : leftInPeriod;
        return bound(step.amount, 0, left / 2);
    }

    function _predict(Limits memory limits, uint256 time, uint256 number, uint256 amount)
        private
        view
        returns (bytes memory)
    {
        if (limits.inCall && amount > limits.call) {
            return abi.encodeWithSelector(ILimitPolicy.CallLimitExceeded.selector, limits.call, amount);
        }
        if (limits.inTotal && modelTotal + amount > limits.total) {
            return abi.encodeWithSelector(ILimitPolicy.TotalLimitExceeded.selector, limits.total, modelTotal, amount);
        }
        if (!limits.inPeriod) return "";
        if (time == 0 || time < limits.anchor) {
            return abi.encodeWithSelector(ILimitPolicy.ClaimedTimeTooEarly.selector, limits.anchor, time);
        }
        if (number < modelLatest) {
            return abi.encodeWithSelector(ILimitPolicy.PeriodInPast.selector, modelLatest, number);
        }
        if (modelInPeriod[number] + amount > limits.period) {
            return abi.encodeWithSelector(
                ILimitPolicy.PeriodLimitExceeded.selector,
                limits.period,
                modelInPeriod[number],
                amount,
                limits.anchor + (number + 1) * limits.length
            );
        }
        return "";
    }
}
