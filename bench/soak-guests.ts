// The guests of the soak: each a way to live, wait, fail or grow, with the outcomes that it must have.

import { readFileSync } from "node:fs";

export interface SoakGuest {
  readonly name: string;
  readonly text: string;
  readonly entry: string;
  readonly args: readonly unknown[];
  /** Codes of errors, or `success`: how its runs may end. */
  readonly outcomes: readonly string[];
  /** The client leaves while some of its runs wait. */
  readonly cancels?: boolean;
}

const request = { method: "get", uri: "/", headers: [["host", "soak.test"]], body: undefined };
/** A busy function may be told to come again, one that spoils its instances too. */
const refused = "ERR_EDGE_POOL_EXHAUSTED";

const core = (fields: string, body: string): string =>
  `(module (import "env" "wait" (func $wait)) (memory (export "memory") 2) (global $g (mut i32) (i32.const 0))
    (table $t 8 funcref) ${fields} (func $f (export "f") (result i32) ${body}))`;

/** Writes a page, a global and a table, and answers whether it found them as they were. */
const writer = core(
  "",
  `(i32.or (i32.load (i32.const 70000)) (global.get $g))
   (memory.fill (i32.const 65536) (i32.const 1) (i32.const 65536)) (global.set $g (i32.const 1))
   (table.set $t (i32.const 3) (ref.func $f))`,
);

export const soakGuests: readonly SoakGuest[] = [
  { name: "core", text: writer, entry: "f", args: [], outcomes: ["success"] },
  {
    name: "component",
    text: readFileSync(new URL("../examples/hello-wat/hello.wat", import.meta.url), "utf8"),
    entry: "handle",
    args: [request],
    outcomes: ["success"],
  },
  {
    name: "trapping",
    text: core("", "(memory.fill (i32.const 0) (i32.const 1) (i32.const 9999)) unreachable"),
    entry: "f",
    args: [],
    outcomes: ["ERR_EDGE_TRAP", refused],
  },
  {
    name: "spinning",
    text: core("", "(loop (br 0)) unreachable"),
    entry: "f",
    args: [],
    outcomes: ["ERR_EDGE_EXECUTION_TIMEOUT", refused],
  },
  {
    name: "out of fuel",
    text: core("", "(loop (global.set $g (i32.const 1)) (br 0)) unreachable"),
    entry: "f",
    args: [],
    outcomes: ["ERR_EDGE_FUEL_EXHAUSTED", refused],
  },
  {
    name: "growing",
    text: core("", "(i32.sub (memory.grow (i32.const 3)) (i32.const 2)) (i32.store (i32.const 200000) (i32.const 1))"),
    entry: "f",
    args: [],
    outcomes: ["success", refused],
  },
  { name: "suspended", text: core("", "call $wait global.get $g"), entry: "f", args: [], outcomes: ["success"] },
  {
    name: "abandoned",
    text: core("", "call $wait call $wait call $wait global.get $g"),
    entry: "f",
    args: [],
    outcomes: ["ERR_EDGE_EXECUTION_CANCELLED", "success", refused],
    cancels: true,
  },
  {
    name: "new each time",
    text: core("(tag $x) (global $e (mut exnref) (ref.null exn))", "(global.get $g)"),
    entry: "f",
    args: [],
    outcomes: ["success", refused],
  },
];
