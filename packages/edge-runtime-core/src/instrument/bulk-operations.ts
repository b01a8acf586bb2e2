// Injected functions that stand in for bulk operations: charged by what they move, and run in chunks with a check
// between them, after a bounds check of the whole range. A guest could otherwise fill 4 GiB between two checks.

import type { Writer } from "../binary/writer.ts";
import { bulkChunkBytes, bulkChunkElements } from "./cost-table.ts";
import type { AddressOps } from "./emit.ts";
import { address32, address64, addressOps, asI32, asI64, constant, emitter, get, op } from "./emit.ts";
import type { Injection, ValueCode } from "./injection.ts";
import { V } from "./injection.ts";
import { chargeAndCheck } from "./slow-check.ts";

/** A parameter that is a place in a memory or table, and moves from chunk to chunk. */
interface Position {
  readonly local: number;
  readonly ops: AddressOps;
  /** Emits the size of the memory or table as i64. */
  readonly size: (body: Writer) => void;
}

interface BulkShape {
  readonly positions: readonly Position[];
  /** Type of the last parameter: how many bytes or elements. */
  readonly count: AddressOps;
  readonly chunk: number;
  /** Emits the operation itself; its operands are on the stack. */
  readonly operate: (body: Writer) => void;
  readonly order: Order;
}

/**
 * `overlap`: the same memory or table on both sides. `backward`: out of a segment, whose length is known to its operator
 * only; where the last chunk fits all do, and where it does not nothing was written.
 */
type Order = "forward" | "backward" | "overlap";

/** Emits: where position + n leaves its memory or table, run the operation as it is, which traps before it writes. */
function boundsTrap(body: Writer, shape: BulkShape): void {
  const end = ({ local, ops }: Position): void => {
    asI64(body, ops, local);
    asI64(body, shape.count, 2);
    body.byte(0x7c);
  };
  const trapIf = (comparison: number): void => {
    body.append([comparison, op.if, op.void]);
    get(body, 0, 1, 2);
    shape.operate(body);
    body.bytes2(op.unreachable, op.end);
  };
  for (const position of shape.positions) {
    end(position);
    position.size(body);
    trapIf(address64.gtU);
    if (position.ops === address32) continue;
    end(position);
    asI64(body, position.ops, position.local);
    trapIf(address64.ltU);
  }
}

function setSum(body: Writer, ops: AddressOps, local: number, value: number, opcode: number): void {
  get(body, local);
  constant(body, ops, value);
  body.bytes2(opcode, op.localSet);
  body.byte(local);
}

/** Emits: (address on the stack) + count, which has at most as many bits. */
function addCount(body: Writer, ops: AddressOps, count: AddressOps): void {
  if (ops === address64) asI64(body, count, 2);
  else get(body, 2);
  body.byte(ops.add);
}

function chunkLoop(injection: Injection, body: Writer, shape: BulkShape, backward: boolean): void {
  const { count, chunk } = shape;
  body.bytes2(op.loop, op.void);
  chargeAndCheck(injection, body, (out) => {
    out.byte(op.i32Const);
    out.s32(chunk);
  });
  if (backward) setSum(body, count, 2, chunk, count.sub);
  for (const param of [0, 1]) {
    get(body, param);
    const place = shape.positions.find(({ local }) => local === param);
    if (backward && place !== undefined) addCount(body, place.ops, count);
  }
  constant(body, count, chunk);
  shape.operate(body);
  if (!backward) {
    for (const { ops, local } of shape.positions) setSum(body, ops, local, chunk, ops.add);
    setSum(body, count, 2, chunk, count.sub);
  }
  get(body, 2);
  constant(body, count, chunk);
  body.append([count.gtU, op.brIf, 0, op.end]);
}

/** Body of `(d, x, n)` bulk operations over more than a chunk: bounds of the whole range first, then chunk by chunk. */
function chunked(injection: Injection, body: Writer, shape: BulkShape): void {
  const { count, chunk } = shape;
  body.byte(0);
  get(body, 2);
  constant(body, count, chunk);
  body.append([count.gtU, op.if, op.void]);
  boundsTrap(body, shape);
  if (shape.order === "overlap") {
    get(body, 0, 1);
    body.append([count.gtU, op.if, op.void]);
    chunkLoop(injection, body, shape, true);
    body.byte(op.else);
    chunkLoop(injection, body, shape, false);
    body.byte(op.end);
  } else {
    chunkLoop(injection, body, shape, shape.order === "backward");
  }
  body.byte(op.end);
  chargeAndCheck(injection, body, (out) => asI32(out, count, 2));
  get(body, 0, 1, 2);
  shape.operate(body);
  body.byte(op.end);
}

