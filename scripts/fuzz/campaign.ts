// A run of the fuzzer: batches in processes side by side until the time or the number of modules is used up.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { runBatch } from "./fleet.ts";
import { keepCase } from "./kept-cases.ts";
import type { NamedException } from "./named-exceptions.ts";
import { Summary } from "./summary.ts";

export interface CampaignOptions {
  readonly seed: number;
  /** Number of the first case. */
  readonly from: number;
  readonly modules: number;
  readonly seconds: number;
  readonly jobs: number;
  readonly data: string | undefined;
  /** Where failing cases are kept. */
  readonly out: string;
  readonly print: (line: string) => void;
}

/** Cases of one process: few enough that memories of the past do not add up to V8's ceiling. */
const batchSize = 200;

export async function runCampaign(options: CampaignOptions): Promise<Summary> {
  const { seed, from, modules, seconds, jobs, data, out, print } = options;
  const summary = new Summary();
  const endsAt = performance.now() + seconds * 1000;
  const end = from + modules;
  const waiting: (readonly [from: number, to: number])[] = [];
  let handedOut = from;
  const takeBatch = (): readonly [number, number] | undefined => {
    const left = waiting.pop();
    if (left !== undefined) return left;
    if (handedOut >= end || performance.now() >= endsAt) return undefined;
    const start = handedOut;
    handedOut = Math.min(end, start + batchSize);
    return [start, handedOut];
  };
  const fail = (number: number, findings: readonly string[]): void => {
    print(`case ${number} of seed ${seed}: ${findings.slice(0, 4).join("; ").slice(0, 600)}`);
  };
  const work = async (job: number): Promise<void> => {
    const scratch = join(out, `job-${job}`);
    for (let batch = takeBatch(); batch !== undefined; batch = takeBatch()) {
      const [start, to] = batch;
      const order = { seed, from: start, to, data, scratch, out, executed: [...summary.executed], named: false };
      // A job's batches follow one another; the jobs are what runs side by side.
      // oxlint-disable-next-line no-await-in-loop
      const next = await runBatch(order, {
        onReport: (report) => {
          summary.add(report);
          if (report.findings.length > 0) fail(report.number, report.findings);
        },
        onOpcodes: (names) => {
          summary.opcodes = names;
        },
        onLost: (number, how) => {
          const findings = [`the process ended: ${how}`];
          summary.failures.push({ number, findings });
          keepCase(scratch, out, `${seed}-${number}`);
          fail(number, findings);
        },
        goesOn: () => performance.now() < endsAt,
      });
      if (next < to && performance.now() < endsAt) waiting.push([next, to]);
    }
    rmSync(scratch, { recursive: true, force: true });
  };
  await Promise.all(Array.from({ length: jobs }, (_, job) => work(job)));
  return summary;
}

/** Tries the named exceptions, in a process of their own too. */
export async function runNamed({ out }: Pick<CampaignOptions, "out">): Promise<readonly NamedException[]> {
  const scratch = join(out, "named");
  let found: readonly NamedException[] | undefined;
  const order = { seed: 0, from: 0, to: 1, data: undefined, scratch, out, executed: [], named: true };
  let lost = "";
  await runBatch(order, {
    onReport: () => {},
    onOpcodes: () => {},
    onNamed: (named) => {
      found = named;
    },
    onLost: (_number, how) => {
      lost = how;
    },
    goesOn: () => true,
  });
  rmSync(scratch, { recursive: true, force: true });
  return found ?? [{ name: "all of them", passed: false, outcome: `the process ended: ${lost}` }];
}
