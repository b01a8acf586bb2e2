// Which options are tagged in JavaScript: jco's rule. An option is its payload or undefined, unless the payload itself may
// be undefined: then it is `{ tag: "none" }` or `{ tag: "some", val }`, which around a further option can be bare again.

import type { ValType } from "./types.ts";

/** Whether the type is an option whose values are tagged objects: those of options that are not. */
export function isTaggedOption(type: ValType): boolean {
  return type.kind === "option" && type.type.kind === "option" && !isTaggedOption(type.type);
}
