import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { describeComponent, exportedFunctions, linkComponent } from "../../src/component/index.ts";

const types: readonly (readonly [type: string, printed: string])[] = [
  ["u8", "u8"],
  ["string", "string"],
  ["(list (option char))", "list<option<char>>"],
  ["(tuple u8 f64)", "tuple<u8, f64>"],
  ["(result)", "result"],
  ["(result u8)", "result<u8>"],
  ["(result (error string))", "result<_, string>"],
  ["(result u8 (error string))", "result<u8, string>"],
  ['(record (field "a-b" bool) (field "c" s64))', "record { a-b: bool, c: s64 }"],
  ['(variant (case "none") (case "some" u16))', "variant { none, some(u16) }"],
  ['(enum "north" "south")', "enum { north, south }"],
  ['(flags "read" "write")', "flags { read, write }"],
];

for (const [type, printed] of types) {
  test(`describe: ${type} is ${printed}`, async () => {
    const { plan } = linkComponent(
      await parse(`(component (type $t' ${type}) (import "t" (type $t (eq $t'))) (import "f" (func (param "x" $t))))`),
    );
    assert.deepEqual(describeComponent(plan).imports[1], {
      name: "f",
      kind: "func",
      type: `func(x: ${printed})`,
    });
  });
}

test("describe: instances and resources are printed as WIT", async () => {
  const { plan } = linkComponent(
    await parse(`(component
      (import "wasi:io/streams@0.2.0" (instance $s
        (export "stream" (type $stream (sub resource)))
        (export "open" (func (result (own $stream))))
        (export "[method]stream.read" (func (param "self" (borrow $stream)) (param "n" u64) (result (list u8))))))
      (alias export $s "open" (func $open))
      (instance $i (export "open" (func $open)))
      (export "io" (instance $i)))`),
  );
  const { imports, exports } = describeComponent(plan);
  assert.deepEqual(imports, [
    {
      name: "wasi:io/streams@0.2.0",
      kind: "instance",
      type: [
        "interface {",
        "  stream: resource;",
        "  open: func() -> stream;",
        "  [method]stream.read: func(self: borrow<stream>, n: u64) -> list<u8>;",
        "}",
      ].join("\n"),
    },
  ]);
  assert.deepEqual(exports, [{ name: "io", kind: "instance", type: "interface {\n  open: func() -> stream;\n}" }]);
  assert.deepEqual(exportedFunctions(plan), ["io#open"]);
});
