// Makes a failing module smaller: every function that the failure does without becomes `unreachable`. Half of them at
// once first, then fewer, so that large modules take few attempts.

import { readCoreModule, Reader, SectionId, Writer } from "edge-runtime-core/internal";
import { replaceSection } from "../wasm/sections.ts";

/** No locals, `unreachable`, `end`. */
const emptyBody = new Uint8Array([0, 0x00, 0x0b]);

/** Bodies of all functions of a module. */
function bodiesOf(bytes: Uint8Array): Uint8Array[] {
  const section = readCoreModule(bytes).sections.find(({ id }) => id === SectionId.code);
  if (section === undefined) return [];
  const reader = new Reader(bytes, section.start, section.end);
  return Array.from({ length: reader.count(2) }, () => {
    const size = reader.u32();
    const start = reader.pos;
    reader.skip(size);
    return bytes.subarray(start, start + size);
  });
}

function withBodies(bytes: Uint8Array, bodies: readonly Uint8Array[]): Uint8Array {
  const code = new Writer(bytes.length);
  code.u32(bodies.length);
  for (const body of bodies) {
    code.u32(body.length);
    code.append(body);
  }
  return replaceSection(readCoreModule(bytes), SectionId.code, code);
}

/** The smallest module found that `fails` too, and is valid. */
export async function minimise(
  bytes: Uint8Array,
  fails: (candidate: Uint8Array) => Promise<boolean>,
): Promise<Uint8Array> {
  let bodies = bodiesOf(bytes);
  for (let size = Math.ceil(bodies.length / 2); size > 0; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < bodies.length; from += size) {
      const candidate = bodies.map((body, index) => (index >= from && index < from + size ? emptyBody : body));
      const module = withBodies(bytes, candidate);
      // Each attempt builds on the last one that failed.
      // oxlint-disable-next-line no-await-in-loop
      if (WebAssembly.validate(module) && (await fails(module))) bodies = candidate;
    }
  }
  return withBodies(bytes, bodies);
}
