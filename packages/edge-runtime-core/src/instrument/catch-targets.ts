// Which labels of a function exceptions land on. A `try_table` names labels that were opened before it, so metering
// must know them ahead; only functions that hold a `try_table` pay for this pass.

import { readOpcode, skipBlockType, skipImmediates } from "../binary/instruction.ts";
import { Flow } from "../binary/opcodes.ts";
import type { Reader } from "../binary/reader.ts";

function catchLabels(reader: Reader): number[] {
  skipBlockType(reader);
  const labels: number[] = [];
  for (let count = reader.count(2); count > 0; count--) {
    if (reader.byte() < 2) reader.u32();
    labels.push(reader.u32());
  }
  return labels;
}

/**
 * Ordinals of the constructs (in order of opening, the function itself being 0) whose labels are targets of a catch
 * clause. The reader stands at the function's first instruction.
 */
export function findCatchTargets(reader: Reader): ReadonlySet<number> {
  const targets = new Set<number>();
  const open = [0];
  let ordinal = 0;
  while (open.length > 0) {
    const { flow, immediate } = readOpcode(reader);
    switch (flow) {
      case Flow.tryTable:
        for (const label of catchLabels(reader)) targets.add(open[open.length - 1 - label] ?? 0);
        open.push(++ordinal);
        break;
      case Flow.block:
      case Flow.loop:
      case Flow.if:
      case Flow.try:
        skipImmediates(reader, immediate);
        open.push(++ordinal);
        break;
      case Flow.end:
      case Flow.delegate:
        skipImmediates(reader, immediate);
        open.pop();
        break;
      default:
        skipImmediates(reader, immediate);
    }
  }
  return targets;
}
