// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {OperationFacts} from "contracts/interfaces/IOperationPolicy.sol";
import {ERC20LimitConfig, ERC20LimitConfigs} from "../utils/ERC20LimitConfig.sol";
import {PolicyConformance, Sample} from "./PolicyConformance.sol";

/// @notice The policies of this repository keep to the rules for policies.
contract PoliciesConformanceTest is PolicyConformance {
    using ERC20LimitConfigs for ERC20LimitConfig;

    uint256 private constant NOW = 1_800_000_000;

    function samples() internal override returns (Sample[] memory all) {
        bytes memory limits = ERC20LimitConfigs.none().perCall(50).inTotal(100).perPeriod(70, 1 days, 0).pack();
        all = new Sample[](8);
        all[0] = _erc20(limits);
        all[1] = _rules();
        all[2] = _rulesOnBytes();
        all[3] = _onValue(limits);
        all[4] = _onFacts(
            "NativeLimitPolicy", limits, OperationFacts(1, address(0), 1, 50), OperationFacts(1, address(0), 1, 51)
        );
        bytes memory never = ERC20LimitConfigs.none().inTotal(0).pack();
        all[5] = _onFacts(
            "UsageLimitPolicy", limits, OperationFacts(1, address(0), 1, 0), OperationFacts(1, address(0), 1, 0)
        );
        all[5].refused.config = never;
        all[6] = Sample({
            policy: all[5].policy,
            accepted: onCall(limits, NOW, makeAddr("target"), 0, ""),
            refused: onCall(never, NOW, makeAddr("target"), 0, "")
        });
        all[7] = _onFacts(
            "GasLimitPolicy", limits, OperationFacts(50, address(0), 1, 0), OperationFacts(51, address(0), 1, 0)
        );
    }

    function _deploy(string memory name) private returns (address) {
        return deployCode(string.concat(name, ".sol:", name));
    }

    function _erc20(bytes memory config) private returns (Sample memory) {
        address token = makeAddr("token");
        address to = makeAddr("to");
        return Sample({
            policy: _deploy("ERC20LimitPolicy"),
            accepted: onCall(config, NOW, token, 0, abi.encodeCall(IERC20.transfer, (to, 50))),
            refused: onCall(config, NOW, token, 0, abi.encodeCall(IERC20.transfer, (to, 51)))
        });
    }

    function _rules() private returns (Sample memory) {
        // Word 1 is at most 50.
        bytes memory config =
            abi.encodePacked(uint8(1), uint8(1), uint8(0), uint16(1), uint8(32), uint8(3), uint256(50));
        address to = makeAddr("to");
        return Sample({
            policy: _deploy("ABIRulePolicy"),
            accepted: onCall(config, 0, to, 0, abi.encodeCall(IERC20.transfer, (to, 50))),
            refused: onCall(config, 0, to, 0, abi.encodeCall(IERC20.transfer, (to, 51)))
        });
    }

    function _rulesOnBytes() private returns (Sample memory) {
        // f(bytes): the bytes begin with "ab". Shape: one word of head, which is bytes.
        bytes memory body = abi.encodePacked(uint8(1), uint8(1), uint8(1), uint8(0), uint8(7), uint16(2), "ab");
        bytes memory arguments = abi.encodePacked(uint8(1), uint8(0xc2), body);
        bytes memory config = abi.encodePacked(uint8(1), uint8(1), uint8(1), uint16(arguments.length), arguments);
        return Sample({
            policy: _deploy("ABIRulePolicy"),
            accepted: onCall(config, 0, makeAddr("to"), 0, abi.encodeWithSelector(0x12345678, bytes("abc"))),
            refused: onCall(config, 0, makeAddr("to"), 0, abi.encodeWithSelector(0x12345678, bytes("bac")))
        });
    }

    function _onValue(bytes memory config) private returns (Sample memory) {
        return Sample({
            policy: _deploy("NativeLimitPolicy"),
            accepted: onCall(config, NOW, makeAddr("to"), 50, ""),
            refused: onCall(config, NOW, makeAddr("to"), 51, "")
        });
    }

    function _onFacts(
        string memory name,
        bytes memory config,
        OperationFacts memory accepted,
        OperationFacts memory refused
    ) private returns (Sample memory) {
        return Sample({
            policy: _deploy(name),
            accepted: onOperation(config, NOW, accepted),
            refused: onOperation(config, NOW, refused)
        });
    }
}
