// Official WIT texts as one text that the official tools read: every package of one version, nested under a package of
// ours whose worlds import one interface each. From the texts that jco brings (0.2.12), or from a folder with one folder
// a package, as a checkout of the WASI repository has them.

import { globSync, readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";

export interface WitPackage {
  /** As in `wasi:io@0.2.12`. */
  readonly name: string;
  /** What is in it, without the line that names it. */
  readonly body: string;
  /** Names of its interfaces, in the order of the text. */
  readonly interfaces: readonly string[];
}

/** The version of WASI whose texts are always at hand. */
export const bundledVersion = "0.2.12";

const PACKAGE_LINE = /^package\s+([a-z0-9:-]+@[0-9A-Za-z.-]+);$/m;

/** Reads packages from folders of `.wit` files, each folder one package. */
export function readWitPackages(folder: string): WitPackage[] {
  const files = globSync("**/*.wit", { cwd: folder }).toSorted();
  const folders = [...new Set(files.map(dirname))];
  return folders.map((part) => {
    const texts = files
      .filter((file) => dirname(file) === part)
      .map((file) => readFileSync(`${folder}/${file}`, "utf8"));
    const name = texts.map((text) => PACKAGE_LINE.exec(text)?.[1]).find((found) => found !== undefined);
    if (name === undefined) throw new Error(`${basename(folder)}/${part}: no file names the package`);
    const body = texts.map((text) => text.replace(PACKAGE_LINE, "")).join("\n");
    const interfaces = [...body.matchAll(/^interface ([a-z0-9-]+) \{/gm)].map((match) => match[1] ?? "");
    return { name, body, interfaces };
  });
}

/** The texts of `bundledVersion`. */
export function bundledPackages(): WitPackage[] {
  const jco = dirname(dirname(fileURLToPath(import.meta.resolve("@bytecodealliance/jco"))));
  return readWitPackages(`${jco}/lib/wit/builtin/${bundledVersion}`);
}

/** `wasi:io@0.2.12` and `poll` to `wasi:io/poll@0.2.12`. */
export function interfaceName(packageName: string, name: string): string {
  const [base = "", version] = packageName.split("@");
  return version === undefined ? `${base}/${name}` : `${base}/${name}@${version}`;
}

/** One text with all packages and a world named `probe` that imports one of their interfaces. */
export function probeText(packages: readonly WitPackage[], imported: string): string {
  const nested = packages.map(({ name, body }) => `package ${name} {\n${body}\n}\n`).join("\n");
  return `package probe:probe;\n\nworld probe {\n  import ${imported};\n}\n\n${nested}`;
}
