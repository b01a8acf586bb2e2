// Prints what a component imports and exports as WIT text, for people. Types are written out where they are used:
// a plan keeps no names of types other than resources.
// Spec: WIT.md.

import type { FuncType, ResourceId, ValType } from "../canonical-abi/types.ts";
import type { ComponentPlan, ExternPlan } from "./plan.ts";

export interface ExternDescription {
  readonly name: string;
  readonly kind: ExternPlan["kind"];
  /** WIT text, e.g. `func(request: record { uri: string }) -> result<_, string>`; instances take several lines. */
  readonly type: string;
}

export interface ComponentDescription {
  readonly imports: readonly ExternDescription[];
  readonly exports: readonly ExternDescription[];
}

type ResourceName = (id: ResourceId) => string;

function resourceNames(plan: ComponentPlan): ResourceName {
  return (id) => {
    const resource = plan.resources[id];
    const name = resource?.kind === "imported" ? resource.path.at(-1) : resource?.name;
    return name ?? `resource-${id}`;
  };
}

function printOptional(type: ValType | undefined, names: ResourceName): string {
  return type === undefined ? "_" : printType(type, names);
}

function printResult(type: ValType & { readonly kind: "result" }, names: ResourceName): string {
  if (type.err !== undefined) return `result<${printOptional(type.ok, names)}, ${printType(type.err, names)}>`;
  return type.ok === undefined ? "result" : `result<${printType(type.ok, names)}>`;
}

function printType(type: ValType, names: ResourceName): string {
  switch (type.kind) {
    case "list":
      return `list<${printType(type.element, names)}>`;
    case "option":
      return `option<${printType(type.type, names)}>`;
    case "tuple":
      return `tuple<${type.types.map((part) => printType(part, names)).join(", ")}>`;
    case "result":
      return printResult(type, names);
    case "record":
      return `record { ${type.fields.map((field) => `${field.name}: ${printType(field.type, names)}`).join(", ")} }`;
    case "variant": {
      const cases = type.cases.map((item) =>
        item.type === undefined ? item.name : `${item.name}(${printType(item.type, names)})`,
      );
      return `variant { ${cases.join(", ")} }`;
    }
    case "enum":
    case "flags":
      return `${type.kind} { ${type.names.join(", ")} }`;
    case "own":
      return names(type.resource);
    case "borrow":
      return `borrow<${names(type.resource)}>`;
    default:
      return type.kind;
  }
}

function printFunc(type: FuncType | undefined, names: ResourceName): string {
  if (type === undefined) return "func";
  const params = type.params.map((param) => `${param.name}: ${printType(param.type, names)}`).join(", ");
  return type.result === undefined ? `func(${params})` : `func(${params}) -> ${printType(type.result, names)}`;
}

function printItem(plan: ComponentPlan, item: ExternPlan, names: ResourceName, indent: string): string {
  switch (item.kind) {
    case "func":
      return printFunc(plan.funcTypes[item.type], names);
    case "resource":
      return "resource";
    case "type":
      return `type ${printType(item.type, names)}`;
    case "resource-alias":
      return "resource alias";
    case "module":
    case "exported-module":
      return "core module";
    case "component":
      return "component";
    case "other":
      return item.what;
    case "instance": {
      const inner = `${indent}  `;
      const lines = item.items.map((part) => `${inner}${part.name}: ${printItem(plan, part, names, inner)};\n`);
      return lines.length === 0 ? "interface {}" : `interface {\n${lines.join("")}${indent}}`;
    }
  }
}

/** What the component needs and offers, in the order of its binary. */
export function describeComponent(plan: ComponentPlan): ComponentDescription {
  const names = resourceNames(plan);
  const describe = (item: ExternPlan): ExternDescription => ({
    name: item.name,
    kind: item.kind,
    type: printItem(plan, item, names, ""),
  });
  return { imports: plan.imports.map(describe), exports: plan.exports.map(describe) };
}
