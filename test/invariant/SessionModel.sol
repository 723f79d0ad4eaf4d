// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Execution} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {ILimitPolicy} from "contracts/interfaces/ILimitPolicy.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {Action, Session, SessionStatus} from "contracts/types/Session.sol";
import {HostilePolicy, Sink} from "../mocks/Hostile.sol";
import {UseBuilder} from "../utils/UseBuilder.sol";
import {Limit, SessionWorld} from "./SessionWorld.sol";

/// @notice An operation to try, as the fuzzer draws it: each field is taken modulo what there is.
struct Attempt {
    uint8 account;
    uint8 session;
    /// How many calls, and of each what, and how much.
    uint8 calls;
    uint8[3] kinds;
    uint8[3] amounts;
    /// How far the claimed time is from the present, in minutes, if `drifts` is 0.
    int16 drift;
    uint8 drifts;
    /// What shows that the session is granted, of 8; 0: nothing.
    uint8 evidence;
    /// 0, of 32: another key signs.
    uint8 signer;
}

/// @notice What must come of operations, written down without the contracts: {model} goes through a bundle as the EntryPoint and
/// the manager should, and reverts with exactly what they should revert with; its state then is as it was.
abstract contract SessionModel is SessionWorld {
    /// Kinds of calls, of 64: 0 to 29 action 0, 30 to 59 action 1, and the following.
    uint8 internal constant KINDS = 64;
    uint8 internal constant SECOND_ACTION = 30;
    uint8 internal constant TOO_MUCH_VALUE = 60;
    uint8 internal constant OTHER_FUNCTION = 61;
    uint8 internal constant OWN_REVOCATION = 62;
    uint8 internal constant OTHER_TARGET = 63;
    uint8 internal constant OWN_CLAIM = 255;

    uint8 internal constant FORGED = 1;
    uint8 internal constant OTHER_PREFIX = 2;

    uint256 private constant NO_END = type(uint48).max;

    struct Budget {
        uint256 total;
        uint256 inPeriod;
        uint256 period;
    }

    /// What the model knows of an account.
    struct Ghost {
        bool installed;
        uint64 epoch;
        /// The kind of its rule on grants by signature, see {SessionWorld-ruleOf}.
        uint256 rule;
        uint256 etherSent;
        uint256 sinkCalls;
        uint256 calledBack;
        uint256[6] sent;
        uint256[6] approved;
        uint256[6] calls;
    }

    /// What is handed around while one operation is gone through.
    struct Walk {
        uint256 index;
        address account;
        bytes32 id;
        uint256 time;
        uint256 first;
        uint256 last;
    }

    mapping(address account => Ghost) internal ghosts;
    mapping(bytes32 id => SessionStatus) internal statusOf;
    mapping(bytes32 budgetId => Budget) internal budgets;

    /// Sums by themselves, apart from the budgets above: what was accepted ever, and in each day.
    mapping(bytes32 budgetId => uint256) internal acceptedEver;
    mapping(bytes32 budgetId => mapping(uint256 period => uint256)) internal acceptedIn;
    bool public exceeded;
    bool public revokedActed;

    /// How often each path was taken.
    mapping(string path => uint256 times) public reached;

    /*//////////////////////////////////////////////////////////////
                                 A BUNDLE
    //////////////////////////////////////////////////////////////*/

    /// @notice All operations are validated, then all are executed.
    function model(Attempt[] calldata attempts) external {
        require(msg.sender == address(this), "by itself");
        for (uint256 i = 0; i < attempts.length; ++i) {
            _validate(attempts[i], i);
        }
        for (uint256 i = 0; i < attempts.length; ++i) {
            _execute(attempts[i]);
        }
    }

    function timeOf(Attempt calldata attempt) internal view returns (uint48) {
        if (attempt.drifts % 8 != 0) return uint48(block.timestamp);
        return uint48(uint256(int256(block.timestamp) + int256(attempt.drift) * 1 minutes));
    }

    function callsOf(Attempt calldata attempt) internal pure returns (uint256) {
        return attempt.calls % 3 + 1;
    }

    /// @notice One of an operation's calls, and what it claims.
    function callOf(Session memory session, uint8 kind, uint256 amount)
        internal
        view
        returns (Execution memory call, uint8 claimed)
    {
        claimed = kind >= SECOND_ACTION && kind < TOO_MUCH_VALUE ? 1 : 0;
        Action memory action = session.actions[claimed];
        bool isSink = action.target == address(sink);
        call.target = action.target;
        if (isSink) {
            if (claimed == 0) call.value = amount;
            else call.callData = abi.encodeCall(Sink.poke, ());
        } else {
            call.callData =
                abi.encodeWithSelector(action.selector, isCalledBack(action) ? address(receiver) : SHOP, amount);
        }
        if (kind == TOO_MUCH_VALUE) call.value = action.maxValue + 1;
        if (kind == OTHER_FUNCTION) call.callData = abi.encodeCall(IERC20.transferFrom, (SHOP, SHOP, amount));
        if (kind == OTHER_TARGET) call.target = address(0xDEAD);
        if (kind == OWN_REVOCATION) {
            bytes32[] memory ids = new bytes32[](1);
            ids[0] = UseBuilder.hash(session);
            call = Execution(address(manager), 0, abi.encodeCall(ISessionKeyManager.revokeSessions, (ids)));
            claimed = OWN_CLAIM;
        }
    }

    /// @dev Whether what is transferred calls whom it is transferred to.
    function isCalledBack(Action memory action) internal view returns (bool) {
        return action.target == address(tokens[5]);
    }

    function isSignedRightly(Attempt calldata attempt) internal pure returns (bool) {
        return attempt.signer % 32 != 0;
    }

    function evidenceOf(Attempt calldata attempt) internal pure returns (uint256) {
        uint256 evidence = attempt.evidence % 8;
        return evidence == 3 ? OTHER_PREFIX : evidence;
    }

    function amountOf(Attempt calldata attempt, uint256 i) internal pure returns (uint256) {
        // Up to 60, small ones more often.
        return attempt.amounts[i] % 61 >> attempt.amounts[i] / 61;
    }

    /*//////////////////////////////////////////////////////////////
                               VALIDATION
    //////////////////////////////////////////////////////////////*/

    function _validate(Attempt calldata attempt, uint256 index) private {
        address account = accounts[attempt.account % ACCOUNTS];
        uint256 k = attempt.session % SESSIONS;
        Walk memory walk = Walk(index, account, idOf[account][k], timeOf(attempt), 0, NO_END);
        if (k == 3) walk.last = end;
        _requireActive(walk, attempt, k);
        _checkCalls(walk, attempt, k);
        if (k == 4) {
            for (uint256 i = 0; i < 2; ++i) {
                uint256 amount = i == 1 && isSignedRightly(attempt) ? OP_COST : 1;
                bytes memory reason = _spend(walk, operationLimit(i), amount);
                if (reason.length != 0) {
                    address policy = operationLimit(i).policy;
                    _refuse(
                        walk,
                        abi.encodeWithSelector(
                            ISessionKeyManager.OperationPolicyRefused.selector, walk.id, i, policy, reason
                        )
                    );
                }
            }
        }
        if (walk.first > walk.last) {
            _refuse(
                walk, abi.encodeWithSelector(ISessionKeyManager.EmptyWindow.selector, walk.id, walk.first, walk.last)
            );
        }
        if (!isSignedRightly(attempt)) _fail(walk, "AA24 signature error");
        // forge-lint: disable-next-line(block-timestamp)
        if (block.timestamp < walk.first || block.timestamp > walk.last) _fail(walk, "AA22 expired or not due");
        if (statusOf[walk.id] == SessionStatus.Revoked) revokedActed = true;
    }

    function _requireActive(Walk memory walk, Attempt calldata attempt, uint256 k) private {
        Ghost storage ghost = ghosts[walk.account];
        bytes32 id = walk.id;
        if (!ghost.installed) {
            _refuse(walk, abi.encodeWithSelector(ISessionKeyManager.NotInstalled.selector, walk.account));
        }
        uint64 epoch = sessionEpochs[walk.account][k];
        if (epoch != ghost.epoch) {
            _refuse(walk, abi.encodeWithSelector(ISessionKeyManager.EpochMismatch.selector, id, epoch, ghost.epoch));
        }
        if (statusOf[id] == SessionStatus.Granted) return;
        if (statusOf[id] == SessionStatus.Revoked) {
            _refuse(walk, abi.encodeWithSelector(ISessionKeyManager.SessionIsRevoked.selector, id));
        }
        bool isLeaf = k == 1 || k == 2;
        if (evidenceOf(attempt) == 0 || (!isLeaf && k != SIGNED)) {
            _refuse(walk, abi.encodeWithSelector(ISessionKeyManager.SessionNotGranted.selector, id));
        }
        if (isLeaf) return _requireRoot(walk);
        _requireGrant(walk, attempt, ghost.rule);
        statusOf[id] = SessionStatus.Granted;
        reached["granted by signature"]++;
    }

    function _requireRoot(Walk memory walk) private {
        bytes32 root = idOf[walk.account][ROOT];
        if (statusOf[root] == SessionStatus.Granted) {
            reached["granted by root"]++;
            return;
        }
        bytes4 selector = statusOf[root] == SessionStatus.Revoked
            ? ISessionKeyManager.RootIsRevoked.selector
            : ISessionKeyManager.RootNotGranted.selector;
        _refuse(walk, abi.encodeWithSelector(selector, walk.id, root));
    }

    function _requireGrant(Walk memory walk, Attempt calldata attempt, uint256 rule) private view {
        if (rule == 0) {
            _refuse(walk, abi.encodeWithSelector(ISessionKeyManager.SignedGrantsOff.selector, walk.account));
        }
        if (evidenceOf(attempt) == OTHER_PREFIX && rule == 2) {
            _refuse(
                walk,
                abi.encodeWithSelector(
                    ISessionKeyManager.GrantPrefixMismatch.selector,
                    walk.id,
                    abi.encodePacked(ownerValidator),
                    new bytes(21)
                )
            );
        }
        if (evidenceOf(attempt) == FORGED || evidenceOf(attempt) == OTHER_PREFIX) {
            _refuse(
                walk,
                abi.encodeWithSelector(
                    ISessionKeyManager.GrantNotSigned.selector,
                    walk.id,
                    bundleDigest(bundleOf(walk.id)),
                    abi.encode(bytes4(0xffffffff))
                )
            );
        }
    }

    function _checkCalls(Walk memory walk, Attempt calldata attempt, uint256 k) private {
        Session memory session = sessionOf(walk.account, k);
        uint256 count = callsOf(attempt);
        for (uint256 i = 0; i < count; ++i) {
            _checkCall(walk, session, k, i, attempt.kinds[i] % KINDS, amountOf(attempt, i));
        }
    }

    function _checkCall(Walk memory walk, Session memory session, uint256 k, uint256 i, uint8 kind, uint256 amount)
        private
    {
        if (kind == OWN_REVOCATION) return;
        uint256 claimed = kind >= SECOND_ACTION && kind < TOO_MUCH_VALUE ? 1 : 0;
        Action memory action = session.actions[claimed];
        if (kind == OTHER_TARGET) {
            _refuse(
                walk,
                abi.encodeWithSelector(
                    ISessionKeyManager.TargetNotAllowed.selector, walk.id, i, 0, action.target, address(0xDEAD)
                )
            );
        }
        if (kind == OTHER_FUNCTION) {
            _refuse(
                walk,
                abi.encodeWithSelector(
                    ISessionKeyManager.SelectorNotAllowed.selector,
                    walk.id,
                    i,
                    0,
                    action.selector,
                    IERC20.transferFrom.selector
                )
            );
        }
        if (kind == TOO_MUCH_VALUE) {
            _refuse(
                walk,
                abi.encodeWithSelector(
                    ISessionKeyManager.ValueExceeded.selector, walk.id, i, 0, action.maxValue, action.maxValue + 1
                )
            );
        }
        if (k == 5 && claimed == 0) _askHostile(walk, i, amount);
        Limit memory limit = limitOf(k, claimed);
        bytes memory reason = _spend(walk, limit, k == 3 && claimed == 1 ? 1 : amount);
        if (reason.length != 0) _refuseCall(walk, i, claimed, limit.policy, reason);
    }

    function _askHostile(Walk memory walk, uint256 i, uint256 amount) private view {
        uint256 kind = amount % 7;
        if (kind == 1) {
            _refuseCall(walk, i, 0, address(hostile), abi.encodeWithSelector(HostilePolicy.No.selector));
        }
        if (kind == 2) {
            _refuse(
                walk,
                abi.encodeWithSelector(
                    ISessionKeyManager.InvalidPolicyValidationData.selector, walk.id, address(hostile), 1
                )
            );
        }
        if (kind == 3) {
            _refuse(
                walk,
                abi.encodeWithSelector(ISessionKeyManager.InvalidPolicyAnswer.selector, walk.id, address(hostile), 31)
            );
        }
    }

    /// @dev Counts `amount`, and narrows the window; or says what the policy reverts with.
    function _spend(Walk memory walk, Limit memory limit, uint256 amount) private returns (bytes memory) {
        bytes32 budgetId = budgetIdOf(walk.id, limit);
        Budget storage budget = budgets[budgetId];
        if (limit.hasTotal) {
            if (budget.total + amount > limit.total) {
                return
                    abi.encodeWithSelector(ILimitPolicy.TotalLimitExceeded.selector, limit.total, budget.total, amount);
            }
            budget.total += amount;
        }
        acceptedEver[budgetId] += amount;
        if (limit.hasTotal && acceptedEver[budgetId] > limit.total) exceeded = true;
        if (!limit.hasPeriod) return "";

        uint256 period = (walk.time - limit.anchor) / PERIOD;
        uint256 begin = limit.anchor + period * PERIOD;
        if (period < budget.period) {
            return abi.encodeWithSelector(ILimitPolicy.PeriodInPast.selector, budget.period, period);
        }
        if (period > budget.period) (budget.period, budget.inPeriod) = (period, 0);
        if (budget.inPeriod + amount > limit.inPeriod) {
            return abi.encodeWithSelector(
                ILimitPolicy.PeriodLimitExceeded.selector, limit.inPeriod, budget.inPeriod, amount, begin + PERIOD
            );
        }
        budget.inPeriod += amount;
        acceptedIn[budgetId][period] += amount;
        if (acceptedIn[budgetId][period] > limit.inPeriod) exceeded = true;
        if (begin > walk.first) walk.first = begin;
        if (begin + PERIOD - 1 < walk.last) walk.last = begin + PERIOD - 1;
        return "";
    }

    /// @notice The bundle that an owner signs: the session and another.
    function bundleOf(bytes32 id) internal pure returns (bytes32[] memory bundle) {
        bundle = new bytes32[](2);
        bundle[0] = id;
        bundle[1] = keccak256("another session");
    }

    function bundleDigest(bytes32[] memory bundle) internal view returns (bytes32) {
        bytes32 domain = UseBuilder.domain(address(manager));
        return MessageHashUtils.toTypedDataHash(domain, UseBuilder.hashBundle(bundle));
    }

    /*//////////////////////////////////////////////////////////////
                               EXECUTION
    //////////////////////////////////////////////////////////////*/

    function _execute(Attempt calldata attempt) private {
        address account = accounts[attempt.account % ACCOUNTS];
        uint256 k = attempt.session % SESSIONS;
        uint256 count = callsOf(attempt);
        reached[string.concat("session ", vm.toString(k))]++;
        if (evidenceOf(attempt) != 0 && k == SIGNED) reached["carries a grant"]++;
        for (uint256 i = 0; i < count; ++i) {
            // One call that reverts undoes the operation's others; what they counted stays.
            if (k == 5 && attempt.kinds[i] % KINDS < SECOND_ACTION && amountOf(attempt, i) % 7 == 6) {
                reached["reverts in execution"]++;
                return;
            }
        }
        for (uint256 i = 0; i < count; ++i) {
            _executeCall(ghosts[account], idOf[account][k], k, attempt.kinds[i] % KINDS, amountOf(attempt, i));
        }
    }

    function _executeCall(Ghost storage ghost, bytes32 id, uint256 k, uint8 kind, uint256 amount) private {
        if (kind == OWN_REVOCATION) {
            statusOf[id] = SessionStatus.Revoked;
            reached["revokes itself"]++;
        } else if (k == 3) {
            if (kind < SECOND_ACTION) ghost.etherSent += amount;
            ghost.sinkCalls += 1;
        } else {
            uint256 token = k < 3 ? k : k - 1;
            if (kind < SECOND_ACTION) ghost.sent[token] += amount;
            else ghost.approved[token] += amount;
            ghost.calls[token] += 1;
            if (k == 6 && kind < SECOND_ACTION) {
                ghost.calledBack += 1;
                reached["calls back"]++;
            }
        }
    }

    /*//////////////////////////////////////////////////////////////
                                REFUSALS
    //////////////////////////////////////////////////////////////*/

    function _refuseCall(Walk memory walk, uint256 i, uint256 action, address policy, bytes memory reason)
        private
        pure
    {
        _refuse(
            walk, abi.encodeWithSelector(ISessionKeyManager.PolicyRefused.selector, walk.id, i, action, policy, reason)
        );
    }

    /// @dev What the EntryPoint reverts with if the manager reverts with `reason`.
    function _refuse(Walk memory walk, bytes memory reason) private pure {
        _revert(
            abi.encodeWithSignature("FailedOpWithRevert(uint256,string,bytes)", walk.index, "AA23 reverted", reason)
        );
    }

    function _fail(Walk memory walk, string memory reason) private pure {
        _revert(abi.encodeWithSignature("FailedOp(uint256,string)", walk.index, reason));
    }

    function _revert(bytes memory reason) private pure {
        assembly ("memory-safe") {
            revert(add(reason, 32), mload(reason))
        }
    }
}
