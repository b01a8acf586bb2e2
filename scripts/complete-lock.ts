// Completes package-lock.json: `npm run lock`, after `npm install`. npm leaves out the native parts for platforms whose
// package the registry does not have at that moment, and `npm ci` then refuses the whole lock file, on every platform.
// The missing entries say name, version and platform, so that npm sees a complete tree and passes over those of other
// machines; without an integrity, since nobody saw the contents. `npm run deny` refuses such an entry for a platform
// that we support.

import { readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { nativePlatform } from "./native-platform.ts";
import { isExact, parseLockfile, resolvePackage } from "./lockfile.ts";

const LOCK = "package-lock.json";
const lockSchema = z.looseObject({ packages: z.record(z.string(), z.record(z.string(), z.unknown())) });

const text = readFileSync(LOCK, "utf8");
const raw = lockSchema.parse(JSON.parse(text));
const lock = parseLockfile(text);
const packages = { ...raw.packages };
const added = [...lock].flatMap(([folder, entry]) =>
  Object.entries(entry.optionalDependencies).flatMap(([name, version]) => {
    const found = resolvePackage(lock, folder, name);
    if (found?.version === version || !isExact(version)) return [];
    const place = found === undefined ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    const dev = raw.packages[folder]?.["dev"];
    packages[place] = { version, ...nativePlatform(name), ...(dev === true ? { dev } : {}), optional: true };
    return [`${place} ${version}`];
  }),
);
const sorted = Object.fromEntries(Object.entries(packages).toSorted(([a], [b]) => a.localeCompare(b, "en")));
writeFileSync(LOCK, `${JSON.stringify({ ...raw, packages: sorted }, null, 2)}\n`);
for (const line of added) console.log(`added ${line}`);
