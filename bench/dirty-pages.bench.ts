// Acquire + release of a pooled instance whose run wrote to some pages, against a new instance with the same pages written
// to, and against a memcpy of the bytes of those pages. The guests of fixed shape are those that
// scripts/wasmtime-pool.py measures under Wasmtime.

import { readFileSync } from "node:fs";
import { defaultConfig } from "edge-runtime-common";
import { CompiledModule } from "edge-runtime-core";
import type { PooledInstance } from "edge-runtime-core/internal";
import { createPool, instantiate, runLimits } from "edge-runtime-core/internal";
import { createHostImports } from "edge-runtime-host";
import { parseWat } from "edge-runtime-testing";
import { buildStarlingMonkey } from "../test/starlingmonkey-guest.ts";
import { createBenchEngine, newContext } from "./bench-engine.ts";
import { interleave } from "./interleave.ts";
import { pooledRuns } from "./pooled-runs.ts";
import type { Results } from "./results.ts";
import { touch, touchingGuests } from "./touching-guest.ts";

const dirtyPageBytes = 4096;

interface Guest {
  readonly key: string;
  readonly what: string;
  readonly bytes: Uint8Array;
  readonly target?: string;
  /** Writes to the pages of one instance, as a run did. */
  readonly prepare: (sample: PooledInstance) => Promise<Touch>;
}

interface Touch {
  readonly pages: number;
  readonly touch: (instance: PooledInstance) => void;
}

/** The guest writes to its pages itself, in one call. */
function touchedByGuest(pages: number): Guest["prepare"] {
  return async () => ({ pages, touch });
}

/** Runs one request to see which pages it writes to; then the host writes to them, since a request costs more than a reset. */
async function touchedByRequest(sample: PooledInstance): Promise<Touch> {
  const memories = sample.store.instances.flatMap((instance) => instance.memories);
  const before = memories.map((memory) => new Uint8Array(memory.buffer).slice());
  const limits = runLimits(createBenchEngine().config, { ...defaultConfig().execution, timeoutMs: 60_000 });
  const request = { method: "get", uri: "/", headers: [], body: undefined };
  await new Promise((resolve, reject) => {
    sample.store.startRun(limits, newContext(), { onAbort: reject });
    sample.guest.entry("handle")?.([request]).then(resolve, reject);
  });
  sample.guest.close();
  sample.store.endRun();
  const dirty = memories.map((memory, index) =>
    dirtyPages(new Uint8Array(memory.buffer), before[index] ?? new Uint8Array()),
  );
  return {
    pages: dirty.reduce((sum, pages) => sum + pages.length, 0),
    touch: ({ store }) => {
      const guests = store.instances.flatMap((instance) => instance.guestMemories);
      for (const [index, guest] of guests.entries()) {
        const pages = dirty[index] ?? [];
        if (pages.length === 0) continue;
        const bytes = new Uint8Array(guest.memory.buffer);
        for (const at of pages) {
          bytes[at] = 1;
          guest.wrote(at, 1);
        }
      }
    },
  };
}

function dirtyPages(now: Uint8Array, before: Uint8Array): number[] {
  const pages: number[] = [];
  for (let at = 0; at < now.length; at += dirtyPageBytes) {
    const end = at + dirtyPageBytes;
    if (Buffer.compare(now.subarray(at, end), before.subarray(at, end)) !== 0) pages.push(at);
  }
  return pages;
}

async function measure(guest: Guest, results: Results): Promise<void> {
  const engine = createBenchEngine();
  const unpooled = createBenchEngine({ poolingAllocator: false });
  const module = await CompiledModule.fromAny(engine, guest.bytes);
  const program = module.link(createHostImports({ platform: engine.platform }));
  const limits = runLimits(engine.config, defaultConfig().execution);
  const pool = createPool(engine, program, limits);
  const { pages, touch: write } = await guest.prepare(await instantiate(engine, program, limits));
  await pool.prepare(1);
  const source = new Uint8Array(pages * dirtyPageBytes).fill(1);
  const copied = new Uint8Array(source.length);
  const [pooled, fresh, memcpy] = await interleave(
    [
      {
        name: "pooled",
        run: pooledRuns({ pool, limits, context: newContext() }, write),
      },
      {
        name: "new",
        run: async (times) => {
          for (let index = 0; index < times; index++) write(await instantiate(unpooled, program, limits));
        },
      },
      {
        name: "memcpy",
        run: (times) => {
          for (let index = 0; index < times; index++) copied.set(source);
        },
      },
    ],
    { rounds: 15, roundMs: 60 },
  );
  if (pooled === undefined || fresh === undefined || memcpy === undefined) throw new Error("a subject is missing");
  const { key, what } = guest;
  const name = `${what}, ${pages} of 4 KiB written to`;
  results.add({ key: `pool_${key}_us`, what: `acquire + release, ${name}, us`, value: pooled.medianUs });
  results.add({
    key: `pool_${key}_new_us`,
    what: "new instance, the same pages written to, us",
    value: fresh.medianUs,
  });
  results.add({ key: `pool_${key}_memcpy_us`, what: "memcpy of as many bytes, us", value: memcpy.medianUs });
  const speedup = fresh.medianUs / pooled.medianUs;
  const target = guest.target === undefined ? {} : { target: guest.target };
  results.add({ key: `pool_${key}_speedup`, what: "new over pooled", value: speedup, ...target });
  results.add({ key: `pool_${key}_over_memcpy`, what: "pooled over memcpy", value: pooled.medianUs / memcpy.medianUs });
  pool.dispose();
}

export async function benchDirtyPages(results: Results): Promise<void> {
  const small = await Promise.all(
    touchingGuests.map(async ({ key, what, dirty, wat }) => {
      const target = key === "17p20d" ? { target: "15" } : {};
      return { key, what, bytes: await parseWat(wat), prepare: touchedByGuest(dirty), ...target };
    }),
  );
  const guests: readonly Guest[] = [
    ...small,
    {
      key: "starlingmonkey",
      what: "StarlingMonkey",
      bytes: readFileSync(await buildStarlingMonkey()),
      target: "40",
      prepare: touchedByRequest,
    },
  ];
  for (const guest of guests) await measure(guest, results);
}
