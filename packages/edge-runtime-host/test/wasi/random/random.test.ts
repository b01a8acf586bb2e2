import assert from "node:assert/strict";
import { test } from "node:test";
import { WasiError } from "edge-runtime-common";
import { fakePlatform } from "edge-runtime-testing";
import { createHostImports } from "../../../src/index.ts";
import { callHost, fakeHostCall } from "../../fake-host-call.ts";

const imports = createHostImports({ platform: fakePlatform() });
const random = (path: string, ...args: readonly unknown[]): unknown =>
  callHost(imports, path.replace("#", "@0.2.12#"), fakeHostCall(), ...args);

for (const path of ["wasi:random/random#get-random-bytes", "wasi:random/insecure#get-insecure-random-bytes"]) {
  test(`random: ${path} gives as many bytes as asked for, others each time`, () => {
    for (const length of [0n, 1n, 32n, 100_000n]) {
      const bytes = random(path, length);
      assert.ok(bytes instanceof Uint8Array);
      assert.equal(bytes.length, Number(length));
    }
    assert.notDeepEqual(random(path, 32n), random(path, 32n));
  });

  test(`random: ${path} refuses more than 1 MiB`, () => {
    assert.equal((random(path, 1_048_576n) as Uint8Array).length, 1_048_576);
    for (const length of [1_048_577n, 2n ** 64n - 1n]) {
      assert.throws(() => random(path, length), WasiError);
    }
  });
}

for (const path of ["wasi:random/random#get-random-u64", "wasi:random/insecure#get-insecure-random-u64"]) {
  test(`random: ${path} gives all 64 bits`, () => {
    const seen = Array.from({ length: 64 }, () => random(path) as bigint);
    assert.equal(new Set(seen).size, 64);
    const ones = seen.reduce((bits, value) => bits | value, 0n);
    const zeroes = seen.reduce((bits, value) => bits & value, 2n ** 64n - 1n);
    assert.equal(ones, 2n ** 64n - 1n);
    assert.equal(zeroes, 0n);
  });
}

test("random: a seed is two numbers, others each time", () => {
  const seed = random("wasi:random/insecure-seed#insecure-seed") as bigint[];
  assert.equal(seed.length, 2);
  assert.notDeepEqual(random("wasi:random/insecure-seed#insecure-seed"), seed);
});

test("random: bytes cost fuel", () => {
  const call = fakeHostCall();
  callHost(imports, "wasi:random/random@0.2.12#get-random-bytes", call, 4096n);
  assert.equal(call.fuelCharged(), 512);
});

test("random: nothing of it may be in a snapshot", () => {
  for (const name of ["random", "insecure", "insecure-seed"]) {
    const item = imports.get(`wasi:random/${name}@0.2.12`);
    for (const fn of item?.kind === "instance" ? item.items.values() : []) {
      assert.equal("reads" in fn && fn.reads, "randomness");
    }
  }
});
