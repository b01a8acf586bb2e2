import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { WasiError } from "edge-runtime-common";
import { fakePlatform } from "edge-runtime-testing";
import { createHostImports } from "../../../src/index.ts";
import { BytePipe } from "../../../src/wasi/io/byte-pipe.ts";
import { createInputStream, createOutputStream } from "../../../src/wasi/io/io-resources.ts";
import { callHost, fakeHostCall } from "../../fake-host-call.ts";
import { bytes } from "./byte-source.contract.ts";

const imports = createHostImports({ platform: fakePlatform() });
const call = fakeHostCall();
const stream = (name: string, ...args: readonly unknown[]): unknown =>
  callHost(imports, `wasi:io/streams@0.2.12#[method]${name}`, call, ...args);

const closed = { tag: "err", val: { tag: "closed" } };
const failed = { tag: "err", val: { tag: "last-operation-failed", val: { message: "broken" } } };
const okay = (val?: unknown) => ({ tag: "ok", val });

function input(pipe = new BytePipe()) {
  return { pipe, self: createInputStream(pipe.source) };
}

function output(capacity = 100) {
  const pipe = new BytePipe(capacity);
  return { pipe, self: createOutputStream(pipe.sink) };
}

describe("input-stream", () => {
  test("input-stream: read gives what is there, at most what is asked for", () => {
    const { pipe, self } = input();
    pipe.sink.write(bytes(1, 2, 3));
    assert.deepEqual(stream("input-stream.read", self, 2n), okay(bytes(1, 2)));
    assert.deepEqual(stream("input-stream.read", self, 2n), okay(bytes(3)));
    assert.deepEqual(stream("input-stream.read", self, 2n), okay(bytes()));
  });

  test("input-stream: one read gives at most 64 KiB, however much is asked for", () => {
    const { pipe, self } = input(new BytePipe(1_000_000));
    pipe.sink.write(new Uint8Array(100_000));
    const read = stream("input-stream.read", self, 2n ** 64n - 1n) as { val: Uint8Array };
    assert.equal(read.val.length, 65_536);
  });

  test("input-stream: reading nothing works at any time before the end is told", () => {
    const { pipe, self } = input();
    assert.deepEqual(stream("input-stream.read", self, 0n), okay(new Uint8Array()));
    assert.deepEqual(stream("input-stream.blocking-read", self, 0n), okay(new Uint8Array()));
    pipe.sink.close();
  });

  for (const name of ["read", "blocking-read", "skip", "blocking-skip"]) {
    test(`input-stream: ${name} answers closed at the end, and ever after`, async () => {
      const { pipe, self } = input();
      pipe.sink.close();
      assert.deepEqual(await stream(`input-stream.${name}`, self, 5n), closed);
      assert.deepEqual(await stream(`input-stream.${name}`, self, 0n), closed);
    });

    test(`input-stream: ${name} tells a failure once, then that it is closed`, async () => {
      const { pipe, self } = input();
      pipe.fail({ message: "broken" });
      assert.deepEqual(await stream(`input-stream.${name}`, self, 5n), failed);
      assert.deepEqual(await stream(`input-stream.${name}`, self, 5n), closed);
    });
  }

  test("input-stream: blocking-read waits for bytes", async () => {
    const { pipe, self } = input();
    const reading = stream("input-stream.blocking-read", self, 5n);
    assert.ok(reading instanceof Promise);
    pipe.sink.write(bytes(9));
    assert.deepEqual(await reading, okay(bytes(9)));
  });

  test("input-stream: blocking-read needs no promise where bytes are there", () => {
    const { pipe, self } = input();
    pipe.sink.write(bytes(9));
    assert.deepEqual(stream("input-stream.blocking-read", self, 5n), okay(bytes(9)));
  });

  test("input-stream: skip says how many bytes it left out", async () => {
    const { pipe, self } = input();
    pipe.sink.write(bytes(1, 2, 3));
    assert.deepEqual(stream("input-stream.skip", self, 2n), okay(2n));
    assert.deepEqual(await stream("input-stream.blocking-skip", self, 2n), okay(1n));
  });
});

