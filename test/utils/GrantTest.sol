// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Answers} from "../mocks/Answers.sol";
import {ManagerTest} from "./ManagerTest.sol";
import {UseBuilder} from "./UseBuilder.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {Session, SessionStatus} from "contracts/types/Session.sol";

/// @notice Sessions that are granted by a signature of the owner, or by a Merkle root: the account is a contract that answers
/// for signatures as a test tells it to, and that takes grants with any signature.
abstract contract GrantTest is ManagerTest {
    bytes internal constant ANY_RULE = hex"00";
    bytes internal constant YES = abi.encode(IERC1271.isValidSignature.selector);
    bytes internal constant NO = abi.encode(bytes4(0xffffffff));
    bytes internal constant OWNERS_SIGNATURE = "a signature of the owner";

    function setUp() public virtual override {
        super.setUp();
        account = address(new Answers());
        Answers(account).otherwise(NO);
        installWith(account, ANY_RULE);
    }

    function installWith(address who, bytes memory rule) internal {
        vm.prank(who);
        manager.onInstall(rule);
    }

    function setRule(bytes memory rule) internal {
        vm.prank(account);
        manager.setSignedGrants(rule);
    }

    function ruleOf(bytes memory prefix) internal pure returns (bytes memory) {
        return bytes.concat(hex"01", prefix);
    }

    /// @notice A rule with a prefix of `length` bytes that says `text`.
    function prefixOf(bytes32 text, uint256 length) internal pure returns (bytes memory prefix) {
        prefix = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            prefix[i] = text[i];
        }
    }

    /// @notice What an owner signs, computed without the manager.
    function bundleDigest(address of_, bytes32[] memory bundle) internal pure returns (bytes32) {
        bytes32 domain = UseBuilder.domain(of_);
        return keccak256(abi.encodePacked(hex"1901", domain, UseBuilder.hashBundle(bundle)));
    }

    /// @notice What the manager asks an account about a signature over a bundle.
    function question(bytes32[] memory bundle, bytes memory signature) internal view returns (bytes memory) {
        return abi.encodeCall(IERC1271.isValidSignature, (bundleDigest(address(manager), bundle), signature));
    }

    /// @notice The owner of `account` signs a bundle: the account takes exactly that signature for exactly that bundle.
    function signBundle(bytes32[] memory bundle, bytes memory signature) internal {
        Answers(account).answer(question(bundle, signature), YES);
    }

    /// @notice A bundle of `count` ids, with that of the session at `place` and others of no meaning around it.
    function bundleOf(Session memory session, uint256 count, uint256 place)
        internal
        pure
        returns (bytes32[] memory bundle)
    {
        bundle = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            bundle[i] = i == place ? UseBuilder.hash(session) : keccak256(abi.encode("another session", i));
        }
    }

    /// @notice An operation under the session that carries `use` rather than its plain use.
    function opWith(Session memory session, bytes memory use) internal returns (PackedUserOperation memory op) {
        op = newOp(session.account, pingCall());
        op.signature = signUse(use, UseBuilder.hash(session), OP_HASH);
    }

    function plainUse(Session memory session) internal pure returns (bytes memory) {
        return UseBuilder.pack(session, 0, claim(0));
    }

    /// @notice A use with the owner's signature over a bundle of the session alone.
    function grantedUse(Session memory session, bytes memory signature) internal pure returns (bytes memory) {
        return UseBuilder.withGrant(plainUse(session), ids(UseBuilder.hash(session)), 0, signature);
    }

    function opWithGrant(Session memory session, bytes memory signature) internal returns (PackedUserOperation memory) {
        return opWith(session, grantedUse(session, signature));
    }

    /// @notice The same, signed by the owner.
    function signedUse(Session memory session) internal returns (bytes memory) {
        signBundle(ids(UseBuilder.hash(session)), OWNERS_SIGNATURE);
        return grantedUse(session, OWNERS_SIGNATURE);
    }

    function signedOp(Session memory session) internal returns (PackedUserOperation memory) {
        return opWith(session, signedUse(session));
    }

    function opWithProof(Session memory session, bytes32[] memory proof) internal returns (PackedUserOperation memory) {
        return opWith(session, UseBuilder.withProof(plainUse(session), proof));
    }

    function assertStatus(bytes32 id, SessionStatus status) internal view {
        assertEq(uint256(manager.sessionStatus(account, id)), uint256(status));
    }

    /// @notice The operation is refused, or reported to have a wrong signature.
    function assertNotAccepted(PackedUserOperation memory op, string memory which) internal {
        uint256 before = vm.snapshotState();
        (bool success, bytes memory result) = attempt(op);
        if (success) assertEq(abi.decode(result, (uint256)) & (1 << 160) - 1, 1, which);
        assertTrue(vm.revertToStateAndDelete(before));
    }

    function revokedError(bytes32 id) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ISessionKeyManager.SessionIsRevoked.selector, id);
    }

    function epochError(Session memory session) internal view returns (bytes memory) {
        return abi.encodeWithSelector(
            ISessionKeyManager.EpochMismatch.selector,
            UseBuilder.hash(session),
            session.epoch,
            manager.epochOf(session.account)
        );
    }

    function notGranted(Session memory session) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ISessionKeyManager.SessionNotGranted.selector, UseBuilder.hash(session));
    }

    function notSigned(bytes32 id, bytes32 digest, bytes memory answer) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ISessionKeyManager.GrantNotSigned.selector, id, digest, answer);
    }

    function notSigned(Session memory session, bytes memory answer) internal view returns (bytes memory) {
        bytes32 id = UseBuilder.hash(session);
        return notSigned(id, bundleDigest(address(manager), ids(id)), answer);
    }

    function nonCanonical(uint256 position) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ISessionKeyManager.NonCanonicalUse.selector, position);
    }
}
