// What the rewriter did to a core module, as JSON: enough to instantiate, meter, snapshot and describe it without
// reading its bytes again. Stored in artifacts beside the rewritten bytes.

import type { ModuleExport, ModuleImport } from "../binary/module.ts";

/**
 * `fuel`: every operator is charged. `deadline`: only function entries and loop heads are, by the size of what
 * follows, so that a run still meets its deadline. `none`: nothing can stop the guest.
 */
export type Metering = "fuel" | "deadline" | "none";

/** Where the counter lives: in the module itself (a lone module), or imported from its store (a component's modules). */
export type CounterPlace = "own" | "imported";

export interface MemoryPlan {
  readonly minPages: number;
  readonly maxPages: number | undefined;
  readonly is64: boolean;
  readonly shared: boolean;
  readonly imported: boolean;
}

export interface TablePlan {
  readonly element: string;
  readonly min: number;
  readonly max: number | undefined;
  /** What an element is charged to the memory limit. */
  readonly elementBytes: number;
  readonly imported: boolean;
}

export interface CoreSignature {
  readonly params: readonly string[];
  readonly results: readonly string[];
}

/** How function indices of the rewritten module follow from those of the original. */
export interface FunctionIndices {
  /** Imported functions of the original. */
  readonly importedFunctions: number;
  /** Function imports added behind them. */
  readonly injectedImports: number;
  /** All functions of the original. */
  readonly functions: number;
}

export interface ExportPlan extends ModuleExport {
  /** Functions only. */
  readonly signature?: CoreSignature;
  /** Printed type, for people. */
  readonly type: string;
}

/** One value that a global reader gives; the two of a v128 global follow each other. */
export interface GlobalSlot {
  /** Index of the global in the original module. */
  readonly global: number;
  readonly reader: "globalWord" | "globalFunc" | "globalExtern";
}

export interface CorePlan {
  readonly metering: Metering;
  readonly counter: CounterPlace;
  /** Module name of injected imports and prefix of injected exports; begins no name of the original. */
  readonly prefix: string;
  readonly indices: FunctionIndices;
  readonly imports: readonly ModuleImport[];
  readonly exports: readonly ExportPlan[];
  readonly memories: readonly MemoryPlan[];
  readonly tables: readonly TablePlan[];
  /** Bytes of garbage-collected objects that instantiation allocates, at most. */
  readonly initialHeapBytes: number;
  /** Bytes that an instance takes in V8's heap for exports and references to functions, about. */
  readonly instanceHeapBytes: number;
  readonly hasStart: boolean;
  /** Stores mark the pages that they write to, in all memories of the module. */
  readonly marksPages: boolean;
  /** The code can write to a table. */
  readonly writesTables: boolean;
  /** Injected `saveTables` and `restoreTables` exist. */
  readonly tableShadows: boolean;
  /** What the injected readers give, in the order of their slots; `globalWord` has one more before, the taint flag. */
  readonly globalSlots: readonly GlobalSlot[];
  /** Why no snapshot of an instance can be restored; undefined where one can. */
  readonly notRestorable: string | undefined;
  readonly features: readonly string[];
}
