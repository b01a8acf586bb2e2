// Aliases: items of instances and of enclosing components, brought into the index spaces.
// Spec: Binary.md "Alias Definitions".

import type { Decoding } from "./decoding.ts";
import type { Alias, CoreSort, Sort } from "./definitions.ts";
import { sort } from "./sorts.ts";

function isCoreSort(sortName: Sort): sortName is CoreSort {
  return sortName.startsWith("core ");
}

export function alias(reader: Decoding): Alias {
  const offset = reader.pos;
  const sortName = sort(reader);
  const at = reader.pos;
  const form = reader.byte();
  switch (form) {
    case 0x00:
      return { kind: "alias-export", sort: sortName, instance: reader.u32(), name: reader.name(), offset };
    case 0x01:
      if (!isCoreSort(sortName)) return reader.fail(`a core instance does not export the sort ${sortName}`, offset);
      return { kind: "alias-core-export", sort: sortName, instance: reader.u32(), name: reader.name(), offset };
    case 0x02:
      return { kind: "alias-outer", sort: sortName, count: reader.u32(), index: reader.u32(), offset };
    default:
      return reader.fail(`unknown form of alias 0x${form.toString(16)}`, at);
  }
}
