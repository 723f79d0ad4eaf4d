// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account} from "@openzeppelin/contracts/account/Account.sol";
import {AccountERC7579} from "@openzeppelin/contracts/account/extensions/draft-AccountERC7579.sol";
import {IEntryPoint} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {MODULE_TYPE_VALIDATOR} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";

/// @title OpenZeppelinAccount
/// @notice OpenZeppelin's modular account with nothing added but its first validators, the owner's among them.
contract OpenZeppelinAccount is AccountERC7579 {
    struct Validator {
        address module;
        bytes data;
    }

    IEntryPoint private immutable ENTRY_POINT;

    constructor(IEntryPoint entryPoint_, Validator[] memory validators) {
        ENTRY_POINT = entryPoint_;
        for (uint256 i = 0; i < validators.length; ++i) {
            _installModule(MODULE_TYPE_VALIDATOR, validators[i].module, validators[i].data);
        }
    }

    /// @inheritdoc Account
    function entryPoint() public view override returns (IEntryPoint) {
        return ENTRY_POINT;
    }
}

/// @title OpenZeppelinAccountFactory
/// @notice Creates accounts at addresses that are known before.
contract OpenZeppelinAccountFactory {
    IEntryPoint private immutable ENTRY_POINT;

    constructor(IEntryPoint entryPoint) {
        ENTRY_POINT = entryPoint;
    }

    function createAccount(OpenZeppelinAccount.Validator[] calldata validators, bytes32 salt)
        external
        returns (address)
    {
        return address(new OpenZeppelinAccount{salt: salt}(ENTRY_POINT, validators));
    }
}
