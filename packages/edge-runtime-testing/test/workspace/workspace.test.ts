// The workspace's own files: what a clone needs to install, test and build the same everywhere.

import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { PACKAGE_TABLE } from "./dependency-table.ts";
import { readWorkspaceFile, ROOT } from "./source-files.ts";

const manifestSchema = z.object({
  name: z.string(),
  version: z.string(),
  private: z.literal(true),
  license: z.literal("MIT OR Apache-2.0"),
  type: z.literal("module"),
  scripts: z.record(z.string(), z.string()),
});

const manifests = ["package.json", ...Object.keys(PACKAGE_TABLE).map((name) => `packages/${name}/package.json`)];
const TEST_COMMAND = "npm ci && npm test";

describe("workspace", () => {
  for (const path of manifests) {
    test(`workspace: ${path} is private, licensed and has a test command`, () => {
      const manifest = manifestSchema.parse(JSON.parse(readWorkspaceFile(path)));
      const root = manifestSchema.parse(JSON.parse(readWorkspaceFile("package.json")));
      assert.equal(manifest.version, root.version);
      assert.ok("test" in manifest.scripts);
    });
  }

  test("workspace: the table lists the packages that there are", () => {
    const folders = globSync("packages/*/package.json", { cwd: fileURLToPath(ROOT) }).map(
      (path) => path.split(/[\\/]/)[1],
    );
    assert.deepEqual(new Set(folders), new Set(Object.keys(PACKAGE_TABLE)));
  });

  test("workspace: CONTRIBUTING.md's table of packages is the one that tests enforce", () => {
    const rows = readWorkspaceFile("CONTRIBUTING.md")
      .split("\n")
      .filter((line) => line.startsWith("| `edge-runtime-"))
      .map((line) =>
        line
          .slice(1, -1)
          .split("|")
          .map((cell) => cell.trim()),
      );
    const table = new Map(
      rows.map(([name, , siblings]) => [name?.replaceAll("`", ""), siblings?.match(/edge-runtime-[a-z]+/g) ?? []]),
    );
    assert.deepEqual(table, new Map(Object.entries(PACKAGE_TABLE)));
  });

  test("workspace: the lock file names no registry", () => {
    assert.doesNotMatch(readWorkspaceFile("package-lock.json"), /"resolved": "https?:/);
  });

  test("workspace: CI runs the README's command for tests", () => {
    assert.ok(readWorkspaceFile("README.md").includes(TEST_COMMAND));
    assert.ok(readWorkspaceFile(".ci/run").includes(TEST_COMMAND));
  });

  test("workspace: both licences are there in full", () => {
    assert.match(readWorkspaceFile("LICENSE-MIT"), /The Edge Runtime contributors[\s\S]*WITHOUT WARRANTY OF ANY KIND/);
    assert.match(readWorkspaceFile("LICENSE-APACHE"), /Version 2\.0, January 2004[\s\S]*END OF TERMS AND CONDITIONS/);
  });
});
