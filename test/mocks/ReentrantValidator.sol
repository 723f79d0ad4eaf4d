// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MODULE_TYPE_VALIDATOR} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @notice A validator of an ERC-7579 account that calls whom it was told to when the account is asked for a signature, and
/// takes the signature if that comes out as it was told.
contract ReentrantValidator {
    address private _target;
    bytes private _question;
    bytes private _answer;

    function onSignature(address target, bytes calldata question, bytes calldata answer) external {
        _target = target;
        _question = question;
        _answer = answer;
    }

    function onInstall(bytes calldata) external {}

    function isModuleType(uint256 moduleTypeId) external pure returns (bool) {
        return moduleTypeId == MODULE_TYPE_VALIDATOR;
    }

    function isValidSignatureWithSender(address, bytes32, bytes calldata) external returns (bytes4) {
        // Where nothing may be changed, it takes all the gas it has.
        (bool success, bytes memory answer) = _target.call{gas: 1_000_000}(_question);
        bool asTold = success && keccak256(answer) == keccak256(_answer);
        return asTold ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}
