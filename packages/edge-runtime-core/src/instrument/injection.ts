// Indices and names of everything that the rewriter adds to one module. Injected functions come after all others, so
// that only the defined functions of the original move (behind the injected imports).

import { thrownBytes } from "../binary/heap-layout.ts";
import type { CoreModuleShape, Indexed } from "../binary/module.ts";
import { functionTypeAt } from "../binary/module.ts";
import type { Limits, TableType } from "../binary/types.ts";
import { Writer } from "../binary/writer.ts";
import { ConstantHeap } from "./constant-heap.ts";
import type { CounterPlace, Metering } from "./plan.ts";

export interface InjectionOptions {
  readonly metering: Metering;
  readonly counter: CounterPlace;
}

/** Functions that the store gives, under the absent prefix. */
export type InjectedImport = "grow" | "check" | "yield" | "allocate" | "wait" | "notify";

interface InjectedFunction {
  readonly type: number;
  /** Local declarations and expression, without the size. */
  readonly body: Writer;
}

/** A value type as its bytes; most have one. */
export type ValueCode = number | readonly number[];

/** Byte codes of value types in injected signatures. */
export const V = { i32: 0x7f, i64: 0x7e, f64: 0x7c, funcref: 0x70, externref: 0x6f } as const;

/** A name that no import module, import or export of the module begins with; found in one pass over the names. */
export function absentPrefix(shape: CoreModuleShape): string {
  const names = [...shape.imports.flatMap((entry) => [entry.module, entry.name]), ...shape.exports.map((e) => e.name)];
  let taken = -1;
  for (const name of names) taken = Math.max(taken, /^\$edge(\$*)/.exec(name)?.[1]?.length ?? -1);
  return "$edge" + "$".repeat(taken + 1);
}

/** The module can allocate in V8's heap what is charged. */
function usesHeap(shape: CoreModuleShape): boolean {
  return (
    shape.types.some((type) => type.kind !== "func") ||
    shape.tags.some((tag) => thrownBytes(functionTypeAt(shape.types, tag)?.params ?? []) > 0)
  );
}

export class Injection {
  readonly shape: CoreModuleShape;
  readonly metering: Metering;
  readonly counter: CounterPlace;
  readonly prefix: string;
  /** Objects are charged: there are a global `heap` and an import `allocate`. */
  readonly heap: boolean;
  /** Function imports added. */
  readonly importedFunctions: readonly { readonly name: string; readonly type: number }[];
  /** Mutable i32 globals added, by name; imported ones from the store, else the module's own. */
  readonly sharedGlobals: readonly ("counter" | "heap")[];
  readonly counterGlobal: number;
  readonly heapGlobal: number;
  readonly taintGlobal: number;
  readonly constantHeap: ConstantHeap;
  readonly #importedGlobals: number;
  readonly #types: { readonly key: string; readonly bytes: readonly number[] }[] = [];
  readonly #functions: InjectedFunction[] = [];
  readonly #byKey = new Map<string, number>();
  readonly #importIndex = new Map<string, number>();

  constructor(shape: CoreModuleShape, options: InjectionOptions) {
    this.shape = shape;
    this.metering = options.metering;
    this.counter = options.counter;
    this.prefix = absentPrefix(shape);
    this.heap = usesHeap(shape);
    this.constantHeap = new ConstantHeap(shape);
    this.importedFunctions = this.#imports();
    this.importedFunctions.forEach((entry, index) =>
      this.#importIndex.set(entry.name, shape.importedFunctions + index),
    );
    this.#importedGlobals = shape.globals.filter((global) => global.imported).length;
    this.sharedGlobals = [...(this.metered ? (["counter"] as const) : []), ...(this.heap ? (["heap"] as const) : [])];
    const total = shape.globals.length;
    this.counterGlobal = this.importsGlobals ? this.#importedGlobals : total;
    this.heapGlobal = this.counterGlobal + (this.metered ? 1 : 0);
    this.taintGlobal = total + this.sharedGlobals.length;
  }

  #imports(): { name: InjectedImport; type: number }[] {
    const imports: { name: InjectedImport; type: number }[] = [
      { name: "grow", type: this.type([V.i32, V.f64], [V.i32]) },
    ];
    const nothing = this.type([], []);
    if (this.metered) {
      imports.push({ name: "check", type: this.type([V.i32], [V.i32]) }, { name: "yield", type: nothing });
    }
    if (this.heap) imports.push({ name: "allocate", type: nothing });
    if (this.shape.memories.some((memory) => memory.type.shared)) {
      imports.push({ name: "wait", type: this.type([V.i32, V.f64, V.f64], [V.i32]) });
      imports.push({ name: "notify", type: this.type([V.i32, V.f64, V.i32], [V.i32]) });
    }
    return imports;
  }

  get metered(): boolean {
    return this.metering !== "none";
  }

  /** The shared globals come from the store. */
  get importsGlobals(): boolean {
    return this.counter === "imported";
  }

  get types(): readonly (readonly number[])[] {
    return this.#types.map((type) => type.bytes);
  }

  get functions(): readonly InjectedFunction[] {
    return this.#functions;
  }

  /** Index of a global of the original in the rewritten module. */
  globalIndex(original: number): number {
    const moves = this.importsGlobals && original >= this.#importedGlobals;
    return moves ? original + this.sharedGlobals.length : original;
  }

  importIndex(name: InjectedImport): number {
    return this.#importIndex.get(name) ?? 0;
  }

  type(params: readonly ValueCode[], results: readonly ValueCode[]): number {
    const key = `${params.join("|")}>${results.join("|")}`;
    const found = this.#types.findIndex((type) => type.key === key);
    if (found >= 0) return this.shape.types.length + found;
    this.#types.push({ key, bytes: [0x60, params.length, ...params.flat(), results.length, ...results.flat()] });
    return this.shape.types.length + this.#types.length - 1;
  }

  /** Index of the injected function `key`, made by `build` at its first use. */
  functionFor(key: string, type: number, build: (body: Writer) => void): number {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const index = this.shape.functions.length + this.importedFunctions.length + this.#functions.length;
    const body = new Writer(64);
    this.#functions.push({ type, body });
    this.#byKey.set(key, index);
    build(body);
    return index;
  }

  memory(index: number): Indexed<Limits> | undefined {
    return this.shape.memories[index];
  }

  table(index: number): Indexed<TableType> | undefined {
    return this.shape.tables[index];
  }

  /** Bytes of a table's element type. */
  elementCode(table: number): readonly number[] {
    return this.shape.tables[table]?.type.elementCode ?? [];
  }
}
