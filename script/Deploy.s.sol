// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Script} from "forge-std/Script.sol";
import {VmSafe} from "forge-std/Vm.sol";
import {console} from "forge-std/console.sol";

/// @notice Deploys Latchkey through the deterministic deployer, to the same addresses on every chain.
///
///     npm run deploy -- --rpc-url <url> --broadcast --account <keystore>
///
/// Running it again deploys only what is missing. The addresses and code hashes that must come out are pinned in
/// deployments/addresses.json; another compiler or another setting makes it stop before anything is sent. What it did
/// goes into deployments/<chain id>.json (in the directory DEPLOYMENTS_DIR if that is set), unless it is a rehearsal.
contract Deploy is Script {
    /// @notice The chain has no deterministic deployer: see docs/deployment.md.
    error DeployerMissing(uint256 chainId, address deployer);

    /// @notice The compiled code does not lead to the pinned address: it was built with other settings, or the pin is
    /// out of date (`npm run pin`).
    error AddressDiffers(string name, address pinned, address actual);

    /// @notice There is other code at the address than was pinned.
    error CodeDiffers(string name, address at, bytes32 pinned, bytes32 actual);

    /// @notice This script deploys no contract of that name.
    error UnknownContract(string name);

    struct Pin {
        address at;
        bytes32 codeHash;
    }

    /// @dev https://github.com/Arachnid/deterministic-deployment-proxy
    address public constant DEPLOYER = 0x4e59b44847b379578588920cA78FbF26c0B4956C;

    bytes32 public constant SALT = keccak256("Latchkey 1");

    string private constant PINS = "deployments/addresses.json";

    /// @notice Deploys what is missing, checks all of it, and writes the file for this chain.
    function run() external {
        string memory pins = vm.readFile(PINS);
        string[3] memory names = _names();
        // Nothing is sent unless everything would come out as pinned.
        for (uint256 i = 0; i < names.length; ++i) {
            Pin memory pinned = _pinOf(pins, names[i]);
            address actual = addressOf(names[i]);
            if (actual != pinned.at) revert AddressDiffers(names[i], pinned.at, actual);
        }
        // Without --broadcast nothing is sent, and nothing recorded.
        bool rehearsal = vm.isContext(VmSafe.ForgeContext.ScriptDryRun);
        string memory json = "";
        for (uint256 i = 0; i < names.length; ++i) {
            Pin memory pinned = _pinOf(pins, names[i]);
            bool deployed = deploy(names[i]);
            if (pinned.at.codehash != pinned.codeHash) {
                revert CodeDiffers(names[i], pinned.at, pinned.codeHash, pinned.at.codehash);
            }
            string memory done = rehearsal ? "would deploy %s at %s" : "deployed %s at %s";
            console.log(deployed ? done : "already there: %s at %s", names[i], pinned.at);
            json = vm.serializeAddress("deployment", keyOf(names[i]), pinned.at);
        }
        if (rehearsal) return;
        string memory directory = vm.envOr("DEPLOYMENTS_DIR", string("deployments"));
        vm.writeJson(json, string.concat(directory, "/", vm.toString(block.chainid), ".json"));
    }

    /// @notice Pins the addresses and code hashes that the present code leads to.
    function pin() external {
        string[3] memory names = _names();
        string memory json = "";
        for (uint256 i = 0; i < names.length; ++i) {
            deploy(names[i]);
            address at = addressOf(names[i]);
            vm.serializeAddress(names[i], "address", at);
            json = vm.serializeString("pins", keyOf(names[i]), vm.serializeBytes32(names[i], "codeHash", at.codehash));
            console.log("pinned %s at %s", names[i], at);
        }
        vm.writeJson(json, PINS);
    }

    /// @notice Deploys a contract unless it is there. Returns whether it was deployed now.
    function deploy(string memory name) public returns (bool) {
        address at = addressOf(name);
        if (at.code.length != 0) return false;
        if (DEPLOYER.code.length == 0) revert DeployerMissing(block.chainid, DEPLOYER);
        vm.broadcast();
        (bool success,) = DEPLOYER.call(bytes.concat(SALT, _initCodeOf(name)));
        // Whether it is there, and right, is for the caller to compare; this only fails early.
        require(success, "the deterministic deployer refused");
        return true;
    }

    /// @notice Where the compiled code of a contract is deployed on every chain.
    function addressOf(string memory name) public view returns (address) {
        return vm.computeCreate2Address(SALT, keccak256(_initCodeOf(name)), DEPLOYER);
    }

    /// @notice The name of a contract in the JSON files: its first word in lower case.
    function keyOf(string memory name) public pure returns (string memory) {
        bytes32 hash = keccak256(bytes(name));
        if (hash == keccak256("SessionKeyManager")) return "sessionKeyManager";
        if (hash == keccak256("ERC20LimitPolicy")) return "erc20LimitPolicy";
        if (hash == keccak256("ABIRulePolicy")) return "abiRulePolicy";
        revert UnknownContract(name);
    }

    function _names() private pure returns (string[3] memory) {
        return ["SessionKeyManager", "ERC20LimitPolicy", "ABIRulePolicy"];
    }

    function _initCodeOf(string memory name) private view returns (bytes memory) {
        return vm.getCode(string.concat(name, ".sol:", name));
    }

    function _pinOf(string memory pins, string memory name) private pure returns (Pin memory) {
        string memory key = string.concat(".", keyOf(name));
        return Pin(
            vm.parseJsonAddress(pins, string.concat(key, ".address")),
            vm.parseJsonBytes32(pins, string.concat(key, ".codeHash"))
        );
    }
}
