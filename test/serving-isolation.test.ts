// Each request finds the instance that its function's first request found, whatever earlier ones did to theirs: with
// pooling, where instances are used again, and without, with equal answers and equal fuel.

import assert from "node:assert/strict";
import { Agent } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { buildExamples } from "../scripts/build-examples.ts";
import { handlerText, sumTo, WIPE } from "./guests.ts";
import { ask as askOne } from "./http-client.ts";
import { createWorkspace, ROOT } from "./serving-process.ts";
import type { Serving } from "./serving-process.ts";

/** Answers what it finds, then changes it. By the name of what it changes. */
const CHANGES: Readonly<Record<string, string>> = {
  memory: `(module (memory 1) (data (i32.const 8) "\\05")
    (func (export "_start") (result i32)
      (i32.load (i32.const 8))
      (i32.store (i32.const 8) (i32.const 99))))`,
  "the-last-byte-of-memory": `(module (memory 3)
    (func (export "_start") (result i32)
      (i32.load8_u (i32.const 196607))
      (i32.store8 (i32.const 196607) (i32.const 99))))`,
  globals: `(module
    (global $a (mut i32) (i32.const 1)) (global $b (mut i64) (i64.const 2))
    (global $c (mut f64) (f64.const nan:0x4)) (global $d (mut v128) (v128.const i64x2 3 4))
    (func (export "_start") (result i32 i64 i64 i64)
      (global.get $a) (global.get $b) (i64.reinterpret_f64 (global.get $c)) (i64x2.extract_lane 1 (global.get $d))
      (global.set $a (i32.const 99)) (global.set $b (i64.const 99))
      (global.set $c (f64.const 99)) (global.set $d (v128.const i64x2 99 99))))`,
  "a-table": `(module (type $f (func (result i32))) (table 2 funcref) (elem (i32.const 0) $one $two)
    (func $one (result i32) (i32.const 1)) (func $two (result i32) (i32.const 2))
    (func (export "_start") (result i32)
      (call_indirect (type $f) (i32.const 0))
      (table.copy (i32.const 0) (i32.const 1) (i32.const 1))))`,
  "an-emptied-table": `(module (type $f (func (result i32))) (table 1 funcref) (elem (i32.const 0) $one)
    (func $one (result i32) (i32.const 1))
    (func (export "_start") (result i32)
      (call_indirect (type $f) (i32.const 0))
      (table.set (i32.const 0) (ref.null func))))`,
  "a-grown-memory": `(module (memory 1)
    (func (export "_start") (result i32) (memory.size) (drop (memory.grow (i32.const 3)))))`,
  "a-grown-table": `(module (table 1 funcref)
    (func (export "_start") (result i32) (table.size) (drop (table.grow (ref.null func) (i32.const 3)))))`,
  "a-dropped-segment": `(module (memory 1) (data $d "\\07")
    (func (export "_start") (result i32)
      (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1))
      (data.drop $d)
      (i32.load (i32.const 0))))`,
  "what-its-start-function-made": `(module (memory 1) (global $g (mut i32) (i32.const 0))
    (func $start (global.set $g (i32.const 5)) (i32.store (i32.const 0) (i32.const 6)))
    (start $start)
    (func (export "_start") (result i32 i32)
      (global.get $g) (i32.load (i32.const 0))
      (global.set $g (i32.const 99)) (i32.store (i32.const 0) (i32.const 99))))`,
  "all-of-memory": WIPE,
};

/** Answers a byte of its memory. Asked with a body it first writes there and then fails as the body says. */
const POISON = handlerText({
  fields: `(global $poisoned (mut i32) (i32.const 0))`,
  handle: `
    (if (local.get $has-body) (then
      (i32.store8 (i32.const 2048) (i32.const 88))
      (global.set $poisoned (i32.const 1))
      (if (i32.eq (i32.load8_u (local.get $body)) (i32.const 0x6c)) (then (loop $again (br $again))))
      (if (i32.eq (i32.load8_u (local.get $body)) (i32.const 0x65)) (then (return (call $err (i32.const 2048) (i32.const 1)))))
      (unreachable)))
    (i32.store8 (i32.const 2049) (i32.add (i32.const 48) (global.get $poisoned)))
    (i32.store8 (i32.const 2048) (i32.add (i32.const 48) (i32.load8_u (i32.const 2048))))
    (call $ok (i32.const 2048) (i32.const 2))`,
});

