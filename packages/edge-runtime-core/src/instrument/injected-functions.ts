// Bodies of injected functions: the slow path of a check, growth under the store's limits, and bulk operations that
// check between chunks. Each is a plain wasm function of the module, so that no JavaScript frame stands between
// guest code and a yield.

import { Writer } from "../binary/writer.ts";
import { bulkChunkBytes, bulkChunkElements } from "./cost-table.ts";
import type { Injection } from "./injection.ts";
import { V } from "./injection.ts";

const op = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  brIf: 0x0d,
  call: 0x10,
  drop: 0x1a,
  localGet: 0x20,
  localSet: 0x21,
  globalGet: 0x23,
  globalSet: 0x24,
  i32Const: 0x41,
  i32Eqz: 0x45,
  i32LeS: 0x4c,
  i32Sub: 0x6b,
  void: 0x40,
} as const;

/** Answers of the `check` import. */
export const verdict = { go: 0, stop: 1, yield: 2 } as const;

/** What `grow` is told to grow. */
export const growKind = { memory: 0, table: 1 } as const;

interface AddressOps {
  readonly type: number;
  readonly constant: number;
  readonly add: number;
  readonly sub: number;
  readonly leU: number;
  readonly gtU: number;
  readonly ltU: number;
}

const address32: AddressOps = { type: V.i32, constant: 0x41, add: 0x6a, sub: 0x6b, leU: 0x4d, gtU: 0x4b, ltU: 0x49 };
const address64: AddressOps = { type: V.i64, constant: 0x42, add: 0x7c, sub: 0x7d, leU: 0x58, gtU: 0x56, ltU: 0x54 };

function addressOps(is64: boolean | undefined): AddressOps {
  return is64 === true ? address64 : address32;
}

function get(body: Writer, ...locals: readonly number[]): void {
  for (const local of locals) body.bytes2(op.localGet, local);
}

/**
 * `slow(left) -> left`: stores what is left, asks `check`, and obeys: go on, trap, or suspend and go on. The counter
 * holds a new slice afterwards.
 */
export function slowCheck(injection: Injection): number {
  const type = injection.type([V.i32], [V.i32]);
  return injection.functionFor("slow", type, (body) => {
    body.append([1, 1, V.i32]);
    get(body, 0);
    body.byte(op.globalSet);
    body.u32(injection.counterGlobal);
    body.byte(op.call);
    body.u32(injection.importIndex("check"));
    body.append([0x22, 1, op.i32Const, verdict.stop, 0x46, op.if, op.void, op.unreachable, op.end]);
    get(body, 1);
    body.append([op.if, op.void, op.call]);
    body.u32(injection.importIndex("yield"));
    body.append([op.end, op.globalGet]);
    body.u32(injection.counterGlobal);
    body.byte(op.end);
  });
}

/** Emits: counter -= (i32 on the stack); slow check where nothing is left. */
function chargeAndCheck(injection: Injection, body: Writer, charge: (body: Writer) => void): void {
  if (!injection.metered) return;
  const slow = slowCheck(injection);
  body.byte(op.globalGet);
  body.u32(injection.counterGlobal);
  charge(body);
  body.append([op.i32Sub, op.globalSet]);
  body.u32(injection.counterGlobal);
  checkCounter(injection, body, slow);
}

function checkCounter(injection: Injection, body: Writer, slow: number): void {
  body.byte(op.globalGet);
  body.u32(injection.counterGlobal);
  body.append([op.i32Const, 0, op.i32LeS, op.if, op.void, op.globalGet]);
  body.u32(injection.counterGlobal);
  body.byte(op.call);
  body.u32(slow);
  body.append([op.drop, op.end]);
}

function constant(body: Writer, ops: AddressOps, value: number): void {
  body.byte(ops.constant);
  body.s32(value);
}

/** Leaves local `index` as i32; only where its value is known to be below 2^31. */
function asI32(body: Writer, ops: AddressOps, index: number): void {
  get(body, index);
  if (ops === address64) body.byte(0xa7);
}

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

/** Emits local `index` zero-extended to i64. */
function asI64(body: Writer, ops: AddressOps, index: number): void {
  get(body, index);
  if (ops === address32) body.byte(0xad);
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

function emitter(code: number, ...immediates: readonly number[]): (body: Writer) => void {
  return (body) => {
    body.bytes2(0xfc, code);
    for (const immediate of immediates) body.u32(immediate);
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

/** Emits: ask `grow`; where it refuses, answer -1; else grow. `delta` is the local that holds the delta. */
function growUnderLimit(injection: Injection, body: Writer, spec: GrowSpec): void {
  const { ops, delta } = spec;
  body.byte(0);
  body.bytes2(op.i32Const, spec.kind);
  get(body, delta);
  body.byte(ops === address64 ? 0xba : 0xb8);
  body.byte(op.call);
  body.u32(injection.importIndex("grow"));
  if (injection.metered) checkCounter(injection, body, slowCheck(injection));
  body.bytes2(op.if, ops.type);
  spec.operate(body);
  body.byte(op.else);
  constant(body, ops, -1);
  body.bytes2(op.end, op.end);
}

interface GrowSpec {
  readonly ops: AddressOps;
  readonly kind: number;
  readonly delta: number;
  readonly operate: (body: Writer) => void;
}

export function memoryGrow(injection: Injection, memory: number): number {
  const ops = addressOps(injection.memory(memory)?.type.is64);
  return injection.functionFor(`memory.grow ${memory}`, injection.type([ops.type], [ops.type]), (body) =>
    growUnderLimit(injection, body, {
      ops,
      kind: growKind.memory,
      delta: 0,
      operate: (out) => {
        get(out, 0);
        out.byte(0x40);
        out.u32(memory);
      },
    }),
  );
}

/** Injected function for `table.grow table`; undefined where the element type has no one-byte code. */
export function tableGrow(injection: Injection, table: number): number | undefined {
  const element = referenceByte(injection, table);
  if (element === undefined) return undefined;
  const ops = addressOps(injection.table(table)?.type.limits.is64);
  return injection.functionFor(`table.grow ${table}`, injection.type([element, ops.type], [ops.type]), (body) =>
    growUnderLimit(injection, body, {
      ops,
      kind: growKind.table,
      delta: 1,
      operate: (out) => {
        get(out, 0, 1);
        emitter(15, table)(out);
      },
    }),
  );
}

function referenceByte(injection: Injection, table: number): number | undefined {
  const element = injection.table(table)?.type.element;
  if (element === "funcref") return 0x70;
  return element === "externref" ? 0x6f : undefined;
}
