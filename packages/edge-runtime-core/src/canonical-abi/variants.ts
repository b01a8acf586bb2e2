// Variants, options and results: a discriminant and the payload of one case. How they look in JavaScript differs
// and is given by a form; everything else is the spec's despecialized variant.
// Spec: CanonicalABI `load_variant`, `store_variant`, `lift_flat_variant`, `lower_flat_variant`.

import type { Codec, FlatLift, FlatLower } from "./codec.ts";
import type { CoreType } from "./context.ts";
import { readI32, writeI32 } from "./flat-slots.ts";
import { within } from "./invalid-value.ts";
import { smallIntegers } from "./integers.ts";
import { alignTo, discriminantSize, flattenCases } from "./layout.ts";
import type { Lift } from "./lift.ts";

/** JavaScript's view of a variant type. */
export interface VariantForm {
  /** Payload codec of each case, undefined where it has none. */
  readonly payloads: readonly (Codec | undefined)[];
  /** Heap bytes around the payload. */
  readonly heapBytes: number;
  readonly build: (index: number, payload: unknown) => unknown;
  /** Case of a host's value. Throws ValueFault where it is of none. */
  readonly indexOf: (value: unknown) => number;
  readonly payloadOf: (value: unknown) => unknown;
  /** Step of an error's path to the payload. */
  readonly step: string;
}

/** Loads and stores the unsigned integer that a discriminant or flags are. */
export function unsignedOf(size: 1 | 2 | 4): Pick<typeof smallIntegers.u8, "load" | "store"> {
  if (size === 1) return smallIntegers.u8;
  return size === 2 ? smallIntegers.u16 : smallIntegers.u32;
}

/** trap_if(case_index >= len(cases)) */
export function checkCase(lift: Lift, index: number, count: number): void {
  if (index >= count) lift.cx.trap(`invalid variant discriminant: ${index} of ${count} cases`);
}

/** Bytes of the union of the payloads, and their common alignment. */
function layOutPayloads(payloads: VariantForm["payloads"]): { readonly size: number; readonly alignment: number } {
  return {
    size: payloads.reduce((most, payload) => Math.max(most, payload?.size ?? 0), 0),
    alignment: payloads.reduce((most, payload) => Math.max(most, payload?.alignment ?? 1), 1),
  };
}

export function variantCodec(form: VariantForm): Codec {
  const { payloads, build, indexOf, payloadOf, step } = form;
  const count = payloads.length;
  const indexSize = discriminantSize(count);
  const discriminant = unsignedOf(indexSize);
  const union = layOutPayloads(payloads);
  const payloadOffset = alignTo(indexSize, union.alignment);
  const alignment = Math.max(indexSize, union.alignment);
  return {
    size: alignTo(payloadOffset + union.size, alignment),
    alignment,
    flat: flattenCases(payloads.map((payload) => (payload === undefined ? "none" : payload.flat))),
    usesMemory: payloads.some((payload) => payload?.usesMemory),
    heapBytes: form.heapBytes + payloads.reduce((most, payload) => Math.max(most, payload?.heapBytes ?? 0), 0),
    nodes: 1 + payloads.reduce((most, payload) => Math.max(most, payload?.nodes ?? 0), 0),
    load: (lift, ptr) => {
      const index = discriminant.load(lift, ptr);
      checkCase(lift, index, count);
      const payload = payloads[index];
      return build(index, payload === undefined ? undefined : payload.load(lift, ptr + payloadOffset));
    },
    measure: (lowering, value) => {
      const payload = payloads[indexOf(value)];
      if (payload === undefined) return;
      try {
        payload.measure(lowering, payloadOf(value));
      } catch (error) {
        throw within(step, error);
      }
    },
    store: (lowering, value, ptr) => {
      const index = indexOf(value);
      discriminant.store(lowering, index, ptr);
      payloads[index]?.store(lowering, payloadOf(value), ptr + payloadOffset);
    },
    compileFlatLift: (slots, at) => compileFlatLift(form, slots, at),
    compileFlatLower: (slots, at) => compileFlatLower(form, slots, at),
  };
}

function compileFlatLift({ payloads, build }: VariantForm, slots: readonly CoreType[], at: number): FlatLift {
  const count = payloads.length;
  const readIndex = readI32(slots[at] ?? "i32", at);
  const lifts = payloads.map((payload) => payload?.compileFlatLift(slots, at + 1));
  return (lift, flat) => {
    const index = readIndex(flat) >>> 0;
    checkCase(lift, index, count);
    // Core values that the case does not use are ignored, whatever they are.
    return build(index, lifts[index]?.(lift, flat));
  };
}

function compileFlatLower(
  { payloads, indexOf, payloadOf }: VariantForm,
  slots: readonly CoreType[],
  at: number,
): FlatLower {
  const writeIndex = writeI32(slots[at] ?? "i32", at);
  const lowers = payloads.map((payload) => payload?.compileFlatLower(slots, at + 1));
  return (lowering, value, out) => {
    const index = indexOf(value);
    writeIndex(out, index);
    lowers[index]?.(lowering, payloadOf(value), out);
  };
}
