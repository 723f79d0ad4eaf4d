// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Execution} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {EchoPolicy} from "../mocks/EchoPolicy.sol";
import {RecordingPolicy} from "../mocks/RecordingPolicy.sol";
import {ReentrantPolicy} from "../mocks/ReentrantPolicy.sol";
import {RefusingPolicy} from "../mocks/RefusingPolicy.sol";
import {ManagerTest} from "../utils/ManagerTest.sol";
import {UseBuilder} from "../utils/UseBuilder.sol";
import {ICallPolicy} from "contracts/interfaces/ICallPolicy.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {Policy, Session, SessionStatus} from "contracts/types/Session.sol";

contract SessionKeyManagerPoliciesTest is ManagerTest {
    uint256 private constant TIME_LIMIT = 1 << 47;

    EchoPolicy private echo;
    RecordingPolicy private recorder;
    ReentrantPolicy private reentrant;
    RefusingPolicy private refusing;

    function setUp() public override {
        super.setUp();
        echo = new EchoPolicy();
        recorder = new RecordingPolicy();
        reentrant = new ReentrantPolicy();
        refusing = new RefusingPolicy();
    }

    /*//////////////////////////////////////////////////////////////
                          THE SESSION'S WINDOW
    //////////////////////////////////////////////////////////////*/

    function testFuzz_SessionsWindowIsReturned(uint48 validAfter, uint48 validUntil) external {
        Session memory session = pingSession();
        session.validAfter = uint48(bound(validAfter, 0, TIME_LIMIT - 1));
        session.validUntil = uint48(bound(validUntil, session.validAfter, TIME_LIMIT - 1));
        grant(session);
        assertEq(validate(opUnder(session, pingCall())), windowOf(session));
    }

    function testFuzz_SessionWithoutEnd(uint48 validAfter) external {
        Session memory session = pingSession();
        session.validAfter = uint48(bound(validAfter, 0, TIME_LIMIT - 1));
        session.validUntil = 0;
        grant(session);
        assertEq(validate(opUnder(session, pingCall())), packWindow(session.validAfter, 0));
    }

    function test_SessionOfOneSecond() external {
        Session memory session = pingSession();
        session.validUntil = session.validAfter;
        grant(session);
        assertEq(validate(opUnder(session, pingCall())), windowOf(session));
    }

    function test_SessionAlwaysValidReturnsZero() external {
        Session memory session = pingSession();
        session.validAfter = session.validUntil = 0;
        grant(session);
        assertEq(validate(opUnder(session, pingCall())), 0);
    }

    function testFuzz_RevertWhen_SessionEndsBeforeItBegins(uint48 validAfter, uint48 validUntil) external {
        Session memory session = pingSession();
        session.validUntil = uint48(bound(validUntil, 1, TIME_LIMIT - 2));
        session.validAfter = uint48(bound(validAfter, session.validUntil + 1, TIME_LIMIT - 1));
        bytes32 id = grant(session);
        expectRefused(
            opUnder(session, pingCall()),
            abi.encodeWithSelector(ISessionKeyManager.EmptyWindow.selector, id, session.validAfter, session.validUntil)
        );
    }

    function testFuzz_RevertWhen_SessionsBoundIsOutOfRange(uint48 time, bool end) external {
        time = uint48(bound(time, TIME_LIMIT, type(uint48).max));
        Session memory session = pingSession();
        if (end) session.validUntil = time;
        else session.validAfter = time;
        grant(session);
        expectRefused(opUnder(session, pingCall()), _outOfRange(time));
    }

    function testFuzz_TheClockIsNotRead(uint64 time, uint64 blockNumber, uint64 baseFee) external {
        Session memory session = _sessionWithAnswer(abi.encode(packWindow(0, 2_000_000_000)));
        grant(session);
        PackedUserOperation memory op = opUnder(session, pingCall());
        vm.warp(time);
        vm.roll(blockNumber);
        vm.fee(baseFee);
        assertEq(validate(op), windowOf(session));
    }

    /*//////////////////////////////////////////////////////////////
                           THE POLICIES' WINDOWS
    //////////////////////////////////////////////////////////////*/

    function testFuzz_WindowsOfAllPoliciesAndCallsIntersect(uint48[10] memory bounds) external {
        Session memory session = sessionWith(newAction(target, PING), newAction(target, PING));
        session.validAfter = _time(bounds[0]);
        session.validUntil = _time(bounds[1]);
        session.actions[0].policies = new Policy[](2);
        session.actions[0].policies[0] = _window(_time(bounds[2]), _time(bounds[3]));
        session.actions[0].policies[1] = _window(_time(bounds[4]), _time(bounds[5]));
        session.actions[1].policies = new Policy[](2);
        session.actions[1].policies[0] = _window(_time(bounds[6]), _time(bounds[7]));
        session.actions[1].policies[1] = _window(_time(bounds[8]), _time(bounds[9]));
        bytes32 id = grant(session);

        uint256 validAfter = 0;
        uint256 validUntil = 0;
        for (uint256 i = 0; i < 10; i += 2) {
            uint256 begin = _time(bounds[i]);
            uint256 end = _time(bounds[i + 1]);
            if (begin > validAfter) validAfter = begin;
            if (end != 0 && (validUntil == 0 || end < validUntil)) validUntil = end;
        }
        Execution[] memory calls = new Execution[](2);
        calls[0] = calls[1] = Execution(target, 0, abi.encodeWithSelector(PING, 7));
        PackedUserOperation memory op = opUnder(session, batch(calls), claim(0, 1));
        if (validUntil == 0 || validAfter <= validUntil) assertEq(validate(op), packWindow(validAfter, validUntil));
        else expectRefused(op, _emptyWindow(id, validAfter, validUntil));
    }

    function test_WindowOfOneSecondIsLeft() external {
        Session memory session = _sessionWithAnswer(abi.encode(packWindow(0, block.timestamp)));
        grant(session);
        assertEq(validate(opUnder(session, pingCall())), packWindow(block.timestamp, block.timestamp));
    }

    function test_RevertWhen_APolicysWindowIsBeforeTheSessions() external {
        Session memory session = _sessionWithAnswer(abi.encode(packWindow(0, block.timestamp - 1)));
        bytes32 id = grant(session);
        expectRefused(
            opUnder(session, pingCall()), _emptyWindow(id, session.validAfter, uint256(session.validAfter) - 1)
        );
    }

    function test_RevertWhen_APolicysWindowIsAfterTheSessions() external {
        Session memory session = pingSession();
        uint256 begin = uint256(session.validUntil) + 1;
        session = _sessionWithAnswer(abi.encode(packWindow(begin, 0)));
        bytes32 id = grant(session);
        expectRefused(opUnder(session, pingCall()), _emptyWindow(id, begin, session.validUntil));
    }

    function test_RevertWhen_WindowsOfTwoPoliciesDoNotMeet() external {
        Session memory session = pingSession();
        session.validAfter = session.validUntil = 0;
        session.actions[0].policies = new Policy[](2);
        session.actions[0].policies[0] = _window(0, 999);
        session.actions[0].policies[1] = _window(1000, 0);
        bytes32 id = grant(session);
        expectRefused(opUnder(session, pingCall()), _emptyWindow(id, 1000, 999));
    }

    function testFuzz_RevertWhen_APolicysBoundIsOutOfRange(uint48 time, bool end) external {
        uint256 bound_ = bound(time, TIME_LIMIT, type(uint48).max);
        Session memory session = _sessionWithAnswer(abi.encode(end ? packWindow(0, bound_) : packWindow(bound_, 0)));
        grant(session);
        expectRefused(opUnder(session, pingCall()), _outOfRange(bound_));
    }

    function test_LargestBoundOfAPolicy() external {
        Session memory session = pingSession();
        session.validUntil = 0;
        session.actions[0].policies = new Policy[](1);
        session.actions[0].policies[0] = _window(TIME_LIMIT - 1, TIME_LIMIT - 1);
        grant(session);
        assertEq(validate(opUnder(session, pingCall())), packWindow(TIME_LIMIT - 1, TIME_LIMIT - 1));
    }

    /*//////////////////////////////////////////////////////////////
                             MALFORMED ANSWERS
    //////////////////////////////////////////////////////////////*/

    function test_RevertWhen_TheAnswerIsNotOneWord() external {
        uint16[6] memory lengths = [0, 1, 31, 33, 64, 1000];
        for (uint256 i = 0; i < lengths.length; ++i) {
            Session memory session = _sessionWithAnswer(new bytes(lengths[i]));
            bytes32 id = grant(session);
            expectRefused(
                opUnder(session, pingCall()),
                abi.encodeWithSelector(
                    ISessionKeyManager.InvalidPolicyAnswer.selector, id, address(echo), uint256(lengths[i])
                )
            );
        }
    }

    function test_RevertWhen_ThePolicyHasNoCode() external {
        address[3] memory policies = [address(0), makeAddr("nobody"), address(0xdead)];
        for (uint256 i = 0; i < policies.length; ++i) {
            Session memory session = sessionWith(newAction(target, PING, policies[i], "some"));
            bytes32 id = grant(session);
            expectRefused(
                opUnder(session, pingCall()),
                abi.encodeWithSelector(ISessionKeyManager.InvalidPolicyAnswer.selector, id, policies[i], 0)
            );
        }
    }

    function testFuzz_RevertWhen_LowBitsOfTheAnswerAreSet(uint160 low, uint96 window) external {
        vm.assume(low != 0);
        uint256 answer = uint256(window) << 160 | low;
        Session memory session = _sessionWithAnswer(abi.encode(answer));
        bytes32 id = grant(session);
        expectRefused(
            opUnder(session, pingCall()),
            abi.encodeWithSelector(ISessionKeyManager.InvalidPolicyValidationData.selector, id, address(echo), answer)
        );
    }

    function test_RevertWhen_APolicyReportsAWrongSignature() external {
        Session memory session = _sessionWithAnswer(abi.encode(uint256(1)));
        bytes32 id = grant(session);
        expectRefused(
            opUnder(session, pingCall()),
            abi.encodeWithSelector(ISessionKeyManager.InvalidPolicyValidationData.selector, id, address(echo), 1)
        );
    }

    /*//////////////////////////////////////////////////////////////
                                REFUSALS
    //////////////////////////////////////////////////////////////*/

    function testFuzz_RevertWhen_APolicyRefuses(bytes memory reason) external {
        if (reason.length > 2000) reason = "a reason";
        Session memory session = sessionWith(newAction(target, PING, address(refusing), reason));
        bytes32 id = grant(session);
        expectRefused(opUnder(session, pingCall()), _refused(id, 0, 0, reason));
    }

    function test_RevertWhen_TheLastPolicyOfALaterCallRefuses() external {
        Session memory session = sessionWith(newAction(target, PING), newAction(target, PING));
        session.actions[1].policies = new Policy[](3);
        session.actions[1].policies[0] = Policy(address(recorder), "");
        session.actions[1].policies[1] = _window(0, 0);
        session.actions[1].policies[2] = Policy(address(refusing), "no");
        bytes32 id = grant(session);
        Execution[] memory calls = new Execution[](2);
        calls[0] = calls[1] = Execution(target, 0, abi.encodeWithSelector(PING, 7));
        expectRefused(opUnder(session, batch(calls), claim(0, 1)), _refused(id, 1, 1, "no"));
        assertEq(recorder.count(), 0, "what earlier policies counted is undone");
    }

    function test_PoliciesOfUnclaimedActionsAreNotAsked() external {
        Session memory session = sessionWith(newAction(target, PING), newAction(target, PING, address(refusing), "no"));
        grant(session);
        assertEq(validate(opUnder(session, pingCall())), windowOf(session));
    }

    /*//////////////////////////////////////////////////////////////
                               QUESTIONS
    //////////////////////////////////////////////////////////////*/

    function testFuzz_ThePolicyIsToldTheWholeCall(
        uint128 value,
        uint48 claimedTime,
        bytes calldata arguments,
        bytes calldata config
    ) external {
        vm.assume(config.length < 1 << 16);
        Session memory session = sessionWith(newAction(target, PING, address(recorder), config));
        session.actions[0].maxValue = value;
        bytes32 id = grant(session);
        bytes memory data = bytes.concat(PING, arguments);
        PackedUserOperation memory op = newOp(account, single(target, value, data));
        op.signature = sign(session, claimedTime, claim(0), OP_HASH);
        assertEq(validate(op), windowOf(session));

        bytes memory question = abi.encodeCall(
            ICallPolicy.checkCall,
            (account, _budgetId(id, address(recorder), config), target, value, claimedTime, data, config)
        );
        assertEq(recorder.count(), 1);
        assertEq(recorder.asked(0), keccak256(abi.encodePacked(address(manager), question)));
    }

    function test_PoliciesAreAskedInTheOrderOfTheCalls() external {
        Session memory session = sessionWith(newAction(target, PING), newAction(target, PING));
        session.actions[0].policies = new Policy[](2);
        session.actions[0].policies[0] = Policy(address(recorder), "first");
        session.actions[0].policies[1] = Policy(address(recorder), "second");
        session.actions[1].policies = new Policy[](1);
        session.actions[1].policies[0] = Policy(address(recorder), "third");
        bytes32 id = grant(session);

        Execution[] memory calls = new Execution[](3);
        uint8[] memory claims = new uint8[](3);
        claims[0] = 1;
        claims[2] = 1;
        for (uint256 i = 0; i < 3; ++i) {
            calls[i] = Execution(target, 0, abi.encodeWithSelector(PING, i));
        }
        validate(opUnder(session, batch(calls), claims));

        assertEq(recorder.count(), 4);
        assertEq(recorder.asked(0), _question(id, calls[0], "third"));
        assertEq(recorder.asked(1), _question(id, calls[1], "first"));
        assertEq(recorder.asked(2), _question(id, calls[1], "second"));
        assertEq(recorder.asked(3), _question(id, calls[2], "third"));
    }

    /// @dev Each question is written where the one before it was.
    function test_AQuestionHoldsNothingOfTheOneBefore() external {
        Session memory session = sessionWith(newAction(target, PING));
        session.actions[0].policies = new Policy[](2);
        session.actions[0].policies[0] = Policy(address(recorder), _ones(500));
        session.actions[0].policies[1] = Policy(address(recorder), _ones(1));
        bytes32 id = grant(session);
        Execution[] memory calls = new Execution[](2);
        calls[0] = Execution(target, 0, bytes.concat(PING, _ones(300)));
        calls[1] = Execution(target, 0, bytes.concat(PING, _ones(1)));
        validate(opUnder(session, batch(calls), claim(0, 0)));

        assertEq(recorder.count(), 4);
        for (uint256 i = 0; i < 4; ++i) {
            assertEq(recorder.asked(i), _question(id, calls[i / 2], session.actions[0].policies[i % 2].config));
        }
    }

    function test_TwoActionsWithOneConfigurationShareABudget() external {
        address other = makeAddr("other");
        Session memory session = sessionWith(
            newAction(target, PING, address(recorder), "shared"), newAction(other, PING, address(recorder), "shared")
        );
        bytes32 id = grant(session);
        Execution[] memory calls = new Execution[](2);
        calls[0] = Execution(target, 0, abi.encodeWithSelector(PING));
        calls[1] = Execution(other, 0, abi.encodeWithSelector(PING));
        validate(opUnder(session, batch(calls), claim(0, 1)));
        // The hash that both questions carry is that of session, policy and configuration: the action is not in it.
        assertEq(recorder.asked(0), _question(id, calls[0], "shared"));
        assertEq(recorder.asked(1), _question(id, calls[1], "shared"));
    }

    function test_SameConfigurationInAnotherSessionOrPolicyIsAnotherBudget() external {
        RecordingPolicy other = new RecordingPolicy();
        Session memory session = sessionWith(newAction(target, PING, address(recorder), "same"));
        bytes32 id = grant(session);
        validate(opUnder(session, pingCall()));
        session.salt = "another";
        bytes32 otherId = grant(session);
        validate(opUnder(session, pingCall()));
        session.actions[0].policies[0].policy = address(other);
        bytes32 lastId = grant(session);
        validate(opUnder(session, pingCall()));

        Execution memory call = Execution(target, 0, abi.encodeWithSelector(PING, 7));
        assertEq(recorder.asked(0), _question(id, call, "same"));
        assertEq(recorder.asked(1), _question(otherId, call, "same"));
        bytes32 budgetId = _budgetId(lastId, address(other), "same");
        assertEq(other.asked(0), _hashOfQuestion(budgetId, call, "same"));
    }

    /*//////////////////////////////////////////////////////////////
                            HOSTILE POLICIES
    //////////////////////////////////////////////////////////////*/

    function test_APolicyThatGrantsGrantsOnlyForItself() external {
        bytes32 planted = keccak256("planted");
        _validateReentrant(abi.encodeCall(manager.grantSessions, (ids(planted))));
        assertTrue(reentrant.succeeded());
        assertTrue(manager.sessionStatus(account, planted) == SessionStatus.None);
        assertTrue(manager.sessionStatus(address(reentrant), planted) == SessionStatus.Granted);
    }

    function test_APolicyThatRevokesRevokesOnlyForItself() external {
        Session memory other = pingSession();
        bytes32 id = grant(other);
        _validateReentrant(abi.encodeCall(manager.revokeSessions, (ids(id))));
        assertTrue(reentrant.succeeded());
        assertTrue(manager.sessionStatus(account, id) == SessionStatus.Granted);
        assertEq(validate(opUnder(other, pingCall())), windowOf(other));
    }

    function test_APolicyThatUninstallsUninstallsOnlyItself() external {
        _validateReentrant(abi.encodeCall(manager.onUninstall, ("")));
        assertTrue(reentrant.succeeded());
        assertTrue(manager.isInitialized(account));
        assertEq(manager.epochOf(account), 0);
        assertGt(manager.epochOf(address(reentrant)), 0);
    }

    function test_APolicyThatMovesTheEpochMovesOnlyItsOwn() external {
        _validateReentrant(abi.encodeCall(manager.revokeAll, (5)));
        assertTrue(reentrant.succeeded());
        assertEq(manager.epochOf(account), 0);
        assertEq(manager.epochOf(address(reentrant)), 5);
    }

    function test_APolicyThatValidatesIsNoAccount() external {
        Session memory other = pingSession();
        grant(other);
        PackedUserOperation memory op = opUnder(other, pingCall());
        _validateReentrant(abi.encodeCall(manager.validateUserOp, (op, OP_HASH)));
        assertFalse(reentrant.succeeded());
        assertEq(
            reentrant.result(), abi.encodeWithSelector(ISessionKeyManager.NotInstalled.selector, address(reentrant))
        );
    }

    function test_APolicyThatIsAnAccountValidatesOnlyItsOwnSessions() external {
        install(address(reentrant));
        Session memory other = pingSession();
        grant(other);
        PackedUserOperation memory op = opUnder(other, pingCall());
        other.account = address(reentrant);
        _validateReentrant(abi.encodeCall(manager.validateUserOp, (op, OP_HASH)));
        assertFalse(reentrant.succeeded());
        assertEq(
            reentrant.result(),
            abi.encodeWithSelector(ISessionKeyManager.SessionNotGranted.selector, UseBuilder.hash(other))
        );
    }

    function test_RevertWhen_ThePolicyIsTheManager() external {
        Session memory session = sessionWith(newAction(target, PING, address(manager), ""));
        bytes32 id = grant(session);
        expectRefused(
            opUnder(session, pingCall()),
            abi.encodeWithSelector(ISessionKeyManager.PolicyRefused.selector, id, 0, 0, address(manager), "")
        );
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    /// @dev Validates an operation under a session whose policy calls back the manager with `callback`.
    function _validateReentrant(bytes memory callback) private {
        Session memory session = sessionWith(newAction(target, PING, address(reentrant), callback));
        grant(session);
        assertEq(validate(opUnder(session, pingCall())), windowOf(session));
    }

    function _sessionWithAnswer(bytes memory answer) private view returns (Session memory) {
        return sessionWith(newAction(target, PING, address(echo), answer));
    }

    /// @dev A policy that answers with a window.
    function _window(uint256 validAfter, uint256 validUntil) private view returns (Policy memory) {
        return Policy(address(echo), abi.encode(packWindow(validAfter, validUntil)));
    }

    /// @dev A bound below 2^47; every eighth or so is 0.
    function _time(uint48 time) private pure returns (uint48) {
        return time % 8 == 0 ? 0 : uint48(time % TIME_LIMIT);
    }

    function _ones(uint256 length) private pure returns (bytes memory ones) {
        ones = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            ones[i] = 0xff;
        }
    }

    function _question(bytes32 id, Execution memory call, bytes memory config) private view returns (bytes32) {
        return _hashOfQuestion(_budgetId(id, address(recorder), config), call, config);
    }

    function _hashOfQuestion(bytes32 budgetId, Execution memory call, bytes memory config)
        private
        view
        returns (bytes32)
    {
        bytes memory question = abi.encodeCall(
            ICallPolicy.checkCall, (account, budgetId, call.target, call.value, 0, call.callData, config)
        );
        return keccak256(abi.encodePacked(address(manager), question));
    }

    function _budgetId(bytes32 id, address policy, bytes memory config) private pure returns (bytes32) {
        return keccak256(abi.encode(id, policy, keccak256(config)));
    }

    function _refused(bytes32 id, uint256 callIndex, uint256 actionIndex, bytes memory reason)
        private
        view
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            ISessionKeyManager.PolicyRefused.selector, id, callIndex, actionIndex, address(refusing), reason
        );
    }

    function _emptyWindow(bytes32 id, uint256 validAfter, uint256 validUntil) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISessionKeyManager.EmptyWindow.selector, id, validAfter, validUntil);
    }

    function _outOfRange(uint256 time) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISessionKeyManager.TimeOutOfRange.selector, time);
    }
}
