// A store: the core instances of one program, their common meter and memory limit, and the run that they serve now.
// It outlives runs: a pooled program keeps its store, and each request starts the accounts anew.
//
// Host code that must end the guest goes through `kill`. After that, or after `abort`, the guest is never resumed: its
// stack is unwound by a genuine trap, which no `catch_all` catches, and the store is not used again. Left as it is, a
// suspended stack would never be collected, with all that it refers to: V8 14.6 takes each of them for a root, and ends the
// process where there is no room for another.

import type { GuestFrame, RuntimeError } from "edge-runtime-common";
import {
  bug,
  ExecutionTimeout,
  HostFunction as HostFunctionFailure,
  HostFunctionError,
  ImportNotFound,
  InternalError,
  MemoryLimitExceeded,
  PoolExhausted,
  Wasi,
  WasiError,
} from "edge-runtime-common";
import { waitResult } from "../instrument/atomic-wait.ts";
import { costTable } from "../instrument/cost-table.ts";
import { growMemory } from "../instrument/growth.ts";
import { verdict } from "../instrument/slow-check.ts";
import type { ComponentStore, CoreFunction, CoreImports } from "./component-store.ts";
import type { CompiledCore } from "./core-instance.ts";
import { CoreModuleInstance } from "./core-instance.ts";
import type { FuelProfile } from "./fuel-profile.ts";
import type { GuestStackReader, StackTrace } from "./guest-stack.ts";
import { captureStack } from "./guest-stack.ts";
import type { GuestMemory } from "./guest-memory.ts";
import type { HostCall, HostFunction } from "./host-functions.ts";
import { HeapAccounts } from "./heap-accounts.ts";
import type { HeapBudget } from "./heap-budget.ts";
import { Initialisation } from "./initialisation.ts";
import type { RunLimits } from "./limits.ts";
import { bytesPerMb, bytesPerPage, slowHostCallMs, v8MemoryPlaces } from "./limits.ts";
import { MemoryAccounts } from "./memory-accounts.ts";
import type { ProgramImages } from "./memory-image.ts";
import { Meter } from "./meter.ts";
import type { Platform } from "./platform.ts";
import type { TrapSource } from "./trap.ts";
import { toRuntimeError } from "./trap.ts";
import type { WaitPlace } from "./waiters.ts";
import { Waiters } from "./waiters.ts";
import type { WorkerContext } from "./worker-context.ts";

export interface StoreOptions {
  readonly platform: Platform;
  readonly trapSource: TrapSource;
  /** The engine's epoch; -Infinity where epoch interruption is off. */
  readonly epoch: () => number;
  readonly cores: readonly CompiledCore[];
  readonly heapBudget: HeapBudget;
  /** Reads stack traces of `cores`. */
  readonly stacks: GuestStackReader;
}

export interface RunWatch {
  /** Called when the run ends while its guest is suspended. */
  readonly onAbort?: (error: RuntimeError) => void;
  /** Told at each check where the guest is and what it consumed. */
  readonly profile?: FuelProfile;
}

/** Frames that are kept where a run ends, those of the host and of injected functions among them. */
const stopFrames = 64;
/** Frames that are kept whenever a guest waits, should its run end meanwhile. */
const waitFrames = 16;
/** Frames that a profile sees. */
const profileFrames = 200;

