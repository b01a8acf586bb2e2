// What garbage-collected objects and exceptions take in V8's heap, at most: the unit in which guests are charged.
// Measured with V8 14.6 (64 bits, no pointer compression); a later V8 that needs less is charged too much, which is
// safe, and the tests compare these figures with the heap's own.
//
//   struct     map 8 | hash 8 | fields, each at a multiple of its size (8 at most)
//   array      map 8 | hash 8 | length 8 | elements
//   exception  72 and its payload: 16 bytes for 32 bits, 32 for 64, 64 for a vector, 8 for a reference

/** A field or element: its type on the stack, and the bytes that it takes in an object. */
export interface FieldType {
  readonly code: readonly number[];
  readonly bytes: number;
}

export const structHeader = 16;
export const arrayHeader = 24;
const exceptionHeader = 72;

/**
 * Largest payload of an exception that is not charged when it is thrown: a loop that throws and catches keeps nothing.
 * Whatever can hold such an exception longer is charged for one instead.
 */
const freePayload = 256;

/** V8 refuses arrays whose elements take more than this, in bytes: it traps and allocates nothing. */
const maxArrayBytes = 2 ** 30;

const numericBytes = new Map([
  ["i32", 4],
  ["f32", 4],
  ["i64", 8],
  ["f64", 8],
  ["v128", 16],
]);

/** A place in the heap or a table that holds a value of the printed type, with the exception that it may keep alive. */
export function fieldBytes(type: string): number {
  const held = /\bexn\b/.test(type) ? exceptionHeader + freePayload : 0;
  return numericBytes.get(type) ?? 8 + held;
}

/** Bytes of a struct of so many bytes and one more field. */
export function withField(end: number, { bytes }: FieldType): number {
  const alignment = Math.min(8, bytes);
  return Math.ceil(end / alignment) * alignment + bytes;
}

export function arrayBytes({ bytes }: FieldType, length: number): number {
  return Math.ceil((arrayHeader + length * bytes) / 8) * 8;
}

/** No array of elements of `bytes` each is longer than this. */
export function maxArrayLength(bytes: number): number {
  // An exception that an element holds is no part of the array.
  return Math.floor(maxArrayBytes / (bytes > 16 ? 8 : bytes));
}

/** What an instance takes besides what its code allocates, for each of its exports and functions that are taken. */
const exportBytes = { function: 400, other: 100 } as const;
const takenFunctionBytes = 64;

export function instanceBytes(exports: { readonly functions: number; readonly others: number }, taken: number): number {
  const { functions, others } = exports;
  return functions * exportBytes.function + others * exportBytes.other + taken * takenFunctionBytes;
}

/** Bytes to charge for throwing an exception with these parameters. */
export function thrownBytes(params: readonly string[]): number {
  let payload = 0;
  for (const type of params) {
    const bytes = numericBytes.get(type);
    payload += bytes === undefined ? 8 : bytes * 4;
  }
  return payload > freePayload ? exceptionHeader + payload : 0;
}
