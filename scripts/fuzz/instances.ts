// Instances of one module under test, in one of the ways that are compared, and what can be seen of them.

import type { CoreModuleShape, CounterPlace, Metering } from "edge-runtime-core/internal";
import { readCoreModule } from "edge-runtime-core/internal";
import { instantiateRewritten } from "../../packages/edge-runtime-core/test/support/rewritten-instance.ts";
import type { BitBridges, BridgeValue } from "../wasm/bit-bridge.ts";
import type { ExposedModule } from "../wasm/expose-state.ts";
import type { GlobalBits } from "../wasm/global-bits.ts";
import type { Exposure, State, StateItem } from "../wasm/state.ts";
import { captureState } from "../wasm/state.ts";
import type { PlannedCall } from "./calls.ts";
import { countName } from "./counting.ts";
import type { HostImports } from "./host.ts";
import { createHost } from "./host.ts";

export type Exports = Readonly<Record<string, WebAssembly.ExportValue>>;

/** What all instances of a module share. */
export interface Subject {
  readonly exposed: ExposedModule;
  readonly shape: CoreModuleShape;
  readonly bridges: BitBridges;
  readonly bits: GlobalBits;
  /** A module whose functions it imports in place of the host's. */
  readonly library: Subject | undefined;
}

export interface Instance {
  readonly library: Instance | undefined;
  readonly exports: Exports;
  readonly host: HostImports;
  /** Fuel consumed so far, with the library; 0 where nothing is metered or counted. */
  readonly consumed: () => number;
  /** The guest was ended because it had consumed its limit. */
  readonly stopped: () => boolean;
  /** Its checks suspend it: calls must be made on stacks of their own. */
  readonly suspends: boolean;
  /** Runs the start function, which a plain module ran already. */
  readonly start: () => unknown;
}

/** Functions of a library by the names under which they are imported. */
const libraryFunctions = new Map([
  ["note", "f0"],
  ["host", "f1"],
  ["throws", "f2"],
]);

/** The host's imports, with functions of a library in their place. */
export function linkLibrary({ imports }: HostImports, library: Exports | undefined): WebAssembly.Imports {
  if (library === undefined) return imports;
  for (const items of Object.values(imports)) {
    for (const name of Object.keys(items)) {
      const item = library[libraryFunctions.get(name) ?? ""];
      if (item !== undefined) items[name] = item;
    }
  }
  return imports;
}

/** Wasm that ended itself on purpose or met a limit, by kind; anything else is thrown on. */
export function printError(error: unknown): string {
  if (error instanceof WebAssembly.Exception) return "exception";
  if (error instanceof RangeError && error.message.includes("call stack")) return "exhausted";
  if (error instanceof WebAssembly.RuntimeError) return `trap: ${error.message}`;
  if (error instanceof WebAssembly.LinkError) return "unlinkable";
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function attach(exports: Exports, host: HostImports, { shape }: Subject): void {
  host.attach(
    exports,
    shape.exports.flatMap(({ name, kind }) => (kind === "function" ? [name] : [])),
  );
}

/**
 * Reads what a module counted. The length of a bulk operation is counted before it traps: sums beyond all bounds are
 * taken away, so that the calls that follow are told apart from them.
 */
function counter(counted: WebAssembly.ExportValue | undefined): () => number {
  let total = 0;
  return () => {
    if (!(counted instanceof WebAssembly.Global)) return 0;
    const count = Number(counted.value);
    (counted as { value: unknown }).value = 0n;
    total += Math.abs(count) < 2 ** 32 ? count : 0;
    return total;
  };
}

export function instantiatePlain(subject: Subject): Instance {
  const host = createHost(subject.shape);
  const library = subject.library === undefined ? undefined : instantiatePlain(subject.library);
  const imports = linkLibrary(host, library?.exports);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(subject.exposed.bytes), imports);
  attach(exports, host, subject);
  const counted = counter(exports[countName]);
  return {
    library,
    exports,
    host,
    consumed: () => counted() + (library?.consumed() ?? 0),
    stopped: () => false,
    suspends: false,
    start: () => {},
  };
}

export interface MeteredOptions {
  readonly metering: Metering;
  readonly counter: CounterPlace;
  readonly slice: number;
  /** Fuel after which a guest is ended, counted anew for each call. */
  readonly limit: number;
  /** Suspends the guest at each check. */
  readonly suspends: boolean;
}

