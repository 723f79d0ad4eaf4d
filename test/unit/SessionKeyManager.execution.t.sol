// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Execution, IERC7579Execution} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {ExecutionHarness} from "../mocks/ExecutionHarness.sol";
import {RecordingPolicy} from "../mocks/RecordingPolicy.sol";
import {ExecutionMutation} from "../utils/ExecutionMutation.sol";
import {ManagerTest} from "../utils/ManagerTest.sol";
import {Random} from "../utils/RandomSession.sol";
import {cut} from "../utils/Cut.sol";
import {ICallPolicy} from "contracts/interfaces/ICallPolicy.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {ANY_TARGET, Session} from "contracts/types/Session.sol";

/// @dev Positions in an operation's callData: selector, mode, offset, length, then the execution's calldata. In a batch
/// that is the array's offset, its length, the offsets of its elements, then these.
contract SessionKeyManagerExecutionTest is ManagerTest {
    bytes4 private constant EXECUTE = 0xe9ae5c53;
    bytes4 private constant EXECUTE_USER_OP = 0x8dd7712f;
    uint256 private constant OFFSET = 36;
    uint256 private constant LENGTH = 68;
    uint256 private constant CONTENTS = 100;
    uint256 private constant COUNT = 132;
    uint256 private constant OFFSETS = 164;

    ExecutionHarness private harness;
    RecordingPolicy private recorder;
    /// @dev Allows any call to PING with any value, and records it.
    Session private session;
    bytes32 private id;

    function setUp() public override {
        super.setUp();
        harness = new ExecutionHarness();
        recorder = new RecordingPolicy();
        Session memory anything = sessionWith(newAction(ANY_TARGET, PING, address(recorder), ""));
        anything.actions[0].maxValue = type(uint256).max;
        id = grant(anything);
        store(session, anything);
    }

    /*//////////////////////////////////////////////////////////////
                              WHAT IS READ
    //////////////////////////////////////////////////////////////*/

    function testFuzz_SingleCallIsReadExactly(uint256 seed, bool wrapped) external {
        Execution[] memory calls = _calls(Random(seed), 1);
        bytes memory callData = single(calls[0].target, calls[0].value, calls[0].callData);
        assertEq(validate(_op(wrapped ? ExecutionMutation.wrap(callData) : callData, 1)), windowOf(session));
        _assertAsked(calls);
    }

    function testFuzz_BatchIsReadExactly(uint256 seed, bool wrapped) external {
        Random memory random = Random(seed);
        Execution[] memory calls = _calls(random, 1 + random.below(6));
        bytes memory callData = batch(calls);
        assertEq(validate(_op(wrapped ? ExecutionMutation.wrap(callData) : callData, calls.length)), windowOf(session));
        _assertAsked(calls);
    }

    function test_BatchOf255Calls() external {
        Execution[] memory calls = _calls(Random(1), 255);
        assertEq(validate(_op(batch(calls), 255)), windowOf(session));
        _assertAsked(calls);
    }

    function testFuzz_CanonicalExecutionsDecode(uint256 seed) external view {
        Random memory random = Random(seed);
        (bytes memory callData, Execution[] memory calls) = _canonical(random);
        assertEq(abi.encode(harness.decode(callData)), abi.encode(calls));
        assertEq(abi.encode(harness.asAccount(callData)), abi.encode(calls));
    }

    /*//////////////////////////////////////////////////////////////
                          WHAT HOSTILE KEYS TRY
    //////////////////////////////////////////////////////////////*/

    function testFuzz_MutatedExecutionIsRefusedOrReadAsAccountsReadIt(uint256 seed) external view {
        Random memory random = Random(seed);
        (bytes memory callData,) = _canonical(random);
        _assertRefusedOrCanonical(ExecutionMutation.mutate(callData, random));
    }

    function testFuzz_TwiceMutatedExecutionIsRefusedOrReadAsAccountsReadIt(uint256 seed) external view {
        Random memory random = Random(seed);
        (bytes memory callData,) = _canonical(random);
        _assertRefusedOrCanonical(ExecutionMutation.mutate(ExecutionMutation.mutate(callData, random), random));
    }

    function testFuzz_ManagerAsksAboutTheCallsThatAccountsMake(uint256 seed) external {
        Random memory random = Random(seed);
        Execution[] memory calls = _calls(random, 1 + random.below(3));
        bytes memory callData = ExecutionMutation.mutate(batch(calls), random);
        (bool success, bytes memory result) = attempt(_op(callData, calls.length));
        if (success) {
            assertEq(abi.decode(result, (uint256)), windowOf(session));
            _assertAsked(harness.asAccount(callData));
        } else {
            assertEq(recorder.count(), 0);
        }
    }

    function test_RevertWhen_TruncatedAnywhere() external {
        for (uint256 kind = 0; kind < 2; ++kind) {
            Execution[] memory calls = _calls(Random(kind), kind + 1);
            bytes memory callData =
                kind == 0 ? single(calls[0].target, calls[0].value, calls[0].callData) : batch(calls);
            for (uint256 length = 0; length < callData.length; ++length) {
                bytes memory reason = length < 4
                    ? abi.encodeWithSelector(ISessionKeyManager.FunctionNotExecute.selector, bytes4(0))
                    : _nonCanonical(length < CONTENTS ? length : LENGTH);
                expectRefused(_op(cut(callData, 0, length), kind + 1), reason);
            }
        }
    }

    function test_RevertWhen_BytesAreAppended() external {
        bytes memory callData = pingCall();
        expectRefused(_op(bytes.concat(callData, hex"00"), 1), _nonCanonical(LENGTH));
        expectRefused(_op(bytes.concat(callData, bytes32(0)), 1), _nonCanonical(LENGTH));
        expectRefused(_op(ExecutionMutation.wrap(bytes.concat(callData, hex"00")), 1), _nonCanonical(LENGTH + 4));
    }

    function testFuzz_RevertWhen_OffsetOfTheExecutionIsNot64(uint256 offset) external {
        vm.assume(offset != 64);
        expectRefused(_op(ExecutionMutation.set(pingCall(), OFFSET, offset), 1), _nonCanonical(OFFSET));
    }

    function testFuzz_RevertWhen_LengthOfTheExecutionIsWrong(uint256 length) external {
        // 88 bytes, padded to 96: other lengths either do not fill the calldata or leave a byte in the padding.
        vm.assume(length < 85 || length > 96);
        bytes memory reason = _nonCanonical(length > 64 && length <= 96 ? CONTENTS + length : LENGTH);
        expectRefused(_op(ExecutionMutation.set(pingCall(), LENGTH, length), 1), reason);
    }

    function test_RevertWhen_LengthOfTheExecutionIsHuge() external {
        for (uint256 i = 0; i < 40; ++i) {
            expectRefused(
                _op(ExecutionMutation.set(pingCall(), LENGTH, type(uint256).max - i), 1), _nonCanonical(LENGTH)
            );
        }
    }

    function testFuzz_RevertWhen_OuterPaddingIsDirty(uint256 position, uint8 bits) external {
        vm.assume(bits != 0);
        bytes memory callData = pingCall();
        uint256 padding = CONTENTS + 88;
        callData[bound(position, padding, callData.length - 1)] = bytes1(bits);
        expectRefused(_op(callData, 1), _nonCanonical(padding));
    }

    function test_RevertWhen_SingleCallIsShorterThanItsHead() external {
        for (uint256 length = 0; length < 52; ++length) {
            bytes memory callData = abi.encodeCall(IERC7579Execution.execute, (SINGLE, new bytes(length)));
            expectRefused(_op(callData, 1), _nonCanonical(CONTENTS));
        }
    }

    function test_RevertWhen_BatchIsEmpty() external {
        bytes memory reason = abi.encodeWithSelector(ISessionKeyManager.EmptyBatch.selector);
        expectRefused(_op(batch(new Execution[](0)), 0), reason);
        expectRefused(_op(batch(new Execution[](0)), 1), reason);
        expectRefused(_op(ExecutionMutation.set(batch(_calls(Random(1), 2)), COUNT, 0), 2), reason);
    }

    function test_RevertWhen_BatchIsShorterThanItsHead() external {
        for (uint256 length = 0; length < 64; ++length) {
            bytes memory callData = abi.encodeCall(IERC7579Execution.execute, (BATCH, new bytes(length)));
            expectRefused(_op(callData, 1), _nonCanonical(CONTENTS));
        }
    }

    function testFuzz_RevertWhen_OffsetOfTheBatchIsNot32(uint256 offset) external {
        vm.assume(offset != 32);
        expectRefused(
            _op(ExecutionMutation.set(batch(_calls(Random(1), 2)), CONTENTS, offset), 2), _nonCanonical(CONTENTS)
        );
    }

    function testFuzz_RevertWhen_CountOfTheBatchIsHuge(uint256 count) external {
        // Two calls with up to 3 words of data each hold no four calls.
        count = bound(count, 4, type(uint256).max);
        expectRefused(_op(ExecutionMutation.set(_twoCalls(), COUNT, count), 2), _nonCanonical(COUNT));
    }

    function test_RevertWhen_BatchCountsOneCallLess() external {
        // The elements are then expected where the second offset is.
        expectRefused(_op(ExecutionMutation.set(_twoCalls(), COUNT, 1), 1), _nonCanonical(OFFSETS));
    }

    function testFuzz_RevertWhen_AnElementIsElsewhere(bool second, uint256 offset) external {
        vm.assume(offset != (second ? 256 : 64));
        uint256 position = second ? OFFSETS + 32 : OFFSETS;
        expectRefused(_op(ExecutionMutation.set(_twoCalls(), position, offset), 2), _nonCanonical(position));
    }

    function test_RevertWhen_TwoElementsAreOne() external {
        expectRefused(_op(ExecutionMutation.set(_twoCalls(), OFFSETS + 32, 64), 2), _nonCanonical(OFFSETS + 32));
    }

    function test_RevertWhen_ElementsAreReordered() external {
        // What an ABI decoder takes as the same two calls the other way round.
        bytes memory callData =
            ExecutionMutation.set(ExecutionMutation.set(_twoCalls(), OFFSETS, 256), OFFSETS + 32, 64);
        assertEq(harness.asAccount(callData).length, 2);
        expectRefused(_op(callData, 2), _nonCanonical(OFFSETS));
    }

    function test_RevertWhen_BytesAreBetweenElements() external {
        bytes memory tail = cut(_contents(_twoCalls()), 0, 64 + 64 + 192);
        bytes memory contents =
            bytes.concat(tail, bytes32(0), cut(_contents(_twoCalls()), 320, _contents(_twoCalls()).length));
        contents = ExecutionMutation.set(contents, 96, 288);
        bytes memory callData = abi.encodeCall(IERC7579Execution.execute, (BATCH, contents));
        assertEq(harness.asAccount(callData).length, 2);
        expectRefused(_op(callData, 2), _nonCanonical(OFFSETS + 32));
    }

    function test_RevertWhen_BytesFollowTheLastElement() external {
        bytes memory contents = _contents(_twoCalls());
        for (uint256 surplus = 1; surplus < 66; surplus += 32) {
            bytes memory callData =
                abi.encodeCall(IERC7579Execution.execute, (BATCH, bytes.concat(contents, new bytes(surplus))));
            expectRefused(_op(callData, 2), _nonCanonical(CONTENTS + contents.length));
        }
    }

    function testFuzz_RevertWhen_TargetHasDirtyBits(uint256 dirt) external {
        dirt = bound(dirt, 1, type(uint96).max);
        uint256 position = OFFSETS + 64;
        bytes memory callData = ExecutionMutation.set(_twoCalls(), position, dirt << 160 | uint160(target));
        expectRefused(_op(callData, 2), _nonCanonical(position));
    }

    function testFuzz_RevertWhen_DataOfAnElementIsElsewhere(uint256 offset) external {
        vm.assume(offset != 96);
        uint256 position = OFFSETS + 64 + 64;
        expectRefused(_op(ExecutionMutation.set(_twoCalls(), position, offset), 2), _nonCanonical(position));
    }

    function testFuzz_RevertWhen_LengthOfDataIsHuge(bool second, uint256 length) external {
        // From the first element there are 64 + 192 bytes to the end, from the second 64.
        length = bound(length, second ? 65 : 257, type(uint256).max);
        uint256 position = OFFSETS + 64 + 96 + (second ? 192 : 0);
        expectRefused(_op(ExecutionMutation.set(_twoCalls(), position, length), 2), _nonCanonical(position));
    }

    function testFuzz_RevertWhen_PaddingOfDataIsDirty(uint256 position, uint8 bits) external {
        vm.assume(bits != 0);
        bytes memory callData = _twoCalls();
        uint256 padding = OFFSETS + 64 + 128 + 36;
        callData[bound(position, padding, padding + 27)] = bytes1(bits);
        expectRefused(_op(callData, 2), _nonCanonical(padding));
    }

    /// @dev Of the second call there is a target and nothing else, though the first is long enough for two.
    function test_RevertWhen_AnElementsHeadIsCut() external {
        Execution[] memory calls = new Execution[](2);
        calls[0] = Execution(target, 0, bytes.concat(PING, new bytes(92)));
        calls[1] = Execution(target, 0, "");
        bytes memory callData = batch(calls);
        callData = cut(callData, 0, callData.length - 96);
        expectRefused(
            _op(ExecutionMutation.set(callData, LENGTH, callData.length - CONTENTS), 2), _nonCanonical(callData.length)
        );
        // The only call has no length, and so there is no room for one.
        calls = new Execution[](1);
        callData = batch(calls);
        callData = cut(callData, 0, callData.length - 32);
        expectRefused(_op(ExecutionMutation.set(callData, LENGTH, callData.length - CONTENTS), 1), _nonCanonical(COUNT));
    }

    function test_RevertWhen_AnElementRunsPastTheEnd() external {
        // The contents end within the head of the second element.
        for (uint256 words = 1; words < 5; ++words) {
            bytes memory contents = cut(_contents(_twoCalls()), 0, 512 - 32 * words);
            bytes memory callData = abi.encodeCall(IERC7579Execution.execute, (BATCH, contents));
            uint256 position = words > 2 ? CONTENTS + contents.length : OFFSETS + 64 + 192 + 96;
            expectRefused(_op(callData, 2), _nonCanonical(position));
        }
    }

    /*//////////////////////////////////////////////////////////////
                          FUNCTIONS AND MODES
    //////////////////////////////////////////////////////////////*/

    function testFuzz_RevertWhen_AnotherFunctionIsCalled(bytes4 selector, bool wrapped) external {
        vm.assume(selector != EXECUTE && (wrapped || selector != EXECUTE_USER_OP));
        bytes memory callData = bytes.concat(selector, cut(pingCall(), 4, pingCall().length));
        expectRefused(_op(wrapped ? ExecutionMutation.wrap(callData) : callData, 1), _notExecute(selector));
    }

    function test_RevertWhen_ExecuteUserOpIsNested() external {
        expectRefused(_op(ExecutionMutation.wrap(ExecutionMutation.wrap(pingCall())), 1), _notExecute(EXECUTE_USER_OP));
    }

    function test_RevertWhen_ExecuteUserOpWrapsTooLittle() external {
        for (uint256 length = 0; length < 4; ++length) {
            bytes memory callData = bytes.concat(EXECUTE_USER_OP, cut(abi.encodePacked(EXECUTE), 0, length));
            expectRefused(_op(callData, 1), _notExecute(EXECUTE_USER_OP));
        }
        expectRefused(_op(ExecutionMutation.wrap(abi.encodePacked(EXECUTE)), 1), _nonCanonical(8));
    }

    function test_RevertWhen_ExecuteUserOpIsEncodedAsACall() external {
        PackedUserOperation memory inner = newOp(account, pingCall());
        bytes memory callData = abi.encodeWithSelector(EXECUTE_USER_OP, inner, OP_HASH);
        expectRefused(_op(callData, 1), _notExecute(0));
    }

    function testFuzz_RevertWhen_ModeIsNotPlain(bytes32 mode) external {
        vm.assume(mode != SINGLE && mode != BATCH);
        _assertModeRefused(mode);
    }

    function testFuzz_RevertWhen_OneBitOfTheModeIsFlipped(uint256 bit, bool isBatch) external {
        bytes32 mode = (isBatch ? BATCH : SINGLE) ^ bytes32(2 ** (bit % 256));
        vm.assume(mode != SINGLE && mode != BATCH);
        _assertModeRefused(mode);
    }

    function test_RevertWhen_ModeIsTry() external {
        _assertModeRefused(hex"0001");
        _assertModeRefused(hex"0101");
    }

    function test_RevertWhen_ModeIsDelegatecall() external {
        _assertModeRefused(hex"ff");
        _assertModeRefused(hex"ff01");
    }

    function test_RevertWhen_ModeIsStatic() external {
        _assertModeRefused(hex"fe");
    }

    function test_RevertWhen_ModeHasASelectorOrPayload() external {
        // ERC-7821's batch modes, and a selector or payload by itself.
        _assertModeRefused(hex"01000000000078210001");
        _assertModeRefused(hex"01000000000078210002");
        _assertModeRefused(hex"00000000000000000001");
        _assertModeRefused(bytes32(uint256(1)));
        _assertModeRefused(BATCH | bytes32(uint256(1)));
    }

    function test_RevertWhen_SingleIsReadAsBatchOrBatchAsSingle() external {
        expectRefused(_op(ExecutionMutation.set(pingCall(), 4, uint256(BATCH)), 1), _nonCanonical(CONTENTS));
        // The target is then what the array's offset begins with: zero.
        expectRefused(
            _op(ExecutionMutation.set(_twoCalls(), 4, uint256(SINGLE)), 1),
            abi.encodeWithSelector(ISessionKeyManager.TargetForbidden.selector, id, 0, address(0))
        );
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    function _op(bytes memory callData, uint256 calls) private returns (PackedUserOperation memory) {
        return opUnder(session, callData, new uint8[](calls));
    }

    /// @dev Calls that the session allows.
    function _calls(Random memory random, uint256 count) private pure returns (Execution[] memory calls) {
        calls = new Execution[](count);
        for (uint256 i = 0; i < count; ++i) {
            bytes memory data = bytes.concat(PING, random.content(random.below(80)));
            calls[i] = Execution(random.location(), uint256(random.word()), data);
        }
    }

    /// @dev A batch of two calls to `target`, of 36 and of 64 bytes of calldata.
    function _twoCalls() private view returns (bytes memory) {
        Execution[] memory calls = new Execution[](2);
        calls[0] = Execution(target, 1, abi.encodeWithSelector(PING, 1));
        calls[1] = Execution(target, 2, bytes.concat(PING, new bytes(60)));
        return batch(calls);
    }

    /// @dev Any calls, encoded in one of the four allowed ways.
    function _canonical(Random memory random) private pure returns (bytes memory callData, Execution[] memory calls) {
        calls = new Execution[](1 + random.below(3));
        for (uint256 i = 0; i < calls.length; ++i) {
            calls[i] = Execution(random.location(), uint256(random.word()), ExecutionMutation.content(random));
        }
        callData = ExecutionMutation.encode(calls, random);
    }

    /// @dev If the decoder takes it, it is canonical, and accounts see the same calls.
    function _assertRefusedOrCanonical(bytes memory callData) private view {
        try harness.decode(callData) returns (Execution[] memory calls) {
            assertEq(abi.encode(calls), abi.encode(harness.asAccount(callData)));
            bool wrapped = bytes4(callData) == EXECUTE_USER_OP;
            bool isBatch = callData[wrapped ? 8 : 4] == 0x01;
            bytes memory again = isBatch ? batch(calls) : single(calls[0].target, calls[0].value, calls[0].callData);
            assertEq(callData, wrapped ? ExecutionMutation.wrap(again) : again);
        } catch (bytes memory reason) {
            bytes4 selector = bytes4(reason);
            assertTrue(
                selector == ISessionKeyManager.NonCanonicalExecution.selector
                    || selector == ISessionKeyManager.FunctionNotExecute.selector
                    || selector == ISessionKeyManager.ModeNotAllowed.selector
                    || selector == ISessionKeyManager.EmptyBatch.selector,
                vm.toString(reason)
            );
        }
    }

    function _assertModeRefused(bytes32 mode) private {
        bytes memory reason = abi.encodeWithSelector(ISessionKeyManager.ModeNotAllowed.selector, mode);
        expectRefused(_op(ExecutionMutation.set(pingCall(), 4, uint256(mode)), 1), reason);
        expectRefused(_op(ExecutionMutation.set(_twoCalls(), 4, uint256(mode)), 2), reason);
    }

    /// @dev The recorder was asked about exactly these calls, in this order.
    function _assertAsked(Execution[] memory calls) private view {
        bytes32 budgetId = keccak256(abi.encode(id, address(recorder), keccak256("")));
        assertEq(recorder.count(), calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            bytes memory question = abi.encodeCall(
                ICallPolicy.checkCall, (account, budgetId, calls[i].target, calls[i].value, 0, calls[i].callData, "")
            );
            assertEq(recorder.asked(i), keccak256(abi.encodePacked(address(manager), question)));
        }
    }

    function _nonCanonical(uint256 position) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISessionKeyManager.NonCanonicalExecution.selector, position);
    }

    function _notExecute(bytes4 selector) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISessionKeyManager.FunctionNotExecute.selector, selector);
    }

    /// @dev The execution's calldata within an operation's callData, if it needs no padding.
    function _contents(bytes memory callData) private pure returns (bytes memory) {
        return cut(callData, CONTENTS, callData.length);
    }
}