interface LinkedImports {
  readonly imports: WebAssembly.Imports;
  /** Imported memories; the instance's own are added once they exist. */
  readonly memories: WebAssembly.Memory[];
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

function hostFault(error: unknown): RuntimeError {
  if (error instanceof HostFunctionError) return new HostFunctionFailure(error);
  if (error instanceof WasiError) return new Wasi(error);
  return toRuntimeError(error) ?? new InternalError("a host function failed", error);
}

/** Where V8 has no room for a memory, that is a matter of load, not of the guest. */
function newInstance(core: CompiledCore, imports: WebAssembly.Imports): WebAssembly.Instance {
  try {
    return new WebAssembly.Instance(core.module, imports);
  } catch (error) {
    if (!(error instanceof RangeError) || !error.message.includes("memory")) throw error;
    throw new PoolExhausted(v8MemoryPlaces, "memory");
  }
}

export class Store implements ComponentStore {
  readonly meter: Meter;
  readonly memory: MemoryAccounts;
  readonly heap: HeapAccounts;
  readonly initialisation = new Initialisation();
  readonly #platform: Platform;
  readonly #trapSource: TrapSource;
  readonly #cores: readonly CompiledCore[];
  readonly #instances: CoreModuleInstance[] = [];
  readonly #guestMemories = new Map<WebAssembly.Memory, GuestMemory>();
  readonly #injected: ReadonlyMap<string, WebAssembly.ImportValue>;
  readonly #hostCall: HostCall;
  readonly #waiters: Waiters;
  readonly #stacks: GuestStackReader;
  #context: WorkerContext | undefined;
  #startContext: WorkerContext | undefined;
  #watch: RunWatch = {};
  /** Where the run was ended. */
  #stopTrace: StackTrace | undefined;
  /** Where the guest is suspended. */
  #waitTrace: StackTrace | undefined;
  #cancelTimer: (() => void) | undefined;
  /** Milliseconds spent in host functions since the guest was last made to look at the clock for them. */
  #hostMs = 0;
  /** Number of the run; a continuation of an earlier one must not touch the store. */
  #run = 0;
  #abandoned = false;
  /** Each unwinds a guest that waits in a host call. */
  readonly #unwinders = new Set<() => void>();

