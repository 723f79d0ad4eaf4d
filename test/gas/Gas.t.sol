// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Execution} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {console} from "forge-std/console.sol";
import {AccountHarness} from "../integration/accounts/AccountHarness.sol";
import {KernelHarness} from "../integration/accounts/KernelHarness.sol";
import {NexusHarness} from "../integration/accounts/NexusHarness.sol";
import {OpenZeppelinHarness} from "../integration/accounts/OpenZeppelinHarness.sol";
import {EntryPointVersion} from "../utils/EntryPoints.sol";
import {UseBuilder} from "../utils/UseBuilder.sol";
import {ERC20_LIMIT, USAGE_LIMIT} from "contracts/types/BuiltInPolicy.sol";
import {Action, Policy, Session} from "contracts/types/Session.sol";
import {SmartPolicy, SmartSession, SmartSessions} from "./SmartSessions.sol";
import {SmartSessionsBenchmark} from "./SmartSessionsBenchmark.sol";

/// forge-config: default.isolate = true
contract NexusGasTest is SmartSessionsBenchmark {
    function newHarness() internal override returns (AccountHarness, string memory) {
        return (new NexusHarness(EntryPointVersion.V07), "nexus");
    }

    function test_Gas_AllowList() public {
        reportOwner("allow-list", transfers(1));
        reportUses("allow-list", newGranted(anyTransfer()), 0, 1);
    }

    function test_Gas_Usage() public {
        reportOwner("usage", transfers(1));
        Session memory session = newWith(anyTransfer());
        session.operationPolicies = new Policy[](1);
        session.operationPolicies[0] = Policy(USAGE_LIMIT, abi.encodePacked(uint8(2), uint128(1000)));
        grant(session);
        reportUses("usage", session, 0, 1);
    }

    function test_Gas_BatchOf5() public {
        reportOwner("batch-5", transfers(5));
        reportUses("batch-5", newGranted(cumulative()), 0, 5);
    }

    function test_Gas_BatchOf20() public {
        reportOwner("batch-20", transfers(20));
        reportUses("batch-20", newGranted(cumulative()), 0, 20);
    }

    function test_Gas_GrantByTransaction() public {
        reportOwner("grant-tx", transfers(1));
        report("latchkey", "grant-tx", "first", grantOp(), owned);
        report("latchkey", "grant-tx", "steady", grantOp(), owned);
    }

    function test_Gas_GrantBySignature() public {
        reportOwner("grant-signature", transfers(1));
        report("latchkey", "grant-signature", "first", signedGrantOp(1), owned);
        report("latchkey", "grant-signature", "steady", signedGrantOp(1), owned);
    }

    function test_Gas_MerkleRootOf1000() public {
        reportOwner("merkle-1000", transfers(1));
        (Session memory session, bytes32[] memory proof) = grantedUnderRoot(10);
        bytes memory use = UseBuilder.withProof(UseBuilder.pack(session, 0, claim(0)), proof);
        report("latchkey", "merkle-1000", "first", opWith(session, use, 1), owned);
        report("latchkey", "merkle-1000", "steady", opWith(session, use, 1), owned);
    }

    function test_Gas_Revoke() public {
        reportOwner("revoke", transfers(1));
        report("latchkey", "revoke", "first", revokeOp(), owned);
        report("latchkey", "revoke", "steady", revokeOp(), owned);
    }

    function test_Gas_RevokeAll() public {
        reportOwner("revoke-all", transfers(1));
        report("latchkey", "revoke-all", "first", callManager(abi.encodeCall(manager.revokeAll, (0x9a3f5c71))), owned);
        report("latchkey", "revoke-all", "steady", callManager(abi.encodeCall(manager.revokeAll, (0x9b1d67e2))), owned);
    }

    function test_Gas_P256() public {
        reportOwner("p256", transfers(1));
        reportKey("p256", "P256Verifier.sol:P256Verifier", false);
    }

    function test_Gas_WebAuthn() public {
        reportOwner("webauthn", transfers(1));
        reportKey("webauthn", "WebAuthnVerifier.sol:WebAuthnVerifier", true);
    }

    // -- SmartSessions -----------------------------------------------------------------------------------------------------

    function test_Gas_SmartSessions_AllowList() public {
        reportSmartUses("allow-list", smartSession(smartTransfer(anything, "")), 1);
    }

    function test_Gas_SmartSessions_Usage() public {
        SmartSession memory session = smartSession(smartTransfer(anything, ""));
        session.operationPolicies = new SmartPolicy[](2);
        session.operationPolicies[0] = smartWindow();
        session.operationPolicies[1] = SmartPolicy(usageLimit, abi.encodePacked(uint128(1000)));
        reportSmartUses("usage", session, 1);
    }

    function test_Gas_SmartSessions_BatchOf5() public {
        reportSmartUses("batch-5", smartSession(smartCumulative()), 5);
    }

    function test_Gas_SmartSessions_BatchOf20() public {
        reportSmartUses("batch-20", smartSession(smartCumulative()), 20);
    }

    function test_Gas_SmartSessions_GrantByTransaction() public {
        report("smartsessions", "grant-tx", "first", smartGrantOp(), owned);
        report("smartsessions", "grant-tx", "steady", smartGrantOp(), owned);
    }

    function test_Gas_SmartSessions_GrantBySignature() public {
        SmartSession memory session = smartSession(smartTransfer(anything, ""));
        report("smartsessions", "grant-signature", "first", smartSignedGrantOp(session), owned);
        session = smartSession(smartTransfer(anything, ""));
        report("smartsessions", "grant-signature", "steady", smartSignedGrantOp(session), owned);
    }

    function test_Gas_SmartSessions_Revoke() public {
        report("smartsessions", "revoke", "first", smartRevokeOp(), owned);
        report("smartsessions", "revoke", "steady", smartRevokeOp(), owned);
    }

    function test_Gas_SmartSessions_P256() public {
        reportSmartKey("p256", "P256Verifier.sol:P256Verifier", false);
    }

    function test_Gas_SmartSessions_WebAuthn() public {
        reportSmartKey("webauthn", "WebAuthnVerifier.sol:WebAuthnVerifier", true);
    }

    function reportSmartKey(string memory scenario, string memory artifact, bool webAuthn) private {
        SmartSession memory session = smartSession(smartTransfer(anything, ""));
        session.validatorData = p256Key(deployCode(artifact, abi.encode(true)));
        bytes32 id = enable(session);
        report("smartsessions", scenario, "first", smartKeyOp(id, webAuthn), owned);
        report("smartsessions", scenario, "steady", smartKeyOp(id, webAuthn), owned);
    }

    function smartKeyOp(bytes32 id, bool webAuthn) private view returns (PackedUserOperation memory op) {
        op = opThrough(address(smartSessions), transfers(1));
        bytes32 hash = harness.hashOf(op);
        op.signature = SmartSessions.encodeUse(id, webAuthn ? signWebAuthn(hash) : signP256(hash));
    }

    // -- Growth ------------------------------------------------------------------------------------------------------------

    function test_Growth_Actions() public {
        for (uint256 count = 1; count <= 64; count *= 2) {
            Session memory session = newWith(cumulative());
            session.actions = new Action[](count);
            session.actions[0] = cumulative();
            for (uint256 i = 1; i < count; ++i) {
                session.actions[i] = newAction(address(token), bytes4(uint32(i)));
            }
            grant(session);
            grow("actions", count, session, 1, owned);
        }
    }

    function test_Growth_Rules() public {
        for (uint256 count = 1; count <= 16; count *= 2) {
            grow("rules", count, newGranted(rules(count)), 1, owned);
        }
    }

    function test_Growth_Calls() public {
        Session memory session = newGranted(cumulative());
        for (uint256 calls = 1; calls <= 32; calls *= 2) {
            grow("calls", calls, session, calls, ownedBatch(calls));
        }
    }

    function test_Growth_CallsToListedRecipients() public {
        bytes memory config = abi.encodePacked(uint8(0x0a), uint128(1000e6), uint8(1), shop);
        Session memory session = newGranted(transferUnder(ERC20_LIMIT, config));
        for (uint256 calls = 1; calls <= 32; calls *= 2) {
            grow("calls, to listed recipients", calls, session, calls, ownedBatch(calls));
        }
    }

    function test_Growth_CallsOfOtherActions() public {
        growOtherActions("calls, each of another action", false);
    }

    function test_Growth_CallsOfOtherActionsUnderOneLimit() public {
        growOtherActions("calls, each of another action, all under one limit", true);
    }

    function growOtherActions(string memory what, bool underOneLimit) private {
        for (uint256 calls = 1; calls <= 16; calls *= 2) {
            Session memory session = newWith(cumulative());
            session.actions = new Action[](calls);
            uint8[] memory claims = new uint8[](calls);
            for (uint256 i = 0; i < calls; ++i) {
                // Limits of their own are told apart by a salt; else the actions differ in what they allow to send.
                bytes memory config = abi.encodePacked(uint8(0x12), uint128(1000e6), uint32(i));
                session.actions[i] = underOneLimit ? cumulative() : transferUnder(ERC20_LIMIT, config);
                if (underOneLimit) session.actions[i].maxValue = i;
                claims[i] = uint8(i);
            }
            grant(session);
            handle(opWith(session, UseBuilder.pack(session, 0, claims), calls));
            uint256 gas = gasOf(opWith(session, UseBuilder.pack(session, 0, claims), calls));
            line(what, calls, gas - ownedBatch(calls));
        }
    }

    function test_Growth_MerkleTree() public {
        for (uint256 depth = 1; depth <= 20; depth += depth < 4 ? 1 : 4) {
            (Session memory session, bytes32[] memory proof) = grantedUnderRoot(depth);
            bytes memory use = UseBuilder.withProof(UseBuilder.pack(session, 0, claim(0)), proof);
            handle(opWith(session, use, 1));
            line("depth of the Merkle tree", depth, gasOf(opWith(session, use, 1)) - owned);
        }
    }

    function test_Growth_Grants() public {
        for (uint256 count = 1; count <= 16; count *= 2) {
            Execution[] memory calls = new Execution[](2);
            calls[0] = Execution(address(token), 0, abi.encodeCall(token.transfer, (shop, 5e6)));
            calls[1] = Execution(address(manager), 0, abi.encodeCall(manager.grantSessions, (newIds(count))));
            line("sessions granted beside a transfer", count, gasOf(ownerOp(batch(calls))) - owned);
        }
    }

    function test_Growth_SignedBundle() public {
        for (uint256 count = 1; count <= 16; count *= 2) {
            line("sessions that one signature grants", count, gasOf(signedGrantOp(count)) - owned);
        }
    }

    function grow(string memory what, uint256 size, Session memory session, uint256 calls, uint256 base) private {
        handle(sessionOp(session, 0, calls));
        line(what, size, gasOf(sessionOp(session, 0, calls)) - base);
    }

    function line(string memory what, uint256 size, uint256 overOwner) private {
        vm.serializeString("growth", "growth", what);
        vm.serializeUint("growth", "size", size);
        console.log(vm.serializeUint("growth", "overOwner", overOwner));
    }

    // -- Operations --------------------------------------------------------------------------------------------------------

    function callManager(bytes memory data) private returns (PackedUserOperation memory) {
        return ownerOp(single(address(manager), 0, data));
    }

    function grantOp() private returns (PackedUserOperation memory) {
        return callManager(abi.encodeCall(manager.grantSessions, (ids(newWith(cumulative())))));
    }

    function revokeOp() private returns (PackedUserOperation memory) {
        return callManager(abi.encodeCall(manager.revokeSessions, (ids(newGranted(cumulative())))));
    }

    function ids(Session memory session) private pure returns (bytes32[] memory list) {
        list = new bytes32[](1);
        list[0] = UseBuilder.hash(session);
    }

    /// @dev The ids of new sessions.
    function newIds(uint256 count) private returns (bytes32[] memory list) {
        list = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            list[i] = UseBuilder.hash(newWith(cumulative()));
        }
    }

    /// @dev Carries the owner's signature for so many new sessions, and uses the first.
    function signedGrantOp(uint256 count) private returns (PackedUserOperation memory) {
        Session memory session = newWith(anyTransfer());
        bytes32[] memory list = newIds(count);
        list[0] = UseBuilder.hash(session);
        bytes memory signature =
            harness.signTypedData(account, UseBuilder.domain(address(manager)), UseBuilder.hashBundle(list));
        bytes memory use = UseBuilder.withGrant(UseBuilder.pack(session, 0, claim(0)), list, 0, signature);
        return opWith(session, use, 1);
    }

    /// @dev A session of a Merkle tree whose root is granted. A tree of 1,000 sessions is 10 deep.
    function grantedUnderRoot(uint256 depth) private returns (Session memory session, bytes32[] memory proof) {
        session = newWith(anyTransfer());
        proof = new bytes32[](depth);
        bytes32[] memory root = ids(session);
        for (uint256 i = 0; i < depth; ++i) {
            proof[i] = keccak256(abi.encode("sibling", i));
            root[0] = Hashes.commutativeKeccak256(root[0], proof[i]);
        }
        vm.prank(account);
        manager.grantSessions(root);
    }

    function reportKey(string memory scenario, string memory artifact, bool webAuthn) private {
        Session memory session = newWith(anyTransfer());
        session.sessionKey = p256Key(deployCode(artifact, abi.encode(true)));
        grant(session);
        report("latchkey", scenario, "first", keyOp(session, webAuthn), owned);
        report("latchkey", scenario, "steady", keyOp(session, webAuthn), owned);
    }

    function keyOp(Session memory session, bool webAuthn) private view returns (PackedUserOperation memory op) {
        op = opThrough(address(manager), transfers(1));
        bytes memory use = UseBuilder.pack(session, 0, claim(0));
        bytes32 digest = manager.hashUse(harness.hashOf(op), UseBuilder.hash(session), keccak256(use));
        op.signature = bytes.concat(use, webAuthn ? signWebAuthn(digest) : signP256(digest));
    }
}

/// forge-config: default.isolate = true
contract KernelGasTest is SmartSessionsBenchmark {
    function newHarness() internal override returns (AccountHarness, string memory) {
        return (new KernelHarness(EntryPointVersion.V07), "kernel");
    }
}

/// forge-config: default.isolate = true
contract OpenZeppelinGasTest is SmartSessionsBenchmark {
    function newHarness() internal override returns (AccountHarness, string memory) {
        return (new OpenZeppelinHarness(EntryPointVersion.V07), "openzeppelin");
    }
}
