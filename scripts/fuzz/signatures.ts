// What an opcode takes and gives, asked of V8: operands of each combination of types are tried until the module is
// valid, then results. So no table of ours says what an operator's types are, and none can be wrong.

import { Immediate } from "edge-runtime-core/internal";
import { moduleBytes, section } from "../../packages/edge-runtime-core/test/support/module-builder.ts";
import { acceptedForm } from "./accepted-opcodes.ts";
import type { ListedOpcode } from "./opcode-list.ts";

export const numberTypes = ["i32", "i64", "f32", "f64", "v128"] as const;
export type NumberType = (typeof numberTypes)[number];

export const typeCodes: Readonly<Record<NumberType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};

/** An operator on numbers and vectors, and on memory 0. */
export interface NumericOperator {
  readonly opcode: ListedOpcode;
  readonly params: readonly NumberType[];
  readonly result: NumberType | undefined;
  /** Accesses memory: the first parameter is an address, the immediates are alignment and offset (and a lane). */
  readonly access: boolean;
  /** Alignment exponent that V8 accepts, for accesses. */
  readonly align: number;
  /** Lanes, constants and the like, without alignment and offset. */
  readonly immediateBytes: number;
}

const numericImmediates: ReadonlySet<Immediate> = new Set([
  Immediate.none,
  Immediate.memarg,
  Immediate.memargLane,
  Immediate.byte,
  Immediate.bytes16,
  Immediate.bytes4,
  Immediate.bytes8,
  Immediate.leb32,
  Immediate.leb64,
]);

const extraBytes: ReadonlyMap<Immediate, number> = new Map([
  [Immediate.memargLane, 1],
  [Immediate.byte, 1],
  [Immediate.bytes16, 16],
  [Immediate.bytes4, 4],
  [Immediate.bytes8, 8],
  [Immediate.leb32, 1],
  [Immediate.leb64, 1],
]);

/** Combinations of operands, shortest first: the first that is valid leaves none over. */
function combinations(): (readonly NumberType[])[] {
  const one = numberTypes.map((type) => [type]);
  const more = (shorter: readonly (readonly NumberType[])[]): NumberType[][] =>
    shorter.flatMap((head) => numberTypes.map((type) => [...head, type]));
  const two = more(one);
  return [[], ...one, ...two, ...more(two)];
}

const operands = combinations();

function isValid(
  params: readonly NumberType[],
  instruction: readonly number[],
  result: NumberType | undefined,
): boolean {
  const gets = params.flatMap((type) => [0x20, numberTypes.indexOf(type)]);
  const end = result === undefined ? [0x0b] : [0x21, numberTypes.indexOf(result), 0x0b];
  const bytes = moduleBytes({
    types: [[0x60, 0, 0]],
    functions: [0],
    middle: [section(5, [1, 0, 1])],
    bodies: [
      { locals: numberTypes.map((type) => [1, typeCodes[type]] as const), code: [...gets, ...instruction, ...end] },
    ],
  });
  return WebAssembly.validate(bytes);
}

/** Control, references, variables: what a signature does not describe. */
const notNumeric =
  /^(unreachable|nop|else|end|return|throw_ref|catch_all|drop|select|ref\..*|array\.len|any\..*|extern\..*|i31\..*)$/;

/** The operator's types; undefined where it is about other things than numbers and memory. */
export function numericOperator(opcode: ListedOpcode): NumericOperator | undefined {
  const { immediate, bytes, name } = opcode;
  if (immediate === undefined || !numericImmediates.has(immediate) || notNumeric.test(name)) return undefined;
  const instruction = acceptedForm(opcode);
  if (instruction === undefined) return undefined;
  const unconstrained = [...instruction, 0x00];
  const params = operands.find((types) => isValid(types, unconstrained, undefined));
  if (params === undefined) return undefined;
  const result = numberTypes.find((type) => isValid(params, instruction, type));
  if (result === undefined && !isValid(params, instruction, undefined)) return undefined;
  const access = immediate === Immediate.memarg || immediate === Immediate.memargLane;
  const align = access ? (instruction[bytes.length] ?? 0) : 0;
  return { opcode, params, result, access, align, immediateBytes: extraBytes.get(immediate) ?? 0 };
}

export function numericOperators(opcodes: readonly ListedOpcode[]): NumericOperator[] {
  return opcodes.flatMap((opcode) => numericOperator(opcode) ?? []);
}
