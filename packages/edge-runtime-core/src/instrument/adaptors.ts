// Injected functions between the two ways in which the counter travels: in its global, as the host and what the host
// links sees it, and as last parameter and result between the module's own functions.
//
// The caller charges a function's entry. The host charges nothing, so that an export's adaptor does it; an import is no
// function of the module, so that its adaptor gives the charge back. The host spends time, not fuel: its return is
// checked.

import { bug } from "edge-runtime-common";
import { functionTypeAt } from "../binary/module.ts";
import type { Writer } from "../binary/writer.ts";
import { calledIndex, functionTypeOf, nullableReference, tableIndexType } from "./calling-convention.ts";
import { costTable } from "./cost-table.ts";
import { op } from "./emit.ts";
import type { Injection } from "./injection.ts";
import { checkCounter, checkFor, slowCheck, slowLateCheck } from "./slow-check.ts";
import type { StaticCost } from "./static-cost.ts";

const i32Add = 0x6a;

interface Adapted {
  readonly injection: Injection;
  readonly original: number;
  /** Parameters of the original, and so the counter's index where it is one. */
  readonly params: number;
  readonly type: number;
  readonly passes: boolean;
}

function adapted(injection: Injection, original: number): Adapted {
  const type = injection.shape.functions[original] ?? -1;
  const params = functionTypeOf(injection.shape, original)?.params.length ?? 0;
  return { injection, original, params, type, passes: injection.passes(type) };
}

function local(body: Writer, opcode: number, index: number): void {
  body.byte(opcode);
  body.u32(index);
}

function callWithParameters({ injection, original, params }: Adapted, body: Writer): void {
  for (let param = 0; param < params; param++) local(body, op.localGet, param);
  local(body, op.call, calledIndex(injection, original));
}

/** counter global = counter global + `fuel` */
function addToGlobal({ counterGlobal }: Injection, body: Writer, fuel: number): void {
  local(body, op.globalGet, counterGlobal);
  body.byte(op.i32Const);
  body.s32(fuel);
  body.byte(i32Add);
  local(body, op.globalSet, counterGlobal);
}

/** The counter in local `counter`, with what is to be asked where it is at `limit` or below. */
function checkLocal(body: Writer, counter: number, limit: number, ask: () => void): void {
  local(body, op.localGet, counter);
  body.byte(op.i32Const);
  body.s32(limit);
  body.append([op.i32LeS, op.if, op.void]);
  local(body, op.localGet, counter);
  ask();
  local(body, op.localSet, counter);
  body.byte(op.end);
}

/** An import, called through a reference. */
export function takenImport(injection: Injection, original: number): number {
  const of = adapted(injection, original);
  const entry = injection.metering === "fuel" ? costTable.functionEntry : 0;
  return injection.functionFor(`taken ${original}`, of.type, (body) => {
    body.byte(0);
    if (!of.passes) {
      addToGlobal(injection, body, entry);
      callWithParameters(of, body);
      checkCounter(injection, body, checkFor.time);
      body.byte(op.end);
      return;
    }
    local(body, op.localGet, of.params);
    body.byte(op.i32Const);
    body.s32(entry);
    body.byte(i32Add);
    local(body, op.globalSet, injection.counterGlobal);
    callWithParameters(of, body);
    local(body, op.globalGet, injection.counterGlobal);
    local(body, op.localSet, of.params);
    checkLocal(body, of.params, 0, () => local(body, op.call, slowCheck(injection, checkFor.time)));
    local(body, op.localGet, of.params);
    body.byte(op.end);
  });
}

/** An import that is exported. */
export function exportedImport(injection: Injection, original: number): number {
  const of = adapted(injection, original);
  return injection.functionFor(`exported ${original}`, injection.original(of.type), (body) => {
    body.byte(0);
    callWithParameters(of, body);
    checkCounter(injection, body, checkFor.time);
    body.byte(op.end);
  });
}

