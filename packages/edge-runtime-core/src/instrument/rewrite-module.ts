// Rewrites a core module for metering, limits and snapshots: what Wasmtime gives by compiling differently.
//
//   original sections          rewritten
//   import                     + check, yield, grow, counter (behind the original ones)
//   function, code             each body metered; + injected functions at the end
//   table, global              + shadows, taint flag and (a lone module's) counter at the end
//   export                     + counter, memories, tables, start, save and restore under the absent prefix
//   start                      removed; its function is exported, so that it runs metered and may yield
//   custom                     copied where it stays true; names renumbered
//
// The module must have been validated before: guests gain nothing by what only a validator would notice, and what is
// made here is validated once more when the engine compiles it. Throughput is what bounds compile time: bytes that do
// not change are copied in runs.

import { bug, CompilationFailed } from "edge-runtime-common";
import { fieldBytes, instanceBytes } from "../binary/heap-layout.ts";
import type { CoreModuleShape, Section } from "../binary/module.ts";
import {
  functionTypeAt,
  printFunctionType,
  printGlobal,
  printMemory,
  printTable,
  readCoreModule,
  SectionId,
} from "../binary/module.ts";
import { Use, usedFeatures } from "../binary/opcodes.ts";
import { Reader } from "../binary/reader.ts";
import { Writer } from "../binary/writer.ts";
import { BranchHints } from "./branch-hints.ts";
import { bodyRanges } from "./code-scan.ts";
import { maxFunctionBytes } from "./cost-table.ts";
import { CustomSections } from "./custom-sections.ts";
import { FunctionMeter } from "./function-meter.ts";
import { exportedIndex } from "./function-index.ts";
import type { InjectionOptions } from "./injection.ts";
import { Injection } from "./injection.ts";
import { heldState } from "./held-state.ts";
import { markRange } from "./mark-range.ts";
import { PageMarker } from "./page-marker.ts";
import { marksGlobals, marksImports } from "./page-marks.ts";
import type { CorePlan, ExportPlan } from "./plan.ts";
import {
  copyElements,
  copyExports,
  copyFunctions,
  copyGlobals,
  copyImports,
  copyTables,
  copyTags,
  dataSegments,
} from "./renumber.ts";
import { takenFunctions } from "./taken-functions.ts";
import { rewriteTypes } from "./type-section.ts";
import type { Shadows } from "./snapshot-functions.ts";
import { addShadows } from "./snapshot-functions.ts";

export interface RewrittenModule {
  readonly bytes: Uint8Array;
  readonly plan: CorePlan;
}

function importEntries(injection: Injection): Writer[] {
  const entry = (name: string): Writer => {
    const out = new Writer(32);
    out.asciiName(injection.prefix);
    out.asciiName(name);
    return out;
  };
  const entries = injection.importedFunctions.map(({ name, type }) => {
    const out = entry(name);
    out.byte(0);
    out.u32(type);
    return out;
  });
  const marks = marksImports(injection, entry);
  if (!injection.importsGlobals) return [...entries, ...marks];
  const globals = injection.sharedGlobals.map((name) => {
    const out = entry(name);
    out.append([3, 0x7f, 1]);
    return out;
  });
  return [...entries, ...globals, ...marks];
}

function u32Entry(value: number): Writer {
  const out = new Writer(5);
  out.u32(value);
  return out;
}

/** V8 would say so too, without a number by which the guest's author finds the function. */
function refuseLarge(bytes: number, index: number): void {
  if (bytes <= maxFunctionBytes) return;
  const size = `${bytes} bytes once it is metered`;
  throw new CompilationFailed(`function ${index} has ${size}, at most ${maxFunctionBytes} are possible: split it`);
}

function exportEntries(injection: Injection, shadows: Shadows): Writer[] {
  const entries: Writer[] = [];
  const add = (name: string, kind: number, index: number): void => {
    const out = new Writer(32);
    out.asciiName(injection.prefix + name);
    out.byte(kind);
    out.u32(index);
    entries.push(out);
  };
  const { shape } = injection;
  for (const { name, index } of shadows.exports) add(name, 0, index);
  shape.tables.forEach((table, index) => {
    if (!table.imported) add(`table${index}`, 1, index);
  });
  shape.memories.forEach((memory, index) => {
    if (!memory.imported) add(`memory${index}`, 2, index);
  });
  injection.marks?.places.forEach((place, index) => {
    if (place.imported) return;
    add(`marks${index}`, 3, injection.marksGlobal(index) ?? 0);
    add(`mark${index}`, 0, markRange(injection, index));
  });
  if (!injection.importsGlobals) {
    injection.sharedGlobals.forEach((name, index) => add(name, 3, injection.counterGlobal + index));
  }
  if (shape.start !== undefined) add("start", 0, exportedIndex(injection, shape.start));
  return entries;
}

