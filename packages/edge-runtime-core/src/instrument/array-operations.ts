// Injected functions that stand in for operators over a whole array: what they allocate is charged to the memory limit
// before, what they move to fuel, and large moves run in chunks with a check between them.

import { maxArrayLength } from "../binary/heap-layout.ts";
import type { ArrayType } from "../binary/types.ts";
import { Writer } from "../binary/writer.ts";
import { bulkChunkElements } from "./cost-table.ts";
import { get, op } from "./emit.ts";
import { chargeArray } from "./heap-charge.ts";
import type { Injection, ValueCode } from "./injection.ts";
import { V } from "./injection.ts";
import { chargeAndCheck } from "./slow-check.ts";

const gcPrefix = 0xfb;
const i32 = { leU: 0x4d, gtU: 0x4b, add: 0x6a, sub: 0x6b } as const;
const i64 = { gtU: 0x56, add: 0x7c, fromI32: 0xad } as const;
const arrayLen = 15;

/** More than any segment has. */
const maxCount = 2 ** 30;

function arrayAt(injection: Injection, type: number): ArrayType | undefined {
  const found = injection.shape.types[type];
  return found?.kind === "array" ? found : undefined;
}

/** `(ref null type)` or `(ref type)`. */
function reference(type: number, nullable: boolean): number[] {
  const out = new Writer(8);
  out.byte(nullable ? 0x63 : 0x64);
  out.s32(type);
  return [...out.finish()];
}

function constant(body: Writer, value: number): void {
  body.byte(op.i32Const);
  body.s32(value);
}

type Operate = (body: Writer) => void;

function operator(code: number, ...immediates: readonly number[]): Operate {
  return (body) => {
    body.bytes2(gcPrefix, code);
    for (const immediate of immediates) body.u32(immediate);
  };
}

interface NewArray {
  readonly key: string;
  /** The caller charges fuel for the elements. */
  readonly charged: boolean;
  readonly type: number;
  readonly params: readonly ValueCode[];
  /** The parameter that says how many elements. */
  readonly length: number;
  readonly operate: Operate;
}

/** A length that V8 refuses in any case is not charged: it traps, as it would without us. */
function newArray(injection: Injection, spec: NewArray): number {
  const { type, params, length, charged, operate } = spec;
  const elementBytes = arrayAt(injection, type)?.element.bytes ?? 1;
  const key = `${spec.key}${charged ? " charged" : ""}`;
  return injection.functionFor(key, injection.type(params, [reference(type, false)]), (body) => {
    body.byte(0);
    get(body, length);
    constant(body, maxArrayLength(elementBytes));
    body.append([i32.leU, op.if, op.void]);
    if (!charged) chargeAndCheck(injection, body, (out) => get(out, length));
    chargeArray(injection, body, length, elementBytes);
    body.byte(op.end);
    params.forEach((_, param) => get(body, param));
    operate(body);
    body.byte(op.end);
  });
}

export function arrayNew(injection: Injection, type: number, charged: boolean): number {
  const params = [arrayAt(injection, type)?.element.code ?? V.i32, V.i32];
  const operate = operator(6, type);
  return newArray(injection, { key: `array.new ${type}`, type, params, length: 1, charged, operate });
}

export function arrayNewDefault(injection: Injection, type: number, charged: boolean): number {
  const operate = operator(7, type);
  return newArray(injection, { key: `array.new_default ${type}`, type, params: [V.i32], length: 0, charged, operate });
}

/** Type and segment. */
type FromSegment = readonly [type: number, segment: number];

export function arrayNewData(injection: Injection, [type, segment]: FromSegment, charged: boolean): number {
  const operate = operator(9, type, segment);
  const key = `array.new_data ${type} ${segment}`;
  return newArray(injection, { key, type, params: [V.i32, V.i32], length: 1, charged, operate });
}

export function arrayNewElem(injection: Injection, [type, segment]: FromSegment, charged: boolean): number {
  const operate = operator(10, type, segment);
  const key = `array.new_elem ${type} ${segment}`;
  return newArray(injection, { key, type, params: [V.i32, V.i32], length: 1, charged, operate });
}

interface Move {
  /** Parameters that are an array, each followed by a place in it. */
  readonly arrays: readonly number[];
  readonly params: number;
  /** The last parameter: how many elements. */
  readonly count: number;
  /** A parameter that is a place in a segment, whose length only the operator knows: chunks are taken from the end. */
  readonly segment?: number;
  readonly operate: Operate;
}