  constructor(options: StoreOptions) {
    this.#platform = options.platform;
    this.#trapSource = options.trapSource;
    this.#cores = options.cores;
    this.#stacks = options.stacks;
    this.heap = new HeapAccounts(options.heapBudget);
    this.memory = new MemoryAccounts(this.heap);
    this.#waiters = new Waiters(options.platform.schedule);
    this.meter = new Meter({ now: options.platform.now, epoch: options.epoch });
    this.#injected = new Map<string, WebAssembly.ImportValue>([
      ["check", (late: number) => this.#check(late)],
      ["yield", new WebAssembly.Suspending(() => this.#yield())],
      ["grow", (kind: number, delta: number) => this.#grow(kind, delta)],
      ["allocate", () => this.#allocate()],
    ]);
    this.#hostCall = this.#createHostCall();
  }

  #createHostCall(): HostCall {
    const currentContext = (): WorkerContext => {
      if (this.#context === undefined) throw new InternalError("a host function was called outside a run");
      return this.#context;
    };
    return {
      get context(): WorkerContext {
        return currentContext();
      },
      charge: this.charge,
      remainingMs: () => this.meter.remainingMs,
      memory: () => this.#callerMemory(),
    };
  }

  /** Memory for host functions of core modules: the export named `memory`, else the first. */
  #callerMemory(): Uint8Array | undefined {
    const instance = this.#instances[0];
    const named = instance?.getExport("memory");
    const memory = named instanceof WebAssembly.Memory ? named : instance?.memories[0];
    return memory === undefined ? undefined : this.#guestMemories.get(memory)?.expose();
  }

  get instances(): readonly CoreModuleInstance[] {
    return this.#instances;
  }

  get context(): WorkerContext | undefined {
    return this.#context;
  }

  /** The run ended with its guest suspended or killed: the store must be dropped. */
  get abandoned(): boolean {
    return this.#abandoned;
  }

  /** The run left what a reset cannot undo. */
  get spoiled(): boolean {
    return this.#abandoned || this.memory.grew || this.#instances.some((instance) => instance.isTainted);
  }

  /** Starts a run: accounts from zero, deadline from now. */
  startRun(limits: RunLimits, context: WorkerContext, watch: RunWatch = {}): void {
    this.#run += 1;
    this.#context = context;
    this.#watch = watch;
    this.#hostMs = 0;
    this.memory.startRun();
    this.heap.startRun();
    this.meter.start(limits, watch.profile?.interval);
  }

  /** Ends the run; its context is out of reach for host functions afterwards. */
  endRun(): void {
    this.#run += 1;
    this.#stopTimer();
    this.#waiters.clear();
    this.heap.endRun();
    this.#context = undefined;
    this.#watch = {};
    this.#stopTrace = undefined;
    this.#waitTrace = undefined;
    if (this.meter.stopped !== undefined) this.#abandoned = true;
  }

  /** What start functions got from host services, such as open directories, is the guest's until the store is dropped. */
  keepServices(context: WorkerContext): void {
    this.#startContext = context;
  }

  /** Nothing uses the store any more: what its guests hold can be collected. */
  dispose(): void {
    this.heap.dispose();
    this.#startContext?.end();
    this.#startContext = undefined;
  }

  /** Ends the run from outside; a suspended guest is not resumed. */
  abort(error: RuntimeError): void {
    if (this.meter.stopped === undefined) this.#stopTrace ??= this.#waitTrace;
    this.meter.stop(error);
    this.meter.expire();
    this.#abandoned = true;
    this.#stopTimer();
    this.#watch.onAbort?.(error);
    for (const unwind of this.#unwinders) unwind();
    this.#unwinders.clear();
  }

  readonly instantiateCore = async (index: number, imports: CoreImports): Promise<CoreModuleInstance> => {
    const core = this.#cores[index];
    if (core === undefined) throw new InternalError(`core module ${index} does not exist`);
    this.memory.admit(core.plan, this.meter.limits.memoryMb);
    this.heap.reserve(core.plan.instanceHeapBytes);
    const linked = this.#link(core, imports);
    const instance = new CoreModuleInstance(core, newInstance(core, linked.imports));
    linked.memories.push(...instance.memories);
    if (instance.counter !== undefined) this.meter.useCounter(instance.counter);
    if (instance.heap !== undefined) this.heap.useGlobal(instance.heap);
    this.#instances.push(instance);
    for (const guest of instance.guestMemories) this.#guestMemories.set(guest.memory, guest);
    this.memory.add(core.plan, instance.guestMemories, instance.tables);
    if (instance.start !== undefined) await this.callSuspendable(this.coreFunction(instance.start), []);
    return instance;
  };

  /** Import names come from guests: objects without a prototype, so that `__proto__` is a name like any other. */
  #link(core: CompiledCore, imports: CoreImports): LinkedImports {
    const object = Object.create(null) as Record<string, Record<string, WebAssembly.ImportValue>>;
    const memories: WebAssembly.Memory[] = [];
    for (const { module, name, kind } of core.plan.imports) {
      const value = imports.get(module)?.get(name);
      if (value === undefined) throw new ImportNotFound(`${module} -> ${name}`, "nothing of that name is offered");
      if (kind === "memory") memories.push(value as WebAssembly.Memory);
      const items = (object[module] ??= Object.create(null) as Record<string, WebAssembly.ImportValue>);
      items[name] = value;
    }
    const injected = Object.create(null) as Record<string, WebAssembly.ImportValue>;
    for (const [name, value] of this.#injected) injected[name] = value;
    injected["counter"] = this.meter.counter;
    injected["heap"] = this.heap.global;
    if (core.plan.memories.some((memory) => memory.shared)) Object.assign(injected, this.#atomicImports(memories));
    if (core.plan.marksPages)
      for (const [index, memory] of memories.entries()) injected[`marks${index}`] = this.#marksOf(memory);
    object[core.plan.prefix] = injected;
    return { imports: object, memories };
  }

  /** All core modules of a program mark, or none: without marks, what is imported is no memory, and V8 says so. */
  #marksOf(memory: WebAssembly.Memory): WebAssembly.ImportValue {
    return this.#guestMemories.get(memory)?.marks?.global ?? memory;
  }

  readonly hostWrites = (memory: WebAssembly.Memory): ((at: number, bytes: number) => void) | undefined =>
    this.#guestMemories.get(memory)?.wrote;

  /** Waiting and waking on the memories of one instance, by their index. */
  #atomicImports(memories: readonly WebAssembly.Memory[]): Record<"wait" | "notify", WebAssembly.ImportValue> {
    const place = (memory: number, address: number): WaitPlace => {
      return { memory: memories[memory] ?? bug(`memory ${memory} does not exist`), address };
    };
    const wait = (memory: number, address: number, timeoutNs: number): unknown => {
      if (timeoutNs === 0) return waitResult.timedOut;
      const timeoutMs = timeoutNs / 1e6;
      // The run ends before a later time comes.
      const inTime = timeoutMs < this.meter.remainingMs ? timeoutMs : -1;
      return this.#wait(this.#waiters.wait(place(memory, address), inTime));
    };
    return {
      wait: new WebAssembly.Suspending(wait),
      notify: (memory: number, address: number, count: number) =>
        this.#waiters.notify(place(memory, address), count >>> 0),
    };
  }

  /** The guest's slice of heap is used up: counts it, and gives another where limits admit. */
  #allocate(): void {
    const { memoryMb } = this.meter.limits;
    this.heap.settle();
    const roomBytes = memoryMb * bytesPerMb - this.memory.usedBytes;
    if (roomBytes < 0) throw this.kill(new MemoryLimitExceeded(memoryMb, this.memory.usedBytes));
    try {
      this.heap.refill(roomBytes);
    } catch (error) {
      throw this.kill(hostFault(error));
    }
    // Large objects take time, not fuel.
    this.meter.expire();
  }

  readonly coreFunction = (fn: WebAssembly.ExportValue): CoreFunction => WebAssembly.promising(fn);

  readonly callSuspendable = (fn: CoreFunction, args: readonly unknown[]): Promise<unknown> =>
    this.meter.stopped === undefined ? fn(...args) : new Promise(() => {});

  readonly callHost = (fn: HostFunction, args: readonly unknown[]): unknown => {
    this.initialisation.note(fn);
    const startedAt = this.#platform.now();
    try {
      return fn.call(this.#hostCall, ...(args as never[]));
    } catch (error) {
      throw this.kill(hostFault(error));
    } finally {
      this.#hostMs += this.#platform.now() - startedAt;
      if (this.#hostMs > slowHostCallMs) {
        this.#hostMs = 0;
        this.meter.expire();
      }
    }
  };

  readonly callHostAsync = (fn: HostFunction, args: readonly unknown[]): unknown => {
    const result = this.callHost(fn, args);
    return isThenable(result) ? this.#wait(result) : result;
  };

  readonly kill = (error: RuntimeError): unknown => {
    if (this.meter.stopped === undefined) this.#traceStop();
    this.meter.stop(error);
    return this.#trapSource();
  };

  readonly holdHeap = (bytes: number): void => {
    try {
      this.heap.hold(bytes);
    } catch (error) {
      throw this.kill(hostFault(error));
    }
  };

  readonly releaseHeap = (bytes: number): void => {
    this.heap.release(bytes);
  };

  #traceStop(): void {
    this.#stopTrace ??= this.#waitTrace ?? captureStack(stopFrames);
  }

  /** Where the guest was when the run ended: where it was stopped, else where what it threw came from. */
  guestStack(thrown: unknown): readonly GuestFrame[] {
    const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
    return this.#stacks.read(this.#stopTrace ?? (cause instanceof Error ? cause : undefined));
  }

  /** The guest's check. */
  #check(late: number): number {
    const { profile } = this.#watch;
    if (profile !== undefined) this.#look(profile);
    const answer = this.meter.check(late);
    if (answer === verdict.stop) this.#traceStop();
    return answer;
  }

