// What the rules about sources look at: the files of the workspace and what each imports. A scan of the text is
// enough, since a formatter has been over it, and needs no compiler.

import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const ROOT = new URL("../../../../", import.meta.url);

export interface SourceImport {
  readonly specifier: string;
  /** Erased before the program runs. */
  readonly isTypeOnly: boolean;
}

export interface SourceFile {
  /** From the workspace's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly SourceImport[];
}

export function readSources(...patterns: readonly string[]): SourceFile[] {
  const cwd = fileURLToPath(ROOT);
  return globSync(patterns, { cwd, exclude: ["**/node_modules/**", "**/build/**"] })
    .map((path) => path.replaceAll("\\", "/"))
    .toSorted()
    .map((path) => {
      const text = readFileSync(new URL(path, ROOT), "utf8");
      return { path, text, imports: findImports(text) };
    });
}

export function readWorkspaceFile(path: string): string {
  return readFileSync(new URL(path, ROOT), "utf8");
}

/** Static, dynamic and re-exporting imports with a literal specifier. */
export function findImports(text: string): SourceImport[] {
  const statements = text.matchAll(/^(?:import|export)\s(?<head>(?:[^;"']*\sfrom\s)?)"(?<specifier>[^"]+)"/gm);
  const dynamic = text.matchAll(/\bimport\(\s*"(?<specifier>[^"]+)"\s*\)/g);
  return [
    ...[...statements].map(({ groups }) => ({
      specifier: groups?.["specifier"] ?? "",
      isTypeOnly: groups?.["head"]?.startsWith("type ") ?? false,
    })),
    ...[...dynamic].map(({ groups }) => ({ specifier: groups?.["specifier"] ?? "", isTypeOnly: false })),
  ];
}

/** The text without comments, strings and regular expressions kept: good enough to look for names. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");
}
