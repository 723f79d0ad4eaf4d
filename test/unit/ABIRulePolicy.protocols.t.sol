// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IABIRulePolicy} from "contracts/interfaces/IABIRulePolicy.sol";
import {ABIRuleTest} from "../utils/ABIRuleTest.sol";
import {ABIRuleConfig as R} from "../utils/ABIRuleConfig.sol";
import {ABIArgumentsConfig as A} from "../utils/ABIArgumentsConfig.sol";
import {cut} from "../utils/Cut.sol";

interface IUniversalRouter {
    function execute(bytes calldata commands, bytes[] calldata inputs, uint256 deadline) external payable;
}

interface ISwapRouter02 {
    struct ExactInputSingleParams {
        address tokenIn;
        address tokenOut;
        uint24 fee;
        address recipient;
        uint256 amountIn;
        uint256 amountOutMinimum;
        uint160 sqrtPriceLimitX96;
    }

    struct ExactInputParams {
        bytes path;
        address recipient;
        uint256 amountIn;
        uint256 amountOutMinimum;
    }

    function exactInputSingle(ExactInputSingleParams calldata params) external payable returns (uint256);
    function exactInput(ExactInputParams calldata params) external payable returns (uint256);
    function multicall(uint256 deadline, bytes[] calldata data) external payable returns (bytes[] memory);
    function sweepToken(address token, uint256 amountMinimum, address recipient) external payable;
}

interface IPermit2 {
    struct PermitDetails {
        address token;
        uint160 amount;
        uint48 expiration;
        uint48 nonce;
    }

    struct PermitSingle {
        PermitDetails details;
        address spender;
        uint256 sigDeadline;
    }

    struct AllowanceTransferDetails {
        address from;
        address to;
        uint160 amount;
        address token;
    }

    function permit(address owner, PermitSingle calldata permitSingle, bytes calldata signature) external;
    function transferFrom(AllowanceTransferDetails[] calldata transferDetails) external;
}

interface IAavePool {
    function supply(address asset, uint256 amount, address onBehalfOf, uint16 referralCode) external;
}

interface IToken {
    function transfer(address to, uint256 amount) external returns (bool);
    function approve(address spender, uint256 amount) external returns (bool);
    function safeTransferFrom(address from, address to, uint256 tokenId, bytes calldata data) external;
}

interface IMulticall3 {
    struct Call3 {
        address target;
        bool allowFailure;
        bytes callData;
    }

    function aggregate3(Call3[] calldata calls) external payable returns (bytes[] memory);
}

/// @dev Calls as they are made on mainnet, the rules that a session would have for them, and what an attacker makes of
/// them. An attack that moves a pointer is first shown to work: the compiler's decoder follows it.
abstract contract ProtocolTest is ABIRuleTest {
    address internal constant USDC = 0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48;
    address internal constant WETH = 0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2;
    address internal constant DAI = 0x6B175474E89094C44Da98b954EedeAC495271d0F;
    address internal constant AAVE_POOL = 0x87870Bca3F3fD6335C3F4ce8392D69350B4fA4E2;
    address internal constant UNIVERSAL_ROUTER = 0x66a9893cC07D91D95644AEDD05D03f95e1dBA8Af;
    address internal constant THIEF = 0x00000000000000000000000000000000DeaDBeef;

    uint256 internal constant DEADLINE = 1_900_000_000;

    function path(address from, address to) internal pure returns (bytes memory) {
        return abi.encodePacked(from, uint24(500), to);
    }

    function one(bytes memory item) internal pure returns (bytes[] memory items) {
        items = new bytes[](1);
        items[0] = item;
    }

    function two(bytes memory item0, bytes memory item1) internal pure returns (bytes[] memory items) {
        items = new bytes[](2);
        (items[0], items[1]) = (item0, item1);
    }

    function address_(address value) internal pure returns (bytes memory) {
        return A.value(R.EQUAL, abi.encodePacked(value));
    }

    function atMost(uint256 value) internal pure returns (bytes memory) {
        return A.value(R.LESS_OR_EQUAL, abi.encode(value));
    }

    function account_() internal pure returns (bytes memory) {
        return A.value(R.ACCOUNT, "");
    }

    function group(bytes memory steps, bytes memory test) internal pure returns (bytes memory) {
        return R.any(A.at(steps, test));
    }

    function withoutSelector(bytes memory data) internal pure returns (bytes memory) {
        return cut(data, 4, data.length);
    }

    /// @dev Of calldata that is accepted: whatever one does to a pointer, to what it points to, or behind the end, it is
    /// refused, and for that reason.
    /// @param pointers Where in the calldata its pointers are, those of inner calls too.
    function assertPointersAreFixed(bytes memory config, bytes memory data, uint256[] memory pointers) internal view {
        assertAccepted(config, data);
        for (uint256 i = 0; i < pointers.length; ++i) {
            uint256 right = wordAt(data, pointers[i]);
            // Into the head and the tails, to every word and to every other pointer's tail; then outside.
            for (uint256 to = 0; to <= data.length + 64; to += 32) {
                if (to != right) assertRefused(config, withWord(data, pointers[i], to), NOT_CANONICAL);
            }
            for (uint256 k = 0; k < pointers.length; ++k) {
                uint256 to = wordAt(data, pointers[k]);
                if (to != right) assertRefused(config, withWord(data, pointers[i], to), NOT_CANONICAL);
            }
            unchecked {
                // Off by one byte; around 2^256; beyond what fits a smaller integer, with the right value in it.
                assertRefused(config, withWord(data, pointers[i], right + 1), NOT_CANONICAL);
                assertRefused(config, withWord(data, pointers[i], right - 1), NOT_CANONICAL);
                assertRefused(config, withWord(data, pointers[i], 0 - right), NOT_CANONICAL);
                assertRefused(config, withWord(data, pointers[i], 0 - uint256(32)), NOT_CANONICAL);
                assertRefused(config, withWord(data, pointers[i], 0 - pointers[i]), NOT_CANONICAL);
                for (uint256 bit = 32; bit < 256; ++bit) {
                    assertRefused(config, withWord(data, pointers[i], right + 2 ** bit), NOT_CANONICAL);
                }
            }
        }
        for (uint256 i = 1; i < 70; ++i) {
            assertRefused(config, bytes.concat(data, new bytes(i)), NOT_CANONICAL);
            assertFalse(isAccepted(config, cut(data, 0, data.length - i)));
        }
        assertRefused(config, bytes.concat(data, data), NOT_CANONICAL);
    }

    /// @dev Lengths, each made longer or shorter by whole words and beyond all bounds; so that what follows is taken in, or
    /// is left over.
    function assertLengthsAreFixed(bytes memory config, bytes memory data, uint256[] memory lengths) internal view {
        for (uint256 i = 0; i < lengths.length; ++i) {
            uint256 right = wordAt(data, lengths[i]);
            for (uint256 by = 1; by < 5; ++by) {
                assertRefused(config, withWord(data, lengths[i], right + 32 * by), NOT_CANONICAL);
            }
            if (right >= 32) assertRefused(config, withWord(data, lengths[i], right - 32), NOT_CANONICAL);
            assertFalse(isAccepted(config, withWord(data, lengths[i], 0)));
            for (uint256 bit = 16; bit < 256; ++bit) {
                assertRefused(config, withWord(data, lengths[i], right + 2 ** bit), NOT_CANONICAL);
            }
            assertRefused(config, withWord(data, lengths[i], type(uint256).max), NOT_CANONICAL);
            for (uint256 k = 0; k < lengths.length; ++k) {
                uint256 other = wordAt(data, lengths[k]);
                if (other != right) assertFalse(isAccepted(config, withWord(data, lengths[i], other)));
            }
        }
    }

    function places(uint256 a) internal pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = a;
    }

    function places(uint256 a, uint256 b) internal pure returns (uint256[] memory list) {
        list = new uint256[](2);
        (list[0], list[1]) = (a, b);
    }

    function places(uint256 a, uint256 b, uint256 c) internal pure returns (uint256[] memory list) {
        list = new uint256[](3);
        (list[0], list[1], list[2]) = (a, b, c);
    }

    function places(uint256 a, uint256 b, uint256 c, uint256 d) internal pure returns (uint256[] memory list) {
        list = new uint256[](4);
        (list[0], list[1], list[2], list[3]) = (a, b, c, d);
    }
}

