// What a function may use, seen from outside: every way to use more ends that request, and that request only.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { buildExamples } from "../scripts/build-examples.ts";
import { AMPLIFY, errHandler, GROW, handlerText, SPIN, textHandler, TRAP } from "./guests.ts";
import { openSocket } from "./http-client.ts";
import { assertProblem, createWorkspace, requestIdOf, ROOT } from "./serving-process.ts";
import type { FunctionSetup, Serving } from "./serving-process.ts";

const UNLIMITED = Number.MAX_SAFE_INTEGER;
const LOOP = "(loop $again (br $again))";
const OK = "(call $ok (i32.const 0) (i32.const 0))";

interface Failing extends FunctionSetup {
  readonly text: string;
  readonly status: number;
  readonly code: string;
  /** What the log says of it, beyond what the client learns. */
  readonly message: RegExp;
}

const FUEL = { status: 503, code: "ERR_EDGE_FUEL_EXHAUSTED", message: /^Fuel exhausted$/ };
const TIMEOUT = {
  status: 504,
  code: "ERR_EDGE_EXECUTION_TIMEOUT",
  message: /^Execution timeout after 50ms$/,
  max_fuel: UNLIMITED,
  timeout_ms: 50,
};
const MEMORY = { status: 503, code: "ERR_EDGE_MEMORY_LIMIT_EXCEEDED", message: /^Memory limit exceeded: 2MB$/ };
const TRAPPED = { status: 500, code: "ERR_EDGE_TRAP" };

/** By the name of the function. */
const FAILING: Readonly<Record<string, Failing>> = {
  "an-unreachable": { text: TRAP, ...TRAPPED, message: /^Trap: unreachable executed$/ },
  "a-store-outside-memory": {
    text: '(module (memory 1) (func (export "_start") (i32.store (i32.const -4) (i32.const 0))))',
    ...TRAPPED,
    message: /^Trap: out of bounds memory access$/,
  },
  "endless-recursion": {
    text: '(module (func $f (export "_start") (call $f)))',
    max_fuel: UNLIMITED,
    ...TRAPPED,
    message: /^Trap: call stack exhausted$/,
  },
  "an-answer-outside-memory": {
    text: handlerText({ handle: "(call $ok (i32.const 60000) (i32.const 0x7fffffff))" }),
    ...TRAPPED,
    message: /^Trap: /,
  },
  "an-answer-larger-than-its-memory": { text: AMPLIFY, ...TRAPPED, message: /more than \d+ bytes of host memory/ },
  "an-err-that-is-not-utf-8": {
    text: errHandler("?").replace('"?"', '"\\ff"'),
    ...TRAPPED,
    message: /^Trap: .*UTF-8/i,
  },
  "a-loop-without-fuel": { text: SPIN, max_fuel: 1_000_000, ...FUEL },
  "a-loop": { text: SPIN, ...TIMEOUT },
  "a-loop-with-fuel-metering-off": { text: SPIN, fuel_metering: false, ...TIMEOUT },
  "a-loop-in-a-handler": { text: handlerText({ handle: `${LOOP} unreachable` }), ...TIMEOUT },
  "a-loop-in-an-allocation": { text: handlerText({ handle: OK, onAllocate: LOOP }), ...TIMEOUT },
  "a-loop-after-the-answer": { text: handlerText({ handle: OK, onReturn: LOOP }), ...TIMEOUT },
  "memory-without-end": { text: GROW, max_memory_mb: 2, ...MEMORY },
};

const workspace = createWorkspace();
let serving: Serving;

before(async () => {
  await buildExamples(() => undefined);
  const example = (name: string): string => join(ROOT, "examples", name);
  const failing = Object.entries(FAILING).map(([name, { status: _s, code: _c, message: _m, ...setup }]) => [
    name,
    setup,
  ]);
  serving = await workspace.serve({
    execution: { timeout_ms: 60_000 },
    functions: {
      text: { text: textHandler("text") },
      "hello-js": { source: example("build/hello-js.wasm") },
      "hello-ts": { source: example("build/hello-ts.wasm") },
      "hello-wat": { source: example("build/hello-wat.wasm") },
      "composed-wat": { source: example("build/composed-wat.wasm") },
      "core-wat": { source: example("core-wat/fib.wat") },
      ...(Object.fromEntries(failing) as Record<string, FunctionSetup>),
    },
  });
});
after(() => workspace.close());

for (const [name, { status, code, message }] of Object.entries(FAILING)) {
  test(`limits: ${name.replaceAll("-", " ")} is ${status}, each time, and the next function answers`, async () => {
    const ids: string[] = [];
    for (let round = 0; round < 2; round += 1) {
      const response = await fetch(`${serving.origin}/${name}`);
      await assertProblem(response, status, code);
      ids.push(requestIdOf(response));
    }
    assert.equal(await (await fetch(`${serving.origin}/text`)).text(), "text");
    for (const line of await Promise.all(ids.map((id) => serving.requestLine(id)))) {
      assert.equal(line["status"], status);
      assert.match(String(Reflect.get(Object(line["error"]), "message")), message);
    }
  });
}

test("limits: a run that is out of fuel used all that it had, and not more", async () => {
  const response = await fetch(`${serving.origin}/a-loop-without-fuel`);
  const line = await serving.requestLine(requestIdOf(response));
  assert.equal(line["fuel"], 1_000_000);
});

for (const name of ["hello-js", "hello-ts", "hello-wat", "composed-wat", "core-wat"]) {
  test(`limits: the same request to ${name} costs the same fuel, whatever ran before it`, async () => {
    const url = `${serving.origin}/${name}`;
    const same = async (): Promise<string> => requestIdOf(await fetch(`${url}?name=first`));
    const first = await same();
    await fetch(`${url}?another=request`, { method: "POST", body: "of another length" });
    const later = [await same(), ...(await Promise.all(Array.from({ length: 6 }, same)))];
    const fuel = await Promise.all([first, ...later].map(async (id) => (await serving.requestLine(id))["fuel"]));
    assert.ok(Number(fuel[0]) > 0);
    assert.equal(new Set(fuel).size, 1, String(fuel));
  });
}

test("limits: with every instance in use the answer is 503 with Retry-After, until one is free", async () => {
  const small = await workspace.serve({
    engine: { max_instances: 1 },
    functions: {
      spin: { text: SPIN, max_fuel: UNLIMITED, timeout_ms: 600_000, permissions: { logging: true } },
      text: { text: textHandler("text") },
    },
  });
  const ask = (): Promise<Response> => fetch(`${small.origin}/text`);
  assert.equal(await (await ask()).text(), "text", "an idle instance of another function makes room");
  const socket = await openSocket(small.port);
  socket.write("GET /spin HTTP/1.1\r\nHost: x\r\nX-Request-Id: long\r\n\r\n");
  await small.logged((line) => "guest" in line);
  for (const path of ["/text", "/spin"]) {
    const response = await fetch(small.origin + path);
    assert.equal(response.headers.get("retry-after"), "1");
    await assertProblem(response, 503, "ERR_EDGE_POOL_EXHAUSTED");
  }
  socket.destroy();
  await small.requestLine("long");
  assert.equal(await (await ask()).text(), "text");
});
