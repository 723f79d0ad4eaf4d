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

/// @notice Counts under the account, but as many slots behind what is the account's as its configuration says: the account's
/// are 128 (STO-021).
contract DistantSlotPolicy is ICallPolicy {
    mapping(address account => uint256) public counts;

    function checkCall(address account, bytes32, address, uint256, uint256, bytes calldata, bytes calldata config)
        external
        returns (uint256)
    {
        uint8 distance = uint8(config[0]);
        mapping(address account => uint256) storage all = counts;
        assembly {
            mstore(0, account)
            mstore(0x20, all.slot)
            let slot := add(keccak256(0, 0x40), distance)
            sstore(slot, add(sload(slot), 1))
        }
        return 0;
    }
}

/// @notice Sends a wei to whom its configuration names.
contract PayingPolicy is ICallPolicy {
    error NotSent(address to);

    function checkCall(address, bytes32, address, uint256, uint256, bytes calldata, bytes calldata config)
        external
        returns (uint256)
    {
        // forge-lint: disable-next-line(unsafe-typecast): 20 bytes
        address to = address(bytes20(config));
        (bool sent,) = to.call{value: 1}("");
        if (!sent) revert NotSent(to);
        return 0;
    }
}

/// @notice Asks the EntryPoint, which its configuration names, for the account's deposit.
contract DepositPolicy is ICallPolicy {
    error NoDeposit(address account);

    function checkCall(address account, bytes32, address, uint256, uint256, bytes calldata, bytes calldata config)
        external
        returns (uint256)
    {
        // forge-lint: disable-next-line(unsafe-typecast): 20 bytes
        (bool answered,) = address(bytes20(config)).call(abi.encodeWithSignature("balanceOf(address)", account));
        if (!answered) revert NoDeposit(account);
        return 0;
    }
}

/// @notice Runs one opcode that ERC-7562 restricts in validation.
library Opcode {
    error NotKnown(uint8 opcode);

    /// @param what The opcode, in one byte, and the address that it is about, in 20.
    function run(bytes calldata what) internal returns (uint256 word) {
        uint8 opcode = uint8(what[0]);
        // forge-lint: disable-next-line(unsafe-typecast): 20 bytes
        address at = address(bytes20(what[1:]));
        bool known = true;
        assembly {
            switch opcode
            case 0x31 { word := balance(at) }
            case 0x32 { word := origin() }
            case 0x3a { word := gasprice() }
            case 0x3b { word := extcodesize(at) }
            case 0x3c { extcodecopy(at, 0, 0, 0) }
            case 0x3f { word := extcodehash(at) }
            case 0x40 { word := blockhash(0) }
            case 0x41 { word := coinbase() }
            case 0x42 { word := timestamp() }
            case 0x43 { word := number() }
            case 0x44 { word := prevrandao() }
            case 0x45 { word := gaslimit() }
            case 0x47 { word := selfbalance() }
            case 0x48 { word := basefee() }
            case 0x49 { word := blobhash(0) }
            case 0x4a { word := blobbasefee() }
            case 0x5a { word := gas() }
            case 0x5c { word := tload(0) }
            case 0x5d { tstore(0, 1) }
            case 0xf0 { word := create(0, 0, 0) }
            case 0xf1 { word := call(30000, at, 0, 0, 0, 0, 0) }
            case 0xf4 { word := delegatecall(30000, at, 0, 0, 0, 0) }
            case 0xf5 { word := create2(0, 0, 0, 0) }
            case 0xfa { word := staticcall(30000, at, 0, 0, 0, 0) }
            case 0xfe { invalid() }
            default { known := 0 }
        }
        if (!known) revert NotKnown(opcode);
        // So that the compiler does not leave out what is not used.
        return word == type(uint256).max ? word : 0;
    }

    /// @notice Whether an opcode ends what runs it, so that this must be a call of its own.
    function isEnd(bytes calldata what) internal pure returns (bool) {
        return what[0] == 0xfe;
    }
}

/// @notice Runs the opcode that its configuration names, and accepts.
contract OpcodePolicy is ICallPolicy {
    function checkCall(address, bytes32, address, uint256, uint256, bytes calldata, bytes calldata config)
        external
        returns (uint256)
    {
        if (!Opcode.isEnd(config)) return Opcode.run(config);
        (bool success,) = address(this).call{gas: 50_000}(abi.encodeCall(this.run, (config)));
        success;
        return 0;
    }

    function run(bytes calldata what) external {
        Opcode.run(what);
    }
}

/// @notice A verifier (ERC-7913) that runs the opcode that the key names, and takes every signature. In a call of its own: verifiers
/// are asked by STATICCALL, in which some opcodes use up all gas.
contract OpcodeVerifier {
    function verify(bytes calldata key, bytes32, bytes calldata) external view returns (bytes4) {
        (bool success,) = address(this).staticcall{gas: 100_000}(abi.encodeCall(this.run, (key)));
        success;
        return this.verify.selector;
    }

    function run(bytes calldata what) external {
        Opcode.run(what);
    }
}

/// @notice A verifier (ERC-7913) that asks a contract for the balance of an account that is not the one that acts. Both are in the
/// key.
contract BalanceVerifier {
    function verify(bytes calldata key, bytes32, bytes calldata) external view returns (bytes4) {
        // forge-lint: disable-next-line(unsafe-typecast): 20 bytes each
        (address token, address other) = (address(bytes20(key)), address(bytes20(key[20:])));
        (bool answered,) = token.staticcall(abi.encodeWithSignature("balanceOf(address)", other));
        return answered ? this.verify.selector : bytes4(0xffffffff);
    }
}
