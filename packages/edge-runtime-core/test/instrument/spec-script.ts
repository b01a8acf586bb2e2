// The commands of one converted specification script, run against one way of making instances. Every command gives an
// outcome as text; two ways agree where all their outcomes do.
// Form of the data: README.md of the conformance folder.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readCoreModule } from "../../src/binary/module.ts";
import { functionTypeAt } from "../../src/binary/module.ts";
import type { CoreSignature } from "../../src/instrument/plan.ts";
import type { Bridge, BridgeValue } from "./bit-bridge.ts";
import { createBridge } from "./bit-bridge.ts";

export type Exports = Readonly<Record<string, WebAssembly.ExportValue>>;

/** Instantiates a module, its start function included. */
export type Instantiate = (bytes: Uint8Array, imports: WebAssembly.Imports) => Exports;

interface Constant {
  readonly type: string;
  readonly value?: string | readonly string[];
  readonly lane_type?: string;
}

interface Action {
  readonly type: "invoke" | "get";
  readonly module?: string;
  readonly field: string;
  readonly args?: readonly Constant[];
}

export interface Command {
  readonly type: string;
  readonly line: number;
  readonly name?: string;
  readonly filename?: string;
  readonly as?: string;
  readonly instance?: string;
  readonly module?: string;
  readonly action?: Action;
}

export function readScript(file: string): readonly Command[] {
  return (JSON.parse(readFileSync(file, "utf8")) as { commands: Command[] }).commands;
}

interface Entry {
  readonly exports: Exports;
  readonly signatures: ReadonlyMap<string, CoreSignature>;
  readonly bridges: Map<string, Bridge | undefined>;
}

/** Host values behind `externref` constants: the same objects for every run. */
const externs = new Map<string, object>();

function externOf(value: string): object {
  const known = externs.get(value) ?? { extern: value };
  externs.set(value, known);
  return known;
}

const laneBytes = new Map([
  ["i8", 1],
  ["i16", 2],
  ["i32", 4],
  ["f32", 4],
  ["i64", 8],
  ["f64", 8],
]);

function setBits(view: DataView, at: number, size: number, value: string): void {
  const bits = BigInt.asUintN(size * 8, BigInt(value));
  for (let index = 0; index < size; index++) view.setUint8(at + index, Number((bits >> BigInt(8 * index)) & 0xffn));
}

/** Bits of a constant; undefined for types that cannot cross. */
function bridgeValue({ type, value, lane_type }: Constant): BridgeValue | undefined {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  if (type === "v128" && Array.isArray(value)) {
    const size = laneBytes.get(lane_type ?? "") ?? 1;
    value.forEach((lane: string, index) => setBits(view, index * size, size, lane));
    return bytes;
  }
  if (typeof value === "string") {
    const size = laneBytes.get(type);
    if (size !== undefined) {
      setBits(view, 0, size, value);
      return bytes;
    }
    if (value === "null") return { ref: null };
    if (type === "externref" || type === "anyref") return { ref: externOf(value) };
  }
  return undefined;
}

function print(value: BridgeValue): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (value.ref === null) return "null";
  if (typeof value.ref === "number") return `number ${value.ref}`;
  return [...externs.values()].includes(value.ref as object)
    ? `extern ${(value.ref as { extern: string }).extern}`
    : typeof value.ref;
}

function printError(error: unknown): string {
  if (error instanceof WebAssembly.Exception) return "exception";
  if (error instanceof RangeError) return "exhausted";
  if (error instanceof WebAssembly.RuntimeError) return `trap ${error.message}`;
  // Function indices and import numbers in link errors differ by what is injected.
  if (error instanceof Error) return error.name;
  return String(error);
}

/** What a specification script may import from `spectest`. */
function spectest(): Record<string, WebAssembly.ImportValue> {
  const print = (): void => {};
  const table64 = { element: "anyfunc", initial: 10n, maximum: 20n, address: "i64" } as unknown as {
    element: "anyfunc";
    initial: number;
  };
  return {
    print,
    print_i32: print,
    print_i64: print,
    print_f32: print,
    print_f64: print,
    print_i32_f32: print,
    print_f64_f64: print,
    global_i32: 666,
    global_i64: 666n,
    global_f32: 666.6,
    global_f64: 666.6,
    table: new WebAssembly.Table({ element: "anyfunc", initial: 10, maximum: 20 }),
    table64: new WebAssembly.Table(table64),
    memory: new WebAssembly.Memory({ initial: 1, maximum: 2 }),
  };
}

