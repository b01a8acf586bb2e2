// Runs the initializers of a plan in a store: makes the trampolines, instantiates core modules in order, and fills
// the slots that the trampolines look into.

import { bug } from "edge-runtime-common";
import type { ComponentStore, CoreImports } from "../../engine/component-store.ts";
import type { CoreInstance } from "../../engine/core-instance.ts";
import type { CoreArgument, CoreItem, Initializer, TrampolinePlan } from "../plan.ts";
import type { ComponentInstance } from "./component-instance.ts";
import { LiveComponent } from "./component-instance.ts";
import { ComponentRuntime } from "./component-runtime.ts";
import { areNested, enteredInstances } from "./entered-instances.ts";
import { HostEntry } from "./lifted-function.ts";
import { destructorDropSteps, plainDropSteps, resourceNewSteps, resourceRepSteps } from "./resource-builtins.ts";
import type { TemplateParts } from "./template-parts.ts";
import type { TrampolineSteps } from "./trampolines.ts";
import { hostSteps, siblingSteps } from "./trampolines.ts";

function lowerSteps(
  { plan, imports, abis, shapes }: TemplateParts,
  runtime: ComponentRuntime,
  lower: TrampolinePlan & { readonly kind: "lower" },
  index: number,
): TrampolineSteps {
  const abi = abis[lower.type] ?? bug(`the plan has no type ${lower.type}`);
  const { target } = lower;
  if (target.kind === "import") {
    const fn = imports.functions[target.index] ?? bug(`the plan has no import ${target.index}`);
    return hostSteps({ runtime, plan: lower, abi, fn, allocates: shapes[index]?.kind === "host" });
  }
  const lift = plan.lifts[target.index] ?? bug(`the plan has no lift ${target.index}`);
  const entered = enteredInstances(plan.instances, lift.instance, lower.instance);
  const isNested = areNested(plan.instances, lift.instance, lower.instance);
  return siblingSteps({ runtime, plan: lower, lift, abi, entered, isNested });
}

function trampolineSteps(parts: TemplateParts, runtime: ComponentRuntime, index: number): TrampolineSteps {
  const trampoline = parts.plan.trampolines[index] ?? bug(`the plan has no trampoline ${index}`);
  if (trampoline.kind === "lower") return lowerSteps(parts, runtime, trampoline, index);
  const { instance, resource } = trampoline;
  const builtin = { runtime, instance, resource };
  switch (trampoline.kind) {
    case "resource-new":
      return resourceNewSteps(builtin);
    case "resource-rep":
      return resourceRepSteps(builtin);
    case "resource-drop": {
      const plan = parts.plan.resources[resource];
      if (plan?.kind !== "defined" || plan.dtor === undefined) {
        return plainDropSteps(builtin, parts.imports.resources.get(resource));
      }
      return destructorDropSteps(builtin, enteredInstances(parts.plan.instances, plan.instance, instance));
    }
  }
}

/** The functions that the host can call, by lift. */
function createEntries({ plan, abis, entries }: TemplateParts, runtime: ComponentRuntime): Map<number, HostEntry> {
  const created = entries.map((index) => {
    const lift = plan.lifts[index] ?? bug(`the plan has no lift ${index}`);
    const type = plan.funcTypes[lift.type] ?? bug(`the plan has no type ${lift.type}`);
    const abi = abis[lift.type] ?? bug(`the plan has no type ${lift.type}`);
    const entered = enteredInstances(plan.instances, lift.instance, undefined);
    return [index, new HostEntry({ runtime, plan: lift, type, abi, entered })] as const;
  });
  return new Map(created);
}

function instantiateAdapter(
  parts: TemplateParts,
  runtime: ComponentRuntime,
  entries: ReadonlyMap<number, HostEntry>,
): WebAssembly.Instance {
  const imports = runtime.sharedImports();
  const add = (index: number, steps: TrampolineSteps): void => {
    for (const [step, value] of Object.entries(steps)) imports[step === "" ? `${index}` : `${index}.${step}`] = value;
  };
  const { length } = parts.plan.trampolines;
  for (let index = 0; index < length; index++) add(index, trampolineSteps(parts, runtime, index));
  parts.entries.forEach((lift, index) => {
    add(length + index, entries.get(lift)?.steps ?? bug(`lift ${lift} has no entry`));
  });
  return new WebAssembly.Instance(parts.adapter, { "": imports });
}

class Initialization {
  readonly #runtime: ComponentRuntime;
  readonly #adapter: WebAssembly.Instance["exports"];
  readonly #table: WebAssembly.Table;
  readonly #instances: CoreInstance[] = [];

  constructor(runtime: ComponentRuntime, adapter: WebAssembly.Instance) {
    this.#runtime = runtime;
    this.#adapter = adapter.exports;
    const { table } = adapter.exports as { readonly table?: WebAssembly.ExportValue };
    this.#table = table instanceof WebAssembly.Table ? table : bug("the adapter module exports no table");
  }

  async run(initializers: readonly Initializer[]): Promise<void> {
    for (const initializer of initializers) {
      switch (initializer.kind) {
        case "instantiate": {
          const imports = this.#imports(initializer.args);
          this.#instances.push(await this.#runtime.store.instantiateCore(initializer.module, imports));
          break;
        }
        case "function":
          this.#fillFunction(initializer.slot, this.#item(initializer.item));
          break;
        case "memory":
          this.#fillMemory(initializer.slot, this.#item(initializer.item));
          break;
      }
    }
  }

  #imports(args: readonly CoreArgument[]): CoreImports {
    const modules = new Map<string, Map<string, WebAssembly.ImportValue>>();
    for (const { module, name, item } of args) {
      const items = modules.get(module) ?? new Map<string, WebAssembly.ImportValue>();
      modules.set(module, items);
      items.set(name, this.#item(item));
    }
    return modules;
  }

  #item(item: CoreItem): WebAssembly.ExportValue {
    if (item.kind === "trampoline") {
      return this.#adapter[`${item.index}`] ?? bug(`the adapter module has no trampoline ${item.index}`);
    }
    const value = this.#instances[item.instance]?.getExport(item.name);
    return value ?? bug(`core instance ${item.instance} has no export that the linker found`);
  }

  #fillFunction(slot: number, value: WebAssembly.ExportValue): void {
    this.#table.set(slot, value);
    this.#runtime.fillFunction(slot, value);
  }

  #fillMemory(slot: number, value: WebAssembly.ExportValue): void {
    if (!(value instanceof WebAssembly.Memory)) bug(`memory slot ${slot} is given something else`);
    else this.#runtime.fillMemory(slot, value);
  }
}

export async function instantiateComponent(parts: TemplateParts, store: ComponentStore): Promise<ComponentInstance> {
  const runtime = new ComponentRuntime(store, parts.plan, parts.imports.resources);
  const entries = createEntries(parts, runtime);
  const adapter = instantiateAdapter(parts, runtime, entries);
  await new Initialization(runtime, adapter).run(parts.plan.initializers);
  return new LiveComponent({ parts, runtime, entries, adapter: adapter.exports });
}
