// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Execution} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {ProbePolicy} from "../mocks/ProbePolicy.sol";
import {GrantTest} from "../utils/GrantTest.sol";
import {Random} from "../utils/RandomSession.sol";
import {UseBuilder} from "../utils/UseBuilder.sol";
import {cut} from "../utils/Cut.sol";
import {ICallPolicy} from "contracts/interfaces/ICallPolicy.sol";
import {IOperationPolicy, OperationFacts} from "contracts/interfaces/IOperationPolicy.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {ANY_PAYMASTER, Action, Policy, Session} from "contracts/types/Session.sol";

/// @notice Policies on operations as a whole.
contract SessionKeyManagerOperationPoliciesTest is GrantTest {
    uint256 private constant TIME_LIMIT = 1 << 47;

    ProbePolicy private probe;

    function setUp() public override {
        super.setUp();
        probe = new ProbePolicy();
    }

    /*//////////////////////////////////////////////////////////////
                               QUESTIONS
    //////////////////////////////////////////////////////////////*/

    function testFuzz_ThePolicyIsToldTheCost(
        uint64 pvg,
        uint64 vgl,
        uint64 cgl,
        uint32 paymasterGas,
        uint32 fee,
        address paymaster
    ) external {
        Session memory session = _sessionOf(hex"02");
        session.paymaster = ANY_PAYMASTER;
        session.maxOpCost = type(uint128).max;
        bytes32 id = grant(session);
        PackedUserOperation memory op = opUnder(session, pingCall());
        op.preVerificationGas = pvg;
        op.accountGasLimits = bytes32(uint256(vgl) << 128 | cgl);
        op.gasFees = bytes32(uint256(fee / 2) << 128 | fee);
        // The last 3 bytes are data that is not read.
        op.paymasterAndData =
            abi.encodePacked(paymaster, uint128(paymasterGas), uint128(uint256(paymasterGas) * 2), hex"ffffff");
        assertEq(validate(op), windowOf(session));

        uint256 gas = uint256(pvg) + vgl + cgl + 3 * uint256(paymasterGas);
        _assertAsked(0, _question(id, OperationFacts(gas * fee, paymaster, 1, 0), 0, hex"02"));
        assertEq(probe.count(), 1);
    }

    function testFuzz_ThePolicyIsToldTheCalls(uint8 count, uint48 claimedTime, uint256 seed) external {
        Random memory random = Random(seed);
        Session memory session = _sessionOf(abi.encodePacked(uint8(2), random.content(random.below(70))));
        session.actions[0].maxValue = type(uint256).max;
        bytes32 id = grant(session);

        Execution[] memory calls = new Execution[](bound(count, 1, 40));
        uint256 sum = 0;
        for (uint256 i = 0; i < calls.length; ++i) {
            calls[i] = Execution(target, random.below(1 << 200), abi.encodeWithSelector(PING, i));
            sum += calls[i].value;
        }
        PackedUserOperation memory op = newOp(account, batch(calls));
        op.signature = sign(session, claimedTime, new uint8[](calls.length), OP_HASH);
        assertEq(validate(op), windowOf(session));
        OperationFacts memory facts = OperationFacts(_costOf(op), address(0), calls.length, sum);
        _assertAsked(0, _question(id, facts, claimedTime, session.operationPolicies[0].config));
        assertEq(probe.count(), 1, "once an operation");
    }

    /// @dev Up to 32 calls are an ordinary operation.
    function test_ThePolicyIsToldTheCallsOfABatchWithoutValue() external {
        Session memory session = _sessionOf(hex"02");
        bytes32 id = grant(session);
        for (uint256 count = 1; count <= 40; ++count) {
            Execution[] memory calls = new Execution[](count);
            for (uint256 i = 0; i < count; ++i) {
                calls[i] = Execution(target, 0, abi.encodeWithSelector(PING, i));
            }
            PackedUserOperation memory op = newOp(account, batch(calls));
            op.signature = sign(session, 0, new uint8[](count), OP_HASH);
            assertEq(validate(op), windowOf(session));
            OperationFacts memory facts = OperationFacts(_costOf(op), address(0), count, 0);
            _assertAsked(count - 1, _question(id, facts, 0, hex"02"));
        }
    }

    function testFuzz_TheSumOfTheCallsValuesSaturates(uint256 first, uint256 second, uint256 third) external {
        Session memory session = _sessionOf("");
        session.actions[0].maxValue = type(uint256).max;
        bytes32 id = grant(session);
        Execution[] memory calls = new Execution[](3);
        calls[0] = Execution(target, first, abi.encodeWithSelector(PING));
        calls[1] = Execution(target, second, abi.encodeWithSelector(PING));
        calls[2] = Execution(target, third, abi.encodeWithSelector(PING));
        PackedUserOperation memory op = opUnder(session, batch(calls), new uint8[](3));
        validate(op);
        uint256 sum = type(uint256).max - first < second ? type(uint256).max : first + second;
        sum = type(uint256).max - sum < third ? type(uint256).max : sum + third;
        _assertAsked(0, _question(id, OperationFacts(_costOf(op), address(0), 3, sum), 0, ""));
    }

    function test_TheSumOfTheCallsValuesStaysAtTheMost() external {
        Session memory session = _sessionOf("");
        session.actions[0].maxValue = type(uint256).max;
        bytes32 id = grant(session);
        Execution[] memory calls = new Execution[](3);
        calls[0] = Execution(target, type(uint256).max, abi.encodeWithSelector(PING));
        calls[1] = Execution(target, 1, abi.encodeWithSelector(PING));
        calls[2] = Execution(target, 5, abi.encodeWithSelector(PING));
        PackedUserOperation memory op = opUnder(session, batch(calls), new uint8[](3));
        validate(op);
        _assertAsked(0, _question(id, OperationFacts(_costOf(op), address(0), 3, type(uint256).max), 0, ""));
    }

    function test_WithAWrongSignatureTheCostIsOneWei() external {
        Session memory session = _sessionOf("");
        session.maxOpCost = 0;
        bytes32 id = grant(session);
        PackedUserOperation memory op = opUnder(session, pingCall());
        op.signature[op.signature.length - 2] ^= 0x01;
        op.preVerificationGas = type(uint256).max;
        op.accountGasLimits = bytes32(type(uint256).max);
        op.gasFees = bytes32(type(uint256).max);
        assertEq(validate(op), windowOf(session) | 1);
        _assertAsked(0, _question(id, OperationFacts(1, address(0), 1, 0), 0, ""));
        // Also if the operation is free.
        op.gasFees = 0;
        assertEq(validate(op), windowOf(session) | 1);
        _assertAsked(1, _question(id, OperationFacts(1, address(0), 1, 0), 0, ""));
    }

    function test_AFreeOperationCostsNothing() external {
        Session memory session = _sessionOf("");
        session.maxOpCost = 0;
        bytes32 id = grant(session);
        PackedUserOperation memory op = opUnder(session, pingCall());
        op.gasFees = 0;
        assertEq(validate(op), windowOf(session));
        _assertAsked(0, _question(id, OperationFacts(0, address(0), 1, 0), 0, ""));
    }

    /// @dev First the policies of the calls, then those of the operation, all in order.
    function test_OperationPoliciesAreAskedAfterTheCalls() external {
        Session memory session = _sessionOf(hex"02aa");
        session.operationPolicies = _policies(hex"02aa", hex"02bb");
        session.actions[0].policies = new Policy[](1);
        session.actions[0].policies[0] = Policy(address(probe), hex"02cc");
        bytes32 id = grant(session);
        Execution[] memory calls = new Execution[](2);
        calls[0] = Execution(target, 0, abi.encodeWithSelector(PING, 1));
        calls[1] = Execution(target, 0, abi.encodeWithSelector(PING, 2));
        PackedUserOperation memory op = opUnder(session, batch(calls), claim(0, 0));
        validate(op);

        assertEq(probe.count(), 4);
        for (uint256 i = 0; i < 2; ++i) {
            bytes memory question = abi.encodeCall(
                ICallPolicy.checkCall, (account, _budgetId(id, hex"02cc"), target, 0, 0, calls[i].callData, hex"02cc")
            );
            _assertAsked(i, question);
        }
        OperationFacts memory facts = OperationFacts(_costOf(op), address(0), 2, 0);
        _assertAsked(2, _question(id, facts, 0, hex"02aa"));
        _assertAsked(3, _question(id, facts, 0, hex"02bb"));
    }

    function test_AsManyAs255Policies() external {
        Session memory session = _sessionOf("");
        session.operationPolicies = new Policy[](255);
        for (uint256 i = 0; i < 255; ++i) {
            session.operationPolicies[i] = Policy(address(probe), abi.encodePacked(uint8(2), uint8(i)));
        }
        bytes32 id = grant(session);
        PackedUserOperation memory op = opUnder(session, pingCall());
        assertEq(validate(op), windowOf(session));
        assertEq(probe.count(), 255);
        OperationFacts memory facts = OperationFacts(_costOf(op), address(0), 1, 0);
        for (uint256 i = 0; i < 255; ++i) {
            _assertAsked(i, _question(id, facts, 0, session.operationPolicies[i].config));
        }
        session.operationPolicies[254].config = bytes.concat(hex"01", "the last");
        id = grant(session);
        expectRefused(opUnder(session, pingCall()), _refused(id, 254, "the last"));
    }

    function test_ThePolicyIsAskedAsOftenAsItIsNamed() external {
        Session memory session = _sessionOf("");
        session.operationPolicies = _policies(hex"02", hex"02");
        grant(session);
        validate(opUnder(session, pingCall()));
        assertEq(probe.count(), 2);
        assertEq(probe.asked(0), probe.asked(1));
    }

    function test_LongestConfiguration() external {
        bytes memory config = new bytes(type(uint16).max);
        config[0] = 0x02;
        config[65534] = 0xff;
        Session memory session = _sessionOf(config);
        bytes32 id = grant(session);
        PackedUserOperation memory op = opUnder(session, pingCall());
        assertEq(validate(op), windowOf(session));
        _assertAsked(0, _question(id, OperationFacts(_costOf(op), address(0), 1, 0), 0, config));
    }

    /*//////////////////////////////////////////////////////////////
                                WINDOWS
    //////////////////////////////////////////////////////////////*/

    function testFuzz_WindowsOfCallsAndOperationIntersect(uint48[8] memory bounds) external {
        Session memory session = _sessionOf("");
        session.validAfter = _time(bounds[0]);
        session.validUntil = _time(bounds[1]);
        session.actions[0].policies = new Policy[](1);
        session.actions[0].policies[0] = Policy(address(probe), _answer(_time(bounds[2]), _time(bounds[3])));
        session.operationPolicies =
            _policies(_answer(_time(bounds[4]), _time(bounds[5])), _answer(_time(bounds[6]), _time(bounds[7])));
        bytes32 id = grant(session);

        uint256 validAfter = 0;
        uint256 validUntil = 0;
        for (uint256 i = 0; i < 8; i += 2) {
            uint256 begin = _time(bounds[i]);
            uint256 end = _time(bounds[i + 1]);
            if (begin > validAfter) validAfter = begin;
            if (end != 0 && (validUntil == 0 || end < validUntil)) validUntil = end;
        }
        PackedUserOperation memory op = opUnder(session, pingCall());
        if (validUntil == 0 || validAfter <= validUntil) assertEq(validate(op), packWindow(validAfter, validUntil));
        else expectRefused(op, _empty(id, validAfter, validUntil));
    }

    function test_ThePolicysWindowIsReturned() external {
        Session memory session = _sessionOf(_answer(2_000_000_000, 2_000_000_001));
        session.validAfter = session.validUntil = 0;
        grant(session);
        assertEq(validate(opUnder(session, pingCall())), packWindow(2_000_000_000, 2_000_000_001));
    }

    function test_RevertWhen_ThePolicysWindowIsAfterTheSessions() external {
        uint256 begin = uint256(pingSession().validUntil) + 1;
        Session memory session = _sessionOf(_answer(begin, 0));
        bytes32 id = grant(session);
        expectRefused(opUnder(session, pingCall()), _empty(id, begin, session.validUntil));
    }

    function testFuzz_RevertWhen_ABoundIsOutOfRange(uint48 time, bool end) external {
        uint256 bound_ = bound(time, TIME_LIMIT, type(uint48).max);
        Session memory session = _sessionOf(end ? _answer(0, bound_) : _answer(bound_, 0));
        grant(session);
        expectRefused(
            opUnder(session, pingCall()), abi.encodeWithSelector(ISessionKeyManager.TimeOutOfRange.selector, bound_)
        );
    }

    /*//////////////////////////////////////////////////////////////
                                REFUSALS
    //////////////////////////////////////////////////////////////*/

    function testFuzz_RevertWhen_ThePolicyRefuses(bytes memory reason) external {
        if (reason.length > 2000) reason = "a reason";
        Session memory session = _sessionOf(bytes.concat(hex"01", reason));
        bytes32 id = grant(session);
        expectRefused(opUnder(session, pingCall()), _refused(id, 0, reason));
    }

    function test_RevertWhen_TheSecondPolicyRefuses() external {
        Session memory session = _sessionOf("");
        session.operationPolicies = _policies("", hex"01aa");
        bytes32 id = grant(session);
        expectRefused(opUnder(session, pingCall()), _refused(id, 1, hex"aa"));
        assertEq(probe.count(), 0, "what the first counted is undone");
    }

    function test_RevertWhen_ThePolicyRefusesAWrongSignature() external {
        Session memory session = _sessionOf(hex"01aa");
        bytes32 id = grant(session);
        PackedUserOperation memory op = opUnder(session, pingCall());
        op.signature[op.signature.length - 2] ^= 0x01;
        expectRefused(op, _refused(id, 0, hex"aa"));
    }

    function test_RevertWhen_ACallIsRefusedFirst() external {
        Session memory session = _sessionOf(hex"01aa");
        bytes32 id = grant(session);
        PackedUserOperation memory op = opUnder(session, single(target, 1, abi.encodeWithSelector(PING, 7)));
        expectRefused(op, abi.encodeWithSelector(ISessionKeyManager.ValueExceeded.selector, id, 0, 0, 0, 1));
    }

    function test_RevertWhen_TheAnswerIsNotOneWord() external {
        uint16[6] memory lengths = [0, 1, 31, 33, 64, 1000];
        for (uint256 i = 0; i < lengths.length; ++i) {
            Session memory session = _sessionOf(bytes.concat(hex"00", new bytes(lengths[i])));
            bytes32 id = grant(session);
            expectRefused(opUnder(session, pingCall()), _invalidAnswer(id, address(probe), lengths[i]));
        }
    }

    function test_RevertWhen_ThePolicyHasNoCode() external {
        address[3] memory policies = [address(0), makeAddr("nobody"), address(0xdead)];
        for (uint256 i = 0; i < policies.length; ++i) {
            Session memory session = _sessionOf("");
            session.operationPolicies[0].policy = policies[i];
            bytes32 id = grant(session);
            expectRefused(opUnder(session, pingCall()), _invalidAnswer(id, policies[i], 0));
        }
    }

    function test_RevertWhen_ThePolicyIsTheManager() external {
        Session memory session = _sessionOf("");
        session.operationPolicies[0].policy = address(manager);
        bytes32 id = grant(session);
        expectRefused(
            opUnder(session, pingCall()),
            abi.encodeWithSelector(
                ISessionKeyManager.OperationPolicyRefused.selector, id, 0, address(manager), bytes("")
            )
        );
    }

    function testFuzz_RevertWhen_LowBitsOfTheAnswerAreSet(uint160 low, uint96 window) external {
        vm.assume(low != 0);
        uint256 answer = uint256(window) << 160 | low;
        Session memory session = _sessionOf(abi.encodePacked(uint8(0), answer));
        bytes32 id = grant(session);
        expectRefused(
            opUnder(session, pingCall()),
            abi.encodeWithSelector(ISessionKeyManager.InvalidPolicyValidationData.selector, id, address(probe), answer)
        );
    }

    /*//////////////////////////////////////////////////////////////
                               THE ENCODING
    //////////////////////////////////////////////////////////////*/

    function testFuzz_EveryCanonicalUseIsAccepted(uint256 seed) external {
        (Session memory session, PackedUserOperation memory op) = _randomUse(Random(seed));
        grant(session);
        assertEq(validate(op), windowOf(session));
        assertEq(probe.count(), session.operationPolicies.length);
    }

    function testFuzz_AChangedByteIsNotAccepted(uint256 seed, uint8 bits) external {
        vm.assume(bits != 0);
        Random memory random = Random(seed);
        (Session memory session, PackedUserOperation memory op) = _randomUse(random);
        grant(session);
        uint256 place = random.below(op.signature.length);
        op.signature[place] ^= bytes1(bits);
        assertNotAccepted(op, vm.toString(place));
    }

    function test_EveryFlippedByteIsNotAccepted() external {
        Session memory session = _twoPolicies();
        grant(session);
        PackedUserOperation memory op = opUnder(session, pingCall());
        for (uint256 i = 0; i < op.signature.length; ++i) {
            op.signature[i] ^= 0x01;
            assertNotAccepted(op, vm.toString(i));
            op.signature[i] ^= 0x81;
            assertNotAccepted(op, vm.toString(i));
            op.signature[i] ^= 0x80;
        }
    }

    function test_RevertWhen_TheUseEndsAnywhere() external {
        Session memory session = _twoPolicies();
        grant(session);
        PackedUserOperation memory op = opUnder(session, pingCall());
        uint256 use = op.signature.length - 65;
        bytes memory whole = op.signature;
        bytes memory asked = abi.encodeCall(manager.validateUserOp, (op, OP_HASH));
        uint256 position = asked.length - (whole.length + 31) / 32 * 32 - 32;
        for (uint256 length = 0; length < use; ++length) {
            // What is missing reads as zero, or follows behind the end.
            op.signature = cut(whole, 0, length);
            _assertNonCanonical(abi.encodeCall(manager.validateUserOp, (op, OP_HASH)), length);
            assembly ("memory-safe") {
                mstore(add(add(asked, 32), position), length)
            }
            _assertNonCanonical(asked, length);
        }
    }

    function test_RevertWhen_PoliciesAreLeftOutAddedOrReordered() external {
        Session memory session = _sessionOf("");
        session.operationPolicies = _policies(hex"01aa", hex"02");
        grant(session);
        session.operationPolicies = _policies(hex"02", hex"01aa");
        expectRefused(opUnder(session, pingCall()), notGranted(session));
        session.operationPolicies = new Policy[](1);
        session.operationPolicies[0] = Policy(address(probe), hex"02");
        expectRefused(opUnder(session, pingCall()), notGranted(session));
        session.operationPolicies = new Policy[](0);
        expectRefused(opUnder(session, pingCall()), notGranted(session));
        session.operationPolicies = new Policy[](3);
        session.operationPolicies[0] = Policy(address(probe), hex"01aa");
        session.operationPolicies[1] = Policy(address(probe), hex"02");
        expectRefused(opUnder(session, pingCall()), notGranted(session));
    }

    /// @dev The boundary between two configurations cannot be moved.
    function test_RevertWhen_BytesMoveBetweenPolicies() external {
        Session memory session = _sessionOf("");
        session.operationPolicies = _policies(hex"02aabb", hex"02");
        grant(session);
        session.operationPolicies = _policies(hex"02aa", hex"02bb");
        expectRefused(opUnder(session, pingCall()), notGranted(session));
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    /// @dev {pingSession} with one operation policy.
    function _sessionOf(bytes memory config) private view returns (Session memory session) {
        session = pingSession();
        session.operationPolicies = new Policy[](1);
        session.operationPolicies[0] = Policy(address(probe), config);
    }

    function _policies(bytes memory first, bytes memory second) private view returns (Policy[] memory policies) {
        policies = new Policy[](2);
        policies[0] = Policy(address(probe), first);
        policies[1] = Policy(address(probe), second);
    }

    function _twoPolicies() private view returns (Session memory session) {
        session = _sessionOf("");
        session.operationPolicies = _policies(hex"02aabbcc", "");
        session.signaturePolicies = _policies("some", "more");
    }

    function _randomUse(Random memory random) private returns (Session memory session, PackedUserOperation memory op) {
        session = pingSession();
        session.signaturePolicies = random.policies(1);
        session.operationPolicies = random.policies(4);
        for (uint256 i = 0; i < session.operationPolicies.length; ++i) {
            session.operationPolicies[i].policy = address(probe);
            if (session.operationPolicies[i].config.length > 0) session.operationPolicies[i].config[0] = 0x02;
        }
        op = opUnder(session, pingCall());
    }

    function _assertNonCanonical(bytes memory asked, uint256 length) private {
        vm.prank(account);
        (bool success, bytes memory reason) = address(manager).call(asked);
        assertFalse(success);
        // At a length of policies that is cut off, the rest is refused for what it seems to be.
        assertEq(bytes4(reason), ISessionKeyManager.NonCanonicalUse.selector, vm.toString(length));
    }

    function _costOf(PackedUserOperation memory op) private pure returns (uint256) {
        uint256 limits = uint256(op.accountGasLimits);
        return (op.preVerificationGas + (limits >> 128) + uint128(limits)) * uint128(uint256(op.gasFees));
    }

    function _time(uint48 time) private pure returns (uint48) {
        return uint48(time % TIME_LIMIT);
    }

    function _answer(uint256 validAfter, uint256 validUntil) private pure returns (bytes memory) {
        return abi.encodePacked(uint8(0), packWindow(validAfter, validUntil));
    }

    function _budgetId(bytes32 id, bytes memory config) private view returns (bytes32) {
        return keccak256(abi.encode(id, address(probe), keccak256(config)));
    }

    function _question(bytes32 id, OperationFacts memory facts, uint256 claimedTime, bytes memory config)
        private
        view
        returns (bytes memory)
    {
        return abi.encodeCall(
            IOperationPolicy.checkOperation, (account, _budgetId(id, config), facts, claimedTime, config)
        );
    }

    function _assertAsked(uint256 index, bytes memory question) private view {
        assertEq(probe.asked(index), abi.encodePacked(address(manager), question));
    }

    function _refused(bytes32 id, uint256 index, bytes memory reason) private view returns (bytes memory) {
        return
            abi.encodeWithSelector(
                ISessionKeyManager.OperationPolicyRefused.selector, id, index, address(probe), reason
            );
    }

    function _invalidAnswer(bytes32 id, address policy, uint256 length) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISessionKeyManager.InvalidPolicyAnswer.selector, id, policy, length);
    }

    function _empty(bytes32 id, uint256 validAfter, uint256 validUntil) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISessionKeyManager.EmptyWindow.selector, id, validAfter, validUntil);
    }
}

