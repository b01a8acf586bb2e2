// Core and component instance sections: instantiate expressions, and bundles of items that exist already.
// Spec: Binary.md "Instance Definitions".

import type { Decoding } from "./decoding.ts";
import type { Definition } from "./definitions.ts";
import { externName } from "./externs.ts";
import { namedCoreIndex, sortIndex } from "./sorts.ts";

const CORE_INSTANCE_SORT = 0x12;

function coreArgument(reader: Decoding): { name: string; instance: number } {
  const name = reader.name();
  const at = reader.pos;
  if (reader.byte() !== CORE_INSTANCE_SORT) reader.fail("an argument of a core instantiation must be an instance", at);
  return { name, instance: reader.u32() };
}

export function coreInstance(reader: Decoding): Definition {
  const offset = reader.pos;
  const form = reader.byte();
  if (form === 0x00) {
    const module = reader.u32();
    return { kind: "core-instantiate", module, args: reader.items(3, () => coreArgument(reader)), offset };
  }
  if (form === 0x01) return { kind: "core-bundle", exports: reader.items(3, () => namedCoreIndex(reader)), offset };
  return reader.fail(`unknown core instance form 0x${form.toString(16)}`, offset);
}

export function instance(reader: Decoding): Definition {
  const offset = reader.pos;
  const form = reader.byte();
  if (form === 0x00) {
    const component = reader.u32();
    const args = reader.items(3, () => ({ name: reader.name(), ...sortIndex(reader) }));
    return { kind: "instantiate", component, args, offset };
  }
  if (form === 0x01) {
    const exports = reader.items(4, () => {
      const { name, checkIs } = externName(reader);
      const item = sortIndex(reader);
      checkIs(item.sort);
      return { name, ...item };
    });
    return { kind: "bundle", exports, offset };
  }
  return reader.fail(`unknown instance form 0x${form.toString(16)}`, offset);
}
