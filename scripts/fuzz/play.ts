// Plays the calls of a trial on one instance and records everything that can be seen.

import { CompilationFailed } from "edge-runtime-common";
import type { State } from "../wasm/state.ts";
import type { PlannedCall } from "./calls.ts";
import { CannotImport } from "./host.ts";
import type { Instance, MeteredOptions, Subject } from "./instances.ts";
import {
  hostLog,
  instantiateMetered,
  instantiatePlain,
  perform,
  performSuspendable,
  printError,
  visibleState,
} from "./instances.ts";

export interface PlayRecord {
  /** Of the start function, then of each call. */
  readonly outcomes: readonly string[];
  readonly fuel: readonly number[];
  /** What the host saw. */
  readonly log: string;
  readonly state: State;
}

/** The number of a call that did not end, or exhausted the stack: how deep that is differs from way to way. */
export type Played = PlayRecord | number;

async function startOutcome({ start }: Instance): Promise<string> {
  try {
    await start();
    return "started";
  } catch (error) {
    return printError(error);
  }
}

async function play(instance: Instance, calls: readonly PlannedCall[], subject: Subject): Promise<Played> {
  const outcomes: string[] = [];
  const fuel: number[] = [];
  const make = instance.suspends ? performSuspendable : perform;
  for (let number = -1; number < calls.length; number++) {
    const call = calls[number];
    // A plain module ran its start function when it was instantiated.
    const before = number < 0 ? 0 : instance.consumed();
    // Calls follow one another.
    // oxlint-disable-next-line no-await-in-loop
    const outcome = await (call === undefined ? startOutcome(instance) : make(call, instance.exports, subject.bridges));
    if (instance.stopped() || outcome === "exhausted") return number;
    outcomes.push(outcome);
    fuel.push(instance.consumed() - before);
    if (number < 0 && outcome !== "started") break;
  }
  return { outcomes, fuel, log: hostLog(instance), state: visibleState(instance, subject) };
}

async function playNew(create: () => Instance, calls: readonly PlannedCall[], subject: Subject): Promise<Played> {
  let instance: Instance;
  try {
    instance = create();
  } catch (error) {
    if (error instanceof CannotImport || error instanceof CompilationFailed) throw error;
    // A segment that does not fit, a start function of a plain module that traps.
    return { outcomes: [printError(error)], fuel: [0], log: "", state: new Map() };
  }
  return play(instance, calls, subject);
}

export function playMetered(subject: Subject, options: MeteredOptions, calls: readonly PlannedCall[]): Promise<Played> {
  return playNew(() => instantiateMetered(subject, options), calls, subject);
}

export function playPlain(subject: Subject, calls: readonly PlannedCall[]): Promise<Played> {
  return playNew(() => instantiatePlain(subject), calls, subject);
}