/// @notice Calls with claim 255: the session key revokes its own session.
contract SessionKeyManagerOwnRevocationTest is GrantTest {
    uint8 private constant OWN_REVOCATION = 255;

    /*//////////////////////////////////////////////////////////////
                                ACCEPTED
    //////////////////////////////////////////////////////////////*/

    function test_Alone() external {
        Session memory session = pingSession();
        bytes32 id = grant(session);
        bytes memory data = abi.encodeCall(manager.revokeSessions, (ids(id)));
        PackedUserOperation memory op = _opAlone(session, single(address(manager), 0, data));
        assertEq(validate(op), windowOf(session));
        assertEq(uint256(manager.sessionStatus(account, id)), 1, "not before it is executed");
        _execute(address(manager), data);
        assertEq(uint256(manager.sessionStatus(account, id)), 2);
        expectRefused(op, revokedError(id));
        expectRefused(opUnder(session, pingCall()), revokedError(id));
    }

    function test_InABatchAtEachPlace() external {
        Session memory session = pingSession();
        bytes32 id = grant(session);
        for (uint256 place = 0; place < 3; ++place) {
            Execution[] memory calls = new Execution[](3);
            uint8[] memory claims = new uint8[](3);
            for (uint256 i = 0; i < 3; ++i) {
                calls[i] = i == place ? _revocation(id) : Execution(target, 0, abi.encodeWithSelector(PING, i));
            }
            claims[place] = OWN_REVOCATION;
            assertEq(validate(_op(session, batch(calls), claims, 1)), windowOf(session));
        }
    }

    function test_Twice() external {
        Session memory session = pingSession();
        bytes32 id = grant(session);
        Execution[] memory calls = new Execution[](2);
        calls[0] = calls[1] = _revocation(id);
        assertEq(validate(_op(session, batch(calls), claim(255, 255), 0)), windowOf(session));
    }

    function test_OfASessionWith255Actions() external {
        Session memory session = newSession(account);
        session.actions = new Action[](255);
        for (uint256 i = 0; i < 255; ++i) {
            session.actions[i] = newAction(target, PING);
        }
        bytes32 id = grant(session);
        bytes memory data = single(address(manager), 0, _revocation(id).callData);
        assertEq(validate(_op(session, data, claim(255), 0)), windowOf(session));
        // 255 is no action: it cannot be revealed.
        bytes memory use = UseBuilder.pack(session, 0, claim(255), 0);
        use[97 + 20 + 2] = 0x80;
        PackedUserOperation memory op = newOp(account, data);
        op.signature = signUse(use, id, OP_HASH);
        expectRefused(op, nonCanonical(97 + 20 + 2));
    }

    function test_OfASessionUnderARoot() external {
        Session memory session = pingSession();
        bytes32 id = UseBuilder.hash(session);
        bytes32 sibling = bytes32(uint256(id) + 1);
        bytes32 root = keccak256(abi.encodePacked(id, sibling));
        vm.prank(account);
        manager.grantSessions(ids(root));
        Execution memory call = _revocation(id);
        bytes memory use = UseBuilder.withProof(UseBuilder.pack(session, 0, claim(255), 0), ids(sibling));
        PackedUserOperation memory op = newOp(account, single(call.target, 0, call.callData));
        op.signature = signUse(use, id, OP_HASH);
        assertEq(validate(op), windowOf(session));
        _execute(call.target, call.callData);
        expectRefused(op, revokedError(id));
        expectRefused(opWithProof(session, ids(sibling)), revokedError(id));
    }

    /// @dev The owner's signature, used or not, does not bring it back.
    function test_InTheFirstUseOfASignedGrant() external {
        Session memory session = pingSession();
        bytes32 id = UseBuilder.hash(session);
        signBundle(ids(id), OWNERS_SIGNATURE);
        Execution memory call = _revocation(id);
        bytes memory use =
            UseBuilder.withGrant(UseBuilder.pack(session, 0, claim(255), 0), ids(id), 0, OWNERS_SIGNATURE);
        PackedUserOperation memory op = newOp(account, single(call.target, 0, call.callData));
        op.signature = signUse(use, id, OP_HASH);
        assertEq(validate(op), windowOf(session));
        _execute(call.target, call.callData);
        expectRefused(op, revokedError(id));
        expectRefused(opWithGrant(session, OWNERS_SIGNATURE), revokedError(id));
    }

    /// @dev An operation policy counts the call; no policy of an action is asked.
    function test_OperationPoliciesAreAsked() external {
        ProbePolicy probe = new ProbePolicy();
        Session memory session = pingSession();
        session.actions[0].policies = new Policy[](1);
        session.actions[0].policies[0] = Policy(address(probe), "");
        session.operationPolicies = session.actions[0].policies;
        bytes32 id = grant(session);
        PackedUserOperation memory op = _opAlone(session, single(address(manager), 0, _revocation(id).callData));
        validate(op);
        assertEq(probe.count(), 1);
        bytes32 budgetId = keccak256(abi.encode(id, address(probe), keccak256("")));
        OperationFacts memory facts = OperationFacts(2_000_000 * 1 gwei, address(0), 1, 0);
        bytes memory question = abi.encodeCall(IOperationPolicy.checkOperation, (account, budgetId, facts, 0, ""));
        assertEq(probe.asked(0), abi.encodePacked(address(manager), question));
    }

    function test_AWrongSignatureIsReported() external {
        Session memory session = pingSession();
        bytes32 id = grant(session);
        PackedUserOperation memory op = _opAlone(session, single(address(manager), 0, _revocation(id).callData));
        op.signature[op.signature.length - 2] ^= 0x01;
        assertEq(validate(op), windowOf(session) | 1);
    }

    /*//////////////////////////////////////////////////////////////
                                REFUSED
    //////////////////////////////////////////////////////////////*/

    function testFuzz_RevertWhen_AnotherSessionIsRevoked(bytes32 other) external {
        bytes32 id = grant(pingSession());
        vm.assume(other != id);
        _expectRefused(address(manager), 0, abi.encodeCall(manager.revokeSessions, (ids(other))));
        _expectRefused(address(manager), 0, abi.encodeCall(manager.revokeSessions, (ids(id, other))));
        _expectRefused(address(manager), 0, abi.encodeCall(manager.revokeSessions, (ids(other, id))));
    }

    function test_RevertWhen_ItIsNotOneId() external {
        bytes32 id = grant(pingSession());
        _expectRefused(address(manager), 0, abi.encodeCall(manager.revokeSessions, (ids(id, id))));
        _expectRefused(address(manager), 0, abi.encodeCall(manager.revokeSessions, (new bytes32[](0))));
    }

    function test_RevertWhen_TheEncodingIsNotCanonical() external {
        bytes32 id = grant(pingSession());
        bytes4 selector = manager.revokeSessions.selector;
        bytes[8] memory encodings = [
            bytes(""),
            abi.encodePacked(selector),
            abi.encodeWithSelector(selector, 0x20, 1),
            // A byte short, a byte and a word too many.
            cut(_revocation(id).callData, 0, 99),
            bytes.concat(_revocation(id).callData, hex"00"),
            bytes.concat(_revocation(id).callData, bytes32(0)),
            // A list that begins further on, and one that is longer than it seems.
            abi.encodeWithSelector(selector, 0x40, 0, 1, id),
            abi.encodeWithSelector(selector, 0x20, 2, id)
        ];
        for (uint256 i = 0; i < encodings.length; ++i) {
            _expectRefused(address(manager), 0, encodings[i]);
        }
    }

    function test_RevertWhen_AnyByteIsAnother() external {
        bytes memory data = _revocation(grant(pingSession())).callData;
        assertEq(data.length, 100);
        for (uint256 i = 0; i < data.length; ++i) {
            data[i] ^= 0x01;
            _expectRefused(address(manager), 0, data);
            data[i] ^= 0x01;
        }
    }

    function testFuzz_RevertWhen_ItSendsValue(uint256 value) external {
        vm.assume(value != 0);
        _expectRefused(address(manager), value, _revocation(grant(pingSession())).callData);
    }

    function test_RevertWhen_TheTargetIsAnother() external {
        bytes memory data = _revocation(grant(pingSession())).callData;
        address another = deployCode("SessionKeyManager.sol:SessionKeyManager");
        address[4] memory targets = [address(0), account, target, another];
        for (uint256 i = 0; i < 4; ++i) {
            _expectRefused(targets[i], 0, data);
        }
    }

    function test_RevertWhen_TheFunctionIsAnother() external {
        bytes32[] memory list = ids(grant(pingSession()));
        _expectRefused(address(manager), 0, abi.encodeCall(manager.grantSessions, (list)));
        _expectRefused(address(manager), 0, abi.encodeCall(manager.revokeAll, (1)));
        _expectRefused(address(manager), 0, abi.encodeCall(manager.setSignedGrants, (ANY_RULE)));
        _expectRefused(address(manager), 0, abi.encodeCall(manager.onUninstall, ("")));
    }

    function test_RevertWhen_ALaterCallIsNoRevocation() external {
        Session memory session = pingSession();
        bytes32 id = grant(session);
        Execution[] memory calls = new Execution[](2);
        calls[0] = calls[1] = Execution(target, 0, abi.encodeWithSelector(PING));
        expectRefused(_op(session, batch(calls), claim(0, 255), 1), _notOwn(id, 1));
    }

    /// @dev Through an action, however wide, the manager is no target.
    function test_RevertWhen_TheRevocationClaimsAnAction() external {
        Session memory session = sessionWith(newAction(address(manager), manager.revokeSessions.selector));
        bytes32 id = grant(session);
        expectRefused(
            opUnder(session, single(address(manager), 0, _revocation(id).callData)),
            abi.encodeWithSelector(ISessionKeyManager.TargetForbidden.selector, id, 0, address(manager))
        );
    }

    function test_RevertWhen_AnActionIsRevealedThatNothingClaims() external {
        Session memory session = pingSession();
        bytes32 id = grant(session);
        expectRefused(
            _op(session, single(address(manager), 0, _revocation(id).callData), claim(255), 1),
            abi.encodeWithSelector(ISessionKeyManager.ActionNotClaimed.selector, 1)
        );
    }

    function test_RevertWhen_TheSessionIsNotGranted() external {
        Session memory session = pingSession();
        bytes32 id = UseBuilder.hash(session);
        expectRefused(_opAlone(session, single(address(manager), 0, _revocation(id).callData)), notGranted(session));
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    function _revocation(bytes32 id) private view returns (Execution memory) {
        return Execution(address(manager), 0, abi.encodeCall(manager.revokeSessions, (ids(id))));
    }

    function _op(Session memory session, bytes memory callData, uint8[] memory claims, uint256 revealed)
        private
        returns (PackedUserOperation memory op)
    {
        op = newOp(account, callData);
        bytes memory use = UseBuilder.pack(session, 0, claims, revealed);
        op.signature = signUse(use, UseBuilder.hash(session), OP_HASH);
    }

    function _opAlone(Session memory session, bytes memory callData) private returns (PackedUserOperation memory) {
        return _op(session, callData, claim(OWN_REVOCATION), 0);
    }

    /// @dev What the account does when the EntryPoint has it execute the call.
    function _execute(address to, bytes memory data) private {
        vm.prank(account);
        (bool success,) = to.call(data);
        assertTrue(success);
    }

    function _expectRefused(address to, uint256 value, bytes memory data) private {
        Session memory session = pingSession();
        expectRefused(_opAlone(session, single(to, value, data)), _notOwn(UseBuilder.hash(session), 0));
    }

    function _notOwn(bytes32 id, uint256 callIndex) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISessionKeyManager.NotOwnRevocation.selector, id, callIndex);
    }
}

