// What kind of trampoline each function of the adapter module is: signatures, slots and flags, nothing of a guest's.

import type { CoreSignature } from "../../canonical-abi/index.ts";

/** Function slots are indices into the module's table, exported as `table`. */
export type AdapterShape =
  /** A host function or built-in that needs nothing of the guest: `<index>` is imported and exported. */
  | { readonly kind: "direct"; readonly signature: CoreSignature }
  /** A host function whose result is allocated in the caller: `start` gives the number of allocations, then `finish`. */
  | { readonly kind: "host"; readonly signature: CoreSignature; readonly realloc: number }
  /** A function of a sibling component: `start`, `ready`, the callee, `returned`, `stored`, post-return, `finish`. */
  | {
      readonly kind: "sibling";
      readonly signature: CoreSignature;
      readonly callee: Callee;
      /** Slot of the callee's realloc, where arguments have allocations. */
      readonly calleeRealloc: number | undefined;
      /** Slot of the caller's realloc, where results have allocations. */
      readonly callerRealloc: number | undefined;
      readonly postReturn: number | undefined;
    }
  /** A function called by the host with the number of allocations: `ready`, the callee, `returned`, post-return. */
  | {
      readonly kind: "entry";
      readonly callee: Callee;
      /** Slot of the callee's realloc, where arguments have allocations. */
      readonly realloc: number | undefined;
      readonly postReturn: number | undefined;
    }
  /** `resource.drop` with a destructor: `start` tells whether to run it, `finish` follows it. */
  | { readonly kind: "drop"; readonly dtor: number };

/** A lifted function's core function. */
export interface Callee {
  readonly slot: number;
  readonly signature: CoreSignature;
}
