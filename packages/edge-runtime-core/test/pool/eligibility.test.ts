// Which instances may serve more than one run: decided by the binary, and by what initialisation asked the host.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { HostCall, HostFunction, HostImports, HostReads, Service } from "../../src/index.ts";
import { CompiledModule } from "../../src/index.ts";
import { host, waiting } from "../component/living-component.ts";
import { createEngine, createRunner, run, settle, valueOf } from "../support/runs.ts";

/** Gives another number at every call, as a source of hash seeds does. */
function seeds(kind: HostFunction["kind"], reads: HostReads | undefined): HostImports {
  let next = 0;
  const call = (): unknown => {
    next += 1;
    return kind === "sync" ? next : Promise.resolve(next);
  };
  return host({ env: { seed: { kind, call, ...(reads === undefined ? {} : { reads }) } } });
}

const core = (start: string): string => `(module (import "env" "seed" (func $seed (result i32)))
  (global $seed (mut i32) (i32.const 0)) (func $start ${start}) (start $start)
  (func (export "get") (result i32) global.get $seed)
  (func (export "ask") (result i32) call $seed))`;

/** The seed is read by the start function of the second of two core modules. */
const component = `(component (import "env" (instance $env (export "seed" (func (result u32)))))
  (core func $seed (canon lower (func $env "seed")))
  (core module $a (import "env" "seed" (func $seed (result i32))) (func (export "ask") (result i32) call $seed))
  (core instance $a (instantiate $a (with "env" (instance (export "seed" (func $seed))))))
  (core module $b (import "a" "ask" (func $ask (result i32))) (global $seed (mut i32) (i32.const 0))
    (func $start call $ask global.set $seed) (start $start) (func (export "get") (result i32) global.get $seed))
  (core instance $b (instantiate $b (with "a" (instance $a))))
  (func (export "get") (result u32) (canon lift (core func $b "get"))))`;

interface Row {
  readonly reads: HostReads | undefined;
  readonly reason: string | undefined;
}

const rows: readonly Row[] = [
  { reads: "nothing", reason: undefined },
  { reads: "randomness", reason: "its initialisation read randomness" },
  { reads: "clock", reason: "its initialisation read a clock" },
  { reads: "environment", reason: "its initialisation read the environment" },
  {
    reads: undefined,
    reason: "its initialisation called a host function that is not declared to read nothing",
  },
];

for (const [what, text, list] of [
  ["start function", core("call $seed global.set $seed"), true],
  ["component's start function", component, false],
] as const) {
  for (const kind of ["sync", "async"] as const) {
    for (const { reads, reason } of rows) {
      const shared = reason === undefined ? "serves many runs" : "serves one run";
      test(`eligibility: an instance whose ${what} read ${reads ?? "who knows what"} (${kind}) ${shared}`, async () => {
        const runner = await createRunner(text, { imports: seeds(kind, reads) });
        const seen: unknown[] = [];
        for (let count = 0; count < 3; count++) {
          // oxlint-disable-next-line no-await-in-loop
          const value = valueOf(await run(runner, "get"));
          seen.push(list ? (value as unknown[])[0] : value);
          // oxlint-disable-next-line no-await-in-loop
          await settle();
        }
        assert.deepEqual(seen, reason === undefined ? [1, 1, 1] : [1, 2, 3]);
        const { notRestorable, discarded } = runner.stats();
        assert.deepEqual([notRestorable, discarded], [reason, reason === undefined ? 0 : 3]);
      });
    }
  }
}

test("eligibility: what a run reads is no matter, and neither is a function that initialisation does not call", async () => {
  const runner = await createRunner(core(""), { imports: seeds("sync", "randomness") });
  assert.deepEqual(valueOf(await run(runner, "ask")), [1]);
  assert.deepEqual(valueOf(await run(runner, "ask")), [2]);
  const { notRestorable, discarded, live } = runner.stats();
  assert.deepEqual([notRestorable, discarded, live], [undefined, 0, 1]);
});

test("eligibility: each instance is judged by what it read itself", async () => {
  // The second one made finds a first answer that tells it to ask again.
  const runner = await createRunner(
    `(module (import "env" "first" (func $first (result i32))) (import "env" "seed" (func $seed (result i32)))
      (func $start (if (call $first) (then (drop (call $seed))))) (start $start) (func (export "f") unreachable)
      (func (export "get")))`,
    {
      imports: host({
        env: {
          first: { kind: "sync", reads: "nothing", call: (() => (made += 1) > 1) as never },
          seed: { kind: "sync", reads: "clock", call: () => 1 },
        },
      }),
    },
  );
  let made = 0;
  await run(runner, "get");
  assert.equal(runner.stats().notRestorable, undefined);
  await run(runner, "f");
  await settle();
  assert.equal(runner.stats().notRestorable, "its initialisation read a clock");
});