/// @notice What an operation may bring along to be run before it is validated.
contract SessionKeyManagerInitCodeTest is GrantTest {
    /// @dev EntryPoint v0.8: the marker, filled up to the size of a factory's address.
    bytes20 private constant MARKER = bytes20(bytes2(0x7702));

    function testFuzz_AFactoryMayDeployTheAccount(address factory, bytes calldata data) external {
        vm.assume(bytes20(factory) != MARKER);
        _assertAccepted(abi.encodePacked(factory, data));
    }

    /// @dev The EntryPoint compares all 20 bytes with the marker.
    function testFuzz_SoMayAFactoryWhoseAddressBeginsLikeTheMarker(uint144 rest, bytes calldata data) external {
        vm.assume(rest != 0);
        _assertAccepted(abi.encodePacked(bytes2(0x7702), rest, data));
    }

    function test_AFactoryThatIsNearTheMarker() external {
        _assertAccepted(abi.encodePacked(bytes20(uint160(MARKER) | 1), hex"ff"));
        _assertAccepted(abi.encodePacked(bytes20(uint160(MARKER) ^ 1 << 144), hex"ff"));
    }

    function test_NothingOrTheMarkerAlone() external {
        _assertAccepted("");
        _assertAccepted(hex"7702");
        for (uint256 length = 1; length <= 20; ++length) {
            _assertAccepted(cut(abi.encodePacked(MARKER), 0, length));
        }
    }

    function testFuzz_RevertWhen_AnAccountUnder7702GetsACall(bytes calldata data) external {
        vm.assume(data.length > 0);
        _expectRefused(abi.encodePacked(MARKER, data));
    }

    function test_RevertWhen_TheCallIsOneByte() external {
        _expectRefused(abi.encodePacked(MARKER, hex"00"));
    }

    function _assertAccepted(bytes memory initCode) private {
        Session memory session = pingSession();
        grant(session);
        PackedUserOperation memory op = opUnder(session, pingCall());
        op.initCode = initCode;
        assertEq(validate(op), windowOf(session));
    }

    function _expectRefused(bytes memory initCode) private {
        Session memory session = pingSession();
        grant(session);
        PackedUserOperation memory op = opUnder(session, pingCall());
        op.initCode = initCode;
        expectRefused(op, abi.encodeWithSelector(ISessionKeyManager.InitializerNotAllowed.selector, initCode.length));
    }
}