describe("output-stream", () => {
  test("output-stream: a permit is for its bytes in all, and more traps", () => {
    const { pipe, self } = output(10);
    assert.deepEqual(stream("output-stream.check-write", self), okay(10n));
    assert.deepEqual(stream("output-stream.write", self, bytes(1, 2, 3, 4)), okay());
    assert.deepEqual(stream("output-stream.write-zeroes", self, 6n), okay());
    assert.throws(() => stream("output-stream.write", self, bytes(1)), WasiError);
    assert.deepEqual(pipe.source.read(100), bytes(1, 2, 3, 4, 0, 0, 0, 0, 0, 0));
  });

  test("output-stream: writing without a permit traps, nothing at all does not", () => {
    const { self } = output();
    assert.throws(() => stream("output-stream.write", self, bytes(1)), WasiError);
    assert.throws(() => stream("output-stream.write-zeroes", self, 2n ** 64n - 1n), WasiError);
    assert.deepEqual(stream("output-stream.write", self, bytes()), okay());
  });

  test("output-stream: one that is full permits nothing", () => {
    const { self } = output(2);
    stream("output-stream.check-write", self);
    stream("output-stream.write", self, bytes(1, 2));
    assert.deepEqual(stream("output-stream.check-write", self), okay(0n));
  });

  test("output-stream: during a flush nothing is permitted, afterwards something is", () => {
    const { pipe, self } = output();
    stream("output-stream.check-write", self);
    stream("output-stream.write", self, bytes(1));
    assert.deepEqual(stream("output-stream.flush", self), okay());
    assert.deepEqual(stream("output-stream.check-write", self), okay(0n));
    pipe.source.read(1);
    assert.deepEqual(stream("output-stream.check-write", self), okay(100n));
  });

  const all: readonly (readonly [name: string, ...args: unknown[]])[] = [
    ["check-write"],
    ["write", bytes()],
    ["flush"],
    ["blocking-flush"],
    ["blocking-write-and-flush", bytes(1)],
    ["blocking-write-zeroes-and-flush", 1n],
    ["write-zeroes", 0n],
  ];
  for (const [name, ...args] of all) {
    test(`output-stream: ${name} answers closed where the other side is`, async () => {
      const { pipe, self } = output();
      pipe.source.close();
      assert.deepEqual(await stream(`output-stream.${name}`, self, ...args), closed);
    });

    test(`output-stream: ${name} tells a failure once, then that it is closed`, async () => {
      const { pipe, self } = output();
      pipe.fail({ message: "broken" });
      assert.deepEqual(await stream(`output-stream.${name}`, self, ...args), failed);
      assert.deepEqual(await stream(`output-stream.${name}`, self, ...args), closed);
    });
  }

  test("output-stream: blocking-write-and-flush writes in parts as there is room, and waits for all", async () => {
    const { pipe, self } = output(3);
    const writing = stream("output-stream.blocking-write-and-flush", self, bytes(1, 2, 3, 4, 5));
    let isDone = false;
    void (writing as Promise<unknown>).then(() => {
      isDone = true;
    });
    const taken: number[] = [];
    while (taken.length < 5) {
      assert.equal(isDone, false);
      taken.push(...(pipe.source.read(1) ?? []));
      // oxlint-disable-next-line no-await-in-loop
      await new Promise(setImmediate);
    }
    assert.deepEqual(taken, [1, 2, 3, 4, 5]);
    assert.deepEqual(await writing, okay());
  });

  test("output-stream: the blocking writes take 4096 bytes, more traps", () => {
    const { self } = output(10_000);
    assert.throws(() => stream("output-stream.blocking-write-and-flush", self, new Uint8Array(4097)), WasiError);
    assert.throws(() => stream("output-stream.blocking-write-zeroes-and-flush", self, 4097n), WasiError);
  });
});

describe("splice", () => {
  test("splice: moves what is there, as far as there is room", () => {
    const from = input();
    const to = output(2);
    from.pipe.sink.write(bytes(1, 2, 3));
    assert.deepEqual(stream("output-stream.splice", to.self, from.self, 10n), okay(2n));
    assert.deepEqual(to.pipe.source.read(10), bytes(1, 2));
    assert.deepEqual(stream("output-stream.splice", to.self, from.self, 10n), okay(1n));
  });

  test("splice: blocking-splice waits for bytes and for room", async () => {
    const from = input();
    const to = output(1);
    to.pipe.sink.write(bytes(0));
    const splicing = stream("output-stream.blocking-splice", to.self, from.self, 10n);
    to.pipe.source.read(1);
    from.pipe.sink.write(bytes(7));
    assert.deepEqual(await splicing, okay(1n));
    assert.deepEqual(to.pipe.source.read(10), bytes(7));
  });

  for (const name of ["splice", "blocking-splice"]) {
    test(`splice: ${name} answers closed at the source's end and the sink's`, async () => {
      const ended = input();
      ended.pipe.sink.close();
      assert.deepEqual(await stream(`output-stream.${name}`, output().self, ended.self, 1n), closed);
      const abandoned = output();
      abandoned.pipe.source.close();
      const full = input();
      full.pipe.sink.write(bytes(1));
      assert.deepEqual(await stream(`output-stream.${name}`, abandoned.self, full.self, 1n), closed);
      assert.equal(full.pipe.length, 1, "nothing is lost");
    });
  }
});

test("error: is described without more than its message", () => {
  const error = { message: "broken", detail: { service: "filesystem", code: "io" } };
  assert.equal(callHost(imports, "wasi:io/error@0.2.12#[method]error.to-debug-string", call, error), "broken");
});
