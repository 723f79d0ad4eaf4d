// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IEntryPoint, PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IERC7579ModuleConfig} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {CommonBase} from "forge-std/Base.sol";
import {StdCheats} from "forge-std/StdCheats.sol";
import {Vm} from "forge-std/Vm.sol";
import {EntryPoints, EntryPointVersion} from "../../utils/EntryPoints.sol";

interface IUserOpHash {
    function getUserOpHash(PackedUserOperation calldata op) external view returns (bytes32);
}

/// @notice What not every account can do.
enum Feature {
    /// Execute through `executeUserOp` (ERC-4337).
    ExecuteUserOp,
    /// Install the manager in the operation that uses it ("enable mode").
    InstallInOperation,
    /// Deploy the account in the operation that uses the manager.
    DeployInOperation,
    /// Get rid of the manager although its `onUninstall` did not run.
    SilentRemoval,
    /// Tell by the first bytes of an ERC-1271 signature who made it.
    GrantPrefix,
    /// Let the manager's errors through.
    Errors
}

/// @notice One kind of smart account, behind one EntryPoint: how it is created, owned and given modules. What tests of all
/// kinds of accounts need to know about each.
abstract contract AccountHarness is CommonBase, StdCheats {
    uint256 internal constant MODULE_VALIDATOR = 1;

    IEntryPoint public immutable entryPoint;
    EntryPointVersion public immutable version;

    /// @notice The validator module that stands for the owner's key, on accounts whose owner is a module.
    address public immutable ownerValidator;
    Vm.Wallet internal owner;

    address public manager;
    address public account;

    /// @notice Why the account lacks a feature; empty if it has it.
    mapping(Feature feature => string) public reasonAgainst;

    constructor(EntryPointVersion version_) {
        version = version_;
        entryPoint = EntryPoints.deploy(version_);
        owner = vm.createWallet("owner");
        ownerValidator = deployCode("OwnerValidator.sol:OwnerValidator");
    }

    /// @notice Creates the account, without the manager.
    function create(address manager_) external {
        manager = manager_;
        account = _create();
    }

    /*//////////////////////////////////////////////////////////////
                               OPERATIONS
    //////////////////////////////////////////////////////////////*/

    /// @notice The operation with the owner's next nonce, signed by the owner.
    function signedByOwner(PackedUserOperation memory op) external virtual returns (PackedUserOperation memory) {
        op.nonce = nonceThrough(op.sender, ownerValidator);
        op.signature = _sign(owner, MessageHashUtils.toEthSignedMessageHash(hashOf(op)));
        return op;
    }

    /// @notice The next nonce of an operation that a validator validates.
    function nonceThrough(address sender, address validator) public view returns (uint256) {
        return entryPoint.getNonce(sender, _nonceKey(validator));
    }

    /// @notice The same in another sequence of nonces, of which the account leaves at least 2^16 to a validator.
    function nonceThrough(address sender, address validator, uint16 lane) external view returns (uint256) {
        return entryPoint.getNonce(sender, _nonceKey(validator) | uint192(lane) << _laneOffset());
    }

    function hashOf(PackedUserOperation memory op) public view returns (bytes32) {
        return IUserOpHash(address(entryPoint)).getUserOpHash(op);
    }

    /*//////////////////////////////////////////////////////////////
                                MODULES
    //////////////////////////////////////////////////////////////*/

    /// @notice The call of the account to itself that installs a validator.
    function installCall(address module, bytes memory data) public pure returns (bytes memory) {
        return abi.encodeCall(IERC7579ModuleConfig.installModule, (MODULE_VALIDATOR, module, _installData(data)));
    }

    /// @notice The call of the account to itself that uninstalls the manager, the validator installed last.
    function uninstallCall(bytes memory data) public view virtual returns (bytes memory) {
        return abi.encodeCall(
            IERC7579ModuleConfig.uninstallModule, (MODULE_VALIDATOR, manager, abi.encode(_predecessor(), data))
        );
    }

    /// @notice The call of the account to itself that gets rid of the manager without its knowing; for accounts with
    /// {Feature.SilentRemoval}.
    function silentRemovalCall() external virtual returns (bytes memory) {
        // The account does not mind that onUninstall fails, for instance because it runs out of gas.
        vm.mockCallRevert(manager, abi.encodeWithSignature("onUninstall(bytes)"), "out of gas");
        return uninstallCall("");
    }

    /// @notice What the EntryPoint reverts with if an operation names a manager that was uninstalled.
    function refusalWithoutManager() public view virtual returns (bytes memory);

    /// @notice The same after a {silentRemovalCall}.
    function refusalAfterSilentRemoval() external view virtual returns (bytes memory) {
        return refusalWithoutManager();
    }

    /// @notice What the account's validation reverts with if the manager reverts with `reason`.
    function passedOn(bytes memory reason) external view virtual returns (bytes memory) {
        return reason;
    }

    /// @notice What comes of an operation through `executeUserOp` on an account without {Feature.ExecuteUserOp}.
    /// @return inValidation Whether it is refused, and not only without effect.
    /// @return reason What the account reverts with.
    function executeUserOpOutcome() external view virtual returns (bool inValidation, bytes memory reason) {}

    /*//////////////////////////////////////////////////////////////
                        INSTALLING IN OPERATIONS
    //////////////////////////////////////////////////////////////*/

    /// @notice The nonce of an operation that installs the manager and is validated by it; for accounts with
    /// {Feature.InstallInOperation}.
    function enableNonce(address sender) external view virtual returns (uint256) {}

    /// @notice The signature of such an operation.
    /// @param signedOp The operation, with its nonce, as the owner saw it.
    /// @param signedData What the manager's `onInstall` gets, as the owner saw it.
    /// @param data What it gets.
    /// @param signature What the manager gets as the operation's signature.
    function enableSignature(
        PackedUserOperation memory signedOp,
        bytes memory signedData,
        bytes memory data,
        bytes memory signature
    ) external virtual returns (bytes memory) {}

    /// @notice What the account's validation reverts with if the owner signed another installation.
    function enableRefusal() external view virtual returns (bytes memory) {}

    /// @notice The same for one that was made already, and undone.
    function enableReplayRefusal() external view virtual returns (bytes memory) {}

    /// @notice Another account of the owner that is not deployed; for accounts with {Feature.DeployInOperation}.
    /// @param installed Whether it comes with the manager.
    /// @param data What the manager's `onInstall` gets then.
    function undeployed(bool installed, bytes memory data)
        external
        virtual
        returns (address sender, bytes memory initCode)
    {}

    /*//////////////////////////////////////////////////////////////
                                ERC-1271
    //////////////////////////////////////////////////////////////*/

    /// @notice How the owner's ERC-1271 signatures begin.
    function grantPrefix() external view virtual returns (bytes memory) {
        return abi.encodePacked(ownerValidator);
    }

    /// @notice The owner's ERC-1271 signature, by an account, over EIP-712 typed data.
    /// @param contents The struct hash; of a `SessionBundle`, should the account want to know the type.
    function signTypedData(address sender, bytes32 domainSeparator, bytes32 contents)
        external
        virtual
        returns (bytes memory)
    {
        bytes32 digest = MessageHashUtils.toTypedDataHash(domainSeparator, contents);
        return signThrough(sender, ownerValidator, owner, digest);
    }

    /// @notice The account's ERC-1271 signature through a validator module, with one of its keys.
    function signThrough(address sender, address validator, Vm.Wallet memory wallet, bytes32 digest)
        public
        virtual
        returns (bytes memory)
    {
        return abi.encodePacked(_signaturePrefix(validator), _sign(wallet, _digestForValidator(sender, digest)));
    }

    /// @notice How an ERC-1271 signature begins that a validator answers for.
    function prefixOf(address validator) external view returns (bytes memory) {
        return _signaturePrefix(validator);
    }

    /// @notice Whether validators see another hash than the application's: Kernel's of it.
    function wrapsHashes() external view returns (bool) {
        return _digestForValidator(account, 0) != 0;
    }

    /// @notice What a validator is asked about if the account is asked about `hash`.
    function hashForValidator(address sender, bytes32 hash) external view returns (bytes32) {
        return _digestForValidator(sender, hash);
    }

    /// @notice What ERC-1271 answers to a signature of the right form that the owner did not make.
    function wrongSignatureAnswer() external view virtual returns (bytes memory) {
        return abi.encode(bytes4(0xffffffff));
    }

    /*//////////////////////////////////////////////////////////////
                            FOR ONE ACCOUNT
    //////////////////////////////////////////////////////////////*/

    function _create() internal virtual returns (address);

    function _nonceKey(address validator) internal view virtual returns (uint192);

    /// @dev Where in a nonce key the bits are that mean nothing to the account: by default the lowest.
    function _laneOffset() internal pure virtual returns (uint8) {
        return 0;
    }

    function _installData(bytes memory data) internal pure virtual returns (bytes memory) {
        return data;
    }

    /// @dev The validator before the newest in a linked list of validators: its head.
    function _predecessor() internal pure returns (address) {
        return address(1);
    }

    function _signaturePrefix(address validator) internal view virtual returns (bytes memory) {
        return abi.encodePacked(validator);
    }

    function _digestForValidator(address, bytes32 digest) internal view virtual returns (bytes32) {
        return digest;
    }

    function _cannot(Feature feature, string memory reason) internal {
        reasonAgainst[feature] = reason;
    }

    function _sign(Vm.Wallet memory wallet, bytes32 digest) internal returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(wallet, digest);
        return abi.encodePacked(r, s, v);
    }

    function _refusal(bytes memory reason) internal pure returns (bytes memory) {
        return abi.encodeWithSignature("FailedOpWithRevert(uint256,string,bytes)", 0, "AA23 reverted", reason);
    }

    function _failure(string memory reason) internal pure returns (bytes memory) {
        return abi.encodeWithSignature("FailedOp(uint256,string)", 0, reason);
    }

    function _domainSeparator(string memory name, string memory domainVersion, address verifyingContract)
        internal
        view
        returns (bytes32)
    {
        return MessageHashUtils.toDomainSeparator(0x0f, name, domainVersion, block.chainid, verifyingContract, 0);
    }
}
