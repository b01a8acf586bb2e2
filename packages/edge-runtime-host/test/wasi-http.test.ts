import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";
import { parseHostPattern } from "edge-runtime-common";
import { createUndiciClient, HttpFailure, OUTGOING_HTTP, ReceivedBody } from "../src/index.ts";
import type { ClientRequest, Network } from "../src/index.ts";
import { Grants } from "edge-runtime-core";
import { createHostImports } from "../src/host-imports.ts";
import { toErrorCode } from "../src/http-client/error-codes.ts";
import { NetworkFailure } from "../src/network/network-failure.ts";
import { createNodeNetwork } from "../src/network/node-network.ts";
import { testPlatform } from "edge-runtime-testing";
import { callHost, fakeHostCall } from "./fake-host-call.ts";

function received(): { body: ReceivedBody; told: string[] } {
  const told: string[] = [];
  const tell = (word: string) => () => void told.push(word);
  const sender = { start: tell("start"), pause: tell("pause"), resume: tell("resume"), abandon: tell("abandon") };
  return { body: new ReceivedBody(sender, tell("done")), told };
}

describe("ReceivedBody", () => {
  test("starts when it is asked, pauses its sender when full, and goes on when half is read", () => {
    const { body, told } = received();
    assert.deepEqual(told, []);
    assert.equal(body.source.isReady(), false);
    body.push(new Uint8Array(40_000));
    assert.deepEqual(told, ["start"]);
    body.push(new Uint8Array(40_000));
    assert.deepEqual(told, ["start", "pause"]);
    assert.equal(body.source.read(65_536)?.length, 40_000);
    assert.deepEqual(told, ["start", "pause"]);
    assert.equal(body.source.read(30_000)?.length, 30_000);
    assert.deepEqual(told, ["start", "pause", "resume"]);
  });

  test("many small pieces count for more than their bytes", () => {
    const { body, told } = received();
    for (let index = 0; index < 1100; index += 1) body.push(new Uint8Array(1));
    assert.deepEqual(told, ["pause"]);
  });

  test("is done when its end is read, and the failure comes after what was received", () => {
    const { body, told } = received();
    body.push(new Uint8Array(3));
    body.fail({ tag: "connection-terminated" });
    assert.deepEqual(told, []);
    assert.equal(body.source.read(10)?.length, 3);
    assert.deepEqual(told, ["done"]);
    assert.throws(() => body.source.read(10), /connection-terminated/);
    assert.deepEqual(body.trailers(), { tag: "err", val: { tag: "connection-terminated" } });
  });

  test("what nobody wants is abandoned once", () => {
    const { body, told } = received();
    body.abandon();
    body.abandon();
    body.push(new Uint8Array(3));
    assert.deepEqual(told, ["abandon", "done"]);
    assert.equal(body.ended.isReady(), true);
  });
});

