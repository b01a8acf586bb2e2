// The interfaces against the published WIT texts: a component that imports every function of them links, by the types
// that the texts declare. The texts lie beside the checkout; without them the tests are skipped.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { componentEmbed, componentNew } from "@bytecodealliance/jco-transpile/wasm-tools";
import { defaultConfig } from "edge-runtime-common";
import { CompiledModule, WasmEngine } from "edge-runtime-core";
import { createHostImports, createNodePlatform } from "edge-runtime-host";

const ROOT = fileURLToPath(new URL("../../../../../../shared/wit/", import.meta.url));

const INTERFACES = [
  "instance-network",
  "network",
  "udp",
  "udp-create-socket",
  "tcp",
  "tcp-create-socket",
  "ip-name-lookup",
];

function packageText(name: string, version: string): string {
  const folder = `${ROOT}wasi-${version}/${name}/`;
  // Worlds import packages that are not needed; time zones are no part of what is released.
  const files = readdirSync(folder).filter((file) => file !== "world.wit" && file !== "timezone.wit");
  const texts = files.map((file) => readFileSync(folder + file, "utf8").replace(/^package [^;]+;/m, ""));
  return `package wasi:${name}@${version} {\n${texts.join("\n")}\n}\n`;
}

/** Links a component that imports everything; `change` alters the texts. */
async function link(version: string, change: (wit: string) => string = (wit) => wit): Promise<void> {
  const imports = INTERFACES.map((name) => `  import wasi:sockets/${name}@${version};`).join("\n");
  const packages = ["sockets", "io", "clocks"].map((name) => packageText(name, version)).join("\n");
  const witSource = change(`package test:everything;\nworld everything {\n${imports}\n}\n${packages}`);
  const core = await componentEmbed({ witSource, dummy: true, world: "everything", features: { tag: "all" } });
  const platform = createNodePlatform();
  const engine = new WasmEngine(defaultConfig().engine, { platform });
  const module = await CompiledModule.fromComponentBytes(engine, await componentNew(core));
  module.link(createHostImports({ platform }));
}

function needsWit(version: string) {
  const folder = `${ROOT}wasi-${version}`;
  return { skip: existsSync(folder) ? false : `WIT texts are absent: ${folder}` };
}

describe("wasi:sockets WIT", () => {
  for (const version of ["0.2.0", "0.2.6", "0.2.12"]) {
    test(`sockets wit: every function of ${version} links`, needsWit(version), () => link(version));
  }

  for (const [name, from, to] of [
    ["a parameter", "set-hop-limit: func(value: u8)", "set-hop-limit: func(value: u16)"],
    ["a result", "is-listening: func() -> bool", "is-listening: func() -> u8"],
    ["an error code", "connection-aborted,", "connection-broken,"],
    ["a field", "scope-id: u32", "scope: u32"],
  ] as const) {
    test(`sockets wit: ${name} of another type is refused`, needsWit("0.2.12"), async () => {
      const changed = (wit: string): string => {
        assert.ok(wit.includes(from));
        return wit.replaceAll(from, to);
      };
      await assert.rejects(link("0.2.12", changed), { code: "ERR_EDGE_IMPORT_NOT_FOUND" });
    });
  }
});
