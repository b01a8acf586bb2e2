// What guests learn of a file without reading it.

import { createHash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { typeOf } from "./descriptor-type.ts";
import type { DescriptorType } from "./descriptor-type.ts";
import { fileTimes } from "./timestamps.ts";
import type { FileTimes } from "./timestamps.ts";

export interface DescriptorStat extends FileTimes {
  readonly type: DescriptorType;
  readonly linkCount: bigint;
  /** Bytes. */
  readonly size: bigint;
}

export function toDescriptorStat(stat: BigIntStats): DescriptorStat {
  return { type: typeOf(stat), linkCount: stat.nlink, size: stat.size, ...fileTimes(stat) };
}

export interface MetadataHash {
  readonly lower: bigint;
  readonly upper: bigint;
}

/**
 * `lower` says which file it is and stays with it: the preview 1 adapter has guests take it for the inode number.
 * `upper` changes with the contents and the metadata as well.
 */
export function hashMetadata({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): MetadataHash {
  const identity = `${dev} ${ino}`;
  return { lower: hash64(identity), upper: hash64(`${identity} ${size} ${mtimeNs} ${ctimeNs}`) };
}

function hash64(text: string): bigint {
  return createHash("sha256").update(text).digest().readBigUInt64LE();
}
