// Conditions on words as SMT-LIB 2, and a solver's answers.
import { spawnSync } from "node:child_process";
import { isBoolean, MAX, type Operation, type Range, rangeOf, trailingZeros, type Word } from "./expression.js";
import type { Path } from "./machine.js";

/**
 * How words are told to the solver. `bits`: as 256 bits each, exactly. `abstract`: the same, with products and quotients
 * of unknowns as numbers of which nothing but a range is known: what has no solution so, has none. `integers`: as integers,
 * exactly; not every operation can be told so.
 */
export type Theory = "abstract" | "integers" | "bits";

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
      ...printer.lines,
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

const MODULUS = `${MAX + 1n}`;

class Printer {
  readonly lines: string[] = [];
  /** The names of what is not known. */
  readonly variables: string[] = [];
  private readonly names = new Map<Word, string>();
  private readonly ranges = new Map<Word, Range>();

  constructor(
    private readonly facts: ReadonlyMap<Word, Range>,
    private readonly theory: Theory,
  ) {}

  /** A word as a truth: it is not 0. */
  truth(word: Word): string {
    if (typeof word === "bigint") return word === 0n ? "false" : "true";
    if (!isBoolean(word) || word.kind === "variable") return `(not (= ${this.word(word)} ${this.number(0n)}))`;
    const [a = 0n, b = 0n] = word.operands;
    switch (word.operator) {
      case "iszero":
        return isBoolean(a) ? `(not ${this.truth(a)})` : `(= ${this.word(a)} ${this.number(0n)})`;
      case "eq":
        return `(= ${this.word(a)} ${this.word(b)})`;
      case "lt":
        return `(${this.theory === "integers" ? "<" : "bvult"} ${this.word(a)} ${this.word(b)})`;
      case "slt":
        return this.signedLess(a, b);
      default:
        return `(${word.operator} ${this.truth(a)} ${this.truth(b)})`;
    }
  }

  private signedLess(a: Word, b: Word): string {
    if (this.theory !== "integers") return `(bvslt ${this.word(a)} ${this.word(b)})`;
    const half = 1n << 255n;
    if (this.range(a).max >= half || this.range(b).max >= half) throw new Inexpressible();
    return `(< ${this.word(a)} ${this.word(b)})`;
  }

  private word(word: Word): string {
    if (typeof word === "bigint") return this.number(word);
    const known = this.names.get(word);
    if (known !== undefined) return known;
    const name = word.kind === "variable" ? word.name : `t${word.id}`;
    const sort = this.theory === "integers" ? "Int" : "(_ BitVec 256)";
    if (word.kind === "variable") {
      this.variables.push(name);
      this.lines.push(`(declare-const ${name} ${sort})`);
      if (this.theory === "integers") this.lines.push(`(assert (and (<= 0 ${name}) (< ${name} ${MODULUS})))`);
    } else if (isBoolean(word)) {
      this.lines.push(
        `(define-fun ${name} () ${sort} (ite ${this.truth(word)} ${this.number(1n)} ${this.number(0n)}))`,
      );
    } else if (this.theory === "abstract" && this.isHard(word)) {
      const { min, max } = this.range(word);
      this.lines.push(`(declare-const ${name} ${sort})`);
      this.lines.push(`(assert (and (bvule ${this.number(min)} ${name}) (bvule ${name} ${this.number(max)})))`);
    } else {
      const text = this.theory === "integers" ? this.integer(word) : this.bits(word);
      this.lines.push(`(define-fun ${name} () ${sort} ${text})`);
    }
    this.names.set(word, name);
    return name;
  }

  /** Products and quotients of unknowns. */
  private isHard({ operator, operands }: Operation): boolean {
    const [a, b] = operands;
    if (operator === "div" || operator === "mod") return typeof b !== "bigint";
    return operator === "mul" && typeof a !== "bigint" && typeof b !== "bigint";
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
    return this.theory === "integers" ? `${value}` : `(_ bv${value} 256)`;
  }

  private range(word: Word): Range {
    return rangeOf(word, this.facts, this.ranges);
  }
}
