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

export interface Field {
  readonly name: string;
  readonly type: ValType;
}

export interface Case {
  readonly name: string;
  readonly type: ValType | undefined;
}

/** Index of a resource type in its component's plan; unique over all nested instances. */
export type ResourceId = number;

export type ValType =
  | { readonly kind: PrimitiveKind }
  | { readonly kind: "list"; readonly element: ValType }
  | { readonly kind: "record"; readonly fields: readonly Field[] }
  | { readonly kind: "tuple"; readonly types: readonly ValType[] }
  | { readonly kind: "variant"; readonly cases: readonly Case[] }
  | { readonly kind: "enum"; readonly names: readonly string[] }
  | { readonly kind: "option"; readonly type: ValType }
  | { readonly kind: "result"; readonly ok: ValType | undefined; readonly err: ValType | undefined }
  | { readonly kind: "flags"; readonly names: readonly string[] }
  | { readonly kind: "own"; readonly resource: ResourceId }
  | { readonly kind: "borrow"; readonly resource: ResourceId };

export interface FuncType {
  readonly params: readonly Field[];
  readonly result: ValType | undefined;
}

export type StringEncoding = "utf8" | "utf16" | "latin1+utf16";
