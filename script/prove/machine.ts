// Runs the code of a contract on arguments and storage of which nothing is known, along every path.
import { keccak256, toHex } from "viem";
import { isBoolean, learn, MAX, type Operator, operation, type Range, variable, type Word } from "./expression.js";

/** How a path ends: it returns, it reverts, or with a panic of Solidity (1: an assertion is false). */
export type Ending = { kind: "returned" } | { kind: "reverted" } | { kind: "panicked"; code: bigint };

/** A path through the code, and what has to hold for it to be taken. */
export type Path = {
  conditions: readonly { word: Word; truth: boolean }[];
  /** What follows for single words. */
  facts: ReadonlyMap<Word, Range>;
  ending: Ending;
};

/** Byte `index` of a word, counted from its front. */
type Byte = { word: Word; index: number };

/** What a contract is called with: a selector, and so many words. */
type Call = { selector: bigint; count: number };

type State = {
  pc: number;
  stack: Word[];
  memory: Map<number, Byte>;
  storage: Map<bigint, Word>;
  conditions: Path["conditions"];
  facts: ReadonlyMap<Word, Range>;
};

const PANIC = 0x4e487b71n;
const MOST_STEPS = 10_000_000;

/**
 * All paths through `code` when it is called. Word i of the arguments is the variable `argument<i>`; what storage holds at
 * first are variables too, by slot. So is what the code reads from a place in calldata that depends on them, by the term for
 * that place: of it nothing is known, not even that it may be an argument. Throws if the code does what this machine does
 * not know.
 */
export function explore(code: Uint8Array, call: Call): Path[] {
  const paths: Path[] = [];
  const open: State[] = [{ pc: 0, stack: [], memory: new Map(), storage: new Map(), conditions: [], facts: new Map() }];
  for (let state = open.pop(), steps = 0; state !== undefined; state = open.pop()) {
    let outcome = step(state, code, call);
    for (; outcome === "on"; ++steps) outcome = step(state, code, call);
    if (steps > MOST_STEPS) throw new Error("there are too many paths");
    if (outcome === "fork") open.push(...fork(state, code));
    else if (outcome === "split") open.push(...split(state));
    else paths.push({ conditions: state.conditions, facts: state.facts, ending: outcome });
  }
  return paths;
}

/** Both ways out of a conditional jump, as far as they can be taken. */
function fork(state: State, code: Uint8Array): State[] {
  const [target, condition] = [place(pop(state)), pop(state)];
  return [true, false].flatMap((truth) => {
    const taken = given(state, condition, truth);
    if (taken !== undefined) taken.pc = truth ? jump(code, target) : state.pc + 1;
    return taken ?? [];
  });
}

/** What a product with a truth is, if it is true and if not: the code chooses so between two words without a jump. */
function split(state: State): State[] {
  const [first, second] = [pop(state), pop(state)];
  const [truth, word] = isBoolean(first) ? [first, second] : [second, first];
  return [true, false].flatMap((isTrue) => {
    const chosen = given(state, truth, isTrue);
    if (chosen === undefined) return [];
    chosen.stack.push(isTrue ? word : 0n);
    chosen.pc += 1;
    return chosen;
  });
}

/** A copy of a state in which a condition is true, or false. Undefined if it cannot be. */
function given(state: State, condition: Word, truth: boolean): State | undefined {
  const facts = learn(state.facts, condition, truth);
  if (facts === undefined) return undefined;
  return {
    pc: state.pc,
    stack: [...state.stack],
    memory: new Map(state.memory),
    storage: new Map(state.storage),
    conditions: typeof condition === "bigint" ? state.conditions : [...state.conditions, { word: condition, truth }],
    facts,
  };
}

function step(state: State, code: Uint8Array, call: Call): Ending | "on" | "fork" | "split" {
  const opcode = code[state.pc] ?? 0;
  if (opcode >= 0x5f && opcode <= 0x9f) {
    arrange(state, opcode, code);
    return "on";
  }
  switch (opcode) {
    case 0x00:
      return { kind: "returned" };
    case 0x02:
      if (state.stack.slice(-2).some((word) => typeof word !== "bigint" && isBoolean(word))) return "split";
      break;
    case 0x56:
      state.pc = jump(code, place(pop(state)));
      return "on";
    case 0x57:
      return "fork";
    case 0xf3:
      return { kind: "returned" };
    case 0xfd:
      return reverted(state);
    case 0xfe:
      return { kind: "panicked", code: 0n };
  }
  compute(state, opcode, call);
  state.pc += 1;
  return "on";
}

/** Pushes a number, or copies or swaps what is on the stack. */
function arrange(state: State, opcode: number, code: Uint8Array): void {
  const { stack } = state;
  const top = stack.length - 1;
  if (opcode <= 0x7f) {
    const size = opcode - 0x5f;
    stack.push(size === 0 ? 0n : BigInt(toHex(code.slice(state.pc + 1, state.pc + 1 + size))));
    state.pc += size;
  } else if (opcode <= 0x8f) {
    stack.push(at(stack, top - (opcode - 0x80)));
  } else {
    const other = top - 1 - (opcode - 0x90);
    const [a, b] = [at(stack, top), at(stack, other)];
    stack[top] = b;
    stack[other] = a;
  }
  state.pc += 1;
}

function reverted(state: State): Ending {
  const [offset, size] = [place(pop(state)), place(pop(state))];
  if (size !== 36 || operation("shr", 224n, load(state, offset)) !== PANIC) return { kind: "reverted" };
  const code = load(state, offset + 4);
  if (typeof code !== "bigint") throw new Error("the code of a panic is not known");
  return { kind: "panicked", code };
}

