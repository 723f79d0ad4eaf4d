// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Execution} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {Answers} from "../mocks/Answers.sol";
import {RecordingPolicy} from "../mocks/RecordingPolicy.sol";
import {GrantTest} from "../utils/GrantTest.sol";
import {Random} from "../utils/RandomSession.sol";
import {UseBuilder} from "../utils/UseBuilder.sol";
import {UseMutation} from "../utils/UseMutation.sol";
import {ReadUse, UseReader} from "../utils/UseReader.sol";
import {cut} from "../utils/Cut.sol";
import {ICallPolicy} from "contracts/interfaces/ICallPolicy.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {
    ANY_PAYMASTER,
    ANY_SELECTOR,
    ANY_TARGET,
    Action,
    NO_CALLDATA,
    Policy,
    Session,
    SessionStatus
} from "contracts/types/Session.sol";

/// @notice What a hostile session key can write in place of a use and sign: valid uses, changed field by field and signed
/// again, so that it is the decoder and not the signature that refuses them. {UseReader} reads each of them too, by what the
/// documentation says. The manager accepts what {UseReader} reads as a granted session that allows the calls by their claims,
/// and that alone; else it refuses, with the error that what was read calls for.
contract SessionKeyManagerEncodingTest is GrantTest {
    /// What the manager must answer to.
    enum Outcome {
        Accepted,
        /// No use can be read.
        NotCanonical,
        /// Another session is read, which is not granted, is of another epoch, or whose key, paymaster or cost is another.
        AnotherSession,
        /// The session does not allow the calls, or not by these claims.
        CallsRefused
    }

    /// A valid use, and the operation that it is for.
    struct Case {
        Session session;
        Execution[] calls;
        bytes use;
        bytes32[] bundle;
        /// Whether the session was granted before; else the use says what grants it, if it says so.
        bool granted;
        /// Whether the account's owner would grant whatever is read.
        bool generous;
    }

    UseReader private reader;
    RecordingPolicy private recorder;
    /// A policy of operations. Accepts everything.
    address private yes;

    mapping(Outcome outcome => uint256) private times;
    /// Of those that were accepted: other bytes than those of the valid use, and of these as an ordinary use.
    uint256 private others;
    uint256 private withEvidence;

    function setUp() public override {
        super.setUp();
        Answers(account).otherwiseRevert("");
        reader = new UseReader();
        recorder = new RecordingPolicy();
        yes = address(new Answers());
        Answers(yes).otherwise(abi.encode(0));
    }

    /*//////////////////////////////////////////////////////////////
                                 TESTS
    //////////////////////////////////////////////////////////////*/

    /// @dev {UseReader} itself: it reads what {UseBuilder} writes, with the id that the manager computes.
    function testFuzz_AValidUseIsReadAndAccepted(uint256 seed) external {
        Case memory c = _newCase(Random(seed));
        ReadUse memory use = reader.read(c.use, c.calls.length, account);
        assertEq(use.size, c.use.length);
        assertEq(use.id, UseBuilder.hash(c.session));
        assertEq(use.id, manager.hashSession(c.session));
        assertEq(reader.write(use), c.use);
        assertEq(uint256(_try(c, c.use)), uint256(Outcome.Accepted));
    }

    function testFuzz_AMutatedUseIsAcceptedOnlyAsWhatItIsReadAs(uint256 seed) external {
        Random memory random = Random(seed);
        Case memory c = _newCase(random);
        _try(c, _mutate(c, c.use, random));
    }

    function testFuzz_ATwiceMutatedUseIsAcceptedOnlyAsWhatItIsReadAs(uint256 seed) external {
        Random memory random = Random(seed);
        Case memory c = _newCase(random);
        _try(c, _mutate(c, _mutate(c, c.use, random), random));
    }

    /// @notice Each outcome is frequent: without that, the tests above say little.
    function test_MutatedUsesAreAcceptedAndRefused() external {
        vm.pauseGasMetering();
        for (uint256 i = 0; i < 1000; ++i) {
            Random memory random = Random(uint256(keccak256(abi.encode("mutated use", i))));
            uint256 before = vm.snapshotState();
            Case memory c = _newCase(random);
            bytes memory use = _mutate(c, c.use, random);
            Outcome outcome = _try(c, use);
            assertTrue(vm.revertToStateAndDelete(before));
            times[outcome]++;
            if (outcome != Outcome.Accepted || keccak256(use) == keccak256(c.use)) continue;
            others++;
            if (uint8(use[0]) & 12 != 0) withEvidence++;
        }
        emit log_named_uint("accepted", times[Outcome.Accepted]);
        emit log_named_uint("of these with other bytes", others);
        emit log_named_uint("and with a proof or a grant", withEvidence);
        emit log_named_uint("not canonical", times[Outcome.NotCanonical]);
        emit log_named_uint("another session", times[Outcome.AnotherSession]);
        emit log_named_uint("calls refused", times[Outcome.CallsRefused]);
        assertGt(others, 100);
        assertGt(withEvidence, 50);
        assertGt(times[Outcome.NotCanonical], 200);
        assertGt(times[Outcome.AnotherSession], 200);
        assertGt(times[Outcome.CallsRefused], 20);
    }

    /*//////////////////////////////////////////////////////////////
                                 CASES
    //////////////////////////////////////////////////////////////*/

    function _newCase(Random memory random) private returns (Case memory c) {
        bool ordinary = random.below(2) == 0;
        c.session = _newSession(random, ordinary);
        c.calls = new Execution[](1 + random.below(3));
        uint8[] memory claims = new uint8[](c.calls.length);
        for (uint256 i = 0; i < c.calls.length; ++i) {
            claims[i] = ordinary && i > 0 ? claims[0] : uint8(random.below(c.session.actions.length));
            c.calls[i] = _callUnder(c.session.actions[claims[i]], random);
        }
        c.use = UseBuilder.pack(c.session, uint48(bytes6(random.word())), claims);
        c.generous = random.below(3) > 0;
        c.granted = random.below(2) == 0;
        _addEvidence(c, random);
        if (c.granted) grant(c.session);
    }

    function _newSession(Random memory random, bool ordinary) private view returns (Session memory session) {
        session = random.session(0);
        session.account = account;
        session.chainId = random.below(2) == 0 ? 0 : block.chainid;
        session.epoch = 0;
        session.validAfter = uint48(random.below(1 << 46));
        session.validUntil = random.below(3) == 0 ? 0 : uint48((1 << 46) + random.below(1 << 46));
        session.sessionKey = abi.encodePacked(key.addr);
        session.paymaster = random.below(2) == 0 ? address(0) : ANY_PAYMASTER;
        session.maxOpCost |= 1 << 100;
        if (ordinary) session.signaturePolicies = new Policy[](0);
        for (uint256 i = 0; i < session.operationPolicies.length; ++i) {
            session.operationPolicies[i].policy = yes;
        }
        session.actions = new Action[](1 + random.below(3));
        for (uint256 i = 0; i < session.actions.length; ++i) {
            // Some are alike, so that a call may claim another.
            bool again = i > 0 && random.below(3) == 0;
            session.actions[i] = again ? session.actions[i - 1] : _newAction(random, ordinary);
        }
    }

    function _newAction(Random memory random, bool ordinary) private view returns (Action memory action) {
        action = random.action();
        for (uint256 i = 0; i < action.policies.length; ++i) {
            action.policies[i].policy = address(recorder);
        }
        if (ordinary) {
            action.maxValue = 0;
            return action;
        }
        uint256 kind = random.below(4);
        if (kind == 0) action.target = ANY_TARGET;
        if (kind == 1) action.selector = ANY_SELECTOR;
        if (kind == 2) action.selector = NO_CALLDATA;
    }

    function _callUnder(Action memory action, Random memory random) private pure returns (Execution memory call) {
        call.target = action.target == ANY_TARGET ? random.location() : action.target;
        call.value = action.maxValue == 0 ? 0 : random.below(action.maxValue);
        if (action.selector == NO_CALLDATA) return call;
        bytes4 selector = action.selector == ANY_SELECTOR ? bytes4(random.word()) : action.selector;
        call.callData = bytes.concat(selector, random.content(random.below(40)));
    }

    /// @dev Nothing, a proof, or a grant, with or without a publication. What it shows is so, unless it does not matter.
    function _addEvidence(Case memory c, Random memory random) private {
        bytes32 id = UseBuilder.hash(c.session);
        uint256 kind = random.below(4);
        if (kind == 0) {
            c.granted = true;
        } else if (kind == 1) {
            bytes32[] memory proof = new bytes32[](1 + random.below(3));
            for (uint256 i = 0; i < proof.length; ++i) {
                proof[i] = random.word();
            }
            c.use = UseBuilder.withProof(c.use, proof);
            if (!c.granted) _grant(_rootOf(id, proof));
        } else {
            uint256 size = 1 + random.below(3);
            uint256 place = random.below(size);
            c.bundle = bundleOf(c.session, size, place);
            bytes memory signature = random.content(random.below(70));
            signBundle(c.bundle, signature);
            c.use = UseBuilder.withGrant(c.use, c.bundle, uint8(place), signature);
            if (kind == 3) c.use = UseBuilder.withPublication(c.use, c.session);
        }
    }

    /// @dev What was mutated before may be no use any more: then by the fields of the valid one, as far as they are there.
    function _mutate(Case memory c, bytes memory use, Random memory random) private view returns (bytes memory) {
        ReadUse memory read;
        try reader.read(use, c.calls.length, account) returns (ReadUse memory whole) {
            read = whole;
        } catch {
            read = reader.read(c.use, c.calls.length, account);
        }
        // Another flag, with what it announces, or without.
        if (random.below(12) == 0) {
            read.flags ^= uint8(2 ** random.below(6));
            return reader.write(read);
        }
        uint256 count = 0;
        while (count < read.fields.length && read.fields[count] < use.length) ++count;
        uint256[] memory fields = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            fields[i] = read.fields[i];
        }
        return count == 0 ? random.content(1 + random.below(200)) : UseMutation.mutate(use, fields, random);
    }

    /*//////////////////////////////////////////////////////////////
                          WHAT MUST COME OF THEM
    //////////////////////////////////////////////////////////////*/

    /// @dev Signs `use` and asks the manager: it must answer as {UseReader} says.
    function _try(Case memory c, bytes memory use) private returns (Outcome outcome) {
        PackedUserOperation memory op = newOp(account, batch(c.calls));
        if (c.calls.length == 1) op.callData = single(c.calls[0].target, c.calls[0].value, c.calls[0].callData);
        ReadUse memory read;
        bool canonical = true;
        // The use may end before or behind its bytes: in the key's signature. That makes no session of another id valid.
        op.signature = signUse(use, UseBuilder.hash(c.session), OP_HASH);
        try reader.read(op.signature, c.calls.length, account) returns (ReadUse memory whole) {
            read = whole;
        } catch (bytes memory reason) {
            assertEq(bytes4(reason), UseReader.NotCanonical.selector, vm.toString(reason));
            canonical = false;
        }
        if (canonical && read.size <= use.length) {
            op.signature = signUse(use, read.id, OP_HASH);
            assertEq(reader.write(read), cut(use, 0, read.size), "the one encoding");
        }
        if (canonical && c.generous && manager.sessionStatus(account, read.id) == SessionStatus.None) _grant(read.id);
        return canonical ? _checkRead(c, read, op) : _checkNotCanonical(op);
    }

    function _checkNotCanonical(PackedUserOperation memory op) private returns (Outcome) {
        (bool success, bytes memory reason) = attempt(op);
        assertFalse(success, "accepted, though no use");
        assertEq(bytes4(reason), ISessionKeyManager.NonCanonicalUse.selector, vm.toString(reason));
        assertEq(reason.length, 36);
        return Outcome.NotCanonical;
    }

    function _checkRead(Case memory c, ReadUse memory read, PackedUserOperation memory op) private returns (Outcome) {
        uint256 signatureLength = op.signature.length - read.size;
        (bool refused, bytes memory expected) = _refusalOfSession(c, read, signatureLength);
        (bool success, bytes memory result) = attempt(op);
        if (refused) {
            assertTrue(!success || uint160(abi.decode(result, (uint256))) == 1, "another session is accepted");
            if (expected.length != 0) assertEq(result, expected);
            return Outcome.AnotherSession;
        }
        // Signed by the key over these bytes.
        if (!_allowsCalls(c, read)) {
            assertFalse(success, "calls are accepted that no action allows");
            assertGe(result.length, 4, "a typed error");
            assertNotEq(bytes4(result), ISessionKeyManager.NonCanonicalUse.selector, "though it is read");
            return Outcome.CallsRefused;
        }
        assertTrue(success, vm.toString(result));
        assertEq(abi.decode(result, (uint256)), windowOf(read.session));
        _assertAsked(c, read);
        return Outcome.Accepted;
    }

    /// @dev Whether it is refused for what the session is, and with which error if that is certain.
    function _refusalOfSession(Case memory c, ReadUse memory read, uint256 signatureLength)
        private
        view
        returns (bool, bytes memory)
    {
        Session memory session = read.session;
        if (session.epoch != 0) return (true, epochError(read.id, session.epoch));
        if (manager.sessionStatus(account, read.id) != SessionStatus.Granted) {
            (bool refused, bytes memory error) = _refusalOfEvidence(c, read);
            if (refused) return (true, error);
        }
        if (session.sessionKey.length != 20) return (true, "");
        bool isKey = keccak256(session.sessionKey) == keccak256(abi.encodePacked(key.addr));
        if (signatureLength != 65) {
            // The zero key has an error of its own.
            return (
                true,
                isKey
                    ? abi.encodeWithSelector(ISessionKeyManager.InvalidSignatureLength.selector, 65, signatureLength)
                    : bytes("")
            );
        }
        if (!isKey) return (true, "");
        if (session.paymaster != address(0) && session.paymaster != ANY_PAYMASTER) {
            return (
                true,
                abi.encodeWithSelector(
                    ISessionKeyManager.PaymasterNotAllowed.selector, read.id, session.paymaster, address(0)
                )
            );
        }
        if (session.maxOpCost < 0.002 ether) {
            return (
                true,
                abi.encodeWithSelector(
                    ISessionKeyManager.OpCostExceeded.selector, read.id, session.maxOpCost, 0.002 ether
                )
            );
        }
        bool late = session.validAfter >= 1 << 47 || session.validUntil >= 1 << 47;
        bool empty = session.validUntil != 0 && session.validAfter > session.validUntil;
        return (late || empty, "");
    }

    /// @dev Whether what the use brings does not grant the session, and what the error is.
    function _refusalOfEvidence(Case memory c, ReadUse memory read) private view returns (bool, bytes memory) {
        if (read.flags & 4 != 0) {
            bytes32 root = _rootOf(read.id, read.proof);
            if (manager.sessionStatus(account, root) == SessionStatus.Granted) return (false, "");
            return (true, abi.encodeWithSelector(ISessionKeyManager.RootNotGranted.selector, read.id, root));
        }
        if (read.flags & 8 == 0) {
            return (true, abi.encodeWithSelector(ISessionKeyManager.SessionNotGranted.selector, read.id));
        }
        bytes32[] memory bundle = new bytes32[](read.others.length + 1);
        for (uint256 i = 0; i < bundle.length; ++i) {
            bundle[i] = i == read.place ? read.id : read.others[i < read.place ? i : i - 1];
        }
        // The owner has signed one bundle, and no other signature of the same is taken either.
        (bool taken,) = account.staticcall(question(bundle, read.ownersSignature));
        if (!taken) return (true, notSigned(read.id, bundleDigest(address(manager), bundle), ""));
        assertEq(abi.encode(bundle), abi.encode(c.bundle));
        // Only this session has this id.
        if (read.flags & 16 != 0 && keccak256(read.publication) != keccak256(abi.encode(c.session))) return (true, "");
        return (false, "");
    }

    /// @dev Whether each call is what the action allows that it claims, and each revealed action is claimed.
    function _allowsCalls(Case memory c, ReadUse memory read) private view returns (bool) {
        for (uint256 i = 0; i < read.session.operationPolicies.length; ++i) {
            if (read.session.operationPolicies[i].policy != yes) return false;
        }
        bool[] memory claimed = new bool[](read.actions.length);
        for (uint256 i = 0; i < c.calls.length; ++i) {
            uint256 index = read.claims[i];
            if (index >= read.actions.length || !read.actions[index].revealed) return false;
            if (!_allows(read.actions[index].action, c.calls[i])) return false;
            claimed[index] = true;
        }
        for (uint256 i = 0; i < claimed.length; ++i) {
            if (claimed[i] != read.actions[i].revealed) return false;
        }
        return true;
    }

    function _allows(Action memory action, Execution memory call) private view returns (bool) {
        for (uint256 i = 0; i < action.policies.length; ++i) {
            address policy = action.policies[i].policy;
            if (policy != address(recorder) && policy != yes) return false;
        }
        bool anyTarget = action.target == ANY_TARGET;
        bool anySelector = action.selector == ANY_SELECTOR;
        if (anyTarget ? anySelector : call.target != action.target) return false;
        if (call.value > action.maxValue) return false;
        if (call.callData.length == 0) return action.selector == NO_CALLDATA;
        return anySelector || (action.selector != NO_CALLDATA && bytes4(call.callData) == action.selector);
    }

    /// @dev The policies of the claimed actions, and no others, were asked about the calls, in order.
    function _assertAsked(Case memory c, ReadUse memory read) private view {
        uint256 asked = 0;
        for (uint256 i = 0; i < c.calls.length; ++i) {
            Policy[] memory policies = read.actions[read.claims[i]].action.policies;
            for (uint256 k = 0; k < policies.length; ++k) {
                if (policies[k].policy != address(recorder)) continue;
                assertLt(asked, recorder.count());
                assertEq(recorder.asked(asked++), _question(read, c.calls[i], policies[k]));
            }
        }
        assertEq(recorder.count(), asked);
    }

    function _question(ReadUse memory read, Execution memory call, Policy memory policy)
        private
        view
        returns (bytes32)
    {
        bytes memory asked = abi.encodeCall(
            ICallPolicy.checkCall,
            (
                account,
                keccak256(abi.encode(read.id, policy.policy, keccak256(policy.config))),
                call.target,
                call.value,
                read.claimedTime,
                call.callData,
                policy.config
            )
        );
        return keccak256(abi.encodePacked(address(manager), asked));
    }

    function epochError(bytes32 id, uint64 epoch) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISessionKeyManager.EpochMismatch.selector, id, epoch, 0);
    }

    function _grant(bytes32 id) private {
        vm.prank(account);
        manager.grantSessions(ids(id));
    }

    function _rootOf(bytes32 node, bytes32[] memory proof) private pure returns (bytes32) {
        for (uint256 i = 0; i < proof.length; ++i) {
            node = node < proof[i] ? keccak256(abi.encode(node, proof[i])) : keccak256(abi.encode(proof[i], node));
        }
        return node;
    }
}
