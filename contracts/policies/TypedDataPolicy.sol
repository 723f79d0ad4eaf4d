// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ICallPolicy} from "../interfaces/ICallPolicy.sol";
import {ISignaturePolicy, TypedData} from "../interfaces/ISignaturePolicy.sol";
import {ITypedDataPolicy} from "../interfaces/ITypedDataPolicy.sol";
import {CalldataReader} from "../libraries/CalldataReader.sol";
import {TypedDataRules} from "../libraries/TypedDataRules.sol";

/// @title TypedDataPolicy
/// @notice See {ITypedDataPolicy}. Nobody owns it, it holds nothing and it is not upgradeable.
contract TypedDataPolicy is ITypedDataPolicy {
    using CalldataReader for bytes;
    using CalldataReader for uint256;

    /// Kinds of alternatives.
    uint256 private constant TYPED_DATA = 0;
    uint256 private constant PERSONAL_MESSAGE = 1;

    /// @dev Of an alternative for typed data: kind (1), domain separator (32), type hash (32), number of fields (1), number of
    /// nested structs (1).
    uint256 private constant HEAD_SIZE = 67;
    /// @dev Of a nested struct: the struct it is a field of (1), which field (1), type hash (32), number of fields (1).
    uint256 private constant NESTED_SIZE = 35;

    address private immutable _ABI_RULE_POLICY;

    /// @dev An alternative, by where its parts begin, counted from the start of this call's calldata.
    struct Alternative {
        uint256 start;
        uint256 end;
        /// Where the rules on fields begin.
        uint256 rules;
        /// Number of fields, of the message and the nested structs together.
        uint256 words;
        uint256 nested;
    }

    /// @param abiRulePolicy_ What checks the rules on fields.
    constructor(address abiRulePolicy_) {
        _ABI_RULE_POLICY = abiRulePolicy_;
    }

    /// @inheritdoc ITypedDataPolicy
    function abiRulePolicy() external view returns (address) {
        return _ABI_RULE_POLICY;
    }

    /// @inheritdoc ISignaturePolicy
    /// @dev Reverts with the errors of {ITypedDataPolicy}. Anyone may ask. `sender` is free. Restricts no time.
    function checkTypedData(address account, address, TypedData calldata typedData, bytes calldata config)
        external
        view
        returns (uint256 validationData)
    {
        unchecked {
            if (TypedDataRules.isForbidden(typedData.primaryType)) revert TypeForbidden(typedData.primaryType);
            bytes32 typeHash = keccak256(bytes(typedData.encodedType));
            bytes memory reason =
                abi.encodeWithSelector(TypedDataNotAllowed.selector, typedData.domain.separator, typeHash);
            bool met = false;
            uint256 count = _count(config);
            uint256 cursor = config.positionOf() + 1;
            for (uint256 i = 0; i < count; ++i) {
                Alternative memory alternative = _readAlternative(cursor, config);
                cursor = alternative.end;
                uint256 start = alternative.start;
                if (met || start.integer(1) != TYPED_DATA) continue;
                if ((start + 1).word() != typedData.domain.separator || (start + 33).word() != typeHash) continue;
                TypedDataRules.requireBounds(
                    typedData.primaryType,
                    typeHash,
                    alternative.rules.slice(alternative.end - alternative.rules),
                    alternative.nested == 0 ? 0 : (start + HEAD_SIZE).integer(2) + 1
                );
                _requireWitness(alternative, typeHash, typedData);
                (met, reason) = _meetsRules(alternative, account, typedData.witness);
            }
            _requireEnd(cursor, config);
            // Of several alternatives for one type, what the last one lacks.
            if (!met) _revertWith(reason);
            return 0;
        }
    }

    /// @inheritdoc ISignaturePolicy
    /// @dev Reverts with the errors of {ITypedDataPolicy}. Anyone may ask. `account` and `sender` are free. Restricts no time.
    function checkPersonalMessage(address, address, bytes calldata message, bytes calldata config)
        external
        pure
        returns (uint256 validationData)
    {
        unchecked {
            bool met = false;
            uint256 count = _count(config);
            uint256 cursor = config.positionOf() + 1;
            for (uint256 i = 0; i < count; ++i) {
                Alternative memory alternative = _readAlternative(cursor, config);
                cursor = alternative.end;
                if (alternative.start.integer(1) != PERSONAL_MESSAGE) continue;
                bytes calldata prefix = (alternative.start + 1).slice(alternative.end - alternative.start - 1);
                if (message.length < prefix.length) continue;
                if (keccak256(message[:prefix.length]) == keccak256(prefix)) met = true;
            }
            _requireEnd(cursor, config);
            if (!met) revert PersonalMessageNotAllowed(message.length);
            return 0;
        }
    }

    /// @dev How many alternatives there are.
    function _count(bytes calldata config) private pure returns (uint256 count) {
        if (config.length == 0 || config[0] == 0) revert InvalidConfig(0);
        return uint8(config[0]);
    }

    /// @dev Reads the shape of the alternative at `cursor`: 2 bytes of length, then as much.
    function _readAlternative(uint256 cursor, bytes calldata config)
        private
        pure
        returns (Alternative memory alternative)
    {
        unchecked {
            uint256 origin = config.positionOf();
            uint256 length = cursor.integer(2);
            uint256 start = cursor + 2;
            alternative.start = start;
            alternative.end = start + length;
            if (alternative.end > origin + config.length) revert InvalidConfig(config.length);
            uint256 kind = start.integer(1);
            if (kind == PERSONAL_MESSAGE) {
                // An empty prefix would let any message pass.
                if (length < 2) revert InvalidConfig(start - origin);
                return alternative;
            }
            if (kind != TYPED_DATA || length < HEAD_SIZE) revert InvalidConfig(start - origin);
            alternative.words = (start + 65).integer(1);
            alternative.nested = (start + 66).integer(1);
            uint256 fields = alternative.words;
            alternative.rules = start + HEAD_SIZE + NESTED_SIZE * alternative.nested;
            if (alternative.rules > alternative.end) revert InvalidConfig(start + 66 - origin);
            for (uint256 i = 0; i < alternative.nested; ++i) {
                uint256 at = start + HEAD_SIZE + NESTED_SIZE * i;
                // A struct comes after the one that it is a field of.
                uint256 parent = at.integer(1);
                if (parent > i) revert InvalidConfig(at - origin);
                if (parent != 0) fields = (start + HEAD_SIZE + NESTED_SIZE * (parent - 1) + 34).integer(1);
                else fields = (start + 65).integer(1);
                if ((at + 1).integer(1) >= fields) revert InvalidConfig(at + 1 - origin);
                alternative.words += (at + 34).integer(1);
            }
        }
    }

    /// @dev Reverts unless the witness holds the fields of the message and of the nested structs.
    function _requireWitness(Alternative memory alternative, bytes32 typeHash, TypedData calldata typedData)
        private
        pure
    {
        unchecked {
            bytes calldata witness = typedData.witness;
            if (witness.length != 32 * alternative.words) {
                revert InvalidWitnessLength(32 * alternative.words, witness.length);
            }
            // Where the fields of each struct begin in the witness, in words.
            uint256[] memory begins = new uint256[](alternative.nested + 2);
            begins[1] = (alternative.start + 65).integer(1);
            bytes32 actual = keccak256(bytes.concat(typeHash, witness[:32 * begins[1]]));
            if (actual != typedData.contentsHash) revert WitnessDiffers(0, typedData.contentsHash, actual);
            for (uint256 i = 0; i < alternative.nested; ++i) {
                uint256 at = alternative.start + HEAD_SIZE + NESTED_SIZE * i;
                uint256 begin = begins[i + 1];
                uint256 end = begin + (at + 34).integer(1);
                begins[i + 2] = end;
                uint256 field = begins[at.integer(1)] + (at + 1).integer(1);
                bytes32 expected = bytes32(witness[32 * field:]);
                actual = keccak256(bytes.concat((at + 2).word(), witness[32 * begin:32 * end]));
                if (actual != expected) revert WitnessDiffers(i + 1, expected, actual);
            }
        }
    }

    /// @dev Whether the fields, taken for the arguments of a call, meet the rules; and if not, the error.
    function _meetsRules(Alternative memory alternative, address account, bytes calldata witness)
        private
        view
        returns (bool met, bytes memory reason)
    {
        bytes calldata rules = alternative.rules.slice(alternative.end - alternative.rules);
        if (rules.length == 0) return (true, "");
        (met, reason) = _ABI_RULE_POLICY.staticcall{gas: type(uint256).max}(
            abi.encodeCall(
                ICallPolicy.checkCall, (account, 0, address(0), 0, 0, bytes.concat(bytes4(0), witness), rules)
            )
        );
        // An address without code answers with nothing.
        if (met && reason.length != 32) met = false;
        if (!met) reason = abi.encodeWithSelector(RulesNotMet.selector, reason);
    }

    function _requireEnd(uint256 cursor, bytes calldata config) private pure {
        unchecked {
            uint256 read = cursor - config.positionOf();
            if (read != config.length) revert InvalidConfig(Math.min(read, config.length));
        }
    }

    function _revertWith(bytes memory reason) private pure {
        // A bytes value in memory is its length, then its content.
        assembly ("memory-safe") {
            revert(add(reason, 32), mload(reason))
        }
    }
}
