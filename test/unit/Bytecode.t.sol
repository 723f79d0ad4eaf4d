// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";

/// @notice What bundlers forbid in validation (ERC-7562), looked for in the compiled code: the compiler may move an opcode
/// to where the source does not show it.
contract BytecodeTest is Test {
    bytes1 private constant GAS = 0x5a;
    string[12] private names = [
        "SessionKeyManager",
        "ERC20LimitPolicy",
        "ABIRulePolicy",
        "NativeLimitPolicy",
        "UsageLimitPolicy",
        "GasLimitPolicy",
        "P256Verifier",
        "WebCryptoP256Verifier",
        "WebAuthnVerifier",
        "ERC1271Verifier",
        "TypedDataPolicy",
        "FrostVerifier"
    ];

    /// @dev OP-012: GAS only right before a call.
    function test_GasIsReadOnlyRightBeforeACall() public view {
        for (uint256 i = 0; i < names.length; ++i) {
            bytes memory code = _runtimeCode(names[i]);
            for (uint256 pc = 0; pc < code.length; pc = _next(code, pc)) {
                if (code[pc] != GAS) continue;
                bytes1 next = code[pc + 1];
                // CALL, CALLCODE, DELEGATECALL, STATICCALL
                bool isCall = next == 0xf1 || next == 0xf2 || next == 0xf4 || next == 0xfa;
                if (!isCall) _fail(string.concat(names[i], ": GAS apart from a call at ", vm.toString(pc)));
            }
        }
    }

    /// @dev OP-011. BLOCKHASH and NUMBER are left out for the manager: installing and uninstalling move the epoch by them.
    function test_NoBannedOpcode() public view {
        bytes memory banned = abi.encodePacked(
            // ORIGIN, GASPRICE, COINBASE, TIMESTAMP, PREVRANDAO, GASLIMIT, BASEFEE, BLOBHASH, BLOBBASEFEE
            hex"323a414244454849",
            hex"4a",
            // BALANCE, SELFBALANCE, CREATE, CREATE2, SELFDESTRUCT
            hex"3147f0f5ff"
        );
        for (uint256 i = 0; i < names.length; ++i) {
            bytes memory code = _runtimeCode(names[i]);
            for (uint256 pc = 0; pc < code.length; pc = _next(code, pc)) {
                for (uint256 k = 0; k < banned.length; ++k) {
                    if (code[pc] == banned[k]) _fail(string.concat(names[i], ": banned opcode at ", vm.toString(pc)));
                }
                bool isBlock = code[pc] == 0x40 || code[pc] == 0x43;
                if (isBlock && i != 0) _fail(string.concat(names[i], ": banned opcode at ", vm.toString(pc)));
            }
        }
    }

    error Found(string what);

    function _fail(string memory what) private pure {
        revert Found(what);
    }

    /// @dev Where the opcode after the one at `pc` is: PUSH1 to PUSH32 carry data.
    function _next(bytes memory code, uint256 pc) private pure returns (uint256) {
        uint256 opcode = uint8(code[pc]);
        return pc + 1 + (opcode >= 0x60 && opcode <= 0x7f ? opcode - 0x5f : 0);
    }

    function _runtimeCode(string memory name) private view returns (bytes memory) {
        return vm.getDeployedCode(string.concat(name, ".sol:", name));
    }
}