/** Asks as Wasmtime would have at the last entry of a function within the one whose cost is `cost`. */
function askLate(injection: Injection, body: Writer, { late }: StaticCost): void {
  body.byte(op.i32Const);
  body.s32(late);
  local(body, op.call, slowLateCheck(injection));
}

/** A function of static cost, called through a reference. */
export function takenStatic(injection: Injection, original: number, cost: StaticCost): number {
  const of = adapted(injection, original);
  return injection.functionFor(`taken ${original}`, of.type, (body) => {
    if (!of.passes) {
      staticOverGlobal(of, body, cost.cost, cost);
      return;
    }
    body.byte(0);
    local(body, op.localGet, of.params);
    body.byte(op.i32Const);
    body.s32(-cost.cost);
    body.byte(i32Add);
    local(body, op.localSet, of.params);
    checkLocal(body, of.params, -cost.late, () => askLate(injection, body, cost));
    callWithParameters(of, body);
    local(body, op.localGet, of.params);
    body.byte(op.end);
  });
}

/** A body that charges `fuel` for a function of static cost, checks, and calls it; the counter is in its global. */
function staticOverGlobal(of: Adapted, body: Writer, fuel: number, cost: StaticCost): void {
  const { injection } = of;
  body.append([1, 1, 0x7f]);
  addToGlobal(injection, body, -fuel);
  local(body, op.globalGet, injection.counterGlobal);
  local(body, op.localSet, of.params);
  checkLocal(body, of.params, -cost.late, () => askLate(injection, body, cost));
  callWithParameters(of, body);
  body.byte(op.end);
}

/** A function of the module, as the host calls it. */
export function exportedFunction(injection: Injection, original: number): number {
  const of = adapted(injection, original);
  const entry = injection.metering === "fuel" ? costTable.functionEntry : 0;
  return injection.functionFor(`exported ${original}`, injection.original(of.type), (body) => {
    const cost = injection.statics.of(original);
    if (cost !== undefined) {
      staticOverGlobal(of, body, entry + cost.cost, cost);
      return;
    }
    body.byte(0);
    if (!of.passes) {
      if (entry > 0) addToGlobal(injection, body, -entry);
      callWithParameters(of, body);
      body.byte(op.end);
      return;
    }
    for (let param = 0; param < of.params; param++) local(body, op.localGet, param);
    local(body, op.globalGet, injection.counterGlobal);
    body.byte(op.i32Const);
    body.s32(-entry);
    body.byte(i32Add);
    local(body, op.call, calledIndex(injection, original));
    local(body, op.globalSet, injection.counterGlobal);
    body.byte(op.end);
  });
}

/** A body that passes the counter, for the function at `called`, which has the original's type and takes it from its global. */
export function passCounterOver(
  injection: Injection,
  body: Writer,
  { original, called }: { readonly original: number; readonly called: number },
): void {
  const { params } = adapted(injection, original);
  body.byte(0);
  local(body, op.localGet, params);
  local(body, op.globalSet, injection.counterGlobal);
  for (let param = 0; param < params; param++) local(body, op.localGet, param);
  local(body, op.call, called);
  local(body, op.globalGet, injection.counterGlobal);
  body.byte(op.end);
}

/** An injected function of `type`'s own values and what it calls by: a table index, or a reference where `table` is undefined. */
export function passingCall(injection: Injection, type: number, table: number | undefined): number {
  const { shape } = injection;
  const signature = functionTypeAt(shape.types, type) ?? bug(`type ${type} is no function type`);
  const by = table === undefined ? nullableReference(type) : tableIndexType(shape, table);
  const params = signature.params.length;
  return injection.functionFor(`call ${type} ${table}`, injection.withParameter(type, by), (body) => {
    body.byte(0);
    for (let param = 0; param < params; param++) local(body, op.localGet, param);
    local(body, op.globalGet, injection.counterGlobal);
    local(body, op.localGet, params);
    local(body, table === undefined ? 0x14 : 0x11, type);
    if (table !== undefined) body.u32(table);
    local(body, op.globalSet, injection.counterGlobal);
    body.byte(op.end);
  });
}
