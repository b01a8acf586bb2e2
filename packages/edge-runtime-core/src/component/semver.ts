// Versions of interface names, and when one may stand for another: the spec's canonical version. A host that has
// `wasi:io/poll@0.2.6` serves guests that import 0.2.0 or 0.2.9; functions that it lacks are reported as missing.
// Spec: Explainer "Canonical Interface Name"; semver.org 2.0.0.

export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** Without the `-`; empty for releases. */
  readonly prerelease: string;
  /** How the version was written. */
  readonly text: string;
}

const numeric = /^(?:0|[1-9][0-9]{0,14})$/;
const identifier = /^[0-9A-Za-z-]+$/;

function areIdentifiers(text: string, numbersAreStrict: boolean): boolean {
  return text.split(".").every((part) => identifier.test(part) && (!numbersAreStrict || !/^0[0-9]+$/.test(part)));
}

/** Parses a full version (`0.2.6-rc.1+build`) or a canonical one (`1`, `0.2`); undefined where it is neither. */
export function parseVersion(text: string): Version | undefined {
  const [unbuilt = "", build, ...rest] = text.split("+");
  if (rest.length > 0 || (build !== undefined && !areIdentifiers(build, false))) return undefined;
  const dash = unbuilt.indexOf("-");
  const numbers = (dash < 0 ? unbuilt : unbuilt.slice(0, dash)).split(".");
  const prerelease = dash < 0 ? "" : unbuilt.slice(dash + 1);
  if (dash >= 0 && !areIdentifiers(prerelease, true)) return undefined;
  if (numbers.length > 3 || !numbers.every((part) => numeric.test(part))) return undefined;
  const [major = 0, minor = 0, patch = 0] = numbers.map(Number);
  const isCanonical = numbers.length === (major > 0 ? 1 : 2) && (major > 0 || minor > 0) && text === numbers.join(".");
  if (numbers.length !== 3 && !isCanonical) return undefined;
  return { major, minor, patch, prerelease, text };
}

/** Versions with equal keys may stand for each other; prereleases and 0.0.x only for themselves. */
export function compatibilityKey(version: Version): string {
  if (version.prerelease !== "") return `=${version.text}`;
  if (version.major > 0) return `${version.major}`;
  if (version.minor > 0) return `0.${version.minor}`;
  return `0.0.${version.patch}`;
}

/** Negative where `left` is the older one. Only meaningful for compatible versions. */
export function compareVersions(left: Version, right: Version): number {
  return left.major - right.major || left.minor - right.minor || left.patch - right.patch;
}

function splitName(name: string): { readonly base: string; readonly version: Version | undefined } {
  const at = name.indexOf("@");
  if (at < 0) return { base: name, version: undefined };
  return { base: name.slice(0, at), version: parseVersion(name.slice(at + 1)) };
}

/**
 * Finds what satisfies `wanted` among `offered` names: the same name, else the newest compatible version of the same
 * interface.
 */
export function matchName(wanted: string, offered: ReadonlyMap<string, unknown>): string | undefined {
  if (offered.has(wanted)) return wanted;
  const { base, version } = splitName(wanted);
  if (version === undefined) return undefined;
  const key = compatibilityKey(version);
  let best: { readonly name: string; readonly version: Version } | undefined;
  for (const name of offered.keys()) {
    if (!name.startsWith(base)) continue;
    const candidate = splitName(name);
    if (candidate.base !== base || candidate.version === undefined) continue;
    if (compatibilityKey(candidate.version) !== key) continue;
    if (best === undefined || compareVersions(best.version, candidate.version) < 0) {
      best = { name, version: candidate.version };
    }
  }
  return best?.name;
}
