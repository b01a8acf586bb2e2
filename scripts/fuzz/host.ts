// Imports for any module: functions whose results depend on their arguments alone, so that a run can be repeated, and
// that note every call; memories, tables, globals and tags of the wanted types. `call-export` calls back.

import { functionTypeAt } from "edge-runtime-core/internal";
import type { CoreModuleShape } from "edge-runtime-core/internal";
import { mixSeed } from "./random.ts";

type Exports = Readonly<Record<string, WebAssembly.ExportValue>>;

function hashText(seed: number, text: string): number {
  let hash = seed;
  for (let index = 0; index < text.length; index++) hash = mixSeed(hash, text.charCodeAt(index));
  return hash;
}

/** What the host saw: a hash of all, and the first notes for people. */
export class HostLog {
  readonly first: string[] = [];
  #hash = 0;
  #count = 0;

  note(text: string): void {
    this.#count += 1;
    this.#hash = hashText(this.#hash, text);
    if (this.first.length < 20) this.first.push(text);
  }

  get summary(): string {
    return `${this.#count} calls, hash ${this.#hash.toString(16)}`;
  }
}

const callback = "call-export";

/** A module that needs what the host here cannot make. */
export class CannotImport extends Error {}

export interface HostImports {
  readonly imports: WebAssembly.Imports;
  readonly log: HostLog;
  /** Memories, tables and mutable globals that the host made, by a name of their own, for comparison. */
  readonly state: ReadonlyMap<string, { readonly item: WebAssembly.ExportValue; readonly type: string }>;
  /** Tells whom `call-export` calls. */
  readonly attach: (exports: Exports, names: readonly string[]) => void;
}

export function print(value: unknown): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  return typeof value === "bigint" || value === null ? String(value) : typeof value;
}

function result(type: string, hash: number): unknown {
  switch (type) {
    case "i32":
      return hash | 0;
    case "i64":
      return BigInt(hash) * 0x1_0001n;
    case "f32":
    case "f64":
      return (hash | 0) / 8;
    case "externref":
      return { extern: "host" };
    default:
      return null;
  }
}

const callbackDepth = 2;

/** Whether the host calls the guest in the middle of a call of the guest's. */
export function callsBack({ imports }: CoreModuleShape): boolean {
  return imports.some(({ name }) => name.includes(callback));
}

class HostFunctions {
  readonly log = new HostLog();
  #exports: Exports = {};
  #names: readonly string[] = [];
  #depth = 0;

  attach(exports: Exports, names: readonly string[]): void {
    this.#exports = exports;
    this.#names = names;
  }

  create(name: string, results: readonly string[]): WebAssembly.ImportValue {
    return (...args: unknown[]): unknown => {
      const text = `${name}(${args.map(print).join()})`;
      this.log.note(text);
      const hash = hashText(7, text);
      if (name.includes(callback)) return this.#callExport(Number(args[0]), name.includes("catch"));
      if (name.includes("throw") && (Number(args[0]) & 4) !== 0) throw new Error("the host throws");
      const values = results.map((type, index) => result(type, mixSeed(hash, index)));
      return values.length === 1 ? values[0] : values;
    };
  }

  #callExport(index: number, catches: boolean): number {
    const name = this.#names[Math.abs(index) % Math.max(1, this.#names.length)];
    const target = name === undefined ? undefined : this.#exports[name];
    if (typeof target !== "function" || this.#depth >= callbackDepth) return 0;
    this.#depth += 1;
    try {
      const answer = (target as (...args: unknown[]) => unknown)();
      this.log.note(`answered ${print(answer)}`);
      return 0;
    } catch (error) {
      // What ends a guest must go through: the host is not to keep it alive.
      if (!catches || error instanceof WebAssembly.RuntimeError || error instanceof RangeError) throw error;
      this.log.note("caught");
      return 1;
    } finally {
      this.#depth -= 1;
    }
  }
}

