// Canonical definitions: the checks that make lifting and lowering safe, since neither a trampoline nor a lifted
// function is ever called with a signature that its type does not have.
// Spec: CanonicalABI "Canonical Definitions", "canonopt validation".

import type { CoreSignature } from "../../canonical-abi/index.ts";
import type { FunctionType } from "../../binary/types.ts";
import type { Canon, CanonOptions } from "../binary/definitions.ts";
import type { AbiOptions } from "../plan.ts";
import type { NeededOptions } from "../type-shape.ts";
import { neededToLift, neededToLower } from "../type-shape.ts";
import { isSameSignature, printSignature } from "./module-signatures.ts";
import type { Draft } from "./draft.ts";
import type { Scope } from "./scope.ts";
import { failLink } from "./scope.ts";
import { failUnsupported } from "../unsupported.ts";
import { funcTypeAt, resourceAt } from "./type-values.ts";
import type { CoreEntity, FuncValue } from "./values.ts";

interface Evaluating {
  readonly draft: Draft;
  readonly scope: Scope;
}

const reallocSignature: FunctionType = { kind: "func", params: ["i32", "i32", "i32", "i32"], results: ["i32"] };
const dtorSignature: FunctionType = { kind: "func", params: ["i32"], results: [] };
const handleToI32: FunctionType = { kind: "func", params: ["i32"], results: ["i32"] };

function toFunctionType({ params, results }: CoreSignature): FunctionType {
  return { kind: "func", params, results };
}

interface FunctionUse {
  readonly index: number;
  readonly expected: FunctionType;
  readonly what: string;
  readonly offset: number;
}

/** The slot of a core function that must have the given signature. */
function functionSlot({ draft, scope }: Evaluating, { index, expected, what, offset }: FunctionUse): number {
  const { func, item } = scope.get("core func", index, offset);
  if (func === undefined || !isSameSignature(expected, func)) {
    const found = func === undefined ? "no known type" : printSignature(func);
    failLink(`${what}: core function ${index} has type ${found}, expected ${printSignature(expected)}`, offset);
  }
  return draft.slot("function", item);
}

function memorySlot({ draft, scope }: Evaluating, index: number, offset: number): number {
  const { memory, item } = scope.get("core memory", index, offset);
  if (memory?.is64 === true) failUnsupported("a 64-bit memory in canonical options", offset);
  if (memory?.shared === true) failUnsupported("a shared memory in canonical options", offset);
  return draft.slot("memory", item);
}

function checkedOptions(
  context: Evaluating,
  options: CanonOptions,
  needed: NeededOptions,
  where: { readonly what: string; readonly offset: number },
): AbiOptions {
  const { what, offset } = where;
  const { encoding, memory, realloc } = options;
  if (needed.memory && memory === undefined) failLink(`${what}: the canonical option memory is required`, offset);
  if (needed.realloc && realloc === undefined) failLink(`${what}: the canonical option realloc is required`, offset);
  if (realloc !== undefined && memory === undefined) failLink(`${what}: realloc needs a memory`, offset);
  const use = { expected: reallocSignature, what: `${what}: realloc`, offset };
  return {
    encoding,
    memory: memory === undefined ? undefined : memorySlot(context, memory, offset),
    realloc: realloc === undefined ? undefined : functionSlot(context, { ...use, index: realloc }),
  };
}

export function lift(context: Evaluating, canon: Canon & { readonly kind: "canon-lift" }): FuncValue {
  const { draft, scope } = context;
  const { offset, options } = canon;
  const { type, nodes } = funcTypeAt(scope, canon.type, offset);
  const { index, shape, abi } = draft.internType(type, nodes);
  const what = "canon lift";
  const expected = toFunctionType(abi.lift);
  const abiOptions = checkedOptions(context, options, neededToLift(shape), { what, offset });
  const callee = functionSlot(context, { index: canon.func, expected, what, offset });
  const afterwards: FunctionType = { kind: "func", params: expected.results, results: [] };
  const use = { expected: afterwards, what: `${what}: post-return`, offset };
  draft.lifts.push({
    instance: scope.instance,
    callee,
    type: index,
    options: abiOptions,
    postReturn:
      options.postReturn === undefined ? undefined : functionSlot(context, { ...use, index: options.postReturn }),
  });
  return { type, nodes, target: { kind: "lift", index: draft.lifts.length - 1 } };
}

export function lower(context: Evaluating, canon: Canon & { readonly kind: "canon-lower" }): CoreEntity {
  const { draft, scope } = context;
  const { offset, options } = canon;
  const { type, nodes, target } = scope.get("func", canon.func, offset);
  const { index, shape, abi } = draft.internType(type, nodes);
  const what = "canon lower";
  if (options.postReturn !== undefined) failLink(`${what}: the canonical option post-return is for lift only`, offset);
  const abiOptions = checkedOptions(context, options, neededToLower(shape), { what, offset });
  const plan = { kind: "lower", instance: scope.instance, target, type: index, options: abiOptions } as const;
  return { sort: "core func", item: draft.addTrampoline(plan), func: toFunctionType(abi.lower) };
}

type ResourceCanon = Canon & { readonly kind: "resource-new" | "resource-drop" | "resource-rep" };

export function resourceBuiltin({ draft, scope }: Evaluating, canon: ResourceCanon): CoreEntity {
  const { kind, offset } = canon;
  const id = resourceAt(scope, canon.resource, offset);
  const resource = draft.resources[id];
  const isOwn = resource?.kind === "defined" && resource.instance === scope.instance;
  if (kind !== "resource-drop" && !isOwn) failLink(`${kind}: the resource is not defined by this component`, offset);
  const item = draft.addTrampoline({ kind, instance: scope.instance, resource: id });
  return { sort: "core func", item, func: kind === "resource-drop" ? dtorSignature : handleToI32 };
}

/** A new resource type of the component instance. */
export function defineResource(
  context: Evaluating,
  definition: { readonly dtor: number | undefined; readonly offset: number },
): number {
  const { dtor, offset } = definition;
  const use = { expected: dtorSignature, what: "resource destructor", offset };
  return context.draft.addResource({
    kind: "defined",
    instance: context.scope.instance,
    dtor: dtor === undefined ? undefined : functionSlot(context, { ...use, index: dtor }),
    name: undefined,
  });
}
