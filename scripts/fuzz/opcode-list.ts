// Every opcode there can be, as its bytes, with what the rewriter's table says of it.

import type { Immediate } from "edge-runtime-core/internal";
import { oneByteOpcodes, prefixedOpcodes } from "edge-runtime-core/internal";

export interface ListedOpcode {
  readonly name: string;
  /** The opcode with its prefix, without immediates. */
  readonly bytes: readonly number[];
  /** Undefined where the rewriter's table does not have it. */
  readonly immediate: Immediate | undefined;
}

/** Codes behind a prefix that are looked at: more than any proposal uses. */
const prefixedCodes = 0x200;

function hex(bytes: readonly number[]): string {
  return bytes.map((byte) => `0x${byte.toString(16)}`).join(" ");
}

function listed(bytes: readonly number[], opcode: { name: string; immediate: Immediate } | undefined): ListedOpcode {
  return { name: opcode?.name ?? hex(bytes), bytes, immediate: opcode?.immediate };
}

/** Unsigned LEB128 of a code below 2^14. */
function code(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, value >> 7];
}

export function allOpcodes(): ListedOpcode[] {
  const list: ListedOpcode[] = [];
  for (let first = 0; first < 0x100; first++) {
    if (!prefixedOpcodes.has(first)) list.push(listed([first], oneByteOpcodes[first]));
  }
  for (const [prefix, table] of prefixedOpcodes) {
    for (let index = 0; index < prefixedCodes; index++) list.push(listed([prefix, ...code(index)], table[index]));
  }
  return list;
}
