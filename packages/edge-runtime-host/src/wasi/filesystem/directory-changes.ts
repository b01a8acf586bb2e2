// What changes names in directories: each call asks the system for one name in one open directory, and the system itself
// follows no symbolic link at the end of a path in any of them.

import { link, lstat, mkdir, rename, rmdir, symlink, unlink } from "node:fs/promises";
import type { Descriptor } from "./descriptor.ts";
import { fail } from "./error-code.ts";
import type { OpenFile } from "./open-file.ts";
import { resolvePath } from "./path-resolution.ts";
import type { LastLink, Resolved } from "./path-resolution.ts";
import type { RunFiles } from "./run-files.ts";

export interface Place {
  readonly base: Descriptor;
  readonly path: string;
}

/** Holds what a path resolves to during a call. */
export function withResolved<T>(
  { base, path }: Place,
  lastLink: LastLink,
  call: (resolved: Resolved, files: RunFiles) => Promise<T>,
): Promise<T> {
  return base.use(async (file, files) => {
    const resolved = await resolvePath(files, file, path, lastLink);
    try {
      return await call(resolved, files);
    } finally {
      resolved.directory.release();
    }
  });
}

/** A name that may be changed: the base may, and the path does not end in the directory itself. */
function withName<T>(
  place: Place,
  itself: "exist" | "is-directory" | "invalid" | "busy" | "not-permitted",
  call: (name: Named, files: RunFiles) => Promise<T>,
): Promise<T> {
  if (!place.base.canMutate) fail("read-only");
  return withResolved(place, "never", ({ directory, name, needsDirectory }, files) =>
    call({ directory, needsDirectory, name: name ?? fail(itself) }, files),
  );
}

interface Named {
  readonly directory: OpenFile;
  readonly name: string;
  readonly needsDirectory: boolean;
}

const pathOf = ({ directory, name }: Named): string => directory.entry(name);

/** Spec: POSIX, 4.16 pathname resolution: what a slash follows is a directory. */
async function checkSlash(named: Named, files: RunFiles): Promise<void> {
  if (!named.needsDirectory) return;
  const stat = await files.perform(() => lstat(pathOf(named)));
  if (!stat.isDirectory()) fail("not-directory");
}

export function createDirectory(place: Place): Promise<void> {
  return withName(place, "exist", (name, files) => files.perform(() => mkdir(pathOf(name), 0o777)));
}

export function removeDirectory(place: Place): Promise<void> {
  return withName(place, "invalid", (name, files) => files.perform(() => rmdir(pathOf(name))));
}

export function unlinkFile(place: Place): Promise<void> {
  return withName(place, "is-directory", async (name, files) => {
    await checkSlash(name, files);
    await files.perform(() => unlink(pathOf(name)));
  });
}

export function renameAt(from: Place, to: Place): Promise<void> {
  if (!to.base.canMutate) fail("read-only");
  return withName(from, "busy", (source, files) =>
    withName(to, "busy", async (target) => {
      const needsDirectory = source.needsDirectory || target.needsDirectory;
      await checkSlash({ ...source, needsDirectory }, files);
      await files.perform(() => rename(pathOf(source), pathOf(target)));
    }),
  );
}

/** Read-only directories give no links either: one elsewhere would be a way to change the file. */
export function linkAt(from: Place, lastLink: LastLink, to: Place): Promise<void> {
  if (!from.base.canMutate || !to.base.canMutate) fail("read-only");
  return withResolved(from, lastLink, ({ directory, name, needsDirectory }, files) => {
    const source = { directory, needsDirectory, name: name ?? fail("not-permitted") };
    return withName(to, "exist", async (target) => {
      await checkSlash(source, files);
      await checkNewName(target, files);
      await files.perform(() => link(pathOf(source), pathOf(target)));
    });
  });
}

export function symlinkAt(target: string, place: Place): Promise<void> {
  if (target.startsWith("/")) fail("not-permitted");
  if (target.includes("\0")) fail("invalid");
  return withName(place, "exist", async (name, files) => {
    await checkNewName(name, files);
    await files.perform(() => symlink(target, pathOf(name)));
  });
}

/** A new name of something that is no directory: with a slash after it there can be none. */
async function checkNewName(named: Named, files: RunFiles): Promise<void> {
  if (!named.needsDirectory) return;
  await checkSlash(named, files);
  fail("exist");
}
