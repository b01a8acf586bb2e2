// The thread of compile-thread.ts: takes one task after the other and answers each.

import { parentPort } from "node:worker_threads";
import { CompilationFailed } from "edge-runtime-common";
import type { Metering, RewrittenProgram } from "edge-runtime-core";
import { adaptAndRewrite, rewriteProgram } from "edge-runtime-core/internal";
import { ComponentValidator } from "./component-validator.ts";
import { adaptPreview1 } from "./preview1-adapter.ts";
import { parseWat } from "./wat-parser.ts";

export type CompileTask =
  | { readonly kind: "parse"; readonly text: string }
  | { readonly kind: "validate"; readonly bytes: Uint8Array }
  | RewriteTask;

interface RewriteTask {
  readonly kind: "rewrite";
  readonly bytes: Uint8Array;
  readonly metering: Metering;
  readonly marksPages: boolean;
  readonly adaptsPreview1: boolean;
}

export type CompileOutcome =
  | { readonly kind: "parsed"; readonly bytes: Uint8Array }
  | { readonly kind: "rewritten"; readonly program: RewrittenProgram }
  /** The text is not WebAssembly text. */
  | { readonly kind: "invalid"; readonly reason: string }
  /** `refusal` is why the component is invalid. */
  | { readonly kind: "validated"; readonly refusal: string | undefined }
  | { readonly kind: "failed"; readonly reason: string; readonly feature?: string | undefined };

/** Said once, before the first task. */
export interface CompilerReady {
  readonly kind: "ready";
}

const validator = new ComponentValidator();

async function rewrite({ bytes, metering, marksPages, adaptsPreview1 }: RewriteTask): Promise<RewrittenProgram> {
  if (adaptsPreview1) return adaptAndRewrite(bytes, metering, marksPages, adaptPreview1);
  return rewriteProgram(bytes, metering, marksPages);
}

async function perform(task: CompileTask): Promise<CompileOutcome> {
  try {
    if (task.kind === "validate") return { kind: "validated", refusal: await validator.validate(task.bytes) };
    if (task.kind === "rewrite") return { kind: "rewritten", program: await rewrite(task) };
    return { kind: "parsed", bytes: await parseWat(task.text) };
  } catch (error) {
    if (error instanceof CompilationFailed) {
      const { reason, feature } = error;
      return { kind: "failed", reason, feature };
    }
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: error instanceof SyntaxError ? "invalid" : "failed", reason };
  }
}

parentPort?.on("message", (task: CompileTask) => {
  void perform(task).then((outcome) => parentPort?.postMessage(outcome));
});
const ready: CompilerReady = { kind: "ready" };
parentPort?.postMessage(ready);
