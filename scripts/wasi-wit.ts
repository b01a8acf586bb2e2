// WASI's WIT texts as one text, for tools that read a world from one file or string: what jco brings, which is what the
// project's own types are written after.

import { readFileSync } from "node:fs";

const BUILTIN = new URL("../node_modules/@bytecodealliance/jco/lib/wit/builtin/0.2.12/", import.meta.url);

export const WASI_VERSION = "0.2.12";

/** In the order of their dependencies. */
const PACKAGES = ["io", "clocks", "random", "filesystem", "sockets", "cli", "http"];

/** A world and all packages of WASI after it, as nested packages; `version` replaces that of the texts. */
export function withWasi(world: string, version = WASI_VERSION): string {
  const packages = PACKAGES.map((name) => {
    const text = readFileSync(new URL(`wasi-${name}/package.wit`, BUILTIN), "utf8");
    const body = text.replace(/^\s*package [^;]*;/m, "").replaceAll(WASI_VERSION, version);
    return `package wasi:${name}@${version} {\n${body}\n}\n`;
  });
  return `${world}\n${packages.join("")}`;
}
