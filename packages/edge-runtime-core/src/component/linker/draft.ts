// The plan while it grows: numbered lists, interned function types and slots, and the budget that stops a component
// whose evaluation would not end.

import { CompilationFailed } from "edge-runtime-common";
import type { FuncAbi } from "../../canonical-abi/index.ts";
import { compileFuncAbi } from "../../canonical-abi/index.ts";
import type { FuncType, ResourceId } from "../../canonical-abi/types.ts";
import type { CoreModuleShape } from "../../binary/module.ts";
import { readCoreModule } from "../../binary/module.ts";
import {
  MAX_COMPONENT_INSTANCES,
  MAX_CORE_INSTANCES,
  MAX_LINK_STEPS,
  MAX_MEMORIES,
  MAX_PLAN_TYPE_NODES,
  MAX_TABLES,
  MAX_TABLE_ELEMENTS,
} from "../limits.ts";
import type { CoreItem, Initializer, LiftPlan, ResourcePlan, TrampolinePlan } from "../plan.ts";
import type { FuncShape } from "../type-shape.ts";
import { shapeOf } from "../type-shape.ts";
import type { ModuleValue } from "./values.ts";

/** A function type of the plan with what its canonical definitions need. */
export interface InternedType {
  readonly index: number;
  readonly shape: FuncShape;
  readonly abi: FuncAbi;
}

type SlotKind = "function" | "memory";

function over(what: string, limit: number): never {
  throw new CompilationFailed(`component has more than ${limit} ${what}`);
}

function itemKey(item: CoreItem): string {
  return item.kind === "export" ? `e${item.instance}:${item.name}` : `t${item.index}`;
}

export class Draft {
  readonly coreModules: Uint8Array[] = [];
  readonly instances: { readonly parent: number | undefined }[] = [];
  readonly resources: ResourcePlan[] = [];
  readonly funcTypes: FuncType[] = [];
  readonly importedFunctions: { readonly path: readonly string[]; readonly type: number }[] = [];
  readonly lifts: LiftPlan[] = [];
  readonly trampolines: TrampolinePlan[] = [];
  readonly initializers: Initializer[] = [];
  readonly #modules = new Map<Uint8Array, ModuleValue>();
  readonly #types = new Map<string, InternedType>();
  readonly #typeObjects = new Map<FuncType, InternedType>();
  readonly #slots = { function: new Map<string, number>(), memory: new Map<string, number>() };
  #steps = 0;
  #typeNodes = 0;
  #coreInstances = 0;
  #memories = 0;
  #tables = 0;
  #tableElements = 0n;

  get functionSlots(): number {
    return this.#slots.function.size;
  }

  get memorySlots(): number {
    return this.#slots.memory.size;
  }

  /** Counts work: one per definition, and the nodes of types that are compared or written out. */
  spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > MAX_LINK_STEPS) over("steps of linking", MAX_LINK_STEPS);
  }

  /** Counts nodes of types that go into the plan. */
  spendTypeNodes(nodes: number): void {
    this.#typeNodes += nodes;
    if (this.#typeNodes > MAX_PLAN_TYPE_NODES) over("type nodes", MAX_PLAN_TYPE_NODES);
  }

  /** The module of these bytes, read once however often the component around it is instantiated. */
  module(bytes: Uint8Array): ModuleValue {
    const known = this.#modules.get(bytes);
    if (known !== undefined) return known;
    const value = { index: this.coreModules.length, shape: readCoreModule(bytes) };
    this.coreModules.push(bytes);
    this.#modules.set(bytes, value);
    return value;
  }

  addInstance(parent: number | undefined): number {
    if (this.instances.length === MAX_COMPONENT_INSTANCES) over("component instances", MAX_COMPONENT_INSTANCES);
    this.instances.push({ parent });
    return this.instances.length - 1;
  }

  /** Counts a core instance against the limits on what exists at once; returns its number. */
  addCoreInstance(shape: CoreModuleShape): number {
    if (this.#coreInstances === MAX_CORE_INSTANCES) over("core instances", MAX_CORE_INSTANCES);
    this.#memories += shape.memories.filter((memory) => !memory.imported).length;
    if (this.#memories > MAX_MEMORIES) over("memories", MAX_MEMORIES);
    for (const table of shape.tables) {
      if (table.imported) continue;
      this.#tables += 1;
      this.#tableElements += table.type.limits.min;
    }
    if (this.#tables > MAX_TABLES) over("tables", MAX_TABLES);
    if (this.#tableElements > MAX_TABLE_ELEMENTS) over("table elements", MAX_TABLE_ELEMENTS);
    this.#coreInstances += 1;
    return this.#coreInstances - 1;
  }

  addResource(resource: ResourcePlan): ResourceId {
    this.resources.push(resource);
    return this.resources.length - 1;
  }

  /** Gives a defined resource the first name under which it is exported. */
  nameResource(id: ResourceId, name: string): void {
    const resource = this.resources[id];
    if (resource?.kind === "defined" && resource.name === undefined) this.resources[id] = { ...resource, name };
  }

  internType(type: FuncType, nodes: number): InternedType {
    const known = this.#typeObjects.get(type);
    if (known !== undefined) return known;
    this.spend(nodes);
    const key = JSON.stringify(type);
    const interned = this.#types.get(key) ?? this.#newType(type, nodes);
    this.#types.set(key, interned);
    this.#typeObjects.set(type, interned);
    return interned;
  }

  #newType(type: FuncType, nodes: number): InternedType {
    this.spendTypeNodes(nodes);
    this.funcTypes.push(type);
    return { index: this.funcTypes.length - 1, shape: shapeOf(type), abi: compileFuncAbi(type) };
  }

  addTrampoline(trampoline: TrampolinePlan): CoreItem {
    this.trampolines.push(trampoline);
    return { kind: "trampoline", index: this.trampolines.length - 1 };
  }

  /** The slot that holds the item at run time, filled at this point of instantiation if it is new. */
  slot(kind: SlotKind, item: CoreItem): number {
    const slots = this.#slots[kind];
    const key = itemKey(item);
    const known = slots.get(key);
    if (known !== undefined) return known;
    const slot = slots.size;
    slots.set(key, slot);
    this.initializers.push({ kind, slot, item });
    return slot;
  }
}
