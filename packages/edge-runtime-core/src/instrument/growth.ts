// Injected functions that stand in for memory.grow and table.grow: the store must consent, else the answer is -1.
// What did grow is charged, a refusal is not. A delta that is a small constant was charged by the caller.

import { fieldBytes } from "../binary/heap-layout.ts";
import type { Writer } from "../binary/writer.ts";
import type { AddressOps } from "./emit.ts";
import { address64, addressOps, asI32, constant, emitter, get, op } from "./emit.ts";
import type { Injection } from "./injection.ts";
import { emitGrownMarks } from "./mark-range.ts";
import { chargeAndCheck, checkCounter, checkFor } from "./slow-check.ts";

/** What `grow` is told to grow: a memory, or else a table, by what an element is charged. */
export const growMemory = 0;

/** Emits: ask `grow`; where it refuses, answer -1; else grow and charge. `delta` is the local that holds the delta. */
function growUnderLimit(injection: Injection, body: Writer, spec: GrowSpec): void {
  const { ops, delta } = spec;
  const answer = spec.params;
  body.append([1, 1, ops.type]);
  body.byte(op.i32Const);
  body.s32(spec.kind);
  get(body, delta);
  body.byte(ops === address64 ? 0xba : 0xb8);
  body.byte(op.call);
  body.u32(injection.importIndex("grow"));
  body.bytes2(op.if, ops.type);
  spec.operate(body);
  body.byte(op.else);
  constant(body, ops, -1);
  body.append([op.end, op.localTee, answer]);
  constant(body, ops, -1);
  body.append([ops.ne, op.if, op.void]);
  spec.grown?.(body);
  if (!spec.charged) chargeAndCheck(injection, body, (out) => asI32(out, ops, delta));
  body.byte(op.end);
  // Asking takes time, whatever the answer.
  if (injection.metered) checkCounter(injection, body, checkFor.time);
  get(body, answer);
  body.byte(op.end);
}

interface GrowSpec {
  readonly ops: AddressOps;
  readonly kind: number;
  readonly delta: number;
  /** The caller charges. */
  readonly charged: boolean;
  /** How many parameters the function has. */
  readonly params: number;
  readonly operate: (body: Writer) => void;
  /** Emits what must follow a success. */
  readonly grown?: (body: Writer) => void;
}

function named(operator: string, index: number, charged: boolean): string {
  return `${operator} ${index}${charged ? " charged" : ""}`;
}

export function memoryGrow(injection: Injection, memory: number, charged: boolean): number {
  const ops = addressOps(injection.memory(memory)?.type.is64);
  const name = named("memory.grow", memory, charged);
  return injection.functionFor(name, injection.type([ops.type], [ops.type]), (body) =>
    growUnderLimit(injection, body, {
      ops,
      charged,
      kind: growMemory,
      delta: 0,
      params: 1,
      operate: (out) => {
        get(out, 0);
        out.byte(0x40);
        out.u32(memory);
      },
      grown: (out) => emitGrownMarks(injection, out, memory),
    }),
  );
}

export function tableGrow(injection: Injection, table: number, charged: boolean): number {
  const ops = addressOps(injection.table(table)?.type.limits.is64);
  const type = injection.type([injection.elementCode(table), ops.type], [ops.type]);
  return injection.functionFor(named("table.grow", table, charged), type, (body) =>
    growUnderLimit(injection, body, {
      ops,
      charged,
      kind: fieldBytes(injection.table(table)?.type.element ?? ""),
      delta: 1,
      params: 2,
      operate: (out) => {
        get(out, 0, 1);
        emitter(15, table)(out);
      },
    }),
  );
}
