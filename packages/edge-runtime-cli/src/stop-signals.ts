// Signals that end a run under way: the guest is stopped wherever it is, and the command ends as a program that the
// signal ended would.

import { constants } from "node:os";
import type { Run } from "edge-runtime-core";
import type { ExitCode } from "./exit-code.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface StopSignals extends Disposable {
  /** 128 and the number of the first signal; undefined where none came. */
  readonly exitCode: () => ExitCode | undefined;
}

/** Cancels the run at the first signal. A second one finds Node's own handling back: it ends the process. */
export function cancelOnSignal(run: Run): StopSignals {
  let received: NodeJS.Signals | undefined;
  const dispose = (): void => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    received = signal;
    dispose();
    run.cancel(signal);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    exitCode: () => (received === undefined ? undefined : 128 + constants.signals[received]),
    [Symbol.dispose]: dispose,
  };
}
