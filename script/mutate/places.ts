// Where a source can be changed, and into what: read from the compiler's syntax tree.
import type { Source } from "./sources.js";

/** What the compiler's syntax tree consists of; only what is common to all nodes. */
export type Node = {
  nodeType: string;
  src: string;
  kind?: unknown;
  operator?: unknown;
  name?: unknown;
  typeDescriptions?: unknown;
  [key: string]: unknown;
};

/**
 * A change of one place. Positions are bytes in the source.
 *
 * `switched` writes the place so that the change is there if the condition `on` holds, and only then: the compiler
 * sees many changes at once, and the code is told later which one it makes. A place without it must be compiled by itself.
 */
export type Place = {
  start: number;
  end: number;
  /** What the place is with the change and nothing else. */
  replaced: string;
  switched?: (on: string, inner: (start: number, end: number) => string) => string;
  yul: boolean;
  /** Among the places of the source: what contains another comes before it. */
  order: number;
};

type Change = Omit<Place, "yul" | "order">;

const BINARY: Record<string, string> = {
  "==": "!=",
  "!=": "==",
  "<=": "<",
  ">=": ">",
  "<": "<=",
  ">": ">=",
  "&&": "||",
  "||": "&&",
  "+": "-",
  "-": "+",
  "*": "+",
  "/": "*",
  "%": "/",
  "&": "|",
  "|": "&",
  "^": "|",
  "<<": ">>",
  ">>": "<<",
};

const YUL: Record<string, (args: string) => string> = {
  lt: (args) => `iszero(gt(${args}))`,
  gt: (args) => `iszero(lt(${args}))`,
  slt: (args) => `iszero(sgt(${args}))`,
  sgt: (args) => `iszero(slt(${args}))`,
  eq: (args) => `iszero(eq(${args}))`,
  iszero: (args) => `iszero(iszero(${args}))`,
  add: (args) => `sub(${args})`,
  sub: (args) => `add(${args})`,
  mul: (args) => `add(${args})`,
  and: (args) => `or(${args})`,
  or: (args) => `and(${args})`,
  xor: (args) => `or(${args})`,
  shl: (args) => `shr(${args})`,
  shr: (args) => `shl(${args})`,
};

/** All that can be changed in a source, in its order. */
export function placesOf({ text }: Source, tree: Node): Place[] {
  const changes: Omit<Place, "order">[] = [];
  visit(tree, { isFixed: true, only: undefined });
  // The sort is stable: of places with the same bounds the outer one stays the first.
  return changes.sort((a, b) => a.start - b.start || b.end - a.end).map((change, order) => ({ ...change, order }));

  /** `isFixed`: the value is that of a constant or a constructor. `only`: a statement that is all that an if has. */
  function visit(node: Node, { isFixed, only }: { isFixed: boolean; only: Node | undefined }) {
    const isFixedHere = IS_FIXED[node.nodeType]?.(node) ?? isFixed;
    const change = SOLIDITY[node.nodeType]?.(node, text);
    if (node !== only || change?.replaced !== NOTHING) push(change, isFixedHere, false);
    if (node.nodeType === "InlineAssembly") {
      visitYul(child(node, "AST"), isFixedHere);
      return;
    }
    // A block that is all that an if has hands on what its only statement is.
    const onlyInside = node.nodeType === "Block" ? only : onlyStatement(node);
    for (const next of childrenOf(node)) visit(next, { isFixed: isFixedHere, only: onlyInside });
  }

  function visitYul(node: Node | undefined, isFixed: boolean) {
    if (node === undefined) return;
    push(ASSEMBLY[node.nodeType]?.(node, text), isFixed, true);
    for (const next of childrenOf(node)) visitYul(next, isFixed);
  }

  function push(change: Change | undefined, isFixed: boolean, yul: boolean) {
    if (change === undefined) return;
    const { switched, ...alone } = change;
    changes.push({ ...alone, ...(isFixed || switched === undefined ? {} : { switched }), yul });
  }
}

type Changing = (node: Node, text: string) => Change | undefined;

const IS_FIXED: Record<string, (node: Node) => boolean> = {
  FunctionDefinition: ({ kind }) => kind === "constructor",
  ModifierDefinition: () => false,
};

