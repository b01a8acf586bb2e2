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

export async function statAt(place: Place, lastLink: LastLink): Promise<BigIntStats> {
  // Most names are of no link: only where one is found is the path resolved to its end.
  const { stat, needsDirectory } = await statResolved(place, "never");
  const isExpanded = lastLink === "always" || (lastLink === "before-slash" && needsDirectory);
  const last = stat.isSymbolicLink() && isExpanded ? await statResolved(place, lastLink) : { stat, needsDirectory };
  if (last.needsDirectory && !last.stat.isDirectory()) fail("not-directory");
  return last.stat;
}

function statResolved(place: Place, lastLink: LastLink) {
  return withResolved(place, lastLink, async ({ directory, name, needsDirectory }, files) => {
    const step = (): Promise<BigIntStats> =>
      name === undefined ? directory.handle.stat({ bigint: true }) : lstat(directory.entry(name), { bigint: true });
    return { stat: await files.perform(step), needsDirectory };
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
