// Modules of random programs. With `counting` a module counts its own operators in a global, one by one, which is fuel
// by definition and shares nothing with the rewriter.
//
//   globals: 0 hash, 1 budget of loop iterations, 2 count of operators
//   import:  env.tick(i32)      export: run(i32) -> i32, count, memory

import type { Bytes, FunctionSpec } from "./module-builder.ts";
import { leb, moduleBytes, section, vector } from "./module-builder.ts";
import type { Program, Statement } from "./random-program.ts";

const hash = 0;
const budget = 1;
const count = 2;
const wideResults = 50;
/** Function indices: the import, one that returns many values, then the program's own. */
const tick = 0;
const wide = 1;
const firstOwn = 2;

function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest < -0x40 || rest > 0x3f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>= 7;
  }
  return [...bytes, rest & 0x7f];
}

type Operators = readonly (readonly [bytes: Bytes, cost: number])[];

const readHash = [[0x23, hash], 1] as const;

/** Statements of fixed operators. */
const simple: Readonly<Record<"mix" | "tick" | "store" | "load" | "throw" | "return" | "unreachable", Operators>> = {
  mix: [
    readHash,
    [[0x41, ...signed(1_664_525)], 1],
    [[0x6c], 1],
    [[0x41, ...signed(1_013_904_223)], 1],
    [[0x6a], 1],
    [[0x24, hash], 1],
  ],
  tick: [readHash, [[0x10, tick], 1]],
  store: [readHash, [[0x41, ...signed(0xfffc)], 1], [[0x71], 1], readHash, [[0x36, 2, 0], 1]],
  load: [
    readHash,
    [[0x41, ...signed(0xfffc)], 1],
    [[0x71], 1],
    [[0x28, 2, 0], 1],
    readHash,
    [[0x73], 1],
    [[0x24, hash], 1],
  ],
  throw: [[[0x08, 0], 1]],
  return: [readHash, [[0x0f], 0]],
  unreachable: [[[0x00], 0]],
};

class Emitter {
  readonly code: number[] = [];
  readonly #counting: boolean;
  /** Whether each label that is open takes a value: only the function's own does. */
  #depth = 0;
  readonly #own: number;

  constructor(counting: boolean, own: number) {
    this.#counting = counting;
    this.#own = own;
  }

  op(bytes: Bytes, cost = 1): void {
    if (this.#counting && cost > 0) this.code.push(0x23, count, 0x41, ...signed(cost), 0x6a, 0x24, count);
    this.code.push(...bytes);
  }

  body(list: readonly Statement[]): void {
    for (const statement of list) this.#statement(statement);
  }

  finish(list: readonly Statement[]): FunctionSpec {
    this.op([], 1);
    this.body(list);
    this.op([0x23, hash]);
    this.op([0x0b], 0);
    return { code: this.code };
  }

  #nested(opening: Bytes, cost: number, inside: () => void): void {
    this.op(opening, cost);
    this.#depth += 1;
    inside();
    this.#depth -= 1;
    this.op([0x0b], 0);
  }

