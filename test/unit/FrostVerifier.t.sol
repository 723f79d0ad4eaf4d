// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";
import {Test} from "forge-std/Test.sol";
import {Vm} from "forge-std/Vm.sol";
import {FrostSignature} from "contracts/libraries/FrostSignature.sol";

/// @notice What the verifier of keys that several nodes hold must take and refuse.
contract FrostVerifierTest is Test {
    bytes4 private constant VALID = IERC7913SignatureVerifier.verify.selector;
    bytes4 private constant INVALID = 0xffffffff;
    uint256 private constant N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    uint256 private constant P = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f;
    uint256 private constant KEY = 0xa11ce;
    uint256 private constant NONCE = 0xb0b;

    string private constant VECTOR = "FrostVector(bytes key,bytes signatures)";

    IERC7913SignatureVerifier private verifier;

    /// @dev As in the file: one key and what nodes signed with it, 128 bytes each.
    struct FrostVector {
        bytes key;
        bytes signatures;
    }

    function setUp() public {
        verifier = IERC7913SignatureVerifier(deployCode("FrostVerifier.sol:FrostVerifier"));
    }

    /*//////////////////////////////////////////////////////////////
                          BY ANOTHER ROUTE: RFC 9591
    //////////////////////////////////////////////////////////////*/

    /// @dev expand_message_xmd of RFC 9380, for any length and tag, and H2 with it.
    function _challenge(bytes memory message) private pure returns (uint256) {
        bytes memory dst = bytes("FROST-secp256k1-SHA256-v1chal");
        bytes memory dstPrime = bytes.concat(dst, bytes1(uint8(dst.length)));
        bytes32 b0 = sha256(bytes.concat(new bytes(64), message, bytes2(uint16(48)), bytes1(0), dstPrime));
        bytes memory uniform;
        bytes32 b;
        for (uint8 i = 1; uniform.length < 48; ++i) {
            b = sha256(bytes.concat(b ^ b0, bytes1(i), dstPrime));
            uniform = bytes.concat(uniform, b);
        }
        uint256 c;
        for (uint256 i = 0; i < 48; ++i) {
            c = addmod(mulmod(c, 256, N), uint8(uniform[i]), N);
        }
        return c;
    }

    function _compress(uint256 x, uint256 y) private pure returns (bytes memory) {
        return abi.encodePacked(uint8(y % 2 == 0 ? 2 : 3), x);
    }

    function _point(uint256 scalar) private returns (uint256, uint256) {
        Vm.Wallet memory wallet = vm.createWallet(scalar);
        return (wallet.publicKeyX, wallet.publicKeyY);
    }

    function _publicKey(uint256 privateKey) private returns (bytes memory) {
        (uint256 x, uint256 y) = _point(privateKey);
        return _compress(x, y);
    }

    function _sign(uint256 privateKey, uint256 nonce, bytes memory message)
        private
        returns (uint256 rx, uint256 ry, uint256 z)
    {
        (rx, ry) = _point(nonce);
        uint256 c = _challenge(bytes.concat(_compress(rx, ry), _publicKey(privateKey), message));
        z = addmod(nonce, mulmod(c, privateKey, N), N);
    }

    function _sign(uint256 privateKey, bytes32 hash) private returns (uint256 rx, uint256 ry, uint256 z) {
        return _sign(privateKey, NONCE, bytes.concat(hash));
    }

    function _verify(bytes memory key, bytes32 hash, bytes memory signature) private view returns (bytes4) {
        return verifier.verify(key, hash, signature);
    }

    function _assertInvalid(bytes memory key, bytes32 hash, bytes memory signature, string memory what) private view {
        assertEq(_verify(key, hash, signature), INVALID, what);
    }

    /*//////////////////////////////////////////////////////////////
                                 VALID
    //////////////////////////////////////////////////////////////*/

    /// @dev Appendix E.5 of RFC 9591. The message there is "test", so that the library is asked, not the verifier.
    function test_TakesTheSignatureInTheRFC() external pure {
        uint256 x = 0xf37c34b66ced1fb51c34a90bdae006901f10625cc06c4f64663b0eae87d87b4f;
        uint256 rx = 0x05b6d04d3774c8929413e3c76024d54149c372d57aae62574ed74319b5ea14d0;
        uint256 ry = 0xe8c864734e5a7ca750bae921423cf8d29a9a9e6251f09269480a7770b8204a36;
        uint256 z = 0xc65dde8492a7471437e6c2fe3da49b90d23f642b5c6dbe7e36089f096dd97324;
        assertTrue(FrostSignature.isValid(2, x, "test", rx, ry, z));
        assertFalse(FrostSignature.isValid(3, x, "test", rx, ry, z));
        assertFalse(FrostSignature.isValid(2, x, "tent", rx, ry, z));
        assertFalse(FrostSignature.isValid(2, x, "test", rx, P - ry, z));
        assertFalse(FrostSignature.isValid(2, x, "test", rx, ry, z - 1));
    }

    /// @dev 2,000 signatures by 40 keys that 2 to 10 nodes generated, made off chain by the library that nodes use.
    function test_TakesWhatNodesSigned() external view {
        string memory json = vm.readFile("test/vectors/frost.json");
        FrostVector[] memory vectors = abi.decode(vm.parseJsonTypeArray(json, ".vectors", VECTOR), (FrostVector[]));
        uint256 count;
        uint256 odd;
        for (uint256 i = 0; i < vectors.length; ++i) {
            bytes memory key = vectors[i].key;
            bytes memory another = vectors[(i + 1) % vectors.length].key;
            if (uint8(key[0]) == 3) ++odd;
            for (uint256 at = 0; at < vectors[i].signatures.length; at += 128) {
                (bytes32 hash, uint256 rx, uint256 ry, uint256 z) = _read(vectors[i].signatures, at);
                assertEq(_verify(key, hash, abi.encode(rx, ry, z)), VALID);
                _assertInvalid(key, hash, abi.encode(rx, P - ry, z), "R negated");
                _assertInvalid(another, hash, abi.encode(rx, ry, z), "another key");
                ++count;
            }
        }
        assertEq(count, 2000);
        assertGt(odd, 5);
        assertLt(odd, 35);
    }

    function _read(bytes memory data, uint256 at) private pure returns (bytes32 hash, uint256, uint256, uint256) {
        bytes memory entry = new bytes(128);
        for (uint256 i = 0; i < 128; ++i) {
            entry[i] = data[at + i];
        }
        return abi.decode(entry, (bytes32, uint256, uint256, uint256));
    }

    /// forge-config: default.fuzz.runs = 100
    function testFuzz_TakesWhatTheKeySigned(uint256 privateKey, uint256 nonce, bytes32 hash) external {
        privateKey = bound(privateKey, 1, N - 1);
        nonce = bound(nonce, 1, N - 1);
        (uint256 rx, uint256 ry, uint256 z) = _sign(privateKey, nonce, bytes.concat(hash));
        assertEq(_verify(_publicKey(privateKey), hash, abi.encode(rx, ry, z)), VALID);
    }

    function test_TakesEdgeCases() external {
        bytes32[4] memory hashes = [bytes32(0), bytes32(uint256(1)), bytes32(N), bytes32(type(uint256).max)];
        uint256[5] memory scalars = [uint256(1), 2, 3, N - 1, N - 2];
        for (uint256 i = 0; i < scalars.length; ++i) {
            for (uint256 k = 0; k < scalars.length; ++k) {
                bytes32 hash = hashes[(i + k) % 4];
                (uint256 rx, uint256 ry, uint256 z) = _sign(scalars[i], scalars[k], bytes.concat(hash));
                assertEq(_verify(_publicKey(scalars[i]), hash, abi.encode(rx, ry, z)), VALID);
            }
        }
    }

    /*//////////////////////////////////////////////////////////////
                                INVALID
    //////////////////////////////////////////////////////////////*/

    function test_RefusesBadNumbers() external {
        bytes32 hash = keccak256("message");
        bytes memory key = _publicKey(KEY);
        (uint256 rx, uint256 ry, uint256 z) = _sign(KEY, hash);
        uint256[9] memory bad = [uint256(0), 1, N, N - 1, N + 1, P, P - 1, type(uint256).max, N / 2];
        for (uint256 i = 0; i < bad.length; ++i) {
            _assertInvalid(key, hash, abi.encode(bad[i], ry, z), "x of R");
            _assertInvalid(key, hash, abi.encode(rx, bad[i], z), "y of R");
            _assertInvalid(key, hash, abi.encode(rx, ry, bad[i]), "z");
            for (uint256 k = 0; k < bad.length; ++k) {
                _assertInvalid(key, hash, abi.encode(bad[i], bad[k], z), "R");
                _assertInvalid(key, hash, abi.encode(bad[i], bad[k], bad[i]), "all");
            }
        }
    }

    /// @dev With ecrecover made to say that R is right, whatever it is asked: only what is checked before it refuses.
    function _mockRecovery(uint256 rx, uint256 ry) private {
        vm.mockCall(address(1), bytes(""), abi.encode(uint256(keccak256(abi.encode(rx, ry))) & type(uint160).max));
    }

    function test_RefusesNumbersOutOfRangeByItself() external {
        bytes memory key = _publicKey(KEY);
        (uint256 x,) = _point(KEY);
        (uint256 rx, uint256 ry) = _point(NONCE);
        _mockRecovery(rx, ry);
        uint256[3] memory good = [uint256(1), N / 2, N - 1];
        uint256[5] memory bad = [uint256(0), N, N + 1, P, type(uint256).max];
        for (uint256 i = 0; i < good.length; ++i) {
            assertEq(_verify(key, 0, abi.encode(rx, ry, good[i])), VALID, "z in range");
            assertEq(_verify(abi.encodePacked(uint8(3), good[i]), 0, abi.encode(rx, ry, 1)), VALID, "x in range");
        }
        for (uint256 i = 0; i < bad.length; ++i) {
            _assertInvalid(key, 0, abi.encode(rx, ry, bad[i]), "z");
            _assertInvalid(abi.encodePacked(uint8(2), bad[i]), 0, abi.encode(rx, ry, 1), "x of the key");
        }
        for (uint256 prefix = 0; prefix < 256; ++prefix) {
            bytes4 expected = prefix == 2 || prefix == 3 ? VALID : INVALID;
            assertEq(_verify(abi.encodePacked(uint8(prefix), x), 0, abi.encode(rx, ry, 1)), expected, "prefix");
        }
    }

    /// @dev Points with a small coordinate, which has a second form below 2^256.
    function test_RefusesCoordinatesThatAreNotReduced() external {
        bytes memory key = _publicKey(KEY);
        // x is 1.
        uint256 y = _power(8, (P + 1) / 4);
        _mockRecovery(1, y);
        assertEq(_verify(key, 0, abi.encode(1, y, 1)), VALID);
        _mockRecovery(1 + P, y);
        _assertInvalid(key, 0, abi.encode(1 + P, y, 1), "x plus the prime");

        // The first y that is on the curve.
        uint256 x;
        for (y = 1;; ++y) {
            uint256 cube = addmod(mulmod(y, y, P), P - 7, P);
            x = _power(cube, (P + 2) / 9);
            if (mulmod(x, mulmod(x, x, P), P) == cube) break;
        }
        assertLt(y, 100);
        _mockRecovery(x, y);
        assertEq(_verify(key, 0, abi.encode(x, y, 1)), VALID);
        _mockRecovery(x, y + P);
        _assertInvalid(key, 0, abi.encode(x, y + P, 1), "y plus the prime");
    }

    /// forge-config: default.fuzz.runs = 100
    function testFuzz_RefusesEveryOtherFormOfASignature(uint256 privateKey, bytes32 hash) external {
        privateKey = bound(privateKey, 1, N - 1);
        bytes memory key = _publicKey(privateKey);
        (uint256 rx, uint256 ry, uint256 z) = _sign(privateKey, hash);
        assertEq(_verify(key, hash, abi.encode(rx, ry, z)), VALID);
        _assertInvalid(key, hash, abi.encode(rx, ry, N - z), "z negated");
        _assertInvalid(key, hash, abi.encode(rx, P - ry, z), "R negated");
        _assertInvalid(key, hash, abi.encode(rx, P - ry, N - z), "both negated");
        _assertInvalid(key, hash, abi.encode(ry, rx, z), "R swapped");
        _assertInvalid(key, hash, abi.encode(z, rx, ry), "rotated");
        _assertInvalid(key, hash, abi.encode(rx, ry), "truncated");
        _assertInvalid(key, hash, abi.encode(rx, z), "without y");
        _assertInvalid(key, hash, bytes.concat(_compress(rx, ry), bytes32(z)), "as in the RFC");
        _assertInvalid(key, hash, "", "nothing");
        _assertInvalid(key, hash, abi.encode(rx, ry, z, 0), "with a word after");
        _assertInvalid(key, hash, abi.encodePacked(rx, ry, z, uint8(0)), "with a byte after");
        _assertInvalid(key, hash, abi.encodePacked(uint8(4), rx, ry, z), "with a byte before");
        _assertInvalid(key, hash, abi.encodePacked(rx, ry, uint248(z)), "a byte short");
    }

    function testFuzz_RefusesABitFlipped(bytes32 hash, uint256 bit, uint8 where) external {
        bytes memory key = _publicKey(KEY);
        (uint256 rx, uint256 ry, uint256 z) = _sign(KEY, hash);
        bytes memory signature = abi.encode(rx, ry, z);
        if (where % 3 == 0) hash ^= bytes32(uint256(1) << bit % 256);
        else if (where % 3 == 1) key[bit % 264 / 8] ^= bytes1(uint8(1) << uint8(bit % 8));
        else signature[bit % 768 / 8] ^= bytes1(uint8(1) << uint8(bit % 8));
        _assertInvalid(key, hash, signature, "a bit flipped");
    }

    function testFuzz_RefusesAnyBytes(bytes calldata key, bytes32 hash, bytes calldata signature) external view {
        _assertInvalid(key, hash, signature, "any bytes");
    }

    /// @dev In range and on the curve, so that nothing is refused before the arithmetic.
    function testFuzz_RefusesWhatNobodySigned(uint256 nonce, uint256 z, bytes32 hash) external {
        (uint256 rx, uint256 ry) = _point(bound(nonce, 1, N - 1));
        _assertInvalid(_publicKey(KEY), hash, abi.encode(rx, ry, bound(z, 1, N - 1)), "not signed");
    }

    function test_RefusesBadKeys() external {
        bytes32 hash = keccak256("message");
        (uint256 rx, uint256 ry, uint256 z) = _sign(KEY, hash);
        bytes memory signature = abi.encode(rx, ry, z);
        (uint256 x, uint256 y) = _point(KEY);
        assertEq(_verify(_compress(x, y), hash, signature), VALID);
        _assertInvalid(_compress(x, y + 1), hash, signature, "negated");
        for (uint256 prefix = 0; prefix < 256; ++prefix) {
            if (prefix == 2 + y % 2) continue;
            _assertInvalid(abi.encodePacked(uint8(prefix), x), hash, signature, "another prefix");
        }
        uint256[6] memory bad = [uint256(0), 5, N, N + 1, P, type(uint256).max];
        for (uint256 i = 0; i < bad.length; ++i) {
            _assertInvalid(abi.encodePacked(uint8(2), bad[i]), hash, signature, "x");
            _assertInvalid(abi.encodePacked(uint8(3), bad[i]), hash, signature, "x");
        }
        _assertInvalid(abi.encode(x, y), hash, signature, "not compressed");
        _assertInvalid(abi.encodePacked(uint8(4), x, y), hash, signature, "not compressed, with its prefix");
        _assertInvalid(abi.encode(x), hash, signature, "x alone");
        _assertInvalid("", hash, signature, "nothing");
        _assertInvalid(abi.encodePacked(_compress(x, y), uint8(0)), hash, signature, "with a byte after");
        _assertInvalid(_publicKey(KEY + 1), hash, signature, "another");
    }

    function _power(uint256 base, uint256 exponent) private pure returns (uint256 result) {
        result = 1;
        for (; exponent != 0; exponent >>= 1) {
            if (exponent & 1 == 1) result = mulmod(result, base, P);
            base = mulmod(base, base, P);
        }
    }

    /// @dev Bytes that are no point but have the right parity: were they hashed without a look, forging a signature would be
    /// a search for a collision of 160 bits.
    function testFuzz_RefusesAnRThatIsNoPoint(uint256 rx, uint256 ry, uint256 z, bytes32 hash) external {
        rx = bound(rx, 0, P - 1);
        ry = bound(ry, 0, P - 1);
        vm.assume(mulmod(ry, ry, P) != addmod(mulmod(rx, mulmod(rx, rx, P), P), 7, P));
        _mockRecovery(rx, ry);
        _assertInvalid(_publicKey(KEY), hash, abi.encode(rx, ry, bound(z, 1, N - 1)), "no point");
    }

    function test_RefusesTheSignatureOfAnotherMessage() external {
        bytes32 hash = keccak256("message");
        (uint256 rx, uint256 ry, uint256 z) = _sign(KEY, NONCE, bytes.concat(sha256(bytes.concat(hash))));
        _assertInvalid(_publicKey(KEY), hash, abi.encode(rx, ry, z), "its hash");
        (rx, ry, z) = _sign(KEY, NONCE, bytes.concat(hash, bytes1(0)));
        _assertInvalid(_publicKey(KEY), hash, abi.encode(rx, ry, z), "a byte more");
    }

    function test_RefusesAnEcdsaSignature() external {
        bytes32 hash = keccak256("message");
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, hash);
        _assertInvalid(_publicKey(KEY), hash, abi.encode(r, s, v), "ECDSA");
        _assertInvalid(_publicKey(KEY), hash, abi.encodePacked(r, s, v), "ECDSA");
    }

    /*//////////////////////////////////////////////////////////////
                                  GAS
    //////////////////////////////////////////////////////////////*/

    /// @dev Bundlers search for the lowest gas limit with which validation does not revert.
    function test_AGoodSignatureIsNeverRefusedForLackOfGas() external {
        bytes32 hash = keccak256("message");
        (uint256 rx, uint256 ry, uint256 z) = _sign(KEY, hash);
        bytes memory question =
            abi.encodeCall(IERC7913SignatureVerifier.verify, (_publicKey(KEY), hash, abi.encode(rx, ry, z)));
        uint256 failed;
        for (uint256 i = 1; i <= 400; ++i) {
            (bool answered, bytes memory answer) = address(verifier).staticcall{gas: 10_000 * i / 400}(question);
            if (answered) assertEq(answer, abi.encode(VALID));
            else ++failed;
        }
        assertGt(failed, 100);
        assertLt(failed, 399);
    }

    /// @dev What docs/signers.md states: the call of a verifier, the first of a transaction, beside ecrecover's 3,000.
    function test_CostsLessThanSevenThousand() external {
        bytes32 hash = keccak256("message");
        (uint256 rx, uint256 ry, uint256 z) = _sign(KEY, hash);
        bytes memory key = _publicKey(KEY);
        bytes memory signature = abi.encode(rx, ry, z);
        vm.cool(address(verifier));
        verifier.verify(key, hash, signature);
        assertLt(vm.lastCallGas().gasTotalUsed, 7_000);
    }
}
