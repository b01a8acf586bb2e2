// Builds a wasm module of imported and defined functions around one table, for code that the host itself writes.

import { bug } from "edge-runtime-common";
import { Writer } from "../../binary/writer.ts";
import type { CoreSignature, CoreType } from "../../canonical-abi/index.ts";

const typeCodes: Readonly<Record<CoreType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c };
const FUNCREF = 0x70;

export class FunctionModuleBuilder {
  readonly #types = new Map<string, number>();
  readonly #typeEntries: CoreSignature[] = [];
  readonly #imports = new Map<string, { readonly index: number; readonly type: number }>();
  readonly #functions: { readonly type: number; readonly body: Writer }[] = [];
  readonly #exports: (readonly [name: string, index: number])[] = [];

  type(signature: CoreSignature): number {
    const key = `${signature.params.join()}>${signature.results.join()}`;
    const known = this.#types.get(key);
    if (known !== undefined) return known;
    this.#types.set(key, this.#typeEntries.length);
    this.#typeEntries.push(signature);
    return this.#typeEntries.length - 1;
  }

  /** All imports come before the first function: their indices do. */
  import(name: string, signature: CoreSignature): void {
    this.#imports.set(name, { index: this.#imports.size, type: this.type(signature) });
  }

  imported(name: string): number {
    return this.#imports.get(name)?.index ?? bug(`the adapter module has no import ${name}`);
  }

  /** Adds a function; `locals` come behind the parameters. `code` writes the instructions, the last `end` included. */
  function(signature: CoreSignature, locals: readonly CoreType[], code: (body: Writer) => void): number {
    const body = new Writer(64);
    body.u32(locals.length);
    for (const local of locals) body.bytes2(1, typeCodes[local]);
    code(body);
    this.#functions.push({ type: this.type(signature), body });
    return this.#imports.size + this.#functions.length - 1;
  }

  export(name: string, index: number): void {
    this.#exports.push([name, index]);
  }

  /** The module; it exports its table of `tableSize` functions as `table`, and imports from the module named "". */
  finish(tableSize: number): Uint8Array {
    const module = new Writer(2048);
    module.append([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
    module.section(1, this.#typeSection());
    module.section(2, this.#importSection());
    const functions = new Writer();
    functions.u32(this.#functions.length);
    for (const { type } of this.#functions) functions.u32(type);
    module.section(3, functions);
    const tables = new Writer();
    tables.append([1, FUNCREF, 0x00]);
    tables.u32(tableSize);
    module.section(4, tables);
    module.section(7, this.#exportSection());
    const code = new Writer(1024);
    code.u32(this.#functions.length);
    for (const { body } of this.#functions) code.sized(body);
    module.section(10, code);
    return module.finish();
  }

  #typeSection(): Writer {
    const section = new Writer();
    section.u32(this.#typeEntries.length);
    for (const { params, results } of this.#typeEntries) {
      section.byte(0x60);
      for (const types of [params, results]) {
        section.u32(types.length);
        section.append(types.map((type) => typeCodes[type]));
      }
    }
    return section;
  }

  #importSection(): Writer {
    const section = new Writer();
    section.u32(this.#imports.size);
    for (const [name, { type }] of this.#imports) {
      section.asciiName("");
      section.asciiName(name);
      section.byte(0x00);
      section.u32(type);
    }
    return section;
  }

  #exportSection(): Writer {
    const section = new Writer();
    section.u32(this.#exports.length + 1);
    section.asciiName("table");
    section.bytes2(0x01, 0);
    for (const [name, index] of this.#exports) {
      section.asciiName(name);
      section.byte(0x00);
      section.u32(index);
    }
    return section;
  }
}
