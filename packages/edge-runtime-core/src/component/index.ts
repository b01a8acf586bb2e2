// The Component Model for siblings in core.

export { decodeComponent } from "./binary/component.ts";
export type { ComponentDescription, ExternDescription } from "./describe.ts";
export { describeComponent, printFuncType } from "./describe.ts";
export { exportedFunctions, findExport } from "./exports.ts";
export type { LinkedComponent } from "./linker/link.ts";
export { linkComponent } from "./linker/link.ts";
export type { ComponentPlan, ExternPlan } from "./plan.ts";
export { PLAN_VERSION } from "./plan.ts";
export type { ComponentInstance } from "./runtime/component-instance.ts";
export { GuestResource } from "./runtime/guest-resource.ts";
export type { LiftedFunction } from "./runtime/lifted-function.ts";
export type { ComponentTemplate } from "./runtime/template.ts";
export { createComponentTemplate } from "./runtime/template.ts";
