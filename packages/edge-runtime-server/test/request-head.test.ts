import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readRequestHead, toOriginForm } from "../src/request-head.ts";

describe("request head", () => {
  test("request head: names are lowered, order, duplicates and values kept", () => {
    const head = readRequestHead(["B-Two", " Two", "a", "1", "B-TWO", "", "Cookie", "x=\u00e9"]);
    assert.deepEqual(head.headers, [
      ["b-two", " Two"],
      ["a", "1"],
      ["b-two", ""],
      ["cookie", "x=\u00e9"],
    ]);
    assert.deepEqual(
      { ...head, headers: [] },
      { headers: [], requestId: undefined, hostCount: 0, contentLength: undefined, hasBody: false },
    );
  });

  const bodies: readonly (readonly [string[], number | undefined, boolean])[] = [
    [["Content-Length", "0"], 0, true],
    [["CONTENT-LENGTH", "17"], 17, true],
    [["Transfer-Encoding", "chunked"], undefined, true],
    [["X-Content-Length", "5"], undefined, false],
  ];
  for (const [raw, contentLength, hasBody] of bodies) {
    test(`request head: ${raw.join(": ")} says ${hasBody ? `a body of ${contentLength ?? "some"} bytes` : "no body"}`, () => {
      const head = readRequestHead(raw);
      assert.deepEqual([head.contentLength, head.hasBody], [contentLength, hasBody]);
    });
  }

  test("request head: counts Host headers", () => {
    assert.equal(readRequestHead(["Host", "a", "HOST", "b"]).hostCount, 2);
  });

  const ids: readonly (readonly [string, boolean])[] = [
    ["a", true],
    ["A-z_0.9", true],
    ["x".repeat(128), true],
    ["x".repeat(129), false],
    ["", false],
    ["a b", false],
    ["a\u00e9", false],
    ["a\n", false],
    ["<script>", false],
    ["a/b", false],
  ];
  for (const [id, isTaken] of ids) {
    test(`request head: the id ${JSON.stringify(id.slice(0, 10))} (${id.length}) is ${isTaken ? "" : "not "}taken`, () => {
      assert.equal(readRequestHead(["X-Request-Id", id]).requestId, isTaken ? id : undefined);
    });
  }

  test("request head: the first safe id of several is taken", () => {
    assert.equal(readRequestHead(["x-request-id", "é", "x-request-id", "b", "x-request-id", "c"]).requestId, "b");
  });
});

describe("request target", () => {
  const targets: readonly (readonly [string, string | undefined])[] = [
    ["/", "/"],
    ["/a/../b?c=%20#d", "/a/../b?c=%20#d"],
    ["//x/y", "//x/y"],
    ["http://host/a?b", "/a?b"],
    ["HTTPS://host:1/a", "/a"],
    ["http://host", "/"],
    ["http://host?q", "/?q"],
    ["http:///a", undefined],
    ["ftp://host/a", undefined],
    ["*", undefined],
    ["host:443", undefined],
    ["", undefined],
    ["a/b", undefined],
  ];
  for (const [target, expected] of targets) {
    test(`request target: ${JSON.stringify(target)} becomes ${JSON.stringify(expected)}`, () => {
      assert.equal(toOriginForm(target), expected);
    });
  }
});
