// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IEntryPoint, PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC7579ModuleConfig} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Vm} from "forge-std/Test.sol";
import {ISignatureChecker} from "contracts/interfaces/ISignatureChecker.sol";
import {ITypedDataPolicy} from "contracts/interfaces/ITypedDataPolicy.sol";
import {Policy, Session} from "contracts/types/Session.sol";
import {Answers} from "../mocks/Answers.sol";
import {PermitToken} from "../mocks/PermitToken.sol";
import {Deployed} from "../utils/Deployed.sol";
import {NexusTest} from "../utils/NexusTest.sol";
import {AccountName, AppMessage, SignatureBuilder} from "../utils/SignatureBuilder.sol";
import {UseBuilder} from "../utils/UseBuilder.sol";

/// @notice Attacks on a real Nexus account by what a session key signs for it (ERC-1271). The account answers only that a
/// signature is not valid; the signature checker is asked why.
///
/// The session may sign whatever its policy allows, and that allows everything.
contract SignatureAttacksTest is NexusTest {
    bytes4 private constant VALID = IERC1271.isValidSignature.selector;
    bytes4 private constant INVALID = 0xffffffff;
    uint256 private constant MODULE_VALIDATOR = 1;
    string private constant ENABLE_TYPE =
        "ModuleEnableMode(address module,uint256 moduleType,bytes32 userOpHash,bytes32 initDataHash)";

    ISignatureChecker private checker;
    address private app = makeAddr("app");
    Vm.Wallet private thief;
    Session private session;
    bytes32 private id;

    function setUp() public override {
        super.setUp();
        checker = manager.signatureChecker();
        thief = vm.createWallet("thief");
        Answers everything = new Answers();
        everything.otherwise(abi.encode(0));
        store(session, _newSession(0, address(everything), ""));
        id = grantByOwner(session);
    }

    function _newSession(uint256 salt, address policy, bytes memory config) private view returns (Session memory s) {
        s = newSession(account);
        s.salt = bytes32(salt);
        s.signaturePolicies = new Policy[](1);
        s.signaturePolicies[0] = Policy(policy, config);
    }

    function _name() private pure returns (AccountName memory) {
        return AccountName("Nexus", "1.0.1");
    }

    /// @dev What follows a use: the session key's signature.
    function _keySignature(bytes32 nested, bytes32 signedId, bytes memory use) private returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, SignatureBuilder.digest(address(manager), nested, signedId, use));
        return abi.encodePacked(r, s, v);
    }

    function _sign(AppMessage memory message, Session memory s) private returns (bytes memory) {
        bytes memory use = message.use(s, 0, new bytes32[](0));
        bytes32 nested = message.nest(account, block.chainid, _name());
        return bytes.concat(use, _keySignature(nested, UseBuilder.hash(s), use), message.envelope());
    }

    function _signPersonal(bytes memory text, Session memory s) private returns (bytes memory) {
        bytes memory use = SignatureBuilder.usePersonal(text, s, 0, new bytes32[](0));
        bytes32 nested = SignatureBuilder.nestPersonal(_personalHash(text), account, block.chainid, _name());
        return bytes.concat(use, _keySignature(nested, UseBuilder.hash(s), use));
    }

    function _personalHash(bytes memory text) private pure returns (bytes32) {
        return MessageHashUtils.toEthSignedMessageHash(text);
    }

    /// @dev An application asks the account.
    function _ask(bytes32 hash, bytes memory signature) private returns (bytes4) {
        vm.prank(app);
        return IERC1271(account).isValidSignature(hash, abi.encodePacked(manager, signature));
    }

    function _assertRefused(bytes32 hash, bytes memory signature, bytes memory reason) private {
        assertEq(_ask(hash, signature), INVALID);
        _assertReason(app, hash, signature, reason);
    }

    function _assertReason(address sender, bytes32 hash, bytes memory signature, bytes memory reason) private {
        vm.expectRevert(reason);
        checker.checkSignature(account, sender, hash, signature);
    }

    /*//////////////////////////////////////////////////////////////
                          MODULES OF THE ACCOUNT
    //////////////////////////////////////////////////////////////*/

    /// @dev What of Nexus's enable mode the thief may choose.
    struct Installation {
        address module;
        bytes data;
        bytes32 separator;
        bytes fields;
        bytes32 contents;
        bytes32 digest;
    }

    /// @dev The installation of a validator that the thief owns, by an operation that it validates.
    function _installation(address module, PackedUserOperation memory op)
        private
        view
        returns (Installation memory wish)
    {
        wish.module = module;
        wish.data = abi.encodePacked(thief.addr);
        wish.separator = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Nexus"),
                keccak256("1.0.1"),
                block.chainid,
                account
            )
        );
        wish.fields = abi.encode(module, MODULE_VALIDATOR, hashOf(op), keccak256(wish.data));
        wish.contents = keccak256(bytes.concat(keccak256(bytes(ENABLE_TYPE)), wish.fields));
        wish.digest = MessageHashUtils.toTypedDataHash(wish.separator, wish.contents);
    }

    /// @dev An operation that takes all tokens. A nonce with the mode's bit has Nexus install the validator that it names.
    function _opOfThief(address module) private view returns (PackedUserOperation memory op) {
        op = newOp(account, single(address(token), 0, abi.encodeCall(IERC20.transfer, (thief.addr, 1_000_000e6))));
        op.nonce = IEntryPoint(ENTRYPOINT).getNonce(account, uint192(uint160(module)) | 1 << 160);
    }

    /// @dev Who signs the installation is named in the signature: Nexus asks the validator that its first 20 bytes are.
    function _enabling(
        PackedUserOperation memory op,
        Installation memory wish,
        address validator,
        bytes memory signature
    ) private returns (PackedUserOperation memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(thief, MessageHashUtils.toEthSignedMessageHash(hashOf(op)));
        op.signature = abi.encodePacked(
            wish.module,
            MODULE_VALIDATOR,
            uint32(wish.data.length),
            wish.data,
            uint32(20 + signature.length),
            validator,
            signature,
            abi.encodePacked(r, s, v)
        );
        return op;
    }

    /// @dev The session key's signature of an installation, as that of an application's message.
    function _signInstallation(Installation memory wish) private returns (bytes memory) {
        bytes memory use = abi.encodePacked(
            SignatureBuilder.head(session, 0, new bytes32[](0)),
            abi.encodePacked(uint8(0x0f), keccak256("Nexus"), keccak256("1.0.1"), block.chainid, abi.encode(account)),
            uint16(wish.fields.length),
            wish.fields
        );
        bytes32 nested = SignatureBuilder.nestContents(
            wish.separator, "ModuleEnableMode", ENABLE_TYPE, wish.contents, account, block.chainid, _name()
        );
        return abi.encodePacked(
            use,
            _keySignature(nested, id, use),
            wish.separator,
            wish.contents,
            ENABLE_TYPE,
            uint16(bytes(ENABLE_TYPE).length)
        );
    }

    /// @dev The account asks for itself, and the application is the account: either is enough to refuse it.
    function test_RevertWhen_ASessionSignsTheInstallationOfAModule() external {
        address module = deployCode("OwnerValidator.sol:OwnerValidator");
        PackedUserOperation memory op = _opOfThief(module);
        Installation memory wish = _installation(module, op);
        bytes memory asked = abi.encodeWithSelector(ISignatureChecker.SenderForbidden.selector, account);

        bytes memory signature = _signInstallation(wish);
        handleRefused(_enabling(op, wish, address(manager), signature), abi.encodeWithSignature("EnableModeSigError()"));
        _assertReason(account, wish.digest, signature, asked);
        _assertRefused(
            wish.digest,
            signature,
            abi.encodeWithSelector(ISignatureChecker.VerifyingContractForbidden.selector, account)
        );

        // The same as a personal message, of the bare hash.
        signature = _signPersonal(abi.encodePacked(wish.digest), session);
        handleRefused(_enabling(op, wish, address(manager), signature), abi.encodeWithSignature("EnableModeSigError()"));
        _assertReason(account, wish.digest, signature, asked);
        assertFalse(IERC7579ModuleConfig(account).isModuleInstalled(MODULE_VALIDATOR, module, ""));
        assertEq(token.balanceOf(thief.addr), 0);

        // It is the signer that is wrong, and nothing else about the operation.
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(owner, wish.digest);
        handle(_enabling(op, wish, ownerValidator, abi.encodePacked(r, s, v)));
        assertTrue(IERC7579ModuleConfig(account).isModuleInstalled(MODULE_VALIDATOR, module, ""));
        assertEq(token.balanceOf(thief.addr), 1_000_000e6);
    }

    /*//////////////////////////////////////////////////////////////
                                MESSAGES
    //////////////////////////////////////////////////////////////*/

    function _mail() private view returns (AppMessage memory) {
        return SignatureBuilder.mail(app);
    }

    /// @dev A hash that the account is asked about stands for anything; the message that it is of must be shown.
    function test_RevertWhen_ABareHashIsSigned() external {
        bytes32 hash = _mail().hash();
        bytes memory text = abi.encodePacked(hash);
        _assertRefused(
            hash,
            _signPersonal(text, session),
            abi.encodeWithSelector(ISignatureChecker.ContentDiffers.selector, hash, _personalHash(text))
        );
        assertEq(_ask(hash, _sign(_mail(), session)), VALID);
        assertEq(_ask(_personalHash(text), _signPersonal(text, session)), VALID);
    }

    /// @dev Two sessions of one key: what it signed under one is presented under the other, which may sign more.
    function test_RevertWhen_AMessageIsMovedToAnotherSession() external {
        Session memory other = _newSession(1, session.signaturePolicies[0].policy, "");
        bytes32 otherId = grantByOwner(other);
        bytes memory use = _mail().use(other, 0, new bytes32[](0));
        bytes32 nested = _mail().nest(account, block.chainid, _name());
        _assertRefused(
            _mail().hash(),
            bytes.concat(use, _keySignature(nested, id, use), _mail().envelope()),
            abi.encodeWithSelector(ISignatureChecker.NotSignedByKey.selector, otherId)
        );
    }

    /// @dev The session is for every chain. A personal message has no domain that says on which it counts.
    function test_RevertWhen_AMessageIsPresentedOnAnotherChain() external {
        Session memory anywhere = _newSession(1, session.signaturePolicies[0].policy, "");
        anywhere.chainId = 0;
        bytes32 anywhereId = grantByOwner(anywhere);
        bytes memory personal = _signPersonal("hello", anywhere);
        AppMessage memory mail = _mail();
        bytes memory signature = _sign(mail, anywhere);
        assertEq(_ask(_personalHash("hello"), personal), VALID);
        assertEq(_ask(mail.hash(), signature), VALID);

        uint256 here = block.chainid;
        vm.chainId(here + 1);
        _assertRefused(
            _personalHash("hello"),
            personal,
            abi.encodeWithSelector(ISignatureChecker.NotSignedByKey.selector, anywhereId)
        );
        _assertRefused(
            mail.hash(), signature, abi.encodeWithSelector(ISignatureChecker.DomainOfAnotherChain.selector, here)
        );
    }

    /// @dev The owner granted permits, and forgot to say for whom, or how much.
    function test_RevertWhen_APermitHasNoLimit() external {
        PermitToken permitToken = new PermitToken();
        string memory permitType = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)";
        AppMessage memory permit = AppMessage({
            name: permitToken.name(),
            chainId: block.chainid,
            verifyingContract: address(permitToken),
            primaryType: "Permit",
            encodedType: permitType,
            fields: abi.encode(account, thief.addr, type(uint256).max, 0, type(uint256).max),
            nested: ""
        });
        // No rules; then one, on the spender (word 1, address).
        bytes[2] memory rules =
            [bytes(""), abi.encodePacked(uint8(1), uint8(1), uint8(0), uint16(1), uint8(20), uint8(0), thief.addr)];
        address policy =
            Deployed.at("typedDataPolicy", "TypedDataPolicy.sol:TypedDataPolicy", abi.encode(_rulePolicy()));
        for (uint256 i = 0; i < 2; ++i) {
            bytes memory allowed = abi.encodePacked(
                uint8(0), permit.separator(), keccak256(bytes(permitType)), uint8(5), uint8(0), rules[i]
            );
            Session memory s = _newSession(1, policy, abi.encodePacked(uint8(1), uint16(allowed.length), allowed));
            bytes32 sId = grantByOwner(s);
            bytes memory signature = _sign(permit, s);
            // The spender (word 1) is to be fixed, the amount (word 2) bounded above.
            bytes memory inner = abi.encodeWithSelector(ITypedDataPolicy.RuleMissing.selector, "Permit", 1 + i, 1 + i);
            _assertRefused(
                permit.hash(),
                signature,
                abi.encodeWithSelector(ISignatureChecker.SignaturePolicyRefused.selector, sId, 0, policy, inner)
            );
            vm.expectRevert(abi.encodeWithSelector(PermitToken.PermitNotSigned.selector, account));
            permitToken.permit(
                account, thief.addr, type(uint256).max, type(uint256).max, abi.encodePacked(manager, signature)
            );
        }
    }

    function _rulePolicy() private returns (address) {
        return Deployed.at("abiRulePolicy", "ABIRulePolicy.sol:ABIRulePolicy");
    }
}
