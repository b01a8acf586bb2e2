// The package `edge:runtime` as one WIT text. Tools read a package from one flat folder or from one file, and some
// only from text: `wit/` has the interfaces in a folder of their own (links beside `world.wit` make it readable for
// tools that take a folder, where the checkout has links; Windows may not). This text works everywhere.
// As a program: `node scripts/wit-package.ts OUT.wit` writes it.

import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const WIT_FOLDER = new URL("../wit/", import.meta.url);

/** `world.wit`, which names the package, followed by each file of `interfaces/` in the order of their names. */
export function resolveWit(): string {
  const interfaces = new URL("interfaces/", WIT_FOLDER);
  const names = readdirSync(interfaces)
    .filter((name) => name.endsWith(".wit"))
    .sort();
  const files = [new URL("world.wit", WIT_FOLDER), ...names.map((name) => new URL(name, interfaces))];
  return files.map((file) => readFileSync(file, "utf8")).join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const out = process.argv[2];
  if (out === undefined) {
    process.stderr.write("usage: node scripts/wit-package.ts OUT.wit\n");
    process.exitCode = 2;
  } else {
    writeFileSync(out, resolveWit());
  }
}
