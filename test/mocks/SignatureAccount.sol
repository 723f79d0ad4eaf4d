// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IERC7579Validator} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";

/// @notice An account that answers ERC-1271 by one validator, with its own domain (ERC-5267); and hands it Kernel's hash if told
/// to.
contract SignatureAccount is IERC1271 {
    string private constant NAME = "Account";
    string private constant VERSION = "7";

    IERC7579Validator private immutable VALIDATOR;
    bool private immutable WRAPS;

    constructor(IERC7579Validator validator, bool wraps) {
        VALIDATOR = validator;
        WRAPS = wraps;
        validator.onInstall("");
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        return VALIDATOR.isValidSignatureWithSender(msg.sender, handedOver(hash), signature);
    }

    /// @notice What the validator is asked about if the account is asked about `hash`.
    function handedOver(bytes32 hash) public view returns (bytes32) {
        if (!WRAPS) return hash;
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(NAME)),
                keccak256(bytes(VERSION)),
                block.chainid,
                address(this)
            )
        );
        return
            keccak256(
                abi.encodePacked(hex"1901", domain, keccak256(abi.encode(keccak256("Kernel(bytes32 hash)"), hash)))
            );
    }

    function eip712Domain()
        external
        view
        returns (bytes1, string memory, string memory, uint256, address, bytes32, uint256[] memory)
    {
        return (0x0f, NAME, VERSION, block.chainid, address(this), 0, new uint256[](0));
    }
}
