// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {Deployed} from "../../utils/Deployed.sol";
import {AccountBehaviour} from "./AccountBehaviour.sol";
import {AccountHarness} from "./AccountHarness.sol";

/// @notice Runs {AccountBehaviour} on one kind of account. Each test here is the one of the same name there.
abstract contract AccountTest is Test {
    AccountBehaviour private behaviour;

    function newHarness() internal virtual returns (AccountHarness);

    function setUp() external {
        Deployed.select();
        behaviour = new AccountBehaviour(newHarness());
        _run();
    }

    function _run() private {
        (bool success, bytes memory reason) = address(behaviour).call(msg.data);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(reason, 32), mload(reason))
            }
        }
    }

    function test_InstallsTheManager() external {
        _run();
    }

    function test_SendsTokensUpToALimit() external {
        _run();
    }

    function test_MakesSeveralCallsInABatch() external {
        _run();
    }

    function test_ApprovesOutOfTheSameLimit() external {
        _run();
    }

    function test_KeepsToRulesOnArguments() external {
        _run();
    }

    function test_SendsEther() external {
        _run();
    }

    function test_ActsThroughExecuteUserOp() external {
        _run();
    }

    function test_SharesALimitAmongOperationsOfABundle() external {
        _run();
    }

    function test_ActsInSeveralNonceSequences() external {
        _run();
    }

    function test_HasADailyLimit() external {
        _run();
    }

    function test_HasALimitOnEther() external {
        _run();
    }

    function test_HasALimitOnItsOperations() external {
        _run();
    }

    function test_HasALimitOnGas() external {
        _run();
    }

    function test_IsPaidForByAPaymaster() external {
        _run();
    }

    function test_ActsWithAP256Key() external {
        _run();
    }

    function test_CountsWhatFailsInExecution() external {
        _run();
    }

    function test_IsGrantedByAMerkleRoot() external {
        _run();
    }

    function test_IsGrantedByTheOwnersSignature() external {
        _run();
    }

    function test_IsPublishedWithTheOwnersSignature() external {
        _run();
    }

    function test_IsGrantedInTheOperationThatInstallsTheManager() external {
        _run();
    }

    function test_IsGrantedInTheOperationThatDeploysTheAccount() external {
        _run();
    }

    function test_IsGrantedInTheOperationThatDeploysTheAccountAndInstallsTheManager() external {
        _run();
    }

    function test_IsRevoked() external {
        _run();
    }

    function test_IsRevokedWithAllOthers() external {
        _run();
    }

    function test_RevokesItself() external {
        _run();
    }

    function test_EndsWithTheManagersRemoval() external {
        _run();
    }

    function test_EndsWithARemovalThatTheManagerIsNotToldOf() external {
        _run();
    }

    function test_RemovesTheManagerWhateverItIsTold() external {
        _run();
    }

    function test_SaysWhyItRefuses() external {
        _run();
    }

    function test_RevertWhen_AnotherTarget() external {
        _run();
    }

    function test_RevertWhen_AnotherFunction() external {
        _run();
    }

    function test_RevertWhen_AnotherRecipient() external {
        _run();
    }

    function test_RevertWhen_WithEtherThatIsNotGranted() external {
        _run();
    }

    function test_RevertWhen_NeverInstalled() external {
        _run();
    }

    function test_RevertWhen_NeverGranted() external {
        _run();
    }

    function test_RevertWhen_SignedByAnotherKey() external {
        _run();
    }

    function test_RevertWhen_Replayed() external {
        _run();
    }

    function test_RevertWhen_NotStarted() external {
        _run();
    }

    function test_RevertWhen_Expired() external {
        _run();
    }

    function test_RevertWhen_ItCostsMore() external {
        _run();
    }

    function test_RevertWhen_PaymasterIsNotGranted() external {
        _run();
    }

    function test_RevertWhen_TryMode() external {
        _run();
    }

    function test_RevertWhen_Delegatecall() external {
        _run();
    }

    function test_RevertWhen_StaticCall() external {
        _run();
    }

    function test_RevertWhen_JunkInTheMode() external {
        _run();
    }

    function test_RevertWhen_BytesFollowTheExecution() external {
        _run();
    }

    function test_RevertWhen_AnotherFunctionOfTheAccount() external {
        _run();
    }

    function test_RevertWhen_CallToItselfInstallsAModule() external {
        _run();
    }

    function test_RevertWhen_CallToTheManager() external {
        _run();
    }

    function test_RevertWhen_CallToTheEntryPoint() external {
        _run();
    }

    function test_RevertWhen_CallToAModule() external {
        _run();
    }

    function test_RevertWhen_FunctionOfAModuleAnywhere() external {
        _run();
    }

    function test_RevertWhen_TheAccountIsGivenACallBeforeValidation() external {
        _run();
    }

    function test_SignsAPermitOfAnAllowedToken() external {
        _run();
    }

    function test_SignsAPersonalMessageThatBeginsAsAllowed() external {
        _run();
    }

    function test_RevertWhen_SignsForAnotherDomain() external {
        _run();
    }

    function test_RevertWhen_SignsForMoreThanItMay() external {
        _run();
    }

    function test_RevertWhen_SignsForAnotherType() external {
        _run();
    }

    function test_RevertWhen_SignsOutsideItsWindow() external {
        _run();
    }

    function test_RevertWhen_SignsAfterItsRevocation() external {
        _run();
    }

    function test_RevertWhen_ASignatureIsPresentedToAnotherAccount() external {
        _run();
    }

    function test_RevertWhen_NothingIsGrantedToSign() external {
        _run();
    }

    function test_RevertWhen_GrantIsSignedByTheSessionKey() external {
        _run();
    }

    function test_RevertWhen_GrantIsSignedByAWeakerValidator() external {
        _run();
    }

    function test_RevertWhen_GrantIsOfAnotherAccount() external {
        _run();
    }

    function test_RevertWhen_GrantIsOfAnotherChain() external {
        _run();
    }

    function test_RevertWhen_GrantIsForAnotherManager() external {
        _run();
    }

    function test_RevertWhen_GrantIsOfAnotherEpoch() external {
        _run();
    }

    function test_RevertWhen_GrantWasRevokedBeforeItsUse() external {
        _run();
    }

    function test_RevertWhen_GrantsBySignatureAreOff() external {
        _run();
    }

    function test_RevertWhen_InstallationIsAnotherThanTheOwnerSigned() external {
        _run();
    }

    function test_RevertWhen_InstallationIsReplayed() external {
        _run();
    }
}
