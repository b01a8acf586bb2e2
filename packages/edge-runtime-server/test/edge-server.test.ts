import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import { FunctionLoadFailed, parseConfigData } from "edge-runtime-common";
import { CompiledModule, WasmEngine } from "edge-runtime-core";
import { createLogger } from "edge-runtime-host";
import { testPlatform } from "edge-runtime-testing";
import { createServer } from "../src/index.ts";
import type { EdgeServer } from "../src/index.ts";
import { HANDLER_WAT } from "./handler-component.ts";
import { header, parseAnswer, receive, requestText } from "./server-fixture.ts";
import type { LogLine, ParsedAnswer } from "./server-fixture.ts";

const CORE_WAT = `(module
  (import "env" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "in core")
  (func (export "_start") (result i32 i64) (call $log (i32.const 2) (i32.const 0) (i32.const 7)) (i32.const 5) (i64.const -6))
  (func (export "with-arguments") (param i32))
  (func (export "nothing")))`;

interface Setup {
  readonly server: EdgeServer;
  readonly engine: WasmEngine;
  readonly folder: string;
  readonly log: readonly LogLine[];
  readonly get: (line: string, headers?: readonly string[], body?: string) => Promise<ParsedAnswer>;
}

type Sections = Readonly<Record<"engine" | "execution", Readonly<Record<string, unknown>>>>;

/** Sources by file name are written to a folder of the test's own; `functions` are tables of a configuration file. */
function setUp(
  context: TestContext,
  sources: Readonly<Record<string, string | Uint8Array>>,
  functions: readonly Readonly<Record<string, unknown>>[],
  sections: Partial<Sections> = {},
): Setup {
  const folder = mkdtempSync(join(tmpdir(), "edge-runtime-server-"));
  for (const [name, content] of Object.entries(sources)) writeFileSync(join(folder, name), content);
  const log: LogLine[] = [];
  const logger = createLogger({ destination: { write: (line) => log.push(JSON.parse(line) as LogLine) } });
  const config = parseConfigData({ ...sections, server: { listen: "127.0.0.1:0", shutdown_grace_ms: 50 }, functions });
  const engine = new WasmEngine(config.engine, { platform: testPlatform() });
  const server = createServer({ config, engine, logger, baseDirectory: folder });
  context.after(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });
  let port: number | undefined;
  const get: Setup["get"] = async (line, headers, body) => {
    port ??= (await server.listen()).port;
    const socket = connect({ port, host: "127.0.0.1" });
    await once(socket, "connect");
    socket.write(requestText(line, headers, body));
    return parseAnswer(await receive(socket));
  };
  return { server, engine, folder, log, get };
}

const HANDLER = { "handler.wat": HANDLER_WAT };
const GRANTED = { name: "h", route: "/h", source: "handler.wat", permissions: { logging: true }, timeout_ms: 5000 };

