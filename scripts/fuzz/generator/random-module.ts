// A whole random module: several memories and tables of 32 or 64 bits, a global of each type, tags, host functions, and
// functions of random bodies over all numeric operators that V8 accepts.

import type { ModuleSpec } from "../../../packages/edge-runtime-core/test/support/module-builder.ts";
import { leb, moduleBytes, section, vector } from "../../../packages/edge-runtime-core/test/support/module-builder.ts";
import { Random } from "../random.ts";
import type { NumberType, NumericOperator } from "../signatures.ts";
import { numberTypes, typeCodes } from "../signatures.ts";
import type { Generators } from "./body.ts";
import { Body } from "./body.ts";
import { constantCode } from "./constants.ts";
import { expression } from "./expressions.ts";
import type { Shape, Signature } from "./shape.ts";
import { loopBudget, randomShape, tableSize } from "./shape.ts";
import { statement } from "./statements.ts";

type Bytes = readonly number[];

export type OperatorsByResult = ReadonlyMap<NumberType | undefined, readonly NumericOperator[]>;

export interface OperatorSets {
  readonly all: OperatorsByResult;
  readonly withoutAtomics: OperatorsByResult;
}

/** Waiting blocks the thread; ./special-opcodes.ts has it. */
export function operatorSets(operators: readonly NumericOperator[]): OperatorSets {
  const byResult = (excluded: RegExp): OperatorsByResult =>
    Map.groupBy(
      operators.filter(({ opcode }) => !excluded.test(opcode.name)),
      ({ result }) => result,
    );
  return { all: byResult(/^memory\.atomic\.wait/), withoutAtomics: byResult(/atomic/) };
}

function functionType({ params, results }: Signature): Bytes {
  return [
    0x60,
    ...vector(params.map((type) => [typeCodes[type]])),
    ...vector(results.map((type) => [typeCodes[type]])),
  ];
}

function sections(shape: Shape, random: Random): Pick<ModuleSpec, "middle" | "after" | "data"> {
  const address = (is64: boolean): number[] => [is64 ? 0x42 : 0x41, 0, 0x0b];
  const tables = shape.tables.map(({ is64 }, index) => [
    index === 0 ? 0x70 : 0x6f,
    is64 ? 5 : 1,
    tableSize,
    tableSize + 4,
  ]);
  const memories = shape.memories.map(({ is64 }) => [is64 ? 5 : 1, 1, 2]);
  const globals = shape.globals.map((type, index) => [
    typeCodes[type],
    1,
    ...(index === 0 ? [0x41, ...signedBudget] : constantCode(type, random)),
    0x0b,
  ]);
  const all = vector(shape.functions.map((_, index) => leb(index)));
  const passive = [1, 0, ...vector([leb(shape.functions.length - 1), leb(0)])];
  const elements = [[2, 0, ...address(shape.tables[0]?.is64 === true), 0, ...all], [3, 0, ...all], passive];
  const data = [
    [2, 0, ...address(shape.memories[0]?.is64 === true), 64, ...random.bytes(64)],
    [1, 8, ...random.bytes(8)],
  ];
  return {
    middle: [
      section(4, vector(tables)),
      section(5, vector(memories)),
      section(13, vector(shape.tags.map((type) => [0, type]))),
      section(6, vector(globals)),
    ],
    after: [section(9, vector(elements)), section(12, leb(data.length))],
    data,
  };
}

/** `loopBudget` as signed LEB128. */
const signedBudget = [(loopBudget & 0x7f) | 0x80, loopBudget >> 7];

const generators: Generators = { expression, statement };

export function randomModule(seed: number, sets: OperatorSets): Uint8Array {
  const random = new Random(seed);
  const shape = randomShape(random);
  const operators = random.oneIn(4) ? sets.all : sets.withoutAtomics;
  const bodies = shape.functions.slice(shape.importedFunctions).map((type, index) => {
    const signature = shape.types[type] ?? { params: [], results: [] };
    const extra = Array.from({ length: 3 + random.below(4) }, () => random.pick(numberTypes));
    const locals = [...signature.params, ...extra];
    const own = shape.importedFunctions + index;
    const body = new Body({ random, shape, operators, own, signature, locals }, generators, 20 + random.below(150));
    const code = [
      ...body.statements(1 + random.below(6)),
      ...signature.results.flatMap((wanted) => body.expression(wanted)),
      0x0b,
    ];
    return { locals: extra.map((local) => [1, typeCodes[local]] as const), code };
  });
  return moduleBytes({
    types: shape.types.map(functionType),
    imports: [
      ["env", "note", [0, 1]],
      ["env", "host", [0, 2]],
      ["env", "throws", [0, 2]],
    ],
    functions: shape.functions.slice(shape.importedFunctions),
    ...sections(shape, random),
    exports: bodies.map((_, index) => [`f${index}`, 0, shape.importedFunctions + index] as const),
    bodies,
  });
}