contract UniversalRouterTest is ProtocolTest {
    uint8 private constant V3_SWAP_EXACT_IN = 0x00;
    uint8 private constant TRANSFER = 0x05;
    uint8 private constant UNWRAP_WETH = 0x0c;
    uint8 private constant ALLOW_REVERT = 0x80;
    address private constant MSG_SENDER = address(1);

    // (address recipient,uint256 amountIn,uint256 amountOutMin,bytes path,bool payerIsUser)
    bytes private constant SWAP_SHAPE = hex"05142020c2c1";
    // (bytes,bytes[],uint256)
    bytes private constant SHAPE = hex"03c2c3c220";

    /// @dev To the account, at most 1,000 USDC, for WETH directly, paid by the account.
    function swapRules() private pure returns (bytes memory) {
        bytes[] memory groups = new bytes[](6);
        groups[0] = R.any(A.at(hex"00", account_()), A.at(hex"00", address_(MSG_SENDER)));
        groups[1] = group(hex"01", atMost(1_000e6));
        groups[2] = group(hex"03", A.length(R.EQUAL, 43));
        groups[3] = group(hex"03", A.content(A.PREFIX, abi.encodePacked(USDC)));
        groups[4] = group(hex"03", A.content(A.SUFFIX, abi.encodePacked(WETH)));
        groups[5] = group(hex"04", A.value(R.EQUAL, hex"01"));
        return R.all(groups);
    }

    /// @dev Exactly one command.
    function oneSwap() private pure returns (bytes memory) {
        bytes[] memory groups = new bytes[](4);
        groups[0] = group(hex"00", A.content(A.EQUALS, abi.encodePacked(V3_SWAP_EXACT_IN)));
        groups[1] = group(hex"01", A.length(R.EQUAL, 1));
        groups[2] = group(hex"0100", A.decoded(SWAP_SHAPE, swapRules()));
        groups[3] = group(hex"02", atMost(DEADLINE + 1 hours));
        return R.only(A.arguments(SHAPE, R.all(groups)));
    }

    /// @dev Any sequence of swaps, and of unwrapping for the account.
    function sequences() private pure returns (bytes memory) {
        bytes memory alternatives = bytes.concat(
            hex"02",
            A.tag(V3_SWAP_EXACT_IN, SWAP_SHAPE, swapRules()),
            A.tag(UNWRAP_WETH, A.args(2, hex"1420"), R.only(A.at(hex"00", account_())))
        );
        return R.only(A.arguments(SHAPE, R.only(A.at(hex"01", A.tagged(hex"00", alternatives)))));
    }

    function swap(address recipient, uint256 amount, bytes memory route) private pure returns (bytes memory) {
        return abi.encode(recipient, amount, uint256(0.3 ether), route, true);
    }

    function execute(bytes memory commands, bytes[] memory inputs) private pure returns (bytes memory) {
        return abi.encodeCall(IUniversalRouter.execute, (commands, inputs, DEADLINE));
    }

    function goodSwap() private view returns (bytes memory) {
        return swap(ACCOUNT, 1_000e6, path(USDC, WETH));
    }

    function test_SwapForTheAccount() external view {
        assertAccepted(oneSwap(), execute(hex"00", one(goodSwap())));
        assertAccepted(oneSwap(), execute(hex"00", one(swap(MSG_SENDER, 5, path(USDC, WETH)))));
        assertAccepted(sequences(), execute(hex"00", one(goodSwap())));
    }

    function test_SeveralCommands() external view {
        bytes memory unwrap = abi.encode(ACCOUNT, 1);
        assertAccepted(sequences(), execute(hex"000c", two(goodSwap(), unwrap)));
        assertAccepted(sequences(), execute(hex"0c00", two(unwrap, goodSwap())));
        assertAccepted(sequences(), execute(hex"0000", two(goodSwap(), goodSwap())));
        assertRefused(sequences(), execute(hex"000c", two(goodSwap(), abi.encode(THIEF, 1))), NOT_MET);
        assertRefused(sequences(), execute(hex"000c", two(unwrap, goodSwap())), NOT_CANONICAL);
    }

    function test_RevertWhen_ValuesAreOutsideTheRules() external view {
        bytes memory route = path(USDC, WETH);
        bytes[6] memory bad = [
            swap(THIEF, 1_000e6, route),
            swap(ACCOUNT, 1_000e6 + 1, route),
            swap(ACCOUNT, 1_000e6, path(DAI, WETH)),
            swap(ACCOUNT, 1_000e6, path(USDC, DAI)),
            swap(ACCOUNT, 1_000e6, abi.encodePacked(USDC, uint24(500), DAI, uint24(500), WETH)),
            abi.encode(ACCOUNT, uint256(5), uint256(0), route, false)
        ];
        for (uint256 i = 0; i < bad.length; ++i) {
            assertRefused(oneSwap(), execute(hex"00", one(bad[i])), NOT_MET);
            assertRefused(sequences(), execute(hex"00", one(bad[i])), NOT_MET);
            assertRefused(sequences(), execute(hex"0000", two(goodSwap(), bad[i])), NOT_MET);
        }
    }

    /// @dev Which rule, where, and by how much.
    function test_ErrorTellsPathExpectedAndActual() external view {
        bytes memory config = oneSwap();
        (, bytes memory returned) = ask(config, execute(hex"00", one(swap(ACCOUNT, 1_001e6, path(USDC, WETH)))));
        assertEq(bytes4(returned), NOT_MET);
        (
            uint256 place,
            bytes memory way,
            uint8 typeCode,
            uint8 test,
            uint8 comparison,
            bytes memory e,
            bytes memory a
        ) = abi.decode(withoutSelector(returned), (uint256, bytes, uint8, uint8, uint8, bytes, bytes));
        assertEq(cut(config, place, place + 2), hex"0101");
        assertEq(way, hex"000100000001");
        assertEq(typeCode, 0x20);
        assertEq(test, A.VALUE);
        assertEq(comparison, R.LESS_OR_EQUAL);
        assertEq(e, abi.encode(1_000e6));
        assertEq(a, abi.encode(1_001e6));
    }

    function test_RevertWhen_ACommandIsSmuggledIn() external view {
        bytes memory theft = abi.encode(USDC, THIEF, uint256(1_000e6));
        assertRefused(oneSwap(), execute(hex"0005", two(goodSwap(), theft)), NOT_MET);
        assertRefused(oneSwap(), execute(hex"0500", two(theft, goodSwap())), NOT_MET);
        assertRefused(oneSwap(), execute(hex"05", one(goodSwap())), NOT_MET);
        // A command without an input, an input without a command.
        assertRefused(oneSwap(), execute(hex"0005", one(goodSwap())), NOT_MET);
        assertRefused(oneSwap(), execute(hex"00", two(goodSwap(), theft)), NOT_MET);
        assertRefused(sequences(), execute(hex"0005", two(goodSwap(), theft)), NOT_MET);
        assertRefused(sequences(), execute(hex"0005", one(goodSwap())), NOT_MET);
        assertRefused(sequences(), execute(hex"00", two(goodSwap(), theft)), NOT_MET);
        // With the flag that lets it fail it is another command.
        assertRefused(sequences(), execute(abi.encodePacked(ALLOW_REVERT), one(goodSwap())), NOT_MET);
    }

    /// @dev Words behind the selector: 0 commands, 1 inputs, 2 deadline, 3 and 4 commands, 5 number of inputs, 6 first
    /// input, 7 its length, then from 8 on: recipient, amount, minimum, 11 path, payer, 13 its length.
    function test_RevertWhen_APointerIsMoved() external view {
        uint256[] memory pointers = places(4, 4 + 32, 4 + 6 * 32, 4 + 11 * 32);
        bytes memory data = execute(hex"00", one(goodSwap()));
        assertEq(wordAt(data, 4 + 11 * 32), 160);
        assertPointersAreFixed(oneSwap(), data, pointers);
        assertPointersAreFixed(sequences(), data, pointers);
        uint256[] memory lengths = places(4 + 3 * 32, 4 + 5 * 32, 4 + 7 * 32, 4 + 13 * 32);
        assertLengthsAreFixed(oneSwap(), data, lengths);
        assertLengthsAreFixed(sequences(), data, lengths);
    }

    /// @dev The router reads the second of two lists of inputs, a rule that looks at the usual place reads the first.
    function test_RevertWhen_AnotherListOfInputsIsAppended() external view {
        bytes memory evil = swap(THIEF, 1_000_000e6, path(USDC, WETH));
        bytes memory data = execute(hex"00", one(goodSwap()));
        bytes memory tail = abi.encode(one(evil));
        uint256 end = data.length - 4;
        data = withWord(bytes.concat(data, cut(tail, 32, tail.length)), 4 + 32, end);
        (, bytes[] memory read,) = abi.decode(withoutSelector(data), (bytes, bytes[], uint256));
        assertEq(read[0], evil);
        assertRefused(oneSwap(), data, NOT_CANONICAL);
        assertRefused(sequences(), data, NOT_CANONICAL);
    }

    /// @dev The same inside of an input, for the path.
    function test_RevertWhen_AnotherPathIsAppended() external view {
        bytes memory evil = path(USDC, DAI);
        bytes memory input = goodSwap();
        bytes memory tail = abi.encode(evil);
        input = withWord(bytes.concat(input, cut(tail, 32, tail.length)), 96, input.length);
        (,,, bytes memory read,) = abi.decode(input, (address, uint256, uint256, bytes, bool));
        assertEq(read, evil);
        assertRefused(oneSwap(), execute(hex"00", one(input)), NOT_CANONICAL);
        assertRefused(sequences(), execute(hex"00", one(input)), NOT_CANONICAL);
    }

    /// @dev Commands and inputs of the caller's own making, in any order: nothing gets to another recipient.
    function testFuzz_NothingGoesToAnother(uint256 seed, uint8 count) external view {
        count = uint8(1 + count % 4);
        bytes memory commands = new bytes(count);
        bytes[] memory inputs = new bytes[](count);
        bool good = true;
        for (uint256 i = 0; i < count; ++i) {
            uint256 how = seed >> 8 * i;
            bool isSwap = how % 2 == 0;
            address to = how % 16 == 5 || how % 16 == 6 ? THIEF : ACCOUNT;
            uint256 amount = 900e6 + (how >> 4) % 110e6;
            commands[i] = bytes1(isSwap ? V3_SWAP_EXACT_IN : UNWRAP_WETH);
            inputs[i] = isSwap ? swap(to, amount, path(USDC, WETH)) : abi.encode(to, amount);
            if (to == THIEF || (isSwap && amount > 1_000e6)) good = false;
        }
        assertEq(isAccepted(sequences(), execute(commands, inputs)), good);
    }
}

