// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Vm} from "forge-std/Test.sol";
import {Answers} from "../mocks/Answers.sol";
import {ReentrantAccount} from "../mocks/ReentrantAccount.sol";
import {RoutingAccount} from "../mocks/RoutingAccount.sol";
import {GrantTest} from "../utils/GrantTest.sol";
import {Random} from "../utils/RandomSession.sol";
import {UseBuilder} from "../utils/UseBuilder.sol";
import {cut} from "../utils/Cut.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {Action, Policy, Session, SessionStatus} from "contracts/types/Session.sol";

/// @notice Grants that a use carries as the owner's signature.
contract SessionKeyManagerSignedGrantsTest is GrantTest {
    /*//////////////////////////////////////////////////////////////
                            WHAT THE OWNER SIGNS
    //////////////////////////////////////////////////////////////*/

    function testFuzz_EverySessionOfABundleIsGranted(uint8 count, uint8 place, bytes calldata signature) external {
        vm.assume(signature.length < 1 << 16);
        count = uint8(bound(count, 1, 24));
        _assertGranted(count, place % count, signature);
    }

    function test_LargestBundle() external {
        _assertGranted(255, 0, OWNERS_SIGNATURE);
        _assertGranted(255, 127, OWNERS_SIGNATURE);
        _assertGranted(255, 254, OWNERS_SIGNATURE);
        _assertGranted(254, 253, OWNERS_SIGNATURE);
    }

    function test_EachPlaceOfABundle() external {
        for (uint256 count = 1; count <= 5; ++count) {
            for (uint256 place = 0; place < count; ++place) {
                _assertGranted(count, place, OWNERS_SIGNATURE);
            }
        }
    }

    function test_LongestSignature() external {
        _assertGranted(2, 1, new bytes(type(uint16).max));
    }

    function test_OneSignatureGrantsAllSessionsOfABundle() external {
        Session[] memory sessions = new Session[](3);
        bytes32[] memory bundle = new bytes32[](3);
        for (uint256 i = 0; i < 3; ++i) {
            sessions[i] = _salted(i);
            bundle[i] = UseBuilder.hash(sessions[i]);
        }
        // What the manager says an owner signs is what it asks the account about.
        assertEq(manager.hashSessionBundle(sessions), bundleDigest(address(manager), bundle));
        signBundle(bundle, OWNERS_SIGNATURE);
        for (uint256 i = 3; i > 0; --i) {
            bytes memory use = UseBuilder.withGrant(plainUse(sessions[i - 1]), bundle, uint8(i - 1), OWNERS_SIGNATURE);
            assertEq(validate(opWith(sessions[i - 1], use)), windowOf(sessions[i - 1]));
            assertStatus(bundle[i - 1], SessionStatus.Granted);
        }
    }

    function test_ASessionForEveryChainIsGrantedOnEach() external {
        Session memory session = pingSession();
        session.chainId = 0;
        PackedUserOperation memory op = signedOp(session);
        uint256 before = vm.snapshotState();
        assertEq(validate(op), windowOf(session));
        assertTrue(vm.revertToState(before));
        vm.chainId(10);
        assertEq(validate(op), windowOf(session));
    }

    function testFuzz_RevertWhen_ASiblingIsAnother(uint8 which, uint256 change) external {
        vm.assume(change != 0);
        Session memory session = pingSession();
        bytes32[] memory bundle = bundleOf(session, 4, 1);
        signBundle(bundle, OWNERS_SIGNATURE);
        uint256 index = [0, 2, 3][which % 3];
        bundle[index] = bytes32(uint256(bundle[index]) ^ change);
        _expectNotSigned(session, bundle, 1);
    }

    function test_RevertWhen_TheBundleIsReordered() external {
        Session memory session = pingSession();
        bytes32[] memory bundle = bundleOf(session, 3, 1);
        signBundle(bundle, OWNERS_SIGNATURE);
        (bundle[0], bundle[2]) = (bundle[2], bundle[0]);
        _expectNotSigned(session, bundle, 1);
        bundle = bundleOf(session, 3, 1);
        (bundle[1], bundle[2]) = (bundle[2], bundle[1]);
        _expectNotSigned(session, bundle, 2);
    }

    function test_RevertWhen_TheBundleIsOfOtherSessions() external {
        Session memory session = pingSession();
        bytes32[] memory others = bundleOf(_salted(9), 2, 0);
        signBundle(others, OWNERS_SIGNATURE);
        // In the place of one of them, the session is another bundle.
        bytes32[] memory bundle = bundleOf(session, 2, 0);
        _expectNotSigned(session, bundle, 0);
        // Nor can it come on top.
        bundle = bundleOf(_salted(9), 3, 0);
        bundle[2] = UseBuilder.hash(session);
        _expectNotSigned(session, bundle, 2);
    }

    function test_RevertWhen_PartOfTheBundleIsKeptBack() external {
        Session memory session = pingSession();
        signBundle(bundleOf(session, 2, 0), OWNERS_SIGNATURE);
        _expectNotSigned(session, ids(UseBuilder.hash(session)), 0);
    }

    function test_RevertWhen_TheSignatureIsAnother() external {
        Session memory session = pingSession();
        bytes32[] memory bundle = ids(UseBuilder.hash(session));
        signBundle(bundle, OWNERS_SIGNATURE);
        bytes[4] memory others =
            [bytes(""), "a signature of the owne", "a signature of the owner ", "A signature of the owner"];
        for (uint256 i = 0; i < 4; ++i) {
            expectRefused(opWithGrant(session, others[i]), notSigned(session, NO));
        }
    }

    /*//////////////////////////////////////////////////////////////
                        WHAT BECOMES OF THE SESSION
    //////////////////////////////////////////////////////////////*/

    function test_TheFirstUseWritesTheStatusAndTellsOnce() external {
        Session memory session = pingSession();
        bytes32 id = UseBuilder.hash(session);
        PackedUserOperation memory op = signedOp(session);
        vm.recordLogs();
        assertEq(validate(op), windowOf(session));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 1);
        assertEq(logs[0].emitter, address(manager));
        assertEq(logs[0].topics.length, 3);
        assertEq(logs[0].topics[0], ISessionKeyManager.SessionGranted.selector);
        assertEq(logs[0].topics[1], bytes32(uint256(uint160(account))));
        assertEq(logs[0].topics[2], id);
        assertEq(logs[0].data.length, 0);
        assertStatus(id, SessionStatus.Granted);
    }

    function test_LaterUsesNeedNoSignature() external {
        Session memory session = pingSession();
        validate(signedOp(session));
        setRule("");
        vm.recordLogs();
        assertEq(validate(opUnder(session, pingCall())), windowOf(session));
        assertEq(vm.getRecordedLogs().length, 0);
    }

    /// @dev Two operations may be signed before the first of them is used.
    function testFuzz_ASignatureInALaterUseIsNotLookedAt(bytes calldata signature, bool off) external {
        vm.assume(signature.length < 1 << 16);
        Session memory session = pingSession();
        validate(signedOp(session));
        Answers(account).otherwiseRevert("not to be asked");
        setRule(off ? bytes("") : ruleOf("a prefix that is not"));
        vm.recordLogs();
        assertEq(validate(opWithGrant(session, signature)), windowOf(session));
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_ASignatureInAUseOfASessionGrantedOtherwiseIsNotLookedAt() external {
        Session memory session = pingSession();
        grant(session);
        setRule("");
        assertEq(validate(opWithGrant(session, "nobody's")), windowOf(session));
    }

    function test_RevertWhen_ASessionGrantedBySignatureWasRevoked() external {
        Session memory session = pingSession();
        bytes32 id = UseBuilder.hash(session);
        PackedUserOperation memory op = signedOp(session);
        validate(op);
        _revoke(id);
        expectRefused(op, revokedError(id));
        expectRefused(opUnder(session, pingCall()), revokedError(id));
        assertStatus(id, SessionStatus.Revoked);
    }

    function test_RevertWhen_ASignedButUnusedGrantWasRevoked() external {
        Session memory session = pingSession();
        bytes32 id = UseBuilder.hash(session);
        PackedUserOperation memory op = signedOp(session);
        _revoke(id);
        expectRefused(op, revokedError(id));
        assertStatus(id, SessionStatus.Revoked);
    }

    function test_RevertWhen_AllSessionsWereRevokedBeforeTheFirstUse() external {
        Session memory session = pingSession();
        PackedUserOperation memory op = signedOp(session);
        vm.prank(account);
        manager.revokeAll(1);
        expectRefused(op, epochError(session));
    }

    function test_RevertWhen_TheSignedGrantIsOfALaterEpoch() external {
        Session memory session = pingSession();
        session.epoch = 1;
        expectRefused(signedOp(session), epochError(session));
    }

    function test_RevertWhen_TheManagerWasUninstalledBeforeTheFirstUse() external {
        Session memory session = pingSession();
        PackedUserOperation memory op = signedOp(session);
        uninstall(account);
        expectRefused(op, abi.encodeWithSelector(ISessionKeyManager.NotInstalled.selector, account));
        installWith(account, ANY_RULE);
        expectRefused(op, epochError(session));
    }

    function test_RevertWhen_TheManagerWasInstalledAgainBeforeTheFirstUse() external {
        Session memory session = pingSession();
        PackedUserOperation memory op = signedOp(session);
        installWith(account, ANY_RULE);
        expectRefused(op, epochError(session));
    }

    function test_RevertWhen_GrantsWereSwitchedOffAfterSigning() external {
        Session memory session = pingSession();
        PackedUserOperation memory op = signedOp(session);
        setRule("");
        expectRefused(op, _off());
        assertStatus(UseBuilder.hash(session), SessionStatus.None);
        // On again, the same signature counts again.
        setRule(ANY_RULE);
        assertEq(validate(op), windowOf(session));
    }

    function test_RevertWhen_TheSessionEndsBeforeItBegins() external {
        Session memory session = pingSession();
        session.validUntil = session.validAfter - 1;
        (bool success,) = attempt(signedOp(session));
        assertFalse(success);
        assertStatus(UseBuilder.hash(session), SessionStatus.None);
    }

    function test_AWrongSignatureOfTheKeyIsReported() external {
        Session memory session = pingSession();
        PackedUserOperation memory op = signedOp(session);
        op.signature[op.signature.length - 2] ^= 0x01;
        assertEq(validate(op), windowOf(session) | 1);
    }

    /*//////////////////////////////////////////////////////////////
                         WHAT THE ACCOUNT ANSWERS
    //////////////////////////////////////////////////////////////*/

    function test_RevertWhen_TheAccountDoesNotAnswerWithTheMagicWord() external {
        bytes4 magic = IERC1271.isValidSignature.selector;
        bytes[13] memory answers = [
            NO,
            bytes(""),
            abi.encode(uint256(0)),
            abi.encode(uint256(1)),
            // At the other end of the word.
            abi.encode(uint32(magic)),
            abi.encodePacked(magic),
            // A byte short, and one too many.
            abi.encodePacked(magic, new bytes(27)),
            abi.encodePacked(magic, new bytes(29)),
            abi.encode(magic, magic),
            // Dirty.
            abi.encodePacked(magic, bytes28(uint224(1))),
            abi.encodePacked(magic, bytes28(bytes1(0x80))),
            abi.encode(bytes32(type(uint256).max)),
            abi.encode(bytes4(magic ^ 0x00000001))
        ];
        Session memory session = pingSession();
        PackedUserOperation memory op = opWithGrant(session, OWNERS_SIGNATURE);
        for (uint256 i = 0; i < answers.length; ++i) {
            Answers(account).otherwise(answers[i]);
            expectRefused(op, notSigned(session, answers[i]));
        }
        Answers(account).otherwise(YES);
        assertEq(validate(op), windowOf(session));
    }

    function testFuzz_RevertWhen_TheAccountReverts(bytes memory reason) external {
        if (reason.length > 2000) reason = "a reason";
        Answers(account).otherwiseRevert(reason);
        Session memory session = pingSession();
        expectRefused(opWithGrant(session, OWNERS_SIGNATURE), notSigned(session, reason));
    }

    function test_RevertWhen_TheAccountRevertsWithTheMagicWord() external {
        Answers(account).otherwiseRevert(YES);
        Session memory session = pingSession();
        expectRefused(opWithGrant(session, OWNERS_SIGNATURE), notSigned(session, YES));
    }

    function test_RevertWhen_TheAccountHasNoCode() external {
        account = makeAddr("an account without code");
        installWith(account, ANY_RULE);
        Session memory session = pingSession();
        expectRefused(opWithGrant(session, OWNERS_SIGNATURE), notSigned(session, ""));
    }

    /// @dev Nothing can be changed while the account is asked.
    function test_AReentrantAccountChangesNothing() external {
        account = address(new ReentrantAccount());
        installWith(account, ANY_RULE);
        Session memory session = pingSession();
        bytes32 id = UseBuilder.hash(session);
        ReentrantAccount(account).onSignature(abi.encodeCall(manager.revokeSessions, (ids(id))));
        assertEq(validate(opWithGrant(session, OWNERS_SIGNATURE)), windowOf(session));
        assertStatus(id, SessionStatus.Granted);

        session.salt = "another";
        ReentrantAccount(account).onSignature(abi.encodeCall(manager.revokeAll, (1)));
        assertEq(validate(opWithGrant(session, OWNERS_SIGNATURE)), windowOf(session));
        assertEq(manager.epochOf(account), 0);
    }

    /*//////////////////////////////////////////////////////////////
                      ELSEWHERE THAN IT WAS SIGNED FOR
    //////////////////////////////////////////////////////////////*/

    /// @dev Both accounts have one owner, whose signature over the bundle both take.
    function test_RevertWhen_TheGrantIsOfAnotherAccount() external {
        Session memory session = pingSession();
        PackedUserOperation memory op = signedOp(session);
        address other = address(new Answers());
        Answers(other).answer(question(ids(UseBuilder.hash(session)), OWNERS_SIGNATURE), YES);
        Answers(other).otherwise(NO);
        installWith(other, ANY_RULE);
        // Asked by the other account, it is another session.
        session.account = op.sender = other;
        expectRefused(op, notSigned(session, NO));
    }

    /// @dev A bundle for two accounts grants to each its own.
    function test_RevertWhen_AnAccountTakesTheSessionOfAnotherInTheBundle() external {
        Session memory session = pingSession();
        session.account = address(new Answers());
        bytes32[] memory bundle = ids(UseBuilder.hash(pingSession()), UseBuilder.hash(session));
        signBundle(bundle, OWNERS_SIGNATURE);
        PackedUserOperation memory op =
            opWith(session, UseBuilder.withGrant(plainUse(session), bundle, 1, OWNERS_SIGNATURE));
        op.sender = account;
        Session memory own = pingSession();
        bundle[1] = UseBuilder.hash(own);
        expectRefused(op, notSigned(bundle[1], bundleDigest(address(manager), bundle), NO));
    }

    function testFuzz_RevertWhen_TheGrantIsForAnotherChain(uint64 chainId) external {
        chainId = uint64(bound(chainId, 1, type(uint64).max - 1));
        vm.assume(chainId != block.chainid);
        Session memory session = pingSession();
        PackedUserOperation memory op = signedOp(session);
        vm.chainId(chainId);
        session.chainId = chainId;
        expectRefused(op, notSigned(session, NO));
    }

    function test_RevertWhen_TheGrantIsForAnotherManager() external {
        Session memory session = pingSession();
        bytes32[] memory bundle = ids(UseBuilder.hash(session));
        ISessionKeyManager other = ISessionKeyManager(deployCode("SessionKeyManager.sol:SessionKeyManager"));
        bytes32 digest = bundleDigest(address(other), bundle);
        Answers(account).answer(abi.encodeCall(IERC1271.isValidSignature, (digest, OWNERS_SIGNATURE)), YES);
        expectRefused(opWithGrant(session, OWNERS_SIGNATURE), notSigned(session, NO));
    }

    /*//////////////////////////////////////////////////////////////
                       SESSION KEYS MAKE NO GRANTS
    //////////////////////////////////////////////////////////////*/

    /// @dev The account hands whatever it is asked to the manager itself, which answers for session keys.
    function test_RevertWhen_TheManagerItselfIsAskedForTheSignature() external {
        account = address(new RoutingAccount(address(manager)));
        installWith(account, ANY_RULE);
        // A granted session of the key, and one that the key would like to have.
        Session memory granted = pingSession();
        granted.salt = "granted";
        grant(granted);
        Session memory session = pingSession();
        bytes32 digest = bundleDigest(address(manager), ids(UseBuilder.hash(session)));
        bytes memory plain = _signByKey(digest);
        bytes[5] memory signatures = [
            bytes(""),
            plain,
            bytes.concat(abi.encodePacked(address(manager)), plain),
            signUse(plainUse(granted), UseBuilder.hash(granted), digest),
            bytes.concat(plainUse(granted), plain)
        ];
        for (uint256 i = 0; i < 5; ++i) {
            expectRefused(opWithGrant(session, signatures[i]), notSigned(session, NO));
        }
    }

    /*//////////////////////////////////////////////////////////////
                               THE ENCODING
    //////////////////////////////////////////////////////////////*/

    function testFuzz_EveryCanonicalUseIsAccepted(uint256 seed) external {
        (Session memory session, PackedUserOperation memory op,) = _randomUse(Random(seed));
        assertEq(validate(op), windowOf(session));
    }

    function test_RevertWhen_NoSessionOrNoPlace() external {
        Session memory session = pingSession();
        bytes memory plain = plainUse(session);
        Answers(account).otherwise(YES);
        // No session, and no place in one or two.
        _expectEvidenceRefused(session, 0x08, hex"00000001ff", plain.length);
        _expectEvidenceRefused(session, 0x08, hex"00ff0001ff", plain.length);
        _expectEvidenceRefused(session, 0x08, hex"01010001ff", plain.length + 1);
        _expectEvidenceRefused(session, 0x08, bytes.concat(hex"0202", bytes32("x"), hex"0001ff"), plain.length + 1);
        _expectEvidenceRefused(session, 0x08, bytes.concat(hex"02ff", bytes32("x"), hex"0001ff"), plain.length + 1);
        assertEq(validate(opWith(session, _withFlags(bytes.concat(plain, hex"01000001ff"), 0x08))), windowOf(session));
    }

    function test_RevertWhen_EvidenceIsMixed() external {
        Session memory session = pingSession();
        Answers(account).otherwise(YES);
        bytes memory evidence = bytes.concat(hex"01000001ff", hex"000000");
        // A proof and a grant; a publication alone or with a proof; all of them.
        uint8[4] memory flags = [0x0c, 0x10, 0x14, 0x1c];
        for (uint256 i = 0; i < 4; ++i) {
            _expectEvidenceRefused(session, flags[i], evidence, 0);
            _expectEvidenceRefused(session, flags[i] | 0x01, evidence, 0);
        }
    }

    function test_RevertWhen_EvidenceIsThereWithoutItsFlag() external {
        Session memory session = pingSession();
        grant(session);
        bytes memory use = _withFlags(grantedUse(session, "s"), 0);
        expectRefused(
            opWith(session, use),
            abi.encodeWithSelector(
                ISessionKeyManager.InvalidSignatureLength.selector, 65, 65 + use.length - plainUse(session).length
            )
        );
    }

    /// @dev By whoever relays it. What the session key itself can write and sign is in SessionKeyManager.encoding.t.sol.
    function testFuzz_AChangedByteIsNotAccepted(uint256 seed, uint8 bits, bool granted) external {
        vm.assume(bits != 0);
        Random memory random = Random(seed);
        (Session memory session, PackedUserOperation memory op,) = _randomUse(random);
        // An account that takes every signature leaves it to the session key's.
        Answers(account).otherwise(YES);
        if (granted) grant(session);
        assertEq(validate(op), windowOf(session));
        uint256 place = random.below(op.signature.length);
        op.signature[place] ^= bytes1(bits);
        assertNotAccepted(op, vm.toString(place));
    }

    function test_EveryFlippedByteIsNotAccepted() external {
        (Session memory session, PackedUserOperation memory op,) = _randomUse(Random(1));
        Answers(account).otherwise(YES);
        uint256 before = vm.snapshotState();
        assertEq(validate(op), windowOf(session));
        assertTrue(vm.revertToState(before));
        for (uint256 i = 0; i < op.signature.length; ++i) {
            op.signature[i] ^= 0x01;
            assertNotAccepted(op, vm.toString(i));
            op.signature[i] ^= 0x01;
        }
    }

    /// @dev What is missing in the signature follows it in the calldata, so that a decoder that runs past its end finds all
    /// of the use.
    function test_RevertWhen_TheRestOfTheSignatureIsBeyondItsEnd() external {
        (Session memory session, PackedUserOperation memory op, uint256 useLength) = _randomUse(Random(1));
        uint256 full = op.signature.length;
        bytes memory asked = abi.encodeCall(manager.validateUserOp, (op, OP_HASH));
        uint256 position = asked.length - (full + 31) / 32 * 32 - 32;
        for (uint256 length = 0; length < full; ++length) {
            assembly ("memory-safe") {
                mstore(add(add(asked, 32), position), length)
            }
            vm.prank(account);
            (bool success, bytes memory reason) = address(manager).call(asked);
            assertFalse(success, vm.toString(length));
            bytes4 expected = length < useLength
                ? ISessionKeyManager.NonCanonicalUse.selector
                : ISessionKeyManager.InvalidSignatureLength.selector;
            assertEq(bytes4(reason), expected, vm.toString(length));
        }
        assertEq(validate(op), windowOf(session));
    }

    function test_RevertWhen_TheUseEndsWithinTheEvidence() external {
        Session memory session = pingSession();
        Answers(account).otherwise(YES);
        bytes memory plain = plainUse(session);
        bytes memory use = UseBuilder.withPublication(
            UseBuilder.withGrant(plain, bundleOf(session, 3, 1), 1, OWNERS_SIGNATURE), session
        );
        PackedUserOperation memory op = newOp(account, pingCall());
        for (uint256 length = plain.length + 1; length < use.length; ++length) {
            op.signature = cut(use, 0, length);
            (bool success, bytes memory reason) = attempt(op);
            assertFalse(success);
            assertEq(bytes4(reason), ISessionKeyManager.NonCanonicalUse.selector, vm.toString(length));
        }
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    function _signByKey(bytes32 digest) private returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _salted(uint256 salt) private view returns (Session memory session) {
        session = pingSession();
        session.salt = bytes32(salt);
    }

    function _revoke(bytes32 id) private {
        vm.prank(account);
        manager.revokeSessions(ids(id));
    }

    /// @dev The owner signs a bundle; a use under it is accepted, and its session then granted.
    function _assertGranted(uint256 count, uint256 place, bytes memory signature) private {
        Session memory session = _salted(count << 8 | place);
        bytes32[] memory bundle = bundleOf(session, count, place);
        bytes memory use = UseBuilder.withGrant(plainUse(session), bundle, uint8(place), signature);
        PackedUserOperation memory op = opWith(session, use);
        expectRefused(op, notSigned(bundle[place], bundleDigest(address(manager), bundle), NO));
        signBundle(bundle, signature);
        assertEq(validate(op), windowOf(session));
        for (uint256 i = 0; i < count; ++i) {
            assertStatus(bundle[i], i == place ? SessionStatus.Granted : SessionStatus.None);
        }
    }

    function _expectNotSigned(Session memory session, bytes32[] memory bundle, uint8 place) private {
        bytes memory use = UseBuilder.withGrant(plainUse(session), bundle, place, OWNERS_SIGNATURE);
        bytes32 id = UseBuilder.hash(session);
        expectRefused(opWith(session, use), notSigned(id, bundleDigest(address(manager), bundle), NO));
        assertStatus(id, SessionStatus.None);
    }

    function _expectEvidenceRefused(Session memory session, uint8 flags, bytes memory evidence, uint256 position)
        private
    {
        bytes memory use = _withFlags(bytes.concat(plainUse(session), evidence), flags);
        expectRefused(opWith(session, use), nonCanonical(position));
    }

    function _withFlags(bytes memory use, uint8 flags) private pure returns (bytes memory) {
        use[0] = bytes1(flags);
        return use;
    }

    /// @dev A random session, in a bundle of up to 4, and an operation that carries the owner's grant of it and sometimes
    /// its publication. `useLength`: of what comes before the key's signature.
    function _randomUse(Random memory random)
        private
        returns (Session memory session, PackedUserOperation memory op, uint256 useLength)
    {
        session = random.session(0);
        session.account = account;
        session.chainId = random.below(2) == 0 ? 0 : block.chainid;
        session.epoch = 0;
        session.validAfter = session.validUntil = 0;
        session.sessionKey = abi.encodePacked(key.addr);
        session.paymaster = address(0);
        session.maxOpCost |= 1 << 100;
        session.operationPolicies = new Policy[](0);
        session.actions = new Action[](1 + random.below(2));
        session.actions[0] = newAction(target, PING);
        if (session.actions.length > 1) session.actions[1] = random.action();

        bytes32[] memory bundle = bundleOf(session, 1 + random.below(4), 0);
        uint256 place = random.below(bundle.length);
        (bundle[0], bundle[place]) = (bundle[place], bundle[0]);
        bytes memory signature = random.content(random.below(100));
        signBundle(bundle, signature);
        bytes memory use = UseBuilder.withGrant(plainUse(session), bundle, uint8(place), signature);
        if (random.below(2) == 0) use = UseBuilder.withPublication(use, session);
        op = opWith(session, use);
        useLength = use.length;
    }

    function _off() private view returns (bytes memory) {
        return abi.encodeWithSelector(ISessionKeyManager.SignedGrantsOff.selector, account);
    }
}

/// @notice Who may grant by signature.
contract SessionKeyManagerGrantRuleTest is GrantTest {
    /*//////////////////////////////////////////////////////////////
                             SETTING THE RULE
    //////////////////////////////////////////////////////////////*/

    function test_InstalledWithoutDataGrantsAreOff() external {
        address other = address(new Answers());
        Answers(other).otherwise(YES);
        _assertInstalledWith(other, "", false, "");
        account = other;
        Session memory session = pingSession();
        expectRefused(
            opWithGrant(session, OWNERS_SIGNATURE),
            abi.encodeWithSelector(ISessionKeyManager.SignedGrantsOff.selector, account)
        );
    }

    function test_InstalledWithAnySignature() external {
        _assertInstalledWith(makeAddr("other"), hex"00", true, "");
    }

    function test_InstalledWithAPrefixOfEachLength() external {
        for (uint256 length = 1; length <= 21; ++length) {
            bytes memory prefix = prefixOf("the prefix of 21 bytes", length);
            _assertInstalledWith(vm.addr(length), ruleOf(prefix), true, prefix);
        }
    }

    function testFuzz_SetRule(bytes memory first, bytes memory second) external {
        first = _someRule(first);
        second = _someRule(second);
        _assertSet(first);
        _assertSet(second);
        _assertSet("");
        _assertSet(first);
    }

    function testFuzz_EveryOtherRuleIsRefused(bytes memory rule) external {
        if (_isRule(rule)) _assertSet(rule);
        else _expectInvalid(rule);
    }

    function test_RevertWhen_TheRuleIsMalformed() external {
        _expectInvalid(hex"0000");
        _expectInvalid(hex"00ff");
        _expectInvalid(hex"01");
        _expectInvalid(bytes.concat(hex"01", new bytes(22)));
        _expectInvalid(bytes.concat(hex"01", new bytes(32)));
        _expectInvalid(bytes.concat(hex"01", new bytes(33)));
        _expectInvalid(hex"02");
        _expectInvalid(hex"02ff");
        _expectInvalid(hex"ff");
        _expectInvalid(hex"ffff");
    }

    function test_RevertWhen_TheManagerIsNotInstalled() external {
        address other = makeAddr("other");
        vm.expectRevert(abi.encodeWithSelector(ISessionKeyManager.NotInstalled.selector, other));
        vm.prank(other);
        manager.setSignedGrants(ANY_RULE);
        uninstall(account);
        vm.expectRevert(abi.encodeWithSelector(ISessionKeyManager.NotInstalled.selector, account));
        setRule("");
    }

    function testFuzz_TheRuleIsTheCallersAlone(address other, bytes21 prefix) external {
        vm.assume(other != account);
        installWith(other, ruleOf("theirs"));
        setRule(ruleOf(abi.encodePacked(prefix)));
        _assertRule(other, true, "theirs");
        _assertRule(account, true, abi.encodePacked(prefix));
        uninstall(account);
        _assertRule(other, true, "theirs");
    }

    function testFuzz_TheEpochKeepsItsPlace(uint64 epoch, bytes memory rule) external {
        epoch = uint64(bound(epoch, 1, 1 << 40));
        vm.prank(account);
        manager.revokeAll(epoch);
        rule = _someRule(rule);
        _assertSet(rule);
        assertEq(manager.epochOf(account), epoch);
        assertTrue(manager.isInitialized(account));
        vm.prank(account);
        manager.revokeAll(epoch + 1);
        _assertRule(account, rule.length > 0, _prefixIn(rule));
    }

    function test_UninstallingClearsTheRule() external {
        setRule(ruleOf("a prefix"));
        uninstall(account);
        _assertRule(account, false, "");
        install(account);
        _assertRule(account, false, "");
    }

    function test_InstallingAgainSetsTheRuleAnew() external {
        setRule(ruleOf("a longer prefix"));
        installWith(account, ruleOf("short"));
        _assertRule(account, true, "short");
        installWith(account, ANY_RULE);
        _assertRule(account, true, "");
        install(account);
        _assertRule(account, false, "");
    }

    function test_NobodyGrantsBeforeTheInstallation() external view {
        (bool allowed, bytes memory prefix) = manager.signedGrantsOf(address(this));
        assertFalse(allowed);
        assertEq(prefix, "");
    }

    /*//////////////////////////////////////////////////////////////
                               THE PREFIX
    //////////////////////////////////////////////////////////////*/

    function testFuzz_SignaturesThatBeginWithThePrefixCount(bytes32 text, uint8 length, bytes memory rest) external {
        vm.assume(rest.length < 1000);
        bytes memory prefix = prefixOf(text, bound(length, 1, 21));
        setRule(ruleOf(prefix));
        Session memory session = pingSession();
        bytes memory signature = bytes.concat(prefix, rest);
        signBundle(ids(UseBuilder.hash(session)), signature);
        assertEq(validate(opWithGrant(session, signature)), windowOf(session));
    }

    /// @dev The whole signature goes to the account, the prefix too; and it may be nothing but the prefix.
    function test_SignatureThatIsThePrefixAlone() external {
        for (uint256 length = 1; length <= 21; ++length) {
            bytes memory prefix = prefixOf("the prefix of 21 bytes", length);
            setRule(ruleOf(prefix));
            Session memory session = pingSession();
            session.salt = bytes32(length);
            signBundle(ids(UseBuilder.hash(session)), prefix);
            assertEq(validate(opWithGrant(session, prefix)), windowOf(session));
        }
    }

    function test_RevertWhen_OneByteOfThePrefixIsAnother() external {
        Answers(account).otherwise(YES);
        for (uint256 length = 1; length <= 21; ++length) {
            bytes memory prefix = prefixOf("the prefix of 21 bytes", length);
            setRule(ruleOf(prefix));
            for (uint256 i = 0; i < length; ++i) {
                bytes memory signature = bytes.concat(prefix, "the rest of the signature");
                signature[i] ^= bytes1(uint8(1) << uint8(i % 8));
                _expectMismatch(prefix, signature, cut(signature, 0, length));
            }
        }
    }

    function testFuzz_RevertWhen_OneBitOfThePrefixIsAnother(bytes32 text, uint8 length, uint8 bit) external {
        Answers(account).otherwise(YES);
        length = uint8(bound(length, 1, 21));
        bit = uint8(bit % (8 * length));
        bytes memory prefix = prefixOf(text, length);
        setRule(ruleOf(prefix));
        bytes memory signature = bytes.concat(prefix, "the rest of the signature");
        signature[bit / 8] ^= bytes1(uint8(1) << uint8(bit % 8));
        _expectMismatch(prefix, signature, cut(signature, 0, length));
    }

    function test_RevertWhen_TheSignatureIsShorterThanThePrefix() external {
        Answers(account).otherwise(YES);
        for (uint256 length = 1; length <= 21; ++length) {
            bytes memory prefix = prefixOf("the prefix of 21 bytes", length);
            setRule(ruleOf(prefix));
            for (uint256 shorter = 0; shorter < length; ++shorter) {
                _expectMismatch(prefix, cut(prefix, 0, shorter), cut(prefix, 0, shorter));
            }
        }
    }

    /// @dev What is missing is not taken for zeros, and zeros are not taken for missing.
    function test_RevertWhen_ThePrefixsZerosAreMissing() external {
        Answers(account).otherwise(YES);
        for (uint256 length = 1; length <= 21; ++length) {
            // A prefix that ends with a zero, and one of nothing else.
            bytes memory prefix = prefixOf("the prefix of 21 bytes", length);
            prefix[length - 1] = 0;
            setRule(ruleOf(prefix));
            _expectMismatch(prefix, cut(prefix, 0, length - 1), cut(prefix, 0, length - 1));
            prefix = new bytes(length);
            setRule(ruleOf(prefix));
            for (uint256 shorter = 0; shorter < length; ++shorter) {
                _expectMismatch(prefix, cut(prefix, 0, shorter), "");
            }
            _assertAcceptedUnder(ruleOf(new bytes(length)), new bytes(length));
            _assertAcceptedUnder(ruleOf(new bytes(length)), bytes.concat(new bytes(length), hex"ff"));
        }
    }

    function test_AnySignatureMayBeEmpty() external {
        Answers(account).otherwise(YES);
        _assertAcceptedUnder(ANY_RULE, "");
    }

    /// @dev A validator that is weaker than the owner's, and whom the account lets answer too.
    function test_RevertWhen_AWeakerValidatorSigned() external {
        address owners = makeAddr("the owner's validator");
        address weaker = makeAddr("a weaker validator");
        Answers(account).otherwise(YES);
        setRule(ruleOf(abi.encodePacked(owners)));
        _expectMismatch(abi.encodePacked(owners), abi.encodePacked(weaker, OWNERS_SIGNATURE), abi.encodePacked(weaker));
        // Nor behind the type of another validator (Kernel).
        setRule(ruleOf(abi.encodePacked(hex"01", owners)));
        _expectMismatch(
            abi.encodePacked(hex"01", owners),
            abi.encodePacked(hex"02", owners, OWNERS_SIGNATURE),
            abi.encodePacked(hex"02", owners)
        );
    }

    /// @dev A rule that the owner changed holds for what was signed under an earlier one.
    function test_RevertWhen_ThePrefixWasChangedAfterSigning() external {
        setRule(ruleOf("old"));
        Session memory session = pingSession();
        bytes32 id = UseBuilder.hash(session);
        signBundle(ids(id), "old signature");
        PackedUserOperation memory op = opWithGrant(session, "old signature");
        setRule(ruleOf("new"));
        expectRefused(op, _mismatch(id, "new", "old"));
        setRule(ruleOf("ol"));
        assertEq(validate(op), windowOf(session));
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    /// @dev docs/encoding.md, once more.
    function _isRule(bytes memory rule) private pure returns (bool) {
        if (rule.length == 0) return true;
        if (rule[0] == 0x00) return rule.length == 1;
        return rule[0] == 0x01 && rule.length >= 2 && rule.length <= 22;
    }

    function _prefixIn(bytes memory rule) private pure returns (bytes memory) {
        return rule.length < 2 ? bytes("") : cut(rule, 1, rule.length);
    }

    /// @dev A rule made of any bytes.
    function _someRule(bytes memory text) private pure returns (bytes memory) {
        if (text.length == 0) return "";
        if (text.length == 1) return ANY_RULE;
        bytes memory rule = cut(text, 0, text.length > 22 ? 22 : text.length);
        rule[0] = 0x01;
        return rule;
    }

    function _assertSet(bytes memory rule) private {
        bytes memory prefix = _prefixIn(rule);
        vm.recordLogs();
        setRule(rule);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 1);
        _assertRuleEvent(logs[0], account, rule.length > 0, prefix);
        _assertRule(account, rule.length > 0, prefix);
    }

    function _assertInstalledWith(address who, bytes memory rule, bool allowed, bytes memory prefix) private {
        vm.recordLogs();
        installWith(who, rule);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 2);
        _assertRuleEvent(logs[0], who, allowed, prefix);
        assertEq(logs[1].topics[0], ISessionKeyManager.ManagerInstalled.selector);
        _assertRule(who, allowed, prefix);
        assertTrue(manager.isInitialized(who));
        assertEq(manager.epochOf(who), 0);
    }

    function _assertRuleEvent(Vm.Log memory log, address who, bool allowed, bytes memory prefix) private pure {
        assertEq(log.topics[0], ISessionKeyManager.SignedGrantsSet.selector);
        assertEq(log.topics[1], bytes32(uint256(uint160(who))));
        assertEq(log.data, abi.encode(allowed, prefix));
    }

    function _assertRule(address who, bool allowed, bytes memory prefix) private view {
        (bool actual, bytes memory actualPrefix) = manager.signedGrantsOf(who);
        assertEq(actual, allowed);
        assertEq(actualPrefix, prefix);
    }

    function _expectInvalid(bytes memory rule) private {
        bytes memory reason = abi.encodeWithSelector(ISessionKeyManager.InvalidGrantRule.selector, rule);
        vm.expectRevert(reason);
        setRule(rule);
        vm.expectRevert(reason);
        installWith(account, rule);
        _assertRule(account, true, "");
    }

    function _assertAcceptedUnder(bytes memory rule, bytes memory signature) private {
        setRule(rule);
        Session memory session = pingSession();
        session.salt = keccak256(abi.encode(rule, signature));
        assertEq(validate(opWithGrant(session, signature)), windowOf(session));
    }

    function _expectMismatch(bytes memory prefix, bytes memory signature, bytes memory start) private {
        Session memory session = pingSession();
        expectRefused(opWithGrant(session, signature), _mismatch(UseBuilder.hash(session), prefix, start));
    }

    /// @dev What the signature begins with is told in 21 bytes, as far as the prefix goes.
    function _mismatch(bytes32 id, bytes memory prefix, bytes memory start) private pure returns (bytes memory) {
        bytes memory actual = bytes.concat(start, new bytes(21 - start.length));
        return abi.encodeWithSelector(ISessionKeyManager.GrantPrefixMismatch.selector, id, prefix, actual);
    }
}
