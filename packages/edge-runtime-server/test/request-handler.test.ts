import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ExecutionTimeout, FuelExhausted, PoolExhausted, Trap } from "edge-runtime-common";
import type { RuntimeError } from "edge-runtime-common";
import { Grants } from "edge-runtime-core";
import type { FakeGuest, GuestRequest, ParsedAnswer } from "./server-fixture.ts";
import {
  fakeFunction,
  header,
  METRICS,
  ok,
  parseAnswer,
  receiveUntil,
  requestText,
  startServer,
  success,
} from "./server-fixture.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function problem(answer: ParsedAnswer): Record<string, unknown> {
  assert.equal(header(answer, "content-type"), "application/problem+json");
  const body = JSON.parse(answer.body) as Record<string, unknown>;
  assert.equal(body["status"], answer.status);
  assert.equal(body["request_id"], header(answer, "x-request-id"));
  return body;
}

describe("request handler: what the guest gets", () => {
  test("request handler: method, uri, headers in order with duplicates, and no body", async (context) => {
    let seen: GuestRequest | undefined;
    const guest: FakeGuest = (request) => {
      seen = request;
      return ok();
    };
    const { exchange } = await startServer(context, [fakeFunction("/f", guest)]);
    await exchange(
      "GET /f/a%20b/../c?d=%26&e HTTP/1.1\r\nHost: x\r\nX-B: 2\r\nX-A: 1\r\nx-b: 3\r\nConnection: close\r\n\r\n",
    );
    assert.deepEqual(seen, {
      method: "get",
      uri: "/f/a%20b/../c?d=%26&e",
      headers: [
        ["host", "x"],
        ["x-b", "2"],
        ["x-a", "1"],
        ["x-b", "3"],
        ["connection", "close"],
      ],
      body: undefined,
    });
  });

  for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
    test(`request handler: ${method} is ${method.toLowerCase()}`, async (context) => {
      let seen: string | undefined;
      const guest: FakeGuest = (request) => {
        seen = request.method;
        return ok();
      };
      const { exchange } = await startServer(context, [fakeFunction("/", guest)]);
      assert.equal(parseAnswer(await exchange(requestText(`${method} /`))).status, 200);
      assert.equal(seen, method.toLowerCase());
    });
  }

  const bodies: readonly (readonly [string, readonly string[], string, string | undefined])[] = [
    ["of a known length", ["Content-Length: 5"], "hello", "hello"],
    ["of length 0", ["Content-Length: 0"], "", ""],
    ["in chunks", ["Transfer-Encoding: chunked"], "3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nT: r\r\n\r\n", "hello"],
    ["in no chunks", ["Transfer-Encoding: chunked"], "0\r\n\r\n", ""],
    ["that is none", [], "", undefined],
  ];
  for (const [name, headers, body, expected] of bodies) {
    test(`request handler: a body ${name} arrives whole`, async (context) => {
      let seen: Uint8Array | undefined;
      const guest: FakeGuest = (request) => {
        seen = request.body;
        return ok();
      };
      const { exchange } = await startServer(context, [fakeFunction("/", guest)]);
      assert.equal(parseAnswer(await exchange(requestText("POST /", headers, body))).status, 200);
      assert.deepEqual(seen, expected === undefined ? undefined : utf8(expected));
      assert.equal(Buffer.isBuffer(seen), false);
    });
  }

  test("request handler: the absolute form loses scheme and authority", async (context) => {
    const { exchange } = await startServer(context, [fakeFunction("/f", (request) => ok({ body: utf8(request.uri) }))]);
    assert.equal(parseAnswer(await exchange(requestText("GET http://other/f?x"))).body, "/f?x");
  });

  test("request handler: the function with the longest matching route is called", async (context) => {
    const names = ["/", "/a", "/a/b"];
    const functions = names.map((name) => fakeFunction(name, () => ok({ body: utf8(name) })));
    const { exchange } = await startServer(context, functions);
    for (const [path, name] of [
      ["/x", "/"],
      ["/a?/b", "/a"],
      ["/a/b/c", "/a/b"],
      ["/ab", "/"],
    ] as const) {
      assert.equal(parseAnswer(await exchange(requestText(`GET ${path}`))).body, name);
    }
  });
});

