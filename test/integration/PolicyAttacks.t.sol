// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IABIRulePolicy} from "contracts/interfaces/IABIRulePolicy.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {Action, Policy, Session, SessionStatus} from "contracts/types/Session.sol";
import {Answers} from "../mocks/Answers.sol";
import {EchoPolicy} from "../mocks/EchoPolicy.sol";
import {ReentrantPolicy} from "../mocks/ReentrantPolicy.sol";
import {ABIArgumentsConfig as A} from "../utils/ABIArgumentsConfig.sol";
import {ABIRuleConfig as R} from "../utils/ABIRuleConfig.sol";
import {Deployed} from "../utils/Deployed.sol";
import {NexusTest} from "../utils/NexusTest.sol";
import {UseBuilder} from "../utils/UseBuilder.sol";

/// @notice Attacks on a real Nexus account through the EntryPoint by way of what a session names: its policies, their rules and
/// the verifier of its key. Each session has one action, a token's `transfer` unless it says otherwise.
contract PolicyAttacksTest is NexusTest {
    address private shop = makeAddr("shop");

    function _session(uint256 salt, address policy, bytes memory config) private view returns (Session memory s) {
        s = newSession(account);
        s.salt = bytes32(salt);
        s.actions = new Action[](1);
        s.actions[0] = newAction(address(token), IERC20.transfer.selector, policy, config);
    }

    function _transfer(uint256 amount) private view returns (bytes memory) {
        return single(address(token), 0, abi.encodeCall(IERC20.transfer, (shop, amount)));
    }

    function _transferOp(Session memory s) private returns (PackedUserOperation memory) {
        return sessionOp(s, 0, claim(0), _transfer(1));
    }

    /// @dev The session's only policy refuses its only call, with the error of the rules.
    function _handleRuleRefused(Session memory s, bytes memory callData, bytes memory inner) private {
        bytes memory reason = abi.encodeWithSelector(
            ISessionKeyManager.PolicyRefused.selector, UseBuilder.hash(s), 0, 0, abiRules, inner
        );
        handleRefused(sessionOp(s, 0, claim(0), callData), reason);
    }

    /*//////////////////////////////////////////////////////////////
                          WHAT A POLICY ANSWERS
    //////////////////////////////////////////////////////////////*/

    /// @dev Whichever of session and policies says that there is an end, and whatever the others say.
    function test_RevertWhen_APolicyWithoutEndIsAskedAfterTheEnd() external {
        address policy = address(new EchoPolicy());
        uint48 end = uint48(block.timestamp + 1 hours);
        Policy memory always = Policy(policy, abi.encode(0));
        Policy memory begins = Policy(policy, abi.encode((block.timestamp + 1) << 208));
        Policy memory ends = Policy(policy, abi.encode(uint256(end) << 160));
        _assertEnds(end, end, always, always);
        _assertEnds(end, end, begins, always);
        _assertEnds(end, 0, ends, always);
        _assertEnds(end, 0, begins, ends);
    }

    function _assertEnds(uint48 end, uint48 validUntil, Policy memory first, Policy memory second) private {
        // An operation under an action that allows ether is read by other code.
        for (uint256 maxValue = 0; maxValue < 2; ++maxValue) {
            Session memory s = _session(0, address(0), "");
            s.validUntil = validUntil;
            s.actions[0].maxValue = maxValue;
            s.actions[0].policies = new Policy[](2);
            s.actions[0].policies[0] = first;
            s.actions[0].policies[1] = second;
            grantByOwner(s);
            PackedUserOperation memory op = _transferOp(s);
            uint256 before = vm.snapshotState();
            vm.warp(end + 1);
            handleFailed(op, "AA22 expired or not due");
            vm.warp(end);
            handle(op);
            assertEq(token.balanceOf(shop), 1);
            vm.revertToState(before);
        }
    }

    function test_RevertWhen_APolicyAnswersWithJunk() external {
        address policy = address(new EchoPolicy());
        uint256[3] memory sizes = [uint256(0), 31, 64];
        for (uint256 i = 0; i < sizes.length; ++i) {
            Session memory s = _session(0, policy, new bytes(sizes[i]));
            bytes32 id = grantByOwner(s);
            handleRefused(
                _transferOp(s),
                abi.encodeWithSelector(ISessionKeyManager.InvalidPolicyAnswer.selector, id, policy, sizes[i])
            );
        }
        // Without code it answers with nothing.
        Session memory empty = _session(0, shop, "");
        bytes32 emptyId = grantByOwner(empty);
        handleRefused(
            _transferOp(empty),
            abi.encodeWithSelector(ISessionKeyManager.InvalidPolicyAnswer.selector, emptyId, shop, 0)
        );
        // The outcome of a signature, or an aggregator, is not a policy's to say.
        uint256[2] memory words = [uint256(1), uint160(shop)];
        for (uint256 i = 0; i < words.length; ++i) {
            Session memory s = _session(0, policy, abi.encode(words[i]));
            bytes32 id = grantByOwner(s);
            handleRefused(
                _transferOp(s),
                abi.encodeWithSelector(ISessionKeyManager.InvalidPolicyValidationData.selector, id, policy, words[i])
            );
        }
        // EntryPoint v0.9 would take that end for a block's number.
        Session memory late = _session(0, policy, abi.encode(uint256(1) << 160 + 47));
        grantByOwner(late);
        handleRefused(
            _transferOp(late), abi.encodeWithSelector(ISessionKeyManager.TimeOutOfRange.selector, uint256(1) << 47)
        );
    }

    /// @dev A policy that calls the manager while it is asked grants for itself, revokes its own, and moves its own epoch.
    function test_RevertWhen_APolicyGrantsAnotherSession() external {
        ReentrantPolicy policy = new ReentrantPolicy();
        Session memory wish = _session(1, address(erc20Limit), abi.encodePacked(uint8(2), uint128(1000e6)));
        bytes32 wishId = UseBuilder.hash(wish);
        bytes[3] memory questions = [
            abi.encodeCall(manager.grantSessions, (listOf(wishId))),
            abi.encodeCall(manager.revokeAll, (1)),
            abi.encodeCall(manager.revokeSessions, (listOf(wishId)))
        ];
        for (uint256 i = 0; i < questions.length; ++i) {
            Session memory s = _session(0, address(policy), questions[i]);
            grantByOwner(s);
            handle(_transferOp(s));
            assertTrue(policy.succeeded());
            handleRefused(
                _transferOp(wish), abi.encodeWithSelector(ISessionKeyManager.SessionNotGranted.selector, wishId)
            );
        }
        assertEq(token.balanceOf(shop), 3);
        assertEq(uint256(manager.sessionStatus(account, wishId)), uint256(SessionStatus.None));
    }

    /*//////////////////////////////////////////////////////////////
                           RULES ON ARGUMENTS
    //////////////////////////////////////////////////////////////*/

    /// @dev A rule on the second word: that many tokens at most.
    function _atMost(uint256 amount) private pure returns (bytes memory) {
        return R.any(R.rule(1, R.uintN(256), R.LESS_OR_EQUAL, bytes32(amount)));
    }

    function test_RevertWhen_RulesAreMalformed() external {
        bytes memory holds = R.all(_atMost(1));
        bytes[6] memory configs = [
            // No groups; a group without rules; a group that is missing; more than there should be; a kind, and a type of
            // argument, that is none.
            bytes(""),
            hex"00",
            R.all(_atMost(1), hex"00"),
            bytes.concat(holds, hex"00"),
            hex"01010200010020030000",
            R.only(R.rawRule(1, 0x21, R.LESS_OR_EQUAL, new bytes(33)))
        ];
        uint256[6] memory positions = [0, 0, holds.length, holds.length, 2, 5];
        for (uint256 i = 0; i < configs.length; ++i) {
            Session memory s = _session(0, address(abiRules), configs[i]);
            grantByOwner(s);
            _handleRuleRefused(
                s, _transfer(1), abi.encodeWithSelector(IABIRulePolicy.InvalidConfig.selector, positions[i])
            );
        }
        Session memory good = _session(0, address(abiRules), holds);
        grantByOwner(good);
        handle(_transferOp(good));
        assertEq(token.balanceOf(shop), 1);
    }

    /// @dev Twelve bodies of rules in one another are evaluated, thirteen are not.
    function test_RevertWhen_RulesAreTooDeep() external {
        bytes memory shape = A.args(2, abi.encodePacked(R.ADDRESS, uint8(32)));
        bytes memory rule = A.at(hex"01", A.value(R.EQUAL, abi.encode(1)));
        for (uint256 i = 1; i < 12; ++i) {
            rule = A.at("", A.allOf(R.only(rule)));
        }
        Session memory deep = _session(0, address(abiRules), R.only(A.arguments(shape, R.only(rule))));
        rule = A.at("", A.allOf(R.only(rule)));
        Session memory deeper = _session(0, address(abiRules), R.only(A.arguments(shape, R.only(rule))));
        grantByOwner(deep);
        grantByOwner(deeper);
        // Groups, rules, kind, length and shape; and of each body its path, test, length, groups and rules.
        uint256 position = 1 + 1 + 1 + 2 + 3 + 12 * 6;
        _handleRuleRefused(deeper, _transfer(1), abi.encodeWithSelector(IABIRulePolicy.RulesTooDeep.selector, position));
        handle(_transferOp(deep));
        assertEq(token.balanceOf(shop), 1);
    }

    /// @dev The rule is on the bytes where an encoder puts them; the pointer leads to others behind them.
    function test_RevertWhen_APointerLeadsElsewhereThanTheRuleLooks() external {
        bytes4 selector = bytes4(keccak256("run(bytes)"));
        bytes memory rule = A.at(hex"00", A.content(A.EQUALS, "keep"));
        Session memory s =
            _session(0, address(abiRules), R.only(A.arguments(A.args(1, abi.encodePacked(A.BYTES)), R.only(rule))));
        s.actions[0].target = shop;
        s.actions[0].selector = selector;
        grantByOwner(s);
        handle(sessionOp(s, 0, claim(0), single(shop, 0, abi.encodeWithSelector(selector, bytes("keep")))));

        bytes memory both = abi.encodePacked(uint256(4), bytes32("keep"), uint256(4), bytes32("take"));
        uint256[3] memory pointers = [uint256(0x60), 0, type(uint256).max - 31];
        for (uint256 i = 0; i < pointers.length; ++i) {
            _handleRuleRefused(
                s,
                single(shop, 0, abi.encodePacked(selector, pointers[i], both)),
                abi.encodeWithSelector(
                    IABIRulePolicy.ArgumentsNotCanonical.selector, 2, "", 4, uint8(A.BYTES), 0x20, pointers[i]
                )
            );
        }
    }

    /*//////////////////////////////////////////////////////////////
                            VERIFIERS OF KEYS
    //////////////////////////////////////////////////////////////*/

    function _ofKey(bytes memory sessionKey) private view returns (Session memory s) {
        s = newSession(account);
        s.sessionKey = sessionKey;
        s.actions = new Action[](1);
        s.actions[0] = newAction(address(token), IERC20.transfer.selector);
    }

    /// @dev Without the key's signature.
    function _use(Session memory s) private pure returns (bytes memory) {
        return UseBuilder.pack(s, 0, claim(0));
    }

    function test_RevertWhen_TheVerifierHasNoCode() external {
        Session memory s = _ofKey(abi.encodePacked(shop, "a key"));
        bytes32 id = grantByOwner(s);
        PackedUserOperation memory op = opThrough(address(manager), _transfer(1));
        op.signature = bytes.concat(_use(s), "signed");
        handleRefused(op, abi.encodeWithSelector(ISessionKeyManager.InvalidVerifierAnswer.selector, id, shop, 0));
    }

    function test_RevertWhen_TheVerifierAnswersWithJunk() external {
        Answers verifier = new Answers();
        Session memory s = _ofKey(abi.encodePacked(verifier, "a key"));
        bytes32 id = grantByOwner(s);
        PackedUserOperation memory op = opThrough(address(manager), _transfer(1));
        op.signature = bytes.concat(_use(s), "signed");
        bytes4 magic = IERC7913SignatureVerifier.verify.selector;

        // The magic word, cut or followed by more.
        bytes[4] memory answers =
            [bytes(""), abi.encodePacked(magic), abi.encodePacked(magic, bytes27(0)), abi.encode(magic, 0)];
        for (uint256 i = 0; i < answers.length; ++i) {
            verifier.otherwise(answers[i]);
            handleRefused(
                op,
                abi.encodeWithSelector(
                    ISessionKeyManager.InvalidVerifierAnswer.selector, id, verifier, answers[i].length
                )
            );
        }
        bytes32[5] memory words = [
            bytes32(0),
            bytes32(uint256(1)),
            bytes32(type(uint256).max),
            bytes32(magic) | bytes32(uint256(1)),
            bytes32(magic) >> 224
        ];
        for (uint256 i = 0; i < words.length; ++i) {
            verifier.otherwise(abi.encode(words[i]));
            handleFailed(op, "AA24 signature error");
        }
        verifier.otherwiseRevert(abi.encode(magic));
        handleFailed(op, "AA24 signature error");
        verifier.otherwise(abi.encode(magic));
        handle(op);
        assertEq(token.balanceOf(shop), 1);
    }

    uint256 private constant P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551;

    /// @dev A session of a P-256 key; an operation that the key signed, in its two forms.
    function _p256Ops(address verifier)
        private
        returns (PackedUserOperation memory low, PackedUserOperation memory high)
    {
        uint256 privateKey = uint256(keccak256("a P-256 key"));
        (uint256 x, uint256 y) = vm.publicKeyP256(privateKey);
        Session memory s = _ofKey(abi.encodePacked(verifier, x, y));
        bytes32 id = grantByOwner(s);
        low = opThrough(address(manager), _transfer(1));
        high = opThrough(address(manager), _transfer(1));
        (bytes32 r, bytes32 v) = vm.signP256(privateKey, manager.hashUse(hashOf(low), id, keccak256(_use(s))));
        uint256 smaller = uint256(v) > P256_ORDER / 2 ? P256_ORDER - uint256(v) : uint256(v);
        low.signature = abi.encodePacked(_use(s), r, smaller);
        high.signature = abi.encodePacked(_use(s), r, P256_ORDER - smaller);
    }

    function test_RevertWhen_AP256SignatureIsMalleable() external {
        address[2] memory verifiers = [
            Deployed.at("p256Verifier", "P256Verifier.sol:P256Verifier", abi.encode(false)),
            Deployed.at("p256PrecompileVerifier", "P256Verifier.sol:P256Verifier", abi.encode(true))
        ];
        for (uint256 i = 0; i < 2; ++i) {
            (PackedUserOperation memory low, PackedUserOperation memory high) = _p256Ops(verifiers[i]);
            handleFailed(high, "AA24 signature error");
            handle(low);
        }
        assertEq(token.balanceOf(shop), 2);
    }

    /// @dev The verifier was deployed where it is; then it answers with nothing, as an address without code does.
    function test_RevertWhen_TheP256PrecompileIsMissing() external {
        address verifier = Deployed.at("p256PrecompileVerifier", "P256Verifier.sol:P256Verifier", abi.encode(true));
        (PackedUserOperation memory op,) = _p256Ops(verifier);
        vm.mockCall(address(0x100), bytes(""), bytes(""));
        handleFailed(op, "AA24 signature error");
        vm.clearMockedCalls();
        handle(op);
        assertEq(token.balanceOf(shop), 1);
    }
}

/// @notice The same with the manager's own rules.
contract PolicyAttacksBuiltInTest is PolicyAttacksTest {
    function builtIn() internal pure override returns (bool) {
        return true;
    }
}
