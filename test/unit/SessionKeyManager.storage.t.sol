// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Test} from "forge-std/Test.sol";
import {EchoPolicy} from "../mocks/EchoPolicy.sol";
import {GrantTest} from "../utils/GrantTest.sol";
import {UseBuilder} from "../utils/UseBuilder.sol";
import {AccountState} from "contracts/types/AccountState.sol";
import {Session} from "contracts/types/Session.sol";

/// @dev ERC-7562 associates with an account the slots keccak256(account . x): that is what the innermost mapping key
/// makes of it.
contract SessionKeyManagerStorageTest is GrantTest {
    bytes32 private constant INSTALLED = bytes32(uint256(1) << 64);
    bytes32 private constant SIGNED_GRANTS = bytes32(uint256(1) << 67);

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
        vm.assume(!manager.isInitialized(who));
        epoch = uint64(bound(epoch, 1, 1 << 40));
        vm.prank(who);
        manager.revokeAll(epoch);
        assertEq(_load(_stateSlot(who)), bytes32(uint256(epoch)));
        install(who);
        assertEq(_load(_stateSlot(who)), INSTALLED | bytes32(uint256(epoch)));
        uninstall(who);
        assertEq(_load(_stateSlot(who)), bytes32(uint256(manager.epochOf(who))));
    }

    function testFuzz_TheGrantRuleIsInTheSameSlot(uint64 epoch, bytes21 text, uint8 length) external {
        epoch = uint64(bound(epoch, 1, 1 << 40));
        length = uint8(bound(length, 1, 21));
        vm.prank(account);
        manager.revokeAll(epoch);
        bytes32 rest = INSTALLED | bytes32(uint256(epoch));
        assertEq(_load(_stateSlot(account)), rest | SIGNED_GRANTS);
        setRule(ruleOf(prefixOf(text, length)));
        // Of the prefix, only as many bytes as it has.
        bytes32 prefix = bytes32(prefixOf(text, length));
        bytes32 withRule = rest | SIGNED_GRANTS | bytes32(uint256(length) << 68) | prefix;
        assertEq(_load(_stateSlot(account)), withRule);
        vm.prank(account);
        manager.revokeAll(epoch + 1);
        assertEq(_load(_stateSlot(account)), bytes32(uint256(withRule) + 1));
        setRule(ANY_RULE);
        assertEq(_load(_stateSlot(account)), bytes32(uint256(rest | SIGNED_GRANTS) + 1));
        setRule("");
        assertEq(_load(_stateSlot(account)), bytes32(uint256(rest) + 1));
    }

    function testFuzz_UninstallingLeavesTheEpochAlone(bytes21 text, uint8 length) external {
        setRule(ruleOf(prefixOf(text, bound(length, 1, 21))));
        uninstall(account);
        assertEq(_load(_stateSlot(account)), bytes32(uint256(manager.epochOf(account))));
    }

    function testFuzz_InstallingAgainLeavesNothingOfTheOldRule(bytes21 text, uint8 length) external {
        setRule(ruleOf(abi.encodePacked(~bytes21(0))));
        bytes memory prefix = prefixOf(text, bound(length, 1, 21));
        installWith(account, ruleOf(prefix));
        assertEq(
            _load(_stateSlot(account)),
            INSTALLED | SIGNED_GRANTS | bytes32(prefix.length << 68) | bytes32(prefix)
                | bytes32(uint256(manager.epochOf(account)))
        );
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
        vm.assume(!manager.isInitialized(who));
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

    function testFuzz_SettingTheGrantRuleWritesTheStateAlone(bytes21 prefix) external {
        vm.record();
        setRule(ruleOf(abi.encodePacked(prefix)));
        _assertWrites(_stateSlot(account), _stateSlot(account));
    }

    function test_AFirstUseWithTheOwnersSignatureWritesTheStatusAlone() external {
        Session memory session = pingSession();
        bytes32 id = UseBuilder.hash(session);
        PackedUserOperation memory op = opWith(session, UseBuilder.withPublication(signedUse(session), session));
        vm.record();
        assertEq(validate(op), windowOf(session));
        _assertWrites(_statusSlot(account, id), _statusSlot(account, id));
        _assertReads(_statusSlot(account, id), _stateSlot(account), _stateSlot(account));
        assertEq(_load(_statusSlot(account, id)), bytes32(uint256(1)));
        vm.record();
        assertEq(validate(op), windowOf(session));
        _assertNoWrites();
    }

    function test_AUseUnderARootWritesNothingAndReadsASlotMore() external {
        Session memory session = pingSession();
        bytes32 id = UseBuilder.hash(session);
        bytes32 sibling = bytes32(uint256(id) + 1);
        bytes32 root = keccak256(abi.encodePacked(id, sibling));
        vm.prank(account);
        manager.grantSessions(ids(root));
        PackedUserOperation memory op = opWithProof(session, ids(sibling));
        vm.record();
        assertEq(validate(op), windowOf(session));
        _assertNoWrites();
        _assertReads(_statusSlot(account, id), _statusSlot(account, root), _stateSlot(account));
        assertEq(_load(_statusSlot(account, id)), 0);
    }

    function test_ARefusedGrantWritesNothing() external {
        Session memory session = pingSession();
        PackedUserOperation memory op = opWithGrant(session, "not the owner's");
        vm.record();
        (bool success,) = attempt(op);
        assertFalse(success);
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

    /// @dev Each of these slots was read, and no other.
    function _assertReads(bytes32 first, bytes32 second, bytes32 third) private {
        (bytes32[] memory reads,) = vm.accesses(address(manager));
        bytes32[3] memory expected = [first, second, third];
        for (uint256 k = 0; k < 3; ++k) {
            bool found = false;
            for (uint256 i = 0; i < reads.length; ++i) {
                found = found || reads[i] == expected[k];
            }
            assertTrue(found);
        }
        for (uint256 i = 0; i < reads.length; ++i) {
            assertTrue(reads[i] == first || reads[i] == second || reads[i] == third);
        }
    }

    function _assertNoWrites() private {
        (, bytes32[] memory writes) = vm.accesses(address(manager));
        assertEq(writes.length, 0);
    }
}

contract AccountStateTest is Test {
    /// @dev Bits 65, 66 and 73 to 87 have no meaning.
    uint256 private constant RESERVED = 3 << 65 | uint256(0x7fff) << 73;

    function testFuzz_FieldsLieWhereTheSpecificationSays(uint256 word) external pure {
        AccountState state = AccountState.wrap(word);
        assertEq(state.epoch(), word % 2 ** 64);
        assertEq(state.installed(), word / 2 ** 64 % 2 == 1);
        assertEq(state.signedGrants(), word / 2 ** 67 % 2 == 1);
        (bytes21 prefix, uint256 length) = state.grantPrefix();
        assertEq(length, word / 2 ** 68 % 2 ** 5);
        assertEq(uint168(prefix), word / 2 ** 88);
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

    function testFuzz_ChangingTheGrantRuleKeepsTheRest(uint256 word, bool on, bytes21 text, uint8 length)
        external
        view
    {
        bytes memory prefix = _cut(text, bound(length, 0, 21));
        AccountState changed = AccountState.wrap(this.withSignedGrants(word, on, prefix));
        assertEq(AccountState.unwrap(changed) % 2 ** 65, word % 2 ** 65);
        assertEq(changed.signedGrants(), on);
        (bytes21 actual, uint256 actualLength) = changed.grantPrefix();
        assertEq(actualLength, on ? prefix.length : 0);
        assertEq(actual, on ? bytes21(bytes32(prefix)) : bytes21(0));
        assertEq(AccountState.unwrap(changed) & RESERVED, 0);
    }

    function testFuzz_OffIsNothingOfTheRule(uint256 word, bytes21 text, uint8 length) external view {
        bytes memory prefix = _cut(text, bound(length, 0, 21));
        assertEq(this.withSignedGrants(word, false, prefix), word % 2 ** 65);
        assertEq(this.withSignedGrants(this.withSignedGrants(word, true, prefix), false, ""), word % 2 ** 65);
    }

    /// @dev From nothing, by what the manager does with it, in any order.
    function testFuzz_ReservedBitsStayZero(uint256 seed) external view {
        AccountState state;
        for (uint256 i = 0; i < 20; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 kind = seed % 4;
            if (kind == 0) state = state.withEpoch(uint64(seed >> 8));
            if (kind == 1) state = state.withInstalled(seed >> 8 & 1 == 1);
            if (kind >= 2) {
                bytes memory prefix = _cut(bytes21(bytes32(seed)), (seed >> 8) % 22);
                state = AccountState.wrap(this.withSignedGrants(AccountState.unwrap(state), kind == 2, prefix));
            }
            assertEq(AccountState.unwrap(state) & RESERVED, 0);
        }
    }

    /// @dev The prefix is taken from calldata.
    function withSignedGrants(uint256 word, bool on, bytes calldata prefix) external pure returns (uint256) {
        return AccountState.unwrap(AccountState.wrap(word).withSignedGrants(on, prefix));
    }

    function _cut(bytes21 text, uint256 length) private pure returns (bytes memory prefix) {
        prefix = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            prefix[i] = text[i];
        }
    }
}