describe("edge server", () => {
  test("edge server: a component serves requests, headers and body both ways", async (context) => {
    const { get, log } = setUp(context, HANDLER, [GRANTED]);
    const answer = await get("POST /h/e", ["X-A: 1", "X-Caf: \u00e9", "Content-Length: 5"], "hello");
    assert.deepEqual([answer.status, answer.body], [200, "hello"]);
    assert.deepEqual([header(answer, "x-a"), header(answer, "content-length")], ["1", "5"]);
    const line = log.find(({ msg }) => msg === "request");
    assert.equal(line?.["function"], "h");
    assert.ok(Number(line?.["fuel"]) > 0);
    assert.equal(line?.["memoryBytes"], 65_536);
  });

  for (const pooling of [true, false]) {
    test(`edge server: every request sees a fresh instance, pooling ${pooling ? "on" : "off"}`, async (context) => {
      const { get } = setUp(context, HANDLER, [GRANTED], { engine: { pooling_allocator: pooling } });
      for (let n = 0; n < 6; n += 1) assert.equal((await get("GET /h/n")).body, "1");
    });
  }

  test("edge server: what a guest logs is in the log where it is granted, and counted where not", async (context) => {
    const denied = { name: "d", route: "/d", source: "handler.wat" };
    const { get, log } = setUp(context, HANDLER, [GRANTED, denied]);
    assert.equal((await get("GET /h/g")).body, "hello");
    assert.equal((await get("GET /d/g")).body, "hello");
    const entries = log.filter(({ msg }) => msg === "guest log");
    assert.deepEqual(
      entries.map((entry) => [entry["function"], entry["guest"]]),
      [["h", { message: "hello" }]],
    );
    const line = log.find(({ msg, function: name }) => msg === "request" && name === "d");
    assert.deepEqual([line?.["logs"], line?.["droppedLogs"]], [0, 1]);
  });

  test("edge server: faults of guests are problems, and the server goes on", async (context) => {
    const loop = { ...GRANTED, name: "l", route: "/l", max_fuel: 10_000 };
    const slow = { ...GRANTED, name: "s", route: "/s", timeout_ms: 20, fuel_metering: false };
    const { get } = setUp(context, HANDLER, [GRANTED, loop, slow]);
    const cases = [
      ["/h/x", 500, "ERR_EDGE_FUNCTION_FAILED"],
      ["/h/t", 500, "ERR_EDGE_TRAP"],
      ["/l/l", 503, "ERR_EDGE_FUEL_EXHAUSTED"],
      ["/s/l", 504, "ERR_EDGE_EXECUTION_TIMEOUT"],
    ] as const;
    for (const [path, status, code] of cases) {
      const answer = await get(`GET ${path}`);
      assert.deepEqual([answer.status, (JSON.parse(answer.body) as { code: string }).code], [status, code]);
    }
    assert.equal((await get("GET /h/n")).body, "1");
  });

  test("edge server: one instance, two requests at once: the second is 503 with Retry-After", async (context) => {
    const { get } = setUp(context, HANDLER, [{ ...GRANTED, timeout_ms: 300, fuel_metering: false }], {
      engine: { max_instances: 1 },
    });
    assert.equal((await get("GET /h/n")).status, 200);
    const [first, second] = await Promise.all([get("GET /h/l"), get("GET /h/l")]);
    const [late, refused] = first.status === 504 ? [first, second] : [second, first];
    assert.deepEqual([late.status, refused.status, header(refused, "retry-after")], [504, 503, "1"]);
    assert.equal((await get("GET /h/n")).body, "1");
  });

  test("edge server: a core module's _start, or another export, is served as text", async (context) => {
    const { get, log, server } = setUp(context, { "core.wat": CORE_WAT }, [
      { name: "c", route: "/c", source: "core.wat", permissions: { logging: true } },
      { name: "n", route: "/n", source: "core.wat", entry: "nothing" },
    ]);
    assert.equal((await get("GET /c")).body, "5 -6\n");
    assert.equal((await get("GET /n")).status, 204);
    assert.deepEqual(log.find(({ msg }) => msg === "guest log")?.["guest"], { message: "in core" });
    assert.deepEqual(
      server.functions.map(({ name, kind, entry }) => [name, kind, entry]),
      [
        ["c", "core", "_start"],
        ["n", "core", "nothing"],
      ],
    );
  });

  test("edge server: binaries and artifacts are served as well as text", async (context) => {
    const { engine, folder, get } = setUp(context, HANDLER, [
      { ...GRANTED, source: "handler.wasm" },
      { ...GRANTED, name: "a", route: "/a", source: "handler.edge" },
    ]);
    writeFileSync(join(folder, "handler.wasm"), await engine.platform.parseWat(HANDLER_WAT));
    writeFileSync(join(folder, "handler.edge"), (await CompiledModule.fromWat(engine, HANDLER_WAT)).toArtifact());
    assert.equal((await get("GET /h/n")).body, "1");
    assert.equal((await get("GET /a/n")).body, "1");
  });

  const component = (body: string): string => `(component ${body})`;
  const broken: readonly (readonly [
    string,
    string | Uint8Array | undefined,
    Readonly<Record<string, unknown>>,
    RegExp,
  ])[] = [
    ["that is absent", undefined, {}, /Module not found: .*bad\.wat$/],
    ["of bad text", "(module (oops))", {}, /Compilation failed: line 1, column 10: |Compilation failed: .*line/],
    ["of garbage", new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]), {}, /Compilation failed/],
    ["without its entry", "(module)", {}, /Export not found: _start/],
    ["with another entry", "(module)", { entry: "go" }, /Export not found: go/],
    ["whose entry takes arguments", CORE_WAT, { entry: "with-arguments" }, /Signature mismatch: with-arguments/],
    [
      "that is no handler",
      component(
        '(core module $m (func (export "f"))) (core instance $i (instantiate $m)) (func (export "handle") (canon lift (core func $i "f")))',
      ),
      {},
      /not the handle of world http-handler/,
    ],
    [
      "with an import that nobody has",
      '(module (import "env" "nope" (func)) (func (export "_start")))',
      {},
      /Import not found: env/,
    ],
    ["that needs too much memory", '(module (memory 1600) (func (export "_start")))', {}, /Memory limit exceeded/],
    ["that traps as it starts", '(module (func $s unreachable) (start $s) (func (export "_start")))', {}, /Trap: /],
  ];
  for (const [name, content, more, reason] of broken) {
    test(`edge server: a function ${name} stops the start, named with its file`, async (context) => {
      const sources = content === undefined ? {} : { "bad.wat": content };
      const { server, folder } = setUp(context, { ...sources, ...HANDLER }, [
        GRANTED,
        { name: "bad", route: "/bad", source: "bad.wat", ...more },
      ]);
      await assert.rejects(server.listen(), (error) => {
        assert.ok(error instanceof FunctionLoadFailed);
        assert.deepEqual([error.functionName, error.source], ["bad", join(folder, "bad.wat")]);
        assert.match(error.reason, reason);
        return true;
      });
      assert.deepEqual(server.functions, []);
    });
  }

  test("edge server: closing it while it starts, before it starts and twice is safe", async (context) => {
    const starting = setUp(context, HANDLER, [GRANTED]).server;
    const listening = starting.listen();
    const closing = starting.close();
    await assert.rejects(listening, { code: "ERR_EDGE_EXECUTION_CANCELLED" });
    await closing;
    await starting.close();
    await setUp(context, HANDLER, []).server.close();
  });
});

