// What one run leaves behind besides its answer: identity, log entries, measurements. Never shared between runs.

import { Grants } from "./grants.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface LogEntry {
  readonly level: LogLevel;
  readonly message: string;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly timestampMs: number;
}

export interface ExecutionMetrics {
  /** Fuel units consumed by the run; 0 with metering off. */
  readonly fuelConsumed: number;
  /** Bytes of all linear memories and tables (8 a table element) of the run's instances when it ended. */
  readonly memoryUsedBytes: number;
  /** Wall-clock milliseconds from acquiring the instance to the end, waiting included. */
  readonly durationMs: number;
}

/** What a host service keeps for one run: made when it is first asked for, ended with the run. */
export interface Service<State> {
  /** For people; services are told apart by identity. */
  readonly name: string;
  readonly start: (context: WorkerContext) => State;
  /** Frees what the state holds, at once; it must not throw. */
  readonly end?: (state: State) => void;
}

export interface WorkerContextOptions {
  readonly requestId: string;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly startedAtMs: number;
  /** Grants of the run; nothing is granted by default. */
  readonly permissions?: { readonly loggingEnabled: boolean };
  /** What host services may do for the run; default: what each of them does without a grant. */
  readonly grants?: Grants;
  /** Called for every entry that the limits admit, for the host's own logger. */
  readonly onLog?: (entry: LogEntry) => void;
  /** Most entries kept per run; default 1000. */
  readonly maxLogEntries?: number;
  /** Most UTF-16 code units of all messages kept per run; default 262,144. */
  readonly maxLogLength?: number;
}

export class WorkerContext {
  readonly requestId: string;
  readonly startedAtMs: number;
  readonly loggingEnabled: boolean;
  readonly grants: Grants;
  /** Most runs of small functions use none. */
  #services: Map<Service<unknown>, unknown> | undefined;
  readonly #onLog: ((entry: LogEntry) => void) | undefined;
  readonly #maxLogEntries: number;
  readonly #maxLogLength: number;
  readonly #logs: LogEntry[] = [];
  #logLength = 0;
  #droppedLogs = 0;
  #metrics: ExecutionMetrics | undefined;

  constructor(options: WorkerContextOptions) {
    this.requestId = options.requestId;
    this.startedAtMs = options.startedAtMs;
    this.loggingEnabled = options.permissions?.loggingEnabled ?? false;
    this.grants = options.grants ?? Grants.none;
    this.#onLog = options.onLog;
    this.#maxLogEntries = options.maxLogEntries ?? 1000;
    this.#maxLogLength = options.maxLogLength ?? 262_144;
  }

  get logs(): readonly LogEntry[] {
    return this.#logs;
  }

  /** Log calls that were not kept: no grant, or over a limit. */
  get droppedLogs(): number {
    return this.#droppedLogs;
  }

  /** Measurements of the run; undefined until it has ended. */
  get metrics(): ExecutionMetrics | undefined {
    return this.#metrics;
  }

  /** Counts a log call that is not kept; for host functions that check the grant before they read the message. */
  dropLog(): void {
    this.#droppedLogs += 1;
  }

  /** Keeps the entry if the run may log and its limits admit it; else counts it as dropped. */
  log(entry: LogEntry): void {
    const fits =
      this.#logs.length < this.#maxLogEntries && this.#logLength + entry.message.length <= this.#maxLogLength;
    if (!this.loggingEnabled || !fits) {
      this.#droppedLogs += 1;
      return;
    }
    this.#logLength += entry.message.length;
    this.#logs.push(entry);
    this.#onLog?.(entry);
  }

  /** The state that a service keeps for this run. */
  service<State>(service: Service<State>): State {
    this.#services ??= new Map();
    const known = this.#services.get(service as Service<unknown>);
    if (known !== undefined) return known as State;
    const state = service.start(this);
    this.#services.set(service as Service<unknown>, state);
    return state;
  }

  /** Ends the states of all services. */
  end(): void {
    for (const [service, state] of this.#services ?? []) service.end?.(state);
    this.#services = undefined;
  }

  finish(metrics: ExecutionMetrics): void {
    this.#metrics = metrics;
    this.end();
  }
}
