// Injected functions that stand in for waiting and waking on shared memories: V8's own would block the thread with all
// its guests. The waiters are the store's; an atomic load of the same place traps as V8's operator would, on an
// address out of bounds or not aligned. On memories that are not shared V8's operators never wait, and stay.

import type { Opcode } from "../binary/opcodes.ts";
import type { Reader } from "../binary/reader.ts";
import type { Writer } from "../binary/writer.ts";
import { address64, addressOps, get, op } from "./emit.ts";
import type { AddressOps } from "./emit.ts";
import type { Injection } from "./injection.ts";
import { V } from "./injection.ts";
import { checkCounter, checkFor } from "./slow-check.ts";

/** Results of `memory.atomic.wait`. */
export const waitResult = { woken: 0, notEqual: 1, timedOut: 2 } as const;

const atomicPrefix = 0xfe;

interface Place {
  readonly memory: number;
  readonly offset: bigint;
  readonly ops: AddressOps;
}

interface Access {
  /** Type of the value that is compared, and its inequality. */
  readonly type: number;
  readonly ne: number;
  /** Atomic load and its alignment. */
  readonly load: number;
  readonly align: number;
}

const access32: Access = { type: V.i32, ne: 0x47, load: 0x10, align: 2 };
const access64: Access = { type: V.i64, ne: 0x52, load: 0x11, align: 3 };

/** Unsigned LEB128 of up to 64 bits. */
function u64(body: Writer, value: bigint): void {
  let rest = value;
  for (; rest >= 0x80n; rest >>= 7n) body.byte(Number(rest & 0x7fn) | 0x80);
  body.byte(Number(rest));
}

function load(body: Writer, { memory, offset }: Place, access: Access): void {
  get(body, 0);
  body.bytes2(atomicPrefix, access.load);
  body.byte(access.align | 0x40);
  body.u32(memory);
  u64(body, offset);
}

/** Emits the memory and the place in it, in bounds by now, as the store wants them. */
function effectiveAddress(body: Writer, { memory, offset, ops }: Place): void {
  body.byte(op.i32Const);
  body.s32(memory);
  get(body, 0);
  body.byte(ops === address64 ? 0xba : 0xb8);
  body.byte(0x44);
  body.append(new Uint8Array(new Float64Array([Number(offset)]).buffer));
  body.byte(0xa0);
}

function atomicWait(injection: Injection, key: string, place: Place, access: Access): number {
  const type = injection.type([place.ops.type, access.type, V.i64], [V.i32]);
  return injection.functionFor(key, type, (body) => {
    body.byte(0);
    load(body, place, access);
    get(body, 1);
    body.append([access.ne, op.if, op.void, op.i32Const, waitResult.notEqual, 0x0f, op.end]);
    effectiveAddress(body, place);
    get(body, 2);
    body.bytes2(0xb9, op.call);
    body.u32(injection.importIndex("wait"));
    if (injection.metered) checkCounter(injection, body, checkFor.time);
    body.byte(op.end);
  });
}

function atomicNotify(injection: Injection, key: string, place: Place): number {
  const type = injection.type([place.ops.type, V.i32], [V.i32]);
  return injection.functionFor(key, type, (body) => {
    body.byte(0);
    load(body, place, access32);
    body.byte(op.drop);
    effectiveAddress(body, place);
    get(body, 1);
    body.byte(op.call);
    body.u32(injection.importIndex("notify"));
    body.byte(op.end);
  });
}

/** Reads the immediate of a wait or notify and names the function to call instead; undefined where the operator stays. */
export function atomicReplacement(injection: Injection, { name }: Opcode, reader: Reader): number | undefined {
  const memory = reader.u32() & 0x40 ? reader.u32() : 0;
  const offset = reader.u64();
  const shape = injection.memory(memory)?.type;
  if (shape?.shared !== true) return undefined;
  const place = { memory, offset, ops: addressOps(shape.is64) };
  const key = `${name} ${memory} ${offset}`;
  if (name === "memory.atomic.notify") return atomicNotify(injection, key, place);
  return atomicWait(injection, key, place, name === "memory.atomic.wait32" ? access32 : access64);
}
