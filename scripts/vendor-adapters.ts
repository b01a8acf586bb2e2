// Copies the official preview 1 adapters and their licence into the host package, before it is packed: users of the
// package then need no jco, which is where the adapters are published.

import { copyFileSync, mkdirSync } from "node:fs";

const target = new URL("../packages/edge-runtime-host/vendor/", import.meta.url);
const jco = import.meta.resolve("@bytecodealliance/jco");

mkdirSync(target, { recursive: true });
for (const kind of ["command", "reactor"]) {
  const file = `wasi_snapshot_preview1.${kind}.wasm`;
  copyFileSync(new URL(`../lib/${file}`, jco), new URL(file, target));
}
// jco's package has no text of its licence; that of its parts is the same: Apache-2.0 WITH LLVM-exception.
copyFileSync(new URL("../LICENSE", import.meta.resolve("@bytecodealliance/jco-transpile")), new URL("LICENSE", target));
