// The conformance runner on the third-party data beside the checkout, where it is there, and on small suites made here:
// what it must find, and how its command line answers.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { defaultConfig } from "edge-runtime-common";
import { WasmEngine } from "edge-runtime-core";
import { fakePlatform, parseWat } from "edge-runtime-testing";
import { conformanceRoot, needs } from "../packages/edge-runtime-core/test/support/conformance.ts";
import { plain, rewritten } from "../scripts/conformance/core/direct-ways.ts";
import { PooledGroup } from "../scripts/conformance/core/pooled-group.ts";
import { checkRefusals } from "../scripts/conformance/core/refusals.ts";
import { runSuite as runComponentSuite } from "../scripts/conformance/component/suite.ts";
import { runScript } from "../scripts/conformance/core/run-script.ts";
import { runSuite } from "../scripts/conformance/core/suite.ts";
import type { Way } from "../scripts/conformance/core/way.ts";
import { GlobalBits } from "../scripts/wasm/global-bits.ts";

const root = mkdtempSync(join(tmpdir(), "conformance-"));
after(() => rmSync(root, { recursive: true }));

/** Writes a suite of one script; gives the script's file. */
async function writeSuite(name: string, wat: string, commands: readonly unknown[]): Promise<string> {
  const folder = join(root, name, "suite", "group", "script");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "script.0.wasm"), await parseWat(wat));
  const module = { type: "module", line: 1, filename: "script.0.wasm" };
  writeFileSync(join(folder, "script.json"), JSON.stringify({ commands: [module, ...commands] }));
  return join(folder, "script.json");
}

const counting = `(module (memory 1) (global $calls (mut i32) (i32.const 0)) (func (export "add") (param i32 i32) (result i32)
  (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
  (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.add (local.get 0) (local.get 1))))
  (i32.add (i32.load (i32.const 8)) (i32.const 0))))`;

function call(line: number, field: string, args: readonly number[], expected: readonly number[]): unknown {
  const constant = (value: number): unknown => ({ type: "i32", value: String(value) });
  const action = { type: "invoke", field, args: args.map(constant) };
  return { type: "assert_return", line, action, expected: expected.map(constant) };
}

const fulfilled = [call(2, "add", [1, 2], [3]), call(3, "add", [2, 3], [8])];

test("conformance: the specification's suite runs metered and pooled as on plain V8", needs("core/spec"), async (t) => {
  const { total } = await runSuite(join(conformanceRoot, "core"), "");
  assert.deepEqual(total.differences.slice(0, 20), []);
  assert.deepEqual(total.plainFailures, []);
  const passed = [...total.ways].map(([way, counts]) => `${way} ${counts.passed}`);
  t.diagnostic(`passed: ${passed.join(", ")}; refused: ${JSON.stringify([...total.refused])}`);
  assert.ok((total.ways.get("pooled")?.passed ?? 0) > 50_000);
  assert.ok((total.events.get("marked: actions repeated after a reset") ?? 0) > 40_000);
});

test("conformance: the Component Model's suites pass in the engine", needs("component/cm-values"), async (t) => {
  const { total } = await runComponentSuite(join(conformanceRoot, "component"), "");
  assert.deepEqual(total.failures, []);
  const reasons = new Set(total.listed.map(({ reason }) => reason));
  t.diagnostic(`passed: ${total.passed}; listed: ${total.listed.length}, ${[...reasons].join("; ")}`);
  assert.ok(total.passed >= 1290, `${total.passed}`);
  assert.ok(total.resets.instances >= 200, `${total.resets.instances}`);
});

test("conformance: modules that V8 does not run are refused by a typed error", needs("core/unsupported"), () => {
  const { refused, faults } = checkRefusals(join(conformanceRoot, "core/unsupported"), "");
  assert.deepEqual(faults, []);
  assert.ok(refused > 400, `${refused}`);
});