contract SwapRouter02Test is ProtocolTest {
    function singleRules() private pure returns (bytes memory) {
        bytes[] memory groups = new bytes[](4);
        groups[0] = R.any(R.rawRule(0, R.ADDRESS, R.EQUAL, abi.encodePacked(USDC)));
        groups[1] = R.any(R.rawRule(1, R.ADDRESS, R.ONE_OF, abi.encodePacked(uint8(2), WETH, DAI)));
        groups[2] = R.any(R.isAccount(3));
        groups[3] = R.any(R.rawRule(4, R.uintN(256), R.LESS_OR_EQUAL, abi.encode(1_000e6)));
        return R.all(groups);
    }

    /// @dev exactInput((bytes,address,uint256,uint256)): from USDC over at most one pool more, to WETH.
    function multihopRules() private pure returns (bytes memory) {
        bytes[] memory groups = new bytes[](5);
        groups[0] = group(hex"0000", A.slice(0, R.ADDRESS, R.EQUAL, abi.encodePacked(USDC)));
        groups[1] = group(hex"0000", A.sliceFromEnd(0, R.ADDRESS, R.EQUAL, abi.encodePacked(WETH)));
        groups[2] = group(hex"0000", abi.encodePacked(A.LENGTH, R.ONE_OF, uint8(2), uint32(43), uint32(66)));
        groups[3] = group(hex"0001", account_());
        groups[4] = group(hex"0002", atMost(1_000e6));
        return R.only(A.arguments(A.args(1, A.tuple(4, hex"c2142020")), R.all(groups)));
    }

    /// @dev multicall(uint256,bytes[]): of these two, each with its rules.
    function multicallConfig() private pure returns (bytes memory) {
        bytes memory calls = A.calls(
            A.alternative(ISwapRouter02.exactInputSingle.selector, singleRules()),
            A.alternative(ISwapRouter02.exactInput.selector, multihopRules())
        );
        return R.only(A.arguments(hex"0220c3c2", R.only(A.at(hex"01", A.every(R.only(A.at("", calls)))))));
    }

    function single(address recipient, uint256 amount, address to) private pure returns (bytes memory) {
        return abi.encodeCall(
            ISwapRouter02.exactInputSingle,
            (ISwapRouter02.ExactInputSingleParams(USDC, to, 500, recipient, amount, 0.3 ether, 0))
        );
    }

    function multihop(address recipient, uint256 amount, bytes memory route) private pure returns (bytes memory) {
        return
            abi.encodeCall(
                ISwapRouter02.exactInput, (ISwapRouter02.ExactInputParams(route, recipient, amount, 0.3 ether))
            );
    }

    function multicall(bytes[] memory calls) private pure returns (bytes memory) {
        return abi.encodeCall(ISwapRouter02.multicall, (DEADLINE, calls));
    }

    function longPath() private pure returns (bytes memory) {
        return abi.encodePacked(USDC, uint24(100), DAI, uint24(3000), WETH);
    }

    function test_ExactInputSingle() external view {
        assertAccepted(singleRules(), single(ACCOUNT, 1_000e6, WETH));
        assertAccepted(singleRules(), single(ACCOUNT, 1_000e6, DAI));
        bytes4 notMet_ = IABIRulePolicy.RuleNotMet.selector;
        assertRefused(singleRules(), single(THIEF, 1_000e6, WETH), notMet_);
        assertRefused(singleRules(), single(ACCOUNT, 1_000e6 + 1, WETH), notMet_);
        assertRefused(singleRules(), single(ACCOUNT, 1_000e6, THIEF), notMet_);
    }

    function test_ExactInput() external view {
        assertAccepted(multihopRules(), multihop(ACCOUNT, 1_000e6, path(USDC, WETH)));
        assertAccepted(multihopRules(), multihop(ACCOUNT, 1_000e6, longPath()));
        assertRefused(multihopRules(), multihop(THIEF, 1_000e6, longPath()), NOT_MET);
        assertRefused(multihopRules(), multihop(ACCOUNT, 1_000e6 + 1, longPath()), NOT_MET);
        assertRefused(multihopRules(), multihop(ACCOUNT, 5, path(WETH, USDC)), NOT_MET);
        assertRefused(multihopRules(), multihop(ACCOUNT, 5, path(USDC, DAI)), NOT_MET);
        assertRefused(multihopRules(), multihop(ACCOUNT, 5, bytes.concat(longPath(), path(USDC, WETH))), NOT_MET);
        assertRefused(multihopRules(), multihop(ACCOUNT, 5, ""), NOT_MET);
        assertRefused(multihopRules(), multihop(ACCOUNT, 5, abi.encodePacked(USDC)), NOT_MET);
    }

    /// @dev 0 params; 1 path, 2 recipient, 3 amount, 4 minimum, 5 length.
    function test_RevertWhen_APointerOfExactInputIsMoved() external view {
        bytes memory data = multihop(ACCOUNT, 1_000e6, longPath());
        assertPointersAreFixed(multihopRules(), data, places(4, 36));
        assertLengthsAreFixed(multihopRules(), data, places(4 + 5 * 32));
    }

    /// @dev A second set of parameters, which the router would read in place of the first.
    function test_RevertWhen_OtherParametersAreAppended() external view {
        bytes memory good = multihop(ACCOUNT, 1_000e6, longPath());
        bytes memory evil = multihop(THIEF, 1_000_000e6, longPath());
        bytes memory data = withWord(bytes.concat(good, cut(evil, 36, evil.length)), 4, good.length - 4);
        ISwapRouter02.ExactInputParams memory read = abi.decode(withoutSelector(data), (ISwapRouter02.ExactInputParams));
        assertEq(read.recipient, THIEF);
        assertRefused(multihopRules(), data, NOT_CANONICAL);
        assertRefused(multicallConfig(), multicall(one(data)), NOT_CANONICAL);
        // Overlapping by a few words: the struct begins inside of its own path.
        data = withWord(good, 4, 64);
        assertRefused(multihopRules(), data, NOT_CANONICAL);
    }

    function test_Multicall() external view {
        bytes memory a = single(ACCOUNT, 1_000e6, DAI);
        bytes memory b = multihop(ACCOUNT, 1_000e6, longPath());
        assertAccepted(multicallConfig(), multicall(one(a)));
        assertAccepted(multicallConfig(), multicall(one(b)));
        assertAccepted(multicallConfig(), multicall(two(a, b)));
        assertAccepted(multicallConfig(), multicall(two(b, a)));
        assertAccepted(multicallConfig(), multicall(two(b, b)));
    }

    function test_RevertWhen_AnInnerCallIsOutsideTheRules() external view {
        bytes memory good = single(ACCOUNT, 1_000e6, DAI);
        bytes[5] memory bad = [
            single(THIEF, 1_000e6, DAI),
            multihop(THIEF, 5, longPath()),
            multihop(ACCOUNT, 1_000e6 + 1, longPath()),
            abi.encodeCall(ISwapRouter02.sweepToken, (USDC, 0, THIEF)),
            // A multicall in the multicall.
            multicall(one(good))
        ];
        for (uint256 i = 0; i < bad.length; ++i) {
            assertRefused(multicallConfig(), multicall(one(bad[i])), NOT_MET);
            assertRefused(multicallConfig(), multicall(two(good, bad[i])), NOT_MET);
            assertRefused(multicallConfig(), multicall(two(bad[i], good)), NOT_MET);
        }
    }

    /// @dev 0 deadline, 1 list, 2 count, 3 and 4 elements (from 3), 5 length of the first with 7 words, 13 of the second.
    function test_RevertWhen_APointerOfTheMulticallIsMoved() external view {
        bytes memory a = single(ACCOUNT, 1_000e6, DAI);
        bytes memory b = multihop(ACCOUNT, 1_000e6, longPath());
        bytes memory data = multicall(two(a, b));
        uint256 second = 4 + 3 * 32 + wordAt(data, 4 + 4 * 32);
        assertEq(wordAt(data, second), b.length);
        uint256 inner = second + 32 + 4;
        assertEq(wordAt(data, inner + 32), 128);
        assertPointersAreFixed(multicallConfig(), data, places(36, 4 + 3 * 32, 4 + 4 * 32, inner));
        assertPointersAreFixed(multicallConfig(), data, places(inner + 32));
        assertLengthsAreFixed(multicallConfig(), data, places(4 + 2 * 32, second, inner + 5 * 32, 4 + 5 * 32));
    }

    /// @dev Both elements one and the same tail, a third one that nobody points to.
    function test_RevertWhen_TwoElementsShareATail() external view {
        bytes memory a = single(ACCOUNT, 1_000e6, DAI);
        bytes memory data = multicall(two(a, a));
        bytes memory shared = withWord(data, 4 + 4 * 32, wordAt(data, 4 + 3 * 32));
        (, bytes[] memory read) = abi.decode(withoutSelector(shared), (uint256, bytes[]));
        assertEq(read[1], a);
        assertRefused(multicallConfig(), shared, NOT_CANONICAL);
        // Exchanged: the same calls in another order of tails.
        shared = withWord(shared, 4 + 3 * 32, wordAt(data, 4 + 4 * 32));
        assertRefused(multicallConfig(), shared, NOT_CANONICAL);
    }

    /// @dev A call that the count hides from a rule and not from the router, and the other way around.
    function test_RevertWhen_TheCountIsNotThatOfTheCalls() external view {
        bytes memory data = multicall(two(single(ACCOUNT, 5, DAI), single(ACCOUNT, 5, DAI)));
        for (uint256 count = 0; count < 20; ++count) {
            if (count != 2) assertRefused(multicallConfig(), withWord(data, 4 + 64, count), NOT_CANONICAL);
        }
    }
}

