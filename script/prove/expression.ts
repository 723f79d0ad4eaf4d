// 256-bit words of which some bits are not known, as the machine computes them.

/** Operations on words. Those in BOOLEAN give 0 or 1. */
export type Operator =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "mod"
  | "and"
  | "or"
  | "xor"
  | "not"
  | "shl"
  | "shr"
  | "lt"
  | "slt"
  | "eq"
  | "iszero";

export type Variable = { kind: "variable"; id: number; name: string };
export type Operation = { kind: "operation"; id: number; operator: Operator; operands: readonly Word[] };
export type Word = bigint | Variable | Operation;

/** What is known of a word: least and greatest value. */
export type Range = { min: bigint; max: bigint };

export const MAX = (1n << 256n) - 1n;

const BOOLEAN: ReadonlySet<Operator> = new Set(["lt", "slt", "eq", "iszero"]);
const COMMUTATIVE: ReadonlySet<Operator> = new Set(["add", "mul", "and", "or", "xor", "eq"]);
const nodes = new Map<string, Variable | Operation>();

export function variable(name: string): Variable {
  const known = nodes.get(name);
  if (known?.kind === "variable") return known;
  const made: Variable = { kind: "variable", id: nodes.size, name };
  nodes.set(name, made);
  return made;
}

/** An operation, simpler where it can be. Equal operations are the same object. */
export function operation(operator: Operator, ...given: readonly Word[]): Word {
  const operands = COMMUTATIVE.has(operator) ? given.toSorted((a, b) => rank(a) - rank(b)) : given;
  if (operator === "add") return sum(operands.flatMap(summands));
  return made(operator, operands);
}

/** A sum, which is the same whatever way it was put together. */
function sum(words: readonly Word[]): Word {
  const number = words.reduce<bigint>((sum, word) => (typeof word === "bigint" ? (sum + word) & MAX : sum), 0n);
  const others = words.filter((word) => typeof word !== "bigint").toSorted((a, b) => rank(b) - rank(a));
  const [first = 0n, ...rest] = number === 0n ? others : [...others, number];
  return rest.reduce<Word>((sum, word) => made("add", [word, sum]), first);
}

/** What a word is the sum of. */
function summands(word: Word): readonly Word[] {
  if (typeof word === "bigint" || word.kind === "variable" || word.operator !== "add") return [word];
  return word.operands.flatMap(summands);
}

function made(operator: Operator, operands: readonly Word[]): Word {
  const simple = simplified(operator, operands);
  if (simple !== undefined) return simple;
  const key = `${operator} ${operands.map((word) => (typeof word === "bigint" ? `=${word}` : word.id)).join(" ")}`;
  const known = nodes.get(key);
  if (known !== undefined) return known;
  const node: Operation = { kind: "operation", id: nodes.size, operator, operands };
  nodes.set(key, node);
  return node;
}

/** Numbers come before other operands, and those in the order in which they were made. */
function rank(word: Word): number {
  return typeof word === "bigint" ? -1 : word.id;
}

export function isBoolean(word: Word): boolean {
  if (typeof word === "bigint") return word < 2n;
  if (word.kind === "variable") return false;
  if (BOOLEAN.has(word.operator)) return true;
  return ["and", "or", "xor"].includes(word.operator) && word.operands.every(isBoolean);
}

/** The value of an operation on numbers. */
export function evaluate(operator: Operator, [a = 0n, b = 0n]: readonly bigint[]): bigint {
  const bit = (truth: boolean) => (truth ? 1n : 0n);
  switch (operator) {
    case "add":
      return (a + b) & MAX;
    case "sub":
      return (a - b) & MAX;
    case "mul":
      return (a * b) & MAX;
    case "div":
      return b === 0n ? 0n : a / b;
    case "mod":
      return b === 0n ? 0n : a % b;
    case "and":
      return a & b;
    case "or":
      return a | b;
    case "xor":
      return a ^ b;
    case "not":
      return MAX - a;
    // The amount comes first, as in the EVM.
    case "shl":
      return a > 255n ? 0n : (b << a) & MAX;
    case "shr":
      return a > 255n ? 0n : b >> a;
    case "lt":
      return bit(a < b);
    case "slt":
      return bit(BigInt.asIntN(256, a) < BigInt.asIntN(256, b));
    case "eq":
      return bit(a === b);
    case "iszero":
      return bit(a === 0n);
  }
}

