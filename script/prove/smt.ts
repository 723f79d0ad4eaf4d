// Conditions on words as SMT-LIB 2, and a solver's answers.
import { spawnSync } from "node:child_process";
import { isBoolean, MAX, type Operation, type Range, rangeOf, trailingZeros, type Word } from "./expression.js";
import type { Path } from "./machine.js";

/**
 * How words are told to the solver. `bits`: as 256 bits each, exactly. `abstract`: the same, with products and quotients
 * of unknowns as numbers of which little but a range is known: what has no solution so, has none. `integers`: as integers,
 * exactly; not every operation can be told so. `loose`: as integers, with those, and with what cannot be told so, as numbers
 * of which as little is known.
 */
export type Theory = "abstract" | "loose" | "integers" | "bits";

/** What the solver says; and if there is a solution, the arguments and slots that it names. */
export type Answer = { verdict: "sat" | "unsat" | "unknown"; values?: string };

/** A query whether a path can be taken at all; undefined if the theory cannot tell. */
export function query(path: Path, theory: Theory): string | undefined {
  const printer = new Printer(path.facts, theory);
  try {
    const assertions = path.conditions.map(({ word, truth }) => {
      const text = printer.truth(word);
      return `(assert ${truth ? text : `(not ${text})`})`;
    });
    const values = `(get-value (${printer.variables.join(" ")}))`;
    return [
      "(set-option :produce-models true)",
      "(set-logic ALL)",
      ...(theory === "abstract" ? unknown("(_ BitVec 256)") : theory === "loose" ? unknown("Int") : []),
      ...printer.lines,
      ...printer.lessons(),
      ...assertions,
      "(check-sat)",
      values,
      "",
    ].join("\n");
  } catch (error) {
    if (error instanceof Inexpressible) return undefined;
    throw error;
  }
}

/** Asks the solver: a command that reads SMT-LIB 2 from its standard input. */
export function ask(solver: readonly string[], text: string, seconds: number): Answer {
  const [command = "", ...parameters] = solver;
  const { stdout, error } = spawnSync(command, parameters, { input: text, encoding: "utf8", timeout: seconds * 1000 });
  if (error !== undefined && "code" in error && error.code === "ENOENT") {
    throw new Error(`there is no ${command}: install z3, or name another solver in SMT_SOLVER`);
  }
  const [first = "", ...values] = (stdout ?? "").trim().split("\n");
  if (first.includes("error")) throw new Error(`${first}\n${text}`);
  if (first === "sat") return { verdict: first, values: values.join("\n") };
  return { verdict: first === "unsat" ? first : "unknown" };
}

class Inexpressible extends Error {}

function known(word: Word): bigint {
  if (typeof word !== "bigint") throw new Inexpressible();
  return word;
}

/** Whether a word is put together from two others, of calldata mostly: then its own value matters, seldom theirs. */
function isCut({ operator, operands }: Operation): boolean {
  const has = (wanted: string) =>
    operands.some((a) => typeof a !== "bigint" && a.kind === "operation" && a.operator === wanted);
  return operator === "or" && has("shl") && has("shr");
}

/** Products, quotients and remainders in theories that leave them out, and whether a product is more than a word. */
function unknown(sort: string): string[] {
  const operators = ["mul", "div", "mod"].map((name) => `(declare-fun unknown_${name} (${sort} ${sort}) ${sort})`);
  return [...operators, `(declare-fun overflows (${sort} ${sort}) Bool)`];
}

const MODULUS = `${MAX + 1n}`;

class Printer {
  private readonly asIntegers: boolean;
  private readonly less: string;
  private readonly sort: string;
  readonly lines: string[] = [];
  /** The names of what is not known. */
  readonly variables: string[] = [];
  private readonly names = new Map<Word, string>();
  /** In the abstract theory: factors of unknown products, and quotients of the greatest word. */
  private readonly factors = new Set<string>();
  private readonly greatest: { name: string; divisor: string }[] = [];
  private readonly ranges = new Map<Word, Range>();

  constructor(
    private readonly facts: ReadonlyMap<Word, Range>,
    private readonly theory: Theory,
  ) {
    this.asIntegers = theory === "integers" || theory === "loose";
    this.less = this.asIntegers ? "<" : "bvult";
    this.sort = this.asIntegers ? "Int" : "(_ BitVec 256)";
  }

  /** A word as a truth: it is not 0. */
  truth(word: Word): string {
    if (typeof word === "bigint") return word === 0n ? "false" : "true";
    if (word.kind === "variable") return `(not (= ${this.word(word)} ${this.number(0n)}))`;
    const [a = 0n, b = 0n] = word.operands;
    switch (word.operator) {
      case "or":
        return `(or ${this.truth(a)} ${this.truth(b)})`;
      case "xor":
      case "sub":
        return `(not (= ${this.word(a)} ${this.word(b)}))`;
      case "iszero":
        return isBoolean(a) ? `(not ${this.truth(a)})` : `(= ${this.word(a)} ${this.number(0n)})`;
      case "eq":
        return `(= ${this.word(a)} ${this.word(b)})`;
      case "lt":
        return `(${this.less} ${this.word(a)} ${this.word(b)})`;
      case "slt":
        return this.signedLess(a, b);
      default:
        if (!isBoolean(word)) return `(not (= ${this.word(word)} ${this.number(0n)}))`;
        return `(${word.operator} ${this.truth(a)} ${this.truth(b)})`;
    }
  }