export class ScriptRun {
  readonly #instantiate: Instantiate;
  readonly #directory: string;
  readonly #registered = new Map<string, Exports | Record<string, WebAssembly.ImportValue>>([["spectest", spectest()]]);
  readonly #named = new Map<string, Entry>();
  readonly #definitions = new Map<string, Uint8Array>();
  #current: Entry | undefined;

  constructor(file: string, instantiate: Instantiate) {
    this.#directory = dirname(file);
    this.#instantiate = instantiate;
  }

  /** Runs one command; `skip ...` where it has no meaning for an engine behind V8's validation. */
  execute(command: Command): string {
    switch (command.type) {
      case "module":
        return this.#define(command, this.#read(command));
      case "module_definition":
        this.#definitions.set(command.name ?? "", this.#read(command));
        return "defined";
      case "module_instance":
        return this.#define({ ...command, name: command.instance ?? "" }, this.#definitions.get(command.module ?? ""));
      case "register":
        return this.#register(command);
      case "assert_unlinkable":
      case "assert_uninstantiable":
        return this.#link(this.#read(command), () => {});
      case "action":
      case "assert_return":
      case "assert_trap":
      case "assert_exception":
      case "assert_exhaustion":
        return this.#act(command);
      default:
        return `skip ${command.type}`;
    }
  }

  #read({ filename }: Command): Uint8Array {
    return new Uint8Array(readFileSync(join(this.#directory, filename ?? "")));
  }

  #define(command: Command, bytes: Uint8Array | undefined): string {
    this.#current = undefined;
    if (bytes === undefined) return "skip unknown definition";
    return this.#link(bytes, (entry) => {
      this.#current = entry;
      if (command.name !== undefined) this.#named.set(command.name, entry);
    });
  }

  #link(bytes: Uint8Array, use: (entry: Entry) => void): string {
    const imports = Object.create(null) as WebAssembly.Imports;
    for (const [name, items] of this.#registered) imports[name] = items as Record<string, WebAssembly.ImportValue>;
    try {
      const exports = this.#instantiate(bytes, imports);
      use({ exports, signatures: signaturesOf(bytes), bridges: new Map() });
      return "linked";
    } catch (error) {
      return printError(error);
    }
  }

  #register({ name, as }: Command): string {
    const entry = name === undefined ? this.#current : this.#named.get(name);
    if (entry === undefined) return "skip unknown instance";
    this.#registered.set(as ?? "", entry.exports);
    return "registered";
  }

  #act({ action }: Command): string {
    const entry = action?.module === undefined ? this.#current : this.#named.get(action.module);
    if (action === undefined || entry === undefined) return "skip unknown instance";
    const item = entry.exports[action.field];
    if (action.type === "get") return this.#get(item);
    const bridge = this.#bridge(entry, action.field, item);
    const args = (action.args ?? []).map(bridgeValue);
    if (bridge === undefined || !args.every((arg) => arg !== undefined)) return "skip values that cannot cross";
    try {
      return `values ${bridge(args).map(print).join(" ")}`;
    } catch (error) {
      return printError(error);
    }
  }

  #get(item: WebAssembly.ExportValue | undefined): string {
    if (!(item instanceof WebAssembly.Global)) return "skip not a global";
    try {
      return `global ${String(item.value)}`;
    } catch {
      return "skip values that cannot cross";
    }
  }

  #bridge(entry: Entry, field: string, item: WebAssembly.ExportValue | undefined): Bridge | undefined {
    if (entry.bridges.has(field)) return entry.bridges.get(field);
    const signature = entry.signatures.get(field);
    const bridge = item === undefined || signature === undefined ? undefined : createBridge(item, signature);
    entry.bridges.set(field, bridge);
    return bridge;
  }
}

function signaturesOf(bytes: Uint8Array): ReadonlyMap<string, CoreSignature> {
  const shape = readCoreModule(bytes);
  const signatures = new Map<string, CoreSignature>();
  for (const { name, kind, index } of shape.exports) {
    const type = kind === "function" ? functionTypeAt(shape.types, shape.functions[index] ?? -1) : undefined;
    if (type !== undefined) signatures.set(name, type);
  }
  return signatures;
}
