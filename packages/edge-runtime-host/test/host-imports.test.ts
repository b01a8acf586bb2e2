import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fakePlatform } from "edge-runtime-testing";
import { createHostImports } from "../src/index.ts";
import { callHost, fakeHostCall } from "./fake-host-call.ts";

const imports = createHostImports({ platform: fakePlatform() });

describe("host imports", () => {
  for (const file of ["logging", "http-outbound", "http-types"]) {
    test(`host imports: offer each function of wit/interfaces/${file}.wit and no other`, () => {
      const wit = readFileSync(new URL(`../../../wit/interfaces/${file}.wit`, import.meta.url), "utf8");
      const declared = [...wit.matchAll(/^ {2}([a-z-]+): func\(/gm)].map((match) => match[1]);
      const item = imports.get(`edge:runtime/${file}@0.1.0`);
      assert.equal(item?.kind, "instance");
      assert.deepEqual(item.kind === "instance" ? [...item.items.keys()] : [], declared);
    });
  }

  const request = { method: "get", uri: "https://example.org/", headers: [], body: undefined, timeoutMs: undefined };
  for (const [name, argument] of [
    ["fetch", request],
    ["get", request.uri],
  ] as const) {
    test(`host imports: http-outbound's ${name} answers permission-denied`, () => {
      const answer = callHost(imports, `edge:runtime/http-outbound@0.1.0#${name}`, fakeHostCall(), argument);
      assert.deepEqual(answer, { tag: "err", val: "permission-denied" });
    });
  }
});
