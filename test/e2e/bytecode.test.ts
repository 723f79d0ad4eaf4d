import { hexToBytes } from "viem";
import { expect, it } from "vitest";
import { world as connect } from "./harness/vitest.ts";

const GAS = 0x5a;
const calls = [0xf1, 0xf2, 0xf4, 0xfa];
/** What ERC-7562 bans from validation, and none of our contracts needs at all. */
const banned = new Map([
  [0x31, "BALANCE"],
  [0x32, "ORIGIN"],
  [0x3a, "GASPRICE"],
  [0x41, "COINBASE"],
  [0x42, "TIMESTAMP"],
  [0x44, "PREVRANDAO"],
  [0x45, "GASLIMIT"],
  [0x47, "SELFBALANCE"],
  [0x48, "BASEFEE"],
  [0x49, "BLOBHASH"],
  [0x4a, "BLOBBASEFEE"],
  [0xf0, "CREATE"],
  [0xf5, "CREATE2"],
  [0xff, "SELFDESTRUCT"],
]);

/** The instructions of a contract, without what they push. */
function* instructionsOf(code: Uint8Array): Generator<number> {
  for (let position = 0; position < code.length; position++) {
    const opcode = code[position] ?? 0;
    yield opcode;
    if (opcode >= 0x60 && opcode <= 0x7f) position += opcode - 0x5f;
  }
}

it.each(["sessionKeyManager", "erc20LimitPolicy", "abiRulePolicy"] as const)(
  "%s has no instruction that bundlers ban from validation",
  async (name) => {
    const world = connect();
    const code = await world.client.getCode({ address: world.contracts[name] });
    const instructions = [...instructionsOf(hexToBytes(code ?? "0x"))];
    expect(instructions.length).toBeGreaterThan(100);
    expect(instructions.flatMap((opcode) => banned.get(opcode) ?? [])).toEqual([]);
    // The remaining gas may only be asked for in order to hand it to a call.
    const stray = instructions.filter(
      (opcode, index) => opcode === GAS && !calls.includes(instructions[index + 1] ?? 0),
    );
    expect(stray).toEqual([]);
  },
);
