export * from "./engine/host-functions.ts";
export type * from "./engine/platform.ts";
export * from "./engine/worker-context.ts";
