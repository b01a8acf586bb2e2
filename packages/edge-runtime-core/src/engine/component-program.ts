// A component as a program: the linker's template, instantiated in the engine's stores.

import type { ComponentTemplate } from "../component/index.ts";
import type { CompiledCore } from "./core-instance.ts";
import type { GuestFunction, Program } from "./program.ts";

export function createComponentProgram(template: ComponentTemplate, cores: readonly CompiledCore[]): Program {
  return {
    cores,
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
        close: () => instance.closeHandles(),
        reset: () => instance.reset(),
      };
    },
  };
}
