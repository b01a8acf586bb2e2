// One small wasm module per component holds the trampolines between core functions, so that no JavaScript frame is
// ever between two wasm frames: V8 can then suspend a guest anywhere, and `realloc`, post-return, destructors and
// sibling components are metered and may yield like any guest code. JavaScript does the copying, in between.
//
//   guest --call--> trampoline --start--> JS: lift arguments, call the host or lower into the sibling
//                       |--alloc--> realloc of whoever receives values, once per string or list
//                       |--callee, post-return or destructor (sibling components only)
//                       `--finish--> JS: the core result
//
// Calls by the host enter here too: arguments allocated, callee and post-return are one call that may suspend.
// The code depends on signatures and flags only, never on names or bytes of a guest, and keeps no state; guests get
// single functions of it. An exception that would leave a component ends the guest (spec: `call_and_trap_on_throw`).
// Cost: 45 ns for a call with two allocations; imports that need no allocation are re-exported and cost nothing.

import type { Writer } from "../../binary/writer.ts";
import type { CoreSignature, CoreType } from "../../canonical-abi/index.ts";
import type { AdapterShape, Callee } from "./adapter-shape.ts";
import { FunctionModuleBuilder } from "./function-module-builder.ts";

const unary = { params: ["i32"], results: ["i32"] } as const;
const nullary = { params: [], results: [] } as const;
const reallocSignature = { params: ["i32", "i32", "i32", "i32"], results: ["i32"] } as const;
const entrySignature = { params: ["i32"], results: [] } as const;
const dtorSignature = { params: ["i32"], results: [] } as const;

/** Imports that all trampolines share, in the order of their function indices. */
const sharedImports: readonly (readonly [name: string, signature: CoreSignature])[] = [
  ["size", unary],
  ["align", unary],
  ["put", { params: ["i32", "i32"], results: [] }],
  ["escaped", nullary],
  ["rep", { params: [], results: ["i32"] }],
  ["arg_i32", { params: ["i32"], results: ["i32"] }],
  ["arg_i64", { params: ["i32"], results: ["i64"] }],
  ["arg_f32", { params: ["i32"], results: ["f32"] }],
  ["arg_f64", { params: ["i32"], results: ["f64"] }],
];

const op = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  end: 0x0b,
  brIf: 0x0d,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  drop: 0x1a,
  tryTable: 0x1f,
  localGet: 0x20,
  localSet: 0x21,
  i32Const: 0x41,
  i32GeU: 0x4f,
  i32Add: 0x6a,
  br: 0x0c,
} as const;
const EMPTY = 0x40;
const CATCH_ALL = 0x02;

function call(body: Writer, index: number): void {
  body.byte(op.call);
  body.u32(index);
}

function constant(body: Writer, value: number): void {
  body.byte(op.i32Const);
  body.s32(value);
}

function getLocal(body: Writer, index: number): void {
  body.byte(op.localGet);
  body.u32(index);
}

function setLocal(body: Writer, index: number): void {
  body.byte(op.localSet);
  body.u32(index);
}

function callSlot(builder: FunctionModuleBuilder, body: Writer, slot: number, signature: CoreSignature): void {
  constant(body, slot);
  body.byte(op.callIndirect);
  body.u32(builder.type(signature));
  body.u32(0);
}

/**
 * (func $alloc (param $count i32) (param $slot i32) (local $i i32)): calls the realloc in the slot once per pending
 * allocation and reports each pointer.
 */
function addAlloc(builder: FunctionModuleBuilder): number {
  const signature = { params: ["i32", "i32"], results: [] } as const;
  const [count, slot, index] = [0, 1, 2];
  return builder.function(signature, ["i32"], (body) => {
    body.append([op.block, EMPTY, op.loop, EMPTY]);
    getLocal(body, index);
    getLocal(body, count);
    body.append([op.i32GeU, op.brIf, 1]);
    getLocal(body, index);
    constant(body, 0);
    constant(body, 0);
    for (const name of ["align", "size"]) {
      getLocal(body, index);
      call(body, builder.imported(name));
    }
    getLocal(body, slot);
    body.byte(op.callIndirect);
    body.u32(builder.type(reallocSignature));
    body.u32(0);
    call(body, builder.imported("put"));
    getLocal(body, index);
    constant(body, 1);
    body.byte(op.i32Add);
    setLocal(body, index);
    body.append([op.br, 0, op.end, op.end, op.end]);
  });
}

interface Emitting {
  readonly builder: FunctionModuleBuilder;
  readonly alloc: number;
}

/** A function whose body ends the guest where an exception would leave it. `code` must return. */
function guarded(
  { builder }: Emitting,
  signature: CoreSignature,
  locals: readonly CoreType[],
  code: (body: Writer) => void,
): number {
  return builder.function(signature, locals, (body) => {
    body.append([op.block, EMPTY, op.tryTable, EMPTY, 1, CATCH_ALL, 0]);
    code(body);
    body.append([op.return, op.end, op.unreachable, op.end]);
    call(body, builder.imported("escaped"));
    body.append([op.unreachable, op.end]);
  });
}

function getParams(body: Writer, signature: CoreSignature): void {
  signature.params.forEach((_, index) => getLocal(body, index));
}

/** Takes the number of allocations from the stack and makes them, or drops it where there can be none. */
function allocate({ alloc }: Emitting, body: Writer, realloc: number | undefined): void {
  if (realloc === undefined) return body.byte(op.drop);
  constant(body, realloc);
  call(body, alloc);
}

