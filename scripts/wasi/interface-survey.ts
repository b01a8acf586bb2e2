// What the host offers of an interface, found by linking: the official tools make a component that imports all of it,
// and our own linker compares every function's type with the host's. Nothing of what is found is written by hand.

import { componentEmbed, componentNew } from "@bytecodealliance/jco-transpile/wasm-tools";
import { defaultConfig, ImportNotFound } from "edge-runtime-common";
import { CompiledModule, hostInstance, WasmEngine } from "edge-runtime-core";
import type { HostImports, HostInstance, HostItem } from "edge-runtime-core";
import { createNodePlatform } from "edge-runtime-host";
import type { WitPackage } from "./wit-text.ts";
import { interfaceName, probeText } from "./wit-text.ts";

export interface InterfaceSurvey {
  /** As in `wasi:io/poll@0.2.12`. */
  readonly name: string;
  /** Functions that the text declares. */
  readonly functions: readonly string[];
  /** Functions and resources that the host lacks. */
  readonly missing: readonly string[];
  /** The same of what the text declares to be unstable. */
  readonly missingUnstable: readonly string[];
  /** What the linker said where a type differs; undefined where all agree. */
  readonly mistyped: string | undefined;
}

interface Item {
  readonly name: string;
  readonly kind: "func" | "resource";
}

/** `resource alias`: one of another interface, which need not be offered twice. */
const INSTANCE_ITEM = /^ {2}(\S+): (func(?=[(])|resource(?=;))/gm;

function itemsOf(type: string): Item[] {
  return [...type.matchAll(INSTANCE_ITEM)].map(([, name = "", kind]) => ({
    name,
    kind: kind === "resource" ? "resource" : "func",
  }));
}

/** What stands in for what the host lacks, so that the types of the rest are compared all the same. */
function standIn({ kind }: Item): HostItem {
  return kind === "resource"
    ? { kind: "resource", drop: () => undefined }
    : { kind: "sync", reads: "nothing", call: () => undefined };
}

/** Whether the host has the item of that interface in any version that the linker would take. */
function lacks(linked: HostInstance | undefined, item: Item): boolean {
  return linked === undefined || !linked.items.has(item.name);
}

/** The host's instance for an imported name: the same rule as the linker's, for the versions that WASI has. */
export function offeredInstance(imports: HostImports, name: string): HostInstance | undefined {
  const exact = imports.get(name);
  if (exact?.kind === "instance") return exact;
  const [base = "", version = ""] = name.split("@");
  if (!/^0\.2\.\d+$/.test(version)) return undefined;
  const key = [...imports.keys()].find((offered) => /@0\.2\.\d+$/.test(offered) && offered.split("@")[0] === base);
  const item = key === undefined ? undefined : imports.get(key);
  return item?.kind === "instance" ? item : undefined;
}

export class InterfaceSurveyor {
  readonly #engine = new WasmEngine(defaultConfig().engine, { platform: createNodePlatform() });
  readonly #imports: HostImports;
  readonly #packages: readonly WitPackage[];

  constructor(imports: HostImports, packages: readonly WitPackage[]) {
    this.#imports = imports;
    this.#packages = packages;
  }

  /** All interfaces of all packages, in the order of their texts. */
  async all(): Promise<InterfaceSurvey[]> {
    const names = this.#packages.flatMap((part) => part.interfaces.map((item) => interfaceName(part.name, item)));
    const surveys: InterfaceSurvey[] = [];
    // One after the other: all of it is this thread's work.
    // oxlint-disable-next-line no-await-in-loop
    for (const name of names) surveys.push(await this.survey(name));
    return surveys;
  }

  async survey(name: string): Promise<InterfaceSurvey> {
    const stable = await this.#itemsOf(name, false);
    const module = await this.#probe(name, true);
    const all = itemsIn(module, name);
    const linked = offeredInstance(this.#imports, name);
    const missing = all.filter((item) => lacks(linked, item)).map((item) => item.name);
    const isStable = new Set(stable.map((item) => item.name));
    return {
      name,
      functions: all.filter(({ kind }) => kind === "func").map((item) => item.name),
      missing: missing.filter((item) => isStable.has(item)),
      missingUnstable: missing.filter((item) => !isStable.has(item)),
      mistyped: linkError(module, this.#withStandIns(module)),
    };
  }

  async #itemsOf(name: string, unstable: boolean): Promise<Item[]> {
    try {
      return itemsIn(await this.#probe(name, unstable), name);
    } catch (error) {
      // An interface that is unstable as a whole cannot be imported without its feature.
      if (!unstable && /unstable|not found|feature/.test(String(error))) return [];
      throw error;
    }
  }

  /** A component that imports all of an interface. */
  async #probe(name: string, unstable: boolean): Promise<CompiledModule> {
    const features = unstable ? { features: { tag: "all" } as const } : {};
    const witSource = probeText(this.#packages, name);
    const module = await componentEmbed({ witSource, world: "probe", dummy: true, ...features });
    return CompiledModule.fromComponentBytes(this.#engine, await componentNew(module));
  }

  /** The host with what it lacks of a component's imports made up. */
  #withStandIns(module: CompiledModule): HostImports {
    const whole = new Map(this.#imports);
    for (const { name, type } of module.describe().imports) {
      const linked = offeredInstance(this.#imports, name);
      const lacking = itemsOf(type ?? "").filter((item) => lacks(linked, item));
      if (linked !== undefined && lacking.length === 0) continue;
      const added = Object.fromEntries(lacking.map((item) => [item.name, standIn(item)]));
      whole.set(name, hostInstance({ ...Object.fromEntries(linked?.items ?? []), ...added }));
    }
    return whole;
  }
}

function itemsIn(module: CompiledModule, name: string): Item[] {
  const found = module.describe().imports.find((item) => item.name === name);
  return itemsOf(found?.type ?? "");
}

function linkError(module: CompiledModule, imports: HostImports): string | undefined {
  try {
    module.link(imports);
    return undefined;
  } catch (error) {
    if (error instanceof ImportNotFound) return error.message;
    throw error;
  }
}
