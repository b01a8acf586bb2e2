// Points in time: nanoseconds of the system, `datetime` of guests, and what Node takes to set them.

import type { BigIntStats } from "node:fs";
import { fail } from "./error-code.ts";

const NANOSECONDS = 1_000_000_000n;

export interface Datetime {
  readonly seconds: bigint;
  readonly nanoseconds: number;
}

export type NewTimestamp =
  | { readonly tag: "no-change" }
  | { readonly tag: "now" }
  | { readonly tag: "timestamp"; readonly val: Datetime };

/** Undefined before 1970, for which a datetime has no value. */
export function toDatetime(nanoseconds: bigint): Datetime | undefined {
  if (nanoseconds < 0n) return undefined;
  return { seconds: nanoseconds / NANOSECONDS, nanoseconds: Number(nanoseconds % NANOSECONDS) };
}

/** Both as `utimes` takes them. */
export function toFileTimes(access: NewTimestamp, modification: NewTimestamp): readonly [FileTime, FileTime] {
  return [toFileTime(access), toFileTime(modification)];
}

export type FileTime = number | string | Date;

/**
 * libuv leaves a time alone that is not a number and takes infinity for now (UV_FS_UTIME_OMIT, UV_FS_UTIME_NOW); these are
 * the forms in which Node lets them through. Seconds are a double: times of today are exact to 240 ns.
 */
function toFileTime(timestamp: NewTimestamp): FileTime {
  if (timestamp.tag === "no-change") return new Date(Number.NaN);
  if (timestamp.tag === "now") return "Infinity";
  const { seconds, nanoseconds } = timestamp.val;
  if (nanoseconds >= Number(NANOSECONDS)) fail("invalid");
  // What no file system stores: Node would wrap it around.
  if (seconds > MAX_SECONDS) fail("overflow");
  return Number(seconds) + nanoseconds / 1e9;
}

/** The end of ext4's range, 2446-05-10, is below; ZFS and XFS store up to 2^34 seconds at least. */
const MAX_SECONDS = 1n << 40n;

export interface FileTimes {
  readonly dataAccessTimestamp: Datetime | undefined;
  readonly dataModificationTimestamp: Datetime | undefined;
  readonly statusChangeTimestamp: Datetime | undefined;
}

export function fileTimes(stat: BigIntStats): FileTimes {
  return {
    dataAccessTimestamp: toDatetime(stat.atimeNs),
    dataModificationTimestamp: toDatetime(stat.mtimeNs),
    statusChangeTimestamp: toDatetime(stat.ctimeNs),
  };
}
