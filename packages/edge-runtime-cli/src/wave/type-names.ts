// Types as WIT writes them, short enough for an error message.

import type { ValType } from "edge-runtime-core";

const DEEPEST_SHOWN = 3;
const LONGEST_LISTED = 8;

function list(names: readonly string[]): string {
  const shown = names.slice(0, LONGEST_LISTED).join(", ");
  return names.length > LONGEST_LISTED ? `${shown}, ...` : shown;
}

/** E.g. `list<u8>`, `enum { left, right }`, `result<_, string>`. */
export function describeType(type: ValType, depth = 0): string {
  if (depth > DEEPEST_SHOWN) return "...";
  const part = (inner: ValType | undefined): string => (inner === undefined ? "_" : describeType(inner, depth + 1));
  switch (type.kind) {
    case "list":
      return `list<${part(type.element)}>`;
    case "option":
      return `option<${part(type.type)}>`;
    case "tuple":
      return `tuple<${list(type.types.map(part))}>`;
    case "result":
      if (type.err !== undefined) return `result<${part(type.ok)}, ${part(type.err)}>`;
      return type.ok === undefined ? "result" : `result<${part(type.ok)}>`;
    case "record":
      return `record { ${list(type.fields.map((field) => `${field.name}: ${part(field.type)}`))} }`;
    case "variant":
      return `variant { ${list(type.cases.map(({ name, type: payload }) => (payload === undefined ? name : `${name}(${part(payload)})`)))} }`;
    case "enum":
    case "flags":
      return `${type.kind} { ${list(type.names)} }`;
    case "own":
    case "borrow":
      return "resource";
    default:
      return type.kind;
  }
}
