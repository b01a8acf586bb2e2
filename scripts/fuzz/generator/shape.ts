// The outline of a random module: what its functions can name. Everything is small, so that runs are short, and the
// indices of what every body needs are fixed.

import type { Random } from "../random.ts";
import type { NumberType } from "../signatures.ts";
import { numberTypes } from "../signatures.ts";

export interface Signature {
  readonly params: readonly NumberType[];
  readonly results: readonly NumberType[];
}

export interface Shape {
  /** All function types, by index; functions and tags name them. */
  readonly types: readonly Signature[];
  /** Type index of each function, imported ones first. */
  readonly functions: readonly number[];
  readonly importedFunctions: number;
  readonly memories: readonly { readonly is64: boolean }[];
  /** Table 0 holds all functions, table 1 external references. */
  readonly tables: readonly { readonly is64: boolean }[];
  /** Global 0 is the budget of loop iterations; then one of each type. */
  readonly globals: readonly NumberType[];
  /** Type index of each tag. */
  readonly tags: readonly number[];
  readonly exceptions: "legacy" | "standard";
  /** The code may do what no reset undoes: grow memories and tables, drop segments. */
  readonly lasting: boolean;
}

/** Iterations that the loops of a module run together before their functions return. */
export const loopBudget = 500;
export const tableSize = 16;

function randomTypes(random: Random, most: number): NumberType[] {
  return Array.from({ length: random.below(most + 1) }, () => random.pick(numberTypes));
}

export function randomShape(random: Random): Shape {
  const types: Signature[] = [
    { params: [], results: [] },
    { params: ["i32"], results: [] },
    { params: ["i32"], results: ["i32"] },
    { params: ["f64", "v128"], results: [] },
    ...numberTypes.map((type) => ({ params: [type], results: [type] })),
  ];
  for (let count = 1 + random.below(3); count > 0; count--) {
    types.push({ params: randomTypes(random, 4), results: randomTypes(random, 3) });
  }
  const importedFunctions = 3;
  const own = random.below(5);
  // The host cannot take vectors: its functions have the second and third type, and so have those that a module which
  // is linked to this one imports in their place.
  const functions = [1, 2, 2, 1, 2, 2, ...Array.from({ length: own }, () => random.below(types.length))];
  return {
    types,
    functions,
    importedFunctions,
    memories: Array.from({ length: 1 + random.below(3) }, () => ({ is64: random.oneIn(3) })),
    tables: [{ is64: random.oneIn(6) }, { is64: random.oneIn(6) }],
    globals: ["i32", ...numberTypes],
    tags: [0, 1, 3],
    exceptions: random.oneIn(2) ? "legacy" : "standard",
    lasting: random.oneIn(4),
  };
}
