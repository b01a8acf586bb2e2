// Objects and arrays as V8 14.6 makes them: what they take on the heap, as upper bounds. A test compares these figures
// with the heap's own growth.

/** Keys that V8 keeps in slots when they are assigned one by one under computed names; with more it makes a hash table. */
const MOST_SLOTS = 16;

/** A hash table has 3 words for an entry, and up to 3 times as many entries as are used. */
const HASHED_KEY_BYTES = 72;

/** Most elements of an array that is made in its final size: V8 makes a hash table where one is too long for that. */
const LONGEST_SIZED = 1024;

/** An object without what its properties point to. */
export function objectHeapBytes(properties: number): number {
  return properties > MOST_SLOTS ? 64 + HASHED_KEY_BYTES * properties : 64 + 8 * properties;
}

/** An array of `newArray` that was filled, without what its elements point to. */
export function arrayHeapBytes(elements: number): number {
  // One that grew has up to half as much again, and 16.
  return elements > LONGEST_SIZED ? 192 + 12 * elements : 48 + 8 * elements;
}

/** An array to be filled from index 0 on. In its final size it is made in half the time and takes a third of the room. */
export function newArray(elements: number): unknown[] {
  if (elements > LONGEST_SIZED) return [];
  // oxlint-disable-next-line unicorn/no-new-array
  return new Array<unknown>(elements);
}
