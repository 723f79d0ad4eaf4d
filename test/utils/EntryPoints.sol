// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IEntryPoint} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {VmSafe} from "forge-std/Vm.sol";

enum EntryPointVersion {
    V07,
    V08
}

/// @notice The canonical EntryPoints, as published, at their canonical addresses.
library EntryPoints {
    VmSafe private constant VM = VmSafe(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @dev https://github.com/Arachnid/deterministic-deployment-proxy
    address private constant DEPLOYER = 0x4e59b44847b379578588920cA78FbF26c0B4956C;

    address internal constant V07 = 0x0000000071727De22E5E9d8BAf0edAc6f37da032;
    address internal constant V08 = 0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108;

    bytes32 private constant SALT_V07 = 0x90d8084deab30c2a37c45e8d47f49f2f7965183cb6990a98943ef94940681de3;
    bytes32 private constant SALT_V08 = 0x0a59dbff790c23c976a548690c27297883cc66b4c67024f9117b0238995e35e9;

    string private constant ARTIFACT_V07 = "node_modules/@account-abstraction/contracts/artifacts/EntryPoint.json";
    string private constant ARTIFACT_V08 = "node_modules/account-abstraction-v0.8/artifacts/EntryPoint.json";

    function deploy(EntryPointVersion version) internal returns (IEntryPoint) {
        return
            version == EntryPointVersion.V07
                ? _deploy(V07, SALT_V07, ARTIFACT_V07)
                : _deploy(V08, SALT_V08, ARTIFACT_V08);
    }

    function _deploy(address at, bytes32 salt, string memory artifact) private returns (IEntryPoint) {
        if (at.code.length == 0) {
            bytes memory code = VM.parseJsonBytes(VM.readFile(artifact), ".bytecode");
            (bool success,) = DEPLOYER.call(bytes.concat(salt, code));
            require(success && at.code.length != 0, "the EntryPoint is not at its canonical address");
        }
        return IEntryPoint(at);
    }
}
