import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ResponseInvalid } from "edge-runtime-common";
import { toFlatHeaders } from "../src/guest-response.ts";

function flat(headers: readonly (readonly [string, string])[], status = 200): string[] {
  return toFlatHeaders({ status, headers, body: undefined });
}

describe("guest response", () => {
  test("guest response: order, duplicates and spelling are kept", () => {
    const headers = [
      ["Set-Cookie", "a=1"],
      ["x", "\t caf\u00e9 "],
      ["set-cookie", "b=2"],
      ["empty", ""],
    ] as const;
    assert.deepEqual(flat(headers), headers.flat());
  });

  for (const status of [200, 204, 304, 404, 599]) {
    test(`guest response: status ${status} is allowed`, () => {
      assert.deepEqual(flat([], status), []);
    });
  }
  for (const status of [0, 100, 101, 199, 600, 65_535]) {
    test(`guest response: status ${status} is refused`, () => {
      assert.throws(() => flat([], status), ResponseInvalid);
    });
  }

  const badHeaders: readonly (readonly [string, string])[] = [
    ["", "x"],
    ["a b", "x"],
    ["a:", "x"],
    ["a\r\nset-cookie", "x"],
    ["\u00e9", "x"],
    ["a\u0000", "x"],
    ["a", "x\r\ny: z"],
    ["a", "x\ny"],
    ["a", "x\ry"],
    ["a", "x\u0000"],
    ["a", "x\u007f"],
    ["a", "x\u0100"],
    ["a", "\ud83d\ude00"],
    // U+010D and U+010A end in the bytes of CR and LF.
    ["a", "x\u010d\u010ay"],
  ];
  for (const [name, value] of badHeaders) {
    test(`guest response: header ${JSON.stringify(name)}: ${JSON.stringify(value)} is refused`, () => {
      assert.throws(() => flat([[name, value]]), ResponseInvalid);
    });
  }

  for (const name of [
    "Connection",
    "Keep-Alive",
    "Proxy-Connection",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
  ]) {
    test(`guest response: ${name} is dropped`, () => {
      assert.deepEqual(
        flat([
          ["a", "1"],
          [name, "x"],
          [name.toLowerCase(), "y"],
        ]),
        ["a", "1"],
      );
    });
  }

  test("guest response: the server's own fields are dropped", () => {
    assert.deepEqual(
      flat([
        ["Content-Length", "5"],
        ["X-Request-ID", "forged"],
      ]),
      [],
    );
  });

  test("guest response: fields that a Connection header names are dropped too", () => {
    const headers = [
      ["Connection", "close, X-Hop"],
      ["x-hop", "1"],
      ["x-stay", "x-hop"],
      ["connection", "other"],
      ["OTHER", "2"],
    ];
    assert.deepEqual(flat(headers as [string, string][]), ["x-stay", "x-hop"]);
  });

  test("guest response: headers of over 65,536 characters are refused", () => {
    assert.equal(flat([["a", "x".repeat(65_535)]]).length, 2);
    assert.throws(() => flat([["a", "x".repeat(65_536)]]), ResponseInvalid);
    assert.throws(() => flat(Array.from({ length: 40_000 }, () => ["aa", ""])), ResponseInvalid);
  });

  test("guest response: a refusal does not repeat a long name", () => {
    assert.throws(
      () => flat([["é".repeat(60_000), ""]]),
      (error) => error instanceof ResponseInvalid && error.message.length < 200,
    );
  });
});
