import assert from "node:assert/strict";
import { test } from "node:test";
import type { ResponseReceiver } from "edge-runtime-host";
import { fakeFunction, requestText, startServer, success } from "./server-fixture.ts";
import type { FakeGuest } from "./server-fixture.ts";

/** A guest of wasi:http that a callback plays: it gets what answers for it. */
function httpFunction(guest: (receiver: ResponseReceiver) => void): ReturnType<typeof fakeFunction> {
  const play: FakeGuest = () => success(undefined);
  const fn = fakeFunction("/", play, { kind: "http" });
  const start: typeof fn.runner.start = (entry, args, options) => {
    guest((args[1] as { readonly receiver: ResponseReceiver }).receiver);
    return fn.runner.start(entry, args, options);
  };
  return { ...fn, runner: { ...fn.runner, start } };
}

const WHOLE = { headers: ["X-A", "1", "Connection", "x-b", "X-B", "2"], contentLength: undefined, contents: undefined };

test("streamed response: informational ones come before the answer, but no upgrade and none after", async (context) => {
  const told: unknown[] = [];
  const fn = httpFunction((receiver) => {
    told.push(receiver.inform(103, ["link", "</a>"]), receiver.inform(101, []));
    receiver.respond(200, WHOLE);
    told.push(receiver.inform(103, []));
  });
  const { exchange } = await startServer(context, [fn]);
  const text = await exchange(requestText("GET /"));
  assert.match(text, /^HTTP\/1.1 103 Early Hints\r\nlink: <\/a>\r\n\r\nHTTP\/1.1 200 OK\r\n/);
  assert.deepEqual(told, [undefined, { tag: "HTTP-upgrade-failed" }, { tag: "HTTP-protocol-error" }]);
});

test("streamed response: fields of the connection are the server's, and no body has length 0", async (context) => {
  const { exchange } = await startServer(context, [httpFunction((receiver) => receiver.respond(200, WHOLE))]);
  const text = await exchange(requestText("GET /"));
  assert.match(text, /X-A: 1\r\n/);
  assert.doesNotMatch(text, /X-B/);
  assert.match(text, /content-length: 0\r\n/);
});

test("streamed response: a status that is none, and a length without a body, are problems", async (context) => {
  const { exchange } = await startServer(context, [
    { ...httpFunction((receiver) => receiver.respond(700, WHOLE)), route: "/status" },
    { ...httpFunction((receiver) => receiver.respond(200, { ...WHOLE, contentLength: 5 })), route: "/length" },
  ]);
  for (const path of ["/status", "/length"]) {
    assert.match(await exchange(requestText(`GET ${path}`)), /^HTTP\/1.1 502 [^]*ERR_EDGE_FUNCTION_RESPONSE_INVALID/);
  }
});