  #look(profile: FuelProfile): void {
    const stack = this.#stacks.read(captureStack(profileFrames), profileFrames);
    profile.look(stack, this.meter.consumed);
    this.meter.setMaxSlice(profile.interval);
  }

  /** Charges host work that is done already, or is short: the guest's next check decides. */
  readonly charge = (fuel: number): void => {
    this.meter.charge(fuel);
  };

  readonly abiCosts = costTable;

  readonly pay = (fuel: number): void => {
    this.meter.charge(fuel);
    const reason = this.meter.overdraft ?? this.meter.overdueByCharges();
    if (reason !== undefined) throw this.kill(reason);
  };

  readonly payForResult = (fuel: number): void => {
    this.meter.charge(fuel);
    const reason = this.meter.overdueByCharges();
    if (reason !== undefined) throw this.kill(reason);
  };

  /** Waits for a host promise on behalf of the suspended guest, at most until its deadline. */
  #wait(promise: PromiseLike<unknown>): Promise<unknown> {
    const run = this.#run;
    this.#startTimer();
    this.#waitTrace = captureStack(waitFrames);
    return new Promise((resolve, reject) => {
      const unwind = (): void => reject(this.#trapSource() as Error);
      this.#unwinders.add(unwind);
      const settle = (outcome: () => void): void => {
        if (run !== this.#run || this.meter.stopped !== undefined) return;
        this.#unwinders.delete(unwind);
        this.#stopTimer();
        // No pause: a promise that was settled already gives nobody else a turn. The check decides.
        this.meter.expire();
        outcome();
      };
      promise.then(
        (value) =>
          settle(() => {
            this.#waitTrace = undefined;
            resolve(value);
          }),
        (error: unknown) => settle(() => reject(this.kill(hostFault(error)) as Error)),
      );
    });
  }

  #startTimer(): void {
    this.#stopTimer();
    const { timeoutMs } = this.meter.limits;
    this.#cancelTimer = this.#platform.schedule(this.meter.remainingMs, () =>
      this.abort(new ExecutionTimeout(timeoutMs, this.meter.elapsedMs)),
    );
  }

  #stopTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  /** Lets the event loop serve others. A run that was ended meanwhile is not resumed. */
  async #yield(): Promise<void> {
    const run = this.#run;
    this.#waitTrace = captureStack(waitFrames);
    await this.#platform.yieldToEventLoop();
    if (run !== this.#run || this.#abandoned) throw this.#trapSource();
    this.#waitTrace = undefined;
    this.meter.paused();
  }

  #grow(kind: number, delta: number): number {
    const table = kind !== growMemory;
    const bytes = delta * (table ? kind : bytesPerPage);
    // Growth is charged by the page and takes microseconds: a slice of it would take ten milliseconds.
    this.meter.expire();
    return this.memory.mayGrow({ bytes, elements: table ? delta : 0 }, this.meter.limits.memoryMb) ? 1 : 0;
  }

  /**
   * Keeps the present state for `reset`, of memories as what the program's instances have in common. Call once, after
   * instantiation; answers why it cannot be restored, where it cannot.
   */
  snapshot(images: ProgramImages): string | undefined {
    const tables = this.#writesTables;
    for (const instance of this.#instances) instance.save(tables);
    return this.memory.snapshot(images);
  }

  get #writesTables(): boolean {
    return this.#instances.some((instance) => instance.plan.writesTables);
  }

  /** Does a part of the next `reset`, about `most` pages of 4 KiB of it; true once the rest is short. */
  resetAhead(most: number): boolean {
    return this.#abandoned || this.memory.restoreAhead(most);
  }

  /** Restores the snapshot; false where that is impossible and the store must be dropped. */
  reset(): boolean {
    if (this.#abandoned || !this.memory.restore()) return false;
    const tables = this.#writesTables;
    let restored = true;
    for (const instance of this.#instances) restored = instance.restore(tables) && restored;
    return restored;
  }
}