/** Plain V8 blocks its thread for so long; longer waits count as ones that do not end. */
const longestWaitNs = 1_000_000;

/** A rewritten instance whose start function has not run yet: `start` runs it. */
export function instantiateMetered(subject: Subject, options: MeteredOptions): Instance {
  const host = createHost(subject.shape);
  const library = subject.library === undefined ? undefined : instantiateMetered(subject.library, options);
  let consumed = 0;
  let stopped = false;
  const { metering, counter, slice, suspends } = options;
  const rewritten = instantiateRewritten(subject.exposed.bytes, {
    metering,
    counter,
    slice,
    suspends,
    imports: linkLibrary(host, library?.exports),
    onWait: (timeoutNs) => {
      stopped ||= timeoutNs < 0 || timeoutNs > longestWaitNs;
    },
    onCheck: () => {
      stopped ||= rewritten.consumed() - consumed > options.limit;
      return stopped;
    },
  });
  attach(rewritten.exports, host, subject);
  return {
    library,
    exports: rewritten.exports,
    host,
    suspends,
    start: () => {
      const start = rewritten.injected("start");
      if (start === undefined) return undefined;
      return suspends ? WebAssembly.promising(start)() : (start as unknown as () => void)();
    },
    // Asked between calls: the next one has the whole limit again.
    consumed: () => {
      consumed = rewritten.consumed();
      return consumed + (library?.consumed() ?? 0);
    },
    stopped: () => stopped || library?.stopped() === true,
  };
}

const cannotBeCalled = "cannot be called";

function printValues(values: readonly BridgeValue[]): string {
  return `values ${values.map(printResult).join(" ")}`;
}

/** Makes a call; gives its outcome as text. */
export function perform(call: PlannedCall, exports: Exports, bridges: BitBridges): string {
  const target = exports[call.name];
  const bridge = target === undefined ? undefined : bridges.create(target, call.signature);
  if (bridge === undefined) return cannotBeCalled;
  try {
    return printValues(bridge(call.args));
  } catch (error) {
    return printError(error);
  }
}

/** As `perform`, on a stack of its own. */
export async function performSuspendable(call: PlannedCall, exports: Exports, bridges: BitBridges): Promise<string> {
  const target = exports[call.name];
  const bridge = target === undefined ? undefined : bridges.createSuspendable(target, call.signature);
  if (bridge === undefined) return cannotBeCalled;
  try {
    return printValues(await bridge(call.args));
  } catch (error) {
    return printError(error);
  }
}

function printResult(value: BridgeValue): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  return printReference(value.ref);
}

/** References of different instances are compared by what they are. */
function printReference(ref: unknown): string {
  if (ref === null || ref === undefined) return String(ref);
  return typeof ref === "number" ? `i31 ${ref}` : typeof ref;
}

/** What the hosts of an instance and of its library saw. */
export function hostLog({ host, library }: Instance): string {
  return library === undefined ? host.log.summary : `${host.log.summary}; ${hostLog(library)}`;
}

/** Everything that can be seen of an instance, its library and what the host lent, comparable between instances. */
export function visibleState(instance: Instance, subject: Subject): State {
  const own = ownState(instance, subject);
  if (instance.library === undefined || subject.library === undefined) return own;
  const others = [...visibleState(instance.library, subject.library)];
  return new Map([...own, ...others.map(([name, item]) => [`library ${name}`, item] as const)]);
}

function ownState({ exports, host }: Instance, subject: Subject): State {
  const { state, globalTypes } = subject.exposed;
  const own: Exposure = { exports, state, globalTypes };
  const lent: Exposure = {
    exports: Object.fromEntries([...host.state].map(([name, { item }]) => [name, item])),
    state: [...host.state.keys()],
    globalTypes: new Map([...host.state].map(([name, { type }]) => [name, type])),
  };
  const captured = [...captureState(own, subject.bits), ...captureState(lent, subject.bits)];
  return new Map(captured.map(([name, item]) => [name, comparable(item)]));
}

function comparable(item: StateItem): StateItem {
  if (item instanceof Uint8Array) return item;
  if ("elements" in item) return { elements: item.elements.map(printReference) };
  return typeof item.global === "string" ? item : { global: printReference(item.global) };
}

type Surroundings = Pick<Subject, "bridges" | "bits" | "library">;

export function createSubject(exposed: ExposedModule, { bridges, bits, library }: Surroundings): Subject {
  return { exposed, shape: readCoreModule(exposed.bytes), bridges, bits, library };
}
