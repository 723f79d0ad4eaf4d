// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Execution, IERC7579Module} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {Vm} from "forge-std/Test.sol";
import {IOperationPolicy, OperationFacts} from "contracts/interfaces/IOperationPolicy.sol";
import {ILimitPolicy} from "contracts/interfaces/ILimitPolicy.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {Session, SessionStatus} from "contracts/types/Session.sol";
import {UseBuilder} from "../utils/UseBuilder.sol";
import {Limit} from "./SessionWorld.sol";
import {Attempt} from "./SessionModel.sol";
import {SessionStorage} from "./SessionStorage.sol";

interface IUserOpHash {
    function getUserOpHash(PackedUserOperation calldata op) external view returns (bytes32);
}

/// @notice Does what owners, session keys, bundlers and strangers can do, in any order. Each function says to {SessionModel} what
/// is about to be done, and compares the outcome with what the model says by equality: success, or the exact revert.
///
/// An actor of one's own is a function here, with its selector in {actions}, and a path for {SessionModel-reached}.
contract SessionHandler is SessionStorage {
    address payable private constant BUNDLER = payable(address(0xB0));
    uint256 private constant MAX_EPOCH_STEP = 1 << 40;

    bool public epochFell;

    constructor() {
        setUp();
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            ghosts[accounts[i]].installed = true;
            ghosts[accounts[i]].rule = 2;
            _grantAll(accounts[i]);
        }
    }

    /// @notice The functions for the fuzzer to call.
    function actions() external pure returns (bytes4[] memory selectors) {
        selectors = new bytes4[](10);
        selectors[0] = this.operate.selector;
        selectors[1] = this.revoke.selector;
        selectors[2] = this.grantAgain.selector;
        selectors[3] = this.revokeAll.selector;
        selectors[4] = this.renew.selector;
        selectors[5] = this.install.selector;
        selectors[6] = this.uninstall.selector;
        selectors[7] = this.setRule.selector;
        selectors[8] = this.intrude.selector;
        selectors[9] = this.passTime.selector;
    }

    /*//////////////////////////////////////////////////////////////
                               OPERATIONS
    //////////////////////////////////////////////////////////////*/

    /// @notice A bundle of one to three operations, of any accounts and sessions. Who intrudes while it is handled has the EntryPoint
    /// handle one more, in vain; that is handled afterwards, and comes out as if nobody had tried before.
    function operate(Attempt[3] calldata three, uint8 count) external {
        Attempt[] memory attempts = new Attempt[](count % 4 < 2 ? 1 : count % 4);
        for (uint256 i = 0; i < attempts.length; ++i) {
            attempts[i] = three[i];
        }
        bytes32 aim = idOf[accounts[three[0].account % ACCOUNTS]][three[0].session % SESSIONS];
        tokens[3].aimAt(aim);
        receiver.aimAt(aim);
        PackedUserOperation[] memory ops = new PackedUserOperation[](attempts.length);
        for (uint256 i = 0; i < attempts.length; ++i) {
            ops[i] = _opOf(three[i], i);
        }
        PackedUserOperation[] memory oneMore = new PackedUserOperation[](1);
        oneMore[0] = _opOf(three[2], 3);
        vm.etch(hostile.LETTER(), abi.encodeCall(entryPoint.handleOps, (oneMore, BUNDLER)));
        uint256 tries = _tries();
        _handle(attempts, ops);
        if (_tries() == tries) return;
        reached["re-enters"]++;
        attempts = new Attempt[](1);
        attempts[0] = three[2];
        if (_handle(attempts, oneMore)) reached["re-enters with what is valid"]++;
    }

    /// @dev How often intruders have had the EntryPoint handle operations.
    function _tries() private view returns (uint256) {
        return tokens[3].tries() + receiver.tries() + hostile.tries();
    }

    function _handle(Attempt[] memory attempts, PackedUserOperation[] memory ops) private returns (bool success) {
        (bool expected, bytes memory prediction) = address(this).call(abi.encodeCall(this.model, (attempts)));

        watch();
        for (uint256 i = 0; i < attempts.length; ++i) {
            this.allow(attempts[i]);
        }
        uint256[] memory deposits = _deposits();
        vm.prank(BUNDLER, BUNDLER);
        bytes memory answer;
        (success, answer) = address(entryPoint).call(abi.encodeCall(entryPoint.handleOps, (ops, BUNDLER)));
        checkWrites();
        assertEq(success, expected, "whether it is refused");
        if (!expected) assertEq(answer, prediction, "with what");
        _checkEntryPoint(ops, deposits, expected);
        _count(expected, prediction, attempts.length);
    }

    /// @notice {allowUse}, of what is in memory.
    function allow(Attempt calldata attempt) external {
        require(msg.sender == address(this), "by itself");
        allowUse(attempt);
    }

    function _deposits() private view returns (uint256[] memory deposits) {
        deposits = new uint256[](ACCOUNTS);
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            deposits[i] = entryPoint.balanceOf(accounts[i]);
        }
    }

    /// @dev Each operation takes its nonce and at most its cost, if the bundle is accepted; else nothing is taken.
    function _checkEntryPoint(PackedUserOperation[] memory ops, uint256[] memory deposits, bool accepted) private view {
        uint256[] memory spent = new uint256[](ACCOUNTS);
        for (uint256 i = 0; i < ops.length; ++i) {
            uint256 nonce = entryPoint.getNonce(ops[i].sender, uint192(ops[i].nonce >> 64));
            assertEq(nonce, accepted ? ops[i].nonce + 1 : ops[i].nonce, "a nonce");
            for (uint256 k = 0; accepted && k < ACCOUNTS; ++k) {
                if (ops[i].sender == accounts[k]) spent[k] += OP_COST;
            }
        }
        for (uint256 k = 0; k < ACCOUNTS; ++k) {
            uint256 deposit = entryPoint.balanceOf(accounts[k]);
            assertLe(deposit, deposits[k], "a deposit");
            assertGe(deposit + spent[k], deposits[k], "a deposit pays for more than its operations");
        }
    }

    /// @dev By the error, and inside of AA23 by the manager's and the policy's.
    function _count(bool expected, bytes memory prediction, uint256 length) private {
        if (expected) {
            reached[length == 1 ? "accepted" : "accepted bundle"]++;
            return;
        }
        reached["refused"]++;
        reached[vm.toString(bytes32(bytes4(prediction)))]++;
        if (bytes4(prediction) != bytes4(keccak256("FailedOpWithRevert(uint256,string,bytes)"))) {
            reached[_isLate(prediction) ? "AA22" : "AA24"]++;
            return;
        }
        (,, bytes memory reason) = abi.decode(_arguments(prediction), (uint256, string, bytes));
        reached[vm.toString(bytes32(bytes4(reason)))]++;
        if (bytes4(reason) == ISessionKeyManager.PolicyRefused.selector) {
            (,,,, bytes memory inner) = abi.decode(_arguments(reason), (bytes32, uint256, uint256, address, bytes));
            reached[vm.toString(bytes32(bytes4(inner)))]++;
        }
        if (bytes4(reason) == ISessionKeyManager.OperationPolicyRefused.selector) {
            (, uint256 i,,) = abi.decode(_arguments(reason), (bytes32, uint256, address, bytes));
            reached[i == 0 ? "too many operations" : "too much gas"]++;
        }
    }

    function _isLate(bytes memory prediction) private pure returns (bool) {
        (, string memory reason) = abi.decode(_arguments(prediction), (uint256, string));
        return keccak256(bytes(reason)) == keccak256("AA22 expired or not due");
    }

    function _arguments(bytes memory data) private pure returns (bytes memory rest) {
        rest = new bytes(data.length - 4);
        for (uint256 i = 0; i < rest.length; ++i) {
            rest[i] = data[i + 4];
        }
    }

    function _opOf(Attempt calldata attempt, uint256 index) private view returns (PackedUserOperation memory op) {
        address account = accounts[attempt.account % ACCOUNTS];
        uint256 k = attempt.session % SESSIONS;
        (bytes memory callData, uint8[] memory claims) = _callsOf(attempt, sessionOf(account, k));
        op = newOp(account, callData);
        op.nonce = entryPoint.getNonce(account, uint192(uint160(address(manager))) << 32 | uint192(index));
        bytes memory use = UseBuilder.pack(sessionOf(account, k), timeOf(attempt), claims);
        op.signature = _signUse(attempt, k, op, _withEvidence(attempt, account, k, use));
    }

    function _callsOf(Attempt calldata attempt, Session memory session)
        private
        view
        returns (bytes memory callData, uint8[] memory claims)
    {
        claims = new uint8[](callsOf(attempt));
        Execution[] memory calls = new Execution[](claims.length);
        for (uint256 i = 0; i < claims.length; ++i) {
            (calls[i], claims[i]) = callOf(session, attempt.kinds[i] % KINDS, amountOf(attempt, i));
        }
        if (claims.length > 1) return (batch(calls), claims);
        return (single(calls[0].target, calls[0].value, calls[0].callData), claims);
    }

    function _signUse(Attempt calldata attempt, uint256 k, PackedUserOperation memory op, bytes memory use)
        private
        view
        returns (bytes memory)
    {
        bytes32 opHash = IUserOpHash(address(entryPoint)).getUserOpHash(op);
        bytes32 digest = manager.hashUse(opHash, idOf[op.sender][k], keccak256(use));
        // The other key is the owner's.
        Vm.Wallet memory rightKey = k == SIGNED ? secondKey : key;
        return abi.encodePacked(use, _signature(isSignedRightly(attempt) ? rightKey : owner, digest));
    }

    function _withEvidence(Attempt calldata attempt, address account, uint256 k, bytes memory use)
        private
        view
        returns (bytes memory)
    {
        if (evidenceOf(attempt) == 0) return use;
        if (k == 1 || k == 2) {
            bytes32[] memory proof = new bytes32[](1);
            proof[0] = idOf[account][3 - k];
            return UseBuilder.withProof(use, proof);
        }
        if (k != SIGNED) return use;
        bytes32[] memory bundle = bundleOf(idOf[account][k]);
        bytes memory signature = _signature(evidenceOf(attempt) == FORGED ? secondKey : owner, bundleDigest(bundle));
        address validator = evidenceOf(attempt) == OTHER_PREFIX ? address(0) : ownerValidator;
        return UseBuilder.withGrant(use, bundle, 0, abi.encodePacked(validator, signature));
    }

    function _signature(Vm.Wallet memory wallet, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(wallet.privateKey, digest);
        return abi.encodePacked(r, s, v);
    }

    /*//////////////////////////////////////////////////////////////
                               THE OWNER
    //////////////////////////////////////////////////////////////*/

    /// @notice Revokes a session, or the root of two. Seldom, so that sessions live long enough to spend.
    function revoke(uint8 who, uint8 index, uint8 dice) external {
        // Of nine indices, two are the root's, which is not as seldom.
        uint256 k = index % (SESSIONS + 2) > ROOT ? ROOT : index % (SESSIONS + 2);
        if (dice % (k == ROOT ? 2 : 8) != 0) return;
        address account = accounts[who % ACCOUNTS];
        bytes32 id = idOf[account][k];
        _expect(account, abi.encodeCall(manager.revokeSessions, (_list(id))), "");
        statusOf[id] = SessionStatus.Revoked;
        reached[k == ROOT ? "revoke root" : "revoke"]++;
    }

    /// @notice Grants again, or publishes: refused for what was revoked, nothing else for what is granted.
    function grantAgain(uint8 who, uint8 index, bool publish, uint8 dice) external {
        if (dice % 4 != 0) return;
        address account = accounts[who % ACCOUNTS];
        index = uint8(index % (SESSIONS + 1));
        publish = publish && index != ROOT;
        bytes32 id = idOf[account][index];
        bytes memory question = abi.encodeCall(manager.grantSessions, (_list(id)));
        if (publish) {
            Session[] memory sessions = new Session[](1);
            sessions[0] = sessionOf(account, index);
            question = abi.encodeCall(manager.grantAndPublishSessions, (sessions));
        }
        bytes memory refusal = abi.encodeWithSelector(ISessionKeyManager.SessionIsRevoked.selector, id);
        bool revoked = statusOf[id] == SessionStatus.Revoked;
        _expect(account, question, revoked ? refusal : bytes(""));
        if (!revoked) statusOf[id] = SessionStatus.Granted;
        reached[revoked ? "grant refused" : publish ? "publish" : "grant"]++;
    }

    function revokeAll(uint8 who, uint256 step, uint8 dice) external {
        if (dice % 8 != 0) return;
        address account = accounts[who % ACCOUNTS];
        uint64 epoch = ghosts[account].epoch;
        uint64 next = epoch + uint64(bound(step, 0, MAX_EPOCH_STEP + 1));
        bool valid = next != epoch && next - epoch <= MAX_EPOCH_STEP;
        bytes memory refusal = abi.encodeWithSelector(ISessionKeyManager.InvalidEpoch.selector, epoch, next);
        _expect(account, abi.encodeCall(manager.revokeAll, (next)), valid ? bytes("") : refusal);
        if (valid) ghosts[account].epoch = next;
        reached[valid ? "revokeAll" : "revokeAll refused"]++;
    }

    /// @notice Writes the sessions anew for the present epoch and grants them: other ids, other budgets.
    function renew(uint8 who) external {
        address account = accounts[who % ACCOUNTS];
        if (sessionEpochs[account][0] == ghosts[account].epoch) return;
        for (uint256 k = 0; k < SESSIONS; ++k) {
            sessionEpochs[account][k] = ghosts[account].epoch;
        }
        identify(account);
        _grantAll(account);
        reached["renew"]++;
    }

    function _grantAll(address account) private {
        bytes32[] memory ids = new bytes32[](5);
        (ids[0], ids[1], ids[2]) = (idOf[account][0], idOf[account][3], idOf[account][5]);
        (ids[3], ids[4]) = (idOf[account][6], idOf[account][ROOT]);
        vm.prank(account);
        manager.grantSessions(ids);
        for (uint256 i = 0; i < ids.length; ++i) {
            statusOf[ids[i]] = SessionStatus.Granted;
        }
    }

    /// @notice Installs the manager, again if the account skipped {uninstall}.
    function install(uint8 who, uint8 rule, uint8 dice) external {
        address account = accounts[who % ACCOUNTS];
        Ghost storage ghost = ghosts[account];
        if (ghost.installed && dice % 16 != 0) return;
        reached[ghost.installed ? "install over" : "install"]++;
        _expect(account, abi.encodeCall(IERC7579Module.onInstall, (ruleOf(rule % 3))), "");
        ghost.rule = rule % 3;
        if (ghost.installed) _takeEpoch(account);
        ghost.installed = true;
    }

    function uninstall(uint8 who, bytes calldata data, uint8 dice) external {
        if (dice % 32 != 0) return;
        address account = accounts[who % ACCOUNTS];
        _expect(account, abi.encodeCall(IERC7579Module.onUninstall, (data)), "");
        _takeEpoch(account);
        ghosts[account].installed = false;
        ghosts[account].rule = 0;
        reached["uninstall"]++;
    }

    /// @dev The manager drew an epoch from a block's hash: a later one, and not too late.
    function _takeEpoch(address account) private {
        uint64 epoch = manager.epochOf(account);
        uint64 before = ghosts[account].epoch;
        if (epoch <= before || epoch - before > MAX_EPOCH_STEP) epochFell = true;
        ghosts[account].epoch = epoch;
    }

    function setRule(uint8 who, uint8 rule, uint8 dice) external {
        address account = accounts[who % ACCOUNTS];
        bool installed = ghosts[account].installed;
        if (installed && dice % 4 != 0) return;
        bytes memory refusal = abi.encodeWithSelector(ISessionKeyManager.NotInstalled.selector, account);
        _expect(account, abi.encodeCall(manager.setSignedGrants, (ruleOf(rule % 3))), installed ? bytes("") : refusal);
        if (installed) ghosts[account].rule = rule % 3;
        reached[installed ? "setRule" : "setRule refused"]++;
    }

    /*//////////////////////////////////////////////////////////////
                                 OTHERS
    //////////////////////////////////////////////////////////////*/

    /// @notice A stranger, or another of the accounts, does with a session whatever it can: nothing of the account changes, which
    /// {checkAll} would find.
    function intrude(uint8 who, uint8 index, uint8 kind) external {
        address account = accounts[who % ACCOUNTS];
        bytes32 id = idOf[account][index % (SESSIONS + 1)];
        // An account that is intruded on by another has ids of its own: those are not what it revokes.
        address stranger = kind & 8 != 0 ? accounts[(uint256(who) + 1) % ACCOUNTS] : address(0x57A);
        vm.startPrank(stranger);
        if (kind % 4 == 0) manager.revokeSessions(_list(id));
        if (kind % 4 == 1 && manager.sessionStatus(stranger, id) != SessionStatus.Revoked) {
            manager.grantSessions(_list(id));
        }
        if (kind % 4 == 2) {
            Limit memory limit = operationLimit(0);
            IOperationPolicy(usageLimit)
                .checkOperation(
                    account,
                    budgetIdOf(id, limit),
                    _facts(),
                    block.timestamp,
                    abi.encodePacked(uint8(2), uint128(1 << 100))
                );
        }
        if (kind % 4 == 3) {
            Session[] memory sessions = new Session[](1);
            sessions[0] = sessionOf(account, index % SESSIONS);
            bytes memory refusal = abi.encodeWithSelector(
                ISessionKeyManager.SessionOfAnotherAccount.selector, idOf[account][index % SESSIONS], account
            );
            vm.expectRevert(refusal);
            manager.grantAndPublishSessions(sessions);
        }
        vm.stopPrank();
        reached["intrude"]++;
    }

    /// @notice Mostly hours, sometimes days.
    function passTime(uint32 by, uint8 dice) external {
        vm.warp(block.timestamp + bound(by, 1, dice % 4 == 0 ? 2 days : 3 hours));
        vm.roll(block.number + 1);
        reached["passTime"]++;
    }

    function _expect(address account, bytes memory question, bytes memory refusal) private {
        watch();
        allowOwn(account);
        vm.prank(account);
        (bool success, bytes memory answer) = address(manager).call(question);
        checkWrites();
        assertEq(success, refusal.length == 0, "whether it is refused");
        if (!success) assertEq(answer, refusal, "with what");
    }

    function _facts() private pure returns (OperationFacts memory facts) {
        facts.calls = 1;
    }

    function _list(bytes32 id) private pure returns (bytes32[] memory list) {
        list = new bytes32[](1);
        list[0] = id;
    }

    /*//////////////////////////////////////////////////////////////
                           STATE AGAINST MODEL
    //////////////////////////////////////////////////////////////*/

    /// @notice Everything that the contracts have stored, and everything that left the accounts, is what the model says.
    function checkAll() external view {
        assertEq(
            tokens[3].surprises() + receiver.surprises() + hostile.surprises(), 0, "the EntryPoint is entered again"
        );
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            _checkAccount(accounts[i]);
            for (uint256 k = 0; k <= SESSIONS; ++k) {
                bytes32 id = idOf[accounts[i]][k];
                assertEq(uint8(manager.sessionStatus(accounts[i], id)), uint8(statusOf[id]), "status");
            }
            for (uint256 k = 0; k < SESSIONS + 3; ++k) {
                _checkBudget(accounts[i], k);
            }
        }
    }

    function _checkAccount(address account) private view {
        Ghost storage ghost = ghosts[account];
        assertEq(manager.epochOf(account), ghost.epoch, "epoch");
        assertEq(manager.isInitialized(account), ghost.installed, "installed");
        (bool allowed, bytes memory prefix) = manager.signedGrantsOf(account);
        assertEq(allowed, ghost.rule != 0, "grants by signature");
        assertEq(prefix, ghost.rule == 2 ? abi.encodePacked(ownerValidator) : bytes(""), "their prefix");
        assertEq(account.balance, ENDOWMENT - ghost.etherSent, "ether");
        assertEq(sink.received(account), ghost.etherSent, "ether that arrived");
        assertEq(sink.calls(account), ghost.sinkCalls, "calls to the sink");
        assertEq(receiver.calls(account), ghost.calledBack, "calls by a token");
        for (uint256 i = 0; i < 6; ++i) {
            assertEq(tokens[i].sent(account), ghost.sent[i], "tokens");
            assertEq(tokens[i].approved(account), ghost.approved[i], "allowances");
            assertEq(tokens[i].calls(account), ghost.calls[i], "calls to a token");
        }
    }

    function _checkBudget(address account, uint256 i) private view {
        bytes32 budgetId = budgetIdsOf[account][i];
        (uint256 total, uint256 inPeriod, uint256 period) =
            ILimitPolicy(policyOf(i)).spent(address(manager), budgetId, account);
        Budget storage budget = budgets[budgetId];
        assertEq(total, budget.total, "in total");
        assertEq(inPeriod, budget.inPeriod, "in the period");
        assertEq(period, budget.period, "the period");
    }
}