function simplified(operator: Operator, operands: readonly Word[]): Word | undefined {
  const numbers = operands.filter((word) => typeof word === "bigint");
  if (numbers.length === operands.length) return evaluate(operator, numbers);
  const [a = 0n, b = 0n] = operands;
  return SIMPLIFICATIONS[operator]?.(a, b);
}

const other = (a: Word, b: Word) => (a === 0n ? b : b === 0n ? a : undefined);
/** What is shifted out of a word, or out of one of two that are or-ed, is 0. */
function shiftedOut(amount: Word, word: Word): Word | undefined {
  if (typeof amount !== "bigint" || typeof word === "bigint") return undefined;
  if (rangeOf(word).max >> amount === 0n) return 0n;
  if (word.kind === "variable" || word.operator !== "or") return undefined;
  const [a = 0n, b = 0n] = word.operands;
  const isOut = (part: Word) => rangeOf(part).max >> amount === 0n;
  return isOut(a) ? operation("shr", amount, b) : isOut(b) ? operation("shr", amount, a) : undefined;
}

const shifted = (amount: Word, word: Word) => (amount === 0n ? word : word === 0n ? 0n : undefined);

/** What two words become without being computed; nothing if they have to be. */
const SIMPLIFICATIONS: Partial<Record<Operator, (a: Word, b: Word) => Word | undefined>> = {
  add: other,
  xor: (a, b) => other(a, b) ?? (a === b ? 0n : a === MAX ? operation("not", b) : undefined),
  not: (a) => (typeof a !== "bigint" && a.kind === "operation" && a.operator === "not" ? a.operands[0] : undefined),
  or: (a, b) => (a === b ? a : other(a, b)),
  sub: (a, b) => (b === 0n ? a : a === b ? 0n : undefined),
  mul: (a, b) => (a === 0n || b === 0n ? 0n : a === 1n ? b : b === 1n ? a : undefined),
  div: (a, b) => (b === 1n ? a : undefined),
  and: (a, b) => (a === 0n || b === 0n ? 0n : keepsAll(a, b) ? b : keepsAll(b, a) ? a : undefined),
  shl: shifted,
  shr: (a, b) => shifted(a, b) ?? shiftedOut(a, b),
  lt: (a, b) => (b === 0n || a === b ? 0n : undefined),
  slt: (a, b) => (a === b ? 0n : undefined),
  eq: (a, b) => {
    if (a === b) return 1n;
    return a === 0n ? operation("iszero", b) : b === 0n ? operation("iszero", a) : undefined;
  },
  iszero: (a) => {
    if (typeof a === "bigint" || a.kind === "variable" || a.operator !== "iszero") return undefined;
    const [inner = 0n] = a.operands;
    return isBoolean(inner) ? inner : undefined;
  },
};

/** Whether a mask of low bits leaves a word as it is. */
function keepsAll(mask: Word, word: Word): boolean {
  return typeof mask === "bigint" && (mask & (mask + 1n)) === 0n && rangeOf(word).max <= mask;
}

/** What is known of a word, given what is known of others. */
export function rangeOf(word: Word, facts?: ReadonlyMap<Word, Range>, known = new Map<Word, Range>()): Range {
  if (typeof word === "bigint") return { min: word, max: word };
  const before = known.get(word);
  if (before !== undefined) return before;
  const own = word.kind === "variable" ? { min: 0n, max: MAX } : rangeOfOperation(word, facts, known);
  const fact = facts?.get(word);
  const range = fact === undefined ? own : { min: larger(own.min, fact.min), max: smaller(own.max, fact.max) };
  known.set(word, range);
  return range;
}

