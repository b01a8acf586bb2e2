// A process that runs a batch of cases and reports each. What it is about to do stands in files, so that whoever started
// it knows the case when V8 takes the process with it.

import { openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { BitBridges } from "../wasm/bit-bridge.ts";
import { GlobalBits } from "../wasm/global-bits.ts";
import type { Case } from "./cases.ts";
import { Cases } from "./cases.ts";
import { corruptFile, keepCase, libraryFile, moduleFile } from "./kept-cases.ts";
import type { Order, WorkerMessage } from "./messages.ts";
import { minimise } from "./minimise.ts";
import { namedExceptions } from "./named-exceptions.ts";
import type { CaseRunner } from "./run-case.ts";
import { runCase, tryCase } from "./run-case.ts";

function send(message: WorkerMessage): void {
  process.send?.(message);
}

/** Keeps the bytes of a failing case, and what is left of its module where less fails too. */
async function keep({ seed, scratch, out }: Order, made: Case, runner: CaseRunner): Promise<void> {
  const name = `${seed}-${made.number}`;
  keepCase(scratch, out, name);
  if (made.bytes === undefined) return;
  const fails = async (bytes: Uint8Array): Promise<boolean> =>
    (await tryCase({ ...made, bytes }, runner)).findings.length > 0;
  if (await fails(made.bytes)) writeFileSync(join(out, `${name}.min.wasm`), await minimise(made.bytes, fails));
}

async function runOrder(order: Order): Promise<void> {
  if (order.named) return send({ named: await namedExceptions() });
  const { seed, from, to, data, scratch, executed } = order;
  const cases = await Cases.load({ seed, data, scratch });
  send({ opening: { opcodes: cases.opcodes.map(({ name }) => name) } });
  const progress = openSync(join(scratch, "number"), "w");
  const runner = { bridges: new BitBridges(), bits: new GlobalBits(), executed: new Set(executed) };
  for (let number = from; number < to; number++) {
    writeSync(progress, String(number).padEnd(12), 0);
    // One case after another: they share the bridges' memory.
    // oxlint-disable-next-line no-await-in-loop
    const made = await cases.make(number);
    writeFileSync(join(scratch, moduleFile), made.bytes ?? new Uint8Array());
    writeFileSync(join(scratch, libraryFile), made.library ?? new Uint8Array());
    writeFileSync(join(scratch, corruptFile), made.corrupted);
    // oxlint-disable-next-line no-await-in-loop
    const report = await runCase(made, runner);
    // Here and not where it is reported: there the files may be those of the next case.
    // oxlint-disable-next-line no-await-in-loop
    if (report.findings.length > 0) await keep(order, made, runner);
    send({ report });
  }
  return undefined;
}

process.on("message", (order) => {
  void runOrder(order as Order).finally(() => process.disconnect?.());
});
