// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAccountExecute, IEntryPoint, PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {
    Execution,
    IERC7579AccountConfig,
    IERC7579Execution,
    IERC7579ModuleConfig
} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Vm} from "forge-std/Test.sol";
import {IABIRulePolicy} from "contracts/interfaces/IABIRulePolicy.sol";
import {IERC20LimitPolicy} from "contracts/interfaces/IERC20LimitPolicy.sol";
import {ILimitPolicy} from "contracts/interfaces/ILimitPolicy.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {ISignatureChecker} from "contracts/interfaces/ISignatureChecker.sol";
import {ITypedDataPolicy} from "contracts/interfaces/ITypedDataPolicy.sol";
import {ANY_TARGET, Action, NO_CALLDATA, Policy, Session, SessionStatus} from "contracts/types/Session.sol";
import {OpenPaymaster} from "../../mocks/OpenPaymaster.sol";
import {PermitToken} from "../../mocks/PermitToken.sol";
import {SignatureAccount} from "../../mocks/SignatureAccount.sol";
import {EntryPointVersion} from "../../utils/EntryPoints.sol";
import {Deployed} from "../../utils/Deployed.sol";
import {SessionTest} from "../../utils/SessionTest.sol";
import {AccountName, AppMessage, SignatureBuilder} from "../../utils/SignatureBuilder.sol";
import {UseBuilder} from "../../utils/UseBuilder.sol";
import {AccountHarness, Feature} from "./AccountHarness.sol";

interface IMintableERC20 is IERC20 {
    function mint(address to, uint256 amount) external;
}

