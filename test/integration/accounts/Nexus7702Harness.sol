// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IERC7579Execution} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {EntryPointVersion} from "../../utils/EntryPoints.sol";
import {Feature} from "./AccountHarness.sol";
import {NexusHarness} from "./NexusHarness.sol";

interface INexusAccount {
    function initializeAccount(bytes calldata initData) external payable;
}

/// @notice An EOA that delegates to Nexus 1.0 (EIP-7702), and was given a validator module for its own key.
contract Nexus7702Harness is NexusHarness {
    constructor(EntryPointVersion version) NexusHarness(version) {
        _cannot(
            Feature.DeployInOperation,
            "An EOA takes on its code by a transaction, and the operation that initialises it is signed by the EOA itself."
        );
    }

    function _create() internal override returns (address eoa) {
        eoa = owner.addr;
        vm.signAndAttachDelegation(nexus.implementation, owner.privateKey);
        // Before it has a validator it takes the EOA's own signature.
        bytes memory initialize = abi.encodeCall(INexusAccount.initializeAccount, (_ownerInitData()));
        PackedUserOperation[] memory ops = new PackedUserOperation[](1);
        ops[0].sender = eoa;
        ops[0].nonce = entryPoint.getNonce(eoa, 0);
        ops[0].callData =
            abi.encodeCall(IERC7579Execution.execute, (bytes32(0), abi.encodePacked(eoa, uint256(0), initialize)));
        ops[0].accountGasLimits = bytes32(uint256(1_000_000) << 128 | 2_000_000);
        ops[0].preVerificationGas = 100_000;
        ops[0].signature = _sign(owner, MessageHashUtils.toEthSignedMessageHash(hashOf(ops[0])));
        address bundler = makeAddr("first bundler");
        vm.prank(bundler, bundler);
        entryPoint.handleOps(ops, payable(bundler));
    }
}
