// Runs one case: the differential trial of its module, the opcodes that it executes, and its corrupt bytes.

import type { BitBridges } from "../wasm/bit-bridge.ts";
import type { GlobalBits } from "../wasm/global-bits.ts";
import type { Case } from "./cases.ts";
import { tryCorrupt } from "./corrupt-input.ts";
import type { Trial } from "./differential.ts";
import { tryModule } from "./differential.ts";
import { executedOpcodes } from "./executed.ts";
import type { CaseReport } from "./messages.ts";

export interface CaseRunner {
  readonly bridges: BitBridges;
  readonly bits: GlobalBits;
  /** Opcodes that were seen running; those of the case are added. */
  readonly executed: Set<string>;
}

/** Calls of each export: the sweep wants every operand, the others other modules. */
const sweepRounds = 6;
const rounds = 2;

function newlyExecuted(trial: Trial, executed: Set<string>): string[] {
  if (trial.subject === undefined) return [];
  const found = executedOpcodes(trial.subject, trial.calls, (opcode) => !executed.has(opcode));
  for (const opcode of found) executed.add(opcode);
  return found;
}

/** The differential trial of a case's module. */
export function tryCase(
  { source, seed, library, bytes = new Uint8Array() }: Case,
  { bridges, bits }: CaseRunner,
): Promise<Trial> {
  return tryModule(bytes, { seed, rounds: source === "sweep" ? sweepRounds : rounds, bridges, bits, library });
}

export async function runCase(made: Case, runner: CaseRunner): Promise<CaseReport> {
  const trial = made.bytes === undefined ? undefined : await tryCase(made, runner);
  const corrupt = tryCorrupt(made.corrupted);
  return {
    number: made.number,
    source: made.source,
    kind: trial?.kind ?? "none",
    reason: trial?.reason,
    findings: [...(trial?.findings ?? []), ...corrupt.findings],
    calls: trial?.calls.length ?? 0,
    notReset: trial?.notReset,
    executed: trial === undefined ? [] : newlyExecuted(trial, runner.executed),
    corruptAccepted: corrupt.accepted,
  };
}
