import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer as createHttpServer, request as sendRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parseConfigData } from "edge-runtime-common";
import { WasmEngine } from "edge-runtime-core";
import { createLogger } from "edge-runtime-host";
import { createNodePlatform } from "edge-runtime-host";
import { createServer } from "../src/index.ts";
import type { EdgeServer } from "../src/index.ts";
import { header, parseAnswer, receive, requestText } from "./server-fixture.ts";
import type { LogLine, ParsedAnswer } from "./server-fixture.ts";
import { buildWasiHttpGuest } from "./wasi-http-guest.ts";

const LIMITS = { source: "guest.wasm", max_fuel: 1_000_000_000_000, timeout_ms: 20_000 };

let server: EdgeServer;
let folder: string;
let port: number;
const log: LogLine[] = [];
const loggers = new Set<() => void>();

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "edge-runtime-http-"));
  writeFileSync(join(folder, "guest.wasm"), await buildWasiHttpGuest());
  const functions = [
    { ...LIMITS, name: "guest", route: "/" },
    { ...LIMITS, name: "short", route: "/short", timeout_ms: 150 },
    { ...LIMITS, name: "open", route: "/open", permissions: { http: { allow_private: ["127.0.0.1:*"] } } },
  ];
  const config = parseConfigData({
    server: { listen: "127.0.0.1:0", shutdown_grace_ms: 50 },
    engine: { verify_resets: 1 },
    functions,
  });
  const engine = new WasmEngine(config.engine, { platform: createNodePlatform() });
  const write = (line: string): void => {
    log.push(JSON.parse(line) as LogLine);
    for (const check of loggers) check();
  };
  server = createServer({ config, engine, logger: createLogger({ destination: { write } }), baseDirectory: folder });
  ({ port } = await server.listen());
});

