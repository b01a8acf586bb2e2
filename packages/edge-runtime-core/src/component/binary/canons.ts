// Canonical definitions: lift, lower and the resource built-ins. Those of the async ABI are known by name, so that
// the refusal says what a component needs.
// Spec: Binary.md "Canonical Definitions".

import type { StringEncoding } from "../../canonical-abi/types.ts";
import type { Decoding } from "./decoding.ts";
import type { Canon, CanonOptions } from "./definitions.ts";

const asyncBuiltins: ReadonlyMap<number, string> = new Map([
  [0x05, "task.cancel"],
  [0x06, "subtask.cancel"],
  [0x07, "async resource.drop"],
  [0x08, "backpressure.set"],
  [0x09, "task.return"],
  [0x0a, "context.get"],
  [0x0b, "context.set"],
  [0x0c, "thread.yield"],
  [0x0d, "subtask.drop"],
  [0x0e, "stream.new"],
  [0x0f, "stream.read"],
  [0x10, "stream.write"],
  [0x11, "stream.cancel-read"],
  [0x12, "stream.cancel-write"],
  [0x13, "stream.drop-readable"],
  [0x14, "stream.drop-writable"],
  [0x15, "future.new"],
  [0x16, "future.read"],
  [0x17, "future.write"],
  [0x18, "future.cancel-read"],
  [0x19, "future.cancel-write"],
  [0x1a, "future.drop-readable"],
  [0x1b, "future.drop-writable"],
  [0x1c, "error-context.new"],
  [0x1d, "error-context.debug-message"],
  [0x1e, "error-context.drop"],
  [0x1f, "waitable-set.new"],
  [0x20, "waitable-set.wait"],
  [0x21, "waitable-set.poll"],
  [0x22, "waitable-set.drop"],
  [0x23, "waitable.join"],
  [0x24, "backpressure.inc"],
  [0x25, "backpressure.dec"],
]);

const encodings: readonly StringEncoding[] = ["utf8", "utf16", "latin1+utf16"];

interface DraftOptions {
  encoding?: StringEncoding;
  memory?: number;
  realloc?: number;
  postReturn?: number;
}

type IndexOption = "memory" | "realloc" | "postReturn";

const indexOptions: ReadonlyMap<number, IndexOption> = new Map([
  [0x03, "memory"],
  [0x04, "realloc"],
  [0x05, "postReturn"],
]);

const unsupportedOptions: ReadonlyMap<number, string> = new Map([
  [0x07, "a callback (WASI 0.3)"],
  [0x08, "the GC canonical ABI"],
  [0x09, "the GC canonical ABI"],
]);

function option(reader: Decoding, draft: DraftOptions, what: string): void {
  const at = reader.pos;
  const code = reader.byte();
  const encoding = encodings[code];
  if (encoding !== undefined) {
    if (draft.encoding !== undefined) reader.fail("two string encodings in canonical options", at);
    draft.encoding = encoding;
    return;
  }
  if (code === 0x06) reader.unsupported(`async ${what} (WASI 0.3)`, at);
  const feature = unsupportedOptions.get(code);
  if (feature !== undefined) reader.unsupported(feature, at);
  const key = indexOptions.get(code) ?? reader.fail(`unknown canonical option 0x${code.toString(16)}`, at);
  if (draft[key] !== undefined) reader.fail(`the canonical option ${key} is given twice`, at);
  draft[key] = reader.u32();
}

function options(reader: Decoding, what: string): CanonOptions {
  const draft: DraftOptions = {};
  reader.items(1, () => option(reader, draft, what));
  const { encoding = "utf8", memory, realloc, postReturn } = draft;
  return { encoding, memory, realloc, postReturn };
}

function funcSort(reader: Decoding): void {
  if (reader.byte() !== 0x00) reader.fail("malformed canonical definition", reader.pos - 1);
}

export function canon(reader: Decoding): Canon {
  const offset = reader.pos;
  const code = reader.byte();
  switch (code) {
    case 0x00: {
      funcSort(reader);
      const func = reader.u32();
      const canonOptions = options(reader, "lift");
      return { kind: "canon-lift", func, options: canonOptions, type: reader.u32(), offset };
    }
    case 0x01: {
      funcSort(reader);
      const func = reader.u32();
      return { kind: "canon-lower", func, options: options(reader, "lower"), offset };
    }
    case 0x02:
      return { kind: "resource-new", resource: reader.u32(), offset };
    case 0x03:
      return { kind: "resource-drop", resource: reader.u32(), offset };
    case 0x04:
      return { kind: "resource-rep", resource: reader.u32(), offset };
    default: {
      const name = asyncBuiltins.get(code) ?? (code >= 0x26 && code <= 0x42 ? "threads" : undefined);
      if (name === undefined) return reader.fail(`unknown canonical definition 0x${code.toString(16)}`, offset);
      return reader.unsupported(`${name} (WASI 0.3)`, offset);
    }
  }
}
