// Functions whose cost is known without running them: straight code that calls nothing but the like. They stay free of
// metering; whoever calls one charges it. Compilers make many of them (128-bit arithmetic, accessors), which V8 inlines
// as long as they are small.
//
// Deadline metering needs no exact cost, so that branches are admitted there. A path through branches is taken for a
// quarter of the operators.

import { readOpcode, skipImmediates } from "../binary/instruction.ts";
import type { CoreModuleShape } from "../binary/module.ts";
import type { Opcode } from "../binary/opcodes.ts";
import { Flow, Immediate } from "../binary/opcodes.ts";
import { Reader } from "../binary/reader.ts";
import type { BodyRange } from "./code-scan.ts";
import { bodyRanges, skipLocals } from "./code-scan.ts";
import { costTable, maxStaticCost } from "./cost-table.ts";
import type { Metering } from "./plan.ts";

export interface StaticCost {
  /** Fuel of one call without its entry; deadline metering: about. */
  readonly cost: number;
  /** The most operators that one call runs, entries of functions included: what is bounded. */
  readonly bound: number;
  /** The part behind the last entry of a function, its own included: where Wasmtime checks last. */
  readonly late: number;
}

/** Calls within calls that are followed; a deeper one is metered. */
const maxDepth = 32;

const straight: ReadonlySet<Flow> = new Set([Flow.plain, Flow.end]);
const acyclic: ReadonlySet<Flow> = new Set([
  ...straight,
  Flow.block,
  Flow.if,
  Flow.else,
  Flow.br,
  Flow.brIf,
  Flow.brTable,
  Flow.return,
  Flow.unreachable,
]);

export class StaticCosts {
  readonly #shape: CoreModuleShape;
  readonly #bodies: readonly BodyRange[];
  readonly #allowed: ReadonlySet<Flow>;
  /** Functions that are called through references: they need metering of their own all the same. */
  readonly #taken: ReadonlySet<number>;
  readonly #known = new Map<number, StaticCost | undefined>();

  constructor(shape: CoreModuleShape, metering: Metering, taken: ReadonlySet<number>) {
    this.#shape = shape;
    this.#bodies = metering === "none" ? [] : bodyRanges(shape);
    this.#allowed = metering === "fuel" ? straight : acyclic;
    this.#taken = taken;
  }

  /** The cost of function `index`; undefined where it is metered as it runs. */
  of(index: number, depth = 0): StaticCost | undefined {
    if (this.#known.has(index)) return this.#known.get(index);
    const body = this.#bodies[index - this.#shape.importedFunctions];
    if (body === undefined || this.#taken.has(index) || depth > maxDepth) return undefined;
    // Recursion is not static.
    this.#known.set(index, undefined);
    const cost = this.#measure(body, depth);
    this.#known.set(index, cost);
    return cost;
  }

  #measure({ start, end }: BodyRange, depth: number): StaticCost | undefined {
    const reader = new Reader(this.#shape.bytes, start, end);
    skipLocals(reader);
    let cost = 0;
    let bound = 0;
    let late = 0;
    let branches = false;
    while (!reader.done) {
      const opcode = readOpcode(reader);
      cost += opcode.cost;
      bound += opcode.cost;
      late += opcode.cost;
      if (opcode.flow === Flow.call) {
        const callee = this.#callee(opcode, reader, depth);
        if (callee === undefined) return undefined;
        cost += costTable.functionEntry + callee.cost;
        bound += costTable.functionEntry + callee.bound;
        late = callee.late;
      } else if (!this.#allowed.has(opcode.flow)) {
        return undefined;
      } else {
        branches ||= !straight.has(opcode.flow);
        skipImmediates(reader, opcode.immediate);
      }
      if (bound > maxStaticCost) return undefined;
    }
    return { cost: branches ? Math.ceil(cost / 4) : cost, bound, late };
  }

  #callee({ immediate }: Opcode, reader: Reader, depth: number): StaticCost | undefined {
    return immediate === Immediate.func ? this.of(reader.u32(), depth + 1) : undefined;
  }
}
