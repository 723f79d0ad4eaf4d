import { type Address, concat, type Hex, numberToHex } from "viem";
import { entryPoint07Address } from "viem/account-abstraction";
import { deploy } from "./contracts.ts";
import type { World } from "./world.ts";

/**
 * What ERC-7562 forbids in validation and one opcode shows, with what the bundler says of it. `UnfitPolicies.sol` runs these.
 *
 * Alto does not enforce, for EntryPoint v0.7: BLOBHASH and BLOBBASEFEE (OP-011); that only account and factory call the
 * EntryPoint, and the EntryPoint alone gets ether (OP-052, OP-053, OP-061: it looks at the function, not at the caller). The
 * first are looked for in our compiled code (test/unit/Bytecode.t.sol), the others in what a whole operation calls
 * (test/conformance/WholeOperation.t.sol). CALLCODE no compiler writes any more.
 */
export type Forbidden = {
  readonly rule: string;
  readonly what: string;
  readonly opcode: number;
  /** The address that it is about, or what deploys a contract that it is about. */
  readonly at: Address | { readonly creationCode: Hex };
  readonly complaint: string | RegExp;
};

/** Nobody has the key of it, and it has no code. */
const nobody: Address = "0x000000000000000000000000000000000000dead";
/** The precompile of EIP-4844, the first that ERC-7562 does not name. */
const pointEvaluation: Address = "0x000000000000000000000000000000000000000a";

const banned = (opcode: number, name: string, reported = name): Forbidden => ({
  rule: "OP-011",
  what: name,
  opcode,
  at: nobody,
  complaint: `account uses banned opcode: ${reported}`,
});

const withoutCode = (opcode: number, name: string, at = nobody, rule = "OP-041"): Forbidden => ({
  rule,
  what: `${name} of ${at === nobody ? "an address without code" : "another precompile"}`,
  opcode,
  at,
  complaint: `account accesses un-deployed contract address ${at} with opcode ${name}`,
});

const ofEntryPoint = (opcode: number, name: string): Forbidden => ({
  rule: "OP-054",
  what: `${name} of the EntryPoint`,
  opcode,
  at: entryPoint07Address,
  // It names the opcode that comes next.
  complaint: new RegExp(
    `^account accesses EntryPoint contract address ${entryPoint07Address.toLowerCase()} with opcode \\w+$`,
  ),
});

export const forbidden: readonly Forbidden[] = [
  banned(0x32, "ORIGIN"),
  banned(0x3a, "GASPRICE"),
  banned(0x40, "BLOCKHASH"),
  banned(0x41, "COINBASE"),
  banned(0x42, "TIMESTAMP"),
  banned(0x43, "NUMBER"),
  banned(0x44, "PREVRANDAO", "DIFFICULTY"),
  banned(0x45, "GASLIMIT"),
  banned(0x48, "BASEFEE"),
  banned(0xfe, "INVALID"),
  // By a call: Solidity warns of the opcode. The contract is PUSH0, SELFDESTRUCT and two zeros, because alto takes two bytes
  // for no code.
  { ...banned(0xf1, "SELFDESTRUCT"), at: { creationCode: "0x635fff00005f526004601cf3" } },
  { ...banned(0x5a, "GAS"), rule: "OP-012", what: "GAS apart from a call" },
  // It calls itself, with a byte and 2,000 gas, in which it is at SSTORE: of other opcodes, Anvil's tracer tells the cost when it
  // is too late for alto.
  {
    rule: "OP-020",
    what: "a call that runs out of gas",
    opcode: 0xf1,
    at: { creationCode: "0x7236600f575f5f60015f306107d0fa005b5f5f555f526013600df3" },
    complaint: "account internally reverts on oog",
  },
  { ...banned(0xf0, "CREATE", "CREATE2"), rule: "OP-031" },
  { ...banned(0xf5, "CREATE2"), rule: "OP-031" },
  withoutCode(0x3b, "EXTCODESIZE"),
  withoutCode(0x3c, "EXTCODECOPY"),
  withoutCode(0x3f, "EXTCODEHASH"),
  withoutCode(0xf1, "CALL"),
  withoutCode(0xf4, "DELEGATECALL"),
  withoutCode(0xfa, "STATICCALL"),
  ofEntryPoint(0x3b, "EXTCODESIZE"),
  ofEntryPoint(0x3c, "EXTCODECOPY"),
  ofEntryPoint(0x3f, "EXTCODEHASH"),
  withoutCode(0xfa, "STATICCALL", pointEvaluation, "OP-062"),
  { ...banned(0x31, "BALANCE"), rule: "OP-080" },
  { ...banned(0x47, "SELFBALANCE"), rule: "OP-080" },
];

/** What a policy's configuration, or a verifier's key, has to be for it to do what is forbidden. */
export async function toConfig(world: World, { opcode, at }: Pick<Forbidden, "opcode" | "at">): Promise<Hex> {
  const address = typeof at === "string" ? at : await deploy(world.funder, at.creationCode);
  return concat([numberToHex(opcode, { size: 1 }), address]);
}
