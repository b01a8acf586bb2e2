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
