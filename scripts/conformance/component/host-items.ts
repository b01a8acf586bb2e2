// What a script's components may import: the host of the wasmtime suites, and instances that the script has named.
//
// The host counts what is done to its `resource1`, and resources of one instance reach another as the host's own.

import assert from "node:assert/strict";
import type { FuncType, HostFuncType, HostFunction, HostItem, HostResource, HostValType } from "edge-runtime-core";
import { GuestResource, hostInstance, wit } from "edge-runtime-core";
import type { ExternPlan } from "edge-runtime-core/internal";
import type { Living } from "./living.ts";

/** Scripts name parameters as they like. */
function fn(
  params: readonly HostValType[],
  result: HostValType | undefined,
  call: (...args: never[]) => unknown,
): HostFunction {
  const type = { params: params.map((param) => ({ name: "", type: param })), result };
  return { kind: "sync", reads: "nothing", type, call: (_call, ...args) => call(...args) };
}

interface Resource1 {
  readonly rep: number;
}

function resourceItems(): Record<string, HostItem> {
  const seen = { drops: 0, lastDrop: 0 };
  const resource1: HostResource = {
    kind: "resource",
    drop: (value) => {
      seen.drops += 1;
      seen.lastDrop = (value as Resource1).rep;
    },
  };
  const resource2: HostResource = { kind: "resource", drop: () => {} };
  const [own, borrow] = [wit.own(resource1), wit.borrow(resource1)];
  const method = "[method]resource1.";
  return {
    resource1,
    resource2,
    "resource1-again": resource1,
    "[constructor]resource1": fn([wit.u32], own, (rep: number): Resource1 => ({ rep })),
    "[static]resource1.assert": fn([own, wit.u32], undefined, (r: Resource1, rep: number) => assert.equal(r.rep, rep)),
    "[static]resource1.last-drop": fn([], wit.u32, () => seen.lastDrop),
    "[static]resource1.drops": fn([], wit.u32, () => seen.drops),
    [`${method}simple`]: fn([borrow, wit.u32], undefined, (self: Resource1, rep: number) =>
      assert.equal(self.rep, rep),
    ),
    [`${method}take-borrow`]: fn([borrow, borrow], undefined, () => {}),
    [`${method}take-own`]: fn([borrow, own], undefined, () => {}),
    [`${method}never-return`]: { kind: "async", reads: "nothing", call: () => new Promise(() => {}) },
  };
}

/** The items of the host, made for one script: they have state. */
export function hostItems(simpleModule: HostItem): Map<string, HostItem> {
  const four = fn([], wit.u32, () => 4);
  const host = hostInstance({
    "return-three": fn([], wit.u32, () => 3),
    nested: hostInstance({ "return-four": four }),
    "return-hi": fn([], wit.string, () => "hi"),
    "simple-module": simpleModule,
    ...resourceItems(),
  });
  return new Map<string, HostItem>([
    ["host-return-two", fn([], wit.u32, () => 2)],
    ["host-echo-u32", fn([wit.u32], wit.u32, (value: number) => value)],
    ["host", host],
  ]);
}

/** What the host offers as `simple-module`. */
export const simpleModuleText = `(module (global (export "g") i32 i32.const 100)
  (func (export "f") (result i32) i32.const 101))`;

/** The functions, resources and core modules that an instance exports, for others to import. */
export function instanceItems(living: Living, whenDropped: (pending: Promise<void>) => void): HostItem {
  const resources = new Map<number, HostResource>();
  const resource = (id: number): HostResource => {
    const known = resources.get(id) ?? {
      kind: "resource",
      drop: (value) => {
        if (value instanceof GuestResource) whenDropped(living.dispose(value));
      },
    };
    resources.set(id, known);
    return known;
  };
  const items = (externs: readonly ExternPlan[], prefix: string): HostItem =>
    hostInstance(
      Object.fromEntries(
        externs.flatMap((extern): (readonly [string, HostItem])[] => {
          const path = `${prefix}${extern.name}`;
          if (extern.kind === "instance") return [[extern.name, items(extern.items, `${path}#`)]];
          const module = extern.kind === "exported-module" ? living.hostModules.get(extern.core) : undefined;
          if (module !== undefined) return [[extern.name, module]];
          if (extern.kind === "resource") return [[extern.name, resource(extern.resource)]];
          const type = extern.kind === "func" ? living.funcType(path) : undefined;
          if (type === undefined) return [];
          return [[extern.name, forward(living, path, hostFuncType(type, resource))]];
        }),
      ),
    );
  return items(living.exports, "");
}

function forward(living: Living, path: string, type: HostFuncType): HostFunction {
  return { kind: "async", reads: "nothing", type, call: (_call, ...args) => living.serve(path, args) };
}

type ResourceOf = (id: number) => HostResource;

function hostFuncType({ params, result }: FuncType, resource: ResourceOf): HostFuncType {
  return {
    params: params.map(({ type }) => ({ name: "", type: hostValType(type, resource) })),
    result: result === undefined ? undefined : hostValType(result, resource),
  };
}

/** The same type with the host's resources: only the leaves that name one differ. */
function hostValType(type: unknown, resource: ResourceOf): HostValType {
  const replaced = (value: unknown, key: string): unknown => {
    if (key === "resource") return resource(value as number);
    if (Array.isArray(value)) return value.map((item: unknown) => replaced(item, ""));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, replaced(item, name)]));
  };
  return replaced(type, "") as HostValType;
}