const EXAMPLES: readonly string[] = ["hello-js", "hello-ts", "hello-wat", "composed-wat"];

/** More than the instances that are made ahead, so that some serve twice. */
const REQUESTS = 12;

const workspace = createWorkspace();
const servers = new Map<string, Serving>();

before(async () => {
  await buildExamples(() => undefined);
  const examples = EXAMPLES.map((name) => [name, { source: join(ROOT, `examples/build/${name}.wasm`) }] as const);
  const functions = {
    ...Object.fromEntries(examples),
    ...Object.fromEntries(Object.entries(CHANGES).map(([name, text]) => [name, { text }])),
    poison: { text: POISON, max_fuel: 1_000_000 },
    count: { text: sumTo(1_000_000), max_fuel: 100_000_000 },
  };
  for (const [name, pooling_allocator] of [
    ["on", true],
    ["off", false],
  ] as const) {
    // prettier-ignore
    servers.set(name, await workspace.serve({ engine: { pooling_allocator, verify_resets: 1 }, execution: { timeout_ms: 60_000 }, functions }));
  }
});
after(() => workspace.close());

function server(pooling: string): Serving {
  return servers.get(pooling) ?? assert.fail(`no server with pooling ${pooling}`);
}

/** Bodies of some answers and the fuel that each took. `Host` names no port: it must not tell the servers apart. */
async function ask(
  serving: Serving,
  path: string,
  order: "in turn" | "at once",
): Promise<readonly (readonly [body: string, fuel: unknown])[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: order === "in turn" ? 1 : REQUESTS });
  const headers = { host: "function.test" };
  const answers = await Promise.all(
    Array.from({ length: REQUESTS }, () => askOne(serving.origin + path, { agent, headers })),
  );
  agent.destroy();
  return Promise.all(
    answers.map(async ({ status, headers: { "x-request-id": id }, body }) => {
      assert.equal(status, 200, body);
      return [body, (await serving.requestLine(String(id)))["fuel"]] as const;
    }),
  );
}

for (const name of [...Object.keys(CHANGES), ...EXAMPLES]) {
  const what = EXAMPLES.includes(name) ? `what ${name} did` : `a change to ${name.replaceAll("-", " ")}`;
  test(`isolation: ${what} does not outlive its request`, async () => {
    const [pooled, unpooled] = await Promise.all(
      [server("on"), server("off")].map((serving) => ask(serving, `/${name}`, "in turn")),
    );
    assert.equal(new Set(pooled?.map(String)).size, 1, "each request as the first");
    assert.deepEqual(unpooled, pooled, "pooling off as pooling on");
  });
}

for (const pooling of ["on", "off"]) {
  for (const [body, status, how] of [
    ["trap", 500, "traps"],
    ["loop", 503, "is out of fuel"],
    ["err", 500, "answers err"],
  ] as const) {
    // prettier-ignore
    test(`isolation: what a run wrote that ${how} is gone, with pooling ${pooling}`, async () => {
      const url = `${server(pooling).origin}/poison`;
      const poisoned = Array.from({ length: 5 }, () => fetch(url, { method: "POST", body }));
      assert.deepEqual((await Promise.all(poisoned)).map((response) => response.status), Array.from({ length: 5 }, () => status));
      const answers = await Promise.all(Array.from({ length: 5 }, async () => (await fetch(url)).text()));
      assert.deepEqual(answers, Array.from({ length: 5 }, () => "00"));
    });
  }

  test(`isolation: runs that take turns do not share an instance, with pooling ${pooling}`, async () => {
    const answers = await ask(server(pooling), "/count", "at once");
    assert.deepEqual(new Set(answers.map(String)), new Set(["500000500000\n,11000004"]));
  });
}

test("isolation: every reset of these runs was verified, and none left anything", async () => {
  const faults = server("on")
    .log()
    .filter(({ msg }) => String(msg).includes("a reset left something"));
  assert.deepEqual(faults, []);
});
