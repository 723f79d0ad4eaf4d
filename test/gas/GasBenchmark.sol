// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {IEntryPoint, PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Execution} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {console} from "forge-std/console.sol";
import {AccountHarness} from "../integration/accounts/AccountHarness.sol";
import {IMintableERC20} from "../utils/NexusTest.sol";
import {SessionTest} from "../utils/SessionTest.sol";
import {UseBuilder} from "../utils/UseBuilder.sol";
import {ARGUMENT_RULES, ERC20_LIMIT} from "contracts/types/BuiltInPolicy.sol";
import {Action, Policy, Session} from "contracts/types/Session.sol";
import {OpStackSize} from "./OpStackSize.sol";

/// @notice What session keys cost over the same operation signed by the account's owner: for each scenario a line of JSON,
/// which `npm run bench:gas` collects. The gas is that of whole transactions to `EntryPoint.handleOps`, refunds taken off.
///
/// The owner signs through an ECDSA validator that is installed like any other module. The account pays from a deposit;
/// otherwise it tops up its deposit to exactly what an operation may cost, and two operations that cost the same in a row
/// restore a slot to its value and get a refund that nobody gets in practice.
///
/// `first` is the first operation of its kind, `steady` a later one: every slot that a use touches was written by then, by
/// another transaction.
abstract contract GasBenchmark is SessionTest {
    AccountHarness internal harness;
    IEntryPoint internal entryPoint;
    address internal account;
    IMintableERC20 internal token;
    address internal shop = makeAddr("shop");
    address payable internal bundler = payable(makeAddr("bundler"));

    /// The account's kind, in the lines.
    string internal kind;
    /// The owner's transfer.
    uint256 internal owned;
    uint256 private sessions;

    uint256 private constant P256_KEY = uint256(keccak256("a P-256 key"));

    function newHarness() internal virtual returns (AccountHarness, string memory);

    function setUp() public virtual override {
        super.setUp();
        (harness, kind) = newHarness();
        entryPoint = harness.entryPoint();
        harness.create(address(manager));
        account = harness.account();
        token = IMintableERC20(deployCode("MockERC20.sol:MockERC20", abi.encode("USDC", "USDC", 6)));
        token.mint(account, 1_000_000e6);
        token.mint(shop, 1);
        vm.deal(account, 100 ether);
        entryPoint.depositTo{value: 10 ether}(account);
        install(address(manager), abi.encodePacked(uint8(1), harness.grantPrefix()));
        handle(ownerOp(transfers(1)));
        owned = gasOf(ownerOp(transfers(1)));
        // The account's sequence of nonces for the manager is begun.
        handle(sessionOp(newGranted(anyTransfer()), 0, 1));
    }

    // -- Scenarios -----------------------------------------------------------------------------------------------------

    function test_Gas_Cumulative() public virtual {
        reportOwner("erc20-cumulative", transfers(1));
        reportUses("erc20-cumulative", newGranted(cumulative()), 0, 1);
    }

    function test_Gas_Daily() public virtual {
        reportOwner("erc20-daily", transfers(1));
        bytes memory config = abi.encodePacked(uint8(4), uint128(1000e6), uint32(1 days), uint48(0));
        Session memory session = newGranted(transferUnder(ERC20_LIMIT, config));
        reportUses("erc20-daily", session, uint48(block.timestamp), 1);
    }

    function test_Gas_TwoRules() public virtual {
        reportOwner("rules-2", transfers(1));
        reportUses("rules-2", newGranted(rules(2)), 0, 1);
    }

    // -- Sessions --------------------------------------------------------------------------------------------------------

    /// @notice Transfers of the token, without policies.
    function anyTransfer() internal view returns (Action memory) {
        return newAction(address(token), token.transfer.selector);
    }

    function transferUnder(address policy, bytes memory config) internal view returns (Action memory) {
        return newAction(address(token), token.transfer.selector, policy, config);
    }

    function cumulative() internal view returns (Action memory) {
        return transferUnder(ERC20_LIMIT, abi.encodePacked(uint8(2), uint128(1000e6)));
    }

    /// @notice Transfers under rules: by turns, to the shop and of at most 50 tokens.
    function rules(uint256 count) internal view returns (Action memory) {
        bytes memory config = abi.encodePacked(uint8(count));
        for (uint256 i = 0; i < count; ++i) {
            config = i % 2 == 0
                ? abi.encodePacked(config, uint8(1), uint8(0), uint16(0), uint8(20), uint8(0), shop)
                : abi.encodePacked(config, uint8(1), uint8(0), uint16(1), uint8(32), uint8(3), uint256(50e6));
        }
        return transferUnder(ARGUMENT_RULES, config);
    }

    /// @notice A session of one action, with the fields and a salt as the SDK makes them, not granted.
    function newWith(Action memory action) internal returns (Session memory session) {
        session = newSession(account);
        session.salt = bytes32(uint256(uint32(uint256(keccak256(abi.encode("salt", ++sessions))) | 0x01010101)));
        session.actions = new Action[](1);
        session.actions[0] = action;
    }

    function newGranted(Action memory action) internal returns (Session memory session) {
        session = newWith(action);
        grant(session);
    }

    // -- Operations --------------------------------------------------------------------------------------------------------

    /// @notice One transfer as a single call, several as a batch.
    function transfers(uint256 count) internal view returns (bytes memory) {
        bytes memory data = abi.encodeCall(token.transfer, (shop, 5e6));
        if (count == 1) return single(address(token), 0, data);
        Execution[] memory list = new Execution[](count);
        for (uint256 i = 0; i < count; ++i) {
            list[i] = Execution(address(token), 0, data);
        }
        return batch(list);
    }

    function ownerOp(bytes memory callData) internal returns (PackedUserOperation memory) {
        return harness.signedByOwner(newOp(account, callData));
    }

    function opThrough(address validator, bytes memory callData) internal view returns (PackedUserOperation memory op) {
        op = newOp(account, callData);
        op.nonce = harness.nonceThrough(account, validator);
    }

    function sessionOp(Session memory session, uint48 claimedTime, uint256 calls)
        internal
        returns (PackedUserOperation memory op)
    {
        return opWith(session, UseBuilder.pack(session, claimedTime, new uint8[](calls)), calls);
    }

    /// @notice An operation of so many transfers with the given use.
    function opWith(Session memory session, bytes memory use, uint256 calls)
        internal
        returns (PackedUserOperation memory op)
    {
        op = opThrough(address(manager), transfers(calls));
        op.signature = signUse(use, UseBuilder.hash(session), harness.hashOf(op));
    }

    function install(address module, bytes memory data) internal {
        handle(ownerOp(single(account, 0, harness.installCall(module, data))));
    }

    // -- Measuring ---------------------------------------------------------------------------------------------------------

    /// @notice Reports the first use of a session and a later one.
    function reportUses(string memory scenario, Session memory session, uint48 claimedTime, uint256 calls) internal {
        uint256 base = calls == 1 ? owned : ownedBatch(calls);
        report("latchkey", scenario, "first", sessionOp(session, claimedTime, calls), base);
        report("latchkey", scenario, "steady", sessionOp(session, claimedTime, calls), base);
    }

    /// @notice Reports the owner's operation that a scenario is held against.
    function reportOwner(string memory scenario, bytes memory callData) internal {
        handle(ownerOp(callData));
        PackedUserOperation memory op = ownerOp(callData);
        uint256 gas = gasOf(op);
        row("owner", scenario, "first", op, gas, gas);
        row("owner", scenario, "steady", op, gas, gas);
    }

    function ownedBatch(uint256 calls) internal returns (uint256) {
        handle(ownerOp(transfers(calls)));
        return gasOf(ownerOp(transfers(calls)));
    }

    function report(
        string memory system,
        string memory scenario,
        string memory phase,
        PackedUserOperation memory op,
        uint256 base
    ) internal {
        row(system, scenario, phase, op, gasOf(op), base);
    }

    function row(
        string memory system,
        string memory scenario,
        string memory phase,
        PackedUserOperation memory op,
        uint256 gas,
        uint256 base
    ) private {
        bytes memory data = abi.encodeCall(IEntryPoint.handleOps, (opsOf(op), bundler));
        uint256 zeros = 0;
        for (uint256 i = 0; i < data.length; ++i) {
            if (data[i] == 0) ++zeros;
        }
        string memory json = vm.serializeString("row", "account", kind);
        json = vm.serializeString("row", "system", system);
        json = vm.serializeString("row", "scenario", scenario);
        json = vm.serializeString("row", "phase", phase);
        json = vm.serializeUint("row", "gas", gas);
        json = vm.serializeInt("row", "overOwner", int256(gas) - int256(base));
        json = vm.serializeUint("row", "calldataZero", zeros);
        json = vm.serializeUint("row", "calldataNonZero", data.length - zeros);
        console.log(vm.serializeUint("row", "l2Bytes", OpStackSize.estimate(address(entryPoint), data)));
    }

    function handle(PackedUserOperation memory op) internal {
        gasOf(op);
    }

    /// @notice Gas of the whole transaction, after refunds.
    function gasOf(PackedUserOperation memory op) internal returns (uint256 gas) {
        uint256 nonce = entryPoint.getNonce(account, uint192(op.nonce >> 64));
        PackedUserOperation[] memory ops = opsOf(op);
        vm.prank(bundler, bundler);
        entryPoint.handleOps(ops, bundler);
        gas = vm.lastCallGas().gasTotalUsed;
        assertEq(entryPoint.getNonce(account, uint192(op.nonce >> 64)), nonce + 1);
    }

    function opsOf(PackedUserOperation memory op) private pure returns (PackedUserOperation[] memory ops) {
        ops = new PackedUserOperation[](1);
        ops[0] = op;
    }

    // -- Other session keys ------------------------------------------------------------------------------------------------

    /// @notice A P-256 key as an ERC-7913 signer, with a verifier that uses the chain's precompile.
    function p256Key(address verifier) internal pure returns (bytes memory) {
        (uint256 x, uint256 y) = vm.publicKeyP256(P256_KEY);
        return abi.encodePacked(verifier, x, y);
    }

    function signP256(bytes32 digest) internal pure returns (bytes memory) {
        uint256 n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551;
        (bytes32 r, bytes32 s) = vm.signP256(P256_KEY, digest);
        return abi.encodePacked(r, uint256(s) > n / 2 ? n - uint256(s) : uint256(s));
    }

    /// @notice What a passkey makes of a challenge, in the form of {WebAuthnVerifier}.
    function signWebAuthn(bytes32 challenge) internal pure returns (bytes memory) {
        bytes memory authenticatorData = abi.encodePacked(sha256("app.example"), uint8(5), uint32(7));
        bytes memory clientData = abi.encodePacked(
            '{"type":"webauthn.get","challenge":"',
            Base64.encodeURL(bytes.concat(challenge)),
            '","origin":"https://app.example","crossOrigin":false}'
        );
        bytes32 digest = sha256(abi.encodePacked(authenticatorData, sha256(clientData)));
        return abi.encodePacked(
            uint16(authenticatorData.length),
            authenticatorData,
            uint16(clientData.length),
            clientData,
            uint16(1),
            uint16(23),
            signP256(digest)
        );
    }
}
