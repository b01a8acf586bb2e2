// Enums and flags: names and nothing else. Spec: CanonicalABI `load_variant` of cases without payload, `load_flags`,
// `unpack_flags_from_int`, `pack_flags_into_int`.

import { objectHeapBytes } from "./containers.ts";
import type { Codec } from "./codec.ts";
import { readI32, writeI32 } from "./flat-slots.ts";
import { misfit, outOfRange, ValueFault, within } from "./invalid-value.ts";
import { discriminantSize, flagsSize } from "./layout.ts";
import type { Lift } from "./lift.ts";
import { propertyNames, propertyReader } from "./names.ts";
import { listNames } from "./variant-forms.ts";
import { checkCase, unsignedOf } from "./variants.ts";

/** An enum is the name of its case, as WIT spells it. */
export function enumCodec(names: readonly string[]): Codec {
  const size = discriminantSize(names.length);
  const discriminant = unsignedOf(size);
  const indices: ReadonlyMap<unknown, number> = new Map(names.map((name, index) => [name, index]));
  const expected = `enum (${listNames(names)})`;
  const indexOf = (value: unknown): number =>
    indices.get(value) ?? (typeof value === "string" ? outOfRange(expected, value) : misfit(expected, value));
  const nameOf = (lift: Lift, index: number): string => {
    checkCase(lift, index, names.length);
    return names[index] ?? "";
  };
  return {
    size,
    alignment: size,
    flat: ["i32"],
    usesMemory: false,
    heapBytes: 0,
    nodes: 1,
    load: (lift, ptr) => nameOf(lift, discriminant.load(lift, ptr)),
    measure: (_lowering, value) => void indexOf(value),
    store: (lowering, value, ptr) => discriminant.store(lowering, indexOf(value), ptr),
    compileFlatLift: (slots, at) => {
      const read = readI32(slots[at] ?? "i32", at);
      return (lift, flat) => nameOf(lift, read(flat) >>> 0);
    },
    compileFlatLower: (slots, at) => {
      const write = writeI32(slots[at] ?? "i32", at);
      return (_lowering, value, out) => write(out, indexOf(value));
    },
  };
}

interface FlagsForm {
  readonly unpack: (bits: number) => Record<string, boolean>;
  /** Missing flags are not set. Throws ValueFault. */
  readonly pack: (value: unknown) => number;
}

function flagsForm(names: readonly string[]): FlagsForm {
  const keys = propertyNames(names);
  const flags = keys.map((key, index) => ({ key, mask: 1 << index, read: propertyReader(key) }));
  return {
    unpack: (bits) => {
      const object: Record<string, boolean> = {};
      for (const { key, mask } of flags) object[key] = (bits & mask) !== 0;
      return object;
    },
    pack: (value) => {
      if (typeof value !== "object" || value === null) misfit("object of booleans (flags)", value);
      let bits = 0;
      for (const { key, mask, read } of flags) {
        const flag = read(value);
        if (flag === true) bits |= mask;
        else if (flag !== false && flag !== undefined) {
          throw within(`.${key}`, new ValueFault("bool", flag === null ? "null" : typeof flag));
        }
      }
      return bits;
    },
  };
}

/** Flags are an object of booleans with camelCase keys. Bits that no flag has are ignored. */
export function flagsCodec(names: readonly string[]): Codec {
  const { unpack, pack } = flagsForm(names);
  const size = flagsSize(names.length);
  const { load, store } = unsignedOf(size);
  return {
    size,
    alignment: size,
    flat: ["i32"],
    usesMemory: false,
    heapBytes: objectHeapBytes(names.length),
    nodes: 1 + names.length,
    load: (lift, ptr) => unpack(load(lift, ptr)),
    measure: (_lowering, value) => void pack(value),
    store: (lowering, value, ptr) => store(lowering, pack(value) >>> 0, ptr),
    compileFlatLift: (slots, at) => {
      const read = readI32(slots[at] ?? "i32", at);
      return (_lift, flat) => unpack(read(flat));
    },
    compileFlatLower: (slots, at) => {
      const write = writeI32(slots[at] ?? "i32", at);
      return (_lowering, value, out) => write(out, pack(value));
    },
  };
}
