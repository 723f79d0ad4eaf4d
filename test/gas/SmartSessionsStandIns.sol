// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @notice Stand-ins for the session validators and policies that SmartSessions is used with. Only its core is to be had as a
/// package; these do what its published policies are documented to do, with no more storage than they need for it. They are
/// compiled like our contracts.
abstract contract StandIn {
    function supportsInterface(bytes4) external pure returns (bool) {
        return true;
    }

    function isModuleType(uint256) external pure returns (bool) {
        return true;
    }
}

/// @notice A session validator: the key is an ERC-7913 signer.
contract StandInValidator is StandIn {
    function validateSignatureWithData(bytes32 hash, bytes calldata signature, bytes calldata key)
        external
        view
        returns (bool)
    {
        if (key.length == 20) {
            (address signer, ECDSA.RecoverError err,) = ECDSA.tryRecoverCalldata(hash, signature);
            return err == ECDSA.RecoverError.NoError && signer == address(bytes20(key));
        }
        return IERC7913SignatureVerifier(address(bytes20(key))).verify(key[20:], hash, signature)
            == IERC7913SignatureVerifier.verify.selector;
    }
}

/// @notice An action policy that accepts everything.
contract StandInAnything is StandIn {
    function initializeWithMultiplexer(address, bytes32, bytes calldata) external pure {}

    function checkAction(bytes32, address, address, uint256, bytes calldata) external pure returns (uint256) {
        return 0;
    }
}

/// @notice An action policy: transfers of a token up to a sum.
contract StandInSpendingLimit is StandIn {
    struct Spending {
        uint256 limit;
        uint256 spent;
    }

    mapping(
        bytes32 id => mapping(address multiplexer => mapping(address token => mapping(address account => Spending)))
    ) private _spending;

    function initializeWithMultiplexer(address account, bytes32 id, bytes calldata data) external {
        (address token, uint256 limit) = abi.decode(data, (address, uint256));
        _spending[id][msg.sender][token][account] = Spending(limit, 0);
    }

    function checkAction(bytes32 id, address account, address target, uint256 value, bytes calldata data)
        external
        returns (uint256)
    {
        if (value != 0 || bytes4(data) != IERC20.transfer.selector) return 1;
        (, uint256 amount) = abi.decode(data[4:], (address, uint256));
        Spending storage spending = _spending[id][msg.sender][target][account];
        uint256 spent = spending.spent + amount;
        if (spent > spending.limit) return 1;
        spending.spent = spent;
        return 0;
    }
}

/// @notice An action policy: comparisons of words of the calldata.
contract StandInRules is StandIn {
    /// @dev A condition is 0 for "equal", 1 for "at most".
    struct Rule {
        uint8 condition;
        uint64 offset;
        bytes32 expected;
    }

    struct Config {
        uint256 maxValue;
        Rule[] rules;
    }

    mapping(bytes32 id => mapping(address multiplexer => mapping(address account => Config))) private _configs;

    function initializeWithMultiplexer(address account, bytes32 id, bytes calldata data) external {
        _configs[id][msg.sender][account] = abi.decode(data, (Config));
    }

    function checkAction(bytes32 id, address account, address, uint256 value, bytes calldata data)
        external
        view
        returns (uint256)
    {
        Config storage config = _configs[id][msg.sender][account];
        if (value > config.maxValue) return 1;
        uint256 count = config.rules.length;
        for (uint256 i = 0; i < count; ++i) {
            Rule memory rule = config.rules[i];
            uint256 start = 4 + rule.offset;
            bytes32 word = bytes32(data[start:start + 32]);
            if (rule.condition == 0 ? word != rule.expected : word > rule.expected) return 1;
        }
        return 0;
    }
}

/// @notice A policy of operations: a time window.
contract StandInTimeFrame is StandIn {
    mapping(bytes32 id => mapping(address multiplexer => mapping(address account => uint256))) private _windows;

    /// @param data validAfter (6), validUntil (6).
    function initializeWithMultiplexer(address account, bytes32 id, bytes calldata data) external {
        uint256 window = uint96(bytes12(data));
        _windows[id][msg.sender][account] = (window >> 48) << 208 | (window & type(uint48).max) << 160;
    }

    function checkUserOpPolicy(bytes32 id, PackedUserOperation calldata op) external view returns (uint256) {
        return _windows[id][msg.sender][op.sender];
    }
}

/// @notice A policy of operations: how many there may be.
contract StandInUsageLimit is StandIn {
    struct Usage {
        uint128 limit;
        uint128 used;
    }

    mapping(bytes32 id => mapping(address multiplexer => mapping(address account => Usage))) private _usage;

    function initializeWithMultiplexer(address account, bytes32 id, bytes calldata data) external {
        _usage[id][msg.sender][account] = Usage(uint128(bytes16(data)), 0);
    }

    function checkUserOpPolicy(bytes32 id, PackedUserOperation calldata op) external returns (uint256) {
        Usage storage usage = _usage[id][msg.sender][op.sender];
        return ++usage.used <= usage.limit ? 0 : 1;
    }
}