test("conformance: a way that computes something else is found", async () => {
  const file = await writeSuite("wrong-code", counting, fulfilled);
  const subtracts: Way = {
    name: "subtracts",
    open: (script) => {
      const engine = plain.open(script);
      const patched = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => (byte === 0x6a ? 0x6b : byte));
      return { ...engine, instantiate: (bytes, imports, at) => engine.instantiate(patched(bytes), imports, at) };
    },
  };
  const { differences } = await runScript(file, "script", [plain, rewritten("fuel", "fuel", "own"), subtracts]);
  assert.deepEqual(
    differences.map(({ way, line }) => `${way} ${line}`),
    ["subtracts 2", "subtracts 3"],
  );
});

test("conformance: state that a reset leaves behind is found", async () => {
  const engine = new WasmEngine(defaultConfig().engine, { platform: fakePlatform() });
  // Said to have no state of the host, though its memory is imported: the reset cannot know it.
  const group = new PooledGroup(
    { lastLink: 0, usesHostState: false },
    { engine, bits: new GlobalBits(), marksPages: false },
  );
  const bytes = await parseWat(`(module (import "host" "memory" (memory 1)) (global $g (mut i32) (i32.const 5))
    (func (export "next") (result i32) (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
      (global.set $g (i32.add (global.get $g) (i32.const 1))) (i32.add (i32.load (i32.const 0)) (global.get $g))))`);
  const exports = await group.instantiate(bytes, { host: { memory: new WebAssembly.Memory({ initial: 1 }) } }, 0);
  const next = exports["next"] as unknown as () => number;
  await group.act(1, async () => ({ kind: "values", values: [{ ref: next() }] }));
  const { differences, notRestored } = await group.verify();
  assert.equal(notRestored, undefined);
  assert.deepEqual(differences, [{ at: 1, text: "after reset: values i31 8, before: values i31 7" }]);
});

function conformance(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ["scripts/conformance.ts", ...args], {
    cwd: new URL("..", import.meta.url),
    encoding: "utf8",
  });
}

test("conformance: exit status 0 and a report where all agree", async () => {
  await writeSuite("good", counting, fulfilled);
  const json = join(root, "report.json");
  const { status, stdout } = conformance("core", "--data", join(root, "good"), "--json", json);
  assert.match(stdout, /^suite\/group +1 +3 +3 +3 +3 +3 +0 +0 +0$/m);
  assert.equal(status, 0);
  const report = JSON.parse(readFileSync(json, "utf8")) as { total: { ways: unknown } };
  const counts = { passed: 3, failed: 0, skipped: 0 };
  assert.deepEqual(report.total.ways, {
    plain: counts,
    fuel: counts,
    pooled: counts,
    marked: counts,
    deadline: counts,
  });
});

test("conformance: exit status 1 where an assertion fails", async () => {
  await writeSuite("bad", counting, [...fulfilled, call(4, "add", [0, 0], [9])]);
  const { status, stdout } = conformance("core", "--data", join(root, "bad"));
  assert.match(stdout, /suite\/group\/script\/script:4 plain: assert_return/);
  assert.equal(status, 1);
});

/** Writes a suite of one component script; gives its folder. */
async function writeComponentSuite(
  name: string,
  wat: readonly string[],
  commands: readonly unknown[],
): Promise<string> {
  const folder = join(root, name, "cm-group", "script");
  mkdirSync(folder, { recursive: true });
  for (const [index, text] of wat.entries()) {
    // oxlint-disable-next-line no-await-in-loop
    writeFileSync(join(folder, `script.${index}.wasm`), await parseWat(text));
  }
  const reference_invalid = { "script.1.wasm": "unknown function 0: function index out of bounds (at offset 0xb)" };
  writeFileSync(join(folder, "script.json"), JSON.stringify({ commands, reference_invalid }));
  return join(root, name);
}

