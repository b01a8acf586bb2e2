// Memories and tables of one store: the limit over all of them together, and the snapshot that a reset restores.
//
// The limit counts linear memory bytes, 8 bytes a table element (more where it can hold an exception), and objects of
// the garbage-collection proposal. It does not count what V8 needs for code,
// instances and stacks, nor what the host holds on the guest's behalf; those have limits of their own.

import { CompilationFailed, MemoryLimitExceeded } from "edge-runtime-common";
import type { CorePlan } from "../instrument/plan.ts";
import type { GuestMemory } from "./guest-memory.ts";
import type { HeapAccounts } from "./heap-accounts.ts";
import { bytesPerMb, bytesPerPage, storeCaps } from "./limits.ts";
import type { MemoryReset, ProgramImages } from "./memory-image.ts";

/** Bytes that a module's own memories, tables and objects take from the start. */
export function initialBytes(plan: CorePlan): number {
  let bytes = plan.initialHeapBytes;
  for (const memory of plan.memories) if (!memory.imported) bytes += memory.minPages * bytesPerPage;
  for (const table of plan.tables) if (!table.imported) bytes += table.min * table.elementBytes;
  return bytes;
}

/** Places in V8's address space that a module's own memories take. */
export function ownMemoryPlaces(plan: CorePlan): number {
  return plan.memories.reduce((sum, memory) => sum + (memory.imported ? 0 : memory.is64 ? 2 : 1), 0);
}

/** Elements of a table; those of one with 64-bit indices are counted by a bigint. */
function lengthOf(table: WebAssembly.Table): number {
  return Number(table.length);
}

export class MemoryAccounts {
  readonly #memories: GuestMemory[] = [];
  readonly #tables: WebAssembly.Table[] = [];
  /** What an element of each table is charged. */
  readonly #elementBytes: number[] = [];
  readonly #heap: HeapAccounts;
  #instances = 0;
  #resets: readonly MemoryReset[] = [];
  #tableLengths: readonly number[] = [];
  #denied = false;
  #grew = false;

  constructor(heap: HeapAccounts) {
    this.#heap = heap;
  }

  /** Growth was refused during the run: an abort that follows is reported as MemoryLimitExceeded. */
  get denied(): boolean {
    return this.#denied;
  }

  /** Growth was granted during the run, which cannot be undone. */
  get grew(): boolean {
    return this.#grew;
  }

  startRun(): void {
    this.#denied = false;
    this.#grew = false;
  }

  get usedBytes(): number {
    let bytes = this.#heap.usedBytes;
    for (const memory of this.#memories) bytes += memory.bytes;
    for (const [index, table] of this.#tables.entries()) bytes += lengthOf(table) * (this.#elementBytes[index] ?? 0);
    return bytes;
  }

  /** Admits one more instance of `plan` before V8 allocates anything for it. */
  admit(plan: CorePlan, limitMb: number): void {
    this.#instances += 1;
    const memories = plan.memories.filter((memory) => !memory.imported).length;
    const tables = plan.tables.filter((table) => !table.imported);
    const elements = tables.reduce((sum, table) => sum + table.min, 0) + this.#tableElements();
    this.#cap("core instances", this.#instances, storeCaps.instances);
    this.#cap("memories", this.#memories.length + memories, storeCaps.memories);
    this.#cap("tables", this.#tables.length + tables.length, storeCaps.tables);
    this.#cap("table elements", elements, storeCaps.tableElements);
    const needed = this.usedBytes + initialBytes(plan);
    if (needed > limitMb * bytesPerMb) throw new MemoryLimitExceeded(limitMb, needed);
    this.#heap.add(plan.initialHeapBytes);
  }

  #cap(what: string, count: number, cap: number): void {
    if (count > cap) throw new CompilationFailed(`${count} ${what}, at most ${cap} are allowed`);
  }

  #tableElements(): number {
    return this.#tables.reduce((sum, table) => sum + lengthOf(table), 0);
  }

  /** Takes in the own memories and tables of a new instance of `plan`. */
  add(plan: CorePlan, memories: readonly GuestMemory[], tables: readonly WebAssembly.Table[]): void {
    this.#memories.push(...memories);
    this.#tables.push(...tables);
    this.#elementBytes.push(...plan.tables.filter((table) => !table.imported).map((table) => table.elementBytes));
  }

  /** Consent to growth by `bytes` (and `elements` table elements); refusal makes the guest's operator answer -1. */
  mayGrow(growth: { readonly bytes: number; readonly elements: number }, limitMb: number): boolean {
    const fits =
      this.usedBytes + growth.bytes <= limitMb * bytesPerMb &&
      this.#tableElements() + growth.elements <= storeCaps.tableElements;
    if (!fits) this.#denied = true;
    else if (growth.bytes > 0) {
      this.#grew = true;
      // What is left of a slice of heap could be beyond the limit afterwards.
      this.#heap.settle();
    }
    return fits;
  }

  /** Prepares resets to the images of the program; answers why there can be none, where there can be none. */
  snapshot(images: ProgramImages): string | undefined {
    const resets = images.attach(this.#memories);
    this.#tableLengths = this.#tables.map(lengthOf);
    if (typeof resets === "string") return resets;
    this.#resets = resets;
    return undefined;
  }

  /** Nothing has grown. */
  get #isRestorable(): boolean {
    if (this.#tables.some((table, index) => lengthOf(table) !== this.#tableLengths[index])) return false;
    return this.#resets.every((reset) => reset.isPossible);
  }

  /** Restores at least a part, of about `most` pages of 4 KiB; true once there is nothing left that can be restored. */
  restoreAhead(most: number): boolean {
    if (!this.#isRestorable) return true;
    return this.#resets.every((reset) => reset.step(most));
  }

  /** Puts every memory back; false where one has grown, which cannot be undone. */
  restore(): boolean {
    if (!this.#isRestorable) return false;
    for (const reset of this.#resets) {
      while (!reset.step());
      reset.finish();
    }
    return true;
  }
}
