// A process of its own that runs guests which fill V8's heap as fast as they can, alone and many at once. Prints one
// line a guest; with "plain" as its argument it runs the first without the engine, which ends the process.

import { parseWat } from "edge-runtime-testing";
import { testPlatform } from "edge-runtime-testing";
import { CompiledModule, InstanceRunner, WasmEngine, WorkerContext } from "../../src/index.ts";
import { engineDefaults, executionDefaults } from "./runs.ts";

const kept = (type: string, value: string): string => `(module ${type}
  (rec (type $cell (struct (field anyref) (field exnref) (field (ref null $cell)))))
  (tag $large (param ${"i64 ".repeat(900)})) (tag $small (param i64 i64))
  (global $list (mut (ref null $cell)) (ref.null $cell))
  (func (export "run")
    (loop $again (block $h (try_table (catch_all $h)
      (loop $l (global.set $list (struct.new $cell ${value} (global.get $list))) (br $l)))) (br $again))))`;

const thrown = (throws: string): string =>
  `(ref.null any) (block $x (result exnref) (try_table (catch_all_ref $x) ${throws}) (unreachable))`;

/** Recursion inside handlers: each frame keeps an exception alive, no object does. */
const nested = `(module (tag $t (param ${"i64 ".repeat(900)}))
  (func $f (export "run") (local $kept exnref)
    (local.set $kept
      (block $h (result exnref)
        (try_table (catch_all_ref $h) ${"(i64.const 1)".repeat(900)} (throw $t)) (unreachable)))
    (call $f) (throw_ref (local.get $kept))))`;

const guests: readonly (readonly [name: string, wat: string])[] = [
  ["cells", kept("", "(ref.null any) (ref.null exn)")],
  [
    "wide structs",
    kept(`(type $w (struct ${"(field i64)".repeat(10_000)}))`, "(struct.new_default $w) (ref.null exn)"),
  ],
  ["arrays", kept("(type $a (array i64))", "(array.new_default $a (i32.const 100000)) (ref.null exn)")],
  ["small exceptions", kept("", thrown("(throw $small (i64.const 1) (i64.const 2))"))],
  ["large exceptions", kept("", thrown(`(throw $large ${"(i64.const 1)".repeat(900)})`))],
  ["exceptions in frames", nested],
];

async function runAll(): Promise<void> {
  const platform = { ...testPlatform(), guestHeapBytes: 24 << 20 };
  const engine = new WasmEngine(engineDefaults, { platform, proposals: { gc: true } });
  const execution = { ...executionDefaults, maxFuel: 1e12, timeoutMs: 30_000 };
  for (const [name, wat] of guests) {
    /* oxlint-disable no-await-in-loop -- one guest after another, so that a line tells which one ended the process */
    const module = await CompiledModule.fromWat(engine, wat);
    const runner = await InstanceRunner.create(engine, module, { execution, imports: new Map() });
    const codes = new Set<string>();
    for (const together of [1, 20]) {
      const runs = Array.from({ length: together }, async () => {
        const result = await runner.run("run", [], { context: new WorkerContext({ requestId: "x", startedAtMs: 0 }) });
        codes.add(result.kind === "trap" ? result.code : result.kind);
      });
      await Promise.all(runs);
    }
    runner.dispose();
    /* oxlint-enable no-await-in-loop */
    console.log(`${name}: ${[...codes].join()}`);
  }
}

async function runPlain(): Promise<void> {
  const bytes = await parseWat(guests[0]?.[1] ?? "");
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  (exports["run"] as unknown as () => void)();
}

await (process.argv[2] === "plain" ? runPlain() : runAll());
