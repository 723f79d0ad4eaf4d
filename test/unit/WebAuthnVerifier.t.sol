// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";
import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {Errors} from "@openzeppelin/contracts/utils/Errors.sol";
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

    /// @dev Signed by passkeys in Safari and in Chrome; known from the tests of https://github.com/base/webauthn-sol (MIT).
    function test_TakesWhatBrowsersMade() external view {
        bytes memory key = abi.encode(
            0x3f2be075ef57d6c8374ef412fe54fdd980050f70f4f3a00b5b1b32d2def7d28d,
            0x57095a365acc2590ade3583fabfe8fbd64a9ed3ec07520da00636fb21f0176c1
        );
        bytes32 hash = 0xf631058a3ba1116acce12396fad0a125b5041c43f8e15723709f81aa8d5f4ccf;
        bytes memory safari = abi.encodePacked(
            uint16(37),
            hex"49960de5880e8c687434170f6476605b8fe4aeb9a28632c7995cf3ba831d97630500000101",
            uint16(114),
            '{"type":"webauthn.get","challenge":"9jEFijuhEWrM4SOW-tChJbUEHEP44VcjcJ-Bqo1fTM8",',
            '"origin":"http://localhost:3005"}',
            uint16(1),
            uint16(23),
            bytes32(0x60946081650523acad13c8eff94996a409b1ed60e923c90f9e366aad619adffa),
            bytes32(0x3216a237b73765d01b839e0832d73474bc7e63f4c86ef05fbbbfbeb34b35602b)
        );
        bytes memory chrome = abi.encodePacked(
            uint16(37),
            hex"49960de5880e8c687434170f6476605b8fe4aeb9a28632c7995cf3ba831d9763050000010a",
            uint16(134),
            '{"type":"webauthn.get","challenge":"9jEFijuhEWrM4SOW-tChJbUEHEP44VcjcJ-Bqo1fTM8",',
            '"origin":"http://localhost:3005","crossOrigin":false}',
            uint16(1),
            uint16(23),
            bytes32(0x41c01ca5ecdfeb23ef70d6cc216fd491ac3aa3d40c480751f3618a3a9ef67b41),
            bytes32(0x6595569abf76c2777e832a9252bae14efdb77febd0fa3b919aa16f6208469e86)
        );
        assertEq(verifier.verify(key, hash, safari), VALID, "Safari");
        assertEq(verifier.verify(key, hash, chrome), VALID, "Chrome");
        assertEq(verifier.verify(key, ~hash, safari), INVALID);
        assertEq(verifier.verify(key, ~hash, chrome), INVALID);
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

    /// @dev Each but for the last byte, which the bytes behind client data do not make up for.
    function test_RefusesPartsThatReachBeyondTheEnd() external view {
        Assertion memory assertion = _assertion(HASH, VERIFIED);
        string memory challenge = Base64.encodeURL(bytes.concat(HASH));
        assertion.clientData = string.concat('{"type":"webauthn.get","challenge":"', challenge);
        _assertInvalid(assertion, "the challenge");
        assertion.clientData = string.concat(assertion.clientData, '"');
        assertEq(_verify(_publicKey(), assertion), VALID);

        assertion.clientData = string.concat('{"challenge":"', challenge, '","type":"webauthn.get');
        (assertion.challengeAt, assertion.typeAt) = (1, 59);
        _assertInvalid(assertion, "the type");
        assertion.clientData = string.concat(assertion.clientData, '"');
        assertEq(_verify(_publicKey(), assertion), VALID);
        assertion.clientData = "";
        _assertInvalid(assertion, "no client data");
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

    /// @dev Signed by the key, but of another use's kind: client data that are not hashed, or without authenticator data.
    function test_RefusesASignatureOfOtherBytes() external view {
        Assertion memory assertion = _assertion(HASH, VERIFIED);
        bytes memory signature = _pack(assertion);
        bytes32[4] memory digests = [
            HASH,
            sha256(bytes.concat(HASH)),
            sha256(bytes(assertion.clientData)),
            sha256(bytes.concat(assertion.authenticatorData, bytes(assertion.clientData)))
        ];
        for (uint256 i = 0; i < digests.length; ++i) {
            (bytes32 r, bytes32 s) = vm.signP256(KEY, digests[i]);
            if (uint256(s) > N / 2) s = bytes32(N - uint256(s));
            _overwrite(signature, r, s);
            assertEq(verifier.verify(_publicKey(), HASH, signature), INVALID);
        }
    }

    function testFuzz_RefusesEveryOtherFormOfASignature(bytes32 hash) external view {
        bytes memory signature = _pack(_assertion(hash, VERIFIED));
        (bytes32 r, bytes32 s) = _numbersOf(signature);
        bytes memory key = _publicKey();
        bytes32[2][7] memory forms = [
            [r, bytes32(N - uint256(s))],
            [s, r],
            [bytes32(N - uint256(r)), s],
            [bytes32(0), bytes32(0)],
            [r, bytes32(0)],
            [bytes32(0), s],
            [bytes32(N), s]
        ];
        for (uint256 i = 0; i < forms.length; ++i) {
            _overwrite(signature, forms[i][0], forms[i][1]);
            assertEq(verifier.verify(key, hash, signature), INVALID);
        }
        _overwrite(signature, r, s);
        assertEq(verifier.verify(key, hash, signature), VALID);
    }

    /// @dev r and s, which are the last 64 bytes.
    function _numbersOf(bytes memory signature) private pure returns (bytes32 r, bytes32 s) {
        assembly ("memory-safe") {
            let end := add(add(signature, 0x20), mload(signature))
            r := mload(sub(end, 0x40))
            s := mload(sub(end, 0x20))
        }
    }

    function _overwrite(bytes memory signature, bytes32 r, bytes32 s) private pure {
        assembly ("memory-safe") {
            let end := add(add(signature, 0x20), mload(signature))
            mstore(sub(end, 0x40), r)
            mstore(sub(end, 0x20), s)
        }
    }

    /// @dev Bundlers estimate gas with a placeholder, which has the right form but not the digest of the operation.
    function test_APlaceholderCostsWhatASignatureDoes() external view {
        bytes memory real = abi.encodeCall(verifier.verify, (_publicKey(), HASH, _pack(_assertion(HASH, VERIFIED))));
        Assertion memory other = _assertion(keccak256("another"), VERIFIED);
        bytes memory placeholder = abi.encodeCall(verifier.verify, (_publicKey(), HASH, _pack(other)));
        _measure(real);
        uint256 gas = _measure(real);
        // Signatures differ by some additions of points.
        assertApproxEqAbs(_measure(placeholder), gas, _usesPrecompile() ? 100 : 20_000);
    }

    function _measure(bytes memory question) private view returns (uint256 gas) {
        gas = gasleft();
        (bool answered,) = address(verifier).staticcall(question);
        gas -= gasleft();
        assertTrue(answered);
    }

    function test_RevertWhen_ItIsDeployedWhereThePrecompileIsMissing() external {
        vm.clearMockedCalls();
        vm.mockCall(address(0x100), bytes(""), bytes(""));
        bytes memory code = vm.getCode("WebAuthnVerifier.sol:WebAuthnVerifier");
        vm.expectRevert(abi.encodeWithSelector(Errors.MissingPrecompile.selector, address(0x100)));
        this.create(bytes.concat(code, abi.encode(true)));
        this.create(bytes.concat(code, abi.encode(false)));
    }

    function create(bytes memory initCode) external {
        assembly ("memory-safe") {
            if iszero(create(0, add(initCode, 32), mload(initCode))) {
                returndatacopy(0, 0, returndatasize())
                revert(0, returndatasize())
            }
        }
    }

    /// @dev Any bytes at all: never a revert.
    function testFuzz_NeverReverts(bytes calldata key, bytes32 hash, bytes calldata signature) external view {
        assertEq(verifier.verify(key, hash, signature), INVALID);
    }
}

/// forge-config: default.fuzz.runs = 1000
contract WebAuthnVerifierSolidityTest is WebAuthnVerifierTest {
    function _usesPrecompile() internal pure override returns (bool) {
        return false;
    }
}

/// forge-config: default.fuzz.runs = 1000
contract WebAuthnVerifierPrecompileTest is WebAuthnVerifierTest {
    function _usesPrecompile() internal pure override returns (bool) {
        return true;
    }
}
