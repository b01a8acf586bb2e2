// Records and tuples: parts one after another, held as an object or an array.
// Spec: CanonicalABI `load_record`, `store_record`, `lift_flat_record`, `lower_flat_record`.

import { arrayHeapBytes, newArray, objectHeapBytes } from "./containers.ts";
import type { Codec, FlatLift, FlatLower } from "./codec.ts";
import type { CoreType } from "./context.ts";
import { misfit, ValueFault, within } from "./invalid-value.ts";
import { alignTo, flattenSequence } from "./layout.ts";
import { propertyNames, propertyReader } from "./names.ts";
import type { ReadProperty } from "./names.ts";

/** One part as JavaScript has it. */
interface PartForm {
  /** Property name; unused in arrays. */
  readonly key: string;
  readonly codec: Codec;
  readonly read: ReadProperty;
  /** Step of an error's path. */
  readonly step: string;
}

interface SequenceForm {
  readonly parts: readonly PartForm[];
  readonly container: "object" | "array";
  /** Throws ValueFault unless the parts can be read from the value. */
  readonly check: (value: unknown) => void;
}

/** A part in its place, its closures at hand. */
interface PlacedPart extends Pick<Codec, "load" | "measure" | "store">, PartForm {
  /** Bytes from the start of the whole. */
  readonly offset: number;
}

function sequenceCodec({ parts, container, check }: SequenceForm): Codec {
  const placed: PlacedPart[] = [];
  let end = 0;
  let alignment = 1;
  for (const part of parts) {
    const { codec } = part;
    const offset = alignTo(end, codec.alignment);
    placed.push({ ...part, offset, load: codec.load, measure: codec.measure, store: codec.store });
    end = offset + codec.size;
    alignment = Math.max(alignment, codec.alignment);
  }
  return {
    size: alignTo(end, alignment),
    alignment,
    flat: flattenSequence(parts.map((part) => part.codec.flat)),
    usesMemory: parts.some((part) => part.codec.usesMemory),
    heapBytes: parts.reduce(
      (total, part) => total + part.codec.heapBytes,
      container === "array" ? arrayHeapBytes(parts.length) : objectHeapBytes(parts.length),
    ),
    nodes: parts.reduce((total, part) => total + part.codec.nodes, 1),
    load: container === "array" ? loadArray(placed) : loadObject(placed),
    measure: (lowering, value) => {
      check(value);
      let step = "";
      try {
        for (const part of placed) {
          step = part.step;
          part.measure(lowering, part.read(value));
        }
      } catch (error) {
        throw within(step, error);
      }
    },
    store: (lowering, value, ptr) => {
      for (const part of placed) part.store(lowering, part.read(value), ptr + part.offset);
    },
    compileFlatLift: (slots, at) => compileFlatLift(parts, container, slots, at),
    compileFlatLower: (slots, at) => compileFlatLower(parts, slots, at),
  };
}

// Objects and arrays are filled by functions of their own: one that fills both is three times slower in V8, and so
// is an object that is copied from a template with all keys.

function loadObject(parts: readonly PlacedPart[]): Codec["load"] {
  return (lift, ptr) => {
    const object: Record<string, unknown> = {};
    for (const part of parts) object[part.key] = part.load(lift, ptr + part.offset);
    return object;
  };
}

function loadArray(parts: readonly PlacedPart[]): Codec["load"] {
  return (lift, ptr) => {
    const array = newArray(parts.length);
    let index = 0;
    for (const part of parts) array[index++] = part.load(lift, ptr + part.offset);
    return array;
  };
}

interface FlatPart {
  readonly key: string;
  readonly lift: FlatLift;
}

function liftObject(parts: readonly FlatPart[]): FlatLift {
  return (lift, flat) => {
    const object: Record<string, unknown> = {};
    for (const part of parts) object[part.key] = part.lift(lift, flat);
    return object;
  };
}

function liftArray(parts: readonly FlatPart[]): FlatLift {
  return (lift, flat) => {
    const array = newArray(parts.length);
    let index = 0;
    for (const part of parts) array[index++] = part.lift(lift, flat);
    return array;
  };
}

function* placesFrom(parts: readonly PartForm[], at: number): Generator<readonly [PartForm, number]> {
  let place = at;
  for (const part of parts) {
    yield [part, place];
    place += part.codec.flat?.length ?? 0;
  }
}

function compileFlatLift(
  parts: readonly PartForm[],
  container: SequenceForm["container"],
  slots: readonly CoreType[],
  at: number,
): FlatLift {
  const lifts = [...placesFrom(parts, at)].map(([{ key, codec }, place]) => ({
    key,
    lift: codec.compileFlatLift(slots, place),
  }));
  return container === "array" ? liftArray(lifts) : liftObject(lifts);
}

function compileFlatLower(parts: readonly PartForm[], slots: readonly CoreType[], at: number): FlatLower {
  const lowers = [...placesFrom(parts, at)].map(([{ read, codec }, place]) => ({
    read,
    lower: codec.compileFlatLower(slots, place),
  }));
  return (lowering, value, out) => {
    for (const part of lowers) part.lower(lowering, part.read(value), out);
  };
}

export function recordCodec(fields: readonly { readonly name: string; readonly codec: Codec }[]): Codec {
  const keys = propertyNames(fields.map((field) => field.name));
  return sequenceCodec({
    parts: fields.map(({ codec }, index) => {
      const key = keys[index] ?? "";
      return { key, codec, read: propertyReader(key), step: `.${key}` };
    }),
    container: "object",
    check: (value) => {
      if (typeof value !== "object" || value === null) misfit("object (record)", value);
    },
  });
}

export function tupleCodec(codecs: readonly Codec[]): Codec {
  return sequenceCodec({
    parts: codecs.map((codec, index) => ({
      key: "",
      codec,
      read: (value) => (value as readonly unknown[])[index],
      step: `[${index}]`,
    })),
    container: "array",
    check: (value) => {
      if (!Array.isArray(value)) misfit(`array of ${codecs.length} (tuple)`, value);
      if (value.length !== codecs.length) {
        throw new ValueFault(`array of ${codecs.length} (tuple)`, `array of ${value.length}`);
      }
    },
  });
}
