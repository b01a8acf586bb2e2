// The plan of a preview 1 module that was made a component with the official adapter, completed with what the adapter
// cannot express: exit codes other than 0 and 1, and the module's own functions, which are no part of any world.
//
//   main module ── proc_exit ──► adapter ── exit(result) ──►  host        as adapted
//   main module ── proc_exit ──► exit-with-code(u8) ────────►  host        as completed

import { bug } from "edge-runtime-common";
import { functionTypeAt, readCoreModule } from "../binary/module.ts";
import type { FuncType, ValType } from "../canonical-abi/types.ts";
import type { LinkedComponent } from "./linker/link.ts";
import type { AbiOptions, ComponentPlan, ExternPlan, FuncTarget, Initializer, LiftPlan } from "./plan.ts";

export const PREVIEW1 = "wasi_snapshot_preview1";

/** Called by the component itself, or not meant for callers. */
const notCalled: ReadonlySet<string> = new Set(["_start", "_initialize", "cabi_realloc"]);

/** Names of functions as compilers write them; others could be taken for paths into interfaces. */
const callable = /^[A-Za-z0-9_.$-]{1,256}$/;

const valueTypes: ReadonlyMap<string, ValType> = new Map([
  ["i32", { kind: "s32" }],
  ["i64", { kind: "s64" }],
  ["f32", { kind: "f32" }],
  ["f64", { kind: "f64" }],
]);

const scalars: AbiOptions = { encoding: "utf8", memory: undefined, realloc: undefined };
const root = 0;

interface MainModule {
  /** Number of its core instance. */
  readonly instance: number;
  readonly initializer: Initializer & { readonly kind: "instantiate" };
}

/** The instance whose module imports preview 1: the adapter's own modules do not. */
function findMain({ initializers }: ComponentPlan): MainModule {
  const instantiations = initializers.filter((initializer) => initializer.kind === "instantiate");
  const instance = instantiations.findIndex(({ args }) => args.some(({ module }) => module === PREVIEW1));
  const initializer = instantiations[instance];
  return initializer === undefined
    ? bug(`no module of the adapted one imports ${PREVIEW1}`)
    : { instance, initializer };
}

/** Undefined for types that values of components do not have. */
function toFuncType(params: readonly string[], results: readonly string[]): FuncType | undefined {
  const types = [...params, ...results].map((type) => valueTypes.get(type));
  const known = types.filter((type) => type !== undefined);
  if (results.length > 1 || known.length < types.length) return undefined;
  const named = known.slice(0, params.length).map((type, index) => ({ name: `p${index}`, type }));
  return { params: named, result: known[params.length] };
}

/** Adds the module's functions of scalars as exports. */
function addExports(plan: ComponentPlan, main: MainModule, module: Uint8Array): ComponentPlan {
  const { functions, types, exports } = readCoreModule(module);
  const funcTypes = [...plan.funcTypes];
  const lifts: LiftPlan[] = [...plan.lifts];
  const initializers: Initializer[] = [...plan.initializers];
  const added: ExternPlan[] = [];
  let slot = plan.functionSlots;
  for (const { name, kind, index } of exports) {
    if (kind !== "function" || notCalled.has(name) || !callable.test(name)) continue;
    const type = functionTypeAt(types, functions[index] ?? -1);
    const funcType = type === undefined ? undefined : toFuncType(type.params, type.results);
    if (funcType === undefined) continue;
    initializers.push({ kind: "function", slot, item: { kind: "export", instance: main.instance, name } });
    added.push({ kind: "func", name, type: funcTypes.length, target: { kind: "lift", index: lifts.length } });
    lifts.push({ instance: root, callee: slot, type: funcTypes.length, options: scalars, postReturn: undefined });
    funcTypes.push(funcType);
    slot += 1;
  }
  return { ...plan, funcTypes, lifts, initializers, functionSlots: slot, exports: [...plan.exports, ...added] };
}

const exitWithCode = "exit-with-code";
const exitType: FuncType = { params: [{ name: "status-code", type: { kind: "u8" } }], result: undefined };

/** Gives the module's `proc_exit` to the host itself, where the adapter would tell it success or failure only. */
function keepExitCodes(plan: ComponentPlan, main: MainModule): ComponentPlan {
  const isExit = ({ module, name }: { module: string; name: string }): boolean =>
    module === PREVIEW1 && name === "proc_exit";
  const exit = plan.imports.find((item) => item.kind === "instance" && item.name.startsWith("wasi:cli/exit@"));
  if (exit?.kind !== "instance" || !main.initializer.args.some(isExit)) return plan;
  const type = plan.funcTypes.length;
  const target: FuncTarget = { kind: "import", index: plan.importedFunctions.length };
  const item = { kind: "trampoline", index: plan.trampolines.length } as const;
  const args = main.initializer.args.map((argument) => (isExit(argument) ? { ...argument, item } : argument));
  const declared: ExternPlan = { kind: "func", name: exitWithCode, type, target };
  return {
    ...plan,
    funcTypes: [...plan.funcTypes, exitType],
    importedFunctions: [...plan.importedFunctions, { path: [exit.name, exitWithCode], type }],
    trampolines: [...plan.trampolines, { kind: "lower", instance: root, target, type, options: scalars }],
    initializers: plan.initializers.map((step) => (step === main.initializer ? { ...step, args } : step)),
    imports: plan.imports.map((offered) =>
      offered === exit ? { ...exit, items: [...exit.items, declared] } : offered,
    ),
  };
}

/** `linked`: what the adapter made of a preview 1 module. */
export function completeAdapted(linked: LinkedComponent): LinkedComponent {
  const { plan, coreModules } = linked;
  const main = findMain(plan);
  const module = coreModules[main.initializer.module];
  if (module === undefined) bug(`core module ${main.initializer.module} does not exist`);
  return { ...linked, plan: keepExitCodes(addExports(plan, main, module), main) };
}

export interface Preview1Use {
  /** It exports `_start`: a program, not a library. */
  readonly isCommand: boolean;
}

/**
 * Whether a core module is one of preview 1: it imports its functions and nothing else. Undefined for others.
 *
 * @throws CompilationFailed where it is malformed
 */
export function preview1Use(bytes: Uint8Array): Preview1Use | undefined {
  const { imports, exports } = readCoreModule(bytes);
  if (imports.length === 0 || imports.some(({ module }) => module !== PREVIEW1)) return undefined;
  return { isCommand: exports.some(({ name, kind }) => name === "_start" && kind === "function") };
}
