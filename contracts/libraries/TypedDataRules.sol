// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ITypedDataPolicy} from "../interfaces/ITypedDataPolicy.sol";
import {CalldataReader} from "./CalldataReader.sol";

/// @notice What is known of messages that are dangerous to sign: which are always refused, and which need rules on what fields.
library TypedDataRules {
    using CalldataReader for bytes;
    using CalldataReader for uint256;

    /// What a field needs.
    uint256 private constant FIXED = 1;
    uint256 private constant BOUNDED_ABOVE = 2;
    uint256 private constant BOUNDED_BELOW = 3;

    /// @dev Comparisons of {IABIRulePolicy}, as a bit each, that fix or bound a word: ==, <, <=, >, >=, range, one of, and
    /// equals the account.
    uint256 private constant FIXING = 1 << 0 | 1 << 7 | 1 << 9;
    uint256 private constant BOUNDING_ABOVE = 1 << 0 | 1 << 2 | 1 << 3 | 1 << 6 | 1 << 7;
    uint256 private constant BOUNDING_BELOW = 1 << 0 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7;
    uint256 private constant ONE_OF = 7;
    uint256 private constant BOOL = 0xc1;

    bytes32 private constant PERMIT =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    bytes32 private constant PERMIT_SINGLE = keccak256(
        "PermitSingle(PermitDetails details,address spender,uint256 sigDeadline)PermitDetails(address token,uint160 amount,uint48 expiration,uint48 nonce)"
    );
    bytes32 private constant PERMIT_TRANSFER_FROM = keccak256(
        "PermitTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline)TokenPermissions(address token,uint256 amount)"
    );
    bytes32 private constant TRANSFER_WITH_AUTHORIZATION = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant RECEIVE_WITH_AUTHORIZATION = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant COW_ORDER = keccak256(
        "Order(address sellToken,address buyToken,address receiver,uint256 sellAmount,uint256 buyAmount,uint32 validTo,bytes32 appData,uint256 feeAmount,string kind,bool partiallyFillable,string sellTokenBalance,string buyTokenBalance)"
    );

    /// @notice Whether no session signs messages of this name: they control an account, or move tokens in ways that rules on
    /// single fields cannot bound.
    function isForbidden(string calldata primaryType) internal pure returns (bool) {
        bytes32 name = keccak256(bytes(primaryType));
        return _controlsAccount(name) || _movesWithoutBound(name);
    }

    function _controlsAccount(bytes32 name) private pure returns (bool) {
        return name == keccak256("SafeTx") || name == keccak256("SafeMessage") || name == keccak256("SafeOp")
            || name == keccak256("UserOperation") || name == keccak256("PackedUserOperation")
            || name == keccak256("ModuleEnableMode") || name == keccak256("Enable") || name == keccak256("Kernel")
            || name == keccak256("ReplayableUserOperation") || name == keccak256("Session")
            || name == keccak256("SessionBundle") || name == keccak256("UserOperationUse")
            || name == keccak256("SignatureUse") || name == keccak256("Delegation")
            || name == keccak256("TypedDataSign") || name == keccak256("PersonalSign")
            || name == keccak256("MultiChainSession") || name == keccak256("SpendPermission")
            || name == keccak256("ForwardRequest") || name == keccak256("MetaTransaction")
            || name == keccak256("CoinbaseSmartWalletMessage");
    }

    function _movesWithoutBound(bytes32 name) private pure returns (bool) {
        return name == keccak256("PermitBatch") || name == keccak256("PermitBatchTransferFrom")
            || name == keccak256("PermitWitnessTransferFrom") || name == keccak256("PermitBatchWitnessTransferFrom")
            || name == keccak256("OrderComponents") || name == keccak256("BulkOrder")
            || name == keccak256("ExclusiveDutchOrder") || name == keccak256("LimitOrder")
            || name == keccak256("RfqOrder") || name == keccak256("OtcOrder") || name == keccak256("ERC721Order")
            || name == keccak256("ERC1155Order") || name == keccak256("Lockup") || name == keccak256("PermitForAll")
            || name == keccak256("PermitAll");
    }

    /// @notice Reverts unless the rules bound a message that moves tokens: what needs which bound depends on its type.
    /// @param rules As {IABIRulePolicy} takes them; those on words of the head count, each alone in its group.
    /// @param firstNested 1 + where the first nested struct is: the index of its parent (byte), and of the field (byte). 0 if
    /// there is none.
    function requireBounds(string calldata primaryType, bytes32 typeHash, bytes calldata rules, uint256 firstNested)
        internal
        pure
    {
        if (typeHash == PERMIT || typeHash == TRANSFER_WITH_AUTHORIZATION || typeHash == RECEIVE_WITH_AUTHORIZATION) {
            // spender or to; value
            _require(primaryType, rules, 1, FIXED);
            _require(primaryType, rules, 2, BOUNDED_ABOVE);
        } else if (typeHash == PERMIT_SINGLE || typeHash == PERMIT_TRANSFER_FROM) {
            // Words of the message: details, spender, … Then those of details: token, amount, …
            uint256 details = typeHash == PERMIT_SINGLE ? 3 : 4;
            if (firstNested != 1) revert ITypedDataPolicy.RuleMissing(primaryType, details, FIXED);
            _require(primaryType, rules, 1, FIXED);
            _require(primaryType, rules, details, FIXED);
            _require(primaryType, rules, details + 1, BOUNDED_ABOVE);
        } else if (typeHash == COW_ORDER) {
            // sellToken, buyToken, receiver, sellAmount, buyAmount, feeAmount
            _require(primaryType, rules, 0, FIXED);
            _require(primaryType, rules, 1, FIXED);
            _require(primaryType, rules, 2, FIXED);
            _require(primaryType, rules, 3, BOUNDED_ABOVE);
            _require(primaryType, rules, 4, BOUNDED_BELOW);
            _require(primaryType, rules, 7, BOUNDED_ABOVE);
        } else {
            // Of these names only the types above are known: others, DAI's permit for one, cannot be bounded.
            bytes32 name = keccak256(bytes(primaryType));
            bool known = name == keccak256("Permit") || name == keccak256("PermitSingle")
                || name == keccak256("PermitTransferFrom") || name == keccak256("TransferWithAuthorization")
                || name == keccak256("ReceiveWithAuthorization") || name == keccak256("Order");
            if (known) revert ITypedDataPolicy.TypeForbidden(primaryType);
        }
    }

    /// @dev Reverts unless a group of one rule bounds the word as needed.
    function _require(string calldata primaryType, bytes calldata rules, uint256 word, uint256 bound) private pure {
        uint256 comparisons = bound == FIXED ? FIXING : bound == BOUNDED_ABOVE ? BOUNDING_ABOVE : BOUNDING_BELOW;
        if (!_isBounded(rules, word, comparisons)) revert ITypedDataPolicy.RuleMissing(primaryType, word, bound);
    }

    /// @dev Whether some group has a single rule, on `word`, by one of `comparisons`. Stops at the first rule that is not on a
    /// word of the head: such rules come last.
    function _isBounded(bytes calldata rules, uint256 word, uint256 comparisons) private pure returns (bool) {
        unchecked {
            if (rules.length == 0) return false;
            uint256 end = rules.positionOf() + rules.length;
            uint256 groups = rules.positionOf().integer(1);
            uint256 cursor = rules.positionOf() + 1;
            for (uint256 group = 0; group < groups; ++group) {
                uint256 count = cursor.integer(1);
                cursor += 1;
                for (uint256 i = 0; i < count; ++i) {
                    // Kind of path (1), word (2), type (1), comparison (1), references.
                    uint256 head = cursor.integer(5);
                    uint256 comparison = head & 0xff;
                    if (cursor + 5 > end || head >> 32 != 0 || comparison > 9) return false;
                    // Amounts and addresses are unsigned: as a signed number, a large one would be small.
                    bool isUnsigned = head >> 8 & 0xc0 == 0;
                    if (count == 1 && isUnsigned && head >> 16 & 0xffff == word && comparisons >> comparison & 1 != 0) {
                        return true;
                    }
                    cursor += 5 + _referencesSize(cursor + 5, head >> 8 & 0xff, comparison);
                }
            }
            return false;
        }
    }

    /// @dev How many bytes the references of a rule take.
    function _referencesSize(uint256 position, uint256 typeCode, uint256 comparison) private pure returns (uint256) {
        unchecked {
            uint256 width = typeCode == BOOL ? 1 : typeCode & 0x3f;
            if (comparison == ONE_OF) return 1 + position.integer(1) * width;
            // Range and bits have two, equals the account none.
            if (comparison == 6 || comparison == 8) return 2 * width;
            return comparison == 9 ? 0 : width;
        }
    }
}
