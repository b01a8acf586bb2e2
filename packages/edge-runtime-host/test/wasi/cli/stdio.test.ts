import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Grants } from "edge-runtime-core";
import { fakePlatform } from "edge-runtime-testing";
import { createHostImports, STDIO } from "../../../src/index.ts";
import type { Stdio } from "../../../src/index.ts";
import { BytePipe } from "../../../src/wasi/io/byte-pipe.ts";
import type { InputStream, OutputStream } from "../../../src/wasi/io/io-resources.ts";
import { inputStream, outputStream } from "../../../src/wasi/io/io-resources.ts";
import { callHost, fakeHostCall } from "../../fake-host-call.ts";
import type { FakeHostCall } from "../../fake-host-call.ts";

const imports = createHostImports({ platform: fakePlatform({ wallClockMs: 5 }) });
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function stdout(call: FakeHostCall, name: "stdout" | "stderr" = "stdout"): OutputStream {
  return callHost(imports, `wasi:cli/${name}@0.2.12#get-${name}`, call) as OutputStream;
}

function stdin(call: FakeHostCall): InputStream {
  return callHost(imports, "wasi:cli/stdin@0.2.12#get-stdin", call) as InputStream;
}

function granting(stdio: Stdio): FakeHostCall {
  return fakeHostCall({ grants: Grants.none.with(STDIO, stdio) });
}

function logged(call: FakeHostCall, chunks: readonly (string | Uint8Array)[]): string[] {
  const { sink } = stdout(call);
  for (const chunk of chunks) sink.write(typeof chunk === "string" ? text(chunk) : chunk);
  call.context.end();
  return call.context.logs.map(({ message }) => message);
}

describe("stdio without a grant", () => {
  test("stdio: the standard input is empty", () => {
    const { source } = stdin(fakeHostCall());
    assert.equal(source.isReady(), true);
    assert.equal(source.read(10), undefined);
  });

  const lines: readonly (readonly [what: string, chunks: readonly (string | Uint8Array)[], entries: string[]])[] = [
    ["a line is an entry", ["one\n"], ["one"]],
    ["lines may come in parts", ["o", "ne\ntw", "o\n"], ["one", "two"]],
    ["what has no line end is logged when the run ends", ["one\ntwo"], ["one", "two"]],
    ["empty lines are left out", ["\n\none\n\n"], ["one"]],
    ["line ends may be those of Windows", ["one\r\ntwo\r\n"], ["one", "two"]],
    ["characters may come in parts", [text("ä").subarray(0, 1), text("ä").subarray(1)], ["ä"]],
    ["what is not UTF-8 is replaced", [new Uint8Array([0x61, 0xff])], ["a\u{fffd}"]],
    ["a line of 8 KiB is one entry", ["x".repeat(8192)], ["x".repeat(8192)]],
    ["a longer line is broken between characters", ["x".repeat(8191) + "ä!\n"], ["x".repeat(8191), "ä!"]],
  ];
  for (const [what, chunks, entries] of lines) {
    test(`stdio: ${what}`, () => assert.deepEqual(logged(fakeHostCall(), chunks), entries));
  }

  test("stdio: output is logged at info, errors at warn, with their time", () => {
    const call = fakeHostCall();
    stdout(call).sink.write(text("out\n"));
    stdout(call, "stderr").sink.write(text("bad\n"));
    assert.deepEqual(call.context.logs, [
      { level: "info", message: "out", timestampMs: 5 },
      { level: "warn", message: "bad", timestampMs: 5 },
    ]);
  });

  test("stdio: without the grant to log nothing is kept, and that is counted", () => {
    const call = fakeHostCall({ permissions: { loggingEnabled: false } });
    assert.deepEqual(logged(call, ["one\n", "two\n"]), []);
    assert.equal(call.context.droppedLogs, 2);
  });

  test("stdio: output is bound by the limits of the log", () => {
    const call = fakeHostCall({ maxLogEntries: 2 });
    assert.deepEqual(logged(call, ["1\n2\n3\n4\n"]), ["1", "2"]);
    assert.equal(call.context.droppedLogs, 2);
  });

  test("stdio: handles share what is not a line yet", () => {
    const call = fakeHostCall();
    stdout(call).sink.write(text("o"));
    stdout(call).sink.write(text("ne\n"));
    assert.deepEqual(
      call.context.logs.map(({ message }) => message),
      ["one"],
    );
  });
});

describe("stdio with streams", () => {
  test("stdio: streams last until the run ends, not until a handle is dropped", () => {
    const input = new BytePipe();
    const output = new BytePipe();
    const call = granting({ stdin: input.source, stdout: output.sink });
    outputStream.drop(stdout(call));
    inputStream.drop(stdin(call));
    stdout(call).sink.write(text("hello"));
    input.sink.write(text("there"));
    assert.equal(output.hasEnded, false);
    assert.deepEqual(output.source.read(10), text("hello"));
    assert.deepEqual(stdin(call).source.read(10), text("there"));
    call.context.end();
    assert.equal(output.hasEnded, true);
    assert.equal(input.isAbandoned, true);
  });

  test("stdio: each stream is granted for itself", () => {
    const output = new BytePipe();
    const call = granting({ stdout: output.sink });
    stdout(call).sink.write(text("out"));
    stdout(call, "stderr").sink.write(text("err\n"));
    assert.deepEqual(output.source.read(10), text("out"));
    assert.deepEqual(
      call.context.logs.map(({ message }) => message),
      ["err"],
    );
  });
});

test("terminals: a stream is one only where the grant says so", () => {
  const call = granting({ terminals: { stdout: true } });
  const terminal = (name: string): unknown =>
    callHost(imports, `wasi:cli/terminal-${name}@0.2.12#get-terminal-${name}`, call);
  assert.equal(terminal("stdin"), undefined);
  assert.notEqual(terminal("stdout"), undefined);
  assert.equal(terminal("stderr"), undefined);
});
