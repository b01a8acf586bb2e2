import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nativePlatform } from "../../../../scripts/native-platform.ts";
import type { NativePlatform } from "../../../../scripts/native-platform.ts";

describe("native platform", () => {
  const rows: readonly (readonly [string, NativePlatform])[] = [
    ["@oxlint/binding-linux-x64-gnu", { os: ["linux"], cpu: ["x64"], libc: ["glibc"] }],
    ["@oxlint/binding-linux-arm64-musl", { os: ["linux"], cpu: ["arm64"], libc: ["musl"] }],
    ["@oxlint/binding-linux-arm-musleabihf", { os: ["linux"], cpu: ["arm"], libc: ["musl"] }],
    ["@oxlint/binding-linux-arm-gnueabihf", { os: ["linux"], cpu: ["arm"], libc: ["glibc"] }],
    ["@oxlint-tsgolint/darwin-arm64", { os: ["darwin"], cpu: ["arm64"] }],
    ["@bytecodealliance/jco-node-fs-win32-x64-msvc", { os: ["win32"], cpu: ["x64"] }],
    ["@oxc-parser/binding-wasm32-wasi", { cpu: ["wasm32"] }],
    ["fsevents", {}],
  ];
  for (const [name, platform] of rows) {
    test(`native platform: of ${name}`, () => {
      assert.deepEqual(nativePlatform(name), platform);
    });
  }
});
