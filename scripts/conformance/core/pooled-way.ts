// Metered with pooling: instances live in stores of the engine, are reset to a snapshot after the script, and must then
// do everything again in the same way. Calls are made on stacks of their own, with real clocks: guests yield and wait.

import { CompilationFailed, defaultConfig } from "edge-runtime-common";
import { WasmEngine } from "edge-runtime-core";
import { testPlatform } from "edge-runtime-testing";
import { GlobalBits } from "../../wasm/global-bits.ts";
import { compileRewritten, instantiateAlone } from "./direct-ways.ts";
import type { LinkGroup } from "./link-groups.ts";
import { linkGroups } from "./link-groups.ts";
import type { Outcome } from "./outcome.ts";
import { PooledGroup } from "./pooled-group.ts";
import type { Script } from "./script.ts";
import type { Engine, Exports, Findings, Perform, Way } from "./way.ts";

/** What a store says that would hold more than its caps allow. */
const overCaps = /at most \d+ are allowed/;

class PooledEngine implements Engine {
  readonly suspends = true;
  readonly #links: ReadonlyMap<number, LinkGroup>;
  readonly #groups = new Map<LinkGroup, PooledGroup>();
  readonly #groupOf = new Map<Exports, PooledGroup>();
  readonly #engine = new WasmEngine(defaultConfig().engine, { platform: testPlatform() });
  readonly #bits = new GlobalBits();

  readonly #marksPages: boolean;

  constructor(script: Script, marksPages: boolean) {
    this.#marksPages = marksPages;
    this.#links = linkGroups(script);
  }

  compile(bytes: Uint8Array): void {
    compileRewritten(bytes, "fuel");
  }

  async instantiate(bytes: Uint8Array, imports: WebAssembly.Imports, at: number): Promise<Exports> {
    const link = this.#links.get(at) ?? { lastLink: at, usesHostState: false };
    const group =
      this.#groups.get(link) ??
      new PooledGroup(link, { engine: this.#engine, bits: this.#bits, marksPages: this.#marksPages });
    this.#groups.set(link, group);
    try {
      const exports = await group.instantiate(bytes, imports, at);
      this.#groupOf.set(exports, group);
      return exports;
    } catch (error) {
      if (!(error instanceof CompilationFailed && overCaps.test(error.message))) throw error;
      // What it does is compared all the same.
      group.giveUp("over the caps of a store");
      return instantiateAlone(bytes, { metering: "fuel", counter: "own", imports });
    }
  }

  async act(exports: Exports, at: number, perform: Perform): Promise<Outcome> {
    return this.#groupOf.get(exports)?.act(at, perform) ?? perform();
  }

  async finish(): Promise<Findings> {
    const counts = new Map<string, number>();
    const count = (what: string, amount = 1): void => {
      counts.set(what, (counts.get(what) ?? 0) + amount);
    };
    const differences: Findings["differences"][number][] = [];
    for (const group of this.#groups.values()) {
      // One after another: their calls share the memory of the bridges.
      // oxlint-disable-next-line no-await-in-loop
      const verification = await group.verify();
      if (verification.notRestored === undefined) count("instance groups reset");
      else count(`instance groups not reset: ${verification.notRestored}`);
      count("actions repeated after a reset", verification.replayed);
      differences.push(...verification.differences);
    }
    return { differences, counts };
  }
}

/** Resets copy the whole snapshot. */
export const pooled: Way = { name: "pooled", open: (script) => new PooledEngine(script, false) };

/** Stores mark the pages that they write to, and resets copy those. */
export const marked: Way = { name: "marked", open: (script) => new PooledEngine(script, true) };
