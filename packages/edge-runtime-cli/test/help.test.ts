// Help is part of the interface: every command and flag is in it, and its examples are command lines that parse.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createProgram } from "../src/program.ts";
import { processTerminal } from "../src/terminal.ts";
import type { Actions } from "../src/program.ts";
import { runMain } from "./captured-terminal.ts";

const terminal = processTerminal();
const FLAGS = {
  serve: ["--config", "--port", "--host", "--log-level"],
  run: [
    "--invoke",
    "--fuel",
    "--no-fuel",
    "--timeout-ms",
    "--memory-mb",
    "--allow",
    "--dir",
    "--env",
    "--inherit-env",
    "--allow-net",
    "--profile",
    "--json",
  ],
  compile: ["--output", "--no-fuel", "--allow"],
  inspect: ["--json"],
} as const;

for (const [command, flags] of Object.entries(FLAGS)) {
  test(`help: ${command} lists its flags and has examples`, async () => {
    const { exitCode, stdout, stderr } = await runMain(command, "--help");
    assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: "" });
    const listed = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, flag]) => flag);
    assert.deepEqual(listed, [...flags, "--help"]);
    assert.match(stdout, /\n {2}\$ edge-runtime /);
  });
}

test("help: the command's own lists the commands and exit codes", async () => {
  const { stdout } = await runMain("--help");
  for (const command of Object.keys(FLAGS)) assert.match(stdout, new RegExp(`^ {2}${command} `, "m"));
  assert.match(stdout, /Exit codes: 0 success, 1 the guest failed/);
});

test("help: every example is a command line that parses", async () => {
  for (const command of ["", ...Object.keys(FLAGS)]) {
    const { stdout } = await runMain(...[command, "--help"].filter((argument) => argument !== ""));
    const examples = [...stdout.matchAll(/^ {2}\$ edge-runtime (.+)$/gm)].map(([, line]) => line ?? "");
    assert.notEqual(examples.length, 0);
    for (const example of examples) assert.ok(await parses(splitShellWords(example)), example);
  }
});

for (const argv of [[], ["fly"], ["run", "a.wasm", "--fule", "1"], ["inspect"], ["inspect", "a", "b"]]) {
  test(`help: ${JSON.stringify(argv)} is answered with where help is`, async () => {
    const { exitCode, stdout, stderr } = await runMain(...argv);
    assert.deepEqual({ exitCode, stdout }, { exitCode: 2, stdout: "" });
    assert.match(stderr, /^error: [^\n]*try edge-runtime( run| inspect)? --help\n$/);
  });
}

async function parses(argv: readonly string[]): Promise<boolean> {
  let parsed = false;
  const note = async (): Promise<0> => {
    parsed = true;
    return 0;
  };
  const actions: Actions = { serve: note, run: note, compile: note, inspect: note };
  const program = createProgram(actions, { terminal, version: "0", done: () => {} });
  await program.parseAsync(argv, { from: "user" });
  return parsed;
}

/** Words of a shell line with single quotes and no escapes. */
function splitShellWords(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
}
