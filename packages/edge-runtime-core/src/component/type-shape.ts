// Facts about value types that decide which canonical options a function needs and which trampoline it gets.
// Costs are linear in the size of the type written out as a tree, which the linker bounds.
// Spec: CanonicalABI "canonopt validation".

import type { FuncType, ValType } from "../canonical-abi/types.ts";
import { MAX_FLAT_PARAMS, MAX_FLAT_RESULTS } from "../canonical-abi/index.ts";

/** The value types directly inside. */
export function partsOf(type: ValType): readonly ValType[] {
  switch (type.kind) {
    case "list":
      return [type.element];
    case "record":
      return type.fields.map((field) => field.type);
    case "tuple":
      return type.types;
    case "variant":
      return type.cases.flatMap((item) => (item.type === undefined ? [] : [item.type]));
    case "option":
      return [type.type];
    case "result":
      return [type.ok, type.err].filter((part) => part !== undefined);
    default:
      return [];
  }
}

/** True where values have parts in memory that are allocated on their own: strings and lists. */
export function hasPointers(type: ValType): boolean {
  return type.kind === "string" || type.kind === "list" || partsOf(type).some(hasPointers);
}

/** Number of core values of a value that is passed flat. */
export function flatCount(type: ValType): number {
  switch (type.kind) {
    case "string":
    case "list":
      return 2;
    case "record":
    case "tuple":
      return partsOf(type).reduce((sum, part) => sum + flatCount(part), 0);
    case "variant":
    case "option":
    case "result":
      return partsOf(type).reduce((most, part) => Math.max(most, 1 + flatCount(part)), 1);
    default:
      return 1;
  }
}

/** What passing the parameters and results of a function takes. */
export interface FuncShape {
  readonly paramsHavePointers: boolean;
  readonly paramsInMemory: boolean;
  readonly resultHasPointers: boolean;
  readonly resultInMemory: boolean;
}

export function shapeOf(type: FuncType): FuncShape {
  const params = type.params.map((param) => param.type);
  const paramsFlat = params.reduce((sum, param) => sum + flatCount(param), 0);
  return {
    paramsHavePointers: params.some(hasPointers),
    paramsInMemory: paramsFlat > MAX_FLAT_PARAMS,
    resultHasPointers: type.result !== undefined && hasPointers(type.result),
    resultInMemory: type.result !== undefined && flatCount(type.result) > MAX_FLAT_RESULTS,
  };
}

export interface NeededOptions {
  readonly memory: boolean;
  readonly realloc: boolean;
}

/** What a lifted function needs of its instance: arguments are lowered into it, results lifted from it. */
export function neededToLift(shape: FuncShape): NeededOptions {
  const realloc = shape.paramsHavePointers || shape.paramsInMemory;
  return { memory: realloc || shape.resultHasPointers || shape.resultInMemory, realloc };
}

/** What a lowered function needs of its caller: arguments are lifted from it, results lowered into it. */
export function neededToLower(shape: FuncShape): NeededOptions {
  const { paramsHavePointers, paramsInMemory, resultHasPointers, resultInMemory } = shape;
  return {
    memory: paramsHavePointers || paramsInMemory || resultHasPointers || resultInMemory,
    realloc: resultHasPointers,
  };
}
