// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICallPolicy} from "contracts/interfaces/ICallPolicy.sol";

/// @notice Asks for the time, which ERC-7562 bans from validation.
contract ClockPolicy is ICallPolicy {
    error TooEarly(uint256 time);

    function checkCall(address, bytes32, address, uint256, uint256, bytes calldata, bytes calldata)
        external
        view
        returns (uint256)
    {
        // forge-lint: disable-next-line(block-timestamp): that is what it is for
        if (block.timestamp == 0) revert TooEarly(block.timestamp);
        return 0;
    }
}

/// @notice Counts for all accounts together, in a slot that is nobody's.
contract CommonCounterPolicy is ICallPolicy {
    uint256 public count;

    function checkCall(address, bytes32, address, uint256, uint256, bytes calldata, bytes calldata)
        external
        returns (uint256)
    {
        ++count;
        return 0;
    }
}

/// @notice Reads what is kept for another account than the one that acts: the one in its configuration.
contract ForeignStoragePolicy is ICallPolicy {
    error Blocked(address account);

    mapping(address account => bool) public blocked;

    function checkCall(address, bytes32, address, uint256, uint256, bytes calldata, bytes calldata config)
        external
        view
        returns (uint256)
    {
        // forge-lint: disable-next-line(unsafe-typecast): 20 bytes
        address other = address(bytes20(config));
        if (blocked[other]) revert Blocked(other);
        return 0;
    }
}

/// @notice Keeps its count under the account, but the account is not the innermost key.
contract MisplacedKeyPolicy is ICallPolicy {
    mapping(address account => mapping(bytes32 budgetId => uint256)) public counts;

    function checkCall(address account, bytes32 budgetId, address, uint256, uint256, bytes calldata, bytes calldata)
        external
        returns (uint256)
    {
        ++counts[account][budgetId];
        return 0;
    }
}

/// @notice Uses an opcode that ERC-7562 bans from validation: the one that its configuration names.
contract OpcodePolicy is ICallPolicy {
    function checkCall(address account, bytes32, address, uint256, uint256, bytes calldata, bytes calldata config)
        external
        returns (uint256)
    {
        uint8 opcode = uint8(config[0]);
        uint256 word;
        assembly {
            switch opcode
            case 0x31 { word := balance(account) }
            case 0x32 { word := origin() }
            case 0x3a { word := gasprice() }
            case 0x3b { word := extcodesize(0xdead) }
            case 0x40 { word := blockhash(0) }
            case 0x41 { word := coinbase() }
            case 0x43 { word := number() }
            case 0x44 { word := prevrandao() }
            case 0x45 { word := gaslimit() }
            case 0x47 { word := selfbalance() }
            case 0x48 { word := basefee() }
            case 0x5a { sstore(account, gas()) }
            case 0xf0 { word := create(0, 0, 0) }
            case 0xf5 { word := create2(0, 0, 0, 0) }
            case 0xf1 { word := call(gas(), 0xdead, 0, 0, 0, 0, 0) }
            default { invalid() }
        }
        // So that the compiler does not leave out what is not used.
        return word == type(uint256).max ? word : 0;
    }
}
