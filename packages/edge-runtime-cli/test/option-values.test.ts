import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAllow, parseDirectory, parseHostPort, parseIntegerOption, parseLogLevel } from "../src/option-values.ts";
import { shieldNegativeLiterals, unshield } from "../src/negative-literals.ts";

test("option-values: accepts digits, with underscores between them", () => {
  assert.equal(parseIntegerOption("--fuel", "10_000_000"), 10_000_000);
  assert.equal(parseIntegerOption("--fuel", "9007199254740991"), Number.MAX_SAFE_INTEGER);
  assert.equal(parseIntegerOption("--port", "0"), 0);
  assert.equal(parseIntegerOption("--timeout-ms", "3600000"), 3_600_000);
});

for (const text of ["", "0", "-1", "1.5", "1e3", "0x10", "abc", "9007199254740992", "_1", "1__0", " 1"]) {
  test(`option-values: refuses --fuel ${JSON.stringify(text)}, naming the flag and its range`, () => {
    assert.throws(() => parseIntegerOption("--fuel", text), {
      code: "ERR_EDGE_CLI_USAGE",
      message: `--fuel: expected an integer from 1 to 9007199254740991, got ${JSON.stringify(text)}`,
    });
  });
}

test("option-values: refuses an unknown log level with the list of levels", () => {
  assert.equal(parseLogLevel("warn"), "warn");
  assert.throws(() => parseLogLevel("loud"), /--log-level: expected one of trace, .*, got "loud"/);
});

test("option-values: --allow takes proposals with commas between them", () => {
  assert.deepEqual(parseAllow("gc"), { gc: true, threads: false });
  assert.deepEqual(parseAllow("threads, gc"), { gc: true, threads: true });
  for (const text of ["", "simd", "gc,", "gc threads"]) {
    assert.throws(() => parseAllow(text), {
      code: "ERR_EDGE_CLI_USAGE",
      message: `--allow: expected one or more of gc, threads, got ${JSON.stringify(text)}`,
    });
  }
});

test("option-values: --dir takes a directory, its guest path, and whether it is read-only", () => {
  assert.deepEqual(parseDirectory("data", []), { host: "data", guest: "data", isWritable: true });
  assert.deepEqual(parseDirectory("data:ro", []), { host: "data", guest: "data", isWritable: false });
  assert.deepEqual(parseDirectory("/a:b::/c", []), { host: "/a:b", guest: "/c", isWritable: true });
  assert.deepEqual(parseDirectory("/a::/b:ro", []), { host: "/a", guest: "/b", isWritable: false });
  for (const text of ["", "::", "a::", "::/b", ":ro", "a::b\0"]) {
    assert.throws(() => parseDirectory(text, []), {
      code: "ERR_EDGE_CLI_USAGE",
      message: `--dir: expected HOST, HOST::GUEST or either with :ro, got ${JSON.stringify(text)}`,
    });
  }
  const earlier = [parseDirectory("a::/b", [])];
  assert.throws(() => parseDirectory("c::/b:ro", earlier), /--dir: expected a guest path of its own, got "\/b" twice/);
});

test("option-values: --allow-net takes a host and a port", () => {
  for (const text of ["localhost:80", "*.example.com:*", "[::1]:1"]) assert.equal(parseHostPort(text), text);
  for (const text of ["", "localhost", "http://localhost:80", "localhost:0", "127.1:80"]) {
    assert.throws(() => parseHostPort(text), {
      code: "ERR_EDGE_CLI_USAGE",
      message: `--allow-net: expected a host and port as in localhost:8080, got ${JSON.stringify(text)}`,
    });
  }
});

test("negative-literals: only numbers that look like options are shielded, and given back", () => {
  const argv = ["run", "-inf", "-NaN", "-0x10", "-5", "-5.", "-1.5e3", "--fuel", "-i", "-x", "inf"];
  const shielded = shieldNegativeLiterals(argv);
  assert.deepEqual(shielded.map(unshield), argv);
  assert.deepEqual(
    argv.filter((argument, index) => shielded[index] !== argument),
    ["-inf", "-NaN", "-0x10", "-5.", "-1.5e3"],
  );
});
