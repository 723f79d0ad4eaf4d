// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";
import {Vm} from "forge-std/Test.sol";
import {Answers} from "../mocks/Answers.sol";
import {GrantTest} from "../utils/GrantTest.sol";
import {Random} from "../utils/RandomSession.sol";
import {UseBuilder} from "../utils/UseBuilder.sol";
import {cut} from "../utils/Cut.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {Action, Policy, Session, SessionStatus} from "contracts/types/Session.sol";

/// @notice Sessions in full, in events.
contract SessionKeyManagerPublicationTest is GrantTest {
    function setUp() public override {
        super.setUp();
        // Whoever signs may grant: these tests are about what is published.
        Answers(account).otherwise(YES);
    }

    /*//////////////////////////////////////////////////////////////
                         BY A GRANT'S SIGNATURE
    //////////////////////////////////////////////////////////////*/

    function testFuzz_TheFirstUsePublishesTheSession(uint256 seed) external {
        Session memory session = _randomSession(Random(seed));
        vm.recordLogs();
        assertEq(validate(_publishing(session, abi.encode(session))), windowOf(session));
        _assertPublished(vm.getRecordedLogs(), session);
        assertStatus(UseBuilder.hash(session), SessionStatus.Granted);
    }

    function testFuzz_InABundle(uint256 seed) external {
        Random memory random = Random(seed);
        Session memory session = _randomSession(random);
        uint256 count = 1 + random.below(5);
        uint256 place = random.below(count);
        bytes memory use = UseBuilder.withGrant(
            plainUse(session), bundleOf(session, count, place), uint8(place), random.content(random.below(100))
        );
        vm.recordLogs();
        validate(opWith(session, UseBuilder.withPublication(use, session)));
        _assertPublished(vm.getRecordedLogs(), session);
    }

    function test_NothingIsPublishedUnasked() external {
        Session memory session = pingSession();
        vm.recordLogs();
        validate(opWithGrant(session, OWNERS_SIGNATURE));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 1);
        assertEq(logs[0].topics[0], ISessionKeyManager.SessionGranted.selector);
    }

    /// @dev As the grant's signature: see there.
    function testFuzz_APublicationInALaterUseIsNotLookedAt(bytes calldata publication) external {
        Session memory session = pingSession();
        validate(opWithGrant(session, OWNERS_SIGNATURE));
        vm.recordLogs();
        assertEq(validate(_publishing(session, publication)), windowOf(session));
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function testFuzz_RevertWhen_AnotherSessionIsPublished(uint256 seed) external {
        Session memory session = pingSession();
        Session memory other = _randomSession(Random(seed));
        vm.assume(UseBuilder.hash(other) != UseBuilder.hash(session));
        _expectDiffers(session, other);
        // Not even one of a session that is granted.
        grant(other);
        _expectDiffers(session, other);
    }

    function test_RevertWhen_ThePublishedSessionDiffersInOneField() external {
        for (uint256 field = 0; field < 12; ++field) {
            Session memory other = pingSession();
            if (field == 0) other.account = makeAddr("other");
            if (field == 1) other.chainId = 0;
            if (field == 2) other.epoch = 1;
            if (field == 3) other.validAfter += 1;
            if (field == 4) other.validUntil = 0;
            if (field == 5) other.salt = "another";
            if (field == 6) other.sessionKey = abi.encodePacked(makeAddr("another"));
            if (field == 7) other.paymaster = makeAddr("paymaster");
            if (field == 8) other.maxOpCost = type(uint128).max;
            if (field == 9) other.operationPolicies = new Policy[](1);
            if (field == 10) other.signaturePolicies = new Policy[](1);
            if (field == 11) other.actions[0].maxValue = 1;
            _expectDiffers(pingSession(), other);
        }
    }

    /// @dev Each byte, one after the other; the session key signs what is wrong.
    function test_RevertWhen_OneByteOfThePublicationIsAnother() external {
        Session memory session = pingSession();
        bytes memory encoded = abi.encode(session);
        for (uint256 i = 0; i < encoded.length; ++i) {
            encoded[i] ^= 0x01;
            _expectMalformed(session, encoded, vm.toString(i));
            encoded[i] ^= 0x01;
        }
    }

    function testFuzz_RevertWhen_ThePublicationIsAnother(uint256 seed, uint8 bits) external {
        vm.assume(bits != 0);
        Random memory random = Random(seed);
        Session memory session = _randomSession(random);
        bytes memory encoded = abi.encode(session);
        encoded[random.below(encoded.length)] ^= bytes1(bits);
        _expectMalformed(session, encoded, "");
    }

    function test_RevertWhen_ThePublicationIsShort() external {
        Session memory session = pingSession();
        bytes memory encoded = abi.encode(session);
        for (uint256 length = 0; length < encoded.length; length += 1 + length % 7) {
            _expectMalformed(session, cut(encoded, 0, length), vm.toString(length));
        }
        _expectMalformed(session, cut(encoded, 0, encoded.length - 1), "last");
    }

    function testFuzz_RevertWhen_ThePublicationIsLong(bytes calldata surplus) external {
        vm.assume(surplus.length > 0);
        Session memory session = pingSession();
        _expectNonCanonical(session, bytes.concat(abi.encode(session), surplus));
    }

    function testFuzz_RevertWhen_TheOffsetIsAnother(uint256 offset) external {
        vm.assume(offset != 0x20);
        Session memory session = pingSession();
        bytes memory encoded = abi.encode(session);
        _expectNonCanonical(session, bytes.concat(bytes32(offset), cut(encoded, 32, encoded.length)));
    }

    /// @dev A decoder takes it, an encoder does not make it.
    function test_RevertWhen_ThereIsAGapInThePublication() external {
        Session memory session = pingSession();
        bytes memory encoded = abi.encode(session);
        // The actions are the last of the struct, and all that follows its head after the key and two empty lists.
        uint256 actions = uint256(bytes32(cut(encoded, 32 + 11 * 32, 32 + 12 * 32)));
        bytes memory loose = bytes.concat(cut(encoded, 0, 32 + 11 * 32), bytes32(actions + 32));
        loose = bytes.concat(loose, cut(encoded, 32 + 12 * 32, 32 + actions), bytes32("a gap"));
        loose = bytes.concat(loose, cut(encoded, 32 + actions, encoded.length));
        assertEq(UseBuilder.hash(abi.decode(loose, (Session))), UseBuilder.hash(session));
        _expectNonCanonical(session, loose);
    }

    /// @dev What a session key's verifier takes for a signature is not signed.
    function test_RevertWhen_ThePublicationGoesOnInTheKeysSignature() external {
        Answers verifier = new Answers();
        verifier.otherwise(abi.encode(IERC7913SignatureVerifier.verify.selector));
        Session memory session = pingSession();
        session.sessionKey = abi.encodePacked(verifier, "key");
        bytes memory encoded = abi.encode(session);
        for (uint256 length = 0; length < encoded.length; length += 32) {
            bytes memory granted = grantedUse(session, OWNERS_SIGNATURE);
            PackedUserOperation memory op = newOp(account, pingCall());
            op.signature = abi.encodePacked(granted, uint24(length), encoded);
            op.signature[0] |= 0x10;
            expectRefused(op, nonCanonical(granted.length));
        }
    }

    /*//////////////////////////////////////////////////////////////
                          BY THE ACCOUNT ITSELF
    //////////////////////////////////////////////////////////////*/

    function testFuzz_GrantAndPublish(uint256 seed) external {
        Random memory random = Random(seed);
        Session[] memory sessions = new Session[](1 + random.below(3));
        for (uint256 i = 0; i < sessions.length; ++i) {
            // Anything may be granted: a key of any length, any epoch, no actions.
            sessions[i] = random.session(3);
            sessions[i].account = account;
            sessions[i].salt = bytes32(i);
        }
        vm.recordLogs();
        _grantAndPublish(sessions);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 2 * sessions.length);
        for (uint256 i = 0; i < sessions.length; ++i) {
            _assertGrantedLog(logs[2 * i], sessions[i]);
            _assertPublishedLog(logs[2 * i + 1], sessions[i]);
            assertStatus(UseBuilder.hash(sessions[i]), SessionStatus.Granted);
        }
    }

    function test_WhatIsPublishedActs() external {
        Session memory session = pingSession();
        _grantAndPublish(_list(session));
        assertEq(validate(opUnder(session, pingCall())), windowOf(session));
    }

    function test_WhatIsGrantedIsPublishedAllTheSame() external {
        Session memory session = pingSession();
        grant(session);
        vm.recordLogs();
        _grantAndPublish(_list(session));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 1);
        _assertPublishedLog(logs[0], session);
    }

    function test_NoInstallationIsNeeded() external {
        account = makeAddr("not installed");
        _grantAndPublish(_list(pingSession()));
        assertStatus(UseBuilder.hash(pingSession()), SessionStatus.Granted);
    }

    function test_RevertWhen_NothingIsPublished() external {
        vm.expectRevert(abi.encodeWithSelector(ISessionKeyManager.NoSessions.selector));
        _grantAndPublish(new Session[](0));
    }

    function testFuzz_RevertWhen_TheSessionIsOfAnotherAccount(address other) external {
        vm.assume(other != account);
        Session[] memory sessions = new Session[](2);
        sessions[0] = sessions[1] = pingSession();
        sessions[1] = pingSession();
        sessions[1].account = other;
        bytes32 id = UseBuilder.hash(sessions[1]);
        vm.expectRevert(abi.encodeWithSelector(ISessionKeyManager.SessionOfAnotherAccount.selector, id, other));
        _grantAndPublish(sessions);
        assertStatus(UseBuilder.hash(sessions[0]), SessionStatus.None);
        assertStatus(id, SessionStatus.None);
    }

    function test_RevertWhen_TheSessionIsRevoked() external {
        Session[] memory sessions = new Session[](2);
        sessions[0] = pingSession();
        sessions[1] = pingSession();
        sessions[1].salt = "revoked";
        bytes32 id = UseBuilder.hash(sessions[1]);
        vm.prank(account);
        manager.revokeSessions(ids(id));
        vm.expectRevert(revokedError(id));
        _grantAndPublish(sessions);
        assertStatus(UseBuilder.hash(sessions[0]), SessionStatus.None);
    }

    /// @dev However the caller encodes a session, what is published is abi.encode of it.
    function test_WhatIsPublishedHasOneForm() external {
        Session memory session = pingSession();
        bytes memory asked = abi.encodeCall(manager.grantAndPublishSessions, (_list(session)));
        // Selector, offset of the list, its length, offset of the session: a word further on; and a word in between.
        bytes memory loose = bytes.concat(cut(asked, 0, 68), bytes32(uint256(0x40)), bytes32("a gap"));
        loose = bytes.concat(loose, cut(asked, 100, asked.length), bytes32("a rest"));
        vm.recordLogs();
        vm.prank(account);
        (bool success,) = address(manager).call(loose);
        assertTrue(success);
        _assertPublished(vm.getRecordedLogs(), session);
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    /// @dev A session that {pingCall} is an operation under.
    function _randomSession(Random memory random) private view returns (Session memory session) {
        session = random.session(3);
        session.account = account;
        session.chainId = random.below(2) == 0 ? 0 : block.chainid;
        session.epoch = 0;
        session.validAfter = uint48(random.below(1 << 46));
        session.validUntil = random.below(3) == 0 ? 0 : uint48((1 << 46) + random.below(1 << 46));
        session.sessionKey = abi.encodePacked(key.addr);
        session.paymaster = address(0);
        session.maxOpCost |= 1 << 100;
        // Their hash only is in a use, so that they are not asked.
        session.signaturePolicies = random.policies(2);
        session.operationPolicies = new Policy[](0);
        if (session.actions.length == 0) session.actions = new Action[](1);
        session.actions[0] = newAction(target, PING);
    }

    /// @dev A use with the owner's grant and with `publication` for the session in full.
    function _publishing(Session memory session, bytes memory publication)
        private
        returns (PackedUserOperation memory)
    {
        bytes memory use = abi.encodePacked(
            grantedUse(session, OWNERS_SIGNATURE), uint24(publication.length), publication
        );
        use[0] |= 0x10;
        return opWith(session, use);
    }

    function _expectDiffers(Session memory session, Session memory other) private {
        expectRefused(
            _publishing(session, abi.encode(other)),
            abi.encodeWithSelector(
                ISessionKeyManager.PublicationDiffers.selector, UseBuilder.hash(session), UseBuilder.hash(other)
            )
        );
        assertStatus(UseBuilder.hash(session), SessionStatus.None);
    }

    function _expectNonCanonical(Session memory session, bytes memory publication) private {
        uint256 position = grantedUse(session, OWNERS_SIGNATURE).length;
        expectRefused(_publishing(session, publication), nonCanonical(position));
        assertStatus(UseBuilder.hash(session), SessionStatus.None);
    }

    function _expectMalformed(Session memory session, bytes memory publication, string memory which) private {
        (bool success,) = attempt(_publishing(session, publication));
        assertFalse(success, which);
    }

    function _grantAndPublish(Session[] memory sessions) private {
        vm.prank(account);
        manager.grantAndPublishSessions(sessions);
    }

    function _list(Session memory session) private pure returns (Session[] memory sessions) {
        sessions = new Session[](1);
        sessions[0] = session;
    }

    /// @dev Granted and published, in this order, and nothing else.
    function _assertPublished(Vm.Log[] memory logs, Session memory session) private view {
        assertEq(logs.length, 2);
        _assertGrantedLog(logs[0], session);
        _assertPublishedLog(logs[1], session);
    }

    function _assertGrantedLog(Vm.Log memory log, Session memory session) private view {
        assertEq(log.emitter, address(manager));
        assertEq(log.topics[0], ISessionKeyManager.SessionGranted.selector);
        assertEq(log.topics[1], bytes32(uint256(uint160(account))));
        assertEq(log.topics[2], UseBuilder.hash(session));
    }

    /// @dev What the event says is the session again.
    function _assertPublishedLog(Vm.Log memory log, Session memory session) private view {
        assertEq(log.emitter, address(manager));
        assertEq(log.topics[0], ISessionKeyManager.SessionPublished.selector);
        assertEq(log.topics[1], bytes32(uint256(uint160(account))));
        assertEq(log.topics[2], UseBuilder.hash(session));
        bytes memory encoded = abi.decode(log.data, (bytes));
        assertEq(encoded, abi.encode(session));
        assertEq(UseBuilder.hash(abi.decode(encoded, (Session))), log.topics[2]);
    }
}
