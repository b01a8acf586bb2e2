// A small module that puts one guest memory back to its image: it imports both memories and the guest's marks, and one
// of its functions does in a few microseconds what would take JavaScript a call for each dirty page. Where the guest does
// not mark, the module has marks of its own, which are then all set before each reset.
//
//   capture() -> n        copies what is not zero to the image; the image ends before page n, zeros follow
//   same() -> 0 or 1      1: what is marked equals the image; its marks are cleared
//   restore(at, most, n) -> at'   restores from page `at` on until `most` marked pages were met, and clears their
//                         marks; -1: no mark is left. From page n on the image is zero and is not read.
//   markAll()             everything counts as written to
//
// Pages are those of 4 KiB. Each goes with the slack around it that its mark answers for.

import { Writer } from "../binary/writer.ts";
import { dirtyPageBytes, marksType, pageShift, slackBytes } from "./dirty-pages.ts";

export interface RestorerShape {
  readonly is64: boolean;
  /** How many marks the module has itself; undefined: it imports the guest's. */
  readonly ownMarks: number | undefined;
}

type Code = readonly number[];

const I32 = 0x7f;
const I64 = 0x7e;
const V128 = 0x7b;
const empty = 0x40;
const end = 0x0b;
const otherwise = 0x05;
const ret = 0x0f;
const add = 0x6a;
const or = 0x72;
const ltS = 0x48;
const geS = 0x4e;
const eqz = 0x45;
const guestMemory = 0;
const imageMemory = 1;
const scannedAtOnce = 8;

function code(...parts: readonly (number | Code)[]): Code {
  return parts.flat();
}

function i32(value: number): Code {
  const out = new Writer(8);
  out.byte(0x41);
  out.s32(value);
  return [...out.finish()];
}

const get = (local: number): Code => [0x20, local];
const set = (local: number): Code => [0x21, local];
const increment = (local: number, by = 1): Code => code(get(local), i32(by), add, set(local));
const block = (...parts: readonly (number | Code)[]): Code => code(0x02, empty, ...parts, end);
const loop = (...parts: readonly (number | Code)[]): Code => code(0x03, empty, ...parts, end);
const when = (...parts: readonly (number | Code)[]): Code => code(0x04, empty, ...parts, end);
const br = (label: number): Code => [0x0c, label];
const brIf = (label: number): Code => [0x0d, label];
const marks: Code = [0x23, 0];
const pages: Code = [0x23, 0, 0xfb, 15];

const mark = (at: number, ahead = 0): Code =>
  code(marks, get(at), ahead === 0 ? [] : [i32(ahead), add].flat(), 0xfb, 13, 0);
const clearMark = (at: number): Code => code(marks, get(at), i32(0), 0xfb, 14, 0);
const unlessMore = (at: number): Code => code(get(at), pages, geS);

/** A vector of 16 bytes of a memory, at the address in `local` plus `offset`. */
function vector(memory: number, local: number, offset: number): Code {
  const out = new Writer(8);
  out.append([0x20, local, 0xfd, 0, 0x40]);
  out.u32(memory);
  out.u32(offset);
  return [...out.finish()];
}

class RestorerEncoder {
  readonly #is64: boolean;

  constructor(is64: boolean) {
    this.#is64 = is64;
  }

