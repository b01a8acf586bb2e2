// Runs commands as steps of a check: a few at a time, output kept and shown only where a step failed, so that a
// reader sees one line per step and then what is wrong.

import { spawn } from "node:child_process";

export interface Step {
  readonly name: string;
  /** Program and arguments; found on PATH, which `npm run` starts with node_modules/.bin. */
  readonly command: readonly [string, ...string[]];
}

interface Outcome {
  readonly step: Step;
  readonly passed: boolean;
  readonly output: string;
  readonly durationMs: number;
}

/** Whether all steps passed; every step runs even if another failed. `concurrency` is 1 or more. */
export async function runSteps(steps: readonly Step[], concurrency: number): Promise<boolean> {
  const waiting = [...steps];
  const outcomes: Outcome[] = [];
  async function work(): Promise<void> {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      // A worker's steps follow one another; the workers are what runs side by side.
      // oxlint-disable-next-line no-await-in-loop
      const outcome = await runStep(step);
      outcomes.push(outcome);
      report(outcome);
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work));
  return outcomes.every(({ passed }) => passed);
}

function runStep(step: Step): Promise<Outcome> {
  const [program, ...args] = step.command;
  const startedMs = performance.now();
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    const finish = (passed: boolean, note = ""): void => {
      const output = Buffer.concat(chunks).toString("utf8") + note;
      resolve({ step, passed, output, durationMs: performance.now() - startedMs });
    };
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.on("error", (error) => {
      finish(false, error.message);
    });
    child.on("close", (code) => {
      finish(code === 0);
    });
  });
}

function report({ step, passed, output, durationMs }: Outcome): void {
  console.log(`${passed ? "ok  " : "FAIL"} ${step.name} (${(durationMs / 1000).toFixed(1)} s)`);
  if (!passed) console.log(output.trimEnd());
}
