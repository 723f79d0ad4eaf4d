// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";
import {Test} from "forge-std/Test.sol";

/// @notice Contracts as session keys.
contract ERC1271VerifierTest is Test {
    bytes4 private constant VALID = IERC7913SignatureVerifier.verify.selector;
    bytes4 private constant INVALID = 0xffffffff;
    bytes32 private constant HASH = keccak256("a use");

    IERC7913SignatureVerifier private verifier;
    address private signer = makeAddr("signer");

    function setUp() public {
        verifier = IERC7913SignatureVerifier(deployCode("ERC1271Verifier.sol:ERC1271Verifier"));
        vm.etch(signer, hex"fe");
    }

    function _answer(bytes memory signature, bytes memory answer) private {
        vm.mockCall(signer, abi.encodeCall(IERC1271.isValidSignature, (HASH, signature)), answer);
    }

    function _verify(bytes memory signature) private view returns (bytes4) {
        return verifier.verify(abi.encodePacked(signer), HASH, signature);
    }

    function testFuzz_AsksTheContract(bytes calldata signature) external {
        vm.assume(signature.length <= 4096);
        _answer(signature, abi.encode(IERC1271.isValidSignature.selector));
        assertEq(_verify(signature), VALID);
        assertEq(verifier.verify(abi.encodePacked(signer), ~HASH, signature), INVALID);
    }

    function testFuzz_TakesNoOtherAnswer(bytes32 word) external {
        vm.assume(word != bytes32(IERC1271.isValidSignature.selector));
        _answer("", abi.encode(word));
        assertEq(_verify(""), INVALID);
    }

    function test_TakesNoAnswerOfAnotherLength() external {
        bytes32 magic = bytes32(IERC1271.isValidSignature.selector);
        bytes[5] memory answers = [
            bytes(""),
            abi.encodePacked(IERC1271.isValidSignature.selector),
            abi.encodePacked(bytes31(magic)),
            abi.encodePacked(magic, uint8(0)),
            abi.encode(magic, 0)
        ];
        for (uint256 i = 0; i < answers.length; ++i) {
            _answer("", answers[i]);
            assertEq(_verify(""), INVALID);
        }
        // Dirty bits behind the four bytes.
        _answer("", abi.encode(magic | bytes32(uint256(1))));
        assertEq(_verify(""), INVALID);
    }

    function test_AContractThatRevertsHasNotSigned() external {
        vm.mockCallRevert(signer, bytes(""), abi.encode(IERC1271.isValidSignature.selector));
        assertEq(_verify(""), INVALID);
    }

    function test_AnAddressWithoutCodeHasNotSigned() external {
        signer = makeAddr("nobody");
        assertEq(_verify(""), INVALID);
        signer = address(0);
        assertEq(_verify(""), INVALID);
        // The precompiles that answer anything: not with the magic word. (Others burn what gas they are given.)
        for (uint160 i = 1; i < 6; ++i) {
            signer = address(i);
            assertEq(_verify(""), INVALID);
        }
    }

    function test_ALongSignatureIsRefusedUnasked() external {
        vm.mockCall(signer, bytes(""), abi.encode(IERC1271.isValidSignature.selector));
        assertEq(_verify(new bytes(4096)), VALID);
        assertEq(_verify(new bytes(4097)), INVALID);
    }

    function testFuzz_AKeyOfAnotherLengthIsRefused(uint8 length) external {
        vm.assume(length != 20);
        vm.mockCall(signer, bytes(""), abi.encode(IERC1271.isValidSignature.selector));
        bytes memory key = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            key[i] = bytes20(signer)[i % 20];
        }
        assertEq(verifier.verify(key, HASH, ""), INVALID);
    }
}
