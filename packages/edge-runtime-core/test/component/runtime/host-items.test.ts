import assert from "node:assert/strict";
import { test } from "node:test";
import { ImportNotFound } from "edge-runtime-common";
import { bringToLife, host, sync } from "../living-component.ts";

const importer = `(component
  (import "wasi:io/poll@0.2.0" (instance
    (export "pollable" (type $p (sub resource)))
    (export "poll" (func (param "in" (list (borrow $p))) (result (list u32))))))
  (import "note" (func)))`;

const pollable = { kind: "resource", drop: () => undefined } as const;
const fn = sync(() => undefined);

test("host-items: a compatible version of an interface satisfies an import", async () => {
  for (const version of ["0.2.0", "0.2.6"]) {
    await bringToLife(importer, host({ [`wasi:io/poll@${version}`]: { pollable, poll: fn }, note: fn }));
  }
});

const missing: readonly (readonly [what: string, items: Parameters<typeof host>[0], path: string, reason: RegExp])[] = [
  ["nothing is offered", {}, "wasi:io/poll@0.2.0", /also missing: note/],
  ["the version differs", { "wasi:io/poll@0.3.0": { pollable, poll: fn }, note: fn }, "wasi:io/poll@0.2.0", /nothing/],
  ["a function is missing", { "wasi:io/poll@0.2.0": { pollable }, note: fn }, "wasi:io/poll@0.2.0 -> poll", /nothing/],
  ["a resource is missing", { "wasi:io/poll@0.2.0": { poll: fn } }, "wasi:io/poll@0.2.0 -> pollable", /missing: note/],
  [
    "an item is of another kind",
    { "wasi:io/poll@0.2.0": { pollable, poll: pollable }, note: fn },
    "wasi:io/poll@0.2.0 -> poll (a func is needed, the host has a resource)",
    /nothing/,
  ],
  [
    "an instance is a function",
    { "wasi:io/poll@0.2.0": fn, note: fn },
    "wasi:io/poll@0.2.0 (a instance is needed, the host has a function)",
    /nothing/,
  ],
];

for (const [what, items, path, reason] of missing) {
  test(`host-items: names the path where ${what}`, async () => {
    await assert.rejects(bringToLife(importer, host(items)), (error) => {
      assert.ok(error instanceof ImportNotFound);
      assert.equal(error.path, path);
      assert.match(error.reason, reason);
      return true;
    });
  });
}

test("host-items: imported types need nothing from the host", async () => {
  const { plan } = await bringToLife(
    `(component (type $t' (record (field "a" u8))) (import "t" (type $t (eq $t'))))`,
    host({}),
  );
  assert.deepEqual(plan.imports, [
    { kind: "type", name: "t", type: { kind: "record", fields: [{ name: "a", type: { kind: "u8" } }] } },
  ]);
});
