// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {ILimitPolicy} from "contracts/interfaces/ILimitPolicy.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {HostilePolicy} from "../mocks/Hostile.sol";
import {SessionHandler} from "./SessionHandler.sol";
import {Attempt} from "./SessionModel.sol";

/// @notice What holds whatever owners, session keys, bundlers, tokens, policies and strangers do, in any order:
///
/// - every operation comes out as the model says: accepted, or refused with exactly this error;
/// - what was accepted never exceeds a budget, in total or in any period;
/// - policies have counted exactly what was accepted, and what was refused left no trace;
/// - a refused bundle takes neither a nonce nor a deposit, an accepted one the nonces and at most the costs of its operations;
/// - the manager and the policies write to nothing but what belongs to the accounts and sessions that take part;
/// - exactly the calls that were allowed left the accounts, with what they carry;
/// - nobody who is called, or asked, gets an operation in between, not even a valid one;
/// - nothing revoked ever acts, and statuses are what owners and their signatures made them;
/// - epochs only rise; nobody but the account moves them.
contract SessionInvariantTest is Test {
    SessionHandler private handler;

    function setUp() public {
        handler = new SessionHandler();
        targetContract(address(handler));
        bytes4[] memory selectors = handler.actions();
        // Operations more often than all else together.
        bytes4[] memory weighted = new bytes4[](2 * selectors.length);
        for (uint256 i = 0; i < weighted.length; ++i) {
            weighted[i] = i < selectors.length ? selectors[i] : selectors[0];
        }
        targetSelector(FuzzSelector(address(handler), weighted));
    }

    /// @dev One campaign for all of them: each invariant function would run its own.
    function invariant_SessionsStayWithinWhatWasGranted() public view {
        assertFalse(handler.exceeded(), "a budget is exceeded");
        assertFalse(handler.revokedActed(), "what is revoked acts");
        assertFalse(handler.epochFell(), "an epoch falls, or leaps");
        handler.checkAll();
    }

    /// @notice Sequences drawn from a fixed seed reach every path: without that, the invariants say nothing.
    function test_EveryPathIsReached() external {
        vm.pauseGasMetering();
        for (uint256 i = 0; i < 3200; ++i) {
            _step(i);
            if (i % 16 == 0) handler.checkAll();
        }
        handler.checkAll();
        string[] memory paths = _paths();
        bytes4[] memory errors = _errors();
        uint256 least = type(uint256).max;
        string memory rarest;
        for (uint256 i = 0; i < paths.length + errors.length; ++i) {
            string memory path = i < paths.length ? paths[i] : vm.toString(bytes32(errors[i - paths.length]));
            emit log_named_uint(path, handler.reached(path));
            if (handler.reached(path) < least) (least, rarest) = (handler.reached(path), path);
        }
        emit log_named_uint("paths and errors", paths.length + errors.length);
        emit log_named_uint("reached at least so often", least);
        assertGe(least, 3, rarest);
    }

    function _step(uint256 i) private {
        bytes32 seed = keccak256(abi.encode("Latchkey", i));
        uint8 who = uint8(seed[0]);
        uint8 dice = uint8(seed[1]);
        uint8 index = uint8(seed[2]);
        uint256 action = uint8(seed[3]) % 20;
        if (action == 1) return handler.revoke(who, index, dice);
        if (action == 2) return handler.grantAgain(who, index, dice & 64 != 0, dice);
        if (action == 3) {
            return handler.revokeAll(who, dice & 128 == 0 ? uint256(seed) : (dice & 64 == 0 ? 0 : 1 << 40) + 1, dice);
        }
        if (action == 4) return handler.renew(who);
        if (action == 5) return handler.install(who, index, dice);
        if (action == 6) return handler.uninstall(who, abi.encode(seed), dice);
        if (action == 7) return handler.setRule(who, index, dice);
        if (action == 8) return handler.intrude(who, index, dice);
        if (action == 9) return handler.passTime(uint32(uint256(seed)), dice);
        Attempt[3] memory three;
        for (uint256 k = 0; k < 3; ++k) {
            three[k] = _attempt(keccak256(abi.encode(seed, k)));
        }
        handler.operate(three, index);
    }

    function _attempt(bytes32 seed) private pure returns (Attempt memory attempt) {
        attempt.account = uint8(seed[0]);
        attempt.session = uint8(seed[1]);
        attempt.calls = uint8(seed[2]);
        for (uint256 i = 0; i < 3; ++i) {
            attempt.kinds[i] = uint8(seed[3 + i]);
            attempt.amounts[i] = uint8(seed[6 + i]);
        }
        attempt.drift = int16(uint16(bytes2(seed << 80)));
        attempt.evidence = uint8(seed[12]);
        attempt.signer = uint8(seed[13]);
        attempt.drifts = uint8(seed[14]);
    }

    function _paths() private pure returns (string[] memory paths) {
        paths = vm.split(
            "accepted,accepted bundle,refused,AA22,AA24,session 0,session 1,session 2,session 3,session 4,session 5,session 6,granted by root,granted by signature,carries a grant,revokes itself,reverts in execution,calls back,re-enters,re-enters with what is valid,too many operations,too much gas,revoke,revoke root,grant,publish,grant refused,revokeAll,revokeAll refused,renew,install,install over,uninstall,setRule,setRule refused,intrude,passTime,writes are watched",
            ","
        );
    }

    function _errors() private pure returns (bytes4[] memory errors) {
        errors = new bytes4[](20);
        errors[0] = ISessionKeyManager.NotInstalled.selector;
        errors[1] = ISessionKeyManager.EpochMismatch.selector;
        errors[2] = ISessionKeyManager.SessionIsRevoked.selector;
        errors[3] = ISessionKeyManager.SessionNotGranted.selector;
        errors[4] = ISessionKeyManager.RootIsRevoked.selector;
        errors[5] = ISessionKeyManager.SignedGrantsOff.selector;
        errors[6] = ISessionKeyManager.GrantPrefixMismatch.selector;
        errors[7] = ISessionKeyManager.GrantNotSigned.selector;
        errors[8] = ISessionKeyManager.TargetNotAllowed.selector;
        errors[9] = ISessionKeyManager.SelectorNotAllowed.selector;
        errors[10] = ISessionKeyManager.ValueExceeded.selector;
        errors[11] = ISessionKeyManager.PolicyRefused.selector;
        errors[12] = ISessionKeyManager.OperationPolicyRefused.selector;
        errors[13] = ISessionKeyManager.InvalidPolicyValidationData.selector;
        errors[14] = ISessionKeyManager.InvalidPolicyAnswer.selector;
        errors[15] = ISessionKeyManager.EmptyWindow.selector;
        errors[16] = ILimitPolicy.TotalLimitExceeded.selector;
        errors[17] = ILimitPolicy.PeriodLimitExceeded.selector;
        errors[18] = ILimitPolicy.PeriodInPast.selector;
        errors[19] = HostilePolicy.No.selector;
    }
}
