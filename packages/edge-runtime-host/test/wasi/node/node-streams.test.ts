import assert from "node:assert/strict";
import { Readable, Writable } from "node:stream";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createReadableSource, createWritableSink } from "../../../src/index.ts";
import { StreamFailure } from "../../../src/wasi/io/byte-streams.ts";
import { whenAnyReady } from "../../../src/wasi/readiness.ts";
import { checkSink } from "../io/byte-sink.contract.ts";
import { bytes, checkSource, readAll } from "../io/byte-source.contract.ts";

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: broken, open '/secret/path'`), { code });
}

checkSource("readable-source", () => {
  const stream = new Readable({ read: () => undefined });
  return {
    source: createReadableSource(() => stream),
    give: (part) => void (stream.destroyed || stream.push(part)),
    end: () => void stream.push(null),
    fail: () => void stream.destroy(systemError("EIO")),
  };
});

/** A destination that takes what is written only when told to. */
function slowWritable() {
  const taken: number[] = [];
  const waiting: (() => void)[] = [];
  let isOpen = false;
  const stream = new Writable({
    write: (chunk: Uint8Array, _encoding, done) => {
      const take = (): void => {
        taken.push(...chunk);
        done();
      };
      if (isOpen) take();
      else waiting.push(take);
    },
  });
  const take = async (): Promise<number[]> => {
    isOpen = true;
    for (const next of waiting.splice(0)) next();
    for (let turn = 0; turn < 5; turn += 1) {
      // oxlint-disable-next-line no-await-in-loop
      await nextTurn();
    }
    isOpen = false;
    return taken.splice(0);
  };
  return { stream, take };
}

checkSink("writable-sink", () => {
  const { stream, take } = slowWritable();
  return {
    sink: createWritableSink(stream, { capacity: 100 }),
    take,
    abandon: () => void stream.destroy(systemError("EPIPE")),
    fail: () => void stream.destroy(systemError("EIO")),
  };
});

test("readable-source: opens the stream when it is first asked, not before", () => {
  let opened = 0;
  const source = createReadableSource(() => {
    opened += 1;
    return Readable.from([]);
  });
  assert.equal(opened, 0);
  source.isReady();
  source.isReady();
  assert.equal(opened, 1);
});

test("readable-source: one that nobody asked opens nothing when it is closed", () => {
  createReadableSource(() => assert.fail("opened")).close();
});

test("readable-source: reads ahead no more than the stream's buffer", async () => {
  let given = 0;
  const stream = new Readable({
    highWaterMark: 1000,
    read() {
      given += 100;
      this.push(new Uint8Array(100));
    },
  });
  const source = createReadableSource(() => stream);
  await whenAnyReady([source]);
  for (let turn = 0; turn < 20; turn += 1) {
    // oxlint-disable-next-line no-await-in-loop
    await nextTurn();
  }
  assert.ok(given <= 1100, `${given} bytes were read ahead`);
  assert.equal(source.read(64)?.length, 64);
  source.close();
  assert.equal(stream.destroyed, true);
});

test("readable-source: closing leaves no listener but the one for late errors", () => {
  const stream = new Readable({ read: () => undefined });
  const source = createReadableSource(() => stream);
  source.onReady(() => undefined);
  source.close();
  assert.deepEqual(
    stream.eventNames().filter((name) => name !== "error"),
    [],
  );
});

test("readable-source: text streams and long ones come whole", async () => {
  const parts = Array.from({ length: 100 }, (_, index) => Buffer.from(`line ${index}\n`));
  const source = createReadableSource(() => Readable.from(parts, { objectMode: false }));
  const all = await readAll(source, 5);
  assert.equal(Buffer.from(all).toString(), parts.join(""));
});

test("node streams: what a guest learns of an error is its code", async () => {
  const stream = new Readable({ read: () => undefined });
  const source = createReadableSource(() => stream);
  source.isReady();
  stream.destroy(systemError("EIO"));
  await whenAnyReady([source]);
  assert.throws(
    () => source.read(1),
    (error) => error instanceof StreamFailure && error.message === "EIO",
  );
});

test("writable-sink: ends its stream when it is closed, after what is under way", async () => {
  const { stream, take } = slowWritable();
  const sink = createWritableSink(stream);
  sink.write(bytes(1));
  sink.close();
  assert.equal(stream.writableEnded, false);
  assert.deepEqual(await take(), [1]);
  assert.equal(stream.writableEnded, true);
});

test("writable-sink: a stream that is kept open is left without listeners", () => {
  const { stream } = slowWritable();
  const before = stream.eventNames();
  const sink = createWritableSink(stream, { keepOpen: true });
  sink.close();
  assert.equal(stream.writable, true);
  assert.deepEqual(stream.eventNames(), before);
});

test("writable-sink: an error after the end reaches nobody", async () => {
  const { stream } = slowWritable();
  const sink = createWritableSink(stream);
  sink.write(bytes(1));
  sink.close();
  stream.destroy(systemError("EIO"));
  await nextTurn();
  assert.equal(sink.isReady(), true);
});
