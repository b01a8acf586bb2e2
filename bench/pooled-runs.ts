// Acquire, a run that does `work`, release: what a request costs beside its guest.

import type { WorkerContext } from "edge-runtime-core";
import type { InstancePool, PooledInstance, runLimits } from "edge-runtime-core/internal";

interface Pooled {
  readonly pool: InstancePool;
  readonly limits: ReturnType<typeof runLimits>;
  readonly context: WorkerContext;
}

export function pooledRuns(
  { pool, limits, context }: Pooled,
  work: (instance: PooledInstance) => void = () => {},
): (times: number) => void {
  return (times) => {
    for (let index = 0; index < times; index++) {
      const instance = pool.take();
      if (instance === undefined) throw new Error("the pool lost its instance");
      instance.store.startRun(limits, context);
      work(instance);
      instance.guest.close();
      instance.store.endRun();
      pool.release(instance);
    }
  };
}
