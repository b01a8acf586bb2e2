import assert from "node:assert/strict";
import { test } from "node:test";
import { parseWat } from "edge-runtime-testing";
import { readCoreModule } from "../../src/binary/module.ts";
import { maxStaticCost } from "../../src/instrument/cost-table.ts";
import { StaticCosts } from "../../src/instrument/static-cost.ts";

test("static cost: calls within calls do not run more than the bound, branches or none", async () => {
  const branch = "block local.get 0 br_if 0 end";
  const levels = Array.from({ length: 24 }, (_, level) => {
    const calls = level === 0 ? "" : `local.get 0 call ${level - 1} `.repeat(4);
    return `(func (param i32) ${branch} ${calls})`;
  });
  const shape = readCoreModule(await parseWat(`(module ${levels.join("\n")})`));
  const costs = new StaticCosts(shape, "deadline", new Set());
  const bounds = levels.map((_, index) => costs.of(index)?.bound);
  assert.ok(
    bounds.every((bound) => bound === undefined || bound <= maxStaticCost),
    String(bounds),
  );
  assert.ok(bounds[2] !== undefined);
  assert.equal(bounds[10], undefined);
});
