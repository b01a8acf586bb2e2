// The module in a store of the engine: the same outcomes and fuel there, then resets, and all of it again.

import { CompilationFailed, defaultConfig } from "edge-runtime-common";
import { WasmEngine } from "edge-runtime-core";
import { testPlatform } from "edge-runtime-testing";
import { skipped } from "../conformance/core/outcome.ts";
import { PooledGroup } from "../conformance/core/pooled-group.ts";
import type { PlannedCall } from "./calls.ts";
import { hasExactFuel } from "./compare.ts";
import type { HostImports } from "./host.ts";
import { createHost } from "./host.ts";
import type { Exports, Subject } from "./instances.ts";
import { linkLibrary, performSuspendable, printError } from "./instances.ts";
import type { PlayRecord } from "./play.ts";

export interface ResetComparison {
  readonly findings: readonly string[];
  /** Why there was no reset; undefined where there was. */
  readonly notReset: string | undefined;
}

/** Instantiates the library, then the module, in one store. */
async function instantiate(subject: Subject, group: PooledGroup, host: HostImports): Promise<Exports> {
  const { library } = subject;
  if (library === undefined) return group.instantiate(subject.exposed.bytes, host.imports, 0);
  const linked = await group.instantiate(library.exposed.bytes, createHost(library.shape).imports, 0);
  return group.instantiate(subject.exposed.bytes, linkLibrary(host, linked), 1);
}

function createGroup(subject: Subject, usesHostState: boolean, marksPages: boolean): PooledGroup {
  // No guest yields where the clock stands still: `call-export` puts a frame of JavaScript between guest and host.
  const platform = { ...testPlatform(), now: () => 0 };
  const engine = new WasmEngine(defaultConfig().engine, { platform });
  return new PooledGroup(
    { lastLink: subject.library === undefined ? 0 : 1, usesHostState },
    { engine, bits: subject.bits, marksPages },
  );
}

export async function compareReset(
  subject: Subject,
  wanted: PlayRecord,
  calls: readonly PlannedCall[],
  marksPages: boolean,
): Promise<ResetComparison> {
  const host = createHost(subject.shape);
  const group = createGroup(subject, host.state.size > 0, marksPages);
  let exports: Exports;
  try {
    exports = await instantiate(subject, group, host);
  } catch (error) {
    // A store has caps of its own; what the start function threw was compared before.
    const same = error instanceof CompilationFailed || wanted.outcomes[0] === printError(error);
    return { findings: same ? [] : [`pooled: ${printError(error)}`], notReset: "was not instantiated" };
  }
  const names = subject.shape.exports.flatMap(({ name, kind }) => (kind === "function" ? [name] : []));
  host.attach(exports, names);
  const findings: string[] = [];
  for (const [index, call] of calls.entries()) {
    // Calls follow one another.
    // oxlint-disable-next-line no-await-in-loop
    await group.act(index, async () => {
      const text = await performSuspendable(call, exports, subject.bridges);
      const first = wanted.outcomes[index + 1];
      if (text !== first) findings.push(`pooled: call ${index} gives ${text}, not ${first}`);
      // Nothing asserts what it is; that it is the same after a reset is checked, with its fuel.
      return skipped(text);
    });
  }
  group.fuel.forEach((fuel, index) => {
    const exact = hasExactFuel(wanted.outcomes[index + 1]);
    const first = wanted.fuel[index + 1];
    if (exact && fuel !== first) findings.push(`pooled: call ${index} takes ${fuel} fuel, not ${first}`);
  });
  const { differences, notRestored } = await group.verify();
  findings.push(...differences.map(({ at, text }) => `pooled: call ${at}: ${text}`));
  return { findings, notReset: notRestored };
}