describe("the HTTP client", () => {
  /** Every name is 127.0.0.1; counts connections. */
  function network(): Network & { readonly connected: string[] } {
    const real = createNodeNetwork();
    const connected: string[] = [];
    return {
      ...real,
      connected,
      resolve: async () => ["127.0.0.1"],
      connectTcp: (target, signal) => {
        connected.push(`${target.address}:${target.port}`);
        return real.connectTcp(target, signal);
      },
    };
  }

  const request = (port: number, more: Partial<ClientRequest> = {}): ClientRequest => ({
    method: "GET",
    scheme: "http",
    host: "api.test",
    port,
    target: "/",
    headers: [],
    contentLength: undefined,
    contents: undefined,
    timeouts: { connectMs: 5000, firstByteMs: undefined, betweenBytesMs: undefined },
    onDone: () => undefined,
    ...more,
  });

  const pattern = (text: string) => [parseHostPattern(text)].flatMap((parsed) => parsed ?? []);

  const codeOf = async (failing: Promise<unknown>): Promise<string> =>
    failing.then(
      () => "none",
      (error: unknown) => (error instanceof HttpFailure ? error.errorCode.tag : String(error)),
    );

  test("connects to what a name stands for only where that address may be reached", async () => {
    const server = createServer((_request, response) => response.end("ok"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const userAgent = "test";
    const shut = network();
    const open = network();
    const signal = new AbortController().signal;
    const clients = [
      createUndiciClient({ network: shut, grant: { allow: pattern("api.test:*"), allowPrivate: [] }, userAgent }),
      createUndiciClient({
        network: open,
        grant: { allow: [], allowPrivate: pattern("http://api.test:*") },
        userAgent,
      }),
    ] as const;
    assert.equal(await codeOf(clients[0].send(request(port), signal)), "destination-IP-prohibited");
    assert.deepEqual(shut.connected, []);
    const response = await clients[1].send(request(port), signal);
    assert.equal(response.status, 200);
    response.contents.abandon();
    assert.equal(clients[1].allows({ scheme: "https", host: "api.test", port }), false);
    assert.deepEqual(open.connected, [`127.0.0.1:${port}`]);
    await Promise.all(clients.map((client) => client.dispose()));
    server.close();
  });

  test("opens at most 10 connections to an origin, and follows no redirect", async () => {
    const waiting: (() => void)[] = [];
    const server = createServer((_request, response) => {
      waiting.push(() => response.writeHead(302, { location: "/other" }).end());
      if (waiting.length === 10) for (const answer of waiting) setImmediate(answer);
      if (waiting.length > 10) waiting.at(-1)?.();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const over = network();
    const grant = { allow: [], allowPrivate: pattern("*:*") };
    const client = createUndiciClient({ network: over, grant, userAgent: "test" });
    const signal = new AbortController().signal;
    const statuses = await Promise.all(
      Array.from({ length: 25 }, async () => {
        const { status, contents } = await client.send(request(port), signal);
        contents.drain();
        return status;
      }),
    );
    assert.deepEqual(new Set(statuses), new Set([302]));
    assert.equal(over.connected.length, 10);
    await client.dispose();
    server.close();
  });

  test("ends with its signal, while it waits and while the body comes in", async () => {
    const server = createServer((incoming, response) => {
      if (incoming.url === "/body") response.writeHead(200).write("part");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const client = createUndiciClient({
      network: network(),
      grant: { allow: [], allowPrivate: pattern("*:*") },
      userAgent: "test",
    });
    const waiting = new AbortController();
    const sent = client.send(request(port), waiting.signal);
    server.once("request", () => waiting.abort());
    assert.equal(await codeOf(sent), "connection-terminated");
    const reading = new AbortController();
    let done = 0;
    const { contents } = await client.send(
      request(port, { target: "/body", onDone: () => (done += 1) }),
      reading.signal,
    );
    reading.abort();
    assert.equal(contents.trailers().tag, "err");
    contents.abandon();
    assert.equal(done, 1);
    await client.dispose();
    server.closeAllConnections();
    server.close();
  });

  for (const [error, tag] of [
    [new NetworkFailure("temporary-resolver-failure"), "DNS-timeout"],
    [new NetworkFailure("name-unresolvable"), "DNS-error"],
    [new NetworkFailure("connection-refused"), "connection-refused"],
    [new NetworkFailure("access-denied"), "destination-IP-prohibited"],
    [Object.assign(new Error("x"), { code: "UND_ERR_HEADERS_TIMEOUT" }), "HTTP-response-timeout"],
    [Object.assign(new Error("x"), { code: "SELF_SIGNED_CERT_IN_CHAIN" }), "TLS-certificate-error"],
    [Object.assign(new Error("x"), { code: "ERR_TLS_CERT_ALTNAME_INVALID" }), "TLS-certificate-error"],
    [Object.assign(new Error("x"), { code: "ERR_SSL_WRONG_VERSION_NUMBER" }), "TLS-protocol-error"],
    [Object.assign(new Error("x"), { code: "ERR_SSL_TLSV1_ALERT_NO_PROTOCOL" }), "TLS-alert-received"],
    [Object.assign(new Error("x"), { code: "HPE_INVALID_CONSTANT" }), "HTTP-protocol-error"],
    [new Error("outer", { cause: new NetworkFailure("remote-unreachable") }), "destination-IP-unroutable"],
    [new Error("secret"), "internal-error"],
  ] as const) {
    test(`error codes: ${"code" in error ? error.code : error.message} is ${tag}`, () => {
      assert.equal(toErrorCode(error).tag, tag);
    });
  }
});

describe("outgoing-handler", () => {
  const imports = createHostImports({ platform: testPlatform() });
  const types = "wasi:http/types@0.2.12";

  test("checks the parts of a request, then the grant; what the client is given is whole", async () => {
    const sent: ClientRequest[] = [];
    const client = {
      allows: () => true,
      send: async (request: ClientRequest): Promise<never> => {
        sent.push(request);
        throw new HttpFailure({ tag: "DNS-timeout" });
      },
    };
    const call = fakeHostCall({ grants: Grants.none.with(OUTGOING_HTTP, client) });
    const invoke = (name: string, ...args: unknown[]): unknown => callHost(imports, `${types}#${name}`, call, ...args);
    const make = (authority: string, path: string, method: unknown = { tag: "get" }): unknown => {
      const request = invoke("[constructor]outgoing-request", invoke("[constructor]fields"));
      assert.deepEqual(invoke("[method]outgoing-request.set-authority", request, authority), {
        tag: "ok",
        val: undefined,
      });
      assert.deepEqual(invoke("[method]outgoing-request.set-path-with-query", request, path), {
        tag: "ok",
        val: undefined,
      });
      invoke("[method]outgoing-request.set-method", request, method);
      invoke("[method]outgoing-request.set-scheme", request, { tag: "HTTP" });
      return callHost(imports, "wasi:http/outgoing-handler@0.2.12#handle", call, request, undefined);
    };
    const future = make("[::1]:81", "?q") as { tag: string; val: unknown };
    assert.equal(future.tag, "ok");
    const [first] = sent;
    assert.deepEqual([first?.host, first?.port, first?.target, first?.scheme], ["[::1]", 81, "/?q", "http"]);
    assert.deepEqual(first?.timeouts, { connectMs: 10_000, firstByteMs: undefined, betweenBytesMs: undefined });
    await new Promise(setImmediate);
    const taken = invoke("[method]future-incoming-response.get", future.val);
    assert.deepEqual(taken, { tag: "ok", val: { tag: "err", val: { tag: "DNS-timeout" } } });
    assert.deepEqual(invoke("[method]future-incoming-response.get", future.val), { tag: "err", val: undefined });
    assert.deepEqual(make("a.test", "/", { tag: "connect" }), {
      tag: "err",
      val: { tag: "HTTP-request-method-invalid" },
    });
    const denied = fakeHostCall();
    const request = invoke("[constructor]outgoing-request", invoke("[constructor]fields"));
    const handled = callHost(imports, "wasi:http/outgoing-handler@0.2.12#handle", denied, request, undefined);
    assert.deepEqual(handled, { tag: "err", val: { tag: "HTTP-request-denied" } });
  });

  test("syntax of methods, schemes, authorities and paths", () => {
    const call = fakeHostCall();
    const invoke = (name: string, ...args: unknown[]): unknown => callHost(imports, `${types}#${name}`, call, ...args);
    const request = invoke("[constructor]outgoing-request", invoke("[constructor]fields"));
    const bad = { tag: "err", val: undefined };
    assert.deepEqual(invoke("[method]outgoing-request.set-method", request, { tag: "other", val: "A B" }), bad);
    assert.deepEqual(invoke("[method]outgoing-request.set-scheme", request, { tag: "other", val: "1x" }), bad);
    for (const authority of ["a/b", "u@h", "a b", "h:x", ""]) {
      assert.deepEqual(invoke("[method]outgoing-request.set-authority", request, authority), bad, authority);
    }
    for (const path of ["a", "/a b", "/a#b", "/a\r\nx: y"]) {
      assert.deepEqual(invoke("[method]outgoing-request.set-path-with-query", request, path), bad, path);
    }
  });
});

describe("fields", () => {
  const imports = createHostImports({ platform: testPlatform() });
  const types = "wasi:http/types@0.2.12";

  test("a message's headers must be dropped before it", () => {
    const call = fakeHostCall();
    const invoke = (name: string, ...args: unknown[]): unknown => callHost(imports, `${types}#${name}`, call, ...args);
    const response = invoke("[constructor]outgoing-response", invoke("[constructor]fields")) as { close: () => void };
    const headers = invoke("[method]outgoing-response.headers", response) as { close: () => void };
    assert.throws(() => response.close(), /its headers have not been dropped/);
    headers.close();
  });

  test("what is dropped can be used again: a run may make any number of fields one after the other", () => {
    const call = fakeHostCall();
    const value = new Uint8Array(100_000).fill(65);
    for (let index = 0; index < 100; index += 1) {
      const made = callHost(imports, `${types}#[static]fields.from-list`, call, [["x", value]]) as {
        readonly val: { readonly close: () => void };
      };
      made.val.close();
    }
    const build = (): unknown =>
      callHost(imports, `${types}#[static]fields.from-list`, call, [["x", new Uint8Array(140_000).fill(65)]]);
    assert.throws(build, /in one fields/);
  });
});
