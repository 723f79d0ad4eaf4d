// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Execution} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {RecordingPolicy} from "../mocks/RecordingPolicy.sol";
import {ManagerTest} from "../utils/ManagerTest.sol";
import {Random} from "../utils/RandomSession.sol";
import {UseBuilder} from "../utils/UseBuilder.sol";
import {cut} from "../utils/Cut.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {
    ANY_PAYMASTER,
    ANY_SELECTOR,
    ANY_TARGET,
    Action,
    NO_CALLDATA,
    Policy,
    Session
} from "contracts/types/Session.sol";

/// @dev Positions in a use with a session key of 20 bytes: the header, then the count of operation policies, then either
/// the hash of the signature policies or the actions.
contract SessionKeyManagerUseTest is ManagerTest {
    uint256 private constant SIGNATURE_POLICIES = 118;
    uint256 private constant ACTIONS = 118;
    uint256 private constant BITMAP = 119;
    uint256 private constant FIRST_ACTION = 120;

    RecordingPolicy private recorder;

    function setUp() public override {
        super.setUp();
        recorder = new RecordingPolicy();
    }

    /*//////////////////////////////////////////////////////////////
                            WHAT IS ACCEPTED
    //////////////////////////////////////////////////////////////*/

    function testFuzz_EveryCanonicalUseIsAccepted(uint256 seed) external {
        Random memory random = Random(seed);
        (Session memory session, PackedUserOperation memory op) = _randomUse(random, 12);
        grant(session);
        assertEq(validate(op), windowOf(session));
    }

    function test_UseOf9ActionsHasABitmapOf2Bytes() external {
        Session memory session = _sessionOf(9);
        grant(session);
        uint8[2] memory chosen = [0, 8];
        for (uint256 i = 0; i < 2; ++i) {
            PackedUserOperation memory op = opUnder(session, _callTo(chosen[i]), claim(chosen[i]));
            assertEq(validate(op), windowOf(session));
        }
        expectRefused(
            opUnder(session, _callTo(8), claim(0)),
            abi.encodeWithSelector(
                ISessionKeyManager.TargetNotAllowed.selector, UseBuilder.hash(session), 0, 0, address(0x1000), _at(8)
            )
        );
    }

    function test_UseOf255Actions() external {
        Session memory session = _sessionOf(255);
        grant(session);
        uint8[3] memory chosen = [0, 127, 254];
        for (uint256 i = 0; i < 3; ++i) {
            PackedUserOperation memory op = opUnder(session, _callTo(chosen[i]), claim(chosen[i]));
            assertEq(validate(op), windowOf(session));
        }
        expectRefused(opUnder(session, _callTo(255), claim(255)), _nonCanonical(BITMAP));
    }

    function test_EveryActionMayBeRevealedAndClaimed() external {
        Session memory session = _sessionOf(20);
        grant(session);
        Execution[] memory calls = new Execution[](40);
        uint8[] memory claims = new uint8[](40);
        for (uint256 i = 0; i < 40; ++i) {
            claims[i] = uint8((i * 7) % 20);
            calls[i] = Execution(_at(claims[i]), 0, abi.encodeWithSelector(PING, i));
        }
        assertEq(validate(opUnder(session, batch(calls), claims)), windowOf(session));
    }

    /*//////////////////////////////////////////////////////////////
                            LENGTHS AND BYTES
    //////////////////////////////////////////////////////////////*/

    function test_RevertWhen_TruncatedAnywhere() external {
        (Session memory session, PackedUserOperation memory op) = _randomUse(Random(7), 3);
        grant(session);
        bytes memory signature = op.signature;
        for (uint256 length = 0; length < signature.length; ++length) {
            op.signature = cut(signature, 0, length);
            if (length >= signature.length - 65) {
                expectRefused(op, _wrongLength(length - (signature.length - 65)));
            } else {
                (bool success, bytes memory reason) = attempt(op);
                assertFalse(success);
                assertEq(bytes4(reason), ISessionKeyManager.NonCanonicalUse.selector, vm.toString(length));
            }
        }
    }

    /// @dev What is missing in the signature follows it in the calldata, so that a decoder that runs past its end finds
    /// all of the use.
    function test_RevertWhen_TheRestOfTheSignatureIsBeyondItsEnd() external {
        (Session memory session, PackedUserOperation memory op) = _randomUse(Random(7), 3);
        grant(session);
        uint256 full = op.signature.length;
        bytes memory question = abi.encodeCall(manager.validateUserOp, (op, OP_HASH));
        // The signature is last in the operation, which is last in the calldata.
        uint256 position = question.length - (full + 31) / 32 * 32 - 32;
        for (uint256 length = 0; length < full; ++length) {
            assembly ("memory-safe") {
                mstore(add(add(question, 32), position), length)
            }
            vm.prank(account);
            (bool success, bytes memory reason) = address(manager).call(question);
            assertFalse(success);
            bytes memory expected = length < full - 65 ? _nonCanonical(length) : _wrongLength(length - (full - 65));
            assertEq(reason, expected, vm.toString(length));
        }
        assertEq(validate(op), windowOf(session));
    }

    /// @dev If nothing is missing before the claims, what else is wrong is told first.
    function test_RevertWhen_TheUseEndsWithItsActions() external {
        Session memory session = pingSession();
        grant(session);
        PackedUserOperation memory op = opUnder(session, pingCall());
        bytes memory use = _use(session);
        op.signature = cut(use, 0, use.length - 1);
        expectRefused(op, _nonCanonical(op.signature.length));
        // To be published, without a grant.
        op.signature[0] = 0x10;
        expectRefused(op, _nonCanonical(0));
        op.signature = cut(op.signature, 0, use.length - 2);
        expectRefused(op, _nonCanonical(op.signature.length));
    }

    function testFuzz_RevertWhen_BytesAreAppended(bytes calldata surplus) external {
        vm.assume(surplus.length > 0);
        Session memory session = pingSession();
        grant(session);
        PackedUserOperation memory op = opUnder(session, pingCall());
        op.signature = bytes.concat(op.signature, surplus);
        expectRefused(op, _wrongLength(65 + surplus.length));
    }

    /// @dev By whoever relays it. What the session key itself can write and sign is in SessionKeyManager.encoding.t.sol.
    function test_EveryFlippedByteIsRefused() external {
        (Session memory session, PackedUserOperation memory op) = _randomUse(Random(7), 3);
        grant(session);
        assertEq(validate(op), windowOf(session));
        for (uint256 i = 0; i < op.signature.length; ++i) {
            op.signature[i] ^= 0x01;
            _assertRefused(op);
            op.signature[i] ^= 0x81;
            _assertRefused(op);
            op.signature[i] ^= 0x80;
        }
    }

    /// @dev The same.
    function testFuzz_AChangedByteIsRefused(uint256 seed, uint8 bits) external {
        vm.assume(bits != 0);
        Random memory random = Random(seed);
        (Session memory session, PackedUserOperation memory op) = _randomUse(random, 9);
        grant(session);
        op.signature[random.below(op.signature.length)] ^= bytes1(bits);
        _assertRefused(op);
    }

    function test_RevertWhen_AFlagIsUnknown() external {
        Session memory session = pingSession();
        grant(session);
        bytes memory use = _use(session);
        for (uint256 flags = 32; flags < 256; ++flags) {
            use[0] = bytes1(uint8(flags));
            _expectUseRefused(session, use, _nonCanonical(0));
        }
    }

    /*//////////////////////////////////////////////////////////////
                            POLICIES OF THE SESSION
    //////////////////////////////////////////////////////////////*/

    function test_RevertWhen_OperationPoliciesAreKeptBack() external {
        Session memory session = pingSession();
        session.operationPolicies = new Policy[](1);
        grant(session);
        session.operationPolicies = new Policy[](0);
        _expectUseRefused(session, _use(session), _notGranted(UseBuilder.hash(session)));
    }

    function testFuzz_SignaturePoliciesArePartOfTheId(bytes32 policiesHash) external {
        vm.assume(policiesHash != keccak256(""));
        Session memory session = pingSession();
        session.signaturePolicies = new Policy[](2);
        session.signaturePolicies[0] = Policy(address(recorder), "some");
        grant(session);
        assertEq(validate(opUnder(session, pingCall())), windowOf(session));

        PackedUserOperation memory op = opUnder(session, pingCall());
        vm.assume(policiesHash != UseBuilder.hash(session.signaturePolicies));
        for (uint256 i = 0; i < 32; ++i) {
            op.signature[SIGNATURE_POLICIES + i] = policiesHash[i];
        }
        (bool success, bytes memory reason) = attempt(op);
        assertFalse(success);
        assertEq(bytes4(reason), ISessionKeyManager.SessionNotGranted.selector);
    }

    function test_RevertWhen_SignaturePoliciesAreThoseOfNone() external {
        Session memory session = pingSession();
        grant(session);
        bytes memory use = _use(session);
        bytes memory longer = bytes.concat(
            cut(use, 0, SIGNATURE_POLICIES), keccak256(""), UseBuilder.packActions(session.actions, 1), hex"00"
        );
        longer[0] = 0x02;
        _expectUseRefused(session, longer, _nonCanonical(SIGNATURE_POLICIES));
    }

    /*//////////////////////////////////////////////////////////////
                                ACTIONS
    //////////////////////////////////////////////////////////////*/

    function test_RevertWhen_ThereAreNoActions() external {
        Session memory session = newSession(account);
        grant(session);
        bytes memory use = bytes.concat(UseBuilder.pack(session, 0, new uint8[](0), 0), hex"00");
        _expectUseRefused(session, use, _nonCanonical(ACTIONS));
    }

    function test_RevertWhen_ABitIsBeyondTheActions() external {
        for (uint8 count = 1; count < 24; ++count) {
            Session memory session = _sessionOf(count);
            grant(session);
            for (uint256 bit = count; bit % 8 != 0; ++bit) {
                bytes memory use = UseBuilder.pack(session, 0, claim(0), 1 | 2 ** bit);
                _expectUseRefused(session, use, _nonCanonical(BITMAP));
            }
        }
    }

    function test_RevertWhen_MaxValueIsNotShortest() external {
        uint8[4] memory sizes = [1, 2, 31, 32];
        for (uint256 i = 0; i < 4; ++i) {
            Session memory session = pingSession();
            // One byte less than its length says, so that the first is zero.
            session.actions[0].maxValue = sizes[i] == 1 ? 0 : 2 ** (8 * (uint256(sizes[i]) - 2));
            bytes memory use = _useWithMaxValue(session, sizes[i], sizes[i]);
            grant(session);
            _expectUseRefused(session, use, _nonCanonical(FIRST_ACTION + 24));
        }
    }

    function test_RevertWhen_MaxValueIsLongerThanAWord() external {
        Session memory session = pingSession();
        session.actions[0].maxValue = type(uint256).max;
        grant(session);
        for (uint256 length = 33; length < 256; ++length) {
            bytes memory use = _useWithMaxValue(session, uint8(length), uint8(length));
            _expectUseRefused(session, use, _nonCanonical(FIRST_ACTION + 24));
        }
    }

    function test_RevertWhen_ARevealedActionIsUnclaimed() external {
        Session memory session = _sessionOf(12);
        grant(session);
        bytes memory use = UseBuilder.pack(session, 0, claim(0), 1 | 1 << 3 | 1 << 11);
        bytes memory reason =
            abi.encodeWithSelector(ISessionKeyManager.ActionNotClaimed.selector, uint256(1 << 3 | 1 << 11));
        _expectUseRefused(session, use, reason);
    }

    function testFuzz_RevertWhen_AClaimIsNotRevealed(uint8 count, uint8 claimed) external {
        count = uint8(bound(count, 1, 20));
        // 255 claims the revocation of the session itself.
        vm.assume(claimed != 0 && claimed != 255);
        Session memory session = _sessionOf(count);
        grant(session);
        bytes memory use = UseBuilder.pack(session, 0, claim(claimed), 1);
        bytes memory reason = abi.encodeWithSelector(ISessionKeyManager.ActionNotRevealed.selector, 0, uint256(claimed));
        _expectUseRefused(session, use, reason);
    }

    function test_RevertWhen_NothingIsRevealed() external {
        Session memory session = pingSession();
        grant(session);
        bytes memory reason = abi.encodeWithSelector(ISessionKeyManager.ActionNotRevealed.selector, 0, 0);
        _expectUseRefused(session, UseBuilder.pack(session, 0, claim(0), 0), reason);
    }

    function test_RevertWhen_TheSecondCallClaimsAnUnrevealedAction() external {
        Session memory session = _sessionOf(3);
        grant(session);
        Execution[] memory calls = new Execution[](2);
        calls[0] = calls[1] = Execution(_at(1), 0, abi.encodeWithSelector(PING));
        PackedUserOperation memory op = newOp(account, batch(calls));
        bytes memory use = UseBuilder.pack(session, 0, claim(1, 2), 1 << 1);
        op.signature = signUse(use, UseBuilder.hash(session), OP_HASH);
        expectRefused(op, abi.encodeWithSelector(ISessionKeyManager.ActionNotRevealed.selector, 1, 2));
    }

    function test_RevertWhen_ClaimsAreFewerOrMoreThanCalls() external {
        Session memory session = _sessionOf(2);
        grant(session);
        // A claim too many is taken as the first byte of the key's signature, a missing one out of it.
        expectRefused(opUnder(session, _callTo(0), claim(0, 0)), _wrongLength(66));
        expectRefused(opUnder(session, _callTo(0), new uint8[](0)), _wrongLength(64));
    }

    function test_RevertWhen_ActionsAreReordered() external {
        Session memory session = _sessionOf(2);
        grant(session);
        (session.actions[0], session.actions[1]) = (session.actions[1], session.actions[0]);
        PackedUserOperation memory op = opUnder(session, _callTo(1));
        expectRefused(op, _notGranted(UseBuilder.hash(session)));
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    function _at(uint256 index) private pure returns (address) {
        return address(uint160(0x1000 + index));
    }

    /// @dev A session whose action i is PING of its own target.
    function _sessionOf(uint256 count) private view returns (Session memory session) {
        session = newSession(account);
        session.actions = new Action[](count);
        for (uint256 i = 0; i < count; ++i) {
            session.actions[i] = newAction(_at(i), PING);
        }
    }

    function _callTo(uint256 index) private pure returns (bytes memory) {
        return single(_at(index), 0, abi.encodeWithSelector(PING));
    }

    /// @dev A random session that can be used, and an operation of random calls under it.
    function _randomUse(Random memory random, uint256 most)
        private
        returns (Session memory session, PackedUserOperation memory op)
    {
        session = random.session(0);
        session.account = account;
        session.chainId = random.below(2) == 0 ? 0 : block.chainid;
        session.epoch = 0;
        session.validAfter = uint48(random.below(1 << 46));
        session.validUntil = random.below(3) == 0 ? 0 : uint48((1 << 46) + random.below(1 << 46));
        session.sessionKey = abi.encodePacked(key.addr);
        session.paymaster = random.below(2) == 0 ? address(0) : ANY_PAYMASTER;
        session.maxOpCost |= 1 << 100;
        session.operationPolicies = new Policy[](0);
        session.actions = new Action[](1 + random.below(most));
        for (uint256 i = 0; i < session.actions.length; ++i) {
            session.actions[i] = _usableAction(random);
        }

        Execution[] memory calls = new Execution[](1 + random.below(3));
        uint8[] memory claims = new uint8[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            claims[i] = uint8(random.below(session.actions.length));
            calls[i] = _callUnder(session.actions[claims[i]], random);
        }
        op = newOp(account, batch(calls));
        op.signature = sign(session, uint48(bytes6(random.word())), claims, OP_HASH);
    }

    function _usableAction(Random memory random) private view returns (Action memory action) {
        action = random.action();
        uint256 kind = random.below(4);
        if (kind == 0) action.target = ANY_TARGET;
        if (kind == 1) action.selector = ANY_SELECTOR;
        if (kind == 2) action.selector = NO_CALLDATA;
        for (uint256 i = 0; i < action.policies.length; ++i) {
            action.policies[i].policy = address(recorder);
        }
    }

    function _callUnder(Action memory action, Random memory random) private pure returns (Execution memory call) {
        call.target = action.target == ANY_TARGET ? random.location() : action.target;
        call.value = action.maxValue == 0 ? 0 : random.below(action.maxValue);
        if (action.selector == NO_CALLDATA) return call;
        bytes4 selector = action.selector == ANY_SELECTOR ? bytes4(random.word()) : action.selector;
        call.callData = bytes.concat(selector, random.content(random.below(40)));
    }

    function _use(Session memory session) private pure returns (bytes memory) {
        return UseBuilder.pack(session, 0, claim(0));
    }

    /// @dev A use of a session of one action whose value is written in `size` bytes and said to have `length`.
    function _useWithMaxValue(Session memory session, uint8 length, uint256 size) private pure returns (bytes memory) {
        Action memory action = session.actions[0];
        bytes memory value = new bytes(size);
        for (uint256 i = 0; i < size && i < 32; ++i) {
            value[size - 1 - i] = bytes1(uint8(action.maxValue >> 8 * i));
        }
        return bytes.concat(
            cut(_use(session), 0, FIRST_ACTION),
            abi.encodePacked(action.target, action.selector, length, value),
            hex"00",
            hex"00"
        );
    }

    function _expectUseRefused(Session memory session, bytes memory use, bytes memory reason) private {
        PackedUserOperation memory op = newOp(account, single(_at(0), 0, abi.encodeWithSelector(PING)));
        if (session.actions.length > 0) op.callData = single(session.actions[0].target, 0, abi.encodePacked(PING));
        op.signature = signUse(use, UseBuilder.hash(session), OP_HASH);
        expectRefused(op, reason);
    }

    /// @dev It reverts, or reports a wrong signature.
    function _assertRefused(PackedUserOperation memory op) private {
        (bool success, bytes memory result) = attempt(op);
        if (success) assertEq(abi.decode(result, (uint256)) & (1 << 160) - 1, 1);
        else assertGe(result.length, 4, "a typed error");
    }

    function _nonCanonical(uint256 position) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISessionKeyManager.NonCanonicalUse.selector, position);
    }

    function _wrongLength(uint256 length) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISessionKeyManager.InvalidSignatureLength.selector, 65, length);
    }

    function _notGranted(bytes32 id) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISessionKeyManager.SessionNotGranted.selector, id);
    }
}