  private signedLess(a: Word, b: Word): string {
    if (!this.asIntegers) return `(bvslt ${this.word(a)} ${this.word(b)})`;
    const half = 1n << 255n;
    if (this.range(a).max >= half || this.range(b).max >= half) throw new Inexpressible();
    return `(< ${this.word(a)} ${this.word(b)})`;
  }

  private word(word: Word): string {
    if (typeof word === "bigint") return this.number(word);
    const known = this.names.get(word);
    if (known !== undefined) return known;
    const name = word.kind === "variable" ? word.name : `t${word.id}`;
    if (word.kind === "variable") this.variable(name);
    else this.operation(name, word);
    this.names.set(word, name);
    return name;
  }

  private variable(name: string): void {
    this.variables.push(name);
    this.declare(name);
    if (this.asIntegers) this.lines.push(`(assert (and (<= 0 ${name}) (< ${name} ${MODULUS})))`);
  }

  private operation(name: string, word: Operation): void {
    const [a = 0n, b = 0n] = word.operands;
    const text = this.text(word);
    if (text !== undefined) {
      this.define(name, text);
    } else {
      this.declare(name);
      if (this.isByNumber(word)) this.lines.push(...this.quotient(name, a, known(b)));
    }
    if (text === undefined || this.isUnknown(word)) this.lines.push(`(assert ${this.within(name, this.range(word))})`);
    if (this.isUnknown(word)) this.lines.push(...this.lemmas(word, name));
  }

  private declare(name: string): void {
    this.lines.push(`(declare-const ${name} ${this.sort})`);
  }

  private define(name: string, text: string): void {
    this.lines.push(`(define-fun ${name} () ${this.sort} ${text})`);
  }

  /** An operation; nothing if it is told as a number of which nothing but a range is known. */
  private text(word: Operation): string | undefined {
    if (isBoolean(word)) return `(ite ${this.truth(word)} ${this.number(1n)} ${this.number(0n)})`;
    if (this.isByNumber(word)) return undefined;
    if (this.isUnknown(word)) {
      const [a = 0n, b = 0n] = word.operands;
      return `(unknown_${word.operator} ${this.word(a)} ${this.word(b)})`;
    }
    if (!this.asIntegers) return this.bits(word);
    if (this.theory === "loose" && isCut(word)) return undefined;
    try {
      return this.integer(word);
    } catch (error) {
      if (this.theory === "loose" && error instanceof Inexpressible) return undefined;
      throw error;
    }
  }

  /** Whether the theory leaves out what an operation gives. */
  private isUnknown(word: Operation): boolean {
    return (this.theory === "abstract" || this.theory === "loose") && this.isHard(word);
  }

  /** What is known of products and quotients all the same: a little arithmetic, and what tells that a product overflows. */
  private lemmas({ operator, operands: [a = 0n, b = 0n] }: Operation, name: string): string[] {
    if (operator === "mul") {
      const [x, y] = [this.word(a), this.word(b)];
      this.factors.add(x).add(y);
      const [greatest, one] = [this.number(MAX), this.number(1n)];
      return [
        `(assert (= ${name} (unknown_mul ${y} ${x})))`,
        `(assert (= (overflows ${x} ${y}) (overflows ${y} ${x})))`,
        ...[
          [x, y],
          [y, x],
        ].flatMap(([factor, other]) => [
          `(assert (=> (= ${factor} ${one}) (= ${name} ${other})))`,
          `(assert (=> (= ${factor} ${greatest}) (= (overflows ${x} ${y}) (${this.less} ${one} ${other}))))`,
        ]),
      ];
    }
    if (operator !== "div") return [];
    const divisor = this.word(b);
    const isDivided = `(not (= ${divisor} ${this.number(0n)}))`;
    if (a === MAX) this.greatest.push({ name, divisor });
    // x * y / x is y if and only if x * y does not overflow.
    if (typeof a === "bigint" || a.kind === "variable" || a.operator !== "mul" || !a.operands.includes(b)) return [];
    const x = this.word(a.operands.find((factor) => factor !== b) ?? b);
    return [`(assert (=> ${isDivided} (= (= ${name} ${x}) (not (overflows ${x} ${divisor})))))`];
  }