const SOLIDITY: Record<string, Changing> = {
  BinaryOperation: (node, text) => {
    const left = child(node, "leftExpression");
    const right = child(node, "rightExpression");
    const operator = String(node.operator);
    const to = BINARY[operator];
    if (left === undefined || right === undefined || to === undefined) return undefined;
    const [start, end] = range(node);
    const [, leftEnd] = range(left);
    const [rightStart] = range(right);
    const between = text.slice(leftEnd, rightStart).replace(operator, to);
    const change = { start, end, replaced: text.slice(start, leftEnd) + between + text.slice(rightStart, end) };
    // The compiler computes with literals by itself, and what it gets has another type.
    if (isRational(node)) return change;
    const changed = `(${text.slice(start, leftEnd)}) ${to} (${text.slice(rightStart, end)})`;
    return {
      ...change,
      switched: (on, inner) =>
        `(${on} ? ${changed} : (${inner(start, leftEnd)}) ${operator} (${inner(rightStart, end)}))`,
    };
  },
  Assignment: (node, text) => {
    const left = child(node, "leftHandSide");
    const right = child(node, "rightHandSide");
    const operator = String(node.operator);
    const to = BINARY[operator.slice(0, -1)];
    if (left === undefined || right === undefined || to === undefined || operator === "=") return undefined;
    const [start, end] = range(node);
    const [, leftEnd] = range(left);
    const [rightStart] = range(right);
    const replaced = `${text.slice(start, leftEnd)} ${to}= ${text.slice(rightStart, end)}`;
    return {
      start,
      end,
      replaced,
      switched: (on, inner) =>
        `(${on} ? (${replaced}) : (${inner(start, leftEnd)} ${operator} ${inner(rightStart, end)}))`,
    };
  },
  UnaryOperation: (node, text) => {
    const operand = child(node, "subExpression");
    const operator = String(node.operator);
    if (operand === undefined || !["!", "~"].includes(operator) || isRational(node)) return undefined;
    const [start, end] = range(node);
    const [from, to] = range(operand);
    const replaced = text.slice(from, to);
    return {
      start,
      end,
      replaced,
      switched: (on, inner) => `(${on} ? (${replaced}) : ${text.slice(start, from)}${inner(from, to)})`,
    };
  },
  Literal: (node, text) => {
    if (node.kind !== "bool") return undefined;
    const [start, end] = range(node);
    const value = text.slice(start, end);
    const replaced = value === "true" ? "false" : "true";
    return { start, end, replaced, switched: (on) => `(${on} ? ${replaced} : ${value})` };
  },
  Conditional: (node, text) => {
    const [start, end] = range(child(node, "condition") ?? node);
    const replaced = `!(${text.slice(start, end)})`;
    return { start, end, replaced, switched: (on, inner) => `(${on} != (${inner(start, end)}))` };
  },
  IfStatement: (node, text) => {
    const [start, end] = range(child(node, "condition") ?? node);
    const replaced = `false && ${text.slice(start, end)}`;
    return { start, end, replaced, switched: (on, inner) => `!${on} && (${inner(start, end)})` };
  },
  EmitStatement: without,
  RevertStatement: without,
  ExpressionStatement: (node, text) => {
    const { nodeType, operator } = child(node, "expression") ?? node;
    const isPlain = nodeType === "Assignment" && operator === "=";
    const isDelete = nodeType === "UnaryOperation" && operator === "delete";
    return isPlain || isDelete || nodeType === "FunctionCall" ? without(node, text) : undefined;
  },
};

const ASSEMBLY: Record<string, Changing> = {
  YulFunctionCall: (node, text) => {
    const name = String(child(node, "functionName")?.name);
    const [start, end] = range(node);
    const original = text.slice(start, end);
    // What has effects must not be written twice.
    if (/\b(?:static|delegate)?call\s*\(|\bcreate2?\s*\(/.test(original)) return undefined;
    const open = start + original.indexOf("(") + 1;
    const replaced = YUL[name]?.(text.slice(open, end - 1));
    if (replaced === undefined) return undefined;
    return {
      start,
      end,
      replaced,
      // There is no choice between two expressions: the difference is added, times zero or one.
      switched: (on, inner) => `add(${name}(${inner(open, end - 1)}), mul(${on}, sub(${replaced}, ${original})))`,
    };
  },
  YulIf: (node) => {
    const [start, end] = range(child(node, "condition") ?? node);
    return { start, end, replaced: "0", switched: (on, inner) => `mul(iszero(${on}), ${inner(start, end)})` };
  },
  YulExpressionStatement: (node) => {
    const [start, end] = range(node);
    return { start, end, replaced: "", switched: (on, inner) => `if iszero(${on}) { ${inner(start, end)} }` };
  },
};

const NOTHING = ";";

/** Leaves a statement out. */
function without(node: Node, text: string): Change {
  const [start, last] = range(node);
  const end = text[last] === ";" ? last + 1 : last;
  return { start, end, replaced: NOTHING, switched: (on, inner) => `{ if (!${on}) { ${inner(start, end)} } }` };
}

/** The one statement of an if without else, which is left out with the if, or the step of a loop. */
function onlyStatement(node: Node): Node | undefined {
  if (node.nodeType === "ForStatement") return child(node, "loopExpression");
  const body = child(node, "trueBody");
  if (node.nodeType !== "IfStatement" || body === undefined || child(node, "falseBody") !== undefined) return undefined;
  const statements = body.nodeType === "Block" ? childrenOf(body) : [body];
  return statements.length === 1 ? statements[0] : undefined;
}

function range({ src }: Node): [number, number] {
  const [start = 0, length = 0] = src.split(":").map(Number);
  return [start, start + length];
}

/** Whether the compiler knows the value from literals alone. */
function isRational(node: Node): boolean {
  const types = node.typeDescriptions;
  if (typeof types !== "object" || types === null || !("typeIdentifier" in types)) return false;
  return String(types.typeIdentifier).startsWith("t_rational");
}

function child(node: Node, key: string): Node | undefined {
  const value = node[key];
  return isNode(value) ? value : undefined;
}

function childrenOf(node: Node): Node[] {
  return Object.values(node).flatMap((value) =>
    Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : [],
  );
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "nodeType" in value && "src" in value;
}
