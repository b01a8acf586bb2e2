// What every ByteSink keeps to. A subject is a sink and its destination, which the contract drives.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ByteSink } from "../../../src/index.ts";
import { StreamFailure } from "../../../src/wasi/io/byte-streams.ts";
import { whenAnyReady } from "../../../src/wasi/readiness.ts";
import { bytes } from "./byte-source.contract.ts";

export interface SinkSubject {
  readonly sink: ByteSink;
  /** The destination takes what is under way, which it returns; later writes wait again. */
  readonly take: () => Promise<number[]>;
  /** The destination takes nothing ever again. */
  readonly abandon: () => void;
  readonly fail: () => void;
}

/** Writes all the room there is, a byte `value` each, and says how many that were. */
function fill(sink: ByteSink, value: number): number {
  let written = 0;
  for (let room = sink.room() ?? 0; room > 0; room = sink.room() ?? 0) {
    sink.write(new Uint8Array(room).fill(value));
    written += room;
    assert.ok(written <= 1_048_576, "a sink must be bounded");
  }
  return written;
}

export function checkSink(name: string, create: () => SinkSubject): void {
  describe(`${name} as a byte sink`, () => {
    test(`${name}: delivers what was written, in its order`, async () => {
      const { sink, take } = create();
      sink.write(bytes(1, 2));
      sink.write(bytes(3));
      assert.deepEqual(await take(), [1, 2, 3]);
    });

    test(`${name}: has no room once it is full, and wakes who waits for some`, async () => {
      const { sink, take } = create();
      const written = fill(sink, 9);
      assert.ok(written > 0);
      assert.equal(sink.isReady(), false);
      const waiting = whenAnyReady([sink]);
      assert.equal((await take()).length, written);
      await waiting;
      assert.ok((sink.room() ?? 0) > 0);
    });

    test(`${name}: a flush leaves no room until all is delivered`, async () => {
      const { sink, take } = create();
      sink.write(bytes(1));
      sink.flush();
      assert.equal(sink.room(), 0);
      const waiting = whenAnyReady([sink]);
      assert.deepEqual(await take(), [1]);
      await waiting;
      assert.ok((sink.room() ?? 0) > 0);
    });

    test(`${name}: a flush of nothing is done at once`, () => {
      const { sink } = create();
      sink.flush();
      assert.equal(sink.isReady(), true);
      assert.ok((sink.room() ?? 0) > 0);
    });

    test(`${name}: takes nothing more once its destination went away, and wakes who waits`, async () => {
      const { sink, abandon } = create();
      fill(sink, 1);
      const waiting = whenAnyReady([sink]);
      abandon();
      await waiting;
      assert.equal(sink.room(), undefined);
      sink.write(bytes(1));
    });

    test(`${name}: a failure wakes who waits, and stays`, async () => {
      const { sink, fail } = create();
      fill(sink, 1);
      const waiting = whenAnyReady([sink]);
      fail();
      await waiting;
      for (let time = 0; time < 2; time += 1) assert.throws(() => sink.room(), StreamFailure);
    });

    test(`${name}: what was written before it was closed is delivered`, async () => {
      const { sink, take } = create();
      sink.write(bytes(1));
      sink.close();
      sink.write(bytes(2));
      assert.equal(sink.room(), undefined);
      assert.equal(sink.isReady(), true);
      assert.deepEqual(await take(), [1]);
      sink.close();
    });
  });
}
