// Compiled modules as bytes: what was written comes back, and nothing else is accepted.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ArtifactRefused } from "edge-runtime-common";
import { fakePlatform } from "edge-runtime-testing";
import type { EngineConfig } from "edge-runtime-common";
import { CompiledModule } from "../../src/index.ts";
import { costTable } from "../../src/instrument/cost-table.ts";
import { PLAN_VERSION } from "../../src/component/index.ts";
import { isArtifact, rewriterVersion } from "../../src/engine/artifact.ts";
import { createEngine, createRunner, run, valueOf } from "../support/runs.ts";

const platform = fakePlatform();
const engine = createEngine({ platform });
const wat = `(module (import "h\u00e9 \u{1f600}" "__proto__" (func)) (memory (export "m") 1 2) (func (export "f") (param i64) (result i64) local.get 0))`;
const artifact = (await CompiledModule.fromWat(engine, wat)).toArtifact();
const headerLength = new DataView(artifact.buffer).getUint32(44, true);

async function refused(bytes: Uint8Array, reason?: RegExp): Promise<void> {
  await assert.rejects(CompiledModule.fromPrecompiled(engine, bytes), (error: unknown) => {
    assert.ok(error instanceof ArtifactRefused, String(error));
    if (reason !== undefined) assert.match(error.reason, reason);
    return true;
  });
}

test("artifact: a module comes back as it was", async () => {
  const original = await CompiledModule.fromWat(engine, wat);
  const restored = await CompiledModule.fromPrecompiled(engine, original.toArtifact());
  assert.equal(restored.contentHash, original.contentHash);
  assert.deepEqual(restored.compiledAt, original.compiledAt);
  assert.deepEqual(restored.describe(), original.describe());
  assert.deepEqual(restored.entryType("f"), { kind: "core", params: ["i64"], results: ["i64"] });
  assert.deepEqual(restored.toArtifact(), artifact);
  assert.equal(isArtifact(artifact), true);
});

test("artifact: a restored module runs, with the same fuel", async () => {
  const text = `(module (func (export "f") (param i64) (result i64) local.get 0))`;
  const module = await CompiledModule.fromWat(engine, text);
  const restored = await CompiledModule.fromAny(engine, module.toArtifact());
  const results = await Promise.all(
    [module, restored].map(async (each) => run(await createRunner(each, {}, engine), "f", [5n])),
  );
  assert.deepEqual(results.map(valueOf), [[5n], [5n]]);
  assert.equal(results[0]?.metrics.fuelConsumed, results[1]?.metrics.fuelConsumed);
});

test("artifact: every byte of the head and header, and bytes all over the code, are authenticated", async () => {
  const head = Array.from({ length: 48 + headerLength }, (_, index) => index);
  const code = Array.from({ length: 60 }, (_, index) => artifact.length - 1 - index * 7);
  for (const at of new Set([...head, ...code].filter((index) => index >= 0 && index < artifact.length))) {
    const changed = artifact.slice();
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
    // One after the other keeps the failing offset in sight.
    // oxlint-disable-next-line no-await-in-loop
    await refused(changed);
  }
});

test("artifact: cut short or with bytes behind it is refused", async () => {
  for (let length = 0; length < artifact.length; length += length < 60 ? 1 : 53) {
    // oxlint-disable-next-line no-await-in-loop
    await refused(artifact.slice(0, length));
  }
  await refused(new Uint8Array([...artifact, 0]), /it was changed/);
});

test("artifact: one of another installation's key is refused, saying how to share it", async () => {
  const other = createEngine({ platform: fakePlatform({ key: "other" }) });
  const foreign = (await CompiledModule.fromWat(other, wat)).toArtifact();
  await refused(foreign, /another key.*share the key by engine\.artifact_key_file/);
});

/** Changes the header as text of the same length and signs the whole again, as only the owner of the key can. */
function resigned(from: string, to: string, original = artifact): Uint8Array {
  const bytes = original.slice();
  const length = new DataView(bytes.buffer).getUint32(44, true);
  const header = Buffer.from(bytes.subarray(48, 48 + length)).toString("latin1");
  assert.ok(header.includes(from) && from.length === to.length);
  bytes.set(Buffer.from(header.replace(from, to), "latin1"), 48);
  bytes.set(platform.authenticate(bytes.subarray(44)), 12);
  return bytes;
}

test("artifact: another version of rewriter, cost table or format is refused", async () => {
  await refused(resigned(`"rewriterVersion":${rewriterVersion}`, '"rewriterVersion":0'), /another version/);
  await refused(resigned(`"costTableVersion":${costTable.version}`, '"costTableVersion":9'), /another version/);
  const format = artifact.slice();
  format[8] = 2;
  format.set(platform.authenticate(format.subarray(44)), 12);
  await refused(format, /format version 2, this runtime reads 1/);
});

test("artifact: a plan of another version of the linker is refused", async () => {
  const component = (await CompiledModule.fromWat(engine, "(component)")).toArtifact();
  const changed = resigned(`"component":{"version":${PLAN_VERSION}`, '"component":{"version":1', component);
  await refused(changed, /another version/);
});

test("artifact: what is no artifact is refused as such", async () => {
  await refused(new Uint8Array(), /not a compiled artifact/);
  await refused(new TextEncoder().encode(wat), /not a compiled artifact/);
});

type Compiled = "fuel" | "deadline" | "none";

function modeOf(mode: Compiled): { engine: Partial<EngineConfig>; fuelMetering: boolean } {
  return { engine: { epochInterruption: mode !== "none" }, fuelMetering: mode === "fuel" };
}

const modes: readonly Compiled[] = ["none", "deadline", "fuel"];

for (const has of modes) {
  for (const wanted of modes) {
    const accepted = modes.indexOf(has) >= modes.indexOf(wanted);
    test(`artifact: metering ${has} ${accepted ? "serves" : "is refused"} where ${wanted} is wanted`, async () => {
      const text = `(module (func (export "f")))`;
      const compiler = modeOf(has);
      const source = createEngine({ engine: compiler.engine, platform });
      const { fuelMetering } = compiler;
      const bytes = (await CompiledModule.fromWat(source, text, { fuelMetering })).toArtifact();
      const user = modeOf(wanted);
      const target = createEngine({ engine: user.engine, platform });
      const load = CompiledModule.fromPrecompiled(target, bytes, { fuelMetering: user.fuelMetering });
      if (accepted) {
        const runner = await createRunner(await load, { execution: { fuelMetering: user.fuelMetering } }, target);
        const result = await run(runner, "f");
        assert.deepEqual(valueOf(result), []);
        assert.equal(result.metrics.fuelConsumed, user.fuelMetering ? 1 : 0);
      } else {
        await assert.rejects(load, /metering ".*" is needed/s);
      }
    });
  }
}
