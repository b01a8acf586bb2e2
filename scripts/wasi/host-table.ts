// docs/wasi.md: which interfaces of WASI guests may import, generated from what the host offers and the official texts.
// `npm run wasi-table` rewrites the table; a test fails where the page differs from it.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createHostImports, createNodePlatform } from "edge-runtime-host";
import type { HostImports } from "edge-runtime-core";
import type { InterfaceSurvey } from "./interface-survey.ts";
import { InterfaceSurveyor, offeredInstance } from "./interface-survey.ts";
import type { WitPackage } from "./wit-text.ts";
import { bundledPackages, interfaceName, readWitPackages } from "./wit-text.ts";

const PAGE = new URL("../../docs/wasi.md", import.meta.url);
const BEGIN = "<!-- generated: npm run wasi-table -->";
const END = "<!-- end of what is generated -->";

/** Interfaces that guests export and the host calls. */
const EXPORTED: ReadonlyMap<string, string> = new Map([
  ["wasi:cli/run", "exported by guests"],
  ["wasi:http/incoming-handler", "exported by guests"],
]);

/** Packages that have the same text as one of wit/drafts, under another version or (logging) none; `also`: and interface. */
const SAME_TEXT: readonly {
  readonly name: string;
  readonly like: string;
  readonly also?: readonly [string, string];
}[] = [
  { name: "wasi:config@0.2.0-draft", like: "wasi:config@0.2.0-rc.1", also: ["store", "runtime"] },
  { name: "wasi:config@0.2.0-draft-2024-09-27", like: "wasi:config@0.2.0-rc.1" },
  { name: "wasi:logging", like: "wasi:logging@0.1.0-draft" },
];

/** The texts of the drafts that are offered, written anew: their repositories name no licence. */
export function draftPackages(): WitPackage[] {
  const written = readWitPackages(fileURLToPath(new URL("../../wit/drafts", import.meta.url)));
  const copies = SAME_TEXT.map(({ name, like, also }): WitPackage => {
    const found = written.find((part) => part.name === like);
    if (found === undefined) throw new Error(`wit/drafts has no package ${like}`);
    if (also === undefined) return { ...found, name };
    const second = found.body.replace(`interface ${also[0]} {`, `interface ${also[1]} {`);
    return { name, body: `${found.body}\n${second}`, interfaces: [...found.interfaces, also[1]] };
  });
  return [...written, ...copies].toSorted((left, right) => left.name.localeCompare(right.name));
}

export function hostUnderSurvey(): HostImports {
  return createHostImports({ platform: createNodePlatform() });
}

/** The first column of a survey: releases of WASI are offered in all their versions, drafts each in their own. */
function versionText(name: string): string {
  const version = name.split("@")[1] ?? "none";
  return /^0\.2\.\d+$/.test(version) ? `0.2.0 to ${version}` : version;
}

function list(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}

function stateOf(survey: InterfaceSurvey, imports: HostImports): string {
  const base = survey.name.split("@")[0] ?? "";
  const exported = EXPORTED.get(base);
  if (exported !== undefined) return exported;
  if (offeredInstance(imports, survey.name) === undefined) {
    return survey.missing.length === 0 ? "not offered (unstable)" : "not offered";
  }
  const { missing, missingUnstable, mistyped } = survey;
  if (mistyped !== undefined) return `differs: ${mistyped}`;
  const parts = missing.length === 0 ? ["complete"] : [`missing: ${list(missing)}`];
  if (missingUnstable.length > 0) parts.push(`unstable, not offered: ${list(missingUnstable)}`);
  return parts.join("; ");
}

/** The table, each cell as wide as the formatter would make it. */
function printTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = rows;
  return [line(head), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...body.map(line)].join("\n");
}

export async function hostTable(): Promise<string> {
  const imports = hostUnderSurvey();
  const surveys = [
    ...(await new InterfaceSurveyor(imports, bundledPackages()).all()),
    ...(await new InterfaceSurveyor(imports, draftPackages()).all()),
  ];
  const rows = surveys.map((survey) => [
    `\`${survey.name.split("@")[0]}\``,
    versionText(survey.name),
    String(survey.functions.length),
    stateOf(survey, imports),
  ]);
  return printTable([["Interface", "Versions", "Functions", "State"], ...rows]);
}

/** WASI interfaces that the host offers and no text above declares; the table would not tell of them. */
export function undeclaredInterfaces(): string[] {
  const declared = new Set(
    [...bundledPackages(), ...draftPackages()].flatMap((part) =>
      part.interfaces.map((name) => interfaceName(part.name, name)),
    ),
  );
  return [...hostUnderSurvey().keys()].filter((name) => name.startsWith("wasi:") && !declared.has(name));
}

/** The page with the table put in. */
export function withTable(page: string, table: string): string {
  const start = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (start < 0 || end < start) throw new Error(`docs/wasi.md has no lines ${BEGIN} and ${END}`);
  return `${page.slice(0, start + BEGIN.length)}\n\n${table}\n\n${page.slice(end)}`;
}

export function readPage(): string {
  return readFileSync(PAGE, "utf8");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, withTable(readPage(), await hostTable()));
