// docs/errors.md, the classes and the sources list the same errors, in both directions.

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { ERROR_SAMPLES } from "./error-samples.ts";
import type { ErrorSample } from "./error-samples.ts";

const root = new URL("../../../", import.meta.url);
const page = readFileSync(new URL("docs/errors.md", root), "utf8");
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| "))
  .map((line) =>
    line
      .slice(2, -2)
      .trim()
      .split(/ +\| +/),
  );
const errorRows = new Map(rows.filter(([code]) => code?.startsWith("ERR_EDGE_")).map((row) => [row[0], row]));

/** The class is the command's own, since nothing else reports what a person typed. */
const CLI_CODE = "ERR_EDGE_CLI_USAGE";

/** The page's message with its placeholders filled from the error's fields; `{error}` is the wrapped message. */
function fillTemplate(template: string, error: ErrorSample["error"]): string {
  return template.replace(/\{(\w+)\}/g, (placeholder, name: string) => {
    if (name === "error" && error.cause instanceof Error) return error.cause.message;
    const value = error.fields[name];
    return typeof value === "object" ? value.join(", ") : String(value ?? placeholder);
  });
}

describe("errors page", () => {
  for (const { error, code, httpStatus } of ERROR_SAMPLES) {
    test(`errors page: lists ${code} as it is`, () => {
      const [, name, message, http, when] = errorRows.get(code) ?? [];
      assert.equal(name, error.name);
      assert.equal(fillTemplate(message ?? "", error), error.message);
      assert.equal(http, httpStatus === undefined ? "-" : String(httpStatus));
      assert.match(when ?? "", /\.$/);
    });
  }

  test("errors page: lists no other code, and the sources use no other", () => {
    const codes = new Set<string | undefined>([...ERROR_SAMPLES.map(({ code }) => code), CLI_CODE]);
    assert.deepEqual(new Set(errorRows.keys()), codes);
    const sources = globSync("packages/*/src/**/*.ts", { cwd: root });
    const used = sources.flatMap((file) => readFileSync(new URL(file, root), "utf8").match(/ERR_EDGE_[A-Z_]+/g) ?? []);
    assert.deepEqual(new Set(used), codes);
  });

  test("errors page: lists the trap codes of the type", () => {
    const source = readFileSync(new URL("packages/edge-runtime-common/src/errors.ts", root), "utf8");
    const type = /export type TrapCode =([^;]+);/.exec(source)?.[1] ?? "";
    const declared = [...type.matchAll(/"(\w+)"/g)].map((match) => match[1]);
    const listed = rows.map(([code]) => code).filter((code) => /^[a-z_]+$/.test(code ?? ""));
    assert.ok(declared.length > 0);
    assert.deepEqual(listed, declared);
  });
});
