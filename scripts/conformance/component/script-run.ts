// Plays the commands of one script in an engine, in their order, and judges each.

import { isDeepStrictEqual, inspect } from "node:util";
import { CompilationFailed, ImportNotFound, RuntimeError } from "edge-runtime-common";
import type { HostImports, HostItem, WasmEngine } from "edge-runtime-core";
import { CompiledModule, createHostModule } from "edge-runtime-core";
import { toValue } from "../vector-form.ts";
import { instanceItems } from "./host-items.ts";
import { isTrap, judgeRefusal } from "./judge.ts";
import { coreFeature, laterFeature } from "./later-features.ts";
import type { Compiled, Repetition } from "./living.ts";
import { Living } from "./living.ts";
import type { Action, Command, Script } from "./script.ts";
import type { Verdict } from "./verdict.ts";
import { failed, listed, passed } from "./verdict.ts";

/** A component or module of the script: compiled, or why it could not be. */
type Definition = Compiled | Verdict;
/** An instance of the script, or why there is none. */
type Instance = Living | Verdict;

export interface ScriptOptions {
  readonly engine: WasmEngine;
  readonly host: HostImports;
  /** `module` asserts no more than validity: nobody offers what it imports. */
  readonly onlyValidates: boolean;
}

function isVerdict(value: Definition | Instance): value is Verdict {
  return "kind" in value && (value.kind === "passed" || value.kind === "failed" || value.kind === "listed");
}

