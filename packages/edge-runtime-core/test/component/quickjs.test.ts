// A JavaScript guest end to end: shared-everything linking of many core modules, lists and records both ways, the
// host's resources, and a host function that waits.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { componentize } from "componentize-qjs";
import type { Living } from "./living-component.ts";
import { bringToLife, host, rejectsWith, sync, waiting } from "./living-component.ts";

const wit = `package test:guest;
interface shapes {
  resource shape { constructor(name: string); name: func() -> string; }
  make: func(count: u32) -> list<shape>;
  area: func(shape: borrow<shape>) -> f64;
  slow: func(text: string) -> string;
}
world guest {
  import shapes;
  record request { method: string, headers: list<tuple<string, string>>, body: option<list<u8>> }
  export handle: func(request: request) -> result<request, string>;
  export geometry: func(count: u32) -> list<string>;
  export fail: func();
}`;

const source = `import { Shape, make, area, slow } from 'test:guest/shapes';
let calls = 0;
export function handle(request) {
  if (request.method !== 'get') throw 'method ' + request.method;
  calls += 1;
  return { method: 'call ' + calls, headers: request.headers.toReversed(), body: request.body?.map((byte) => byte + 1) };
}
export function geometry(count) {
  const all = [new Shape('own'), ...make(count)];
  return [...all.map((shape) => shape.name() + ' ' + area(shape)), slow('zürich')];
}
export function fail() { throw new Error('no'); }`;

interface Shape {
  readonly name: string;
}

const dropped: string[] = [];
const imports = host({
  "test:guest/shapes": {
    shape: { kind: "resource", drop: (shape) => void dropped.push((shape as Shape).name) },
    "[constructor]shape": sync((name: string): Shape => ({ name })),
    "[method]shape.name": sync((shape: Shape) => shape.name),
    make: sync((count: number): Shape[] => Array.from({ length: count }, (_, at) => ({ name: `made ${at}` }))),
    area: sync((shape: Shape) => shape.name.length / 2),
    slow: waiting((text: string) => text.toUpperCase()),
  },
});

let bytes: Uint8Array;

before(async () => {
  const folder = await mkdtemp(join(tmpdir(), "guest-"));
  try {
    const witPath = join(folder, "guest.wit");
    await writeFile(witPath, wit);
    bytes = (await componentize({ witPath, jsSource: source, sync: true, stubWasi: true })).component;
  } finally {
    await rm(folder, { recursive: true });
  }
});

function guest(): Promise<Living> {
  return bringToLife(bytes, imports);
}

test("quickjs: records, lists and results go both ways", async () => {
  const { call } = await guest();
  const request = { method: "get", headers: [["a", "ü"] as const, ["b", ""] as const], body: new Uint8Array([1, 2]) };
  assert.deepEqual(await call("handle", request), {
    tag: "ok",
    val: {
      method: "call 1",
      headers: [
        ["b", ""],
        ["a", "ü"],
      ],
      body: new Uint8Array([2, 3]),
    },
  });
  assert.deepEqual(await call("handle", { ...request, method: "put" }), { tag: "err", val: "method put" });
});

test("quickjs: the guest uses resources of the host and waits for it", async () => {
  const { call, instance } = await guest();
  assert.deepEqual(await call("geometry", 2), ["own 1.5", "made 0 3", "made 1 3", "ZÜRICH"]);
  instance.closeHandles();
  assert.deepEqual(dropped.toSorted(), ["made 0", "made 1", "own"]);
});

test("quickjs: an exception where the type has no error traps", async () => {
  await rejectsWith((await guest()).call("fail"), /unreachable/);
});
