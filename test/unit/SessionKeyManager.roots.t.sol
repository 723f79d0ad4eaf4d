// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Execution} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {Vm} from "forge-std/Test.sol";
import {GrantTest} from "../utils/GrantTest.sol";
import {Random} from "../utils/RandomSession.sol";
import {UseBuilder} from "../utils/UseBuilder.sol";
import {cut} from "../utils/Cut.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {Session, SessionStatus} from "contracts/types/Session.sol";

/// @notice Sessions under a granted Merkle root.
contract SessionKeyManagerRootsTest is GrantTest {
    /*//////////////////////////////////////////////////////////////
                                 TREES
    //////////////////////////////////////////////////////////////*/

    /// @dev Every leaf of a tree acts, with one slot for all of them.
    function test_EverySessionUnderTheRootActs() external {
        for (uint256 leaves = 2; leaves <= 9; ++leaves) {
            _assertEveryLeafActs(leaves);
        }
    }

    function _assertEveryLeafActs(uint256 leaves) private {
        bytes32[] memory ids_ = new bytes32[](leaves);
        for (uint256 i = 0; i < leaves; ++i) {
            ids_[i] = UseBuilder.hash(_salted(i));
        }
        (bytes32 root,) = _tree(ids_, 0);
        _grant(root);
        for (uint256 i = 0; i < leaves; ++i) {
            (, bytes32[] memory proof) = _tree(ids_, i);
            vm.recordLogs();
            assertEq(validate(opWithProof(_salted(i), proof)), windowOf(_salted(i)));
            assertEq(vm.getRecordedLogs().length, 0);
            assertStatus(ids_[i], SessionStatus.None);
        }
    }

    function testFuzz_EveryDepth(uint8 depth, uint256 seed) external {
        _assertActs(bound(depth, 1, 255), seed);
    }

    function test_BoundsOfTheDepth() external {
        uint8[6] memory depths = [1, 2, 127, 128, 254, 255];
        for (uint256 i = 0; i < depths.length; ++i) {
            _assertActs(depths[i], depths[i]);
        }
    }

    function test_AnIdIsARootOfDepthZero() external {
        Session memory session = pingSession();
        grant(session);
        assertEq(validate(opUnder(session, pingCall())), windowOf(session));
    }

    /// @dev Both operations of a bundle are validated before the first is executed.
    function test_ASessionUnderARootActsAgainAndAgain() external {
        Session memory session = pingSession();
        bytes32[] memory proof = ids("a sibling");
        _grant(_rootOf(session, proof));
        assertEq(validate(opWithProof(session, proof)), windowOf(session));
        assertEq(validate(opWithProof(session, proof)), windowOf(session));
    }

    function test_TheProofComesBehindTheClaimsOfAllCalls() external {
        Session memory session = pingSession();
        bytes32[] memory proof = ids("a sibling");
        _grant(_rootOf(session, proof));
        Execution[] memory calls = new Execution[](3);
        for (uint256 i = 0; i < calls.length; ++i) {
            calls[i] = Execution(target, 0, abi.encodeWithSelector(PING, i));
        }
        PackedUserOperation memory op = newOp(account, batch(calls));
        bytes memory use = UseBuilder.withProof(UseBuilder.pack(session, 0, new uint8[](3)), proof);
        op.signature = signUse(use, UseBuilder.hash(session), OP_HASH);
        assertEq(validate(op), windowOf(session));
    }

    function test_EqualSiblings() external {
        Session memory session = pingSession();
        bytes32[] memory proof = ids(UseBuilder.hash(session));
        _grant(_rootOf(session, proof));
        assertEq(validate(opWithProof(session, proof)), windowOf(session));
    }

    function test_AWrongSignatureOfTheKeyIsReported() external {
        Session memory session = pingSession();
        bytes32[] memory proof = ids("a sibling");
        _grant(_rootOf(session, proof));
        PackedUserOperation memory op = opWithProof(session, proof);
        op.signature[op.signature.length - 2] ^= 0x01;
        assertEq(validate(op), windowOf(session) | 1);
    }

    /*//////////////////////////////////////////////////////////////
                             FORGED PROOFS
    //////////////////////////////////////////////////////////////*/

    function testFuzz_RevertWhen_ASiblingIsAnother(uint256 seed, uint8 bit) external {
        Random memory random = Random(seed);
        Session memory session = pingSession();
        bytes32[] memory proof = _randomProof(random, 1 + random.below(20));
        _grant(_rootOf(session, proof));
        uint256 place = random.below(proof.length);
        proof[place] ^= bytes32(uint256(1) << bit);
        expectRefused(opWithProof(session, proof), _rootNotGranted(session, proof));
    }

    function testFuzz_RevertWhen_TheProofIsReordered(uint256 seed) external {
        Random memory random = Random(seed);
        Session memory session = pingSession();
        bytes32[] memory proof = _randomProof(random, 2 + random.below(20));
        _grant(_rootOf(session, proof));
        uint256 place = 1 + random.below(proof.length - 1);
        (proof[0], proof[place]) = (proof[place], proof[0]);
        expectRefused(opWithProof(session, proof), _rootNotGranted(session, proof));
    }

    function test_RevertWhen_TheProofIsShorterOrLonger() external {
        Session memory session = pingSession();
        bytes32[] memory proof = _randomProof(Random(1), 4);
        _grant(_rootOf(session, proof));
        bytes32[] memory other = _randomProof(Random(1), 3);
        assertEq(other[2], proof[2]);
        expectRefused(opWithProof(session, other), _rootNotGranted(session, other));
        other = _randomProof(Random(1), 5);
        assertEq(other[3], proof[3]);
        expectRefused(opWithProof(session, other), _rootNotGranted(session, other));
        assertEq(validate(opWithProof(session, proof)), windowOf(session));
    }

    /// @dev A tree whose pairs are not sorted has another root.
    function test_RevertWhen_TheTreeIsNotSorted() external {
        Session memory session = pingSession();
        bytes32 id = UseBuilder.hash(session);
        bytes32 sibling = bytes32(uint256(id) - 1);
        _grant(keccak256(abi.encodePacked(id, sibling)));
        expectRefused(opWithProof(session, ids(sibling)), _rootNotGranted(session, ids(sibling)));
        sibling = bytes32(uint256(id) + 1);
        _grant(keccak256(abi.encodePacked(sibling, id)));
        expectRefused(opWithProof(session, ids(sibling)), _rootNotGranted(session, ids(sibling)));
    }

    function test_RevertWhen_TheProofOfAnotherSessionIsUsed() external {
        Session memory session = _salted(1);
        bytes32[] memory proof = ids(UseBuilder.hash(_salted(2)), "uncle");
        _grant(_rootOf(session, proof));
        expectRefused(opWithProof(_salted(3), proof), _rootNotGranted(_salted(3), proof));
        // Of its sibling: the session would be next to itself.
        expectRefused(opWithProof(_salted(2), proof), _rootNotGranted(_salted(2), proof));
    }

    function test_RevertWhen_TheRootItselfIsASibling() external {
        Session memory session = pingSession();
        bytes32 root = _rootOf(_salted(1), ids("a sibling"));
        _grant(root);
        expectRefused(opWithProof(session, ids(root)), _rootNotGranted(session, ids(root)));
    }

    function test_RevertWhen_TheProofIsLeftOut() external {
        Session memory session = pingSession();
        _grant(_rootOf(session, ids("a sibling")));
        expectRefused(opUnder(session, pingCall()), notGranted(session));
    }

    /*//////////////////////////////////////////////////////////////
                          WHAT ENDS A SESSION
    //////////////////////////////////////////////////////////////*/

    function test_RevertWhen_TheRootIsNotGranted() external {
        Session memory session = pingSession();
        expectRefused(opWithProof(session, ids("a sibling")), _rootNotGranted(session, ids("a sibling")));
    }

    function test_RevertWhen_TheRootIsGrantedToAnotherAccount() external {
        Session memory session = pingSession();
        address other = makeAddr("other");
        bytes32[] memory root = ids(_rootOf(session, ids("a sibling")));
        vm.prank(other);
        manager.grantSessions(root);
        expectRefused(opWithProof(session, ids("a sibling")), _rootNotGranted(session, ids("a sibling")));
    }

    function test_RevertWhen_TheSessionUnderTheRootIsOfAnotherAccount() external {
        Session memory session = pingSession();
        session.account = makeAddr("other");
        bytes32[] memory proof = ids("a sibling");
        _grant(_rootOf(session, proof));
        PackedUserOperation memory op = opWithProof(session, proof);
        op.sender = session.account = account;
        expectRefused(op, _rootNotGranted(session, proof));
    }

    function test_RevertWhen_TheRootIsRevoked() external {
        Session memory session = pingSession();
        bytes32[] memory proof = ids("a sibling");
        bytes32 root = _rootOf(session, proof);
        _grant(root);
        PackedUserOperation memory op = opWithProof(session, proof);
        assertEq(validate(op), windowOf(session));
        _revoke(root);
        expectRefused(op, _rootIsRevoked(session, proof));
    }

    function test_RevertWhen_TheRootWasRevokedBeforeAnyGrant() external {
        Session memory session = pingSession();
        bytes32[] memory proof = ids("a sibling");
        _revoke(_rootOf(session, proof));
        expectRefused(opWithProof(session, proof), _rootIsRevoked(session, proof));
    }

    function test_RevertWhen_TheSessionUnderTheRootIsRevoked() external {
        bytes32[] memory ids_ = ids(UseBuilder.hash(_salted(0)), UseBuilder.hash(_salted(1)));
        _grant(_rootOf(_salted(0), ids(ids_[1])));
        _revoke(ids_[0]);
        expectRefused(opWithProof(_salted(0), ids(ids_[1])), revokedError(ids_[0]));
        // Its siblings go on.
        assertEq(validate(opWithProof(_salted(1), ids(ids_[0]))), windowOf(_salted(1)));
    }

    function test_ASessionGrantedOnItsOwnOutlivesItsRoot() external {
        Session memory session = pingSession();
        bytes32[] memory proof = ids("a sibling");
        bytes32 root = _rootOf(session, proof);
        _grant(root);
        grant(session);
        _revoke(root);
        assertEq(validate(opUnder(session, pingCall())), windowOf(session));
        assertEq(validate(opWithProof(session, proof)), windowOf(session));
        _revoke(UseBuilder.hash(session));
        expectRefused(opWithProof(session, proof), revokedError(UseBuilder.hash(session)));
    }

    function test_ASessionUnderTwoRootsOutlivesOne() external {
        Session memory session = pingSession();
        _grant(_rootOf(session, ids("one")));
        _grant(_rootOf(session, ids("another")));
        _revoke(_rootOf(session, ids("one")));
        expectRefused(opWithProof(session, ids("one")), _rootIsRevoked(session, ids("one")));
        assertEq(validate(opWithProof(session, ids("another"))), windowOf(session));
    }

    function test_RevertWhen_TheEpochMoved() external {
        Session memory session = pingSession();
        bytes32[] memory proof = ids("a sibling");
        _grant(_rootOf(session, proof));
        PackedUserOperation memory op = opWithProof(session, proof);
        vm.prank(account);
        manager.revokeAll(1);
        expectRefused(op, epochError(session));
        uninstall(account);
        expectRefused(op, abi.encodeWithSelector(ISessionKeyManager.NotInstalled.selector, account));
        install(account);
        expectRefused(op, epochError(session));
    }

    function testFuzz_RevertWhen_TheChainIsAnother(uint64 chainId) external {
        chainId = uint64(bound(chainId, 1, type(uint64).max - 1));
        vm.assume(chainId != block.chainid);
        Session memory session = pingSession();
        bytes32[] memory proof = ids("a sibling");
        _grant(_rootOf(session, proof));
        PackedUserOperation memory op = opWithProof(session, proof);
        vm.chainId(chainId);
        session.chainId = chainId;
        expectRefused(op, _rootNotGranted(session, proof));
    }

    /*//////////////////////////////////////////////////////////////
                               THE ENCODING
    //////////////////////////////////////////////////////////////*/

    function test_RevertWhen_TheProofIsEmpty() external {
        Session memory session = pingSession();
        grant(session);
        bytes memory use = UseBuilder.withProof(plainUse(session), new bytes32[](0));
        expectRefused(opWith(session, use), nonCanonical(use.length - 1));
    }

    function test_RevertWhen_TheUseEndsWithinTheProof() external {
        Session memory session = pingSession();
        bytes32[] memory proof = _randomProof(Random(1), 3);
        _grant(_rootOf(session, proof));
        uint256 plain = plainUse(session).length;
        bytes memory use = UseBuilder.withProof(plainUse(session), proof);
        PackedUserOperation memory op = newOp(account, pingCall());
        for (uint256 length = plain + 1; length < use.length; ++length) {
            op.signature = cut(use, 0, length);
            expectRefused(op, nonCanonical(length));
        }
    }

    function test_RevertWhen_TheRestOfTheProofIsBeyondTheEnd() external {
        Session memory session = pingSession();
        bytes32[] memory proof = _randomProof(Random(1), 3);
        _grant(_rootOf(session, proof));
        PackedUserOperation memory op = opWithProof(session, proof);
        uint256 full = op.signature.length;
        bytes memory asked = abi.encodeCall(manager.validateUserOp, (op, OP_HASH));
        uint256 position = asked.length - (full + 31) / 32 * 32 - 32;
        for (uint256 length = 0; length < full - 65; ++length) {
            assembly ("memory-safe") {
                mstore(add(add(asked, 32), position), length)
            }
            vm.prank(account);
            (bool success, bytes memory reason) = address(manager).call(asked);
            assertFalse(success);
            assertEq(reason, nonCanonical(length), vm.toString(length));
        }
        assertEq(validate(op), windowOf(session));
    }

    /// @dev By whoever relays it. What the session key itself can write and sign is in SessionKeyManager.encoding.t.sol.
    function testFuzz_AChangedByteIsNotAccepted(uint256 seed, uint8 bits, bool granted) external {
        vm.assume(bits != 0);
        Random memory random = Random(seed);
        Session memory session = pingSession();
        bytes32[] memory proof = _randomProof(random, 1 + random.below(4));
        _grant(_rootOf(session, proof));
        // If the session is granted on its own, the proof is not looked at: it is signed all the same.
        if (granted) grant(session);
        PackedUserOperation memory op = opWithProof(session, proof);
        assertEq(validate(op), windowOf(session));
        uint256 place = random.below(op.signature.length);
        op.signature[place] ^= bytes1(bits);
        assertNotAccepted(op, vm.toString(place));
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    function _salted(uint256 salt) private view returns (Session memory session) {
        session = pingSession();
        session.salt = bytes32(salt);
    }

    function _grant(bytes32 id) private {
        vm.prank(account);
        manager.grantSessions(ids(id));
    }

    function _revoke(bytes32 id) private {
        vm.prank(account);
        manager.revokeSessions(ids(id));
    }

    function _assertActs(uint256 depth, uint256 seed) private {
        Session memory session = _salted(depth);
        bytes32[] memory proof = _randomProof(Random(seed), depth);
        PackedUserOperation memory op = opWithProof(session, proof);
        expectRefused(op, _rootNotGranted(session, proof));
        _grant(_rootOf(session, proof));
        assertEq(validate(op), windowOf(session));
    }

    function _randomProof(Random memory random, uint256 depth) private pure returns (bytes32[] memory proof) {
        proof = new bytes32[](depth);
        for (uint256 i = 0; i < depth; ++i) {
            proof[i] = random.word();
        }
    }

    /// @dev docs/encoding.md: the smaller child first.
    function _parent(bytes32 a, bytes32 b) private pure returns (bytes32) {
        return a < b ? keccak256(abi.encodePacked(a, b)) : keccak256(abi.encodePacked(b, a));
    }

    function _rootOf(Session memory session, bytes32[] memory proof) private pure returns (bytes32 node) {
        node = UseBuilder.hash(session);
        for (uint256 i = 0; i < proof.length; ++i) {
            node = _parent(node, proof[i]);
        }
    }

    /// @dev The root over `leaves` and the proof of one of them. A node without a sibling moves up as it is.
    function _tree(bytes32[] memory leaves, uint256 which) private pure returns (bytes32 root, bytes32[] memory proof) {
        bytes memory siblings;
        bytes32[] memory level = leaves;
        while (level.length > 1) {
            if (which ^ 1 < level.length) siblings = abi.encodePacked(siblings, level[which ^ 1]);
            bytes32[] memory above = new bytes32[]((level.length + 1) / 2);
            for (uint256 i = 0; i < above.length; ++i) {
                above[i] = 2 * i + 1 < level.length ? _parent(level[2 * i], level[2 * i + 1]) : level[2 * i];
            }
            (level, which) = (above, which / 2);
        }
        root = level[0];
        proof = new bytes32[](siblings.length / 32);
        for (uint256 i = 0; i < proof.length; ++i) {
            assembly ("memory-safe") {
                mstore(add(add(proof, 32), mul(32, i)), mload(add(add(siblings, 32), mul(32, i))))
            }
        }
    }

    function _rootNotGranted(Session memory session, bytes32[] memory proof) private pure returns (bytes memory) {
        return abi.encodeWithSelector(
            ISessionKeyManager.RootNotGranted.selector, UseBuilder.hash(session), _rootOf(session, proof)
        );
    }

    function _rootIsRevoked(Session memory session, bytes32[] memory proof) private pure returns (bytes memory) {
        return abi.encodeWithSelector(
            ISessionKeyManager.RootIsRevoked.selector, UseBuilder.hash(session), _rootOf(session, proof)
        );
    }
}
