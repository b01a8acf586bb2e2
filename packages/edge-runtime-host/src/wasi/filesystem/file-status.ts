// What reads and sets the metadata of what a path names.

import type { BigIntStats } from "node:fs";
import { lstat, lutimes, utimes } from "node:fs/promises";
import { withResolved } from "./directory-changes.ts";
import type { Place } from "./directory-changes.ts";
import { fail } from "./error-code.ts";
import { readLink } from "./path-resolution.ts";
import type { LastLink } from "./path-resolution.ts";
import type { FileTime } from "./timestamps.ts";

export interface PathFlags {
  readonly symlinkFollow: boolean;
}

export function lastLinkOf({ symlinkFollow }: PathFlags): LastLink {
  return symlinkFollow ? "always" : "before-slash";
}

export function statAt(place: Place, lastLink: LastLink): Promise<BigIntStats> {
  return withResolved(place, lastLink, async ({ directory, name, needsDirectory }, files) => {
    if (name === undefined) return files.perform(() => directory.handle.stat({ bigint: true }));
    const stat = await files.perform(() => lstat(directory.entry(name), { bigint: true }));
    if (needsDirectory && !stat.isDirectory()) fail("not-directory");
    return stat;
  });
}

export function setTimesAt(place: Place, lastLink: LastLink, times: readonly [FileTime, FileTime]): Promise<void> {
  if (!place.base.canMutate) fail("read-only");
  return withResolved(place, lastLink, async ({ directory, name, needsDirectory }, files) => {
    if (name === undefined) return files.perform(() => utimes(directory.path, ...times));
    const path = directory.entry(name);
    if (needsDirectory && !(await files.perform(() => lstat(path))).isDirectory()) fail("not-directory");
    // Links were expanded before: one that is there now is meant, or was put there since.
    return files.perform(() => lutimes(path, ...times));
  });
}

export function readLinkAt(place: Place): Promise<string> {
  return withResolved(place, "before-slash", async ({ directory, name, needsDirectory }, files) => {
    if (name === undefined) return fail("invalid");
    const target = await readLink(files, directory, name);
    if (needsDirectory) fail("not-directory");
    return target.startsWith("/") ? fail("not-permitted") : target;
  });
}
