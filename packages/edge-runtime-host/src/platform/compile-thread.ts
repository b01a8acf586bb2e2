// Parses, validates, links and rewrites in a thread of its own: a hostile module then neither blocks nor ends the
// process. The thread's heap is limited by V8, its time by this file, which ends it and starts another for what comes
// next. One thing at a time, so that each has the whole time. The thread keeps no process alive while it is idle.
//
//   caller ── task ──► queue ──► thread ── outcome ──► caller
//                                  └─ too long, out of memory: ended ──► CompilationFailed

import { Worker } from "node:worker_threads";
import { CompilationFailed } from "edge-runtime-common";
import type { Platform } from "edge-runtime-core";
import type { CompileOutcome, CompilerReady, CompileTask } from "./compile-worker.ts";

export interface CompileThreadOptions {
  /** Most time that one module may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Most heap of the thread in MiB; the bytes of modules are not counted. */
  readonly memoryMb: number;
}

interface Waiting {
  readonly task: CompileTask;
  readonly settle: (outcome: CompileOutcome) => void;
}

const closed: CompileOutcome = { kind: "failed", reason: "the compiler was closed" };

/** What the compiling ports of a platform are. */
export type CompilePorts = Required<Pick<Platform, "parseWat" | "rewrite" | "validateComponent">>;

/** Young objects live shortly: more than this makes no difference. */
const youngMb = 64;
/** Binaries do not recurse deeply, text may. */
const stackMb = 8;

export class CompileThread implements CompilePorts, AsyncDisposable {
  readonly #options: CompileThreadOptions;
  readonly #queue: Waiting[] = [];
  #running: Waiting | undefined;
  #worker: Worker | undefined;
  #ready = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CompileThreadOptions) {
    this.#options = options;
  }

  readonly parseWat: CompilePorts["parseWat"] = async (text) => {
    const outcome = await this.#do({ kind: "parse", text });
    if (outcome.kind === "parsed") return outcome.bytes;
    throw outcome.kind === "invalid" ? new SyntaxError(outcome.reason) : failureOf(outcome);
  };

  readonly validateComponent: CompilePorts["validateComponent"] = async (bytes) => {
    const outcome = await this.#do({ kind: "validate", bytes });
    if (outcome.kind === "validated") return outcome.refusal;
    throw failureOf(outcome);
  };

  readonly rewrite: CompilePorts["rewrite"] = async (bytes, metering, marksPages, adaptsPreview1 = false) => {
    const outcome = await this.#do({ kind: "rewrite", bytes, metering, marksPages, adaptsPreview1 });
    if (outcome.kind === "rewritten") return outcome.program;
    throw failureOf(outcome);
  };

  /** Ends the thread; what waits, and what comes later, fails. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    for (const { settle } of this.#queue.splice(0)) settle(closed);
    this.#drop(closed);
    await worker?.terminate();
  }

  #do(task: CompileTask): Promise<CompileOutcome> {
    if (this.#closed) return Promise.resolve(closed);
    return new Promise((resolve) => {
      this.#queue.push({ task, settle: resolve });
      this.#next();
    });
  }

  #next(): void {
    if (this.#running !== undefined) return;
    const waiting = this.#queue.shift();
    if (waiting === undefined) return;
    this.#running = waiting;
    this.#worker ??= this.#start();
    this.#worker.ref();
    if (this.#ready) this.#watch();
    this.#worker.postMessage(waiting.task);
  }

  /** The task's time begins; that in which the thread loads our own code is not the module's. */
  #watch(): void {
    const { timeoutMs } = this.#options;
    const reason = `it took longer than ${timeoutMs} ms`;
    this.#timer = setTimeout(() => this.#drop({ kind: "failed", reason }), timeoutMs);
  }

  #start(): Worker {
    const { memoryMb } = this.#options;
    const worker = new Worker(new URL("compile-worker.ts", import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: youngMb, stackSizeMb: stackMb },
    });
    const ended = (reason: string): void => {
      if (this.#worker === worker) this.#drop({ kind: "failed", reason });
    };
    worker.on("message", (message: CompileOutcome | CompilerReady) => {
      if (this.#worker !== worker) return;
      if (message.kind !== "ready") return this.#settle(message);
      this.#ready = true;
      if (this.#running !== undefined) this.#watch();
    });
    worker.on("error", (error: Error & { readonly code?: string }) => {
      const full = error.code === "ERR_WORKER_OUT_OF_MEMORY";
      ended(full ? `it needed more than ${memoryMb} MiB` : `the compiler ended: ${error.message}`);
    });
    worker.on("exit", () => ended("the compiler ended"));
    return worker;
  }

  /** Ends the thread, whatever it does; the next task gets another. */
  #drop(outcome: CompileOutcome): void {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#ready = false;
    // It may be inside V8, which does not look up; nobody waits for it.
    void worker?.terminate();
    this.#settle(outcome);
  }

  #settle(outcome: CompileOutcome): void {
    clearTimeout(this.#timer);
    this.#worker?.unref();
    const running = this.#running;
    this.#running = undefined;
    running?.settle(outcome);
    this.#next();
  }
}

function failureOf(outcome: CompileOutcome): CompilationFailed {
  if (outcome.kind === "failed") return new CompilationFailed(outcome.reason, undefined, outcome.feature);
  return new CompilationFailed("reason" in outcome ? outcome.reason : "the compiler answered something else");
}
