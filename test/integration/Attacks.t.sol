// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IAccountExecute, PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Execution, IERC7579ModuleConfig} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {IERC20LimitPolicy} from "contracts/interfaces/IERC20LimitPolicy.sol";
import {ILimitPolicy} from "contracts/interfaces/ILimitPolicy.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {ANY_TARGET, Action, NO_CALLDATA, Session} from "contracts/types/Session.sol";
import {NexusTest} from "../utils/NexusTest.sol";
import {UseBuilder} from "../utils/UseBuilder.sol";

/// @notice Attacks on a real Nexus account through the EntryPoint by whoever holds a session key, or relays what it signed.
/// Those that every account is tested against are in {AccountBehaviour}; docs/threat-model.md lists all of them.
///
/// The session may move 50 tokens in total, by any of the four functions; send the shop 1 ether a call; and call `poke`
/// anywhere.
contract AttacksTest is NexusTest {
    uint8 private constant TRANSFER = 0;
    uint8 private constant PERMIT = 4;
    uint8 private constant PAY = 5;
    uint8 private constant ANYWHERE = 6;
    uint8 private constant OWN_REVOCATION = 255;
    bytes4 private constant POKE = bytes4(keccak256("poke()"));
    /// Where, in the operation's callData, the execution's calldata begins.
    uint256 private constant EXECUTION = 100;

    address private shop = makeAddr("shop");
    address private thief = makeAddr("thief");
    Session private session;
    bytes32 private id;

    function setUp() public override {
        super.setUp();
        store(session, _newSession(0, abi.encodePacked(uint8(2), uint128(50e6))));
        id = grantByOwner(session);
    }

    function _newSession(uint256 salt, bytes memory config) private view returns (Session memory s) {
        s = newSession(account);
        s.salt = bytes32(salt);
        s.actions = new Action[](7);
        bytes4[5] memory selectors = [
            IERC20.transfer.selector,
            IERC20.approve.selector,
            IERC20.transferFrom.selector,
            bytes4(keccak256("increaseAllowance(address,uint256)")),
            IERC20Permit.permit.selector
        ];
        for (uint256 i = 0; i < 5; ++i) {
            s.actions[i] = newAction(address(token), selectors[i], address(erc20Limit), config);
        }
        s.actions[PAY] = newAction(shop, NO_CALLDATA);
        s.actions[PAY].maxValue = 1 ether;
        s.actions[ANYWHERE] = newAction(ANY_TARGET, POKE);
    }

    function _op(uint8 action, address target, uint256 value, bytes memory data)
        private
        returns (PackedUserOperation memory)
    {
        return sessionOp(session, 0, claim(action), single(target, value, data));
    }

    function _transfer(uint256 amount) private view returns (bytes memory) {
        return single(address(token), 0, abi.encodeCall(IERC20.transfer, (shop, amount)));
    }

    function _policyRefused(uint8 action, bytes memory inner) private view returns (bytes memory) {
        return
            abi.encodeWithSelector(ISessionKeyManager.PolicyRefused.selector, id, 0, action, address(erc20Limit), inner);
    }

    /*//////////////////////////////////////////////////////////////
                                 LIMITS
    //////////////////////////////////////////////////////////////*/

    function test_RevertWhen_TheLimitIsBypassedByAnotherFunctionOfTheToken() external {
        bytes[4] memory calls = [
            abi.encodeCall(IERC20.transfer, (thief, 1)),
            abi.encodeCall(IERC20.approve, (thief, 1)),
            abi.encodeCall(IERC20.transferFrom, (account, thief, 1)),
            abi.encodeWithSignature("increaseAllowance(address,uint256)", thief, 1)
        ];
        handle(sessionOp(session, 0, claim(TRANSFER), _transfer(50e6)));
        bytes memory inner = abi.encodeWithSelector(ILimitPolicy.TotalLimitExceeded.selector, 50e6, 50e6, 1);
        for (uint8 i = 0; i < 4; ++i) {
            handleRefused(_op(i, address(token), 0, calls[i]), _policyRefused(i, inner));
        }
        assertEq(token.balanceOf(thief), 0);
    }

    function test_RevertWhen_TheLimitIsBypassedByAPermit() external {
        bytes memory permit = abi.encodeCall(
            IERC20Permit.permit, (account, thief, type(uint256).max, type(uint256).max, 27, bytes32(0), bytes32(0))
        );
        bytes memory inner =
            abi.encodeWithSelector(IERC20LimitPolicy.FunctionNotAllowed.selector, IERC20Permit.permit.selector);
        handleRefused(_op(PERMIT, address(token), 0, permit), _policyRefused(PERMIT, inner));
    }

    function test_RevertWhen_EtherIsSentWithCalldata() external {
        handleRefused(
            _op(PAY, shop, 1 ether, abi.encodeWithSelector(POKE)),
            abi.encodeWithSelector(ISessionKeyManager.SelectorNotAllowed.selector, id, 0, PAY, NO_CALLDATA, POKE)
        );
    }

    /// @dev The last second of a day and the first of the next: each is of one of them, and both budgets are there once.
    function test_RevertWhen_OneSecondIsSpentInTwoPeriods() external {
        Session memory daily = _newSession(1, abi.encodePacked(uint8(4), uint128(50e6), uint32(1 days), uint48(0)));
        grantByOwner(daily);
        uint48 last = uint48((block.timestamp / 1 days + 1) * 1 days - 1);
        for (uint48 i = 0; i < 2; ++i) {
            vm.warp(last + i);
            PackedUserOperation memory other = sessionOp(daily, last + 1 - i, claim(TRANSFER), _transfer(50e6));
            // The period that was gone through cannot be gone back to, nor the next be had before.
            if (i == 0) {
                handleFailed(other, "AA22 expired or not due");
            } else {
                uint256 before = vm.snapshotState();
                handleFailed(sessionOp(daily, last, claim(TRANSFER), _transfer(0)), "AA22 expired or not due");
                vm.revertToState(before);
            }
            handle(sessionOp(daily, last + i, claim(TRANSFER), _transfer(50e6)));
        }
        assertEq(token.balanceOf(shop), 100e6);
    }

    /// @dev The end of its period would be read as a block number, or be cut to 48 bits.
    function test_RevertWhen_AClaimedTimeIsTooLateForAPeriod() external {
        Session memory daily = _newSession(1, abi.encodePacked(uint8(4), uint128(50e6), uint32(1 days), uint48(0)));
        daily.validUntil = 0;
        id = grantByOwner(daily);
        uint48[3] memory times = [type(uint48).max, 2 ** 47, 2 ** 47 - 1];
        for (uint256 i = 0; i < 3; ++i) {
            bytes memory inner = abi.encodeWithSelector(ILimitPolicy.ClaimedTimeTooLate.selector, times[i]);
            handleRefused(sessionOp(daily, times[i], claim(TRANSFER), _transfer(1)), _policyRefused(TRANSFER, inner));
        }
    }

    /*//////////////////////////////////////////////////////////////
                                CALLDATA
    //////////////////////////////////////////////////////////////*/

    function test_RevertWhen_CalldataIsTooShortForAFunction() external {
        bytes memory data = abi.encodePacked(POKE);
        for (uint256 length = 1; length < 4; ++length) {
            bytes memory part = new bytes(length);
            for (uint256 i = 0; i < length; ++i) {
                part[i] = data[i];
            }
            bytes memory reason = abi.encodeWithSelector(ISessionKeyManager.CalldataTooShort.selector, id, 0, length);
            handleRefused(_op(PAY, shop, 0, part), reason);
            handleRefused(_op(ANYWHERE, thief, 0, part), reason);
        }
    }

    function test_RevertWhen_ABatchIsEmpty() external {
        bytes memory callData = batch(new Execution[](0));
        PackedUserOperation memory op = sessionOp(session, 0, new uint8[](0), callData);
        handleRefused(op, abi.encodeWithSelector(ISessionKeyManager.EmptyBatch.selector));
    }

    function _batchOfTwo() private view returns (bytes memory) {
        Execution[] memory list = calls(shop, 1, 2);
        list[1].callData = abi.encodeCall(IERC20.transfer, (thief, 1000e6));
        return batch(list);
    }

    function _handleNonCanonical(bytes memory callData, uint256 position) private {
        handleRefused(
            sessionOp(session, 0, claim(TRANSFER, TRANSFER), callData),
            abi.encodeWithSelector(ISessionKeyManager.NonCanonicalExecution.selector, position)
        );
        assertEq(token.balanceOf(thief), 0);
    }

    /// @dev Two calls that are one, for whoever goes by the order of the bytes; two for whoever goes by the offsets.
    function test_RevertWhen_TheCallsOfABatchOverlap() external {
        bytes memory callData = _batchOfTwo();
        uint256 second = EXECUTION + 96;
        for (uint256 i = 0; i < 32; ++i) {
            callData[second + i] = callData[second - 32 + i];
        }
        _handleNonCanonical(callData, second);
    }

    function test_RevertWhen_ACallIsMadeShorterThanItIs() external {
        bytes memory callData = _batchOfTwo();
        // The first call's data: 68 bytes, of which 4 are shown. What follows is not where a call begins.
        uint256 length = EXECUTION + 64 + 64 + 96;
        callData[length + 31] = 0x04;
        _handleNonCanonical(callData, length + 32 + 4);
    }

    function test_RevertWhen_ATargetHasDirtyBits() external {
        bytes memory callData = _batchOfTwo();
        uint256 target = EXECUTION + 64 + 64;
        callData[target] = 0x01;
        _handleNonCanonical(callData, target);
    }

    function test_RevertWhen_BytesFollowABatch() external {
        bytes memory callData = bytes.concat(_batchOfTwo(), new bytes(32));
        _handleNonCanonical(callData, EXECUTION - 32);
    }

    function test_RevertWhen_ExecuteUserOpWrapsAnotherFunction() external {
        bytes4 wrapper = IAccountExecute.executeUserOp.selector;
        bytes memory twice = bytes.concat(wrapper, wrapper, _transfer(1));
        handleRefused(
            sessionOp(session, 0, claim(TRANSFER), twice),
            abi.encodeWithSelector(ISessionKeyManager.FunctionNotExecute.selector, wrapper)
        );
        bytes memory install = bytes.concat(wrapper, installCall());
        handleRefused(
            sessionOp(session, 0, claim(TRANSFER), install),
            abi.encodeWithSelector(
                ISessionKeyManager.FunctionNotExecute.selector, IERC7579ModuleConfig.installModule.selector
            )
        );
    }

    /*//////////////////////////////////////////////////////////////
                                TARGETS
    //////////////////////////////////////////////////////////////*/

    /// @dev OpenZeppelin's account reads target zero as itself.
    function test_RevertWhen_TheTargetIsZero() external {
        Session memory wide = _newSession(1, "");
        wide.actions[ANYWHERE] = newAction(address(0), IERC7579ModuleConfig.installModule.selector);
        bytes32 wideId = grantByOwner(wide);
        handleRefused(
            sessionOp(wide, 0, claim(ANYWHERE), single(address(0), 0, installCall())),
            abi.encodeWithSelector(ISessionKeyManager.TargetForbidden.selector, wideId, 0, address(0))
        );
    }

    /// @dev Safe7579's adapter takes the last 20 bytes of its calldata for the sender.
    function test_RevertWhen_ModulesAreInstalledThroughAnAdapter() external {
        Session memory wide = _newSession(1, "");
        bytes4 install = IERC7579ModuleConfig.installModule.selector;
        wide.actions[ANYWHERE] = newAction(ANY_TARGET, install);
        bytes32 wideId = grantByOwner(wide);
        bytes memory appended = bytes.concat(installCall(), abi.encodePacked(account));
        handleRefused(
            sessionOp(wide, 0, claim(ANYWHERE), single(makeAddr("adapter"), 0, appended)),
            abi.encodeWithSelector(ISessionKeyManager.SelectorForbidden.selector, wideId, 0, install)
        );
    }

    function test_RevertWhen_ACallClaimsWhatIsNotRevealed() external {
        bytes memory use = UseBuilder.pack(session, 0, claim(PAY), uint256(1) << TRANSFER);
        PackedUserOperation memory op = opThrough(address(manager), single(shop, 1 ether, ""));
        op.signature = signUse(use, id, hashOf(op));
        handleRefused(op, abi.encodeWithSelector(ISessionKeyManager.ActionNotRevealed.selector, 0, PAY));
    }

    function test_RevertWhen_AnotherSessionIsRevokedAsItsOwn() external {
        bytes32 other = grantByOwner(_newSession(1, ""));
        bytes memory revocation = abi.encodeCall(manager.revokeSessions, (listOf(other)));
        handleRefused(
            _op(OWN_REVOCATION, address(manager), 0, revocation),
            abi.encodeWithSelector(ISessionKeyManager.NotOwnRevocation.selector, id, 0)
        );
    }

    /*//////////////////////////////////////////////////////////////
                               SIGNATURES
    //////////////////////////////////////////////////////////////*/

    /// @dev The operation with another signature of the key.
    function _withKeySignature(bytes memory signature) private view returns (PackedUserOperation memory op) {
        op = opThrough(address(manager), _transfer(1));
        op.signature = bytes.concat(UseBuilder.pack(session, 0, claim(TRANSFER)), signature);
    }

    function test_RevertWhen_TheSignatureIsZeroOrMalleable() external {
        handleFailed(_withKeySignature(new bytes(65)), "AA24 signature error");
        handleFailed(_withKeySignature(abi.encodePacked(new bytes(64), uint8(27))), "AA24 signature error");

        PackedUserOperation memory op = _withKeySignature("");
        bytes32 use = keccak256(op.signature);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, manager.hashUse(hashOf(op), id, use));
        bytes memory high = abi.encodePacked(r, SECP256K1_ORDER - uint256(s), uint8(27 + 28 - v));
        handleFailed(_withKeySignature(high), "AA24 signature error");
        handle(_withKeySignature(abi.encodePacked(r, s, v)));
    }

    /// @dev A failed recovery gives address zero: no session's key is that.
    function test_RevertWhen_TheKeyIsZero() external {
        Session memory keyless = _newSession(1, "");
        keyless.sessionKey = abi.encodePacked(address(0));
        grantByOwner(keyless);
        PackedUserOperation memory op = opThrough(address(manager), _transfer(1));
        op.signature = bytes.concat(UseBuilder.pack(keyless, 0, claim(TRANSFER)), new bytes(65));
        handleRefused(op, abi.encodeWithSelector(ISessionKeyManager.SessionKeyNotSupported.selector, 20));
    }

    /// @dev Two sessions of one key: what it signed under the narrow one is presented under the wide one.
    function test_RevertWhen_ASignatureIsMovedToAnotherSession() external {
        Session memory wide = _newSession(1, abi.encodePacked(uint8(2), uint128(5000e6)));
        grantByOwner(wide);
        PackedUserOperation memory op = opThrough(address(manager), _transfer(1));
        bytes memory use = UseBuilder.pack(wide, 0, claim(TRANSFER));
        op.signature = signUse(use, id, hashOf(op));
        handleFailed(op, "AA24 signature error");
    }

    function test_RevertWhen_BytesFollowTheSignature() external {
        PackedUserOperation memory op = _op(TRANSFER, address(token), 0, abi.encodeCall(IERC20.transfer, (shop, 1)));
        op.signature = bytes.concat(op.signature, hex"00");
        handleRefused(op, abi.encodeWithSelector(ISessionKeyManager.InvalidSignatureLength.selector, 65, 66));
    }

    /// @dev The relayer charges another period's budget: the claimed time is part of what the key signed.
    function test_RevertWhen_TheClaimedTimeIsChanged() external {
        Session memory daily = _newSession(1, abi.encodePacked(uint8(4), uint128(50e6), uint32(1 days), uint48(0)));
        grantByOwner(daily);
        PackedUserOperation memory op = sessionOp(daily, uint48(block.timestamp), claim(TRANSFER), _transfer(1));
        op.signature[6] = bytes1(uint8(op.signature[6]) ^ 1);
        handleFailed(op, "AA24 signature error");
    }

    /*//////////////////////////////////////////////////////////////
                            GRANTS AND EPOCHS
    //////////////////////////////////////////////////////////////*/

    function _expectEpochMismatch(Session memory s) private {
        bytes memory reason = abi.encodeWithSelector(
            ISessionKeyManager.EpochMismatch.selector, UseBuilder.hash(s), s.epoch, manager.epochOf(account)
        );
        handleRefused(sessionOp(s, 0, claim(TRANSFER), _transfer(1)), reason);
    }

    /// @dev The root is of other sessions, one of which the proof names as a sibling.
    function test_RevertWhen_AMerkleProofLeadsToAnotherRoot() external {
        Session memory leaf = _newSession(1, abi.encodePacked(uint8(2), uint128(50e6)));
        bytes32 leafId = UseBuilder.hash(leaf);
        bytes32[] memory proof = listOf(keccak256("a session under the root"));
        bytes32 granted = Hashes.commutativeKeccak256(proof[0], keccak256("another one"));
        byOwner(address(manager), abi.encodeCall(manager.grantSessions, (listOf(granted))));
        for (uint256 i = 0; i < 2; ++i) {
            PackedUserOperation memory op = opThrough(address(manager), _transfer(1));
            bytes memory use = UseBuilder.withProof(UseBuilder.pack(leaf, 0, claim(TRANSFER)), proof);
            op.signature = signUse(use, leafId, hashOf(op));
            bytes32 root = Hashes.commutativeKeccak256(leafId, proof[0]);
            handleRefused(op, abi.encodeWithSelector(ISessionKeyManager.RootNotGranted.selector, leafId, root));
            // Nor is the root itself a sibling of anything.
            proof[0] = granted;
        }
    }

    /// @dev Somebody had the owner grant a session of the next epoch, in the hope for a revoke-all.
    function test_RevertWhen_ASessionIsPlantedForALaterEpoch() external {
        Session memory planted = _newSession(1, abi.encodePacked(uint8(2), uint128(50e6)));
        planted.epoch = manager.epochOf(account) + 1;
        grantByOwner(planted);
        _expectEpochMismatch(planted);
        byOwner(address(manager), abi.encodeCall(manager.revokeAll, (uint64(0x7a3f19c2d5))));
        _expectEpochMismatch(planted);
        byOwner(
            account,
            abi.encodeCall(IERC7579ModuleConfig.uninstallModule, (1, address(manager), abi.encode(address(1), "")))
        );
        byOwner(account, installCall());
        _expectEpochMismatch(planted);
    }
}

/// @notice The same with the manager's own limit.
contract AttacksBuiltInTest is AttacksTest {
    function builtIn() internal pure override returns (bool) {
        return true;
    }
}
