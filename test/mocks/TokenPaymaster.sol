// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice A paymaster that pays for anything and takes one unit of a token for each 1,000 gwei of gas: before execution for
/// the most that the operation can cost, and it gives nothing back.
contract TokenPaymaster {
    error ChargeFailed();

    IERC20 private immutable TOKEN;

    constructor(IERC20 token) {
        TOKEN = token;
    }

    function validatePaymasterUserOp(PackedUserOperation calldata op, bytes32, uint256 maxCost)
        external
        returns (bytes memory context, uint256 validationData)
    {
        if (!TOKEN.transferFrom(op.sender, address(this), maxCost / 1000 gwei)) revert ChargeFailed();
        return ("", 0);
    }
}
