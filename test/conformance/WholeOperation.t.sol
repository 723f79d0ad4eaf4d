// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAccount, PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {VmSafe} from "forge-std/Vm.sol";
import {
    BalanceVerifier,
    ClockPolicy,
    CommonCounterPolicy,
    DepositPolicy,
    DistantSlotPolicy,
    ForeignStoragePolicy,
    MisplacedKeyPolicy,
    OpcodePolicy,
    OpcodeVerifier,
    PayingPolicy
} from "../mocks/UnfitPolicies.sol";
import {FixedSigner} from "../mocks/FixedSigner.sol";
import {ERC20LimitConfig, ERC20LimitConfigs} from "../utils/ERC20LimitConfig.sol";
import {NexusTest} from "../utils/NexusTest.sol";
import {UseBuilder} from "../utils/UseBuilder.sol";
import {ARGUMENT_RULES, ERC20_LIMIT, GAS_LIMIT, NATIVE_LIMIT, USAGE_LIMIT} from "contracts/types/BuiltInPolicy.sol";
import {Action, NO_CALLDATA, Policy, Session} from "contracts/types/Session.sol";

/// @notice The validation of one whole operation, from the EntryPoint through Nexus and the manager to the policy or the verifier
/// of signatures, keeps to ERC-7562: for each policy, as a contract and as the manager's own, and for each kind of session key.
/// And what breaks a rule is found.
/// @dev What is checked while it runs: storage, calls, values, code and balances that are looked at, creation and destruction.
/// Opcodes that leave no trace there (TIMESTAMP, say) are looked for in the code of the contracts that are called; of account and
/// manager, which have other functions too, a bundler checks them (test/e2e/policies.test.ts).
contract WholeOperationTest is NexusTest {
    using ERC20LimitConfigs for ERC20LimitConfig;

    /// @notice A slot is not associated with the account (STO-021).
    error StorageNotAssociated(address at, bytes32 slot);
    /// @notice An address without code is called, or its code is looked at (OP-041, OP-062).
    error WithoutCode(address at, VmSafe.AccountAccessKind kind);
    /// @notice The EntryPoint is called otherwise than by the account that pays (OP-052).
    error EntryPointCalled(address from, bytes data);
    /// @notice The EntryPoint's code is looked at (OP-054).
    error EntryPointRead(address from, VmSafe.AccountAccessKind kind);
    /// @notice Ether is sent, and not by the account to the EntryPoint (OP-061).
    error ValueSent(address from, address to);
    /// @notice A balance is looked at (OP-080), or a contract created (OP-031) or destroyed (OP-011).
    error AccessForbidden(address from, VmSafe.AccountAccessKind kind);
    /// @notice Code has an opcode that validation must not use (OP-011), or GAS apart from a call (OP-012).
    error OpcodeForbidden(address at, bytes1 opcode);

    uint48 private constant NOW = 1_800_000_000;
    uint256 private constant P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551;
    uint256 private constant SECRET = 0xa11ce;
    uint256 private constant NONCE = 0xb0b;

    enum Kind {
        Address,
        P256,
        WebCrypto,
        WebAuthn,
        Frost,
        Contract,
        Unfit
    }

    address private shop = makeAddr("shop");
    bytes private limits;

    function setUp() public override {
        super.setUp();
        limits = ERC20LimitConfigs.none().perCall(1 ether).inTotal(1 ether).perPeriod(1 ether, 1 days, 0).pack();
    }

    /*//////////////////////////////////////////////////////////////
                              OUR POLICIES
    //////////////////////////////////////////////////////////////*/

    function test_ALimitOnATokenKeepsTheRules() external {
        _checkTransfer(ERC20_LIMIT, limits);
        _checkTransfer(address(erc20Limit), limits);
    }

    function test_RulesOnWordsKeepTheRules() external {
        // Word 1 is at most 50.
        bytes memory config =
            abi.encodePacked(uint8(1), uint8(1), uint8(0), uint16(1), uint8(32), uint8(3), uint256(50));
        _checkTransfer(ARGUMENT_RULES, config);
        _checkTransfer(address(abiRules), config);
    }

    function test_RulesOnDynamicArgumentsKeepTheRules() external {
        // f(bytes): the bytes begin with "ab". The manager has none of its own.
        bytes memory body = abi.encodePacked(uint8(1), uint8(1), uint8(1), uint8(0), uint8(7), uint16(2), "ab");
        bytes memory arguments = abi.encodePacked(uint8(1), uint8(0xc2), body);
        bytes memory config = abi.encodePacked(uint8(1), uint8(1), uint8(1), uint16(arguments.length), arguments);
        bytes memory data = abi.encodeWithSelector(0x12345678, bytes("abc"));
        Session memory session = _session();
        session.actions[0] = newAction(shop, 0x12345678, address(abiRules), config);
        this.check(_op(session, shop, 0, data));
    }

    function test_LimitsOnNativeCurrencyKeepTheRules() external {
        _checkOnValue(NATIVE_LIMIT);
        _checkOnValue(deployCode("NativeLimitPolicy.sol:NativeLimitPolicy"));
    }

    function test_LimitsOnUsesKeepTheRules() external {
        _checkOnValue(USAGE_LIMIT);
        _checkOnValue(deployCode("UsageLimitPolicy.sol:UsageLimitPolicy"));
    }

    function test_LimitsOnGasKeepTheRules() external {
        _checkOnOperation(GAS_LIMIT);
        _checkOnOperation(deployCode("GasLimitPolicy.sol:GasLimitPolicy"));
    }

    /// @dev It is asked when the session signs for the account, never about an operation.
    function test_RulesOnSignaturesAreNotAsked() external {
        Session memory session = _session();
        address policy = deployCode("TypedDataPolicy.sol:TypedDataPolicy", abi.encode(abiRules));
        session.signaturePolicies = new Policy[](1);
        session.signaturePolicies[0] = Policy(policy, hex"01");
        VmSafe.AccountAccess[] memory accesses = this.check(_transferOp(session));
        for (uint256 i = 0; i < accesses.length; ++i) {
            assertNotEq(accesses[i].account, policy);
        }
    }

    /*//////////////////////////////////////////////////////////////
                              OUR SIGNERS
    //////////////////////////////////////////////////////////////*/

    function test_AnAddressKeepsTheRules() external {
        _checkKey(Kind.Address, abi.encodePacked(key.addr));
    }

    function test_P256KeepsTheRules() external {
        _checkKey(Kind.P256, _p256Key("P256Verifier"));
    }

    function test_WebCryptoKeepsTheRules() external {
        _checkKey(Kind.WebCrypto, _p256Key("WebCryptoP256Verifier"));
    }

    function test_PasskeysKeepTheRules() external {
        _checkKey(Kind.WebAuthn, _p256Key("WebAuthnVerifier"));
    }

    function test_FrostKeepsTheRules() external {
        _checkKey(Kind.Frost, abi.encodePacked(deployCode("FrostVerifier.sol:FrostVerifier"), _compressed(SECRET)));
    }

    function test_AContractWithoutStorageKeepsTheRules() external {
        _checkKey(
            Kind.Contract,
            abi.encodePacked(deployCode("ERC1271Verifier.sol:ERC1271Verifier"), new FixedSigner(key.addr))
        );
    }

    /*//////////////////////////////////////////////////////////////
                           WHAT BREAKS A RULE
    //////////////////////////////////////////////////////////////*/

    function test_RevertWhen_StorageIsNobodys() external {
        address policy = address(new CommonCounterPolicy());
        _expect(policy, "", abi.encodeWithSelector(StorageNotAssociated.selector, policy, bytes32(0)));
    }

    function test_RevertWhen_StorageIsAnothersEvenIfItIsOnlyRead() external {
        address policy = address(new ForeignStoragePolicy());
        bytes32 slot = keccak256(abi.encode(shop, 0));
        _expect(policy, abi.encodePacked(shop), abi.encodeWithSelector(StorageNotAssociated.selector, policy, slot));
    }

    function test_RevertWhen_TheAccountIsNotTheInnermostKey() external {
        address policy = address(new MisplacedKeyPolicy());
        Session memory session = _sessionOfPolicy(policy, "");
        bytes32 budgetId = keccak256(abi.encode(UseBuilder.hash(session), policy, keccak256("")));
        bytes32 slot = keccak256(abi.encode(budgetId, keccak256(abi.encode(account, 0))));
        PackedUserOperation memory op = _transferOp(session);
        vm.expectRevert(abi.encodeWithSelector(StorageNotAssociated.selector, policy, slot));
        this.check(op);
    }

    function test_StorageUpTo127SlotsBehindIsTheAccounts() external {
        address policy = address(new DistantSlotPolicy());
        _checkTransfer(policy, hex"7f");
        bytes32 slot = bytes32(uint256(keccak256(abi.encode(account, 0))) + 128);
        _expect(policy, hex"80", abi.encodeWithSelector(StorageNotAssociated.selector, policy, slot));
    }

    function test_RevertWhen_ThereIsNoCode() external {
        address policy = address(new OpcodePolicy());
        bytes6 opcodes = 0x3b3c3ff1f4fa;
        VmSafe.AccountAccessKind[6] memory kinds = [
            VmSafe.AccountAccessKind.Extcodesize,
            VmSafe.AccountAccessKind.Extcodecopy,
            VmSafe.AccountAccessKind.Extcodehash,
            VmSafe.AccountAccessKind.Call,
            VmSafe.AccountAccessKind.DelegateCall,
            VmSafe.AccountAccessKind.StaticCall
        ];
        for (uint256 i = 0; i < 6; ++i) {
            bytes memory reason = abi.encodeWithSelector(WithoutCode.selector, shop, kinds[i]);
            _expect(policy, abi.encodePacked(opcodes[i], shop), reason);
            _expectOfVerifier(abi.encodePacked(opcodes[i], shop), reason);
        }
        // The precompile of EIP-4844.
        address precompile = address(10);
        _expect(
            policy,
            abi.encodePacked(bytes1(0xfa), precompile),
            abi.encodeWithSelector(WithoutCode.selector, precompile, VmSafe.AccountAccessKind.StaticCall)
        );
    }

    function test_RevertWhen_TheEntryPointsCodeIsRead() external {
        address policy = address(new OpcodePolicy());
        bytes3 opcodes = 0x3b3c3f;
        VmSafe.AccountAccessKind[3] memory kinds = [
            VmSafe.AccountAccessKind.Extcodesize,
            VmSafe.AccountAccessKind.Extcodecopy,
            VmSafe.AccountAccessKind.Extcodehash
        ];
        for (uint256 i = 0; i < 3; ++i) {
            _expect(
                policy,
                abi.encodePacked(opcodes[i], ENTRYPOINT),
                abi.encodeWithSelector(EntryPointRead.selector, policy, kinds[i])
            );
        }
    }

    function test_RevertWhen_TheEntryPointIsAsked() external {
        address policy = address(new DepositPolicy());
        bytes memory question = abi.encodeWithSignature("balanceOf(address)", account);
        _expect(
            policy, abi.encodePacked(ENTRYPOINT), abi.encodeWithSelector(EntryPointCalled.selector, policy, question)
        );
    }

    function test_RevertWhen_EtherIsSent() external {
        address policy = address(new PayingPolicy());
        vm.deal(policy, 1 ether);
        _expect(policy, abi.encodePacked(bundler), abi.encodeWithSelector(ValueSent.selector, policy, bundler));
        // Not to the EntryPoint either, unless it is the account that pays.
        _expect(policy, abi.encodePacked(ENTRYPOINT), abi.encodeWithSelector(ValueSent.selector, policy, ENTRYPOINT));
    }

    function test_RevertWhen_ContractsAreCreatedOrDestroyedOrBalancesRead() external {
        address policy = address(new OpcodePolicy());
        bytes3 opcodes = 0xf0f531;
        VmSafe.AccountAccessKind[3] memory kinds =
            [VmSafe.AccountAccessKind.Create, VmSafe.AccountAccessKind.Create, VmSafe.AccountAccessKind.Balance];
        for (uint256 i = 0; i < 3; ++i) {
            _expect(
                policy,
                abi.encodePacked(opcodes[i], shop),
                abi.encodeWithSelector(AccessForbidden.selector, policy, kinds[i])
            );
        }
        // PUSH0 SELFDESTRUCT
        address destroyed = makeAddr("destroyed");
        vm.etch(destroyed, hex"5fff");
        _expect(
            policy,
            abi.encodePacked(bytes1(0xf1), destroyed),
            abi.encodeWithSelector(AccessForbidden.selector, destroyed, VmSafe.AccountAccessKind.SelfDestruct)
        );
    }

    function test_RevertWhen_CodeHasAForbiddenOpcode() external {
        address policy = address(new ClockPolicy());
        _expect(policy, "", abi.encodeWithSelector(OpcodeForbidden.selector, policy, bytes1(0x42)));
    }

    function test_RevertWhen_AVerifierAsksForTheBalanceOfAnother() external {
        bytes memory verifierKey = abi.encodePacked(new BalanceVerifier(), token, shop);
        Session memory session = _sessionOfKey(verifierKey);
        PackedUserOperation memory op = _sign(session, Kind.Unfit);
        vm.expectPartialRevert(StorageNotAssociated.selector);
        this.check(op);
    }

    /*//////////////////////////////////////////////////////////////
                               OPERATIONS
    //////////////////////////////////////////////////////////////*/

    function _session() private view returns (Session memory session) {
        session = newSession(account);
        session.actions = new Action[](1);
        session.actions[0] = newAction(address(token), IERC20.transfer.selector);
    }

    function _sessionOfPolicy(address policy, bytes memory config) private view returns (Session memory session) {
        session = _session();
        session.actions[0] = newAction(address(token), IERC20.transfer.selector, policy, config);
    }

    function _sessionOfKey(bytes memory sessionKey) private view returns (Session memory session) {
        session = _session();
        session.sessionKey = sessionKey;
    }

    function _op(Session memory session, address to, uint256 value, bytes memory data)
        private
        returns (PackedUserOperation memory)
    {
        grant(session);
        return sessionOp(session, NOW, claim(0), single(to, value, data));
    }

    function _transferOp(Session memory session) private returns (PackedUserOperation memory) {
        return _op(session, address(token), 0, abi.encodeCall(IERC20.transfer, (shop, 50)));
    }

    function _checkTransfer(address policy, bytes memory config) private {
        this.check(_transferOp(_sessionOfPolicy(policy, config)));
    }

    /// @dev As a policy of an action, and of the session.
    function _checkOnValue(address policy) private {
        Session memory session = newSession(account);
        session.actions = new Action[](1);
        session.actions[0] = newAction(shop, NO_CALLDATA, policy, limits);
        session.actions[0].maxValue = 1 ether;
        this.check(_op(session, shop, 1, ""));
        _checkOnOperation(policy);
    }

    function _checkOnOperation(address policy) private {
        Session memory session = _session();
        session.operationPolicies = new Policy[](1);
        session.operationPolicies[0] = Policy(policy, limits);
        this.check(_transferOp(session));
    }

    function _expect(address policy, bytes memory config, bytes memory reason) private {
        PackedUserOperation memory op = _transferOp(_sessionOfPolicy(policy, config));
        vm.expectRevert(reason);
        this.check(op);
    }

    function _expectOfVerifier(bytes memory what, bytes memory reason) private {
        PackedUserOperation memory op = _sign(_sessionOfKey(abi.encodePacked(new OpcodeVerifier(), what)), Kind.Unfit);
        vm.expectRevert(reason);
        this.check(op);
    }

    function _checkKey(Kind kind, bytes memory sessionKey) private {
        this.check(_sign(_sessionOfKey(sessionKey), kind));
    }

    function _sign(Session memory session, Kind kind) private returns (PackedUserOperation memory op) {
        bytes32 id = grant(session);
        op = opThrough(address(manager), single(address(token), 0, abi.encodeCall(IERC20.transfer, (shop, 50))));
        bytes memory use = UseBuilder.pack(session, NOW, claim(0));
        op.signature = bytes.concat(use, _signatureOf(kind, manager.hashUse(hashOf(op), id, keccak256(use))));
    }

    function _p256Key(string memory verifier) private returns (bytes memory) {
        (uint256 x, uint256 y) = vm.publicKeyP256(SECRET);
        return abi.encodePacked(deployCode(string.concat(verifier, ".sol:", verifier), abi.encode(false)), x, y);
    }

    function _signatureOf(Kind kind, bytes32 digest) private returns (bytes memory) {
        if (kind == Kind.Address || kind == Kind.Contract) {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
            return abi.encodePacked(r, s, v);
        }
        if (kind == Kind.P256) return _p256Signature(digest);
        if (kind == Kind.WebCrypto) return _p256Signature(sha256(abi.encode(digest)));
        if (kind == Kind.WebAuthn) return _assertion(digest);
        if (kind == Kind.Frost) return _frostSignature(digest);
        return hex"00";
    }

    function _p256Signature(bytes32 digest) private pure returns (bytes memory) {
        (bytes32 r, bytes32 s) = vm.signP256(SECRET, digest);
        return abi.encodePacked(r, uint256(s) > P256_ORDER / 2 ? P256_ORDER - uint256(s) : uint256(s));
    }

    function _assertion(bytes32 digest) private pure returns (bytes memory) {
        bytes memory challenge = bytes(vm.toBase64URL(abi.encode(digest)));
        // Without its padding: 43 characters.
        assembly ("memory-safe") {
            mstore(challenge, 43)
        }
        bytes memory clientData = bytes.concat(
            "{\"type\":\"webauthn.get\",\"challenge\":\"", challenge, "\",\"origin\":\"https://example.org\"}"
        );
        bytes memory authenticatorData = abi.encodePacked(sha256("example.org"), bytes1(0x05), uint32(1));
        bytes memory signature = _p256Signature(sha256(bytes.concat(authenticatorData, sha256(clientData))));
        return abi.encodePacked(
            uint16(authenticatorData.length),
            authenticatorData,
            uint16(clientData.length),
            clientData,
            uint16(1),
            uint16(23),
            signature
        );
    }

    /// @dev RFC 9591 with one signer: z = k + c x.
    function _frostSignature(bytes32 digest) private returns (bytes memory) {
        bytes memory message = bytes.concat(_compressed(NONCE), _compressed(SECRET), digest);
        bytes memory tag = "FROST-secp256k1-SHA256-v1chal\x1d";
        bytes32 b0 = sha256(bytes.concat(new bytes(64), message, bytes2(uint16(48)), bytes1(0), tag));
        bytes32 b1 = sha256(bytes.concat(b0, bytes1(uint8(1)), tag));
        bytes32 b2 = sha256(bytes.concat(b0 ^ b1, bytes1(uint8(2)), tag));
        uint256 c = addmod(mulmod(uint256(b1), 1 << 128, SECP256K1_ORDER), uint256(b2) >> 128, SECP256K1_ORDER);
        uint256 z = addmod(NONCE, mulmod(c, SECRET, SECP256K1_ORDER), SECP256K1_ORDER);
        VmSafe.Wallet memory nonce = vm.createWallet(NONCE);
        return abi.encodePacked(nonce.publicKeyX, nonce.publicKeyY, z);
    }

    function _compressed(uint256 secret) private returns (bytes memory) {
        VmSafe.Wallet memory wallet = vm.createWallet(secret);
        return abi.encodePacked(uint8(2 + (wallet.publicKeyY & 1)), wallet.publicKeyX);
    }

    /*//////////////////////////////////////////////////////////////
                                 RULES
    //////////////////////////////////////////////////////////////*/

    /// @notice Validates an operation, as the EntryPoint has the account do it, and checks what happens on the way.
    function check(PackedUserOperation calldata op) external returns (VmSafe.AccountAccess[] memory accesses) {
        bytes32 userOpHash = hashOf(op);
        vm.startMappingRecording();
        vm.startStateDiffRecording();
        vm.prank(ENTRYPOINT);
        uint256 validationData = IAccount(account).validateUserOp(op, userOpHash, 0.001 ether);
        accesses = vm.stopAndReturnStateDiff();
        assertEq(uint160(validationData), 0, "the signature counts");
        for (uint256 i = 0; i < accesses.length; ++i) {
            _checkAccess(accesses[i]);
            for (uint256 k = 0; k < accesses[i].storageAccesses.length; ++k) {
                _checkStorage(accesses[i].storageAccesses[k]);
            }
        }
        for (uint256 i = 0; i < accesses.length; ++i) {
            _checkCode(accesses[i].account, accesses[i].kind);
        }
        vm.stopMappingRecording();
    }

    function _checkAccess(VmSafe.AccountAccess memory access) private view {
        VmSafe.AccountAccessKind kind = access.kind;
        if (kind == VmSafe.AccountAccessKind.Resume) return;
        bool readsCode = kind == VmSafe.AccountAccessKind.Extcodesize || kind == VmSafe.AccountAccessKind.Extcodehash
            || kind == VmSafe.AccountAccessKind.Extcodecopy;
        if (!_isCall(kind) && !readsCode) revert AccessForbidden(access.accessor, kind);
        bool pays = access.accessor == account && access.account == ENTRYPOINT;
        if (access.value != 0 && !pays) revert ValueSent(access.accessor, access.account);
        // Precompiles 1 to 9 have no code.
        bool isPrecompile = uint160(access.account) != 0 && uint160(access.account) < 10;
        if (access.account.code.length == 0 && !isPrecompile) revert WithoutCode(access.account, kind);
        if (access.account == ENTRYPOINT) {
            if (readsCode) revert EntryPointRead(access.accessor, kind);
            if (!pays || access.data.length != 0) revert EntryPointCalled(access.accessor, access.data);
        }
    }

    function _isCall(VmSafe.AccountAccessKind kind) private pure returns (bool) {
        return kind == VmSafe.AccountAccessKind.Call || kind == VmSafe.AccountAccessKind.DelegateCall
            || kind == VmSafe.AccountAccessKind.StaticCall;
    }

    /// @dev The account's own storage; the EntryPoint's, which only it can bring about; and what is associated with the account.
    function _checkStorage(VmSafe.StorageAccess memory access) private {
        if (access.account == account || access.account == ENTRYPOINT) return;
        bytes32 wanted = bytes32(uint256(uint160(address(account))));
        if (access.slot == wanted) return;
        for (uint256 n = 0; n < 128 && n <= uint256(access.slot); ++n) {
            (bool found, bytes32 mappingKey,) =
                vm.getMappingKeyAndParentOf(access.account, bytes32(uint256(access.slot) - n));
            if (found && mappingKey == wanted) return;
        }
        revert StorageNotAssociated(access.account, access.slot);
    }

    /// @dev Of what only validation calls.
    function _checkCode(address at, VmSafe.AccountAccessKind kind) private view {
        if (!_isCall(kind) || at == account || at == address(manager) || at == ENTRYPOINT) return;
        if (at == _implementation()) return;
        bytes memory code = at.code;
        for (uint256 i = 0; i < code.length; ++i) {
            bytes1 opcode = code[i];
            if (opcode >= 0x60 && opcode <= 0x7f) {
                i += uint8(opcode) - 0x5f;
                continue;
            }
            if (opcode == 0x5a) {
                bytes1 next = i + 1 < code.length ? code[i + 1] : bytes1(0);
                if (next == 0xf1 || next == 0xf4 || next == 0xfa) continue;
                revert OpcodeForbidden(at, opcode);
            }
            // ORIGIN, GASPRICE, from BLOCKHASH to GASLIMIT, from BASEFEE to BLOBBASEFEE, TLOAD, TSTORE, SELFDESTRUCT.
            bool forbidden = opcode == 0x32 || opcode == 0x3a || (opcode >= 0x40 && opcode <= 0x45)
                || (opcode >= 0x48 && opcode <= 0x4a) || opcode == 0x5c || opcode == 0x5d || opcode == 0xff;
            if (forbidden) revert OpcodeForbidden(at, opcode);
        }
    }

    /// @dev What the account, a proxy, delegates to (ERC-1967).
    function _implementation() private view returns (address) {
        bytes32 slot = 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;
        return address(uint160(uint256(vm.load(account, slot))));
    }
}
