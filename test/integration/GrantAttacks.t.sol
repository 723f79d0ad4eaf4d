// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IEntryPoint, PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IERC7579ModuleConfig} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Vm} from "forge-std/Test.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {ANY_PAYMASTER, Action, NO_CALLDATA, Policy, Session, SessionStatus} from "contracts/types/Session.sol";
import {ReentrantValidator} from "../mocks/ReentrantValidator.sol";
import {NexusTest} from "../utils/NexusTest.sol";
import {UseBuilder} from "../utils/UseBuilder.sol";

/// @notice Attacks on a real Nexus account through the EntryPoint by whoever wants a session that nobody granted. The account
/// takes grants by any signature that its ERC-1271 takes.
contract GrantAttacksTest is NexusTest {
    uint8 private constant TRANSFER = 0;
    uint8 private constant PAY = 1;
    /// How many sessions {_changed} makes.
    uint256 private constant CHANGES = 22;

    address private shop = makeAddr("shop");
    Vm.Wallet private thief;

    function setUp() public override {
        super.setUp();
        thief = vm.createWallet("thief");
        byOwner(address(manager), abi.encodeCall(manager.setSignedGrants, (hex"00")));
    }

    /// @dev It may send the shop 50 tokens in total and 1 ether a call; act three times; and sign something.
    function _newSession() private returns (Session memory s) {
        s = newSession(account);
        s.operationPolicies = new Policy[](1);
        s.operationPolicies[0] = Policy(makeAddr("operation policy"), hex"0a");
        s.signaturePolicies = new Policy[](1);
        s.signaturePolicies[0] = Policy(makeAddr("signature policy"), hex"0b");
        s.actions = new Action[](2);
        s.actions[TRANSFER] = newAction(
            address(token), IERC20.transfer.selector, address(erc20Limit), abi.encodePacked(uint8(2), uint128(50e6))
        );
        s.actions[PAY] = newAction(shop, NO_CALLDATA);
        s.actions[PAY].maxValue = 1 ether;
    }

    /// @dev The session with one thing changed in favour of who has the key.
    function _changed(uint256 which) private returns (Session memory s) {
        s = _newSession();
        Action memory transfer = s.actions[TRANSFER];
        if (which == 0) s.chainId = 0;
        if (which == 1) s.validAfter -= 1;
        if (which == 2) s.validUntil += 1;
        if (which == 3) s.validUntil = 0;
        if (which == 4) s.salt = bytes32(uint256(1));
        if (which == 5) s.sessionKey = abi.encodePacked(thief.addr);
        if (which == 6) s.paymaster = ANY_PAYMASTER;
        if (which == 7) s.maxOpCost += 1;
        if (which == 8) s.operationPolicies = new Policy[](0);
        if (which == 9) s.operationPolicies[0].policy = thief.addr;
        if (which == 10) s.operationPolicies[0].config = hex"0c";
        if (which == 11) s.signaturePolicies = new Policy[](0);
        if (which == 12) s.signaturePolicies[0].policy = thief.addr;
        if (which == 13) s.signaturePolicies[0].config = hex"0c";
        if (which == 14) transfer.target = thief.addr;
        if (which == 15) transfer.selector = IERC20.approve.selector;
        if (which == 16) transfer.maxValue = 1;
        if (which == 17) transfer.policies = new Policy[](0);
        if (which == 18) transfer.policies[0].policy = thief.addr;
        if (which == 19) transfer.policies[0].config = abi.encodePacked(uint8(2), uint128(51e6));
        if (which == 20) s.actions[PAY].maxValue += 1;
        if (which == 21) {
            s.actions = new Action[](1);
            s.actions[0] = transfer;
        }
    }

    function _transfer() private view returns (bytes memory) {
        return single(address(token), 0, abi.encodeCall(IERC20.transfer, (shop, 1)));
    }

    function _transferOp(Session memory s) private returns (PackedUserOperation memory) {
        return sessionOp(s, 0, claim(TRANSFER), _transfer());
    }

    function _notGranted(bytes32 id) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISessionKeyManager.SessionNotGranted.selector, id);
    }

    /*//////////////////////////////////////////////////////////////
                                  IDS
    //////////////////////////////////////////////////////////////*/

    /// @dev Anything but its account and epoch, which have errors of their own.
    function test_RevertWhen_AnythingOfTheSessionIsChanged() external {
        bytes32 id = grantByOwner(_newSession());
        for (uint256 i = 0; i < CHANGES; ++i) {
            Session memory changed = _changed(i);
            bytes32 changedId = UseBuilder.hash(changed);
            assertTrue(changedId != id);
            handleRefused(_transferOp(changed), _notGranted(changedId));
        }
    }

    function test_RevertWhen_OnlyIdsLikeTheSessionsAreGranted() external {
        Session memory wish = _newSession();
        bytes32 id = UseBuilder.hash(wish);
        bytes32[] memory alike = new bytes32[](256);
        for (uint256 bit = 0; bit < 256; ++bit) {
            alike[bit] = id ^ bytes32(2 ** bit);
        }
        vm.prank(account);
        manager.grantSessions(alike);
        handleRefused(_transferOp(wish), _notGranted(id));
    }

    /*//////////////////////////////////////////////////////////////
                          GRANTS AND PUBLICATIONS
    //////////////////////////////////////////////////////////////*/

    function _signBundle(Vm.Wallet memory wallet, bytes32 id) private returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(wallet, _bundleDigest(id));
        return abi.encodePacked(r, s, v);
    }

    function _bundleDigest(bytes32 id) private view returns (bytes32) {
        bytes32 domain = UseBuilder.domain(address(manager));
        return keccak256(abi.encodePacked(hex"1901", domain, UseBuilder.hashBundle(listOf(id))));
    }

    function _notSigned(bytes32 id) private view returns (bytes memory) {
        return abi.encodeWithSelector(
            ISessionKeyManager.GrantNotSigned.selector, id, _bundleDigest(id), abi.encode(bytes4(0xffffffff))
        );
    }

    function _useWithGrant(Session memory s, bytes memory signature) private pure returns (bytes memory) {
        bytes memory use = UseBuilder.pack(s, 0, claim(TRANSFER));
        return UseBuilder.withGrant(use, listOf(UseBuilder.hash(s)), 0, signature);
    }

    function _opOfUse(Session memory s, bytes memory use) private returns (PackedUserOperation memory op) {
        op = opThrough(address(manager), _transfer());
        op.accountGasLimits = bytes32(uint256(5_000_000) << 128 | 1_000_000);
        op.signature = signUse(use, UseBuilder.hash(s), hashOf(op));
    }

    function _assertNothingGranted(bytes32 id) private view {
        assertEq(uint256(manager.sessionStatus(account, id)), uint256(SessionStatus.None));
        assertEq(token.balanceOf(shop), 0);
    }

    /// @dev Without policies, so that it acts once it is granted.
    function _plainSession() private returns (Session memory s) {
        s = _newSession();
        s.operationPolicies = s.signaturePolicies = new Policy[](0);
    }

    /// @dev The session key signs in the manager's name; the owner signs another session; a thief signs in the owner's name.
    function test_RevertWhen_APublishedSessionIsNotSignedByTheOwner() external {
        Session memory wish = _plainSession();
        bytes32 id = UseBuilder.hash(wish);
        bytes[3] memory forged = [
            abi.encodePacked(manager, _signBundle(key, id)),
            abi.encodePacked(ownerValidator, _signBundle(owner, ~id)),
            abi.encodePacked(ownerValidator, _signBundle(thief, id))
        ];
        for (uint256 i = 0; i < forged.length; ++i) {
            bytes memory use = UseBuilder.withPublication(_useWithGrant(wish, forged[i]), wish);
            handleRefused(_opOfUse(wish, use), _notSigned(id));
        }
        _assertNothingGranted(id);

        bytes memory signature = abi.encodePacked(ownerValidator, _signBundle(owner, id));
        handle(_opOfUse(wish, UseBuilder.withPublication(_useWithGrant(wish, signature), wish)));
        assertEq(token.balanceOf(shop), 1);
    }

    function test_RevertWhen_AnotherSessionIsPublishedThanGranted() external {
        Session memory wish = _plainSession();
        bytes32 id = UseBuilder.hash(wish);
        Session memory shown = _plainSession();
        shown.actions[TRANSFER].policies[0].config = abi.encodePacked(uint8(2), uint128(1));
        bytes memory signature = abi.encodePacked(ownerValidator, _signBundle(owner, id));
        handleRefused(
            _opOfUse(wish, UseBuilder.withPublication(_useWithGrant(wish, signature), shown)),
            abi.encodeWithSelector(ISessionKeyManager.PublicationDiffers.selector, id, UseBuilder.hash(shown))
        );
        _assertNothingGranted(id);
    }

    /// @dev In a use without a grant; and by somebody else, who has only sessions of their own to publish.
    function test_RevertWhen_ASessionWasOnlyPublished() external {
        Session memory wish = _plainSession();
        bytes32 id = UseBuilder.hash(wish);
        bytes memory use = UseBuilder.withPublication(UseBuilder.pack(wish, 0, claim(TRANSFER)), wish);
        handleRefused(_opOfUse(wish, use), abi.encodeWithSelector(ISessionKeyManager.NonCanonicalUse.selector, 0));

        Session[] memory sessions = new Session[](1);
        sessions[0] = wish;
        vm.prank(thief.addr);
        vm.expectRevert(abi.encodeWithSelector(ISessionKeyManager.SessionOfAnotherAccount.selector, id, account));
        manager.grantAndPublishSessions(sessions);
        vm.prank(thief.addr);
        manager.grantSessions(listOf(id));
        handleRefused(_transferOp(wish), _notGranted(id));
        _assertNothingGranted(id);
    }

    /*//////////////////////////////////////////////////////////////
                              RE-ENTRANCE
    //////////////////////////////////////////////////////////////*/

    /// @dev Of the account's validators, one that takes the grant's signature if it gets back in: to the EntryPoint, to the
    /// manager, or to where the session is granted already. That nothing can be changed from there, Nexus sees to as well.
    function test_RevertWhen_AValidatorReentersWhileASessionIsGranted() external {
        ReentrantValidator validator = new ReentrantValidator();
        byOwner(account, abi.encodeCall(IERC7579ModuleConfig.installModule, (1, address(validator), "")));
        Session memory wish = _plainSession();
        bytes32 id = UseBuilder.hash(wish);
        bytes memory use = _useWithGrant(wish, abi.encodePacked(validator));
        PackedUserOperation[] memory none = new PackedUserOperation[](0);
        bytes memory status = abi.encodeCall(manager.sessionStatus, (account, id));

        validator.onSignature(ENTRYPOINT, abi.encodeCall(IEntryPoint.handleOps, (none, bundler)), "");
        handleRefused(_opOfUse(wish, use), _notSigned(id));
        validator.onSignature(address(manager), abi.encodeCall(manager.grantSessions, (listOf(id))), "");
        handleRefused(_opOfUse(wish, use), _notSigned(id));
        validator.onSignature(address(manager), abi.encodeCall(manager.revokeAll, (1)), "");
        handleRefused(_opOfUse(wish, use), _notSigned(id));
        validator.onSignature(address(manager), status, abi.encode(SessionStatus.Granted));
        handleRefused(_opOfUse(wish, use), _notSigned(id));
        _assertNothingGranted(id);

        validator.onSignature(address(manager), status, abi.encode(SessionStatus.None));
        handle(_opOfUse(wish, use));
        assertEq(token.balanceOf(shop), 1);
    }
}
