// The canonical ABI vectors: types, signatures, loads and stores as the specification's reference implementation has
// them, one JSON object a line. `runAbiVectors` is for the command, `printAbiVectors` for people.

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { FunctionVector, LiftVector, LowerVector, TypeVector } from "./checks.ts";
import { checkFunction, checkLift, checkLiftFlat, checkLower, checkLowerFlat, checkType } from "./checks.ts";

export interface VectorFailure {
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

export interface VectorTally {
  /** Name of the file without its ending. */
  readonly kind: string;
  readonly passed: number;
  readonly failures: readonly VectorFailure[];
  /** Assertions that are not made, by reason. */
  readonly leftOut: ReadonlyMap<string, number>;
}

interface VectorKind {
  readonly name: string;
  /** Throws where the vector does not hold. */
  readonly check: (vector: never) => void;
  /** Members of a vector that nothing is compared with. */
  readonly unused?: { readonly members: readonly string[]; readonly reason: string };
}

const kinds: readonly VectorKind[] = [
  { name: "types", check: (vector: TypeVector) => checkType(vector) },
  {
    name: "functions",
    check: (vector: FunctionVector) => checkFunction(vector),
    unused: {
      members: ["async-lift", "async-lower", "async-lift-callback"],
      reason: "signatures of asynchronous lifting and lowering: WASI 0.3",
    },
  },
  { name: "lift", check: (vector: LiftVector) => checkLift(vector) },
  { name: "lift-flat", check: (vector: LiftVector) => checkLiftFlat(vector) },
  { name: "lower", check: (vector: LowerVector) => checkLower(vector) },
  { name: "lower-flat", check: (vector: LowerVector) => checkLowerFlat(vector) },
];

const longestShown = 300;

function runKind({ name, check, unused }: VectorKind, file: string): VectorTally {
  const failures: VectorFailure[] = [];
  const leftOut = new Map<string, number>();
  let passed = 0;
  for (const [index, text] of readFileSync(file, "utf8").split("\n").entries()) {
    if (text === "") continue;
    try {
      const vector = JSON.parse(text) as Record<string, unknown>;
      check(vector as never);
      passed += 1;
      const skipped = unused?.members.filter((member) => member in vector).length ?? 0;
      if (unused !== undefined) leftOut.set(unused.reason, (leftOut.get(unused.reason) ?? 0) + skipped);
    } catch (error) {
      failures.push({ line: index + 1, text: `${text.slice(0, longestShown)}: ${String(error)}` });
    }
  }
  return { kind: name, passed, failures, leftOut };
}

function filesOf({ name }: VectorKind, data: string): string[] {
  return globSync(`abi-vectors/*/${name}.jsonl`, { cwd: data })
    .toSorted()
    .map((file) => join(data, file));
}

/** Runs the vectors in all folders of `abi-vectors` in the data (`component`); a kind without a file has no tally. */
export function runAbiVectors(data: string): VectorTally[] {
  return kinds.flatMap((kind) => filesOf(kind, data).map((file) => runKind(kind, file)));
}

const shownFailures = 20;

export function printAbiVectors(tallies: readonly VectorTally[]): string {
  const lines = tallies.flatMap(({ kind, passed, failures, leftOut }) => [
    `${kind.padEnd(12)} ${String(passed).padStart(6)} passed ${String(failures.length).padStart(6)} failed`,
    ...[...leftOut].map(([reason, count]) => `${"".padEnd(12)} ${String(count).padStart(6)} left out: ${reason}`),
    ...failures.slice(0, shownFailures).map(({ line, text }) => `  ${kind}:${line} ${text}`),
  ]);
  return ["canonical ABI vectors", ...lines].join("\n");
}