/** Emits: where a range leaves its array or every segment, run the operation as it is, which traps before it writes. */
function boundsTrap(body: Writer, { arrays, params, count, segment, operate }: Move): void {
  const trapBeyond = (place: number, size: Operate): void => {
    get(body, place);
    body.byte(i64.fromI32);
    get(body, count);
    body.bytes2(i64.fromI32, i64.add);
    size(body);
    body.append([i64.fromI32, i64.gtU, op.if, op.void]);
    for (let param = 0; param < params; param++) get(body, param);
    operate(body);
    body.bytes2(op.unreachable, op.end);
  };
  for (const array of arrays) {
    trapBeyond(array + 1, (out) => {
      get(out, array);
      out.bytes2(gcPrefix, arrayLen);
    });
  }
  if (segment !== undefined) trapBeyond(segment, (out) => constant(out, maxCount));
}

function change(body: Writer, local: number, opcode: number): void {
  get(body, local);
  constant(body, bulkChunkElements);
  body.bytes2(opcode, op.localSet);
  body.byte(local);
}

/** Emits the parameters with the count of one chunk; `fromEnd`: places are moved to the last chunk. */
function chunkOperands(body: Writer, { arrays, params, count, segment }: Move, fromEnd: boolean): void {
  for (let param = 0; param < params; param++) {
    if (param === count) {
      constant(body, bulkChunkElements);
      continue;
    }
    get(body, param);
    if (!fromEnd || !(param === segment || arrays.includes(param - 1))) continue;
    get(body, count);
    body.byte(i32.add);
  }
}

function chunkLoop(injection: Injection, body: Writer, move: Move, backward: boolean): void {
  const { arrays, count, operate } = move;
  body.bytes2(op.loop, op.void);
  chargeAndCheck(injection, body, (out) => constant(out, bulkChunkElements));
  if (backward) change(body, count, i32.sub);
  chunkOperands(body, move, backward);
  operate(body);
  if (!backward) {
    for (const array of arrays) change(body, array + 1, i32.add);
    change(body, count, i32.sub);
  }
  get(body, count);
  constant(body, bulkChunkElements);
  body.append([i32.gtU, op.brIf, 0, op.end]);
}

/** Body of array.fill and array.copy. Copies to a higher place start at the end, whether or not the arrays are one. */
function moveBody(injection: Injection, body: Writer, move: Move): void {
  const { arrays, params, count, operate } = move;
  body.byte(0);
  get(body, count);
  constant(body, bulkChunkElements);
  body.append([i32.gtU, op.if, op.void]);
  boundsTrap(body, move);
  const [target, source] = arrays;
  if (target !== undefined && source !== undefined) {
    get(body, target + 1, source + 1);
    body.append([i32.gtU, op.if, op.void]);
    chunkLoop(injection, body, move, true);
    body.byte(op.else);
    chunkLoop(injection, body, move, false);
    body.byte(op.end);
  } else {
    chunkLoop(injection, body, move, move.segment !== undefined);
  }
  body.byte(op.end);
  chargeAndCheck(injection, body, (out) => get(out, count));
  for (let param = 0; param < params; param++) get(body, param);
  operate(body);
  body.byte(op.end);
}

export function arrayFill(injection: Injection, type: number): number {
  const element = arrayAt(injection, type)?.element.code ?? V.i32;
  const signature = injection.type([reference(type, true), V.i32, element, V.i32], []);
  const move = { arrays: [0], params: 4, count: 3, operate: operator(16, type) };
  return injection.functionFor(`array.fill ${type}`, signature, (body) => moveBody(injection, body, move));
}

export function arrayCopy(injection: Injection, target: number, source: number): number {
  const params = [reference(target, true), V.i32, reference(source, true), V.i32, V.i32];
  const move = { arrays: [0, 2], params: 5, count: 4, operate: operator(17, target, source) };
  return injection.functionFor(`array.copy ${target} ${source}`, injection.type(params, []), (body) =>
    moveBody(injection, body, move),
  );
}

/** array.init_data and array.init_elem. */
function init(injection: Injection, key: string, type: number, operate: Operate): number {
  const signature = injection.type([reference(type, true), V.i32, V.i32, V.i32], []);
  const move = { arrays: [0], params: 4, segment: 2, count: 3, operate };
  return injection.functionFor(key, signature, (body) => moveBody(injection, body, move));
}

export function arrayInitData(injection: Injection, type: number, segment: number): number {
  return init(injection, `array.init_data ${type} ${segment}`, type, operator(18, type, segment));
}

export function arrayInitElem(injection: Injection, type: number, segment: number): number {
  return init(injection, `array.init_elem ${type} ${segment}`, type, operator(19, type, segment));
}
