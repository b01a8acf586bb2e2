// Every function that the host offers under a name of WASI has the type that the WIT texts of all 0.2 versions give it,
// and none of an interface is missing: a component that imports all of them, made from the texts, is linked.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { componentEmbed, componentNew } from "@bytecodealliance/jco-transpile/wasm-tools";
import { defaultConfig } from "edge-runtime-common";
import { CompiledModule, WasmEngine } from "edge-runtime-core";
import { fakePlatform } from "edge-runtime-testing";
import { createHostImports } from "../../src/index.ts";

const texts = new URL("../../../../../shared/wit/", import.meta.url);
const platform = fakePlatform();
const imports = createHostImports({ platform });
const PACKAGES = ["io", "clocks", "random", "cli", "filesystem", "sockets", "http"];

function readPackage(version: string, name: string): string {
  const folder = new URL(`wasi-${version}/${name}/`, texts);
  const files = readdirSync(folder).filter((file) => file.endsWith(".wit"));
  return files.map((file) => readFileSync(new URL(file, folder), "utf8").replace(/^package .*;$/gm, "")).join("\n");
}

/** Interfaces that the host offers and the texts of a version have. */
function sharedInterfaces(version: string): string[] {
  return PACKAGES.flatMap((name) => {
    const text = readPackage(version, name);
    const declared = [...text.matchAll(/^interface ([a-z0-9-]+) \{/gm)].map((match) => match[1]);
    return declared
      .filter((declaredName) => imports.has(`wasi:${name}/${declaredName}@0.2.12`))
      .map((declaredName) => `wasi:${name}/${declaredName}@${version}`);
  });
}

async function importerOf(version: string, names: readonly string[]): Promise<Uint8Array> {
  const packages = PACKAGES.map((name) => `package wasi:${name}@${version} {\n${readPackage(version, name)}\n}`);
  const world = `world all {\n${names.map((name) => `import ${name};`).join("\n")}\n}`;
  const witSource = ["package test:all;", world, ...packages].join("\n");
  return componentNew(await componentEmbed({ witSource, dummy: true, world: "all", features: { tag: "all" } }));
}

for (const version of ["0.2.0", "0.2.6", "0.2.12"]) {
  const skip = existsSync(texts) ? false : "the WIT texts are absent";
  test(
    `WIT texts: the host's interfaces have all functions of WASI ${version}, with their types`,
    { skip },
    async () => {
      const names = sharedInterfaces(version);
      assert.ok(names.length >= 18, names.join(", "));
      const engine = new WasmEngine(defaultConfig().engine, { platform });
      const module = await CompiledModule.fromAny(engine, await importerOf(version, names));
      assert.doesNotThrow(() => module.link(imports));
    },
  );
}
