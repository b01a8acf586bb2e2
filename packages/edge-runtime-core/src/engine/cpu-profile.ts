// A fuel profile in the format of V8's CPU profiles, which speedscope, the Firefox profiler and Chrome's tools open. A
// microsecond there is a unit of fuel.
//
// Readers differ in whether a delta belongs to the sample before it or behind it, and Firefox drops samples that are
// less than 500 apart and weighs the rest alike. So all deltas are 1000 but the last, and a stack that took more fuel
// stands as often as it takes; what is left over goes to the next sample.
// Spec: Chrome DevTools Protocol, Profiler.Profile.

import { printGuestFrame } from "edge-runtime-common";
import type { FuelProfile, ProfileNode } from "./fuel-profile.ts";

export interface CpuProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly scriptId: string;
    readonly url: string;
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
  readonly hitCount: number;
  readonly children: number[];
}

export interface CpuProfile {
  readonly nodes: readonly CpuProfileNode[];
  /** Node ids. */
  readonly samples: readonly number[];
  /** Fuel; one for each sample. */
  readonly timeDeltas: readonly number[];
  readonly startTime: number;
  readonly endTime: number;
}

const unit = 1000;

/** Most samples written: a profile of 10^9 units is some megabytes. */
const maxUnits = 1_000_000;

function toNode({ frame }: ProfileNode, index: number, hitCount: number): CpuProfileNode {
  const functionName = frame === undefined ? "(root)" : printGuestFrame(frame);
  // No source is known: a line of -1 says so.
  const callFrame = { functionName, scriptId: "0", url: "", lineNumber: -1, columnNumber: -1 };
  return { id: index + 1, callFrame, hitCount, children: [] };
}

/** The profile as an object to be written as JSON. */
export function toCpuProfile(profile: FuelProfile): CpuProfile {
  const total = profile.samples.reduce((sum, { fuel }) => sum + fuel, 0);
  const delta = unit * Math.max(1, Math.ceil(total / unit / maxUnits));
  const samples: number[] = [];
  const hits = new Map<number, number>();
  const add = (node: number): void => {
    samples.push(node + 1);
    hits.set(node, (hits.get(node) ?? 0) + 1);
  };
  let owed = 0;
  for (const { node, fuel } of profile.samples) {
    for (owed += fuel; owed >= delta; owed -= delta) add(node);
  }
  const last = profile.samples.at(-1);
  if (owed > 0 && last !== undefined) add(last.node);
  const timeDeltas = samples.map((_, index) => (index === 0 ? 0 : delta));
  // Ends the last sample; the root is no function.
  samples.push(1);
  timeDeltas.push(owed > 0 ? owed : delta);
  if (samples.length === 1) timeDeltas[0] = 0;
  const nodes = profile.nodes.map((node, index) => toNode(node, index, hits.get(index) ?? 0));
  profile.nodes.forEach(({ parent }, index) => {
    if (parent !== undefined) nodes[parent]?.children.push(index + 1);
  });
  return { nodes, samples, timeDeltas, startTime: unit, endTime: unit + total };
}
