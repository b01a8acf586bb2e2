// Injected functions that stand in for bulk operations: charged by what they move, and run in chunks with a check
// between them, after a bounds check of the whole range. A guest could otherwise fill 4 GiB between two checks.

import type { Writer } from "../binary/writer.ts";
import { bulkChunkBytes, bulkChunkElements } from "./cost-table.ts";
import type { AddressOps } from "./emit.ts";
import { address32, addressOps, asI32, asI64, constant, emitter, get, op, referenceByte } from "./emit.ts";
import type { Injection } from "./injection.ts";
import { V } from "./injection.ts";
import { chargeAndCheck } from "./slow-check.ts";

interface BulkShape {
  readonly ops: AddressOps;
  readonly chunk: number;
  /** Emits the operation itself; its operands are on the stack. */
  readonly operate: (body: Writer) => void;
  /** Emits the size of operand `index`'s memory or table, as its address type, in 64 bits. */
  readonly size: (body: Writer, operand: number) => void;
  /** Parameters that are positions and move from chunk to chunk. */
  readonly positions: readonly number[];
  /** Same memory or table on both sides: the direction must respect overlap. */
  readonly overlaps: boolean;
}

/** Emits: where position + n leaves its memory or table, run the operation as it is, which traps before it writes. */
function boundsTrap(body: Writer, shape: BulkShape): void {
  for (const position of shape.positions) {
    asI64(body, shape.ops, position);
    asI64(body, shape.ops, 2);
    body.byte(0x7c);
    shape.size(body, position);
    body.bytes2(0x56, op.if);
    body.byte(op.void);
    get(body, 0, 1, 2);
    shape.operate(body);
    body.bytes2(op.unreachable, op.end);
    if (shape.ops === address32) continue;
    asI64(body, shape.ops, position);
    asI64(body, shape.ops, 2);
    body.append([0x7c]);
    asI64(body, shape.ops, position);
    body.append([0x54, op.if, op.void]);
    get(body, 0, 1, 2);
    shape.operate(body);
    body.bytes2(op.unreachable, op.end);
  }
}

function setSum(body: Writer, ops: AddressOps, local: number, value: number, opcode: number): void {
  get(body, local);
  constant(body, ops, value);
  body.bytes2(opcode, op.localSet);
  body.byte(local);
}

function chunkLoop(injection: Injection, body: Writer, shape: BulkShape, backward: boolean): void {
  const { ops, chunk } = shape;
  body.bytes2(op.loop, op.void);
  chargeAndCheck(injection, body, (out) => {
    out.byte(op.i32Const);
    out.s32(chunk);
  });
  if (backward) setSum(body, ops, 2, chunk, ops.sub);
  for (const param of [0, 1]) {
    get(body, param);
    if (backward) body.append([op.localGet, 2, ops.add]);
  }
  constant(body, ops, chunk);
  shape.operate(body);
  if (!backward) {
    for (const position of shape.positions) setSum(body, ops, position, chunk, ops.add);
    setSum(body, ops, 2, chunk, ops.sub);
  }
  get(body, 2);
  constant(body, ops, chunk);
  body.append([ops.gtU, op.brIf, 0, op.end]);
}

