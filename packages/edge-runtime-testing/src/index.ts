export * from "./fake-platform.ts";
export * from "./test-platform.ts";
