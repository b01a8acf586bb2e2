// Mutations of modules: those of code keep it readable (another operator of the same layout, another index or constant),
// those of bytes do not care. Most of the first kind are valid, most of the second are not.

import { readCoreModule, readOpcode, Reader, SectionId, skipImmediates } from "edge-runtime-core/internal";
import type { Immediate } from "edge-runtime-core/internal";
import type { ListedOpcode } from "../opcode-list.ts";
import type { Random } from "../random.ts";

interface Place {
  /** Where the opcode begins, where its immediates do, and where it ends. */
  readonly at: number;
  readonly immediates: number;
  readonly end: number;
  readonly immediate: Immediate;
}

/** Instructions of all functions. */
function instructions(bytes: Uint8Array): Place[] {
  const section = readCoreModule(bytes).sections.find(({ id }) => id === SectionId.code);
  if (section === undefined) return [];
  const places: Place[] = [];
  const reader = new Reader(bytes, section.start, section.end);
  for (let count = reader.count(2); count > 0; count--) {
    const end = reader.u32() + reader.pos;
    for (let groups = reader.count(2); groups > 0; groups--) {
      reader.u32();
      const type = reader.byte();
      if (type === 0x63 || type === 0x64) reader.skipLeb(5);
    }
    while (reader.pos < end) {
      const at = reader.pos;
      const { immediate } = readOpcode(reader);
      const immediates = reader.pos;
      skipImmediates(reader, immediate);
      places.push({ at, immediates, end: reader.pos, immediate });
    }
  }
  return places;
}

/** Bytes that decoders trip over: ends of ranges, prefixes, block types, long LEB128. */
const interesting = [0x00, 0x01, 0x0b, 0x40, 0x60, 0x63, 0x64, 0x7f, 0x80, 0xfb, 0xfc, 0xfd, 0xfe, 0xff];

/** Mutations that do not know the format. */
const byteMutations: readonly ((bytes: number[], random: Random) => void)[] = [
  (bytes, random) => void (bytes[random.below(bytes.length)] = random.below(256)),
  (bytes, random) => void (bytes[random.below(bytes.length)] = random.pick(interesting)),
  (bytes, random) => {
    const at = random.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  },
  (bytes, random) => void bytes.splice(random.below(bytes.length), 1 + random.below(4)),
  (bytes, random) => void bytes.splice(random.below(bytes.length), 0, random.below(256)),
  (bytes, random) => void bytes.splice(random.below(bytes.length), 1, 0xff, 0xff, 0xff, 0xff, 0x0f),
  (bytes, random) => void bytes.splice(random.below(bytes.length)),
  (bytes, random) => {
    const from = random.below(bytes.length);
    bytes.splice(random.below(bytes.length), 0, ...bytes.slice(from, from + random.below(20)));
  },
];

/** One to three changes of bytes, wherever. */
export function corrupt(original: Uint8Array, random: Random): Uint8Array {
  const bytes = [...original];
  for (let count = 1 + random.below(3); count > 0; count--) random.pick(byteMutations)(bytes, random);
  return new Uint8Array(bytes);
}

/** Changes some instructions of a valid module, without a change of its size. */
function changeInstructions(original: Uint8Array, opcodes: readonly ListedOpcode[], random: Random): Uint8Array {
  const bytes = original.slice();
  const places = instructions(original);
  if (places.length === 0) return bytes;
  for (let count = 1 + random.below(4); count > 0; count--) {
    const place = random.pick(places);
    if (random.oneIn(3) && place.end > place.immediates) {
      const at = place.immediates + random.below(place.end - place.immediates);
      // The bit that says whether a number goes on stays.
      bytes[at] = ((bytes[at] ?? 0) & 0x80) | random.below(0x80);
      continue;
    }
    const length = place.immediates - place.at;
    const alike = opcodes.filter((opcode) => opcode.immediate === place.immediate && opcode.bytes.length === length);
    if (alike.length > 0) bytes.set(random.pick(alike).bytes, place.at);
  }
  return bytes;
}

const attempts = 12;

/** A valid mutant; undefined where none came up. */
export function mutate(original: Uint8Array, opcodes: readonly ListedOpcode[], random: Random): Uint8Array | undefined {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const mutant = random.oneIn(4) ? corrupt(original, random) : changeInstructions(original, opcodes, random);
    if (WebAssembly.validate(mutant)) return mutant;
  }
  return undefined;
}