function rangeOfOperation(
  { operator, operands }: Operation,
  facts: ReadonlyMap<Word, Range> | undefined,
  known: Map<Word, Range>,
): Range {
  const [first = 0n, second = 0n] = operands;
  const [a, b] = [rangeOf(first, facts, known), rangeOf(second, facts, known)];
  if (a.min === a.max && b.min === b.max) {
    const value = evaluate(operator, [a.min, b.min]);
    return { min: value, max: value };
  }
  return RANGES[operator]?.(a, b) ?? (BOOLEAN.has(operator) ? { min: 0n, max: 1n } : { min: 0n, max: MAX });
}

/** The range of a result, given those of the operands; nothing if it can be any word. */
const RANGES: Partial<Record<Operator, (a: Range, b: Range) => Range | undefined>> = {
  add: (a, b) => (a.max + b.max <= MAX ? { min: a.min + b.min, max: a.max + b.max } : undefined),
  sub: (a, b) => (a.min >= b.max ? { min: a.min - b.max, max: a.max - b.min } : undefined),
  mul: (a, b) => (a.max * b.max <= MAX ? { min: a.min * b.min, max: a.max * b.max } : undefined),
  div: (a, b) => (b.min === 0n ? { min: 0n, max: a.max } : { min: a.min / b.max, max: a.max / b.min }),
  mod: (a, b) => ({ min: 0n, max: b.max === 0n ? 0n : smaller(a.max, b.max - 1n) }),
  and: (a, b) => ({ min: 0n, max: smaller(a.max, b.max) }),
  or: (a, b) => ({ min: larger(a.min, b.min), max: allOnes(larger(a.max, b.max)) }),
  xor: (a, b) => ({ min: 0n, max: allOnes(larger(a.max, b.max)) }),
  iszero: (a) => (a.min > 0n ? { min: 0n, max: 0n } : a.max === 0n ? { min: 1n, max: 1n } : undefined),
  not: (a) => ({ min: MAX - a.max, max: MAX - a.min }),
  shl: (a, b) => {
    if (a.min !== a.max || a.min > 255n || b.max << a.min > MAX) return undefined;
    return { min: b.min << a.min, max: b.max << a.min };
  },
  shr: (a, b) => ({ min: a.max > 255n ? 0n : b.min >> a.max, max: a.min > 255n ? 0n : b.max >> a.min }),
};

/** How many of a word's low bits are certainly zero. */
export function trailingZeros(word: Word): bigint {
  if (typeof word === "bigint") {
    if (word === 0n) return 256n;
    let count = 0n;
    while (((word >> count) & 1n) === 0n) count += 1n;
    return count;
  }
  if (word.kind === "variable") return 0n;
  const [a = 0n, b = 0n] = word.operands;
  switch (word.operator) {
    case "shl":
      return typeof a === "bigint" ? smaller(256n, a + trailingZeros(b)) : 0n;
    case "and":
      return larger(trailingZeros(a), trailingZeros(b));
    case "or":
    case "add":
      return smaller(trailingZeros(a), trailingZeros(b));
    default:
      return 0n;
  }
}

/**
 * What follows for the ranges of words if a condition is true, or false. Undefined if it cannot be.
 */
export function learn(
  facts: ReadonlyMap<Word, Range>,
  condition: Word,
  truth: boolean,
): ReadonlyMap<Word, Range> | undefined {
  const range = rangeOf(condition, facts);
  if (truth ? range.max === 0n : range.min > 0n) return undefined;
  if (typeof condition === "bigint") return facts;
  const without = narrow(facts, condition, truth ? { min: 1n, max: MAX } : { min: 0n, max: 0n });
  if (without === undefined || condition.kind === "variable") return without;
  const lesson = LESSONS[condition.operator];
  return lesson === undefined ? without : lesson(without, condition, truth);
}

