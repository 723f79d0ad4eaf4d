// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";
import {Test} from "forge-std/Test.sol";

/// @notice The verifier with the precompile and the one without give the same answer, which is the right one: for Project
/// Wycheproof's vectors, and for signatures that are made to lead through the corners of the arithmetic.
/// forge-config: default.fuzz.runs = 1000
contract P256VerifierVectorsTest is Test {
    bytes4 private constant VALID = IERC7913SignatureVerifier.verify.selector;
    bytes4 private constant INVALID = 0xffffffff;
    uint256 private constant N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551;

    string private constant VECTOR = "P256Vector(string name,bytes key,bytes32 hash,bytes signature,bool valid)";

    IERC7913SignatureVerifier private inSolidity;
    IERC7913SignatureVerifier private byPrecompile;

    /// @dev As in the file.
    struct P256Vector {
        string name;
        bytes key;
        bytes32 hash;
        bytes signature;
        bool valid;
    }

    function setUp() public {
        inSolidity = IERC7913SignatureVerifier(deployCode("P256Verifier.sol:P256Verifier", abi.encode(false)));
        byPrecompile = IERC7913SignatureVerifier(deployCode("P256Verifier.sol:P256Verifier", abi.encode(true)));
    }

    function _assertBoth(bytes memory key, bytes32 hash, bytes memory signature, bool valid, string memory what)
        private
        view
    {
        bytes4 expected = valid ? VALID : INVALID;
        assertEq(inSolidity.verify(key, hash, signature), expected, string.concat("in Solidity: ", what));
        assertEq(byPrecompile.verify(key, hash, signature), expected, string.concat("by the precompile: ", what));
    }

    /*//////////////////////////////////////////////////////////////
                               WYCHEPROOF
    //////////////////////////////////////////////////////////////*/

    /// @dev Where Wycheproof takes s in the upper half, the verifiers refuse it and take the order less s.
    function test_AgreesWithWycheproof() external view {
        string memory json = vm.readFile("test/vectors/p256.json");
        P256Vector[] memory vectors = abi.decode(vm.parseJsonTypeArray(json, ".vectors", VECTOR), (P256Vector[]));
        uint256 turned;
        for (uint256 i = 0; i < vectors.length; ++i) {
            P256Vector memory vector = vectors[i];
            bytes memory signature = vector.signature;
            (uint256 r, uint256 s) = signature.length == 64 ? abi.decode(signature, (uint256, uint256)) : (0, 0);
            bool high = s > N / 2;
            _assertBoth(vector.key, vector.hash, signature, vector.valid && !high, vector.name);
            if (!high || s >= N) continue;
            _assertBoth(vector.key, vector.hash, abi.encode(r, N - s), vector.valid, vector.name);
            ++turned;
        }
        assertEq(vectors.length, 262);
        // So many have s in the upper half: 70 valid ones, and others.
        assertEq(turned, 86);
    }

    /*//////////////////////////////////////////////////////////////
                           MADE FOR THE CORNERS
    //////////////////////////////////////////////////////////////*/

    /// @dev A scalar from 1 to the order less 1; most often one near a corner.
    function _scalar(uint256 seed) private pure returns (uint256) {
        uint256 small = 1 + (seed >> 8) % 64;
        if (seed % 8 == 0) return small;
        if (seed % 8 == 1) return N - small;
        if (seed % 8 == 2) return N / 2 - small;
        if (seed % 8 == 3) return N / 2 + small;
        if (seed % 8 == 4) return 2 ** ((seed >> 8) % 256);
        if (seed % 8 == 5) return 1 + (N - 2) / small;
        return 1 + (seed >> 8) % (N - 1);
    }

    /// @dev r of the nonce k, and the hash for which r, s is a signature: s k - r d.
    function _solve(uint256 privateKey, uint256 nonce, uint256 s) private pure returns (uint256 r, uint256 hash) {
        (uint256 x,) = vm.publicKeyP256(nonce);
        r = x % N;
        hash = addmod(mulmod(s, nonce, N), N - mulmod(r, privateKey, N), N);
    }

    function _publicKey(uint256 privateKey) private pure returns (bytes memory) {
        (uint256 x, uint256 y) = vm.publicKeyP256(privateKey);
        return abi.encode(x, y);
    }

    function _assertCorner(uint256 privateKey, uint256 nonce, uint256 s) private view {
        if (s > N / 2) s = N - s;
        (uint256 r, uint256 hash) = _solve(privateKey, nonce, s);
        bytes memory key = _publicKey(privateKey);
        _assertBoth(key, bytes32(hash), abi.encode(r, s), true, "solved for the hash");
        _assertBoth(key, bytes32(hash), abi.encode(r, N - s), false, "s in the upper half");
        // A hash is taken as it is by the remainder: there are two forms of the lowest ones.
        if (hash <= type(uint256).max - N) {
            _assertBoth(key, bytes32(hash + N), abi.encode(r, s), true, "the hash plus the order");
        }
        // The nonce's negative has the same r, so that there is one other hash, which may be the next one.
        uint256 other = N - addmod(mulmod(s, nonce, N), mulmod(r, privateKey, N), N);
        _assertBoth(key, bytes32(other), abi.encode(r, s), true, "solved for the hash with the nonce's negative");
        uint256 next = addmod(hash, 1, N);
        _assertBoth(key, bytes32(next), abi.encode(r, s), next == other % N, "the next hash");
        // The sum u1 G + u2 Q is the point at infinity, which has no x.
        uint256 infinite = N - mulmod(r, privateKey, N);
        _assertBoth(key, bytes32(infinite), abi.encode(r, s), false, "infinity");
    }

    function testFuzz_AgreesInTheCorners(uint256 privateKey, uint256 nonce, uint256 s) external view {
        _assertCorner(_scalar(privateKey), _scalar(nonce), _scalar(s));
    }

    /// @dev Keys and nonces that are small multiples of the generator, so that sums meet equal, opposite and precomputed
    /// points.
    function test_AgreesWithSmallKeysAndNonces() external view {
        for (uint256 privateKey = 1; privateKey < 5; ++privateKey) {
            for (uint256 nonce = 1; nonce < 5; ++nonce) {
                _assertCorner(privateKey, nonce, 1);
                _assertCorner(N - privateKey, nonce, 2);
                _assertCorner(privateKey, N - nonce, N / 2);
            }
        }
    }

    /// @dev In range, so that nothing is refused before the arithmetic.
    function testFuzz_AgreesOnWhatNobodySigned(uint256 privateKey, bytes32 hash, uint256 r, uint256 s) external view {
        bytes memory key = _publicKey(_scalar(privateKey));
        (r, s) = (_scalar(r), _scalar(s));
        bytes memory signature = abi.encode(r, s);
        assertEq(inSolidity.verify(key, hash, signature), byPrecompile.verify(key, hash, signature));
    }

    function testFuzz_AgreesOnAnyBytes(bytes calldata key, bytes32 hash, bytes calldata signature) external view {
        _assertBoth(key, hash, signature, false, "any bytes");
    }
}
