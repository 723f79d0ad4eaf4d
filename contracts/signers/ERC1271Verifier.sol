// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";

/// @title ERC1271Verifier
/// @notice Session keys that are contracts (ERC-7913 over ERC-1271). Key: the contract's address, 20 bytes. Signature: what the
/// contract takes, at most 4,096 bytes.
/// @dev Stateless. In validation, the contract may be one that reads storage of its own, or code of an account that has
/// none: bundlers with a public mempool refuse that (ERC-7562). docs/signers.md says what works where.
contract ERC1271Verifier is IERC7913SignatureVerifier {
    /// @notice The longest signature, in bytes.
    uint256 public constant MAX_SIGNATURE = 4096;

    /// @inheritdoc IERC7913SignatureVerifier
    /// @dev Never reverts, unless gas runs out: a contract that reverts, answers with anything but ERC-1271's magic word, or is none, has not
    /// signed. Anyone may call it.
    /// @param key 20 bytes, not zero.
    function verify(bytes calldata key, bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        if (key.length != 20 || signature.length > MAX_SIGNATURE) return 0xffffffff;
        // As much gas as there is, without the GAS opcode: see the manager.
        (bool answered, bytes memory answer) = address(bytes20(key)).staticcall{gas: type(uint256).max}(
            abi.encodeCall(IERC1271.isValidSignature, (hash, signature))
        );
        bool valid = answered && answer.length == 32 && bytes32(answer) == bytes32(IERC1271.isValidSignature.selector);
        return valid ? IERC7913SignatureVerifier.verify.selector : bytes4(0xffffffff);
    }
}
