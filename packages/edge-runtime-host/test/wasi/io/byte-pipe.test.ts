import assert from "node:assert/strict";
import { test } from "node:test";
import { BytePipe } from "../../../src/wasi/io/byte-pipe.ts";
import { checkSink } from "./byte-sink.contract.ts";
import { bytes, checkSource } from "./byte-source.contract.ts";

checkSource("byte-pipe", () => {
  const pipe = new BytePipe();
  return {
    source: pipe.source,
    give: pipe.sink.write,
    end: pipe.sink.close,
    fail: () => pipe.fail({ message: "broken" }),
  };
});

checkSink("byte-pipe", () => {
  const pipe = new BytePipe(100);
  return {
    sink: pipe.sink,
    take: async () => {
      const taken: number[] = [];
      for (let part = pipe.source.read(7); part !== undefined && part.length > 0; part = pipe.source.read(7)) {
        taken.push(...part);
      }
      return taken;
    },
    abandon: pipe.source.close,
    fail: () => pipe.fail({ message: "broken" }),
  };
});

test("byte-pipe: small pieces are kept side by side, in order with large ones", () => {
  const pipe = new BytePipe();
  for (let value = 0; value < 5000; value += 1) pipe.sink.write(bytes(value % 256));
  pipe.sink.write(new Uint8Array(600).fill(1));
  pipe.sink.write(bytes(2));
  const parts: Uint8Array[] = [];
  for (let part = pipe.source.read(65_536); part?.length; part = pipe.source.read(65_536)) parts.push(part);
  assert.deepEqual(
    parts.map(({ length }) => length),
    [4096, 904, 600, 1],
  );
  const all = parts.flatMap((part) => [...part]);
  assert.ok(all.slice(0, 5000).every((value, index) => value === index % 256));
  assert.equal(all.at(-1), 2);
});

test("byte-pipe: counts what is on the way", () => {
  const pipe = new BytePipe(10);
  pipe.sink.write(bytes(1, 2, 3));
  assert.equal(pipe.length, 3);
  assert.equal(pipe.sink.room(), 7);
  pipe.source.read(2);
  assert.equal(pipe.length, 1);
});

test("byte-pipe: what is on the way can be read after the writer's end", () => {
  const pipe = new BytePipe();
  pipe.sink.write(bytes(1));
  pipe.sink.close();
  assert.equal(pipe.hasEnded, true);
  assert.deepEqual(pipe.source.read(10), bytes(1));
  assert.equal(pipe.source.read(10), undefined);
});

test("byte-pipe: a failure loses what is on the way, and the first one counts", () => {
  const pipe = new BytePipe();
  pipe.sink.write(bytes(1));
  pipe.fail({ message: "first" });
  pipe.fail({ message: "second" });
  assert.equal(pipe.length, 0);
  assert.throws(() => pipe.source.read(1), /first/);
  assert.throws(() => pipe.sink.room(), /first/);
});

test("byte-pipe: a reader that goes away frees what is on the way", () => {
  const pipe = new BytePipe();
  pipe.sink.write(bytes(1, 2));
  pipe.source.close();
  assert.equal(pipe.isAbandoned, true);
  assert.equal(pipe.length, 0);
  pipe.sink.write(bytes(3));
  assert.equal(pipe.length, 0);
});
