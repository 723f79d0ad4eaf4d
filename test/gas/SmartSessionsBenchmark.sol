// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {GasBenchmark} from "./GasBenchmark.sol";
import {
    ChainDigest,
    ISmartSessions,
    SmartAction,
    SmartEnable,
    SmartERC7739,
    SmartPolicy,
    SmartSession,
    SmartSessions
} from "./SmartSessions.sol";

/// @notice The same work by SmartSessions. Its policies are stand-ins: see SmartSessionsStandIns.sol.
abstract contract SmartSessionsBenchmark is GasBenchmark {
    ISmartSessions internal smartSessions = ISmartSessions(makeAddr("SmartSessions"));
    address internal validator;
    address internal anything;
    address internal spendingLimit;
    address internal rulePolicy;
    address internal timeFrame;
    address internal usageLimit;
    uint256 private salts;

    address private constant REGISTRY = 0x000000000069E2a187AEFFb852bF3cCdC95151B2;

    function setUp() public virtual override {
        super.setUp();
        vm.etch(address(smartSessions), SmartSessions.code());
        // The registry that it asks about modules: it takes them all, without looking.
        vm.etch(REGISTRY, hex"00");
        validator = deployCode("SmartSessionsStandIns.sol:StandInValidator");
        anything = deployCode("SmartSessionsStandIns.sol:StandInAnything");
        spendingLimit = deployCode("SmartSessionsStandIns.sol:StandInSpendingLimit");
        rulePolicy = deployCode("SmartSessionsStandIns.sol:StandInRules");
        timeFrame = deployCode("SmartSessionsStandIns.sol:StandInTimeFrame");
        usageLimit = deployCode("SmartSessionsStandIns.sol:StandInUsageLimit");
        install(address(smartSessions), "");
        // The account's sequence of nonces for it is begun.
        handle(smartOp(enable(smartSession(smartTransfer(anything, ""))), 1));
    }

    function test_Gas_SmartSessions_Cumulative() public {
        reportSmartUses("erc20-cumulative", smartSession(smartCumulative()), 1);
    }

    function test_Gas_SmartSessions_TwoRules() public {
        bytes32[] memory expected = new bytes32[](2);
        (expected[0], expected[1]) = (bytes32(uint256(uint160(shop))), bytes32(uint256(50e6)));
        reportSmartUses("rules-2", smartSession(smartTransfer(rulePolicy, smartRules(expected))), 1);
    }

    // -- Sessions --------------------------------------------------------------------------------------------------------

    /// @notice A session of the ordinary key with one action and the time window that all of ours have.
    function smartSession(SmartAction memory action) internal returns (SmartSession memory session) {
        session.validator = validator;
        session.validatorData = abi.encodePacked(key.addr);
        session.salt = bytes32(++salts);
        session.operationPolicies = new SmartPolicy[](1);
        session.operationPolicies[0] = smartWindow();
        session.erc7739 = SmartERC7739(new string[](0), new SmartPolicy[](0));
        session.actions = new SmartAction[](1);
        session.actions[0] = action;
    }

    function smartWindow() internal view returns (SmartPolicy memory) {
        return SmartPolicy(timeFrame, abi.encodePacked(uint48(block.timestamp), uint48(block.timestamp + 7 days)));
    }

    function smartTransfer(address policy, bytes memory data) internal view returns (SmartAction memory action) {
        action.selector = token.transfer.selector;
        action.target = address(token);
        action.policies = new SmartPolicy[](1);
        action.policies[0] = SmartPolicy(policy, data);
    }

    function smartCumulative() internal view returns (SmartAction memory) {
        return smartTransfer(spendingLimit, abi.encode(address(token), 1000e6));
    }

    struct Rule {
        uint8 condition;
        uint64 offset;
        bytes32 expected;
    }

    struct Rules {
        uint256 maxValue;
        Rule[] rules;
    }

    /// @dev The first argument as expected, the second at most that.
    function smartRules(bytes32[] memory expected) internal pure returns (bytes memory) {
        Rule[] memory rules = new Rule[](expected.length);
        for (uint256 i = 0; i < expected.length; ++i) {
            rules[i] = Rule(i == 0 ? 0 : 1, uint64(32 * i), expected[i]);
        }
        return abi.encode(Rules(0, rules));
    }

    function enable(SmartSession memory session) internal returns (bytes32) {
        SmartSession[] memory sessions = new SmartSession[](1);
        sessions[0] = session;
        vm.prank(account);
        return smartSessions.enableSessions(sessions)[0];
    }

    // -- Operations --------------------------------------------------------------------------------------------------------

    function reportSmartUses(string memory scenario, SmartSession memory session, uint256 calls) internal {
        uint256 base = calls == 1 ? owned : ownedBatch(calls);
        bytes32 id = enable(session);
        report("smartsessions", scenario, "first", smartOp(id, calls), base);
        report("smartsessions", scenario, "steady", smartOp(id, calls), base);
    }

    function smartOp(bytes32 id, uint256 calls) internal returns (PackedUserOperation memory op) {
        op = opThrough(address(smartSessions), transfers(calls));
        op.signature = SmartSessions.encodeUse(id, signHash(harness.hashOf(op)));
    }

    function smartGrantOp() internal returns (PackedUserOperation memory) {
        SmartSession[] memory sessions = new SmartSession[](1);
        sessions[0] = smartSession(smartCumulative());
        return ownerOp(single(address(smartSessions), 0, abi.encodeCall(smartSessions.enableSessions, (sessions))));
    }

    function smartRevokeOp() internal returns (PackedUserOperation memory) {
        bytes32 id = enable(smartSession(smartCumulative()));
        return ownerOp(single(address(smartSessions), 0, abi.encodeCall(smartSessions.removeSession, (id))));
    }

    function smartSignedGrantOp(SmartSession memory session) internal returns (PackedUserOperation memory op) {
        op = opThrough(address(smartSessions), transfers(1));
        bytes32 id = smartSessions.getPermissionId(session);
        SmartEnable memory grant_;
        grant_.digests = new ChainDigest[](1);
        bytes32 digest = smartSessions.getSessionDigest(id, account, session, SmartSessions.ENABLE);
        grant_.digests[0] = ChainDigest(uint64(block.chainid), digest);
        grant_.session = session;
        // With a wrong one, it tells what the owner is to sign.
        grant_.signature = abi.encodePacked(harness.grantPrefix(), new bytes(65));
        op.signature = SmartSessions.encodeEnable(grant_, "");
        grant_.signature =
            harness.signThrough(account, harness.ownerValidator(), vm.createWallet("owner"), digestToSign(op));
        op.signature = SmartSessions.encodeEnable(grant_, signHash(harness.hashOf(op)));
    }

    function digestToSign(PackedUserOperation memory op) private returns (bytes32 digest) {
        vm.prank(account);
        try smartSessions.validateUserOp(op, 0) returns (uint256) {
            revert("a wrong signature enables a session");
        } catch (bytes memory refusal) {
            assertEq(bytes4(refusal), ISmartSessions.InvalidEnableSignature.selector);
            // The error's second argument.
            assembly ("memory-safe") {
                digest := mload(add(refusal, 68))
            }
        }
    }

    function signHash(bytes32 hash) private returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, hash);
        return abi.encodePacked(r, s, v);
    }
}
