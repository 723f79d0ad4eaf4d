// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {Deploy} from "../../script/Deploy.s.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";

/// @notice The deployment script, as a user runs it.
contract DeployTest is Test {
    string private constant DIRECTORY = "deployments/.run-test";

    Deploy private script;
    string[3] private names = ["SessionKeyManager", "ERC20LimitPolicy", "ABIRulePolicy"];

    function setUp() public {
        script = new Deploy();
        vm.createDir(DIRECTORY, true);
        vm.setEnv("DEPLOYMENTS_DIR", DIRECTORY);
    }

    function test_DeploysEverythingToThePinnedAddresses() public {
        string memory pins = vm.readFile("deployments/addresses.json");
        script.run();
        string memory written = vm.readFile(_file());
        for (uint256 i = 0; i < names.length; ++i) {
            string memory key = script.keyOf(names[i]);
            address pinned = vm.parseJsonAddress(pins, string.concat(".", key, ".address"));
            bytes32 codeHash = vm.parseJsonBytes32(pins, string.concat(".", key, ".codeHash"));
            assertEq(script.addressOf(names[i]), pinned, key);
            assertEq(pinned.codehash, codeHash, key);
            assertEq(vm.parseJsonAddress(written, string.concat(".", key)), pinned, key);
        }
    }

    function test_DeploysNothingTheSecondTime() public {
        script.run();
        script.run();
        for (uint256 i = 0; i < names.length; ++i) {
            assertFalse(script.deploy(names[i]), names[i]);
        }
    }

    function test_DeploysOnlyWhatIsMissing() public {
        assertTrue(script.deploy(names[1]));
        script.run();
        assertGt(script.addressOf(names[0]).code.length, 0);
    }

    function test_SameAddressesOnEveryChain() public {
        address before = script.addressOf(names[0]);
        vm.chainId(10);
        script.run();
        assertEq(script.addressOf(names[0]), before);
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
        address at = script.addressOf(names[2]);
        vm.etch(at, hex"00");
        bytes32 pinned = vm.parseJsonBytes32(vm.readFile("deployments/addresses.json"), ".abiRulePolicy.codeHash");
        vm.expectRevert(abi.encodeWithSelector(Deploy.CodeDiffers.selector, names[2], at, pinned, keccak256(hex"00")));
        script.run();
    }

    function test_EachContractIsWellUnderTheSizeLimit() public {
        script.run();
        for (uint256 i = 0; i < names.length; ++i) {
            assertLt(script.addressOf(names[i]).code.length, 20_000, names[i]);
        }
    }

    function _file() private view returns (string memory) {
        return string.concat(DIRECTORY, "/", vm.toString(block.chainid), ".json");
    }
}