/** Opcodes that take two words and give one. */
const BINARY: ReadonlyMap<number, Operator> = new Map([
  [0x01, "add"],
  [0x02, "mul"],
  [0x03, "sub"],
  [0x04, "div"],
  [0x06, "mod"],
  [0x10, "lt"],
  [0x12, "slt"],
  [0x14, "eq"],
  [0x16, "and"],
  [0x17, "or"],
  [0x18, "xor"],
  [0x1b, "shl"],
  [0x1c, "shr"],
]);

/** The others. What a function gives is pushed. */
const OTHERS = new Map<number, (state: State, call: Call) => Word | undefined>([
  [0x11, swapped("lt")],
  [0x13, swapped("slt")],
  [0x15, (state) => operation("iszero", pop(state))],
  [0x19, (state) => operation("not", pop(state))],
  [0x1a, byteOf],
  [0x20, hash],
  // No ether is sent along.
  [0x34, () => 0n],
  [0x35, readCalldata],
  [0x36, (_, { count }) => BigInt(4 + 32 * count)],
  [0x50, drop],
  [0x51, (state) => load(state, place(pop(state)))],
  [0x52, store],
  [0x53, storeByte],
  [0x54, readStorage],
  [0x55, writeStorage],
  [0x5b, () => undefined],
  [0x5e, copyMemory],
]);

function compute(state: State, opcode: number, call: Call): void {
  const binary = BINARY.get(opcode);
  const other = OTHERS.get(opcode);
  if (binary !== undefined) {
    state.stack.push(operation(binary, pop(state), pop(state)));
  } else if (other !== undefined) {
    const result = other(state, call);
    if (result !== undefined) state.stack.push(result);
  } else {
    throw new Error(`the machine does not know opcode 0x${opcode.toString(16).padStart(2, "0")}`);
  }
}

function swapped(operator: Operator): (state: State) => Word {
  return (state) => {
    const [a, b] = [pop(state), pop(state)];
    return operation(operator, b, a);
  };
}

function byteOf(state: State): Word {
  const [index, word] = [place(pop(state)), pop(state)];
  return index > 31 ? 0n : operation("and", 0xffn, operation("shr", BigInt(248 - 8 * index), word));
}

function hash(state: State): Word {
  const [offset, size] = [place(pop(state)), place(pop(state))];
  const bytes = Uint8Array.from({ length: size }, (_, i) => place(operation("shr", 248n, load(state, offset + i))));
  return BigInt(keccak256(bytes));
}

function store(state: State): undefined {
  const [offset, word] = [place(pop(state)), pop(state)];
  for (let index = 0; index < 32; ++index) state.memory.set(offset + index, { word, index });
}

function storeByte(state: State): undefined {
  const [offset, word] = [place(pop(state)), pop(state)];
  state.memory.set(offset, { word, index: 31 });
}

function readStorage(state: State): Word {
  const slot = number(pop(state));
  return state.storage.get(slot) ?? variable(`storage_${slot.toString(16)}`);
}

function writeStorage(state: State): undefined {
  const [slot, word] = [number(pop(state)), pop(state)];
  state.storage.set(slot, word);
}

function drop(state: State): undefined {
  pop(state);
}

function copyMemory(state: State): undefined {
  const [to, from, size] = [place(pop(state)), place(pop(state)), place(pop(state))];
  const bytes = Array.from({ length: size }, (_, i) => state.memory.get(from + i) ?? { word: 0n, index: 0 });
  for (const [i, byte] of bytes.entries()) state.memory.set(to + i, byte);
}

function readCalldata(state: State, call: Call): Word {
  const offset = pop(state);
  // Where it overlaps what is read from elsewhere is not known, so more is possible than can be: what is proved holds.
  if (typeof offset !== "bigint") return variable(`calldata_${offset.id}`);
  return calldata(place(offset), call);
}

/** The word at a place in calldata: the selector, the arguments, then zeros. */
function calldata(offset: number, { selector, count }: Call): Word {
  const argument = (i: number): Word => (i < 0 ? selector : i < count ? variable(`argument${i}`) : 0n);
  const index = Math.floor((offset - 4) / 32);
  const shift = BigInt((((offset - 4) % 32) + 32) % 32) * 8n;
  if (shift === 0n) return argument(index);
  return operation("or", operation("shl", shift, argument(index)), operation("shr", 256n - shift, argument(index + 1)));
}

/** The word at a place in memory, put together from the words that were stored there. */
function load(state: State, offset: number): Word {
  let result: Word = 0n;
  for (let i = 0; i < 32; ) {
    const byte = state.memory.get(offset + i);
    let length = 1;
    if (byte !== undefined) {
      while (i + length < 32) {
        const next = state.memory.get(offset + i + length);
        if (next?.word !== byte.word || next.index !== byte.index + length) break;
        length += 1;
      }
      const dropped = operation("shl", BigInt(8 * byte.index), byte.word);
      const piece = operation("shr", BigInt(8 * (32 - length)), dropped);
      result = operation("or", result, operation("shl", BigInt(8 * (32 - i - length)), piece));
    }
    i += length;
  }
  return result;
}

function jump(code: Uint8Array, target: number): number {
  if (code[target] !== 0x5b) throw new Error(`there is no way to jump to ${target}`);
  return target;
}

function pop(state: State): Word {
  const word = state.stack.pop();
  if (word === undefined) throw new Error("the stack is empty");
  return word;
}

function at(stack: readonly Word[], index: number): Word {
  const word = stack[index];
  if (word === undefined) throw new Error("the stack is not that deep");
  return word;
}

function number(word: Word): bigint {
  if (typeof word !== "bigint") throw new Error("the code uses a place that depends on its arguments");
  return word;
}

function place(word: Word): number {
  const value = number(word);
  if (value > MAX >> 200n) throw new Error("the code uses a place far out");
  return Number(value);
}