function memorySize(injection: Injection, memory: number): (body: Writer) => void {
  return (body) => {
    body.byte(0x3f);
    body.u32(memory);
    if (injection.memory(memory)?.type.is64 !== true) body.byte(0xad);
    body.append([0x42, 16, 0x86]);
  };
}

function tableSize(injection: Injection, table: number): (body: Writer) => void {
  return (body) => {
    body.bytes2(0xfc, 16);
    body.u32(table);
    if (injection.table(table)?.type.limits.is64 !== true) body.byte(0xad);
  };
}

function inMemory(injection: Injection, local: number, memory: number): Position {
  const ops = addressOps(injection.memory(memory)?.type.is64);
  return { local, ops, size: memorySize(injection, memory) };
}

function inTable(injection: Injection, local: number, table: number): Position {
  const ops = addressOps(injection.table(table)?.type.limits.is64);
  return { local, ops, size: tableSize(injection, table) };
}

interface FillSpec {
  readonly name: string;
  readonly value: ValueCode;
  readonly chunk: number;
  readonly operate: (body: Writer) => void;
}

function fill(injection: Injection, spec: FillSpec, target: Position): number {
  const { type: count } = target.ops;
  return injection.functionFor(spec.name, injection.type([count, spec.value, count], []), (body) =>
    chunked(injection, body, { ...spec, positions: [target], count: target.ops, order: "forward" }),
  );
}

/** Injected function for `memory.fill memory`. */
export function memoryFill(injection: Injection, memory: number): number {
  const operate = emitter(11, memory);
  const spec = { name: `memory.fill ${memory}`, value: V.i32, chunk: bulkChunkBytes, operate };
  return fill(injection, spec, inMemory(injection, 0, memory));
}

/** Injected function for `table.fill table`. */
export function tableFill(injection: Injection, table: number): number {
  const operate = emitter(17, table);
  const value = injection.elementCode(table);
  const spec = { name: `table.fill ${table}`, value, chunk: bulkChunkElements, operate };
  return fill(injection, spec, inTable(injection, 0, table));
}

interface CopySpec {
  readonly name: string;
  readonly chunk: number;
  readonly operate: (body: Writer) => void;
  readonly order: Order;
}

/** Between a 32-bit and a 64-bit memory or table the count has 32 bits. */
function copy(injection: Injection, spec: CopySpec, target: Position, source: Position): number {
  const count = target.ops === source.ops ? target.ops : address32;
  const type = injection.type([target.ops.type, source.ops.type, count.type], []);
  return injection.functionFor(spec.name, type, (body) =>
    chunked(injection, body, { ...spec, positions: [target, source], count }),
  );
}

function orderOf(target: number, source: number): Order {
  return target === source ? "overlap" : "forward";
}

/** Injected function for `memory.copy target source`. */
export function memoryCopy(injection: Injection, target: number, source: number): number {
  const operate = emitter(10, target, source);
  const name = `memory.copy ${target} ${source}`;
  const spec = { name, chunk: bulkChunkBytes, operate, order: orderOf(target, source) };
  return copy(injection, spec, inMemory(injection, 0, target), inMemory(injection, 1, source));
}

/** Injected function for `table.copy target source`. */
export function tableCopy(injection: Injection, target: number, source: number): number {
  const operate = emitter(14, target, source);
  const name = `table.copy ${target} ${source}`;
  const spec = { name, chunk: bulkChunkElements, operate, order: orderOf(target, source) };
  return copy(injection, spec, inTable(injection, 0, target), inTable(injection, 1, source));
}

/** Longer than any segment: a module has at most 2^30 bytes. */
const maxSegment = 2 ** 30;

interface InitSpec {
  readonly name: string;
  readonly chunk: number;
  readonly operate: (body: Writer) => void;
}

/** Injected function for memory.init and table.init. */
function init(injection: Injection, spec: InitSpec, target: Position): number {
  const size = (body: Writer): void => {
    body.byte(address64.constant);
    body.s32(maxSegment);
  };
  const positions = [target, { local: 1, ops: address32, size }];
  return injection.functionFor(spec.name, injection.type([target.ops.type, V.i32, V.i32], []), (body) =>
    chunked(injection, body, { ...spec, positions, count: address32, order: "backward" }),
  );
}

export function memoryInit(injection: Injection, segment: number, memory: number): number {
  const operate = emitter(8, segment, memory);
  const spec = { name: `memory.init ${segment} ${memory}`, chunk: bulkChunkBytes, operate };
  return init(injection, spec, inMemory(injection, 0, memory));
}

export function tableInit(injection: Injection, segment: number, table: number): number {
  const operate = emitter(12, segment, table);
  const spec = { name: `table.init ${segment} ${table}`, chunk: bulkChunkElements, operate };
  return init(injection, spec, inTable(injection, 0, table));
}
