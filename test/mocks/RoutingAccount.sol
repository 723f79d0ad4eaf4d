// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC7579Validator} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";

/// @notice An account that has one validator answer every ERC-1271 question, whatever the signature names.
contract RoutingAccount {
    IERC7579Validator private immutable _VALIDATOR;

    constructor(address validator) {
        _VALIDATOR = IERC7579Validator(validator);
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        return _VALIDATOR.isValidSignatureWithSender(msg.sender, hash, signature);
    }
}