test("edge server: proposals that a function's table names, and no others", async (context) => {
  const wat = `(module (type $s (struct (field (mut i32)))) (global $g (ref $s) (struct.new $s (i32.const 5)))
    (func (export "_start") (result i32)
      (struct.set $s 0 (global.get $g) (i32.add (struct.get $s 0 (global.get $g)) (i32.const 1)))
      (struct.get $s 0 (global.get $g))))`;
  const fn = { name: "o", route: "/o", source: "objects.wat" };
  const { get } = setUp(context, { "objects.wat": wat }, [{ ...fn, proposals: ["gc"] }]);
  for (let n = 0; n < 3; n += 1) assert.equal((await get("GET /o")).body, "6\n");
  const refused = setUp(context, { "objects.wat": wat }, [{ ...fn, proposals: ["threads"] }]);
  await assert.rejects(refused.get("GET /o"), /Function o cannot be served .*proposals = \["gc"\]/);
});

test("edge server: the log says which limit ended a run, how much was used and where the guest was", async (context) => {
  const loop = { ...GRANTED, name: "l", route: "/l", max_fuel: 10_000 };
  const slow = { ...GRANTED, name: "s", route: "/s", timeout_ms: 20, fuel_metering: false };
  const { get, log } = setUp(context, HANDLER, [GRANTED, loop, slow]);
  for (const path of ["/h/t", "/l/l", "/s/l"]) await get(`GET ${path}`);
  const lines = log.filter(({ error }) => error !== undefined);
  assert.equal(lines.length, 3);
  for (const { guestStack } of lines) {
    assert.ok(Array.isArray(guestStack) && guestStack.length > 0);
    for (const line of guestStack as string[]) assert.match(line, /^(module \d+: )?function \d+ at 0x[0-9a-f]+$/);
  }
  const [trap, fuel, timeout] = lines.map(({ limit }) => limit as Record<string, unknown> | undefined);
  assert.equal(trap, undefined);
  assert.deepEqual(fuel, { maxFuel: 10_000 });
  assert.equal(timeout?.["durationMs"], 20);
  assert.ok(Number(timeout["elapsedMs"]) >= 20);
});
