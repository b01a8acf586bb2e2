import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValType } from "edge-runtime-core";
import { componentValueToJson } from "../src/component-values.ts";
import type { Json } from "../src/component-values.ts";

const U8 = { kind: "u8" } as const;
const TEXT = { kind: "string" } as const;
const OPTION = { kind: "option", type: U8 } as const;

const CASES: readonly [name: string, type: ValType, value: unknown, json: Json][] = [
  ["bool", { kind: "bool" }, true, true],
  ["u32", { kind: "u32" }, 4294967295, 4294967295],
  ["u64 as a string", { kind: "u64" }, 18446744073709551615n, "18446744073709551615"],
  ["s64 as a string", { kind: "s64" }, -1n, "-1"],
  ["f64", { kind: "f64" }, 1.5, 1.5],
  ["NaN as a string", { kind: "f32" }, NaN, "NaN"],
  ["char", { kind: "char" }, "é", "é"],
  ["list<u8> of a typed array", { kind: "list", element: U8 }, new Uint8Array([1, 2]), [1, 2]],
  ["list<u64> of a typed array", { kind: "list", element: { kind: "u64" } }, new BigUint64Array([1n]), ["1"]],
  ["tuple", { kind: "tuple", types: [U8, TEXT] }, [1, "a"], [1, "a"]],
  ["record with the keys of WIT", record("http-status", "x1"), { httpStatus: 1, x1: 2 }, { "http-status": 1, x1: 2 }],
  ["enum", { kind: "enum", names: ["not-found"] }, "not-found", "not-found"],
  ["flags as names", { kind: "flags", names: ["read-all", "write"] }, { readAll: true, write: false }, ["read-all"]],
  ["variant with a payload", shape(), { tag: "circle", val: 2 }, { tag: "circle", val: 2 }],
  ["variant without one", shape(), { tag: "none" }, { tag: "none" }],
  ["result ok", { kind: "result", ok: U8, err: TEXT }, { tag: "ok", val: 1 }, { tag: "ok", val: 1 }],
  ["result err", { kind: "result", ok: undefined, err: TEXT }, { tag: "err", val: "no" }, { tag: "err", val: "no" }],
  ["result ok of nothing", { kind: "result", ok: undefined, err: TEXT }, { tag: "ok", val: undefined }, { tag: "ok" }],
  ["option none", OPTION, undefined, null],
  ["option some", OPTION, 0, 0],
  ["option of option none", { kind: "option", type: OPTION }, { tag: "none" }, { tag: "none" }],
  ["option of some none", { kind: "option", type: OPTION }, { tag: "some" }, { tag: "some", val: null }],
  ["resource", { kind: "own", resource: 0 }, {}, "resource"],
];

for (const [name, type, value, json] of CASES) {
  test(`component-values: ${name}`, () => {
    assert.deepEqual(componentValueToJson(value, type), json);
    assert.doesNotThrow(() => JSON.stringify(json));
  });
}

function record(...names: readonly string[]): ValType {
  return { kind: "record", fields: names.map((name) => ({ name, type: U8 })) };
}

function shape(): ValType {
  return {
    kind: "variant",
    cases: [
      { name: "circle", type: U8 },
      { name: "none", type: undefined },
    ],
  };
}
