// What the entries of index spaces are while linking: no longer definitions, but the very items that they denote in
// this instance of their component.

import type { FuncType, ResourceId, ValType } from "../../canonical-abi/types.ts";
import type { FunctionType } from "../../binary/types.ts";
import type { ComponentDefinition, Declaration, Sort } from "../binary/definitions.ts";
import type { CoreItem, FuncTarget } from "../plan.ts";
import type { CoreEntityType, ModuleSignature } from "./module-signatures.ts";
import type { Scope } from "./scope.ts";

/** A value type with what it costs and contains. */
export interface SizedType {
  readonly type: ValType;
  /** Nodes as a tree. */
  readonly nodes: number;
  readonly depth: number;
  readonly hasBorrow: boolean;
  readonly hasResource: boolean;
}

/** Where a definition was met: outer aliases see the index spaces up to that point. */
export interface Closure {
  readonly scope: Scope;
  readonly sizes: ReadonlyMap<Sort, number>;
}

export type TypeValue =
  | ({ readonly kind: "value" } & SizedType)
  | { readonly kind: "resource"; readonly id: ResourceId }
  | { readonly kind: "func"; readonly type: FuncType; readonly nodes: number; readonly hasResource: boolean }
  | {
      readonly kind: "component" | "instance";
      readonly declarations: readonly Declaration[];
      readonly closure: Closure;
      /** Whether it mentions resources from outside itself. */
      readonly hasResource: boolean;
    };

export type InstanceType = TypeValue & { readonly kind: "instance" };
export type ComponentTypeValue = TypeValue & { readonly kind: "component" };
export type FuncTypeValue = TypeValue & { readonly kind: "func" };

export interface FuncValue {
  readonly type: FuncType;
  readonly nodes: number;
  readonly target: FuncTarget;
}

export interface InstanceValue {
  readonly exports: ReadonlyMap<string, Item>;
}

/** A component that can be instantiated: its definition, or while validating, the type that an import declares. */
export type ComponentValue =
  | { readonly kind: "defined"; readonly component: ComponentDefinition; readonly closure: Closure }
  | { readonly kind: "declared"; readonly type: ComponentTypeValue };

export interface ModuleValue {
  /**
   * Index among the core modules of the plan; -1 for one that is only declared, while validating; below that for
   * imported ones (`importedModuleIndex`).
   */
  readonly index: number;
  readonly signature: ModuleSignature;
  /** Linear memories that an instance defines. */
  readonly memories: number;
  /** Initial elements of each table that an instance defines. */
  readonly tableElements: readonly bigint[];
}

/** Component-level items: what instances export and instantiations take. */
export interface ItemValues {
  readonly func: FuncValue;
  readonly type: TypeValue;
  readonly instance: InstanceValue;
  readonly component: ComponentValue;
  readonly "core module": ModuleValue;
}

export type ItemSort = keyof ItemValues;

export type Item = { readonly [S in ItemSort]: { readonly sort: S; readonly value: ItemValues[S] } }[ItemSort];

/** A core function, memory, table, global or tag. */
export interface CoreEntity extends CoreEntityType {
  readonly item: CoreItem;
}

export interface CoreInstanceValue {
  readonly find: (name: string) => CoreEntity | undefined;
}

export type CoreTypeValue =
  | { readonly kind: "func"; readonly type: FunctionType }
  | { readonly kind: "module"; readonly signature: ModuleSignature };

/** The entry type of each index space. */
export interface Spaces {
  readonly "core func": CoreEntity;
  readonly "core table": CoreEntity;
  readonly "core memory": CoreEntity;
  readonly "core global": CoreEntity;
  readonly "core tag": CoreEntity;
  readonly "core type": CoreTypeValue;
  readonly "core module": ModuleValue;
  readonly "core instance": CoreInstanceValue;
  readonly func: FuncValue;
  readonly type: TypeValue;
  readonly component: ComponentValue;
  readonly instance: InstanceValue;
}
