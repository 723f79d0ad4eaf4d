// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Words, WordsLibrary} from "./Words.sol";

/// @notice The calls of an operation that is not an ordinary one, and what a use says of them: words in memory. 0 for an ordinary
/// operation (see {OrdinaryUse}).
type Calls is uint256;

using CallsLibrary for Calls global;

Calls constant ORDINARY = Calls.wrap(0);

library CallsLibrary {
    uint256 private constant COUNT = 0;
    uint256 private constant OFFSETS = 1;
    uint256 private constant CURSOR = 2;
    uint256 private constant END = 3;
    uint256 private constant REVEALED = 4;
    uint256 private constant ACTIONS = 5;
    uint256 private constant CLAIMS = 6;
    uint256 private constant SIZE = 7;

    /// @notice Calls as {ExecutionDecoder-open} finds them.
    function allocate(uint256 count_, uint256 offsets, uint256 cursor, uint256 end) internal pure returns (Calls) {
        Words words = WordsLibrary.allocate(SIZE);
        words.set(COUNT, count_);
        words.set(OFFSETS, offsets);
        words.set(CURSOR, cursor);
        words.set(END, end);
        return Calls.wrap(Words.unwrap(words));
    }

    /// @notice Adds what {UseDecoder-decode} finds.
    function setUse(Calls calls, uint256 revealed, Words actions, uint256 claims) internal pure {
        calls.place().set(REVEALED, revealed);
        calls.place().set(ACTIONS, Words.unwrap(actions));
        calls.place().set(CLAIMS, claims);
    }

    function isOrdinary(Calls calls) internal pure returns (bool) {
        return Calls.unwrap(calls) == 0;
    }

    /// @notice How many there are.
    function count(Calls calls) internal pure returns (uint256) {
        return calls.place().get(COUNT);
    }

    /// @notice Where they are: see {ExecutionDecoder-open}.
    function execution(Calls calls) internal pure returns (uint256 offsets, uint256 cursor, uint256 end) {
        return (calls.place().get(OFFSETS), calls.place().get(CURSOR), calls.place().get(END));
    }

    /// @notice What the use says of them: see {UseDecoder-decode}.
    function use(Calls calls) internal pure returns (uint256 revealed, Words actions, uint256 claims) {
        return (calls.place().get(REVEALED), Words.wrap(calls.place().get(ACTIONS)), calls.place().get(CLAIMS));
    }

    function place(Calls calls) internal pure returns (Words) {
        return Words.wrap(Calls.unwrap(calls));
    }
}
