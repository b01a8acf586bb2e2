// Indices and names of everything that the rewriter adds to one module. Injected functions come after all others, so
// that only the defined functions of the original move (behind the injected imports).

import type { CoreModuleShape, Indexed } from "../binary/module.ts";
import type { Limits, TableType } from "../binary/types.ts";
import { Writer } from "../binary/writer.ts";
import type { CounterPlace, Metering } from "./plan.ts";

export interface InjectionOptions {
  readonly metering: Metering;
  readonly counter: CounterPlace;
}

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

export class Injection {
  readonly shape: CoreModuleShape;
  readonly metering: Metering;
  readonly counter: CounterPlace;
  readonly prefix: string;
  /** Function imports added: check, yield, grow. */
  readonly importedFunctions: readonly { readonly name: string; readonly type: number }[];
  readonly counterGlobal: number;
  readonly taintGlobal: number;
  readonly #types: { readonly key: string; readonly bytes: readonly number[] }[] = [];
  readonly #functions: InjectedFunction[] = [];
  readonly #byKey = new Map<string, number>();
  readonly #importIndex = new Map<string, number>();

  constructor(shape: CoreModuleShape, options: InjectionOptions) {
    this.shape = shape;
    this.metering = options.metering;
    this.counter = options.counter;
    this.prefix = absentPrefix(shape);
    const imports = [{ name: "grow", type: this.type([V.i32, V.f64], [V.i32]) }];
    if (this.metered) {
      imports.push({ name: "check", type: this.type([], [V.i32]) }, { name: "yield", type: this.type([], []) });
    }
    this.importedFunctions = imports;
    imports.forEach((entry, index) => this.#importIndex.set(entry.name, shape.importedFunctions + index));
    const importedGlobals = shape.globals.filter((global) => global.imported).length;
    const total = shape.globals.length;
    this.counterGlobal = this.#importsCounter ? importedGlobals : total;
    this.taintGlobal = this.metered ? total + 1 : total;
  }

  get metered(): boolean {
    return this.metering !== "none";
  }

  get #importsCounter(): boolean {
    return this.metered && this.counter === "imported";
  }

  get importsCounter(): boolean {
    return this.#importsCounter;
  }

  get types(): readonly (readonly number[])[] {
    return this.#types.map((type) => type.bytes);
  }

  get functions(): readonly InjectedFunction[] {
    return this.#functions;
  }

  /** Index of a global of the original in the rewritten module. */
  globalIndex(original: number): number {
    return this.#importsCounter && original >= this.counterGlobal ? original + 1 : original;
  }

  importIndex(name: "check" | "yield" | "grow"): number {
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
