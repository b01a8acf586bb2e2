// How variants, options and results look in JavaScript: jco's mapping. A variant is `{ tag, val }` (no `val` without
// a payload), a result `{ tag: "ok" | "err", val }`, an option its payload or undefined, or
// `{ tag: "none" }` or `{ tag: "some", val }` where that would lose a level (see option-form.ts).

import type { Codec } from "./codec.ts";
import { misfit, outOfRange } from "./invalid-value.ts";
import { variantCodec } from "./variants.ts";
import type { VariantForm } from "./variants.ts";

const TAGGED_HEAP_BYTES = 48;
const LONGEST_LISTED = 8;

/** The names for an error message, few enough to read. */
export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, LONGEST_LISTED).map((name) => `"${name}"`);
  return names.length > LONGEST_LISTED ? `${shown.join(", ")}, ...` : shown.join(", ");
}

/** Index of each name; maps, since names such as `constructor` must not be found on objects. */
function indexNames(names: readonly string[]): ReadonlyMap<unknown, number> {
  return new Map(names.map((name, index) => [name, index]));
}

interface Tagged {
  readonly tag?: unknown;
  readonly val?: unknown;
}

function taggedForm(what: string, names: readonly string[]): Pick<VariantForm, "indexOf" | "payloadOf" | "step"> {
  const indices = indexNames(names);
  const expectedTag = `tag of ${what} (${listNames(names)})`;
  return {
    indexOf: (value) => {
      if (typeof value !== "object" || value === null) misfit(`object with a tag (${what})`, value);
      const { tag } = value as Tagged;
      return indices.get(tag) ?? outOfRange(expectedTag, tag);
    },
    payloadOf: (value) => (value as Tagged).val,
    step: ".val",
  };
}

export function taggedVariantCodec(
  cases: readonly { readonly name: string; readonly codec: Codec | undefined }[],
): Codec {
  const names = cases.map(({ name }) => name);
  const payloads = cases.map(({ codec }) => codec);
  return variantCodec({
    ...taggedForm("variant", names),
    payloads,
    heapBytes: TAGGED_HEAP_BYTES,
    build: (index, val) => (payloads[index] === undefined ? { tag: names[index] } : { tag: names[index], val }),
  });
}

export function resultCodec(ok: Codec | undefined, err: Codec | undefined): Codec {
  return variantCodec({
    ...taggedForm("result", ["ok", "err"]),
    payloads: [ok, err],
    heapBytes: TAGGED_HEAP_BYTES,
    build: (index, val) => ({ tag: index === 0 ? "ok" : "err", val }),
  });
}

/** Null is taken as undefined: JSON has no other way to say it. */
export function optionCodec(payload: Codec): Codec {
  return variantCodec({
    payloads: [undefined, payload],
    heapBytes: 0,
    build: (_index, val) => val,
    indexOf: (value) => (value === undefined || value === null ? 0 : 1),
    payloadOf: (value) => value,
    step: "",
  });
}

export function nestedOptionCodec(payload: Codec): Codec {
  return variantCodec({
    ...taggedForm("nested option", ["none", "some"]),
    payloads: [undefined, payload],
    heapBytes: TAGGED_HEAP_BYTES,
    build: (index, val) => (index === 0 ? { tag: "none" } : { tag: "some", val }),
  });
}
