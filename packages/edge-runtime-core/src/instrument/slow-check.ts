// What happens when the counter is used up: a plain wasm function of the module asks the host and obeys, so that no
// JavaScript frame stands between guest code and a yield.

import type { Writer } from "../binary/writer.ts";
import { get, op } from "./emit.ts";
import type { Injection } from "./injection.ts";
import { V } from "./injection.ts";

/** Answers of the `check` import. */
export const verdict = { go: 0, stop: 1, yield: 2 } as const;

/**
 * How many operators ago Wasmtime would have checked, at most: what the `check` import is told, so that a limit ends the
 * same programs. `fuel` stands where Wasmtime has a check. `time` bounds the time between two looks at the clock, in
 * code where Wasmtime has none: the lack of fuel ends a guest there only where it is overdrawn by more than this, on the
 * way through the rest of straight code, of a function or of all its callers. Wasmtime has no bound there.
 */
export const checkFor = { fuel: 0, time: 100_000 } as const;
export type CheckFor = (typeof checkFor)[keyof typeof checkFor];

function slow(injection: Injection, body: Writer, late: (body: Writer) => void): void {
  const verdictLocal = 2;
  get(body, 0);
  body.byte(op.globalSet);
  body.u32(injection.counterGlobal);
  late(body);
  body.byte(op.call);
  body.u32(injection.importIndex("check"));
  body.append([op.localTee, verdictLocal, op.i32Const, verdict.stop, 0x46, op.if, op.void, op.unreachable, op.end]);
  get(body, verdictLocal);
  body.append([op.if, op.void, op.call]);
  body.u32(injection.importIndex("yield"));
  body.append([op.end, op.globalGet]);
  body.u32(injection.counterGlobal);
  body.byte(op.end);
}

/**
 * `slow(left) -> left`: stores what is left, asks `check`, and obeys: go on, trap, or suspend and go on. The counter
 * holds a new slice afterwards.
 */
export function slowCheck(injection: Injection, reason: CheckFor = checkFor.fuel): number {
  return injection.functionFor(`slow ${reason}`, injection.type([V.i32], [V.i32]), (body) => {
    body.append([1, 2, V.i32]);
    slow(injection, body, (out) => {
      out.byte(op.i32Const);
      out.s32(reason);
    });
  });
}

/** The same for a check that is late by as many operators as its second parameter says. */
export function slowLateCheck(injection: Injection): number {
  return injection.functionFor("slow late", injection.type([V.i32, V.i32], [V.i32]), (body) => {
    body.append([1, 1, V.i32]);
    slow(injection, body, (out) => get(out, 1));
  });
}

/** Emits: counter -= (i32 on the stack); slow check where nothing is left. */
export function chargeAndCheck(injection: Injection, body: Writer, charge: (body: Writer) => void): void {
  if (!injection.metered) return;
  body.byte(op.globalGet);
  body.u32(injection.counterGlobal);
  charge(body);
  body.append([op.i32Sub, op.globalSet]);
  body.u32(injection.counterGlobal);
  checkCounter(injection, body);
}

/** Emits: slow check where nothing is left. */
export function checkCounter(injection: Injection, body: Writer, reason: CheckFor = checkFor.fuel): void {
  const slow = slowCheck(injection, reason);
  body.byte(op.globalGet);
  body.u32(injection.counterGlobal);
  body.append([op.i32Const, 0, op.i32LeS, op.if, op.void, op.globalGet]);
  body.u32(injection.counterGlobal);
  body.byte(op.call);
  body.u32(slow);
  body.append([op.drop, op.end]);
}
