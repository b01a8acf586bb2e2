// A new instance of a program in a store of its own, with the snapshot that resets restore. Start functions are guest
// code: they run under the limits of a run, in accounts of their own.

import type { RuntimeError } from "edge-runtime-common";
import { InternalError, MemoryLimitExceeded, Trap } from "edge-runtime-common";
import type { PooledInstance } from "../pool/instance-pool.ts";
import { InstancePool } from "../pool/instance-pool.ts";
import { emptyStore } from "./create-store.ts";
import type { WasmEngine } from "./engine.ts";
import type { RunLimits } from "./limits.ts";
import type { Guest, Program } from "./program.ts";
import type { Store } from "./store.ts";
import { toRuntimeError } from "./trap.ts";
import { WorkerContext } from "./worker-context.ts";

/** Why a run ended, from what its guest threw: a decision of the store goes before what V8 says. */
export function runError(error: unknown, store: Store): RuntimeError {
  const { stopped } = store.meter;
  if (stopped !== undefined) return stopped;
  const known = toRuntimeError(error) ?? new InternalError("a run failed", error);
  const aborted = known instanceof Trap && known.trapCode === "unreachable";
  return aborted && store.memory.denied ? new MemoryLimitExceeded(store.meter.limits.memoryMb) : known;
}

/** Makes an instance; rejects with the RuntimeError that ended its start. */
export async function instantiate(engine: WasmEngine, program: Program, limits: RunLimits): Promise<PooledInstance> {
  const store = emptyStore(engine, program.cores);
  const startedAtMs = engine.platform.wallClock();
  const started = new Promise<Guest>((resolve, reject) => {
    store.startRun(limits, new WorkerContext({ requestId: "instantiate", startedAtMs }), reject);
    program.instantiate(store).then(resolve, (error: unknown) => reject(runError(error, store)));
  });
  const guest = await started.catch((error: unknown) => {
    store.dispose();
    throw error;
  });
  store.heap.keep();
  store.endRun();
  const restorable = program.cores.every((core) => core.plan.notRestorable === undefined);
  if (restorable && engine.isPoolingEnabled()) store.snapshot();
  return { store, guest, restorable };
}

/** The pool of a program's instances under one set of limits. */
export function createPool(engine: WasmEngine, program: Program, limits: RunLimits): InstancePool {
  return new InstancePool({
    capacity: engine.capacity,
    keeps: engine.isPoolingEnabled(),
    create: () => instantiate(engine, program, limits),
    defer: (work) => void engine.platform.yieldToEventLoop().then(work),
  });
}
