// One module, run metered first so that what does not end is left out, then plain and in all other ways: same results,
// traps, host calls and state; same fuel whatever the slice, wherever the counter lives and however often the guest is
// suspended, and the fuel that the module counts itself; and after a reset the state of the snapshot, from which the
// same happens again.

import { CompilationFailed } from "edge-runtime-common";
import type { BitBridges } from "../wasm/bit-bridge.ts";
import { boundGrowth } from "../wasm/bound-growth.ts";
import { exposeState } from "../wasm/expose-state.ts";
import type { GlobalBits } from "../wasm/global-bits.ts";
import type { PlannedCall } from "./calls.ts";
import { planCalls } from "./calls.ts";
import { compare } from "./compare.ts";
import { compareReset } from "./compare-reset.ts";
import { countingModule } from "./counting.ts";
import { callsBack, CannotImport } from "./host.ts";
import type { MeteredOptions, Subject } from "./instances.ts";
import { createSubject } from "./instances.ts";
import type { PlayRecord } from "./play.ts";
import { playMetered, playPlain } from "./play.ts";

export interface Trial {
  readonly kind: "compared" | "invalid" | "refused" | "skipped";
  /** Why it was refused or skipped. */
  readonly reason?: string;
  readonly findings: readonly string[];
  /** Calls that were made in every way. */
  readonly calls: readonly PlannedCall[];
  readonly subject?: Subject;
  /** Why no snapshot was restored; undefined where one was. */
  readonly notReset?: string | undefined;
  readonly outcomes: readonly string[];
}

/** Fuel for one call: above it, a call is left out. */
const callFuel = 200_000;
/** Calls that do not end, before the rest of the calls is left out. */
const mostEndless = 12;
const mostStateBytes = 32 << 20;

const fuelWay: MeteredOptions = { metering: "fuel", counter: "own", slice: 20_000, limit: callFuel, suspends: false };
const unlimited: MeteredOptions = { ...fuelWay, limit: Number.POSITIVE_INFINITY };

/** What is compared with the first way, of calls that end. */
const otherWays: readonly (readonly [name: string, options: MeteredOptions])[] = [
  ["fuel, checked everywhere", { ...unlimited, counter: "imported", slice: 1 }],
  ["fuel, suspended often", { ...unlimited, slice: 300, suspends: true }],
  ["deadline", { ...unlimited, metering: "deadline" }],
  ["deadline, checked everywhere", { ...unlimited, metering: "deadline", counter: "imported", slice: 1 }],
  ["not metered", { ...unlimited, metering: "none" }],
];

/** The first run, and the calls that end. */
async function settle(
  subject: Subject,
  planned: readonly PlannedCall[],
): Promise<{ record: PlayRecord; calls: PlannedCall[] } | undefined> {
  let calls = [...planned];
  for (let attempt = 0; ; attempt++) {
    // Each attempt leaves out what the last one found.
    // oxlint-disable-next-line no-await-in-loop
    const played = await playMetered(subject, fuelWay, calls);
    if (typeof played !== "number") return { record: played, calls };
    if (played < 0) return undefined;
    calls = attempt < mostEndless ? calls.toSpliced(played, 1) : calls.slice(0, played);
  }
}

/** The module and its library as ones that count their fuel; undefined at V8's limits, since counting needs room. */
function countingSubject(subject: Subject): Subject | undefined {
  const bytes = countingModule(subject.exposed.bytes);
  if (!WebAssembly.validate(bytes)) return undefined;
  const library = subject.library === undefined ? undefined : countingSubject(subject.library);
  return createSubject({ ...subject.exposed, bytes }, { ...subject, library });
}

/** Fuel against a module that counts its own. */
async function compareCounted(subject: Subject, wanted: PlayRecord, calls: readonly PlannedCall[]): Promise<string[]> {
  const counting = countingSubject(subject);
  if (counting === undefined) return [];
  return compare("fuel counted by the module", wanted, await playPlain(counting, calls), true);
}

function ended(kind: Trial["kind"], reason: string): Trial {
  return { kind, reason, findings: [], calls: [], outcomes: [] };
}

function stateBytes(subject: Subject): bigint {
  const pages = subject.shape.memories.reduce((sum, memory) => sum + memory.type.min, 0n);
  const elements = subject.shape.tables.reduce((sum, table) => sum + table.type.limits.min, 0n);
  return pages * 65_536n + elements * 8n;
}

async function compareWays(subject: Subject, planned: readonly PlannedCall[], marksPages: boolean): Promise<Trial> {
  const first = await settle(subject, planned);
  if (first === undefined) return ended("skipped", "its start function does not end");
  const { record, calls } = first;
  const findings = compare("plain V8", record, await playPlain(subject, calls), false);
  for (const [name, way] of otherWays) {
    // A guest cannot be suspended through a frame of JavaScript.
    if (way.suspends && callsBack(subject.shape)) continue;
    // The ways share the bridges' memory.
    // oxlint-disable-next-line no-await-in-loop
    const played = await playMetered(subject, way, calls);
    findings.push(...compare(name, record, played, way.metering === "fuel"));
  }
  findings.push(...(await compareCounted(subject, record, calls)));
  const reset = await compareReset(subject, record, calls, marksPages);
  findings.push(...reset.findings);
  return { kind: "compared", findings, calls, subject, notReset: reset.notReset, outcomes: record.outcomes };
}

export interface TrialOptions {
  readonly seed: number;
  /** How often each export is called. */
  readonly rounds: number;
  readonly bridges: BitBridges;
  readonly bits: GlobalBits;
  /** A module for it to import from. */
  readonly library?: Uint8Array | undefined;
}

function prepare(bytes: Uint8Array, { bridges, bits, library }: TrialOptions): Subject {
  const linked = library === undefined ? undefined : prepare(library, { bridges, bits, seed: 0, rounds: 0 });
  return createSubject(exposeState(boundGrowth(bytes)), { bridges, bits, library: linked });
}

/** Compares all ways of running the module `bytes`. */
export async function tryModule(bytes: Uint8Array, options: TrialOptions): Promise<Trial> {
  if (!WebAssembly.validate(bytes)) return ended("invalid", "");
  const subject = prepare(bytes, options);
  if (stateBytes(subject) > mostStateBytes) return ended("skipped", "more state than is copied here");
  try {
    return await compareWays(subject, planCalls(subject.shape, options.seed, options.rounds), options.seed % 2 === 0);
  } catch (error) {
    if (error instanceof CompilationFailed) return ended("refused", error.reason);
    if (error instanceof CannotImport) return ended("skipped", error.message);
    throw error;
  }
}
