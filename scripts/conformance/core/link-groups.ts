// Which instances of a script share state, found before anything runs: an instance that imports from another one is of
// its group. Instances of a group live in one store, as the core instances of a component do.

import { readCoreModule } from "edge-runtime-core/internal";
import type { Command, Script } from "./script.ts";
import { spectestState } from "./spectest.ts";

export interface LinkGroup {
  /** Number of the last command that instantiates a module of the group: its state is complete afterwards. */
  lastLink: number;
  /** Imports a memory or table of the host, which a reset does not restore. */
  usesHostState: boolean;
}

const instantiating = new Set(["module", "module_instance", "assert_unlinkable", "assert_uninstantiable"]);

class Grouping {
  readonly #parents: number[] = [];

  add(): number {
    this.#parents.push(this.#parents.length);
    return this.#parents.length - 1;
  }

  rootOf(member: number): number {
    let root = member;
    for (let parent = this.#parents[root]; parent !== undefined && parent !== root; parent = this.#parents[root])
      root = parent;
    return root;
  }

  join(left: number, right: number): void {
    this.#parents[this.rootOf(left)] = this.rootOf(right);
  }
}

interface Link {
  readonly at: number;
  readonly member: number;
  readonly usesHostState: boolean;
}

/** Follows names as a run of the script does, taking for granted that every module instantiates. */
class Linker {
  readonly grouping = new Grouping();
  readonly links: Link[] = [];
  readonly #script: Script;
  readonly #registered = new Map<string, number>();
  readonly #named = new Map<string, number>();
  readonly #definitions = new Map<string, Command>();
  #current: number | undefined;

  constructor(script: Script) {
    this.#script = script;
  }

  follow(command: Command, at: number): void {
    if (command.type === "module_definition") this.#definitions.set(command.name ?? "", command);
    if (command.type === "register") {
      const member = command.name === undefined ? this.#current : this.#named.get(command.name);
      if (member !== undefined) this.#registered.set(command.as ?? "", member);
    }
    if (!instantiating.has(command.type)) return;
    const source = command.type === "module_instance" ? this.#definitions.get(command.module ?? "") : command;
    const member = this.#link(source, at);
    const name = command.type === "module_instance" ? command.instance : command.name;
    if (command.type.startsWith("assert")) return;
    this.#current = member;
    if (name !== undefined) this.#named.set(name, member);
  }

  #link(source: Command | undefined, at: number): number {
    const member = this.grouping.add();
    const bytes = source === undefined ? undefined : this.#script.bytesOf(source);
    const imports = bytes !== undefined && WebAssembly.validate(bytes) ? readCoreModule(bytes).imports : [];
    for (const { module } of imports) {
      const other = this.#registered.get(module) ?? this.#named.get(module);
      if (other !== undefined) this.grouping.join(member, other);
    }
    const usesHostState = imports.some(({ module, name }) => module === "spectest" && spectestState.has(name));
    this.links.push({ at, member, usesHostState });
    return member;
  }
}

/** The group of each command that instantiates a module, by the command's number. */
export function linkGroups(script: Script): ReadonlyMap<number, LinkGroup> {
  const linker = new Linker(script);
  script.commands.forEach((command, at) => linker.follow(command, at));
  const groups = new Map<number, LinkGroup>();
  return new Map(
    linker.links.map(({ at, member, usesHostState }) => {
      const root = linker.grouping.rootOf(member);
      const group = groups.get(root) ?? { lastLink: at, usesHostState: false };
      groups.set(root, group);
      group.lastLink = Math.max(group.lastLink, at);
      group.usesHostState ||= usesHostState;
      return [at, group];
    }),
  );
}
