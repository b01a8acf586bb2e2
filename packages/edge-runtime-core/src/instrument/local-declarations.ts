// A body's local declarations with the counter among the locals. A passed counter is the parameter behind the original
// ones, so that the first declared local has to give way: it moves behind all others, which keep their indices. A
// cached counter is one more local at the end.
//
//   original     params | first  others
//   passed       params counter | others  first  scratch     first: from index `params` to `params` + declared
//   cached       params | first  others  counter  scratch
//
// Scratch locals hold an operand while something is put below it.

import type { Reader } from "../binary/reader.ts";
import type { Writer } from "../binary/writer.ts";
import { skipLocals } from "./code-scan.ts";
import { maxFunctionLocals } from "./cost-table.ts";
import type { CounterHome } from "./counter.ts";
import type { ValueCode } from "./injection.ts";
import { V } from "./injection.ts";

/** Declared locals that a body has without `params`; the reader does not move. */
export function countLocals(reader: Reader): number {
  const start = reader.pos;
  const count = skipLocals(reader);
  reader.pos = start;
  return count;
}

export interface LocalCounts {
  readonly params: number;
  readonly declared: number;
  readonly scratch: number;
}

/** Where the counter is in a function with so many locals. */
export function counterHome(passes: boolean, { params, declared, scratch }: LocalCounts): CounterHome {
  if (params + declared + scratch >= maxFunctionLocals) return { kind: "global" };
  return passes ? { kind: "passed", local: params } : { kind: "cached", local: params + declared };
}

function skipType(reader: Reader): void {
  const type = reader.byte();
  if (type === 0x63 || type === 0x64) reader.skipLeb(5);
}

/** Copies the declarations with the first local, if there is one, moved behind the others. */
function moveFirst(reader: Reader, out: Writer, scratch: readonly ValueCode[]): void {
  const groups = reader.u32();
  let empty = 0;
  for (let group = 0; group < groups; group++) {
    const count = reader.u32();
    const typeAt = reader.pos;
    skipType(reader);
    const restAt = reader.pos;
    if (count === 0) {
      empty += 1;
      continue;
    }
    for (let left = group + 1; left < groups; left++) {
      reader.u32();
      skipType(reader);
    }
    out.u32(groups - empty + (count > 1 ? 1 : 0) + scratch.length);
    if (count > 1) {
      out.u32(count - 1);
      out.copy(reader.bytes, typeAt, restAt);
    }
    out.copy(reader.bytes, restAt, reader.pos);
    out.byte(1);
    out.copy(reader.bytes, typeAt, restAt);
    declare(out, scratch);
    return;
  }
  out.u32(scratch.length);
  declare(out, scratch);
}

function declare(out: Writer, types: readonly ValueCode[]): void {
  for (const type of types) {
    out.byte(1);
    if (typeof type === "number") out.byte(type);
    else out.append(type);
  }
}

/** Copies the declarations, the reader moving behind them, for a counter that is at `home`; adds `scratch` locals. */
export function copyLocals(
  reader: Reader,
  out: Writer,
  home: CounterHome | undefined,
  scratch: readonly ValueCode[],
): void {
  if (home?.kind === "passed") return moveFirst(reader, out, scratch);
  const groupsAt = reader.pos;
  const groups = reader.u32();
  const restAt = reader.pos;
  reader.pos = groupsAt;
  skipLocals(reader);
  const added = home?.kind === "cached" ? [V.i32, ...scratch] : scratch;
  out.u32(groups + added.length);
  out.copy(reader.bytes, restAt, reader.pos);
  declare(out, added);
}
