// Modules that go through all opcodes: functions of one numeric operator each, on memories of each kind, and the special
// modules. A run that begins with them has executed every opcode before anything random happens.

import { parseWat } from "edge-runtime-testing";
import { leb, moduleBytes, section, vector } from "../../../packages/edge-runtime-core/test/support/module-builder.ts";
import { specialModules } from "../generator/special-opcodes.ts";
import { Random } from "../random.ts";
import type { NumericOperator } from "../signatures.ts";
import { typeCodes } from "../signatures.ts";

/** Operators of one module. */
const perModule = 40;

interface MemoryKind {
  readonly memories: readonly (readonly number[])[];
  readonly index: number;
  readonly is64: boolean;
}

const memoryKinds: readonly MemoryKind[] = [
  { memories: [[1, 1, 2]], index: 0, is64: false },
  { memories: [[5, 1, 2]], index: 0, is64: true },
  {
    memories: [
      [1, 1, 2],
      [1, 1, 2],
    ],
    index: 1,
    is64: false,
  },
];

function immediates(
  { access, align, immediateBytes, params }: NumericOperator,
  { index }: MemoryKind,
  random: Random,
): number[] {
  const place = access ? [...(index === 0 ? [align] : [align | 0x40, index]), ...leb(random.below(16))] : [];
  const constant = params.length === 0;
  const extra = Array.from({ length: immediateBytes }, () => (constant ? random.below(0x40) : random.below(2)));
  return [...place, ...(constant && !access && immediateBytes === 1 ? [0] : extra)];
}

function operatorModule(operators: readonly NumericOperator[], kind: MemoryKind, random: Random): Uint8Array {
  const types = operators.map(({ params, result, access }) => [
    0x60,
    ...vector(params.map((type, at) => [access && at === 0 && kind.is64 ? 0x7e : typeCodes[type]])),
    ...vector(result === undefined ? [] : [[typeCodes[result]]]),
  ]);
  const bodies = operators.map((operator) => ({
    code: [
      ...operator.params.flatMap((_, at) => [0x20, at]),
      ...operator.opcode.bytes,
      ...immediates(operator, kind, random),
      0x0b,
    ],
  }));
  return moduleBytes({
    types,
    functions: operators.map((_, index) => index),
    middle: [section(5, vector(kind.memories))],
    exports: operators.map(({ opcode }, index) => [`${index} ${opcode.name}`, 0, index] as const),
    bodies,
    data: [[2, kind.index, kind.is64 ? 0x42 : 0x41, 0, 0x0b, 64, ...random.bytes(64)]],
  });
}

/** All modules of the sweep, in a fixed order; those of one proposal apart, lest a refusal takes others with it. */
export async function sweepModules(operators: readonly NumericOperator[]): Promise<Uint8Array[]> {
  const random = new Random(1);
  const atomic = operators.filter(({ opcode }) => opcode.name.includes("atomic"));
  const others = operators.filter((operator) => !atomic.includes(operator));
  const modules: Uint8Array[] = [];
  for (const kind of memoryKinds) {
    for (const list of [others, atomic]) {
      const wanted = kind === memoryKinds[0] ? list : list.filter(({ access }) => access);
      for (let at = 0; at < wanted.length; at += perModule) {
        modules.push(operatorModule(wanted.slice(at, at + perModule), kind, random));
      }
    }
  }
  return [...modules, ...(await Promise.all(specialModules.map(([, wat]) => parseWat(wat))))];
}
