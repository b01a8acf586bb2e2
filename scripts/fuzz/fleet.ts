// Worker processes, a batch of cases each. A batch is a process of its own: memories that V8 has not collected go with
// it, and a crash of V8 costs one case.

import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CaseReport, Order, WorkerMessage } from "./messages.ts";
import type { NamedException } from "./named-exceptions.ts";

/** A case takes milliseconds; what takes so long hangs. */
const hangMs = 60_000;
/** Bounds what one corrupt input can make the process hold. */
const heapMb = 1024;

export interface BatchEvents {
  readonly onReport: (report: CaseReport) => void;
  readonly onOpcodes: (names: readonly string[]) => void;
  readonly onNamed?: (named: readonly NamedException[]) => void;
  /** The process ended in the middle of a case, or was ended because it hung. */
  readonly onLost: (number: number, how: string) => void;
  /** Asked after each case: false ends the batch. */
  readonly goesOn: () => boolean;
}

const workerFile = fileURLToPath(new URL("worker.ts", import.meta.url));

/** Runs a batch; resolves with the number of the first case that was not run. */
export function runBatch(order: Order, events: BatchEvents, worker = workerFile): Promise<number> {
  mkdirSync(order.scratch, { recursive: true });
  rmSync(join(order.scratch, "number"), { force: true });
  const child = fork(worker, {
    execArgv: [`--max-old-space-size=${heapMb}`],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  let next = order.from;
  let ended = false;
  return new Promise((resolve, reject) => {
    const watchdog = new Watchdog(child);
    child.on("error", reject);
    child.on("message", (message) => {
      watchdog.seen();
      const told = message as WorkerMessage;
      if ("opening" in told) return events.onOpcodes(told.opening.opcodes);
      if ("named" in told) return events.onNamed?.(told.named);
      next = told.report.number + 1;
      events.onReport(told.report);
      if (next < order.to && events.goesOn()) return undefined;
      ended = true;
      child.kill();
      return undefined;
    });
    child.on("exit", (code, signal) => {
      watchdog.stop();
      if (!ended && next < order.to) {
        // Where it did not come to a case, the first one is given up: there must be an end.
        const lost = Math.max(next, caseUnderWay(order));
        events.onLost(lost, watchdog.hung ? `no answer in ${hangMs / 1000} s` : (signal ?? `exit status ${code}`));
        next = lost + 1;
      }
      resolve(next);
    });
    child.send(order);
  });
}

function caseUnderWay({ scratch, from }: Order): number {
  try {
    return Number(readFileSync(join(scratch, "number"), "utf8"));
  } catch {
    return from;
  }
}

class Watchdog {
  hung = false;
  readonly #child: ChildProcess;
  #timer: NodeJS.Timeout;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#timer = this.#start();
  }

  #start(): NodeJS.Timeout {
    return setTimeout(() => {
      this.hung = true;
      this.#child.kill("SIGKILL");
    }, hangMs);
  }

  seen(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#start();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