  get #address(): number {
    return this.#is64 ? I64 : I32;
  }

  #constant(value: number): Code {
    return code(this.#is64 ? 0x42 : 0x41, i32(value).slice(1));
  }

  get #add(): number {
    return this.#is64 ? 0x7c : add;
  }

  get #sub(): number {
    return this.#is64 ? 0x7d : 0x6b;
  }

  get #ltU(): number {
    return this.#is64 ? 0x54 : 0x49;
  }

  /** Address of the page in local `page`. */
  #addressOf(page: number): Code {
    const extended = code(get(page), this.#is64 ? 0xad : []);
    return code(extended, this.#constant(pageShift), this.#is64 ? 0x86 : 0x74);
  }

  /** The slack, or 0 where the i32 that `has` leaves is 0. */
  #slackIf(has: Code): Code {
    return code(has, 0x04, this.#address, this.#constant(slackBytes), otherwise, this.#constant(0), end);
  }

  /** low = where what the marks from page `first` on answer for begins. */
  #low(first: number): Code {
    return code(this.#addressOf(first), this.#slackIf(get(first)), this.#sub);
  }

  /** Where what the marks of the pages before `last` answer for ends. */
  #high(last: number): Code {
    return code(this.#addressOf(last), this.#slackIf(code(get(last), pages, ltS)), this.#add);
  }

  /** (from, to) on addresses in locals: image to guest. */
  #copyRange(low: number, length: Code): Code {
    return code(get(low), get(low), length, 0xfc, 10, guestMemory, imageMemory);
  }

  /** Moves local `at` to the next mark; where there is none, leaves the block around the loop that this stands in. */
  #scan(at: number): Code {
    const eight = Array.from({ length: scannedAtOnce }, (_, ahead) => code(mark(at, ahead), ahead === 0 ? [] : or));
    const fits = code(get(at), i32(scannedAtOnce), add, pages, 0x4c);
    return code(
      loop(fits, code(0x04, I32, ...eight, eqz, otherwise, i32(0), end), when(increment(at, scannedAtOnce), br(1))),
      // Labels from here: this loop, the loop around it, the block around that.
      loop(unlessMore(at), brIf(2), mark(at), eqz, when(increment(at), br(1))),
    );
  }

  /** (at, most, used) -> at'; locals: 3 first page of a run, 4 low, 5 first address of the run */
  restore(): Code {
    const [at, most, used, first, low] = [0, 1, 2, 3, 4];
    const wanted = code(
      unlessMore(at),
      0x04,
      I32,
      i32(0),
      otherwise,
      mark(at),
      get(at),
      get(used),
      0x47,
      0x71,
      get(at),
      get(first),
      0x6b,
      get(most),
      ltS,
      0x71,
      end,
    );
    const zeroes = code(
      this.#copyRange(low, code(this.#addressOf(first), get(low), this.#sub)),
      this.#addressOf(first),
      i32(0),
      this.#high(at),
      this.#addressOf(first),
      this.#sub,
      0xfc,
      11,
      guestMemory,
    );
    const copies = this.#copyRange(low, code(this.#high(at), get(low), this.#sub));
    return code(
      2,
      1,
      I32,
      1,
      this.#address,
      block(
        loop(
          this.#scan(at),
          get(at),
          set(first),
          loop(clearMark(at), increment(at), wanted, brIf(0)),
          this.#low(first),
          set(low),
          get(first),
          get(used),
          geS,
          0x04,
          empty,
          zeroes,
          otherwise,
          copies,
          end,
          get(most),
          get(at),
          get(first),
          0x6b,
          0x6b,
          0x22,
          most,
          i32(0),
          0x4a,
          brIf(0),
          get(at),
          ret,
        ),
      ),
      i32(-1),
      end,
    );
  }

  /** () -> same; locals: 0 page, 1 address, 2 end */
  same(): Code {
    const [at, low, high] = [0, 1, 2];
    const differs = (offset: number): Code =>
      code(vector(guestMemory, low, offset), vector(imageMemory, low, offset), 0xfd, 81);
    return code(
      2,
      1,
      I32,
      2,
      this.#address,
      block(
        loop(
          this.#scan(at),
          this.#low(at),
          set(low),
          clearMark(at),
          increment(at),
          this.#high(at),
          set(high),
          loop(
            differs(0),
            differs(16),
            0xfd,
            80,
            0xfd,
            83,
            when(i32(0), ret),
            get(low),
            this.#constant(32),
            this.#add,
            0x22,
            low,
            get(high),
            this.#ltU,
            brIf(0),
          ),
          br(0),
        ),
      ),
      i32(1),
      end,
    );
  }

  /** () -> pages used; locals: 0 page, 1 used, 2 address, 3 end, 4 gathered bits */
  capture(): Code {
    const [at, used, low, high, bits] = [0, 1, 2, 3, 4];
    return code(
      3,
      2,
      I32,
      2,
      this.#address,
      1,
      V128,
      block(
        loop(
          unlessMore(at),
          brIf(1),
          this.#addressOf(at),
          set(low),
          get(low),
          this.#constant(dirtyPageBytes),
          this.#add,
          set(high),
          vector(guestMemory, low, 0),
          set(bits),
          loop(
            get(bits),
            vector(guestMemory, low, 0),
            vector(guestMemory, low, 16),
            0xfd,
            80,
            0xfd,
            80,
            set(bits),
            get(low),
            this.#constant(32),
            this.#add,
            0x22,
            low,
            get(high),
            this.#ltU,
            brIf(0),
          ),
          increment(at),
          get(bits),
          0xfd,
          83,
          when(
            get(high),
            this.#constant(dirtyPageBytes),
            this.#sub,
            0x22,
            low,
            get(low),
            this.#constant(dirtyPageBytes),
            0xfc,
            10,
            imageMemory,
            guestMemory,
            get(at),
            set(used),
          ),
          br(0),
        ),
      ),
      marks,
      i32(0),
      i32(0),
      pages,
      0xfb,
      16,
      0,
      get(used),
      end,
    );
  }

  markAll(): Code {
    return code(0, marks, i32(0), i32(1), pages, 0xfb, 16, 0, end);
  }
}

function section(out: Writer, id: number, entries: readonly Code[]): void {
  const content = new Writer(256);
  content.u32(entries.length);
  for (const entry of entries) content.append(entry);
  out.section(id, content);
}

function name(text: string): Code {
  return [text.length, ...Array.from(text, (letter) => letter.charCodeAt(0))];
}

/** Bytes of the module for memories of one kind. Imports are named `guest`, `image` and `marks`, in module `""`. */
export function encodeRestorer({ is64, ownMarks }: RestorerShape): Uint8Array {
  const encoder = new RestorerEncoder(is64);
  const functions = [
    { name: "capture", type: 1, body: encoder.capture() },
    { name: "same", type: 1, body: encoder.same() },
    { name: "restore", type: 2, body: encoder.restore() },
    { name: "markAll", type: 3, body: encoder.markAll() },
  ];
  const out = new Writer(1024);
  out.append([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  section(out, 1, [marksType, [0x60, 0, 1, I32], [0x60, 3, I32, I32, I32, 1, I32], [0x60, 0, 0]]);
  const memory = [2, is64 ? 4 : 0, 0];
  const marksGlobal = [0x64, 0, 1];
  const imports = [code(0, name("guest"), memory), code(0, name("image"), memory)];
  if (ownMarks === undefined) imports.push(code(0, name("marks"), 3, marksGlobal));
  section(out, 2, imports);
  section(
    out,
    3,
    functions.map(({ type }) => [type]),
  );
  if (ownMarks !== undefined) section(out, 6, [code(marksGlobal, i32(ownMarks), 0xfb, 7, 0, end)]);
  section(
    out,
    7,
    functions.map((fn, index) => code(name(fn.name), 0, index)),
  );
  const bodies = functions.map(({ body }) => {
    const sized = new Writer(body.length + 5);
    sized.u32(body.length);
    sized.append(body);
    return [...sized.finish()];
  });
  section(out, 10, bodies);
  return out.finish();
}