contract Permit2Test is ProtocolTest {
    bytes private constant SIGNATURE_ =
        hex"6e3c1f0b6e3c1f0b6e3c1f0b6e3c1f0b6e3c1f0b6e3c1f0b6e3c1f0b6e3c1f0b6e3c1f0b6e3c1f0b6e3c1f0b6e3c1f0b6e3c1f0b6e3c1f0b6e3c1f0b6e3c1f0b1b";

    /// @dev permit(address,((address,uint160,uint48,uint48),address,uint256),bytes): 0 owner, 1 token, 2 amount,
    /// 3 expiration, 4 nonce, 5 spender, 6 deadline, 7 signature.
    function permitConfig() private pure returns (bytes memory) {
        bytes[] memory groups = new bytes[](6);
        groups[0] = group(hex"00", account_());
        groups[1] = group(hex"01", address_(USDC));
        groups[2] = group(hex"02", A.value(R.LESS_OR_EQUAL, abi.encodePacked(uint160(1_000e6))));
        groups[3] = group(hex"03", A.value(R.LESS_OR_EQUAL, abi.encodePacked(uint48(DEADLINE + 1 days))));
        groups[4] = group(hex"05", address_(UNIVERSAL_ROUTER));
        groups[5] = group(hex"07", A.length(R.EQUAL, 65));
        return R.only(A.arguments(hex"0814141406061420c2", R.all(groups)));
    }

    function permit(address owner, address token, uint160 amount, uint48 expiration, address spender)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeCall(
            IPermit2.permit,
            (
                owner,
                IPermit2.PermitSingle(IPermit2.PermitDetails(token, amount, expiration, 3), spender, DEADLINE),
                SIGNATURE_
            )
        );
    }

    function test_Permit() external view {
        bytes memory config = permitConfig();
        uint48 tomorrow = uint48(DEADLINE + 1 days);
        bytes memory data = permit(ACCOUNT, USDC, 1_000e6, tomorrow, UNIVERSAL_ROUTER);
        assertAccepted(config, data);
        assertRefused(config, permit(THIEF, USDC, 1_000e6, tomorrow, UNIVERSAL_ROUTER), NOT_MET);
        assertRefused(config, permit(ACCOUNT, DAI, 1_000e6, tomorrow, UNIVERSAL_ROUTER), NOT_MET);
        assertRefused(config, permit(ACCOUNT, USDC, 1_000e6 + 1, tomorrow, UNIVERSAL_ROUTER), NOT_MET);
        assertRefused(config, permit(ACCOUNT, USDC, type(uint160).max, tomorrow, UNIVERSAL_ROUTER), NOT_MET);
        assertRefused(config, permit(ACCOUNT, USDC, 1_000e6, tomorrow + 1, UNIVERSAL_ROUTER), NOT_MET);
        assertRefused(config, permit(ACCOUNT, USDC, 1_000e6, tomorrow, THIEF), NOT_MET);
        assertPointersAreFixed(config, data, places(4 + 7 * 32));
        assertLengthsAreFixed(config, data, places(4 + 8 * 32));
    }

    /// @dev An amount that is small only in its low 160 bits.
    function test_RevertWhen_APermitHasDirtyBits() external view {
        bytes memory data = permit(ACCOUNT, USDC, 1_000e6, uint48(DEADLINE), UNIVERSAL_ROUTER);
        for (uint256 word = 0; word < 6; ++word) {
            uint256 bits = word == 3 || word == 4 ? 48 : 160;
            uint256 was = wordAt(data, 4 + 32 * word);
            for (uint256 bit = bits; bit < 256; ++bit) {
                bytes memory dirty = withWord(data, 4 + 32 * word, was + 2 ** bit);
                assertRefused(permitConfig(), dirty, NOT_CANONICAL);
            }
        }
    }

    /// @dev transferFrom((address,address,uint160,address)[]): each from the account, at most 100 USDC, to two friends.
    function transferConfig() private returns (bytes memory) {
        bytes[] memory groups = new bytes[](4);
        groups[0] = group(hex"00", account_());
        groups[1] = group(hex"01", A.value(R.ONE_OF, abi.encodePacked(uint8(2), makeAddr("alice"), makeAddr("bob"))));
        groups[2] = group(hex"02", A.value(R.LESS_OR_EQUAL, abi.encodePacked(uint160(100e6))));
        groups[3] = group(hex"03", address_(USDC));
        return R.only(
            A.arguments(
                hex"01c3c50414141414",
                R.all(group(hex"00", A.length(R.LESS_OR_EQUAL, 3)), group(hex"00", A.every(R.all(groups))))
            )
        );
    }

    function transfers(uint256 count, address to) private returns (IPermit2.AllowanceTransferDetails[] memory list) {
        list = new IPermit2.AllowanceTransferDetails[](count);
        for (uint256 i = 0; i < count; ++i) {
            list[i] = IPermit2.AllowanceTransferDetails(ACCOUNT, i == 0 ? to : makeAddr("bob"), 100e6, USDC);
        }
    }

    function test_TransferFrom() external {
        bytes memory config = transferConfig();
        IPermit2.AllowanceTransferDetails[] memory list = transfers(3, makeAddr("alice"));
        assertAccepted(config, abi.encodeCall(IPermit2.transferFrom, (list)));
        for (uint256 i = 0; i < 3; ++i) {
            list[i].to = THIEF;
            assertRefused(config, abi.encodeCall(IPermit2.transferFrom, (list)), NOT_MET);
            (list[i].to, list[i].amount) = (makeAddr("bob"), 100e6 + 1);
            assertRefused(config, abi.encodeCall(IPermit2.transferFrom, (list)), NOT_MET);
            (list[i].amount, list[i].token) = (100e6, DAI);
            assertRefused(config, abi.encodeCall(IPermit2.transferFrom, (list)), NOT_MET);
            (list[i].token, list[i].from) = (USDC, THIEF);
            assertRefused(config, abi.encodeCall(IPermit2.transferFrom, (list)), NOT_MET);
            list[i].from = ACCOUNT;
        }
        assertRefused(config, abi.encodeCall(IPermit2.transferFrom, (transfers(4, makeAddr("alice")))), NOT_MET);
    }

    function test_RevertWhen_TransfersAreMoved() external {
        bytes memory config = transferConfig();
        bytes memory data = abi.encodeCall(IPermit2.transferFrom, (transfers(3, makeAddr("alice"))));
        assertPointersAreFixed(config, data, places(4));
        assertLengthsAreFixed(config, data, places(36));
        // A list that begins one transfer later, for which the last one is smuggled in behind the end.
        bytes memory evil = abi.encodeCall(IPermit2.transferFrom, (transfers(1, THIEF)));
        data = withWord(bytes.concat(data, cut(evil, 36, evil.length)), 4, data.length - 4);
        IPermit2.AllowanceTransferDetails[] memory read =
            abi.decode(withoutSelector(data), (IPermit2.AllowanceTransferDetails[]));
        assertEq(read[0].to, THIEF);
        assertRefused(config, data, NOT_CANONICAL);
    }
}