/** Body of `(d, x, n)` bulk operations over more than a chunk: bounds of the whole range first, then chunk by chunk. */
function chunked(injection: Injection, body: Writer, shape: BulkShape): void {
  const { ops, chunk } = shape;
  body.byte(0);
  get(body, 2);
  constant(body, ops, chunk);
  body.append([ops.gtU, op.if, op.void]);
  boundsTrap(body, shape);
  if (shape.overlaps) {
    get(body, 0, 1);
    body.append([ops.gtU, op.if, op.void]);
    chunkLoop(injection, body, shape, true);
    body.byte(op.else);
    chunkLoop(injection, body, shape, false);
    body.byte(op.end);
  } else {
    chunkLoop(injection, body, shape, false);
  }
  body.byte(op.end);
  chargeAndCheck(injection, body, (out) => asI32(out, ops, 2));
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

/** Injected function for `memory.fill memory`. */
export function memoryFill(injection: Injection, memory: number): number {
  const ops = addressOps(injection.memory(memory)?.type.is64);
  const type = injection.type([ops.type, V.i32, ops.type], []);
  return injection.functionFor(`memory.fill ${memory}`, type, (body) =>
    chunked(injection, body, {
      ops,
      chunk: bulkChunkBytes,
      operate: emitter(11, memory),
      size: memorySize(injection, memory),
      positions: [0],
      overlaps: false,
    }),
  );
}

/** Injected function for `table.fill table`; undefined where the element type has no one-byte code. */
export function tableFill(injection: Injection, table: number): number | undefined {
  const element = referenceByte(injection, table);
  if (element === undefined) return undefined;
  const ops = addressOps(injection.table(table)?.type.limits.is64);
  const type = injection.type([ops.type, element, ops.type], []);
  return injection.functionFor(`table.fill ${table}`, type, (body) =>
    chunked(injection, body, {
      ops,
      chunk: bulkChunkElements,
      operate: emitter(17, table),
      size: tableSize(injection, table),
      positions: [0],
      overlaps: false,
    }),
  );
}

interface CopySpec {
  readonly name: string;
  readonly code: number;
  readonly chunk: number;
  readonly is64: (index: number) => boolean;
  readonly size: (index: number) => (body: Writer) => void;
}

/** Injected function for a copy between `target` and `source`; undefined where their address types differ. */
function copy(injection: Injection, spec: CopySpec, target: number, source: number): number | undefined {
  if (spec.is64(target) !== spec.is64(source)) return undefined;
  const ops = addressOps(spec.is64(target));
  const type = injection.type([ops.type, ops.type, ops.type], []);
  return injection.functionFor(`${spec.name} ${target} ${source}`, type, (body) =>
    chunked(injection, body, {
      ops,
      chunk: spec.chunk,
      operate: emitter(spec.code, target, source),
      size: (out, operand) => spec.size(operand === 0 ? target : source)(out),
      positions: [0, 1],
      overlaps: target === source,
    }),
  );
}

export function memoryCopy(injection: Injection, target: number, source: number): number | undefined {
  const spec: CopySpec = {
    name: "memory.copy",
    code: 10,
    chunk: bulkChunkBytes,
    is64: (index) => injection.memory(index)?.type.is64 === true,
    size: (index) => memorySize(injection, index),
  };
  return copy(injection, spec, target, source);
}

export function tableCopy(injection: Injection, target: number, source: number): number | undefined {
  const spec: CopySpec = {
    name: "table.copy",
    code: 14,
    chunk: bulkChunkElements,
    is64: (index) => injection.table(index)?.type.limits.is64 === true,
    size: (index) => tableSize(injection, index),
  };
  return copy(injection, spec, target, source);
}

/**
 * Injected function for memory.init and table.init: charged, not chunked, since a segment is no larger than the
 * module. A count of 2^30 or more is over any segment and traps uncharged.
 */
function init(injection: Injection, key: string, ops: AddressOps, operate: (body: Writer) => void): number {
  const type = injection.type([ops.type, V.i32, V.i32], []);
  return injection.functionFor(key, type, (body) => {
    body.byte(0);
    get(body, 2);
    body.byte(op.i32Const);
    body.s32(1 << 30);
    body.append([address32.ltU, op.if, op.void]);
    chargeAndCheck(injection, body, (out) => get(out, 2));
    body.byte(op.end);
    get(body, 0, 1, 2);
    operate(body);
    body.byte(op.end);
  });
}

export function memoryInit(injection: Injection, segment: number, memory: number): number {
  const ops = addressOps(injection.memory(memory)?.type.is64);
  return init(injection, `memory.init ${segment} ${memory}`, ops, emitter(8, segment, memory));
}

export function tableInit(injection: Injection, segment: number, table: number): number {
  const ops = addressOps(injection.table(table)?.type.limits.is64);
  return init(injection, `table.init ${segment} ${table}`, ops, emitter(12, segment, table));
}
