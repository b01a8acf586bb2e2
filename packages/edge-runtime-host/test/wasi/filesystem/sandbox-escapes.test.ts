// Every way out of a granted directory that we know of, tried on a real one. `outside` stands beside the granted `inside`.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import type { Descriptor } from "../../../src/wasi/filesystem/descriptor.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { FilesystemGuest } from "./filesystem-guest.ts";
import { linuxOnly } from "./linux-only.ts";
import { untilNoneOpen } from "./open-descriptors.ts";

interface Sandbox {
  readonly guest: FilesystemGuest;
  readonly root: Descriptor;
  /** Paths on the host. */
  readonly inside: string;
  readonly outside: string;
}

async function createSandbox(context: TestContext, isWritable = true): Promise<Sandbox> {
  const folder = temporaryFolder(context);
  const [inside, outside] = [join(folder, "inside"), join(folder, "outside")];
  mkdirSync(join(inside, "sub", "deep"), { recursive: true });
  mkdirSync(outside);
  writeFileSync(join(inside, "sub", "file"), "inside");
  writeFileSync(join(outside, "secret"), "secret");
  const guest = new FilesystemGuest([{ host: inside, guest: "/", isWritable }]);
  context.after(() => guest.context.end());
  return { guest, root: await guest.root(), inside, outside };
}

/** Paths to `outside/secret`, with the code that each gets; links are made by `createLinks`. */
const ESCAPES: readonly (readonly [path: string, code: string])[] = [
  ["../outside/secret", "not-permitted"],
  ["sub/../../outside/secret", "not-permitted"],
  ["./sub/./../../outside/secret", "not-permitted"],
  ["sub/deep/../../../outside/secret", "not-permitted"],
  ["..", "not-permitted"],
  ["sub/../..", "not-permitted"],
  ["/etc/passwd", "not-permitted"],
  ["//etc/passwd", "not-permitted"],
  ["relative-link", "not-permitted"],
  ["absolute-link", "not-permitted"],
  ["directory-link/secret", "not-permitted"],
  ["sub/middle-link/secret", "not-permitted"],
  ["chain-1", "not-permitted"],
  ["proc-link", "not-permitted"],
  ["proc-link/0", "not-permitted"],
  ["up-link/outside/secret", "not-permitted"],
  ["sub/up-link/../outside/secret", "not-permitted"],
  ["loop-1", "loop"],
  ["loop-1/x", "loop"],
  ["sub/file/../file", "not-directory"],
  ["", "no-entry"],
  ["sub\0/../../outside/secret", "invalid"],
  ["secret\0", "invalid"],
  [`${"a/".repeat(3000)}x`, "name-too-long"],
  ["n".repeat(256), "name-too-long"],
  ["missing/../../outside/secret", "no-entry"],
];

function createLinks({ inside, outside }: Sandbox): void {
  const links: readonly (readonly [name: string, target: string])[] = [
    ["relative-link", "../outside/secret"],
    ["absolute-link", join(outside, "secret")],
    ["directory-link", "../outside"],
    ["sub/middle-link", "../../outside"],
    ["chain-1", "sub/chain-2"],
    ["sub/chain-2", "deep/chain-3"],
    ["sub/deep/chain-3", "../../../outside/secret"],
    ["proc-link", "/proc/self/fd"],
    ["up-link", ".."],
    ["sub/up-link", ".."],
    ["loop-1", "loop-2"],
    ["loop-2", "loop-1"],
  ];
  for (const [name, target] of links) symlinkSync(target, join(inside, name));
}

const follow = { symlinkFollow: true };

