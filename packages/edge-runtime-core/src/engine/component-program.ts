// A component as a program: the linker's template, instantiated in the engine's stores.

import type { ComponentTemplate } from "../component/index.ts";
import type { CompiledCore } from "./core-instance.ts";
import { ownMemoryPlaces } from "./memory-accounts.ts";
import { ProgramImages } from "./memory-image.ts";
import type { GuestFunction, Program } from "./program.ts";

/** A core module may be instantiated more than once. */
function memoryPlacesOf({ plan }: ComponentTemplate, cores: readonly CompiledCore[]): number {
  let places = 0;
  for (const initializer of plan.initializers) {
    const core = initializer.kind === "instantiate" ? cores[initializer.module] : undefined;
    if (core !== undefined) places += ownMemoryPlaces(core.plan);
  }
  return places;
}

export function createComponentProgram(template: ComponentTemplate, own: readonly CompiledCore[]): Program {
  const cores = template.importedCores.length === 0 ? own : [...own, ...template.importedCores];
  return {
    cores,
    memoryPlaces: memoryPlacesOf(template, cores),
    images: new ProgramImages(),
    instantiate: async (store) => {
      const instance = await template.instantiate(store);
      const entries = new Map<string, GuestFunction>();
      const prepare = (name: string): GuestFunction | undefined => {
        const fn = instance.getFunction(name);
        return fn === undefined ? undefined : (args) => fn.call(args);
      };
      return {
        entry: (name) => {
          const known = entries.get(name) ?? prepare(name);
          if (known !== undefined) entries.set(name, known);
          return known;
        },
        notRestorable: instance.notRestorable,
        state: () => instance.state(),
        close: () => instance.closeHandles(),
        reset: () => instance.reset(),
      };
    },
  };
}
