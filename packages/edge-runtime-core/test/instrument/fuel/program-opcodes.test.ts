// Every operator that Wasmtime runs too stands in an own program, so that its cost is compared.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { parseWat } from "edge-runtime-testing";
import { readOpcode, skipImmediates } from "../../../src/binary/instruction.ts";
import { readCoreModule, SectionId } from "../../../src/binary/module.ts";
import { oneByteOpcodes, prefixedOpcodes } from "../../../src/binary/opcodes.ts";
import { Reader } from "../../../src/binary/reader.ts";

/** Wasmtime refuses the legacy form of exceptions. */
const legacy = new Set(["try", "catch", "catch_all", "rethrow", "delegate"]);

/** Numbers that the SIMD proposals left free. */
const reservedSimd = [
  0x9a, 0xa2, 0xa5, 0xa6, 0xaf, 0xb0, 0xb2, 0xb3, 0xb4, 0xbb, 0xc2, 0xc5, 0xc6, 0xcf, 0xd0, 0xd2, 0xd3, 0xd4, 0xe2,
  0xee,
].map((code) => `simd.0x${code.toString(16)}`);

function expected(): string[] {
  const tables = [oneByteOpcodes, ...prefixedOpcodes.values()];
  const names = tables.flatMap((table) => table.flatMap((opcode) => (opcode === undefined ? [] : [opcode.name])));
  return names.filter((name) => !legacy.has(name) && !reservedSimd.includes(name)).toSorted();
}

function addOpcodes(bytes: Uint8Array, names: Set<string>): void {
  const section = readCoreModule(bytes).sections.find(({ id }) => id === SectionId.code);
  if (section === undefined) return;
  const reader = new Reader(bytes, section.start, section.end);
  for (let functions = reader.count(2); functions > 0; functions--) {
    const size = reader.u32();
    const body = new Reader(bytes, reader.pos, reader.pos + size);
    reader.skip(size);
    for (let groups = body.count(2); groups > 0; groups--) {
      body.u32();
      const type = body.byte();
      if (type === 0x63 || type === 0x64) body.skipLeb(5);
    }
    while (!body.done) {
      const opcode = readOpcode(body);
      skipImmediates(body, opcode.immediate);
      names.add(opcode.name);
    }
  }
}

test("fuel: every operator stands in a program that the oracle ran", async () => {
  const directory = new URL("programs/", import.meta.url);
  const names = new Set<string>();
  for (const file of readdirSync(directory)) {
    const programs = JSON.parse(readFileSync(new URL(file, directory), "utf8")) as { readonly wat: string }[];
    // oxlint-disable-next-line no-await-in-loop
    for (const bytes of await Promise.all(programs.map(({ wat }) => parseWat(wat)))) addOpcodes(bytes, names);
  }
  const missing = expected().filter((name) => !names.has(name));
  assert.deepEqual(missing, []);
});
