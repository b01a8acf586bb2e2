// A folder of converted scripts, `<folder>/<stem>/<stem>.json`: every folder of that form is run, whatever its name.

import { globSync } from "node:fs";
import { join } from "node:path";
import { defaultConfig } from "edge-runtime-common";
import { createHostModule, WasmEngine } from "edge-runtime-core";
import { createNodePlatform } from "edge-runtime-host";
import { hostItems, simpleModuleText } from "./host-items.ts";
import { readScript } from "./script.ts";
import { ScriptRun } from "./script-run.ts";

export interface Finding {
  /** `cm-values/post-return:40` */
  readonly place: string;
  readonly type: string;
  readonly reason: string;
}

export interface Tally {
  scripts: number;
  passed: number;
  readonly failures: Finding[];
  /** Commands that are not judged, each with its reason. */
  readonly listed: Finding[];
  /** Instances that were reset, and what was repeated in them. */
  readonly resets: { instances: number; actions: number; readonly notRestored: Map<string, number> };
}

export interface SuiteReport {
  readonly folders: ReadonlyMap<string, Tally>;
  readonly total: Tally;
}

function emptyTally(): Tally {
  return {
    scripts: 0,
    passed: 0,
    failures: [],
    listed: [],
    resets: { instances: 0, actions: 0, notRestored: new Map() },
  };
}

function addTally(total: Tally, part: Tally): void {
  total.scripts += part.scripts;
  total.passed += part.passed;
  total.failures.push(...part.failures);
  total.listed.push(...part.listed);
  total.resets.instances += part.resets.instances;
  total.resets.actions += part.resets.actions;
  for (const [reason, count] of part.resets.notRestored) addCount(total.resets.notRestored, reason, count);
}

function addCount(counts: Map<string, number>, key: string, amount: number): void {
  counts.set(key, (counts.get(key) ?? 0) + amount);
}

/** Scripts whose name contains `filter`, sorted: `cm-values/transcode/transcode`. */
export function scriptsOf(data: string, filter: string): string[] {
  return globSync("*/*/*.json", { cwd: data })
    .map((file) => file.replaceAll("\\", "/").replace(/\.json$/, ""))
    .filter((name) => name.includes(filter))
    .toSorted();
}

function createEngine(): WasmEngine {
  const { engine } = defaultConfig();
  return new WasmEngine(
    { ...engine, poolingAllocator: true, cacheCompiledModules: false },
    { platform: createNodePlatform(), proposals: { gc: true, threads: true } },
  );
}

/** Suites whose components are only validated by those who wrote them: their imports exist nowhere. */
function onlyValidates(name: string): boolean {
  return !name.startsWith("cm-") && !name.startsWith("wasmtime-");
}

/** Runs one script; `name` is `<folder>/<stem>/<stem>`. */
export async function runScript(data: string, name: string, engine: WasmEngine): Promise<Tally> {
  const tally = emptyTally();
  tally.scripts = 1;
  const script = readScript(join(data, `${name}.json`));
  const simple = await createHostModule(engine, await engine.platform.parseWat(simpleModuleText));
  const run = new ScriptRun(script, { engine, host: hostItems(simple), onlyValidates: onlyValidates(name) });
  const scriptName = name.split("/").slice(0, -1).join("/");
  for (const command of script.commands) {
    // Commands of a script follow one another.
    // oxlint-disable-next-line no-await-in-loop
    const verdict = await run.execute(command);
    const place = `${scriptName}:${command.line}`;
    if (verdict.kind === "passed") tally.passed += 1;
    else
      tally[verdict.kind === "failed" ? "failures" : "listed"].push({
        place,
        type: command.type,
        reason: verdict.reason,
      });
  }
  for (const { notRestored, repeated, differences } of await run.repeat()) {
    if (notRestored !== undefined) addCount(tally.resets.notRestored, notRestored, 1);
    else tally.resets.instances += 1;
    tally.resets.actions += repeated;
    for (const { line, text } of differences) {
      tally.failures.push({ place: `${scriptName}:${line}`, type: "reset", reason: text });
    }
  }
  return tally;
}

export async function runSuite(data: string, filter: string): Promise<SuiteReport> {
  const folders = new Map<string, Tally>();
  const total = emptyTally();
  const engine = createEngine();
  for (const name of scriptsOf(data, filter)) {
    // One after another: compiling takes all there is.
    // oxlint-disable-next-line no-await-in-loop
    const tally = await runScript(data, name, engine);
    const folder = name.split("/")[0] ?? "";
    const sum = folders.get(folder) ?? emptyTally();
    folders.set(folder, sum);
    addTally(sum, tally);
    addTally(total, tally);
  }
  return { folders, total };
}
