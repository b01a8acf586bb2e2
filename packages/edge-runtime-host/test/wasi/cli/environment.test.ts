import assert from "node:assert/strict";
import { test } from "node:test";
import { GuestExited } from "edge-runtime-common";
import { Grants } from "edge-runtime-core";
import { fakePlatform } from "edge-runtime-testing";
import { createHostImports, ENVIRONMENT } from "../../../src/index.ts";
import { callHost, fakeHostCall } from "../../fake-host-call.ts";

const imports = createHostImports({ platform: fakePlatform() });
const ENVIRONMENT_FUNCTIONS = ["get-environment", "get-arguments", "initial-cwd"] as const;

function read(grants: Grants): unknown[] {
  const call = fakeHostCall({ grants });
  return ENVIRONMENT_FUNCTIONS.map((name) => callHost(imports, `wasi:cli/environment@0.2.12#${name}`, call));
}

test("environment: without a grant it is empty, whatever the process has", () => {
  assert.deepEqual(read(Grants.none), [[], [], undefined]);
});

test("environment: what is granted is there, in its order", () => {
  const variables = [
    ["B", "2"],
    ["A", "1"],
  ] as const;
  const granted = Grants.none.with(ENVIRONMENT, { variables, arguments: ["me", "--x"], initialCwd: "/work" });
  assert.deepEqual(read(granted), [variables, ["me", "--x"], "/work"]);
});

for (const [name, argument, status] of [
  ["exit", { tag: "ok", val: undefined }, 0],
  ["exit", { tag: "err", val: undefined }, 1],
  ["exit-with-code", 42, 42],
] as const) {
  test(`exit: ${name} with ${JSON.stringify(argument)} ends the run with status ${status}`, () => {
    assert.throws(
      () => callHost(imports, `wasi:cli/exit@0.2.12#${name}`, fakeHostCall(), argument),
      (error) => error instanceof GuestExited && error.status === status,
    );
  });
}
