// The grammar of labels and of import and export names. Names reach error messages and `inspect` only after they
// passed it: they are short ASCII without control characters.
// Spec: Explainer "Import and Export Definitions" and "Name Uniqueness".

import { parseVersion } from "./semver.ts";

export type ExternName =
  | { readonly kind: "label"; readonly text: string }
  | { readonly kind: "constructor"; readonly text: string; readonly resource: string }
  | { readonly kind: "method" | "static"; readonly text: string; readonly resource: string; readonly member: string }
  | { readonly kind: "interface"; readonly text: string; readonly version: string | undefined }
  /** Dependency names of package tools: `unlocked-dep=<a:b>`, `url=<https://...>` and the like. */
  | { readonly kind: "dependency"; readonly text: string };

const fragment = /^(?:[0-9a-z]+|[0-9A-Z]+)$/;
const lowerFragment = /^[0-9a-z]+$/;
const dependency = /^(?:unlocked-dep|locked-dep|url|integrity)=<[\x20-\x7e]*>$/;
const annotated = /^\[(constructor|method|static)\](.*)$/;

export const MAX_NAME_LENGTH = 1000;

/** True for kebab-case labels: `a`, `is-XML`, `a1-2-3`. */
export function isLabel(text: string): boolean {
  return /^[A-Za-z]/.test(text) && text.split("-").every((part) => fragment.test(part));
}

function isWords(text: string): boolean {
  return /^[a-z]/.test(text) && text.split("-").every((part) => lowerFragment.test(part));
}

function parseAnnotated(text: string, annotation: string, rest: string): ExternName | undefined {
  if (annotation === "constructor") {
    return isLabel(rest) ? { kind: "constructor", text, resource: rest } : undefined;
  }
  const [resource = "", member = "", ...more] = rest.split(".");
  if (more.length > 0 || !isLabel(resource) || !isLabel(member)) return undefined;
  return { kind: annotation === "method" ? "method" : "static", text, resource, member };
}

function parseInterfaceName(text: string): ExternName | undefined {
  const at = text.indexOf("@");
  const path = at < 0 ? text : text.slice(0, at);
  const version = at < 0 ? undefined : text.slice(at + 1);
  if (version !== undefined && parseVersion(version) === undefined) return undefined;
  const [packagePath = "", ...projections] = path.split("/");
  const words = packagePath.split(":");
  // Nested namespaces and packages are a gated feature of the spec.
  if (words.length !== 2 || projections.length !== 1) return undefined;
  if (!words.every(isWords) || !projections.every(isLabel)) return undefined;
  return { kind: "interface", text, version };
}

/** Parses the name of an import or export; undefined where it is not one. */
export function parseExternName(text: string): ExternName | undefined {
  if (text.length > MAX_NAME_LENGTH) return undefined;
  if (isLabel(text)) return { kind: "label", text };
  const [, annotation, rest] = annotated.exec(text) ?? [];
  if (annotation !== undefined && rest !== undefined) return parseAnnotated(text, annotation, rest);
  if (dependency.test(text)) return { kind: "dependency", text };
  return parseInterfaceName(text);
}

/** Why a text is no extern name, where it is one but for a gated feature of the specification; else empty. */
export function nestedNameReason(text: string): string {
  const [path = ""] = text.split("@");
  const [words = "", ...projections] = path.split("/");
  if (projections.length > 1) return ": trailing characters found: `/" + projections.slice(1).join("/") + "`";
  return words.split(":").length > 2 ? ": expected `/` after package name" : "";
}

/** Names with equal keys may not stand in one scope: bindings would give them one identifier. */
export function uniquenessKey(name: ExternName): string {
  switch (name.kind) {
    case "constructor":
      return `[constructor]${name.resource.toLowerCase()}`;
    case "method":
    case "static":
      return name.resource === name.member
        ? name.resource.toLowerCase()
        : `${name.resource}.${name.member}`.toLowerCase();
    case "label":
    case "interface":
      return name.text.toLowerCase();
    case "dependency":
      return name.text;
  }
}
