// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";
import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {Test} from "forge-std/Test.sol";

/// @notice Passkeys as session keys, with the precompile and without.
abstract contract WebAuthnVerifierTest is Test {
    bytes4 private constant VALID = IERC7913SignatureVerifier.verify.selector;
    bytes4 private constant INVALID = 0xffffffff;
    uint256 private constant N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551;
    uint256 private constant KEY = 0xa11ce;
    bytes32 private constant HASH = keccak256("a use");
    uint8 private constant PRESENT = 1;
    uint8 private constant VERIFIED = 5;

    IERC7913SignatureVerifier private verifier;

    /// @dev What an authenticator and a browser make, and what a signature says of it.
    struct Assertion {
        bytes authenticatorData;
        string clientData;
        uint16 typeAt;
        uint16 challengeAt;
    }

    function setUp() public {
        verifier = IERC7913SignatureVerifier(
            deployCode("WebAuthnVerifier.sol:WebAuthnVerifier", abi.encode(_usesPrecompile()))
        );
        if (!_usesPrecompile()) vm.mockCallRevert(address(0x100), bytes(""), "not to be called");
    }

    function _usesPrecompile() internal pure virtual returns (bool);

    function _publicKey() private pure returns (bytes memory) {
        (uint256 x, uint256 y) = vm.publicKeyP256(KEY);
        return abi.encode(x, y);
    }

    function _authenticatorData(uint8 flags) private pure returns (bytes memory) {
        return abi.encodePacked(sha256("app.example"), flags, uint32(7));
    }

    /// @dev As browsers write it.
    function _assertion(bytes32 hash, uint8 flags) private pure returns (Assertion memory) {
        string memory challenge = Base64.encodeURL(bytes.concat(hash));
        string memory clientData = string.concat(
            '{"type":"webauthn.get","challenge":"', challenge, '","origin":"https://app.example","crossOrigin":false}'
        );
        return Assertion(_authenticatorData(flags), clientData, 1, 23);
    }

    function _pack(Assertion memory assertion) private pure returns (bytes memory) {
        bytes32 digest = sha256(abi.encodePacked(assertion.authenticatorData, sha256(bytes(assertion.clientData))));
        (bytes32 r, bytes32 s) = vm.signP256(KEY, digest);
        if (uint256(s) > N / 2) s = bytes32(N - uint256(s));
        bytes memory data = abi.encodePacked(uint16(assertion.authenticatorData.length), assertion.authenticatorData);
        data = abi.encodePacked(data, uint16(bytes(assertion.clientData).length), assertion.clientData);
        return abi.encodePacked(data, assertion.typeAt, assertion.challengeAt, r, s);
    }

    function _verify(bytes memory key, Assertion memory assertion) private view returns (bytes4) {
        return verifier.verify(key, HASH, _pack(assertion));
    }

    function _assertInvalid(Assertion memory assertion, string memory what) private view {
        assertEq(_verify(_publicKey(), assertion), INVALID, what);
    }

    /*//////////////////////////////////////////////////////////////
                                 VALID
    //////////////////////////////////////////////////////////////*/

    function testFuzz_TakesAnAssertion(bytes32 hash) external view {
        bytes memory signature = _pack(_assertion(hash, VERIFIED));
        assertEq(verifier.verify(_publicKey(), hash, signature), VALID);
    }

    function test_PresenceIsEnoughIfTheKeySaysSo() external view {
        bytes memory lax = abi.encodePacked(_publicKey(), uint8(1));
        assertEq(_verify(lax, _assertion(HASH, PRESENT)), VALID);
        assertEq(_verify(lax, _assertion(HASH, VERIFIED)), VALID);
        _assertInvalid(_assertion(HASH, PRESENT), "not verified");
    }

    function test_TakesOtherOrdersAndExtensions() external view {
        Assertion memory assertion = _assertion(HASH, VERIFIED);
        string memory challenge = Base64.encodeURL(bytes.concat(HASH));
        string memory head = string.concat('{"challenge":"', challenge, '","origin":"https://app.example",');
        assertion.clientData = string.concat(head, '"type":"webauthn.get"}');
        assertion.challengeAt = 1;
        assertion.typeAt = uint16(bytes(head).length);
        assertion.authenticatorData = abi.encodePacked(_authenticatorData(VERIFIED | 0x80), new bytes(987));
        assertEq(assertion.authenticatorData.length, 1024);
        assertEq(_verify(_publicKey(), assertion), VALID);
    }

    /*//////////////////////////////////////////////////////////////
                                INVALID
    //////////////////////////////////////////////////////////////*/

    function test_RefusesFlags() external view {
        for (uint256 flags = 0; flags < 256; ++flags) {
            bool good = flags & 5 == 5 && (flags & 16 == 0 || flags & 8 != 0);
            assertEq(_verify(_publicKey(), _assertion(HASH, uint8(flags))), good ? VALID : INVALID);
        }
    }

    function test_RefusesAnotherChallenge() external view {
        _assertInvalid(_assertion(keccak256("another"), VERIFIED), "of another use");
        Assertion memory assertion = _assertion(HASH, VERIFIED);
        assertion.challengeAt = 24;
        _assertInvalid(assertion, "elsewhere");
        assertion.challengeAt = type(uint16).max;
        _assertInvalid(assertion, "beyond the end");
    }

    function test_RefusesTheChallengeInAnotherField() external view {
        string memory challenge = Base64.encodeURL(bytes.concat(HASH));
        Assertion memory assertion = _assertion(keccak256("another"), VERIFIED);
        // A quote in a value is escaped by every browser; here it is not the beginning of a member either.
        string memory head = '{"type":"webauthn.get","challenge":"AAAA","origin":"https://x/';
        assertion.clientData = string.concat(head, '\\"challenge\\":\\"', challenge, '\\""}');
        assertion.challengeAt = uint16(bytes(head).length + 1);
        _assertInvalid(assertion, "in the origin");
    }

    function test_RefusesALongerChallenge() external view {
        Assertion memory assertion = _assertion(HASH, VERIFIED);
        string memory challenge = Base64.encodeURL(bytes.concat(HASH));
        assertion.clientData = string.concat('{"type":"webauthn.get","challenge":"', challenge, 'AA"}');
        _assertInvalid(assertion, "goes on");
        assertion.clientData = string.concat('{"type":"webauthn.get","challenge":"', challenge, '="}');
        _assertInvalid(assertion, "padded");
    }

    function test_RefusesAnotherType() external view {
        Assertion memory assertion = _assertion(HASH, VERIFIED);
        string memory challenge = Base64.encodeURL(bytes.concat(HASH));
        assertion.clientData = string.concat('{"type":"webauthn.cre","challenge":"', challenge, '"}');
        _assertInvalid(assertion, "create");
        assertion = _assertion(HASH, VERIFIED);
        assertion.typeAt = 2;
        _assertInvalid(assertion, "elsewhere");
        assertion.typeAt = type(uint16).max;
        _assertInvalid(assertion, "beyond the end");
    }

    function test_RefusesDataThatIsTooShortOrTooLong() external view {
        Assertion memory assertion = _assertion(HASH, VERIFIED);
        assertion.authenticatorData = abi.encodePacked(sha256("app.example"), VERIFIED, uint24(7));
        _assertInvalid(assertion, "36 bytes of authenticator data");
        assertion.authenticatorData = abi.encodePacked(_authenticatorData(VERIFIED), new bytes(988));
        _assertInvalid(assertion, "1,025 bytes of authenticator data");
        assertion = _assertion(HASH, VERIFIED);
        uint256 length = bytes(assertion.clientData).length;
        assertion.clientData = string.concat(assertion.clientData, string(new bytes(1024 - length)));
        assertEq(_verify(_publicKey(), assertion), VALID);
        assertion.clientData = string.concat(assertion.clientData, " ");
        _assertInvalid(assertion, "1,025 bytes of client data");
    }

    function test_RefusesOtherLengths() external view {
        bytes memory signature = _pack(_assertion(HASH, VERIFIED));
        assertEq(verifier.verify(_publicKey(), HASH, bytes.concat(signature, hex"00")), INVALID);
        assertEq(verifier.verify(_publicKey(), HASH, bytes.concat(hex"00", signature)), INVALID);
        for (uint256 length = 0; length < signature.length; ++length) {
            bytes memory cut = new bytes(length);
            for (uint256 i = 0; i < length; ++i) {
                cut[i] = signature[i];
            }
            assertEq(verifier.verify(_publicKey(), HASH, cut), INVALID);
        }
    }

    function testFuzz_RefusesABitFlipped(uint256 bit) external view {
        bytes memory signature = _pack(_assertion(HASH, VERIFIED));
        bit = bit % (8 * signature.length);
        signature[bit / 8] ^= bytes1(uint8(1) << uint8(bit % 8));
        assertEq(verifier.verify(_publicKey(), HASH, signature), INVALID);
    }

    function test_RefusesBadKeys() external view {
        Assertion memory assertion = _assertion(HASH, VERIFIED);
        bytes memory key = _publicKey();
        assertEq(_verify("", assertion), INVALID);
        assertEq(_verify(new bytes(64), assertion), INVALID);
        assertEq(_verify(abi.encodePacked(key, uint8(0)), assertion), INVALID);
        assertEq(_verify(abi.encodePacked(key, uint8(2)), assertion), INVALID);
        assertEq(_verify(abi.encodePacked(key, uint16(0x0101)), assertion), INVALID);
    }

    /// @dev Any bytes at all: never a revert.
    function testFuzz_NeverReverts(bytes calldata key, bytes32 hash, bytes calldata signature) external view {
        assertEq(verifier.verify(key, hash, signature), INVALID);
    }
}

contract WebAuthnVerifierSolidityTest is WebAuthnVerifierTest {
    function _usesPrecompile() internal pure override returns (bool) {
        return false;
    }
}

contract WebAuthnVerifierPrecompileTest is WebAuthnVerifierTest {
    function _usesPrecompile() internal pure override returns (bool) {
        return true;
    }
}
