// A lone core module as a program: host functions by import module and name, exported functions as entry points.

import { ImportNotFound } from "edge-runtime-common";
import type { CorePlan, CoreSignature } from "../instrument/plan.ts";
import type { CompiledCore, CoreModuleInstance } from "./core-instance.ts";
import type { HostFunction, HostImports } from "./host-functions.ts";
import { ownMemoryPlaces } from "./memory-accounts.ts";
import { ProgramImages } from "./memory-image.ts";
import type { Guest, GuestFunction, Program } from "./program.ts";
import type { Store } from "./store.ts";

interface ResolvedImport {
  readonly module: string;
  readonly name: string;
  readonly fn: HostFunction;
}

function resolveImport(imports: HostImports, module: string, name: string): HostFunction {
  const path = `${module} -> ${name}`;
  const instance = imports.get(module);
  if (instance === undefined) throw new ImportNotFound(path, "no host module of that name");
  const item = instance.kind === "instance" ? instance.items.get(name) : undefined;
  if (item?.kind !== "sync" && item?.kind !== "async") {
    throw new ImportNotFound(path, "the host module has no such function");
  }
  return item;
}

/** The host functions behind a module's imports; undefined for those that the host does not offer. */
export function offeredCoreFunctions(plan: CorePlan, imports: HostImports): readonly (HostFunction | undefined)[] {
  const functions = plan.imports.filter(({ kind }) => kind === "function");
  return functions.map(({ module, name }) => {
    const instance = imports.get(module);
    const item = instance?.kind === "instance" ? instance.items.get(name) : undefined;
    return item?.kind === "sync" || item?.kind === "async" ? item : undefined;
  });
}

function resolveImports(core: CompiledCore, imports: HostImports): ResolvedImport[] {
  return core.plan.imports.map(({ module, name, kind, type }) => {
    if (kind !== "function")
      throw new ImportNotFound(`${module} -> ${name}`, `the host offers functions only, not ${type}`);
    return { module, name, fn: resolveImport(imports, module, name) };
  });
}

function bind(store: Store, fn: HostFunction): WebAssembly.ImportValue {
  if (fn.kind === "sync") return (...args: unknown[]) => store.callHost(fn, args);
  return new WebAssembly.Suspending((...args: unknown[]) => store.callHostAsync(fn, args));
}

function toList(signature: CoreSignature, value: unknown): unknown {
  if (signature.results.length === 1) return [value];
  return signature.results.length === 0 ? [] : value;
}

function createGuest(store: Store, core: CompiledCore, instance: CoreModuleInstance): Guest {
  const entries = new Map<string, GuestFunction>();
  const prepare = (name: string): GuestFunction | undefined => {
    const plan = core.plan.exports.find((entry) => entry.name === name && entry.kind === "function");
    const exported = instance.getExport(name);
    if (plan?.signature === undefined || exported === undefined) return undefined;
    const fn = store.coreFunction(exported);
    const { signature } = plan;
    return (args) => store.callSuspendable(fn, args).then((value) => toList(signature, value));
  };
  return {
    entry: (name) => {
      const known = entries.get(name) ?? prepare(name);
      if (known !== undefined) entries.set(name, known);
      return known;
    },
    close: () => {},
    notRestorable: undefined,
    state: () => new Map(),
    reset: () => true,
  };
}

/**
 * Resolves the imports of a core module.
 *
 * @throws ImportNotFound
 */
export function createCoreProgram(core: CompiledCore, imports: HostImports): Program {
  const resolved = resolveImports(core, imports);
  return {
    cores: [core],
    memoryPlaces: ownMemoryPlaces(core.plan),
    images: new ProgramImages(),
    instantiate: async (store) => {
      const bound = new Map<string, Map<string, WebAssembly.ImportValue>>();
      for (const { module, name, fn } of resolved) {
        const items = bound.get(module) ?? new Map<string, WebAssembly.ImportValue>();
        bound.set(module, items.set(name, bind(store, fn)));
      }
      return createGuest(store, core, await store.instantiateCore(0, bound));
    },
  };
}
