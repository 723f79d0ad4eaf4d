// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Random} from "../utils/RandomSession.sol";
import {SessionTest} from "../utils/SessionTest.sol";
import {UseBuilder} from "../utils/UseBuilder.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {Action, Policy, Session} from "contracts/types/Session.sol";

contract SessionHashTest is SessionTest {
    uint256 private constant FIELDS = 19;

    string private constant SESSION_TYPE =
        "Session(address account,uint256 chainId,uint64 epoch,uint48 validAfter,uint48 validUntil,bytes32 salt,bytes sessionKey,address paymaster,uint128 maxOpCost,Policy[] operationPolicies,Policy[] signaturePolicies,Action[] actions)Action(address target,bytes4 selector,uint256 maxValue,Policy[] policies)Policy(address policy,bytes config)";

    function testFuzz_IdIsTheStructHash(uint256 seed) external view {
        Session memory session = Random(seed).session(6);
        bytes32 id = manager.hashSession(session);
        assertEq(id, UseBuilder.hash(session));
        assertEq(id, vm.eip712HashStruct(SESSION_TYPE, abi.encode(session)));
    }

    function test_IdOfAnEmptySession() external view {
        Session memory session;
        assertEq(manager.hashSession(session), UseBuilder.hash(session));
    }

    function testFuzz_EveryFieldChangesTheId(uint256 seed, uint256 field) external view {
        Session memory session = _fullSession(seed);
        bytes32 before = manager.hashSession(session);
        _change(session, field % FIELDS, Random(~seed));
        assertNotEq(manager.hashSession(session), before);
    }

    function test_EachFieldChangesTheId() external view {
        for (uint256 field = 0; field < FIELDS; ++field) {
            Session memory session = _fullSession(field);
            bytes32 before = manager.hashSession(session);
            _change(session, field, Random(field));
            assertNotEq(manager.hashSession(session), before, vm.toString(field));
        }
    }

    function testFuzz_OperationAndSignaturePoliciesDoNotStandForEachOther(uint256 seed) external view {
        Session memory session = _fullSession(seed);
        session.signaturePolicies = new Policy[](0);
        bytes32 before = manager.hashSession(session);
        (session.operationPolicies, session.signaturePolicies) = (session.signaturePolicies, session.operationPolicies);
        assertNotEq(manager.hashSession(session), before);
    }

    function test_DomainNamesTheManagerAndNoChain() external view {
        (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        ) = manager.eip712Domain();
        assertEq(fields, bytes1(0x0b));
        assertEq(name, "Latchkey");
        assertEq(version, "1");
        assertEq(chainId, 0);
        assertEq(verifyingContract, address(manager));
        assertEq(salt, 0);
        assertEq(extensions.length, 0);
    }

    function testFuzz_BundleDigestIsUnderTheDomain(uint256 seed, uint8 count) external view {
        Session[] memory sessions = new Session[](count % 4);
        bytes32[] memory ids = new bytes32[](sessions.length);
        for (uint256 i = 0; i < sessions.length; ++i) {
            sessions[i] = Random(uint256(keccak256(abi.encode(seed, i)))).session(3);
            ids[i] = UseBuilder.hash(sessions[i]);
        }
        assertEq(manager.hashSessionBundle(sessions), _digest(address(manager), UseBuilder.hashBundle(ids)));
    }

    function testFuzz_UseDigestIsUnderTheDomain(bytes32 userOpHash, bytes32 id, bytes32 use) external view {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("UserOperationUse(bytes32 userOpHash,bytes32 session,bytes32 use)"), userOpHash, id, use
            )
        );
        assertEq(manager.hashUse(userOpHash, id, use), _digest(address(manager), structHash));
    }

    function testFuzz_DigestsDoNotDependOnTheChain(uint64 chainId, uint256 seed) external {
        Session memory session = Random(seed).session(3);
        bytes32 bundleDigest = manager.hashSessionBundle(_bundle(session));
        bytes32 useDigest = manager.hashUse("op", "session", "use");
        vm.chainId(bound(chainId, 1, type(uint64).max - 1));
        assertEq(manager.hashSessionBundle(_bundle(session)), bundleDigest);
        assertEq(manager.hashUse("op", "session", "use"), useDigest);
    }

    function test_AnotherDeploymentHasTheSameIdsAndOtherDigests() external {
        ISessionKeyManager other = ISessionKeyManager(deployCode("SessionKeyManager.sol:SessionKeyManager"));
        Session memory session = _fullSession(1);
        assertEq(other.hashSession(session), manager.hashSession(session));
        assertEq(
            other.hashSessionBundle(_bundle(session)), _digest(address(other), UseBuilder.hashBundle(_ids(session)))
        );
        assertNotEq(other.hashSessionBundle(_bundle(session)), manager.hashSessionBundle(_bundle(session)));
        assertNotEq(other.hashUse("op", "session", "use"), manager.hashUse("op", "session", "use"));
    }

    function test_RevertWhen_TheSessionIsEncodedWithDirtyBits() external view {
        Session memory session = _fullSession(1);
        bytes memory question = abi.encodeCall(manager.hashSession, (session));
        (bool success, bytes memory answer) = address(manager).staticcall(question);
        assertTrue(success);
        assertEq(abi.decode(answer, (bytes32)), UseBuilder.hash(session));
        // After the selector and the struct's offset: account, chain, epoch, the two times, then salt; the offset of the
        // key, paymaster, most of an operation. The top byte of each typed narrower than a word.
        uint8[6] memory words = [0, 2, 3, 4, 7, 8];
        for (uint256 i = 0; i < words.length; ++i) {
            question[36 + 32 * uint256(words[i])] = 0x01;
            (success, answer) = address(manager).staticcall(question);
            assertFalse(success, vm.toString(words[i]));
            assertEq(answer, "");
            question[36 + 32 * uint256(words[i])] = 0x00;
        }
    }

    function _digest(address verifyingContract, bytes32 structHash) private pure returns (bytes32) {
        bytes32 separator = UseBuilder.domain(verifyingContract);
        return keccak256(abi.encodePacked(hex"1901", separator, structHash));
    }

    /// @dev A random session in which every array has two elements and every configuration some bytes.
    function _fullSession(uint256 seed) private pure returns (Session memory session) {
        Random memory random = Random(seed);
        session = random.session(0);
        session.sessionKey = random.content(20);
        session.operationPolicies = _policies(random);
        session.signaturePolicies = _policies(random);
        session.actions = new Action[](2);
        for (uint256 i = 0; i < 2; ++i) {
            session.actions[i] = random.action();
            session.actions[i].policies = _policies(random);
        }
    }

    function _policies(Random memory random) private pure returns (Policy[] memory list) {
        list = new Policy[](2);
        list[0] = Policy(random.location(), random.content(1 + random.below(40)));
        list[1] = Policy(random.location(), random.content(1 + random.below(40)));
    }

    /// @dev Flips a random bit of a field, or reorders or shortens an array.
    function _change(Session memory session, uint256 field, Random memory random) private pure {
        if (field == 0) session.account = _flip(session.account, random);
        if (field == 1) session.chainId ^= 2 ** random.below(256);
        if (field == 2) session.epoch ^= uint64(2 ** random.below(64));
        if (field == 3) session.validAfter ^= uint48(2 ** random.below(48));
        if (field == 4) session.validUntil ^= uint48(2 ** random.below(48));
        if (field == 5) session.salt ^= bytes32(2 ** random.below(256));
        if (field == 6) _flip(session.sessionKey, random);
        if (field == 7) session.paymaster = _flip(session.paymaster, random);
        if (field == 8) session.maxOpCost ^= uint128(2 ** random.below(128));
        if (field == 9) _change(session.operationPolicies, random);
        if (field == 10) _change(session.signaturePolicies, random);
        if (field == 11) (session.actions[0], session.actions[1]) = (session.actions[1], session.actions[0]);
        if (field == 12) session.operationPolicies = new Policy[](1);
        if (field == 13) session.signaturePolicies = new Policy[](0);
        if (field == 14) session.actions = _first(session.actions);
        Action memory action = session.actions[random.below(session.actions.length)];
        if (field == 15) action.target = _flip(action.target, random);
        if (field == 16) action.selector ^= bytes4(uint32(2 ** random.below(32)));
        if (field == 17) action.maxValue ^= 2 ** random.below(256);
        if (field == 18) _change(action.policies, random);
    }

    function _change(Policy[] memory policies, Random memory random) private pure {
        uint256 how = random.below(4);
        Policy memory policy = policies[random.below(policies.length)];
        if (how == 0) policy.policy = _flip(policy.policy, random);
        if (how == 1) _flip(policy.config, random);
        if (how == 2) policy.config = abi.encodePacked(policy.config, uint8(0));
        if (how == 3) (policies[0], policies[1]) = (policies[1], policies[0]);
    }

    function _first(Action[] memory actions) private pure returns (Action[] memory list) {
        list = new Action[](1);
        list[0] = actions[0];
    }

    function _flip(address location, Random memory random) private pure returns (address) {
        return address(uint160(location) ^ uint160(2 ** random.below(160)));
    }

    function _flip(bytes memory data, Random memory random) private pure {
        data[random.below(data.length)] ^= bytes1(uint8(2 ** random.below(8)));
    }

    function _bundle(Session memory session) private pure returns (Session[] memory sessions) {
        sessions = new Session[](1);
        sessions[0] = session;
    }

    function _ids(Session memory session) private pure returns (bytes32[] memory ids) {
        ids = new bytes32[](1);
        ids[0] = UseBuilder.hash(session);
    }
}