  /** The same of the greatest word's quotients: x is greater than MAX / y if and only if x * y overflows, for all factors. */
  lessons(): string[] {
    return this.greatest.flatMap(({ name, divisor }) =>
      [...this.factors].map((x) => {
        const isDivided = `(not (= ${divisor} ${this.number(0n)}))`;
        return `(assert (=> ${isDivided} (= (${this.less} ${name} ${x}) (overflows ${x} ${divisor}))))`;
      }),
    );
  }

  private within(name: string, { min, max }: Range): string {
    const order = this.asIntegers ? "<=" : "bvule";
    return `(and (${order} ${this.number(min)} ${name}) (${order} ${name} ${this.number(max)}))`;
  }

  /** Products and quotients of unknowns. */
  private isHard({ operator, operands }: Operation): boolean {
    const [a, b] = operands;
    if (operator === "div" || operator === "mod") return typeof b !== "bigint";
    return operator === "mul" && typeof a !== "bigint" && typeof b !== "bigint";
  }

  /** Quotients by a number, in the theory that tells them by what they are multiplied: solvers are slow to divide bits. */
  private isByNumber({ operator, operands: [, b] }: Operation): boolean {
    return this.theory === "abstract" && operator === "div" && typeof b === "bigint" && b !== 0n;
  }

  private quotient(name: string, word: Word, divisor: bigint): string[] {
    const dividend = this.word(word);
    const product = `(bvmul ${name} ${this.number(divisor)})`;
    return [
      `(assert (bvule ${name} ${this.number(MAX / divisor)}))`,
      `(assert (bvule ${product} ${dividend}))`,
      `(assert (bvult (bvsub ${dividend} ${product}) ${this.number(divisor)}))`,
    ];
  }

  private bits({ operator, operands: [a = 0n, b = 0n] }: Operation): string {
    const [x, y] = [this.word(a), operator === "not" ? "" : this.word(b)];
    switch (operator) {
      case "not":
        return `(bvnot ${x})`;
      case "shl":
        return `(bvshl ${y} ${x})`;
      case "shr":
        return `(bvlshr ${y} ${x})`;
      // The EVM's quotient by 0 is 0, SMT-LIB's is not.
      case "div":
        return `(ite (= ${y} ${this.number(0n)}) ${this.number(0n)} (bvudiv ${x} ${y}))`;
      case "mod":
        return `(ite (= ${y} ${this.number(0n)}) ${this.number(0n)} (bvurem ${x} ${y}))`;
      default:
        return `(bv${operator} ${x} ${y})`;
    }
  }

  private integer(word: Operation): string {
    const { operator, operands } = word;
    const [a = 0n, b = 0n] = operands;
    const [x, y] = [this.range(a), this.range(b)];
    switch (operator) {
      case "add":
        return this.wrapped(`(+ ${this.word(a)} ${this.word(b)})`, x.max + y.max);
      case "mul":
        return this.wrapped(`(* ${this.word(a)} ${this.word(b)})`, x.max * y.max);
      case "sub": {
        const [left, right] = [this.word(a), this.word(b)];
        if (x.min >= y.max) return `(- ${left} ${right})`;
        return `(ite (>= ${left} ${right}) (- ${left} ${right}) (+ ${MODULUS} (- ${left} ${right})))`;
      }
      case "div":
      case "mod": {
        const text = `(${operator} ${this.word(a)} ${this.word(b)})`;
        return y.min > 0n ? text : `(ite (= ${this.word(b)} 0) 0 ${text})`;
      }
      case "not":
        return `(- ${MAX} ${this.word(a)})`;
      case "shl":
        return this.wrapped(`(* ${this.word(b)} ${1n << known(a)})`, y.max << known(a));
      case "shr":
        return `(div ${this.word(b)} ${1n << known(a)})`;
      case "and":
        return typeof a === "bigint" ? this.masked(b, a) : this.masked(a, known(b));
      case "or": {
        const apart = x.max < 1n << trailingZeros(b) || y.max < 1n << trailingZeros(a);
        if (!apart) throw new Inexpressible();
        return `(+ ${this.word(a)} ${this.word(b)})`;
      }
      default:
        throw new Inexpressible();
    }
  }

  /** A result below 2^256 as it is, a larger one without what exceeds a word. */
  private wrapped(text: string, max: bigint): string {
    return max <= MAX ? text : `(mod ${text} ${MODULUS})`;
  }

  /** Some neighbouring bits of a word. */
  private masked(word: Word, mask: bigint): string {
    const low = trailingZeros(mask);
    const ones = mask >> low;
    if ((ones & (ones + 1n)) !== 0n) throw new Inexpressible();
    const shifted = low === 0n ? this.word(word) : `(div ${this.word(word)} ${1n << low})`;
    const cut = this.range(word).max <= mask ? shifted : `(mod ${shifted} ${ones + 1n})`;
    return low === 0n ? cut : `(* ${cut} ${1n << low})`;
  }

  private number(value: bigint): string {
    return this.asIntegers ? `${value}` : `(_ bv${value} 256)`;
  }

  private range(word: Word): Range {
    return rangeOf(word, this.facts, this.ranges);
  }
}
