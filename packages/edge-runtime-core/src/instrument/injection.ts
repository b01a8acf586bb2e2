// Indices and names of everything that the rewriter adds to one module. Injected functions come after all others, so
// that only the defined functions of the original move (behind the injected imports).

import { bug } from "edge-runtime-common";
import { thrownBytes } from "../binary/heap-layout.ts";
import type { CoreModuleShape, Indexed } from "../binary/module.ts";
import { functionTypeAt } from "../binary/module.ts";
import type { FunctionType, Limits, TableType } from "../binary/types.ts";
import { Reader } from "../binary/reader.ts";
import { Writer } from "../binary/writer.ts";
import { passingTypes } from "./calling-convention.ts";
import { ConstantHeap } from "./constant-heap.ts";
import { marksType } from "./dirty-pages.ts";
import type { PageMarks } from "./page-marks.ts";
import { pageMarks } from "./page-marks.ts";
import type { CounterPlace, Metering } from "./plan.ts";
import { StaticCosts } from "./static-cost.ts";
import { takenFunctions } from "./taken-functions.ts";

export interface InjectionOptions {
  readonly metering: Metering;
  readonly counter: CounterPlace;
  /** The name that the rewritten module gets, ASCII; default "guest". */
  readonly moduleName?: string;
  /** Stores mark the pages that they write to; see dirty-pages.ts. Default: they do not. */
  readonly marksPages?: boolean;
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
export const V = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
  funcref: 0x70,
  externref: 0x6f,
} as const;

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
  /** Where the marks of each memory are; undefined where pages are not marked. */
  readonly marks: PageMarks | undefined;
  readonly #importedGlobals: number;
  readonly statics: StaticCosts;
  readonly #passing: readonly boolean[];
  readonly #types: (readonly number[])[] = [];
  readonly #typeIndex = new Map<string, number>();
  readonly #originals: (number | undefined)[] = [];
  readonly #functions: InjectedFunction[] = [];
  readonly #byKey = new Map<string, number>();
  readonly #importIndex = new Map<string, number>();
  readonly #declared = new Set<number>();

  constructor(shape: CoreModuleShape, options: InjectionOptions) {
    this.shape = shape;
    this.metering = options.metering;
    this.counter = options.counter;
    this.prefix = absentPrefix(shape);
    this.#passing = passingTypes(shape, this.metered);
    this.statics = new StaticCosts(shape, this.metering, takenFunctions(shape));
    this.heap = usesHeap(shape);
    this.constantHeap = new ConstantHeap(shape);
    this.importedFunctions = this.#imports();
    this.importedFunctions.forEach((entry, index) =>
      this.#importIndex.set(entry.name, shape.importedFunctions + index),
    );
    this.#importedGlobals = shape.globals.filter((global) => global.imported).length;
    this.sharedGlobals = [...(this.metered ? (["counter"] as const) : []), ...(this.heap ? (["heap"] as const) : [])];
    const importedMarks = this.#importedGlobals + (this.importsGlobals ? this.sharedGlobals.length : 0);
    this.marks = options.marksPages === true ? pageMarks(shape, importedMarks) : undefined;
    // Imports of marks need it even where nothing is marked.
    if (this.marks !== undefined) this.marksTypeIndex();
    const total = shape.globals.length + (this.marks?.imported ?? 0);
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
    return this.#types;
  }

  get functions(): readonly InjectedFunction[] {
    return this.#functions;
  }

  /** Index of a global of the original in the rewritten module. */
  globalIndex(original: number): number {
    if (original < this.#importedGlobals) return original;
    return original + (this.importsGlobals ? this.sharedGlobals.length : 0) + (this.marks?.imported ?? 0);
  }

  importIndex(name: InjectedImport): number {
    return this.#importIndex.get(name) ?? 0;
  }

  /** Index of an injected function type. */
  type(params: readonly ValueCode[], results: readonly ValueCode[]): number {
    return this.#typeOf([0x60, params.length, ...params.flat(), results.length, ...results.flat()]);
  }

  #typeOf(bytes: readonly number[]): number {
    const key = bytes.join();
    const known = this.#typeIndex.get(key);
    if (known !== undefined) return known;
    const index = this.shape.types.length + this.#types.length;
    this.#types.push(bytes);
    this.#typeIndex.set(key, index);
    return index;
  }

  /** Functions of type `type` pass the counter. */
  passes(type: number): boolean {
    return this.#passing[type] === true;
  }

  /** Index of a type with the values that `type` has in the original. */
  original(type: number): number {
    if (!this.passes(type)) return type;
    return (this.#originals[type] ??= this.#typeOf(this.#originalBytes(type)));
  }

  #originalBytes(type: number, ...more: readonly ValueCode[]): readonly number[] {
    const { params, results, encoding } = this.#function(type);
    const out = new Writer(16);
    out.byte(0x60);
    out.u32(params.length + more.length);
    out.append(encoding?.params ?? []);
    out.append(more.flat());
    out.u32(results.length);
    out.append(encoding?.results ?? []);
    return [...out.finish()];
  }

  #function(type: number): FunctionType {
    return functionTypeAt(this.shape.types, type) ?? bug(`type ${type} is no function type`);
  }

  /** A type of the values of `type` in the original and one more parameter. */
  withParameter(type: number, param: ValueCode): number {
    return this.#typeOf(this.#originalBytes(type, param));
  }

  /** Type without parameters that has the results of `type`; the single result itself, or nothing, where that will do. */
  blockType(type: number): readonly number[] {
    const { results, encoding } = this.#function(type);
    if (results.length === 0) return [0x40];
    if (results.length === 1) return [...(encoding?.results ?? [])];
    const body = new Writer(16);
    const bytes = new Writer(16);
    bytes.bytes2(0x60, 0);
    bytes.u32(results.length);
    bytes.append(encoding?.results ?? []);
    body.s32(this.#typeOf([...bytes.finish()]));
    return [...body.finish()];
  }

  /** Index of the type of marks. */
  marksTypeIndex(): number {
    return this.#typeOf(marksType);
  }

  /** Type in the rewritten module of the defined function `index` of type `type`: one of static cost passes nothing. */
  definedType(index: number, type: number): number {
    return this.statics.of(index) === undefined ? type : this.original(type);
  }

  /** How many parameters functions of a type have in the rewritten module. */
  paramCount(type: number): number {
    const injected = this.#types[type - this.shape.types.length];
    if (injected !== undefined) return new Reader(Uint8Array.from(injected), 1).u32();
    return this.#function(type).params.length + (this.passes(type) ? 1 : 0);
  }

  /** Index of the global that holds the marks of a memory; undefined where it has none. */
  marksGlobal(memory: number): number | undefined {
    const place = this.marks?.places[memory];
    if (place === undefined) return undefined;
    return place.imported ? place.index : this.taintGlobal + 1 + place.index;
  }

  /** Index of the first global behind those that are injected. */
  get firstShadow(): number {
    return this.taintGlobal + 1 + (this.marks?.own ?? 0);
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

  /** Function `index` of the rewritten module is referred to by code, which its export no longer admits. */
  declare(index: number): number {
    this.#declared.add(index);
    return index;
  }

  get declared(): ReadonlySet<number> {
    return this.#declared;
  }

  /** Index and key of each injected function. */
  get functionNames(): readonly (readonly [index: number, key: string])[] {
    return [...this.#byKey].map(([key, index]) => [index, key]);
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
