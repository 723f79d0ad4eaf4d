// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Vm} from "forge-std/Vm.sol";

/// @notice Latchkey's contracts: by default deployed anew; with FORK_URL in the environment, those that are live on that
/// network, at the addresses and with the code in deployments/addresses.json, and the tests run on a fork of it.
library Deployed {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @notice Moves to the fork, if there is to be one; to be called before anything is deployed.
    function select() internal {
        string memory url = VM.envOr("FORK_URL", string(""));
        if (bytes(url).length == 0 || _isForked()) return;
        VM.createSelectFork(url);
    }

    /// @notice A contract by its name in deployments/addresses.json; `artifact` and `args` are what it is deployed from.
    function at(string memory name, string memory artifact, bytes memory args) internal returns (address) {
        if (!_isForked()) return VM.deployCode(artifact, args);
        string memory json = VM.readFile("deployments/addresses.json");
        address live = VM.parseJsonAddress(json, string.concat(".", name, ".address"));
        bytes32 codeHash = VM.parseJsonBytes32(json, string.concat(".", name, ".codeHash"));
        require(live.codehash == codeHash, string.concat(name, " is not deployed there, or is another version"));
        return live;
    }

    function at(string memory name, string memory artifact) internal returns (address) {
        return at(name, artifact, "");
    }

    function _isForked() private view returns (bool) {
        try VM.activeFork() returns (uint256) {
            return true;
        } catch {
            return false;
        }
    }
}
