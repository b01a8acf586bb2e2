// Structural equality of resolved types; resources are equal only where they are the same resource. It returns what
// differs, so that an error can say more than "mismatch".
// Spec: Explainer "Type Checking".

import type { FuncType, ValType } from "../../canonical-abi/types.ts";

function differentNames(left: readonly string[], right: readonly string[], what: string): string | undefined {
  if (left.length !== right.length) return `expected ${left.length} ${what}s, found ${right.length}`;
  const at = left.findIndex((name, index) => name !== right[index]);
  return at < 0 ? undefined : `expected ${what} named "${left[at] ?? ""}", found "${right[at] ?? ""}"`;
}

type Optional = ValType | undefined;

function firstDifference(left: readonly Optional[], right: readonly Optional[]): string | undefined {
  if (left.length !== right.length) return `expected ${left.length} types, found ${right.length}`;
  for (const [index, type] of left.entries()) {
    const difference = optionalDifference(type, right[index]);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function optionalDifference(left: Optional, right: Optional): string | undefined {
  if (left === undefined || right === undefined) {
    return left === right ? undefined : `expected ${left?.kind ?? "no type"}, found ${right?.kind ?? "no type"}`;
  }
  return typeDifference(left, right);
}

interface Outline {
  readonly what: string;
  readonly names: readonly string[];
  readonly types: readonly Optional[];
}

function outline(type: ValType): Outline {
  switch (type.kind) {
    case "record":
      return {
        what: "record field",
        names: type.fields.map(({ name }) => name),
        types: type.fields.map((field) => field.type),
      };
    case "variant":
      return {
        what: "variant case",
        names: type.cases.map(({ name }) => name),
        types: type.cases.map((item) => item.type),
      };
    case "enum":
      return { what: "enum case", names: type.names, types: [] };
    case "flags":
      return { what: "flag", names: type.names, types: [] };
    case "list":
      return { what: "element", names: [], types: [type.element] };
    case "tuple":
      return { what: "element", names: [], types: type.types };
    case "option":
      return { what: "payload", names: [], types: [type.type] };
    case "result":
      return { what: "payload", names: [], types: [type.ok, type.err] };
    default:
      return { what: "", names: [], types: [] };
  }
}

/** What makes `found` another type than `expected`; undefined where they are equal. Linear in their size as trees. */
export function typeDifference(expected: ValType, found: ValType): string | undefined {
  if (expected === found) return undefined;
  if (expected.kind !== found.kind) return `expected ${expected.kind}, found ${found.kind}`;
  if (expected.kind === "own" || expected.kind === "borrow") {
    const isSame = (found.kind === "own" || found.kind === "borrow") && expected.resource === found.resource;
    return isSame ? undefined : "resource types are not the same";
  }
  const left = outline(expected);
  const right = outline(found);
  return differentNames(left.names, right.names, left.what) ?? firstDifference(left.types, right.types);
}

export function funcTypeDifference(expected: FuncType, found: FuncType): string | undefined {
  if (expected === found) return undefined;
  const names = (type: FuncType): string[] => type.params.map(({ name }) => name);
  const types = (type: FuncType): ValType[] => type.params.map((param) => param.type);
  return (
    differentNames(names(expected), names(found), "parameter") ??
    firstDifference(types(expected), types(found)) ??
    optionalDifference(expected.result, found.result)
  );
}
