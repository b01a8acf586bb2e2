import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { z } from "zod";
import { CORE_FOLDER_TABLE, PACKAGE_TABLE, PLATFORM_FREE, PLATFORM_GLOBALS } from "./dependency-table.ts";
import { findImports, readSources, readWorkspaceFile } from "./source-files.ts";

const manifestSchema = z.object({ dependencies: z.record(z.string(), z.string()).default({}) });

const lintSchema = z.object({
  overrides: z.array(z.object({ files: z.array(z.string()), rules: z.record(z.string(), z.unknown()) })),
});

function packageOf(specifier: string): string {
  return specifier.split("/")[0] ?? "";
}

describe("dependency direction", () => {
  for (const [name, allowed] of Object.entries(PACKAGE_TABLE)) {
    test(`dependency direction: ${name} imports only ${allowed.join(", ") || "no sibling"}`, () => {
      for (const { path, imports } of readSources(`packages/${name}/src/**/*.ts`, `packages/${name}/bin/*`)) {
        const siblings = imports.map(({ specifier }) => specifier).filter((item) => item.startsWith("edge-runtime-"));
        for (const specifier of siblings) {
          assert.ok(allowed.includes(packageOf(specifier)), `${path} imports ${specifier}`);
          assert.match(specifier, /^[a-z-]+(?:\/internal)?$/, `${path} imports a file behind the doors`);
        }
      }
    });

    test(`dependency direction: ${name} declares no sibling beyond them`, () => {
      const { dependencies } = manifestSchema.parse(JSON.parse(readWorkspaceFile(`packages/${name}/package.json`)));
      const siblings = Object.keys(dependencies).filter((item) => item.startsWith("edge-runtime-"));
      assert.ok(siblings.every((item) => allowed.includes(item)));
    });

    test(`dependency direction: ${name} reaches other packages by name, not by path`, () => {
      for (const { path, imports } of readSources(`packages/${name}/src/**/*.ts`)) {
        const depth = path.split("/").length - 3;
        const isOutside = imports.some(({ specifier }) => specifier.startsWith("../".repeat(depth)));
        assert.ok(!isOutside, `${path} imports from outside of src`);
      }
    });
  }

  for (const [folder, allowed] of Object.entries(CORE_FOLDER_TABLE)) {
    test(`dependency direction: core/${folder} runs on ${allowed.join(", ") || "nothing else of core"}`, () => {
      for (const { path, imports } of readSources(`packages/edge-runtime-core/src/${folder}/**/*.ts`)) {
        for (const { specifier, isTypeOnly } of imports) {
          const [, target] = /^(?:\.\.\/)+([a-z-]+)\//.exec(specifier) ?? [];
          const isFolder = target !== undefined && target !== folder && target in CORE_FOLDER_TABLE;
          assert.ok(!isFolder || isTypeOnly || allowed.includes(target), `${path} imports ${specifier}`);
        }
      }
    });
  }

  for (const name of PLATFORM_FREE) {
    test(`dependency direction: ${name} is platform-free`, () => {
      for (const { path, imports } of readSources(`packages/${name}/src/**/*.ts`)) {
        const node = imports.filter(({ specifier }) => specifier.startsWith("node:"));
        assert.deepEqual(node, [], path);
      }
    });
  }

  test("dependency direction: the lint rules refuse what the table refuses", () => {
    const { overrides } = lintSchema.parse(JSON.parse(readWorkspaceFile(".oxlintrc.json")));
    for (const [name, allowed] of Object.entries(PACKAGE_TABLE)) {
      const rules = overrides.find(({ files }) => files.includes(`packages/${name}/src/**`))?.rules;
      const text = JSON.stringify(rules?.["no-restricted-imports"]);
      const [, names] = /"\^\(([a-z|-]+)\)\(\/\|\$\)"/.exec(text) ?? [];
      const refused = new Set(names?.split("|"));
      const expected = Object.keys(PACKAGE_TABLE).filter((item) => item !== name && !allowed.includes(item));
      assert.deepEqual(refused, new Set(expected), name);
      const isPlatformFree = PLATFORM_FREE.includes(name);
      assert.equal(text.includes('"^node:"'), isPlatformFree, name);
      for (const item of isPlatformFree ? PLATFORM_GLOBALS : []) {
        assert.ok(JSON.stringify(rules?.["no-restricted-globals"]).includes(`"${item}"`), `${name}: ${item}`);
      }
    }
  });

  test("dependency direction: the scan sees every form of import", () => {
    const text = [
      'import "a";',
      'import { x } from "b";',
      'import type { Y } from "c";',
      'import {\n  z,\n} from "d";',
      'export * from "e";',
      'export type { W } from "f";',
      'const g = await import("g");',
      'const notAnImport = "import h";',
    ].join("\n");
    const found = findImports(text).map(({ specifier, isTypeOnly }) => `${specifier}${isTypeOnly ? " type" : ""}`);
    assert.deepEqual(found, ["a", "b", "c type", "d", "e", "f type", "g"]);
  });
});
