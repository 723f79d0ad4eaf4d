// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Random} from "./RandomSession.sol";
import {cut} from "./Cut.sol";

/// @notice Changes bytes field by field, as whoever knows the encoding would: numbers, lengths and counts, with or without what
/// they count; whole fields removed, repeated, exchanged, or put elsewhere.
library UseMutation {
    /// @param data The bytes.
    /// @param fields Where each field begins, in order.
    function mutate(bytes memory data, uint256[] memory fields, Random memory random)
        internal
        pure
        returns (bytes memory)
    {
        // What can still be a use more often than what cannot.
        uint256 kind = random.below(18);
        if (kind > 11) kind = kind > 14 ? 9 : 7;
        uint256 place = random.below(fields.length);
        // Numbers are short.
        for (uint256 i = 0; i < 4 && kind == 9 && place + 1 < fields.length; ++i) {
            if (fields[place + 1] - fields[place] < 3) break;
            place = random.below(fields.length);
        }
        uint256 from = fields[place];
        uint256 to = place + 1 < fields.length ? fields[place + 1] : data.length;
        bytes memory field = cut(data, from, to);
        if (kind == 0) return _replace(data, from, to, _flip(field, random));
        if (kind == 1) return _replace(data, from, to, _step(field, random.below(2) == 0));
        if (kind == 2) return _replace(data, from, to, _interesting(field.length, random));
        if (kind == 3) return _replace(data, from, to, "");
        if (kind == 4) return _replace(data, from, from, field);
        if (kind == 5) return _exchange(data, fields, place, random.below(fields.length));
        if (kind == 6) return _replace(data, from, from, random.content(_size(random)));
        if (kind == 7) return _replace(data, from, to, random.content(field.length));
        if (kind == 8) return _end(data, from, random);
        // A number of what follows, and so much more or less of it.
        if (field.length > 3) return _replace(data, from, to, _flip(field, random));
        uint256 size = _size(random);
        uint256 units = size == 1 ? 1 + random.below(8) : 1;
        if (kind == 9) {
            for (uint256 i = 0; i < units; ++i) {
                field = _step(field, true);
            }
            bytes memory more = random.below(2) == 0 ? new bytes(units * size) : random.content(units * size);
            return _replace(data, from, to, bytes.concat(field, more));
        }
        if (to + size > data.length) return _replace(data, from, to, _step(field, false));
        if (kind == 10) return _replace(data, from, to + size, _step(field, false));
        return _replace(data, from, to + size, field);
    }

    /// @dev Of a byte, a word, or a policy without configuration.
    function _size(Random memory random) private pure returns (uint256) {
        uint256 choice = random.below(4);
        return choice == 0 ? 22 : choice == 1 ? 32 : 1;
    }

    function _flip(bytes memory field, Random memory random) private pure returns (bytes memory) {
        field[random.below(field.length)] ^= bytes1(uint8(2 ** random.below(8)));
        return field;
    }

    /// @dev The number that a field is, and one more or less.
    function _step(bytes memory field, bool up) private pure returns (bytes memory) {
        for (uint256 i = field.length; i > 0; --i) {
            uint8 digit = uint8(field[i - 1]);
            unchecked {
                field[i - 1] = bytes1(up ? digit + 1 : digit - 1);
            }
            if (digit != (up ? 255 : 0)) break;
        }
        return field;
    }

    function _interesting(uint256 size, Random memory random) private pure returns (bytes memory field) {
        uint256 choice = random.below(4);
        field = new bytes(size);
        for (uint256 i = 0; choice == 0 && i < size; ++i) {
            field[i] = 0xff;
        }
        if (choice == 1) field[size - 1] = bytes1(uint8(random.below(40)));
        if (choice == 2) field[0] = 0x80;
    }

    function _exchange(bytes memory data, uint256[] memory fields, uint256 one, uint256 other)
        private
        pure
        returns (bytes memory)
    {
        if (one == other) other = one == 0 ? fields.length - 1 : one - 1;
        if (one > other) (one, other) = (other, one);
        uint256 end = other + 1 < fields.length ? fields[other + 1] : data.length;
        bytes memory between = cut(data, fields[one + 1], fields[other]);
        bytes memory exchanged =
            bytes.concat(cut(data, fields[other], end), between, cut(data, fields[one], fields[one + 1]));
        return _replace(data, fields[one], end, exchanged);
    }

    /// @dev Ends elsewhere.
    function _end(bytes memory data, uint256 from, Random memory random) private pure returns (bytes memory) {
        uint256 choice = random.below(3);
        if (choice == 0) return cut(data, 0, from);
        if (choice == 1) return cut(data, 0, random.below(data.length));
        return bytes.concat(data, random.content(1 + random.below(70)));
    }

    function _replace(bytes memory data, uint256 from, uint256 to, bytes memory by)
        private
        pure
        returns (bytes memory)
    {
        return bytes.concat(cut(data, 0, from), by, cut(data, to, data.length));
    }
}
