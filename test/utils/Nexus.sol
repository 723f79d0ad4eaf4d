// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountCode} from "./AccountCode.sol";

interface INexusFactory {
    function createAccount(bytes calldata initData, bytes32 salt) external payable returns (address payable);

    function computeAccountAddress(bytes calldata initData, bytes32 salt) external view returns (address payable);
}

interface INexusBootstrap {
    struct BootstrapConfig {
        address module;
        bytes data;
    }

    function initNexus(
        BootstrapConfig[] calldata validators,
        BootstrapConfig[] calldata executors,
        BootstrapConfig calldata hook,
        BootstrapConfig[] calldata fallbacks,
        address registry,
        address[] calldata attesters,
        uint8 threshold
    ) external;
}

/// @notice The contracts of Nexus 1.0.
struct Nexus {
    address implementation;
    address bootstrap;
    INexusFactory factory;
}

using NexusLibrary for Nexus global;

library NexusLibrary {
    string private constant SOURCE = "NexusPrecompiles.sol";

    function deploy(address entryPoint, address factoryOwner) internal returns (Nexus memory nexus) {
        nexus.implementation = AccountCode.deploy(SOURCE, "NEXUS_BYTECODE", abi.encode(entryPoint));
        nexus.bootstrap = AccountCode.deploy(SOURCE, "NEXUS_BOOTSTRAP_BYTECODE", "");
        nexus.factory = INexusFactory(
            AccountCode.deploy(SOURCE, "NEXUS_ACCOUNT_FACTORY_BYTECODE", abi.encode(nexus.implementation, factoryOwner))
        );
    }

    /// @notice What an account is initialised with: its validators, and no other modules.
    function initData(Nexus memory nexus, INexusBootstrap.BootstrapConfig[] memory validators)
        internal
        pure
        returns (bytes memory)
    {
        INexusBootstrap.BootstrapConfig[] memory none = new INexusBootstrap.BootstrapConfig[](0);
        INexusBootstrap.BootstrapConfig memory noHook;
        bytes memory call = abi.encodeCall(
            INexusBootstrap.initNexus, (validators, none, noHook, none, address(0), new address[](0), 0)
        );
        return abi.encode(nexus.bootstrap, call);
    }

    function initData(Nexus memory nexus, address validator, bytes memory data) internal pure returns (bytes memory) {
        INexusBootstrap.BootstrapConfig[] memory validators = new INexusBootstrap.BootstrapConfig[](1);
        validators[0] = INexusBootstrap.BootstrapConfig(validator, data);
        return initData(nexus, validators);
    }
}
