// Which of the opcodes that nobody has seen run yet do run in a module, metered, when the calls of its trial are made.

import { coverageModule } from "./coverage.ts";
import type { PlannedCall } from "./calls.ts";
import type { Subject } from "./instances.ts";
import { createSubject, instantiateMetered, perform } from "./instances.ts";

/** Flags cost operators of their own. */
const fuel = 10_000_000;

function ignoreTrap(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    // Opcodes ran until then.
    if (!(error instanceof Error)) throw error;
  }
}

export function executedOpcodes(
  subject: Subject,
  calls: readonly PlannedCall[],
  wanted: (opcode: string) => boolean,
): string[] {
  const coverage = coverageModule(subject.exposed.bytes, wanted);
  if (coverage === undefined) return [];
  const marked = createSubject({ ...subject.exposed, bytes: coverage.bytes }, subject);
  const instance = instantiateMetered(marked, {
    metering: "fuel",
    counter: "own",
    slice: 20_000,
    limit: fuel,
    suspends: false,
  });
  ignoreTrap(instance.start);
  for (const call of calls) perform(call, instance.exports, subject.bridges);
  return coverage.flags.flatMap(({ name, opcode }) => {
    const flag = instance.exports[name];
    return flag instanceof WebAssembly.Global && flag.value === 1 ? [opcode] : [];
  });
}
