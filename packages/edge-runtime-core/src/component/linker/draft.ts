// The plan while it grows: numbered lists, interned function types and slots, and the budget that stops a component
// whose evaluation would not end.

import { CompilationFailed } from "edge-runtime-common";
import type { FuncAbi } from "../../canonical-abi/index.ts";
import { compileFuncAbi } from "../../canonical-abi/index.ts";
import type { FuncType, ResourceId } from "../../canonical-abi/types.ts";
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
import type { CoreItem, ImportedModule, Initializer, LiftPlan, ResourcePlan, TrampolinePlan } from "../plan.ts";
import type { FuncShape } from "../type-shape.ts";
import { shapeOf } from "../type-shape.ts";
import type { ComponentDefinition, Declaration } from "../binary/definitions.ts";
import { signatureOfModule } from "./module-signatures.ts";
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

/**
 * The index in a `ModuleValue` of imported core module number `module`. They are numbered behind the component's own
 * modules, whose number is not known before the end: `numberedInitializers` puts that right.
 */
export function importedModuleIndex(module: number): number {
  return -2 - module;
}

/** What the drafts of one linking share: the budget, and what was seen before. */
export class LinkMemory {
  steps = 0;
  abstractResources = 0;
  /** Types whose declarations were checked, and whether they mention resources from outside. */
  readonly checkedTypes = new Map<readonly Declaration[], boolean>();
  readonly checkedComponents = new Set<ComponentDefinition>();
  readonly modules = new Map<Uint8Array, Omit<ModuleValue, "index">>();
}

export class Draft {
  readonly memory: LinkMemory;
  readonly coreModules: Uint8Array[] = [];
  readonly instances: { readonly parent: number | undefined }[] = [];
  readonly resources: ResourcePlan[] = [];
  readonly funcTypes: FuncType[] = [];
  readonly importedFunctions: { readonly path: readonly string[]; readonly type: number }[] = [];
  readonly importedModules: ImportedModule[] = [];
  readonly lifts: LiftPlan[] = [];
  readonly trampolines: TrampolinePlan[] = [];
  readonly initializers: Initializer[] = [];
  readonly #moduleNumbers = new Map<Uint8Array, number>();
  readonly #types = new Map<string, InternedType>();
  readonly #typeObjects = new Map<FuncType, InternedType>();
  readonly #slots = { function: new Map<string, number>(), memory: new Map<string, number>() };
  #typeNodes = 0;
  #coreInstances = 0;
  #memories = 0;
  #tables = 0;
  #tableElements = 0n;

  constructor(memory = new LinkMemory()) {
    this.memory = memory;
  }

  get functionSlots(): number {
    return this.#slots.function.size;
  }

  get memorySlots(): number {
    return this.#slots.memory.size;
  }

  /** Counts work: one per definition, and the nodes of types that are compared or written out. */
  spend(steps: number): void {
    this.memory.steps += steps;
    if (this.memory.steps > MAX_LINK_STEPS) over("steps of linking", MAX_LINK_STEPS);
  }

  /** Counts nodes of types that go into the plan. */
  spendTypeNodes(nodes: number): void {
    this.#typeNodes += nodes;
    if (this.#typeNodes > MAX_PLAN_TYPE_NODES) over("type nodes", MAX_PLAN_TYPE_NODES);
  }

  /** The module of these bytes, numbered once however often the component around it is instantiated. */
  module(bytes: Uint8Array, offset: number): ModuleValue {
    const known = this.memory.modules.get(bytes) ?? this.#readModule(bytes, offset);
    const index = this.#moduleNumbers.get(bytes) ?? this.coreModules.length;
    if (index === this.coreModules.length) {
      this.coreModules.push(bytes);
      this.#moduleNumbers.set(bytes, index);
    }
    return { ...known, index };
  }

  #readModule(bytes: Uint8Array, offset: number): Omit<ModuleValue, "index"> {
    const shape = readCoreModule(bytes);
    this.spend(shape.imports.length + shape.exports.length);
    const value = {
      signature: signatureOfModule(shape, offset),
      memories: shape.memories.filter((memory) => !memory.imported).length,
      tableElements: shape.tables.flatMap((table) => (table.imported ? [] : [table.type.limits.min])),
    };
    this.memory.modules.set(bytes, value);
    return value;
  }

  /** A resource type that stands for any, while validating. */
  abstractResource(): ResourceId {
    this.memory.abstractResources += 1;
    return -this.memory.abstractResources;
  }

  addInstance(parent: number | undefined): number {
    if (this.instances.length === MAX_COMPONENT_INSTANCES) over("component instances", MAX_COMPONENT_INSTANCES);
    this.instances.push({ parent });
    return this.instances.length - 1;
  }

  /** Counts a core instance against the limits on what exists at once; returns its number. */
  addCoreInstance({ memories, tableElements }: ModuleValue): number {
    if (this.#coreInstances === MAX_CORE_INSTANCES) over("core instances", MAX_CORE_INSTANCES);
    this.#memories += memories;
    if (this.#memories > MAX_MEMORIES) over("memories", MAX_MEMORIES);
    this.#tables += tableElements.length;
    if (this.#tables > MAX_TABLES) over("tables", MAX_TABLES);
    for (const elements of tableElements) this.#tableElements += elements;
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

  /** The number of a module in the plan, by its index in a `ModuleValue`; final once everything was evaluated. */
  moduleNumber(index: number): number {
    return index >= 0 ? index : this.coreModules.length - 2 - index;
  }

  numberedInitializers(): Initializer[] {
    return this.initializers.map((initializer) =>
      initializer.kind === "instantiate"
        ? { ...initializer, module: this.moduleNumber(initializer.module) }
        : initializer,
    );
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