const counter = `(component
  (core module $m (global $n (mut i32) (i32.const 0))
    (func (export "next") (result i32)
      (global.set $n (i32.add (global.get $n) (i32.const 1)))
      (if (i32.eq (global.get $n) (i32.const 3)) (then unreachable)) (global.get $n)))
  (core instance $m (instantiate $m))
  (func (export "next") (result u32) (canon lift (core func $m "next"))))`;

const user = `(component
  (import "counter" (instance $c (export "next" (func (result u32)))))
  (import "host" (instance $h (export "return-three" (func (result u32))) (export "simple-module"
    (core module $m (export "g" (global i32)) (export "f" (func (result i32)))))))
  (core func $next (canon lower (func $c "next"))) (core func $three (canon lower (func $h "return-three")))
  (alias export $h "simple-module" (core module $simple))
  (core instance $s (instantiate $simple))
  (core module $m (import "" "next" (func $next (result i32))) (import "" "three" (func $three (result i32)))
    (import "s" "f" (func $f (result i32)))
    (func (export "sum") (result i32) (i32.add (i32.add (call $next) (call $three)) (call $f))))
  (core instance $m (instantiate $m (with "s" (instance $s))
    (with "" (instance (export "next" (func $next)) (export "three" (func $three))))))
  (func (export "sum") (result u32) (canon lift (core func $m "sum"))))`;

const components = [
  counter,
  `(component (export "f" (func 0)))`,
  user,
  `(component (type (stream u8)))`,
  `(component (import "counter" (instance (export "next" (func (result string))))))`,
  `(component (core module $m (global (export "g") i32 i32.const 7)) (export "m" (core module $m))
    (type $r' (resource (rep i32))) (export $r "r" (type $r')) (core func $new (canon resource.new $r'))
    (core func $rep (canon resource.rep $r'))
    (core module $n (import "" "new" (func $new (param i32) (result i32)))
      (func (export "make") (param i32) (result i32) (call $new (local.get 0)))
      (func (export "read") (param i32) (result i32) (local.get 0)))
    (core instance $n (instantiate $n (with "" (instance (export "new" (func $new))))))
    (func (export "make") (param "rep" u32) (result (own $r)) (canon lift (core func $n "make")))
    (func (export "read") (param "r" (borrow $r)) (result u32) (canon lift (core func $n "read"))))`,
  `(component (import "lib" (instance $lib (export "m" (core module $m (export "g" (global i32))))
      (export "r" (type $r (sub resource))) (export "make" (func (param "x" u32) (result (own $r))))
      (export "read" (func (param "x" (borrow $r)) (result u32)))))
    (alias export $lib "m" (core module $m)) (core instance $m (instantiate $m)) (alias export $lib "r" (type $r))
    (core func $make (canon lower (func $lib "make"))) (core func $read (canon lower (func $lib "read")))
    (core func $drop (canon resource.drop $r))
    (core module $n (import "m" "g" (global $g i32)) (import "" "make" (func $make (param i32) (result i32)))
      (import "" "read" (func $read (param i32) (result i32))) (import "" "drop" (func $drop (param i32)))
      (func (export "f") (result i32) (local $r i32)
        (local.set $r (call $make (global.get $g))) (call $read (local.get $r)) (call $drop (local.get $r))))
    (core instance $n (instantiate $n (with "m" (instance $m)) (with "" (instance
      (export "make" (func $make)) (export "read" (func $read)) (export "drop" (func $drop))))))
    (func (export "f") (result u32) (canon lift (core func $n "f"))))`,
  `(component (import "lib" (instance (export "m" (core module (export "h" (global i32)))))))`,
];

function invoke(field: string, module?: string): unknown {
  return { type: "invoke", field, args: [], ...(module !== undefined && { module }) };
}

function u32(value: number): unknown[] {
  return [{ type: "u32", value: String(value) }];
}

