// Functions at V8's own limits, where metering has no room: named here and in the output, not hidden.

import { CompilationFailed } from "edge-runtime-common";
import { readCoreModule, rewriteProgram, SectionId, Writer } from "edge-runtime-core/internal";
import { leb, moduleBytes } from "../../packages/edge-runtime-core/test/support/module-builder.ts";
import { BitBridges } from "../wasm/bit-bridge.ts";
import { GlobalBits } from "../wasm/global-bits.ts";
import { replaceSection } from "../wasm/sections.ts";
import { tryModule } from "./differential.ts";

export interface NamedException {
  readonly name: string;
  readonly outcome: string;
  readonly passed: boolean;
}

/** Limits of V8: locals of a function, and bytes of its body. */
const maxLocals = 50_000;
const maxBodyBytes = 7_654_321;

/** Loops five times with its counter in the last of `locals` locals. */
function manyLocals(locals: number): Uint8Array {
  const last = leb(locals - 1);
  const loop = [0x03, 0x40, 0x20, ...last, 0x41, 1, 0x6b, 0x22, ...last, 0x0d, 0, 0x0b];
  return moduleBytes({
    types: [[0x60, 0, 1, 0x7f]],
    functions: [0],
    exports: [["f", 0, 0]],
    bodies: [
      {
        locals: [
          [locals - 1, 0x7e],
          [1, 0x7f],
        ],
        code: [0x41, 5, 0x21, ...last, ...loop, 0x20, ...last, 0x0b],
      },
    ],
  });
}

/** A body of as many bytes as V8 takes, of one instruction over and over. */
function largeBody(instruction: readonly number[]): Uint8Array {
  const small = moduleBytes({
    types: [[0x60, 0, 0]],
    functions: [0],
    exports: [["f", 0, 0]],
    bodies: [{ code: [0x0b] }],
  });
  const count = Math.floor((maxBodyBytes - 16) / instruction.length);
  const body = new Writer(maxBodyBytes);
  body.byte(0);
  for (let index = 0; index < count; index++) body.append(instruction);
  body.byte(0x0b);
  const code = new Writer(maxBodyBytes + 16);
  code.u32(1);
  code.sized(body);
  return replaceSection(readCoreModule(small), SectionId.code, code);
}

async function runsAlike(name: string, bytes: Uint8Array): Promise<NamedException> {
  const options = { seed: 1, rounds: 1, bridges: new BitBridges(), bits: new GlobalBits() };
  const { kind, findings } = await tryModule(bytes, options);
  const passed = kind === "compared" && findings.length === 0;
  return { name, passed, outcome: passed ? "runs alike in every way" : `${kind}: ${findings.join("; ")}` };
}

/** Compiles as the engine does; too large an outcome must be a typed error. */
function compilesOrRefuses(name: string, bytes: Uint8Array): NamedException {
  if (!WebAssembly.validate(bytes)) return { name, passed: false, outcome: "V8 refuses the original" };
  try {
    for (const core of rewriteProgram(bytes, "fuel").cores) void new WebAssembly.Module(core.bytes);
    return { name, passed: true, outcome: "compiles" };
  } catch (error) {
    return {
      name,
      passed: error instanceof CompilationFailed,
      outcome: `refused: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

export async function namedExceptions(): Promise<NamedException[]> {
  return [
    await runsAlike(`a function of all ${maxLocals} locals (counter in its global)`, manyLocals(maxLocals)),
    await runsAlike(`a function of ${maxLocals - 1} locals`, manyLocals(maxLocals - 1)),
    compilesOrRefuses("a body at V8's size limit, of nop", largeBody([0x01])),
    compilesOrRefuses("a body at V8's size limit, of constants and drops", largeBody([0x41, 0, 0x1a])),
  ];
}
