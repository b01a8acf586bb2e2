// One server with every example and some more functions, as its clients see it.

import assert from "node:assert/strict";
import { Agent } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { buildExamples } from "../scripts/build-examples.ts";
import { ECHO, errHandler, SPIN, sumTo, textHandler, TRAP } from "./guests.ts";
import { ask, exchange, openSocket, toResponse } from "./http-client.ts";
import { assertProblem, createWorkspace, requestIdOf, ROOT } from "./serving-process.ts";
import type { Serving } from "./serving-process.ts";

const workspace = createWorkspace();
let serving: Serving;

before(async () => {
  await buildExamples(() => undefined);
  const example = (name: string): string => join(ROOT, "examples", name);
  serving = await workspace.serve({
    // Tests share their machine: no run but those that are meant to may meet a deadline.
    execution: { timeout_ms: 60_000 },
    server: { max_body_bytes: 100_000 },
    functions: {
      "hello-js": { source: example("build/hello-js.wasm"), permissions: { logging: true } },
      "hello-ts": { source: example("build/hello-ts.wasm") },
      "hello-wat": { source: example("build/hello-wat.wasm") },
      "core-wat": { source: example("core-wat/fib.wat") },
      echo: { text: ECHO },
      err: { text: errHandler("the password is xyzzy") },
      trap: { text: TRAP },
      busy: { text: sumTo(2_000_000), max_fuel: 1_000_000_000 },
      text: { text: textHandler("text") },
      spin: { text: SPIN, max_fuel: Number.MAX_SAFE_INTEGER, permissions: { logging: true } },
    },
  });
});
after(() => workspace.close());

const get = (path: string, init: RequestInit = {}): Promise<Response> => fetch(serving.origin + path, init);
const answer = async (path: string): Promise<string> => (await get(path)).text();

test("serving: every example answers beside the others", async () => {
  const echoed = JSON.parse(await answer("/hello-js/a?b=1")) as Record<string, unknown>;
  assert.equal(echoed["message"], "Hello from JavaScript");
  assert.equal(echoed["path"], "/hello-js/a");
  assert.deepEqual(JSON.parse(await answer("/hello-ts?name=Z%C3%BCrich")), {
    message: "Hello, Zürich!",
    name: "Zürich",
  });
  assert.equal(await answer("/hello-wat/any/path"), "Hello from WebAssembly text\n");
  assert.equal(await answer("/core-wat"), "55\n");
});

test("serving: a client's request id comes back and stands in the log", async () => {
  const response = await get("/hello-js", { headers: { "x-request-id": "from-a.client_1" } });
  assert.equal(response.headers.get("x-request-id"), "from-a.client_1");
  const line = await serving.requestLine("from-a.client_1");
  assert.equal(line["function"], "hello-js");
  const guest = await serving.logged((entry) => "guest" in entry && entry["requestId"] === "from-a.client_1");
  assert.deepEqual(guest["guest"], { message: "get /hello-js" });
});

test("serving: without an id, or with one that is not safe to repeat, a request gets one of its own", async () => {
  const ids = await Promise.all(
    [{}, {}, { "x-request-id": "a b" }, { "x-request-id": "a".repeat(129) }].map(async (headers) => {
      const response = await get("/text", { headers });
      return response.headers.get("x-request-id");
    }),
  );
  for (const id of ids) assert.match(id ?? "", /^[0-9a-f-]{36}$/);
  assert.equal(new Set(ids).size, 4);
});

test("serving: the log has what a request cost", async () => {
  const response = await get("/hello-wat?token=secret");
  const line = await serving.requestLine(requestIdOf(response));
  const { time, durationMs, requestId: _id, fuel, ...rest } = line;
  for (const value of [time, durationMs, fuel]) assert.ok(typeof value === "number" && value > 0, JSON.stringify(line));
  assert.deepEqual(rest, {
    level: 30,
    function: "hello-wat",
    method: "GET",
    path: "/hello-wat",
    status: 200,
    memoryBytes: 65_536,
    logs: 0,
    msg: "request",
  });
});

const REFUSED: readonly (readonly [what: string, path: string, init: RequestInit, status: number, code: string])[] = [
  ["no route", "/none", {}, 404, "ERR_EDGE_REQUEST_ROUTE_NOT_FOUND"],
  ["a route's name as a part of a segment", "/textual", {}, 404, "ERR_EDGE_REQUEST_ROUTE_NOT_FOUND"],
  ["a method that the world lacks", "/text", { method: "PROPFIND" }, 405, "ERR_EDGE_REQUEST_METHOD_NOT_ALLOWED"],
  ["a long target", `/text?${"q".repeat(9000)}`, {}, 414, "ERR_EDGE_REQUEST_URI_TOO_LONG"],
  [
    "a body over the limit",
    "/echo",
    { method: "POST", body: "x".repeat(100_001) },
    413,
    "ERR_EDGE_REQUEST_BODY_TOO_LARGE",
  ],
];

for (const [what, path, init, status, code] of REFUSED) {
  test(`serving: ${what} is ${status} with problem details`, async () => {
    const response = await get(path, init);
    if (status === 405) assert.match(response.headers.get("allow") ?? "", /^GET, HEAD, POST, /);
    await assertProblem(response, status, code);
  });
}