contract AaveTest is ProtocolTest {
    /// @dev supply(address,uint256,address,uint16): all static, so plain words do.
    function config() private pure returns (bytes memory) {
        bytes[] memory groups = new bytes[](3);
        groups[0] = R.any(R.rawRule(0, R.ADDRESS, R.EQUAL, abi.encodePacked(USDC)));
        groups[1] = R.any(R.rawRule(1, R.uintN(256), R.LESS_OR_EQUAL, abi.encode(1_000e6)));
        groups[2] = R.any(R.isAccount(2));
        return R.all(groups);
    }

    /// @dev The same with nothing left free.
    function strictConfig() private pure returns (bytes memory) {
        bytes[] memory groups = new bytes[](4);
        groups[0] = group(hex"00", address_(USDC));
        groups[1] = group(hex"01", atMost(1_000e6));
        groups[2] = group(hex"02", account_());
        groups[3] = group(hex"03", A.value(R.EQUAL, hex"0000"));
        return R.only(A.arguments(hex"0414201402", R.all(groups)));
    }

    function test_Supply() external view {
        bytes4 notMet_ = IABIRulePolicy.RuleNotMet.selector;
        bytes memory data = abi.encodeCall(IAavePool.supply, (USDC, 1_000e6, ACCOUNT, 0));
        assertAccepted(config(), data);
        assertAccepted(strictConfig(), data);
        data = abi.encodeCall(IAavePool.supply, (USDC, 1_000e6, THIEF, 0));
        assertRefused(config(), data, notMet_);
        assertRefused(strictConfig(), data, NOT_MET);
        data = abi.encodeCall(IAavePool.supply, (USDC, 1_000e6 + 1, ACCOUNT, 0));
        assertRefused(config(), data, notMet_);
        assertRefused(strictConfig(), data, NOT_MET);
        data = abi.encodeCall(IAavePool.supply, (DAI, 1_000e6, ACCOUNT, 0));
        assertRefused(config(), data, notMet_);
        assertRefused(strictConfig(), data, NOT_MET);
        assertRefused(strictConfig(), abi.encodeCall(IAavePool.supply, (USDC, 1_000e6, ACCOUNT, 1)), NOT_MET);
    }

    function test_RevertWhen_SupplyIsMangled() external view {
        bytes memory data = abi.encodeCall(IAavePool.supply, (USDC, 1_000e6, ACCOUNT, 0));
        assertPointersAreFixed(strictConfig(), data, new uint256[](0));
        // Rules about words do not look behind the arguments, as the pool does not.
        assertAccepted(config(), bytes.concat(data, "surplus"));
        uint256 account = uint160(ACCOUNT);
        for (uint256 bit = 160; bit < 256; ++bit) {
            bytes memory dirty = withWord(data, 4 + 64, account + 2 ** bit);
            assertRefused(config(), dirty, IABIRulePolicy.ArgumentMalformed.selector);
            assertRefused(strictConfig(), dirty, NOT_CANONICAL);
        }
    }
}

