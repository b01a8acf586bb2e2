// `edge-runtime run FILE`: one run of one program under the limits of the command line. The program is the user's own,
// so it may log.

import { randomUUID } from "node:crypto";
import { defaultConfig, ExecutionCancelled, FunctionFailed, GuestExited } from "edge-runtime-common";
import type { ExecutionConfig, RuntimeError } from "edge-runtime-common";
import { Grants, InstanceRunner, WorkerContext } from "edge-runtime-core";
import type { EntryType, ExecutionResult, LogEntry } from "edge-runtime-core";
import { createHostImports } from "edge-runtime-host";
import { componentValueToJson } from "../component-values.ts";
import type { Json } from "../component-values.ts";
import { coreResultToJson, printCoreResult } from "../core-values.ts";
import { grantDirectories } from "../directory-grants.ts";
import { formatError, limitOf, summarizeError, toOneLine, toVisible } from "../error-text.ts";
import { formatGuestStack, keepLongStacks } from "../guest-stack-text.ts";
import { exitCodeOf } from "../exit-code.ts";
import type { ExitCode } from "../exit-code.ts";
import { isMainEntry } from "../entry-name.ts";
import { grantNetwork } from "../network-grants.ts";
import { resolveInvocation } from "../invocation.ts";
import type { Invocation } from "../invocation.ts";
import { createLocalEngine, loadModule } from "../local-engine.ts";
import type { RunOptions } from "../program.ts";
import { createProgramGrants } from "../program-grants.ts";
import { createRunReport } from "../run-report.ts";
import { createProfile } from "../profile-file.ts";
import { cancelOnSignal } from "../stop-signals.ts";
import type { Terminal } from "../terminal.ts";
import { printWave } from "../wave/index.ts";

export interface RunRequest {
  readonly file: string;
  readonly args: readonly string[];
  readonly options: RunOptions;
}

/** Runs and prints. What keeps the guest from being run at all is thrown: UsageError, CompilationFailed and others. */
export async function run(request: RunRequest, terminal: Terminal): Promise<ExitCode> {
  const { options } = request;
  keepLongStacks();
  const network = grantNetwork(Grants.none, options.allowNet ?? []);
  const granted = await grantDirectories(network, options.dir ?? []);
  const profile = await createProfile(options);
  const engine = createLocalEngine();
  const execution = toExecution(options);
  const module = await loadModule(engine, request.file, {
    fuelMetering: execution.fuelMetering,
    proposals: options.allow ?? {},
  });
  const invocation = resolveInvocation(module, { ...request, invoke: options.invoke });
  const imports = createHostImports({ platform: engine.platform });
  const program = { file: request.file, programArgs: invocation.programArgs, options, streams: terminal.streams };
  const grants = createProgramGrants(granted, program);
  const runner = await InstanceRunner.create(engine, module, { execution, imports, grants });
  const context = new WorkerContext({
    requestId: randomUUID(),
    startedAtMs: engine.platform.wallClock(),
    permissions: { loggingEnabled: true },
    grants,
    onLog: (entry) => terminal.err(formatLog(entry)),
  });
  // The deadline's timer does not keep the process alive, and a guest may wait for nothing else.
  const keepAlive = setInterval(() => {}, execution.timeoutMs);
  try {
    const watch = profile === undefined ? {} : { profile: profile.taken };
    const running = runner.start(invocation.entry, invocation.args, { context, ...watch });
    using signals = cancelOnSignal(running);
    const result = await running.result;
    await profile?.write();
    const exitCode = report({ result, invocation, logs: context.logs, json: options.json === true }, terminal);
    return signals.exitCode() ?? exitCode;
  } finally {
    clearInterval(keepAlive);
    runner.dispose();
  }
}

function toExecution(options: RunOptions): ExecutionConfig {
  const defaults = defaultConfig().execution;
  return {
    maxFuel: typeof options.fuel === "number" ? options.fuel : defaults.maxFuel,
    fuelMetering: options.fuel !== false,
    timeoutMs: options.timeoutMs ?? defaults.timeoutMs,
    maxMemoryMb: options.memoryMb ?? defaults.maxMemoryMb,
  };
}

interface Finished {
  readonly result: ExecutionResult;
  readonly invocation: Invocation;
  readonly logs: readonly LogEntry[];
  readonly json: boolean;
}

function report({ result, invocation, logs, json }: Finished, terminal: Terminal): ExitCode {
  const { metrics } = result;
  const isFunction = result.kind === "success" && !invocation.isCommand;
  const values = isFunction ? toValues(invocation.type, result.value) : undefined;
  const error = result.kind === "success" ? mainFailure(invocation, result.value) : failureOf(result.error);
  const exitCode = error === undefined ? 0 : exitCodeOf(error);
  if (json) {
    const ended = result.kind === "trap" &&
      error !== undefined && { ended: { limit: limitOf(result.error), stack: result.stack } };
    const failure = error && { error: summarizeError(error) };
    const endedItself = error === undefined || error instanceof FunctionFailed || error instanceof GuestExited;
    const status = invocation.isCommand && endedItself && { exitCode };
    const outcome = { result: values?.json ?? [], metrics, logs, ...ended, ...failure, ...status };
    terminal.out(`${JSON.stringify(createRunReport(outcome))}\n`);
  } else {
    terminal.out((values?.text ?? []).map((line) => `${toVisible(line)}\n`).join(""));
  }
  if (error === undefined || endsSilently(error)) return exitCode;
  terminal.err(`${formatError(error, { withStack: terminal.debug })}\n`);
  if (result.kind === "trap") terminal.err(formatGuestStack(result.error, result.stack));
  return exitCode;
}

/** A program that exits with status 0 did what it was to do. */
function failureOf(error: RuntimeError): RuntimeError | undefined {
  return error instanceof GuestExited && error.status === 0 ? undefined : error;
}

/** Programs say themselves why they exit, and who interrupts one knows. */
function endsSilently(error: RuntimeError): boolean {
  return error instanceof GuestExited || error instanceof ExecutionCancelled;
}

/** The results as JSON and as lines of text; a component's function has one result or none. */
function toValues(type: EntryType, value: unknown): { readonly json: Json[]; readonly text: string[] } {
  if (type.kind === "core") {
    const results = Array.isArray(value) ? (value as unknown[]) : [];
    return {
      json: type.results.map((resultType, index) => coreResultToJson(results[index], resultType)),
      text: type.results.map((resultType, index) => printCoreResult(results[index], resultType)),
    };
  }
  const { result } = type.type;
  if (result === undefined) return { json: [], text: [] };
  return { json: [componentValueToJson(value, result)], text: [printWave(value, result)] };
}

/** A program that says of itself that it failed: `err` from `run`. */
function mainFailure(invocation: Invocation, value: unknown): FunctionFailed | undefined {
  if (invocation.type.kind !== "component" || !isMainEntry(invocation.entry)) return undefined;
  if (typeof value !== "object" || value === null || !("tag" in value) || value.tag !== "err") return undefined;
  const reason = "val" in value && typeof value.val === "string" ? value.val : "run returned err";
  return new FunctionFailed(reason);
}

function formatLog({ level, message }: LogEntry): string {
  return `[${level}] ${toOneLine(message)}\n`;
}