describe("filesystem sandbox", linuxOnly, () => {
  test("filesystem sandbox: no path leads out, whichever call it is given to", async (context) => {
    const sandbox = await createSandbox(context);
    createLinks(sandbox);
    const { guest, root, outside } = sandbox;
    for (const [path, code] of ESCAPES) {
      assert.equal(await guest.openCode(root, path), code, `open ${path}`);
      assert.equal(await guest.openCode(root, path, { directory: true }), code, `open directory ${path}`);
      assert.equal(await guest.code("stat-at", root, follow, path), code, `stat ${path}`);
      assert.equal(await guest.code("metadata-hash-at", root, follow, path), code, `hash ${path}`);
      const now = { tag: "now" };
      assert.equal(await guest.code("set-times-at", root, follow, path, now, now), code, `set-times ${path}`);
      assert.equal(await guest.code("link-at", root, follow, path, root, "stolen"), code, `link ${path}`);
    }
    assert.equal(readFileSync(join(outside, "secret"), "utf8"), "secret");
    guest.context.end();
    await untilNoneOpen(sandbox.inside);
  });

  test("filesystem sandbox: nothing is created, changed or removed outside", async (context) => {
    const sandbox = await createSandbox(context);
    createLinks(sandbox);
    const { guest, root, outside } = sandbox;
    for (const path of ["../outside/new", "directory-link/new", "sub/middle-link/new", "up-link/outside/new"]) {
      assert.equal(await guest.openCode(root, path, { create: true, write: true }), "not-permitted", path);
      assert.equal(await guest.code("create-directory-at", root, path), "not-permitted", path);
      assert.equal(await guest.code("symlink-at", root, "x", path), "not-permitted", path);
      assert.equal(await guest.code("rename-at", root, "sub/file", root, path), "not-permitted", path);
      assert.equal(await guest.code("link-at", root, follow, "sub/file", root, path), "not-permitted", path);
    }
    for (const path of ["../outside/secret", "directory-link/secret", "sub/middle-link/secret"]) {
      assert.equal(await guest.openCode(root, path, { truncate: true, write: true }), "not-permitted", path);
      assert.equal(await guest.code("unlink-file-at", root, path), "not-permitted", path);
      assert.equal(await guest.code("remove-directory-at", root, path), "not-permitted", path);
      assert.equal(await guest.code("rename-at", root, path, root, "stolen"), "not-permitted", path);
      assert.equal(await guest.code("readlink-at", root, path), "not-permitted", path);
    }
    // A link that dangles is not followed out either when a file would be created at its end.
    symlinkSync(join(outside, "new"), join(sandbox.inside, "dangling"));
    assert.equal(await guest.openCode(root, "dangling", { create: true, write: true }), "not-permitted");
    assert.ok(!existsSync(join(outside, "new")));
    assert.equal(readFileSync(join(outside, "secret"), "utf8"), "secret");
  });

  test("filesystem sandbox: links within are followed, and .. goes back to where the path came from", async (context) => {
    const { guest, root, inside } = await createSandbox(context);
    symlinkSync("sub/deep", join(inside, "to-deep"));
    symlinkSync("../file", join(inside, "sub", "deep", "to-file"));
    assert.equal(await guest.text(root, "to-deep/to-file"), "inside");
    assert.equal(await guest.text(root, "to-deep/../file"), "inside");
    assert.equal(await guest.openCode(root, "to-deep/to-file", { follow: false }), "loop");
  });

  test("filesystem sandbox: a link that the guest makes leads nowhere", async (context) => {
    const { guest, root } = await createSandbox(context);
    assert.equal(await guest.code("symlink-at", root, "/etc", "absolute"), "not-permitted");
    await guest.ok("symlink-at", root, "../outside", "out");
    assert.equal(await guest.openCode(root, "out/secret"), "not-permitted");
    assert.equal(await guest.openCode(root, "out", { follow: false }), "loop");
  });

  test("filesystem sandbox: a directory that is moved away has no way up", async (context) => {
    const { guest, root, inside, outside } = await createSandbox(context);
    const sub = await guest.open(root, "sub", { directory: true });
    renameSync(join(inside, "sub"), join(outside, "sub"));
    assert.equal(await guest.text(sub, "file"), "inside");
    assert.equal(await guest.openCode(sub, "../secret"), "not-permitted");
    assert.equal(await guest.openCode(sub, "deep/../../secret"), "not-permitted");
    assert.equal(await guest.openCode(root, "sub/file"), "no-entry");
  });

  test("filesystem sandbox: a directory of a descriptor is the top of its paths", async (context) => {
    const { guest, root } = await createSandbox(context);
    const deep = await guest.open(root, "sub/deep", { directory: true });
    assert.equal(await guest.openCode(deep, "../file"), "not-permitted");
    assert.equal(await guest.openCode(deep, ".."), "not-permitted");
  });

  test("filesystem sandbox: a read-only directory gives no link by which a file could be changed", async (context) => {
    const folder = temporaryFolder(context);
    for (const name of ["r", "w"]) mkdirSync(join(folder, name));
    writeFileSync(join(folder, "r", "file"), "as it was");
    linkSync(join(folder, "r", "file"), join(folder, "r", "second"));
    const guest = new FilesystemGuest([
      { host: join(folder, "r"), guest: "/r", isWritable: false },
      { host: join(folder, "w"), guest: "/w", isWritable: true },
    ]);
    context.after(() => guest.context.end());
    const [[readOnly], [writable]] = (await guest.directories()) as [[Descriptor, string], [Descriptor, string]];
    assert.equal(await guest.code("link-at", readOnly, follow, "file", writable, "file"), "read-only");
    assert.equal(await guest.code("rename-at", readOnly, "file", writable, "file"), "read-only");
    assert.equal(await guest.code("rename-at", writable, "x", readOnly, "file"), "read-only");
    assert.equal(await guest.text(readOnly, "second"), "as it was");
    assert.deepEqual(await guest.names(writable), []);
  });

  test("filesystem sandbox: FIFOs, sockets and devices can be looked at and never opened", async (context) => {
    const { guest, root, inside } = await createSandbox(context);
    execFileSync("mkfifo", [join(inside, "fifo")]);
    const server = createServer().listen(join(inside, "socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    context.after(() => server.close());
    for (const name of ["fifo", "socket"]) {
      const stat = await guest.ok<{ type: string }>("stat-at", root, follow, name);
      assert.equal(stat.type, name);
      for (const request of [{}, { write: true }, { read: false, write: true }, { create: true, write: true }]) {
        assert.equal(await guest.openCode(root, name, request), "unsupported", name);
      }
    }
    const devices = new FilesystemGuest([{ host: "/dev", guest: "/dev", isWritable: false }]);
    context.after(() => devices.context.end());
    assert.equal(await devices.openCode(await devices.root(), "zero"), "unsupported");
  });

  test("filesystem sandbox: procfs is refused, granted or found", async (context) => {
    const granted = new FilesystemGuest([{ host: "/proc", guest: "/proc", isWritable: false }]);
    await assert.rejects(granted.directories(), /\/proc cannot be opened: not-permitted/);
    const everything = new FilesystemGuest([{ host: "/", guest: "/", isWritable: false }]);
    context.after(() => everything.context.end());
    const root = await everything.root();
    for (const path of ["proc", "proc/version", "proc/self/environ", `proc/${process.pid}/mem`]) {
      assert.equal(await everything.openCode(root, path), "not-permitted", path);
    }
    // Links that the system follows past any path; what they say is absolute.
    assert.equal(await everything.openCode(root, "proc/self/exe"), "not-permitted");
    assert.equal(await everything.openCode(root, "proc/self/root/etc/passwd"), "not-permitted");
  });
});
