// The decoder's position and its bounds: one reader over the whole file, so that errors name file offsets, and the
// counts that stop a file which nests or repeats without end.

import { Reader } from "../../binary/reader.ts";
import { MAX_DEFINITIONS, MAX_NESTING_DEPTH } from "../limits.ts";
import { isLabel } from "../names.ts";
import { failUnsupported } from "../unsupported.ts";

/** Shared by all readers of one file. */
interface Tally {
  definitions: number;
}

export class Decoding extends Reader {
  readonly #depth: number;
  readonly #tally: Tally;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length, outer?: Decoding) {
    super(bytes, start, end);
    this.#depth = outer === undefined ? 0 : outer.#depth + 1;
    this.#tally = outer === undefined ? { definitions: 0 } : outer.#tally;
    if (this.#depth > MAX_NESTING_DEPTH) this.fail(`component nests more than ${MAX_NESTING_DEPTH} deep`);
  }

  /** The next `size` bytes as a reader of their own, one level deeper; this one goes on behind them. */
  section(size: number): Decoding {
    const start = this.pos;
    this.skip(size);
    return new Decoding(this.bytes, start, this.pos, this);
  }

  /** Decodes what is nested in place: the depth counts while `decode` runs. */
  nested<T>(decode: (inner: Decoding) => T): T {
    const inner = new Decoding(this.bytes, this.pos, this.end, this);
    const result = decode(inner);
    this.pos = inner.pos;
    return result;
  }

  /** A count, then as many items; each is counted against the limit for the whole file. */
  items<T>(minBytes: number, item: () => T): T[] {
    const at = this.pos;
    const count = this.count(minBytes);
    this.tally(count, at);
    const result: T[] = [];
    for (let index = 0; index < count; index++) result.push(item());
    return result;
  }

  /** Counts what a few bytes stand for as so many definitions. */
  tally(count: number, at: number): void {
    this.#tally.definitions += count;
    if (this.#tally.definitions > MAX_DEFINITIONS)
      this.fail(`component has more than ${MAX_DEFINITIONS} definitions`, at);
  }

  /** A presence byte, then the item where it is 1. */
  optional<T>(item: () => T): T | undefined {
    const at = this.pos;
    const byte = this.byte();
    if (byte === 0) return undefined;
    if (byte === 1) return item();
    return this.fail(`malformed presence byte 0x${byte.toString(16)}`, at);
  }

  label(): string {
    const at = this.pos;
    const text = this.name();
    return isLabel(text) ? text : this.fail(`${quote(text)} is not in kebab case`, at);
  }

  /** Ends the decoding: what is at `at` is valid, but needs a feature that this runtime does not have. */
  unsupported(feature: string, at = this.pos): never {
    return failUnsupported(feature, at);
  }
}

/** Text from the file as it may stand in an error: printable ASCII, at most 80 characters. */
export function quote(text: string): string {
  const clean = text.replace(/[^\x20-\x7e]/g, "?");
  return `"${clean.length > 80 ? `${clean.slice(0, 77)}...` : clean}"`;
}
