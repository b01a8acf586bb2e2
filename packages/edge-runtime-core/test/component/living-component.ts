// Components from text, brought to life with the fake store, for tests that call them.

import assert from "node:assert/strict";
import { parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { RuntimeError } from "edge-runtime-common";
import type { ComponentInstance, ComponentPlan } from "../../src/component/index.ts";
import { createComponentTemplate, linkComponent } from "../../src/component/index.ts";
import type { HostFunction, HostImports, HostItem } from "../../src/engine/host-functions.ts";
import { hostInstance } from "../../src/engine/host-functions.ts";
import { FakeStore } from "./fake-store.ts";

/** A core module with a memory, and a realloc that only goes up. */
export const libc = `
  (core module $libc
    (memory (export "memory") 2)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param $old i32) (param $oldSize i32) (param $align i32) (param $size i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and
        (i32.sub (i32.add (global.get $next) (local.get $align)) (i32.const 1))
        (i32.sub (i32.const 0) (local.get $align))))
      (global.set $next (i32.add (local.get $at) (local.get $size)))
      (local.get $at)))
  (core instance $libc (instantiate $libc))
  (alias core export $libc "memory" (core memory $memory))
  (alias core export $libc "realloc" (core func $realloc))`;

export interface Living {
  readonly plan: ComponentPlan;
  readonly store: FakeStore;
  readonly instance: ComponentInstance;
  /** Calls an export; rejects with what ended the guest. */
  readonly call: (path: string, ...args: readonly unknown[]) => Promise<unknown>;
}

async function outcomeOf<T>(store: FakeStore, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw store.outcome ?? error;
  }
}

export async function bringToLife(component: string | Uint8Array, host: HostImports = new Map()): Promise<Living> {
  const bytes = typeof component === "string" ? await parse(component) : component;
  const linked = linkComponent(bytes);
  // What the engine stores in artifacts is JSON.
  const plan = JSON.parse(JSON.stringify(linked.plan)) as ComponentPlan;
  const store = new FakeStore(linked.coreModules.map((core) => new WebAssembly.Module(core)));
  const instance = await outcomeOf(store, () => createComponentTemplate(plan, host).instantiate(store));
  const call = (path: string, ...args: readonly unknown[]): Promise<unknown> => {
    const fn = instance.getFunction(path);
    assert.ok(fn !== undefined, `no export ${path}`);
    return outcomeOf(store, () => fn.call(args));
  };
  return { plan, store, instance, call };
}

export function sync(call: (...args: never[]) => unknown): HostFunction {
  return { kind: "sync", call: (_call, ...args) => call(...args) };
}

export function waiting(call: (...args: never[]) => unknown): HostFunction {
  return {
    kind: "async",
    call: async (_call, ...args) => {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      return call(...args);
    },
  };
}

export function host(items: Readonly<Record<string, HostItem | Readonly<Record<string, HostItem>>>>): HostImports {
  return new Map(
    Object.entries(items).map(([name, item]) => [name, isItem(item) ? item : hostInstance(item)] as const),
  );
}

function isItem(item: HostItem | Readonly<Record<string, HostItem>>): item is HostItem {
  return typeof item.kind === "string";
}

/** Asserts that the promise rejects with an error of the runtime whose message matches. */
export async function rejectsWith(promise: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof RuntimeError || error instanceof WebAssembly.RuntimeError, String(error));
    assert.match(error.message, message);
    return true;
  });
}
