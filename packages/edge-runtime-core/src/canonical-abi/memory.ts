// The one place that touches `memory.buffer`. Growth detaches the buffer and makes a new one, so views are cached
// by the identity of the buffer: a call that finds the same buffer costs one comparison.

import type { AbiMemory } from "./context.ts";

export class LinearMemory {
  readonly #memory: WebAssembly.Memory;
  #buffer: ArrayBuffer;
  #current: AbiMemory;
  readonly #wrote: AbiMemory["wrote"];

  /** `wrote` is told of what is written. */
  constructor(memory: WebAssembly.Memory, wrote?: AbiMemory["wrote"]) {
    this.#memory = memory;
    this.#wrote = wrote;
    this.#buffer = memory.buffer;
    this.#current = viewBuffer(memory.buffer, wrote);
  }

  /** The whole memory as it is now; valid until guest code runs again. */
  current(): AbiMemory {
    const { buffer } = this.#memory;
    if (buffer !== this.#buffer) {
      this.#buffer = buffer;
      this.#current = viewBuffer(buffer, this.#wrote);
    }
    return this.#current;
  }
}

/** Views of a buffer that is not a WebAssembly memory's, or is known not to grow. */
export function viewBuffer(buffer: ArrayBuffer, wrote?: AbiMemory["wrote"]): AbiMemory {
  return { bytes: new Uint8Array(buffer), view: new DataView(buffer), wrote };
}

/** For functions whose types need no memory; anything read from it is out of bounds. */
export const NO_MEMORY: AbiMemory = viewBuffer(new ArrayBuffer(0));

type ElementView<T> = new (buffer: ArrayBuffer, byteOffset: number, length: number) => T;

/** A typed view of `count` elements at `ptr`, which must be aligned for them and in bounds. Little-endian hosts only. */
export function viewElements<T>(
  bytes: Uint8Array<ArrayBuffer>,
  elements: ElementView<T>,
  ptr: number,
  count: number,
): T {
  return new elements(bytes.buffer, ptr, count);
}
