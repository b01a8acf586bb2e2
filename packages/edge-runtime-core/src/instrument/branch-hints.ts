// The custom section that tells V8 which branches are unlikely: the checks. Their slow paths then lie apart from hot code and
// cost it no registers.
//
//   "metadata.code.branch_hint"  count | function index, count | offset in the body, 1, 0 (unlikely) ...
//
// Spec: branch hinting proposal, Branch Hints Section; it stands before the code section.

import { Writer } from "../binary/writer.ts";

export class BranchHints {
  readonly #functions = new Writer(1024);
  #count = 0;

  /** The `if` at each of `offsets` (from the start of the local declarations, ascending) is unlikely to be entered. */
  add(index: number, offsets: readonly number[]): void {
    if (offsets.length === 0) return;
    this.#count += 1;
    this.#functions.u32(index);
    this.#functions.u32(offsets.length);
    for (const offset of offsets) {
      this.#functions.u32(offset);
      this.#functions.bytes2(1, 0);
    }
  }

  section(): Writer | undefined {
    if (this.#count === 0) return undefined;
    const out = new Writer(this.#functions.length + 40);
    out.asciiName("metadata.code.branch_hint");
    out.u32(this.#count);
    out.appendWriter(this.#functions);
    return out;
  }
}
