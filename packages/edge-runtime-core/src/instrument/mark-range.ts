// Code that sets marks: one, a range of them, or a new array of them after growth.

import type { Writer } from "../binary/writer.ts";
import { marksPerPage, pageShift } from "./dirty-pages.ts";
import { addressOps, get, op } from "./emit.ts";
import type { Injection } from "./injection.ts";
import { V } from "./injection.ts";

const array = { newDefault: 7, set: 14, length: 15, fill: 16 } as const;

function getMarks(injection: Injection, out: Writer, memory: number): void {
  out.byte(op.globalGet);
  out.u32(injection.marksGlobal(memory) ?? 0);
}

/** Emits: the mark with the index that `page` leaves on the stack is set. */
export function emitMark(injection: Injection, out: Writer, memory: number, page: (out: Writer) => void): void {
  getMarks(injection, out, memory);
  page(out);
  out.append([op.i32Const, 1, 0xfb, array.set]);
  out.u32(injection.marksTypeIndex());
}

/** Emits the index of the page of the address on the stack, as i32. */
function pageOf(out: Writer, is64: boolean): void {
  out.append(is64 ? [0x42, pageShift, 0x88, 0xa7] : [op.i32Const, pageShift, 0x76]);
}

/** Injected function that marks the pages of `[address, address + length)`, which must lie in the memory. */
export function markRange(injection: Injection, memory: number): number {
  const is64 = injection.memory(memory)?.type.is64 === true;
  const ops = addressOps(is64);
  return injection.functionFor(`mark ${memory}`, injection.type([ops.type, ops.type], []), (body) => {
    // local 2: first page
    body.append([1, 1, V.i32]);
    get(body, 1);
    body.append([is64 ? 0x50 : op.i32Eqz, op.if, op.void, 0x0f, op.end]);
    getMarks(injection, body, memory);
    get(body, 0);
    pageOf(body, is64);
    body.append([op.localTee, 2, op.i32Const, 1]);
    get(body, 0, 1);
    body.append([ops.add, ops.constant, 1, ops.sub]);
    pageOf(body, is64);
    get(body, 2);
    body.append([op.i32Sub, op.i32Const, 1, 0x6a, 0xfb, array.fill]);
    body.u32(injection.marksTypeIndex());
    body.byte(op.end);
  });
}

/**
 * Emits: where the memory has outgrown its marks, they are replaced by more, all clear. The instance is not restored
 * any more, but its stores need a place to mark.
 */
export function emitGrownMarks(injection: Injection, out: Writer, memory: number): void {
  if (injection.marksGlobal(memory) === undefined) return;
  const is64 = injection.memory(memory)?.type.is64 === true;
  const count = (): void => {
    out.byte(0x3f);
    out.u32(memory);
    if (is64) out.byte(0xa7);
    out.append([op.i32Const, Math.log2(marksPerPage), 0x74]);
  };
  count();
  getMarks(injection, out, memory);
  out.append([0xfb, array.length, 0x4b, op.if, op.void]);
  count();
  out.bytes2(0xfb, array.newDefault);
  out.u32(injection.marksTypeIndex());
  out.byte(op.globalSet);
  out.u32(injection.marksGlobal(memory) ?? 0);
  out.byte(op.end);
}
