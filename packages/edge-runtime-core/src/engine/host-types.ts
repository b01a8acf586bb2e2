// Types of host functions, as their WIT texts declare them. The linker compares them with what a component says that it
// imports: values are lifted by the guest's declaration, so without this a guest could have a host function called with
// values of shapes that it does not expect.
// Spec: component-model WIT.md "Types".

import type { CaseOf, FieldOf, FuncTypeOf, PrimitiveKind, ValTypeOf } from "../canonical-abi/types.ts";
import type { HostResource } from "./host-functions.ts";

export type HostValType = ValTypeOf<HostResource>;
export type HostField = FieldOf<HostResource>;
export type HostCase = CaseOf<HostResource>;
export type HostFuncType = FuncTypeOf<HostResource>;

/** Fields, parameters and cases by name, in the order of the WIT text. */
type Named<T> = Readonly<Record<string, T>>;

function primitive(kind: PrimitiveKind): HostValType {
  return { kind };
}

function toFields(named: Named<HostValType>): HostField[] {
  return Object.entries(named).map(([name, type]) => ({ name, type }));
}

/** Writes WIT types down: `wit.func({ len: wit.u64 }, wit.result(wit.list(wit.u8), streamError))`. */
export const wit = {
  bool: primitive("bool"),
  u8: primitive("u8"),
  u16: primitive("u16"),
  u32: primitive("u32"),
  u64: primitive("u64"),
  s8: primitive("s8"),
  s16: primitive("s16"),
  s32: primitive("s32"),
  s64: primitive("s64"),
  f32: primitive("f32"),
  f64: primitive("f64"),
  char: primitive("char"),
  string: primitive("string"),
  list: (element: HostValType): HostValType => ({ kind: "list", element }),
  record: (fields: Named<HostValType>): HostValType => ({ kind: "record", fields: toFields(fields) }),
  tuple: (...types: readonly HostValType[]): HostValType => ({ kind: "tuple", types }),
  /** A case without a payload is undefined. */
  variant: (cases: Named<HostValType | undefined>): HostValType => ({
    kind: "variant",
    cases: Object.entries(cases).map(([name, type]) => ({ name, type })),
  }),
  enum: (...names: readonly string[]): HostValType => ({ kind: "enum", names }),
  option: (type: HostValType): HostValType => ({ kind: "option", type }),
  result: (ok?: HostValType, err?: HostValType): HostValType => ({ kind: "result", ok, err }),
  flags: (...names: readonly string[]): HostValType => ({ kind: "flags", names }),
  own: (resource: HostResource): HostValType => ({ kind: "own", resource }),
  borrow: (resource: HostResource): HostValType => ({ kind: "borrow", resource }),
  func: (params: Named<HostValType>, result?: HostValType): HostFuncType => ({ params: toFields(params), result }),
} as const;
