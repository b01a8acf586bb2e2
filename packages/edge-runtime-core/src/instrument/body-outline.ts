// Which locals each loop of a function assigns (what is known of the others stays true at the loop's head), and whether
// the function writes to memory at all.

import { readOpcode, skipImmediates } from "../binary/instruction.ts";
import { Flow } from "../binary/opcodes.ts";
import type { Reader } from "../binary/reader.ts";
import { op } from "./emit.ts";
import { plainEnd } from "./plain-extent.ts";
import { firstStore, lastStore, prefix } from "./store-operators.ts";

/** More assigned locals than these are not listed: the loop counts as assigning all. */
const maxListed = 64;

interface OpenLoop {
  readonly ordinal: number;
  locals: number[] | undefined;
}

function assign(loop: OpenLoop, local: number): void {
  if (loop.locals === undefined || loop.locals.includes(local)) return;
  if (loop.locals.length < maxListed) loop.locals.push(local);
  else loop.locals = undefined;
}

export interface BodyOutline {
  /**
   * By the order in which loops begin: the locals that each assigns, inner loops included; undefined where they are too
   * many.
   */
  readonly loops: readonly (readonly number[] | undefined)[];
  /** It may write to a memory. */
  readonly writes: boolean;
}

/** Reads an expression up to its end. */
export function outline(reader: Reader): BodyOutline {
  const { bytes } = reader;
  const loops: (readonly number[] | undefined)[] = [];
  let writes = false;
  /** The innermost loop around each open construct. */
  const frames: (OpenLoop | undefined)[] = [undefined];
  let inner: OpenLoop | undefined;
  while (frames.length > 0) {
    const first = reader.peek();
    if (first === op.localSet || first === op.localTee) {
      reader.pos += 1;
      const local = reader.u32();
      if (inner !== undefined) assign(inner, local);
      continue;
    }
    const end = plainEnd(bytes, reader.pos, first);
    if (end > 0) {
      writes ||= first >= firstStore && first <= lastStore;
      reader.pos = end;
      continue;
    }
    // Those behind a prefix are not told apart.
    writes ||= first === prefix.bulk || first === prefix.simd || first === prefix.atomic;
    const opcode = readOpcode(reader);
    skipImmediates(reader, opcode.immediate);
    switch (opcode.flow) {
      case Flow.loop:
        frames.push({ ordinal: loops.push(undefined) - 1, locals: [] });
        break;
      case Flow.block:
      case Flow.if:
      case Flow.try:
      case Flow.tryTable:
        frames.push(inner);
        break;
      case Flow.end:
      case Flow.delegate:
        frames.pop();
        leave(inner, frames.at(-1), loops);
        break;
      default:
        break;
    }
    inner = frames.at(-1);
  }
  return { loops, writes };
}

/** A construct ended: where it was a loop, its locals are those of the loop around it too. */
function leave(
  inner: OpenLoop | undefined,
  outer: OpenLoop | undefined,
  loops: (readonly number[] | undefined)[],
): void {
  if (inner === undefined || inner === outer) return;
  loops[inner.ordinal] = inner.locals;
  if (outer === undefined) return;
  if (inner.locals === undefined) outer.locals = undefined;
  else for (const local of inner.locals) assign(outer, local);
}