  #bit(index: number): void {
    this.op([0x23, hash]);
    this.op([0x41, ...signed(index)]);
    this.op([0x76]);
    this.op([0x41, 1]);
    this.op([0x71]);
  }

  /** budget -= 1; return where nothing is left: every loop ends. */
  #guard(): void {
    this.op([0x23, budget]);
    this.op([0x41, 1]);
    this.op([0x6b]);
    this.op([0x24, budget]);
    this.op([0x23, budget]);
    this.op([0x41, 0]);
    this.op([0x4c]);
    this.#nested([0x04, 0x40], 1, () => {
      this.op([0x23, hash]);
      this.op([0x0f], 0);
    });
  }

  /** A label without a value; undefined where only the function's own is open. */
  #void(index: number): number | undefined {
    return this.#depth === 0 ? undefined : index % this.#depth;
  }

  #statement(statement: Statement): void {
    switch (statement.kind) {
      case "line":
        for (let index = 0; index < statement.length; index++) {
          this.op([0x41, 1]);
          this.op([0x1a], 0);
        }
        return;
      case "simple":
        for (const [bytes, cost] of simple[statement.name]) this.op(bytes, cost);
        return;
      case "block":
        return this.#nested([0x02, 0x40], 0, () => this.body(statement.body));
      case "loop":
        return this.#nested([0x03, 0x40], 0, () => {
          this.#guard();
          this.body([{ kind: "simple", name: "mix" }]);
          this.body(statement.body);
        });
      case "if":
        this.#bit(statement.bit);
        return this.#nested([0x04, 0x40], 1, () => {
          this.body(statement.body);
          if (statement.other === undefined) return;
          this.op([0x05], 0);
          this.body(statement.other);
        });
      case "try":
        return this.#try(statement.body, statement.label);
      case "br":
      case "brIf":
      case "brTable":
        return this.#branch(statement);
      case "call":
      case "callIndirect":
      case "tailCall":
        return this.#call(statement);
      case "fill":
      case "copy":
        this.op([0x41, ...signed(100)]);
        this.op([0x23, hash]);
        if (statement.kind === "copy") {
          this.op([0x41, ...signed(0xfff)]);
          this.op([0x71]);
        }
        this.op([0x41, ...signed(statement.bytes)]);
        return this.op(statement.kind === "fill" ? [0xfc, 11, 0] : [0xfc, 10, 0, 0], 1 + statement.bytes);
      case "nullChain":
        return this.#nullChain(statement.length);
      case "dropChain":
        for (let index = 0; index < statement.length; index++) this.op([0xfc, 9, 0]);
        return;
      case "ifChain":
        return this.#ifChain(statement.length);
    }
  }

  #try(body: readonly Statement[], index: number): void {
    const target = this.#void(index);
    if (target === undefined) {
      this.#nested([0x02, 0x40], 0, () => this.#try(body, 0));
      return;
    }
    this.#nested([0x1f, 0x40, 1, 2, ...leb(target)], 1, () => this.body(body));
  }

  #branch(statement: Extract<Statement, { kind: "br" | "brIf" | "brTable" }>): void {
    if (statement.kind === "br") {
      const target = statement.label % (this.#depth + 1);
      if (target === this.#depth) this.op([0x23, hash]);
      return this.op([0x0c, ...leb(target)]);
    }
    if (statement.kind === "brIf") {
      const target = statement.label % (this.#depth + 1);
      if (target === this.#depth) this.op([0x23, hash]);
      this.#bit(statement.bit);
      this.op([0x0d, ...leb(target)]);
      if (target === this.#depth) this.op([0x1a], 0);
      return;
    }
    const targets = statement.labels.map((item) => this.#void(item));
    const last = targets[0];
    if (last === undefined) return;
    this.op([0x23, hash]);
    this.op([0x41, 7]);
    this.op([0x71]);
    this.op([0x0e, ...vector(targets.map((item) => leb(item ?? 0))), ...leb(last)]);
  }

  #call({ kind, callee }: Extract<Statement, { kind: "call" | "callIndirect" | "tailCall" }>): void {
    if (this.#own === 0) return this.body([{ kind: "simple", name: "mix" }]);
    const target = callee % this.#own;
    this.op([0x23, hash]);
    if (kind === "tailCall") return this.op([0x12, ...leb(firstOwn + target)]);
    if (kind === "call") {
      this.op([0x10, ...leb(firstOwn + target)]);
    } else {
      this.op([0x41, ...signed(target)]);
      this.op([0x11, 0, 0]);
    }
    this.op([0x24, hash]);
  }

  /** Operators that need no operand but what the one before left. */
  #nullChain(length: number): void {
    this.#nested([0x02, 0x40], 0, () => {
      this.op([0xd2, ...leb(firstOwn)]);
      for (let index = 0; index < length; index++) this.op([0xd5, 0]);
      this.op([0x1a], 0);
    });
  }

  #ifChain(length: number): void {
    this.op([0x10, wide]);
    for (let index = 0; index < wideResults; index++) {
      if (index < length) this.#nested([0x04, 0x40], 1, () => {});
      else this.op([0x1a], 0);
    }
  }
}

const globalI32 = (value: number): Bytes => [0x7f, 1, 0x41, ...signed(value), 0x0b];

/** The program's module. Loops run `iterations` times at most, all together. */
export function programBytes(program: Program, options: { counting: boolean; iterations?: number }): Uint8Array {
  const { counting, iterations = 40 } = options;
  const own = program.map((body, index) => new Emitter(counting, index).finish(body));
  const many = new Emitter(counting, 0);
  many.op([], 1);
  for (let index = 0; index < wideResults; index++) many.op([0x41, index % 2]);
  many.op([0x0b], 0);
  const entry: Bytes = [0x20, 0, 0x24, hash, 0x20, 0, 0x10, ...leb(firstOwn + program.length - 1), 0x0b];
  const last = firstOwn + program.length;
  return moduleBytes({
    types: [
      [0x60, 1, 0x7f, 1, 0x7f],
      [0x60, 1, 0x7f, 0],
      [0x60, 0, ...vector(Array.from({ length: wideResults }, () => [0x7f]))],
      [0x60, 0, 0],
    ],
    imports: [["env", "tick", [0, 1]]],
    functions: [2, ...program.map(() => 0), 0],
    middle: [
      section(4, vector([[0x70, 0, ...leb(program.length)]])),
      section(5, [1, 0, 2]),
      section(13, [1, 0, 3]),
      section(6, vector([globalI32(0), globalI32(iterations), globalI32(0)])),
    ],
    exports: [
      ["run", 0, last],
      ["count", 3, count],
      ["memory", 2, 0],
    ],
    after: [
      section(9, [1, 0, 0x41, 0, 0x0b, ...vector(program.map((_, index) => leb(firstOwn + index)))]),
      section(12, [1]),
    ],
    bodies: [{ code: many.code }, ...own, { code: entry }],
    data: [[1, 3, 1, 2, 3]],
  });
}

/** Operators of the entry function itself, which counts nothing: entry, get, set, get, call. */
export const entryFuel = 5;