test("serving: headers over the limit are 431 with problem details", async () => {
  const text = `GET /text HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(20_000)}\r\n\r\n`;
  await assertProblem(toResponse(await exchange(serving.port, text)), 431, "ERR_EDGE_REQUEST_HEADERS_TOO_LARGE");
});

test("serving: a chunked body over the limit is 413 with problem details", async () => {
  const size = 100_001;
  const text = `POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const chunk = `${size.toString(16)}\r\n${"x".repeat(size)}\r\n0\r\n\r\n`;
  await assertProblem(toResponse(await exchange(serving.port, text + chunk)), 413, "ERR_EDGE_REQUEST_BODY_TOO_LARGE");
});

test("serving: a body up to the limit comes back whole", async () => {
  const body = "0123456789".repeat(10_000);
  const response = await get("/echo", { method: "POST", body });
  assert.ok((await response.text()) === body);
});

test("serving: the err of a guest is 500, its message in the log and nowhere else", async () => {
  const response = await get("/err");
  const requestId = requestIdOf(response);
  const headers = JSON.stringify([...response.headers]);
  const copy = response.clone();
  await assertProblem(response, 500, "ERR_EDGE_FUNCTION_FAILED");
  assert.doesNotMatch(headers + (await copy.text()), /xyzzy/);
  const line = await serving.requestLine(requestId);
  const message = "Function failed: the password is xyzzy";
  assert.deepEqual(line["error"], { code: "ERR_EDGE_FUNCTION_FAILED", message });
});

test("serving: HEAD is answered as GET, without the body", async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const answers = await Promise.all(
    ["GET", "HEAD"].map((method) => ask(`${serving.origin}/hello-wat`, { agent, method })),
  );
  agent.destroy();
  const [full, head] = answers.map(({ status, headers, body }) => {
    const { date: _date, "x-request-id": _id, ...others } = headers;
    return { status, headers: others, body };
  });
  assert.deepEqual(head, { ...full, body: "" });
  assert.equal(full?.headers["content-length"], String(full?.body.length));
});

test("serving: a connection serves request after request, failed ones too", async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const paths = ["/text", "/none", "/err", "/trap", "/hello-wat", "/text"];
  const answers = await Promise.all(paths.map((path) => ask(serving.origin + path, { agent })));
  agent.destroy();
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 404, 500, 500, 200, 200],
  );
  assert.equal(new Set(answers.map(({ localPort }) => localPort)).size, 1);
});

test("serving: pipelined requests are answered in their order", async () => {
  const request = (path: string, more = ""): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
  const text = await exchange(serving.port, request("/busy") + request("/text", "Connection: close\r\n"));
  assert.match(text, /^HTTP\/1\.1 200 [^]*\r\n\r\n2000001000000\nHTTP\/1\.1 200 [^]*\r\n\r\ntext$/);
});

test("serving: 200 requests at once over several functions each get their own answer", async () => {
  const kinds: readonly ((index: number) => Promise<unknown>)[] = [
    async (index) => {
      const body = `body of ${index}`;
      return (await (await get("/echo", { method: "PUT", body })).text()) === body;
    },
    async (index) => (await answer(`/hello-ts?name=N${index}`)).includes(`Hello, N${index}!`),
    async (index) => (await answer(`/hello-js/${index}`)).includes(`"path":"/hello-js/${index}"`),
    async () => (await answer("/core-wat")) === "55\n",
    async () => (await get("/trap")).status === 500,
    async () => (await answer("/busy")) === "2000001000000\n",
    async () => (await get("/none")).status === 404,
    async () => (await answer("/hello-wat")) === "Hello from WebAssembly text\n",
  ];
  const results = await Promise.all(
    Array.from({ length: 200 / kinds.length }, (_, round) =>
      kinds.map((kind, at) => kind(round * kinds.length + at)),
    ).flat(),
  );
  assert.deepEqual(
    results.flatMap((isRight, index) => (isRight === true ? [] : [index])),
    [],
  );
});

test("serving: a client that disconnects ends its run and nobody else's", async () => {
  const socket = await openSocket(serving.port);
  socket.write("GET /spin HTTP/1.1\r\nHost: x\r\nX-Request-Id: leaves\r\n\r\n");
  await serving.logged((line) => "guest" in line && line["requestId"] === "leaves");
  const others = Array.from({ length: 10 }, () => answer("/busy"));
  assert.equal(await answer("/text"), "text", "while another guest spins");
  socket.destroy();
  const line = await serving.requestLine("leaves");
  assert.equal(line["status"], 499);
  assert.equal((line["error"] as Record<string, unknown>)["code"], "ERR_EDGE_EXECUTION_CANCELLED");
  assert.deepEqual(new Set(await Promise.all(others)), new Set(["2000001000000\n"]));
});

test("serving: a client that leaves in the middle of its body starts no run", async () => {
  const socket = await openSocket(serving.port);
  socket.write("POST /echo HTTP/1.1\r\nHost: x\r\nX-Request-Id: half\r\nContent-Length: 100\r\n\r\nhalf");
  // The answer to a later request says that the earlier bytes were read.
  assert.equal(await answer("/text"), "text");
  socket.resetAndDestroy();
  const line = await serving.requestLine("half");
  assert.equal(line["status"], 499);
  assert.equal("fuel" in line, false);
});
