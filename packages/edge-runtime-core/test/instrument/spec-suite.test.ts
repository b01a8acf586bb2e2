// The specification's test suite run three ways side by side: plain V8, metered, deadline-metered. Rewriting must not
// change any result, trap or exception, bit for bit.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { CounterPlace, Metering } from "../../src/instrument/plan.ts";
import { conformanceFiles, needs } from "../support/conformance.ts";
import { instantiateRewritten } from "../support/rewritten-instance.ts";
import type { Instantiate } from "./spec-script.ts";
import { readScript, ScriptRun } from "./spec-script.ts";

const plain: Instantiate = (bytes, imports) => new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports;

function rewritten(metering: Metering, counter: CounterPlace): Instantiate {
  return (bytes, imports) => {
    if (!WebAssembly.validate(bytes)) throw new WebAssembly.CompileError();
    const instance = instantiateRewritten(bytes, { metering, counter, imports });
    const start = instance.injected("start") as unknown as (() => void) | undefined;
    start?.();
    return instance.exports;
  };
}

const ways = [rewritten("fuel", "own"), rewritten("deadline", "imported")];

/** Proposals whose scripts must have run, by folder and the least number of values that they compare. */
const folders: ReadonlyMap<string, number> = new Map([
  ["gc", 50],
  ["threads", 1],
  ["exceptions", 20],
  ["legacy-exceptions", 20],
  ["memory64", 500],
  ["multi-memory", 200],
]);

/** Outcomes are counted by their first word, skips by their reason. */
function kindOf(outcome: string): string {
  return outcome.startsWith("skip") ? outcome : (outcome.split(" ")[0] ?? "");
}

test("spec suite: metered runs agree with plain V8", needs("core/spec"), (t) => {
  const counts = new Map<string, number>();
  const compared = new Map<string, number>();
  const differences: string[] = [];
  for (const file of conformanceFiles("core/{spec,wasmtime}/**/*.json")) {
    const reference = new ScriptRun(file, plain);
    const runs = ways.map((instantiate) => new ScriptRun(file, instantiate));
    const folder = /\/spec\/([^/]+)\//.exec(file)?.[1] ?? "";
    for (const command of readScript(file)) {
      const expected = reference.execute(command);
      if (/^(values|trap)/.test(expected)) compared.set(folder, (compared.get(folder) ?? 0) + 1);
      counts.set(kindOf(expected), (counts.get(kindOf(expected)) ?? 0) + 1);
      for (const run of runs) {
        const outcome = run.execute(command);
        if (outcome !== expected) differences.push(`${file}:${command.line} ${expected} / ${outcome}`);
      }
    }
  }
  t.diagnostic([...counts].map(([kind, count]) => `${kind}: ${count}`).join(", "));
  assert.deepEqual(differences.slice(0, 20), []);
  assert.ok((counts.get("values") ?? 0) > 30_000);
  t.diagnostic([...compared].map(([folder, count]) => `${folder}: ${count}`).join(", "));
  for (const [folder, least] of folders) assert.ok((compared.get(folder) ?? 0) >= least, folder);
});
