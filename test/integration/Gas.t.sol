// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {console} from "forge-std/console.sol";
import {NexusTest} from "../utils/NexusTest.sol";
import {Action, Session} from "contracts/types/Session.sol";

/// @notice What a use costs over the same operation signed by the owner, in steady state: every slot that the operations
/// touch was written by an earlier one, in another transaction.
/// @dev The account pays from a deposit. Otherwise it tops up its deposit to exactly what an operation may cost, and two
/// operations that cost the same in a row restore a slot to its value and get a refund that nobody gets in practice.
/// forge-config: default.isolate = true
contract GasTest is NexusTest {
    address private shop = makeAddr("shop");
    uint256 private owned;

    function setUp() public override {
        super.setUp();
        token.mint(shop, 1);
        IEntryPointDeposit(ENTRYPOINT).depositTo{value: 10 ether}(account);
        handle(ownerOp(transfers(1)));
        owned = gasOf(ownerOp(transfers(1)));
        console.log("transfer signed by the owner:", owned);
    }

    function test_Gas_TransferUnderAllowList() public {
        Session memory session = granted(newAction(address(token), token.transfer.selector));
        report("allow-list", session, 0);
    }

    function test_Gas_TransferUnderCumulativeLimit() public {
        report("cumulative limit", granted(limited(abi.encodePacked(uint8(2), uint128(1000e6)))), 0);
    }

    function test_Gas_TransferUnderDailyLimit() public {
        bytes memory config = abi.encodePacked(uint8(4), uint128(1000e6), uint32(1 days), uint48(0));
        report("daily limit", granted(limited(config)), uint48(block.timestamp));
    }

    function test_Gas_TransferUnderTwoRules() public {
        bytes memory config = abi.encodePacked(uint8(2), uint8(1), uint8(0), uint16(0), uint8(20), uint8(0), shop);
        config = abi.encodePacked(config, uint8(1), uint8(0), uint16(1), uint8(32), uint8(3), uint256(50e6));
        report("two rules", granted(newAction(address(token), token.transfer.selector, address(abiRules), config)), 0);
    }

    function test_Gas_FurtherCallOfABatch() public {
        Session memory session = granted(limited(abi.encodePacked(uint8(2), uint128(1000e6))));
        handle(sessionOp(session, 0, new uint8[](6), transfers(6)));
        uint256 six = gasOf(sessionOp(session, 0, new uint8[](6), transfers(6)));
        uint256 five = gasOf(sessionOp(session, 0, new uint8[](5), transfers(5)));
        uint256 ownedSix = gasOf(ownerOp(transfers(6)));
        uint256 ownedFive = gasOf(ownerOp(transfers(5)));
        console.log("further call of a batch, over the owner's:", six - five - (ownedSix - ownedFive));
    }

    /// @dev One transfer as a single call, several as a batch.
    function transfers(uint256 count) private view returns (bytes memory) {
        bytes memory data = abi.encodeCall(token.transfer, (shop, 5e6));
        return count == 1 ? single(address(token), 0, data) : batch(calls(shop, 5e6, count));
    }

    function limited(bytes memory config) private view returns (Action memory) {
        return newAction(address(token), token.transfer.selector, address(erc20Limit), config);
    }

    function granted(Action memory action) private returns (Session memory session) {
        session = newSession(account);
        session.salt = bytes32(uint256(0x1234_5678_9abc_def1));
        session.actions = new Action[](1);
        session.actions[0] = action;
        grant(session);
    }

    function report(string memory name, Session memory session, uint48 time) private {
        handle(sessionOp(session, time, claim(0), transfers(1)));
        uint256 gas = gasOf(sessionOp(session, time, claim(0), transfers(1)));
        console.log("%s: %d, over the owner's: %d", name, gas, gas - owned);
    }

    /// @dev Gas of the whole transaction, after refunds.
    function gasOf(PackedUserOperation memory op) private returns (uint256) {
        handle(op);
        return vm.lastCallGas().gasTotalUsed;
    }
}

interface IEntryPointDeposit {
    function depositTo(address account) external payable;
}
