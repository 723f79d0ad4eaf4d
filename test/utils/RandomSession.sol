// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Action, Policy, Session} from "contracts/types/Session.sol";

/// @notice A source of numbers that a fuzzed seed determines.
struct Random {
    uint256 state;
}

using RandomSession for Random global;

/// @notice Sessions of random shape and content. Forge's own arrays of arrays would be too large.
library RandomSession {
    /// @notice A number below `bound`.
    function below(Random memory random, uint256 bound) internal pure returns (uint256) {
        return uint256(random.word()) % bound;
    }

    function word(Random memory random) internal pure returns (bytes32 value) {
        value = keccak256(abi.encode(random.state));
        random.state = uint256(value);
    }

    function location(Random memory random) internal pure returns (address) {
        return address(bytes20(random.word()));
    }

    function content(Random memory random, uint256 length) internal pure returns (bytes memory data) {
        data = new bytes(length);
        for (uint256 i = 0; i < length; i += 32) {
            bytes32 next = random.word();
            // Memory is taken by whole words, and nothing reads what is behind the last byte.
            assembly ("memory-safe") {
                mstore(add(add(data, 32), i), next)
            }
        }
    }

    /// @notice Policies: at most `most`, with configurations of up to 40 bytes.
    function policies(Random memory random, uint256 most) internal pure returns (Policy[] memory list) {
        list = new Policy[](random.below(most + 1));
        for (uint256 i = 0; i < list.length; ++i) {
            list[i] = Policy(random.location(), random.content(random.below(41)));
        }
    }

    /// @notice An action whose value has any number of bytes.
    function action(Random memory random) internal pure returns (Action memory) {
        address target = random.location();
        bytes4 selector = bytes4(random.word());
        uint256 size = random.below(33);
        uint256 maxValue = size == 0 ? 0 : uint256(random.word()) >> 256 - 8 * size;
        return Action(target, selector, maxValue, random.policies(3));
    }

    /// @notice A session in which everything is random, with up to `most` actions.
    function session(Random memory random, uint256 most) internal pure returns (Session memory result) {
        result.account = random.location();
        result.chainId = random.below(2) == 0 ? 0 : uint256(random.word());
        result.epoch = uint64(bytes8(random.word()));
        result.validAfter = uint48(bytes6(random.word()));
        result.validUntil = uint48(bytes6(random.word()));
        result.salt = random.word();
        result.sessionKey = random.content(random.below(70));
        result.paymaster = random.location();
        result.maxOpCost = uint128(bytes16(random.word()));
        result.operationPolicies = random.policies(2);
        result.signaturePolicies = random.policies(2);
        result.actions = new Action[](random.below(most + 1));
        for (uint256 i = 0; i < result.actions.length; ++i) {
            result.actions[i] = random.action();
        }
    }
}
