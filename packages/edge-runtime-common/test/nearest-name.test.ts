import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nearestName } from "../src/nearest-name.ts";

const known = ["max_instances", "cache_dir", "max_fuel"];

describe("nearest name", () => {
  const rows: readonly (readonly [string, string | undefined])[] = [
    ["max_instancs", "max_instances"],
    ["maxInstances", "max_instances"],
    ["max_fuels", "max_fuel"],
    ["cachedir", "cache_dir"],
    ["", undefined],
    ["listen", undefined],
    ["x".repeat(65), undefined],
  ];
  for (const [name, nearest] of rows) {
    test(`nearest name: ${JSON.stringify(name)} is ${nearest ?? "nothing known"}`, () => {
      assert.equal(nearestName(name, known), nearest);
    });
  }

  test("nearest name: of no candidates is nothing", () => {
    assert.equal(nearestName("a", []), undefined);
  });
});
