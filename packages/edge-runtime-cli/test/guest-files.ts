// Guests in text form and a folder to keep files in.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const CORE_GUEST = `(module
  (import "env" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "first\\1b[2Jline\\nsecond")
  (func (export "_start") (call $log (i32.const 2) (i32.const 0) (i32.const 20)))
  (func (export "loop") (loop br 0))
  (func (export "trap") unreachable)
  (func (export "grow") (drop (memory.grow (i32.const 100))) (i32.store8 (i32.const 6000000) (i32.const 1)))
  (func (export "add") (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1)))
  (func (export "floats") (param f32 f64) (result f32 f64) (local.get 0) (local.get 1))
  (func (export "none"))
)`;

/** World \`edge-worker\` with what is imported left out; \`run\` answers \`err\` where \`fails\`. */
export function workerGuest(fails: boolean): string {
  return `(component
  (core module $m
    (memory (export "memory") 1)
    (data (i32.const 0) "${fails ? "\\01" : "\\00"}\\00\\00\\00\\10\\00\\00\\00\\05\\00\\00\\00")
    (data (i32.const 16) "a\\1bbcd")
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      global.get $next
      (global.set $next (i32.add (global.get $next) (local.get 3))))
    (func (export "run") (result i32) (i32.const 0))
    (func (export "length") (param i32 i32 i32 i32) (result i32) (i32.add (local.get 1) (local.get 3)))
    (func (export "none")))
  (core instance $i (instantiate $m))
  (func (export "run") (result (result (error string))) (canon lift (core func $i "run") (memory (core memory $i "memory"))))
  (func $length (param "text" string) (param "more" (option u32)) (result u32)
    (canon lift (core func $i "length") (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
  (func (export "none") (canon lift (core func $i "none")))
  (instance $text (export "length" (func $length)))
  (export "test:guest/text@1.2.0" (instance $text))
)`;
}

export interface GuestFolder {
  readonly path: (name: string) => string;
  readonly write: (name: string, content: string | Uint8Array) => string;
  readonly remove: () => void;
}

export function createGuestFolder(): GuestFolder {
  const folder = mkdtempSync(join(tmpdir(), "edge-cli-"));
  const path = (name: string): string => join(folder, name);
  return {
    path,
    write: (name, content) => {
      writeFileSync(path(name), content);
      return path(name);
    },
    remove: () => {
      rmSync(folder, { recursive: true });
    },
  };
}
