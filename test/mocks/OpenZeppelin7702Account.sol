// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account} from "@openzeppelin/contracts/account/Account.sol";
import {AccountERC7579} from "@openzeppelin/contracts/account/extensions/draft-AccountERC7579.sol";
import {IEntryPoint} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {AbstractSigner} from "@openzeppelin/contracts/utils/cryptography/signers/AbstractSigner.sol";
import {SignerEIP7702} from "@openzeppelin/contracts/utils/cryptography/signers/SignerEIP7702.sol";
import {ERC7739} from "@openzeppelin/contracts/utils/cryptography/signers/draft-ERC7739.sol";

/// @title OpenZeppelin7702Account
/// @notice OpenZeppelin's modular account for EOAs under EIP-7702: the EOA's key owns it, and signs for applications as
/// ERC-7739 says; besides, it takes modules.
contract OpenZeppelin7702Account is AccountERC7579, SignerEIP7702, ERC7739 {
    IEntryPoint private immutable ENTRY_POINT;

    constructor(IEntryPoint entryPoint_) EIP712("OpenZeppelin7702Account", "1") {
        ENTRY_POINT = entryPoint_;
    }

    /// @inheritdoc Account
    function entryPoint() public view override returns (IEntryPoint) {
        return ENTRY_POINT;
    }

    /// @notice ERC-1271: by the EOA's key, else by a validator module.
    function isValidSignature(bytes32 hash, bytes calldata signature)
        public
        view
        override(AccountERC7579, ERC7739)
        returns (bytes4)
    {
        bytes4 answer = ERC7739.isValidSignature(hash, signature);
        return answer == bytes4(0xffffffff) ? AccountERC7579.isValidSignature(hash, signature) : answer;
    }

    function _rawSignatureValidation(bytes32 hash, bytes calldata signature)
        internal
        view
        override(AbstractSigner, AccountERC7579, SignerEIP7702)
        returns (bool)
    {
        return SignerEIP7702._rawSignatureValidation(hash, signature);
    }
}
