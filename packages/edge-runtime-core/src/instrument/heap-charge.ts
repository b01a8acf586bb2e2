// Charges objects to the run's memory limit before V8 allocates them, since exhausting V8's heap ends the process.
// The global `heap` holds what is left of a slice, in words of 8 bytes; where it does not suffice, the import `allocate`
// accounts the slice and gives another, or ends the run. What was collected meanwhile is not given back.

import { arrayBytes, thrownBytes } from "../binary/heap-layout.ts";
import { functionTypeAt } from "../binary/module.ts";
import type { Opcode } from "../binary/opcodes.ts";
import type { Reader } from "../binary/reader.ts";
import type { Writer } from "../binary/writer.ts";
import type { Counter } from "./counter.ts";
import { get, op } from "./emit.ts";
import type { Injection } from "./injection.ts";
import { V } from "./injection.ts";

export const bytesPerWord = 8;

/** Most words that one operation is charged: no limit is as high. */
const maxWords = 2 ** 31 - 1;

const i64 = { const: 0x42, ltU: 0x54, fromI32: 0xad, toI32: 0xa7 } as const;
const select = 0x1b;

/** Words that an operator allocates, where its code tells; the reader, at its immediates, does not move. */
export function allocatedWords(injection: Injection, { name }: Opcode, reader: Reader): number {
  const start = reader.pos;
  const { types, tags } = injection.shape;
  let bytes = 0;
  if (name === "throw") {
    bytes = thrownBytes(functionTypeAt(types, tags[reader.u32()] ?? -1)?.params ?? []);
  } else if (name.startsWith("struct.new") || name === "array.new_fixed") {
    const type = types[reader.u32()];
    if (type?.kind === "struct") bytes = type.bytes;
    if (type?.kind === "array") bytes = arrayBytes(type.element, reader.u32());
  }
  reader.pos = start;
  return Math.ceil(bytes / bytesPerWord);
}

function subtract(injection: Injection, out: Writer, words: (out: Writer) => void): void {
  out.byte(op.globalGet);
  out.u32(injection.heapGlobal);
  words(out);
  out.append([op.i32Sub, op.globalSet]);
  out.u32(injection.heapGlobal);
  out.byte(op.globalGet);
  out.u32(injection.heapGlobal);
  out.append([op.i32Const, 0, 0x48, op.if, op.void]);
}

function callAllocate(injection: Injection, out: Writer): void {
  out.byte(op.call);
  out.u32(injection.importIndex("allocate"));
}

/** Emits in guest code: heap -= words; where it falls below 0, `allocate` is asked. */
export function emitHeapCharge(injection: Injection, out: Writer, words: number, counter: Counter | undefined): void {
  subtract(injection, out, () => {
    out.byte(op.i32Const);
    out.s32(words);
  });
  // The store makes the next check read the clock: it changes the counter.
  counter?.save(0);
  callAllocate(injection, out);
  counter?.reload();
  out.byte(op.end);
}

/** `charge(words: i64)`: the same for a size that is known as the code runs. */
function chargeFunction(injection: Injection): number {
  return injection.functionFor("heap.charge", injection.type([V.i64], []), (body) => {
    body.byte(0);
    subtract(injection, body, () => {
      const max = (): void => {
        body.byte(i64.const);
        body.s32(maxWords);
      };
      get(body, 0);
      max();
      get(body, 0);
      max();
      body.append([i64.ltU, select, i64.toI32]);
    });
    callAllocate(injection, body);
    body.bytes2(op.end, op.end);
  });
}

/** Emits in an injected body: charges an array of `elementBytes` each and as many elements as i32 local `length` says. */
export function chargeArray(injection: Injection, body: Writer, length: number, elementBytes: number): void {
  const headerAndRounding = arrayBytes({ code: [], bytes: 0 }, 0) + bytesPerWord - 1;
  get(body, length);
  body.bytes2(i64.fromI32, i64.const);
  body.s32(elementBytes);
  body.bytes2(0x7e, i64.const);
  body.s32(headerAndRounding);
  body.append([0x7c, i64.const, 3, 0x88, op.call]);
  body.u32(chargeFunction(injection));
}
