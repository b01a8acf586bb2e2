// Memories and tables of one store: the limit over all of them together, and the snapshot that a reset restores.
//
// The limit counts linear memory bytes, 8 bytes a table element (more where it can hold an exception), and objects of
// the garbage-collection proposal. It does not count what V8 needs for code,
// instances and stacks, nor what the host holds on the guest's behalf; those have limits of their own.

import { CompilationFailed, MemoryLimitExceeded } from "edge-runtime-common";
import type { CorePlan } from "../instrument/plan.ts";
import type { HeapAccounts } from "./heap-accounts.ts";
import { bytesPerMb, bytesPerPage, storeCaps } from "./limits.ts";

interface MemoryImage {
  readonly memory: WebAssembly.Memory;
  /** Size of the whole memory in bytes. */
  readonly size: number;
  /** Contents up to the last byte that is not zero. */
  readonly image: Uint8Array;
}

/** Bytes that a module's own memories, tables and objects take from the start. */
export function initialBytes(plan: CorePlan): number {
  let bytes = plan.initialHeapBytes;
  for (const memory of plan.memories) if (!memory.imported) bytes += memory.minPages * bytesPerPage;
  for (const table of plan.tables) if (!table.imported) bytes += table.min * table.elementBytes;
  return bytes;
}

/** Index behind the last word that is not zero; a guest chooses how much there is to scan. */
function usedWords(words: Uint32Array): number {
  let length = words.length;
  // Memories are whole pages: the length is a multiple of four.
  while (length > 0) {
    const low = (words[length - 3] ?? 0) | (words[length - 4] ?? 0);
    if (((words[length - 1] ?? 0) | (words[length - 2] ?? 0) | low) !== 0) break;
    length -= 4;
  }
  return length;
}

function imageOf(memory: WebAssembly.Memory): MemoryImage {
  const view = new Uint8Array(memory.buffer);
  let length = usedWords(new Uint32Array(memory.buffer)) * 4;
  while (length > 0 && view[length - 1] === 0) length -= 1;
  return { memory, size: view.length, image: view.slice(0, length) };
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
  readonly #memories: WebAssembly.Memory[] = [];
  readonly #tables: WebAssembly.Table[] = [];
  /** What an element of each table is charged. */
  readonly #elementBytes: number[] = [];
  readonly #heap: HeapAccounts;
  #instances = 0;
  #images: readonly MemoryImage[] = [];
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
    for (const memory of this.#memories) bytes += memory.buffer.byteLength;
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
  add(plan: CorePlan, memories: readonly WebAssembly.Memory[], tables: readonly WebAssembly.Table[]): void {
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

  snapshot(): void {
    this.#images = this.#memories.map(imageOf);
    this.#tableLengths = this.#tables.map(lengthOf);
  }

  /** Puts every memory back; false where one has grown, which cannot be undone. */
  restore(): boolean {
    for (const [index, table] of this.#tables.entries()) {
      if (lengthOf(table) !== this.#tableLengths[index]) return false;
    }
    for (const { memory, size } of this.#images) if (memory.buffer.byteLength !== size) return false;
    for (const { memory, image } of this.#images) {
      // Growth by nothing detaches the buffer too: a view is good for one reset.
      const view = new Uint8Array(memory.buffer);
      view.set(image);
      view.fill(0, image.length);
    }
    return true;
  }
}
