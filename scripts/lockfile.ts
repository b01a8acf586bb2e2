// package-lock.json (version 3) as a graph: which packages a platform installs, and who asks for them. The lock lists
// packages of every platform, so the rules of deny.ts hold for machines other than the one that runs them.

import { z } from "zod";

const names = z.record(z.string(), z.string()).default({});
const list = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (typeof value === "string" ? [value] : value))
  .optional();

const packageSchema = z.object({
  version: z.string().optional(),
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  link: z.boolean().default(false),
  license: z.string().optional(),
  hasInstallScript: z.boolean().default(false),
  os: list,
  cpu: list,
  libc: list,
  dependencies: names,
  devDependencies: names,
  optionalDependencies: names,
});

const lockSchema = z.object({ lockfileVersion: z.literal(3), packages: z.record(z.string(), packageSchema) });

export type LockedPackage = z.output<typeof packageSchema>;

/** Packages by their folder: `packages/edge-runtime-core`, `node_modules/zod`, `node_modules/a/node_modules/b`. */
export type Lockfile = ReadonlyMap<string, LockedPackage>;

export interface LockPlatform {
  readonly os: string;
  readonly cpu: string;
  readonly libc: string;
}

export interface Reached {
  readonly folder: string;
  readonly name: string;
  readonly entry: LockedPackage;
}

export function parseLockfile(text: string): Lockfile {
  return new Map(Object.entries(lockSchema.parse(JSON.parse(text)).packages));
}

/** Whether a requested version is one version and no range. */
export function isExact(version: string): boolean {
  return /^\d+\.\d+\.\d+[-+.\w]*$/.test(version);
}

/** Whether npm installs the package there. */
export function admitsPlatform(entry: LockedPackage, platform: LockPlatform): boolean {
  return (
    admits(entry.os, platform.os) &&
    admits(entry.cpu, platform.cpu) &&
    (platform.os !== "linux" || admits(entry.libc, platform.libc))
  );
}

/** Workspaces' folders, e.g. `packages/edge-runtime-core`. */
export function workspaceFolders(lock: Lockfile): string[] {
  return [...lock.keys()].filter((folder) => folder !== "" && !folder.includes("node_modules/"));
}

/** Everything that the folders' packages depend on for the platform, themselves left out; each once. */
export function reachablePackages(
  lock: Lockfile,
  platform: LockPlatform,
  start: { readonly folders: readonly string[]; readonly includesDev: boolean },
): Reached[] {
  const reached = new Map<string, Reached>();
  const visited = new Set<string>();
  const queue = start.folders.map((folder) => ({ folder, includesDev: start.includesDev }));
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    if (visited.has(at.folder)) continue;
    visited.add(at.folder);
    const entry = lock.get(at.folder);
    if (entry === undefined) continue;
    for (const name of dependencyNames(entry, at.includesDev)) {
      const folder = resolveFolder(lock, at.folder, name);
      const found = folder === undefined ? undefined : lock.get(folder);
      if (folder === undefined || found === undefined || !admitsPlatform(found, platform)) continue;
      if (found.link) {
        queue.push({ folder: found.resolved ?? folder, includesDev: start.includesDev });
        continue;
      }
      reached.set(folder, { folder, name, entry: found });
      queue.push({ folder, includesDev: false });
    }
  }
  return [...reached.values()].toSorted((a, b) => a.folder.localeCompare(b.folder));
}

/** The package that Node finds from a folder: in its own node_modules, then in those of the folders above. */
export function resolvePackage(lock: Lockfile, from: string, name: string): LockedPackage | undefined {
  const folder = resolveFolder(lock, from, name);
  return folder === undefined ? undefined : lock.get(folder);
}

function resolveFolder(lock: Lockfile, from: string, name: string): string | undefined {
  for (let base: string | undefined = from; base !== undefined; base = parentFolder(base)) {
    const folder = base === "" ? `node_modules/${name}` : `${base}/node_modules/${name}`;
    if (lock.has(folder)) return folder;
  }
  return undefined;
}

function dependencyNames(entry: LockedPackage, includesDev: boolean): string[] {
  const dev = includesDev ? Object.keys(entry.devDependencies) : [];
  return [...Object.keys(entry.dependencies), ...Object.keys(entry.optionalDependencies), ...dev];
}

function parentFolder(folder: string): string | undefined {
  if (folder === "") return undefined;
  return folder.includes("/node_modules/") ? folder.slice(0, folder.lastIndexOf("/node_modules/")) : "";
}

function admits(values: readonly string[] | undefined, value: string): boolean {
  if (values === undefined) return true;
  if (values.includes(`!${value}`)) return false;
  return values.includes(value) || values.every((item) => item.startsWith("!"));
}
