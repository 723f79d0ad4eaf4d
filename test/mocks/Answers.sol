// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Answers questions as it was told to, each by all bytes of its calldata; all others alike. Stands for accounts
/// (ERC-1271) and for verifiers (ERC-7913).
contract Answers {
    struct Answer {
        bool known;
        bool reverts;
        bytes content;
    }

    mapping(bytes32 question => Answer) private _answers;
    Answer private _otherwise;

    /// @notice What to answer one question with.
    function answer(bytes calldata question, bytes calldata content) external {
        _answers[keccak256(question)] = Answer(true, false, content);
    }

    /// @notice What to answer all other questions with.
    function otherwise(bytes calldata content) external {
        _otherwise = Answer(true, false, content);
    }

    /// @notice What to revert with at all other questions.
    function otherwiseRevert(bytes calldata reason) external {
        _otherwise = Answer(true, true, reason);
    }

    fallback(bytes calldata question) external returns (bytes memory) {
        Answer memory given = _answers[keccak256(question)];
        if (!given.known) given = _otherwise;
        bytes memory content = given.content;
        if (!given.reverts) return content;
        assembly ("memory-safe") {
            revert(add(content, 32), mload(content))
        }
    }
}
