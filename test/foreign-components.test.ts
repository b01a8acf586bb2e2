// Components that others made, with other toolchains, in an embedder's program: resources both ways, and components in
// components. They lie beside the checkout (../shared/conformance/real); without them the tests are skipped.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { test } from "node:test";
import { defaultConfig } from "edge-runtime-common";
import { CompiledModule, hostInstance, InstanceRunner, WasmEngine, WorkerContext } from "edge-runtime-core";
import type { HostFunction, HostImports, HostItem } from "edge-runtime-core";
import { createNodePlatform } from "edge-runtime-host";
import { conformanceFiles, needs } from "../packages/edge-runtime-core/test/support/conformance.ts";

const FOLDER = "real/jco/runtime";
const RUNS = 3;

/** A guest, and what it is given and asked. */
interface Call {
  readonly file: string;
  readonly imports: Readonly<Record<string, HostItem>>;
  readonly entry: string;
  readonly args: readonly unknown[];
}

function sync(call: (...args: never[]) => unknown): HostFunction {
  return { kind: "sync", call: (_call, ...args) => call(...args) };
}

/** The values of some runs, pooled and not, which must not differ, nor their fuel. */
async function runEach({ file, imports, entry, args }: Call): Promise<unknown[]> {
  const [path] = conformanceFiles(`${FOLDER}/${file}.wasm`);
  assert.ok(path !== undefined, file);
  const bytes = new Uint8Array(readFileSync(path));
  const { engine: engineConfig, execution } = defaultConfig();
  const host: HostImports = new Map(Object.entries(imports));
  const values: unknown[] = [];
  const fuel = new Set<number>();
  for (const poolingAllocator of [true, false]) {
    const engine = new WasmEngine({ ...engineConfig, poolingAllocator }, { platform: createNodePlatform() });
    const module = await CompiledModule.fromComponentBytes(engine, bytes);
    const options = { execution: { ...execution, timeoutMs: 60_000 }, imports: host };
    const runner = await InstanceRunner.create(engine, module, options);
    for (let run = 0; run < RUNS; run += 1) {
      const context = new WorkerContext({ requestId: String(run), startedAtMs: 0 });
      const result = await runner.run(entry, args, { context });
      assert.equal(result.kind, "success", "message" in result ? result.message : "");
      values.push("value" in result ? result.value : undefined);
      fuel.add(result.metrics.fuelConsumed);
    }
    assert.equal(runner.stats().discarded, 0);
    runner.dispose();
  }
  assert.equal(fuel.size, 1, `fuel differs: ${[...fuel].join()}`);
  return values;
}

function times<T>(value: T): T[] {
  return Array.from({ length: 2 * RUNS }, () => value);
}

for (const [kind, hello] of [
  ["answers at once", sync(() => "Grüß Gott")],
  ["waits", { kind: "async", call: () => delay(1, "Grüß Gott") }],
] as const) {
  test(`foreign: components in components pass on what a host function says that ${kind}`, needs(FOLDER), async () => {
    const name = "calvinrp:test-async-funcs/hello@0.1.0";
    const values = await runEach({
      file: "simple-nested.component",
      imports: { [name]: hostInstance({ "hello-world": hello }) },
      entry: `${name}#hello-world`,
      args: [],
    });
    assert.deepEqual(values, times("Grüß Gott"));
  });
}

test("foreign: a guest makes a host's resource, lends it and drops it, once in each run", needs(FOLDER), async () => {
  const log: string[] = [];
  const imports: Readonly<Record<string, HostItem>> = {
    r: { kind: "resource", drop: (value) => void log.push(`drop ${String(value)}`) },
    "[constructor]r": sync(() => {
      log.push("make thing");
      return "thing";
    }),
    test: sync((value: string) => void log.push(`lend ${value}`)),
  };
  await runEach({ file: "resource-borrow-simple.component", imports, entry: "test-imports", args: [] });
  assert.deepEqual(log, times(["make thing", "lend thing", "drop thing"]).flat());
});

test(
  "foreign: a host's resource goes through a guest as an argument and comes from an import",
  needs(FOLDER),
  async () => {
    interface Scalars {
      readonly b: number;
    }
    const dropped: number[] = [];
    const values = await runEach({
      file: "example_guest_import",
      imports: {
        "example2:component/backend@0.1.0": hostInstance({
          scalars: { kind: "resource", drop: (value) => void dropped.push((value as Scalars).b) },
          "[method]scalars.get-b": sync((self: Scalars) => self.b),
          fetch: sync((self: Scalars): Scalars => ({ b: self.b * 2 })),
        }),
      },
      entry: "example2:component/front@0.1.0#handle",
      args: [{ b: 21 }],
    });
    assert.deepEqual(values, times(63));
    // Its own before what it was lent, or after: the order is the guest's.
    for (const b of [21, 42]) assert.equal(dropped.filter((value) => value === b).length, 2 * RUNS);
  },
);

test("foreign: a static method of a guest's own resource, and a function beside it", needs(FOLDER), async () => {
  const call = { file: "example_guest_export", imports: {} };
  const backend = "example:component/backend@0.1.0";
  assert.deepEqual(await runEach({ ...call, entry: `${backend}#[static]scalars.get-a`, args: [] }), times(5));
  assert.deepEqual(
    await runEach({ ...call, entry: `${backend}#fetch`, args: ["http://a.test"] }),
    times(new Uint8Array()),
  );
});
