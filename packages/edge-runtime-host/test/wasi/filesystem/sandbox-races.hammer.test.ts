// Another thread replaces directories and files by links to the outside while the guest resolves and opens paths over
// them. Whatever the guest reaches must be inside.

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import type { Descriptor } from "../../../src/wasi/filesystem/descriptor.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { FilesystemGuest, openArguments } from "./filesystem-guest.ts";
import { linuxOnly } from "./linux-only.ts";

const ROUNDS = 500;

/** What the attacker makes likely, and none of them lets anything out. */
const HARMLESS: ReadonlySet<unknown> = new Set([
  "no-entry",
  "not-permitted",
  "not-directory",
  "loop",
  "busy",
  "exist",
  "is-directory",
]);

function makeFolders(folder: string): { readonly inside: string; readonly outside: string } {
  const [inside, outside] = [join(folder, "inside"), join(folder, "outside")];
  mkdirSync(join(inside, "swap"), { recursive: true });
  mkdirSync(outside);
  writeFileSync(join(inside, "swap", "file"), "inside");
  writeFileSync(join(inside, "swap-file"), "inside");
  writeFileSync(join(outside, "file"), "secret");
  symlinkSync("../outside", join(inside, "swap-link"));
  symlinkSync("../outside/file", join(inside, "swap-file-link"));
  return { inside, outside };
}

describe("filesystem sandbox races", linuxOnly, () => {
  test("filesystem sandbox: swapping directories, files and links never lets a guest out", async (context) => {
    const { inside, outside } = makeFolders(temporaryFolder(context));
    const guest = new FilesystemGuest([{ host: inside, guest: "/", isWritable: true }]);
    context.after(() => guest.context.end());
    const root = await guest.root();
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const attacker = new Worker(new URL("race-attacker.ts", import.meta.url), { workerData: { inside, stop } });
    await once(attacker, "message");
    let [reached, refused] = [0, 0];
    const note = (answer: { readonly tag: string; readonly val: unknown }): void => {
      if (answer.tag === "ok") reached += 1;
      else refused += 1;
      assert.ok(answer.tag === "ok" || HARMLESS.has(answer.val), String(answer.val));
    };
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const path of ["swap/file", "swap-file"]) {
        const opened = await guest.answer("open-at", root, ...openArguments(path, {}));
        note(opened);
        if (opened.tag === "ok") {
          const file = opened.val as Descriptor;
          const [bytes] = await guest.ok<[Uint8Array, boolean]>("read", file, 10n, 0n);
          assert.equal(new TextDecoder().decode(bytes), "inside");
          file.close();
        }
      }
      const write = { write: true, create: true, truncate: false };
      const created = await guest.answer("open-at", root, ...openArguments("swap/new", write));
      note(created);
      if (created.tag === "ok") (created.val as Descriptor).close();
      note(await guest.answer("create-directory-at", root, `swap/new-${round}`));
      note(await guest.answer("remove-directory-at", root, `swap/new-${round}`));
      note(await guest.answer("rename-at", root, "swap/new", root, "swap/renamed"));
      note(await guest.answer("unlink-file-at", root, "swap/renamed"));
      const stat = await guest.answer("stat-at", root, { symlinkFollow: true }, "swap-file");
      note(stat);
    }
    Atomics.store(stop, 0, 1);
    await once(attacker, "exit");
    assert.deepEqual(readdirSync(outside), ["file"]);
    assert.equal(readFileSync(join(outside, "file"), "utf8"), "secret");
    assert.ok(reached > 0 && refused > 0, `reached ${reached}, refused ${refused}`);
  });
});
