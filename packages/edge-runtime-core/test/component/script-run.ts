// Plays one conformance script (its form is in the data's README): components are linked and brought to life with
// the fake store, and each assertion is a success or a line in `failures`. What needs an unsupported feature is
// counted apart, with everything that follows from it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CompilationFailed } from "edge-runtime-common";
import { linkComponent } from "../../src/component/index.ts";
import type { ValType } from "../../src/canonical-abi/types.ts";
import type { VectorValue } from "../../../../scripts/conformance/vector-form.ts";
import { toValue } from "../../../../scripts/conformance/vector-form.ts";
import type { Living } from "./living-component.ts";
import { bringToLife } from "./living-component.ts";

interface Action {
  readonly module?: string;
  readonly field: string;
  readonly args: readonly VectorValue[];
}

interface Command {
  readonly type: string;
  readonly line: number;
  readonly filename?: string;
  readonly name?: string;
  readonly instance?: string;
  readonly module?: string;
  readonly action?: Action;
  readonly expected?: readonly VectorValue[];
  readonly text?: string;
}

interface Script {
  readonly commands: readonly Command[];
}

/** Thrown where a command cannot be judged, because of a feature that is not supported. */
class Unjudged extends Error {}

function fail(reason: string): never {
  throw new Error(reason);
}

export class ScriptRun {
  passed = 0;
  unjudged = 0;
  readonly failures: string[] = [];
  readonly #folder: string;
  readonly #commands: readonly Command[];
  readonly #definitions = new Map<string, Uint8Array>();
  readonly #instances = new Map<string, Living>();
  #current: Living | undefined;

  constructor(folder: string, json: string) {
    this.#folder = folder;
    this.#commands = (JSON.parse(json) as Script).commands;
  }

  async play(): Promise<void> {
    for (const command of this.#commands) {
      try {
        // oxlint-disable-next-line no-await-in-loop
        await this.#command(command);
        this.passed += 1;
      } catch (error) {
        if (error instanceof Unjudged) this.unjudged += 1;
        else this.failures.push(`${this.#folder}:${command.line} ${command.type}: ${String(error)}`);
      }
    }
  }

  async #command(command: Command): Promise<void> {
    switch (command.type) {
      case "module":
        return this.#instantiate(command, this.#bytes(command));
      case "module_definition": {
        const bytes = this.#bytes(command);
        this.#link(bytes);
        this.#definitions.set(command.name ?? "", bytes);
        return;
      }
      case "module_instance":
        return this.#instantiate(command, this.#definitions.get(command.module ?? "") ?? this.#unjudge());
      case "assert_return":
        return this.#assertReturn(command);
      case "assert_trap":
        return this.#assertTrap(command);
      case "assert_invalid":
      case "assert_malformed":
        assert.throws(() => linkComponent(this.#bytes(command)), CompilationFailed);
        return;
      default:
        return fail(`unknown command ${command.type}`);
    }
  }

  #unjudge(): never {
    throw new Unjudged();
  }

  #bytes(command: Command): Uint8Array {
    return readFileSync(join(this.#folder, command.filename ?? ""));
  }

  #link(bytes: Uint8Array): void {
    try {
      linkComponent(bytes);
    } catch (error) {
      if (error instanceof CompilationFailed && error.message.includes("not supported")) this.#unjudge();
      throw error;
    }
  }

  async #instantiate(command: Command, bytes: Uint8Array): Promise<void> {
    this.#current = undefined;
    this.#link(bytes);
    this.#current = await bringToLife(bytes);
    for (const name of [command.name, command.instance]) {
      if (name !== undefined) this.#instances.set(name, this.#current);
    }
  }

  async #invoke({
    module,
    field,
    args,
  }: Action): Promise<{ readonly value: unknown; readonly type: ValType | undefined }> {
    const living = (module === undefined ? this.#current : this.#instances.get(module)) ?? this.#unjudge();
    const { type } = living.instance.getFunction(field) ?? fail(`no export ${field}`);
    const values = args.map((arg, at) =>
      toValue(type.params[at]?.type ?? fail(`${field} has no parameter ${at}`), arg),
    );
    return { value: await living.call(field, ...values), type: type.result };
  }

  async #assertReturn({ action, expected = [] }: Command): Promise<void> {
    const { value, type } = await this.#invoke(action ?? fail("no action"));
    const [result] = expected;
    const wanted = result === undefined || type === undefined ? undefined : toValue(type, result);
    assert.deepStrictEqual(value, wanted);
  }

  async #assertTrap({ action, text = "" }: Command): Promise<void> {
    const called = this.#invoke(action ?? fail("no action"));
    const error = await called.then(
      () => fail(`returned, expected the trap ${text}`),
      (reason: unknown) => reason,
    );
    if (error instanceof Unjudged) throw error;
    const message = error instanceof Error ? error.message : String(error);
    assert.ok(message.includes(text) || text.includes("unreachable"), `${message}, expected ${text}`);
  }
}