class ModuleRewriter {
  readonly #shape: CoreModuleShape;
  readonly #injection: Injection;
  readonly #sections: ReadonlyMap<number, Section>;
  readonly #out = new Writer(4096);
  readonly #custom: CustomSections;
  readonly #moduleName: string;
  readonly #marker: PageMarker | undefined;

  constructor(shape: CoreModuleShape, options: InjectionOptions) {
    this.#shape = shape;
    this.#custom = new CustomSections(shape);
    this.#moduleName = options.moduleName ?? "guest";
    this.#injection = new Injection(shape, options);
    this.#sections = new Map(shape.sections.filter((s) => s.id !== SectionId.custom).map((s) => [s.id, s]));
    this.#marker = this.#injection.marks === undefined ? undefined : new PageMarker(this.#injection);
  }

  /** Pages cannot be marked: a function has no room for it. */
  get unmarkable(): boolean {
    return this.#marker?.failed === true;
  }

  rewrite(): RewrittenModule {
    const injection = this.#injection;
    const shape = this.#shape;
    const code = this.#code();
    const writesTables = (code.uses & Use.tableWrite) !== 0;
    for (const feature of usedFeatures(code.uses)) shape.features.add(feature);
    const firstGlobal = injection.firstShadow;
    const exportsTable = shape.exports.some((entry) => entry.kind === "table");
    const withTables = writesTables || (injection.counter === "imported" && exportsTable);
    const shadows = addShadows(injection, { firstGlobal, withTables });
    const zero = [0x7f, 1, 0x41, 0, 0x0b];
    const owned = injection.importsGlobals ? [] : injection.sharedGlobals.map(() => zero);
    const globals = [...owned, zero, ...marksGlobals(injection), ...shadows.globals];
    // Ahead of the function section: what refers to host functions asks for wrappers.
    const tableSection = copyTables(injection, this.#reader(SectionId.table), shadows.tables);
    const globalSection = copyGlobals(injection, this.#reader(SectionId.global), globals);
    const exported = exportEntries(injection, shadows);
    const exportSection = copyExports(injection, this.#reader(SectionId.export), exported);
    const elementSection = copyElements(injection, this.#reader(SectionId.element));
    this.#addInjectedBodies(code.bodies);
    const { functions } = injection;
    // Ahead of the type section: what needs a type of the original asks for it.
    const importSection = copyImports(injection, this.#reader(SectionId.import), importEntries(injection));
    const types = functions.map((fn) => u32Entry(fn.type));
    const functionSection = copyFunctions(injection, this.#reader(SectionId.function), types);
    const tagSection = copyTags(injection, this.#reader(SectionId.tag));

    this.#out.append([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    this.#custom.copyAfter(0, this.#out);
    this.#emit(SectionId.type, rewriteTypes(injection, this.#sections.get(SectionId.type)));
    this.#emit(SectionId.import, importSection);
    this.#emit(SectionId.function, functionSection);
    this.#emit(SectionId.table, tableSection);
    this.#copy(SectionId.memory);
    this.#emit(SectionId.tag, tagSection);
    this.#emit(SectionId.global, globalSection);
    this.#emit(SectionId.export, exportSection);
    this.#custom.copyAfter(SectionId.start, this.#out);
    this.#emit(SectionId.element, elementSection);
    this.#copy(SectionId.dataCount);
    const codeSection = new Writer(code.bodies.length + 5);
    codeSection.u32(code.count + functions.length);
    codeSection.appendWriter(code.bodies);
    if (code.hints !== undefined) this.#out.section(SectionId.custom, code.hints);
    this.#emit(SectionId.code, codeSection);
    this.#emit(SectionId.data, dataSegments(injection, this.#reader(SectionId.data)));
    this.#custom.writeLast(injection, this.#moduleName, this.#out);
    return { bytes: this.#out.finish(), plan: this.#plan(shadows, code.uses) };
  }

  /** Marking one body may ask for another. */
  #addInjectedBodies(bodies: Writer): void {
    const { functions } = this.#injection;
    for (let index = 0; index < functions.length; index++) {
      const fn = functions[index] ?? bug("an injected function is missing");
      bodies.sizedBytes(this.#marker?.rewrite(fn.body.view(), this.#injection.paramCount(fn.type)) ?? fn.body.view());
    }
  }

  #reader(id: number): Reader | undefined {
    const section = this.#sections.get(id);
    return section === undefined ? undefined : new Reader(this.#shape.bytes, section.start, section.end);
  }

  #emit(id: number, content: Writer | undefined): void {
    if (content !== undefined) this.#out.section(id, content);
    this.#custom.copyAfter(id, this.#out);
  }

  #copy(id: number): void {
    const section = this.#sections.get(id);
    if (section === undefined) return;
    this.#out.byte(id);
    this.#out.u32(section.end - section.start);
    this.#out.copy(this.#shape.bytes, section.start, section.end);
    this.#custom.copyAfter(id, this.#out);
  }

  #code(): {
    readonly count: number;
    readonly bodies: Writer;
    readonly uses: number;
    readonly hints: Writer | undefined;
  } {
    const { functions, importedFunctions, bytes } = this.#shape;
    const ranges = bodyRanges(this.#shape);
    const bodies = new Writer(Math.ceil(bytes.length * 1.3) + 64);
    const meter = new FunctionMeter(this.#injection);
    const marker = this.#marker;
    const hints = new BranchHints();
    const first = importedFunctions + this.#injection.importedFunctions.length;
    for (const [index, range] of ranges.entries()) {
      const type = functions[importedFunctions + index] ?? -1;
      const body = meter.rewrite(range, { index: importedFunctions + index, type });
      if (marker === undefined) {
        refuseLarge(body.length, importedFunctions + index);
        bodies.sized(body);
        hints.add(first + index, meter.checks);
        continue;
      }
      const params = this.#injection.paramCount(this.#injection.definedType(importedFunctions + index, type));
      const marked = marker.rewrite(body.view(), params);
      refuseLarge(marked.length, importedFunctions + index);
      bodies.sizedBytes(marked);
      hints.add(first + index, marker.moved(meter.checks));
    }
    return { count: ranges.length, bodies, uses: meter.uses, hints: hints.section() };
  }

  #plan(shadows: Shadows, uses: number): CorePlan {
    const shape = this.#shape;
    const { metering, counter, prefix } = this.#injection;
    return {
      metering,
      counter,
      prefix,
      indices: {
        importedFunctions: shape.importedFunctions,
        injectedImports: this.#injection.importedFunctions.length,
        functions: shape.functions.length,
      },
      imports: shape.imports,
      exports: shape.exports.map((entry) => exportPlan(shape, entry.index, entry)),
      memories: shape.memories.map(({ type, imported }) => ({
        minPages: Number(type.min),
        maxPages: type.max === undefined ? undefined : Number(type.max),
        is64: type.is64,
        shared: type.shared,
        imported,
      })),
      tables: shape.tables.map(({ type, imported }) => ({
        element: type.element,
        min: Number(type.limits.min),
        max: type.limits.max === undefined ? undefined : Number(type.limits.max),
        elementBytes: fieldBytes(type.element),
        imported,
      })),
      initialHeapBytes: this.#injection.constantHeap.bytes,
      instanceHeapBytes: instanceHeapBytes(shape),
      hasStart: shape.start !== undefined,
      marksPages: this.#marker !== undefined,
      writesTables: (uses & Use.tableWrite) !== 0,
      tableShadows: shadows.exports.some((entry) => entry.name === "saveTables"),
      globalSlots: shadows.globalSlots,
      notRestorable:
        shadows.notRestorable ?? heldState(shape, { uses, constantHeapBytes: this.#injection.constantHeap.bytes }),
      features: [...shape.features].toSorted(),
    };
  }
}

function instanceHeapBytes(shape: CoreModuleShape): number {
  const functions = shape.exports.filter((entry) => entry.kind === "function").length;
  return instanceBytes({ functions, others: shape.exports.length - functions }, takenFunctions(shape).size);
}

function exportPlan(shape: CoreModuleShape, index: number, entry: Omit<ExportPlan, "type">): ExportPlan {
  switch (entry.kind) {
    case "function": {
      const type = functionTypeAt(shape.types, shape.functions[index] ?? -1);
      const signature = { params: type?.params ?? [], results: type?.results ?? [] };
      return { ...entry, signature, type: printFunctionType(type) };
    }
    case "memory": {
      const memory = shape.memories[index];
      return { ...entry, type: memory === undefined ? "memory" : printMemory(memory.type) };
    }
    case "table": {
      const table = shape.tables[index];
      return { ...entry, type: table === undefined ? "table" : printTable(table.type) };
    }
    case "global": {
      const global = shape.globals[index];
      return { ...entry, type: global === undefined ? "global" : printGlobal(global.type) };
    }
    case "tag":
      return { ...entry, type: "tag" };
  }
}

/**
 * Rewrites a validated core module. Where its pages cannot be marked as asked for, the plan says so.
 *
 * @throws CompilationFailed where its bytes are malformed, or a function is over V8's size limit once it is metered.
 */
export function rewriteModule(bytes: Uint8Array, options: InjectionOptions): RewrittenModule {
  const shape = readCoreModule(bytes);
  const rewriter = new ModuleRewriter(shape, options);
  const rewritten = rewriter.rewrite();
  return rewriter.unmarkable ? rewriteModule(bytes, { ...options, marksPages: false }) : rewritten;
}
