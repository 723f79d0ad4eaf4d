// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAccountExecute} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Execution, IERC7579Execution} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {Random} from "./RandomSession.sol";
import {cut} from "./Cut.sol";

/// @notice Executions of ERC-7579 accounts in the forms that the manager takes, and changed as whoever knows the encoding would.
library ExecutionMutation {
    bytes4 private constant EXECUTE_USER_OP = IAccountExecute.executeUserOp.selector;

    /// @notice Calls in one of the allowed forms: a single one or a batch, in `executeUserOp` or not.
    function encode(Execution[] memory calls, Random memory random) internal pure returns (bytes memory callData) {
        callData = calls.length == 1 && random.below(2) == 0
            ? abi.encodeCall(
                IERC7579Execution.execute, (0, abi.encodePacked(calls[0].target, calls[0].value, calls[0].callData))
            )
            : abi.encodeCall(IERC7579Execution.execute, (bytes32(uint256(1) << 248), abi.encode(calls)));
        if (random.below(3) == 0) callData = wrap(callData);
    }

    /// @notice Calldata of a call, often of whole words.
    function content(Random memory random) internal pure returns (bytes memory) {
        return random.content(random.below(2) == 0 ? 32 * random.below(3) : random.below(70));
    }

    function wrap(bytes memory callData) internal pure returns (bytes memory) {
        return bytes.concat(EXECUTE_USER_OP, callData);
    }

    /// @notice One change: of a bit, of a word, of two words; something more, or something less.
    function mutate(bytes memory data, Random memory random) internal pure returns (bytes memory) {
        // What is only read as another call more often than what is no execution.
        uint256 kind = random.below(12);
        // Words are aligned behind the selector or selectors.
        uint256 head = bytes4(data) == EXECUTE_USER_OP ? 8 : 4;
        uint256 words = data.length < head + 32 ? 1 : (data.length - head) / 32;
        uint256 position = head + 32 * random.below(words);
        if (kind == 0 || position + 32 > data.length) {
            if (data.length == 0) return hex"00";
            data[random.below(data.length)] ^= bytes1(uint8(2 ** random.below(8)));
            return data;
        }
        if (kind == 1) return cut(data, 0, random.below(data.length));
        if (kind == 2) return bytes.concat(data, random.content(1 + random.below(64)));
        if (kind == 3) return bytes.concat(cut(data, 0, position), bytes32(0), cut(data, position, data.length));
        if (kind == 4) return bytes.concat(cut(data, 0, position), cut(data, position + 32, data.length));
        if (kind == 5) return set(data, position, _interesting(random));
        uint256 word = _get(data, position);
        // The lower bytes of a word.
        if (kind > 7) return set(data, position, word ^ uint256(random.word()) >> 8 * (12 + random.below(20)));
        if (kind == 6) {
            uint256 step = random.below(2) == 0 ? 32 : 1;
            unchecked {
                return set(data, position, random.below(2) == 0 ? word + step : word - step);
            }
        }
        uint256 other = head + 32 * random.below(words);
        uint256 otherWord = _get(data, other);
        return set(set(data, position, otherWord), other, word);
    }

    /// @notice Writes a word. Changes `data` itself.
    function set(bytes memory data, uint256 position, uint256 word) internal pure returns (bytes memory) {
        assembly ("memory-safe") {
            mstore(add(add(data, 32), position), word)
        }
        return data;
    }

    function _get(bytes memory data, uint256 position) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 32), position))
        }
    }

    function _interesting(Random memory random) private pure returns (uint256) {
        uint256 choice = random.below(6);
        if (choice == 0) return type(uint256).max - random.below(70);
        if (choice == 1) return 2 ** random.below(256);
        if (choice == 2) return 32 * random.below(20);
        if (choice == 3) return random.below(200);
        // Offsets and lengths that overflow when they are multiplied by 32 or added to a position.
        if (choice == 4) return (random.below(32) << 251) + 32 * random.below(20);
        return type(uint256).max - 32 * (1 + random.below(40)) + 1;
    }
}