/** A value stands for a global that nobody can write to. */
function createGlobal(type: string, mutable: boolean): WebAssembly.ImportValue {
  const value = type === "funcref" ? "anyfunc" : type;
  const initial = type === "i64" ? 42n : type === "externref" || type === "(ref extern)" ? { extern: "global" } : 42;
  if (!mutable) return (type === "funcref" || type.startsWith("(ref null") ? null : initial) as number;
  if (!/^(i32|i64|f32|f64|anyfunc|externref|v128)$/.test(value)) throw new CannotImport(`global of type ${type}`);
  const descriptor = { value: value as WebAssembly.ValueType, mutable };
  if (value === "anyfunc" || value === "v128") return new WebAssembly.Global(descriptor);
  return new WebAssembly.Global(descriptor, initial);
}

function createTag(printed: string): WebAssembly.Tag {
  const list = /^tag func\((.*)\)$/.exec(printed)?.[1] ?? "";
  const parameters = list === "" ? [] : list.split(", ").map((type) => (type === "funcref" ? "anyfunc" : type));
  return new WebAssembly.Tag({ parameters: parameters as WebAssembly.ValueType[] });
}

/** Most that the host makes for a guest: pages or elements. */
const largestImport = 1000n;
/** How far it may grow. */
const growthAllowance = 4n;

function bounds(is64: boolean, min: bigint, max: bigint | undefined): Record<string, unknown> {
  if (min > largestImport) throw new CannotImport(`${min} pages or elements`);
  const bound = (value: bigint): unknown => (is64 ? value : Number(value));
  const most = min + growthAllowance;
  const maximum = bound(max === undefined || max > most ? most : max);
  return { initial: bound(min), maximum, ...(is64 ? { address: "i64" } : {}) };
}

/**
 * Imports for a valid module.
 *
 * @throws CannotImport
 */
export function createHost(shape: CoreModuleShape): HostImports {
  const functions = new HostFunctions();
  const state = new Map<string, { item: WebAssembly.ExportValue; type: string }>();
  const imports = Object.create(null) as WebAssembly.Imports;
  const next = { function: 0, table: 0, memory: 0, global: 0, tag: 0 };
  for (const { module, name, kind, type } of shape.imports) {
    const index = next[kind]++;
    const items = (imports[module] ??= Object.create(null) as Record<string, WebAssembly.ImportValue>);
    const item = createImport(shape, { kind, index, type, name }, functions);
    items[name] = item;
    const keep =
      kind === "memory" || kind === "table" || (kind === "global" && shape.globals[index]?.type.mutable === true);
    if (keep)
      state.set(`import:${kind}${index}`, {
        item: item as WebAssembly.ExportValue,
        type: shape.globals[index]?.type.type ?? "",
      });
  }
  return { imports, state, log: functions.log, attach: (exports, names) => functions.attach(exports, names) };
}

interface Wanted {
  readonly kind: "function" | "table" | "memory" | "global" | "tag";
  readonly index: number;
  readonly type: string;
  readonly name: string;
}

type MemoryType = CoreModuleShape["memories"][number]["type"];
type TableType = CoreModuleShape["tables"][number]["type"];

function createMemory(type: MemoryType | undefined): WebAssembly.Memory {
  if (type === undefined) throw new CannotImport("memory");
  return new WebAssembly.Memory({ ...bounds(type.is64, type.min, type.max), shared: type.shared } as never);
}

function createTable(type: TableType | undefined): WebAssembly.Table {
  if (type === undefined) throw new CannotImport("table");
  const { element, limits } = type;
  const descriptor = { element: element === "funcref" ? "anyfunc" : element };
  return new WebAssembly.Table({ ...descriptor, ...bounds(limits.is64, limits.min, limits.max) } as never);
}

function createImport(shape: CoreModuleShape, wanted: Wanted, functions: HostFunctions): WebAssembly.ImportValue {
  const { kind, index, name } = wanted;
  try {
    switch (kind) {
      case "function":
        return functions.create(name, functionTypeAt(shape.types, shape.functions[index] ?? -1)?.results ?? []);
      case "memory":
        return createMemory(shape.memories[index]?.type);
      case "table":
        return createTable(shape.tables[index]?.type);
      case "global":
        return createGlobal(shape.globals[index]?.type.type ?? "", shape.globals[index]?.type.mutable === true);
      case "tag":
        return createTag(wanted.type);
    }
  } catch (error) {
    throw error instanceof CannotImport ? error : new CannotImport(`${kind} ${name}: ${String(error)}`);
  }
}
