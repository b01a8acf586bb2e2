// API reports: the public surface of each package as a text under docs/api, so that a change of it shows in review.
// `npm run docs` compares and exits 1 on a difference; `npm run docs -- --local` rewrites the reports.
// API Extractor reads declarations only, with a TypeScript of its own: ours emits them into build/api, laid out like
// the workspace with its links, so that a sibling counts as another package and not as part of the report.

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";

/** In the order of their direction: declarations of a package need those of the packages below it. */
const PACKAGES = ["common", "core", "host", "server", "testing"].map((name) => `edge-runtime-${name}`);
const BUILD = resolve("build/api");
const REPORTS = resolve("docs/api");
/** The WebAssembly interface that core brings, since no TypeScript library has all of it. */
const AMBIENT = resolve(BUILD, "wasm-js-api.d.ts");
const TYPE_ROOTS = [resolve("node_modules/@types")];

rmSync(BUILD, { recursive: true, force: true });
mkdirSync(resolve(BUILD, "node_modules"), { recursive: true });
mkdirSync(REPORTS, { recursive: true });
copyFileSync("packages/edge-runtime-core/src/wasm-js-api.d.ts", AMBIENT);
const isUpdate = process.argv.includes("--local");
const failed = PACKAGES.filter((name) => !emitDeclarations(name) || !compareReport(name, isUpdate));
if (failed.length > 0) {
  console.error(`API reports differ: ${failed.join(", ")}. If the change is wanted: npm run docs -- --local`);
  process.exitCode = 1;
}

function emitDeclarations(name: string): boolean {
  const source = resolve("packages", name);
  const out = resolve(BUILD, "packages", name);
  const project = {
    extends: resolve(source, "tsconfig.json"),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      rootDir: resolve(source, "src"),
      outDir: out,
      // Else the siblings' sources would be compiled as files of this package.
      paths: { "edge-runtime-*": [resolve(BUILD, "node_modules/edge-runtime-*/index.d.ts")] },
      typeRoots: TYPE_ROOTS,
    },
    files: [AMBIENT],
    include: [resolve(source, "src")],
  };
  mkdirSync(out, { recursive: true });
  writeFileSync(resolve(out, "tsconfig.json"), JSON.stringify(project));
  writeFileSync(resolve(out, "package.json"), JSON.stringify({ name, version: "0.1.0", types: "./index.d.ts" }));
  symlinkSync(out, resolve(BUILD, "node_modules", name), "dir");
  return spawnSync("tsc", ["-p", resolve(out, "tsconfig.json")], { stdio: "inherit" }).status === 0;
}

/** Whether the report is as it was; an update makes it so. */
function compareReport(name: string, update: boolean): boolean {
  const folder = resolve(BUILD, "packages", name);
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: resolve(folder, "index.d.ts"),
      compiler: { overrideTsconfig: analysisProject(folder) },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: REPORTS,
        reportTempFolder: resolve(BUILD, "reports"),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        extractorMessageReporting: {
          // Release tags are for published packages, and "forgotten" types are often meant to stay inside.
          "ae-missing-release-tag": { logLevel: ExtractorLogLevel.None },
          "ae-forgotten-export": { logLevel: ExtractorLogLevel.None, addToApiReportFile: true },
        },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: resolve(folder, "package.json"),
  });
  return Extractor.invoke(config, {
    localBuild: update,
    messageCallback: (message) => {
      // Which TypeScript it brings is the same every time.
      if (message.messageId === "console-preamble") message.handled = true;
    },
  }).succeeded;
}

function analysisProject(folder: string): object {
  return {
    compilerOptions: {
      target: "es2024",
      lib: ["es2024"],
      module: "nodenext",
      moduleResolution: "nodenext",
      strict: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      noEmit: true,
      types: ["node"],
      typeRoots: TYPE_ROOTS,
    },
    files: [resolve(folder, "index.d.ts"), AMBIENT],
  };
}
