// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What an ERC20LimitPolicy is configured with, field by field. Written from docs/encoding.md, not from the
/// contract.
/// @dev Start from {ERC20LimitConfigs-none} and add limits:
/// `ERC20LimitConfigs.none().perCall(5).inTotal(100).onlyTo(recipient).pack()`.
struct ERC20LimitConfig {
    bool hasCallLimit;
    bool hasTotalLimit;
    bool hasPeriodLimit;
    bool hasRecipients;
    bool hasSalt;
    uint128 callLimit;
    uint128 totalLimit;
    uint128 periodLimit;
    uint32 periodLength;
    uint48 anchor;
    address[] recipients;
    bytes4 saltValue;
}

using ERC20LimitConfigs for ERC20LimitConfig global;

library ERC20LimitConfigs {
    /// @notice A configuration without any limit, which the policy refuses.
    function none() internal pure returns (ERC20LimitConfig memory config) {}

    /// @notice Limits what one call may move.
    function perCall(ERC20LimitConfig memory config, uint128 limit) internal pure returns (ERC20LimitConfig memory) {
        config.hasCallLimit = true;
        config.callLimit = limit;
        return config;
    }

    /// @notice Limits what all calls together may move.
    function inTotal(ERC20LimitConfig memory config, uint128 limit) internal pure returns (ERC20LimitConfig memory) {
        config.hasTotalLimit = true;
        config.totalLimit = limit;
        return config;
    }

    /// @notice Limits what may be moved in each period of `length` seconds; periods begin at `anchor`.
    function perPeriod(ERC20LimitConfig memory config, uint128 limit, uint32 length, uint48 anchor)
        internal
        pure
        returns (ERC20LimitConfig memory)
    {
        config.hasPeriodLimit = true;
        config.periodLimit = limit;
        config.periodLength = length;
        config.anchor = anchor;
        return config;
    }

    /// @notice Allows one more recipient.
    function onlyTo(ERC20LimitConfig memory config, address recipient) internal pure returns (ERC20LimitConfig memory) {
        address[] memory longer = new address[](config.recipients.length + 1);
        for (uint256 i = 0; i < config.recipients.length; ++i) {
            longer[i] = config.recipients[i];
        }
        longer[config.recipients.length] = recipient;
        return config.onlyTo(longer);
    }

    /// @notice Allows exactly these recipients, up to 255.
    function onlyTo(ERC20LimitConfig memory config, address[] memory recipients)
        internal
        pure
        returns (ERC20LimitConfig memory)
    {
        config.hasRecipients = true;
        config.recipients = recipients;
        return config;
    }

    /// @notice Tells the budget apart from others alike.
    function salted(ERC20LimitConfig memory config, bytes4 value) internal pure returns (ERC20LimitConfig memory) {
        config.hasSalt = true;
        config.saltValue = value;
        return config;
    }

    /// @notice The bytes that the policy takes.
    function pack(ERC20LimitConfig memory config) internal pure returns (bytes memory packed) {
        uint8 flags = 0;
        if (config.hasCallLimit) flags += 1;
        if (config.hasTotalLimit) flags += 2;
        if (config.hasPeriodLimit) flags += 4;
        if (config.hasRecipients) flags += 8;
        if (config.hasSalt) flags += 16;

        packed = abi.encodePacked(flags);
        if (config.hasCallLimit) packed = abi.encodePacked(packed, config.callLimit);
        if (config.hasTotalLimit) packed = abi.encodePacked(packed, config.totalLimit);
        if (config.hasPeriodLimit) {
            packed = abi.encodePacked(packed, config.periodLimit, config.periodLength, config.anchor);
        }
        if (config.hasRecipients) {
            packed = abi.encodePacked(packed, uint8(config.recipients.length));
            for (uint256 i = 0; i < config.recipients.length; ++i) {
                packed = abi.encodePacked(packed, config.recipients[i]);
            }
        }
        if (config.hasSalt) packed = abi.encodePacked(packed, config.saltValue);
    }
}
