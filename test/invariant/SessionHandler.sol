// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Execution} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {SessionTest} from "../utils/SessionTest.sol";
import {IERC20LimitPolicy} from "contracts/interfaces/IERC20LimitPolicy.sol";
import {ILimitPolicy} from "contracts/interfaces/ILimitPolicy.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {SessionStatus} from "contracts/types/Session.sol";
import {Action, Policy, Session} from "contracts/types/Session.sol";

/// @notice Drives the manager with several accounts and sessions, and keeps a model of what must come out.
///
/// Before each call it predicts success or the exact revert; the outcome is compared by equality. Two accounts hold the
/// same three sessions each (other ids, because the account is part of a session), all of one key:
/// 0: 100 in total; 1: 40 a day; 2: 100 in total and 40 a day, shared by transfer and approve.
contract SessionHandler is SessionTest {
    uint256 internal constant ACCOUNTS = 2;
    uint256 internal constant SESSIONS = 3;
    uint256 internal constant TOTAL_LIMIT = 100;
    uint256 internal constant PERIOD_LIMIT = 40;
    uint256 internal constant PERIOD = 1 days;
    address internal constant TOKEN = address(0x70CE);

    /// What the model knows of a session of an account.
    struct Ghost {
        SessionStatus status;
        uint256 total;
        uint256 period;
        uint256 inPeriod;
        /// What was accepted in each period, by an independent sum.
        mapping(uint256 period => uint256 sum) accepted;
        uint256 acceptedEver;
    }

    address[] public accounts;
    mapping(bytes32 id => Ghost) internal ghosts;
    mapping(address account => bool) public installed;
    mapping(address account => uint64) public epochs;
    mapping(address account => mapping(uint256 index => uint64)) internal sessionEpochs;
    /// How often each path was taken, to show that all are.
    mapping(string path => uint256 times) public reached;
    mapping(address account => mapping(uint256 index => bytes32)) public ids;
    bool public exceeded;
    bool public revokedActed;
    bool public epochFell;

    constructor() {
        SessionTest.setUp();
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            address account = address(uint160(0xACC0 + i));
            accounts.push(account);
            vm.prank(account);
            manager.onInstall("");
            installed[account] = true;
            for (uint256 k = 0; k < SESSIONS; ++k) {
                ids[account][k] = grant(sessionOf(account, k));
                _ghost(account, k).status = SessionStatus.Granted;
            }
        }
    }

    /*//////////////////////////////////////////////////////////////
                                ACTIONS
    //////////////////////////////////////////////////////////////*/

    /// @notice The key spends `amounts` in one operation, by transfer or approve, claiming a time around now.
    function use(
        uint256 accountSeed,
        uint256 index,
        uint256[3] memory amounts,
        uint256 count,
        uint256 kinds,
        int256 drift
    ) external {
        address account = accounts[accountSeed % ACCOUNTS];
        index = index % SESSIONS;
        count = bound(count, 1, 3);
        uint48 time = uint48(uint256(int256(block.timestamp) + bound(drift, -2 days, 2 days)));

        uint8[] memory claims = new uint8[](count);
        for (uint256 i = 0; i < count; ++i) {
            amounts[i] = bound(amounts[i], 0, 60);
            claims[i] = uint8(kinds >> i & 1);
        }
        (bytes memory revertData, uint256 validationData) = _predict(account, index, amounts, claims, time);
        (bool success, bytes memory answer) = _validate(account, index, amounts, claims, time);
        if (revertData.length != 0) {
            assertFalse(success, "the model refuses");
            assertEq(answer, revertData, "with this error");
        } else {
            assertTrue(success, "the model accepts");
            assertEq(abi.decode(answer, (uint256)), validationData, "with this window");
            if (_ghost(account, index).status != SessionStatus.Granted) revokedActed = true;
            _commit(account, index, amounts, count, time);
            reached["accepted"]++;
        }
    }

    /// @dev Has the manager validate one operation of the session.
    function _validate(address account, uint256 index, uint256[3] memory amounts, uint8[] memory claims, uint48 time)
        private
        returns (bool success, bytes memory answer)
    {
        Session memory session = sessionOf(account, index);
        Execution[] memory calls = new Execution[](claims.length);
        for (uint256 i = 0; i < claims.length; ++i) {
            bytes4 selector = session.actions[claims[i]].selector;
            calls[i] = Execution(TOKEN, 0, abi.encodeWithSelector(selector, address(0xBEEF), amounts[i]));
        }
        PackedUserOperation memory op = newOp(account, batch(calls));
        bytes32 opHash = keccak256(abi.encode(op.callData, time, reached["use"]++));
        op.signature = sign(session, time, claims, opHash);
        vm.prank(account);
        return address(manager).call(abi.encodeCall(manager.validateUserOp, (op, opHash)));
    }

    function revoke(uint256 accountSeed, uint256 index, uint256 dice) external {
        // Seldom, so that sessions live long enough to spend.
        if (dice % 8 != 0) return;
        address account = accounts[accountSeed % ACCOUNTS];
        index = index % SESSIONS;
        bytes32[] memory list = new bytes32[](1);
        list[0] = ids[account][index];
        vm.prank(account);
        manager.revokeSessions(list);
        _ghost(account, index).status = SessionStatus.Revoked;
        reached["revoke"]++;
    }

    /// @notice Granting again: refused for what was revoked, nothing else for what is granted.
    function grantAgain(uint256 accountSeed, uint256 index) external {
        address account = accounts[accountSeed % ACCOUNTS];
        index = index % SESSIONS;
        bytes32[] memory list = new bytes32[](1);
        list[0] = ids[account][index];
        Ghost storage ghost = _ghost(account, index);
        if (ghost.status == SessionStatus.Revoked) {
            vm.expectRevert(abi.encodeWithSelector(ISessionKeyManager.SessionIsRevoked.selector, list[0]));
            reached["grant refused"]++;
        } else {
            ghost.status = SessionStatus.Granted;
            reached["grant"]++;
        }
        vm.prank(account);
        manager.grantSessions(list);
    }

    function revokeAll(uint256 accountSeed, uint256 step, uint256 dice) external {
        if (dice % 16 != 0) return;
        address account = accounts[accountSeed % ACCOUNTS];
        uint64 next = epochs[account] + uint64(bound(step, 1, 1 << 40));
        vm.prank(account);
        manager.revokeAll(next);
        epochs[account] = next;
        reached["revokeAll"]++;
    }

    /// @notice The owner writes the sessions anew for the present epoch and grants them: other ids, other budgets.
    function renew(uint256 accountSeed) external {
        address account = accounts[accountSeed % ACCOUNTS];
        for (uint256 k = 0; k < SESSIONS; ++k) {
            if (sessionEpochs[account][k] == epochs[account]) continue;
            sessionEpochs[account][k] = epochs[account];
            ids[account][k] = grant(sessionOf(account, k));
            _ghost(account, k).status = SessionStatus.Granted;
            reached["renew"]++;
        }
    }

    function reinstall(uint256 accountSeed, bool skipUninstall, uint256 dice) external {
        if (dice % 16 != 0) return;
        address account = accounts[accountSeed % ACCOUNTS];
        vm.startPrank(account);
        if (!skipUninstall) manager.onUninstall("");
        manager.onInstall("");
        vm.stopPrank();
        uint64 epoch = manager.epochOf(account);
        if (epoch <= epochs[account]) epochFell = true;
        epochs[account] = epoch;
        reached[skipUninstall ? "reinstall without uninstall" : "reinstall"]++;
    }

    function passTime(uint256 by) external {
        vm.warp(block.timestamp + bound(by, 1, 12 hours));
        reached["passTime"]++;
    }

    /*//////////////////////////////////////////////////////////////
                                 MODEL
    //////////////////////////////////////////////////////////////*/

    /// @dev The exact revert, or none and the validation data.
    function _predict(address account, uint256 index, uint256[3] memory amounts, uint8[] memory claims, uint48 time)
        private
        view
        returns (bytes memory revertData, uint256 validationData)
    {
        bytes32 id = ids[account][index];
        Ghost storage ghost = _ghost(account, index);
        if (sessionEpochs[account][index] != epochs[account]) {
            return (
                abi.encodeWithSelector(
                    ISessionKeyManager.EpochMismatch.selector, id, sessionEpochs[account][index], epochs[account]
                ),
                0
            );
        }
        if (ghost.status == SessionStatus.Revoked) {
            return (abi.encodeWithSelector(ISessionKeyManager.SessionIsRevoked.selector, id), 0);
        }
        uint256 total = ghost.total;
        uint256 period = ghost.period;
        uint256 inPeriod = ghost.inPeriod;
        uint256 claimed = time / PERIOD;
        for (uint256 i = 0; i < claims.length; ++i) {
            bytes memory inner;
            if (index != 1 && total + amounts[i] > TOTAL_LIMIT) {
                inner = abi.encodeWithSelector(ILimitPolicy.TotalLimitExceeded.selector, TOTAL_LIMIT, total, amounts[i]);
            } else if (index != 0) {
                if (claimed < period) {
                    inner = abi.encodeWithSelector(ILimitPolicy.PeriodInPast.selector, period, claimed);
                } else {
                    if (claimed > period) (period, inPeriod) = (claimed, 0);
                    if (inPeriod + amounts[i] > PERIOD_LIMIT) {
                        inner = abi.encodeWithSelector(
                            ILimitPolicy.PeriodLimitExceeded.selector,
                            PERIOD_LIMIT,
                            inPeriod,
                            amounts[i],
                            (claimed + 1) * PERIOD
                        );
                    }
                }
            }
            if (inner.length != 0) {
                return (
                    abi.encodeWithSelector(
                        ISessionKeyManager.PolicyRefused.selector, id, i, claims[i], erc20Limit, inner
                    ),
                    0
                );
            }
            total += amounts[i];
            inPeriod += amounts[i];
        }
        if (index != 0) validationData = (claimed * PERIOD) << 208 | (claimed * PERIOD + PERIOD - 1) << 160;
    }

    function _commit(address account, uint256 index, uint256[3] memory amounts, uint256 count, uint48 time) private {
        Ghost storage ghost = _ghost(account, index);
        uint256 sum = 0;
        for (uint256 i = 0; i < count; ++i) {
            sum += amounts[i];
        }
        if (index != 1) ghost.total += sum;
        if (index != 0) {
            uint256 claimed = time / PERIOD;
            if (claimed > ghost.period) (ghost.period, ghost.inPeriod) = (claimed, 0);
            ghost.inPeriod += sum;
        }
        ghost.acceptedEver += sum;
        ghost.accepted[time / PERIOD] += sum;
        if (index != 1 && ghost.acceptedEver > TOTAL_LIMIT) exceeded = true;
        if (index != 0 && ghost.accepted[time / PERIOD] > PERIOD_LIMIT) exceeded = true;
    }

    /*//////////////////////////////////////////////////////////////
                                 VIEWS
    //////////////////////////////////////////////////////////////*/

    function _ghost(address account, uint256 index) private view returns (Ghost storage) {
        return ghosts[ids[account][index]];
    }

    function sessionOf(address account, uint256 index) public view returns (Session memory session) {
        session.account = account;
        session.chainId = block.chainid;
        session.epoch = sessionEpochs[account][index];
        session.salt = bytes32(index);
        session.sessionKey = abi.encodePacked(key.addr);
        session.maxOpCost = 1 ether;
        session.actions = new Action[](2);
        session.actions[0] = newAction(TOKEN, IERC20.transfer.selector, address(erc20Limit), configOf(index));
        session.actions[1] = newAction(TOKEN, IERC20.approve.selector, address(erc20Limit), configOf(index));
    }

    function configOf(uint256 index) public pure returns (bytes memory) {
        bytes memory perPeriod = abi.encodePacked(uint128(PERIOD_LIMIT), uint32(PERIOD), uint48(0));
        if (index == 0) return abi.encodePacked(uint8(2), uint128(TOTAL_LIMIT));
        if (index == 1) return abi.encodePacked(uint8(4), perPeriod);
        return abi.encodePacked(uint8(2 | 4), uint128(TOTAL_LIMIT), perPeriod);
    }

    /// @notice What the policy has counted for a session, and what the model has.
    function counted(address account, uint256 index)
        external
        view
        returns (uint256[3] memory actual, uint256[3] memory model)
    {
        bytes32 budgetId = keccak256(abi.encode(ids[account][index], address(erc20Limit), keccak256(configOf(index))));
        (actual[0], actual[1], actual[2]) = erc20Limit.spent(address(manager), budgetId, account);
        Ghost storage ghost = _ghost(account, index);
        model = [ghost.total, ghost.inPeriod, ghost.period];
    }

    function statusOf(address account, uint256 index)
        external
        view
        returns (SessionStatus actual, SessionStatus model)
    {
        return (manager.sessionStatus(account, ids[account][index]), _ghost(account, index).status);
    }

    function epochOf(address account) external view returns (uint64) {
        return manager.epochOf(account);
    }
}
