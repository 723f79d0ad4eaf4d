// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Execution} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {ManagerTest} from "../utils/ManagerTest.sol";
import {cut} from "../utils/Cut.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";
import {ANY_SELECTOR, ANY_TARGET, Action, NO_CALLDATA, Session} from "contracts/types/Session.sol";

contract SessionKeyManagerCallsTest is ManagerTest {
    /*//////////////////////////////////////////////////////////////
                                TARGETS
    //////////////////////////////////////////////////////////////*/

    function test_RevertWhen_TheTargetIsForbiddenThoughNamed() external {
        address[] memory targets = _forbiddenTargets();
        for (uint256 i = 0; i < targets.length; ++i) {
            _expectForbidden(newAction(targets[i], PING), targets[i], _ping());
            _expectForbidden(newAction(targets[i], ANY_SELECTOR), targets[i], _ping());
            _expectForbidden(newAction(targets[i], NO_CALLDATA), targets[i], "");
        }
    }

    function test_RevertWhen_TheTargetIsForbiddenUnderAnyTarget() external {
        address[] memory targets = _forbiddenTargets();
        for (uint256 i = 0; i < targets.length; ++i) {
            _expectForbidden(newAction(ANY_TARGET, PING), targets[i], _ping());
            _expectForbidden(newAction(ANY_TARGET, NO_CALLDATA), targets[i], "");
        }
    }

    function test_RevertWhen_ALaterCallOfABatchGoesToAForbiddenTarget() external {
        Session memory session = sessionWith(newAction(ANY_TARGET, PING));
        bytes32 id = grant(session);
        address[] memory targets = _forbiddenTargets();
        for (uint256 i = 0; i < targets.length; ++i) {
            Execution[] memory calls = new Execution[](2);
            calls[0] = Execution(target, 0, _ping());
            calls[1] = Execution(targets[i], 0, _ping());
            expectRefused(
                opUnder(session, batch(calls), claim(0, 0)),
                abi.encodeWithSelector(ISessionKeyManager.TargetForbidden.selector, id, 1, targets[i])
            );
        }
    }

    function testFuzz_NamedTargetAloneMayBeCalled(address named, address called) external {
        vm.assume(!_isForbidden(named) && !_isForbidden(called) && named != ANY_TARGET && named != called);
        Action memory action = newAction(named, PING);
        _assertAccepted(action, named, 0, _ping());
        _expectRefused(
            action,
            called,
            0,
            _ping(),
            abi.encodeWithSelector(ISessionKeyManager.TargetNotAllowed.selector, _idOf(action), 0, 0, named, called)
        );
    }

    function testFuzz_AnyTargetIsEveryTarget(address called) external {
        vm.assume(!_isForbidden(called));
        _assertAccepted(newAction(ANY_TARGET, PING), called, 0, _ping());
    }

    function test_TheSentinelItselfIsATargetUnderAnyTarget() external {
        _assertAccepted(newAction(ANY_TARGET, PING), ANY_TARGET, 0, _ping());
    }

    function test_RevertWhen_AnActionIsAnyTargetAndAnySelector() external {
        Action memory action = newAction(ANY_TARGET, ANY_SELECTOR);
        bytes memory reason = abi.encodeWithSelector(ISessionKeyManager.ActionTooBroad.selector, _idOf(action), 0);
        _expectRefused(action, target, 0, _ping(), reason);
        _expectRefused(action, target, 0, "", reason);
    }

    /// @dev Zeros stand for themselves.
    function test_RevertWhen_AnActionIsOfTargetAndSelectorZero() external {
        Action memory action = newAction(address(0), bytes4(0));
        bytes memory reason = abi.encodeWithSelector(
            ISessionKeyManager.TargetNotAllowed.selector, _idOf(action), 0, 0, address(0), target
        );
        _expectRefused(action, target, 0, _ping(), reason);
        _expectRefused(action, target, 0, abi.encodePacked(bytes4(0)), reason);
    }

    /*//////////////////////////////////////////////////////////////
                                MODULES
    //////////////////////////////////////////////////////////////*/

    function test_RevertWhen_AModuleIsCalledUnderAnyTarget() external {
        Action memory action = newAction(ANY_TARGET, PING);
        bytes memory reason =
            abi.encodeWithSelector(ISessionKeyManager.TargetIsModule.selector, _idOf(action), 0, target);
        for (uint256 moduleType = 1; moduleType <= 4; ++moduleType) {
            _assertAccepted(action, target, 0, _ping());
            _mockModule(moduleType, abi.encode(true));
            _expectRefused(action, target, 0, _ping(), reason);
            _assertAccepted(action, makeAddr("no module"), 0, _ping());
            _assertAccepted(newAction(target, PING), target, 0, _ping());
            vm.clearMockedCalls();
        }
    }

    function test_ModulesAreCalledOnlyIfTheAccountSaysSo() external {
        Action memory action = newAction(ANY_TARGET, PING);
        bytes memory question = abi.encodeWithSignature("isModuleInstalled(uint256,address,bytes)");
        vm.mockCall(account, question, abi.encode(false));
        _assertAccepted(action, target, 0, _ping());
        vm.mockCall(account, question, "");
        _assertAccepted(action, target, 0, _ping());
        vm.mockCallRevert(account, question, "no such type");
        _assertAccepted(action, target, 0, _ping());
        // What looks like the answer, but is an error, and an answer that is cut.
        vm.mockCallRevert(account, question, abi.encode(true));
        _assertAccepted(action, target, 0, _ping());
        vm.mockCall(account, question, cut(abi.encode(type(uint256).max), 0, 31));
        _assertAccepted(action, target, 0, _ping());
        vm.mockCall(account, question, abi.encode(true));
        _expectRefused(
            action,
            target,
            0,
            _ping(),
            abi.encodeWithSelector(ISessionKeyManager.TargetIsModule.selector, _idOf(action), 0, target)
        );
    }

    /*//////////////////////////////////////////////////////////////
                               SELECTORS
    //////////////////////////////////////////////////////////////*/

    function test_RevertWhen_TheSelectorDrivesAnAccountUnderAnyTarget() external {
        bytes4[9] memory selectors = _forbiddenSelectors();
        for (uint256 i = 0; i < selectors.length; ++i) {
            Action memory action = newAction(ANY_TARGET, selectors[i]);
            bytes memory reason =
                abi.encodeWithSelector(ISessionKeyManager.SelectorForbidden.selector, _idOf(action), 0, selectors[i]);
            _expectRefused(action, target, 0, abi.encodePacked(selectors[i], "arguments"), reason);
            // The sentinel is a target like any other here.
            _expectRefused(action, ANY_TARGET, 0, abi.encodePacked(selectors[i], "arguments"), reason);
        }
    }

    function test_ANamedTargetMayBeDrivenAsAnAccount() external {
        bytes4[9] memory selectors = _forbiddenSelectors();
        for (uint256 i = 0; i < selectors.length; ++i) {
            _assertAccepted(newAction(target, selectors[i]), target, 0, abi.encodePacked(selectors[i]));
            _assertAccepted(newAction(target, ANY_SELECTOR), target, 0, abi.encodePacked(selectors[i]));
        }
    }

    function testFuzz_NamedSelectorAloneMayBeCalled(bytes4 named, bytes4 called, bool anyTarget) external {
        vm.assume(named != ANY_SELECTOR && named != NO_CALLDATA && named != called);
        vm.assume(!anyTarget || !_isForbidden(named) && !_isForbidden(called));
        Action memory action = newAction(anyTarget ? ANY_TARGET : target, named);
        _assertAccepted(action, target, 0, abi.encodePacked(named));
        _expectRefused(action, target, 0, abi.encodePacked(called), _selectorNotAllowed(action, called));
    }

    function testFuzz_AnySelectorIsEverySelector(bytes4 called, bytes calldata arguments) external {
        _assertAccepted(newAction(target, ANY_SELECTOR), target, 0, abi.encodePacked(called, arguments));
    }

    function test_SentinelsAreSelectorsUnderAnySelector() external {
        _assertAccepted(newAction(target, ANY_SELECTOR), target, 0, hex"ffffffff");
        _assertAccepted(newAction(target, ANY_SELECTOR), target, 0, hex"fffffffe");
    }

    function test_RevertWhen_NoCalldataIsCalledAsASelector() external {
        Action memory action = newAction(target, NO_CALLDATA);
        _expectRefused(action, target, 0, hex"fffffffe", _selectorNotAllowed(action, NO_CALLDATA));
        _expectRefused(action, target, 0, hex"ffffffff", _selectorNotAllowed(action, ANY_SELECTOR));
        _expectRefused(action, target, 0, hex"00000000", _selectorNotAllowed(action, 0));
    }

    function test_NoCalldataIsEmptyCalldata() external {
        Action memory action = newAction(target, NO_CALLDATA);
        action.maxValue = 5;
        _assertAccepted(action, target, 5, "");
        action.target = ANY_TARGET;
        _assertAccepted(action, target, 5, "");
    }

    function test_RevertWhen_EmptyCalldataIsNotWhatTheActionSays() external {
        bytes4[3] memory selectors = [PING, ANY_SELECTOR, bytes4(0)];
        for (uint256 i = 0; i < selectors.length; ++i) {
            Action memory action = newAction(target, selectors[i]);
            _expectRefused(action, target, 0, "", _selectorNotAllowed(action, 0));
        }
    }

    function test_SelectorOfZerosIsASelector() external {
        _assertAccepted(newAction(target, bytes4(0)), target, 0, hex"00000000");
    }

    function test_RevertWhen_CalldataHas1To3Bytes() external {
        bytes4[4] memory selectors = [bytes4(0), NO_CALLDATA, ANY_SELECTOR, PING];
        for (uint256 length = 1; length < 4; ++length) {
            for (uint256 i = 0; i < selectors.length; ++i) {
                Action memory action = newAction(target, selectors[i]);
                bytes memory reason =
                    abi.encodeWithSelector(ISessionKeyManager.CalldataTooShort.selector, _idOf(action), 0, length);
                _expectRefused(action, target, 0, new bytes(length), reason);
                if (selectors[i] == ANY_SELECTOR) continue;
                action.target = ANY_TARGET;
                reason = abi.encodeWithSelector(ISessionKeyManager.CalldataTooShort.selector, _idOf(action), 0, length);
                _expectRefused(action, target, 0, new bytes(length), reason);
            }
        }
    }

    /*//////////////////////////////////////////////////////////////
                                 VALUES
    //////////////////////////////////////////////////////////////*/

    function testFuzz_ValueUpToTheMostIsAccepted(uint256 maxValue, uint256 value, bool empty) external {
        Action memory action = newAction(target, empty ? NO_CALLDATA : PING);
        action.maxValue = maxValue;
        bytes memory data = empty ? bytes("") : _ping();
        _assertAccepted(action, target, maxValue, data);
        if (value <= maxValue) _assertAccepted(action, target, value, data);
        else _expectRefused(action, target, value, data, _valueExceeded(action, value));
    }

    function test_NoValueIsSentUnderAnActionThatAllowsSome() external {
        Action memory action = newAction(target, PING);
        action.maxValue = 1;
        _assertAccepted(action, target, 0, _ping());
        _assertAccepted(action, target, 1, _ping());
    }

    function test_RevertWhen_ValueIsOneWeiOverTheMost() external {
        Action memory action = newAction(target, PING);
        uint256[5] memory most = [uint256(0), 1, 255, 256, type(uint256).max - 1];
        for (uint256 i = 0; i < most.length; ++i) {
            action.maxValue = most[i];
            _expectRefused(action, target, most[i] + 1, _ping(), _valueExceeded(action, most[i] + 1));
        }
    }

    /*//////////////////////////////////////////////////////////////
                                 CLAIMS
    //////////////////////////////////////////////////////////////*/

    function test_EachCallIsComparedWithTheActionItClaims() external {
        address other = makeAddr("other");
        Session memory session = sessionWith(newAction(target, PING), newAction(other, NO_CALLDATA));
        session.actions[1].maxValue = 3;
        bytes32 id = grant(session);
        Execution[] memory calls = new Execution[](2);
        calls[0] = Execution(target, 0, _ping());
        calls[1] = Execution(other, 3, "");
        assertEq(validate(opUnder(session, batch(calls), claim(0, 1))), windowOf(session));
        expectRefused(
            opUnder(session, batch(calls), claim(1, 0)),
            abi.encodeWithSelector(ISessionKeyManager.TargetNotAllowed.selector, id, 0, 1, other, target)
        );
        expectRefused(
            opUnder(session, batch(calls), claim(0, 0)),
            abi.encodeWithSelector(ISessionKeyManager.TargetNotAllowed.selector, id, 1, 0, target, other)
        );
        calls[1].value = 4;
        expectRefused(
            opUnder(session, batch(calls), claim(0, 1)),
            abi.encodeWithSelector(ISessionKeyManager.ValueExceeded.selector, id, 1, 1, 3, 4)
        );
        calls[1] = Execution(other, 3, _ping());
        expectRefused(
            opUnder(session, batch(calls), claim(0, 1)),
            abi.encodeWithSelector(ISessionKeyManager.SelectorNotAllowed.selector, id, 1, 1, NO_CALLDATA, PING)
        );
        calls[1] = Execution(other, 3, hex"aabbcc");
        expectRefused(
            opUnder(session, batch(calls), claim(0, 1)),
            abi.encodeWithSelector(ISessionKeyManager.CalldataTooShort.selector, id, 1, 3)
        );
    }

    /*//////////////////////////////////////////////////////////////
                                HELPERS
    //////////////////////////////////////////////////////////////*/

    function _ping() private pure returns (bytes memory) {
        return abi.encodeWithSelector(PING, 7);
    }

    function _idOf(Action memory action) private view returns (bytes32) {
        return manager.hashSession(sessionWith(action));
    }

    function _assertAccepted(Action memory action, address to, uint256 value, bytes memory data) private {
        Session memory session = sessionWith(action);
        grant(session);
        assertEq(validate(opUnder(session, single(to, value, data))), windowOf(session));
    }

    function _expectRefused(Action memory action, address to, uint256 value, bytes memory data, bytes memory reason)
        private
    {
        Session memory session = sessionWith(action);
        grant(session);
        expectRefused(opUnder(session, single(to, value, data)), reason);
    }

    function _expectForbidden(Action memory action, address to, bytes memory data) private {
        bytes memory reason = abi.encodeWithSelector(ISessionKeyManager.TargetForbidden.selector, _idOf(action), 0, to);
        _expectRefused(action, to, 0, data, reason);
    }

    function _selectorNotAllowed(Action memory action, bytes4 actual) private view returns (bytes memory) {
        return abi.encodeWithSelector(
            ISessionKeyManager.SelectorNotAllowed.selector, _idOf(action), 0, 0, action.selector, actual
        );
    }

    function _valueExceeded(Action memory action, uint256 value) private view returns (bytes memory) {
        return
            abi.encodeWithSelector(
                ISessionKeyManager.ValueExceeded.selector, _idOf(action), 0, 0, action.maxValue, value
            );
    }

    function _mockModule(uint256 moduleType, bytes memory answer) private {
        bytes memory question =
            abi.encodeWithSignature("isModuleInstalled(uint256,address,bytes)", moduleType, target, "");
        vm.mockCall(account, question, answer);
    }

    function _forbiddenTargets() private view returns (address[] memory targets) {
        targets = new address[](7);
        targets[1] = account;
        targets[2] = address(manager);
        targets[3] = 0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789;
        targets[4] = 0x0000000071727De22E5E9d8BAf0edAc6f37da032;
        targets[5] = 0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108;
        targets[6] = 0x433709009B8330FDa32311DF1C2AFA402eD8D009;
    }

    function _forbiddenSelectors() private pure returns (bytes4[9] memory) {
        return [
            bytes4(keccak256("installModule(uint256,address,bytes)")),
            bytes4(keccak256("uninstallModule(uint256,address,bytes)")),
            bytes4(keccak256("execute(bytes32,bytes)")),
            bytes4(keccak256("executeFromExecutor(bytes32,bytes)")),
            bytes4(
                keccak256("executeUserOp((address,uint256,bytes,bytes,bytes32,uint256,bytes32,bytes,bytes),bytes32)")
            ),
            bytes4(
                    keccak256(
                        "validateUserOp((address,uint256,bytes,bytes,bytes32,uint256,bytes32,bytes,bytes),bytes32,uint256)"
                    )
                ),
            // ERC-7579's validateUserOp has two parameters, ERC-4337's has three: another selector.
            bytes4(
                keccak256("validateUserOp((address,uint256,bytes,bytes,bytes32,uint256,bytes32,bytes,bytes),bytes32)")
            ),
            bytes4(keccak256("onInstall(bytes)")),
            bytes4(keccak256("onUninstall(bytes)"))
        ];
    }

    function _isForbidden(address to) private view returns (bool) {
        address[] memory targets = _forbiddenTargets();
        for (uint256 i = 0; i < targets.length; ++i) {
            if (targets[i] == to) return true;
        }
        return false;
    }

    function _isForbidden(bytes4 selector) private pure returns (bool) {
        bytes4[9] memory selectors = _forbiddenSelectors();
        for (uint256 i = 0; i < selectors.length; ++i) {
            if (selectors[i] == selector) return true;
        }
        return false;
    }
}
