// Runs a case here and through jco: both must give back what was passed, and show the host the same on the way.

import assert from "node:assert/strict";
import { defaultConfig } from "edge-runtime-common";
import type { HostFunction, HostImports, ValType } from "edge-runtime-core";
import { CompiledModule, hostInstance, InstanceRunner, WasmEngine, WorkerContext } from "edge-runtime-core";
import { testPlatform } from "edge-runtime-testing";
import { jcoComponent } from "../../../bench/jco-component.ts";
import type { EchoShape } from "./echo-component.ts";
import { echoComponent, echoName, frontInterface } from "./echo-component.ts";
import type { ValueCase } from "./value-case.ts";

export interface ValueOutcome {
  readonly findings: readonly string[];
  /** Values that passed here and there. */
  readonly compared: number;
}

type Echo = (value: unknown) => unknown;

/** Calls function `index` with a value. */
type Caller = (index: number, value: unknown) => Promise<unknown>;

function hostImports({ types, inner, waits }: ValueCase, seen: unknown[]): HostImports {
  if (inner !== undefined) return new Map();
  const echo = (_call: unknown, value: unknown): unknown => {
    seen.push(value);
    return value;
  };
  const fn: HostFunction = waits
    ? { kind: "async", call: async (call, value) => echo(call, value) }
    : { kind: "sync", call: echo };
  return new Map([[echoName, hostInstance(Object.fromEntries(types.map((_, index) => [`f${index}`, fn])))]]);
}

async function ourCaller(bytes: Uint8Array, made: ValueCase, seen: unknown[]): Promise<Caller> {
  const { engine: config, execution } = defaultConfig();
  const engine = new WasmEngine({ ...config, cacheCompiledModules: false }, { platform: testPlatform() });
  const module = await CompiledModule.fromAny(engine, bytes);
  const limits = { ...execution, timeoutMs: 60_000 };
  const runner = await InstanceRunner.create(engine, module, { execution: limits, imports: hostImports(made, seen) });
  return async (index, value) => {
    const context = new WorkerContext({ requestId: "fuzz", startedAtMs: 0 });
    const result = await runner.run(`${frontInterface}#f${index}`, [value], { context });
    if (result.kind === "trap") throw result.error;
    return result.value;
  };
}

async function jcoCaller(bytes: Uint8Array, { types }: ValueCase, seen: unknown[]): Promise<Caller> {
  const echo: Echo = (value) => {
    seen.push(value);
    return value;
  };
  const functions = Object.fromEntries(types.map((_, index) => [`f${index}`, echo]));
  const component = (await jcoComponent(bytes, { [echoName]: functions })).instantiate();
  const front = component[frontInterface] as Readonly<Record<string, Echo>>;
  return async (index, value) => front[`f${index}`]?.(value);
}

/** jco gives plain arrays or typed ones by its version; a key without value, or none. */
export function normalise(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Array.from(value as Uint8Array);
  if (Array.isArray(value)) return value.map(normalise);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(entries.map(([key, part]) => [key, normalise(part)]));
}

function difference(what: string, actual: unknown, expected: unknown): string | undefined {
  try {
    assert.deepStrictEqual(actual, expected);
    return undefined;
  } catch (error) {
    return `${what}: ${String(error).slice(0, 600)}`;
  }
}

async function pass(who: string, call: Caller, seen: unknown[], place: Place): Promise<readonly string[]> {
  const { type, index, value, bare } = place;
  const read = bare ? (one: unknown): unknown => one : normalise;
  const what = `${who}, ${JSON.stringify(type)}`;
  seen.length = 0;
  try {
    const result = await call(index, value);
    return [
      difference(`${what}, result`, read(result), read(value)),
      ...seen.map((one) => difference(`${what}, the host's argument`, read(one), read(value))),
    ].filter((finding) => finding !== undefined);
  } catch (error) {
    return [`${what}: ${String(error)}`];
  }
}

interface Place {
  readonly type: ValType;
  readonly index: number;
  readonly value: unknown;
  /** Compared as it is, or what is left of it after `normalise`. */
  readonly bare: boolean;
}

/** jco 1.35 ends by a panic for the other encodings, and for good: those values go through it in UTF-8. */
const jcoEncodings: ReadonlySet<string> = new Set(["utf8", "utf16", "utf8 utf8", "utf8 utf16", "utf16 utf8"]);

function shapeForJco(made: ValueCase): EchoShape {
  const { types, outer, inner } = made;
  if (jcoEncodings.has(inner === undefined ? outer : `${outer} ${inner}`)) return made;
  return { types, outer: "utf8", inner: inner === undefined ? undefined : "utf8" };
}

export async function compareValues(made: ValueCase): Promise<ValueOutcome> {
  const bytes = await echoComponent(made);
  const seen: unknown[] = [];
  const ours = await ourCaller(bytes, made, seen);
  const shape = shapeForJco(made);
  const theirs = await jcoCaller(shape === made ? bytes : await echoComponent(shape), made, seen);
  const findings: string[] = [];
  let compared = 0;
  for (const [index, type] of made.types.entries()) {
    for (const value of made.values[index] ?? []) {
      // One call after another: they share the instances and what the host saw.
      // oxlint-disable-next-line no-await-in-loop
      findings.push(...(await pass("here", ours, seen, { type, index, value, bare: true })));
      // oxlint-disable-next-line no-await-in-loop
      findings.push(...(await pass("jco", theirs, seen, { type, index, value, bare: false })));
      compared += 1;
    }
  }
  return { findings, compared };
}