/** Every form of command, each as it should be. */
const fulfilledCommands = [
  { type: "module", line: 1, name: "counter", filename: "script.0.wasm" },
  { type: "assert_return", line: 2, action: invoke("next"), expected: u32(1) },
  { type: "assert_invalid", line: 3, filename: "script.1.wasm", text: "unknown function" },
  { type: "module", line: 4, filename: "script.2.wasm" },
  { type: "assert_return", line: 5, action: invoke("sum"), expected: u32(2 + 3 + 101) },
  { type: "assert_unlinkable", line: 6, filename: "script.4.wasm", text: "type mismatch" },
  { type: "assert_trap", line: 7, action: invoke("next", "counter"), text: "unreachable" },
  { type: "assert_trap", line: 8, action: invoke("next", "counter"), text: "cannot enter component instance" },
  { type: "module_definition", line: 9, name: "d", filename: "script.0.wasm" },
  { type: "module_instance", line: 10, instance: "i", module: "d" },
  { type: "assert_return", line: 11, action: invoke("next", "i"), expected: u32(1) },
  { type: "module", line: 12, name: "lib", filename: "script.5.wasm" },
  { type: "module", line: 13, filename: "script.6.wasm" },
  { type: "assert_return", line: 14, action: invoke("f"), expected: u32(7) },
  { type: "assert_unlinkable", line: 15, filename: "script.7.wasm", text: "not defined" },
];

test("conformance: component scripts with every form of command, and what follows from async is listed", async () => {
  const data = await writeComponentSuite("components", components, fulfilledCommands);
  assert.deepEqual((await runComponentSuite(data, "")).total.failures, []);
  const { status, stdout } = conformance("component", "--data", data);
  assert.match(stdout, /^total +1 +15 +0 +0 /m);
  assert.equal(status, 0);
});

for (const [what, wrong, reason] of [
  ["a wrong value", { type: "assert_return", line: 20, action: invoke("next"), expected: u32(7) }, /1, expected 7/],
  ["a call that returns", { type: "assert_trap", line: 20, action: invoke("next"), text: "unreachable" }, /returned/],
  ["an invalid component that is valid", { type: "assert_invalid", line: 20, filename: "script.0.wasm" }, /accepted/],
  ["a component that links", { type: "assert_unlinkable", line: 20, filename: "script.0.wasm" }, /was instantiated/],
  [
    "an async component that its features do not tell",
    { type: "module", line: 20, filename: "script.3.wasm" },
    /streams/,
  ],
] as const) {
  test(`conformance: ${what} in a component script is found`, async () => {
    const first = { type: "module", line: 1, filename: "script.0.wasm" };
    const data = await writeComponentSuite(what.replaceAll(" ", "-"), components, [first, wrong]);
    const { failures } = (await runComponentSuite(data, "")).total;
    assert.deepEqual(
      failures.map(({ place }) => place),
      ["cm-group/script:20"],
    );
    assert.match(failures[0]?.reason ?? "", reason);
  });
}

const usage: readonly (readonly [args: readonly string[], status: number, text: RegExp])[] = [
  [["--help"], 0, /Commands: core, component, wasi, real/],
  [["component", "--help"], 0, /--data DIR/],
  [["component"], 2, /--data DIR is missing/],
  [["real", "--help"], 0, /--filter TEXT/],
  [["core", "--help"], 0, /--data DIR/],
  [[], 2, /Commands: core/],
  [["nothing"], 2, /unknown command nothing/],
  [["core"], 2, /--data DIR is missing/],
  [["core", "--data", "no-such-folder"], 2, /no-such-folder does not exist/],
  [["real", "--data", "no-such-folder"], 2, /does not exist/],
  [["core", "--data", ".", "--wrong"], 2, /--wrong/],
];

for (const [args, status, text] of usage) {
  test(`conformance: ${JSON.stringify(args.join(" "))} exits ${status}`, () => {
    const result = conformance(...args);
    assert.match(result.stdout + result.stderr, text);
    assert.equal(result.status, status);
    assert.doesNotMatch(result.stderr, /\n\s+at /);
  });
}
