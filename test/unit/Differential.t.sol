// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IERC7579ModuleConfig} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {Test, Vm} from "forge-std/Test.sol";
import {LibZip} from "solady/src/utils/LibZip.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {SessionStatus} from "contracts/types/Session.sol";

/// @notice The contracts and the SDK's offline check agree on random sessions and operations: which are allowed, within which
/// window, and with which error and numbers the others are refused. The file is written by `npm run vectors`; with the environment
/// variable VECTORS, another one is read.
contract DifferentialTest is Test {
    /// @dev As in the file, see sdk/test/differential/vectors.ts.
    struct DifferentialStep {
        string code;
        uint256 at;
        bytes data;
        bytes use;
        uint256 cost;
        uint256 sponsored;
        uint256 init;
        bytes errors;
        bytes8 digest;
        bytes12 window;
    }

    struct DifferentialScenario {
        bytes32 id;
        bytes32 root;
        uint256 status;
        uint256 rootStatus;
        bool installed;
        uint256 epoch;
        bool hasModule;
        DifferentialStep[] steps;
    }

    string private constant STEP =
        "DifferentialStep(string code,uint256 at,bytes data,bytes use,uint256 cost,uint256 sponsored,uint256 init,bytes errors,bytes8 digest,bytes12 window)";
    string private constant SCENARIO =
        "DifferentialScenario(bytes32 id,bytes32 root,uint256 status,uint256 rootStatus,bool installed,uint256 epoch,bool hasModule,DifferentialStep[] steps)";

    bytes32 private constant OP_HASH = keccak256("a user operation");
    ISessionKeyManager private constant MANAGER = ISessionKeyManager(address(0x1a1));
    address private constant MODULE = address(0x1c2);
    address private constant PAYMASTER = address(0x1d1);

    Vm.Wallet private key;
    uint256 private allowed;
    uint256 private refused;

    function setUp() public {
        vm.chainId(31_337);
        deployCodeTo("SessionKeyManager.sol:SessionKeyManager", address(MANAGER));
        deployCodeTo("ERC20LimitPolicy.sol:ERC20LimitPolicy", address(0x1a2));
        deployCodeTo("ABIRulePolicy.sol:ABIRulePolicy", address(0x1a3));
        deployCodeTo("NativeLimitPolicy.sol:NativeLimitPolicy", address(0x1a4));
        deployCodeTo("GasLimitPolicy.sol:GasLimitPolicy", address(0x1a5));
        deployCodeTo("UsageLimitPolicy.sol:UsageLimitPolicy", address(0x1a6));
        deployCodeTo("TypedDataPolicy.sol:TypedDataPolicy", abi.encode(address(0x1a3)), address(0x1a7));
        key = vm.createWallet("session key");
    }

    /// @dev Thousands of operations need more gas than a test has.
    function test_AgreesWithTheOfflineCheck() external {
        vm.pauseGasMetering();
        string memory json = vm.readFile(vm.envOr("VECTORS", string("test/vectors/differential.json")));
        DifferentialScenario[] memory scenarios = abi.decode(
            vm.parseJsonTypeArray(json, ".scenarios", string.concat(SCENARIO, STEP)), (DifferentialScenario[])
        );
        for (uint256 i = 0; i < scenarios.length; ++i) {
            // By a call of its own, which gives back its memory.
            this.runScenario(scenarios[i], i);
        }
        assertGt(allowed * 4, allowed + refused, "few operations are allowed");
        assertGt(refused * 4, allowed + refused, "few operations are refused");
    }

    /// @notice Runs the operations of one scenario.
    function runScenario(DifferentialScenario calldata scenario, uint256 index) external {
        address account = address(uint160(0xacc0000 + index));
        _prepare(account, scenario);
        for (uint256 i = 0; i < scenario.steps.length; ++i) {
            _runStep(account, scenario.id, scenario.steps[i], string.concat(vm.toString(index), ".", vm.toString(i)));
        }
    }

    function _prepare(address account, DifferentialScenario calldata scenario) private {
        vm.startPrank(account);
        if (scenario.installed) MANAGER.onInstall("");
        if (scenario.epoch != 0) MANAGER.revokeAll(uint64(scenario.epoch));
        _setStatus(scenario.id, scenario.status);
        if (scenario.root != 0) _setStatus(scenario.root, scenario.rootStatus);
        vm.stopPrank();
        if (scenario.hasModule) {
            vm.mockCall(
                account, abi.encodeCall(IERC7579ModuleConfig.isModuleInstalled, (2, MODULE, "")), abi.encode(true)
            );
        }
    }

    function _setStatus(bytes32 id, uint256 status) private {
        bytes32[] memory ids = new bytes32[](1);
        ids[0] = id;
        if (status == uint256(SessionStatus.Granted)) MANAGER.grantSessions(ids);
        if (status == uint256(SessionStatus.Revoked)) MANAGER.revokeSessions(ids);
    }

    function _runStep(address account, bytes32 id, DifferentialStep calldata step, string memory name) private {
        PackedUserOperation memory op = _operation(account, id, step);
        bool accepts = step.errors.length == 0;
        bool isAllowed = keccak256(bytes(step.code)) == keccak256("allowed");
        uint256 before = accepts && !isAllowed ? vm.snapshotState() : 0;
        vm.prank(account);
        (bool success, bytes memory result) =
            address(MANAGER).call(abi.encodeCall(MANAGER.validateUserOp, (op, OP_HASH)));
        string memory what = string.concat(name, ": ", step.code);
        assertEq(success, accepts, string.concat(what, ", but it was ", vm.toString(result)));
        if (isAllowed) ++allowed;
        else ++refused;
        if (!success) return _checkRevert(step, result, what);

        uint256 validationData = abi.decode(result, (uint256));
        (uint256 first, uint256 last) = (validationData >> 208, validationData >> 160 & type(uint48).max);
        assertEq(uint160(validationData), 0, string.concat(what, ": not signed"));
        assertEq(bytes12(bytes6(uint48(first))) | bytes12(bytes6(uint48(last))) >> 48, step.window, what);
        // What the EntryPoint makes of it.
        assertEq(step.at >= first && (last == 0 || step.at <= last), isAllowed, what);
        if (!isAllowed) {
            uint256 count = refused;
            vm.revertToState(before);
            refused = count;
        }
    }

    function _checkRevert(DifferentialStep calldata step, bytes memory reason, string memory what) private pure {
        bytes memory actual = bytes.concat(bytes4(reason));
        if (step.errors.length > 4 || _isPolicyRefusal(bytes4(reason))) {
            actual = bytes.concat(actual, _innerSelector(reason));
        }
        assertEq(actual, step.errors, what);
        if (step.digest != 0) {
            assertEq(bytes8(keccak256(reason)), step.digest, string.concat(what, ": ", vm.toString(reason)));
        }
    }

    function _isPolicyRefusal(bytes4 selector) private pure returns (bool) {
        return selector == ISessionKeyManager.PolicyRefused.selector
            || selector == ISessionKeyManager.OperationPolicyRefused.selector;
    }

    /// @dev The selector of what a policy reverted with; nothing if it gave no reason.
    function _innerSelector(bytes memory data) private pure returns (bytes memory) {
        bytes memory reason;
        bytes memory parameters = new bytes(data.length - 4);
        for (uint256 i = 0; i < parameters.length; ++i) {
            parameters[i] = data[i + 4];
        }
        if (bytes4(data) == ISessionKeyManager.PolicyRefused.selector) {
            (,,,, reason) = abi.decode(parameters, (bytes32, uint256, uint256, address, bytes));
        } else {
            (,,, reason) = abi.decode(parameters, (bytes32, uint256, address, bytes));
        }
        return reason.length < 4 ? reason : bytes.concat(bytes4(reason));
    }

    function _operation(address account, bytes32 id, DifferentialStep calldata step)
        private
        returns (PackedUserOperation memory op)
    {
        op.sender = account;
        op.callData = LibZip.cdDecompress(step.data);
        // The limit on the call's gas at 1 wei.
        op.accountGasLimits = bytes32(step.cost);
        op.gasFees = bytes32(uint256(1));
        if (step.sponsored != 0) op.paymasterAndData = abi.encodePacked(PAYMASTER, uint128(0), uint128(0));
        if (step.init != 0) op.initCode = abi.encodePacked(bytes20(bytes2(0x7702)), new bytes(step.init));
        bytes memory use = LibZip.cdDecompress(step.use);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, MANAGER.hashUse(OP_HASH, id, keccak256(use)));
        op.signature = abi.encodePacked(use, r, s, v);
    }
}
