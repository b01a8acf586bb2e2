// What the README shows is what happens, and its table of keys is complete.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { defaultConfig } from "edge-runtime-common";
import { runMain } from "./captured-terminal.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const README = readFileSync(`${ROOT}README.md`, "utf8");

interface Shown {
  readonly command: string;
  readonly output: string;
}

/** Commands of the command line in `console` blocks, each with the lines that follow it. */
function shownCommands(): Shown[] {
  const blocks = [...README.matchAll(/^```console\n(.*?)^```$/gms)].map(([, block]) => block ?? "");
  return blocks
    .flatMap((block) => block.split(/^\$ /m).slice(1))
    .map((part) => {
      const [command = "", ...output] = part.split("\n");
      return { command, output: output.join("\n") };
    })
    .filter(({ command }) => command.startsWith("npx edge-runtime "));
}

test("readme: shows runs of the command", () => {
  assert.ok(shownCommands().length >= 3);
});

for (const { command, output } of shownCommands()) {
  test(`readme: ${command}`, async () => {
    const argv = command.split(" ").slice(2);
    // The README's paths count from the root of the checkout; `npm test` runs there, `npm test -w` does not.
    const { stdout, stderr } = await runMain(
      ...argv.map((word) => (word.startsWith("examples/") ? ROOT + word : word)),
    );
    assert.equal((stdout + stderr).replaceAll(ROOT, ""), output);
  });
}

test("readme: its table has every key of the configuration", () => {
  const { engine, execution, server } = defaultConfig();
  const keys = [engine, execution, server].flatMap((section) => Object.keys(section));
  const inFile = keys.filter((key) => key !== "host" && key !== "port").map(toSnakeCase);
  for (const key of [...inFile, "listen", "name", "route", "source", "entry", "permissions"]) {
    assert.match(README, new RegExp(`^\\|.*\\b${key}\\b.*\\|`, "m"), key);
  }
});

function toSnakeCase(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