contract SafeTransferTest is ProtocolTest {
    /// @dev safeTransferFrom(address,address,uint256,bytes): token 7 or 9 of the account's to a vault, with no data or
    /// with its word of command.
    function config() private returns (bytes memory) {
        bytes[] memory groups = new bytes[](4);
        groups[0] = group(hex"00", account_());
        groups[1] = group(hex"01", address_(makeAddr("vault")));
        groups[2] = group(hex"02", A.value(R.ONE_OF, abi.encodePacked(uint8(2), uint256(7), uint256(9))));
        groups[3] = R.any(
            A.at(hex"03", A.length(R.EQUAL, 0)),
            A.at(hex"03", A.hash(R.EQUAL, abi.encode(keccak256("stake until the end of the season"))))
        );
        return R.only(A.arguments(hex"04141420c2", R.all(groups)));
    }

    function call(address from, address to, uint256 id, bytes memory data) private pure returns (bytes memory) {
        // The other function of that name has three arguments.
        return abi.encodeWithSelector(0xb88d4fde, from, to, id, data);
    }

    function test_SafeTransferFrom() external {
        bytes memory rules = config();
        address vault = makeAddr("vault");
        assertEq(IToken.safeTransferFrom.selector, bytes4(0xb88d4fde));
        assertAccepted(rules, call(ACCOUNT, vault, 7, ""));
        assertAccepted(rules, call(ACCOUNT, vault, 9, "stake until the end of the season"));
        assertRefused(rules, call(THIEF, vault, 7, ""), NOT_MET);
        assertRefused(rules, call(ACCOUNT, THIEF, 7, ""), NOT_MET);
        assertRefused(rules, call(ACCOUNT, vault, 8, ""), NOT_MET);
        assertRefused(rules, call(ACCOUNT, vault, 7, abi.encode(THIEF)), NOT_MET);
        assertRefused(rules, call(ACCOUNT, vault, 7, hex"00"), NOT_MET);
    }

    function test_RevertWhen_TheDataIsMoved() external {
        bytes memory rules = config();
        bytes memory data = call(ACCOUNT, makeAddr("vault"), 9, "stake until the end of the season");
        assertPointersAreFixed(rules, data, places(4 + 96));
        assertLengthsAreFixed(rules, data, places(4 + 128));
        // Empty data in its place, and the thief's behind it.
        data = call(ACCOUNT, makeAddr("vault"), 9, "");
        data = withWord(bytes.concat(data, abi.encode(32, THIEF)), 4 + 96, 160);
        (,,, bytes memory read) = abi.decode(withoutSelector(data), (address, address, uint256, bytes));
        assertEq(read, abi.encode(THIEF));
        assertRefused(rules, data, NOT_CANONICAL);
    }
}

