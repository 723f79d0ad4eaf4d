// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Test} from "forge-std/Test.sol";
import {EchoPolicy} from "../mocks/EchoPolicy.sol";
import {ManagerTest} from "../utils/ManagerTest.sol";
import {UseBuilder} from "../utils/UseBuilder.sol";
import {AccountState} from "contracts/types/AccountState.sol";
import {Session} from "contracts/types/Session.sol";

/// @dev ERC-7562 associates with an account the slots keccak256(account . x): that is what the innermost mapping key
/// makes of it.
contract SessionKeyManagerStorageTest is ManagerTest {
    bytes32 private constant INSTALLED = bytes32(uint256(1) << 64);

    /*//////////////////////////////////////////////////////////////
                                 LAYOUT
    //////////////////////////////////////////////////////////////*/

    function testFuzz_StatusIsInOneSlot(address who, bytes32 id) external {
        vm.assume(id != 0);
        assertEq(_load(_statusSlot(who, id)), 0);
        vm.prank(who);
        manager.grantSessions(ids(id));
        assertEq(_load(_statusSlot(who, id)), bytes32(uint256(1)));
        vm.prank(who);
        manager.revokeSessions(ids(id));
        assertEq(_load(_statusSlot(who, id)), bytes32(uint256(2)));
    }

    function testFuzz_EpochAndFlagAreInOneSlot(address who, uint64 epoch) external {
        vm.assume(who != account);
        epoch = uint64(bound(epoch, 1, 1 << 40));
        vm.prank(who);
        manager.revokeAll(epoch);
        assertEq(_load(_stateSlot(who)), bytes32(uint256(epoch)));
        install(who);
        assertEq(_load(_stateSlot(who)), INSTALLED | bytes32(uint256(epoch)));
        uninstall(who);
        assertEq(_load(_stateSlot(who)), bytes32(uint256(manager.epochOf(who))));
    }

    function test_PlainSlotsAreEmpty() external {
        grant(pingSession());
        for (uint256 slot = 0; slot < 10; ++slot) {
            assertEq(_load(bytes32(slot)), 0);
        }
    }

    /*//////////////////////////////////////////////////////////////
                                 WRITES
    //////////////////////////////////////////////////////////////*/

    function testFuzz_GrantAndRevokeWriteTheStatusAlone(address who, bytes32 first, bytes32 second) external {
        vm.assume(first != 0 && second != 0 && first != second);
        vm.record();
        vm.prank(who);
        manager.grantSessions(ids(first, second));
        _assertWrites(_statusSlot(who, first), _statusSlot(who, second));
        vm.record();
        vm.prank(who);
        manager.revokeSessions(ids(first, second));
        _assertWrites(_statusSlot(who, first), _statusSlot(who, second));
        vm.record();
        vm.prank(who);
        manager.revokeSessions(ids(first, second));
        _assertNoWrites();
    }

    function testFuzz_InstallationAndEpochsWriteTheStateAlone(address who) external {
        vm.assume(who != account);
        vm.record();
        install(who);
        _assertWrites(_stateSlot(who), _stateSlot(who));
        vm.record();
        install(who);
        _assertWrites(_stateSlot(who), _stateSlot(who));
        uint64 next = manager.epochOf(who) + 1;
        vm.record();
        vm.prank(who);
        manager.revokeAll(next);
        _assertWrites(_stateSlot(who), _stateSlot(who));
        vm.record();
        uninstall(who);
        _assertWrites(_stateSlot(who), _stateSlot(who));
    }

    function test_ValidationWritesNothingAndReadsTwoSlotsOfTheAccount() external {
        Session memory session = sessionWith(newAction(target, PING, address(new EchoPolicy()), abi.encode(0)));
        bytes32 id = grant(session);
        PackedUserOperation memory op = opUnder(session, pingCall());
        vm.record();
        assertEq(validate(op), windowOf(session));
        _assertNoWrites();
        (bytes32[] memory reads,) = vm.accesses(address(manager));
        assertEq(reads.length, 2);
        assertEq(reads[0], _stateSlot(account));
        assertEq(reads[1], _statusSlot(account, id));

        op.signature[op.signature.length - 1] ^= 0x01;
        vm.record();
        assertEq(validate(op), windowOf(session) | 1);
        _assertNoWrites();
    }

    function test_RefusedValidationWritesNothing() external {
        Session memory session = pingSession();
        PackedUserOperation memory op = opUnder(session, pingCall());
        vm.record();
        (bool success,) = attempt(op);
        assertFalse(success);
        _assertNoWrites();
        assertEq(_load(_statusSlot(account, UseBuilder.hash(session))), 0);
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    function _load(bytes32 slot) private view returns (bytes32) {
        return vm.load(address(manager), slot);
    }

    function _statusSlot(address who, bytes32 id) private pure returns (bytes32) {
        return keccak256(abi.encode(who, keccak256(abi.encode(id, 0))));
    }

    function _stateSlot(address who) private pure returns (bytes32) {
        return keccak256(abi.encode(who, 1));
    }

    function _assertWrites(bytes32 first, bytes32 second) private {
        (, bytes32[] memory writes) = vm.accesses(address(manager));
        assertGt(writes.length, 0);
        for (uint256 i = 0; i < writes.length; ++i) {
            assertTrue(writes[i] == first || writes[i] == second);
        }
    }

    function _assertNoWrites() private {
        (, bytes32[] memory writes) = vm.accesses(address(manager));
        assertEq(writes.length, 0);
    }
}

contract AccountStateTest is Test {
    function testFuzz_FieldsLieWhereTheSpecificationSays(uint256 word) external pure {
        AccountState state = AccountState.wrap(word);
        assertEq(state.epoch(), word % 2 ** 64);
        assertEq(state.installed(), word / 2 ** 64 % 2 == 1);
    }

    function testFuzz_ChangingTheEpochKeepsTheRest(uint256 word, uint64 epoch) external pure {
        uint256 changed = AccountState.unwrap(AccountState.wrap(word).withEpoch(epoch));
        assertEq(changed % 2 ** 64, epoch);
        assertEq(changed / 2 ** 64, word / 2 ** 64);
    }

    function testFuzz_ChangingTheFlagKeepsTheRest(uint256 word, bool installed) external pure {
        AccountState changed = AccountState.wrap(word).withInstalled(installed);
        assertEq(changed.installed(), installed);
        uint256 difference = AccountState.unwrap(changed) ^ word;
        assertTrue(difference == 0 || difference == 2 ** 64);
    }
}
