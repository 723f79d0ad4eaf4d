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

    /// @notice The compiled code does not lead to the pinned address: the deployer or the salt is another one.
    error AddressDiffers(string name, address pinned, address actual);

    /// @notice The compiled code is not what was pinned: it was built with other settings, or the pin is out of date
    /// (`npm run pin`).
    error InitCodeDiffers(string name, bytes32 pinned, bytes32 actual);

    /// @notice There is other code at the address than was pinned.
    error CodeDiffers(string name, address at, bytes32 pinned, bytes32 actual);

    /// @notice This script deploys no contract of that name.
    error UnknownContract(string name);

    struct Pin {
        address at;
        bytes32 codeHash;
        bytes32 initCodeHash;
    }

    /// @dev A contract to deploy.
    struct Entry {
        /// What it is called in messages; its first word in lower case is its key in the JSON files.
        string name;
        string key;
        /// What it is compiled from, and its constructor's arguments.
        string artifact;
        bytes arguments;
        /// Whether it can only be where the P-256 precompile (RIP-7212, EIP-7951) is.
        bool needsP256;
    }

    /// @dev https://github.com/Arachnid/deterministic-deployment-proxy
    address public constant DEPLOYER = 0x4e59b44847b379578588920cA78FbF26c0B4956C;

    bytes32 public constant SALT = keccak256("Latchkey 1");

    string private constant PINS = "deployments/addresses.json";

    /// @dev The precompile that verifies P-256 signatures.
    address private constant P256_PRECOMPILE = address(0x100);

    /// @notice Deploys what is missing, checks all of it, and writes the file for this chain.
    function run() external {
        string memory pins = vm.readFile(PINS);
        Entry[] memory entries = contracts();
        // Nothing is sent unless everything would come out as pinned.
        for (uint256 i = 0; i < entries.length; ++i) {
            Pin memory pinned = _pinOf(pins, entries[i].key);
            address actual = _addressOf(entries[i]);
            bytes32 initCodeHash = keccak256(_initCodeOf(entries[i]));
            if (initCodeHash != pinned.initCodeHash) {
                revert InitCodeDiffers(entries[i].name, pinned.initCodeHash, initCodeHash);
            }
            if (actual != pinned.at) revert AddressDiffers(entries[i].name, pinned.at, actual);
        }
        // Without --broadcast nothing is sent, and nothing recorded.
        bool rehearsal = vm.isContext(VmSafe.ForgeContext.ScriptDryRun);
        bool hasP256 = chainHasP256();
        string memory json = "";
        for (uint256 i = 0; i < entries.length; ++i) {
            Entry memory entry = entries[i];
            if (entry.needsP256 && !hasP256) {
                console.log("left out: %s, because this chain has no P-256 precompile", entry.name);
                continue;
            }
            Pin memory pinned = _pinOf(pins, entry.key);
            bool deployed = _deploy(entry);
            if (pinned.at.codehash != pinned.codeHash) {
                revert CodeDiffers(entry.name, pinned.at, pinned.codeHash, pinned.at.codehash);
            }
            string memory done = rehearsal ? "would deploy %s at %s" : "deployed %s at %s";
            console.log(deployed ? done : "already there: %s at %s", entry.name, pinned.at);
            json = vm.serializeAddress("deployment", entry.key, pinned.at);
        }
        if (rehearsal) return;
        string memory directory = vm.envOr("DEPLOYMENTS_DIR", string("deployments"));
        vm.writeJson(json, string.concat(directory, "/", vm.toString(block.chainid), ".json"));
    }

    /// @notice Pins the addresses and code hashes that the present code leads to.
    function pin() external {
        Entry[] memory entries = contracts();
        string memory json = "";
        for (uint256 i = 0; i < entries.length; ++i) {
            Entry memory entry = entries[i];
            _deploy(entry);
            address at = _addressOf(entry);
            vm.serializeAddress(entry.name, "address", at);
            vm.serializeBytes32(entry.name, "initCodeHash", keccak256(_initCodeOf(entry)));
            json = vm.serializeString("pins", entry.key, vm.serializeBytes32(entry.name, "codeHash", at.codehash));
            console.log("pinned %s at %s", entry.name, at);
        }
        vm.writeJson(json, PINS);
    }

    /// @notice Deploys a contract unless it is there. Returns whether it was deployed now.
    function deploy(string memory name) external returns (bool) {
        return _deploy(_entryOf(name));
    }

    /// @notice Where the compiled code of a contract is deployed on every chain.
    function addressOf(string memory name) external view returns (address) {
        return _addressOf(_entryOf(name));
    }

    /// @notice All contracts, in the order in which they are deployed.
    function contracts() public view returns (Entry[] memory entries) {
        entries = new Entry[](15);
        entries[0] = _entry("SessionKeyManager", "sessionKeyManager");
        entries[1] = _entry("ERC20LimitPolicy", "erc20LimitPolicy");
        entries[2] = _entry("ABIRulePolicy", "abiRulePolicy");
        entries[3] = _entry("NativeLimitPolicy", "nativeLimitPolicy");
        entries[4] = _entry("UsageLimitPolicy", "usageLimitPolicy");
        entries[5] = _entry("GasLimitPolicy", "gasLimitPolicy");
        entries[6] = _entry("ERC1271Verifier", "erc1271Verifier");
        entries[7] = _verifier("P256Verifier", "p256Verifier", "P256Verifier", false);
        entries[8] = _verifier("P256PrecompileVerifier", "p256PrecompileVerifier", "P256Verifier", true);
        entries[9] = _verifier("WebCryptoP256Verifier", "webCryptoP256Verifier", "WebCryptoP256Verifier", false);
        entries[10] = _verifier(
            "WebCryptoP256PrecompileVerifier", "webCryptoP256PrecompileVerifier", "WebCryptoP256Verifier", true
        );
        entries[11] = _verifier("WebAuthnVerifier", "webAuthnVerifier", "WebAuthnVerifier", false);
        entries[12] = _verifier("WebAuthnPrecompileVerifier", "webAuthnPrecompileVerifier", "WebAuthnVerifier", true);
        // Its rules on fields are those of the policy for calls.
        entries[13] = _entry("TypedDataPolicy", "typedDataPolicy");
        entries[13].arguments = abi.encode(_addressOf(entries[2]));
        entries[14] = _entry("FrostVerifier", "frostVerifier");
    }

    /// @notice Whether the chain verifies P-256 signatures at address 0x100. The chain is asked, if there is one behind an
    /// RPC: forge's own machine may know more precompiles than it.
    function chainHasP256() public returns (bool) {
        bytes32 digest = keccak256("Latchkey");
        (bytes32 r, bytes32 s) = vm.signP256(1, digest);
        (uint256 x, uint256 y) = vm.publicKeyP256(1);
        bytes memory question = abi.encode(digest, r, s, x, y);
        bytes memory answer;
        try vm.activeFork() {
            string memory call = string.concat(
                '[{"to":"', vm.toString(P256_PRECOMPILE), '","data":"', vm.toString(question), '"},"latest"]'
            );
            answer = vm.rpc("eth_call", call);
        } catch {
            // An address without code succeeds with nothing; a precompile that refuses does too.
            bool answered;
            (answered, answer) = P256_PRECOMPILE.staticcall(question);
            if (!answered) return false;
        }
        return answer.length == 32 && uint256(bytes32(answer)) == 1;
    }

    function _entry(string memory name, string memory key) private pure returns (Entry memory) {
        return Entry(name, key, string.concat(name, ".sol:", name), "", false);
    }

    function _verifier(string memory name, string memory key, string memory artifact, bool usesPrecompile)
        private
        pure
        returns (Entry memory)
    {
        return Entry(name, key, string.concat(artifact, ".sol:", artifact), abi.encode(usesPrecompile), usesPrecompile);
    }

    function _entryOf(string memory name) private view returns (Entry memory) {
        Entry[] memory entries = contracts();
        for (uint256 i = 0; i < entries.length; ++i) {
            if (keccak256(bytes(entries[i].name)) == keccak256(bytes(name))) return entries[i];
        }
        revert UnknownContract(name);
    }

    function _deploy(Entry memory entry) private returns (bool) {
        if (_addressOf(entry).code.length != 0) return false;
        if (DEPLOYER.code.length == 0) revert DeployerMissing(block.chainid, DEPLOYER);
        vm.broadcast();
        (bool success,) = DEPLOYER.call(bytes.concat(SALT, _initCodeOf(entry)));
        // Whether it is there, and right, is for the caller to compare; this only fails early.
        require(success, "the deterministic deployer refused");
        return true;
    }

    function _addressOf(Entry memory entry) private view returns (address) {
        return vm.computeCreate2Address(SALT, keccak256(_initCodeOf(entry)), DEPLOYER);
    }

    function _initCodeOf(Entry memory entry) private view returns (bytes memory) {
        return bytes.concat(vm.getCode(entry.artifact), entry.arguments);
    }

    function _pinOf(string memory pins, string memory key) private pure returns (Pin memory) {
        string memory path = string.concat(".", key);
        return Pin(
            vm.parseJsonAddress(pins, string.concat(path, ".address")),
            vm.parseJsonBytes32(pins, string.concat(path, ".codeHash")),
            vm.parseJsonBytes32(pins, string.concat(path, ".initCodeHash"))
        );
    }
}
