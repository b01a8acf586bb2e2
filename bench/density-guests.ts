// What the density figures are about: guests that live idle or wait in a host call, 10,000 of each in one process.

import { readFileSync } from "node:fs";

export interface DensitySubject {
  readonly key: string;
  readonly what: string;
  /** Text of a core module with `wait` (a host call that suspends) and `f`, or of a component. */
  readonly text: string;
  readonly count: number;
  /** Guests wait in `wait(depth)`, that many frames deep; undefined: instances are idle in their pool. */
  readonly depth?: number;
}

const data = (bytes: number): string => `(data (i32.const 1024) "${"\\a5".repeat(bytes)}")`;

/** `wait(depth)` calls itself `depth` times, waits in the host, and answers how often it returned. */
const guest = (pages: number, dataBytes: number): string => `(module
  (import "env" "wait" (func $host))
  (memory (export "memory") ${pages}) ${dataBytes === 0 ? "" : data(dataBytes)}
  (global $count (mut i32) (i32.const 0))
  (func $wait (export "wait") (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (i32.const 1) (call $wait (i32.sub (local.get 0) (i32.const 1)))))
      (else (call $host) (i32.const 1)))))`;

const helloWat = readFileSync(new URL("../examples/hello-wat/hello.wat", import.meta.url), "utf8");

export const densitySubjects: readonly DensitySubject[] = [
  { key: "live_1_page", what: "idle, 1 page", text: guest(1, 0), count: 10_000 },
  { key: "live_17_pages", what: "idle, 17 pages", text: guest(17, 0), count: 10_000 },
  { key: "live_17_pages_50_kb", what: "idle, 17 pages, 50 KB of data", text: guest(17, 50_000), count: 10_000 },
  { key: "live_hello_wat", what: "idle, component hello-wat", text: helloWat, count: 10_000 },
  { key: "suspended_1_page", what: "waiting in a host call, 1 page", text: guest(1, 0), count: 10_000, depth: 0 },
  { key: "suspended_17_pages", what: "waiting in a host call, 17 pages", text: guest(17, 0), count: 10_000, depth: 0 },
  { key: "suspended_deep", what: "waiting 1,000 frames deep, 1 page", text: guest(1, 0), count: 200, depth: 1000 },
];
