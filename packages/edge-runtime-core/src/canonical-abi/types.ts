// Component-level types, resolved: no type index is left, so that lifting and lowering can be compiled
// to closures once per module. Resources are named by a static id: the whole tree of component instances is
// known before anything runs, so each resource type of each instance has one number per component.
// Spec: component-model Explainer "Type Definitions", CanonicalABI "Despecialization".

export type PrimitiveKind =
  | "bool"
  | "s8"
  | "u8"
  | "s16"
  | "u16"
  | "s32"
  | "u32"
  | "s64"
  | "u64"
  | "f32"
  | "f64"
  | "char"
  | "string";

/** Index of a resource type in its component's plan; unique over all nested instances. */
export type ResourceId = number;

/** A value type whose resources are named by `Resource`: by number in a plan, by what implements them in a host. */
export type ValTypeOf<Resource> =
  | { readonly kind: PrimitiveKind }
  | { readonly kind: "list"; readonly element: ValTypeOf<Resource> }
  | { readonly kind: "record"; readonly fields: readonly FieldOf<Resource>[] }
  | { readonly kind: "tuple"; readonly types: readonly ValTypeOf<Resource>[] }
  | { readonly kind: "variant"; readonly cases: readonly CaseOf<Resource>[] }
  | { readonly kind: "enum"; readonly names: readonly string[] }
  | { readonly kind: "option"; readonly type: ValTypeOf<Resource> }
  | {
      readonly kind: "result";
      readonly ok: ValTypeOf<Resource> | undefined;
      readonly err: ValTypeOf<Resource> | undefined;
    }
  | { readonly kind: "flags"; readonly names: readonly string[] }
  | { readonly kind: "own"; readonly resource: Resource }
  | { readonly kind: "borrow"; readonly resource: Resource };

export interface FieldOf<Resource> {
  readonly name: string;
  readonly type: ValTypeOf<Resource>;
}

export interface CaseOf<Resource> {
  readonly name: string;
  readonly type: ValTypeOf<Resource> | undefined;
}

export interface FuncTypeOf<Resource> {
  readonly params: readonly FieldOf<Resource>[];
  readonly result: ValTypeOf<Resource> | undefined;
}

export type ValType = ValTypeOf<ResourceId>;
export type Field = FieldOf<ResourceId>;
export type Case = CaseOf<ResourceId>;
export type FuncType = FuncTypeOf<ResourceId>;

export type StringEncoding = "utf8" | "utf16" | "latin1+utf16";
