// Whether a function that a component imports has the type that the host gave it. Types of WIT are equal by structure,
// resources by which of the host's they are.
// Spec: Explainer "Type Checking".

import type { FuncType, ResourceId, ValType } from "../../canonical-abi/types.ts";
import type { HostResource } from "../../engine/host-functions.ts";
import type { HostFuncType, HostValType } from "../../engine/host-types.ts";

type Resources = ReadonlyMap<ResourceId, HostResource>;

function sameNames(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name, index) => name === right[index]);
}

interface NamedType<T> {
  readonly name: string;
  readonly type: T | undefined;
}

function sameItems(
  guest: readonly NamedType<ValType>[],
  host: readonly NamedType<HostValType>[],
  resources: Resources,
): boolean {
  return (
    guest.length === host.length &&
    guest.every((item, index) => {
      const other = host[index];
      return item.name === other?.name && sameOptional(item.type, other.type, resources);
    })
  );
}

function sameOptional(guest: ValType | undefined, host: HostValType | undefined, resources: Resources): boolean {
  if (guest === undefined || host === undefined) return guest === undefined && host === undefined;
  return sameType(guest, host, resources);
}

function sameType(guest: ValType, host: HostValType, resources: Resources): boolean {
  switch (guest.kind) {
    case "list":
      return host.kind === "list" && sameType(guest.element, host.element, resources);
    case "record":
      return host.kind === "record" && sameItems(guest.fields, host.fields, resources);
    case "tuple":
      return (
        host.kind === "tuple" &&
        guest.types.length === host.types.length &&
        guest.types.every((type, index) => sameOptional(type, host.types[index], resources))
      );
    case "variant":
      return host.kind === "variant" && sameItems(guest.cases, host.cases, resources);
    case "enum":
    case "flags":
      return host.kind === guest.kind && sameNames(guest.names, host.names);
    case "option":
      return host.kind === "option" && sameType(guest.type, host.type, resources);
    case "result":
      return (
        host.kind === "result" &&
        sameOptional(guest.ok, host.ok, resources) &&
        sameOptional(guest.err, host.err, resources)
      );
    case "own":
    case "borrow":
      return host.kind === guest.kind && resources.get(guest.resource) === host.resource;
    default:
      return host.kind === guest.kind;
  }
}

export function hasHostType(guest: FuncType, host: HostFuncType, resources: Resources): boolean {
  const params = host.params.map(({ name, type }, index) => ({
    name: name || (guest.params[index]?.name ?? ""),
    type,
  }));
  return sameItems(guest.params, params, resources) && sameOptional(guest.result, host.result, resources);
}
