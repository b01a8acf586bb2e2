// Random function bodies, valid by construction: an expression of a wanted type, or a statement that leaves the stack
// as it was. Calls go to functions before the caller, loops have a common budget, addresses are mostly masked, so that
// most bodies end and few trap.

import { leb, vector } from "../../../packages/edge-runtime-core/test/support/module-builder.ts";
import type { Random } from "../random.ts";
import type { NumberType, NumericOperator } from "../signatures.ts";
import { typeCodes } from "../signatures.ts";
import { constantCode, signed } from "./constants.ts";
import type { Shape, Signature } from "./shape.ts";

type Code = readonly number[];

/** A construct around the point of generation. */
export interface OpenLabel {
  /** What a branch to it takes. */
  readonly takes: NumberType | undefined;
  /** A legacy catch clause, which `rethrow` may name. */
  readonly catching: boolean;
}

export interface BodyContext {
  readonly random: Random;
  readonly shape: Shape;
  /** Operators by result; those without one under `undefined`. */
  readonly operators: ReadonlyMap<NumberType | undefined, readonly NumericOperator[]>;
  readonly own: number;
  readonly signature: Signature;
  readonly locals: readonly NumberType[];
}

export const i32 = (value: number): number[] => [0x41, ...signed(BigInt(value))];

/** The two generators, which need each other. */
export interface Generators {
  readonly expression: (body: Body, type: NumberType) => Code;
  readonly statement: (body: Body) => Code;
}

export class Body {
  readonly context: BodyContext;
  readonly #generators: Generators;
  readonly labels: OpenLabel[] = [];
  /** Instructions that may still be made, roughly. */
  #budget: number;

  constructor(context: BodyContext, generators: Generators, budget: number) {
    this.context = context;
    this.#generators = generators;
    this.#budget = budget;
  }

  get random(): Random {
    return this.context.random;
  }

  /** Code that leaves a value. */
  expression(type: NumberType): Code {
    return this.#generators.expression(this, type);
  }

  statements(count: number): Code {
    return Array.from({ length: count }, () => this.#generators.statement(this)).flat();
  }

  /** Statements, then a value. */
  filled(type: NumberType): Code {
    return [...this.statements(this.random.below(3)), ...this.expression(type)];
  }

  /** False where only leaves should be made. */
  spend(amount = 1): boolean {
    this.#budget -= amount;
    return this.#budget > 0 && this.labels.length < 12;
  }

  inside<T>(label: Partial<OpenLabel>, make: () => T): T {
    this.labels.push({ takes: undefined, catching: false, ...label });
    const made = make();
    this.labels.pop();
    return made;
  }

  /** Depth of a random label that takes `type`; undefined where there is none. */
  labelTaking(type: NumberType | undefined): number | undefined {
    const fitting = this.labels.flatMap(({ takes }, index) => (takes === type ? [this.labels.length - 1 - index] : []));
    return fitting.length === 0 ? undefined : this.random.pick(fitting);
  }

  leaf(type: NumberType): Code {
    const { random, context } = this;
    const locals = context.locals.flatMap((local, index) => (local === type ? [index] : []));
    if (locals.length > 0 && random.oneIn(2)) return [0x20, ...leb(random.pick(locals))];
    const globals = context.shape.globals.flatMap((global, index) => (global === type && index > 0 ? [index] : []));
    if (globals.length > 0 && random.oneIn(3)) return [0x23, ...leb(random.pick(globals))];
    return constantCode(type, random);
  }

  /** An index or address of 32 or 64 bits, below `mask` + 1 in most cases. */
  index(is64: boolean, mask: number, value: (type: NumberType) => Code): Code {
    const type = is64 ? "i64" : "i32";
    if (this.random.oneIn(40)) return value(type);
    const and = is64 ? [0x42, ...signed(BigInt(mask)), 0x83] : [...i32(mask), 0x71];
    return [...value(type), ...and];
  }

  operator(operator: NumericOperator, value: (type: NumberType) => Code): Code {
    const { random, context } = this;
    const memory = random.below(context.shape.memories.length);
    const is64 = context.shape.memories[memory]?.is64 === true;
    const operands = operator.params.flatMap((type, at) =>
      operator.access && at === 0 ? this.index(is64, 0xfff8, value) : value(type),
    );
    const memarg = memory === 0 ? [operator.align] : [operator.align | 0x40, memory];
    const place = operator.access ? [...memarg, ...leb(random.pick([0, 0, 0, 8, 0x100]))] : [];
    return [...operands, ...operator.opcode.bytes, ...place, ...this.#immediate(operator)];
  }

  /** Lane 0 or 1 exists in every shape; shuffles take 32 lanes. */
  #immediate({ opcode, immediateBytes, params, result }: NumericOperator): number[] {
    if (immediateBytes === 16)
      return [...this.random.bytes(16)].map((byte) => (params.length === 0 ? byte : byte & 31));
    if (opcode.bytes.length === 1) return Array.from({ length: immediateBytes }, () => this.random.below(64));
    const lanes = params.length > 0 || result !== undefined ? 2 : 1;
    return Array.from({ length: immediateBytes }, () => this.random.below(lanes));
  }

  /** Arguments and the call, one way or another; undefined results mean any. */
  call(results: readonly NumberType[] | undefined, tail: boolean, value: (type: NumberType) => Code): Code | undefined {
    const { shape, own } = this.context;
    const callable = shape.functions.flatMap((type, index) => {
      const found = shape.types[type]?.results ?? [];
      const fits = results === undefined || found.join() === results.join();
      return fits && index < own ? [index] : [];
    });
    if (callable.length === 0) return undefined;
    const target = this.random.pick(callable);
    const type = shape.functions[target] ?? 0;
    const args = (shape.types[type]?.params ?? []).flatMap(value);
    const step = tail ? 1 : 0;
    const is64 = shape.tables[0]?.is64 === true;
    const calls: readonly Code[] = [
      [tail ? 0x12 : 0x10, ...leb(target)],
      [...(is64 ? [0x42, target] : i32(target)), 0x11 + step * 2, ...leb(type), 0],
      [0xd2, ...leb(target), 0x14 + step, ...leb(type)],
    ];
    const drops = results === undefined ? (shape.types[type]?.results ?? []).map(() => 0x1a) : [];
    return [...args, ...this.random.pick(calls), ...drops];
  }

  /** Ends the function when the loops of the module have run long enough. */
  loopGuard(): Code {
    const values = this.context.signature.results.flatMap((type) => this.leaf(type));
    const spent = [0x23, 0, ...i32(1), 0x6b, 0x24, 0, 0x23, 0, ...i32(0), 0x4c];
    return [...spent, 0x04, 0x40, ...values, 0x0f, 0x0b];
  }
}

export function blockType(type: NumberType | undefined): number {
  return type === undefined ? 0x40 : typeCodes[type];
}

export function branchTable(body: Body, targets: readonly number[]): Code {
  const [last = 0] = targets;
  return [...i32(7), 0x71, 0x0e, ...vector(targets.map(leb)), ...leb(body.random.pick([last, ...targets]))];
}
