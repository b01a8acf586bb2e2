// The type section: function types that pass the counter get it as a last parameter and a last result, where they
// stand; injected types follow.

import { Reader } from "../binary/reader.ts";
import type { Section } from "../binary/module.ts";
import { Writer } from "../binary/writer.ts";
import type { Injection } from "./injection.ts";
import { V } from "./injection.ts";

function extendedValues(out: Writer, count: number, code: Uint8Array): void {
  out.u32(count + 1);
  out.append(code);
  out.byte(V.i32);
}

export function rewriteTypes(injection: Injection, section: Section | undefined): Writer {
  const { bytes, types } = injection.shape;
  const out = new Writer(256);
  if (section === undefined) {
    out.u32(injection.types.length);
  } else {
    const reader = new Reader(bytes, section.start, section.end);
    out.u32(reader.u32() + injection.types.length);
    let copied = reader.pos;
    for (const [index, type] of types.entries()) {
      if (type.kind !== "func" || type.encoding === undefined || !injection.passes(index)) continue;
      const { start, end, params, results } = type.encoding;
      out.copy(bytes, copied, start);
      extendedValues(out, type.params.length, params);
      extendedValues(out, type.results.length, results);
      copied = end;
    }
    out.copy(bytes, copied, section.end);
  }
  for (const type of injection.types) out.append(type);
  return out;
}
