export * from "./arbitrary-values.ts";
export * from "./fake-platform.ts";
export * from "./test-platform.ts";
