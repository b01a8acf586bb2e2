// A linked component: the whole tree of nested components flattened into what must be done, in order, to bring it to
// life. Plain JSON data without index spaces or names to look up. It is stored in artifacts, so every change of its
// meaning changes `PLAN_VERSION`.
//
//   bytes --decode--> definitions --link--> plan --createComponentTemplate--> template --instantiate--> instance

import type { FuncType, ResourceId, StringEncoding, ValType } from "../canonical-abi/types.ts";
import type { ModuleTypePlan } from "./module-type.ts";

export const PLAN_VERSION = 2;

/** Where a core item comes from: an export of core instance number `instance`, or a function that the host makes. */
export type CoreItem =
  | { readonly kind: "export"; readonly instance: number; readonly name: string }
  | { readonly kind: "trampoline"; readonly index: number };

/** One import of a core module, and what satisfies it. */
export interface CoreArgument {
  readonly module: string;
  readonly name: string;
  readonly item: CoreItem;
}

/**
 * Steps of instantiation. A slot is filled as soon as the core instance that exports the item exists; trampolines
 * find functions and memories by slot, because they are made before either.
 */
export type Initializer =
  /** `module` is below `coreModules` for modules of the component; above, that of an imported one. */
  | { readonly kind: "instantiate"; readonly module: number; readonly args: readonly CoreArgument[] }
  | { readonly kind: "function"; readonly slot: number; readonly item: CoreItem }
  | { readonly kind: "memory"; readonly slot: number; readonly item: CoreItem };

/** The options of a `canon` definition; `memory` is a memory slot, `realloc` a function slot. */
export interface AbiOptions {
  readonly encoding: StringEncoding;
  readonly memory: number | undefined;
  readonly realloc: number | undefined;
}

/** A component function made of a core function, in component instance number `instance`. */
export interface LiftPlan {
  readonly instance: number;
  /** Function slot. */
  readonly callee: number;
  /** Index into `funcTypes`. */
  readonly type: number;
  readonly options: AbiOptions;
  /** Function slot. */
  readonly postReturn: number | undefined;
}

export type FuncTarget =
  | { readonly kind: "import"; readonly index: number }
  | { readonly kind: "lift"; readonly index: number };

/** A core function that the host makes for core modules of component instance number `instance`. */
export type TrampolinePlan =
  | {
      readonly kind: "lower";
      readonly instance: number;
      readonly target: FuncTarget;
      /** Index into `funcTypes`. */
      readonly type: number;
      readonly options: AbiOptions;
    }
  | {
      readonly kind: "resource-new" | "resource-rep" | "resource-drop";
      readonly instance: number;
      readonly resource: ResourceId;
    };

export type ResourcePlan =
  /** Implemented by the host; `path` is where it is imported from, e.g. `["wasi:io/poll@0.2.0", "pollable"]`. */
  | { readonly kind: "imported"; readonly path: readonly string[] }
  /** Implemented by component instance number `instance`; `dtor` is a function slot. */
  | {
      readonly kind: "defined";
      readonly instance: number;
      readonly dtor: number | undefined;
      /** First name under which it was exported, for printing. */
      readonly name: string | undefined;
    };

export interface ImportedFunction {
  readonly path: readonly string[];
  /** Index into `funcTypes`. */
  readonly type: number;
}

/** A core module that the host gives. */
export interface ImportedModule {
  readonly path: readonly string[];
  readonly type: ModuleTypePlan;
}

/** What the component declares to need or to offer, by name, as a tree. */
export type ExternPlan =
  | { readonly kind: "func"; readonly name: string; readonly type: number; readonly target: FuncTarget }
  | { readonly kind: "resource"; readonly name: string; readonly resource: ResourceId }
  | { readonly kind: "type"; readonly name: string; readonly type: ValType }
  | { readonly kind: "instance"; readonly name: string; readonly items: readonly ExternPlan[] }
  /** Another name of a resource. */
  | { readonly kind: "resource-alias"; readonly name: string; readonly resource: ResourceId }
  /** An imported core module; `module` is an index into `importedModules`. */
  | { readonly kind: "module"; readonly name: string; readonly module: number }
  /** An imported component, which no host can give: the plan is complete, but cannot be instantiated. */
  | { readonly kind: "component"; readonly name: string }
  /** An exported core module; `core` numbers it as `Initializer` does. */
  | { readonly kind: "exported-module"; readonly name: string; readonly core: number }
  /** Items without a run-time meaning here: exported components, function and instance types. */
  | { readonly kind: "other"; readonly name: string; readonly what: string };

export interface ComponentPlan {
  readonly version: typeof PLAN_VERSION;
  /** Number of core modules; their bytes travel beside the plan. */
  readonly coreModules: number;
  /** Component instances, the root first; `parent` is the instance that holds it. */
  readonly instances: readonly { readonly parent: number | undefined }[];
  readonly resources: readonly ResourcePlan[];
  /** Every function type that calls use, each once. */
  readonly funcTypes: readonly FuncType[];
  readonly importedFunctions: readonly ImportedFunction[];
  readonly importedModules: readonly ImportedModule[];
  readonly lifts: readonly LiftPlan[];
  readonly trampolines: readonly TrampolinePlan[];
  readonly functionSlots: number;
  readonly memorySlots: number;
  readonly initializers: readonly Initializer[];
  readonly imports: readonly ExternPlan[];
  readonly exports: readonly ExternPlan[];
}
