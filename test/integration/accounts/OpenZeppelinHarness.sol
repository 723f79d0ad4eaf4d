// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC7579ModuleConfig} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {OpenZeppelinAccount, OpenZeppelinAccountFactory} from "../../mocks/OpenZeppelinAccount.sol";
import {EntryPointVersion} from "../../utils/EntryPoints.sol";
import {AccountHarness, Feature} from "./AccountHarness.sol";

/// @notice OpenZeppelin's AccountERC7579, owned by a validator module.
contract OpenZeppelinHarness is AccountHarness {
    OpenZeppelinAccountFactory private factory;

    constructor(EntryPointVersion version) AccountHarness(version) {
        factory = OpenZeppelinAccountFactory(
            deployCode("OpenZeppelinAccount.sol:OpenZeppelinAccountFactory", abi.encode(entryPoint))
        );
        _cannot(Feature.ExecuteUserOp, "The account has no `executeUserOp`; use `execute`.");
        _cannot(
            Feature.InstallInOperation,
            "The account installs no modules during validation; have the owner install the manager first."
        );
        _cannot(
            Feature.SilentRemoval,
            "The account removes no module whose `onUninstall` reverts, and the manager's never does."
        );
    }

    /// @inheritdoc AccountHarness
    function uninstallCall(bytes memory data) public view override returns (bytes memory) {
        return abi.encodeCall(IERC7579ModuleConfig.uninstallModule, (MODULE_VALIDATOR, manager, data));
    }

    /// @inheritdoc AccountHarness
    function refusalWithoutManager() public pure override returns (bytes memory) {
        return _failure("AA24 signature error");
    }

    /// @inheritdoc AccountHarness
    function executeUserOpOutcome() external pure override returns (bool inValidation, bytes memory reason) {
        return (false, abi.encodeWithSignature("ERC7579MissingFallbackHandler(bytes4)", bytes4(0x8dd7712f)));
    }

    /// @inheritdoc AccountHarness
    function undeployed(bool installed, bytes memory data)
        external
        override
        returns (address sender, bytes memory initCode)
    {
        OpenZeppelinAccount.Validator[] memory validators = new OpenZeppelinAccount.Validator[](installed ? 2 : 1);
        validators[0] = _ownerModule();
        if (installed) validators[1] = OpenZeppelinAccount.Validator(manager, data);
        initCode = abi.encodePacked(factory, abi.encodeCall(factory.createAccount, (validators, bytes32("another"))));
        // The factory tells the address only by creating the account.
        uint256 snapshot = vm.snapshotState();
        sender = factory.createAccount(validators, "another");
        vm.revertToState(snapshot);
    }

    function _create() internal override returns (address) {
        OpenZeppelinAccount.Validator[] memory validators = new OpenZeppelinAccount.Validator[](1);
        validators[0] = _ownerModule();
        return factory.createAccount(validators, 0);
    }

    function _ownerModule() private view returns (OpenZeppelinAccount.Validator memory) {
        return OpenZeppelinAccount.Validator(ownerValidator, abi.encodePacked(owner.addr));
    }

    /// @dev The validator, 4 free bytes.
    function _nonceKey(address validator) internal pure override returns (uint192) {
        return uint192(uint160(validator)) << 32;
    }
}
