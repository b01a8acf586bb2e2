import assert from "node:assert/strict";
import { test } from "node:test";
import { CompilationFailed } from "edge-runtime-common";
import { validateWasmHeader } from "../../src/binary/header.ts";

const magic = [0x00, 0x61, 0x73, 0x6d];

test("header: tells core modules from components", () => {
  assert.equal(validateWasmHeader(new Uint8Array([...magic, 1, 0, 0, 0])), "core");
  assert.equal(validateWasmHeader(new Uint8Array([...magic, 0x0d, 0, 1, 0])), "component");
  assert.equal(validateWasmHeader(new Uint8Array([...magic, 1, 0, 0, 0, 0xff, 0xff])), "core");
});

const refused: readonly (readonly [name: string, bytes: readonly number[], reason: string])[] = [
  ["no bytes", [], "too short for WebAssembly: 0 bytes, at least 8 needed"],
  ["a magic number alone", magic, "too short for WebAssembly: 4 bytes, at least 8 needed"],
  ["seven bytes", [...magic, 1, 0, 0], "too short for WebAssembly: 7 bytes, at least 8 needed"],
  ["text", [...Buffer.from("(module)")], "not WebAssembly: the magic number \\0asm is missing at offset 0"],
  [
    "one wrong byte",
    [0, 0x61, 0x73, 0x6c, 1, 0, 0, 0],
    "not WebAssembly: the magic number \\0asm is missing at offset 0",
  ],
  ["version 2", [...magic, 2, 0, 0, 0], "unknown binary version 2 (layer 0)"],
  ["version 256", [...magic, 0, 1, 0, 0], "unknown binary version 256 (layer 0)"],
  ["version 0", [...magic, 0, 0, 0, 0], "unknown binary version 0 (layer 0)"],
  ["layer 2", [...magic, 1, 0, 2, 0], "unknown binary version 1 (layer 2)"],
  ["layer 256", [...magic, 1, 0, 0, 1], "unknown binary version 1 (layer 256)"],
  [
    "an old component",
    [...magic, 0x0c, 0, 1, 0],
    "component binary version 0xc is not supported (only 0xd is): build it again with current tools",
  ],
  [
    "a core version in a component's layer",
    [...magic, 1, 0, 1, 0],
    "component binary version 0x1 is not supported (only 0xd is): build it again with current tools",
  ],
];

for (const [name, bytes, reason] of refused) {
  test(`header: refuses ${name}`, () => {
    assert.throws(
      () => validateWasmHeader(new Uint8Array(bytes)),
      (error: unknown) => error instanceof CompilationFailed && error.reason === reason,
    );
  });
}
