export * from "./config.ts";
export * from "./errors.ts";
export * from "./guest-frame.ts";
export * from "./host-pattern.ts";
export * from "./ip-address.ts";
export * from "./problem.ts";
export * from "./request-errors.ts";
