import { readFileSync } from "node:fs";

/** `edge-runtime 0.1.0 (node v26.10.0, v8 14.6.202)`: what a report of a problem should name. */
export function versionText(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  const { version } = JSON.parse(text) as { readonly version: string };
  return `edge-runtime ${version} (node ${process.version}, v8 ${process.versions.v8})`;
}
