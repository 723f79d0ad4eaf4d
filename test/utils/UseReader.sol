// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Action, Policy, Session} from "contracts/types/Session.sol";
import {UseBuilder} from "./UseBuilder.sol";
import {cut} from "./Cut.sol";

/// @notice An action as a use has it: in full if it is revealed, else only its hash.
struct ReadAction {
    bool revealed;
    bytes32 hash;
    Action action;
}

/// @notice All that a use says.
struct ReadUse {
    uint8 flags;
    uint48 claimedTime;
    /// But for its signature policies and its actions.
    Session session;
    bytes32 signaturePolicies;
    ReadAction[] actions;
    uint8[] claims;
    bytes32[] proof;
    uint8 place;
    bytes32[] others;
    bytes ownersSignature;
    bytes publication;
    /// The session's id.
    bytes32 id;
    /// How many bytes the use has. The session key's signature follows.
    uint256 size;
    /// Where each field begins, in order.
    uint256[] fields;
}

/// @notice Reads a use by docs/encoding.md, field by field, in memory: nothing of it is shared with the decoders under test.
contract UseReader {
    struct Cursor {
        bytes data;
        uint256 at;
        uint256[] fields;
        uint256 count;
    }

    error NotCanonical(uint256 position);

    bytes32 private constant NONE = keccak256("");

    /// @notice What a signature says that an operation of `calls` calls of `account` carries. Reverts unless it begins with a use.
    function read(bytes memory data, uint256 calls, address account) external view returns (ReadUse memory use) {
        Cursor memory cursor = Cursor(data, 0, new uint256[](data.length + 1), 0);
        _readHeader(cursor, use);
        use.session.account = account;
        use.session.chainId = use.flags & 1 != 0 ? 0 : block.chainid;
        use.session.operationPolicies = _readPolicies(cursor);
        use.signaturePolicies = NONE;
        if (use.flags & 2 != 0) {
            use.signaturePolicies = bytes32(_number(cursor, 32));
            _require(cursor, use.signaturePolicies != NONE);
        }
        _readActions(cursor, use);
        use.claims = new uint8[](calls);
        for (uint256 i = 0; i < calls; ++i) {
            use.claims[i] = uint8(_number(cursor, 1));
        }
        if (use.flags & 4 != 0) {
            uint256 depth = _number(cursor, 1);
            _require(cursor, depth > 0);
            use.proof = _readWords(cursor, depth);
        }
        if (use.flags & 8 != 0) _readGrant(cursor, use);
        if (use.flags & 16 != 0) use.publication = _readSized(cursor, 3);

        use.id = _hash(use);
        use.size = cursor.at;
        use.fields = new uint256[](cursor.count);
        for (uint256 i = 0; i < cursor.count; ++i) {
            use.fields[i] = cursor.fields[i];
        }
    }

    /// @notice The one encoding of what was read; and if its flags are others, what is announced by them is there, or is not.
    function write(ReadUse memory use) external pure returns (bytes memory data) {
        Session memory session = use.session;
        data = abi.encodePacked(use.flags, use.claimedTime, session.epoch, session.validAfter, session.validUntil);
        data = abi.encodePacked(data, session.salt, session.paymaster, session.maxOpCost);
        data = abi.encodePacked(data, uint16(session.sessionKey.length), session.sessionKey);
        data = abi.encodePacked(data, UseBuilder.packPolicies(session.operationPolicies));
        if (use.flags & 2 != 0) data = abi.encodePacked(data, use.signaturePolicies);
        data = abi.encodePacked(data, _writeActions(use.actions));
        for (uint256 i = 0; i < use.claims.length; ++i) {
            data = abi.encodePacked(data, use.claims[i]);
        }
        if (use.flags & 4 != 0) data = abi.encodePacked(data, uint8(use.proof.length), use.proof);
        if (use.flags & 8 != 0) {
            data = abi.encodePacked(data, uint8(use.others.length + 1), use.place, use.others);
            data = abi.encodePacked(data, uint16(use.ownersSignature.length), use.ownersSignature);
        }
        if (use.flags & 16 != 0) data = abi.encodePacked(data, uint24(use.publication.length), use.publication);
    }

    function _readHeader(Cursor memory cursor, ReadUse memory use) private pure {
        use.flags = uint8(_number(cursor, 1));
        _require(cursor, use.flags < 32);
        // A proof not with a grant, a publication only with one.
        _require(cursor, use.flags & 12 != 12 && use.flags & 24 != 16);
        use.claimedTime = uint48(_number(cursor, 6));
        use.session.epoch = uint64(_number(cursor, 8));
        use.session.validAfter = uint48(_number(cursor, 6));
        use.session.validUntil = uint48(_number(cursor, 6));
        use.session.salt = bytes32(_number(cursor, 32));
        use.session.paymaster = address(uint160(_number(cursor, 20)));
        use.session.maxOpCost = uint128(_number(cursor, 16));
        use.session.sessionKey = _readSized(cursor, 2);
    }

    function _readPolicies(Cursor memory cursor) private pure returns (Policy[] memory policies) {
        policies = new Policy[](_number(cursor, 1));
        for (uint256 i = 0; i < policies.length; ++i) {
            policies[i].policy = address(uint160(_number(cursor, 20)));
            policies[i].config = _readSized(cursor, 2);
        }
    }

    function _readActions(Cursor memory cursor, ReadUse memory use) private pure {
        use.actions = new ReadAction[](_number(cursor, 1));
        _require(cursor, use.actions.length > 0);
        uint256 revealed = _number(cursor, (use.actions.length + 7) / 8);
        _require(cursor, revealed < 2 ** use.actions.length);
        for (uint256 i = 0; i < use.actions.length; ++i) {
            ReadAction memory action = use.actions[i];
            action.revealed = revealed >> i & 1 == 1;
            if (action.revealed) {
                action.action = _readAction(cursor);
                action.hash = UseBuilder.hash(action.action);
            } else {
                action.hash = bytes32(_number(cursor, 32));
            }
        }
    }

    function _readAction(Cursor memory cursor) private pure returns (Action memory action) {
        action.target = address(uint160(_number(cursor, 20)));
        action.selector = bytes4(uint32(_number(cursor, 4)));
        uint256 length = _number(cursor, 1);
        _require(cursor, length <= 32);
        action.maxValue = _number(cursor, length);
        _require(cursor, length == 0 || action.maxValue >> 8 * (length - 1) > 0);
        action.policies = _readPolicies(cursor);
    }

    function _readGrant(Cursor memory cursor, ReadUse memory use) private pure {
        uint256 count = _number(cursor, 1);
        _require(cursor, count > 0);
        use.place = uint8(_number(cursor, 1));
        _require(cursor, use.place < count);
        use.others = _readWords(cursor, count - 1);
        use.ownersSignature = _readSized(cursor, 2);
    }

    function _readWords(Cursor memory cursor, uint256 count) private pure returns (bytes32[] memory words) {
        words = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            words[i] = bytes32(_number(cursor, 32));
        }
    }

    /// @dev Bytes with their length, in `width` bytes, before them.
    function _readSized(Cursor memory cursor, uint256 width) private pure returns (bytes memory) {
        return _take(cursor, _number(cursor, width));
    }

    function _number(Cursor memory cursor, uint256 size) private pure returns (uint256) {
        return size == 0 ? 0 : uint256(bytes32(_take(cursor, size))) >> 256 - 8 * size;
    }

    /// @dev The next field.
    function _take(Cursor memory cursor, uint256 size) private pure returns (bytes memory taken) {
        _require(cursor, size <= cursor.data.length - cursor.at);
        if (size > 0) cursor.fields[cursor.count++] = cursor.at;
        taken = cut(cursor.data, cursor.at, cursor.at + size);
        cursor.at += size;
    }

    function _require(Cursor memory cursor, bool condition) private pure {
        if (!condition) revert NotCanonical(cursor.at);
    }

    function _writeActions(ReadAction[] memory actions) private pure returns (bytes memory data) {
        uint256 revealed = 0;
        for (uint256 i = 0; i < actions.length; ++i) {
            if (actions[i].revealed) revealed |= 2 ** i;
            data = abi.encodePacked(
                data, actions[i].revealed ? UseBuilder.packAction(actions[i].action) : abi.encode(actions[i].hash)
            );
        }
        bytes memory bitmap = abi.encodePacked(revealed);
        bitmap = cut(bitmap, 32 - (actions.length + 7) / 8, 32);
        data = abi.encodePacked(uint8(actions.length), bitmap, data);
    }

    /// @dev The session's struct hash, from the hashes of what the use does not have in full.
    function _hash(ReadUse memory use) private pure returns (bytes32) {
        bytes memory hashes;
        for (uint256 i = 0; i < use.actions.length; ++i) {
            hashes = abi.encodePacked(hashes, use.actions[i].hash);
        }
        return UseBuilder.hash(use.session, use.signaturePolicies, keccak256(hashes));
    }
}
