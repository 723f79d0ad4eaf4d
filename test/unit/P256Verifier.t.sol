// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";
import {Errors} from "@openzeppelin/contracts/utils/Errors.sol";
import {Test} from "forge-std/Test.sol";

/// @notice What both verifiers of plain P-256 signatures must take and refuse, with the precompile and without. Categories of
/// bad signatures follow Project Wycheproof's for ECDSA.
abstract contract P256VerifierTest is Test {
    bytes4 internal constant VALID = IERC7913SignatureVerifier.verify.selector;
    bytes4 internal constant INVALID = 0xffffffff;
    uint256 internal constant N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551;
    uint256 internal constant P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff;
    uint256 internal constant KEY = 0xa11ce;

    IERC7913SignatureVerifier internal verifier;

    function setUp() public {
        verifier = IERC7913SignatureVerifier(deployCode(_artifact(), abi.encode(_usesPrecompile())));
        // The other one would fail here: the precompile answers whatever is asked of it.
        if (!_usesPrecompile()) vm.mockCallRevert(address(0x100), bytes(""), "not to be called");
    }

    function _name() internal pure virtual returns (string memory);

    function _usesPrecompile() internal pure virtual returns (bool);

    /// @dev What is signed when the verifier is given `hash`.
    function _message(bytes32 hash) internal pure virtual returns (bytes32);

    function _artifact() private pure returns (string memory) {
        return string.concat(_name(), ".sol:", _name());
    }

    function _publicKey(uint256 privateKey) internal pure returns (bytes memory) {
        (uint256 x, uint256 y) = vm.publicKeyP256(privateKey);
        return abi.encode(x, y);
    }

    /// @dev With s in the lower half.
    function _sign(uint256 privateKey, bytes32 hash) internal pure returns (uint256 r, uint256 s) {
        (bytes32 r_, bytes32 s_) = vm.signP256(privateKey, _message(hash));
        (r, s) = (uint256(r_), uint256(s_));
        if (s > N / 2) s = N - s;
    }

    function _verify(bytes memory key, bytes32 hash, bytes memory signature) internal view returns (bytes4) {
        return verifier.verify(key, hash, signature);
    }

    function _assertInvalid(bytes memory key, bytes32 hash, bytes memory signature, string memory what) internal view {
        assertEq(_verify(key, hash, signature), INVALID, what);
    }

    /*//////////////////////////////////////////////////////////////
                                 VALID
    //////////////////////////////////////////////////////////////*/

    function testFuzz_TakesWhatTheKeySigned(uint256 privateKey, bytes32 hash) external view {
        privateKey = bound(privateKey, 1, N - 1);
        (uint256 r, uint256 s) = _sign(privateKey, hash);
        assertEq(_verify(_publicKey(privateKey), hash, abi.encode(r, s)), VALID);
    }

    function test_TakesEdgeCasesOfHashes() external view {
        bytes32[5] memory hashes =
            [bytes32(0), bytes32(uint256(1)), bytes32(N), bytes32(type(uint256).max), bytes32(uint256(0xffff) << 240)];
        for (uint256 i = 0; i < hashes.length; ++i) {
            (uint256 r, uint256 s) = _sign(KEY, hashes[i]);
            assertEq(_verify(_publicKey(KEY), hashes[i], abi.encode(r, s)), VALID);
        }
    }

    function test_TakesEdgeCasesOfKeys() external view {
        uint256[5] memory keys = [uint256(1), 2, 3, N - 1, N - 2];
        bytes32 hash = keccak256("edge");
        for (uint256 i = 0; i < keys.length; ++i) {
            (uint256 r, uint256 s) = _sign(keys[i], hash);
            assertEq(_verify(_publicKey(keys[i]), hash, abi.encode(r, s)), VALID);
        }
    }

    /*//////////////////////////////////////////////////////////////
                                INVALID
    //////////////////////////////////////////////////////////////*/

    function test_RefusesBadNumbers() external view {
        bytes32 hash = keccak256("message");
        bytes memory key = _publicKey(KEY);
        (uint256 r, uint256 s) = _sign(KEY, hash);
        uint256[8] memory bad = [uint256(0), 1, N, N - 1, N + 1, P, type(uint256).max, N / 2];
        for (uint256 i = 0; i < bad.length; ++i) {
            _assertInvalid(key, hash, abi.encode(bad[i], s), "r");
            _assertInvalid(key, hash, abi.encode(r, bad[i]), "s");
            for (uint256 k = 0; k < bad.length; ++k) {
                _assertInvalid(key, hash, abi.encode(bad[i], bad[k]), "r and s");
            }
        }
    }

    function testFuzz_RefusesEveryOtherFormOfASignature(uint256 privateKey, bytes32 hash) external view {
        privateKey = bound(privateKey, 1, N - 1);
        bytes memory key = _publicKey(privateKey);
        (uint256 r, uint256 s) = _sign(privateKey, hash);
        _assertInvalid(key, hash, abi.encode(r, N - s), "s in the upper half");
        _assertInvalid(key, hash, abi.encode(s, r), "swapped");
        _assertInvalid(key, hash, abi.encode(N - r, s), "r negated");
        unchecked {
            _assertInvalid(key, hash, abi.encode(r + N, s), "r plus the order");
            _assertInvalid(key, hash, abi.encode(r, s + N), "s plus the order");
        }
        _assertInvalid(key, hash, abi.encode(r), "truncated");
        _assertInvalid(key, hash, "", "nothing");
        _assertInvalid(key, hash, abi.encodePacked(r, s, uint8(27)), "with v");
        _assertInvalid(key, hash, abi.encodePacked(uint8(0), r, s), "with a byte before");
        _assertInvalid(key, hash, abi.encode(r, s, 0), "with a word after");
        _assertInvalid(key, hash, abi.encodePacked(hex"30440220", r, hex"0220", s), "DER");
    }

    function testFuzz_RefusesABitFlipped(bytes32 hash, uint256 bit, uint8 where) external view {
        bytes memory key = _publicKey(KEY);
        (uint256 r, uint256 s) = _sign(KEY, hash);
        bytes memory signature = abi.encode(r, s);
        if (where % 3 == 0) hash ^= bytes32(uint256(1) << bit % 256);
        else if (where % 3 == 1) key[bit % 512 / 8] ^= bytes1(uint8(1) << uint8(bit % 8));
        else signature[bit % 512 / 8] ^= bytes1(uint8(1) << uint8(bit % 8));
        _assertInvalid(key, hash, signature, "a bit flipped");
    }

    function test_RefusesBadKeys() external view {
        bytes32 hash = keccak256("message");
        (uint256 r, uint256 s) = _sign(KEY, hash);
        bytes memory signature = abi.encode(r, s);
        (uint256 x, uint256 y) = vm.publicKeyP256(KEY);
        _assertInvalid(abi.encode(0, 0), hash, signature, "zero, which stands for infinity");
        _assertInvalid(abi.encode(x, P - y), hash, signature, "negated");
        _assertInvalid(abi.encode(y, x), hash, signature, "swapped");
        _assertInvalid(abi.encode(x, y + 1), hash, signature, "not on the curve");
        _assertInvalid(abi.encode(P, y), hash, signature, "x is the prime");
        _assertInvalid(abi.encode(x, P), hash, signature, "y is the prime");
        _assertInvalid(abi.encode(0, y), hash, signature, "x is zero");
        _assertInvalid(abi.encode(x), hash, signature, "truncated");
        _assertInvalid("", hash, signature, "nothing");
        _assertInvalid(abi.encodePacked(uint8(4), x, y), hash, signature, "in SEC 1 form");
        _assertInvalid(abi.encode(x, y, 0), hash, signature, "with a word after");
        _assertInvalid(_publicKey(KEY + 1), hash, signature, "another");
    }

    /// @dev A key and a signature that would pass for any hash if coordinates were reduced, or infinity accepted.
    function testFuzz_RefusesForgeriesWithoutAKey(bytes32 hash, uint256 r, uint256 s) external view {
        _assertInvalid(abi.encode(0, 0), hash, abi.encode(r, s), "infinity");
        _assertInvalid(abi.encode(P, P), hash, abi.encode(r, s), "zero, not reduced");
    }

    function test_RefusesTheSignatureOfAnotherKind() external view {
        bytes32 hash = keccak256("message");
        bytes32[2] memory others = [sha256(bytes.concat(_message(hash))), keccak256(bytes.concat(hash))];
        for (uint256 i = 0; i < others.length; ++i) {
            (bytes32 r, bytes32 s) = vm.signP256(KEY, others[i]);
            if (uint256(s) > N / 2) s = bytes32(N - uint256(s));
            _assertInvalid(_publicKey(KEY), hash, abi.encode(r, s), "of another message");
        }
    }

    /// @dev Bundlers search for the lowest gas limit with which validation does not revert.
    function test_AGoodSignatureIsNeverRefusedForLackOfGas() external view {
        bytes32 hash = keccak256("message");
        (uint256 r, uint256 s) = _sign(KEY, hash);
        bytes memory question =
            abi.encodeCall(IERC7913SignatureVerifier.verify, (_publicKey(KEY), hash, abi.encode(r, s)));
        uint256 enough = _usesPrecompile() ? 20_000 : 270_000;
        uint256 failed;
        for (uint256 i = 1; i <= 400; ++i) {
            (bool answered, bytes memory answer) = address(verifier).staticcall{gas: enough * i / 400}(question);
            if (answered) assertEq(answer, abi.encode(VALID));
            else ++failed;
        }
        assertGt(failed, 100);
        assertLt(failed, 399);
    }

    /*//////////////////////////////////////////////////////////////
                             THE PRECOMPILE
    //////////////////////////////////////////////////////////////*/

    function test_RevertWhen_ItIsDeployedWhereThePrecompileIsMissing() external {
        vm.clearMockedCalls();
        vm.mockCall(address(0x100), bytes(""), bytes(""));
        bytes memory initCode = bytes.concat(vm.getCode(_artifact()), abi.encode(true));
        (bool deployed, bytes memory reason) = _create(initCode);
        assertFalse(deployed);
        assertEq(reason, abi.encodeWithSelector(Errors.MissingPrecompile.selector, address(0x100)));
        (deployed,) = _create(bytes.concat(vm.getCode(_artifact()), abi.encode(false)));
        assertTrue(deployed);
    }

    /// @dev What answers whatever it is asked with yes is no precompile.
    function test_RevertWhen_ThePrecompileTakesABadSignature() external {
        vm.clearMockedCalls();
        vm.mockCall(address(0x100), bytes(""), abi.encode(1));
        (bool deployed, bytes memory reason) = _create(bytes.concat(vm.getCode(_artifact()), abi.encode(true)));
        assertFalse(deployed);
        assertEq(reason, abi.encodeWithSelector(Errors.MissingPrecompile.selector, address(0x100)));
    }

    /// @dev Nothing else is asked, so that no bundler's tracer sees more than the one call.
    function test_AsksThePrecompileOnceOrNotAtAll() external {
        bytes32 hash = keccak256("message");
        bytes memory key = _publicKey(KEY);
        (uint256 r, uint256 s) = _sign(KEY, hash);
        uint64 once = _usesPrecompile() ? 1 : 0;
        vm.expectCall(address(0x100), abi.encodePacked(_message(hash), r, s, key), once);
        assertEq(_verify(key, hash, abi.encode(r, s)), VALID);
        vm.expectCall(address(0x100), abi.encodePacked(_message(hash), r, s - 1, key), once);
        _assertInvalid(key, hash, abi.encode(r, s - 1), "wrong");
        // No other call.
        vm.expectCall(address(0x100), bytes(""), 0);
        _assertInvalid(key, hash, abi.encode(r, N - s), "s in the upper half");
        _assertInvalid(key, hash, abi.encode(0, s), "r is zero");
        _assertInvalid(key, hash, abi.encode(N, s), "r is the order");
        _assertInvalid(key, hash, abi.encode(r, 0), "s is zero");
        _assertInvalid(abi.encode(0, 0), hash, abi.encode(r, s), "infinity");
        _assertInvalid(abi.encode(1, 1), hash, abi.encode(r, s), "not on the curve");
    }

    function _create(bytes memory initCode) private returns (bool, bytes memory) {
        try this.create(initCode) {
            return (true, "");
        } catch (bytes memory reason) {
            return (false, reason);
        }
    }

    function create(bytes memory initCode) external {
        assembly ("memory-safe") {
            if iszero(create(0, add(initCode, 32), mload(initCode))) {
                returndatacopy(0, 0, returndatasize())
                revert(0, returndatasize())
            }
        }
    }
}

