// A guest of the real engine that its deadline ends while it is suspended in a call of wasi:filesystem.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { defaultConfig } from "edge-runtime-common";
import { CompiledModule, Grants, InstanceRunner, WasmEngine, WorkerContext } from "edge-runtime-core";
import { createHostImports, createNodePlatform, DIRECTORIES } from "../../../src/index.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { linuxOnly } from "./linux-only.ts";
import { untilNoneOpen } from "./open-descriptors.ts";

const RUNS = 20;

/** Opens `a/b/c` of its first directory and drops it, for ever. */
const SPINNER = `(component
  (import "wasi:filesystem/types@0.2.3" (instance $types
    (export "descriptor" (type $descriptor (sub resource)))
    (type $code (enum "access" "would-block" "already" "bad-descriptor" "busy" "deadlock" "quota" "exist" "file-too-large"
      "illegal-byte-sequence" "in-progress" "interrupted" "invalid" "io" "is-directory" "loop" "too-many-links"
      "message-size" "name-too-long" "no-device" "no-entry" "no-lock" "insufficient-memory" "insufficient-space"
      "not-directory" "not-empty" "not-recoverable" "unsupported" "no-tty" "no-such-device" "overflow" "not-permitted"
      "pipe" "read-only" "invalid-seek" "text-file-busy" "cross-device"))
    (export "error-code" (type $error-code (eq $code)))
    (type $paths (flags "symlink-follow"))
    (export "path-flags" (type $path-flags (eq $paths)))
    (type $opens (flags "create" "directory" "exclusive" "truncate"))
    (export "open-flags" (type $open-flags (eq $opens)))
    (type $all (flags "read" "write" "file-integrity-sync" "data-integrity-sync" "requested-write-sync" "mutate-directory"))
    (export "descriptor-flags" (type $flags (eq $all)))
    (export "[method]descriptor.open-at" (func (param "self" (borrow $descriptor)) (param "path-flags" $path-flags)
      (param "path" string) (param "open-flags" $open-flags) (param "flags" $flags)
      (result (result (own $descriptor) (error $error-code)))))))
  (alias export $types "descriptor" (type $descriptor))
  (import "wasi:filesystem/preopens@0.2.3" (instance $preopens
    (alias outer 1 $descriptor (type $outer))
    (export "descriptor" (type $descriptor (eq $outer)))
    (export "get-directories" (func (result (list (tuple (own $descriptor) string)))))))
  (core module $memory
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
  (core instance $memory (instantiate $memory))
  (alias core export $memory "memory" (core memory $mem))
  (core func $get (canon lower (func $preopens "get-directories")
    (memory $mem) (realloc (core func $memory "realloc"))))
  (core func $open (canon lower (func $types "[method]descriptor.open-at") (memory $mem)))
  (core func $drop (canon resource.drop $descriptor))
  (core module $main
    (import "host" "memory" (memory 1))
    (import "host" "get" (func $get (param i32)))
    (import "host" "open" (func $open (param i32 i32 i32 i32 i32 i32 i32)))
    (import "host" "drop" (func $drop (param i32)))
    (data (i32.const 64) "a/b/c")
    (func (export "spin") (local $root i32)
      (call $get (i32.const 16))
      ;; realloc always gives one address; the guest path is empty, so the list alone is there.
      (local.set $root (i32.load (i32.load (i32.const 16))))
      (loop
        (call $open (local.get $root) (i32.const 0) (i32.const 64) (i32.const 5) (i32.const 0) (i32.const 1) (i32.const 32))
        (if (i32.load8_u (i32.const 32)) (then unreachable))
        (call $drop (i32.load (i32.const 36)))
        (br 0))))
  (core instance $main (instantiate $main (with "host" (instance
    (export "memory" (memory $mem)) (export "get" (func $get)) (export "open" (func $open)) (export "drop" (func $drop))))))
  (func (export "spin") (canon lift (core func $main "spin"))))`;

describe("filesystem: a guest that is stopped", linuxOnly, () => {
  test("filesystem: a deadline in the middle of a call leaves nothing open, time after time", async (context) => {
    const folder = temporaryFolder(context);
    mkdirSync(join(folder, "a", "b", "c"), { recursive: true });
    const config = defaultConfig();
    const engine = new WasmEngine(config.engine, { platform: createNodePlatform() });
    const grants = Grants.none.with(DIRECTORIES, [{ host: folder, guest: "", isWritable: false }]);
    const runner = await InstanceRunner.create(engine, await CompiledModule.fromWat(engine, SPINNER), {
      execution: { ...config.execution, maxFuel: 1e12, timeoutMs: 15 },
      imports: createHostImports({ platform: engine.platform }),
      grants,
    });
    context.after(() => runner.dispose());
    // The deadline's timer does not keep the process alive.
    const hold = setInterval(() => undefined, 1000);
    context.after(() => clearInterval(hold));
    for (let count = 0; count < RUNS; count += 1) {
      const run = new WorkerContext({ requestId: "r", startedAtMs: 0, grants });
      const result = await runner.run("spin", [], { context: run });
      assert.equal(result.kind === "trap" ? result.code : result.kind, "ERR_EDGE_EXECUTION_TIMEOUT");
    }
    await untilNoneOpen(folder);
  });
});
