// What the packages we install must keep, per platform: allowed licences, no banned packages, no install scripts in
// production, one version of each production package, and native parts for every platform that we name.

import { isLicenceAllowed } from "./licence.ts";
import { admitsPlatform, isExact, reachablePackages, resolvePackage, workspaceFolders } from "./lockfile.ts";
import type { Lockfile, LockPlatform, Reached } from "./lockfile.ts";

export interface DenyPolicy {
  readonly platforms: ReadonlyMap<string, LockPlatform>;
  readonly allowedLicences: ReadonlySet<string>;
  /** Licences of packages that do not state one, by name, with where it was read. */
  readonly clarifiedLicences: ReadonlyMap<string, { readonly licence: string; readonly source: string }>;
  /** Why each name must not be installed. */
  readonly banned: ReadonlyMap<string, string>;
}

/** One line per violation, each once however many platforms have it; empty where all rules hold. */
export function findViolations(lock: Lockfile, policy: DenyPolicy): string[] {
  const lines = [...policy.platforms].flatMap(([name, platform]) => {
    const all = reachablePackages(lock, platform, { folders: ["", ...workspaceFolders(lock)], includesDev: true });
    const production = reachablePackages(lock, platform, {
      folders: ["", ...workspaceFolders(lock)],
      includesDev: false,
    });
    return [
      ...all.flatMap((item) => [...findLicenceViolation(item, policy), ...findBan(item, policy)]),
      ...production
        .filter(({ entry }) => entry.hasInstallScript)
        .map((item) => `${item.folder}: has an install script`),
      ...findDuplicates(production),
      ...findMissingEntries(lock, all),
      ...findMissingNatives(lock, all, { name, platform }),
    ];
  });
  return [...new Set(lines)].toSorted((a, b) => a.localeCompare(b));
}

function findLicenceViolation({ folder, name, entry }: Reached, policy: DenyPolicy): string[] {
  const licence = entry.license ?? policy.clarifiedLicences.get(name)?.licence;
  if (licence === undefined) return [`${folder}: states no licence`];
  return isLicenceAllowed(licence, policy.allowedLicences) ? [] : [`${folder}: licence ${licence} is not allowed`];
}

function findBan({ folder, name }: Reached, policy: DenyPolicy): string[] {
  const reason = policy.banned.get(name);
  return reason === undefined ? [] : [`${folder}: is banned: ${reason}`];
}

function findDuplicates(production: readonly Reached[]): string[] {
  const byName = Map.groupBy(production, ({ name }) => name);
  return [...byName].flatMap(([name, items]) => {
    const versions = new Set(items.map(({ entry }) => entry.version));
    return versions.size > 1 ? [`${name}: production has several versions: ${[...versions].join(", ")}`] : [];
  });
}

/**
 * A package with native parts (optional dependencies for an operating system) must have one for the platform, in its
 * version and with the hash of contents that somebody has seen.
 */
function findMissingNatives(
  lock: Lockfile,
  all: readonly Reached[],
  on: { readonly name: string; readonly platform: LockPlatform },
): string[] {
  return all.flatMap(({ folder, entry }) => {
    const parts = Object.entries(entry.optionalDependencies)
      .map(([name, version]) => ({ part: resolvePackage(lock, folder, name), version }))
      .filter(({ part }) => part?.os !== undefined);
    const fitting = parts.filter(({ part, version }) => {
      const fits = part?.integrity !== undefined && admitsPlatform(part, on.platform);
      return fits && (part.version === version || !isExact(version));
    });
    return parts.length > 1 && fitting.length === 0 ? [`${folder}: has no native part for ${on.name}`] : [];
  });
}

/** `npm ci` refuses a lock file that leaves out an optional dependency, of whatever platform. */
function findMissingEntries(lock: Lockfile, all: readonly Reached[]): string[] {
  return all.flatMap(({ folder, entry }) =>
    Object.entries(entry.optionalDependencies)
      .filter(([name, version]) => isExact(version) && resolvePackage(lock, folder, name)?.version !== version)
      .map(([name]) => `${folder}: the lock file has no ${name}; npm run lock adds it`),
  );
}
