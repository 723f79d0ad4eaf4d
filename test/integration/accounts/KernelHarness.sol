// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IERC7579Execution, IERC7579ModuleConfig} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {AccountCode} from "../../utils/AccountCode.sol";
import {EntryPointVersion} from "../../utils/EntryPoints.sol";
import {AccountHarness, Feature} from "./AccountHarness.sol";

interface IKernel {
    function initialize(
        bytes21 rootValidator,
        address hook,
        bytes calldata validatorData,
        bytes calldata hookData,
        bytes[] calldata initConfig
    ) external;

    function currentNonce() external view returns (uint32);

    function invalidateNonce(uint32 nonce) external payable;
}

interface IKernelFactory {
    function createAccount(bytes calldata data, bytes32 salt) external payable returns (address);

    function getAddress(bytes calldata data, bytes32 salt) external view returns (address);
}

/// @notice Kernel 3.1 with a root validator, without hooks.
contract KernelHarness is AccountHarness {
    bytes32 private constant ENABLE_TYPEHASH = keccak256(
        "Enable(bytes21 validationId,uint32 nonce,address hook,bytes validatorData,bytes hookData,bytes selectorData)"
    );
    string private constant SOURCE = "KernelPrecompiles.sol";

    /// @dev In a nonce: mode, type, validator.
    uint256 private constant ENABLE_MODE = 1 << 248;
    uint256 private constant TYPE_VALIDATOR = 1 << 240;

    address private constant NO_HOOK = address(0);

    /// @dev What the validator may have the account do: `execute`.
    bytes private constant SELECTOR_DATA = abi.encodePacked(IERC7579Execution.execute.selector);

    IKernelFactory private factory;

    constructor(EntryPointVersion version) AccountHarness(version) {
        address implementation = AccountCode.deploy(SOURCE, "KERNEL_BYTECODE", abi.encode(entryPoint));
        factory = IKernelFactory(AccountCode.deploy(SOURCE, "KERNEL_FACTORY_BYTECODE", abi.encode(implementation)));
        _cannot(
            Feature.ExecuteUserOp,
            "Kernel lets a validator without a hook use only the functions that it was installed for: `execute`."
        );
    }

    /// @inheritdoc AccountHarness
    function uninstallCall(bytes memory data) public view override returns (bytes memory) {
        return abi.encodeCall(IERC7579ModuleConfig.uninstallModule, (MODULE_VALIDATOR, manager, data));
    }

    /// @inheritdoc AccountHarness
    function silentRemovalCall() external view override returns (bytes memory) {
        // Switches off all validators but the root, without a word to them.
        return abi.encodeCall(IKernel.invalidateNonce, (IKernel(account).currentNonce() + 1));
    }

    /// @inheritdoc AccountHarness
    function refusalWithoutManager() public view override returns (bytes memory) {
        // Kernel asks an uninstalled validator all the same: it is the manager that refuses.
        return _refusal(abi.encodeWithSelector(ISessionKeyManager.NotInstalled.selector, account));
    }

    /// @inheritdoc AccountHarness
    function refusalAfterSilentRemoval() external pure override returns (bytes memory) {
        return _refusal(abi.encodeWithSignature("InvalidNonce()"));
    }

    /// @inheritdoc AccountHarness
    function executeUserOpOutcome() external pure override returns (bool inValidation, bytes memory reason) {
        return (true, abi.encodeWithSignature("InvalidValidator()"));
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
            abi.encode(
                ENABLE_TYPEHASH,
                _validationId(manager),
                _validatorNonce(signedOp.sender),
                NO_HOOK,
                keccak256(signedData),
                keccak256(""),
                keccak256(SELECTOR_DATA)
            )
        );
        bytes32 digest =
            MessageHashUtils.toTypedDataHash(_domainSeparator("Kernel", "0.3.1", signedOp.sender), structHash);
        return abi.encodePacked(NO_HOOK, abi.encode(data, bytes(""), SELECTOR_DATA, _sign(owner, digest), signature));
    }

    /// @inheritdoc AccountHarness
    function enableRefusal() external pure override returns (bytes memory) {
        return abi.encodeWithSignature("EnableNotApproved()");
    }

    /// @inheritdoc AccountHarness
    function enableReplayRefusal() external pure override returns (bytes memory) {
        return abi.encodeWithSignature("InvalidNonce()");
    }

    /// @inheritdoc AccountHarness
    function undeployed(bool installed, bytes memory data)
        external
        view
        override
        returns (address sender, bytes memory initCode)
    {
        bytes[] memory config = new bytes[](installed ? 1 : 0);
        if (installed) config[0] = installCall(manager, data);
        bytes memory init = _initData(config);
        sender = factory.getAddress(init, "another");
        initCode = abi.encodePacked(factory, abi.encodeCall(factory.createAccount, (init, bytes32("another"))));
    }

    /// @inheritdoc AccountHarness
    function grantPrefix() external view override returns (bytes memory) {
        return _signaturePrefix(ownerValidator);
    }

    function _create() internal override returns (address) {
        return factory.createAccount(_initData(new bytes[](0)), 0);
    }

    function _initData(bytes[] memory config) private view returns (bytes memory) {
        return abi.encodeCall(
            IKernel.initialize, (_validationId(ownerValidator), NO_HOOK, abi.encodePacked(owner.addr), "", config)
        );
    }

    /// @dev The root validator has a nonce key of its own; other validators are named in theirs.
    function _nonceKey(address validator) internal view override returns (uint192) {
        return validator == ownerValidator ? 0 : uint192((TYPE_VALIDATOR | uint256(uint160(validator)) << 80) >> 64);
    }

    function _installData(bytes memory data) internal pure override returns (bytes memory) {
        return abi.encodePacked(NO_HOOK, abi.encode(data, bytes(""), SELECTOR_DATA));
    }

    function _signaturePrefix(address validator) internal pure override returns (bytes memory) {
        return abi.encodePacked(_validationId(validator));
    }

    function _digestForValidator(address sender, bytes32 digest) internal view override returns (bytes32) {
        bytes32 structHash = keccak256(abi.encode(keccak256("Kernel(bytes32 hash)"), digest));
        return MessageHashUtils.toTypedDataHash(_domainSeparator("Kernel", "0.3.1", sender), structHash);
    }

    /// @dev What the owner signs an installation for. A new account begins with 1.
    function _validatorNonce(address sender) private view returns (uint256) {
        return sender.code.length == 0 ? 1 : IKernel(sender).currentNonce();
    }

    function _validationId(address validator) private pure returns (bytes21) {
        return bytes21(abi.encodePacked(uint8(1), validator));
    }
}
