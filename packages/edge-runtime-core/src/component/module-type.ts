// Types of imported core modules as JSON: what the linker knows of them, with limits as decimal strings, since those of
// 64-bit memories and tables do not fit a number.

import type { FunctionType, GlobalType, Limits, TableType } from "../binary/types.ts";
import type { CoreSort } from "./binary/definitions.ts";
import type { CoreEntityType, ModuleSignature } from "./linker/module-signatures.ts";

interface LimitsPlan extends Omit<Limits, "min" | "max"> {
  readonly min: string;
  readonly max: string | undefined;
}

interface EntityPlan {
  readonly sort: CoreSort;
  readonly func?: FunctionType | undefined;
  readonly table?: (Omit<TableType, "limits"> & { readonly limits: LimitsPlan }) | undefined;
  readonly memory?: LimitsPlan | undefined;
  readonly global?: GlobalType | undefined;
}

export interface ModuleTypePlan {
  readonly imports: readonly { readonly module: string; readonly name: string; readonly type: EntityPlan }[];
  readonly exports: readonly { readonly name: string; readonly type: EntityPlan }[];
}

function encodeLimits(limits: Limits): LimitsPlan {
  return { ...limits, min: String(limits.min), max: limits.max === undefined ? undefined : String(limits.max) };
}

function decodeLimits(limits: LimitsPlan): Limits {
  return { ...limits, min: BigInt(limits.min), max: limits.max === undefined ? undefined : BigInt(limits.max) };
}

function encodeEntity({ sort, func, table, memory, global }: CoreEntityType): EntityPlan {
  return {
    sort,
    func,
    global,
    table: table === undefined ? undefined : { ...table, limits: encodeLimits(table.limits) },
    memory: memory === undefined ? undefined : encodeLimits(memory),
  };
}

function decodeEntity({ sort, func, table, memory, global }: EntityPlan): CoreEntityType {
  return {
    sort,
    func,
    global,
    table: table === undefined ? undefined : { ...table, limits: decodeLimits(table.limits) },
    memory: memory === undefined ? undefined : decodeLimits(memory),
  };
}

export function encodeModuleType({ imports, exports }: ModuleSignature): ModuleTypePlan {
  return {
    imports: imports.map(({ module, name, type }) => ({ module, name, type: encodeEntity(type) })),
    exports: Array.from(exports, ([name, type]) => ({ name, type: encodeEntity(type) })),
  };
}

export function decodeModuleType({ imports, exports }: ModuleTypePlan): ModuleSignature {
  return {
    imports: imports.map(({ module, name, type }) => ({ module, name, type: decodeEntity(type) })),
    exports: new Map(exports.map(({ name, type }) => [name, decodeEntity(type)])),
  };
}
