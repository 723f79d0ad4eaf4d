// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {Deploy} from "../../script/Deploy.s.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";

/// @notice The deployment script, as a user runs it.
contract DeployTest is Test {
    string private constant DIRECTORY = "deployments/.run-test";

    Deploy private script;
    Deploy.Entry[] private entries;

    function setUp() public {
        script = new Deploy();
        Deploy.Entry[] memory all = script.contracts();
        for (uint256 i = 0; i < all.length; ++i) {
            entries.push(all[i]);
        }
        vm.createDir(DIRECTORY, true);
        vm.setEnv("DEPLOYMENTS_DIR", DIRECTORY);
    }

    function test_DeploysEverythingToThePinnedAddresses() public {
        string memory pins = vm.readFile("deployments/addresses.json");
        script.run();
        string memory written = vm.readFile(_file());
        for (uint256 i = 0; i < entries.length; ++i) {
            string memory key = entries[i].key;
            address pinned = vm.parseJsonAddress(pins, string.concat(".", key, ".address"));
            bytes32 codeHash = vm.parseJsonBytes32(pins, string.concat(".", key, ".codeHash"));
            assertEq(script.addressOf(entries[i].name), pinned, key);
            assertEq(
                vm.parseJsonBytes32(pins, string.concat(".", key, ".initCodeHash")),
                keccak256(bytes.concat(vm.getCode(entries[i].artifact), entries[i].arguments)),
                key
            );
            assertEq(pinned.codehash, codeHash, key);
            assertEq(vm.parseJsonAddress(written, string.concat(".", key)), pinned, key);
        }
    }

    /// @dev The manager's constructor deploys a SignatureChecker, and then an ABIRulePolicy: the same as the one that is
    /// deployed by itself.
    function test_TheManagersRulePolicyIsThePinnedOne() public {
        script.run();
        address policy = vm.computeCreateAddress(script.addressOf("SessionKeyManager"), 2);
        assertEq(policy.codehash, script.addressOf("ABIRulePolicy").codehash);
        assertGt(policy.code.length, 0);
    }

    function test_DeploysNothingTheSecondTime() public {
        script.run();
        script.run();
        for (uint256 i = 0; i < entries.length; ++i) {
            assertFalse(script.deploy(entries[i].name), entries[i].name);
        }
    }

    function test_DeploysOnlyWhatIsMissing() public {
        assertTrue(script.deploy(entries[1].name));
        script.run();
        assertGt(script.addressOf(entries[0].name).code.length, 0);
    }

    function test_SameAddressesOnEveryChain() public {
        address before = script.addressOf(entries[0].name);
        vm.chainId(10);
        script.run();
        assertEq(script.addressOf(entries[0].name), before);
        (,,,, address verifyingContract,,) = ISessionKeyManager(before).eip712Domain();
        assertEq(verifyingContract, before);
        vm.removeFile(string.concat(DIRECTORY, "/10.json"));
    }

    function test_RevertWhen_ChainHasNoDeterministicDeployer() public {
        vm.etch(script.DEPLOYER(), "");
        vm.expectRevert(abi.encodeWithSelector(Deploy.DeployerMissing.selector, block.chainid, script.DEPLOYER()));
        script.run();
    }

    function test_RevertWhen_OtherCodeIsAtTheAddress() public {
        address at = script.addressOf(entries[2].name);
        vm.etch(at, hex"00");
        bytes32 pinned = vm.parseJsonBytes32(vm.readFile("deployments/addresses.json"), ".abiRulePolicy.codeHash");
        vm.expectRevert(
            abi.encodeWithSelector(Deploy.CodeDiffers.selector, entries[2].name, at, pinned, keccak256(hex"00"))
        );
        script.run();
    }

    function test_EachContractIsWellUnderTheSizeLimit() public {
        script.run();
        for (uint256 i = 0; i < entries.length; ++i) {
            assertLt(script.addressOf(entries[i].name).code.length, 24_000, entries[i].name);
        }
    }

    function test_NamesAndKeysAreUnique() public view {
        for (uint256 i = 0; i < entries.length; ++i) {
            for (uint256 k = 0; k < i; ++k) {
                assertNotEq(entries[i].name, entries[k].name);
                assertNotEq(entries[i].key, entries[k].key);
            }
        }
    }

    function test_RevertWhen_TheContractIsUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(Deploy.UnknownContract.selector, "Nothing"));
        script.addressOf("Nothing");
    }

    function test_LeavesOutWhatNeedsThePrecompileWhereItIsMissing() public {
        vm.mockCall(address(0x100), bytes(""), bytes(""));
        script.run();
        string memory written = vm.readFile(_file());
        for (uint256 i = 0; i < entries.length; ++i) {
            assertEq(script.addressOf(entries[i].name).code.length == 0, entries[i].needsP256, entries[i].name);
            assertEq(vm.keyExistsJson(written, string.concat(".", entries[i].key)), !entries[i].needsP256);
        }
        vm.clearMockedCalls();
        script.run();
        assertTrue(vm.keyExistsJson(vm.readFile(_file()), ".p256PrecompileVerifier"));
    }

    function test_AChainHasTheP256PrecompileOrNot() public {
        assertTrue(script.chainHasP256());
        vm.mockCall(address(0x100), bytes(""), bytes(""));
        assertFalse(script.chainHasP256());
    }

    function _file() private view returns (string memory) {
        return string.concat(DIRECTORY, "/", vm.toString(block.chainid), ".json");
    }
}
