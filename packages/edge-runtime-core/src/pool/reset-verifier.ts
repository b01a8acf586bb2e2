// Compares the complete state of an instance after a reset with what it was before its first run: sizes and every
// byte of memories, lengths and every slot of tables, globals bit for bit, dropped segments, handle tables, calls in
// progress. It shares nothing with the code that resets: a copy of its own, and other accessors. A debug mode and a
// sampled check in production; it costs a second copy of the state (one for all instances that are equal) and a
// comparison of all of it.

import type { Guest } from "../engine/program.ts";
import type { Store } from "../engine/store.ts";

interface Verified {
  readonly store: Store;
  readonly guest: Guest;
}

interface CoreState {
  /** Contents up to the last word that is not zero. */
  readonly memories: readonly { readonly bytes: number; readonly words: Uint32Array }[];
  readonly tables: readonly (readonly unknown[])[];
  readonly globals: readonly unknown[];
}

export interface CapturedState {
  readonly cores: readonly CoreState[];
  readonly guest: ReadonlyMap<string, readonly unknown[]>;
}

const pageWords = 16_384;
/** Most differences that are reported; a reset that leaves everything would fill a log. */
const mostDifferences = 20;

function wordsOf(memory: WebAssembly.Memory): Uint32Array {
  return new Uint32Array(memory.buffer);
}

/**
 * Slots of a table; one with 64-bit indices takes bigints. JavaScript cannot see exceptions: of a table of those only the
 * length counts, and an instance whose code can write to one is never reset.
 */
function slotsOf(table: WebAssembly.Table): unknown[] {
  const length: unknown = table.length;
  const is64 = typeof length === "bigint";
  const slot = (index: number): unknown => table.get((is64 ? BigInt(index) : index) as number);
  try {
    return Array.from({ length: Number(length) }, (_, index) => slot(index));
  } catch {
    return Array.from({ length: Number(length) });
  }
}

/** Index of the first word from `from` on that differs; words past the end of `expected` are zero. */
function firstDifference(actual: Uint32Array, expected: Uint32Array, from: number): number | undefined {
  const shared = Math.min(actual.length, expected.length);
  let at = from;
  while (at < shared && actual[at] === expected[at]) at++;
  if (at < shared) return at;
  while (at < actual.length && actual[at] === 0) at++;
  return at < actual.length ? at : undefined;
}

function copyOf(actual: Uint32Array): Uint32Array {
  let length = actual.length;
  while (length > 0 && actual[length - 1] === 0) length--;
  return actual.slice(0, length);
}

/** At most one difference for each page. */
function* memoryDifferences(memory: WebAssembly.Memory, expected: CoreState["memories"][number]): Generator<string> {
  const { byteLength } = memory.buffer;
  if (byteLength !== expected.bytes) yield `size ${byteLength}, not ${expected.bytes}`;
  const actual = wordsOf(memory);
  for (let from = 0; ;) {
    const at = firstDifference(actual, expected.words, from);
    if (at === undefined) return;
    const page = Math.floor(at / pageWords);
    yield `page ${page} at byte ${at * 4}`;
    from = (page + 1) * pageWords;
  }
}

function* listDifferences(what: string, actual: readonly unknown[], expected: readonly unknown[]): Generator<string> {
  if (actual.length !== expected.length) yield `length ${actual.length}, not ${expected.length}`;
  const length = Math.min(actual.length, expected.length);
  for (let index = 0; index < length; index++) {
    if (!Object.is(actual[index], expected[index])) yield `${what} ${index}`;
  }
}

function isSame(actual: readonly unknown[] | undefined, expected: readonly unknown[] | undefined): boolean {
  if (actual === undefined || expected === undefined || actual.length !== expected.length) return false;
  return actual.every((value, index) => Object.is(value, expected[index]));
}

type Facts = ReadonlyMap<string, readonly unknown[]>;

function* factDifferences(actual: Facts, expected: Facts): Generator<string> {
  for (const name of new Set([...expected.keys(), ...actual.keys()])) {
    if (!isSame(actual.get(name), expected.get(name))) yield name;
  }
}

function* labelled(label: string, differences: Iterable<string>): Generator<string> {
  for (const difference of differences) yield `${label}${difference}`;
}

function* differencesOf({ store, guest }: Verified, before: CapturedState): Generator<string> {
  if (store.context !== undefined) yield "the run that it served";
  for (const [number, instance] of store.instances.entries()) {
    const expected = before.cores[number];
    const label = `core instance ${number}: `;
    if (expected === undefined) {
      yield `${label}it is new`;
      continue;
    }
    if (instance.isTainted) yield `${label}dropped segment`;
    for (const [index, memory] of instance.memories.entries()) {
      const captured = expected.memories[index];
      if (captured !== undefined) yield* labelled(`${label}memory ${index} `, memoryDifferences(memory, captured));
    }
    for (const [index, table] of instance.tables.entries()) {
      const slots = listDifferences("slot", slotsOf(table), expected.tables[index] ?? []);
      yield* labelled(`${label}table ${index} `, slots);
    }
    const globals = instance.readGlobals();
    for (const [index, { global }] of instance.plan.globalSlots.entries()) {
      if (!Object.is(globals[index], expected.globals[index])) yield `${label}global ${global}`;
    }
  }
  yield* factDifferences(guest.state(), before.guest);
}

export class ResetVerifier {
  readonly #rate: number;
  readonly #captured = new WeakMap<Store, CapturedState>();
  /** Memories of the instance that was captured last: those of the next are mostly the same. */
  #latest: readonly (readonly CoreState["memories"][number][])[] = [];
  #due = 0;
  #verified = 0;

  /** `rate`: share of resets that are verified, over 0 up to 1. */
  constructor(rate: number) {
    this.#rate = rate;
  }

  /** Resets verified so far. */
  get verified(): number {
    return this.#verified;
  }

  /** Keeps the state of an instance that has not run yet. */
  capture({ store, guest }: Verified): void {
    const cores = store.instances.map((instance, number): CoreState => {
      const memories = instance.memories.map((memory, index) => this.#image(memory, this.#latest[number]?.[index]));
      return { memories, tables: instance.tables.map(slotsOf), globals: instance.readGlobals() };
    });
    this.#latest = cores.map(({ memories }) => memories);
    this.#captured.set(store, { cores, guest: guest.state() });
  }

  #image(memory: WebAssembly.Memory, like: CoreState["memories"][number] | undefined): CoreState["memories"][number] {
    const words = wordsOf(memory);
    const bytes = memory.buffer.byteLength;
    const isLike = like?.bytes === bytes && firstDifference(words, like.words, 0) === undefined;
    return isLike ? like : { bytes, words: copyOf(words) };
  }

  /** Whether the reset that comes next is to be verified: evenly, without chance. */
  isDue(): boolean {
    this.#due += this.#rate;
    if (this.#due < 1) return false;
    this.#due -= 1;
    return true;
  }

  /** What a reset did not restore, at most 20 places; empty where it restored everything. */
  differences(instance: Verified): readonly string[] {
    const before = this.#captured.get(instance.store);
    if (before === undefined) return ["no state was captured"];
    this.#verified += 1;
    // A v128 global can differ in both halves.
    const found = new Set<string>();
    for (const difference of differencesOf(instance, before)) {
      if (found.add(difference).size >= mostDifferences) break;
    }
    return [...found];
  }
}
