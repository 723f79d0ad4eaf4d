// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {EntryPointVersion} from "../../utils/EntryPoints.sol";
import {INexusBootstrap, Nexus, NexusLibrary} from "../../utils/Nexus.sol";
import {AccountHarness} from "./AccountHarness.sol";

/// @notice Nexus 1.0, owned by a validator module.
contract NexusHarness is AccountHarness {
    bytes32 private constant ENABLE_TYPEHASH =
        keccak256("ModuleEnableMode(address module,uint256 moduleType,bytes32 userOpHash,bytes32 initDataHash)");

    /// @dev Where the mode is in a nonce: above the validator.
    uint256 private constant ENABLE_MODE = 1 << 224;

    Nexus internal nexus;

    constructor(EntryPointVersion version) AccountHarness(version) {
        nexus = NexusLibrary.deploy(address(entryPoint), address(this));
    }

    /// @inheritdoc AccountHarness
    function refusalWithoutManager() public view override returns (bytes memory) {
        return _refusal(abi.encodeWithSignature("ValidatorNotInstalled(address)", manager));
    }

    /// @inheritdoc AccountHarness
    function enableNonce(address sender) external view override returns (uint256) {
        return entryPoint.getNonce(sender, _nonceKey(manager) | uint192(ENABLE_MODE >> 64));
    }

    /// @inheritdoc AccountHarness
    function enableSignature(
        PackedUserOperation memory signedOp,
        bytes memory signedData,
        bytes memory data,
        bytes memory signature
    ) external override returns (bytes memory) {
        bytes32 structHash = keccak256(
            abi.encode(ENABLE_TYPEHASH, manager, MODULE_VALIDATOR, hashOf(signedOp), keccak256(signedData))
        );
        bytes32 digest =
            MessageHashUtils.toTypedDataHash(_domainSeparator("Nexus", "1.0.1", signedOp.sender), structHash);
        bytes memory ownerSignature = abi.encodePacked(ownerValidator, _sign(owner, digest));
        return abi.encodePacked(
            manager,
            MODULE_VALIDATOR,
            uint32(data.length),
            data,
            uint32(ownerSignature.length),
            ownerSignature,
            signature
        );
    }

    /// @inheritdoc AccountHarness
    function enableRefusal() external pure override returns (bytes memory) {
        return abi.encodeWithSignature("EnableModeSigError()");
    }

    /// @inheritdoc AccountHarness
    function enableReplayRefusal() external pure override returns (bytes memory) {
        return abi.encodeWithSignature("EnableModeSigError()");
    }

    /// @inheritdoc AccountHarness
    function undeployed(bool installed, bytes memory data)
        external
        virtual
        override
        returns (address sender, bytes memory initCode)
    {
        INexusBootstrap.BootstrapConfig[] memory validators = new INexusBootstrap.BootstrapConfig[](installed ? 2 : 1);
        validators[0] = INexusBootstrap.BootstrapConfig(ownerValidator, abi.encodePacked(owner.addr));
        if (installed) validators[1] = INexusBootstrap.BootstrapConfig(manager, data);
        bytes memory init = nexus.initData(validators);
        sender = nexus.factory.computeAccountAddress(init, "another");
        initCode =
            abi.encodePacked(nexus.factory, abi.encodeCall(nexus.factory.createAccount, (init, bytes32("another"))));
    }

    function _create() internal virtual override returns (address) {
        return nexus.factory.createAccount(_ownerInitData(), 0);
    }

    function _ownerInitData() internal view returns (bytes memory) {
        return nexus.initData(ownerValidator, abi.encodePacked(owner.addr));
    }

    /// @dev 3 free bytes, the mode, the validator.
    function _nonceKey(address validator) internal pure override returns (uint192) {
        return uint160(validator);
    }

    function _laneOffset() internal pure override returns (uint8) {
        return 168;
    }
}
