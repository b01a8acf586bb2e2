import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { FuncType, ValType } from "edge-runtime-core";
import { isHandlerType } from "../src/handler-type.ts";

const STRING: ValType = { kind: "string" };
const BYTES: ValType = { kind: "list", element: { kind: "u8" } };
const OPTIONAL_BYTES: ValType = { kind: "option", type: BYTES };
const HEADERS: ValType = { kind: "list", element: { kind: "tuple", types: [STRING, STRING] } };
const METHODS = ["get", "head", "post", "put", "delete", "patch", "options"];

function record(fields: Readonly<Record<string, ValType>>): ValType {
  return { kind: "record", fields: Object.entries(fields).map(([name, type]) => ({ name, type })) };
}

const REQUEST = {
  method: { kind: "enum", names: METHODS },
  uri: STRING,
  headers: HEADERS,
  body: OPTIONAL_BYTES,
} as const;
const RESPONSE = { status: { kind: "u16" }, headers: HEADERS, body: OPTIONAL_BYTES } as const;

function handler(request: ValType, response: ValType | undefined, err: ValType | undefined = STRING): FuncType {
  return { params: [{ name: "request", type: request }], result: { kind: "result", ok: response, err } };
}

describe("handler type", () => {
  const good: readonly (readonly [string, FuncType])[] = [
    ["handle of world http-handler", handler(record(REQUEST), record(RESPONSE))],
    ["a handle whose response always has a body", handler(record(REQUEST), record({ ...RESPONSE, body: BYTES }))],
  ];
  for (const [name, type] of good) {
    test(`handler type: ${name} can be served`, () => assert.equal(isHandlerType(type), true));
  }

  const bad: readonly (readonly [string, FuncType])[] = [
    ["no parameter", { params: [], result: undefined }],
    [
      "two parameters",
      {
        ...handler(record(REQUEST), record(RESPONSE)),
        params: ["a", "b"].map((name) => ({ name, type: record(REQUEST) })),
      },
    ],
    ["no result", { params: [{ name: "request", type: record(REQUEST) }], result: undefined }],
    ["no error case", { ...handler(record(REQUEST), record(RESPONSE)), result: record(RESPONSE) }],
    [
      "an error without text",
      {
        ...handler(record(REQUEST), record(RESPONSE)),
        result: { kind: "result", ok: record(RESPONSE), err: undefined },
      },
    ],
    ["a response without payload", handler(record(REQUEST), undefined)],
    [
      "a method less",
      handler(record({ ...REQUEST, method: { kind: "enum", names: METHODS.slice(1) } }), record(RESPONSE)),
    ],
    [
      "methods in another order",
      handler(record({ ...REQUEST, method: { kind: "enum", names: METHODS.toReversed() } }), record(RESPONSE)),
    ],
    ["a request body that is not optional", handler(record({ ...REQUEST, body: BYTES }), record(RESPONSE))],
    ["a wider status", handler(record(REQUEST), record({ ...RESPONSE, status: { kind: "u32" } }))],
    ["a further field", handler(record({ ...REQUEST, more: STRING }), record(RESPONSE))],
    [
      "fields in another order",
      handler(record(Object.fromEntries(Object.entries(REQUEST).toReversed())), record(RESPONSE)),
    ],
    ["a resource for a request", handler({ kind: "own", resource: 0 }, record(RESPONSE))],
  ];
  for (const [name, type] of bad) {
    test(`handler type: one with ${name} cannot be served`, () => assert.equal(isHandlerType(type), false));
  }
});
