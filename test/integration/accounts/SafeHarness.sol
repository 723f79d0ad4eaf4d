// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {AccountCode} from "../../utils/AccountCode.sol";
import {EntryPointVersion} from "../../utils/EntryPoints.sol";
import {AccountHarness, Feature} from "./AccountHarness.sol";

interface ISafe {
    function setup(
        address[] calldata owners,
        uint256 threshold,
        address to,
        bytes calldata data,
        address fallbackHandler,
        address paymentToken,
        uint256 payment,
        address payable paymentReceiver
    ) external;
}

interface ISafeProxyFactory {
    function createProxyWithNonce(address singleton, bytes calldata initializer, uint256 saltNonce)
        external
        returns (address);
}

interface ISafe7579Launchpad {
    struct ModuleInit {
        address module;
        bytes initData;
    }

    function addSafe7579(
        address safe7579,
        ModuleInit[] calldata validators,
        ModuleInit[] calldata executors,
        ModuleInit[] calldata fallbacks,
        ModuleInit[] calldata hooks,
        address[] calldata attesters,
        uint8 threshold
    ) external;
}

/// @notice Safe 1.4.1 with the Safe7579 adapter, owned by one EOA. The adapter knows only EntryPoint v0.7.
contract SafeHarness is AccountHarness {
    bytes32 private constant SAFE_OP_TYPEHASH = keccak256(
        "SafeOp(address safe,uint256 nonce,bytes initCode,bytes callData,uint128 verificationGasLimit,uint128 callGasLimit,uint256 preVerificationGas,uint128 maxPriorityFeePerGas,uint128 maxFeePerGas,bytes paymasterAndData,uint48 validAfter,uint48 validUntil,address entryPoint)"
    );
    bytes32 private constant SAFE_MESSAGE_TYPEHASH = keccak256("SafeMessage(bytes message)");
    string private constant SOURCE = "Safe7579Precompiles.sol";

    /// @dev In place of a validator: the owners.
    address private constant OWNERS = address(0);

    address private singleton;
    address private adapter;
    address private launchpad;
    ISafeProxyFactory private factory;

    constructor(EntryPointVersion version) AccountHarness(version) {
        singleton = AccountCode.deploy(SOURCE, "SAFE_SINGLETON_BYTECODE", "");
        adapter = AccountCode.deploy(SOURCE, "SAFE7579_BYTECODE", "");
        launchpad = AccountCode.deploy(SOURCE, "SAFE7579_LAUNCHPAD_BYTECODE", abi.encode(entryPoint, address(0)));
        factory = ISafeProxyFactory(AccountCode.deploy(SOURCE, "SAFE_PROXY_FACTORY_BYTECODE", ""));
        _cannot(Feature.ExecuteUserOp, "The adapter has no `executeUserOp`; use `execute`.");
        _cannot(
            Feature.Errors,
            "The adapter replaces every error of a validator with `ExecutionFailed()`, 0xacfdb444; simulate a call of the manager by the account to see it."
        );
        _cannot(
            Feature.InstallInOperation,
            "The adapter installs no modules during validation; have the owners install the manager first."
        );
    }

    /// @inheritdoc AccountHarness
    function signedByOwner(PackedUserOperation memory op) external override returns (PackedUserOperation memory) {
        op.nonce = nonceThrough(op.sender, OWNERS);
        bytes memory head = abi.encode(
            SAFE_OP_TYPEHASH,
            op.sender,
            op.nonce,
            keccak256(op.initCode),
            keccak256(op.callData),
            uint256(op.accountGasLimits) >> 128,
            uint256(uint128(uint256(op.accountGasLimits))),
            op.preVerificationGas
        );
        bytes memory tail = abi.encode(
            uint256(op.gasFees) >> 128,
            uint256(uint128(uint256(op.gasFees))),
            keccak256(op.paymasterAndData),
            uint256(0),
            uint256(0),
            entryPoint
        );
        bytes32 digest = MessageHashUtils.toTypedDataHash(_safeDomain(adapter), keccak256(abi.encodePacked(head, tail)));
        // Valid at any time.
        op.signature = abi.encodePacked(uint48(0), uint48(0), _sign(owner, digest));
        return op;
    }

    /// @inheritdoc AccountHarness
    function refusalWithoutManager() public pure override returns (bytes memory) {
        // It takes the signature for the owners'.
        return _failure("AA24 signature error");
    }

    /// @inheritdoc AccountHarness
    function passedOn(bytes memory) external pure override returns (bytes memory) {
        return abi.encodeWithSignature("ExecutionFailed()");
    }

    /// @inheritdoc AccountHarness
    function executeUserOpOutcome() external pure override returns (bool inValidation, bytes memory reason) {
        // The Safe's fallback has no handler for the selector.
        return (false, abi.encodeWithSelector(0x48c9ceda, bytes4(0x8dd7712f)));
    }

    /// @inheritdoc AccountHarness
    function undeployed(bool installed, bytes memory data)
        external
        override
        returns (address sender, bytes memory initCode)
    {
        ISafe7579Launchpad.ModuleInit[] memory validators = new ISafe7579Launchpad.ModuleInit[](installed ? 1 : 0);
        if (installed) validators[0] = ISafe7579Launchpad.ModuleInit(manager, data);
        bytes memory setup = _setup(validators);
        initCode = abi.encodePacked(factory, abi.encodeCall(factory.createProxyWithNonce, (singleton, setup, 1)));
        // The factory tells the address only by creating the account.
        uint256 snapshot = vm.snapshotState();
        sender = factory.createProxyWithNonce(singleton, setup, 1);
        vm.revertToState(snapshot);
    }

    /// @inheritdoc AccountHarness
    function grantPrefix() external pure override returns (bytes memory) {
        return abi.encodePacked(OWNERS);
    }

    /// @inheritdoc AccountHarness
    function signTypedData(address sender, bytes32 domainSeparator, bytes32 contents)
        external
        override
        returns (bytes memory)
    {
        bytes memory message = abi.encode(MessageHashUtils.toTypedDataHash(domainSeparator, contents));
        bytes32 structHash = keccak256(abi.encode(SAFE_MESSAGE_TYPEHASH, keccak256(message)));
        return abi.encodePacked(OWNERS, _sign(owner, MessageHashUtils.toTypedDataHash(_safeDomain(sender), structHash)));
    }

    /// @inheritdoc AccountHarness
    function wrongSignatureAnswer() external pure override returns (bytes memory) {
        return abi.encodeWithSignature("Error(string)", "GS026");
    }

    function _create() internal override returns (address) {
        return factory.createProxyWithNonce(singleton, _setup(new ISafe7579Launchpad.ModuleInit[](0)), 0);
    }

    function _setup(ISafe7579Launchpad.ModuleInit[] memory validators) private view returns (bytes memory) {
        address[] memory owners = new address[](1);
        owners[0] = owner.addr;
        ISafe7579Launchpad.ModuleInit[] memory none = new ISafe7579Launchpad.ModuleInit[](0);
        bytes memory adapt = abi.encodeCall(
            ISafe7579Launchpad.addSafe7579, (adapter, validators, none, none, none, new address[](0), 0)
        );
        return abi.encodeCall(ISafe.setup, (owners, 1, launchpad, adapt, adapter, address(0), 0, payable(address(0))));
    }

    /// @dev The validator, 4 free bytes.
    function _nonceKey(address validator) internal pure override returns (uint192) {
        return uint192(uint160(validator)) << 32;
    }

    /// @dev Domains of the Safe have neither name nor version.
    function _safeDomain(address verifyingContract) private view returns (bytes32) {
        return MessageHashUtils.toDomainSeparator(0x0c, bytes32(0), bytes32(0), block.chainid, verifyingContract, 0);
    }
}