/// @notice What a session can do, and cannot, on any account. {AccountTest} runs this on each kind; what a test is called is
/// its line in docs/accounts.md, where what an account lacks is listed by the reason that {_lacks} logs.
/// @dev It takes the account as an argument, so that it is compiled once and not once for each kind.
///
/// The session may send 50 tokens in total to the shop, approve out of the same budget, send the shop 1 ether a call, call
/// `poke` of any contract, and send at most 7 of another token.
contract AccountBehaviour is SessionTest {
    uint8 private constant TRANSFER = 0;
    uint8 private constant APPROVE = 1;
    uint8 private constant PAY = 2;
    uint8 private constant ANYWHERE = 3;
    uint8 private constant RULED = 4;
    uint8 private constant OWN_REVOCATION = 255;

    bytes4 private constant POKE = bytes4(keccak256("poke()"));
    bytes private constant ANY_GRANT = hex"00";
    bytes4 private constant INVALID_SIGNATURE = 0xffffffff;
    string private constant PERMIT_TYPE =
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)";

    AccountHarness private immutable HARNESS;
    IEntryPoint private immutable ENTRYPOINT;

    address private account;
    address payable private bundler = payable(makeAddr("bundler"));
    address private shop = makeAddr("shop");
    address private thief = makeAddr("thief");
    IMintableERC20 private token;
    IMintableERC20 private otherToken;

    PermitToken private permitToken;
    address private typedDataPolicy;

    Session private session;
    bytes32 private id;

    /// The state before the account had the manager.
    uint256 private bare;

    constructor(AccountHarness harness) {
        HARNESS = harness;
        ENTRYPOINT = harness.entryPoint();
    }

    function setUp() public override {
        super.setUp();
        token = IMintableERC20(deployCode("MockERC20.sol:MockERC20", abi.encode("USDC", "USDC", 6)));
        otherToken = IMintableERC20(deployCode("MockERC20.sol:MockERC20", abi.encode("EURC", "EURC", 6)));
        permitToken = new PermitToken();
        typedDataPolicy = Deployed.at("typedDataPolicy", "TypedDataPolicy.sol:TypedDataPolicy", abi.encode(abiRules));
        HARNESS.create(address(manager));
        account = HARNESS.account();
        _fund(account);
        bare = vm.snapshotState();
        _handle(_ownerCall(account, HARNESS.installCall(address(manager), _grantRule())));

        store(session, _newSession(account, 0));
        id = _grant(session);
        // EntryPoint v0.8 refuses the second in which a session begins.
        vm.warp(block.timestamp + 1 hours);
    }

    /*//////////////////////////////////////////////////////////////
                              WHAT IT MAY DO
    //////////////////////////////////////////////////////////////*/

    function test_InstallsTheManager() external view {
        assertTrue(manager.isInitialized(account));
        assertTrue(IERC7579ModuleConfig(account).isModuleInstalled(1, address(manager), ""));
        (bool allowed, bytes memory prefix) = manager.signedGrantsOf(account);
        assertTrue(allowed);
        assertEq(prefix, HARNESS.grantPrefix());
    }

    function test_SendsTokensUpToALimit() external {
        _handle(_transferOp(shop, 20e6));
        _handle(_transferOp(shop, 30e6));
        assertEq(token.balanceOf(shop), 50e6);
        assertEq(_spent(), 50e6);
        _handleOverLimit(_transferOp(shop, 1), TRANSFER, 50e6, 1);
    }

    function test_MakesSeveralCallsInABatch() external {
        Execution[] memory list = new Execution[](2);
        list[0] = Execution(address(token), 0, abi.encodeCall(IERC20.transfer, (shop, 10e6)));
        list[1] = Execution(shop, 1 ether, "");
        _handle(_sessionOp(session, claim(TRANSFER, PAY), batch(list)));
        assertEq(token.balanceOf(shop), 10e6);
        assertEq(shop.balance, 1 ether);
    }

    function test_ApprovesOutOfTheSameLimit() external {
        _handle(_op(APPROVE, address(token), 0, abi.encodeCall(IERC20.approve, (shop, 30e6))));
        assertEq(token.allowance(account, shop), 30e6);
        _handleOverLimit(_transferOp(shop, 21e6), TRANSFER, 30e6, 21e6);
    }

    function test_KeepsToRulesOnArguments() external {
        _handle(_op(RULED, address(otherToken), 0, abi.encodeCall(IERC20.transfer, (thief, 7))));
        assertEq(otherToken.balanceOf(thief), 7);
        bytes memory inner = abi.encodeWithSelector(
            IABIRulePolicy.RuleNotMet.selector, 0, 1, 32, 3, abi.encode(uint256(7)), bytes32(uint256(8))
        );
        _handleRefused(
            _op(RULED, address(otherToken), 0, abi.encodeCall(IERC20.transfer, (thief, 8))),
            abi.encodeWithSelector(ISessionKeyManager.PolicyRefused.selector, id, 0, RULED, abiRules, inner)
        );
    }

    function test_SendsEther() external {
        _handle(_op(PAY, shop, 1 ether, ""));
        assertEq(shop.balance, 1 ether);
        _handleRefused(
            _op(PAY, shop, 1 ether + 1, ""),
            abi.encodeWithSelector(ISessionKeyManager.ValueExceeded.selector, id, 0, PAY, 1 ether, 1 ether + 1)
        );
    }

    function test_ActsThroughExecuteUserOp() external {
        bytes memory callData = bytes.concat(IAccountExecute.executeUserOp.selector, _transfer(shop, 1e6));
        PackedUserOperation memory op = _sessionOp(session, claim(TRANSFER), callData);
        if (!_lacks(Feature.ExecuteUserOp)) {
            _handle(op);
            assertEq(token.balanceOf(shop), 1e6);
            return;
        }
        (bool inValidation, bytes memory reason) = HARNESS.executeUserOpOutcome();
        if (inValidation) {
            _expectRevert(_refusal(reason), op);
        } else {
            bytes32 opHash = HARNESS.hashOf(op);
            vm.expectEmit(address(ENTRYPOINT));
            emit UserOperationRevertReason(opHash, account, op.nonce, reason);
            _handle(op);
        }
        assertEq(token.balanceOf(shop), 0);
    }

    function test_SharesALimitAmongOperationsOfABundle() external {
        PackedUserOperation[] memory ops = _twoOps(25e6, 25e6 + 1);
        bytes memory inner = abi.encodeWithSelector(ILimitPolicy.TotalLimitExceeded.selector, 50e6, 25e6, 25e6 + 1);
        bytes memory reason =
            abi.encodeWithSelector(ISessionKeyManager.PolicyRefused.selector, id, 0, TRANSFER, erc20Limit, inner);
        reason = HARNESS.passedOn(reason);
        vm.expectRevert(abi.encodeWithSignature("FailedOpWithRevert(uint256,string,bytes)", 1, "AA23 reverted", reason));
        _handle(ops);
        assertEq(_spent(), 0);

        _handle(_twoOps(25e6, 25e6));
        assertEq(token.balanceOf(shop), 50e6);
    }

    function test_ActsInSeveralNonceSequences() external {
        PackedUserOperation[] memory ops = new PackedUserOperation[](2);
        for (uint16 lane = 0; lane < 2; ++lane) {
            // The last of them first.
            ops[lane] = _newOp(account, _transfer(shop, 1));
            ops[lane].nonce = HARNESS.nonceThrough(account, address(manager), type(uint16).max - lane);
            _signOp(ops[lane], session, claim(TRANSFER));
        }
        _handle(ops);
        _handle(_transferOp(shop, 1));
        assertEq(token.balanceOf(shop), 3);
        // Each has its order.
        ops[1].nonce += 2;
        _signOp(ops[1], session, claim(TRANSFER));
        _handleFailed(ops[1], "AA25 invalid account nonce");
    }

    function test_HasADailyLimit() external {
        Session memory daily = newSession(account);
        daily.validAfter -= 1;
        daily.actions = new Action[](1);
        daily.actions[0] = newAction(
            address(token),
            IERC20.transfer.selector,
            address(erc20Limit),
            abi.encodePacked(uint8(4), uint128(50e6), uint32(1 days), uint48(0))
        );
        bytes32 dailyId = _grant(daily);

        uint48 today = uint48(block.timestamp);
        uint256 tomorrow = (block.timestamp / 1 days + 1) * 1 days;
        _handle(_sessionOp(daily, today, claim(0), _transfer(shop, 50e6)));
        bytes memory inner = abi.encodeWithSelector(ILimitPolicy.PeriodLimitExceeded.selector, 50e6, 50e6, 1, tomorrow);
        _handleRefused(
            _sessionOp(daily, today, claim(0), _transfer(shop, 1)),
            abi.encodeWithSelector(ISessionKeyManager.PolicyRefused.selector, dailyId, 0, 0, erc20Limit, inner)
        );
        // Tomorrow's budget is not to be had today.
        PackedUserOperation memory early = _sessionOp(daily, uint48(tomorrow), claim(0), _transfer(shop, 50e6));
        _handleFailed(early, "AA22 expired or not due");
        vm.warp(tomorrow + 1);
        _handle(early);
        assertEq(token.balanceOf(shop), 100e6);
    }

    function test_HasALimitOnEther() external {
        address policy = Deployed.at("nativeLimitPolicy", "NativeLimitPolicy.sol:NativeLimitPolicy");
        Session memory limited = _newSession(account, 1);
        limited.actions[PAY].policies = new Policy[](1);
        limited.actions[PAY].policies[0] = Policy(policy, abi.encodePacked(uint8(2), uint128(1.5 ether)));
        bytes32 limitedId = _grant(limited);

        _handle(_sessionOp(limited, claim(PAY), single(shop, 1 ether, "")));
        assertEq(shop.balance, 1 ether);
        bytes memory inner =
            abi.encodeWithSelector(ILimitPolicy.TotalLimitExceeded.selector, 1.5 ether, 1 ether, 0.5 ether + 1);
        _handleRefused(
            _sessionOp(limited, claim(PAY), single(shop, 0.5 ether + 1, "")),
            abi.encodeWithSelector(ISessionKeyManager.PolicyRefused.selector, limitedId, 0, PAY, policy, inner)
        );
    }

    function test_HasALimitOnItsOperations() external {
        address policy = Deployed.at("usageLimitPolicy", "UsageLimitPolicy.sol:UsageLimitPolicy");
        (Session memory limited, bytes32 limitedId) = _grantWithOperationPolicy(policy, 2);
        _handle(_sessionOp(limited, claim(TRANSFER), _transfer(shop, 1)));
        // A batch is one operation.
        _handle(_sessionOp(limited, claim(TRANSFER, TRANSFER), _twoTransfers()));
        assertEq(token.balanceOf(shop), 3);
        _handleOperationRefused(limited, limitedId, policy, 2, 2, 1);
    }

    function test_HasALimitOnGas() external {
        address policy = Deployed.at("gasLimitPolicy", "GasLimitPolicy.sol:GasLimitPolicy");
        PackedUserOperation memory op = _newOp(account, _transfer(shop, 1));
        uint256 cost = _gasOf(op) * 1 gwei;
        (Session memory limited, bytes32 limitedId) = _grantWithOperationPolicy(policy, uint128(2 * cost - 1));
        _handle(_sessionOp(limited, claim(TRANSFER), _transfer(shop, 1)));
        assertEq(token.balanceOf(shop), 1);
        _handleOperationRefused(limited, limitedId, policy, 2 * cost - 1, cost, cost);
    }

    function test_IsPaidForByAPaymaster() external {
        address paymaster = _newPaymaster();
        Session memory sponsored = session;
        sponsored.paymaster = paymaster;
        bytes32 sponsoredId = _grant(sponsored);

        uint256 balance = account.balance;
        uint256 deposit = ENTRYPOINT.balanceOf(account);
        PackedUserOperation memory op = _newOp(account, _transfer(shop, 1));
        op.paymasterAndData = abi.encodePacked(paymaster, uint128(100_000), uint128(0));
        _signOp(op, sponsored, claim(TRANSFER));
        _handle(op);
        assertEq(token.balanceOf(shop), 1);
        assertEq(account.balance, balance);
        assertEq(ENTRYPOINT.balanceOf(account), deposit);

        // The account does not pay in its stead.
        _handleRefused(
            _sessionOp(sponsored, claim(TRANSFER), _transfer(shop, 1)),
            abi.encodeWithSelector(ISessionKeyManager.PaymasterNotAllowed.selector, sponsoredId, paymaster, address(0))
        );
    }

    function test_ActsWithAP256Key() external {
        address verifier = Deployed.at("p256Verifier", "P256Verifier.sol:P256Verifier", abi.encode(false));
        uint256 privateKey = uint256(keccak256("a P-256 key"));
        (uint256 x, uint256 y) = vm.publicKeyP256(privateKey);
        Session memory s = _newSession(account, 1);
        s.sessionKey = abi.encodePacked(verifier, x, y);
        bytes32 sessionId = _grant(s);

        PackedUserOperation memory op = _newOp(account, _transfer(shop, 1));
        bytes memory use = UseBuilder.pack(s, 0, claim(TRANSFER));
        bytes32 digest = manager.hashUse(HARNESS.hashOf(op), sessionId, keccak256(use));
        op.signature = abi.encodePacked(use, _signP256(privateKey, digest));
        _handle(op);
        assertEq(token.balanceOf(shop), 1);

        op.nonce += 1;
        _handleFailed(op, "AA24 signature error");
    }

    function test_CountsWhatFailsInExecution() external {
        vm.startPrank(account);
        assertTrue(token.transfer(thief, token.balanceOf(account)));
        vm.stopPrank();
        _handle(_transferOp(shop, 20e6));
        assertEq(token.balanceOf(shop), 0);
        assertEq(_spent(), 20e6);
    }

    /*//////////////////////////////////////////////////////////////
                           HOW IT IS GRANTED
    //////////////////////////////////////////////////////////////*/

    function test_IsGrantedByAMerkleRoot() external {
        Session memory leaf = _newSession(account, 1);
        bytes32 leafId = UseBuilder.hash(leaf);
        bytes32 sibling = keccak256("another session");
        bytes32 root =
            leafId < sibling ? keccak256(abi.encode(leafId, sibling)) : keccak256(abi.encode(sibling, leafId));
        bytes32[] memory proof = new bytes32[](1);
        proof[0] = sibling;
        _handle(_ownerCall(address(manager), _grantCall(root)));

        bytes memory use = UseBuilder.withProof(UseBuilder.pack(leaf, 0, claim(TRANSFER)), proof);
        _handle(_opOfUse(leaf, use, _transfer(shop, 1)));
        assertEq(token.balanceOf(shop), 1);

        _handle(_ownerCall(address(manager), _revokeCall(leafId)));
        _handleRefused(
            _opOfUse(leaf, use, _transfer(shop, 1)),
            abi.encodeWithSelector(ISessionKeyManager.SessionIsRevoked.selector, leafId)
        );
    }

    function test_IsGrantedByTheOwnersSignature() external {
        Session memory first = _newSession(account, 1);
        Session memory second = _newSession(account, 2);
        bytes32[] memory ids = _ids(UseBuilder.hash(first), UseBuilder.hash(second));
        bytes memory grant = _signGrant(account, ids);

        // One signature for two sessions, used in either order.
        _handle(_grantOp(second, ids, 1, grant));
        assertEq(uint256(manager.sessionStatus(account, ids[1])), uint256(SessionStatus.Granted));
        assertEq(uint256(manager.sessionStatus(account, ids[0])), uint256(SessionStatus.None));
        _handle(_grantOp(first, ids, 0, grant));
        // From then on without it.
        _handle(_sessionOp(first, claim(TRANSFER), _transfer(shop, 1)));
        assertEq(token.balanceOf(shop), 3);
    }

    function test_IsPublishedWithTheOwnersSignature() external {
        Session memory published = _newSession(account, 1);
        bytes32[] memory ids = _ids(UseBuilder.hash(published));
        bytes memory use = UseBuilder.withPublication(
            UseBuilder.withGrant(UseBuilder.pack(published, 0, claim(TRANSFER)), ids, 0, _signGrant(account, ids)),
            published
        );
        PackedUserOperation memory op = _opOfUse(published, use, _transfer(shop, 1));
        vm.expectEmit(address(manager));
        emit ISessionKeyManager.SessionPublished(account, ids[0], abi.encode(published));
        _handle(op);
        assertEq(token.balanceOf(shop), 1);
    }

    function test_IsGrantedInTheOperationThatInstallsTheManager() external {
        vm.revertToState(bare);
        Session memory fresh = _newSession(account, 1);
        bytes32[] memory ids = _ids(UseBuilder.hash(fresh));
        bytes memory grant = _signGrant(account, ids);
        if (_lacks(Feature.InstallInOperation)) {
            _expectRevert(HARNESS.refusalWithoutManager(), _grantOp(fresh, ids, 0, grant));
            return;
        }
        _handle(_enableOp(fresh, grant, _grantRule(), 0));
        assertTrue(manager.isInitialized(account));
        assertEq(token.balanceOf(shop), 1);
        assertEq(uint256(manager.sessionStatus(account, ids[0])), uint256(SessionStatus.Granted));
        // And as an installed validator after that.
        _handle(_sessionOp(fresh, claim(TRANSFER), _transfer(shop, 1)));
        assertEq(token.balanceOf(shop), 2);
    }

    function test_IsGrantedInTheOperationThatDeploysTheAccount() external {
        if (_lacks(Feature.DeployInOperation)) {
            _handleLateDeployment();
            return;
        }
        (PackedUserOperation memory op, bytes32 sessionId) = _deployingOp(true);
        _handle(op);
        _assertDeployedAndGranted(op.sender, sessionId);
    }

    function test_IsGrantedInTheOperationThatDeploysTheAccountAndInstallsTheManager() external {
        if (_lacks(Feature.DeployInOperation)) {
            _handleLateDeployment();
            return;
        }
        (PackedUserOperation memory op, bytes32 sessionId) = _deployingOp(false);
        if (_lacks(Feature.InstallInOperation)) {
            _expectRevert(HARNESS.refusalWithoutManager(), op);
            return;
        }
        _handle(op);
        _assertDeployedAndGranted(op.sender, sessionId);
    }

    /*//////////////////////////////////////////////////////////////
                              HOW IT ENDS
    //////////////////////////////////////////////////////////////*/

    function test_IsRevoked() external {
        _handle(_ownerCall(address(manager), _revokeCall(id)));
        _handleRefused(_transferOp(shop, 1), abi.encodeWithSelector(ISessionKeyManager.SessionIsRevoked.selector, id));
    }

    function test_IsRevokedWithAllOthers() external {
        _handle(_ownerCall(address(manager), abi.encodeCall(manager.revokeAll, (7))));
        _handleRefused(
            _transferOp(shop, 1), abi.encodeWithSelector(ISessionKeyManager.EpochMismatch.selector, id, 0, 7)
        );
    }

    function test_RevokesItself() external {
        _handle(_op(OWN_REVOCATION, address(manager), 0, _revokeCall(id)));
        assertEq(uint256(manager.sessionStatus(account, id)), uint256(SessionStatus.Revoked));
        _handleRefused(_transferOp(shop, 1), abi.encodeWithSelector(ISessionKeyManager.SessionIsRevoked.selector, id));
    }

    function test_EndsWithTheManagersRemoval() external {
        _handle(_ownerCall(account, HARNESS.uninstallCall("")));
        assertFalse(manager.isInitialized(account));
        assertFalse(IERC7579ModuleConfig(account).isModuleInstalled(1, address(manager), ""));
        _expectRevert(HARNESS.refusalWithoutManager(), _transferOp(shop, 1));

        // Not even the next installation brings it back.
        _handle(_ownerCall(account, HARNESS.installCall(address(manager), _grantRule())));
        _handleEpochPassed();
    }

    function test_EndsWithARemovalThatTheManagerIsNotToldOf() external {
        if (_isSpared(Feature.SilentRemoval)) {
            // The removal fails as a whole, and the manager stays.
            bytes memory call = HARNESS.uninstallCall("");
            vm.mockCallRevert(address(manager), abi.encodeWithSelector(manager.onUninstall.selector), "out of gas");
            _handle(_ownerCall(account, call));
            vm.clearMockedCalls();
            assertTrue(IERC7579ModuleConfig(account).isModuleInstalled(1, address(manager), ""));
            _handle(_transferOp(shop, 1));
            assertEq(token.balanceOf(shop), 1);
            return;
        }
        _handle(_ownerCall(account, HARNESS.silentRemovalCall()));
        vm.clearMockedCalls();
        assertTrue(manager.isInitialized(account), "the manager was not told");
        _expectRevert(HARNESS.refusalAfterSilentRemoval(), _transferOp(shop, 1));

        _handle(_ownerCall(account, HARNESS.installCall(address(manager), _grantRule())));
        _handleEpochPassed();
    }

    function test_RemovesTheManagerWhateverItIsTold() external {
        _handle(_ownerCall(address(manager), abi.encodeCall(manager.revokeAll, (7))));
        _handle(_ownerCall(account, HARNESS.uninstallCall(hex"de1e7e0123")));
        assertFalse(manager.isInitialized(account));
        assertGt(manager.epochOf(account), 7);
        // And again, as often as one likes.
        _handle(_ownerCall(account, HARNESS.installCall(address(manager), "")));
        (bool allowed,) = manager.signedGrantsOf(account);
        assertFalse(allowed);
        _handle(_ownerCall(account, HARNESS.uninstallCall("")));
        assertFalse(manager.isInitialized(account));
    }

    /*//////////////////////////////////////////////////////////////
                            WHAT IS REFUSED
    //////////////////////////////////////////////////////////////*/

    function test_SaysWhyItRefuses() external {
        PackedUserOperation memory op = _transferOp(thief, 1);
        bytes memory inner = abi.encodeWithSelector(IERC20LimitPolicy.RecipientNotAllowed.selector, thief);
        bytes memory reason =
            abi.encodeWithSelector(ISessionKeyManager.PolicyRefused.selector, id, 0, TRANSFER, erc20Limit, inner);
        _expectRevert(_refusal(_lacks(Feature.Errors) ? HARNESS.passedOn(reason) : reason), op);
    }

    function test_RevertWhen_AnotherTarget() external {
        _handleRefused(
            _op(TRANSFER, address(otherToken), 0, abi.encodeCall(IERC20.transfer, (shop, 1))),
            abi.encodeWithSelector(
                ISessionKeyManager.TargetNotAllowed.selector, id, 0, TRANSFER, address(token), address(otherToken)
            )
        );
    }

    function test_RevertWhen_AnotherFunction() external {
        _handleRefused(
            _op(TRANSFER, address(token), 0, abi.encodeCall(IERC20.transferFrom, (account, shop, 1))),
            abi.encodeWithSelector(
                ISessionKeyManager.SelectorNotAllowed.selector,
                id,
                0,
                TRANSFER,
                IERC20.transfer.selector,
                IERC20.transferFrom.selector
            )
        );
    }

    function test_RevertWhen_AnotherRecipient() external {
        bytes memory inner = abi.encodeWithSelector(IERC20LimitPolicy.RecipientNotAllowed.selector, thief);
        _handleRefused(
            _transferOp(thief, 1),
            abi.encodeWithSelector(ISessionKeyManager.PolicyRefused.selector, id, 0, TRANSFER, erc20Limit, inner)
        );
    }

    function test_RevertWhen_WithEtherThatIsNotGranted() external {
        _handleRefused(
            _op(TRANSFER, address(token), 1, abi.encodeCall(IERC20.transfer, (shop, 1))),
            abi.encodeWithSelector(ISessionKeyManager.ValueExceeded.selector, id, 0, TRANSFER, 0, 1)
        );
    }

    function test_RevertWhen_NeverInstalled() external {
        PackedUserOperation memory op = _transferOp(shop, 1);
        vm.revertToState(bare);
        _expectRevert(HARNESS.refusalWithoutManager(), op);
    }

    function test_RevertWhen_NeverGranted() external {
        Session memory other = _newSession(account, 1);
        _handleRefused(
            _sessionOp(other, claim(TRANSFER), _transfer(shop, 1)),
            abi.encodeWithSelector(ISessionKeyManager.SessionNotGranted.selector, UseBuilder.hash(other))
        );
    }

    function test_RevertWhen_SignedByAnotherKey() external {
        key = vm.createWallet("thief's key");
        _handleFailed(_transferOp(shop, 1), "AA24 signature error");
    }

    function test_RevertWhen_Replayed() external {
        PackedUserOperation memory op = _transferOp(shop, 1);
        _handle(op);
        _handleFailed(op, "AA25 invalid account nonce");
        // The same signature on the next operation.
        op.nonce += 1;
        _handleFailed(op, "AA24 signature error");
    }

    function test_RevertWhen_NotStarted() external {
        PackedUserOperation memory op = _transferOp(shop, 1);
        vm.warp(session.validAfter - 1);
        _handleFailed(op, "AA22 expired or not due");
        vm.warp(session.validAfter);
        if (HARNESS.version() == EntryPointVersion.V07) {
            _handle(op);
        } else {
            // From v0.8 on, every window begins a second later.
            _handleFailed(op, "AA22 expired or not due");
            vm.warp(session.validAfter + 1);
            _handle(op);
        }
        assertEq(token.balanceOf(shop), 1);
    }

    function test_RevertWhen_Expired() external {
        PackedUserOperation memory op = _transferOp(shop, 1);
        vm.warp(session.validUntil + 1);
        _handleFailed(op, "AA22 expired or not due");
        vm.warp(session.validUntil);
        _handle(op);
        assertEq(token.balanceOf(shop), 1);
    }

    function test_RevertWhen_ItCostsMore() external {
        PackedUserOperation memory op = _newOp(account, _transfer(shop, 1));
        uint256 gas =
            op.preVerificationGas + (uint256(op.accountGasLimits) >> 128) + uint128(uint256(op.accountGasLimits));
        uint256 price = 1 ether / gas + 1;
        op.gasFees = bytes32(uint256(1) << 128 | price);
        _signOp(op, session, claim(TRANSFER));
        _handleRefused(op, abi.encodeWithSelector(ISessionKeyManager.OpCostExceeded.selector, id, 1 ether, gas * price));
    }

    function test_RevertWhen_PaymasterIsNotGranted() external {
        address paymaster = _newPaymaster();
        PackedUserOperation memory op = _newOp(account, _transfer(shop, 1));
        op.paymasterAndData = abi.encodePacked(paymaster, uint128(100_000), uint128(0));
        _signOp(op, session, claim(TRANSFER));
        _handleRefused(
            op, abi.encodeWithSelector(ISessionKeyManager.PaymasterNotAllowed.selector, id, address(0), paymaster)
        );
    }

    function test_RevertWhen_TryMode() external {
        bytes memory call = abi.encodePacked(address(token), uint256(0), abi.encodeCall(IERC20.transfer, (shop, 1)));
        _expectModeRefused(bytes32(uint256(1) << 240), call);
        // The same in batches.
        _expectModeRefused(bytes32(uint256(0x0101) << 240), call);
    }

    function test_RevertWhen_Delegatecall() external {
        bytes memory call = abi.encodePacked(address(token), abi.encodeCall(IERC20.transfer, (shop, 1)));
        _expectModeRefused(bytes32(uint256(0xff) << 248), call);
    }

    function test_RevertWhen_StaticCall() external {
        bytes memory call = abi.encodePacked(address(token), uint256(0), abi.encodeCall(IERC20.transfer, (shop, 1)));
        _expectModeRefused(bytes32(uint256(0xfe) << 248), call);
    }

    function test_RevertWhen_JunkInTheMode() external {
        bytes memory call = abi.encodePacked(address(token), uint256(0), abi.encodeCall(IERC20.transfer, (shop, 1)));
        for (uint256 bit = 0; bit < 240; bit += 8) {
            _expectModeRefused(bytes32(uint256(1) << bit), call);
        }
    }

    function test_RevertWhen_BytesFollowTheExecution() external {
        bytes memory callData = bytes.concat(_transfer(shop, 1), bytes32(0));
        // The position of the length, which is not all that follows.
        _handleRefused(
            _sessionOp(session, claim(TRANSFER), callData),
            abi.encodeWithSelector(ISessionKeyManager.NonCanonicalExecution.selector, 68)
        );
    }

    function test_RevertWhen_AnotherFunctionOfTheAccount() external {
        bytes memory callData = HARNESS.installCall(thief, "");
        _handleRefused(
            _sessionOp(session, claim(TRANSFER), callData),
            abi.encodeWithSelector(
                ISessionKeyManager.FunctionNotExecute.selector, IERC7579ModuleConfig.installModule.selector
            )
        );
    }

    function test_RevertWhen_CallToItselfInstallsAModule() external {
        bytes memory install = HARNESS.installCall(thief, "");
        _expectTargetForbidden(account, install);
        // Some accounts read the zero address as themselves.
        _expectTargetForbidden(address(0), install);
    }

    function test_RevertWhen_CallToTheManager() external {
        _expectTargetForbidden(address(manager), _grantCall(bytes32(uint256(1))));
    }

    function test_RevertWhen_CallToTheEntryPoint() external {
        bytes memory call = abi.encodeWithSignature("withdrawTo(address,uint256)", thief, 1);
        _expectTargetForbidden(address(ENTRYPOINT), call);
    }

    function test_RevertWhen_CallToAModule() external {
        address module = deployCode("OwnerValidator.sol:OwnerValidator");
        _handle(_ownerCall(account, HARNESS.installCall(module, abi.encodePacked(shop))));
        _handleRefused(
            _op(ANYWHERE, module, 0, abi.encodeWithSelector(POKE)),
            abi.encodeWithSelector(ISessionKeyManager.TargetIsModule.selector, id, 0, module)
        );
    }

    function test_RevertWhen_FunctionOfAModuleAnywhere() external {
        Session memory wide = newSession(account);
        wide.actions = new Action[](1);
        wide.actions[0] = newAction(ANY_TARGET, IERC7579ModuleConfig.installModule.selector);
        bytes32 wideId = _grant(wide);
        bytes memory install = HARNESS.installCall(thief, "");
        _handleRefused(
            _sessionOp(wide, claim(0), single(thief, 0, install)),
            abi.encodeWithSelector(
                ISessionKeyManager.SelectorForbidden.selector, wideId, 0, IERC7579ModuleConfig.installModule.selector
            )
        );
    }

    function test_RevertWhen_TheAccountIsGivenACallBeforeValidation() external {
        PackedUserOperation memory op = _newOp(account, _transfer(shop, 1));
        op.initCode = abi.encodePacked(bytes20(bytes2(0x7702)), IERC7579AccountConfig.accountId.selector);
        if (HARNESS.version() == EntryPointVersion.V07) {
            _signOp(op, session, claim(TRANSFER));
            _handleFailed(op, "AA10 sender already constructed");
        } else if (account.code.length == 23) {
            _signOp(op, session, claim(TRANSFER));
            _handleRefused(op, abi.encodeWithSelector(ISessionKeyManager.InitializerNotAllowed.selector, 24));
        } else {
            // The operation does not even have a hash.
            vm.expectRevert("not an EIP-7702 delegate");
            _handle(op);
        }
    }

    /*//////////////////////////////////////////////////////////////
                              WHAT IT MAY SIGN
    //////////////////////////////////////////////////////////////*/

    function test_SignsAPermitOfAnAllowedToken() external {
        Session memory signing = _signingSession(account, permitToken);
        _grant(signing);
        _permit(permitToken, 50e6, _signPermit(signing, permitToken, 50e6));
        assertEq(permitToken.allowance(account, shop), 50e6);
    }

    function test_SignsAPersonalMessageThatBeginsAsAllowed() external {
        Session memory signing = _signingSession(account, permitToken);
        _grant(signing);
        bytes memory text = "app.example wants you to sign in";
        _expectValid(_personalHash(text), _signPersonal(signing, text));
        bytes memory other = "evil.example wants you to sign in";
        bytes memory inner = abi.encodeWithSelector(ITypedDataPolicy.PersonalMessageNotAllowed.selector, other.length);
        _expectNotValid(_personalHash(other), _signPersonal(signing, other), _signaturePolicyRefused(signing, inner));
    }

    /*//////////////////////////////////////////////////////////////
                      SIGNATURES THAT ARE REFUSED
    //////////////////////////////////////////////////////////////*/

    function test_RevertWhen_SignsForAnotherDomain() external {
        PermitToken other = new PermitToken();
        Session memory signing = _signingSession(account, permitToken);
        _grant(signing);
        _expectPermitRefused(
            other, 1, _signPermit(signing, other, 1), _typedDataNotAllowed(signing, _permitMessage(other, account, 1))
        );
    }

    function test_RevertWhen_SignsForMoreThanItMay() external {
        Session memory signing = _signingSession(account, permitToken);
        _grant(signing);
        bytes memory inner = abi.encodeWithSelector(
            IABIRulePolicy.RuleNotMet.selector, 1, 2, 32, 3, abi.encode(50e6), bytes32(uint256(50e6 + 1))
        );
        inner = abi.encodeWithSelector(ITypedDataPolicy.RulesNotMet.selector, inner);
        _expectPermitRefused(
            permitToken, 50e6 + 1, _signPermit(signing, permitToken, 50e6 + 1), _signaturePolicyRefused(signing, inner)
        );
    }

    function test_RevertWhen_SignsForAnotherType() external {
        Session memory signing = _signingSession(account, permitToken);
        _grant(signing);
        AppMessage memory message = _permitMessage(permitToken, account, 1);
        message.primaryType = "Consent";
        message.encodedType = "Consent(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)";
        _expectNotValid(message.hash(), _signMessage(signing, message), _typedDataNotAllowed(signing, message));
    }

    function test_RevertWhen_SignsOutsideItsWindow() external {
        Session memory signing = _signingSession(account, permitToken);
        bytes32 signingId = _grant(signing);
        bytes memory signature = _signPermit(signing, permitToken, 1);
        vm.warp(signing.validUntil + 1);
        bytes memory reason = abi.encodeWithSelector(
            ISignatureChecker.OutsideWindow.selector,
            signingId,
            signing.validAfter,
            signing.validUntil,
            signing.validUntil + 1
        );
        _expectPermitRefused(permitToken, 1, signature, reason);
    }

    function test_RevertWhen_SignsAfterItsRevocation() external {
        Session memory signing = _signingSession(account, permitToken);
        bytes32 signingId = UseBuilder.hash(signing);
        bytes memory signature = _signPermit(signing, permitToken, 1);
        _expectPermitRefused(
            permitToken, 1, signature, abi.encodeWithSelector(ISessionKeyManager.SessionNotGranted.selector, signingId)
        );
        _grant(signing);
        _handle(_ownerCall(address(manager), _revokeCall(signingId)));
        _expectPermitRefused(
            permitToken, 1, signature, abi.encodeWithSelector(ISessionKeyManager.SessionIsRevoked.selector, signingId)
        );
    }

    /// @dev The key has the same session on two accounts, and the message does not say whose it is.
    function test_RevertWhen_ASignatureIsPresentedToAnotherAccount() external {
        Session memory signing = _signingSession(account, permitToken);
        _grant(signing);
        SignatureAccount second = new SignatureAccount(manager, HARNESS.wrapsHashes());
        Session memory twin = _signingSession(address(second), permitToken);
        bytes32 twinId = grant(twin);
        bytes memory text = "app.example wants you to sign in";
        bytes32 hash = _personalHash(text);
        bytes memory signature = _signPersonal(signing, text);

        assertEq(second.isValidSignature(hash, signature), INVALID_SIGNATURE);
        _expectRefusedBecause(
            address(second),
            second.handedOver(hash),
            signature,
            abi.encodeWithSelector(ISignatureChecker.NotSignedByKey.selector, twinId)
        );
        _expectValid(hash, signature);
        assertEq(second.isValidSignature(hash, _signPersonal(twin, text)), IERC1271.isValidSignature.selector);
    }

    function test_RevertWhen_NothingIsGrantedToSign() external {
        AppMessage memory message = _permitMessage(permitToken, account, 1);
        _expectNotValid(
            message.hash(),
            _signMessage(session, message),
            abi.encodeWithSelector(ISignatureChecker.NothingMayBeSigned.selector)
        );
    }

    /*//////////////////////////////////////////////////////////////
                        GRANTS THAT ARE REFUSED
    //////////////////////////////////////////////////////////////*/

    function test_RevertWhen_GrantIsSignedByTheSessionKey() external {
        _handle(_ownerCall(address(manager), abi.encodeCall(manager.setSignedGrants, (ANY_GRANT))));
        Session memory wish = _newSession(account, 1);
        bytes32[] memory ids = _ids(UseBuilder.hash(wish));
        bytes32 digest = _bundleDigest(ids);
        // In the name of the manager, and in that of the owner.
        bytes memory grant = HARNESS.signThrough(account, address(manager), key, digest);
        _handleRefused(
            _grantOp(wish, ids, 0, grant),
            abi.encodeWithSelector(
                ISessionKeyManager.GrantNotSigned.selector, ids[0], digest, abi.encode(bytes4(0xffffffff))
            )
        );
        _expectGrantNotSigned(wish, ids, _forgeGrant(ids));
    }

    function test_RevertWhen_GrantIsSignedByAWeakerValidator() external {
        Vm.Wallet memory weak = vm.createWallet("weak key");
        address validator = deployCode("OwnerValidator.sol:OwnerValidator");
        _handle(_ownerCall(account, HARNESS.installCall(validator, abi.encodePacked(weak.addr))));
        Session memory wish = _newSession(account, 1);
        bytes32[] memory ids = _ids(UseBuilder.hash(wish));
        bytes memory grant = HARNESS.signThrough(account, validator, weak, _bundleDigest(ids));
        bytes memory prefix = HARNESS.grantPrefix();
        if (!_lacks(Feature.GrantPrefix)) {
            // As many bytes as the owner's prefix has, in the width of the longest.
            bytes memory start = new bytes(21);
            for (uint256 i = 0; i < prefix.length; ++i) {
                start[i] = grant[i];
            }
            _handleRefused(
                _grantOp(wish, ids, 0, grant),
                abi.encodeWithSelector(ISessionKeyManager.GrantPrefixMismatch.selector, ids[0], prefix, start)
            );
            // If nothing is said of who may grant, then it may.
            _handle(_ownerCall(address(manager), abi.encodeCall(manager.setSignedGrants, (ANY_GRANT))));
        }
        _handle(_grantOp(wish, ids, 0, grant));
        assertEq(token.balanceOf(shop), 1);
    }

    function test_RevertWhen_GrantIsOfAnotherAccount() external {
        // Of the same owner, whose signature is for the session of the other account.
        Session memory wish = _newSession(account, 1);
        Session memory signed = _newSession(makeAddr("another account"), 1);
        bytes memory grant = _signGrant(account, _ids(UseBuilder.hash(signed)));
        _expectGrantNotSigned(wish, _ids(UseBuilder.hash(wish)), grant);
    }

    function test_RevertWhen_GrantIsOfAnotherChain() external {
        Session memory wish = _newSession(account, 1);
        Session memory signed = _newSession(account, 1);
        signed.chainId = block.chainid + 1;
        bytes memory grant = _signGrant(account, _ids(UseBuilder.hash(signed)));
        _expectGrantNotSigned(wish, _ids(UseBuilder.hash(wish)), grant);
    }

    function test_RevertWhen_GrantIsForAnotherManager() external {
        Session memory wish = _newSession(account, 1);
        bytes32[] memory ids = _ids(UseBuilder.hash(wish));
        ISessionKeyManager other = ISessionKeyManager(deployCode("SessionKeyManager.sol:SessionKeyManager"));
        bytes memory grant = HARNESS.signTypedData(account, _domainOf(other), UseBuilder.hashBundle(ids));
        _expectGrantNotSigned(wish, ids, grant);
    }

    function test_RevertWhen_GrantIsOfAnotherEpoch() external {
        Session memory wish = _newSession(account, 1);
        bytes32[] memory ids = _ids(UseBuilder.hash(wish));
        bytes memory grant = _signGrant(account, ids);
        _handle(_ownerCall(address(manager), abi.encodeCall(manager.revokeAll, (7))));
        _handleRefused(
            _grantOp(wish, ids, 0, grant),
            abi.encodeWithSelector(ISessionKeyManager.EpochMismatch.selector, ids[0], 0, 7)
        );
    }

    function test_RevertWhen_GrantWasRevokedBeforeItsUse() external {
        Session memory wish = _newSession(account, 1);
        bytes32[] memory ids = _ids(UseBuilder.hash(wish));
        bytes memory grant = _signGrant(account, ids);
        _handle(_ownerCall(address(manager), _revokeCall(ids[0])));
        _handleRefused(
            _grantOp(wish, ids, 0, grant), abi.encodeWithSelector(ISessionKeyManager.SessionIsRevoked.selector, ids[0])
        );
    }

    function test_RevertWhen_GrantsBySignatureAreOff() external {
        Session memory wish = _newSession(account, 1);
        bytes32[] memory ids = _ids(UseBuilder.hash(wish));
        bytes memory grant = _signGrant(account, ids);
        _handle(_ownerCall(address(manager), abi.encodeCall(manager.setSignedGrants, (""))));
        _handleRefused(
            _grantOp(wish, ids, 0, grant), abi.encodeWithSelector(ISessionKeyManager.SignedGrantsOff.selector, account)
        );
    }

    function test_RevertWhen_InstallationIsAnotherThanTheOwnerSigned() external {
        vm.revertToState(bare);
        Session memory fresh = _newSession(account, 1);
        bytes32[] memory ids = _ids(UseBuilder.hash(fresh));
        bytes memory grant = _signGrant(account, ids);
        if (_isSpared(Feature.InstallInOperation)) {
            _expectRevert(HARNESS.refusalWithoutManager(), _grantOp(fresh, ids, 0, grant));
            return;
        }
        // Whoever relays it would have any validator grant sessions.
        PackedUserOperation memory op = _enableOp(fresh, grant, ANY_GRANT, 0);
        _expectRevert(_refusal(HARNESS.enableRefusal()), op);
        assertFalse(manager.isInitialized(account));
    }

    function test_RevertWhen_InstallationIsReplayed() external {
        vm.revertToState(bare);
        Session memory fresh = _newSession(account, 1);
        bytes32[] memory ids = _ids(UseBuilder.hash(fresh));
        bytes memory grant = _signGrant(account, ids);
        if (_isSpared(Feature.InstallInOperation)) {
            _expectRevert(HARNESS.refusalWithoutManager(), _grantOp(fresh, ids, 0, grant));
            return;
        }
        PackedUserOperation memory op = _enableOp(fresh, grant, _grantRule(), 0);
        PackedUserOperation memory again = _enableOp(fresh, grant, _grantRule(), 1);
        _handle(op);
        _handle(_ownerCall(account, HARNESS.uninstallCall("")));
        _expectRevert(_refusal(HARNESS.enableReplayRefusal()), again);
        assertFalse(manager.isInitialized(account));
        assertEq(token.balanceOf(shop), 1);
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    /// @dev As in the EntryPoint.
    event UserOperationRevertReason(
        bytes32 indexed userOpHash, address indexed sender, uint256 nonce, bytes revertReason
    );

    /// @dev A session that may sign permits of up to 50 tokens for the shop, and messages that begin like a sign-in.
    function _signingSession(address sender, PermitToken of_) private view returns (Session memory s) {
        s = newSession(sender);
        s.validAfter -= 2 hours;
        s.salt = "signing";
        bytes memory rules = abi.encodePacked(
            uint8(2),
            abi.encodePacked(uint8(1), uint8(0), uint16(1), uint8(20), uint8(0), shop),
            abi.encodePacked(uint8(1), uint8(0), uint16(2), uint8(32), uint8(3), uint256(50e6))
        );
        bytes memory permit = abi.encodePacked(
            uint8(0),
            _permitMessage(of_, sender, 0).separator(),
            keccak256(bytes(PERMIT_TYPE)),
            uint8(5),
            uint8(0),
            rules
        );
        bytes memory personal = abi.encodePacked(uint8(1), "app.example wants you to sign in");
        s.signaturePolicies = new Policy[](1);
        s.signaturePolicies[0] = Policy(
            typedDataPolicy,
            abi.encodePacked(uint8(2), uint16(permit.length), permit, uint16(personal.length), personal)
        );
    }

    function _permitMessage(PermitToken of_, address sender, uint256 value) private view returns (AppMessage memory) {
        return AppMessage({
            name: of_.name(),
            chainId: block.chainid,
            verifyingContract: address(of_),
            primaryType: "Permit",
            encodedType: PERMIT_TYPE,
            fields: abi.encode(sender, shop, value, of_.nonces(sender), type(uint256).max),
            nested: ""
        });
    }

    function _signPermit(Session memory s, PermitToken of_, uint256 value) private returns (bytes memory) {
        return _signMessage(s, _permitMessage(of_, s.account, value));
    }

    /// @dev The session key's signature, as the manager takes it.
    function _signMessage(Session memory s, AppMessage memory message) private returns (bytes memory) {
        bytes memory use = message.use(s, HARNESS.wrapsHashes() ? 8 : 0, new bytes32[](0));
        bytes32 nested = message.nest(s.account, block.chainid, _accountName(s.account));
        return abi.encodePacked(_signNested(s, use, nested), message.envelope());
    }

    function _signNested(Session memory s, bytes memory use, bytes32 nested) private returns (bytes memory) {
        bytes32 digest = SignatureBuilder.digest(address(manager), nested, UseBuilder.hash(s), use);
        (uint8 v, bytes32 r, bytes32 s_) = vm.sign(key, digest);
        return abi.encodePacked(use, r, s_, v);
    }

    /// @dev The same of a personal message.
    function _signPersonal(Session memory s, bytes memory text) private returns (bytes memory) {
        AccountName memory name = _accountName(s.account);
        bytes32 nested = SignatureBuilder.nestPersonal(_personalHash(text), s.account, block.chainid, name);
        bytes memory use = SignatureBuilder.usePersonal(text, s, HARNESS.wrapsHashes() ? 8 : 0, new bytes32[](0));
        return _signNested(s, use, nested);
    }

    function _personalHash(bytes memory text) private pure returns (bytes32) {
        return keccak256(abi.encodePacked("\x19Ethereum Signed Message:\n", vm.toString(text.length), text));
    }

    /// @dev What the account calls itself (ERC-5267); nothing if it does not say.
    function _accountName(address sender) private view returns (AccountName memory name) {
        (bool answered, bytes memory answer) = sender.staticcall(abi.encodeCall(IERC5267.eip712Domain, ()));
        if (!answered || answer.length < 288) return name;
        (, name.name, name.version,,,,) =
            abi.decode(answer, (bytes1, string, string, uint256, address, bytes32, uint256[]));
    }

    /// @dev The manager's signature, as the account takes it.
    function _prefixed(bytes memory signature) private view returns (bytes memory) {
        return bytes.concat(HARNESS.prefixOf(address(manager)), signature);
    }

    function _permit(PermitToken of_, uint256 value, bytes memory signature) private {
        of_.permit(account, shop, value, type(uint256).max, _prefixed(signature));
    }

    /// @dev The token refuses the permit, the account the signature.
    function _expectPermitRefused(PermitToken of_, uint256 value, bytes memory signature, bytes memory reason) private {
        bytes32 hash = _permitMessage(of_, account, value).hash();
        bytes memory prefixed = _prefixed(signature);
        vm.expectRevert(abi.encodeWithSelector(PermitToken.PermitNotSigned.selector, account));
        of_.permit(account, shop, value, type(uint256).max, prefixed);
        _expectNotValid(hash, signature, reason);
    }

    function _expectValid(bytes32 hash, bytes memory signature) private view {
        bytes4 answer = IERC1271(account).isValidSignature(hash, _prefixed(signature));
        assertEq(answer, IERC1271.isValidSignature.selector);
    }

    /// @dev The account answers no, and the signature checker says why.
    function _expectNotValid(bytes32 hash, bytes memory signature, bytes memory reason) private {
        assertEq(IERC1271(account).isValidSignature(hash, _prefixed(signature)), INVALID_SIGNATURE);
        _expectRefusedBecause(account, HARNESS.hashForValidator(account, hash), signature, reason);
    }

    /// @param hash What the account hands the manager.
    function _expectRefusedBecause(address sender, bytes32 hash, bytes memory signature, bytes memory reason) private {
        ISignatureChecker checker = manager.signatureChecker();
        vm.expectRevert(reason);
        checker.checkSignature(sender, address(this), hash, signature);
    }

    function _signaturePolicyRefused(Session memory s, bytes memory inner) private view returns (bytes memory) {
        return abi.encodeWithSelector(
            ISignatureChecker.SignaturePolicyRefused.selector, UseBuilder.hash(s), 0, typedDataPolicy, inner
        );
    }

    function _typedDataNotAllowed(Session memory s, AppMessage memory message) private view returns (bytes memory) {
        bytes memory inner = abi.encodeWithSelector(
            ITypedDataPolicy.TypedDataNotAllowed.selector, message.separator(), keccak256(bytes(message.encodedType))
        );
        return _signaturePolicyRefused(s, inner);
    }

    /// @dev Whether the account lacks a feature. Then docs/accounts.md says why.
    function _lacks(Feature feature) private returns (bool) {
        return _logIfLacking(feature, "no: ");
    }

    /// @dev The same where that is no loss, because what is tested does not arise.
    function _isSpared(Feature feature) private returns (bool) {
        return _logIfLacking(feature, "n/a: ");
    }

    function _logIfLacking(Feature feature, string memory prefix) private returns (bool) {
        string memory reason = HARNESS.reasonAgainst(feature);
        if (bytes(reason).length == 0) return false;
        emit log(string.concat(prefix, reason));
        return true;
    }

    function _fund(address who) private {
        token.mint(who, 1_000_000e6);
        otherToken.mint(who, 1_000_000e6);
        vm.deal(who, 100 ether);
    }

    /// @dev With s in the lower half of its range.
    function _signP256(uint256 privateKey, bytes32 digest) private pure returns (bytes memory) {
        uint256 n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551;
        (bytes32 r, bytes32 s) = vm.signP256(privateKey, digest);
        return abi.encodePacked(r, uint256(s) > n / 2 ? n - uint256(s) : uint256(s));
    }

    function _newPaymaster() private returns (address paymaster) {
        paymaster = address(new OpenPaymaster());
        vm.deal(address(this), 1 ether);
        ENTRYPOINT.depositTo{value: 1 ether}(paymaster);
    }

    function _newSession(address sender, uint256 salt) private view returns (Session memory s) {
        s = newSession(sender);
        // Of the past too, where EntryPoint v0.8 refuses the first second.
        if (salt != 0 || sender != account) s.validAfter -= 1;
        s.salt = bytes32(salt);
        bytes memory limit = abi.encodePacked(uint8(2 | 8), uint128(50e6), uint8(1), shop);
        // transfer(to, amount): amount (word 1, uint256) at most 7.
        bytes memory rule = abi.encodePacked(uint8(1), uint8(1), uint8(0), uint16(1), uint8(32), uint8(3), uint256(7));
        s.actions = new Action[](5);
        s.actions[TRANSFER] = newAction(address(token), IERC20.transfer.selector, address(erc20Limit), limit);
        s.actions[APPROVE] = newAction(address(token), IERC20.approve.selector, address(erc20Limit), limit);
        s.actions[PAY] = newAction(shop, NO_CALLDATA);
        s.actions[PAY].maxValue = 1 ether;
        s.actions[ANYWHERE] = newAction(ANY_TARGET, POKE);
        s.actions[RULED] = newAction(address(otherToken), IERC20.transfer.selector, address(abiRules), rule);
    }

    /// @dev An operation that is to be validated by the manager, with gas enough to deploy an account.
    function _newOp(address sender, bytes memory callData) private view returns (PackedUserOperation memory op) {
        op = newOp(sender, callData);
        op.accountGasLimits = bytes32(uint256(5_000_000) << 128 | 1_000_000);
        op.nonce = HARNESS.nonceThrough(sender, address(manager));
    }

    function _ownerCall(address target, bytes memory data) private returns (PackedUserOperation memory) {
        return HARNESS.signedByOwner(_newOp(account, single(target, 0, data)));
    }

    function _signOp(PackedUserOperation memory op, Session memory s, uint8[] memory claims) private {
        op.signature = sign(s, 0, claims, HARNESS.hashOf(op));
    }

    function _sessionOp(Session memory s, uint8[] memory claims, bytes memory callData)
        private
        returns (PackedUserOperation memory op)
    {
        return _sessionOp(s, 0, claims, callData);
    }

    function _sessionOp(Session memory s, uint48 time, uint8[] memory claims, bytes memory callData)
        private
        returns (PackedUserOperation memory op)
    {
        op = _newOp(s.account, callData);
        op.signature = sign(s, time, claims, HARNESS.hashOf(op));
    }

    function _op(uint8 action, address target, uint256 value, bytes memory data)
        private
        returns (PackedUserOperation memory)
    {
        return _sessionOp(session, claim(action), single(target, value, data));
    }

    function _opOfUse(Session memory s, bytes memory use, bytes memory callData)
        private
        returns (PackedUserOperation memory op)
    {
        op = _newOp(s.account, callData);
        op.signature = signUse(use, UseBuilder.hash(s), HARNESS.hashOf(op));
    }

    /// @dev Sends one token with a session, and with the owner's signature of its grant.
    function _grantOp(Session memory s, bytes32[] memory ids, uint8 place, bytes memory grant)
        private
        returns (PackedUserOperation memory)
    {
        bytes memory use = UseBuilder.withGrant(UseBuilder.pack(s, 0, claim(TRANSFER)), ids, place, grant);
        return _opOfUse(s, use, _transfer(shop, 1));
    }

    /// @dev The same, in an operation that installs the manager.
    /// @param data What `onInstall` gets; the owner signs that it gets the usual.
    /// @param later How many such operations later than the one that the owner signed.
    function _enableOp(Session memory s, bytes memory grant, bytes memory data, uint256 later)
        private
        returns (PackedUserOperation memory)
    {
        PackedUserOperation memory op = _newOp(s.account, _transfer(shop, 1));
        op.nonce = HARNESS.enableNonce(s.account);
        PackedUserOperation memory signedOp = op;
        if (later != 0) {
            op = _newOp(s.account, _transfer(shop, 1));
            op.nonce = signedOp.nonce + later;
        }
        _signEnableOp(op, signedOp, s, grant, data);
        return op;
    }

    function _signEnableOp(
        PackedUserOperation memory op,
        PackedUserOperation memory signedOp,
        Session memory s,
        bytes memory grant,
        bytes memory data
    ) private {
        bytes32 sessionId = UseBuilder.hash(s);
        bytes memory use = UseBuilder.withGrant(UseBuilder.pack(s, 0, claim(TRANSFER)), _ids(sessionId), 0, grant);
        bytes memory signature = signUse(use, sessionId, HARNESS.hashOf(op));
        op.signature = HARNESS.enableSignature(signedOp, _grantRule(), data, signature);
    }

    /// @dev An operation that deploys an account, and is granted by its owner's signature.
    /// @param installed Whether the account comes with the manager, and the operation need not install it.
    function _deployingOp(bool installed) private returns (PackedUserOperation memory op, bytes32 sessionId) {
        (address sender, bytes memory initCode) = HARNESS.undeployed(installed, _grantRule());
        _fund(sender);
        assertEq(sender.code.length, 0);
        Session memory s = _newSession(sender, 0);
        sessionId = UseBuilder.hash(s);
        bytes memory grant = _signGrant(sender, _ids(sessionId));

        op = _newOp(sender, _transfer(shop, 1));
        op.initCode = initCode;
        if (installed || bytes(HARNESS.reasonAgainst(Feature.InstallInOperation)).length != 0) {
            bytes memory use = UseBuilder.withGrant(UseBuilder.pack(s, 0, claim(TRANSFER)), _ids(sessionId), 0, grant);
            op.signature = signUse(use, sessionId, HARNESS.hashOf(op));
        } else {
            op.nonce = HARNESS.enableNonce(sender);
            _signEnableOp(op, op, s, grant, _grantRule());
        }
    }

    function _assertDeployedAndGranted(address sender, bytes32 sessionId) private view {
        assertGt(sender.code.length, 0);
        assertEq(token.balanceOf(shop), 1);
        assertTrue(manager.isInitialized(sender));
        assertEq(uint256(manager.sessionStatus(sender, sessionId)), uint256(SessionStatus.Granted));
    }

    /// @dev An operation can say no more than that the account is an EOA, and only since EntryPoint v0.8.
    function _handleLateDeployment() private {
        PackedUserOperation memory op = _newOp(account, _transfer(shop, 1));
        op.initCode = abi.encodePacked(bytes20(bytes2(0x7702)));
        _signOp(op, session, claim(TRANSFER));
        if (HARNESS.version() == EntryPointVersion.V07) {
            _handleFailed(op, "AA10 sender already constructed");
        } else {
            _handle(op);
            assertEq(token.balanceOf(shop), 1);
        }
    }

    function _transfer(address to, uint256 amount) private view returns (bytes memory) {
        return single(address(token), 0, abi.encodeCall(IERC20.transfer, (to, amount)));
    }

    /// @dev One token each.
    function _twoTransfers() private view returns (bytes memory) {
        Execution[] memory list = new Execution[](2);
        list[0] = Execution(address(token), 0, abi.encodeCall(IERC20.transfer, (shop, 1)));
        list[1] = list[0];
        return batch(list);
    }

    function _transferOp(address to, uint256 amount) private returns (PackedUserOperation memory) {
        return _sessionOp(session, claim(TRANSFER), _transfer(to, amount));
    }

    /// @dev Two operations of the session for one bundle.
    function _twoOps(uint256 first, uint256 second) private returns (PackedUserOperation[] memory ops) {
        ops = new PackedUserOperation[](2);
        ops[0] = _transferOp(shop, first);
        ops[1] = _newOp(account, _transfer(shop, second));
        ops[1].nonce += 1;
        _signOp(ops[1], session, claim(TRANSFER));
    }

    function _spent() private view returns (uint256 total) {
        bytes32 budgetId =
            keccak256(abi.encode(id, address(erc20Limit), keccak256(session.actions[TRANSFER].policies[0].config)));
        (total,,) = erc20Limit.spent(address(manager), budgetId, account);
    }

    function _ids(bytes32 first) private pure returns (bytes32[] memory ids) {
        ids = new bytes32[](1);
        ids[0] = first;
    }

    function _ids(bytes32 first, bytes32 second) private pure returns (bytes32[] memory ids) {
        ids = new bytes32[](2);
        ids[0] = first;
        ids[1] = second;
    }

    function _grantCall(bytes32 sessionId) private view returns (bytes memory) {
        return abi.encodeCall(manager.grantSessions, (_ids(sessionId)));
    }

    /// @dev By a transaction of the owner.
    function _grant(Session memory s) private returns (bytes32 sessionId) {
        sessionId = UseBuilder.hash(s);
        _handle(_ownerCall(address(manager), _grantCall(sessionId)));
    }

    /// @dev A session with a limit in total, of a policy that is asked about operations.
    function _grantWithOperationPolicy(address policy, uint128 limit)
        private
        returns (Session memory limited, bytes32 limitedId)
    {
        limited = _newSession(account, 1);
        limited.operationPolicies = new Policy[](1);
        limited.operationPolicies[0] = Policy(policy, abi.encodePacked(uint8(2), limit));
        limitedId = _grant(limited);
    }

    function _handleOperationRefused(
        Session memory limited,
        bytes32 limitedId,
        address policy,
        uint256 limit,
        uint256 spent,
        uint256 amount
    ) private {
        bytes memory inner = abi.encodeWithSelector(ILimitPolicy.TotalLimitExceeded.selector, limit, spent, amount);
        _handleRefused(
            _sessionOp(limited, claim(TRANSFER), _transfer(shop, 1)),
            abi.encodeWithSelector(ISessionKeyManager.OperationPolicyRefused.selector, limitedId, 0, policy, inner)
        );
    }

    function _gasOf(PackedUserOperation memory op) private pure returns (uint256) {
        return op.preVerificationGas + (uint256(op.accountGasLimits) >> 128) + uint128(uint256(op.accountGasLimits));
    }

    function _revokeCall(bytes32 sessionId) private view returns (bytes memory) {
        return abi.encodeCall(manager.revokeSessions, (_ids(sessionId)));
    }

    /// @dev Who may grant by signature: the owner alone, if the account's signatures tell.
    function _grantRule() private view returns (bytes memory) {
        bytes memory prefix = HARNESS.grantPrefix();
        return prefix.length == 0 ? ANY_GRANT : bytes.concat(hex"01", prefix);
    }

    function _domainOf(ISessionKeyManager of_) private pure returns (bytes32) {
        return UseBuilder.domain(address(of_));
    }

    function _bundleDigest(bytes32[] memory ids) private view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", _domainOf(manager), UseBuilder.hashBundle(ids)));
    }

    function _signGrant(address sender, bytes32[] memory ids) private returns (bytes memory) {
        return HARNESS.signTypedData(sender, _domainOf(manager), UseBuilder.hashBundle(ids));
    }

    /// @dev The owner's signature over other sessions.
    function _forgeGrant(bytes32[] memory ids) private returns (bytes memory) {
        return _signGrant(account, _ids(~ids[0]));
    }

    function _expectGrantNotSigned(Session memory s, bytes32[] memory ids, bytes memory grant) private {
        _handleRefused(
            _grantOp(s, ids, 0, grant),
            abi.encodeWithSelector(
                ISessionKeyManager.GrantNotSigned.selector, ids[0], _bundleDigest(ids), HARNESS.wrongSignatureAnswer()
            )
        );
        assertEq(uint256(manager.sessionStatus(account, ids[0])), uint256(SessionStatus.None));
    }

    function _expectModeRefused(bytes32 mode, bytes memory executionCalldata) private {
        bytes memory callData = abi.encodeCall(IERC7579Execution.execute, (mode, executionCalldata));
        _handleRefused(
            _sessionOp(session, claim(TRANSFER), callData),
            abi.encodeWithSelector(ISessionKeyManager.ModeNotAllowed.selector, mode)
        );
    }

    function _expectTargetForbidden(address target, bytes memory data) private {
        _handleRefused(
            _op(ANYWHERE, target, 0, data),
            abi.encodeWithSelector(ISessionKeyManager.TargetForbidden.selector, id, 0, target)
        );
    }

    /// @dev The session belongs to an epoch that is over.
    function _handleEpochPassed() private {
        uint64 epoch = manager.epochOf(account);
        assertGt(epoch, 0);
        _handleRefused(
            _transferOp(shop, 1), abi.encodeWithSelector(ISessionKeyManager.EpochMismatch.selector, id, 0, epoch)
        );
    }

    function _handleOverLimit(PackedUserOperation memory op, uint8 action, uint256 spent, uint256 amount) private {
        bytes memory inner = abi.encodeWithSelector(ILimitPolicy.TotalLimitExceeded.selector, 50e6, spent, amount);
        _handleRefused(
            op, abi.encodeWithSelector(ISessionKeyManager.PolicyRefused.selector, id, 0, action, erc20Limit, inner)
        );
    }

    function _handle(PackedUserOperation memory op) private {
        PackedUserOperation[] memory ops = new PackedUserOperation[](1);
        ops[0] = op;
        _handle(ops);
    }

    function _handle(PackedUserOperation[] memory ops) private {
        vm.prank(bundler, bundler);
        ENTRYPOINT.handleOps(ops, bundler);
    }

    /// @dev The EntryPoint refuses the operation with these bytes.
    function _expectRevert(bytes memory reason, PackedUserOperation memory op) private {
        vm.expectRevert(reason);
        _handle(op);
    }

    /// @dev The EntryPoint refuses the operation because the manager reverts with `reason`, which not every account lets
    /// through.
    function _handleRefused(PackedUserOperation memory op, bytes memory reason) private {
        bytes memory passedOn = HARNESS.passedOn(reason);
        if (keccak256(passedOn) != keccak256(reason)) {
            bytes32 opHash = HARNESS.hashOf(op);
            vm.expectRevert(reason);
            vm.prank(op.sender);
            manager.validateUserOp(op, opHash);
        }
        _expectRevert(_refusal(passedOn), op);
    }

    function _refusal(bytes memory reason) private pure returns (bytes memory) {
        return abi.encodeWithSignature("FailedOpWithRevert(uint256,string,bytes)", 0, "AA23 reverted", reason);
    }

    /// @dev The EntryPoint refuses the operation for a reason of its own.
    function _handleFailed(PackedUserOperation memory op, string memory reason) private {
        _expectRevert(abi.encodeWithSignature("FailedOp(uint256,string)", 0, reason), op);
    }
}
