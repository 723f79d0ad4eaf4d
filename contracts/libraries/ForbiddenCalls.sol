// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC4337Utils} from "@openzeppelin/contracts/account/utils/ERC4337Utils.sol";
import {IAccount, IAccountExecute} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {
    IERC7579Execution,
    IERC7579Module,
    IERC7579ModuleConfig,
    IERC7579Validator,
    MODULE_TYPE_HOOK,
    MODULE_TYPE_VALIDATOR
} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";

/// @notice Calls that no session may make, whatever it says, because they could change who controls the account.
library ForbiddenCalls {
    /// @dev The canonical EntryPoint v0.6.
    address internal constant ENTRYPOINT_V06 = 0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789;

    /// @notice Whether no session of `account` may call `target`: zero (some accounts read it as themselves), the account,
    /// the manager, or a canonical EntryPoint (v0.6 to v0.9).
    function isTarget(address manager, address account, address target) internal pure returns (bool forbidden) {
        (address v06, address v07, address v08, address v09) = (
            ENTRYPOINT_V06,
            address(ERC4337Utils.ENTRYPOINT_V07),
            address(ERC4337Utils.ENTRYPOINT_V08),
            address(ERC4337Utils.ENTRYPOINT_V09)
        );
        // target is one of: 0, the account, the manager, the EntryPoints. Solidity's || would jump after each.
        assembly ("memory-safe") {
            forbidden := or(iszero(target), or(eq(target, account), eq(target, manager)))
            forbidden := or(forbidden, or(eq(target, v06), eq(target, v07)))
            forbidden := or(forbidden, or(eq(target, v08), eq(target, v09)))
        }
    }

    /// @notice Whether a session that may call any target may not call this function: it configures or drives an ERC-7579
    /// account or module.
    function isSelector(bytes4 selector) internal pure returns (bool) {
        return selector == IERC7579ModuleConfig.installModule.selector
            || selector == IERC7579ModuleConfig.uninstallModule.selector
            || selector == IERC7579Execution.execute.selector
            || selector == IERC7579Execution.executeFromExecutor.selector
            || selector == IAccountExecute.executeUserOp.selector || selector == IAccount.validateUserOp.selector
            || selector == IERC7579Validator.validateUserOp.selector || selector == IERC7579Module.onInstall.selector
            || selector == IERC7579Module.onUninstall.selector;
    }

    /// @notice Whether the calling account says that `target` is one of its modules: validator, executor, fallback or
    /// hook. Accounts do not report all of them, so this is a second line of defence; what an account does not answer
    /// counts as no.
    function isModule(address target) internal view returns (bool) {
        for (uint256 moduleType = MODULE_TYPE_VALIDATOR; moduleType <= MODULE_TYPE_HOOK; ++moduleType) {
            (bool answered, bytes memory answer) = msg.sender.staticcall{gas: type(uint256).max}(
                abi.encodeCall(IERC7579ModuleConfig.isModuleInstalled, (moduleType, target, ""))
            );
            if (answered && answer.length >= 32 && uint256(bytes32(answer)) != 0) return true;
        }
        return false;
    }
}
