// WIT labels as JavaScript property names: jco's rule, so that host functions written for it fit. `content-type`
// becomes `contentType`, `HTTP-status` becomes `httpStatus`. Variant cases and enum names keep their spelling.

import { bug } from "edge-runtime-common";

/** The property name of one label. */
export function toCamelCase(label: string): string {
  return label
    .split("-")
    .map((word, index) => {
      const lower = word.toLowerCase();
      return index === 0 ? lower : lower.slice(0, 1).toUpperCase() + lower.slice(1);
    })
    .join("");
}

/**
 * Property names of the labels of one record or flags type, in order. Labels that only differ in where a digit's
 * word begins (`a1`, `a-1`) would meet in one name: the later ones keep their WIT spelling.
 */
export function propertyNames(labels: readonly string[]): string[] {
  const taken = new Set<string>();
  return labels.map((label) => {
    // Also keeps `__proto__` out of the objects that we build.
    if (!/^[a-z][a-z0-9-]*$/i.test(label)) bug(`label ${JSON.stringify(label)} passed validation`);
    const camel = toCamelCase(label);
    const name = taken.has(camel) ? label : camel;
    taken.add(name);
    return name;
  });
}

export type ReadProperty = (value: unknown) => unknown;

/**
 * Reads one property of a host's object. A name that every object inherits (`constructor`, `toString`) counts only
 * where the object has it itself.
 */
export function propertyReader(name: string): ReadProperty {
  if (name in Object.prototype) {
    return (value) => (Object.hasOwn(value as object, name) ? (value as Record<string, unknown>)[name] : undefined);
  }
  return (value) => (value as Record<string, unknown>)[name];
}
