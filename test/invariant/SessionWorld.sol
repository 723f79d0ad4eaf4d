// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IEntryPoint} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Vm} from "forge-std/Test.sol";
import {ILimitPolicy} from "contracts/interfaces/ILimitPolicy.sol";
import {ERC20_LIMIT, GAS_LIMIT, NATIVE_LIMIT, USAGE_LIMIT} from "contracts/types/BuiltInPolicy.sol";
import {Action, NO_CALLDATA, Policy, Session} from "contracts/types/Session.sol";
import {HostilePolicy, HostileToken, Receiver, Sink} from "../mocks/Hostile.sol";
import {OpenZeppelinAccount} from "../mocks/OpenZeppelinAccount.sol";
import {EntryPoints, EntryPointVersion} from "../utils/EntryPoints.sol";
import {SessionTest} from "../utils/SessionTest.sol";
import {UseBuilder} from "../utils/UseBuilder.sol";

/// @notice A limit, as a model counts it.
struct Limit {
    address policy;
    bytes config;
    bool hasTotal;
    uint256 total;
    bool hasPeriod;
    uint256 inPeriod;
    uint256 anchor;
}

/// @notice The accounts, tokens and sessions that invariants are tested on.
///
/// Limits are the manager's own and policy contracts by turns. Three accounts on one EntryPoint hold the same seven sessions each, all but one of one key:
///
/// | session | granted by | action 0 | action 1 |
/// | --- | --- | --- | --- |
/// | 0 | the account | transfer of a plain token: 100 in total | approve, of the same budget |
/// | 1 | a Merkle root | transfer of a token that returns nothing: 40 a day | approve, of the same budget |
/// | 2 | the same root | transfer of a token that takes a fee: 100 in total and 40 a day from an anchor | approve, of the same budget |
/// | 3, ends after 20 days | the account | ether to a sink, 60 a call: 100 in total and 40 a day | a call to it: 3 a day |
/// | 4, of another key | the owner's signature | transfer of a token that re-enters: 1000 in total | approve, of the same budget. 3 operations a day, and gas for 4 in total |
/// | 5 | the account | transfer of a token that answers false, or reverts: a hostile policy, and 100 in total | approve, of the same budget |
/// | 6 | the account | transfer of a token that calls its recipient, who re-enters: 1000 in total | approve, of the same budget |
abstract contract SessionWorld is SessionTest {
    uint256 internal constant ACCOUNTS = 3;
    uint256 internal constant SESSIONS = 7;
    uint256 internal constant ROOT = 7;
    uint256 internal constant SIGNED = 4;
    uint256 internal constant PERIOD = 1 days;
    uint256 internal constant ANCHOR = 1_700_000_000;
    uint256 internal constant ENDOWMENT = 1 ether;
    /// What an operation costs at most, from {SessionTest-newOp}.
    uint256 internal constant OP_COST = 2_000_000 gwei;
    address internal constant SHOP = address(0xBEEF);

    IEntryPoint internal entryPoint;
    address internal ownerValidator;
    address internal nativeLimit;
    address internal usageLimit;
    address internal ownERC20Limit;
    address internal ownUsageLimit;
    address internal gasLimit;
    HostilePolicy internal hostile;
    HostileToken[6] internal tokens;
    Receiver internal receiver;
    Sink internal sink;
    Vm.Wallet internal owner;
    Vm.Wallet internal secondKey;
    uint48 internal end;

    address[] public accounts;
    mapping(address account => uint64[7]) internal sessionEpochs;
    mapping(address account => bytes32[8]) internal idOf;
    /// The budgets of these sessions: of the first actions, of action 1 of session 3, and of the operations of session 4.
    mapping(address account => bytes32[10]) internal budgetIdsOf;

    function setUp() public virtual override {
        super.setUp();
        end = uint48(block.timestamp + 20 days);
        entryPoint = EntryPoints.deploy(EntryPointVersion.V07);
        ownerValidator = deployCode("OwnerValidator.sol:OwnerValidator");
        ownERC20Limit = readable(ERC20_LIMIT);
        nativeLimit = readable(NATIVE_LIMIT);
        ownUsageLimit = readable(USAGE_LIMIT);
        usageLimit = deployCode("UsageLimitPolicy.sol:UsageLimitPolicy");
        gasLimit = readable(GAS_LIMIT);
        hostile = new HostilePolicy(manager, erc20Limit, entryPoint);
        receiver = new Receiver(manager, erc20Limit, entryPoint);
        for (uint256 i = 0; i < 6; ++i) {
            tokens[i] = new HostileToken(HostileToken.Kind(i), manager, erc20Limit, entryPoint);
        }
        sink = new Sink();
        owner = vm.createWallet("owner");
        secondKey = vm.createWallet("second key");
        vm.deal(address(this), 1_000_000 ether);
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            OpenZeppelinAccount.Validator[] memory validators = new OpenZeppelinAccount.Validator[](2);
            validators[0] = OpenZeppelinAccount.Validator(ownerValidator, abi.encodePacked(owner.addr));
            validators[1] = OpenZeppelinAccount.Validator(address(manager), ruleOf(2));
            address account =
                deployCode("OpenZeppelinAccount.sol:OpenZeppelinAccount", abi.encode(entryPoint, validators));
            accounts.push(account);
            vm.deal(account, ENDOWMENT);
            entryPoint.depositTo{value: 10_000 ether}(account);
            identify(account);
        }
    }

    /// @notice Computes the ids of an account's sessions, and of their root, for the epochs they now have.
    function identify(address account) internal {
        for (uint256 k = 0; k < SESSIONS; ++k) {
            bytes32 id = UseBuilder.hash(sessionOf(account, k));
            idOf[account][k] = id;
            budgetIdsOf[account][k] = budgetIdOf(id, limitOf(k, 0));
        }
        budgetIdsOf[account][SESSIONS] = budgetIdOf(idOf[account][3], limitOf(3, 1));
        for (uint256 i = 0; i < 2; ++i) {
            budgetIdsOf[account][SESSIONS + 1 + i] = budgetIdOf(idOf[account][4], operationLimit(i));
        }
        (bytes32 a, bytes32 b) = (idOf[account][1], idOf[account][2]);
        idOf[account][ROOT] = keccak256(a < b ? abi.encode(a, b) : abi.encode(b, a));
    }

    /// @notice A rule on grants by signature: off, any, or beginning with the owner's validator.
    function ruleOf(uint256 kind) internal view returns (bytes memory) {
        if (kind == 0) return "";
        return kind == 1 ? abi.encodePacked(uint8(0)) : abi.encodePacked(uint8(1), ownerValidator);
    }

    function tokenOf(uint256 k) internal view returns (HostileToken) {
        return tokens[k < 3 ? k : k - 1];
    }

    function sessionOf(address account, uint256 k) public view returns (Session memory session) {
        session.account = account;
        session.chainId = block.chainid;
        session.epoch = sessionEpochs[account][k];
        session.salt = bytes32(k);
        session.sessionKey = abi.encodePacked(k == SIGNED ? secondKey.addr : key.addr);
        session.maxOpCost = 1 ether;
        session.actions = new Action[](2);
        if (k == 3) {
            session.validUntil = end;
            session.actions[0] = _action(address(sink), NO_CALLDATA, limitOf(3, 0));
            session.actions[0].maxValue = 60;
            session.actions[1] = _action(address(sink), Sink.poke.selector, limitOf(3, 1));
            return session;
        }
        session.actions[0] = _action(address(tokenOf(k)), IERC20.transfer.selector, limitOf(k, 0));
        session.actions[1] = _action(address(tokenOf(k)), IERC20.approve.selector, limitOf(k, 1));
        if (k == 4) {
            session.operationPolicies = new Policy[](2);
            for (uint256 i = 0; i < 2; ++i) {
                Limit memory limit = operationLimit(i);
                session.operationPolicies[i] = Policy(limit.policy, limit.config);
            }
        }
        if (k == 5) {
            Policy memory counting = session.actions[0].policies[0];
            session.actions[0].policies = new Policy[](2);
            session.actions[0].policies[0] = Policy(address(hostile), "");
            session.actions[0].policies[1] = counting;
        }
    }

    function _action(address target, bytes4 selector, Limit memory limit) private pure returns (Action memory) {
        return newAction(target, selector, limit.policy, limit.config);
    }

    /// @notice The policy that counts a budget of {budgetIdsOf}.
    function policyOf(uint256 budget) internal view returns (address) {
        if (budget < SESSIONS) return limitOf(budget, 0).policy;
        return budget == SESSIONS ? limitOf(3, 1).policy : operationLimit(budget - SESSIONS - 1).policy;
    }

    /// @notice The limit on tokens in a session: the manager's own in every other one.
    function tokenLimit(uint256 k) internal view returns (address) {
        return k % 2 == 0 ? ownERC20Limit : address(erc20Limit);
    }

    function budgetIdOf(bytes32 id, Limit memory limit) internal pure returns (bytes32) {
        return keccak256(abi.encode(id, limit.policy, keccak256(limit.config)));
    }

    /// @notice The limit on an action.
    function limitOf(uint256 k, uint256 action) internal view returns (Limit memory) {
        if (k == 1) return _limit(tokenLimit(k), 0, 40, 0);
        if (k == 2) return _limit(tokenLimit(k), 100, 40, ANCHOR);
        if (k == 3) return action == 0 ? _limit(nativeLimit, 100, 40, 0) : _limit(usageLimit, 0, 3, 0);
        return _limit(tokenLimit(k), k == 4 || k == 6 ? 1000 : 100, 0, 0);
    }

    /// @notice A limit on the operations of session 4: on their number, and on their gas.
    function operationLimit(uint256 i) internal view returns (Limit memory) {
        return i == 0 ? _limit(ownUsageLimit, 0, 3, 0) : _limit(gasLimit, 4 * OP_COST, 0, 0);
    }

    function _limit(address policy, uint256 total, uint256 inPeriod, uint256 anchor)
        private
        pure
        returns (Limit memory limit)
    {
        limit = Limit(policy, "", total != 0, total, inPeriod != 0, inPeriod, anchor);
        limit.config = abi.encodePacked(uint8((total == 0 ? 0 : 2) | (inPeriod == 0 ? 0 : 4)));
        if (total != 0) limit.config = abi.encodePacked(limit.config, uint128(total));
        if (inPeriod != 0) {
            limit.config = abi.encodePacked(limit.config, uint128(inPeriod), uint32(PERIOD), uint48(anchor));
        }
    }
}
