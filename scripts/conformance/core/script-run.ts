// Runs the commands of one script in one way. Names of instances, registered modules and the current instance follow
// the rules of script files; everything else is the way's.

import type { CoreSignature } from "edge-runtime-core/internal";
import { functionTypeAt, readCoreModule } from "edge-runtime-core/internal";
import type { BitBridges, Bridge, SuspendableBridge } from "../../wasm/bit-bridge.ts";
import type { GlobalBits, PrintedGlobal } from "../../wasm/global-bits.ts";
import type { HostValues } from "./constants.ts";
import { argumentValue } from "./constants.ts";
import type { Outcome } from "./outcome.ts";
import { failureOf, skipped } from "./outcome.ts";
import type { Action, Command, Script } from "./script.ts";
import { spectest } from "./spectest.ts";
import type { Engine, Exports, Findings, Perform, Way } from "./way.ts";

/** What all runs of a script share. */
export interface ScriptHost {
  readonly values: HostValues;
  readonly bridges: BitBridges;
  readonly globals: GlobalBits;
  /** Why the rewriter refuses a valid module; such a module is left out of every run. */
  readonly refusal: (bytes: Uint8Array) => string | undefined;
}

interface Entry {
  readonly exports: Exports;
  readonly signatures: ReadonlyMap<string, CoreSignature>;
  readonly globals: ReadonlyMap<string, PrintedGlobal>;
  readonly bridges: Map<string, Bridge | SuspendableBridge | undefined>;
}

const cannotCross = "values that cannot cross to JavaScript";
const done: Outcome = { kind: "done" };

export class ScriptRun {
  readonly #script: Script;
  readonly #engine: Engine;
  readonly #host: ScriptHost;
  readonly #registered = new Map<string, Exports | Record<string, WebAssembly.ImportValue>>([["spectest", spectest()]]);
  readonly #named = new Map<string, Entry>();
  readonly #definitions = new Map<string, Uint8Array>();
  #current: Entry | undefined;

  constructor(script: Script, way: Way, host: ScriptHost) {
    this.#script = script;
    this.#engine = way.open(script);
    this.#host = host;
  }

  finish(): Promise<Findings> {
    return this.#engine.finish();
  }

  /** Runs command number `at`. */
  async execute(command: Command, at: number): Promise<Outcome> {
    switch (command.type) {
      case "module":
        return this.#define(command, this.#script.bytesOf(command), at);
      case "module_definition":
        return this.#declare(command);
      case "module_instance":
        return this.#define(
          { ...command, name: command.instance ?? "" },
          this.#definitions.get(command.module ?? ""),
          at,
        );
      case "register":
        return this.#register(command);
      case "assert_unlinkable":
      case "assert_uninstantiable":
        return this.#link(this.#script.bytesOf(command), at, () => {});
      case "action":
      case "assert_return":
      case "assert_trap":
      case "assert_exception":
      case "assert_exhaustion":
        return this.#act(command, at);
      case "assert_invalid":
      case "assert_malformed":
        return this.#compile(this.#script.bytesOf(command));
      default:
        return skipped(`${command.type}: an engine may ignore custom sections`);
    }
  }

  #compile(bytes: Uint8Array): Outcome {
    const refusal = this.#host.refusal(bytes);
    if (refusal !== undefined) return skipped(`refused: ${refusal}`);
    try {
      this.#engine.compile(bytes);
      return done;
    } catch (error) {
      return failureOf(error);
    }
  }

  #declare(command: Command): Outcome {
    const bytes = this.#script.bytesOf(command);
    const outcome = this.#compile(bytes);
    if (outcome.kind === "done") this.#definitions.set(command.name ?? "", bytes);
    return outcome;
  }

  async #define(command: Command, bytes: Uint8Array | undefined, at: number): Promise<Outcome> {
    this.#current = undefined;
    if (bytes === undefined) return skipped("its definition was skipped");
    return this.#link(bytes, at, (entry) => {
      this.#current = entry;
      if (command.name !== undefined) this.#named.set(command.name, entry);
    });
  }

  async #link(bytes: Uint8Array, at: number, use: (entry: Entry) => void): Promise<Outcome> {
    const refusal = this.#host.refusal(bytes);
    if (refusal !== undefined) return skipped(`refused: ${refusal}`);
    const imports = Object.create(null) as WebAssembly.Imports;
    for (const [name, { exports }] of this.#named) imports[name] = exports;
    for (const [name, items] of this.#registered) imports[name] = items;
    try {
      const exports = await this.#engine.instantiate(bytes, imports, at);
      use({ exports, ...typesOf(bytes), bridges: new Map() });
      return done;
    } catch (error) {
      return failureOf(error);
    }
  }

  #register({ name, as }: Command): Outcome {
    const entry = name === undefined ? this.#current : this.#named.get(name);
    if (entry === undefined) return skipped("its instance was skipped");
    this.#registered.set(as ?? "", entry.exports);
    return done;
  }

  async #act({ action }: Command, at: number): Promise<Outcome> {
    const entry = action?.module === undefined ? this.#current : this.#named.get(action.module);
    if (action === undefined || entry === undefined) return skipped("its instance was skipped");
    const perform = action.type === "get" ? this.#getter(entry, action) : this.#caller(entry, action);
    if (perform === undefined) return skipped(cannotCross);
    return this.#engine.act(entry.exports, at, perform);
  }

  #getter({ exports, globals }: Entry, { field }: Action): Perform | undefined {
    const item = exports[field];
    const type = globals.get(field);
    if (!(item instanceof WebAssembly.Global) || type === undefined) return undefined;
    return async () => {
      const value = this.#host.globals.read(item, type);
      return value === undefined ? skipped(cannotCross) : { kind: "values", values: [value] };
    };
  }

  #caller(entry: Entry, action: Action): Perform | undefined {
    const bridge = this.#bridge(entry, action.field);
    const args = (action.args ?? []).map((arg) => argumentValue(arg, this.#host.values));
    if (bridge === undefined || !args.every((arg) => arg !== undefined)) return undefined;
    return async () => {
      try {
        return { kind: "values", values: await bridge(args) };
      } catch (error) {
        return failureOf(error);
      }
    };
  }

  #bridge(entry: Entry, field: string): Bridge | SuspendableBridge | undefined {
    if (entry.bridges.has(field)) return entry.bridges.get(field);
    const bridge = this.#createBridge(entry.exports[field], entry.signatures.get(field));
    entry.bridges.set(field, bridge);
    return bridge;
  }

  #createBridge(item: WebAssembly.ExportValue | undefined, signature: CoreSignature | undefined) {
    if (item === undefined || signature === undefined) return undefined;
    const { bridges } = this.#host;
    return this.#engine.suspends ? bridges.createSuspendable(item, signature) : bridges.create(item, signature);
  }
}

function typesOf(bytes: Uint8Array): Pick<Entry, "signatures" | "globals"> {
  const shape = readCoreModule(bytes);
  const signatures = new Map<string, CoreSignature>();
  const globals = new Map<string, PrintedGlobal>();
  for (const { name, kind, index } of shape.exports) {
    const type = kind === "function" ? functionTypeAt(shape.types, shape.functions[index] ?? -1) : undefined;
    if (type !== undefined) signatures.set(name, type);
    const global = kind === "global" ? shape.globals[index]?.type : undefined;
    if (global !== undefined) globals.set(name, global);
  }
  return { signatures, globals };
}
