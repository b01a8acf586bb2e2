// A rewritten module whose stores mark their pages, with resets as the engine does them, and a look at every byte.

import { parseWat } from "edge-runtime-testing";
import type { InjectedMarks } from "../../src/engine/guest-memory.ts";
import { GuestMemory } from "../../src/engine/guest-memory.ts";
import type { MemoryReset } from "../../src/engine/memory-image.ts";
import { ProgramImages } from "../../src/engine/memory-image.ts";
import type { RewriteOptions } from "./rewritten-instance.ts";
import { instantiateRewritten } from "./rewritten-instance.ts";

export interface MarkedInstance {
  /** Calls an export; a trap or exception is answered by its message. */
  readonly call: (name: string, ...args: unknown[]) => unknown;
  readonly memories: readonly GuestMemory[];
  readonly bytes: (memory: number) => Uint8Array;
  /** Restores the memories. */
  readonly reset: () => void;
  /** Where the memories differ from what they held at first; undefined: nowhere. */
  readonly difference: () => string | undefined;
}

export interface MarkedOptions extends RewriteOptions {
  /** Fills the first memory before its image is taken. */
  readonly prepare?: (bytes: Uint8Array) => void;
}

function attach(images: ProgramImages, memories: readonly GuestMemory[]): readonly MemoryReset[] {
  const resets = images.attach(memories);
  if (typeof resets === "string") throw new Error(resets);
  return resets;
}

export function instantiateMarked(
  original: Uint8Array,
  options: MarkedOptions = {},
  images = new ProgramImages(),
): MarkedInstance {
  const { plan, injected, call } = instantiateRewritten(original, { marksPages: true, ...options });
  const memories = plan.memories.map((memory, index) => {
    const global = injected(`marks${index}`) as WebAssembly.Global;
    const mark = injected(`mark${index}`) as unknown as InjectedMarks["mark"];
    const marks = plan.marksPages ? { global, mark } : undefined;
    return new GuestMemory(injected(`memory${index}`) as WebAssembly.Memory, memory, marks);
  });
  const bytes = (index: number): Uint8Array => new Uint8Array(memories[index]?.memory.buffer ?? new ArrayBuffer(0));
  options.prepare?.(bytes(0));
  const initial = memories.map((_, index) => bytes(index).slice());
  const resets = attach(images, memories);
  return {
    memories,
    bytes,
    call: (name, ...args) => {
      try {
        return call(name, ...args);
      } catch (error) {
        if (error instanceof WebAssembly.RuntimeError) return error.message;
        if (error instanceof WebAssembly.Exception) return "exception";
        throw error;
      }
    },
    reset: () => {
      for (const reset of resets) {
        while (!reset.step(3));
        reset.finish();
      }
    },
    difference: () => {
      for (const [index, before] of initial.entries()) {
        const now = bytes(index);
        const at = Buffer.compare(now, before) === 0 ? -1 : now.findIndex((byte, place) => byte !== before[place]);
        if (at >= 0) return `memory ${index} byte ${at}`;
      }
      return undefined;
    },
  };
}

export async function markedFromWat(wat: string, options: MarkedOptions = {}): Promise<MarkedInstance> {
  return instantiateMarked(await parseWat(wat), options);
}
