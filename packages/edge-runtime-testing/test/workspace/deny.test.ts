import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findViolations } from "../../../../scripts/deny-rules.ts";
import type { DenyPolicy } from "../../../../scripts/deny-rules.ts";
import { isLicenceAllowed } from "../../../../scripts/licence.ts";
import { parseLockfile } from "../../../../scripts/lockfile.ts";

const policy: DenyPolicy = {
  platforms: new Map([
    ["linux-x64", { os: "linux", cpu: "x64", libc: "glibc" }],
    ["darwin-arm64", { os: "darwin", cpu: "arm64", libc: "" }],
  ]),
  allowedLicences: new Set(["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"]),
  clarifiedLicences: new Map([["clarified", { licence: "MIT", source: "its LICENSE file" }]]),
  banned: new Map([["banned", "not here"]]),
};

/** A lock of one workspace package `packages/p` with its dependencies and everything else that is locked. */
function violations(
  dependencies: Readonly<Record<string, string>>,
  packages: Readonly<Record<string, object>>,
  dev: Readonly<Record<string, string>> = {},
): string[] {
  const lock = {
    lockfileVersion: 3,
    packages: { "": {}, "packages/p": { dependencies, devDependencies: dev }, ...packages },
  };
  return findViolations(parseLockfile(JSON.stringify(lock)), policy);
}

const mit = { version: "1.0.0", license: "MIT", integrity: "sha512-0" };

describe("deny", () => {
  const expressions: readonly (readonly [string, boolean])[] = [
    ["MIT", true],
    ["(MIT OR GPL-3.0)", true],
    ["MIT AND Apache-2.0", true],
    ["MIT AND GPL-3.0", false],
    ["(Apache-2.0 WITH LLVM-exception)", true],
    ["GPL-3.0", false],
    ["(MIT OR Apache-2.0) AND GPL-3.0", false],
    ["SEE LICENSE IN x", false],
    ["", false],
  ];
  for (const [expression, isAllowed] of expressions) {
    test(`deny: licence ${JSON.stringify(expression)} is ${isAllowed ? "" : "not "}allowed`, () => {
      assert.equal(isLicenceAllowed(expression, policy.allowedLicences), isAllowed);
    });
  }

  test("deny: accepts what keeps the rules", () => {
    const locked = { "node_modules/a": mit, "node_modules/clarified": { version: "1.0.0" } };
    assert.deepEqual(violations({ a: "1", clarified: "1" }, locked), []);
  });

  test("deny: follows dependencies to packages nested in others", () => {
    const locked = {
      "node_modules/a": { ...mit, dependencies: { b: "2" } },
      "node_modules/a/node_modules/b": { version: "2.0.0", license: "GPL-3.0" },
    };
    assert.deepEqual(violations({ a: "1" }, locked), ["node_modules/a/node_modules/b: licence GPL-3.0 is not allowed"]);
  });

  test("deny: looks at development tools' licences, not at their versions or scripts", () => {
    const tools = {
      "node_modules/a": { ...mit, hasInstallScript: true, dependencies: { b: "2" } },
      "node_modules/a/node_modules/b": { version: "2.0.0" },
      "node_modules/b": mit,
    };
    assert.deepEqual(violations({}, tools, { a: "1", b: "1" }), ["node_modules/a/node_modules/b: states no licence"]);
  });

  test("deny: refuses banned packages, install scripts and several versions in production", () => {
    const locked = {
      "node_modules/banned": mit,
      "node_modules/a": { ...mit, hasInstallScript: true, dependencies: { b: "2" } },
      "node_modules/a/node_modules/b": { ...mit, version: "2.0.0" },
      "node_modules/b": mit,
    };
    assert.deepEqual(violations({ a: "1", b: "1", banned: "1" }, locked), [
      "b: production has several versions: 2.0.0, 1.0.0",
      "node_modules/a: has an install script",
      "node_modules/banned: is banned: not here",
    ]);
  });

  test("deny: leaves out what none of the platforms installs", () => {
    const windows = { version: "1.0.0", license: "GPL-3.0", os: ["win32"] };
    const musl = { version: "1.0.0", license: "GPL-3.0", os: ["linux"], libc: ["musl"] };
    const notDarwin = { ...mit, os: ["!darwin"] };
    const locked = { "node_modules/a": windows, "node_modules/b": musl, "node_modules/c": notDarwin };
    assert.deepEqual(violations({ a: "1", b: "1", c: "1" }, locked), []);
  });

  test("deny: refuses a package whose native parts leave out a platform", () => {
    const locked = {
      "node_modules/a": { ...mit, optionalDependencies: { "a-linux": "1.0.0", "a-arm": "1.0.0", "a-mac": "1.0.0" } },
      "node_modules/a-linux": { ...mit, os: ["linux"], cpu: ["x64"] },
      "node_modules/a-arm": { ...mit, os: ["linux"], cpu: ["arm64"] },
    };
    const missing = "node_modules/a: has no native part for darwin-arm64";
    assert.deepEqual(violations({ a: "1" }, locked), [
      missing,
      "node_modules/a: the lock file has no a-mac; npm run lock adds it",
    ]);
    const mac = { ...mit, os: "darwin", cpu: "arm64" };
    assert.deepEqual(violations({ a: "1" }, { ...locked, "node_modules/a-mac": mac }), []);
    const unseen = { ...mac, integrity: undefined };
    assert.deepEqual(violations({ a: "1" }, { ...locked, "node_modules/a-mac": unseen }), [missing]);
    const other = { ...mac, version: "2.0.0" };
    assert.equal(violations({ a: "1" }, { ...locked, "node_modules/a-mac": other }).length, 2);
  });
});
