// Sizes, alignments and flattened forms: the static half of the ABI.
// Spec: CanonicalABI "Alignment", "Element Size", "Flattening".

import { bug } from "edge-runtime-common";
import type { CoreType } from "./context.ts";

export const MAX_FLAT_PARAMS = 16;
export const MAX_FLAT_RESULTS = 1;

/** `alignment` is a power of two; sums stay exact far above 2^32, so that no check can wrap. */
export function alignTo(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}

/** Bytes of the discriminant of a variant with `count` cases. Spec: `discriminant_type`. */
export function discriminantSize(count: number): 1 | 2 | 4 {
  if (count < 1 || count >= 2 ** 32) bug(`a variant of ${count} cases passed validation`);
  if (count <= 2 ** 8) return 1;
  return count <= 2 ** 16 ? 2 : 4;
}

/** Bytes of a flags value. Spec: `elem_size_flags`. */
export function flagsSize(count: number): 1 | 2 | 4 {
  if (count < 1 || count > 32) bug(`flags of ${count} labels passed validation`);
  if (count <= 8) return 1;
  return count <= 16 ? 2 : 4;
}

/** Longest list of core types that is written out. Nothing over 16 is ever passed flat. */
const LONGEST_FLAT = 64;

/**
 * Core types of a value when it is passed flat; undefined where they are more than 64: a hostile type could make the
 * list exponentially long.
 */
export type FlatTypes = readonly CoreType[] | undefined;

/** The list if at most `most` values are passed flat. */
export function flatUpTo(most: number, flat: FlatTypes): FlatTypes {
  return flat !== undefined && flat.length <= most ? flat : undefined;
}

/** Spec: `flatten_record`. */
export function flattenSequence(parts: readonly FlatTypes[]): FlatTypes {
  const flat: CoreType[] = [];
  for (const part of parts) {
    if (part === undefined || flat.length + part.length > LONGEST_FLAT) return undefined;
    flat.push(...part);
  }
  return flat;
}

/** Spec: `flatten_variant`: the discriminant, then for each place a type that holds what every case has there. */
export function flattenCases(payloads: readonly (FlatTypes | "none")[]): FlatTypes {
  const flat: CoreType[] = [];
  for (const payload of payloads) {
    if (payload === "none") continue;
    if (payload === undefined || payload.length + 1 > LONGEST_FLAT) return undefined;
    payload.forEach((type, place) => {
      const present = flat[place];
      flat[place] = present === undefined ? type : join(present, type);
    });
  }
  return ["i32", ...flat];
}

/** Spec: `join`. */
function join(a: CoreType, b: CoreType): CoreType {
  if (a === b) return a;
  const are32Bits = (a === "i32" && b === "f32") || (a === "f32" && b === "i32");
  return are32Bits ? "i32" : "i64";
}
