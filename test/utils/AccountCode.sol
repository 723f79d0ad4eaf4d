// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {VmSafe} from "forge-std/Vm.sol";

/// @notice Deploys the published code of smart accounts, which modulekit keeps as hex literals in Solidity sources.
library AccountCode {
    VmSafe private constant VM = VmSafe(address(uint160(uint256(keccak256("hevm cheat code")))));

    string private constant DIRECTORY = "node_modules/@rhinestone/modulekit/src/deployment/precompiles/";

    /// @param file The source, for instance `NexusPrecompiles.sol`.
    /// @param name The constant's name, for instance `NEXUS_BYTECODE`.
    /// @param arguments What the constructor takes, ABI-encoded.
    function deploy(string memory file, string memory name, bytes memory arguments) internal returns (address at) {
        string memory declaration = string.concat("bytes public constant ", name, " =");
        string[] memory parts = VM.split(VM.readFile(string.concat(DIRECTORY, file)), declaration);
        // The literal is between the first quotes after its name.
        bytes memory code = bytes.concat(VM.parseBytes(VM.split(parts[1], '"')[1]), arguments);
        assembly ("memory-safe") {
            at := create(0, add(code, 32), mload(code))
        }
        require(at != address(0), "the account's code does not deploy");
    }
}
