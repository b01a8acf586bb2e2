import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { InvalidConfig, Io } from "edge-runtime-common";
import { defaultArtifactKeyFile, readArtifactKey, readOrCreateArtifactKey } from "../../src/platform/artifact-key.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const KEY = "0123456789abcdef0123456789abcdef";

describe("artifact key", () => {
  test("artifact key: reads the bytes without white space at the ends", (context) => {
    const file = join(temporaryFolder(context), "key");
    writeFileSync(file, ` ${KEY}\r\n\n`, { mode: 0o600 });
    assert.equal(Buffer.from(readArtifactKey(file)).toString(), KEY);
  });

  for (const mode of [0o640, 0o604, 0o660, 0o620, 0o602]) {
    const text = mode.toString(8).padStart(4, "0");
    test(`artifact key: refuses a file with mode ${text} and says what to do`, (context) => {
      const file = join(temporaryFolder(context), "key");
      writeFileSync(file, KEY);
      chmodSync(file, mode);
      assert.throws(() => readArtifactKey(file), {
        name: "InvalidConfig",
        reason: `artifact key file ${file}: is open to other users (mode ${text}); run: chmod 600 ${file}`,
      });
    });
  }

  const refused: readonly (readonly [string, string | undefined, RegExp])[] = [
    ["a file that is absent", undefined, /cannot be read$/],
    ["an empty file", "", /expected 32 to 4096 bytes, got 0$/],
    ["31 bytes", KEY.slice(1), /got 31$/],
    ["32 bytes of which one is white space", `${KEY.slice(1)}\n`, /got 31$/],
    ["4,097 bytes", "k".repeat(4097), /got 4097$/],
  ];
  for (const [name, content, reason] of refused) {
    test(`artifact key: refuses ${name}`, (context) => {
      const file = join(temporaryFolder(context), "key");
      if (content !== undefined) writeFileSync(file, content, { mode: 0o600 });
      assert.throws(
        () => readArtifactKey(file),
        (error) => error instanceof InvalidConfig && reason.test(error.reason),
      );
    });
  }

  test("artifact key: refuses a folder", (context) => {
    assert.throws(() => readArtifactKey(temporaryFolder(context)), /is not a file/);
  });

  test("artifact key: makes a key of the user once, 0600 in a folder 0700, and nothing else", (context) => {
    const file = join(temporaryFolder(context), "state", "edge-runtime", "artifact.key");
    const key = readOrCreateArtifactKey(file);
    assert.equal(key.length, 64);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(dirname(file)).mode & 0o777, 0o700);
    assert.deepEqual(readdirSync(dirname(file)), ["artifact.key"]);
    assert.deepEqual(readOrCreateArtifactKey(file), key);
    assert.equal(readFileSync(file, "utf8"), `${Buffer.from(key).toString()}\n`);
  });

  test("artifact key: two installations have different keys", (context) => {
    const folder = temporaryFolder(context);
    assert.notDeepEqual(readOrCreateArtifactKey(join(folder, "a")), readOrCreateArtifactKey(join(folder, "b")));
  });

  test("artifact key: a damaged key of the user is refused, not replaced", (context) => {
    const file = join(temporaryFolder(context), "key");
    writeFileSync(file, "torn", { mode: 0o600 });
    assert.throws(() => readOrCreateArtifactKey(file), InvalidConfig);
    assert.equal(readFileSync(file, "utf8"), "torn");
  });

  test("artifact key: a folder that cannot be made is an I/O error", (context) => {
    const folder = temporaryFolder(context);
    writeFileSync(join(folder, "file"), "");
    mkdirSync(join(folder, "folder"));
    assert.throws(
      () => readOrCreateArtifactKey(join(folder, "file", "key")),
      (error) => error instanceof Io || error instanceof InvalidConfig,
    );
  });

  test("artifact key: the default file follows XDG_STATE_HOME where that is absolute", () => {
    const inHome = join(homedir(), ".local", "state", "edge-runtime", "artifact.key");
    assert.equal(defaultArtifactKeyFile({ XDG_STATE_HOME: "/state" }), join("/state", "edge-runtime", "artifact.key"));
    assert.equal(defaultArtifactKeyFile({ XDG_STATE_HOME: "state" }), inHome);
    assert.equal(defaultArtifactKeyFile({}), inHome);
  });
});
