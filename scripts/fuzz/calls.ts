// The calls that are made to a module: every exported function some times, with arguments from the seed.

import { functionTypeAt } from "edge-runtime-core/internal";
import type { CoreModuleShape, CoreSignature } from "edge-runtime-core/internal";
import type { BridgeValue } from "../wasm/bit-bridge.ts";
import { interestingBits } from "./generator/constants.ts";
import { Random } from "./random.ts";
import type { NumberType } from "./signatures.ts";
import { typeCodes } from "./signatures.ts";

export interface PlannedCall {
  readonly name: string;
  readonly signature: CoreSignature;
  readonly args: readonly BridgeValue[];
}

const most = 120;

function isNumber(type: string): type is NumberType {
  return type in typeCodes;
}

/** Undefined for references of which JavaScript has none. */
function argument(type: string, random: Random): BridgeValue | undefined {
  if (isNumber(type)) return interestingBits(type, random);
  if (type.includes("exn")) return undefined;
  if (type === "externref" || type === "(ref extern)") return { ref: { extern: "argument" } };
  if (/\((ref|ref null) (any|eq|i31)\)/.test(type)) return { ref: random.below(1000) };
  return type === "funcref" || type.startsWith("(ref null") ? { ref: null } : undefined;
}

/** Names of exported functions are called `rounds` times each. */
export function planCalls(shape: CoreModuleShape, seed: number, rounds: number): PlannedCall[] {
  const random = new Random(seed);
  const calls: PlannedCall[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const { name, kind, index } of shape.exports) {
      const signature = kind === "function" ? functionTypeAt(shape.types, shape.functions[index] ?? -1) : undefined;
      if (signature === undefined) continue;
      const args = signature.params.map((type) => argument(type, random));
      if (args.every((arg) => arg !== undefined) && calls.length < most) calls.push({ name, signature, args });
    }
  }
  return calls;
}