/// @notice What only a verifier with the precompile can meet.
abstract contract P256PrecompileTest is P256VerifierTest {
    function _usesPrecompile() internal pure override returns (bool) {
        return true;
    }

    function test_TakesNothingButOneForAYes() external {
        bytes32 hash = keccak256("message");
        bytes memory key = _publicKey(KEY);
        (uint256 r, uint256 s) = _sign(KEY, hash);
        bytes[7] memory answers = [
            // As where the precompile has gone.
            bytes(""),
            abi.encode(0),
            abi.encode(2),
            abi.encode(uint256(1) << 255 | 1),
            abi.encode(1, 0),
            hex"01",
            abi.encodePacked(uint248(1))
        ];
        for (uint256 i = 0; i < answers.length; ++i) {
            vm.mockCall(address(0x100), bytes(""), answers[i]);
            _assertInvalid(key, hash, abi.encode(r, s), "another answer");
        }
        vm.mockCall(address(0x100), bytes(""), abi.encode(1));
        assertEq(_verify(key, hash, abi.encode(r, s)), VALID);
    }
}

/// forge-config: default.fuzz.runs = 1000
contract P256VerifierSolidityTest is P256VerifierTest {
    function _name() internal pure override returns (string memory) {
        return "P256Verifier";
    }

    function _usesPrecompile() internal pure override returns (bool) {
        return false;
    }

    function _message(bytes32 hash) internal pure override returns (bytes32) {
        return hash;
    }
}

