// What the decoder makes of a component binary: definitions in the order of the file, still in terms of indices.
// Nothing is resolved here; `offset` is where a definition starts in the file, for errors.
// Spec: component-model Binary.md.

import type { PrimitiveKind, StringEncoding } from "../../canonical-abi/types.ts";
import type { Limits, TableType, GlobalType } from "../../binary/types.ts";

export type CoreSort =
  | "core func"
  | "core table"
  | "core memory"
  | "core global"
  | "core tag"
  | "core type"
  | "core module"
  | "core instance";

export type Sort = CoreSort | "func" | "type" | "component" | "instance";

export interface SortIndex {
  readonly sort: Sort;
  readonly index: number;
}

export interface NamedIndex extends SortIndex {
  readonly name: string;
}

/** A value type where it is used: a primitive, or the index of a type definition. */
export type ValTypeRef = PrimitiveKind | number;

export interface LabelledType {
  readonly name: string;
  readonly type: ValTypeRef;
}

export type TypeDefinition =
  | { readonly kind: "primitive"; readonly primitive: PrimitiveKind }
  | { readonly kind: "record"; readonly fields: readonly LabelledType[] }
  | {
      readonly kind: "variant";
      readonly cases: readonly { readonly name: string; readonly type: ValTypeRef | undefined }[];
    }
  | { readonly kind: "list"; readonly element: ValTypeRef }
  | { readonly kind: "fixed-list"; readonly element: ValTypeRef; readonly length: number }
  | { readonly kind: "map"; readonly key: ValTypeRef; readonly value: ValTypeRef }
  | { readonly kind: "tuple"; readonly types: readonly ValTypeRef[] }
  | { readonly kind: "flags"; readonly names: readonly string[] }
  | { readonly kind: "enum"; readonly names: readonly string[] }
  | { readonly kind: "option"; readonly type: ValTypeRef }
  | { readonly kind: "result"; readonly ok: ValTypeRef | undefined; readonly err: ValTypeRef | undefined }
  | { readonly kind: "own" | "borrow"; readonly resource: number }
  | { readonly kind: "func"; readonly params: readonly LabelledType[]; readonly result: ValTypeRef | undefined }
  | { readonly kind: "resource"; readonly dtor: number | undefined }
  | { readonly kind: "component"; readonly declarations: readonly Declaration[] }
  | { readonly kind: "instance"; readonly declarations: readonly Declaration[] };

export type CoreExternType =
  | { readonly kind: "func"; readonly type: number }
  | { readonly kind: "table"; readonly type: TableType }
  | { readonly kind: "memory"; readonly type: Limits }
  | { readonly kind: "global"; readonly type: GlobalType }
  | { readonly kind: "tag"; readonly type: number };

export type CoreTypeDefinition =
  | { readonly kind: "func"; readonly params: readonly string[]; readonly results: readonly string[] }
  | { readonly kind: "module"; readonly declarations: readonly ModuleDeclaration[] };

export type ModuleDeclaration =
  | { readonly kind: "import"; readonly module: string; readonly name: string; readonly type: CoreExternType }
  | { readonly kind: "type"; readonly type: CoreTypeDefinition }
  | { readonly kind: "alias"; readonly count: number; readonly index: number }
  | { readonly kind: "export"; readonly name: string; readonly type: CoreExternType };

/** What an import or export is declared to be; indices are into the type spaces. */
export type ExternType =
  | { readonly kind: "module"; readonly type: number }
  | { readonly kind: "func" | "component" | "instance"; readonly type: number }
  | { readonly kind: "type"; readonly equal: number }
  | { readonly kind: "resource" };

export type Alias =
  | {
      readonly kind: "alias-export";
      readonly sort: Sort;
      readonly instance: number;
      readonly name: string;
      readonly offset: number;
    }
  | {
      readonly kind: "alias-core-export";
      readonly sort: CoreSort;
      readonly instance: number;
      readonly name: string;
      readonly offset: number;
    }
  | {
      readonly kind: "alias-outer";
      readonly sort: Sort;
      readonly count: number;
      readonly index: number;
      readonly offset: number;
    };

export interface ExternDeclaration {
  readonly name: string;
  readonly type: ExternType;
  readonly offset: number;
}

export type Declaration =
  | { readonly kind: "core-type"; readonly type: CoreTypeDefinition; readonly offset: number }
  | { readonly kind: "type"; readonly type: TypeDefinition; readonly offset: number }
  | Alias
  | ({ readonly kind: "import" } & ExternDeclaration)
  | ({ readonly kind: "export-declaration" } & ExternDeclaration);

/** Indices into the core function and memory spaces. */
export interface CanonOptions {
  readonly encoding: StringEncoding;
  readonly memory: number | undefined;
  readonly realloc: number | undefined;
  readonly postReturn: number | undefined;
}

export type Canon =
  | {
      readonly kind: "canon-lift";
      readonly func: number;
      readonly type: number;
      readonly options: CanonOptions;
      readonly offset: number;
    }
  | { readonly kind: "canon-lower"; readonly func: number; readonly options: CanonOptions; readonly offset: number }
  | {
      readonly kind: "resource-new" | "resource-drop" | "resource-rep";
      readonly resource: number;
      readonly offset: number;
    };

export type Definition =
  | { readonly kind: "core-module"; readonly bytes: Uint8Array; readonly offset: number }
  | {
      readonly kind: "core-instantiate";
      readonly module: number;
      readonly args: readonly { readonly name: string; readonly instance: number }[];
      readonly offset: number;
    }
  | { readonly kind: "core-bundle"; readonly exports: readonly NamedIndex[]; readonly offset: number }
  | { readonly kind: "core-type"; readonly type: CoreTypeDefinition; readonly offset: number }
  | { readonly kind: "component"; readonly component: ComponentDefinition; readonly offset: number }
  | {
      readonly kind: "instantiate";
      readonly component: number;
      readonly args: readonly NamedIndex[];
      readonly offset: number;
    }
  | { readonly kind: "bundle"; readonly exports: readonly NamedIndex[]; readonly offset: number }
  | { readonly kind: "type"; readonly type: TypeDefinition; readonly offset: number }
  | Alias
  | Canon
  | ({ readonly kind: "import" } & ExternDeclaration)
  | {
      readonly kind: "export";
      readonly name: string;
      readonly item: SortIndex;
      readonly type: ExternType | undefined;
      readonly offset: number;
    };

export interface ComponentDefinition {
  readonly definitions: readonly Definition[];
}
