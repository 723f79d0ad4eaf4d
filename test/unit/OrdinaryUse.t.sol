// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Execution} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ANY_SELECTOR, ANY_TARGET, Action, NO_CALLDATA, Policy, Session} from "contracts/types/Session.sol";
import {IOrdinaryUseReader, Reading} from "../utils/IOrdinaryUseReader.sol";
import {SessionTest} from "../utils/SessionTest.sol";
import {UseBuilder} from "../utils/UseBuilder.sol";

/// @notice The short way through an operation against the long one: it takes an operation if and only if the decoders that take
/// any find nothing unusual about it, and then it reads the same. The account is this test.
contract OrdinaryUseTest is SessionTest {
    /// What makes an operation; see {newOperation}.
    struct Seed {
        uint8 calls;
        bool batched;
        uint8 depth;
        uint8 keyLength;
        uint8 operationPolicies;
        uint8 actionPolicies;
        uint8 data;
        bool transfers;
        bool everyChain;
        uint8 actions;
        uint256 entropy;
    }

    IOrdinaryUseReader internal reader;
    address internal target = makeAddr("target");

    function setUp() public override {
        super.setUp();
        reader = IOrdinaryUseReader(deployCode("OrdinaryUseReader.sol:OrdinaryUseReader"));
    }

    function testFuzz_OrdinaryOperationsAreRecognised(Seed memory seed) public view {
        PackedUserOperation memory op = newOperation(seed);
        Reading memory short = reader.read(op);
        vm.assertEq(short.ordinary, true);
        requireSame(short, reader.readInFull(op));
    }

    function testFuzz_TransfersAreAddedUp(Seed memory seed) public view {
        seed.transfers = true;
        PackedUserOperation memory op = newOperation(seed);
        vm.assertEq(reader.read(op).transferred, reader.readInFull(op).transferred);
        vm.assertLt(reader.read(op).transferred, 1 << 128);
    }

    /// One to three bytes of the callData or of the use are others, near its beginning or anywhere, or it is cut or longer.
    function testFuzz_ChangedOperationsAreReadAlike(Seed memory seed, uint256 entropy) public view {
        PackedUserOperation memory op = newOperation(seed);
        uint256 count = 1 + entropy % 3;
        for (uint256 i = 0; i < count; ++i) {
            entropy = uint256(keccak256(abi.encode(entropy, i)));
            if (entropy & 1 == 0) op.callData = changed(op.callData, entropy >> 1);
            else op.signature = changed(op.signature, entropy >> 1);
        }
        requireAlike(op);
    }

    /// A call of a batch is changed in one of its words.
    function testFuzz_ChangedCallsAreReadAlike(Seed memory seed, uint256 entropy) public view {
        seed.batched = true;
        PackedUserOperation memory op = newOperation(seed);
        uint256 count = bound(seed.calls, 2, 32);
        // Behind selector, mode, offset, length: 0x20, count, offsets, calls.
        uint256 start = 4 + 32 * (3 + 2 + entropy % 2 * count);
        uint256 word = start + 32 * (entropy / 2 % ((op.callData.length - start) / 32));
        uint256 delta = entropy % 3 == 0 ? 32 : entropy % 3 == 1 ? 1 : entropy;
        replace(op.callData, word, wordAt(op.callData, word) ^ delta);
        requireAlike(op);
    }

    /// The sizes of two calls differ, and those of all calls together are as if they were alike.
    function test_CallsOfDifferentSizesAreNoPlainTransfers() public view {
        Seed memory seed;
        seed.transfers = true;
        PackedUserOperation memory op = newOperation(seed);
        Execution[] memory calls = new Execution[](2);
        calls[0] = Execution(target, 0, abi.encodeWithSelector(IERC20.transfer.selector, 1));
        calls[1] = Execution(target, 0, abi.encodeWithSelector(IERC20.transfer.selector, 1, 2, 3));
        op.callData = batch(calls);
        uint8[] memory claims = new uint8[](2);
        op.signature = useOf(newSessionOf(seed), claims);
        requireNoTransfer(op);
    }

    function test_WhatStandsForMoreThanItselfIsNotOrdinary() public view {
        requireOdd(ANY_TARGET, 0xa9059cbb);
        requireOdd(target, ANY_SELECTOR);
        requireOdd(target, NO_CALLDATA);
        requireOdd(address(this), 0xa9059cbb);
        requireOdd(address(reader), 0xa9059cbb);
        requireOdd(address(0), 0xa9059cbb);
        requireOdd(0x0000000071727De22E5E9d8BAf0edAc6f37da032, 0xa9059cbb);
    }

    function test_ThirtyThreeCallsAreNotOrdinary() public view {
        Seed memory seed;
        seed.batched = true;
        PackedUserOperation memory op = newOperationOf(seed, 33);
        assertEq(reader.read(op).ordinary, false);
        assertEq(reader.readInFull(op).calls, 33);
    }

    function test_ABatchOfOneCallIsNotOrdinary() public view {
        Seed memory seed;
        seed.batched = true;
        PackedUserOperation memory op = newOperationOf(seed, 1);
        assertEq(reader.read(op).ordinary, false);
        requireAlike(op);
    }

    function test_AnOperationWithInitCodeIsNotOrdinary() public view {
        Seed memory seed;
        PackedUserOperation memory op = newOperation(seed);
        op.initCode = hex"7702";
        assertEq(reader.read(op).ordinary, false);
    }

    function test_AnActionThatAllowsValueIsNotOrdinary() public view {
        Seed memory seed;
        Session memory session = newSessionOf(seed);
        session.actions[0].maxValue = 1;
        PackedUserOperation memory op = newOperation(seed);
        op.signature = useOf(session, claim(0));
        assertEq(reader.read(op).ordinary, false);
    }

    function test_TwoRevealedActionsAreNotOrdinary() public view {
        Seed memory seed;
        Session memory session = newSessionOf(seed);
        Action memory first = session.actions[0];
        session.actions = new Action[](2);
        session.actions[0] = first;
        session.actions[1] = first;
        PackedUserOperation memory op = newOperation(seed);
        op.signature = abi.encodePacked(UseBuilder.pack(session, 0, claim(0), 3), new bytes(65));
        assertEq(reader.read(op).ordinary, false);
        op.signature = abi.encodePacked(UseBuilder.pack(session, 0, claim(0), 0), new bytes(65));
        assertEq(reader.read(op).ordinary, false);
    }

    function test_AClaimOfAnotherActionIsNotOrdinary() public view {
        Seed memory seed;
        seed.actions = 3;
        PackedUserOperation memory op = newOperation(seed);
        assertEq(reader.read(op).ordinary, true);
        op.signature = abi.encodePacked(UseBuilder.pack(newSessionOf(seed), 0, claim(1), 1), new bytes(65));
        assertEq(reader.read(op).ordinary, false);
        requireAlike(op);
    }

    /// Fewer than four bytes, which with the zeros behind them read as the function.
    function test_CalldataWithoutAWholeSelectorIsNotOrdinary() public view {
        bytes4[4] memory selectors = [bytes4(0), 0x11000000, 0x11220000, 0x11223300];
        for (uint256 length = 0; length < 4; ++length) {
            Seed memory seed;
            Session memory session = newSessionOf(seed);
            session.actions[0].selector = selectors[length];
            bytes memory part = bytes.concat(selectors[length]);
            assembly ("memory-safe") {
                mstore(part, length)
            }
            PackedUserOperation memory op;
            op.callData = single(target, 0, part);
            op.signature = useOf(session, claim(0));
            assertEq(reader.read(op).ordinary, false);
            requireAlike(op);

            Execution[] memory calls = new Execution[](2);
            op.signature = useOf(session, claim(0, 0));
            for (uint256 i = 0; i < 2; ++i) {
                calls[i] = Execution(target, 0, part);
                calls[1 - i] = Execution(target, 0, bytes.concat(selectors[length]));
                op.callData = batch(calls);
                assertEq(reader.read(op).ordinary, false);
                requireAlike(op);
            }
        }
    }

    /// Behind the callData there are ones, which say nothing.
    function test_DirtyPaddingIsNotOrdinary() public view {
        PackedUserOperation memory op;
        op.paymasterAndData = filled(52, type(uint256).max);
        Seed memory seed;
        Session memory session = newSessionOf(seed);
        bytes memory one = useOf(session, claim(0));
        bytes memory two = useOf(session, claim(0, 0));
        for (uint256 length = 4; length < 36; ++length) {
            bytes memory data = bytes.concat(IERC20.transfer.selector, new bytes(length - 4));
            op.signature = one;
            op.callData = single(target, 0, data);
            // Behind selector, mode, offset, length, target and value.
            requirePadding(op, 4 + 96 + 52 + length);
            op.signature = two;
            Execution[] memory calls = new Execution[](2);
            (calls[0], calls[1]) = (Execution(target, 0, data), Execution(target, 0, data));
            op.callData = batch(calls);
            // 0x20, 2, the offsets; the call's head.
            uint256 end = 4 + 96 + 128 + 128 + length;
            requirePadding(op, end);
            end += (32 - length % 32) % 32;
            requirePadding(op, end + 128 + length);
        }
    }

    /// @dev The operation is ordinary, and is not with any of the bytes from `start` to the next whole word.
    function requirePadding(PackedUserOperation memory op, uint256 start) private view {
        assertEq(reader.read(op).ordinary, true);
        for (uint256 i = start; i % 32 != 4; ++i) {
            assertEq(op.callData[i], bytes1(0));
            op.callData[i] = 0x01;
            assertEq(reader.read(op).ordinary, false);
            requireAlike(op);
            op.callData[i] = 0x00;
        }
    }

    /// Each call ends where it begins, 128 bytes after its head and 128 before that, and there the callData ends too.
    function test_SizesThatWrapAroundAreNotOrdinary() public view {
        Seed memory seed;
        PackedUserOperation memory op;
        op.callData = batch(callsOf(2));
        op.signature = useOf(newSessionOf(seed), claim(0, 0));
        assertEq(reader.read(op).ordinary, true);
        // Behind selector, mode, offset and length: 0x20, 2, the offsets of both calls; the calls.
        uint256 calls = 4 + 96 + 4 * 32;
        replace(op.callData, 4 + 64, calls - 100);
        replace(op.callData, calls - 32, 64);
        replace(op.callData, calls + 96, type(uint256).max - 127);
        requireRawAlike(op, 0x60, calls);
        (Reading memory short,,) = readRaw(op, 0x60, calls);
        assertEq(short.ordinary, false);
    }

    /// What is missing at its end follows in the calldata: a decoder that runs past the end finds what it looks for.
    function testFuzz_WhatIsCutOffIsNotRead(Seed memory seed, uint256 entropy) public view {
        PackedUserOperation memory op = newOperation(seed);
        requireRawAlike(op, 0x60, entropy % op.callData.length);
        requireRawAlike(op, 0x100, entropy % op.signature.length);
    }

    function test_TheKeySignatureIsWhatIsLeft() public view {
        for (uint256 depth = 0; depth < 3; ++depth) {
            Seed memory seed;
            seed.depth = uint8(depth);
            PackedUserOperation memory op = newOperation(seed);
            uint256 length = op.signature.length - 65;
            (Reading memory short,,) = readRaw(op, 0x100, length);
            assertEq(short.ordinary, true);
            requireRawAlike(op, 0x100, length);
            (short,,) = readRaw(op, 0x100, length - 1);
            assertEq(short.ordinary, false);
            requireRawAlike(op, 0x100, length - 1);
        }
    }

    function test_AProofWithoutSiblingsIsNotOrdinary() public view {
        Seed memory seed;
        PackedUserOperation memory op = newOperation(seed);
        bytes memory use = UseBuilder.pack(newSessionOf(seed), 0, claim(0));
        op.signature = abi.encodePacked(UseBuilder.withProof(use, new bytes32[](1)), new bytes(65));
        assertEq(reader.read(op).ordinary, true);
        op.signature = abi.encodePacked(UseBuilder.withProof(use, new bytes32[](0)), new bytes(65));
        assertEq(reader.read(op).ordinary, false);
        requireAlike(op);
    }

    /// The number of actions is 0 to 2, and the only one that is revealed, as it should be, comes behind them.
    function test_AnActionBehindTheLastIsNotOrdinary() public view {
        Seed memory seed;
        Session memory session = newSessionOf(seed);
        bytes memory action = UseBuilder.packAction(session.actions[0]);
        session.actions = new Action[](0);
        bytes memory head = UseBuilder.pack(session, 0, new uint8[](0));
        // Without the number of actions.
        assembly ("memory-safe") {
            mstore(head, sub(mload(head), 1))
        }
        PackedUserOperation memory op = newOperation(seed);
        bytes memory none = "";
        for (uint256 count = 0; count < 3; ++count) {
            for (uint256 index = count; index < 8; ++index) {
                bytes memory bitmap = count == 0 ? none : abi.encodePacked(uint8(2 ** index));
                op.signature = abi.encodePacked(
                    head, uint8(count), bitmap, new bytes(32 * index), action, uint8(index), new bytes(65)
                );
                assertEq(reader.read(op).ordinary, false);
                requireAlike(op);
            }
        }
        // None is revealed, and one is where a 257th would be.
        op.signature = abi.encodePacked(head, hex"0100", new bytes(32 * 256), action, uint8(1), new bytes(65));
        assertEq(reader.read(op).ordinary, false);
        requireAlike(op);
    }

    /// They have the arguments of a transfer.
    function test_OtherFunctionsAreNoTransfers() public view {
        bytes4[3] memory selectors = [IERC20.approve.selector, bytes4(0xa9059cba), bytes4(0xa8059cbb)];
        for (uint256 i = 0; i < selectors.length; ++i) {
            Seed memory seed;
            Session memory session = newSessionOf(seed);
            session.actions[0].selector = selectors[i];
            bytes memory data = abi.encodeWithSelector(selectors[i], address(1), 2);
            PackedUserOperation memory op;
            op.callData = single(target, 0, data);
            op.signature = useOf(session, claim(0));
            requireNoTransfer(op);
            Execution[] memory calls = new Execution[](2);
            (calls[0], calls[1]) = (Execution(target, 0, data), Execution(target, 0, data));
            op.callData = batch(calls);
            op.signature = useOf(session, claim(0, 0));
            requireNoTransfer(op);
        }
    }

    /// The first bit of a recipient's word, or any up to the last before the address, is set.
    function test_DirtyAddressesAreNoPlainTransfers() public view {
        Seed memory seed;
        for (uint256 i = 160; i < 256; ++i) {
            bytes memory data = abi.encodeWithSelector(IERC20.transfer.selector, uint256(1) << i | 1, 2);
            PackedUserOperation memory op;
            op.callData = single(target, 0, data);
            op.signature = useOf(newSessionOf(seed), claim(0));
            requireNoTransfer(op);
            Execution[] memory calls = callsOf(2);
            calls[i % 2].callData = data;
            op.callData = batch(calls);
            op.signature = useOf(newSessionOf(seed), claim(0, 0));
            requireNoTransfer(op);
        }
    }

    /// Every first byte of a use that is else an ordinary one, with a proof or without.
    function test_OtherFlagsAreNotOrdinary() public view {
        Seed memory seed;
        for (uint256 i = 0; i < 512; ++i) {
            seed.depth = uint8(i >> 8);
            PackedUserOperation memory op = newOperation(seed);
            op.signature[0] = bytes1(uint8(i));
            // Without a proof, the key's signature begins with a zero, which is no depth.
            bool ordinary = i & 0xff == 0 || i & 0xff == 1 || i == 0x104 || i == 0x105;
            assertEq(reader.read(op).ordinary, ordinary);
            requireAlike(op);
        }
    }

    function requireNoTransfer(PackedUserOperation memory op) private view {
        Reading memory short = reader.read(op);
        assertEq(short.ordinary, true);
        assertEq(short.transferred, 1 << 128);
        requireSame(short, reader.readInFull(op));
    }

    function callsOf(uint256 count) private view returns (Execution[] memory calls) {
        calls = new Execution[](count);
        for (uint256 i = 0; i < count; ++i) {
            calls[i] = Execution(target, 0, abi.encodeCall(IERC20.transfer, (address(1), i)));
        }
    }

    /// @dev As {requireAlike}, for the operation with a field that says it is of another length.
    function requireRawAlike(PackedUserOperation memory op, uint256 field, uint256 length) private view {
        (Reading memory short, bool accepted, Reading memory long) = readRaw(op, field, length);
        vm.assertEq(short.ordinary, accepted && long.ordinary);
        if (short.ordinary) requireSame(short, long);
    }

    /// @param field The offset of the field's head.
    /// @param length How long it says it is, whatever there is.
    function readRaw(PackedUserOperation memory op, uint256 field, uint256 length)
        private
        view
        returns (Reading memory short, bool accepted, Reading memory long)
    {
        bytes memory question = abi.encodeCall(reader.read, (op));
        replace(question, 36 + wordAt(question, 36 + field), length);
        (bool answered, bytes memory answer) = address(reader).staticcall(question);
        assertEq(answered, true);
        short = abi.decode(answer, (Reading));
        bytes4 inFull = reader.readInFull.selector;
        assembly ("memory-safe") {
            mstore(add(question, 32), or(inFull, shr(32, shl(32, mload(add(question, 32))))))
        }
        (accepted, answer) = address(reader).staticcall(question);
        if (accepted) long = abi.decode(answer, (Reading));
    }

    function requireOdd(address to, bytes4 selector) private view {
        Seed memory seed;
        Session memory session = newSessionOf(seed);
        session.actions[0].target = to;
        session.actions[0].selector = selector;
        PackedUserOperation memory op;
        op.callData = single(to, 0, abi.encodeWithSelector(selector));
        op.signature = useOf(session, claim(0));
        assertEq(reader.read(op).ordinary, false);
        requireAlike(op);
    }

    /// @dev Ordinary one way is ordinary the other way, and what is ordinary is read alike.
    function requireAlike(PackedUserOperation memory op) private view {
        Reading memory short = reader.read(op);
        try reader.readInFull(op) returns (Reading memory long) {
            vm.assertEq(short.ordinary, long.ordinary);
            if (short.ordinary) requireSame(short, long);
        } catch {
            vm.assertEq(short.ordinary, false);
        }
    }

    function requireSame(Reading memory short, Reading memory long) private pure {
        vm.assertEq(abi.encode(short), abi.encode(long));
    }

    // -- Operations --------------------------------------------------------------------------------------------------------

    function newOperation(Seed memory seed) private view returns (PackedUserOperation memory) {
        return newOperationOf(seed, seed.batched ? bound(seed.calls, 2, 32) : 1);
    }

    function newOperationOf(Seed memory seed, uint256 calls) private view returns (PackedUserOperation memory op) {
        if (seed.batched) {
            Execution[] memory list = new Execution[](calls);
            for (uint256 i = 0; i < calls; ++i) {
                list[i] = Execution(target, 0, newData(seed, i));
            }
            op.callData = batch(list);
        } else {
            op.callData = single(target, 0, newData(seed, 0));
        }
        uint8[] memory claims = new uint8[](calls);
        for (uint256 i = 0; i < calls; ++i) {
            claims[i] = uint8(actionIndex(seed));
        }
        op.signature = UseBuilder.pack(newSessionOf(seed), uint48(seed.entropy), claims);
        if (seed.depth % 4 != 0) {
            bytes32[] memory proof = new bytes32[](seed.depth);
            for (uint256 i = 0; i < proof.length; ++i) {
                proof[i] = keccak256(abi.encode(seed.entropy, i));
            }
            if (proof.length > 0) op.signature = UseBuilder.withProof(op.signature, proof);
        }
        op.signature = abi.encodePacked(op.signature, new bytes(65));
    }

    /// @dev With a signature of the key's that nothing looks at.
    function useOf(Session memory session, uint8[] memory claims) private pure returns (bytes memory) {
        return abi.encodePacked(UseBuilder.pack(session, 0, claims), new bytes(65));
    }

    function newData(Seed memory seed, uint256 index) private pure returns (bytes memory) {
        uint256 entropy = uint256(keccak256(abi.encode(seed.entropy, "data", index)));
        if (seed.transfers) {
            return abi.encodeCall(IERC20.transfer, (address(uint160(entropy)), uint128(entropy >> 160)));
        }
        return bytes.concat(IERC20.transfer.selector, filled(uint8(seed.data + index), entropy));
    }

    function newSessionOf(Seed memory seed) private view returns (Session memory session) {
        session = newSession(address(this));
        if (seed.everyChain) session.chainId = 0;
        session.salt = bytes32(seed.entropy);
        session.epoch = uint64(seed.entropy >> 3);
        session.sessionKey = filled(bound(seed.keyLength, 20, 255), seed.entropy);
        session.operationPolicies = newPolicies(seed.operationPolicies % 4, seed.entropy);
        session.actions = new Action[](actionCount(seed));
        for (uint256 i = 0; i < session.actions.length; ++i) {
            session.actions[i] = newAction(address(uint160(i + 1)), bytes4(uint32(i)));
        }
        uint256 index = actionIndex(seed);
        session.actions[index] = newAction(target, IERC20.transfer.selector);
        session.actions[index].policies = newPolicies(seed.actionPolicies % 4, ~seed.entropy);
    }

    /// One in half of all cases, else up to 70, so that the bitmap has up to nine bytes.
    function actionCount(Seed memory seed) private pure returns (uint256) {
        return seed.actions % 2 == 0 ? 1 : 1 + seed.actions % 70;
    }

    function actionIndex(Seed memory seed) private pure returns (uint256) {
        return seed.entropy % actionCount(seed);
    }

    function newPolicies(uint256 count, uint256 entropy) private pure returns (Policy[] memory policies) {
        policies = new Policy[](count);
        for (uint256 i = 0; i < count; ++i) {
            entropy = uint256(keccak256(abi.encode(entropy)));
            policies[i] = Policy(address(uint160(entropy)), filled(entropy >> 248, entropy));
        }
    }

    function filled(uint256 length, uint256 entropy) private pure returns (bytes memory data) {
        data = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            data[i] = bytes1(uint8(entropy >> 8 * (i % 32)));
        }
    }

    // -- Changes -----------------------------------------------------------------------------------------------------------

    function changed(bytes memory data, uint256 entropy) private pure returns (bytes memory) {
        uint256 kind = entropy % 8;
        entropy >>= 3;
        if (kind == 0) return bytes.concat(data, new bytes(1 + entropy % 64));
        if (data.length == 0) return data;
        uint256 place = kind < 4 ? entropy % data.length : entropy % (data.length < 300 ? data.length : 300);
        if (kind == 1) {
            assembly ("memory-safe") {
                mstore(data, place)
            }
            return data;
        }
        uint8 mask = uint8(entropy >> 128);
        if (kind % 2 == 0) mask = uint8(uint256(1) << mask % 8);
        data[place] = bytes1(uint8(data[place]) ^ mask);
        return data;
    }

    function wordAt(bytes memory data, uint256 position) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 32), position))
        }
    }

    function replace(bytes memory data, uint256 position, uint256 word) private pure {
        assembly ("memory-safe") {
            mstore(add(add(data, 32), position), word)
        }
    }
}
