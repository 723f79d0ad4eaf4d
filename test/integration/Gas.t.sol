// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IEntryPoint, PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {console} from "forge-std/console.sol";
import {NexusTest} from "../utils/NexusTest.sol";
import {Action, Session} from "contracts/types/Session.sol";

/// @notice What a use costs over the same operation signed by the owner.
/// forge-config: default.isolate = true
contract GasTest is NexusTest {
    address private shop = makeAddr("shop");

    function test_Gas() public {
        token.mint(shop, 1);
        bytes memory transfer = single(address(token), 0, abi.encodeCall(token.transfer, (shop, 5e6)));

        Session memory session = newSession(account);
        session.actions = new Action[](1);
        session.actions[0] = newAction(
            address(token), token.transfer.selector, address(erc20Limit), abi.encodePacked(uint8(2), uint128(1000e6))
        );
        grant(session);
        handle(sessionOp(session, 0, claim(0), transfer));
        handle(ownerOp(transfer));
        handle(ownerOp(transfer));

        Session memory bare = newSession(account);
        bare.actions = new Action[](1);
        bare.actions[0] = newAction(address(token), token.transfer.selector);
        grant(bare);

        uint256 owned = measure("owner", ownerOp(transfer), 0);
        measure("session allow-list", sessionOp(bare, 0, claim(0), transfer), owned);
        measure("session cumulative", sessionOp(session, 0, claim(0), transfer), owned);
    }

    function measure(string memory name, PackedUserOperation memory op, uint256 owned) private returns (uint256 gas) {
        PackedUserOperation[] memory ops = new PackedUserOperation[](1);
        ops[0] = op;
        vm.prank(bundler, bundler);
        IEntryPoint(ENTRYPOINT).handleOps(ops, bundler);
        gas = vm.lastCallGas().gasTotalUsed;
        console.log(name, gas, gas - owned);
    }
}
