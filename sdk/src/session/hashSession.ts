import { concat, encodeAbiParameters, type Hex, keccak256, parseAbiParameters } from "viem";
import type { Action, Policy, Session } from "../types.js";

// EIP-712 by hand and not by viem's `hashStruct`, which hashes the types anew for every struct: half of all the work where a
// tree has thousands of sessions. viem encodes the fields, so that none can be out of its range.

// The hashes of the types, `hashType` of EIP-712. A test holds them against `sessionTypes`.
const policyType = "0xe29c2545dc56d3d78d7ec4a15210f4aa3b32c41474d6004a3f2444312970685f";
const actionType = "0x314f4b0170998084dcd652c6835763c513df1c474cac0333892e933d92486752";
const sessionType = "0x54bd382511c50d2c36e9c884b561d8654556be81b2142bc1a2d49b324cc88eeb";

const policyFields = parseAbiParameters("bytes32, address, bytes32");
const actionFields = parseAbiParameters("bytes32, address, bytes4, uint256, bytes32");
const sessionFields = parseAbiParameters(
  "bytes32, address, uint256, uint64, uint48, uint48, bytes32, bytes32, address, uint128, bytes32, bytes32, bytes32",
);

/** The EIP-712 struct hash of a policy. */
export function hashPolicy({ policy, config }: Policy): Hex {
  return keccak256(encodeAbiParameters(policyFields, [policyType, policy, keccak256(config)]));
}

/** The EIP-712 struct hash of an action: what a use shows of those it does not claim. */
export function hashAction({ target, selector, maxValue, policies }: Action): Hex {
  return keccak256(
    encodeAbiParameters(actionFields, [actionType, target, selector, maxValue, hashAll(policies, hashPolicy)]),
  );
}

/** The EIP-712 struct hash of a session. */
export function hashSession({ operationPolicies, signaturePolicies, actions, ...header }: Session): Hex {
  return hashHeader(header, {
    operationPolicies: hashAll(operationPolicies, hashPolicy),
    signaturePolicies: hashAll(signaturePolicies, hashPolicy),
    actions: hashAll(actions, hashAction),
  });
}

type Lists = "operationPolicies" | "signaturePolicies" | "actions";

/** The same, of a session whose lists are known by their hashes. */
export function hashHeader(header: Omit<Session, Lists>, lists: Readonly<Record<Lists, Hex>>): Hex {
  return keccak256(
    encodeAbiParameters(sessionFields, [
      sessionType,
      header.account,
      header.chainId,
      header.epoch,
      header.validAfter,
      header.validUntil,
      header.salt,
      keccak256(header.sessionKey),
      header.paymaster,
      header.maxOpCost,
      lists.operationPolicies,
      lists.signaturePolicies,
      lists.actions,
    ]),
  );
}

/** The EIP-712 hash of a list: of the hashes of its elements, one after the other. */
export function hashAll<item>(items: readonly item[], hash: (item: item) => Hex): Hex {
  return keccak256(concat(items.map(hash)));
}
