// A new instance of a program in a store of its own, with the snapshot that resets restore. Start functions are guest
// code: they run under the limits of a run, in accounts of their own.

import type { RuntimeError } from "edge-runtime-common";
import { InternalError, MemoryLimitExceeded, Trap } from "edge-runtime-common";
import { CreationLimiter, throttledReason } from "../pool/creation-limiter.ts";
import type { PooledInstance, PoolOptions } from "../pool/instance-pool.ts";
import { InstancePool, restoreInstance } from "../pool/instance-pool.ts";
import { ResetVerifier } from "../pool/reset-verifier.ts";
import { emptyStore } from "./create-store.ts";
import type { WasmEngine } from "./engine.ts";
import { Grants } from "./grants.ts";
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
  if (!aborted || !store.memory.denied) return known;
  return new MemoryLimitExceeded(store.meter.limits.memoryMb, store.memory.usedBytes);
}

/** Why no instance of a program can be restored, as far as its binary tells. */
function plannedReason(program: Program): string | undefined {
  return program.cores.find((core) => core.plan.notRestorable !== undefined)?.plan.notRestorable;
}

export interface InstantiateOptions {
  /** The instance will not be restored: it needs no snapshot. Default false. */
  readonly forOneRun?: boolean;
  /** What its start functions may use. */
  readonly grants?: Grants | undefined;
}

/**
 * Makes an instance, with a snapshot where pooling is on and it can be restored. Rejects with the RuntimeError that
 * ended its start.
 */
export async function instantiate(
  engine: WasmEngine,
  program: Program,
  limits: RunLimits,
  { forOneRun = false, grants = Grants.none }: InstantiateOptions = {},
): Promise<PooledInstance> {
  const store = emptyStore(engine, program.cores);
  const startedAtMs = engine.platform.wallClock();
  const context = new WorkerContext({ requestId: "instantiate", startedAtMs, grants });
  const started = new Promise<Guest>((resolve, reject) => {
    store.startRun(limits, context, { onAbort: reject });
    program.instantiate(store).then(resolve, reject);
  });
  const guest = await started.catch((error: unknown) => {
    const reason = runError(error, store);
    engine.startStacks.set(reason, store.guestStack(error));
    context.end();
    store.dispose();
    throw reason;
  });
  store.heap.keep();
  // An instance that serves one run goes on with what its start was given; others must have kept nothing.
  if (store.initialisation.notShareable === undefined) context.end();
  else store.keepServices(context);
  store.endRun();
  store.initialisation.end();
  let notRestorable =
    plannedReason(program) ??
    store.initialisation.notShareable ??
    guest.notRestorable ??
    (forOneRun ? throttledReason : undefined);
  if (notRestorable === undefined && engine.isPoolingEnabled()) notRestorable = store.snapshot(program.images);
  return { store, guest, notRestorable };
}

/** What embedders and tests may set of a pool; the rest follows from engine and program. */
export interface PoolSetting extends Partial<Pick<PoolOptions, "onResetFault" | "restore">> {
  readonly grants?: Grants | undefined;
}

/** The pool of a program's instances under one set of limits. */
export function createPool(
  engine: WasmEngine,
  program: Program,
  limits: RunLimits,
  { grants, ...setting }: PoolSetting = {},
): InstancePool {
  const { platform, config } = engine;
  return new InstancePool({
    capacity: engine.capacity,
    memoryPlaces: program.memoryPlaces,
    keeps: engine.isPoolingEnabled(),
    create: (forOneRun) => instantiate(engine, program, limits, { forOneRun, grants }),
    defer: (work) => void platform.yieldToEventLoop().then(work),
    limiter: new CreationLimiter({ now: platform.now, schedule: platform.schedule }),
    verifier: config.verifyResets > 0 ? new ResetVerifier(config.verifyResets) : undefined,
    restore: restoreInstance,
    onResetFault: () => {},
    ...setting,
  });
}
