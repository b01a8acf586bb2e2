// Reads a global as bits, through a small module that imports it: JavaScript cannot read a v128 and does not promise to
// keep the payload of a NaN.

import { moduleBytes } from "../../packages/edge-runtime-core/test/support/module-builder.ts";
import type { BridgeValue } from "./bit-bridge.ts";

/** Type byte, and what makes two i64 of `global.get 0`. */
const readers = new Map<string, readonly [type: number, code: readonly number[]]>([
  ["i32", [0x7f, [0xad, 0x42, 0]]],
  ["i64", [0x7e, [0x42, 0]]],
  ["f32", [0x7d, [0xbc, 0xad, 0x42, 0]]],
  ["f64", [0x7c, [0xbd, 0x42, 0]]],
  ["v128", [0x7b, [0xfd, 29, 0, 0x23, 0, 0xfd, 29, 1]]],
]);

export interface PrintedGlobal {
  readonly type: string;
  readonly mutable: boolean;
}

export class GlobalBits {
  readonly #modules = new Map<string, WebAssembly.Module>();

  /** The global's value: 16 bytes for numbers and vectors; undefined where JavaScript cannot hold it. */
  read(global: WebAssembly.Global, { type, mutable }: PrintedGlobal): BridgeValue | undefined {
    const reader = readers.get(type);
    if (reader === undefined) return type.includes("exn") ? undefined : { ref: global.value };
    const key = `${type} ${mutable}`;
    const module = this.#modules.get(key) ?? compileReader(reader[0], mutable, reader[1]);
    this.#modules.set(key, module);
    const { exports } = new WebAssembly.Instance(module, { env: { global } });
    const bytes = new Uint8Array(16);
    new BigInt64Array(bytes.buffer).set((exports["read"] as unknown as () => bigint[])());
    return bytes;
  }
}

function compileReader(type: number, mutable: boolean, code: readonly number[]): WebAssembly.Module {
  const bytes = moduleBytes({
    types: [[0x60, 0, 2, 0x7e, 0x7e]],
    imports: [["env", "global", [3, type, mutable ? 1 : 0]]],
    functions: [0],
    exports: [["read", 0, 0]],
    bodies: [{ code: [0x23, 0, ...code, 0x0b] }],
  });
  return new WebAssembly.Module(bytes);
}
