// How many operands an operator takes and how many results it gives, for those where every instance of the opcode has
// the same count. It serves analyses of straight-line code, which give up at the others.

const unknown = 0xff;

/** Ranges of one-byte opcodes: first, last, operands, results. */
const ranges: readonly (readonly [number, number, number, number])[] = [
  [0x01, 0x01, 0, 0],
  [0x1a, 0x1a, 1, 0],
  [0x1b, 0x1c, 3, 1],
  [0x20, 0x20, 0, 1],
  [0x21, 0x21, 1, 0],
  [0x22, 0x22, 1, 1],
  [0x23, 0x23, 0, 1],
  [0x24, 0x24, 1, 0],
  [0x28, 0x35, 1, 1],
  [0x36, 0x3e, 2, 0],
  [0x3f, 0x3f, 0, 1],
  [0x40, 0x40, 1, 1],
  [0x41, 0x44, 0, 1],
  [0x45, 0x45, 1, 1],
  [0x46, 0x4f, 2, 1],
  [0x50, 0x50, 1, 1],
  [0x51, 0x66, 2, 1],
  [0x67, 0x69, 1, 1],
  [0x6a, 0x78, 2, 1],
  [0x79, 0x7b, 1, 1],
  [0x7c, 0x8a, 2, 1],
  [0x8b, 0x91, 1, 1],
  [0x92, 0x98, 2, 1],
  [0x99, 0x9f, 1, 1],
  [0xa0, 0xa6, 2, 1],
  [0xa7, 0xc4, 1, 1],
];

function effectOf(opcode: number): number {
  const range = ranges.find(([first, last]) => first <= opcode && opcode <= last);
  return range === undefined ? unknown : range[2] * 2 + range[3];
}

const effects = Uint8Array.from({ length: 256 }, (_, opcode) => effectOf(opcode));

/** Locals, i32.const, stores, i32.add and i32.sub. */
const followed: readonly (readonly [number, number])[] = [
  [0x20, 0x22],
  [0x36, 0x3e],
  [0x41, 0x41],
  [0x6a, 0x6b],
];

const plainEffects = Int8Array.from({ length: 256 }, (_, opcode) => {
  const isFollowed = followed.some(([first, last]) => first <= opcode && opcode <= last);
  return isFollowed || effectOf(opcode) === unknown ? -1 : effectOf(opcode);
});

/** As `stackEffect`, for operators of which no more is known than that; negative for addresses in the making and stores. */
export function plainEffect(opcode: number): number {
  return plainEffects[opcode] ?? -1;
}

/** Operands times two plus results of a one-byte opcode; negative where that depends on its immediates. */
export function stackEffect(opcode: number): number {
  const effect = effects[opcode] ?? unknown;
  return effect === unknown ? -1 : effect;
}