function hostTrampoline(emitting: Emitting, name: string, shape: AdapterShape & { readonly kind: "host" }): number {
  const { builder } = emitting;
  return guarded(emitting, shape.signature, [], (body) => {
    getParams(body, shape.signature);
    call(body, builder.imported(`${name}.start`));
    allocate(emitting, body, shape.realloc);
    call(body, builder.imported(`${name}.finish`));
  });
}

/** Calls the callee with the arguments that JavaScript holds; its result goes to local number `result`. */
function callCallee(builder: FunctionModuleBuilder, body: Writer, callee: Callee, result: number): void {
  callee.signature.params.forEach((type, index) => {
    constant(body, index);
    call(body, builder.imported(`arg_${type}`));
  });
  callSlot(builder, body, callee.slot, callee.signature);
  callee.signature.results.forEach(() => setLocal(body, result));
}

function getResult(body: Writer, callee: Callee, result: number): void {
  callee.signature.results.forEach(() => getLocal(body, result));
}

interface PostReturn {
  readonly slot: number | undefined;
  readonly callee: Callee;
  readonly result: number;
}

function callPostReturn(builder: FunctionModuleBuilder, body: Writer, { slot, callee, result }: PostReturn): void {
  if (slot === undefined) return;
  getResult(body, callee, result);
  callSlot(builder, body, slot, { params: callee.signature.results, results: [] });
}

function siblingTrampoline(
  emitting: Emitting,
  name: string,
  shape: AdapterShape & { readonly kind: "sibling" },
): number {
  const { builder } = emitting;
  const { signature, callee } = shape;
  const result = signature.params.length;
  return guarded(emitting, signature, callee.signature.results, (body) => {
    getParams(body, signature);
    call(body, builder.imported(`${name}.start`));
    allocate(emitting, body, shape.calleeRealloc);
    call(body, builder.imported(`${name}.ready`));
    callCallee(builder, body, callee, result);
    getResult(body, callee, result);
    call(body, builder.imported(`${name}.returned`));
    allocate(emitting, body, shape.callerRealloc);
    call(body, builder.imported(`${name}.stored`));
    callPostReturn(builder, body, { slot: shape.postReturn, callee, result });
    call(body, builder.imported(`${name}.finish`));
  });
}

/** Not guarded: no guest is above it, and what leaves it is the outcome of the call. */
function entryTrampoline(emitting: Emitting, name: string, shape: AdapterShape & { readonly kind: "entry" }): number {
  const { builder } = emitting;
  const { callee } = shape;
  const result = entrySignature.params.length;
  return builder.function(entrySignature, callee.signature.results, (body) => {
    getLocal(body, 0);
    allocate(emitting, body, shape.realloc);
    call(body, builder.imported(`${name}.ready`));
    callCallee(builder, body, callee, result);
    getResult(body, callee, result);
    call(body, builder.imported(`${name}.returned`));
    callPostReturn(builder, body, { slot: shape.postReturn, callee, result });
    body.byte(op.end);
  });
}

function dropTrampoline(emitting: Emitting, name: string, shape: AdapterShape & { readonly kind: "drop" }): number {
  const { builder } = emitting;
  return guarded(emitting, dtorSignature, [], (body) => {
    getLocal(body, 0);
    call(body, builder.imported(`${name}.start`));
    body.append([op.if, EMPTY]);
    call(body, builder.imported("rep"));
    callSlot(builder, body, shape.dtor, dtorSignature);
    call(body, builder.imported(`${name}.finish`));
    body.byte(op.end);
  });
}

function declareImports(builder: FunctionModuleBuilder, name: string, shape: AdapterShape): void {
  switch (shape.kind) {
    case "direct":
      return builder.import(name, shape.signature);
    case "host":
      builder.import(`${name}.start`, { params: shape.signature.params, results: ["i32"] });
      return builder.import(`${name}.finish`, { params: [], results: shape.signature.results });
    case "sibling":
      builder.import(`${name}.start`, { params: shape.signature.params, results: ["i32"] });
      builder.import(`${name}.ready`, nullary);
      builder.import(`${name}.returned`, { params: shape.callee.signature.results, results: ["i32"] });
      builder.import(`${name}.stored`, nullary);
      return builder.import(`${name}.finish`, { params: [], results: shape.signature.results });
    case "entry":
      builder.import(`${name}.ready`, nullary);
      return builder.import(`${name}.returned`, { params: shape.callee.signature.results, results: [] });
    case "drop":
      builder.import(`${name}.start`, unary);
      return builder.import(`${name}.finish`, nullary);
  }
}

function emit(emitting: Emitting, name: string, shape: AdapterShape): number {
  switch (shape.kind) {
    case "direct":
      return emitting.builder.imported(name);
    case "host":
      return hostTrampoline(emitting, name, shape);
    case "sibling":
      return siblingTrampoline(emitting, name, shape);
    case "entry":
      return entryTrampoline(emitting, name, shape);
    case "drop":
      return dropTrampoline(emitting, name, shape);
  }
}

/**
 * Encodes the module. It imports from module `""` the shared functions and those of each trampoline
 * (`<index>` or `<index>.<step>`), and exports `table` and the trampolines by index.
 */
export function encodeAdapterModule(shapes: readonly AdapterShape[], functionSlots: number): Uint8Array {
  const builder = new FunctionModuleBuilder();
  for (const [name, signature] of sharedImports) builder.import(name, signature);
  shapes.forEach((shape, index) => declareImports(builder, `${index}`, shape));
  const emitting = { builder, alloc: addAlloc(builder) };
  shapes.forEach((shape, index) => builder.export(`${index}`, emit(emitting, `${index}`, shape)));
  return builder.finish(functionSlots);
}
