// What happens when the counter is used up: a plain wasm function of the module asks the host and obeys, so that no
// JavaScript frame stands between guest code and a yield.

import type { Writer } from "../binary/writer.ts";
import { get, op } from "./emit.ts";
import type { Injection } from "./injection.ts";
import { V } from "./injection.ts";

/** Answers of the `check` import. */
export const verdict = { go: 0, stop: 1, yield: 2 } as const;

/**
 * What a check is for, told to the `check` import. Those for `fuel` stand where Wasmtime has one, so that a limit ends
 * the same programs. The others bound the time between two looks at the clock; the lack of fuel ends a guest there only
 * where it is overdrawn by more than a little.
 */
export const checkFor = { fuel: 0, time: 1 } as const;
export type CheckFor = (typeof checkFor)[keyof typeof checkFor];

/**
 * `slow(left) -> left`: stores what is left, asks `check`, and obeys: go on, trap, or suspend and go on. The counter
 * holds a new slice afterwards.
 */
export function slowCheck(injection: Injection, reason: CheckFor = checkFor.fuel): number {
  const type = injection.type([V.i32], [V.i32]);
  return injection.functionFor(`slow ${reason}`, type, (body) => {
    body.append([1, 1, V.i32]);
    get(body, 0);
    body.byte(op.globalSet);
    body.u32(injection.counterGlobal);
    body.append([op.i32Const, reason, op.call]);
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
