// Case number N of a seed: types, the encodings of the components that their values pass, and the values.

import type { StringEncoding, ValType } from "edge-runtime-core";
import { createTypeCompiler } from "edge-runtime-core/internal";
import { arbitraryType, arbitraryValue } from "edge-runtime-testing";
import fc from "fast-check";
import { mixSeed, Random } from "../random.ts";
import type { EchoShape } from "./echo-component.ts";
import { inMemory } from "./echo-component.ts";

export interface ValueCase extends EchoShape {
  readonly number: number;
  /** By type. */
  readonly values: readonly (readonly unknown[])[];
  /** Whether the host's functions wait. */
  readonly waits: boolean;
}

const typesACase = 6;
const valuesAType = 5;
/** Bytes of the memory in which a result is written. */
const mostBytes = 60_000;
const stringEncodings: readonly StringEncoding[] = ["utf8", "utf16", "latin1+utf16"];

/** One after another: through one component in each encoding, and through two in each pair of them. */
const ways = stringEncodings.flatMap((outer) => [undefined, ...stringEncodings].map((inner) => ({ outer, inner })));

function sample<T>(arbitrary: fc.Arbitrary<T>, random: Random, numRuns: number): T[] {
  return fc.sample(arbitrary, { seed: random.u32() | 0, numRuns });
}

/** jco gives `x1` and `x-1` the same name; here one record never has both. */
function withoutTwins(type: ValType): ValType {
  const text = JSON.stringify(type, (_key, value: unknown) => (value === "x-1" ? "y-1" : value));
  return JSON.parse(text) as ValType;
}

/** jco throws the error of a result that a function returns; inside another value it is one like any other. */
function notBareResult(type: ValType): ValType {
  return type.kind === "result" ? { kind: "tuple", types: [type] } : type;
}

export function makeValueCase(seed: number, number: number): ValueCase {
  const random = new Random(mixSeed(seed, number));
  const { outer, inner } = ways[number % ways.length] ?? { outer: "utf8", inner: undefined };
  const compile = createTypeCompiler();
  const types = sample(arbitraryType(), random, typesACase)
    .map((type) => notBareResult(withoutTwins(type)))
    .filter((type) => compile(type).size < mostBytes)
    .map((type) => (inner === undefined ? type : inMemory(type)));
  return {
    number,
    types,
    outer,
    inner,
    values: types.map((type) => sample(arbitraryValue(type), random, valuesAType)),
    waits: random.oneIn(3),
  };
}
