// The specification's test suite against the oracle: every call that returns consumes what Wasmtime says and was last
// checked where Wasmtime checked, so that exactly the same limits end it.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { conformanceFiles, needs } from "../../support/conformance.ts";
import { FuelTrace } from "../../support/fuel-trace.ts";
import { BitBridges } from "../../../../../scripts/wasm/bit-bridge.ts";
import { GlobalBits } from "../../../../../scripts/wasm/global-bits.ts";
import { HostValues } from "../../../../../scripts/conformance/core/constants.ts";
import type { Outcome } from "../../../../../scripts/conformance/core/outcome.ts";
import { readScript } from "../../../../../scripts/conformance/core/script.ts";
import { ScriptRun } from "../../../../../scripts/conformance/core/script-run.ts";
import type { Way } from "../../../../../scripts/conformance/core/way.ts";
import { nothingFound } from "../../../../../scripts/conformance/core/way.ts";
import { parseCalls } from "./recording.ts";

interface Recording {
  readonly wasmtime: string;
  readonly scripts: readonly RecordedScript[];
}

interface RecordedScript {
  readonly script: string;
  /** Over the script and its modules. */
  readonly sha256: string;
  readonly calls: string;
}

const recording = JSON.parse(readFileSync(new URL("spec-wasmtime.json", import.meta.url), "utf8")) as Recording;

/** Calls that Wasmtime does not check at growth by a constant that reaches the operator through a block. */
const checkedOnceMore = new Set([
  "core/block/block.json as-memory.grow-value",
  "core/loop/loop.json as-memory.grow-value",
]);

/** As the recorder's hash: the script, then its modules by name. */
function hashOf(file: string, folder: string): string {
  const hash = createHash("sha256").update(readFileSync(file));
  for (const module of conformanceFiles(`${folder}/*.wasm`)) hash.update(readFileSync(module));
  return hash.digest("hex");
}

function tracedBy(trace: FuelTrace): Way {
  return {
    name: "traced",
    open: () => ({
      compile: (bytes) => void new WebAssembly.Module(bytes),
      instantiate: async (bytes, imports) => trace.instantiate(bytes, imports),
      suspends: false,
      act: (_exports, _at, perform) => perform(),
      finish: async () => nothingFound,
    }),
  };
}

const host = {
  values: new HostValues(),
  bridges: new BitBridges(),
  globals: new GlobalBits(),
  refusal: () => undefined,
};

function reasonOf(outcome: Outcome): string {
  if (outcome.kind === "failed") return outcome.failure;
  return outcome.kind === "skipped" ? outcome.reason : outcome.kind;
}

class Comparison {
  readonly differences: string[] = [];
  readonly notCompared = new Map<string, number>();
  equal = 0;

  async run(file: string, entry: RecordedScript): Promise<void> {
    const trace = new FuelTrace();
    const script = readScript(file);
    const run = new ScriptRun(script, tracedBy(trace), host);
    const recorded = parseCalls(entry.calls).values();
    for (const [at, command] of script.commands.entries()) {
      trace.start();
      // Commands of a script follow one another.
      // oxlint-disable-next-line no-await-in-loop
      const outcome = await run.execute(command, at);
      if (command.action?.type !== "invoke") continue;
      const expected = recorded.next();
      assert.equal(expected.done, false, `${entry.script}: more calls than were recorded`);
      const call = `${entry.script} ${command.action.field}`;
      if (outcome.kind !== "values" || expected.value === undefined) {
        const theirs = expected.value === undefined ? "no result there" : "a result there";
        this.#leaveOut(`${theirs}, here ${reasonOf(outcome)}`);
        continue;
      }
      const { fuel, checked } = expected.value;
      const sameChecks = trace.checked === checked || checkedOnceMore.has(call);
      if (trace.consumed === fuel && sameChecks) this.equal += 1;
      else this.differences.push(`${call}:${command.line}: ${trace.consumed}/${trace.checked}, not ${fuel}/${checked}`);
    }
    assert.equal(recorded.next().done, true, `${entry.script}: fewer calls than were recorded`);
  }

  #leaveOut(why: string): void {
    this.notCompared.set(why, (this.notCompared.get(why) ?? 0) + 1);
  }
}

test("fuel: calls of the specification's suite consume what Wasmtime does", needs("core/spec"), async (t) => {
  const comparison = new Comparison();
  for (const entry of recording.scripts) {
    const folder = `core/spec/${dirname(entry.script)}`;
    const [file] = conformanceFiles(`core/spec/${entry.script}`);
    assert.ok(file !== undefined, `${entry.script} was recorded and is not there`);
    assert.equal(hashOf(file, folder), entry.sha256, `${entry.script} is not the one that was recorded`);
    // oxlint-disable-next-line no-await-in-loop
    await comparison.run(file, entry);
  }
  t.diagnostic(`${comparison.equal} calls equal to Wasmtime ${recording.wasmtime}`);
  for (const [why, count] of comparison.notCompared) t.diagnostic(`${count} not compared: ${why}`);
  assert.deepEqual(comparison.differences.slice(0, 20), []);
  assert.ok(comparison.equal > 44_400);
});
