// Which opcodes this V8 accepts, asked of V8: an opcode stands in unreachable code, where operands of any type are at
// hand, in a module that has one of everything that immediates can name. Immediates are tried until one is accepted.
//
//   (func (local ...) unreachable OP IMMEDIATES unreachable)

import { Reader, readOpcode, skipImmediates } from "edge-runtime-core/internal";
import { leb, moduleBytes, section, vector } from "../../packages/edge-runtime-core/test/support/module-builder.ts";
import type { ListedOpcode } from "./opcode-list.ts";
import { allOpcodes } from "./opcode-list.ts";

type Bytes = readonly number[];

/** Type indices of the probe module. */
const types: readonly Bytes[] = [
  // 0: functions; 1: a structure of an i32, an i8 and a reference; 2 and 3: arrays of i8 and of funcref; 4: of i32
  [0x60, 0, 0],
  [0x5f, 3, 0x7f, 1, 0x78, 1, 0x6e, 1],
  [0x5e, 0x78, 1],
  [0x5e, 0x70, 1],
  [0x5e, 0x7f, 1],
  // 5: continuations would be here; another function type
  [0x60, 1, 0x7f, 1, 0x7f],
];

function probeModule(code: Bytes): Uint8Array {
  return moduleBytes({
    types,
    functions: [0],
    middle: [
      section(4, vector([[0x70, 0, 1]])),
      section(5, vector([[0, 1]])),
      section(13, vector([[0, 0]])),
      section(6, vector([[0x7f, 1, 0x41, 0, 0x0b]])),
      section(7, vector([[1, 0x66, 0, 0]])),
    ],
    after: [section(9, vector([[1, 0, ...vector([leb(0)])]])), section(12, [1])],
    bodies: [{ locals: [[1, 0x7f]], code }],
    data: [[1, 1, 0]],
  });
}

const sixteen = Array.from({ length: 16 }, () => 0);

/** Immediates of every layout; the index in the last one is that of some type above. */
function immediates(): Bytes[] {
  const list: Bytes[] = [
    [],
    [0],
    [0x40],
    [0, 0],
    [1, 0],
    [2, 0],
    [3, 0],
    [4, 0],
    [0, 0, 0],
    [1, 0, 0],
    [2, 0, 0],
    [3, 0, 0],
  ];
  list.push([0, 0, 0, 0], sixteen.slice(0, 8), sixteen, [0x70], [1, 0x7f], [0x40, 0]);
  for (const type of [1, 2, 3, 4, 5]) list.push([type], [type, 0], [type, 1], [type, type], [0, type]);
  return list;
}

/** Constructs that must be closed, or that stand inside others. */
const structured = new Map<number, (bytes: Bytes) => Bytes>([
  [0x02, (op) => [...op, 0x40, 0x0b]],
  [0x03, (op) => [...op, 0x40, 0x0b]],
  [0x04, (op) => [...op, 0x40, 0x0b]],
  [0x05, (op) => [0x04, 0x40, ...op, 0x0b]],
  [0x06, (op) => [...op, 0x40, 0x0b]],
  [0x07, (op) => [0x06, 0x40, ...op, 0, 0x0b]],
  [0x09, (op) => [0x06, 0x40, 0x07, 0, ...op, 0, 0x0b]],
  [0x0b, (op) => [0x02, 0x40, ...op]],
  [0x18, (op) => [0x06, 0x40, ...op, 0]],
  [0x19, (op) => [0x06, 0x40, ...op, 0x0b]],
  [0x1f, (op) => [...op, 0x40, 0, 0x0b]],
]);

/** br_on_cast and br_on_cast_fail from anyref to i31ref, to a label that takes either. */
function castingBranch(op: Bytes): Bytes {
  return [0x02, 0x6e, 0x00, ...op, 3, 0, 0x6e, 0x6c, 0x00, 0x0b];
}

function isCast({ name }: ListedOpcode): boolean {
  return name.startsWith("br_on_cast");
}

function formsOf(opcode: ListedOpcode): Bytes[] {
  const { bytes } = opcode;
  const [first = 0] = bytes;
  if (isCast(opcode)) return [castingBranch(bytes)];
  const build = bytes.length === 1 ? structured.get(first) : undefined;
  return build === undefined ? immediates().map((immediate) => [...bytes, ...immediate]) : [build(bytes)];
}

/** V8 would take what follows for immediates that are missing: the form must be as long as the rewriter reads it. */
function isWhole({ bytes, immediate }: ListedOpcode, form: Bytes): boolean {
  const [first = 0] = bytes;
  if (immediate === undefined || structured.has(first)) return true;
  const reader = new Reader(new Uint8Array(form));
  try {
    readOpcode(reader);
    skipImmediates(reader, immediate);
    return reader.done;
  } catch {
    return false;
  }
}

/** An instruction with `opcode` that V8 accepts; undefined where there is none. */
export function acceptedForm(opcode: ListedOpcode): Bytes | undefined {
  const forms = formsOf(opcode).filter((form) => isCast(opcode) || isWhole(opcode, form));
  return forms.find((form) => WebAssembly.validate(probeModule([0x00, ...form, 0x00, 0x0b])));
}

export function acceptedOpcodes(): ListedOpcode[] {
  return allOpcodes().filter((opcode) => acceptedForm(opcode) !== undefined);
}
