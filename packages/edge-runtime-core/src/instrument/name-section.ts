// The name section of the rewritten module, so that V8's stack traces name a guest's functions. Function and global
// indices move; label names are dropped, since constructs are inserted. Names are the guest's text: what could break
// a line of a trace is replaced, and their length is bounded. A malformed section is ignored, as V8 ignores it.
// Spec: core, Appendix, Custom Sections, Name Section; extended name section proposal.

import { CompilationFailed } from "edge-runtime-common";
import { Reader } from "../binary/reader.ts";
import { Writer } from "../binary/writer.ts";
import { calledIndex } from "./calling-convention.ts";
import type { Injection } from "./injection.ts";

const Subsection = { module: 0, functions: 1, locals: 2, globals: 7 } as const;

/** Type, table, memory, element, data, field and tag names: their indices stay. */
const kept: ReadonlySet<number> = new Set([4, 5, 6, 8, 9, 10, 11]);

/** Stands for control characters. */
const questionMark = 0x3f;

/** Most bytes of a function's name. */
const maxNameBytes = 512;

type Range = Pick<Reader, "bytes" | "pos" | "end">;

interface FunctionNames {
  /** Name map entries with their indices moved. */
  readonly entries: Writer;
  readonly count: number;
}

export interface NameSection {
  readonly content: Writer;
  /** Functions of the original's own code that have a name. */
  readonly namedFunctions: number;
}

/** Copies a name without control characters, cut at a character's end where it is too long. */
function copyName(reader: Reader, out: Writer): void {
  const { bytes } = reader;
  const size = reader.u32();
  const start = reader.pos;
  reader.skip(size);
  let end = start + Math.min(size, maxNameBytes);
  while (end < reader.pos && end > start && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  out.u32(end - start);
  let copied = start;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x20 && byte !== 0x7f) continue;
    out.copy(bytes, copied, at);
    out.byte(questionMark);
    copied = at + 1;
  }
  out.copy(bytes, copied, end);
}

function skipNameMap(reader: Reader): void {
  for (let count = reader.count(2); count > 0; count--) {
    reader.u32();
    reader.skip(reader.u32());
  }
}

function sameContent({ bytes, pos, end }: Range): Writer {
  const out = new Writer(end - pos);
  out.copy(bytes, pos, end);
  return out;
}

class NameCopier {
  readonly #injection: Injection;
  readonly subsections: (readonly [id: number, content: Writer])[] = [];
  functions: FunctionNames = { entries: new Writer(16), count: 0 };
  namedFunctions = 0;

  constructor(injection: Injection) {
    this.#injection = injection;
  }

  copy(reader: Reader): void {
    while (!reader.done) {
      const id = reader.byte();
      const size = reader.u32();
      const start = reader.pos;
      reader.skip(size);
      this.#copySubsection(id, new Reader(reader.bytes, start, reader.pos));
    }
  }

  #copySubsection(id: number, reader: Reader): void {
    if (id === Subsection.functions) this.functions = this.#functionNames(reader);
    else if (id === Subsection.locals) this.subsections.push([id, this.#localNames(reader)]);
    else if (id === Subsection.globals) this.subsections.push([id, this.#globalNames(reader)]);
    else if (kept.has(id)) this.subsections.push([id, sameContent(reader)]);
  }

  #functionNames(reader: Reader): FunctionNames {
    const entries = new Writer(reader.remaining + 64);
    const count = reader.count(2);
    const { importedFunctions } = this.#injection.shape;
    for (let index = 0; index < count; index++) {
      const original = reader.u32();
      if (original >= importedFunctions) this.namedFunctions += 1;
      entries.u32(calledIndex(this.#injection, original));
      copyName(reader, entries);
    }
    return { entries, count };
  }

  #localNames(reader: Reader): Writer {
    const out = new Writer(reader.remaining + 64);
    const count = reader.count(2);
    out.u32(count);
    for (let index = 0; index < count; index++) {
      out.u32(calledIndex(this.#injection, reader.u32()));
      const start = reader.pos;
      skipNameMap(reader);
      out.copy(reader.bytes, start, reader.pos);
    }
    return out;
  }

  #globalNames(reader: Reader): Writer {
    const out = new Writer(reader.remaining + 64);
    const count = reader.count(2);
    out.u32(count);
    for (let index = 0; index < count; index++) {
      out.u32(this.#injection.globalIndex(reader.u32()));
      copyName(reader, out);
    }
    return out;
  }
}

function copied(injection: Injection, section: Range | undefined): NameCopier {
  const copier = new NameCopier(injection);
  if (section === undefined) return copier;
  try {
    copier.copy(new Reader(section.bytes, section.pos, section.end));
    return copier;
  } catch (error) {
    if (error instanceof CompilationFailed) return new NameCopier(injection);
    throw error;
  }
}

/** Content of the section behind its name. `section` is the content of the original's, if it has one. */
export function nameSection(injection: Injection, section: Range | undefined, moduleName: string): NameSection {
  const { functions, subsections, namedFunctions } = copied(injection, section);
  const content = new Writer(functions.entries.length + 256);
  const name = new Writer(32);
  name.asciiName(moduleName);
  content.section(Subsection.module, name);
  const injected = injection.functionNames;
  const map = new Writer(functions.entries.length + 32);
  map.u32(functions.count + injected.length);
  map.appendWriter(functions.entries);
  for (const [index, key] of injected) {
    map.u32(index);
    map.asciiName(`${injection.prefix} ${key}`);
  }
  content.section(Subsection.functions, map);
  for (const [id, subsection] of subsections) content.section(id, subsection);
  return { content, namedFunctions };
}
