// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IERC7579ModuleConfig} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {EntryPointVersion} from "../../utils/EntryPoints.sol";
import {AccountHarness, Feature} from "./AccountHarness.sol";

/// @notice An EOA that delegates to OpenZeppelin's AccountERC7579 (EIP-7702), with its own key as the owner.
contract OpenZeppelin7702Harness is AccountHarness {
    /// @dev The types of what the owner signs, sorted by name, as EIP-712 has them after the primary type.
    string private constant TYPES =
        "Action(address target,bytes4 selector,uint256 maxValue,Policy[] policies)Policy(address policy,bytes config)Session(address account,uint256 chainId,uint64 epoch,uint48 validAfter,uint48 validUntil,bytes32 salt,bytes sessionKey,address paymaster,uint128 maxOpCost,Policy[] operationPolicies,Policy[] signaturePolicies,Action[] actions)SessionBundle(Session[] sessions)";
    string private constant PRIMARY_TYPE = "SessionBundle";

    /// @dev In place of a validator: the EOA's key.
    address private constant OWN_KEY = address(0);

    constructor(EntryPointVersion version) AccountHarness(version) {
        _cannot(Feature.ExecuteUserOp, "The account has no `executeUserOp`; use `execute`.");
        _cannot(
            Feature.InstallInOperation,
            "The account installs no modules during validation; have the owner install the manager first."
        );
        _cannot(
            Feature.DeployInOperation,
            "An EOA takes on its code by a transaction, and the operation that installs the manager is signed by the EOA itself."
        );
        _cannot(
            Feature.SilentRemoval,
            "The account removes no module whose `onUninstall` reverts, and the manager's never does."
        );
        _cannot(
            Feature.GrantPrefix,
            "The EOA's own signatures begin with nothing fixed; so every validator on the account that signs messages can grant, too."
        );
    }

    /// @inheritdoc AccountHarness
    function signedByOwner(PackedUserOperation memory op) external override returns (PackedUserOperation memory) {
        op.nonce = nonceThrough(op.sender, OWN_KEY);
        op.signature = _sign(owner, hashOf(op));
        return op;
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
    function grantPrefix() external pure override returns (bytes memory) {
        return "";
    }

    /// @inheritdoc AccountHarness
    function signTypedData(address sender, bytes32 domainSeparator, bytes32 contents)
        external
        override
        returns (bytes memory)
    {
        // ERC-7739: the account's own domain goes into what is signed.
        bytes memory typedDataSign = abi.encodePacked(
            "TypedDataSign(SessionBundle contents,string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)",
            TYPES
        );
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(typedDataSign),
                contents,
                keccak256("OpenZeppelin7702Account"),
                keccak256("1"),
                block.chainid,
                sender,
                bytes32(0)
            )
        );
        bytes memory signature = _sign(owner, MessageHashUtils.toTypedDataHash(domainSeparator, structHash));
        // The primary type is not the first of the sorted types: so its name follows them.
        string memory description = string.concat(TYPES, PRIMARY_TYPE);
        return abi.encodePacked(signature, domainSeparator, contents, description, uint16(bytes(description).length));
    }

    function _create() internal override returns (address eoa) {
        eoa = owner.addr;
        address implementation =
            deployCode("OpenZeppelin7702Account.sol:OpenZeppelin7702Account", abi.encode(entryPoint));
        vm.signAndAttachDelegation(implementation, owner.privateKey);
    }

    /// @dev The validator, 4 free bytes.
    function _nonceKey(address validator) internal pure override returns (uint192) {
        return uint192(uint160(validator)) << 32;
    }
}
