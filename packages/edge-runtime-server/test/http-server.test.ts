import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:net";
import { describe, test } from "node:test";
import { defaultConfig } from "edge-runtime-common";
import { createLogger } from "edge-runtime-host";
import { HttpServer } from "../src/http-server.ts";
import type { FakeGuest, Fixture } from "./server-fixture.ts";
import {
  fakeFunction,
  header,
  ok,
  parseAnswer,
  receive,
  receiveUntil,
  requestText,
  startServer,
} from "./server-fixture.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

async function code(fixture: Fixture, text: string | Uint8Array): Promise<[number, unknown]> {
  const answer = parseAnswer(await fixture.exchange(text));
  assert.match(header(answer, "x-request-id") ?? "", /^[A-Za-z0-9._-]{1,128}$/);
  assert.equal(header(answer, "content-type"), "application/problem+json");
  return [answer.status, (JSON.parse(answer.body) as { code: unknown }).code];
}

describe("http server: limits on what clients send", () => {
  const echo = fakeFunction("/", (guest) => ok({ body: guest.body }));

  test("http server: a body of exactly the limit is served", async (context) => {
    const { exchange } = await startServer(context, [echo], { maxBodyBytes: 10 });
    assert.equal(
      parseAnswer(await exchange(requestText("POST /", ["Content-Length: 10"], "0123456789"))).body,
      "0123456789",
    );
  });

  const big: readonly (readonly [string, string])[] = [
    ["announced", requestText("POST /", ["Content-Length: 11"], "0123456789a")],
    ["in one chunk", requestText("POST /", ["Transfer-Encoding: chunked"], "b\r\n0123456789a\r\n0\r\n\r\n")],
    ["in many chunks", requestText("POST /", ["Transfer-Encoding: chunked"], `${"4\r\n0123\r\n".repeat(10)}0\r\n\r\n`)],
  ];
  for (const [name, text] of big) {
    test(`http server: a body over the limit, ${name}, is 413`, async (context) => {
      const fixture = await startServer(context, [echo], { maxBodyBytes: 10 });
      assert.deepEqual(await code(fixture, text), [413, "ERR_EDGE_REQUEST_BODY_TOO_LARGE"]);
    });
  }

  test("http server: after a 413 the connection serves the next request", async (context) => {
    const { open } = await startServer(context, [echo], { maxBodyBytes: 10 });
    const socket = await open();
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n${"x".repeat(100_000)}`);
    assert.match(await receiveUntil(socket, "}"), /^HTTP\/1.1 413 /);
    socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nend");
    assert.match(await receiveUntil(socket, "end"), /^HTTP\/1.1 200 /);
  });

  test("http server: a limit of 0 takes empty bodies only", async (context) => {
    const fixture = await startServer(context, [echo], { maxBodyBytes: 0 });
    assert.equal(parseAnswer(await fixture.exchange(requestText("POST /", ["Content-Length: 0"]))).status, 200);
    assert.deepEqual(await code(fixture, requestText("POST /", ["Content-Length: 1"], "x")), [
      413,
      "ERR_EDGE_REQUEST_BODY_TOO_LARGE",
    ]);
  });

  test("http server: a target of 8,192 bytes is served, a longer one is 414", async (context) => {
    const fixture = await startServer(context, [echo]);
    assert.equal(parseAnswer(await fixture.exchange(requestText(`GET /${"a".repeat(8191)}`))).status, 200);
    assert.deepEqual(await code(fixture, requestText(`GET /${"a".repeat(8192)}`)), [
      414,
      "ERR_EDGE_REQUEST_URI_TOO_LONG",
    ]);
  });

  const heads: readonly (readonly [string, string])[] = [
    ["a long value", requestText("GET /", [`X: ${"a".repeat(20_000)}`])],
    ["a long name", requestText("GET /", [`${"a".repeat(20_000)}: x`])],
    [
      "many headers",
      requestText(
        "GET /",
        Array.from({ length: 3000 }, (_, n) => `x-${n}: y`),
      ),
    ],
    ["a long target", requestText(`GET /${"a".repeat(40_000)}`)],
    ["no end", `GET / HTTP/1.1\r\nHost: x\r\n${"a: b\r\n".repeat(50_000)}`],
  ];
  for (const [name, text] of heads) {
    test(`http server: a head with ${name} is 431`, async (context) => {
      assert.deepEqual(await code(await startServer(context, [echo]), text), [
        431,
        "ERR_EDGE_REQUEST_HEADERS_TOO_LARGE",
      ]);
    });
  }

  test("http server: the limit on heads is the configuration's", async (context) => {
    const { exchange } = await startServer(context, [echo], { maxHeaderBytes: 65_536 });
    assert.equal(parseAnswer(await exchange(requestText("GET /", [`X: ${"a".repeat(40_000)}`]))).status, 200);
  });

  const garbage: readonly (readonly [string, string | Uint8Array])[] = [
    ["no HTTP", "hello\r\n\r\n"],
    ["a TLS hello", new Uint8Array([0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3])],
    ["a space before the colon", requestText("GET /", ["X : y"])],
    ["two lengths", requestText("POST /", ["Content-Length: 1", "Content-Length: 2"], "ab")],
    ["length and chunks", requestText("POST /", ["Content-Length: 5", "Transfer-Encoding: chunked"], "0\r\n\r\n")],
    ["a negative length", requestText("POST /", ["Content-Length: -1"])],
    ["an unknown transfer coding", requestText("POST /", ["Transfer-Encoding: chunked, gzip"], "x")],
    ["a bare line feed in a value", "GET / HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n"],
    ["a chunk size that is no number", requestText("POST /", ["Transfer-Encoding: chunked"], "zz\r\n")],
    ["HTTP/3.0", "GET / HTTP/3.0\r\nHost: x\r\n\r\n"],
  ];
  for (const [name, text] of garbage) {
    test(`http server: ${name} is 400 and ends the connection`, async (context) => {
      assert.deepEqual(await code(await startServer(context, [echo]), text), [400, "ERR_EDGE_REQUEST_INVALID"]);
    });
  }

  test("http server: garbage after a request that runs is not taken for its answer", async (context) => {
    const { open } = await startServer(context, [fakeFunction("/", () => "forever")]);
    const socket = await open();
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    socket.write("garbage\r\n\r\n");
    assert.equal(await receive(socket), "");
  });

  test("http server: CONNECT is 405", async (context) => {
    const fixture = await startServer(context, [echo]);
    const answer = parseAnswer(await fixture.exchange("CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n"));
    assert.equal(answer.status, 405);
    assert.match(header(answer, "allow") ?? "", /^GET, /);
  });

  test("http server: a request to upgrade is served without", async (context) => {
    const { exchange } = await startServer(context, [fakeFunction("/", () => ok({ body: utf8("plain") }))]);
    const text = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\n\r\n";
    assert.equal(parseAnswer(await exchange(text)).body, "plain");
  });
});

describe("http server: Expect", () => {
  test("http server: a client that waits to send its body is told to go on", async (context) => {
    const { open } = await startServer(context, [fakeFunction("/", (guest) => ok({ body: guest.body }))]);
    const socket = await open();
    socket.write(requestText("POST /", ["Content-Length: 5", "Expect: 100-continue"]));
    assert.equal(await receiveUntil(socket, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    socket.write("hello");
    assert.equal(parseAnswer(await receive(socket)).body, "hello");
  });

  test("http server: a client that waits is refused at once, and for the last time on its connection", async (context) => {
    const { open } = await startServer(context, [fakeFunction("/f", () => ok())], { maxBodyBytes: 10 });
    for (const [line, status] of [
      ["POST /f", 413],
      ["POST /g", 404],
    ] as const) {
      const socket = await open();
      socket.write(`${line} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n`);
      const answer = parseAnswer(await receive(socket));
      assert.deepEqual([answer.status, header(answer, "connection")], [status, "close"]);
    }
  });

  test("http server: an expectation that it does not know is ignored", async (context) => {
    const { exchange } = await startServer(context, [fakeFunction("/", () => ok())]);
    assert.equal(parseAnswer(await exchange(requestText("GET /", ["Expect: miracles"]))).status, 200);
  });
});

describe("http server: slow and lost clients", () => {
  const slow = { headersTimeoutMs: 50, requestTimeoutMs: 100 };

  test("http server: a head that does not end in time is 408", async (context) => {
    const fixture = await startServer(context, [fakeFunction("/", () => ok())], slow);
    assert.deepEqual(await code(fixture, "GET / HTTP/1.1\r\nHost: x\r\n"), [408, "ERR_EDGE_REQUEST_TIMEOUT"]);
  });

  test("http server: a body that does not end in time is 408", async (context) => {
    const fixture = await startServer(context, [fakeFunction("/", () => ok())], slow);
    assert.deepEqual(await code(fixture, requestText("POST /", ["Content-Length: 5"], "hel")), [
      408,
      "ERR_EDGE_REQUEST_TIMEOUT",
    ]);
    assert.equal((await fixture.logged(({ msg }) => msg === "request"))["function"], "fn-");
  });

  test("http server: a client that goes on sending after its answer gets no second one", async (context) => {
    const { open } = await startServer(context, [fakeFunction("/f", () => ok())], slow);
    const socket = await open();
    socket.write("POST /g HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc");
    const text = await receive(socket);
    assert.match(text, /^HTTP\/1\.1 404 /);
    assert.equal(text.split("HTTP/1.1").length, 2);
  });

  test("http server: a client that disconnects cancels its run and no other", async (context) => {
    let started: () => void = () => undefined;
    const running = new Promise<void>((resolve) => {
      started = resolve;
    });
    const guest: FakeGuest = () => {
      started();
      return "forever";
    };
    const fixture = await startServer(context, [
      fakeFunction("/lost", guest),
      fakeFunction("/kept", async () => {
        await fixture.logged(({ function: name }) => name === "fn-lost");
        return ok({ body: utf8("kept") });
      }),
    ]);
    const lost = await fixture.open();
    lost.write("GET /lost HTTP/1.1\r\nHost: x\r\n\r\n");
    await running;
    const kept = fixture.exchange(requestText("GET /kept"));
    lost.destroy();
    const line = await fixture.logged(({ function: name }) => name === "fn-lost");
    assert.equal(line["status"], 499);
    assert.deepEqual(line["error"], {
      code: "ERR_EDGE_EXECUTION_CANCELLED",
      message: "Execution cancelled: the client disconnected",
    });
    assert.equal(line["fuel"], 42);
    assert.equal(parseAnswer(await kept).body, "kept");
  });

  test("http server: a client that disconnects in its body is logged, and no guest runs", async (context) => {
    let runs = 0;
    const fixture = await startServer(context, [
      fakeFunction("/", () => {
        runs += 1;
        return ok();
      }),
    ]);
    const socket = await fixture.open();
    socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe");
    setTimeout(() => socket.resetAndDestroy(), 20);
    assert.equal((await fixture.logged(({ msg }) => msg === "request"))["status"], 499);
    assert.equal(runs, 0);
  });

  test("http server: idle connections are kept, or not where the time to keep them is 0", async (context) => {
    const functions = [fakeFunction("/", () => ok())];
    const kept = await (await startServer(context, functions)).open();
    kept.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert.match(await receiveUntil(kept, "\r\n\r\n"), /Connection: keep-alive/i);
    const closed = await (await startServer(context, functions, { keepAliveTimeoutMs: 0 })).open();
    closed.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert.match(await receive(closed), /connection: close/);
  });
});

describe("http server: start and stop", () => {
  test("http server: an address that is taken is an I/O error that names it", async (context) => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    context.after(() => other.close());
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const server = new HttpServer({
      config: { ...defaultConfig().server, port },
      functions: [],
      logger: createLogger({ level: "silent", destination: { write: () => undefined } }),
      clock: { now: () => 0, wallClock: () => 0 },
      longestRunMs: 0,
    });
    await assert.rejects(server.listen(), {
      code: "ERR_EDGE_IO",
      detail: new RegExp(`127\\.0\\.0\\.1:${port}.*EADDRINUSE`),
    });
    await server.close();
  });

  test("http server: a stop finishes what runs, closes its connection and idle ones, and takes no more", async (context) => {
    let finish: () => void = () => undefined;
    let started: () => void = () => undefined;
    const running = new Promise<void>((resolve) => {
      started = resolve;
    });
    const fixture = await startServer(
      context,
      [
        fakeFunction("/", async () => {
          started();
          await new Promise<void>((resolve) => {
            finish = resolve;
          });
          return ok({ body: utf8("finished") });
        }),
      ],
      { shutdownGraceMs: 60_000 },
    );
    const unused = receive(await fixture.open());
    const socket = await fixture.open();
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await running;
    const stopped = fixture.server.close();
    await assert.rejects(fixture.open(), { code: "ECONNREFUSED" });
    finish();
    const answer = parseAnswer(await receive(socket));
    assert.deepEqual([answer.body, header(answer, "connection")], ["finished", "close"]);
    assert.equal(await unused, "");
    await stopped;
    await fixture.server.close();
  });

  test("http server: what runs beyond the grace is cancelled and answered 503", async (context) => {
    let started: () => void = () => undefined;
    const running = new Promise<void>((resolve) => {
      started = resolve;
    });
    const guest: FakeGuest = () => {
      started();
      return "forever";
    };
    const fixture = await startServer(context, [fakeFunction("/", guest)], { shutdownGraceMs: 10 });
    const answer = fixture.exchange(requestText("GET /"));
    await running;
    await fixture.server.close();
    const { status, body } = parseAnswer(await answer);
    assert.deepEqual([status, (JSON.parse(body) as { code: string }).code], [503, "ERR_EDGE_EXECUTION_CANCELLED"]);
  });

  test("http server: a body that does not end holds no stop up", async (context) => {
    const fixture = await startServer(context, [fakeFunction("/", () => ok())], { shutdownGraceMs: 10 });
    const socket = await fixture.open();
    socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe");
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    const closed = receive(socket);
    await fixture.server.close();
    assert.equal(await closed, "");
  });
});

describe("http server: node's own client", () => {
  test("http server: many requests at a time over kept connections are each answered with their own", async (context) => {
    const { port } = await startServer(context, [
      fakeFunction("/", async (guest) => {
        if (guest.uri.length % 2 === 0)
          await new Promise((resolve) => {
            setImmediate(resolve);
          });
        return ok({ body: guest.body ?? utf8(guest.uri) });
      }),
    ]);
    const send = async (n: number): Promise<void> => {
      const path = `/${"x".repeat(n % 5)}${n}`;
      const outgoing = request({ port, host: "127.0.0.1", path, method: n % 3 === 0 ? "POST" : "GET" });
      outgoing.end(n % 3 === 0 ? `body ${n}` : undefined);
      const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
      const chunks = await incoming.toArray();
      assert.equal(Buffer.concat(chunks as Buffer[]).toString(), n % 3 === 0 ? `body ${n}` : path);
    };
    await Promise.all(Array.from({ length: 200 }, (_, n) => send(n)));
  });
});