describe("request handler: what the client gets", () => {
  test("request handler: status, headers and body of the guest, framed by the server", async (context) => {
    const headers: [string, string][] = [
      ["Set-Cookie", "a=1"],
      ["set-cookie", "b=2"],
      ["X-Latin", "caf\u00e9"],
      ["Content-Length", "1"],
      ["Transfer-Encoding", "chunked"],
      ["Connection", "upgrade, x-hop"],
      ["X-Hop", "1"],
    ];
    const { exchange } = await startServer(context, [
      fakeFunction("/", () => ok({ status: 201, headers, body: utf8("é") })),
    ]);
    const text = await exchange(requestText("GET /"));
    const answer = parseAnswer(text);
    assert.match(text, /^HTTP\/1\.1 201 Created\r\n/);
    const cookies = answer.headers.filter(([name]) => name === "set-cookie").map(([, value]) => value);
    assert.deepEqual(cookies, ["a=1", "b=2"]);
    assert.equal(header(answer, "x-latin"), "caf\u00e9");
    const framing = answer.headers.filter(([name]) => /length|encoding|connection|hop/.test(name));
    assert.deepEqual(Object.fromEntries(framing), { connection: "close", "content-length": "2" });
    assert.equal(framing.length, 2);
    assert.deepEqual(Buffer.from(answer.body, "latin1"), Buffer.from("é"));
  });

  for (const length of [0, 1, 4096, 4097, 100_000]) {
    test(`request handler: a body of ${length} bytes arrives as it is`, async (context) => {
      const body = Uint8Array.from({ length }, (_, index) => (index * 7) & 0xff);
      const { exchange } = await startServer(context, [fakeFunction("/", () => ok({ body }))]);
      const answer = parseAnswer(await exchange(requestText("GET /")));
      assert.equal(header(answer, "content-length"), String(length));
      assert.deepEqual(Buffer.from(answer.body, "latin1"), Buffer.from(body));
    });
  }

  test("request handler: HEAD gets the head that GET would get, and no body", async (context) => {
    const { exchange } = await startServer(context, [
      fakeFunction("/", () => ok({ body: utf8("hello") })),
      fakeFunction("/none", () => ok()),
      fakeFunction("/trap", () => {
        throw new Trap("unreachable", "unreachable");
      }),
    ]);
    const answer = parseAnswer(await exchange(requestText("HEAD /")));
    assert.deepEqual([header(answer, "content-length"), answer.body], ["5", ""]);
    const none = parseAnswer(await exchange(requestText("HEAD /none")));
    assert.deepEqual([none.status, header(none, "content-length"), none.body], [200, undefined, ""]);
    const failed = parseAnswer(await exchange(requestText("HEAD /trap")));
    assert.deepEqual(
      [failed.status, header(failed, "content-type"), failed.body],
      [500, "application/problem+json", ""],
    );
  });

  const lengths: readonly (readonly [number, string | undefined])[] = [
    [204, undefined],
    [205, "0"],
    [304, undefined],
    [200, "5"],
    [404, "5"],
  ];
  for (const [status, length] of lengths) {
    test(`request handler: status ${status} has content-length ${length ?? "left out"}`, async (context) => {
      const { open } = await startServer(context, [fakeFunction("/", () => ok({ status, body: utf8("hello") }))]);
      const socket = await open();
      // Two on one connection: a body that should not be there would become the start of the second answer.
      socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nX-Request-Id: second\r\n\r\n");
      const text = await receiveUntil(socket, length === "5" ? "second\r\ncontent-length: 5" : "second");
      const second = text.lastIndexOf(`HTTP/1.1 ${status}`);
      const first = parseAnswer(text.slice(0, second));
      assert.equal(header(first, "content-length"), length);
      assert.equal(header(first, "transfer-encoding"), undefined);
      assert.equal(first.body, length === "5" ? "hello" : "");
    });
  }

  test("request handler: answers on one connection come in the order of the requests", async (context) => {
    const { open } = await startServer(context, [
      fakeFunction("/slow", async () => {
        await new Promise((resolve) => {
          setTimeout(resolve, 30);
        });
        return ok({ body: utf8("slow") });
      }),
      fakeFunction("/fast", () => ok({ body: utf8("fast") })),
    ]);
    const socket = await open();
    socket.write("GET /slow HTTP/1.1\r\nHost: x\r\n\r\nGET /fast HTTP/1.1\r\nHost: x\r\n\r\n");
    const text = await receiveUntil(socket, "fast");
    assert.ok(text.indexOf("slow") < text.indexOf("fast"));
  });

  test("request handler: a core function's results are the answer, as text", async (context) => {
    const core = { kind: "core", entry: "_start" } as const;
    const { exchange } = await startServer(context, [
      fakeFunction("/values", () => success([-1, 2n ** 63n, 0.5]), core),
      fakeFunction("/nothing", () => success([]), core),
    ]);
    const answer = parseAnswer(await exchange(requestText("GET /values")));
    assert.deepEqual([answer.status, answer.body], [200, "-1 9223372036854775808 0.5\n"]);
    assert.equal(header(answer, "content-type"), "text/plain; charset=utf-8");
    assert.equal(parseAnswer(await exchange(requestText("GET /nothing"))).status, 204);
  });
});

