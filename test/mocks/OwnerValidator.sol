// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {
    IERC7579Validator,
    MODULE_TYPE_VALIDATOR,
    VALIDATION_FAILED,
    VALIDATION_SUCCESS
} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @title OwnerValidator
/// @notice The ordinary way to own an ERC-7579 account, for tests: one ECDSA key that may do everything.
contract OwnerValidator is IERC7579Validator {
    error AlreadyInstalled(address account);
    error InvalidOwner();

    mapping(address account => address) public ownerOf;

    /// @param data The owner's address, 20 bytes.
    function onInstall(bytes calldata data) external {
        if (ownerOf[msg.sender] != address(0)) revert AlreadyInstalled(msg.sender);
        if (data.length != 20) revert InvalidOwner();
        // forge-lint: disable-next-line(unsafe-typecast): the length is checked above
        address owner = address(bytes20(data));
        if (owner == address(0)) revert InvalidOwner();
        ownerOf[msg.sender] = owner;
    }

    function onUninstall(bytes calldata) external {
        delete ownerOf[msg.sender];
    }

    function isModuleType(uint256 moduleTypeId) external pure returns (bool) {
        return moduleTypeId == MODULE_TYPE_VALIDATOR;
    }

    /// @notice The owner signs the user operation's hash as a message ("\x19Ethereum Signed Message:\n32").
    function validateUserOp(PackedUserOperation calldata userOp, bytes32 userOpHash) external view returns (uint256) {
        bytes32 digest = MessageHashUtils.toEthSignedMessageHash(userOpHash);
        return _isOwner(msg.sender, digest, userOp.signature) ? VALIDATION_SUCCESS : VALIDATION_FAILED;
    }

    /// @notice The owner signs the hash itself.
    function isValidSignatureWithSender(address, bytes32 hash, bytes calldata signature)
        external
        view
        returns (bytes4)
    {
        return _isOwner(msg.sender, hash, signature) ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }

    function _isOwner(address account, bytes32 digest, bytes calldata signature) private view returns (bool) {
        (address signer, ECDSA.RecoverError err,) = ECDSA.tryRecoverCalldata(digest, signature);
        return err == ECDSA.RecoverError.NoError && signer == ownerOf[account];
    }
}