after(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

async function open(text: string): Promise<ReturnType<typeof connect>> {
  const socket = connect({ port, host: "127.0.0.1" });
  await once(socket, "connect");
  socket.write(text);
  return socket;
}

async function exchange(line: string, headers: readonly string[] = [], body = ""): Promise<string> {
  return receive(await open(requestText(line, headers, body)));
}

async function get(line: string, headers?: readonly string[], body?: string): Promise<ParsedAnswer> {
  return parseAnswer(await exchange(line, headers, body));
}

/** The log line of the request for that path. */
function logged(path: string): Promise<LogLine> {
  return new Promise((resolve) => {
    const check = (): void => {
      const line = log.find((entry) => entry["path"] === path && entry["msg"] === "request");
      if (line === undefined) return;
      loggers.delete(check);
      resolve(line);
    };
    loggers.add(check);
    check();
  });
}

function errorOf(line: LogLine): unknown {
  return (line["error"] as { code?: string } | undefined)?.code;
}

function codeOf(answer: ParsedAnswer): unknown {
  return (JSON.parse(answer.body) as { code: string }).code;
}

describe("wasi:http requests", () => {
  test("a request's line and headers reach the guest, without those of the connection", async () => {
    const answer = await get("PROPFIND /line?q=%20a", ["X-B: 2", "Keep-Alive: x", "TE: trailers"]);
    assert.deepEqual(JSON.parse(dechunk(answer.body)), {
      line: ["PROPFIND", "HTTP", "x", "/line?q=%20a"],
      entries: [["x-b", "2"]],
    });
  });

  test("fields are checked as the spec says", async () => {
    const { body } = await get("GET /fields");
    assert.deepEqual(dechunk(body).split("\n"), [
      '"ok"',
      '"ok"',
      '"ok"',
      '{"tag":"invalid-syntax"}',
      '{"tag":"invalid-syntax"}',
      '{"tag":"forbidden"}',
      '{"tag":"forbidden"}',
      '"ok"',
      '{"tag":"forbidden"}',
      '{"tag":"invalid-syntax"}',
      '[["X-A","1"],["x-a","2"]]',
      '[true,false,["1","2"],[]]',
      '{"tag":"immutable"}',
      '{"tag":"immutable"}',
      '"ok"',
    ]);
  });

  test("a body and its trailers pass through", async () => {
    const body = "5\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 42\r\n\r\n";
    const answer = await get("POST /echo", ["Content-Type: a/b", "Transfer-Encoding: chunked"], body);
    assert.equal(header(answer, "x-type"), "a/b");
    assert.equal(dechunk(answer.body), "hello world");
    assert.match(answer.body, /0\r\nx-sum: 42\r\n\r\n$/i);
  });

  test("a client that waits to be told sends its body once the guest reads", async () => {
    const socket = await open(requestText("POST /echo", ["Expect: 100-continue", "Content-Length: 5"]));
    socket.once("data", (chunk: Buffer) => {
      assert.match(chunk.toString(), /^HTTP\/1.1 100 Continue\r\n/);
      socket.write("hello");
    });
    assert.match(await receive(socket), /hello/);
  });

  test("a body of 64 MiB passes", { timeout: 120_000 }, async () => {
    const total = 64 * 1_048_576;
    const chunk = Buffer.alloc(65_536, 7);
    let received = 0;
    const request = sendRequest({ port, host: "127.0.0.1", method: "POST", path: "/echo" });
    const answered = once(request, "response") as Promise<[IncomingMessage]>;
    const sent = (async (): Promise<void> => {
      for (let at = 0; at < total; at += chunk.length) if (!request.write(chunk)) await once(request, "drain");
      request.end();
    })();
    const [response] = await answered;
    for await (const part of response as AsyncIterable<Buffer>) {
      received += part.length;
    }
    await sent;
    assert.equal(received, total);
  });
});

describe("wasi:http responses", () => {
  for (const [path, status, length] of [
    ["/status?status=204", 204, undefined],
    ["/status?status=304", 304, undefined],
    ["/status?status=404&content=gone", 404, undefined],
    ["/length?length=5&content=abcde", 200, "5"],
  ] as const) {
    test(`${path}: ${status}`, async () => {
      const answer = await get(`GET ${path}`);
      assert.equal(answer.status, status);
      assert.equal(header(answer, "content-length"), length);
    });
  }

  test("an answer to HEAD announces a length and has no body", async () => {
    const answer = await get("HEAD /head");
    assert.deepEqual([answer.status, header(answer, "content-length"), answer.body], [200, "1000", ""]);
  });

  test("a body shorter or longer than it was announced is cut", async () => {
    for (const announced of [9, 3]) {
      const answer = await get(`GET /length?length=${announced}&content=abcde`);
      // A problem where nothing had been sent, else less than was announced before the connection was closed.
      assert.ok(answer.status >= 500 || answer.body.length < announced, `${answer.status} ${answer.body}`);
    }
  });

  test("trailers are sent, but for those that cannot be", async () => {
    const text = await exchange("GET /trailers");
    assert.match(text, /content\r\n0\r\nx-sum: 42\r\n\r\n$/);
  });

  test("the body arrives while the guest writes it", async () => {
    const socket = await open(requestText("GET /ticks"));
    let chunks = 0;
    socket.on("data", () => (chunks += 1));
    await once(socket, "close");
    assert.ok(chunks >= 3, `${chunks} pieces`);
  });

  test("a body that is dropped is cut, not ended", async () => {
    const text = await exchange("GET /cut");
    assert.match(text, /begun;/);
    assert.doesNotMatch(text, /\r\n0\r\n/);
    assert.equal(errorOf(await logged("/cut")), "ERR_EDGE_FUNCTION_RESPONSE_INVALID");
  });

  test("a body that is dropped before anything was sent becomes a problem", async () => {
    const answer = await get("GET /cut-early");
    assert.deepEqual([answer.status, codeOf(answer)], [502, "ERR_EDGE_FUNCTION_RESPONSE_INVALID"]);
  });

  test("a guest that traps before it answers is a problem; after, the answer is cut; after the end, nothing", async () => {
    const trapped = await get("GET /trap-before");
    assert.deepEqual([trapped.status, codeOf(trapped)], [500, "ERR_EDGE_TRAP"]);
    const cut = await exchange("GET /trap-after");
    assert.match(cut, /^HTTP\/1.1 200 [^]*begun;/);
    assert.doesNotMatch(cut, /\r\n0\r\n/);
    assert.equal(errorOf(await logged("/trap-after")), "ERR_EDGE_TRAP");
    assert.match(await exchange("GET /trap-complete"), /complete\r\n0\r\n\r\n$/);
    assert.equal(errorOf(await logged("/trap-complete")), "ERR_EDGE_TRAP");
  });

  test("finishing a body whose stream is alive traps", async () => {
    await exchange("GET /alive");
    assert.equal(errorOf(await logged("/alive")), "ERR_EDGE_WASI");
  });

  test("a guest that returns without an answer, and one that answers with an error code", async () => {
    const nothing = await get("GET /nothing");
    assert.deepEqual([nothing.status, codeOf(nothing)], [500, "ERR_EDGE_FUNCTION_FAILED"]);
    const refused = await get("GET /refuse");
    assert.deepEqual([refused.status, codeOf(refused)], [504, "ERR_EDGE_FUNCTION_HTTP_ERROR"]);
  });

  test("a guest goes on after its answer", async () => {
    assert.match(await exchange("GET /after"), /answered\r\n0\r\n\r\n$/);
    const line = await logged("/after");
    assert.deepEqual([line["status"], line["error"]], [200, undefined]);
  });
});

describe("wasi:http runs", () => {
  test("the deadline cuts an answer under way", async () => {
    const text = await exchange("GET /short/wait");
    assert.match(text, /begun;/);
    assert.doesNotMatch(text, /\r\n0\r\n/);
    assert.equal(errorOf(await logged("/short/wait")), "ERR_EDGE_EXECUTION_TIMEOUT");
  });

  test("a client that goes away ends the run, also one that does not read", async () => {
    for (const path of ["/wait?gone", "/flood?gone"]) {
      const socket = await open(requestText(`GET ${path}`));
      await once(socket, "data");
      socket.destroy();
    }
    for (const path of ["/wait", "/flood"]) {
      assert.equal(errorOf(await logged(path)), "ERR_EDGE_EXECUTION_CANCELLED");
    }
  });

  test("what a run may hold is bounded", async () => {
    for (const path of ["/many", "/big"]) {
      const answer = await get(`GET ${path}`);
      assert.deepEqual([answer.status, codeOf(answer)], [500, "ERR_EDGE_WASI"]);
    }
  });

  test("hammer: 100 streams at a time", { timeout: 120_000 }, async () => {
    const streams = Array.from({ length: 100 }, async (_, index) => {
      const text = `stream ${index};`.repeat(1000);
      const answer = await get("POST /echo", [`Content-Length: ${text.length}`], text);
      assert.equal(dechunk(answer.body), text);
    });
    await Promise.all(streams);
  });
});

describe("wasi:http outgoing", () => {
  const origin = createHttpServer((request, response) => {
    if (request.url === "/reset") return void request.socket.destroy();
    if (request.url === "/slow") return;
    if (request.url === "/short")
      return void response.writeHead(200, { "content-length": 10 }).end("abc", () => request.socket.destroy());
    response.setHeader("x-seen", JSON.stringify(request.rawHeaders));
    if (request.method === "POST") return void request.pipe(response);
    const { "x-guest": guest, "user-agent": agent } = request.headers;
    response.end([request.method, request.url, guest, agent].join(" "));
  });
  let url: string;
  before(async () => {
    origin.listen(0, "127.0.0.1");
    await once(origin, "listening");
    url = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
  });
  after(() => {
    origin.closeAllConnections();
    origin.close();
  });

  const fetched = async (route: string, target: string, headers: readonly string[] = [], body = ""): Promise<string> =>
    dechunk(
      (await get(`${body === "" ? "GET" : "POST"} ${route}/fetch?url=${encodeURIComponent(target)}`, headers, body))
        .body,
    );

  test("is denied where nothing is granted, and where the host is not", async () => {
    assert.equal(await fetched("", `${url}/`), 'refused {"tag":"HTTP-request-denied"}');
    assert.equal(await fetched("/open", "http://example.com/"), 'refused {"tag":"HTTP-request-denied"}');
  });

  test("sends a request and streams bodies both ways", async () => {
    assert.equal(await fetched("/open", `${url}/a?b=c`), "200 GET /a?b=c 1 edge-runtime");
    const body = "0123456789".repeat(10_000);
    assert.equal(
      await fetched("/open", `${url}/`, ["X-Method: POST", `Content-Length: ${body.length}`], body),
      `200 ${body}`,
    );
  });

  test("tells what failed in error codes", async () => {
    const closed = "http://127.0.0.1:1";
    assert.equal(await fetched("/open", `${closed}/`), 'failed {"tag":"connection-refused"}');
    assert.equal(await fetched("/open", `${url}/reset`), 'failed {"tag":"connection-terminated"}');
    assert.equal(await fetched("/open", `${url}/slow`, ["X-Timeout: 100"]), 'failed {"tag":"HTTP-response-timeout"}');
    assert.match(await fetched("/open", `${url}/short`), /last-operation-failed/);
    assert.match(await fetched("/open", url.replace("http:", "https:")), /failed \{"tag":"TLS-protocol-error"/);
  });
});

test("wasi:http: resets leave nothing of a run behind", () => {
  assert.deepEqual(
    log.filter(({ level }) => level === 60),
    [],
  );
});

/** The content of a chunked body; others as they are. */
function dechunk(body: string): string {
  let content = "";
  let rest = body;
  for (;;) {
    const match = /^([0-9a-f]+)\r\n/i.exec(rest);
    if (match === null) return content === "" ? body : content;
    const length = Number.parseInt(match[1] ?? "0", 16);
    if (length === 0) return content;
    const start = match[0].length;
    content += rest.slice(start, start + length);
    rest = rest.slice(start + length + 2);
  }
}
