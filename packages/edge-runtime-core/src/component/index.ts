// The Component Model for siblings in core.

export { decodeComponent } from "./binary/component.ts";
export type { LinkedComponent } from "./linker/link.ts";
export { linkComponent } from "./linker/link.ts";
export type { ComponentPlan, ExternPlan } from "./plan.ts";
export { PLAN_VERSION } from "./plan.ts";
