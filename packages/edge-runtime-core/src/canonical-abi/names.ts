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
 * Property names of the labels of one record or flags type, in order. Labels that differ only in whether a hyphen
 * stands before a digit (`a1`, `a-1`) would meet in one name: both keep their WIT spelling.
 */
export function propertyNames(labels: readonly string[]): string[] {
  const camelCased = labels.map((label) => {
    // Also keeps `__proto__` out of the objects that we build.
    if (!/^[a-z][a-z0-9-]*$/i.test(label)) bug(`label ${JSON.stringify(label)} passed validation`);
    return toCamelCase(label);
  });
  const counts = new Map<string, number>();
  for (const name of camelCased) counts.set(name, (counts.get(name) ?? 0) + 1);
  return camelCased.map((name, index) => (counts.get(name) === 1 ? name : (labels[index] ?? name)));
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
