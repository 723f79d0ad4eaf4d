// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {PolicyConformance, Sample} from "../conformance/PolicyConformance.sol";
import {TokenIdPolicy} from "./TokenIdPolicy.sol";

contract TokenIdPolicyTest is PolicyConformance {
    TokenIdPolicy private policy = new TokenIdPolicy();

    function samples() internal override returns (Sample[] memory all) {
        bytes memory config = abi.encodePacked(uint8(2), uint256(7), uint256(8));
        all = new Sample[](1);
        all[0] = Sample({
            policy: address(policy),
            accepted: onCall(config, 0, makeAddr("collection"), 0, transfer(8)),
            refused: onCall(config, 0, makeAddr("collection"), 0, transfer(9))
        });
    }

    function transfer(uint256 tokenId) private returns (bytes memory) {
        return abi.encodeCall(IERC721.transferFrom, (makeAddr("account"), makeAddr("friend"), tokenId));
    }

    function ask(bytes memory data) private returns (uint256) {
        bytes memory config = abi.encodePacked(uint8(2), uint256(7), uint256(8));
        return policy.checkCall(makeAddr("account"), "budget", makeAddr("collection"), 0, 0, data, config);
    }

    function test_CountsTransfers() external {
        bytes memory data = transfer(7);
        ask(data);
        ask(data);
        vm.expectRevert(abi.encodeWithSelector(TokenIdPolicy.TransfersUsedUp.selector, 2));
        ask(data);
    }

    function test_RevertWhen_TheTokenIsNotTheAccounts() external {
        address thief = makeAddr("thief");
        bytes memory data = abi.encodeCall(IERC721.transferFrom, (thief, makeAddr("friend"), 7));
        vm.expectRevert(abi.encodeWithSelector(TokenIdPolicy.NotFromTheAccount.selector, thief));
        ask(data);
    }
}
