// `run --dir`: a component reaches the directory and nothing else.

import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { after, describe, test } from "node:test";
import { runMain } from "./captured-terminal.ts";
import { FILE_READER } from "./file-reader-guest.ts";
import { createGuestFolder } from "./guest-files.ts";

const folder = createGuestFolder();
after(folder.remove);
const reader = folder.write("reader.wat", FILE_READER);
mkdirSync(folder.path("data"));
folder.write("data/hello", "hello there");
folder.write("secret", "secret");
symlinkSync("../secret", folder.path("data/link"));

const linuxOnly = {
  skip: process.platform === "linux" ? false : "directories can be granted on Linux only",
};

/** Numbers of error codes in the order of the WIT text. */
const [NO_ENTRY, NOT_PERMITTED] = [20, 31];

describe("run --dir", linuxOnly, () => {
  for (const [path, directory, stdout] of [
    ["hello", "data::/", 'ok("hello there")'],
    ["hello", "data:ro", 'ok("hello there")'],
    ["missing", "data", `err(${NO_ENTRY})`],
    ["../secret", "data", `err(${NOT_PERMITTED})`],
    ["link", "data", `err(${NOT_PERMITTED})`],
  ] as const) {
    test(`run: a component reads ${path} with --dir ${directory}`, async () => {
      const dir = ["--dir", folder.path(directory), "--timeout-ms", "60000"];
      const run = await runMain("run", reader, "--invoke", "read-file", JSON.stringify(path), ...dir);
      assert.deepEqual(run, { exitCode: 0, stdout: `${stdout}\n`, stderr: "" });
    });
  }

  test("run: without --dir there is no directory", async () => {
    const { stdout } = await runMain("run", reader, "--invoke", "read-file", '"hello"');
    assert.equal(stdout, "err(255)\n");
  });

  test("run: a directory that is missing, or none, is bad usage", async () => {
    for (const [name, reason] of [
      ["missing", /^error: --dir: directory .*missing: ENOENT/],
      ["secret", /^error: --dir: directory .*secret is no directory/],
    ] as const) {
      const { exitCode, stderr } = await runMain("run", reader, "--dir", folder.path(name));
      assert.equal(exitCode, 2);
      assert.match(stderr, reason);
    }
  });
});