describe("request handler: problems", () => {
  const trapped =
    (error: RuntimeError): FakeGuest =>
    () => ({ kind: "trap", message: error.message, code: error.code, error, stack: [], metrics: METRICS });
  const rejected =
    (error: unknown): FakeGuest =>
    () =>
      Promise.reject(error);
  const headers =
    (name: string, value: string): FakeGuest =>
    () =>
      ok({ headers: [[name, value]] });

  const cases: readonly (readonly [string, FakeGuest, number, string])[] = [
    ["a trap", trapped(new Trap("unreachable", "unreachable")), 500, "ERR_EDGE_TRAP"],
    ["fuel that is exhausted", trapped(new FuelExhausted(5)), 503, "ERR_EDGE_FUEL_EXHAUSTED"],
    ["a deadline", trapped(new ExecutionTimeout(100)), 504, "ERR_EDGE_EXECUTION_TIMEOUT"],
    ["a full pool", rejected(new PoolExhausted(7)), 503, "ERR_EDGE_POOL_EXHAUSTED"],
    ["a fault of the host", rejected(new TypeError("secret /etc/host/path")), 500, "ERR_EDGE_INTERNAL"],
    ["a rejection with no error", rejected(undefined), 500, "ERR_EDGE_INTERNAL"],
    [
      "a runner that throws",
      () => {
        throw new RangeError("secret");
      },
      500,
      "ERR_EDGE_INTERNAL",
    ],
    ["an err of the guest", () => success({ tag: "err", val: "secret of the guest" }), 500, "ERR_EDGE_FUNCTION_FAILED"],
    ["a status of 199", () => ok({ status: 199 }), 502, "ERR_EDGE_FUNCTION_RESPONSE_INVALID"],
    ["a status of 600", () => ok({ status: 600 }), 502, "ERR_EDGE_FUNCTION_RESPONSE_INVALID"],
    ["a line break in a header", headers("x", "y\r\nset-cookie: secret"), 502, "ERR_EDGE_FUNCTION_RESPONSE_INVALID"],
    ["a header name that is no token", headers("a b", "secret"), 502, "ERR_EDGE_FUNCTION_RESPONSE_INVALID"],
    ["a value that is no response", () => success(null), 500, "ERR_EDGE_INTERNAL"],
  ];
  for (const [name, guest, status, code] of cases) {
    test(`request handler: ${name} is ${status} ${code}, without detail`, async (context) => {
      const { exchange, logged } = await startServer(context, [fakeFunction("/", guest)]);
      const text = await exchange(requestText("GET /"));
      const answer = parseAnswer(text);
      assert.equal(answer.status, status);
      assert.deepEqual(Object.keys(problem(answer)), ["type", "title", "status", "code", "request_id"]);
      assert.equal(problem(answer)["code"], code);
      assert.doesNotMatch(text, /secret|path|stack|\bat /);
      const line = await logged(({ msg }) => msg === "request");
      assert.equal(line["status"], status);
      assert.notEqual(line["error"], undefined);
    });
  }

  test("request handler: a full pool says when to come back", async (context) => {
    const { exchange } = await startServer(context, [fakeFunction("/", rejected(new PoolExhausted(7)))]);
    assert.equal(header(parseAnswer(await exchange(requestText("GET /"))), "retry-after"), "1");
  });

  test("request handler: no route is 404", async (context) => {
    const { exchange } = await startServer(context, [fakeFunction("/f", () => ok())]);
    const answer = parseAnswer(await exchange(requestText("GET /g")));
    assert.deepEqual([answer.status, problem(answer)["code"]], [404, "ERR_EDGE_REQUEST_ROUTE_NOT_FOUND"]);
  });

  for (const method of ["TRACE", "PROPFIND", "QUERY"]) {
    test(`request handler: ${method} is 405 with the methods there are`, async (context) => {
      const { exchange } = await startServer(context, [fakeFunction("/f", () => ok())]);
      const answer = parseAnswer(await exchange(requestText(`${method} /f`)));
      assert.deepEqual([answer.status, problem(answer)["code"]], [405, "ERR_EDGE_REQUEST_METHOD_NOT_ALLOWED"]);
      assert.equal(header(answer, "allow"), "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS");
    });
  }

  const badRequests: readonly (readonly [string, string])[] = [
    ["no Host", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n"],
    ["two Hosts", requestText("GET /", ["Host: y"])],
    ["the target *", requestText("OPTIONS *")],
  ];
  for (const [name, text] of badRequests) {
    test(`request handler: a request with ${name} is 400`, async (context) => {
      const { exchange } = await startServer(context, [fakeFunction("/", () => ok())]);
      const answer = parseAnswer(await exchange(text));
      assert.deepEqual([answer.status, problem(answer)["code"]], [400, "ERR_EDGE_REQUEST_INVALID"]);
    });
  }

  test("request handler: HTTP/1.0 needs no Host", async (context) => {
    const { exchange } = await startServer(context, [fakeFunction("/", () => ok({ body: utf8("old") }))]);
    const answer = parseAnswer(await exchange("GET / HTTP/1.0\r\n\r\n"));
    assert.deepEqual([answer.status, answer.body], [200, "old"]);
  });
});

describe("request handler: request ids", () => {
  test("request handler: a safe id of the client is the run's, the log's and the answer's", async (context) => {
    let seen: string | undefined;
    const guest: FakeGuest = (_request, run) => {
      seen = run.requestId;
      return ok({ headers: [["x-request-id", "forged"]] });
    };
    const { exchange, logged } = await startServer(context, [fakeFunction("/", guest)]);
    const answer = parseAnswer(await exchange(requestText("GET /", ["X-Request-ID: trace-1.a_B"])));
    assert.deepEqual(
      answer.headers.filter(([name]) => name === "x-request-id"),
      [["x-request-id", "trace-1.a_B"]],
    );
    assert.equal(seen, "trace-1.a_B");
    assert.equal((await logged(({ msg }) => msg === "request"))["requestId"], "trace-1.a_B");
  });

  test("request handler: an unsafe or absent one is replaced by a UUID of the server's, new each time", async (context) => {
    const { exchange } = await startServer(context, [fakeFunction("/", () => ok())]);
    const ids = new Set<string | undefined>();
    for (const headers of [["X-Request-ID: <a>"], [`X-Request-ID: ${"a".repeat(129)}`], [], []]) {
      ids.add(header(parseAnswer(await exchange(requestText("GET /", headers))), "x-request-id"));
    }
    assert.equal(ids.size, 4);
    for (const id of ids)
      assert.match(id ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

describe("request handler: the log", () => {
  test("request handler: one line tells function, status, time, fuel, memory and entries, and no query", async (context) => {
    const { exchange, log, logged } = await startServer(context, [fakeFunction("/f", () => ok({ status: 404 }))]);
    await exchange(requestText("GET /f/x?token=secret", ["X-Request-ID: r1"]));
    const line = await logged(({ msg }) => msg === "request");
    const { time, durationMs, ...rest } = line;
    assert.equal(typeof time, "number");
    assert.equal(typeof durationMs, "number");
    assert.deepEqual(rest, {
      level: 30,
      function: "fn-f",
      requestId: "r1",
      method: "GET",
      path: "/f/x",
      status: 404,
      fuel: 42,
      memoryBytes: 65_536,
      logs: 0,
      msg: "request",
    });
    assert.equal(log.length, 1);
  });

  test("request handler: entries of the guest carry its function and the request", async (context) => {
    const guest: FakeGuest = (_request, run) => {
      run.log({ level: "warn", message: "one\u009b\n\u001b[2J", timestampMs: 0 });
      run.log({ level: "debug", message: "two", timestampMs: 0 });
      return ok();
    };
    const { exchange, log, logged } = await startServer(context, [
      fakeFunction("/granted", guest),
      fakeFunction("/denied", guest, { permissions: { loggingEnabled: false } }),
    ]);
    await exchange(requestText("GET /granted", ["X-Request-ID: r1"]));
    assert.equal((await logged(({ msg }) => msg === "request"))["logs"], 2);
    const entries = log.filter(({ msg }) => msg === "guest log").map(({ time: _time, ...rest }) => rest);
    const common = { function: "fn-granted", requestId: "r1", msg: "guest log" };
    assert.deepEqual(entries, [
      { ...common, level: 40, guest: { message: "one\\u{9b}\n\u001b[2J" } },
      { ...common, level: 20, guest: { message: "two" } },
    ]);
    await exchange(requestText("GET /denied"));
    const denied = await logged(({ function: name, msg }) => name === "fn-denied" && msg === "request");
    assert.deepEqual([denied["logs"], denied["droppedLogs"]], [0, 2]);
    assert.equal(log.filter(({ msg }) => msg === "guest log").length, 2);
  });

  test("request handler: a run has the grants of its function", async (context) => {
    const grant = { name: "test", none: 0 };
    const seen: number[] = [];
    const guest: FakeGuest = (_request, run) => {
      seen.push(run.grants.get(grant));
      return ok();
    };
    const { exchange } = await startServer(context, [
      fakeFunction("/granted", guest, { grants: Grants.none.with(grant, 1) }),
      fakeFunction("/denied", guest),
    ]);
    await exchange(requestText("GET /granted"));
    await exchange(requestText("GET /denied"));
    assert.deepEqual(seen, [1, 0]);
  });

  test("request handler: the message of a guest's err is in the log, under the error", async (context) => {
    const { exchange, logged } = await startServer(context, [
      fakeFunction("/", () => success({ tag: "err", val: "why\u009b" })),
    ]);
    await exchange(requestText("GET /"));
    const line = await logged(({ msg }) => msg === "request");
    assert.deepEqual(line["error"], { code: "ERR_EDGE_FUNCTION_FAILED", message: "Function failed: why\\u{9b}" });
    assert.equal(line["level"], 50);
    assert.equal(line["fuel"], 42);
  });

  test("request handler: a fault of the host is logged with its stack", async (context) => {
    const guest: FakeGuest = () => Promise.reject(new TypeError("broken"));
    const { exchange, logged } = await startServer(context, [fakeFunction("/", guest)]);
    await exchange(requestText("GET /"));
    const { error } = await logged(({ msg }) => msg === "request");
    assert.match((error as { stack: string }).stack, /TypeError: broken\n\s+at /);
  });
});
