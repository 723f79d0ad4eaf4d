// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {ManagerTest} from "../utils/ManagerTest.sol";
import {cut} from "../utils/Cut.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {ANY_PAYMASTER, Session} from "contracts/types/Session.sol";

contract SessionKeyManagerPaymentTest is ManagerTest {
    address private paymaster;

    function setUp() public override {
        super.setUp();
        paymaster = makeAddr("paymaster");
    }

    /*//////////////////////////////////////////////////////////////
                               PAYMASTERS
    //////////////////////////////////////////////////////////////*/

    function testFuzz_RevertWhen_ThereMayBeNoPaymaster(address actual, bytes calldata data) external {
        vm.assume(actual != address(0));
        _expectPaymasterRefused(address(0), actual, _paymasterAndData(actual, 0, 0, data));
    }

    function testFuzz_AnyPaymasterIsEveryPaymasterOrNone(address actual, bytes calldata data) external {
        _assertAccepted(ANY_PAYMASTER, _paymasterAndData(actual, 1, 1, data));
        _assertAccepted(ANY_PAYMASTER, "");
    }

    function testFuzz_ExactPaymasterAlone(address named, address actual, bytes calldata data) external {
        vm.assume(named != address(0) && named != ANY_PAYMASTER && actual != named);
        _assertAccepted(named, _paymasterAndData(named, 1, 1, data));
        _expectPaymasterRefused(named, actual, _paymasterAndData(actual, 1, 1, data));
    }

    function test_RevertWhen_TheNamedPaymasterIsLeftOut() external {
        _expectPaymasterRefused(paymaster, address(0), "");
    }

    function test_PaymasterThatIsZeroIsNone() external {
        // The EntryPoint refuses a paymaster at zero by itself.
        _assertAccepted(address(0), _paymasterAndData(address(0), 1, 1, ""));
    }

    function test_TheSentinelItselfMayBeThePaymasterOnlyWithAny() external {
        _assertAccepted(ANY_PAYMASTER, _paymasterAndData(ANY_PAYMASTER, 1, 1, ""));
        _expectPaymasterRefused(paymaster, ANY_PAYMASTER, _paymasterAndData(ANY_PAYMASTER, 1, 1, ""));
    }

    function test_RevertWhen_PaymasterDataIsShort() external {
        address[3] memory allowed = [address(0), ANY_PAYMASTER, paymaster];
        bytes memory whole = _paymasterAndData(paymaster, 1, 1, "");
        for (uint256 i = 0; i < allowed.length; ++i) {
            Session memory session = pingSession();
            session.paymaster = allowed[i];
            grant(session);
            PackedUserOperation memory op = opUnder(session, pingCall());
            for (uint256 length = 1; length < 52; ++length) {
                op.paymasterAndData = new bytes(length);
                for (uint256 k = 0; k < length; ++k) {
                    op.paymasterAndData[k] = whole[k];
                }
                expectRefused(op, abi.encodeWithSelector(ISessionKeyManager.InvalidPaymasterData.selector, length));
            }
        }
    }

    /// @dev What lies before the operation is no part of it, whatever it says: here, that something is at a word that is zero.
    function test_RevertWhen_ThePaymasterIsOfAnOperationFurtherOn() external {
        Session memory session = pingSession();
        bytes32 id = grant(session);
        PackedUserOperation memory op = opUnder(session, pingCall());
        op.paymasterAndData = _paymasterAndData(paymaster, 1, 1, "");
        bytes memory asked = abi.encodeCall(manager.validateUserOp, (op, OP_HASH));
        // Words of 0x20, the place of the nonce in an operation, between the head and the operation.
        bytes memory gap;
        for (uint256 i = 0; i < 16; ++i) {
            gap = bytes.concat(gap, bytes32(uint256(0x20)));
        }
        asked = bytes.concat(
            cut(asked, 0, 4), bytes32(0x40 + gap.length), cut(asked, 36, 68), gap, cut(asked, 68, asked.length)
        );
        vm.prank(account);
        (bool accepted, bytes memory answer) = address(manager).call(asked);
        assertFalse(accepted);
        assertEq(answer, _paymasterNotAllowed(id, address(0), paymaster));
    }

    function test_RevertWhen_ThePaymasterIsWrongEvenIfTheSignatureIs() external {
        Session memory session = pingSession();
        bytes32 id = grant(session);
        PackedUserOperation memory op = opUnder(session, pingCall());
        op.signature[op.signature.length - 2] ^= 0x01;
        op.paymasterAndData = _paymasterAndData(paymaster, 1, 1, "");
        expectRefused(op, _paymasterNotAllowed(id, address(0), paymaster));
    }

    /*//////////////////////////////////////////////////////////////
                                  COST
    //////////////////////////////////////////////////////////////*/

    function testFuzz_CostUpToTheMostIsAccepted(uint64 pvg, uint64 vgl, uint64 cgl, uint48 fee, uint48 priority)
        external
    {
        PackedUserOperation memory op = newOp(account, pingCall());
        op.preVerificationGas = pvg;
        op.accountGasLimits = bytes32(uint256(vgl) << 128 | cgl);
        op.gasFees = bytes32(uint256(priority) << 128 | fee);
        _assertBoundary(op, (uint256(pvg) + vgl + cgl) * fee);
    }

    function testFuzz_CostCountsThePaymastersGas(uint64 gas, uint64 verification, uint64 postOp, uint48 fee) external {
        PackedUserOperation memory op = newOp(account, pingCall());
        op.preVerificationGas = gas;
        op.accountGasLimits = 0;
        op.gasFees = bytes32(uint256(fee));
        op.paymasterAndData = _paymasterAndData(paymaster, verification, postOp, "data that is not read");
        _assertBoundary(op, (uint256(gas) + verification + postOp) * fee);
    }

    function test_EachGasLimitCounts() external {
        for (uint256 i = 0; i < 5; ++i) {
            PackedUserOperation memory op = newOp(account, pingCall());
            op.gasFees = bytes32(uint256(3));
            op.preVerificationGas = i == 0 ? 1000 : 0;
            op.accountGasLimits = bytes32(i == 1 ? uint256(1000) << 128 : i == 2 ? 1000 : 0);
            op.paymasterAndData = _paymasterAndData(paymaster, i == 3 ? 1000 : 0, i == 4 ? 1000 : 0, "");
            _assertBoundary(op, 3000);
        }
    }

    function test_EachGasLimitCountsWithoutAPaymaster() external {
        for (uint256 i = 0; i < 3; ++i) {
            PackedUserOperation memory op = newOp(account, pingCall());
            op.gasFees = bytes32(uint256(3));
            op.preVerificationGas = i == 0 ? 1000 : 0;
            op.accountGasLimits = bytes32(i == 1 ? uint256(1000) << 128 : i == 2 ? 1000 : 0);
            _assertBoundary(op, 3000);
        }
    }

    function test_CostIsOfTheHighestFeeNotTheBaseFee() external {
        vm.fee(1);
        PackedUserOperation memory op = newOp(account, pingCall());
        op.gasFees = bytes32(uint256(1) << 128 | 1000 gwei);
        _assertBoundary(op, 2_000_000 * 1000 gwei);
    }

    function test_CostOfNothingNeedsNoAllowance() external {
        PackedUserOperation memory op = newOp(account, pingCall());
        op.gasFees = 0;
        _assertBoundary(op, 0);
        op.preVerificationGas = type(uint256).max;
        _assertBoundary(op, 0);
    }

    function test_RevertWhen_CostOverflows() external {
        PackedUserOperation memory op = newOp(account, pingCall());
        Session memory session = pingSession();
        session.paymaster = ANY_PAYMASTER;
        session.maxOpCost = type(uint128).max;
        bytes32 id = grant(session);
        bytes memory reason = abi.encodeWithSelector(
            ISessionKeyManager.OpCostExceeded.selector, id, type(uint128).max, type(uint256).max
        );
        op.signature = sign(session, 0, claim(0), OP_HASH);

        op.preVerificationGas = type(uint256).max;
        op.gasFees = bytes32(uint256(1));
        expectRefused(op, reason);
        op.accountGasLimits = 0;
        op.gasFees = bytes32(uint256(2));
        expectRefused(op, reason);
        op.preVerificationGas = type(uint256).max - 1;
        op.gasFees = bytes32(uint256(1));
        op.paymasterAndData = _paymasterAndData(paymaster, type(uint128).max, type(uint128).max, "");
        expectRefused(op, reason);
        op.preVerificationGas = 1 << 200;
        op.gasFees = bytes32(uint256(1) << 56);
        expectRefused(op, reason);
    }

    /// @dev Powers of two, whose product is 0 if it is cut to a word: without a paymaster and with one.
    function test_RevertWhen_AProductOfPowersOfTwoOverflows() external {
        PackedUserOperation memory op = newOp(account, pingCall());
        op.accountGasLimits = 0;
        Session memory session = pingSession();
        session.paymaster = ANY_PAYMASTER;
        session.maxOpCost = type(uint128).max;
        bytes32 id = grant(session);
        op.signature = sign(session, 0, claim(0), OP_HASH);
        bytes memory reason = abi.encodeWithSelector(
            ISessionKeyManager.OpCostExceeded.selector, id, type(uint128).max, type(uint256).max
        );
        for (uint256 power = 129; power < 256; ++power) {
            op.preVerificationGas = 2 ** power;
            op.gasFees = bytes32(2 ** (256 - power));
            op.paymasterAndData = "";
            expectRefused(op, reason);
            op.paymasterAndData = _paymasterAndData(paymaster, 0, 0, "");
            expectRefused(op, reason);
        }
    }

    /// @dev Three times this priority fee and the largest fee, read as one number, is little more than 2^128 and a word.
    function test_RevertWhen_ThePriorityFeeWouldHideTheFee() external {
        PackedUserOperation memory op = newOp(account, pingCall());
        Session memory session = pingSession();
        session.maxOpCost = type(uint128).max;
        bytes32 id = grant(session);
        op.signature = sign(session, 0, claim(0), OP_HASH);
        op.preVerificationGas = 3;
        op.accountGasLimits = 0;
        uint256 fee = 1 << 127;
        for (uint256 i = 0; i < 2; ++i) {
            op.gasFees = bytes32(uint256(0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa) << 128 | fee);
            expectRefused(
                op, abi.encodeWithSelector(ISessionKeyManager.OpCostExceeded.selector, id, type(uint128).max, 3 * fee)
            );
            fee = type(uint128).max;
        }
    }

    /// @dev Numbers of 128 bits and a bit more, of which sum and product are the first that do not fit.
    function test_RevertWhen_TheProductIsJustTooLarge() external {
        PackedUserOperation memory op = newOp(account, pingCall());
        Session memory session = pingSession();
        session.maxOpCost = type(uint128).max;
        bytes32 id = grant(session);
        op.signature = sign(session, 0, claim(0), OP_HASH);
        bytes memory reason = abi.encodeWithSelector(
            ISessionKeyManager.OpCostExceeded.selector, id, type(uint128).max, type(uint256).max
        );
        // 2^129 times 2^127.
        op.accountGasLimits = bytes32(uint256(type(uint128).max) << 128 | 1);
        op.preVerificationGas = 1 << 128;
        op.gasFees = bytes32(uint256(1) << 127);
        expectRefused(op, reason);
        // 2^128 times the most there is, 2^128 short of what does not fit.
        op.preVerificationGas = 0;
        op.gasFees = bytes32(uint256(type(uint128).max));
        expectRefused(
            op,
            abi.encodeWithSelector(
                ISessionKeyManager.OpCostExceeded.selector, id, type(uint128).max, uint256(type(uint128).max) << 128
            )
        );
    }

    function test_RevertWhen_EveryLimitIsTheLargest() external {
        PackedUserOperation memory op = newOp(account, pingCall());
        Session memory session = pingSession();
        session.paymaster = ANY_PAYMASTER;
        session.maxOpCost = type(uint128).max;
        bytes32 id = grant(session);
        op.signature = sign(session, 0, claim(0), OP_HASH);
        op.preVerificationGas = 0;
        op.accountGasLimits = bytes32(type(uint256).max);
        op.paymasterAndData = _paymasterAndData(paymaster, type(uint128).max, type(uint128).max, "");
        op.gasFees = bytes32(uint256(1));
        uint256 cost = 4 * uint256(type(uint128).max);
        expectRefused(
            op, abi.encodeWithSelector(ISessionKeyManager.OpCostExceeded.selector, id, type(uint128).max, cost)
        );
    }

    function test_LargestCostThatASessionCanAllow() external {
        PackedUserOperation memory op = newOp(account, pingCall());
        op.accountGasLimits = 0;
        op.preVerificationGas = type(uint128).max;
        op.gasFees = bytes32(uint256(1));
        _assertBoundary(op, type(uint128).max);
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    function _paymasterAndData(address actual, uint256 verification, uint256 postOp, bytes memory data)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(actual, uint128(verification), uint128(postOp), data);
    }

    function _assertAccepted(address allowed, bytes memory paymasterAndData) private {
        Session memory session = pingSession();
        session.paymaster = allowed;
        grant(session);
        PackedUserOperation memory op = opUnder(session, pingCall());
        op.paymasterAndData = paymasterAndData;
        assertEq(validate(op), windowOf(session));
    }

    function _expectPaymasterRefused(address allowed, address actual, bytes memory paymasterAndData) private {
        Session memory session = pingSession();
        session.paymaster = allowed;
        bytes32 id = grant(session);
        PackedUserOperation memory op = opUnder(session, pingCall());
        op.paymasterAndData = paymasterAndData;
        expectRefused(op, _paymasterNotAllowed(id, allowed, actual));
    }

    function _paymasterNotAllowed(bytes32 id, address allowed, address actual) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISessionKeyManager.PaymasterNotAllowed.selector, id, allowed, actual);
    }

    /// @dev A session that allows exactly `cost` allows the operation, one that allows a wei less does not.
    function _assertBoundary(PackedUserOperation memory op, uint256 cost) private {
        Session memory session = pingSession();
        session.paymaster = ANY_PAYMASTER;
        session.maxOpCost = uint128(cost);
        grant(session);
        op.signature = sign(session, 0, claim(0), OP_HASH);
        assertEq(validate(op), windowOf(session));
        if (cost == 0) return;
        session.maxOpCost = uint128(cost - 1);
        bytes32 id = grant(session);
        op.signature = sign(session, 0, claim(0), OP_HASH);
        expectRefused(op, abi.encodeWithSelector(ISessionKeyManager.OpCostExceeded.selector, id, cost - 1, cost));
    }
}
