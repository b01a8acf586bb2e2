// Runs one script in all ways side by side, command by command, and tallies what they did.

import { CompilationFailed } from "edge-runtime-common";
import { rewriteModule } from "edge-runtime-core/internal";
import { BitBridges } from "../../wasm/bit-bridge.ts";
import { GlobalBits } from "../../wasm/global-bits.ts";
import { HostValues } from "./constants.ts";
import { plain, rewritten } from "./direct-ways.ts";
import { describeOutcome, excuseOf, judge, printOutcome } from "./outcome.ts";
import { marked, pooled } from "./pooled-way.ts";
import { readScript } from "./script.ts";
import { ScriptRun } from "./script-run.ts";
import type { Tally } from "./tally.ts";
import { addCount, addVerdict, emptyTally } from "./tally.ts";
import type { Way } from "./way.ts";

/** Plain V8 comes first: the others must do what it does. */
export const ways: readonly [Way, ...Way[]] = [
  plain,
  rewritten("fuel", "fuel", "own"),
  pooled,
  marked,
  rewritten("deadline", "deadline", "imported"),
];

function refusalOf(bytes: Uint8Array): string | undefined {
  if (!WebAssembly.validate(bytes)) return undefined;
  try {
    rewriteModule(bytes, { metering: "none", counter: "own" });
    return undefined;
  } catch (error) {
    if (error instanceof CompilationFailed) return error.reason;
    throw error;
  }
}

/** `name` is what reports call the script. The first way is the reference. */
export async function runScript(file: string, name: string, compared = ways): Promise<Tally> {
  const script = readScript(file);
  const tally = emptyTally();
  tally.scripts = 1;
  const refusals = new Map<Uint8Array, string | undefined>();
  const refusal = (bytes: Uint8Array): string | undefined => {
    if (!refusals.has(bytes)) {
      const reason = refusalOf(bytes);
      refusals.set(bytes, reason);
      if (reason !== undefined) addCount(tally.refused, reason);
    }
    return refusals.get(bytes);
  };
  const host = { values: new HostValues(), bridges: new BitBridges(), globals: new GlobalBits(), refusal };
  const runs = compared.map((way) => ({ way, run: new ScriptRun(script, way, host) }));
  for (const [at, command] of script.commands.entries()) {
    let reference: string | undefined;
    for (const { way, run } of runs) {
      // Commands of a script follow one another, in each way.
      // oxlint-disable-next-line no-await-in-loop
      const outcome = await run.execute(command, at);
      const verdict = judge(outcome, command, host.values);
      addVerdict(tally, way.name, verdict);
      const found = { file: name, line: command.line, way: way.name };
      if (way === compared[0]) {
        reference = printOutcome(outcome);
        if (verdict === "skipped") addCount(tally.skipped, excuseOf(outcome, command) ?? "");
        const text = `${command.type}: ${describeOutcome(outcome)}`;
        if (verdict === "failed") tally.plainFailures.push({ ...found, text });
      } else if (printOutcome(outcome) !== reference) {
        tally.differences.push({ ...found, text: `${describeOutcome(outcome)}, plain V8: ${reference ?? ""}` });
      }
    }
  }
  for (const { way, run } of runs) {
    // oxlint-disable-next-line no-await-in-loop
    const { differences, counts } = await run.finish();
    for (const { at, text } of differences) {
      tally.differences.push({ file: name, line: script.commands[at]?.line ?? 0, way: way.name, text });
    }
    for (const [what, count] of counts) addCount(tally.events, `${way.name}: ${what}`, count);
  }
  return tally;
}
