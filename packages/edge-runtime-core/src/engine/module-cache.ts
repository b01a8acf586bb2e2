// Compiled modules kept in memory, so that the same bytes are compiled once per process. Bounded by count, least
// recently used out first; what runners still use lives on without it.

import type { CompiledModule } from "./compiled-module.ts";

const maxModules = 128;

export class ModuleCache {
  readonly #modules = new Map<string, Promise<CompiledModule>>();

  /** The module under `key`, compiled by `compile` where it is not there; a failure is not kept. */
  get(key: string, compile: () => Promise<CompiledModule>): Promise<CompiledModule> {
    const module = this.#modules.get(key) ?? compile();
    this.#modules.delete(key);
    this.#modules.set(key, module);
    module.catch(() => this.#modules.delete(key));
    for (const oldest of this.#modules.keys()) {
      if (this.#modules.size <= maxModules) break;
      this.#modules.delete(oldest);
    }
    return module;
  }
}