const both: Lesson = (facts, condition, truth) => {
  if (truth !== (condition.operator === "and") || (truth && !isBoolean(condition))) return facts;
  return condition.operands.reduce<Facts | undefined>((known, word) => known && learn(known, word, truth), facts);
};

type Facts = ReadonlyMap<Word, Range>;
type Lesson = (facts: Facts, condition: Operation, truth: boolean) => Facts | undefined;

/** What follows for the operands of a condition. */
const LESSONS: Partial<Record<Operator, Lesson>> = {
  and: both,
  or: both,
  iszero: (facts, { operands: [a = 0n] }, truth) => learn(facts, a, !truth),
  lt: (facts, { operands: [a = 0n, b = 0n] }, truth) => {
    const [left, right] = [rangeOf(a, facts), rangeOf(b, facts)];
    const next = narrow(facts, a, truth ? { min: 0n, max: right.max - 1n } : { min: right.min, max: MAX });
    const last = next && narrow(next, b, truth ? { min: left.min + 1n, max: MAX } : { min: 0n, max: left.max });
    return last && narrowDifference(last, truth ? b : a, truth ? a : b);
  },
  eq: (facts, { operands: [a = 0n, b = 0n] }, truth) => (truth ? equal(facts, a, b) : facts),
  xor: (facts, { operands: [a = 0n, b = 0n] }, truth) => (truth ? facts : equal(facts, a, b)),
  shr: (facts, { operands: [a = 0n, b = 0n] }, truth) => {
    if (truth || typeof a !== "bigint") return facts;
    return narrow(facts, b, { min: 0n, max: a > 255n ? MAX : (1n << a) - 1n });
  },
};

function equal(facts: Facts, a: Word, b: Word): Facts | undefined {
  const next = narrow(facts, a, rangeOf(b, facts));
  return next && narrow(next, b, rangeOf(a, facts));
}

/** A word less another that is at most as large. */
function narrowDifference(facts: Facts, word: Word, less: Word): Facts | undefined {
  const [minuend, subtrahend] = [rangeOf(word, facts), rangeOf(less, facts)];
  return narrow(facts, operation("sub", word, less), { min: 0n, max: minuend.max - subtrahend.min });
}

function narrow(facts: Facts, word: Word, to: Range): Facts | undefined {
  const now = rangeOf(word, facts);
  const range = { min: larger(now.min, to.min), max: smaller(now.max, to.max) };
  if (range.min > range.max) return undefined;
  if (typeof word === "bigint" || (range.min === now.min && range.max === now.max)) return facts;
  const next = new Map(facts).set(word, range);
  return word.kind === "variable" ? next : narrowOperand(next, word, range);
}

/** What follows from the range of a sum or difference of a number and another word for that word, unless it wraps around in it. */
function narrowOperand(facts: Facts, { operator, operands }: Operation, { min, max }: Range): Facts | undefined {
  const [a = 0n, b = 0n] = operands;
  const isFirst = typeof a === "bigint";
  const number = isFirst ? a : b;
  if (typeof number !== "bigint" || (operator !== "add" && operator !== "sub")) return facts;
  const word = isFirst ? b : a;
  const isMinuend = operator === "sub" && isFirst;
  const [first, last] = (isMinuend ? [max, min] : [min, max]).map((value) => {
    if (isMinuend) return evaluate("sub", [number, value]);
    return evaluate(operator === "add" ? "sub" : "add", [value, number]);
  });
  return first !== undefined && last !== undefined && first <= last
    ? narrow(facts, word, { min: first, max: last })
    : facts;
}

const smaller = (a: bigint, b: bigint) => (a < b ? a : b);
const larger = (a: bigint, b: bigint) => (a > b ? a : b);
const allOnes = (value: bigint) => (1n << BigInt(value.toString(2).length)) - 1n;
