// `descriptor-type`, from what the system calls it.

import type { BigIntStats, Dirent } from "node:fs";
import { wit } from "edge-runtime-core";
import type { HostValType } from "edge-runtime-core";

/** In the order of the WIT text. */
const DESCRIPTOR_TYPES = [
  "unknown",
  "block-device",
  "character-device",
  "directory",
  "fifo",
  "symbolic-link",
  "regular-file",
  "socket",
] as const;

export type DescriptorType = (typeof DESCRIPTOR_TYPES)[number];

export const descriptorTypeType: HostValType = wit.enum(...DESCRIPTOR_TYPES);

export function typeOf(item: BigIntStats | Dirent<Buffer>): DescriptorType {
  if (item.isFile()) return "regular-file";
  if (item.isDirectory()) return "directory";
  if (item.isSymbolicLink()) return "symbolic-link";
  if (item.isFIFO()) return "fifo";
  if (item.isSocket()) return "socket";
  if (item.isCharacterDevice()) return "character-device";
  return item.isBlockDevice() ? "block-device" : "unknown";
}
