// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Execution, IERC7579Execution} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {Test, Vm} from "forge-std/Test.sol";
import {IERC20LimitPolicy} from "contracts/interfaces/IERC20LimitPolicy.sol";
import {IABIRulePolicy} from "contracts/interfaces/IABIRulePolicy.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {ARGUMENT_RULES, ERC20_LIMIT} from "contracts/types/BuiltInPolicy.sol";
import {Action, Policy, Session} from "contracts/types/Session.sol";
import {BuiltInReader} from "../mocks/BuiltInReader.sol";
import {Deployed} from "./Deployed.sol";
import {UseBuilder} from "./UseBuilder.sol";

/// @notice What tests of sessions share: the deployed contracts, a session key, and user operations under a session.
abstract contract SessionTest is Test {
    bytes32 internal constant SINGLE = bytes32(0);
    bytes32 internal constant BATCH = bytes32(uint256(1) << 248);

    ISessionKeyManager internal manager;
    IERC20LimitPolicy internal erc20Limit;
    IABIRulePolicy internal abiRules;
    Vm.Wallet internal key;

    function setUp() public virtual {
        Deployed.select();
        manager = ISessionKeyManager(Deployed.at("sessionKeyManager", "SessionKeyManager.sol:SessionKeyManager"));
        erc20Limit = IERC20LimitPolicy(
            builtIn() ? readable(ERC20_LIMIT) : Deployed.at("erc20LimitPolicy", "ERC20LimitPolicy.sol:ERC20LimitPolicy")
        );
        abiRules = IABIRulePolicy(
            builtIn() ? ARGUMENT_RULES : Deployed.at("abiRulePolicy", "ABIRulePolicy.sol:ABIRulePolicy")
        );
        key = vm.createWallet("session key");
        vm.warp(1_800_000_000);
    }

    /// @notice Whether `erc20Limit` and `abiRules` are the manager's own.
    function builtIn() internal view virtual returns (bool) {
        return false;
    }

    /// @notice The address of one of the manager's own policies; what is spent can be read there as from a policy contract.
    function readable(address policy) internal returns (address) {
        vm.etch(policy, type(BuiltInReader).runtimeCode);
        return policy;
    }

    /// @notice A session of `account` on this chain with one week to act, 1 ether of gas, no paymaster and no action.
    function newSession(address account) internal view returns (Session memory session) {
        session.account = account;
        session.chainId = block.chainid;
        session.validAfter = uint48(block.timestamp);
        session.validUntil = uint48(block.timestamp + 7 days);
        session.sessionKey = abi.encodePacked(key.addr);
        session.maxOpCost = 1 ether;
        session.actions = new Action[](0);
    }

    /// @notice An action without policies.
    function newAction(address target, bytes4 selector) internal pure returns (Action memory action) {
        action.target = target;
        action.selector = selector;
        action.policies = new Policy[](0);
    }

    /// @notice An action with one policy.
    function newAction(address target, bytes4 selector, address policy, bytes memory config)
        internal
        pure
        returns (Action memory action)
    {
        action = newAction(target, selector);
        action.policies = new Policy[](1);
        action.policies[0] = Policy(policy, config);
    }

    /// @notice `execute` with one call.
    function single(address target, uint256 value, bytes memory data) internal pure returns (bytes memory) {
        return abi.encodeCall(IERC7579Execution.execute, (SINGLE, abi.encodePacked(target, value, data)));
    }

    /// @notice `execute` with several calls.
    function batch(Execution[] memory calls) internal pure returns (bytes memory) {
        return abi.encodeCall(IERC7579Execution.execute, (BATCH, abi.encode(calls)));
    }

    /// @notice A user operation without signature, with gas limits and fees that cost 0.002 ether at most.
    function newOp(address account, bytes memory callData) internal pure returns (PackedUserOperation memory op) {
        op.sender = account;
        op.callData = callData;
        op.accountGasLimits = bytes32(uint256(900_000) << 128 | 1_000_000);
        op.preVerificationGas = 100_000;
        op.gasFees = bytes32(uint256(1 gwei) << 128 | 1 gwei);
    }

    /// @notice A use of the session that claims the given actions, signed by `key`.
    function sign(Session memory session, uint48 claimedTime, uint8[] memory claims, bytes32 userOpHash)
        internal
        returns (bytes memory)
    {
        return signUse(UseBuilder.pack(session, claimedTime, claims), UseBuilder.hash(session), userOpHash);
    }

    /// @notice The same for any bytes in place of the use.
    function signUse(bytes memory use, bytes32 id, bytes32 userOpHash) internal returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, manager.hashUse(userOpHash, id, keccak256(use)));
        return abi.encodePacked(use, r, s, v);
    }

    /// @notice Claims of one call each.
    function claim(uint8 action) internal pure returns (uint8[] memory claims) {
        claims = new uint8[](1);
        claims[0] = action;
    }

    function claim(uint8 first, uint8 second) internal pure returns (uint8[] memory claims) {
        claims = new uint8[](2);
        claims[0] = first;
        claims[1] = second;
    }

    /// @notice Grants a session as its account.
    function grant(Session memory session) internal returns (bytes32 id) {
        id = UseBuilder.hash(session);
        bytes32[] memory ids = new bytes32[](1);
        ids[0] = id;
        vm.prank(session.account);
        manager.grantSessions(ids);
    }

    /// @notice Keeps a session in storage. Field by field: the compiler copies no structs with arrays of structs there.
    function store(Session storage to, Session memory from) internal {
        to.account = from.account;
        to.chainId = from.chainId;
        to.epoch = from.epoch;
        to.validAfter = from.validAfter;
        to.validUntil = from.validUntil;
        to.salt = from.salt;
        to.sessionKey = from.sessionKey;
        to.paymaster = from.paymaster;
        to.maxOpCost = from.maxOpCost;
        _store(to.operationPolicies, from.operationPolicies);
        _store(to.signaturePolicies, from.signaturePolicies);
        for (uint256 i = 0; i < from.actions.length; ++i) {
            Action storage action = to.actions.push();
            action.target = from.actions[i].target;
            action.selector = from.actions[i].selector;
            action.maxValue = from.actions[i].maxValue;
            _store(action.policies, from.actions[i].policies);
        }
    }

    function _store(Policy[] storage to, Policy[] memory from) private {
        for (uint256 i = 0; i < from.length; ++i) {
            to.push(from[i]);
        }
    }
}
