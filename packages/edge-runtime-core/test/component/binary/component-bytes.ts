// Component binaries by hand, for what the text format cannot say.

import type { Bytes } from "../../support/module-builder.ts";
import { section } from "../../support/module-builder.ts";

export const componentHeader: Bytes = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];

export const SectionId = {
  custom: 0,
  coreModule: 1,
  coreInstance: 2,
  coreType: 3,
  component: 4,
  instance: 5,
  alias: 6,
  type: 7,
  canon: 8,
  start: 9,
  import: 10,
  export: 11,
  value: 12,
} as const;

export function componentBytes(...sections: readonly (readonly [id: number, ...content: number[]])[]): Uint8Array {
  return new Uint8Array([...componentHeader, ...sections.flatMap(([id, ...content]) => section(id, content))]);
}
