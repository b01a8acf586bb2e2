export * from "./config.ts";
export * from "./errors.ts";
export * from "./problem.ts";
export * from "./request-errors.ts";