/** The reason is a failure once, where it arose; what follows from it is listed. */
function consequence(verdict: Verdict): Verdict {
  return verdict.kind === "passed" ? verdict : listed(verdict.reason);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const noInstance = failed("there is no instance");

export class ScriptRun {
  readonly #script: Script;
  readonly #options: ScriptOptions;
  readonly #definitions = new Map<string, Definition>();
  readonly #instances = new Map<string, Instance>();
  readonly #offered = new Map<string, HostItem>();
  readonly #all: Living[] = [];
  #current: Instance = noInstance;
  #drops: Promise<void>[] = [];

  constructor(script: Script, options: ScriptOptions) {
    this.#script = script;
    this.#options = options;
  }

  async execute(command: Command): Promise<Verdict> {
    const verdict = await this.#judge(command);
    await Promise.all(this.#drops);
    this.#drops = [];
    return verdict;
  }

  /** Resets every instance that can be, and repeats what was done with it. */
  async repeat(): Promise<readonly Repetition[]> {
    const repetitions: Repetition[] = [];
    for (const living of this.#all) {
      // One at a time: they may call each other.
      // oxlint-disable-next-line no-await-in-loop
      repetitions.push(await living.repeat());
      living.end();
    }
    return repetitions;
  }

  async #judge(command: Command): Promise<Verdict> {
    switch (command.type) {
      case "module":
        return this.#instantiate(command.name, await this.#compile(command));
      case "module_definition": {
        const definition = await this.#compile(command);
        this.#definitions.set(command.name ?? "", definition);
        return isVerdict(definition) ? definition : passed;
      }
      case "module_instance":
        return this.#instantiate(command.instance, this.#definitions.get(command.module ?? "") ?? noInstance);
      case "register":
        return this.#register(command);
      case "action":
      case "assert_return":
        return this.#assertReturn(command);
      case "assert_trap":
      case "assert_exhaustion":
        return this.#assertTrap(command);
      case "assert_uninstantiable":
      case "assert_unlinkable":
        return this.#assertNoInstance(command);
      case "assert_invalid":
      case "assert_malformed":
        return this.#assertRefused(command);
      default:
        return failed(`unknown command ${command.type}`);
    }
  }

  /** A core module is offered to components by the name that the script gives it. */
  async #compile(command: Command): Promise<Definition> {
    const needs = laterFeature(this.#script.featuresOf(command));
    try {
      const bytes = this.#script.bytesOf(command);
      const module = await CompiledModule.fromAny(this.#options.engine, bytes);
      if (needs !== undefined && module.kind === "component") return failed(`accepted, though it needs ${needs}`);
      if (module.kind === "core" && command.name !== undefined) {
        this.#offered.set(command.name, await createHostModule(this.#options.engine, bytes));
      }
      return { module, bytes };
    } catch (error) {
      if (!(error instanceof CompilationFailed)) return failed(`not a refusal: ${messageOf(error)}`);
      const coreNeeds = coreFeature(this.#script.featuresOf(command));
      if (needs === undefined) return coreNeeds === undefined ? failed(error.message) : listed(`needs ${coreNeeds}`);
      return error.feature === undefined ? failed(`${error.message}; it needs ${needs}`) : listed(`needs ${needs}`);
    }
  }

  #imports(): HostImports {
    return new Map([...this.#options.host, ...this.#offered]);
  }

  async #instantiate(name: string | undefined, definition: Definition): Promise<Verdict> {
    const { verdict, instance } = await this.#bringToLife(definition);
    this.#current = instance;
    if (name === undefined) return verdict;
    this.#instances.set(name, instance);
    if (!isVerdict(instance)) this.#offer(name, instance);
    return verdict;
  }

  #offer(name: string, living: Living): void {
    if (living.module.kind !== "component") return;
    this.#offered.set(
      name,
      instanceItems(living, (pending) => this.#drops.push(pending)),
    );
  }

  async #bringToLife(definition: Definition): Promise<{ readonly verdict: Verdict; readonly instance: Instance }> {
    if (isVerdict(definition)) return { verdict: definition, instance: consequence(definition) };
    try {
      const living = await Living.create(
        this.#options.engine,
        definition,
        this.#imports(),
        new Set(this.#offered.keys()),
      );
      this.#all.push(living);
      return { verdict: passed, instance: living };
    } catch (error) {
      const verdict = failed(messageOf(error));
      if (!this.#options.onlyValidates || !(error instanceof ImportNotFound))
        return { verdict, instance: consequence(verdict) };
      return { verdict: passed, instance: listed("nobody offers what it imports") };
    }
  }

  #register({ name, as = "" }: Command): Verdict {
    const instance = name === undefined ? this.#current : (this.#instances.get(name) ?? noInstance);
    if (isVerdict(instance)) return consequence(instance);
    this.#offer(as, instance);
    return passed;
  }

  #instanceOf({ module }: Action): Instance {
    return module === undefined ? this.#current : (this.#instances.get(module) ?? noInstance);
  }

  #invoke(living: Living, { line }: Command, { field, args = [] }: Action): Promise<unknown> {
    const { params } = living.funcType(field) ?? { params: [] };
    const values = args.map((arg, index) => {
      const type = params[index]?.type;
      return type === undefined ? Number(arg.value) : toValue(type, arg);
    });
    return living.invoke(line, field, values);
  }

  async #assertReturn(command: Command): Promise<Verdict> {
    const { action, expected = [] } = command;
    if (action === undefined) return failed("no action");
    const living = this.#instanceOf(action);
    if (isVerdict(living)) return consequence(living);
    try {
      const value = await this.#invoke(living, command, action);
      if (command.type === "action") return passed;
      const [result] = expected;
      const type = living.funcType(action.field)?.result;
      const wanted =
        result === undefined ? undefined : type === undefined ? Number(result.value) : toValue(type, result);
      return isDeepStrictEqual(value, wanted) ? passed : failed(`${inspect(value)}, expected ${inspect(wanted)}`);
    } catch (error) {
      return failed(messageOf(error));
    }
  }

  async #assertTrap(command: Command): Promise<Verdict> {
    const { action, text = "" } = command;
    if (action === undefined) return failed("no action");
    const living = this.#instanceOf(action);
    if (isVerdict(living)) return consequence(living);
    try {
      await this.#invoke(living, command, action);
      return failed(`returned, expected the trap ${text}`);
    } catch (error) {
      return judgeTrap(error, text);
    }
  }

  async #assertNoInstance(command: Command): Promise<Verdict> {
    const definition = await this.#compile(command);
    if (isVerdict(definition)) return definition;
    try {
      const living = await Living.create(this.#options.engine, definition, this.#imports());
      living.end();
      return failed("it was instantiated");
    } catch (error) {
      if (command.type === "assert_unlinkable") {
        return error instanceof ImportNotFound ? passed : failed(messageOf(error));
      }
      return judgeTrap(error, command.text ?? "");
    }
  }

  async #assertRefused(command: Command): Promise<Verdict> {
    try {
      await CompiledModule.fromAny(this.#options.engine, this.#script.bytesOf(command));
      return failed(`accepted; expected: ${this.#script.referenceOf(command) ?? command.text ?? ""}`);
    } catch (error) {
      if (!(error instanceof CompilationFailed)) return failed(`not a refusal: ${messageOf(error)}`);
      return judgeRefusal(error, command, this.#script);
    }
  }
}

function judgeTrap(error: unknown, text: string): Verdict {
  const isGuests = error instanceof RuntimeError && error.code === "ERR_EDGE_TRAP";
  return isGuests && isTrap(error.message, text) ? passed : failed(`${messageOf(error)}, expected ${text}`);
}
