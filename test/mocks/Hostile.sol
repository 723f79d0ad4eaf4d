// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IEntryPoint} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IERC7579Execution, IERC7579Module} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {ICallPolicy} from "contracts/interfaces/ICallPolicy.sol";
import {ISessionKeyManager} from "contracts/interfaces/ISessionKeyManager.sol";

/// @notice What a contract that a session calls, or asks, can do to the account, the manager and a policy: everything here is
/// in vain, and what is reverted is swallowed.
contract Intruder {
    /// @notice The code of this address is a call of `handleOps` that somebody handed over to intruders.
    address public constant LETTER = address(0x1E77E2);

    bytes4 private constant REENTRANT = bytes4(keccak256("ReentrancyGuardReentrantCall()"));

    ISessionKeyManager internal immutable MANAGER;
    ICallPolicy internal immutable LIMIT;
    IEntryPoint internal immutable ENTRYPOINT;

    /// @notice How often it has had the EntryPoint handle operations while it handles others.
    uint256 public tries;
    /// @notice How often that came out otherwise than refused for that very reason.
    uint256 public surprises;

    constructor(ISessionKeyManager manager, ICallPolicy limit, IEntryPoint entryPoint) {
        MANAGER = manager;
        LIMIT = limit;
        ENTRYPOINT = entryPoint;
    }

    /// @param account Whose session it is.
    /// @param id A session, or a budget.
    function _intrude(address account, bytes32 id) internal {
        bytes32[] memory ids = new bytes32[](1);
        ids[0] = id;
        _try(address(MANAGER), abi.encodeCall(MANAGER.revokeSessions, (ids)));
        _try(address(MANAGER), abi.encodeCall(MANAGER.grantSessions, (ids)));
        _try(address(MANAGER), abi.encodeCall(MANAGER.revokeAll, (MANAGER.epochOf(account) + 1)));
        bytes memory config = abi.encodePacked(uint8(2), uint128(1000));
        bytes memory transfer = abi.encodeWithSignature("transfer(address,uint256)", account, 5);
        _try(
            address(LIMIT),
            abi.encodeCall(ICallPolicy.checkCall, (account, id, address(this), 0, block.timestamp, transfer, config))
        );
        _try(address(MANAGER), abi.encodeCall(MANAGER.setSignedGrants, (hex"00")));
        _try(address(MANAGER), abi.encodeCall(IERC7579Module.onInstall, (hex"00")));
        _try(address(MANAGER), abi.encodeCall(IERC7579Module.onUninstall, ("")));
        _try(account, abi.encodeCall(IERC7579Execution.execute, (0, abi.encodePacked(address(this), uint256(0)))));
        _reenter();
    }

    /// @dev With operations that are valid by themselves.
    function _reenter() private {
        (bool success, bytes memory answer) = address(ENTRYPOINT).call(LETTER.code);
        tries += 1;
        if (success || bytes4(answer) != REENTRANT || answer.length != 4) surprises += 1;
    }

    function _try(address target, bytes memory data) internal {
        // forge-lint: disable-next-line(unchecked-call): whatever comes of it
        (bool success,) = target.call(data);
        success;
    }
}

/// @notice A token that misbehaves, in the way it is told to, and knows who called it how often and about how much.
contract HostileToken is Intruder {
    enum Kind {
        Plain,
        Silent,
        Fee,
        Reentrant,
        False,
        Callback
    }

    error Unlucky();

    Kind private immutable KIND;

    mapping(address from => uint256) public sent;
    mapping(address from => uint256) public approved;
    mapping(address from => uint256) public calls;
    mapping(address who => uint256) public balances;
    /// The session that the token means to harm.
    bytes32 public aim;

    constructor(Kind kind, ISessionKeyManager manager, ICallPolicy limit, IEntryPoint entryPoint)
        Intruder(manager, limit, entryPoint)
    {
        KIND = kind;
    }

    function aimAt(bytes32 id) external {
        aim = id;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        _count();
        if (KIND == Kind.False && amount % 7 == 6) revert Unlucky();
        sent[msg.sender] += amount;
        balances[to] += KIND == Kind.Fee ? amount - amount / 10 : amount;
        if (KIND == Kind.Callback) {
            _try(msg.sender, abi.encodeCall(ITokenHooks.tokensToSend, (msg.sender, msg.sender, to, amount, "", "")));
            _try(to, abi.encodeCall(ITokenHooks.tokensReceived, (msg.sender, msg.sender, to, amount, "", "")));
        }
        return _answer();
    }

    function approve(address, uint256 amount) external returns (bool) {
        _count();
        approved[msg.sender] += amount;
        return _answer();
    }

    /// @dev Nothing else is ever called; if it is, it is counted, and so found.
    fallback() external {
        _count();
    }

    function _count() private {
        calls[msg.sender] += 1;
        if (KIND == Kind.Reentrant) _intrude(msg.sender, aim);
    }

    function _answer() private view returns (bool) {
        if (KIND == Kind.Silent) {
            // Older tokens return nothing.
            assembly ("memory-safe") {
                return(0, 0)
            }
        }
        return KIND != Kind.False;
    }
}

/// @notice What an ERC-777 token calls.
interface ITokenHooks {
    function tokensToSend(
        address operator,
        address from,
        address to,
        uint256 amount,
        bytes calldata userData,
        bytes calldata operatorData
    ) external;

    function tokensReceived(
        address operator,
        address from,
        address to,
        uint256 amount,
        bytes calldata userData,
        bytes calldata operatorData
    ) external;
}

/// @notice Is sent tokens that call it, and uses the call.
contract Receiver is Intruder {
    mapping(address from => uint256) public calls;
    /// The session that it means to harm.
    bytes32 public aim;

    constructor(ISessionKeyManager manager, ICallPolicy limit, IEntryPoint entryPoint)
        Intruder(manager, limit, entryPoint)
    {}

    function aimAt(bytes32 id) external {
        aim = id;
    }

    function tokensReceived(address, address from, address, uint256, bytes calldata, bytes calldata) external {
        calls[from] += 1;
        _intrude(from, aim);
    }
}

/// @notice A policy that spends, grants and revokes where it can, and answers by the amount of the call: refuses, answers junk,
/// or accepts.
contract HostilePolicy is ICallPolicy, Intruder {
    error No();

    constructor(ISessionKeyManager manager, ICallPolicy limit, IEntryPoint entryPoint)
        Intruder(manager, limit, entryPoint)
    {}

    function checkCall(
        address account,
        bytes32 budgetId,
        address,
        uint256,
        uint256,
        bytes calldata data,
        bytes calldata
    ) external returns (uint256) {
        uint256 kind = uint256(bytes32(data[36:68])) % 7;
        if (kind == 1) revert No();
        _intrude(account, budgetId);
        if (kind == 2) return 1;
        if (kind == 3) {
            assembly ("memory-safe") {
                return(0, 31)
            }
        }
        return 0;
    }
}

/// @notice Takes ether, and a call.
contract Sink {
    mapping(address from => uint256) public received;
    mapping(address from => uint256) public calls;

    function poke() external {
        calls[msg.sender] += 1;
    }

    receive() external payable {
        received[msg.sender] += msg.value;
        calls[msg.sender] += 1;
    }

    fallback() external payable {
        calls[msg.sender] += 1;
    }
}
