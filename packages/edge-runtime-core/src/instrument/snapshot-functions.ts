// Injected functions that save and restore what JavaScript cannot: every mutable global of any type, bit for bit, and
// table contents, by copying them to shadows inside the instance. One call resets them all.

import type { GlobalType } from "../binary/types.ts";
import { Writer } from "../binary/writer.ts";
import { addGlobalReaders } from "./global-readers.ts";
import { hierarchyOf } from "./held-state.ts";
import type { Injection } from "./injection.ts";
import { V } from "./injection.ts";
import type { GlobalSlot } from "./plan.ts";

const nullableRef = 0x63;
const nonNullRef = 0x64;

/** Initial value of a shadow global, by printed type. */
const initialValues = new Map<string, readonly number[]>([
  ["i32", [0x7f, 1, 0x41, 0, 0x0b]],
  ["i64", [0x7e, 1, 0x42, 0, 0x0b]],
  ["f32", [0x7d, 1, 0x43, 0, 0, 0, 0, 0x0b]],
  ["f64", [0x7c, 1, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0x0b]],
  ["v128", [0x7b, 1, 0xfd, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0b]],
  ["funcref", [0x70, 1, 0xd0, 0x70, 0x0b]],
  ["externref", [0x6f, 1, 0xd0, 0x6f, 0x0b]],
]);

export interface Shadows {
  /** Global section entries. */
  readonly globals: readonly (readonly number[])[];
  /** Table section entries. */
  readonly tables: readonly Writer[];
  /** Exported functions, by name without the prefix. */
  readonly exports: readonly { readonly name: string; readonly index: number }[];
  readonly globalSlots: readonly GlobalSlot[];
  readonly notRestorable: string | undefined;
}

/** More mutable globals are not saved: a guest that has them chooses what a reset costs. */
const mostGlobals = 10_000;

export interface ShadowOptions {
  /** First free global index behind the injected ones. */
  readonly firstGlobal: number;
  readonly withTables: boolean;
}

interface Pair {
  readonly original: number;
  readonly shadow: number;
  /** The original is not nullable, its shadow is. */
  readonly nonNull?: boolean;
}

/** The shadow of a typed function reference is nullable: it has no function to begin with. */
function typedFunction(injection: Injection, { type, typeCode }: GlobalType): readonly number[] | undefined {
  if (hierarchyOf(injection.shape, type) !== "func") return undefined;
  const [first = 0, ...heap] = typeCode;
  const code = first === nullableRef || first === nonNullRef ? heap : typeCode;
  return [nullableRef, ...code, 1, 0xd0, ...code, 0x0b];
}

function copyGlobals(body: Writer, pairs: readonly Pair[], toShadow: boolean): void {
  for (const { original, shadow, nonNull } of pairs) {
    body.byte(0x23);
    body.u32(toShadow ? original : shadow);
    if (nonNull === true && !toShadow) body.byte(0xd4);
    body.byte(0x24);
    body.u32(toShadow ? shadow : original);
  }
}

function copyTables(body: Writer, pairs: readonly Pair[], toShadow: boolean): void {
  body.byte(0);
  for (const { original, shadow } of pairs) {
    body.append([0x41, 0, 0x41, 0, 0xfc, 16]);
    body.u32(shadow);
    body.bytes2(0xfc, 14);
    body.u32(toShadow ? shadow : original);
    body.u32(toShadow ? original : shadow);
  }
  body.byte(0x0b);
}

/** Adds the shadows of a module's own mutable globals and, where asked for, of its own tables. */
export function addShadows(injection: Injection, options: ShadowOptions): Shadows {
  let notRestorable: string | undefined;
  const globals: (readonly number[])[] = [];
  const globalPairs: Pair[] = [];
  const saved: { readonly index: number; readonly type: string }[] = [];
  injection.shape.globals.forEach((global, index) => {
    if (global.imported || !global.type.mutable) return;
    if (globals.length >= mostGlobals) {
      notRestorable ??= `more than ${mostGlobals} mutable globals`;
      return;
    }
    const entry = initialValues.get(global.type.type) ?? typedFunction(injection, global.type);
    if (entry === undefined) {
      notRestorable ??= `mutable global of type ${global.type.type}`;
      return;
    }
    globalPairs.push({
      original: injection.globalIndex(index),
      shadow: options.firstGlobal + globals.length,
      nonNull: global.type.typeCode[0] === nonNullRef,
    });
    globals.push(entry);
    saved.push({ index, type: global.type.type });
  });
  const { tables, pairs, refused } = options.withTables ? shadowTables(injection) : noTables;
  notRestorable ??= refused;
  const readers = addGlobalReaders(injection, saved);
  const exports = [...globalFunctions(injection, globalPairs), ...tableFunctions(injection, pairs), ...readers.exports];
  return { globals, tables, exports, globalSlots: readers.slots, notRestorable };
}

interface TableShadows {
  readonly tables: readonly Writer[];
  readonly pairs: readonly Pair[];
  readonly refused: string | undefined;
}

const noTables: TableShadows = { tables: [], pairs: [], refused: undefined };

function shadowTables(injection: Injection): TableShadows {
  const tables: Writer[] = [];
  const pairs: Pair[] = [];
  const first = injection.shape.tables.length;
  for (const [index, table] of injection.shape.tables.entries()) {
    if (table.imported) continue;
    const { element, elementCode, limits } = table.type;
    const hierarchy = hierarchyOf(injection.shape, element);
    if (limits.is64) return { ...noTables, refused: "writable table with 64-bit indices" };
    if ((hierarchy !== "func" && hierarchy !== "extern") || elementCode[0] === nonNullRef) {
      return { ...noTables, refused: `writable table of ${element}` };
    }
    const entry = new Writer(8);
    entry.append(elementCode);
    entry.byte(0);
    entry.u32(Number(limits.min));
    pairs.push({ original: index, shadow: first + tables.length });
    tables.push(entry);
  }
  return { tables, pairs, refused: undefined };
}

function globalFunctions(injection: Injection, pairs: readonly Pair[]): { name: string; index: number }[] {
  const save = injection.functionFor("save", injection.type([], []), (body) => {
    body.byte(0);
    copyGlobals(body, pairs, true);
    body.append([0x41, 0, 0x24]);
    body.u32(injection.taintGlobal);
    body.byte(0x0b);
  });
  const restore = injection.functionFor("restore", injection.type([], [V.i32]), (body) => {
    body.byte(0);
    copyGlobals(body, pairs, false);
    body.byte(0x23);
    body.u32(injection.taintGlobal);
    body.byte(0x0b);
  });
  return [
    { name: "save", index: save },
    { name: "restore", index: restore },
  ];
}

function tableFunctions(injection: Injection, pairs: readonly Pair[]): { name: string; index: number }[] {
  if (pairs.length === 0) return [];
  const type = injection.type([], []);
  return [
    { name: "saveTables", index: injection.functionFor("saveTables", type, (body) => copyTables(body, pairs, true)) },
    {
      name: "restoreTables",
      index: injection.functionFor("restoreTables", type, (body) => copyTables(body, pairs, false)),
    },
  ];
}
