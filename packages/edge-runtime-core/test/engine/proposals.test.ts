// Garbage collection and threads are off until asked for, by engine or by module, in every way to compile; the same
// artifact serves where they are allowed and is refused where they are not.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CompilationFailed } from "edge-runtime-common";
import { parseWat } from "edge-runtime-testing";
import { CompiledModule } from "../../src/index.ts";
import type { CompileOptions } from "../../src/index.ts";
import { memoryCache } from "../support/memory-cache.ts";
import { createEngine } from "../support/runs.ts";

const modules: readonly (readonly [proposal: "gc" | "threads", wat: string])[] = [
  ["gc", "(module (type (struct (field i32))))"],
  ["gc", "(module (func (drop (ref.i31 (i32.const 1)))))"],
  ["gc", "(module (func (param anyref)))"],
  ["threads", "(module (memory 1 1 shared))"],
  ["threads", "(module (memory 1) (func (drop (i32.atomic.load (i32.const 0)))))"],
  ["threads", "(module (func atomic.fence))"],
  ["gc", "(component (core module $m (type (array i8))) (core instance (instantiate $m)))"],
];

function refusal(proposal: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof CompilationFailed, String(error));
    assert.match(error.reason, new RegExp(`\\(${proposal} proposal\\).*--allow ${proposal}.*"${proposal}"`));
    return true;
  };
}

for (const [proposal, wat] of modules) {
  const other = proposal === "gc" ? { threads: true } : { gc: true };
  test(`proposals: ${wat} is refused until ${proposal} is allowed`, async () => {
    const engine = createEngine({ proposals: {} });
    const bytes = await parseWat(wat);
    const compile = (options?: CompileOptions): Promise<CompiledModule> =>
      CompiledModule.fromAny(engine, bytes, options);
    await assert.rejects(compile(), refusal(proposal));
    await assert.rejects(compile({ proposals: other }), refusal(proposal));
    const compiled = await compile({ proposals: { [proposal]: true } });
    assert.ok(compiled.describe().features.includes(proposal));
    // What was compiled for another is not given to who did not ask.
    await assert.rejects(compile(), refusal(proposal));
    const artifact = compiled.toArtifact();
    await assert.rejects(CompiledModule.fromPrecompiled(engine, artifact), refusal(proposal));
    const options = { proposals: { [proposal]: true } };
    assert.equal((await CompiledModule.fromPrecompiled(engine, artifact, options)).contentHash, compiled.contentHash);
  });
}

test("proposals: the engine's own hold where a module's options do not say", async () => {
  const engine = createEngine({ proposals: { gc: true } });
  const [, wat] = modules[0] ?? assert.fail();
  assert.ok(await CompiledModule.fromWat(engine, wat));
  await assert.rejects(CompiledModule.fromWat(engine, wat, { proposals: {} }), refusal("gc"));
});

test("proposals: a cache between engines does not get around them", async () => {
  const cache = memoryCache();
  const [, wat] = modules[0] ?? assert.fail();
  await CompiledModule.fromWat(createEngine({ cache, proposals: { gc: true } }), wat);
  await assert.rejects(CompiledModule.fromWat(createEngine({ cache, proposals: {} }), wat), refusal("gc"));
  assert.ok(await CompiledModule.fromWat(createEngine({ cache, proposals: { gc: true } }), wat));
});
