// Third-party components, where they are beside the checkout (../shared/conformance).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { CompilationFailed, ImportNotFound } from "edge-runtime-common";
import type { ExternPlan } from "../../src/component/index.ts";
import { linkComponent } from "../../src/component/index.ts";
import type { HostItem } from "../../src/engine/host-functions.ts";
import { conformanceFiles, needs } from "../support/conformance.ts";
import { bringToLife } from "./living-component.ts";

/** Links a component; undefined where it needs what this runtime does not have. */
function linkSupported(bytes: Uint8Array): ReturnType<typeof linkComponent> | undefined {
  try {
    return linkComponent(bytes);
  } catch (error) {
    assert.ok(error instanceof CompilationFailed && error.feature !== undefined, String(error));
    return undefined;
  }
}

function stubs(items: readonly ExternPlan[]): Map<string, HostItem> {
  const entries = items.flatMap((item): (readonly [string, HostItem])[] => {
    switch (item.kind) {
      case "func":
        return [[item.name, { kind: "sync", call: () => assert.fail(`${item.name} was called`) }]];
      case "resource":
        return [[item.name, { kind: "resource", drop: () => undefined }]];
      case "instance":
        return [[item.name, { kind: "instance", items: stubs(item.items) }]];
      default:
        return [];
    }
  });
  return new Map(entries);
}

interface Entry {
  readonly file: string;
  readonly kind: string;
}

const corpora: readonly (readonly [name: string, files: () => string[], linking: number])[] = [
  ["component/wit-component", () => conformanceFiles("component/wit-component/*.wasm"), 101],
  [
    "real",
    () =>
      conformanceFiles("real/index.jsonl").flatMap((index) =>
        readFileSync(index, "utf8")
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => JSON.parse(line) as Entry)
          .filter(({ kind }) => kind === "component")
          .map(({ file }) => join(dirname(index), file)),
      ),
    38,
  ],
];

/** Their start functions trap with stubs for imports. */
const trapAtStart = new Set(["initialize.wasm", "return-call-ref-realloc-shim.wasm"]);

for (const [name, files, linking] of corpora) {
  test(`conformance: components of ${name} link and come to life, or are refused by feature`, needs(name), async () => {
    let linked = 0;
    for (const file of files()) {
      const bytes = readFileSync(file);
      const component = linkSupported(bytes);
      if (component === undefined) continue;
      linked += 1;
      if ([...trapAtStart].some((trapping) => file.endsWith(trapping))) continue;
      // One at a time: the larger ones are megabytes each.
      // oxlint-disable-next-line no-await-in-loop
      await bringToLife(bytes, stubs(component.plan.imports));
    }
    assert.ok(linked >= linking, `${linked} linked, expected ${linking}`);
  });
}

test("conformance: old binary versions are refused by number", needs("real/rejected"), () => {
  for (const file of conformanceFiles("real/rejected/**/*.wasm")) {
    assert.throws(() => linkComponent(readFileSync(file)), /component binary version 0x[bc] is not supported/);
  }
});

test("conformance: what a real component misses is named by path", needs("real/jco"), async () => {
  const [file] = conformanceFiles("real/jco/runtime/numbers.component.wasm");
  assert.ok(file !== undefined);
  await assert.rejects(bringToLife(readFileSync(file)), ImportNotFound);
});
