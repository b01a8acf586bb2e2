// A guest of a given shape whose `touch` writes to a given number of 4 KiB pages, evenly spread over its memory.

import type { PooledInstance } from "edge-runtime-core/internal";

export interface TouchingShape {
  readonly pages: number;
  readonly dataBytes: number;
  readonly dirty: number;
}

export function touchingGuest({ pages, dataBytes, dirty }: TouchingShape): string {
  const stride = Math.floor((pages * 16) / dirty) * 4096;
  return `(module (memory (export "memory") ${pages})
    (data (i32.const 1024) "${"\\a5".repeat(dataBytes)}")
    (func (export "touch") (local $i i32)
      (loop $next
        (i32.store offset=64 (i32.mul (local.get $i) (i32.const ${stride})) (i32.const 1))
        (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${dirty}))))))`;
}

/** Calls `touch` of an instance. */
export function touch({ store }: PooledInstance): void {
  const exported = store.instances[0]?.getExport("touch");
  if (typeof exported !== "function") throw new Error("the guest has no touch");
  exported();
}

/** Small and large: a Rust program that allocates a little, and an interpreter with its heap. */
export const touchingGuests = [
  { key: "17p20d", what: "17 pages", dirty: 20, wat: touchingGuest({ pages: 17, dataBytes: 50_000, dirty: 20 }) },
  {
    key: "128p126d",
    what: "128 pages",
    dirty: 126,
    wat: touchingGuest({ pages: 128, dataBytes: 4_000_000, dirty: 126 }),
  },
] as const;