test("eligibility: an instance that owns a resource of the host from the start serves one run", async () => {
  const dropped: unknown[] = [];
  let opened = 0;
  const imports = host({
    fs: {
      file: { kind: "resource", drop: (file) => void dropped.push(file) },
      open: { kind: "sync", reads: "nothing", call: () => (opened += 1) },
    },
  });
  const text = `(component
    (import "fs" (instance $fs (export "file" (type $file (sub resource))) (export "open" (func (result (own $file))))))
    (core func $open (canon lower (func $fs "open")))
    (core module $m (import "" "open" (func $open (result i32))) (func $start (drop (call $open))) (start $start)
      (func (export "get")))
    (core instance $m (instantiate $m (with "" (instance (export "open" (func $open))))))
    (func (export "get") (canon lift (core func $m "get"))))`;
  const runner = await createRunner(text, { imports });
  valueOf(await run(runner, "get"));
  assert.deepEqual(dropped, [1]);
  valueOf(await run(runner, "get"));
  assert.deepEqual(dropped, [1, 2]);
  assert.equal(runner.stats().notRestorable, "it owns resources of the host since its initialisation");
});

test("eligibility: what the binary decides has its reason too", async () => {
  const text = `(module (tag $t) (global (mut exnref) (ref.null exn)) (func (export "f")))`;
  const runner = await createRunner(text);
  valueOf(await run(runner, "f"));
  assert.equal(runner.stats().notRestorable, "mutable global of type (ref null exn)");
});

test("eligibility: a module with more mutable globals than are worth saving serves one run", async () => {
  const globals = Array.from({ length: 10_001 }, () => "(global (mut i32) (i32.const 0))").join(" ");
  const runner = await createRunner(`(module ${globals} (func (export "f")))`);
  valueOf(await run(runner, "f"));
  assert.equal(runner.stats().notRestorable, "more than 10000 mutable globals");
});

const restored = "memories, globals and tables are restored from a snapshot";
const observed =
  "decided by observation: not, if its initialisation calls a function that may read randomness, clocks or the environment";

for (const [what, text, imports, decidedBy, reason] of [
  ["a start function and an unknown import", core(""), host({}), "observation", observed],
  ["one that reads", core(""), seeds("sync", "clock"), "observation", observed],
  ["one that reads nothing", core(""), seeds("sync", "nothing"), "compilation", restored],
  ["no start function", `(module (import "env" "seed" (func)))`, host({}), "compilation", restored],
  ["a component's start function", component, host({}), "observation", observed],
  ["one that is offered something pure", component, seeds("async", "nothing"), "compilation", restored],
  ["one that is offered something else", component, host({ env: { seed: waiting(() => 1) } }), "observation", observed],
] as const) {
  test(`eligibility: a description of a module with ${what} says ${decidedBy}`, async () => {
    const module = await CompiledModule.fromWat(createEngine(), text);
    const { restorable, restoreDecidedBy, restoreReason } = module.describe(imports);
    assert.deepEqual([restorable, restoreDecidedBy, restoreReason], [true, decidedBy, reason]);
  });
}

for (const [reads, isOpenInRun] of [
  ["environment", 1],
  ["nothing", 0],
] as const) {
  const span = isOpenInRun === 1 ? "to the end of the one run" : "to the end of initialisation";
  test(`eligibility: what initialisation got from a service lasts ${span} (it read ${reads})`, async () => {
    const opened: { isOpen: boolean }[] = [];
    const service: Service<{ isOpen: boolean }> = {
      name: "files",
      start: () => ({ isOpen: true }),
      end: (state) => {
        state.isOpen = false;
      },
    };
    const open = ({ context }: HostCall): number => opened.push(context.service(service));
    const ask = (): number => Number(opened[0]?.isOpen);
    const imports = host({ env: { open: { kind: "sync", reads, call: open }, ask: { kind: "sync", call: ask } } });
    const runner = await createRunner(
      `(module (import "env" "open" (func $open (result i32))) (import "env" "ask" (func $ask (result i32)))
        (func $start (drop (call $open))) (start $start) (func (export "get") (result i32) call $ask))`,
      { imports },
    );
    assert.deepEqual(valueOf(await run(runner, "get")), [isOpenInRun]);
    await settle();
    assert.equal(opened[0]?.isOpen, false);
  });
}
