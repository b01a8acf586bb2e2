// The Component Model for siblings in core.

export { completeAdapted, preview1Use } from "./adapted-plan.ts";
export { decodeComponent } from "./binary/component.ts";
export { describeComponent } from "./describe.ts";
export { exportedFunctions, findExport } from "./exports.ts";
export type { ModuleSignature } from "./linker/module-signatures.ts";
export { signatureOfModule } from "./linker/module-signatures.ts";
export { linkComponent } from "./linker/link.ts";
export type { LinkedComponent } from "./linker/link.ts";
export type { ComponentPlan, ExternPlan } from "./plan.ts";
export { PLAN_VERSION } from "./plan.ts";
export { exportHasType, offeredFunctions } from "./runtime/host-items.ts";
export type { ComponentInstance } from "./runtime/component-instance.ts";
export { GuestResource } from "./runtime/guest-resource.ts";
export type { ComponentTemplate } from "./runtime/template.ts";
export { createComponentTemplate } from "./runtime/template.ts";
