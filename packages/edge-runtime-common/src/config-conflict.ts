// Checks between values that are each valid on their own.

import { formatKeyPath } from "./config-problem.ts";
import type { ConfigFile } from "./config-schema.ts";

/** Problems in the form of config-problem.ts; empty where the values fit together. */
export function findConflicts(file: ConfigFile): string[] {
  return [
    ...findTimeoutConflicts(file),
    ...findDuplicates(file, "name"),
    ...findDuplicates(file, "route"),
    ...findSharedPaths(file),
  ];
}

function findTimeoutConflicts({ server }: ConfigFile): string[] {
  if (server.headers_timeout_ms <= server.request_timeout_ms) return [];
  return [
    `server.headers_timeout_ms: expected at most server.request_timeout_ms (${server.request_timeout_ms}), ` +
      `got ${server.headers_timeout_ms}`,
  ];
}

function findDuplicates(file: ConfigFile, key: "name" | "route"): string[] {
  const firstByValue = new Map<string, number>();
  return file.functions.flatMap((table, index) => {
    const first = firstByValue.get(table[key]);
    if (first === undefined) {
      firstByValue.set(table[key], index);
      return [];
    }
    const path = formatKeyPath(["functions", index, key]);
    return [`${path}: expected a ${key} of its own, got that of functions[${first}], ${JSON.stringify(table[key])}`];
  });
}

/** Two directories under one path of a guest's. */
function findSharedPaths(file: ConfigFile): string[] {
  return file.functions.flatMap(({ permissions: { directories } }, fn) =>
    directories.flatMap(({ guest }, index) => {
      const first = directories.findIndex((other) => other.guest === guest);
      if (first === index) return [];
      const path = formatKeyPath(["functions", fn, "permissions", "directories", index, "guest"]);
      return [`${path}: expected a path of its own, got that of directories[${first}], ${JSON.stringify(guest)}`];
    }),
  );
}
