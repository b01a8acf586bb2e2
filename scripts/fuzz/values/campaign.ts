// A run of the fuzzer of values: batches in processes side by side until the time or the number of cases is used up.

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ValueOrder, ValueReport } from "./worker.ts";

export interface ValueCampaign {
  readonly seed: number;
  readonly from: number;
  readonly cases: number;
  readonly seconds: number;
  readonly jobs: number;
  readonly print: (line: string) => void;
}

/** Cases of one process. */
const batchSize = 50;

const workerFile = fileURLToPath(new URL("worker.ts", import.meta.url));

export class ValueSummary {
  readonly failures: ValueReport[] = [];
  cases = 0;
  #types = 0;
  #compared = 0;
  readonly #ways = new Map<string, number>();

  add(report: ValueReport): void {
    this.cases += 1;
    this.#types += report.types;
    this.#compared += report.compared;
    this.#ways.set(report.way, (this.#ways.get(report.way) ?? 0) + report.compared);
    if (report.findings.length > 0) this.failures.push(report);
  }

  get ways(): ReadonlyMap<string, number> {
    return this.#ways;
  }

  print(): string {
    const ways = [...this.#ways].toSorted(([left], [right]) => left.localeCompare(right));
    return [
      `${this.cases} cases, ${this.#types} types; ${this.#compared} values passed here and through jco`,
      ...ways.map(([way, count]) => `  ${String(count).padStart(7)}  ${way}`),
    ].join("\n");
  }
}

/** Runs a batch; resolves with the first case that was not reported. */
function runBatch(order: ValueOrder, onReport: (report: ValueReport) => boolean): Promise<number> {
  const child = fork(workerFile, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  let next = order.from;
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("message", (message) => {
      const report = message as ValueReport;
      next = report.number + 1;
      if (!onReport(report)) child.kill();
    });
    child.on("exit", () => resolve(next));
    child.send(order);
  });
}

export async function runValueCampaign(options: ValueCampaign): Promise<ValueSummary> {
  const { seed, from, cases, seconds, jobs, print } = options;
  const summary = new ValueSummary();
  const endsAt = performance.now() + seconds * 1000;
  const end = from + cases;
  let handedOut = from;
  const report = (one: ValueReport): void => {
    summary.add(one);
    if (one.findings.length > 0) print(`case ${one.number} of seed ${seed}: ${one.findings[0] ?? ""}`);
  };
  const work = async (): Promise<void> => {
    while (handedOut < end && performance.now() < endsAt) {
      let next = handedOut;
      const to = Math.min(end, next + batchSize);
      handedOut = to;
      while (next < to && performance.now() < endsAt) {
        let stopped = false;
        // A job's batches follow one another; the jobs are what runs side by side.
        // oxlint-disable-next-line no-await-in-loop
        const reached = await runBatch({ seed, from: next, to }, (one) => {
          report(one);
          stopped = performance.now() >= endsAt;
          return !stopped;
        });
        if (reached < to && !stopped) {
          report({ number: reached, findings: ["the process ended"], compared: 0, way: "none", types: 0 });
        }
        next = reached + 1;
        if (reached === to || stopped) break;
      }
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return summary;
}
