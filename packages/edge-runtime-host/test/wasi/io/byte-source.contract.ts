// What every ByteSource keeps to. A subject is a source and the other side of it, which the contract drives.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ByteSource, IoError } from "../../../src/index.ts";
import { StreamFailure } from "../../../src/wasi/io/byte-streams.ts";
import { whenAnyReady } from "../../../src/wasi/readiness.ts";

export interface SourceSubject {
  readonly source: ByteSource;
  /** Makes bytes readable. */
  readonly give: (bytes: Uint8Array) => void;
  readonly end: () => void;
  readonly fail: () => void;
}

export const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

/** Everything until the end, in steps of at most `most` bytes. */
export async function readAll(source: ByteSource, most: number): Promise<number[]> {
  const all: number[] = [];
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop
    await whenAnyReady([source]);
    const part = source.read(most);
    if (part === undefined) return all;
    assert.ok(part.length <= most, `${part.length} bytes are more than ${most}`);
    all.push(...part);
  }
}

async function failureOf(source: ByteSource): Promise<IoError> {
  await whenAnyReady([source]);
  try {
    source.read(1);
  } catch (error) {
    assert.ok(error instanceof StreamFailure, String(error));
    return error.error;
  }
  return assert.fail("the source did not fail");
}

export function checkSource(name: string, create: () => SourceSubject): void {
  describe(`${name} as a byte source`, () => {
    test(`${name}: gives what it has, in its order, and never more than asked for`, async () => {
      const { source, give, end } = create();
      give(bytes(1, 2, 3));
      give(bytes(4, 5));
      end();
      assert.deepEqual(await readAll(source, 2), [1, 2, 3, 4, 5]);
    });

    test(`${name}: is not ready and gives nothing while nothing is there`, () => {
      const { source } = create();
      assert.equal(source.isReady(), false);
      assert.deepEqual(source.read(10), bytes());
    });

    test(`${name}: wakes who waits for bytes`, async () => {
      const { source, give } = create();
      const waiting = whenAnyReady([source]);
      assert.notEqual(waiting, undefined);
      give(bytes(7));
      await waiting;
      assert.deepEqual([...(source.read(10) ?? [])], [7]);
    });

    test(`${name}: wakes who waits for the end, which stays`, async () => {
      const { source, end } = create();
      const waiting = whenAnyReady([source]);
      end();
      await waiting;
      for (let time = 0; time < 2; time += 1) {
        assert.equal(source.read(10), undefined);
        assert.equal(source.isReady(), true);
      }
    });

    test(`${name}: a failure wakes who waits, and stays`, async () => {
      const { source, fail } = create();
      const waiting = whenAnyReady([source]);
      fail();
      await waiting;
      assert.equal((await failureOf(source)).message, (await failureOf(source)).message);
    });

    test(`${name}: who no longer waits is not called`, async () => {
      const { source, give, end } = create();
      source.onReady(() => assert.fail("called back"))();
      give(bytes(1));
      end();
      assert.deepEqual(await readAll(source, 10), [1]);
    });

    test(`${name}: who waits is not called while it waits for the first time`, () => {
      const { source, give } = create();
      give(bytes(1));
      let isWaiting = true;
      source.onReady(() => assert.equal(isWaiting, false));
      isWaiting = false;
    });

    test(`${name}: once closed it has ended, whatever comes`, () => {
      const { source, give } = create();
      source.close();
      give(bytes(1));
      assert.equal(source.isReady(), true);
      assert.equal(source.read(10), undefined);
      source.close();
    });
  });
}