/// forge-config: default.fuzz.runs = 1000
contract P256VerifierPrecompileTest is P256PrecompileTest {
    function _name() internal pure override returns (string memory) {
        return "P256Verifier";
    }

    function _message(bytes32 hash) internal pure override returns (bytes32) {
        return hash;
    }
}

/// forge-config: default.fuzz.runs = 1000
contract WebCryptoP256VerifierSolidityTest is P256VerifierTest {
    function _name() internal pure override returns (string memory) {
        return "WebCryptoP256Verifier";
    }

    function _usesPrecompile() internal pure override returns (bool) {
        return false;
    }

    function _message(bytes32 hash) internal pure override returns (bytes32) {
        return sha256(bytes.concat(hash));
    }

    /// @dev Made by `crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, hash)` in Node 20, s brought to the lower
    /// half.
    function test_TakesWhatWebCryptoSigned() external view {
        bytes memory key =
            hex"d5f3034e114f05ccb09074ea6f5203945b440a08a565c25ddc80a2cdc5ad10ea2ab7473c40004381db5ae3b988076a1693bf1f8ae984800dcdb6a615bdf64d5a";
        bytes32 hash = 0xe12c41b4b362d31d3db6cf39da77dfaf4a2f83176c6a51fd6543f55a5e0ba658;
        bytes memory signature =
            hex"c01a1d63feeca73b564102d1a53cd6e8b0c71e47d404b6a08842e2917f7a9e37285e6ae758c4ff4b816febdd37912f3984d9e44992eeac74bb02b767f0082b15";
        assertEq(_verify(key, hash, signature), VALID);
    }
}

/// forge-config: default.fuzz.runs = 1000
contract WebCryptoP256VerifierPrecompileTest is P256PrecompileTest {
    function _name() internal pure override returns (string memory) {
        return "WebCryptoP256Verifier";
    }

    function _message(bytes32 hash) internal pure override returns (bytes32) {
        return sha256(bytes.concat(hash));
    }
}