contract Multicall3Test is ProtocolTest {
    /// @dev Either 100 USDC at most to the account's friend, or a supply of at most 1,000 for the account; nothing may fail
    /// in silence.
    function config() private returns (bytes memory) {
        bytes memory transferRules = R.all(
            R.any(R.rawRule(0, R.ADDRESS, R.EQUAL, abi.encodePacked(makeAddr("friend")))),
            R.any(R.rawRule(1, R.uintN(256), R.LESS_OR_EQUAL, abi.encode(100e6)))
        );
        bytes memory supplyRules =
            R.only(A.arguments(hex"0414201402", R.all(group(hex"01", atMost(1_000e6)), group(hex"02", account_()))));
        bytes memory approveRules = R.only(R.rawRule(0, R.ADDRESS, R.EQUAL, abi.encodePacked(AAVE_POOL)));
        bytes memory token = R.all(
            group(hex"00", address_(USDC)),
            group(
                hex"02",
                A.calls(
                    A.alternative(IToken.transfer.selector, transferRules),
                    A.alternative(IToken.approve.selector, approveRules)
                )
            )
        );
        bytes memory pool = R.all(
            group(hex"00", address_(AAVE_POOL)),
            group(hex"02", A.calls(A.alternative(IAavePool.supply.selector, supplyRules)))
        );
        bytes memory element =
            R.all(group(hex"01", A.value(R.EQUAL, hex"00")), R.any(A.at("", A.allOf(token)), A.at("", A.allOf(pool))));
        return R.only(A.arguments(hex"01c3c40314c1c2", R.only(A.at(hex"00", A.every(element)))));
    }

    function transfer(address to, uint256 amount) private pure returns (IMulticall3.Call3 memory) {
        return IMulticall3.Call3(USDC, false, abi.encodeCall(IToken.transfer, (to, amount)));
    }

    function approve(address spender) private pure returns (IMulticall3.Call3 memory) {
        return IMulticall3.Call3(USDC, false, abi.encodeCall(IToken.approve, (spender, 1_000e6)));
    }

    function supply(address to) private pure returns (IMulticall3.Call3 memory) {
        return IMulticall3.Call3(AAVE_POOL, false, abi.encodeCall(IAavePool.supply, (USDC, 1_000e6, to, 0)));
    }

    function aggregate(IMulticall3.Call3 memory a) private pure returns (bytes memory) {
        IMulticall3.Call3[] memory calls = new IMulticall3.Call3[](1);
        calls[0] = a;
        return abi.encodeCall(IMulticall3.aggregate3, (calls));
    }

    function aggregate(IMulticall3.Call3 memory a, IMulticall3.Call3 memory b, IMulticall3.Call3 memory c)
        private
        pure
        returns (bytes memory)
    {
        IMulticall3.Call3[] memory calls = new IMulticall3.Call3[](3);
        (calls[0], calls[1], calls[2]) = (a, b, c);
        return abi.encodeCall(IMulticall3.aggregate3, (calls));
    }

    function good() private returns (bytes memory) {
        return aggregate(approve(AAVE_POOL), supply(ACCOUNT), transfer(makeAddr("friend"), 100e6));
    }

    function test_Batch() external {
        assertAccepted(config(), good());
        assertAccepted(config(), aggregate(supply(ACCOUNT)));
        assertAccepted(config(), aggregate(transfer(makeAddr("friend"), 0)));
    }

    function test_RevertWhen_ACallIsSmuggledIn() external {
        bytes memory rules = config();
        IMulticall3.Call3[6] memory bad;
        bad[0] = transfer(THIEF, 1);
        bad[1] = transfer(makeAddr("friend"), 100e6 + 1);
        bad[2] = approve(THIEF);
        bad[3] = supply(THIEF);
        // Target and function of two different rules.
        bad[4] = IMulticall3.Call3(AAVE_POOL, false, transfer(makeAddr("friend"), 1).callData);
        bad[5] = IMulticall3.Call3(DAI, false, transfer(makeAddr("friend"), 1).callData);
        for (uint256 i = 0; i < bad.length; ++i) {
            assertRefused(rules, aggregate(bad[i]), NOT_MET);
            assertRefused(rules, aggregate(bad[i], supply(ACCOUNT), supply(ACCOUNT)), NOT_MET);
            assertRefused(rules, aggregate(supply(ACCOUNT), supply(ACCOUNT), bad[i]), NOT_MET);
        }
        IMulticall3.Call3 memory failing = supply(ACCOUNT);
        failing.allowFailure = true;
        assertRefused(rules, aggregate(failing), NOT_MET);
        IMulticall3.Call3 memory empty = IMulticall3.Call3(USDC, false, "");
        assertRefused(rules, aggregate(empty), NOT_MET);
    }

    /// @dev 0 list, 1 count, 2 to 4 elements (counted from 2); an element: target, flag, data, length.
    function test_RevertWhen_APointerIsMoved() external {
        bytes memory rules = config();
        bytes memory data = good();
        uint256 base = 4 + 64;
        uint256 first = base + wordAt(data, base);
        uint256 last = base + wordAt(data, base + 64);
        assertPointersAreFixed(rules, data, places(4, base, base + 32, base + 64));
        assertPointersAreFixed(rules, data, places(first + 64, last + 64));
        assertLengthsAreFixed(rules, data, places(36, first + 96, last + 96));
    }

    /// @dev The second element points to what follows the list, where the thief's call is; its own stays as it was.
    function test_RevertWhen_AnElementIsElsewhere() external {
        bytes memory rules = config();
        bytes memory data = good();
        bytes memory evil = abi.encode(transfer(THIEF, 1_000_000e6));
        bytes memory moved = withWord(bytes.concat(data, cut(evil, 32, evil.length)), 4 + 64 + 32, data.length - 4 - 64);
        IMulticall3.Call3[] memory read = abi.decode(withoutSelector(moved), (IMulticall3.Call3[]));
        assertEq(read[1].callData, transfer(THIEF, 1_000_000e6).callData);
        assertRefused(rules, moved, NOT_CANONICAL);
    }

    /// @dev Two elements that read the same bytes; of which the decoder makes two calls.
    function test_RevertWhen_AnElementIsShared() external {
        bytes memory data = aggregate(supply(ACCOUNT), supply(ACCOUNT), supply(ACCOUNT));
        bytes memory shared = withWord(data, 4 + 64 + 32, wordAt(data, 4 + 64));
        IMulticall3.Call3[] memory read = abi.decode(withoutSelector(shared), (IMulticall3.Call3[]));
        assertEq(read.length, 3);
        assertAccepted(config(), data);
        assertRefused(config(), shared, NOT_CANONICAL);
    }
}
